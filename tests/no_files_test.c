// SPDX-License-Identifier: GPL-2.0-only
/*
 * ENFILE: the system has as many files as it may (fs.file-max).  Root is exempt,
 * so an unprivileged child asks; the limit is put back before anything is
 * asserted.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#define PAGE 4096
#define FILE_MAX "/proc/sys/fs/file-max"

/* What asks for a file: 0, or its errno. */

static int call_peer(int fd)
{
	return -raw_peer(fd, O_RDWR);
}

static int call_map(int fd)
{
	return -raw_map(fd);
}

static int call_open(int fd)
{
	return -raw_open(O_RDWR);
}

static int lib_pair(int fd)
{
	struct fastipc *end[2];

	return -fastipc_pair(end, NULL);
}

/* The limit as the file says it, of at most 31 digits. */
static bool get_limit(char *text)
{
	FILE *f = fopen(FILE_MAX, "r");
	bool ok = f && fscanf(f, "%31[0-9]", text) == 1;

	if (f)
		fclose(f);
	return ok;
}

static bool set_limit(const char *text)
{
	int fd = open(FILE_MAX, O_WRONLY);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == strlen(text);

	close(fd);
	return ok;
}

/* What a child says that may have no file: 0, an errno, or what went wrong. */
static int without_files(int (*call)(int fd), int fd)
{
	char old[32];
	pid_t pid;
	int ret;

	if (!get_limit(old))
		return 200;
	/* Not 1: the kernel looks first at a count that is not exact. */
	ret = set_limit("0") ? 0 : 201;
	pid = fork_bound();
	if (!pid) {
		if (setgid(65534) || setuid(65534))
			_exit(202);
		_exit(call(fd));
	}
	ret = ret ?: reap(pid);
	return set_limit(old) ? ret : 203;
}

FIXTURE(no_files)
{
	int fd;
};

FIXTURE_VARIANT(no_files)
{
	int (*call)(int fd);
};

FIXTURE_VARIANT_ADD(no_files, peer) { call_peer };
FIXTURE_VARIANT_ADD(no_files, map) { call_map };
FIXTURE_VARIANT_ADD(no_files, open) { call_open };
FIXTURE_VARIANT_ADD(no_files, fastipc_pair) { lib_pair };

FIXTURE_SETUP(no_files)
{
	self->fd = raw_open(O_RDWR);
	ASSERT_EQ(0, raw_setup(self->fd, PAGE, 0));
}

FIXTURE_TEARDOWN(no_files)
{
	close(self->fd);
}

TEST_F(no_files, is_enfile)
{
	ASSERT_EQ(ENFILE, without_files(variant->call, self->fd));
}

TEST_F(no_files, leaves_nothing)
{
	struct counters before = counters_now();

	ASSERT_EQ(ENFILE, without_files(variant->call, self->fd));
	ASSERT_TRUE(counters_return_to(before));
}

/* The end for which there was no file is as vacant as before. */
TEST_F(no_files, is_no_end)
{
	int peer, map;

	ASSERT_EQ(ENFILE, without_files(variant->call, self->fd));
	map = raw_map(self->fd);
	ASSERT_LE(0, map);
	peer = raw_peer(self->fd, O_RDWR);
	ASSERT_LE(0, peer);
	close(peer);
	close(map);
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
