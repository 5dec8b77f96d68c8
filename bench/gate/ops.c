// SPDX-License-Identifier: GPL-2.0-only
/*
 * ops [OPERATION [TIMES]] - what operations cost, in instructions; all, or one of
 * them so often.  For run.sh and profile.sh.
 */
#include "count.h"

int times = 1000;
const char *only;

int main(int argc, char **argv)
{
	if (argc > 1)
		only = argv[1];
	if (argc > 2)
		times = atoi(argv[2]);
	count_others();
	count_ends();
	count_uring();
	return 0;
}
