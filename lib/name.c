// SPDX-License-Identifier: MIT
/*
 * Channels with a name: making, opening and removing one in a mount of fastipcfs.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "channel.h"
#include "map.h"

#define DIRECTORY  "/run/fastipc"
#define MODE	   0600
#define WAIT_MS	   1000
#define TRIES	   100 /* while others make and remove the same name */
#define OPEN_FLAGS (O_ACCMODE | O_NONBLOCK)
#define RINGS_DIFFER \
	(FASTIPC_SEALED | FASTIPC_STREAM | FASTIPC_FENCED | FASTIPC_KEEP)

/* Where a name is ---------------------------------------------------------- */

/**
 * struct place - a directory, and a name in it
 * @dir: O_PATH
 * @base: without a slash
 */
struct place {
	int dir;
	const char *base;
};

/* Find the directory, which must be fastipcfs: 0, or -errno. */
static int find(struct place *place, const char *name)
{
	const char *in = secure_getenv("FASTIPC_DIR"), *slash;
	char path[PATH_MAX];
	struct statfs fs;
	int ret;

	slash = strrchr(name, '/');
	place->base = slash ? slash + 1 : name;
	if (!*place->base || !strcmp(place->base, ".") ||
	    !strcmp(place->base, ".."))
		return -EINVAL;
	if (slash == name) {
		in = "/";
	} else if (slash) {
		if (slash - name >= PATH_MAX)
			return -ENAMETOOLONG;
		memcpy(path, name, slash - name);
		path[slash - name] = 0;
		in = path;
	} else if (!in || !*in) {
		in = DIRECTORY;
	}
	place->dir = open(in, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (place->dir < 0)
		return -errno;
	ret = fstatfs(place->dir, &fs) ? -errno : 0;
	if (!ret && (uint32_t)fs.f_type != FASTIPC_FS_MAGIC)
		ret = -ENOTTY;
	if (ret)
		close(place->dir);
	return ret;
}

static int open_at(const struct place *place, int flags, mode_t mode)
{
	int fd = openat(place->dir, place->base, flags | O_CLOEXEC | O_NOFOLLOW,
			mode);

	return fd < 0 ? -errno : fd;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

/* Is the name still that of this descriptor's channel? */
static bool is_still(const struct place *place, int fd)
{
	struct stat st, named;

	return !fstat(fd, &st) &&
	       !fstatat(place->dir, place->base, &named, AT_SYMLINK_NOFOLLOW) &&
	       is_same(&st, &named);
}

/*
 * Where all may make names, another user could have made it to be mistaken for us: as
 * fs.protected_fifos has it, which does not see opening without O_CREAT.
 */
static bool is_trusted(const struct place *place, int fd)
{
	struct stat dir, st;

	if (fstat(place->dir, &dir) || fstat(fd, &st))
		return false;
	return !(dir.st_mode & S_ISVTX) || !(dir.st_mode & 0022) ||
	       st.st_uid == geteuid() || st.st_uid == dir.st_uid;
}

/* Opening ------------------------------------------------------------------ */

static int attach(int fd, int end, int timeout_ms)
{
	struct fastipc_attach attach = { .size = sizeof(attach),
					 .end = end,
					 .timeout_ns = FASTIPC_FOREVER };

	if (timeout_ms >= 0)
		attach.timeout_ns = timeout_ms * 1000000ULL;
	return ioctl(fd, FASTIPC_ATTACH, &attach) ? -errno : 0;
}

/* Make the descriptor an end, and a handle of it; on error it is closed. */
static int become(struct fastipc **f, int fd, int oflags, int end,
		  const struct fastipc_options *o)
{
	int ret;

	if (o->end == FASTIPC_AS_ANY)
		end = FASTIPC_END_ANY;
	else if (o->end)
		end = (int)o->end - 1;
	ret = attach(fd, end, o->timeout_ms ? o->timeout_ms : WAIT_MS);
	/* Only now: or it would not have waited. */
	if (!ret && oflags & O_NONBLOCK &&
	    fcntl(fd, F_SETFL, (oflags & O_ACCMODE) | O_NONBLOCK))
		ret = -errno;
	if (!ret)
		ret = fastipc_handle_(f, fd, o);
	if (ret)
		close(fd);
	return ret;
}

int fastipc_open(struct fastipc **f, const char *name, int oflags,
		 const struct fastipc_options *options)
{
	struct fastipc_options o;
	struct place place;
	int fd, ret;

	ret = fastipc_options_(&o, options);
	if (ret)
		return ret;
	if (oflags & ~OPEN_FLAGS || (oflags & O_ACCMODE) == O_ACCMODE)
		return -EINVAL;
	ret = find(&place, name);
	if (ret)
		return ret;
	fd = open_at(&place, oflags & O_ACCMODE, 0);
	close(place.dir);
	return fd < 0 ? fd : become(f, fd, oflags, 1, &o);
}

/* Making ------------------------------------------------------------------- */

/* Is the channel that there is already what was asked for?  0, or -EEXIST. */
static int compare(int fd, const struct fastipc_setup *setup)
{
	struct fastipc_info info = { .size = sizeof(info) };
	uint64_t bytes = setup->ring_bytes, max = setup->max_message;

	if (ioctl(fd, FASTIPC_INFO, &info))
		return -errno;
	if (!bytes)
		bytes = FASTIPC_RING_DEFAULT;
	if (!max)
		max = bytes / 4 - 16 -
		      (setup->flags & FASTIPC_SEALED ? FASTIPC_STAMP_BYTES : 0);
	return info.kind == setup->kind && info.ring_bytes == bytes &&
			       info.max_message == max &&
			       !((info.flags ^ setup->flags) & RINGS_DIFFER) ?
		       0 :
		       -EEXIST;
}

/* Open the name, or make it: a descriptor, or -errno; @made: which of both. */
static int open_or_make(const struct place *place, int oflags, mode_t mode,
			bool *made)
{
	int tries, fd;

	for (tries = 0; tries < TRIES; tries++) {
		/*
		 * Without O_CREAT first: with it, fs.protected_fifos refuses the name
		 * of another user.
		 */
		fd = oflags & O_EXCL ? -ENOENT : open_at(place, O_RDWR, 0);
		*made = fd == -ENOENT;
		if (*made)
			fd = open_at(place, O_RDWR | O_CREAT | O_EXCL, MODE);
		if (fd != -EEXIST || oflags & O_EXCL)
			break;
	}
	if (fd >= 0 && !*made && !is_trusted(place, fd)) {
		close(fd);
		return -EACCES;
	}
	/* Whatever the umask says; the owner may. */
	if (fd >= 0 && *made && mode)
		fchmod(fd, mode);
	return fd;
}

/* Set it up, or see that somebody did: 0, or -errno. */
static int set_up(const struct place *place, int fd, bool made,
		  const struct fastipc_options *o)
{
	struct fastipc_setup setup = fastipc_setup_(o);
	int ret;

	if (!ioctl(fd, FASTIPC_SETUP, &setup))
		return 0;
	ret = -errno;
	if (ret == -EBUSY)
		return compare(fd, &setup);
	if (made && is_still(place, fd))
		unlinkat(place->dir, place->base, 0);
	return ret;
}

/* The same channel with other rights: a descriptor, or -errno; @fd is closed. */
static int reopen(const struct place *place, int fd, int oflags)
{
	struct stat was, is;
	int ret;

	if ((oflags & O_ACCMODE) == O_RDWR)
		return fd;
	ret = open_at(place, oflags & O_ACCMODE, 0);
	if (ret >= 0 &&
	    (fstat(fd, &was) || fstat(ret, &is) || !is_same(&was, &is))) {
		/* Somebody has replaced it already. */
		close(ret);
		ret = -ENOENT;
	}
	close(fd);
	return ret;
}

int fastipc_create(struct fastipc **f, const char *name, int oflags,
		   const struct fastipc_options *options)
{
	struct fastipc_options o;
	struct place place;
	int fd, ret;
	bool made;

	ret = fastipc_options_(&o, options);
	if (ret)
		return ret;
	if (oflags & ~(OPEN_FLAGS | O_EXCL) ||
	    (oflags & O_ACCMODE) == O_ACCMODE || o.mode & ~0777u)
		return -EINVAL;
	if (!(o.flags & FASTIPC_DIRECT))
		o.flags |= FASTIPC_SEALED;
	ret = find(&place, name);
	if (ret)
		return ret;
	fd = open_or_make(&place, oflags, o.mode, &made);
	ret = fd < 0 ? fd : set_up(&place, fd, made, &o);
	if (fd >= 0 && (ret || !f))
		close(fd);
	if (!ret && f) {
		fd = reopen(&place, fd, oflags);
		ret = fd < 0 ? fd : become(f, fd, oflags, 0, &o);
	}
	close(place.dir);
	return ret;
}

int fastipc_unlink(const char *name)
{
	struct place place;
	int ret = find(&place, name);

	if (ret)
		return ret;
	if (unlinkat(place.dir, place.base, 0))
		ret = -errno;
	close(place.dir);
	return ret;
}
