// SPDX-License-Identifier: GPL-2.0-only
/*
 * fastipc_create(), fastipc_open(), fastipc_unlink(), and raw calls on a name: one bad
 * input and its errno each, and that it changed nothing.
 */
#include "kselftest_harness.h"

#include <limits.h>

#include "fastipc_test.h"
#include "name.h"

FIXTURE(name)
{
	struct fastipc_options options;
	struct fastipc *f;
};

FIXTURE_SETUP(name)
{
	self->options = (struct fastipc_options){
		.size = sizeof(self->options),
		.ring_bytes = 4096,
	};
	ASSERT_EQ(0, names_mount("max_bytes=512K"));
}

FIXTURE_TEARDOWN(name)
{
}

TEST_F(name, is_made_as_said)
{
	struct fastipc_info info;
	struct stat st;

	self->options.flags = FASTIPC_DIRECT | FASTIPC_FENCED | FASTIPC_KEEP;
	self->options.mode = 0666;
	self->options.max_message = 100;
	umask(077);
	ASSERT_EQ(0, fastipc_create(&self->f, "a", O_RDWR, &self->options));
	ASSERT_EQ(0, stat("a", &st));
	EXPECT_EQ(0666, st.st_mode & 0777);
	ASSERT_EQ(0, fastipc_info(self->f, &info));
	EXPECT_EQ(FASTIPC_FENCED | FASTIPC_KEEP, info.flags);
	EXPECT_EQ(0, info.end);
	EXPECT_EQ(100, info.max_message);
	fastipc_close(self->f);
}

TEST_F(name, is_made_sealed_and_private)
{
	struct fastipc_info info;
	struct stat st;

	ASSERT_EQ(0, fastipc_create(&self->f, "a", O_RDWR, NULL));
	ASSERT_EQ(0, stat("a", &st));
	EXPECT_EQ(0600, st.st_mode & 0777);
	ASSERT_EQ(0, fastipc_info(self->f, &info));
	EXPECT_EQ(FASTIPC_SEALED, info.flags);
	EXPECT_EQ(65536, info.ring_bytes);
	fastipc_close(self->f);
}

TEST_F(name, is_only_made)
{
	ASSERT_EQ(0, fastipc_create(NULL, "a", O_RDWR, NULL));
	EXPECT_EQ(0, name_attached("a"));
}

TEST_F(name, is_opened_if_it_is_as_it_would_be)
{
	struct fastipc *other;

	ASSERT_EQ(0, fastipc_create(NULL, "a", O_RDWR, &self->options));
	ASSERT_EQ(0, fastipc_create(&self->f, "a", O_RDWR, &self->options));
	ASSERT_EQ(0, fastipc_open(&other, "a", O_RDWR, NULL));
	ASSERT_EQ(0, fastipc_send(self->f, "x", 1, 0));
	EXPECT_EQ(1, fastipc_recv(other, &(char){ 0 }, 1, 0));
	fastipc_close(self->f);
	fastipc_close(other);
}

TEST_F(name, is_opened_if_all_is_as_by_default)
{
	ASSERT_EQ(0, fastipc_create(NULL, "a", O_RDWR, NULL));
	ASSERT_EQ(0, fastipc_create(&self->f, "a", O_RDWR, NULL));
	fastipc_close(self->f);
	self->options.ring_bytes = 0;
	self->options.flags = FASTIPC_DIRECT;
	ASSERT_EQ(0, fastipc_create(NULL, "b", O_RDWR, &self->options));
	ASSERT_EQ(0, fastipc_create(&self->f, "b", O_RDWR, &self->options));
	fastipc_close(self->f);
}

/* A way each in which it is not. */
TEST_F(name, exists_with_other_rings)
{
	ASSERT_EQ(0, fastipc_create(NULL, "a", O_RDWR, &self->options));
	self->options.ring_bytes = 8192;
	EXPECT_EQ(-EEXIST,
		  fastipc_create(&self->f, "a", O_RDWR, &self->options));
}

TEST_F(name, exists_with_another_limit)
{
	ASSERT_EQ(0, fastipc_create(NULL, "a", O_RDWR, &self->options));
	self->options.max_message = 10;
	EXPECT_EQ(-EEXIST,
		  fastipc_create(&self->f, "a", O_RDWR, &self->options));
}

TEST_F(name, exists_of_another_sort)
{
	ASSERT_EQ(0, fastipc_create(NULL, "a", O_RDWR, &self->options));
	self->options.flags = FASTIPC_DIRECT;
	EXPECT_EQ(-EEXIST,
		  fastipc_create(&self->f, "a", O_RDWR, &self->options));
	self->options.flags = FASTIPC_KEEP;
	EXPECT_EQ(-EEXIST,
		  fastipc_create(&self->f, "a", O_RDWR, &self->options));
}

TEST_F(name, exists_and_was_to_be_new)
{
	ASSERT_EQ(0, fastipc_create(NULL, "a", O_RDWR, &self->options));
	EXPECT_EQ(-EEXIST, fastipc_create(&self->f, "a", O_RDWR | O_EXCL,
					  &self->options));
}

TEST_F(name, is_one_way_as_opened)
{
	struct fastipc *other;
	char c;

	ASSERT_EQ(0, fastipc_create(&self->f, "a", O_WRONLY, &self->options));
	ASSERT_EQ(0, fastipc_open(&other, "a", O_RDONLY, NULL));
	EXPECT_EQ(-EBADF, fastipc_recv(self->f, &c, 1, FASTIPC_NOWAIT));
	EXPECT_EQ(-EBADF, fastipc_send(other, &c, 1, FASTIPC_NOWAIT));
	ASSERT_EQ(0, fastipc_send(self->f, "x", 1, 0));
	EXPECT_EQ(1, fastipc_recv(other, &c, 1, 0));
	fastipc_close(self->f);
	fastipc_close(other);
}

TEST_F(name, does_not_wait_if_opened_so)
{
	struct fastipc *other;
	char c;

	ASSERT_EQ(0, fastipc_create(&self->f, "a", O_RDWR | O_NONBLOCK,
				    &self->options));
	ASSERT_EQ(0, fastipc_open(&other, "a", O_RDWR | O_NONBLOCK, NULL));
	EXPECT_TRUE(fcntl(fastipc_fd(self->f), F_GETFL) & O_NONBLOCK);
	EXPECT_EQ(-1, read(fastipc_fd(other), &c, 1));
	EXPECT_EQ(EAGAIN, errno);
	fastipc_close(self->f);
	fastipc_close(other);
}

/* Its second call waits for the first end's name. */
TEST_F(name, is_waited_for)
{
	pid_t pid;
	int fd = name_open("a", O_RDWR | O_CREAT);

	pid = fork_bound();
	if (!pid) {
		self->options.timeout_ms = -1;
		_exit(-fastipc_open(&self->f, "a", O_RDWR, &self->options));
	}
	ASSERT_TRUE(wait_for_sleep(pid));
	ASSERT_EQ(0, raw_setup(fd, 4096, 0));
	EXPECT_EQ(0, reap(pid));
}

TEST_F(name, is_not_waited_for_too_long)
{
	ASSERT_EQ(0, close(name_open("a", O_RDWR | O_CREAT)));
	self->options.timeout_ms = 20;
	EXPECT_EQ(-ETIMEDOUT,
		  fastipc_open(&self->f, "a", O_RDWR, &self->options));
}

TEST_F(name, is_taken)
{
	struct fastipc *other;

	ASSERT_EQ(0, fastipc_create(&self->f, "a", O_RDWR, &self->options));
	EXPECT_EQ(-EBUSY,
		  fastipc_create(&other, "a", O_RDWR, &self->options));
	self->options.end = FASTIPC_AS_END(0);
	EXPECT_EQ(-EBUSY, fastipc_open(&other, "a", O_RDWR, &self->options));
	self->options.end = FASTIPC_AS_ANY;
	ASSERT_EQ(0, fastipc_open(&other, "a", O_RDWR, &self->options));
	fastipc_close(self->f);
	fastipc_close(other);
}

TEST_F(name, is_adopted)
{
	struct fastipc *other;

	ASSERT_EQ(0, fastipc_create(&self->f, "a", O_RDWR, &self->options));
	ASSERT_EQ(0, fastipc_adopt(&other, name_open("a", O_RDWR)));
	ASSERT_EQ(0, fastipc_send(self->f, "x", 1, 0));
	EXPECT_EQ(1, fastipc_recv(other, &(char){ 0 }, 1, 0));
	fastipc_close(self->f);
	fastipc_close(other);
}

TEST_F(name, is_not_there)
{
	EXPECT_EQ(-ENOENT, fastipc_open(&self->f, "a", O_RDWR, NULL));
	EXPECT_EQ(-ENOENT, fastipc_unlink("a"));
	EXPECT_EQ(-ENOENT, fastipc_create(&self->f, "/no/a", O_RDWR, NULL));
	EXPECT_EQ(-ENOENT, fastipc_open(&self->f, "/no/a", O_RDWR, NULL));
}

/* And nothing is made there. */
TEST_F(name, is_not_in_another_filesystem)
{
	EXPECT_EQ(-ENOTTY, fastipc_create(&self->f, "/tmp/a", O_RDWR, NULL));
	EXPECT_EQ(-1, access("/tmp/a", F_OK));
	EXPECT_EQ(-ENOTTY, fastipc_open(&self->f, "/tmp/a", O_RDWR, NULL));
	EXPECT_EQ(-ENOTTY, fastipc_unlink("/tmp/a"));
}

TEST_F(name, is_found_by_its_path)
{
	ASSERT_EQ(0, setenv("FASTIPC_DIR", "/tmp", 1));
	ASSERT_EQ(0, fastipc_create(NULL, NAMES "/a", O_RDWR, NULL));
	ASSERT_EQ(0, fastipc_create(NULL, "./b", O_RDWR, NULL));
	EXPECT_EQ(0, fastipc_unlink("../run/a"));
	EXPECT_EQ(0, fastipc_unlink("./b"));
}

static const char *const no_names[] = { "", ".", "..", "./", "a/", "/" };

TEST_F(name, is_none)
{
	size_t i;

	for (i = 0; i < sizeof(no_names) / sizeof(no_names[0]); i++) {
		EXPECT_EQ(-EINVAL, fastipc_create(&self->f, no_names[i], O_RDWR,
						  NULL));
		EXPECT_EQ(-EINVAL,
			  fastipc_open(&self->f, no_names[i], O_RDWR, NULL));
		EXPECT_EQ(-EINVAL, fastipc_unlink(no_names[i]));
	}
}

TEST_F(name, is_too_long)
{
	char name[PATH_MAX + 10];

	memset(name, 'a', sizeof(name));
	name[256] = 0;
	EXPECT_EQ(-ENAMETOOLONG, fastipc_create(&self->f, name, O_RDWR, NULL));
	name[256] = 'a';
	name[PATH_MAX + 5] = '/';
	name[PATH_MAX + 7] = 0;
	EXPECT_EQ(-ENAMETOOLONG, fastipc_create(&self->f, name, O_RDWR, NULL));
}

/* A bad argument each; no name is left. */
#define REFUSED(error, oflags)                                              \
	do {                                                                \
		EXPECT_EQ(-(error), fastipc_create(&self->f, "a", oflags,   \
						   &self->options));        \
		EXPECT_EQ(-1, access("a", F_OK));                           \
	} while (0)

TEST_F(name, is_not_made_with_unknown_oflags)
{
	REFUSED(EINVAL, O_RDWR | O_TRUNC);
	REFUSED(EINVAL, O_ACCMODE);
	EXPECT_EQ(-EINVAL, fastipc_open(&self->f, "a", O_RDWR | O_EXCL, NULL));
}

TEST_F(name, is_not_made_with_an_unknown_flag)
{
	self->options.flags = 1 << 20;
	REFUSED(EINVAL, O_RDWR);
}

TEST_F(name, is_not_made_of_two_sorts)
{
	self->options.flags = FASTIPC_SEALED | FASTIPC_DIRECT;
	REFUSED(EINVAL, O_RDWR);
}

TEST_F(name, is_not_made_with_another_mode)
{
	self->options.mode = 01777;
	REFUSED(EINVAL, O_RDWR);
}

TEST_F(name, is_not_made_as_an_end_that_is_none)
{
	self->options.end = FASTIPC_AS_ANY + 1;
	REFUSED(EINVAL, O_RDWR);
}

TEST_F(name, is_not_made_with_too_long_messages)
{
	self->options.max_message = 4096;
	REFUSED(EINVAL, O_RDWR);
}

TEST_F(name, is_not_made_if_the_mount_is_full)
{
	self->options.ring_bytes = 1 << 20;
	REFUSED(ENOSPC, O_RDWR);
}

/* Raw calls ------------------------------------------------------------------ */

TEST_F(name, is_not_set_up_by_who_may_not_write)
{
	int fd = name_open("a", O_RDWR | O_CREAT);

	ASSERT_EQ(0, close(fd));
	fd = name_open("a", O_RDONLY);
	EXPECT_EQ(-EBADF, raw_setup(fd, 4096, 0));
}

TEST_F(name, has_no_end_for_who_may_do_nothing)
{
	int fd;

	ASSERT_EQ(0, close(name_make("a", 4096, 0)));
	fd = name_open("a", O_ACCMODE);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(-EBADF, raw_attach(fd, 0));
	EXPECT_EQ(-EBADF, raw_attach(fd, FASTIPC_END_ANY));
	EXPECT_EQ(0, name_attached("a"));
}

TEST_F(name, has_no_third_end)
{
	int fd = name_make("a", 4096, 0);

	EXPECT_EQ(-EINVAL, raw_attach(fd, 2));
	EXPECT_EQ(-EINVAL, raw_attach(fd, -2));
}

TEST_F(name, stays_the_end_that_it_is)
{
	int fd = name_make("a", 4096, 0);

	ASSERT_EQ(0, raw_attach(fd, 1));
	EXPECT_EQ(-EINVAL, raw_attach(fd, 0));
	EXPECT_EQ(0, raw_attach(fd, 1));
	EXPECT_EQ(0, raw_attach(fd, FASTIPC_END_ANY));
}

TEST_F(name, has_no_peer_by_ioctl)
{
	EXPECT_EQ(-EOPNOTSUPP, raw_peer(name_make("a", 4096, 0), O_RDWR));
}

TEST_F(name, is_not_mapped_before_it_is_an_end)
{
	int fd = name_make("a", 4096, 0);
	struct fastipc_info info;

	ASSERT_EQ(0, raw_info(fd, &info));
	EXPECT_EQ(MAP_FAILED, map_at(fd, info.own_control, 4096, PROT_READ));
	EXPECT_EQ(ENOTCONN, errno);
}

TEST_F(name, is_not_ended_before_it_is_an_end)
{
	int fd = name_make("a", 4096, 0);

	EXPECT_EQ(-ENOTCONN, raw_shutdown(fd, FASTIPC_SHUT_SEND));
	EXPECT_EQ(-ENOTCONN, raw_shutdown(fd, FASTIPC_SHUT_ON_CLOSE));
}

/* Without a name nobody could come back. */
TEST_F(name, is_needed_to_keep)
{
	struct fastipc_setup setup = { .size = sizeof(setup),
				       .flags = FASTIPC_KEEP,
				       .kind = FASTIPC_KIND_PAIR };
	int fd = raw_open(O_RDWR);

	EXPECT_EQ(-EINVAL, raw_ioctl(fd, FASTIPC_SETUP, &setup));
	close(fd);
}

static int call_read(int fd)
{
	char c;

	return read(fd, &c, 1) < 0 ? -errno : 0;
}

static int call_write(int fd)
{
	return write(fd, "x", 1) < 0 ? -errno : 0;
}

static int call_send(int fd)
{
	return raw_send(fd, "x", 1, 0);
}

static int call_recv(int fd)
{
	struct fastipc_recv recv;
	char c;

	return raw_recv(fd, &recv, &c, 1, 0);
}

static int call_sync(int fd)
{
	return raw_sync(fd, FASTIPC_SYNC_WAIT_RECV, 0);
}

static const struct {
	const char *name;
	int (*call)(int fd);
} calls[] = {
	{ "read", call_read },
	{ "write", call_write },
	{ "send", call_send },
	{ "recv", call_recv },
	{ "sync", call_sync },
};

/* Nothing works before it is set up, and nothing makes it an end. */
TEST_F(name, is_not_set_up)
{
	int fd = name_open("a", O_RDWR | O_CREAT);
	size_t i;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		EXPECT_EQ(-ENOTCONN, calls[i].call(fd))
		{
			TH_LOG("%s", calls[i].name);
		}
	}
}

/* The end that it would become is taken: every call says so. */
TEST_F(name, is_taken_for_every_call)
{
	int fd;
	size_t i;

	ASSERT_EQ(0, raw_attach(name_make("a", 4096, 0), 0));
	ASSERT_GE(name_end("a", O_RDWR, 1), 0);
	fd = name_open("a", O_RDWR);
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		EXPECT_EQ(-EBUSY, calls[i].call(fd))
		{
			TH_LOG("%s", calls[i].name);
		}
	}
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
