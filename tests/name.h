/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A mount of fastipcfs for a test alone, and names in it.  Include fastipc_test.h first.
 */
#ifndef FASTIPC_TEST_NAME_H
#define FASTIPC_TEST_NAME_H

#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define NAMES "/run" /* there nobody else looks for something */

/*
 * Mount one that only this process and its children see, and go there: 0, or -errno.
 * It goes when they do.
 */
static inline int names_mount(const char *options)
{
	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("fastipcfs", NAMES, "fastipcfs", 0, options) || chdir(NAMES))
		return -errno;
	return setenv("FASTIPC_DIR", NAMES, 1);
}

static inline int name_open(const char *name, int flags)
{
	int fd = open(name, flags | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

/* Make a name, and set it up: its descriptor, or -errno. */
static inline int name_make(const char *name, uint64_t ring_bytes,
			    uint32_t flags)
{
	struct fastipc_setup setup = { .size = sizeof(setup),
				       .flags = flags,
				       .kind = FASTIPC_KIND_PAIR,
				       .ring_bytes = ring_bytes };
	int fd = name_open(name, O_RDWR | O_CREAT | O_EXCL);
	int ret = fd < 0 ? fd : raw_ioctl(fd, FASTIPC_SETUP, &setup);

	if (ret < 0 && fd >= 0)
		close(fd);
	return ret < 0 ? ret : fd;
}

static inline int raw_attach(int fd, int end)
{
	struct fastipc_attach attach = { .size = sizeof(attach), .end = end };

	return raw_ioctl(fd, FASTIPC_ATTACH, &attach);
}

/* Open a name, and become an end of it: its descriptor, or -errno. */
static inline int name_end(const char *name, int flags, int end)
{
	int fd = name_open(name, flags);
	int ret = fd < 0 ? fd : raw_attach(fd, end);

	if (ret < 0 && fd >= 0)
		close(fd);
	return ret < 0 ? ret : fd;
}

/* Which ends of a name have somebody: a bit each, or -errno. */
static inline int name_attached(const char *name)
{
	struct fastipc_info info;
	int fd = name_open(name, O_RDONLY);
	int ret = fd < 0 ? fd : raw_info(fd, &info);

	if (fd >= 0)
		close(fd);
	return ret < 0 ? ret : (int)info.attached;
}

/* Receive one message, at once: its length, or -errno. */
static inline int recv_now(int fd, char *buf, size_t cap)
{
	struct fastipc_recv recv;
	int ret = raw_recv(fd, &recv, buf, cap, 0);

	return ret < 0 ? ret : (int)recv.len;
}

#endif /* FASTIPC_TEST_NAME_H */
