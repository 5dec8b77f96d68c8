// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the files of endpoints and their maps refuse: wrong areas, lengths and
 * flags, more rights than there are, a second process, a 32-bit caller, and
 * all but mmap(2) for the file of MAP.  And what fdinfo says.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#include <sys/resource.h>

#define PAGE 4096
#define RW (PROT_READ | PROT_WRITE)

enum area { OWN_CONTROL, PEER_CONTROL, SEND_RING, RECV_RING };

/* Map as told, relative to a right map of an area, and unmap: 0, or -errno. */
static int try_map(int fd, const struct fastipc_info *info, enum area area,
		   __u64 offset, int pages, int prot, int flags)
{
	const __u64 at[] = { info->own_control, info->peer_control,
			     info->send_ring, info->recv_ring };
	size_t bytes = area < SEND_RING ? info->control_bytes :
					  2 * info->ring_bytes;
	void *p;

	bytes += pages * PAGE;
	p = mmap(NULL, bytes, prot, flags, fd, at[area] + offset);
	if (p == MAP_FAILED)
		return -errno;
	munmap(p, bytes);
	return 0;
}

/* The same for a right map, in a child: 0, or -errno. */
static int try_map_in_child(int fd, const struct fastipc_info *info,
			    enum area area, int prot)
{
	pid_t pid = fork_bound();

	if (!pid)
		_exit(-try_map(fd, info, area, 0, 0, prot, MAP_SHARED));
	return -reap(pid);
}

/* Bad areas, lengths and flags --------------------------------------------- */

/* All rights, rings of two pages, nothing mapped */
FIXTURE(bad_map)
{
	int fd[2], map;
	struct fastipc_info info;
};

FIXTURE_VARIANT(bad_map)
{
	enum area area;
	__u64 offset;
	int pages, prot, flags, error;
};

FIXTURE_VARIANT_ADD(bad_map, own_control_longer)
{
	OWN_CONTROL, 0, 1, RW, MAP_SHARED, EINVAL
};

FIXTURE_VARIANT_ADD(bad_map, peer_control_longer)
{
	PEER_CONTROL, 0, 1, PROT_READ, MAP_SHARED, EINVAL
};

FIXTURE_VARIANT_ADD(bad_map, send_ring_once)
{
	SEND_RING, 0, -2, RW, MAP_SHARED, EINVAL
};

FIXTURE_VARIANT_ADD(bad_map, send_ring_shorter)
{
	SEND_RING, 0, -1, RW, MAP_SHARED, EINVAL
};

FIXTURE_VARIANT_ADD(bad_map, send_ring_longer)
{
	SEND_RING, 0, 1, RW, MAP_SHARED, EINVAL
};

FIXTURE_VARIANT_ADD(bad_map, send_ring_thrice)
{
	SEND_RING, 0, 2, RW, MAP_SHARED, EINVAL
};

FIXTURE_VARIANT_ADD(bad_map, recv_ring_once)
{
	RECV_RING, 0, -2, PROT_READ, MAP_SHARED, EINVAL
};

FIXTURE_VARIANT_ADD(bad_map, recv_ring_shorter)
{
	RECV_RING, 0, -1, PROT_READ, MAP_SHARED, EINVAL
};

FIXTURE_VARIANT_ADD(bad_map, recv_ring_longer)
{
	RECV_RING, 0, 1, PROT_READ, MAP_SHARED, EINVAL
};

FIXTURE_VARIANT_ADD(bad_map, inside_own_control)
{
	OWN_CONTROL, PAGE, 0, RW, MAP_SHARED, EINVAL
};

FIXTURE_VARIANT_ADD(bad_map, inside_peer_control)
{
	PEER_CONTROL, PAGE, 0, PROT_READ, MAP_SHARED, EINVAL
};

FIXTURE_VARIANT_ADD(bad_map, inside_send_ring)
{
	SEND_RING, PAGE, 0, RW, MAP_SHARED, EINVAL
};

FIXTURE_VARIANT_ADD(bad_map, send_rings_second_lap)
{
	SEND_RING, 2 * PAGE, -2, RW, MAP_SHARED, EINVAL
};

FIXTURE_VARIANT_ADD(bad_map, inside_recv_ring)
{
	RECV_RING, PAGE, 0, PROT_READ, MAP_SHARED, EINVAL
};

FIXTURE_VARIANT_ADD(bad_map, fifth_area)
{
	OWN_CONTROL, 4ULL << 40, 0, RW, MAP_SHARED, EINVAL
};

FIXTURE_VARIANT_ADD(bad_map, area_256)
{
	OWN_CONTROL, 1ULL << 48, 0, RW, MAP_SHARED, EINVAL
};

FIXTURE_VARIANT_ADD(bad_map, area_of_2_62)
{
	OWN_CONTROL, 1ULL << 62, 0, RW, MAP_SHARED, EINVAL
};

FIXTURE_VARIANT_ADD(bad_map, area_of_2_63)
{
	OWN_CONTROL, 1ULL << 63, 0, RW, MAP_SHARED, EINVAL
};

FIXTURE_VARIANT_ADD(bad_map, private_own_control)
{
	OWN_CONTROL, 0, 0, RW, MAP_PRIVATE, EINVAL
};

FIXTURE_VARIANT_ADD(bad_map, private_own_control_ro)
{
	OWN_CONTROL, 0, 0, PROT_READ, MAP_PRIVATE, EINVAL
};

FIXTURE_VARIANT_ADD(bad_map, private_peer_control)
{
	PEER_CONTROL, 0, 0, PROT_READ, MAP_PRIVATE, EINVAL
};

FIXTURE_VARIANT_ADD(bad_map, private_send_ring)
{
	SEND_RING, 0, 0, RW, MAP_PRIVATE, EINVAL
};

FIXTURE_VARIANT_ADD(bad_map, private_recv_ring)
{
	RECV_RING, 0, 0, PROT_READ, MAP_PRIVATE, EINVAL
};

FIXTURE_VARIANT_ADD(bad_map, writable_peer_control)
{
	PEER_CONTROL, 0, 0, RW, MAP_SHARED, EACCES
};

FIXTURE_VARIANT_ADD(bad_map, write_only_peer_control)
{
	PEER_CONTROL, 0, 0, PROT_WRITE, MAP_SHARED, EACCES
};

FIXTURE_VARIANT_ADD(bad_map, writable_recv_ring)
{
	RECV_RING, 0, 0, RW, MAP_SHARED, EACCES
};

FIXTURE_VARIANT_ADD(bad_map, write_only_recv_ring)
{
	RECV_RING, 0, 0, PROT_WRITE, MAP_SHARED, EACCES
};

FIXTURE_SETUP(bad_map)
{
	ASSERT_EQ(0, raw_pair(self->fd, 2 * PAGE));
	ASSERT_EQ(0, raw_info(self->fd[0], &self->info));
	self->map = raw_map(self->fd[0]);
	ASSERT_LE(0, self->map);
}

FIXTURE_TEARDOWN(bad_map)
{
	close(self->map);
	close(self->fd[0]);
	close(self->fd[1]);
}

TEST_F(bad_map, is_refused_by_the_endpoint)
{
	ASSERT_EQ(-variant->error,
		  try_map(self->fd[0], &self->info, variant->area,
			  variant->offset, variant->pages, variant->prot,
			  variant->flags));
}

TEST_F(bad_map, is_refused_by_the_map_file)
{
	ASSERT_EQ(-variant->error,
		  try_map(self->map, &self->info, variant->area,
			  variant->offset, variant->pages, variant->prot,
			  variant->flags));
}

/* Else a child would find this process in the way. */
TEST_F(bad_map, leaves_no_map)
{
	ASSERT_NE(0, try_map(self->fd[0], &self->info, variant->area,
			     variant->offset, variant->pages, variant->prot,
			     variant->flags));
	ASSERT_EQ(0, try_map_in_child(self->fd[0], &self->info, OWN_CONTROL,
				      RW));
}

TEST(mmap_before_setup_is_enotconn)
{
	struct fastipc_info info = { .control_bytes = PAGE };
	int fd = raw_open(O_RDWR);

	ASSERT_EQ(-ENOTCONN, try_map(fd, &info, OWN_CONTROL, 0, 0, RW,
				     MAP_SHARED));
	close(fd);
}

/* Rights ------------------------------------------------------------------- */

FIXTURE(may)
{
	int fd[2], map;		/* fd[0] is the one looked at */
	int from;		/* that, or map */
	struct fastipc_info info;
};

FIXTURE_VARIANT(may)
{
	int mode;
	bool by_peer;		/* made by PEER */
	bool by_map;		/* not directly */
	const char *may;	/* own r, rw; peer r, rw; send r, rw; recv r, rw */
};

FIXTURE_VARIANT_ADD(may, rdonly) { O_RDONLY, 0, 0, "y- y- -- y-" };
FIXTURE_VARIANT_ADD(may, rdonly_map) { O_RDONLY, 0, 1, "yy y- -- y-" };
FIXTURE_VARIANT_ADD(may, wronly) { O_WRONLY, 0, 0, "-- -- -- --" };
FIXTURE_VARIANT_ADD(may, wronly_map) { O_WRONLY, 0, 1, "yy y- yy --" };
FIXTURE_VARIANT_ADD(may, rdwr) { O_RDWR, 0, 0, "yy y- yy y-" };
FIXTURE_VARIANT_ADD(may, rdwr_map) { O_RDWR, 0, 1, "yy y- yy y-" };
FIXTURE_VARIANT_ADD(may, peer_rdonly) { O_RDONLY, 1, 0, "y- y- -- y-" };
FIXTURE_VARIANT_ADD(may, peer_rdonly_map) { O_RDONLY, 1, 1, "yy y- -- y-" };
FIXTURE_VARIANT_ADD(may, peer_wronly) { O_WRONLY, 1, 0, "-- -- -- --" };
FIXTURE_VARIANT_ADD(may, peer_wronly_map) { O_WRONLY, 1, 1, "yy y- yy --" };
FIXTURE_VARIANT_ADD(may, peer_rdwr) { O_RDWR, 1, 0, "yy y- yy y-" };
FIXTURE_VARIANT_ADD(may, peer_rdwr_map) { O_RDWR, 1, 1, "yy y- yy y-" };

FIXTURE_SETUP(may)
{
	self->fd[1] = -1;
	if (variant->by_peer) {
		self->fd[1] = raw_open(O_RDWR);
		ASSERT_EQ(0, raw_setup(self->fd[1], PAGE, 0));
		self->fd[0] = raw_peer(self->fd[1], variant->mode);
	} else {
		self->fd[0] = raw_open(variant->mode);
		ASSERT_EQ(0, raw_setup(self->fd[0], PAGE, 0));
	}
	ASSERT_EQ(0, raw_info(self->fd[0], &self->info));
	self->map = raw_map(self->fd[0]);
	ASSERT_LE(0, self->map);
	self->from = variant->by_map ? self->map : self->fd[0];
}

FIXTURE_TEARDOWN(may)
{
	close(self->map);
	close(self->fd[0]);
	close(self->fd[1]);
}

static int expected(char may)
{
	return may == 'y' ? 0 : -EACCES;
}

TEST_F(may, reading_own_control)
{
	ASSERT_EQ(expected(variant->may[0]),
		  try_map(self->from, &self->info, OWN_CONTROL, 0, 0, PROT_READ,
			  MAP_SHARED));
}

TEST_F(may, writing_own_control)
{
	ASSERT_EQ(expected(variant->may[1]),
		  try_map(self->from, &self->info, OWN_CONTROL, 0, 0, RW,
			  MAP_SHARED));
}

TEST_F(may, reading_peer_control)
{
	ASSERT_EQ(expected(variant->may[3]),
		  try_map(self->from, &self->info, PEER_CONTROL, 0, 0,
			  PROT_READ, MAP_SHARED));
}

TEST_F(may, writing_peer_control)
{
	ASSERT_EQ(expected(variant->may[4]),
		  try_map(self->from, &self->info, PEER_CONTROL, 0, 0, RW,
			  MAP_SHARED));
}

TEST_F(may, reading_send_ring)
{
	ASSERT_EQ(expected(variant->may[6]),
		  try_map(self->from, &self->info, SEND_RING, 0, 0, PROT_READ,
			  MAP_SHARED));
}

TEST_F(may, writing_send_ring)
{
	ASSERT_EQ(expected(variant->may[7]),
		  try_map(self->from, &self->info, SEND_RING, 0, 0, RW,
			  MAP_SHARED));
}

TEST_F(may, reading_recv_ring)
{
	ASSERT_EQ(expected(variant->may[9]),
		  try_map(self->from, &self->info, RECV_RING, 0, 0, PROT_READ,
			  MAP_SHARED));
}

TEST_F(may, writing_recv_ring)
{
	ASSERT_EQ(expected(variant->may[10]),
		  try_map(self->from, &self->info, RECV_RING, 0, 0, RW,
			  MAP_SHARED));
}

TEST(a_readers_direct_map_cannot_become_writable)
{
	int fd = raw_open(O_RDONLY);
	struct fastipc_info info;
	void *p;

	ASSERT_EQ(0, raw_setup(fd, PAGE, 0));
	ASSERT_EQ(0, raw_info(fd, &info));
	p = map_at(fd, info.own_control, PAGE, PROT_READ);
	ASSERT_NE(MAP_FAILED, p);
	ASSERT_EQ(-1, mprotect(p, PAGE, RW));
	ASSERT_EQ(EACCES, errno);
	munmap(p, PAGE);
	close(fd);
}

/* Another process ---------------------------------------------------------- */

/* This process has end 0 mapped. */
FIXTURE(busy)
{
	int fd[2];
	struct mapped m;
	bool mapped;
};

FIXTURE_SETUP(busy)
{
	ASSERT_EQ(0, raw_pair(self->fd, PAGE));
	ASSERT_EQ(0, raw_map_end(self->fd[0], &self->m));
	self->mapped = true;
}

FIXTURE_TEARDOWN(busy)
{
	if (self->mapped)
		raw_unmap_end(&self->m);
	close(self->fd[0]);
	close(self->fd[1]);
}

TEST_F(busy, mapping_the_control_page_is_ebusy)
{
	ASSERT_EQ(-EBUSY, try_map_in_child(self->fd[0], &self->m.info,
					   OWN_CONTROL, RW));
}

TEST_F(busy, mapping_the_send_ring_is_ebusy)
{
	ASSERT_EQ(-EBUSY, try_map_in_child(self->fd[0], &self->m.info,
					   SEND_RING, RW));
}

/* It could be made writable later. */
TEST_F(busy, mapping_the_control_page_to_read_is_ebusy)
{
	ASSERT_EQ(-EBUSY, try_map_in_child(self->fd[0], &self->m.info,
					   OWN_CONTROL, PROT_READ));
}

TEST_F(busy, mapping_by_a_map_file_is_ebusy)
{
	int fd = raw_map(self->fd[0]);

	ASSERT_EQ(-EBUSY, try_map_in_child(fd, &self->m.info, OWN_CONTROL,
					   RW));
	close(fd);
}

TEST_F(busy, mapping_again_is_still_ebusy)
{
	ASSERT_EQ(-EBUSY, try_map_in_child(self->fd[0], &self->m.info,
					   OWN_CONTROL, RW));
	ASSERT_EQ(-EBUSY, try_map_in_child(self->fd[0], &self->m.info,
					   OWN_CONTROL, RW));
}

TEST_F(busy, mapping_when_only_the_ring_is_left_is_ebusy)
{
	munmap(self->m.own, PAGE);
	ASSERT_EQ(-EBUSY, try_map_in_child(self->fd[0], &self->m.info,
					   OWN_CONTROL, RW));
}

TEST_F(busy, mapping_when_a_piece_of_the_ring_is_left_is_ebusy)
{
	munmap(self->m.own, PAGE);
	munmap(self->m.send, PAGE);
	ASSERT_EQ(-EBUSY, try_map_in_child(self->fd[0], &self->m.info,
					   OWN_CONTROL, RW));
}

TEST_F(busy, mapping_a_page_made_inaccessible_is_ebusy)
{
	munmap(self->m.send, 2 * PAGE);
	ASSERT_EQ(0, mprotect(self->m.own, PAGE, PROT_NONE));
	ASSERT_EQ(-EBUSY, try_map_in_child(self->fd[0], &self->m.info,
					   OWN_CONTROL, RW));
}

TEST_F(busy, mapping_after_unmap_is_accepted)
{
	raw_unmap_end(&self->m);
	self->mapped = false;
	ASSERT_EQ(0, try_map_in_child(self->fd[0], &self->m.info, OWN_CONTROL,
				      RW));
}

TEST_F(busy, mapping_when_only_read_only_pages_are_left_is_accepted)
{
	munmap(self->m.own, PAGE);
	munmap(self->m.send, 2 * PAGE);
	ASSERT_EQ(0, try_map_in_child(self->fd[0], &self->m.info, OWN_CONTROL,
				      RW));
}

TEST_F(busy, mapping_after_a_refusal_and_unmap_is_accepted)
{
	ASSERT_EQ(-EBUSY, try_map_in_child(self->fd[0], &self->m.info,
					   OWN_CONTROL, RW));
	raw_unmap_end(&self->m);
	self->mapped = false;
	ASSERT_EQ(0, try_map_in_child(self->fd[0], &self->m.info, OWN_CONTROL,
				      RW));
}

TEST_F(busy, mapping_the_other_end_is_accepted)
{
	ASSERT_EQ(0, try_map_in_child(self->fd[1], &self->m.info, OWN_CONTROL,
				      RW));
}

TEST_F(busy, mapping_again_by_the_same_process_is_accepted)
{
	ASSERT_EQ(0, try_map(self->fd[0], &self->m.info, OWN_CONTROL, 0, 0, RW,
			     MAP_SHARED));
}

/* The file of MAP ---------------------------------------------------------- */

FIXTURE(pair)
{
	int fd[2], map;
};

FIXTURE_SETUP(pair)
{
	ASSERT_EQ(0, raw_pair(self->fd, PAGE));
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
	ASSERT_STREQ("1008", line_of(self->fd[0], "fastipc-max-message"));
}

TEST_F(pair, fdinfo_positions)
{
	struct mapped m;

	ASSERT_EQ(0, raw_map_end(self->fd[0], &m));
	m.own->sent = 32;
	m.own->released = 48;
	ASSERT_STREQ("32", line_of(self->fd[0], "fastipc-sent"));
	ASSERT_STREQ("48", line_of(self->fd[0], "fastipc-received"));
	raw_unmap_end(&m);
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

/* 32-bit callers ----------------------------------------------------------- */

#define IA32_GETPID 20
#define IA32_IOCTL 54
#define IA32_MMAP2 192

/* A system call as a 32-bit process makes it: a result, or -errno. */
static int int80(long number, long b, long c, long d, long s, long t, long p)
{
#ifdef __x86_64__
	asm volatile("xchg %%rbp, %[p]; int $0x80; xchg %%rbp, %[p]"
		     : "+a"(number), [p] "+r"(p)
		     : "b"(b), "c"(c), "d"(d), "S"(s), "D"(t)
		     : "r8", "r9", "r10", "r11", "memory", "cc");
	return number;
#else
	return -1;
#endif
}

/* Without support it is a signal, or nothing happens. */
static bool int80_works(void)
{
	pid_t pid = fork_bound();

	if (!pid)
		_exit(int80(IA32_GETPID, 0, 0, 0, 0, 0, 0) != getpid());
	return !reap(pid);
}

union any {
	struct fastipc_setup setup;
	struct fastipc_info info;
	struct fastipc_sync sync;
};

FIXTURE(compat)
{
	int fd[2];
	union any *low;		/* below 4 GiB */
};

FIXTURE_SETUP(compat)
{
	ASSERT_EQ(0, raw_pair(self->fd, PAGE));
#ifdef MAP_32BIT
	self->low = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	ASSERT_NE(MAP_FAILED, self->low);
	ASSERT_EQ(0, (unsigned long)self->low >> 32);
#endif
	if (!int80_works())
		SKIP(return, "no 32-bit system calls");
}

FIXTURE_TEARDOWN(compat)
{
	munmap(self->low, PAGE);
	close(self->fd[0]);
	close(self->fd[1]);
}

static int int80_ioctl(int fd, unsigned long command, void *arg)
{
	return int80(IA32_IOCTL, fd, command, (long)arg, 0, 0, 0);
}

TEST_F(compat, info_says_the_same)
{
	struct fastipc_info info;

	ASSERT_EQ(0, raw_info(self->fd[1], &info));
	self->low->info.size = sizeof(info);
	ASSERT_EQ(0, int80_ioctl(self->fd[1], FASTIPC_INFO, self->low));
	ASSERT_EQ(0, memcmp(&info, &self->low->info, sizeof(info)));
}

TEST_F(compat, info_before_setup_is_enotconn)
{
	int fd = raw_open(O_RDWR);

	self->low->info.size = sizeof(self->low->info);
	ASSERT_EQ(-ENOTCONN, int80_ioctl(fd, FASTIPC_INFO, self->low));
	close(fd);
}

TEST_F(compat, null_is_efault)
{
	ASSERT_EQ(-EFAULT, int80_ioctl(self->fd[0], FASTIPC_INFO, NULL));
}

TEST_F(compat, reserved_command_is_enotty)
{
	ASSERT_EQ(-ENOTTY, int80_ioctl(self->fd[0], _IO(FASTIPC_IOC, 5),
				       self->low));
}

TEST_F(compat, setup_reads_64_bit_values)
{
	int fd = raw_open(O_RDWR);

	self->low->setup = (struct fastipc_setup){
		.size = sizeof(self->low->setup),
		.kind = FASTIPC_KIND_PAIR,
		.ring_bytes = (1ULL << 32) + PAGE,
	};
	ASSERT_EQ(-EINVAL, int80_ioctl(fd, FASTIPC_SETUP, self->low));
	self->low->setup.ring_bytes = PAGE;
	ASSERT_EQ(0, int80_ioctl(fd, FASTIPC_SETUP, self->low));
	close(fd);
}

TEST_F(compat, sync_waits_as_long_as_asked)
{
	__u64 begin = now_ns();

	self->low->sync = (struct fastipc_sync){
		.size = sizeof(self->low->sync),
		.flags = FASTIPC_SYNC_WAIT_RECV,
		.timeout_ns = 20000000,
	};
	ASSERT_EQ(-ETIMEDOUT,
		  int80_ioctl(self->fd[0], FASTIPC_SYNC, self->low));
	ASSERT_GE(now_ns() - begin, 20000000);
}

static int int80_map_control(int fd)
{
	return int80(IA32_MMAP2, 0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
		     fd, 0);
}

TEST_F(compat, mmap_is_eopnotsupp)
{
	ASSERT_EQ(-EOPNOTSUPP, int80_map_control(self->fd[0]));
}

TEST_F(compat, mmap_of_a_map_file_is_eopnotsupp)
{
	int fd = raw_map(self->fd[0]);

	ASSERT_EQ(-EOPNOTSUPP, int80_map_control(fd));
	close(fd);
}

/* What those two rely on: the call is right, and there is something to map. */
TEST_F(compat, mmap_of_memory_works)
{
	unsigned int at = int80(IA32_MMAP2, 0, PAGE, PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ASSERT_LT(at, -4095U);
	ASSERT_EQ(0, munmap((void *)(long)at, PAGE));
}

TEST_F(compat, the_own_control_page_is_at_0)
{
	struct fastipc_info info;

	ASSERT_EQ(0, raw_info(self->fd[0], &info));
	ASSERT_EQ(0, info.own_control);
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
