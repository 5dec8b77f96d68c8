// SPDX-License-Identifier: MIT
/*
 * Channels with a name: looking at one, and why one cannot be used.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "name.h"

const char *names_directory(void)
{
	const char *dir = getenv("FASTIPC_DIR");

	return dir && *dir ? dir : "/run/fastipc";
}

int name_look(int dir, const char *name, struct looked *l)
{
	int fd;

	*l = (struct looked){ .info.size = sizeof(l->info),
			      .stat.size = sizeof(l->stat) };
	if (fstatat(dir, name, &l->st, AT_SYMLINK_NOFOLLOW))
		return -errno;
	if (!S_ISFIFO(l->st.st_mode))
		return -ENOTTY;
	/* Of an endpoint that is no end; O_NONBLOCK if it should be another FIFO. */
	fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		fd = openat(dir, name, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == EACCES ? 0 : -errno;
	l->open = true;
	l->set_up = !ioctl(fd, FASTIPC_INFO, &l->info) &&
		    !ioctl(fd, FASTIPC_STAT, &l->stat);
	if (!l->set_up && errno == ENOTTY) {
		close(fd);
		return -ENOTTY;
	}
	close(fd);
	return 0;
}

void name_mode(char *text, mode_t mode)
{
	int i;

	for (i = 0; i < 9; i++)
		text[i] = mode & 0400 >> i ? "rwx"[i % 3] : '-';
	text[i] = 0;
}

void fail_name(int error, const char *name)
{
	switch (error) {
	case ENOENT:
		fail("no channel '%s'", name);
	case EACCES:
		fail("no permission for '%s'", name);
	case ENOTTY:
		fail("'%s' is no channel, or not in a mount of fastipcfs",
		     name);
	case EEXIST:
		fail("there is a channel '%s' already", name);
	case EBUSY:
		fail("another process uses that end of '%s'", name);
	case ETIMEDOUT:
		fail("'%s' was made, but not set up", name);
	case EPIPE:
	case ECONNRESET:
		fail("that end of '%s' is over", name);
	case EDQUOT:
		fail("'%s': your share of channels or of their memory is used up",
		     name);
	case EOPNOTSUPP:
		fail("'%s' is a stream and has no messages: read and write it",
		     name);
	default:
		fail_errno(error, "'%s'", name);
	}
}
