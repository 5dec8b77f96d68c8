// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files themselves: that of MAP refuses all but mmap(2), PEER's cannot be
 * opened again; and what fdinfo says.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#include <sys/resource.h>

#define PAGE 4096
#define RW (PROT_READ | PROT_WRITE)

/* The file of MAP ---------------------------------------------------------- */

FIXTURE(pair)
{
	int fd[2], map;
};

VARIANTS_OF_SORT(pair);

FIXTURE_SETUP(pair)
{
	ASSERT_EQ(0, raw_pair_of(self->fd, PAGE, variant->flags));
	self->map = raw_map(self->fd[0]);
	ASSERT_LE(0, self->map);
}

FIXTURE_TEARDOWN(pair)
{
	close(self->map);
	close(self->fd[0]);
	close(self->fd[1]);
}

TEST_F(pair, reading_the_map_file_is_einval)
{
	char c;

	ASSERT_EQ(-1, read(self->map, &c, 1));
	ASSERT_EQ(EINVAL, errno);
}

TEST_F(pair, writing_the_map_file_is_einval)
{
	ASSERT_EQ(-1, write(self->map, "", 1));
	ASSERT_EQ(EINVAL, errno);
}

TEST_F(pair, info_of_the_map_file_is_enotty)
{
	struct fastipc_info info;

	ASSERT_EQ(-ENOTTY, raw_info(self->map, &info));
}

TEST_F(pair, sync_of_the_map_file_is_enotty)
{
	ASSERT_EQ(-ENOTTY, raw_sync(self->map, FASTIPC_SYNC_WAKE_RECV, 0));
}

TEST_F(pair, map_of_the_map_file_is_enotty)
{
	ASSERT_EQ(-ENOTTY, raw_map(self->map));
}

TEST_F(pair, the_map_file_closes_on_exec)
{
	ASSERT_EQ(FD_CLOEXEC, fcntl(self->map, F_GETFD));
}

TEST_F(pair, a_map_outlives_the_map_file)
{
	struct fastipc_info info;
	struct fastipc_stat stat;
	struct fastipc_control *own;

	ASSERT_EQ(0, raw_info(self->fd[0], &info));
	own = map_at(self->map, info.own_control, PAGE, RW);
	ASSERT_NE(MAP_FAILED, own);
	close(self->map);
	self->map = -1;
	own->sent = 16;
	ASSERT_EQ(0, raw_stat(self->fd[1], &stat));
	ASSERT_EQ(16, stat.peer_sent);
	munmap(own, PAGE);
}

/* MAP when this process may have no further descriptor. */
static int map_without_fds(int fd)
{
	struct rlimit old, limit;
	int ret;

	getrlimit(RLIMIT_NOFILE, &old);
	limit = (struct rlimit){ lowest_fd(), old.rlim_max };
	setrlimit(RLIMIT_NOFILE, &limit);
	ret = raw_map(fd);
	setrlimit(RLIMIT_NOFILE, &old);
	return ret;
}

TEST_F(pair, map_without_descriptors_is_emfile)
{
	ASSERT_EQ(-EMFILE, map_without_fds(self->fd[0]));
}

TEST_F(pair, map_after_emfile_succeeds)
{
	int before = lowest_fd();

	ASSERT_EQ(-EMFILE, map_without_fds(self->fd[0]));
	ASSERT_EQ(before, raw_map(self->fd[0]));
	close(before);
}

/* The map file holds the endpoint's; the one that did not come must not. */
TEST(map_without_descriptors_leaves_nothing)
{
	struct counters before = counters_now();
	int fd = raw_open(O_RDWR);

	ASSERT_EQ(0, raw_setup(fd, PAGE, 0));
	ASSERT_EQ(-EMFILE, map_without_fds(fd));
	close(fd);
	ASSERT_TRUE(counters_return_to(before));
}

/* Opening again ------------------------------------------------------------ */

static int reopen(int fd)
{
	char path[64];
	int ret;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ret = open(path, O_RDWR | O_CLOEXEC);
	return ret < 0 ? -errno : ret;
}

TEST_F(pair, peers_file_cannot_be_opened_again)
{
	ASSERT_EQ(-ENXIO, reopen(self->fd[1]));
}

TEST_F(pair, the_map_file_cannot_be_opened_again)
{
	ASSERT_EQ(-ENXIO, reopen(self->map));
}

TEST_F(pair, the_device_opened_again_is_a_new_channel)
{
	int fd = reopen(self->fd[0]);
	struct fastipc_info info;

	ASSERT_LE(0, fd);
	ASSERT_EQ(-ENOTCONN, raw_info(fd, &info));
	ASSERT_EQ(0, raw_setup(fd, PAGE, 0));
	close(fd);
}

/* fdinfo ------------------------------------------------------------------- */

/* The value of a line of fdinfo, or "none". */
static const char *line_of(int fd, const char *name)
{
	static char line[256];
	size_t len = strlen(name);
	FILE *f;

	snprintf(line, sizeof(line), "/proc/self/fdinfo/%d", fd);
	f = fopen(line, "r");
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		if (strncmp(line, name, len) || strncmp(line + len, ":\t", 2))
			continue;
		fclose(f);
		return line + len + 2;
	}
	if (f)
		fclose(f);
	return "none";
}

static unsigned long long channel_of(int fd)
{
	return strtoull(line_of(fd, "fastipc-channel"), NULL, 10);
}

TEST_F(pair, fdinfo_channel_is_the_same_for_both)
{
	ASSERT_NE(0, channel_of(self->fd[0]));
	ASSERT_EQ(channel_of(self->fd[0]), channel_of(self->fd[1]));
}

TEST_F(pair, fdinfo_channel_is_another_for_another)
{
	int fd = raw_open(O_RDWR);

	ASSERT_NE(0, channel_of(fd));
	ASSERT_NE(channel_of(self->fd[0]), channel_of(fd));
	close(fd);
}

TEST(fdinfo_kind_before_setup)
{
	int fd = raw_open(O_RDWR);

	ASSERT_STREQ("not set up", line_of(fd, "fastipc-kind"));
	close(fd);
}

TEST(fdinfo_has_no_end_before_setup)
{
	int fd = raw_open(O_RDWR);

	ASSERT_STREQ("none", line_of(fd, "fastipc-end"));
	close(fd);
}

TEST_F(pair, fdinfo_kind)
{
	ASSERT_STREQ("pair", line_of(self->fd[0], "fastipc-kind"));
}

TEST_F(pair, fdinfo_end)
{
	ASSERT_STREQ("0", line_of(self->fd[0], "fastipc-end"));
	ASSERT_STREQ("1", line_of(self->fd[1], "fastipc-end"));
}

TEST(fdinfo_peer_vacant)
{
	int fd = raw_open(O_RDWR);

	ASSERT_EQ(0, raw_setup(fd, PAGE, 0));
	ASSERT_STREQ("vacant", line_of(fd, "fastipc-peer"));
	close(fd);
}

TEST_F(pair, fdinfo_peer_attached)
{
	ASSERT_STREQ("attached", line_of(self->fd[0], "fastipc-peer"));
	ASSERT_STREQ("attached", line_of(self->fd[1], "fastipc-peer"));
}

TEST_F(pair, fdinfo_peer_closed)
{
	close(self->fd[1]);
	ASSERT_STREQ("closed", line_of(self->fd[0], "fastipc-peer"));
}

TEST_F(pair, fdinfo_geometry)
{
	ASSERT_STREQ("4096", line_of(self->fd[0], "fastipc-ring-bytes"));
	ASSERT_STREQ(variant->flags ? "960" : "1008",
		     line_of(self->fd[0], "fastipc-max-message"));
}

TEST_F(pair, fdinfo_sealed)
{
	ASSERT_STREQ(variant->flags ? "1" : "0",
		     line_of(self->fd[0], "fastipc-sealed"));
}

TEST_F(pair, fdinfo_positions)
{
	struct mapped m;

	ASSERT_EQ(0, raw_map_end(self->fd[0], &m));
	m.own->sent = 32;
	m.own->released = 48;
	ASSERT_STREQ("32", line_of(self->fd[0], "fastipc-sent"));
	ASSERT_STREQ("48", line_of(self->fd[0], "fastipc-released"));
	raw_unmap_end(&m);
}

/* The kernel's own, if nobody has it mapped. */
TEST_F(pair, fdinfo_positions_of_the_kernel)
{
	char c, sent[16];

	snprintf(sent, sizeof(sent), "%lu", footprint(variant->flags, 1));
	ASSERT_EQ(1, write(self->fd[0], "x", 1));
	ASSERT_STREQ(sent, line_of(self->fd[0], "fastipc-sent"));
	ASSERT_STREQ("0", line_of(self->fd[1], "fastipc-released"));
	ASSERT_EQ(1, read(self->fd[1], &c, 1));
	ASSERT_STREQ(sent, line_of(self->fd[1], "fastipc-released"));
}

TEST_F(pair, fdinfo_ended_at_first)
{
	ASSERT_STREQ("recv 0 send 0", line_of(self->fd[0], "fastipc-ended"));
}

TEST_F(pair, fdinfo_ended_is_the_errno)
{
	char line[64];

	ASSERT_EQ(0, raw_shutdown(self->fd[0], FASTIPC_SHUT_SEND));
	close(self->map);	/* it holds the endpoint */
	close(self->fd[0]);
	snprintf(line, sizeof(line), "recv %d send %d", EPIPE, ECONNRESET);
	ASSERT_STREQ(line, line_of(self->fd[1], "fastipc-ended"));
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
