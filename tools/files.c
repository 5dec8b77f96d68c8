// SPDX-License-Identifier: MIT
/*
 * Whole files with their names.  See files.h.
 *
 * The receiver believes nothing: it copies a name before it looks at it (in a
 * direct pair the sender could still change it), walks to where it leads without
 * following a link, and makes a new file there.  Only when that is complete it
 * replaces what had the name, whatever that is by then.
 */
#include <ctype.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "output.h"
#include "signals.h"
#include "tool.h"
#include "traffic.h"

#define PERMISSIONS	0777
#define DATA_BYTES	65536 /* of a message, if it may be that long */
#define TEMPORARY_BYTES sizeof(".fastipc-0123456789abcdef")

/* Sending -------------------------------------------------------------------- */

static void send_name(struct fastipc *f, const char *name, mode_t mode)
{
	struct files_name head = { .mode = mode & PERMISSIONS };
	struct iovec iov[] = { { &head, FILES_NAME_BYTES },
			       { (char *)name, strlen(name) } };
	struct fastipc_out out = { .iov = iov,
				   .iovcnt = ARRAY_SIZE(iov),
				   .tag = FILES_NAME };
	int ret;

	do {
		ret = fastipc_sendmsg(f, &out, 0);
		if (ret == -EMSGSIZE)
			fail("%s: a name longer than a message", name);
	} while (!sent(ret));
	traffic_add(1, 0);
	signals_look();
}

/* One message with what can be read at once; its bytes, 0 at the end. */
static size_t send_data(struct fastipc *f, const char *name, int fd,
			size_t limit)
{
	void *payload;
	ssize_t n;

	while (!sent(fastipc_reserve(f, limit, &payload, 0)))
		;
	n = read(fd, payload, limit);
	if (n < 0)
		fail_errno(errno, "%s", name);
	if (!n) {
		fastipc_discard(f);
		return 0;
	}
	while (!sent(fastipc_commit(f, n, 0)))
		;
	traffic_add(1, n);
	signals_look();
	return n;
}

void files_send(struct fastipc *f, const char *name, size_t limit)
{
	struct stat st;
	int fd;

	/* Not to wait for who opens the other side of a FIFO. */
	fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		fail_errno(errno, "%s", name);
	if (!S_ISREG(st.st_mode))
		fail("%s: not a regular file", name);
	if (limit > DATA_BYTES)
		limit = DATA_BYTES;
	send_name(f, name, st.st_mode);
	while (send_data(f, name, fd, limit))
		;
	close(fd);
}

/* Receiving ------------------------------------------------------------------ */

/* A name for a terminal that shall not obey it: ASCII */
static const char *printable(const char *name)
{
	static char shown[PATH_MAX];
	size_t i;

	for (i = 0; name[i] && i < sizeof(shown) - 1; i++)
		shown[i] = isprint((unsigned char)name[i]) ? name[i] : '?';
	shown[i] = 0;
	return shown;
}

/* A folder below another, which is made if it is not there; never a link. */
static int enter(int dir, const char *part)
{
	const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(dir, part, flags);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (mkdirat(dir, part, 0777) && errno != EEXIST)
		return -1;
	return openat(dir, part, flags);
}

/* The folder of a file below another, maybe that itself; @name is taken apart. */
static int open_folder(int dir, char *name)
{
	char *part = name, *slash;
	int at = dir, next;

	while ((slash = strchr(part, '/'))) {
		*slash = 0;
		if (*part && strcmp(part, ".")) {
			next = enter(at, part);
			if (at != dir)
				close(at);
			if (next < 0)
				return -1;
			at = next;
		}
		part = slash + 1;
	}
	return at;
}

/* A file may be put where there is none, or one that is no folder. */
static int check_place(int at, const char *part)
{
	struct stat st;

	if (fstatat(at, part, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : -1;
	errno = EISDIR;
	return S_ISDIR(st.st_mode) ? -1 : 0;
}

/* A new file with a name that nobody can guess, which is filled in */
static int make(int at, char name[TEMPORARY_BYTES], mode_t mode)
{
	uint64_t number;
	int fd;

	do {
		if (getrandom(&number, sizeof(number), 0) != sizeof(number))
			return -1;
		snprintf(name, TEMPORARY_BYTES, ".fastipc-%016llx",
			 (unsigned long long)number);
		fd = openat(at, name,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
				    O_CLOEXEC,
			    0600);
	} while (fd < 0 && errno == EEXIST);
	if (fd < 0) {
		*name = 0;
		return -1;
	}
	if (fchmod(fd, mode & PERMISSIONS)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Whether a name leads to a file, and that below where it starts */
static bool name_is_good(const char *name)
{
	const char *part = name;
	size_t len;

	if (*name == '/')
		return false;
	for (;; part += len + 1) {
		len = strcspn(part, "/");
		if (len == 2 && !strncmp(part, "..", 2))
			return false;
		if (!part[len])
			return len && strcmp(part, ".");
	}
}

/**
 * struct files - files that are received
 * @dir: descriptor of the folder to write below
 * @at: of the folder of the file that is being written
 * @fd: of that file, or -1
 * @temporary: its name until it is complete; empty if there is none
 * @begun: its name after that, and what it is to be like
 */
static struct files {
	int dir;
	int at;
	int fd;
	char temporary[TEMPORARY_BYTES];
	struct files_name begun;
} files = { .fd = -1 };

static noreturn void fail_file(void)
{
	fail_errno(errno, "%s", printable(files.begun.name));
}

/* The last part of a good name */
static const char *last_part(void)
{
	const char *slash = strrchr(files.begun.name, '/');

	return slash ? slash + 1 : files.begun.name;
}

static void end_file(void)
{
	int fd = files.fd;

	if (fd < 0)
		return;
	files.fd = -1;
	if (close(fd) ||
	    renameat(files.at, files.temporary, files.at, last_part()))
		fail_file();
	files.temporary[0] = 0;
	if (files.at != files.dir)
		close(files.at);
}

static void begin_file(const struct fastipc_msg *msg)
{
	struct files_name *begun = &files.begun;
	char name[PATH_MAX];
	size_t len;

	end_file();
	if (msg->len < FILES_NAME_BYTES || msg->len >= sizeof(*begun))
		fail("refused: a message that is not of 'send --files'");
	memcpy(begun, msg->data, msg->len);
	len = msg->len - FILES_NAME_BYTES;
	begun->name[len] = 0;
	if (strlen(begun->name) != len || !name_is_good(begun->name))
		fail("refused: '%s'", printable(begun->name));
	memcpy(name, begun->name, len + 1);
	files.at = open_folder(files.dir, name);
	if (files.at < 0 || check_place(files.at, last_part()))
		fail_file();
	files.fd = make(files.at, files.temporary, begun->mode);
	if (files.fd < 0)
		fail_file();
}

static void write_data(const struct fastipc_msg *msg)
{
	int error;

	if (files.fd < 0)
		fail("refused: bytes of no file");
	error = write_all(files.fd, msg->data, msg->len);
	if (error)
		fail_errno(error, "%s", printable(files.begun.name));
}

void files_begin(const char *dir)
{
	files.dir = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (files.dir < 0)
		fail_errno(errno, "%s", dir);
}

void files_take(const struct fastipc_msg *msg)
{
	switch (msg->tag) {
	case FILES_NAME:
		begin_file(msg);
		traffic_add(1, 0);
		break;
	case FILES_DATA:
		write_data(msg);
		traffic_add(1, msg->len);
		break;
	default:
		fail("refused: a message that is not of 'send --files'");
	}
}

void files_end(void)
{
	end_file();
	close(files.dir);
}

void files_abandon(void)
{
	if (files.temporary[0])
		unlinkat(files.at, files.temporary, 0);
	files.temporary[0] = 0;
}
