// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a user may have: channels and bytes, with the limits under
 * /sys/module/fastipc/parameters; and what a mount may hold.
 */
#include "kselftest_harness.h"

#include <grp.h>
#include <sys/resource.h>
#include <sys/vfs.h>

#include "fastipc_test.h"
#include "name.h"

#define PAIR_BYTES (2 * (4096 + 4096)) /* with the least rings */

static bool set_parameter(const char *name, long long value)
{
	char path[128];
	bool good;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/module/fastipc/parameters/%s", name);
	f = fopen(path, "w");
	if (!f)
		return false;
	good = fprintf(f, "%lld\n", value) > 0;
	return !fclose(f) && good;
}

FIXTURE(limit)
{
	long long channels, bytes;
};

FIXTURE_SETUP(limit)
{
	self->channels = module_counter("user_channels");
	self->bytes = module_counter("user_bytes");
	ASSERT_EQ(0, names_mount("mode=777,max_bytes=64K"));
	ASSERT_EQ(0, chmod(DEVICE, 0666));
	ASSERT_TRUE(set_parameter("user_channels", 3));
	ASSERT_TRUE(set_parameter("user_bytes", 2 * PAIR_BYTES));
}

FIXTURE_TEARDOWN(limit)
{
	EXPECT_TRUE(set_parameter("user_channels", self->channels));
	EXPECT_TRUE(set_parameter("user_bytes", self->bytes));
	EXPECT_EQ(0, chmod(DEVICE, 0660));
}

/* A process of another user. */
static pid_t fork_user(uid_t uid)
{
	pid_t pid = fork_bound();

	if (!pid && (setgroups(0, NULL) || setgid(uid) || setuid(uid)))
		_exit(126);
	return pid;
}

static int another_pair(void)
{
	int fd = raw_open(O_RDWR);

	return fd < 0 ? fd : raw_setup(fd, 4096, 0);
}

/* As many as there may be, and then an errno. */
static int count(int (*more)(void), int error)
{
	int n = 0, ret;

	while (!(ret = more()))
		n++;
	return ret == -error ? n : ret;
}

static int another_channel(void)
{
	int fd = raw_open(O_RDWR);

	return fd < 0 ? fd : 0;
}

static int another_name(void)
{
	char name[16];
	int n = 0, fd;

	do {
		snprintf(name, sizeof(name), "%d-%d", getuid(), n++);
		fd = name_open(name, O_RDWR | O_CREAT | O_EXCL);
	} while (fd == -EEXIST);
	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

static int in_user(uid_t uid, int (*more)(void))
{
	pid_t pid = fork_user(uid);

	if (!pid)
		_exit(count(more, EDQUOT));
	return reap(pid);
}

TEST_F(limit, is_of_channels)
{
	EXPECT_EQ(3, in_user(1000, another_channel));
	/* All were given back. */
	EXPECT_EQ(3, in_user(1000, another_channel));
}

TEST_F(limit, is_of_names_too)
{
	EXPECT_EQ(3, in_user(1000, another_name));
	/* They are there still. */
	EXPECT_EQ(0, in_user(1000, another_name));
	EXPECT_EQ(0, in_user(1000, another_channel));
	ASSERT_EQ(0, unlink("1000-0"));
	EXPECT_EQ(1, in_user(1000, another_channel));
}

TEST_F(limit, is_of_bytes)
{
	EXPECT_EQ(2, in_user(1000, another_pair));
}

TEST_F(limit, is_each_users_own)
{
	pid_t pid = fork_user(1000);

	if (!pid) {
		if (count(another_channel, EDQUOT) == 3)
			pause();
		_exit(1);
	}
	ASSERT_TRUE(wait_for_sleep(pid));
	EXPECT_EQ(3, in_user(1001, another_channel));
	EXPECT_EQ(0, in_user(1000, another_channel));
	kill(pid, SIGKILL);
	reap(pid);
	EXPECT_EQ(3, in_user(1000, another_channel));
}

TEST_F(limit, can_be_changed)
{
	ASSERT_TRUE(set_parameter("user_channels", 5));
	ASSERT_TRUE(set_parameter("user_bytes", 4 * PAIR_BYTES));
	EXPECT_EQ(5, in_user(1000, another_channel));
	EXPECT_EQ(4, in_user(1000, another_pair));
}

TEST_F(limit, is_none_for_who_may_use_up_resources)
{
	int i;

	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, another_pair());
}

/* A setup that fails costs nothing. */
TEST_F(limit, is_not_used_by_what_failed)
{
	pid_t pid = fork_user(1000);
	int fd, i;

	if (!pid) {
		fd = raw_open(O_RDWR);
		for (i = 0; i < 10; i++)
			if (raw_setup(fd, 1 << 20, 0) != -EDQUOT ||
			    raw_setup(fd, 4096, 4096) != -EINVAL)
				_exit(1);
		_exit(raw_setup(fd, 4096, 0) || count(another_pair, EDQUOT) != 1);
	}
	EXPECT_EQ(0, reap(pid));
}

/* In a namespace of one's own one is still oneself. */
static int in_namespace(void)
{
	static bool there;

	if (!there && unshare(CLONE_NEWUSER))
		return -errno;
	there = true;
	return another_channel();
}

TEST_F(limit, is_the_same_in_a_user_namespace)
{
	pid_t pid = fork_user(1000);

	if (!pid) {
		if (another_channel())
			_exit(1);
		_exit(count(in_namespace, EDQUOT) != 2);
	}
	EXPECT_EQ(0, reap(pid));
}

TEST_F(limit, is_the_mounts_for_all)
{
	int fd;

	ASSERT_GE(name_make("a", 4096, 0), 0);
	ASSERT_GE(name_make("b", 4096, 0), 0);
	ASSERT_GE(name_make("c", 4096, 0), 0);
	ASSERT_GE(name_make("d", 4096, 0), 0);
	fd = name_open("e", O_RDWR | O_CREAT);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(-ENOSPC, raw_setup(fd, 4096, 0));
	EXPECT_EQ(-ENOSPC, raw_setup(fd, 4096, 0));
	/* Those without a name are not there. */
	EXPECT_EQ(0, another_pair());
}

TEST_F(limit, of_a_mount_is_given_back)
{
	struct statfs fs;
	int i;

	for (i = 0; i < 10; i++) {
		int fd = name_make("a", 8192, 0);

		ASSERT_GE(fd, 0);
		ASSERT_EQ(0, statfs(".", &fs));
		EXPECT_EQ(16 - 6, fs.f_bfree);
		ASSERT_EQ(0, unlink("a"));
		ASSERT_EQ(0, close(fd));
	}
	ASSERT_EQ(0, statfs(".", &fs));
	EXPECT_EQ(16, fs.f_blocks);
	EXPECT_EQ(16, fs.f_bfree);
	EXPECT_EQ(16, fs.f_bavail);
}

/* A process with a thousand channels dies: all is given back. */
TEST_F(limit, is_free_after_death)
{
	struct counters before;
	pid_t pid, other;
	int i;

	/* The user stays one: somebody has something. */
	other = fork_user(1000);
	if (!other) {
		if (!another_channel())
			pause();
		_exit(1);
	}
	ASSERT_TRUE(wait_for_sleep(other));
	before = counters_now();
	ASSERT_TRUE(set_parameter("user_channels", 1001));
	ASSERT_TRUE(set_parameter("user_bytes", 1000LL * PAIR_BYTES));
	for (i = 0; i < 2; i++) {
		pid = fork_user(1000);
		if (!pid) {
			struct rlimit files = { 4096, 4096 };

			setrlimit(RLIMIT_NOFILE, &files);
			if (count(another_pair, EDQUOT) == 1000)
				raise(SIGKILL);
			_exit(1);
		}
		ASSERT_EQ(128 + SIGKILL, reap(pid));
		EXPECT_TRUE(counters_return_to(before));
	}
	kill(other, SIGKILL);
	reap(other);
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
