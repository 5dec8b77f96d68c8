// SPDX-License-Identifier: MIT
/*
 * The end that a program was started with: $FASTIPC_FD, or systemd's way of
 * passing descriptors.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "fastipc.h"

#define LISTEN_FDS_START 3 /* systemd's first */

/* A variable's number, -ENOENT if there is none, or -EINVAL. */
static int number_in(const char *name)
{
	const char *text = secure_getenv(name);
	unsigned long value;
	char *end;

	if (!text)
		return -ENOENT;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || value > INT_MAX)
		return -EINVAL;
	return value;
}

/* The first endpoint among the descriptors that systemd passed. */
static int from_systemd(struct fastipc **f)
{
	int pid = number_in("LISTEN_PID");
	int n = number_in("LISTEN_FDS");
	int ret = -ENOENT, i;

	if (pid < 0 || n < 0)
		return pid < 0 ? pid : n;
	if (pid != getpid())
		return -ENOENT;
	for (i = 0; i < n; i++) {
		ret = fastipc_adopt(f, LISTEN_FDS_START + i);
		if (ret != -ENOTTY && ret != -EBADF)
			break;
		/* Behind one that is not open there are none, whatever n says. */
		if (ret == -EBADF)
			n = i;
		ret = -ENOENT;
	}
	if (!ret) {
		unsetenv("LISTEN_PID");
		unsetenv("LISTEN_FDS");
		unsetenv("LISTEN_FDNAMES");
	}
	return ret;
}

int fastipc_inherit(struct fastipc **f)
{
	int fd = number_in("FASTIPC_FD");
	int ret;

	if (fd == -ENOENT)
		return from_systemd(f);
	ret = fd < 0 ? fd : fastipc_adopt(f, fd);
	if (!ret)
		unsetenv("FASTIPC_FD");
	return ret;
}
