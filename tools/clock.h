/* SPDX-License-Identifier: MIT */
#ifndef FASTIPC_TOOL_CLOCK_H
#define FASTIPC_TOOL_CLOCK_H

#include <time.h>

/* What a clock says, in seconds */
static inline double now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

#endif /* FASTIPC_TOOL_CLOCK_H */
