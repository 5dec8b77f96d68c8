// SPDX-License-Identifier: GPL-2.0-only
/*
 * What maps of endpoints refuse: wrong areas, lengths and flags, more rights
 * than there are, a second process.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

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
	__u32 setup; /* of the pair */
};

FIXTURE_VARIANT_ADD(bad_map, own_control_longer)
{
	OWN_CONTROL, 0, 1, RW, MAP_SHARED, EINVAL, 0
};

FIXTURE_VARIANT_ADD(bad_map, peer_control_longer)
{
	PEER_CONTROL, 0, 1, PROT_READ, MAP_SHARED, EINVAL, 0
};

FIXTURE_VARIANT_ADD(bad_map, send_ring_once)
{
	SEND_RING, 0, -2, RW, MAP_SHARED, EINVAL, 0
};

FIXTURE_VARIANT_ADD(bad_map, send_ring_shorter)
{
	SEND_RING, 0, -1, RW, MAP_SHARED, EINVAL, 0
};

FIXTURE_VARIANT_ADD(bad_map, send_ring_longer)
{
	SEND_RING, 0, 1, RW, MAP_SHARED, EINVAL, 0
};

FIXTURE_VARIANT_ADD(bad_map, send_ring_thrice)
{
	SEND_RING, 0, 2, RW, MAP_SHARED, EINVAL, 0
};

FIXTURE_VARIANT_ADD(bad_map, recv_ring_once)
{
	RECV_RING, 0, -2, PROT_READ, MAP_SHARED, EINVAL, 0
};

FIXTURE_VARIANT_ADD(bad_map, recv_ring_shorter)
{
	RECV_RING, 0, -1, PROT_READ, MAP_SHARED, EINVAL, 0
};

FIXTURE_VARIANT_ADD(bad_map, recv_ring_longer)
{
	RECV_RING, 0, 1, PROT_READ, MAP_SHARED, EINVAL, 0
};

FIXTURE_VARIANT_ADD(bad_map, inside_own_control)
{
	OWN_CONTROL, PAGE, 0, RW, MAP_SHARED, EINVAL, 0
};

FIXTURE_VARIANT_ADD(bad_map, inside_peer_control)
{
	PEER_CONTROL, PAGE, 0, PROT_READ, MAP_SHARED, EINVAL, 0
};

FIXTURE_VARIANT_ADD(bad_map, inside_send_ring)
{
	SEND_RING, PAGE, 0, RW, MAP_SHARED, EINVAL, 0
};

FIXTURE_VARIANT_ADD(bad_map, send_rings_second_lap)
{
	SEND_RING, 2 * PAGE, -2, RW, MAP_SHARED, EINVAL, 0
};

FIXTURE_VARIANT_ADD(bad_map, inside_recv_ring)
{
	RECV_RING, PAGE, 0, PROT_READ, MAP_SHARED, EINVAL, 0
};

FIXTURE_VARIANT_ADD(bad_map, fifth_area)
{
	OWN_CONTROL, 4ULL << 40, 0, RW, MAP_SHARED, EINVAL, 0
};

FIXTURE_VARIANT_ADD(bad_map, area_256)
{
	OWN_CONTROL, 1ULL << 48, 0, RW, MAP_SHARED, EINVAL, 0
};

FIXTURE_VARIANT_ADD(bad_map, area_of_2_62)
{
	OWN_CONTROL, 1ULL << 62, 0, RW, MAP_SHARED, EINVAL, 0
};

FIXTURE_VARIANT_ADD(bad_map, area_of_2_63)
{
	OWN_CONTROL, 1ULL << 63, 0, RW, MAP_SHARED, EINVAL, 0
};

FIXTURE_VARIANT_ADD(bad_map, private_own_control)
{
	OWN_CONTROL, 0, 0, RW, MAP_PRIVATE, EINVAL, 0
};

FIXTURE_VARIANT_ADD(bad_map, private_own_control_ro)
{
	OWN_CONTROL, 0, 0, PROT_READ, MAP_PRIVATE, EINVAL, 0
};

FIXTURE_VARIANT_ADD(bad_map, private_peer_control)
{
	PEER_CONTROL, 0, 0, PROT_READ, MAP_PRIVATE, EINVAL, 0
};

FIXTURE_VARIANT_ADD(bad_map, private_send_ring)
{
	SEND_RING, 0, 0, RW, MAP_PRIVATE, EINVAL, 0
};

FIXTURE_VARIANT_ADD(bad_map, private_recv_ring)
{
	RECV_RING, 0, 0, PROT_READ, MAP_PRIVATE, EINVAL, 0
};

FIXTURE_VARIANT_ADD(bad_map, writable_peer_control)
{
	PEER_CONTROL, 0, 0, RW, MAP_SHARED, EACCES, 0
};

FIXTURE_VARIANT_ADD(bad_map, write_only_peer_control)
{
	PEER_CONTROL, 0, 0, PROT_WRITE, MAP_SHARED, EACCES, 0
};

FIXTURE_VARIANT_ADD(bad_map, writable_recv_ring)
{
	RECV_RING, 0, 0, RW, MAP_SHARED, EACCES, 0
};

FIXTURE_VARIANT_ADD(bad_map, write_only_recv_ring)
{
	RECV_RING, 0, 0, PROT_WRITE, MAP_SHARED, EACCES, 0
};

/* Of a sealed pair an end has no map of its ring at all. */
FIXTURE_VARIANT_ADD(bad_map, sealed_send_ring)
{
	SEND_RING, 0, 0, RW, MAP_SHARED, EACCES, FASTIPC_SEALED
};

FIXTURE_VARIANT_ADD(bad_map, read_only_sealed_send_ring)
{
	SEND_RING, 0, 0, PROT_READ, MAP_SHARED, EACCES, FASTIPC_SEALED
};

FIXTURE_VARIANT_ADD(bad_map, write_only_sealed_send_ring)
{
	SEND_RING, 0, 0, PROT_WRITE, MAP_SHARED, EACCES, FASTIPC_SEALED
};

FIXTURE_VARIANT_ADD(bad_map, inaccessible_sealed_send_ring)
{
	SEND_RING, 0, 0, PROT_NONE, MAP_SHARED, EACCES, FASTIPC_SEALED
};

FIXTURE_VARIANT_ADD(bad_map, writable_sealed_recv_ring)
{
	RECV_RING, 0, 0, RW, MAP_SHARED, EACCES, FASTIPC_SEALED
};

FIXTURE_VARIANT_ADD(bad_map, writable_sealed_peer_control)
{
	PEER_CONTROL, 0, 0, RW, MAP_SHARED, EACCES, FASTIPC_SEALED
};

FIXTURE_VARIANT_ADD(bad_map, sealed_recv_ring_once)
{
	RECV_RING, 0, -2, PROT_READ, MAP_SHARED, EINVAL, FASTIPC_SEALED
};

FIXTURE_VARIANT_ADD(bad_map, private_sealed_recv_ring)
{
	RECV_RING, 0, 0, PROT_READ, MAP_PRIVATE, EINVAL, FASTIPC_SEALED
};

FIXTURE_SETUP(bad_map)
{
	ASSERT_EQ(0, raw_pair_of(self->fd, 2 * PAGE, variant->setup));
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

/* With FASTIPC_STREAM there is nothing to map. */
FIXTURE(stream)
{
	int fd[2], map;
	struct fastipc_info info;
};

FIXTURE_VARIANT(stream)
{
	enum area area;
	int prot;
	__u32 setup;
};

FIXTURE_VARIANT_ADD(stream, own_control) { OWN_CONTROL, RW, 0 };
FIXTURE_VARIANT_ADD(stream, peer_control) { PEER_CONTROL, PROT_READ, 0 };
FIXTURE_VARIANT_ADD(stream, send_ring) { SEND_RING, RW, 0 };
FIXTURE_VARIANT_ADD(stream, recv_ring) { RECV_RING, PROT_READ, 0 };
FIXTURE_VARIANT_ADD(stream, sealed_send_ring) { SEND_RING, RW, FASTIPC_SEALED };

FIXTURE_SETUP(stream)
{
	ASSERT_EQ(0, raw_pair_of(self->fd, PAGE,
				 FASTIPC_STREAM | variant->setup));
	ASSERT_EQ(0, raw_info(self->fd[0], &self->info));
	self->map = raw_map(self->fd[0]);
}

FIXTURE_TEARDOWN(stream)
{
	close(self->map);
	close(self->fd[0]);
	close(self->fd[1]);
}

TEST_F(stream, is_eopnotsupp)
{
	ASSERT_EQ(-EOPNOTSUPP,
		  try_map(self->fd[0], &self->info, variant->area, 0, 0,
			  variant->prot, MAP_SHARED));
}

TEST_F(stream, is_eopnotsupp_by_the_map_file)
{
	ASSERT_EQ(-EOPNOTSUPP,
		  try_map(self->map, &self->info, variant->area, 0, 0,
			  variant->prot, MAP_SHARED));
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
	__u32 setup;		/* of the pair */
};

FIXTURE_VARIANT_ADD(may, rdonly) { O_RDONLY, 0, 0, "y- y- -- y-", 0 };
FIXTURE_VARIANT_ADD(may, rdonly_map) { O_RDONLY, 0, 1, "yy y- -- y-", 0 };
FIXTURE_VARIANT_ADD(may, wronly) { O_WRONLY, 0, 0, "-- -- -- --", 0 };
FIXTURE_VARIANT_ADD(may, wronly_map) { O_WRONLY, 0, 1, "yy y- yy --", 0 };
FIXTURE_VARIANT_ADD(may, rdwr) { O_RDWR, 0, 0, "yy y- yy y-", 0 };
FIXTURE_VARIANT_ADD(may, rdwr_map) { O_RDWR, 0, 1, "yy y- yy y-", 0 };
FIXTURE_VARIANT_ADD(may, peer_rdonly) { O_RDONLY, 1, 0, "y- y- -- y-", 0 };
FIXTURE_VARIANT_ADD(may, peer_rdonly_map) { O_RDONLY, 1, 1, "yy y- -- y-", 0 };
FIXTURE_VARIANT_ADD(may, peer_wronly) { O_WRONLY, 1, 0, "-- -- -- --", 0 };
FIXTURE_VARIANT_ADD(may, peer_wronly_map) { O_WRONLY, 1, 1, "yy y- yy --", 0 };
FIXTURE_VARIANT_ADD(may, peer_rdwr) { O_RDWR, 1, 0, "yy y- yy y-", 0 };
FIXTURE_VARIANT_ADD(may, peer_rdwr_map) { O_RDWR, 1, 1, "yy y- yy y-", 0 };

FIXTURE_VARIANT_ADD(may, sealed_rdonly)
{
	O_RDONLY, 0, 0, "y- y- -- y-", FASTIPC_SEALED
};

FIXTURE_VARIANT_ADD(may, sealed_rdonly_map)
{
	O_RDONLY, 0, 1, "yy y- -- y-", FASTIPC_SEALED
};

FIXTURE_VARIANT_ADD(may, sealed_wronly)
{
	O_WRONLY, 0, 0, "-- -- -- --", FASTIPC_SEALED
};

FIXTURE_VARIANT_ADD(may, sealed_wronly_map)
{
	O_WRONLY, 0, 1, "yy y- -- --", FASTIPC_SEALED
};

FIXTURE_VARIANT_ADD(may, sealed_rdwr)
{
	O_RDWR, 0, 0, "yy y- -- y-", FASTIPC_SEALED
};

FIXTURE_VARIANT_ADD(may, sealed_rdwr_map)
{
	O_RDWR, 0, 1, "yy y- -- y-", FASTIPC_SEALED
};

FIXTURE_VARIANT_ADD(may, sealed_peer_wronly_map)
{
	O_WRONLY, 1, 1, "yy y- -- --", FASTIPC_SEALED
};

FIXTURE_VARIANT_ADD(may, sealed_peer_rdwr)
{
	O_RDWR, 1, 0, "yy y- -- y-", FASTIPC_SEALED
};

static int setup_of(int fd, __u32 flags)
{
	struct fastipc_setup setup = { .size = sizeof(setup),
				       .flags = flags,
				       .kind = FASTIPC_KIND_PAIR,
				       .ring_bytes = PAGE };

	return raw_ioctl(fd, FASTIPC_SETUP, &setup);
}

FIXTURE_SETUP(may)
{
	self->fd[1] = -1;
	if (variant->by_peer) {
		self->fd[1] = raw_open(O_RDWR);
		ASSERT_EQ(0, setup_of(self->fd[1], variant->setup));
		self->fd[0] = raw_peer(self->fd[1], variant->mode);
	} else {
		self->fd[0] = raw_open(variant->mode);
		ASSERT_EQ(0, setup_of(self->fd[0], variant->setup));
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

VARIANTS_OF_SORT(busy);

FIXTURE_SETUP(busy)
{
	ASSERT_EQ(0, raw_pair_of(self->fd, PAGE, variant->flags));
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

/* There is none in a sealed pair. */
TEST_F(busy, mapping_the_send_ring_is_ebusy)
{
	ASSERT_EQ(variant->flags ? -EACCES : -EBUSY,
		  try_map_in_child(self->fd[0], &self->m.info, SEND_RING, RW));
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

/* What a sealed pair leaves is read-only. */
TEST_F(busy, mapping_when_only_the_ring_is_left_is_ebusy)
{
	munmap(self->m.own, PAGE);
	ASSERT_EQ(variant->flags ? 0 : -EBUSY,
		  try_map_in_child(self->fd[0], &self->m.info, OWN_CONTROL,
				   RW));
}

TEST_F(busy, mapping_when_a_piece_of_the_ring_is_left_is_ebusy)
{
	munmap(self->m.own, PAGE);
	if (self->m.send)
		munmap(self->m.send, PAGE);
	ASSERT_EQ(variant->flags ? 0 : -EBUSY,
		  try_map_in_child(self->fd[0], &self->m.info, OWN_CONTROL,
				   RW));
}

/* An end that is mapped is its process's: who else receives is told so. */
TEST_F(busy, reading_is_ebusy)
{
	char c;

	ASSERT_EQ(-1, read(self->fd[0], &c, 1));
	ASSERT_EQ(EBUSY, errno);
}

/* A sealed ring is the kernel's anyway. */
TEST_F(busy, writing_is_ebusy)
{
	ssize_t ret = write(self->fd[0], "x", 1);

	if (variant->flags) {
		ASSERT_EQ(1, ret);
	} else {
		ASSERT_EQ(-1, ret);
		ASSERT_EQ(EBUSY, errno);
	}
}

TEST_F(busy, reading_after_unmap_is_accepted)
{
	char c;

	raw_unmap_end(&self->m);
	self->mapped = false;
	ASSERT_EQ(1, write(self->fd[1], "x", 1));
	ASSERT_EQ(1, read(self->fd[0], &c, 1));
	ASSERT_EQ(1, write(self->fd[0], "x", 1));
}

TEST_F(busy, mapping_a_page_made_inaccessible_is_ebusy)
{
	if (self->m.send)
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
	if (self->m.send)
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

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
