// SPDX-License-Identifier: GPL-2.0-only
/*
 * For module_test.sh: hold one thing of the module and nothing else, say
 * "ready", and wait to be killed.  "use": send a message, and leave.
 */
#include "fastipc_test.h"

static int use(void)
{
	struct fastipc *end[2];
	char c;

	if (fastipc_pair(end, NULL) || fastipc_send(end[0], "x", 1, 0) ||
	    fastipc_recv(end[1], &c, 1, 0) != 1)
		return 1;
	fastipc_close(end[0]);
	fastipc_close(end[1]);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";
	struct fastipc_info info;
	int fd, map;

	if (!strcmp(what, "use"))
		return use();
	fd = raw_open(O_RDWR);
	if (fd < 0 || raw_setup(fd, 0, 0) || raw_info(fd, &info))
		return 1;
	map = raw_map(fd);
	if (map < 0)
		return 1;
	if (!strcmp(what, "endpoint")) {
		close(map);
	} else if (!strcmp(what, "mapfile")) {
		close(fd);
	} else if (!strcmp(what, "map")) {
		if (map_at(map, info.own_control, info.control_bytes,
			   PROT_READ) == MAP_FAILED)
			return 1;
		close(map);
		close(fd);
	} else {
		fprintf(stderr,
			"usage: module_hold endpoint|mapfile|map|use\n");
		return 2;
	}
	printf("ready\n");
	fflush(stdout);
	pause();
	return 0;
}
