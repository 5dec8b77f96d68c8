// SPDX-License-Identifier: GPL-2.0-only
/*
 * SETUP, ATTACH and PEER, by raw calls: every value and state that they refuse,
 * one in a test, and what they do otherwise.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#include <limits.h>
#include <sys/resource.h>

#define PAGE 4096


/* From now on this process gets no further descriptor. */
static int forbid_fds(struct rlimit *old)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, old);
	limit = (struct rlimit){ lowest_fd(), old->rlim_max };
	return setrlimit(RLIMIT_NOFILE, &limit);
}

static int raw_attach(int fd, int end)
{
	struct fastipc_attach attach = { .size = sizeof(attach), .end = end };

	return raw_ioctl(fd, FASTIPC_ATTACH, &attach);
}

/* raw_peer() always asks for O_CLOEXEC. */
static int peer_with(int fd, __u32 flags)
{
	struct fastipc_peer peer = { .size = sizeof(peer), .flags = flags };

	return raw_ioctl(fd, FASTIPC_PEER, &peer);
}

/* The last close of an endpoint, in order or not. */
static int leave(int *fd, bool orderly)
{
	int ret = orderly ? raw_shutdown(*fd, FASTIPC_SHUT_ON_CLOSE) : 0;

	close(*fd);
	*fd = -1;
	return ret;
}

/* SETUP -------------------------------------------------------------------- */

FIXTURE(bad_setup)
{
	int fd;
	struct fastipc_setup setup;
};

FIXTURE_VARIANT(bad_setup)
{
	__u32 kind, reserved;
	__u64 ring, max;
};

#define RING_MAX FASTIPC_RING_MAX
#define LIMIT (PAGE / 4 - 16)

FIXTURE_VARIANT_ADD(bad_setup, kind_0) { 0, 0, PAGE, 0 };
FIXTURE_VARIANT_ADD(bad_setup, kind_queue) { 2, 0, PAGE, 0 };
FIXTURE_VARIANT_ADD(bad_setup, kind_topic) { 3, 0, PAGE, 0 };
FIXTURE_VARIANT_ADD(bad_setup, kind_4) { 4, 0, PAGE, 0 };
FIXTURE_VARIANT_ADD(bad_setup, kind_high_bit) { 1U << 31 | 1, 0, PAGE, 0 };
FIXTURE_VARIANT_ADD(bad_setup, reserved_low) { 1, 1, PAGE, 0 };
FIXTURE_VARIANT_ADD(bad_setup, reserved_high) { 1, 1U << 31, PAGE, 0 };
FIXTURE_VARIANT_ADD(bad_setup, ring_1) { 1, 0, 1, 0 };
FIXTURE_VARIANT_ADD(bad_setup, ring_half_a_page) { 1, 0, PAGE / 2, 0 };
FIXTURE_VARIANT_ADD(bad_setup, ring_a_page_and_1) { 1, 0, PAGE + 1, 0 };
FIXTURE_VARIANT_ADD(bad_setup, ring_three_pages) { 1, 0, 3 * PAGE, 0 };
FIXTURE_VARIANT_ADD(bad_setup, ring_max_and_1) { 1, 0, RING_MAX + 1, 0 };
FIXTURE_VARIANT_ADD(bad_setup, ring_twice_max) { 1, 0, 2 * RING_MAX, 0 };
FIXTURE_VARIANT_ADD(bad_setup, ring_4g) { 1, 0, 1ULL << 32, 0 };
FIXTURE_VARIANT_ADD(bad_setup, ring_4g_page) { 1, 0, (1ULL << 32) + PAGE, 0 };
FIXTURE_VARIANT_ADD(bad_setup, ring_2_63) { 1, 0, 1ULL << 63, 0 };
FIXTURE_VARIANT_ADD(bad_setup, ring_2_64_page) { 1, 0, 0ULL - PAGE, 0 };
FIXTURE_VARIANT_ADD(bad_setup, ring_2_64_1) { 1, 0, ~0ULL, 0 };
FIXTURE_VARIANT_ADD(bad_setup, max_one_above) { 1, 0, PAGE, LIMIT + 1 };
FIXTURE_VARIANT_ADD(bad_setup, max_quarter) { 1, 0, PAGE, PAGE / 4 };
FIXTURE_VARIANT_ADD(bad_setup, max_4g_and_1) { 1, 0, PAGE, (1ULL << 32) + 1 };
FIXTURE_VARIANT_ADD(bad_setup, max_2_63) { 1, 0, PAGE, 1ULL << 63 };
FIXTURE_VARIANT_ADD(bad_setup, max_2_64_16) { 1, 0, PAGE, ~0ULL - 15 };
FIXTURE_VARIANT_ADD(bad_setup, max_2_64_1) { 1, 0, PAGE, ~0ULL };
FIXTURE_VARIANT_ADD(bad_setup, max_default) { 1, 0, 0, 16369 };

FIXTURE_SETUP(bad_setup)
{
	self->fd = raw_open(O_RDWR);
	ASSERT_LE(0, self->fd);
	self->setup = (struct fastipc_setup){
		.size = sizeof(self->setup),
		.kind = variant->kind,
		.reserved = variant->reserved,
		.ring_bytes = variant->ring,
		.max_message = variant->max,
	};
}

FIXTURE_TEARDOWN(bad_setup)
{
	close(self->fd);
}

TEST_F(bad_setup, is_einval)
{
	ASSERT_EQ(-EINVAL, raw_ioctl(self->fd, FASTIPC_SETUP, &self->setup));
}

TEST_F(bad_setup, changes_nothing)
{
	struct counters before = counters_now();
	struct fastipc_info info;

	raw_ioctl(self->fd, FASTIPC_SETUP, &self->setup);
	ASSERT_EQ(-ENOTCONN, raw_info(self->fd, &info));
	ASSERT_TRUE(counters_return_to(before));
	ASSERT_EQ(0, raw_setup(self->fd, PAGE, 0));
}

FIXTURE(good_setup)
{
	int fd;
};

FIXTURE_VARIANT(good_setup)
{
	__u64 ring, max;		/* asked for */
	__u64 ring_bytes, max_message;	/* what INFO says */
};

FIXTURE_VARIANT_ADD(good_setup, defaults) { 0, 0, 65536, 16368 };
FIXTURE_VARIANT_ADD(good_setup, default_ring) { 0, 7, 65536, 7 };
FIXTURE_VARIANT_ADD(good_setup, default_limit) { 0, 16368, 65536, 16368 };
FIXTURE_VARIANT_ADD(good_setup, a_page) { PAGE, 0, PAGE, LIMIT };
FIXTURE_VARIANT_ADD(good_setup, a_page_and_limit) { PAGE, LIMIT, PAGE, LIMIT };
FIXTURE_VARIANT_ADD(good_setup, two_pages_and_1) { 2 * PAGE, 1, 2 * PAGE, 1 };
FIXTURE_VARIANT_ADD(good_setup, a_mib) { 1 << 20, 0, 1 << 20, (1 << 18) - 16 };

FIXTURE_SETUP(good_setup)
{
	self->fd = raw_open(O_RDWR);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(good_setup)
{
	close(self->fd);
}

TEST_F(good_setup, is_what_info_says)
{
	struct fastipc_info info;

	ASSERT_EQ(0, raw_setup(self->fd, variant->ring, variant->max));
	ASSERT_EQ(0, raw_info(self->fd, &info));
	ASSERT_EQ(variant->ring_bytes, info.ring_bytes);
	ASSERT_EQ(variant->max_message, info.max_message);
}

TEST_F(good_setup, is_what_stat_and_the_module_count)
{
	__u64 bytes = 2 * (variant->ring_bytes + PAGE);
	struct counters before = counters_now();
	struct fastipc_stat stat;

	ASSERT_EQ(0, raw_setup(self->fd, variant->ring, variant->max));
	ASSERT_EQ(0, raw_stat(self->fd, &stat));
	ASSERT_EQ(bytes, stat.bytes);
	ASSERT_EQ(before.bytes + bytes, counters_now().bytes);
}

/* A pair, or an end without a peer ----------------------------------------- */

FIXTURE(single)
{
	int fd;
};

FIXTURE_SETUP(single)
{
	self->fd = raw_open(O_RDWR);
	ASSERT_EQ(0, raw_setup(self->fd, PAGE, 0));
}

FIXTURE_TEARDOWN(single)
{
	close(self->fd);
}

FIXTURE(pair)
{
	int fd[2];
};

FIXTURE_SETUP(pair)
{
	ASSERT_EQ(0, raw_pair(self->fd, PAGE));
}

FIXTURE_TEARDOWN(pair)
{
	close(self->fd[0]);
	close(self->fd[1]);
}

TEST_F(single, second_setup_is_ebusy)
{
	ASSERT_EQ(-EBUSY, raw_setup(self->fd, PAGE, 0));
}

TEST_F(single, second_setup_changes_no_geometry)
{
	struct fastipc_info before, after;

	ASSERT_EQ(0, raw_info(self->fd, &before));
	raw_setup(self->fd, 2 * PAGE, 5);
	ASSERT_EQ(0, raw_info(self->fd, &after));
	ASSERT_EQ(0, memcmp(&before, &after, sizeof(before)));
}

TEST_F(pair, setup_by_the_peer_is_ebusy)
{
	ASSERT_EQ(-EBUSY, raw_setup(self->fd[1], PAGE, 0));
}

/* ATTACH ------------------------------------------------------------------- */

TEST_F(pair, attach_confirms_the_own_end)
{
	ASSERT_EQ(0, raw_attach(self->fd[0], 0));
	ASSERT_EQ(0, raw_attach(self->fd[1], 1));
}

TEST_F(pair, attach_to_any_end_keeps_the_end)
{
	struct fastipc_info info;

	ASSERT_EQ(0, raw_attach(self->fd[1], FASTIPC_END_ANY));
	ASSERT_EQ(0, raw_info(self->fd[1], &info));
	ASSERT_EQ(1, info.end);
}

TEST_F(pair, attach_end_0_to_end_1_is_einval)
{
	ASSERT_EQ(-EINVAL, raw_attach(self->fd[0], 1));
}

TEST_F(pair, attach_end_1_to_end_0_is_einval)
{
	ASSERT_EQ(-EINVAL, raw_attach(self->fd[1], 0));
}

TEST_F(single, attach_to_the_vacant_end_is_einval)
{
	ASSERT_EQ(-EINVAL, raw_attach(self->fd, 1));
}

TEST_F(single, attach_to_end_2_is_einval)
{
	ASSERT_EQ(-EINVAL, raw_attach(self->fd, 2));
}

TEST_F(single, attach_to_end_less_2_is_einval)
{
	ASSERT_EQ(-EINVAL, raw_attach(self->fd, -2));
}

TEST_F(single, attach_to_the_largest_end_is_einval)
{
	ASSERT_EQ(-EINVAL, raw_attach(self->fd, INT_MAX));
}

TEST_F(single, attach_to_the_smallest_end_is_einval)
{
	ASSERT_EQ(-EINVAL, raw_attach(self->fd, INT_MIN));
}

TEST_F(single, attach_with_a_dirty_reserved_bit_is_einval)
{
	struct fastipc_attach attach = { .size = sizeof(attach) };
	int bit;

	for (bit = 0; bit < 32; bit++) {
		attach.reserved = 1U << bit;
		ASSERT_EQ(-EINVAL, raw_ioctl(self->fd, FASTIPC_ATTACH, &attach))
			TH_LOG("bit %d", bit);
	}
}

TEST_F(pair, attach_when_only_sending_is_over_is_accepted)
{
	ASSERT_EQ(0, raw_shutdown(self->fd[0], FASTIPC_SHUT_SEND));
	ASSERT_EQ(0, raw_attach(self->fd[0], 0));
}

TEST_F(pair, attach_when_only_receiving_is_over_is_accepted)
{
	ASSERT_EQ(0, raw_shutdown(self->fd[0], FASTIPC_SHUT_RECV));
	ASSERT_EQ(0, raw_attach(self->fd[0], 0));
}

TEST_F(pair, attach_after_own_shutdown_is_epipe)
{
	ASSERT_EQ(0, raw_shutdown(self->fd[0], FASTIPC_SHUT_SEND |
						       FASTIPC_SHUT_RECV));
	ASSERT_EQ(-EPIPE, raw_attach(self->fd[0], 0));
}

TEST_F(pair, attach_after_the_peers_shutdown_is_epipe)
{
	ASSERT_EQ(0, raw_shutdown(self->fd[0], FASTIPC_SHUT_SEND |
						       FASTIPC_SHUT_RECV));
	ASSERT_EQ(-EPIPE, raw_attach(self->fd[1], 1));
}

TEST_F(pair, attach_after_an_orderly_close_is_epipe)
{
	ASSERT_EQ(0, leave(&self->fd[1], true));
	ASSERT_EQ(-EPIPE, raw_attach(self->fd[0], FASTIPC_END_ANY));
}

TEST_F(pair, attach_after_the_peer_vanished_is_econnreset)
{
	ASSERT_EQ(0, leave(&self->fd[1], false));
	ASSERT_EQ(-ECONNRESET, raw_attach(self->fd[0], FASTIPC_END_ANY));
}

TEST_F(pair, attach_takes_back_on_close)
{
	ASSERT_EQ(0, raw_shutdown(self->fd[1], FASTIPC_SHUT_ON_CLOSE));
	ASSERT_EQ(0, raw_attach(self->fd[1], 1));
	ASSERT_EQ(0, leave(&self->fd[1], false));
	ASSERT_EQ(-ECONNRESET, raw_sync(self->fd[0], FASTIPC_SYNC_WAIT_RECV,
					0));
}

/* Also if nobody else used the end before. */
TEST_F(pair, attach_by_its_user_takes_back_on_close)
{
	ASSERT_EQ(0, raw_attach(self->fd[1], 1));
	ASSERT_EQ(0, raw_shutdown(self->fd[1], FASTIPC_SHUT_ON_CLOSE));
	ASSERT_EQ(0, raw_attach(self->fd[1], 1));
	ASSERT_EQ(0, leave(&self->fd[1], false));
	ASSERT_EQ(-ECONNRESET, raw_sync(self->fd[0], FASTIPC_SYNC_WAIT_RECV,
					0));
}

TEST_F(pair, mapping_by_its_user_takes_back_on_close)
{
	struct fastipc_control *own;

	ASSERT_EQ(0, raw_attach(self->fd[1], 1));
	ASSERT_EQ(0, raw_shutdown(self->fd[1], FASTIPC_SHUT_ON_CLOSE));
	own = raw_map_control(self->fd[1]);
	ASSERT_NE(NULL, own);
	munmap(own, PAGE);
	ASSERT_EQ(0, leave(&self->fd[1], false));
	ASSERT_EQ(-ECONNRESET, raw_sync(self->fd[0], FASTIPC_SYNC_WAIT_RECV,
					0));
}

TEST_F(pair, a_refused_attach_takes_nothing_back)
{
	ASSERT_EQ(0, raw_shutdown(self->fd[1], FASTIPC_SHUT_ON_CLOSE));
	ASSERT_EQ(-EINVAL, raw_attach(self->fd[1], 0));
	ASSERT_EQ(0, leave(&self->fd[1], false));
	ASSERT_EQ(-EPIPE, raw_sync(self->fd[0], FASTIPC_SYNC_WAIT_RECV, 0));
}

/* PEER --------------------------------------------------------------------- */

TEST_F(single, peer_with_access_mode_3_is_einval)
{
	ASSERT_EQ(-EINVAL, peer_with(self->fd, O_ACCMODE));
}

TEST_F(pair, second_peer_is_ebusy)
{
	ASSERT_EQ(-EBUSY, peer_with(self->fd[0], O_RDWR));
}

TEST_F(pair, peer_of_the_peer_is_ebusy)
{
	ASSERT_EQ(-EBUSY, peer_with(self->fd[1], O_RDWR));
}

TEST_F(pair, peer_after_an_orderly_close_is_epipe)
{
	ASSERT_EQ(0, leave(&self->fd[1], true));
	ASSERT_EQ(-EPIPE, peer_with(self->fd[0], O_RDWR));
}

TEST_F(pair, peer_after_the_peer_vanished_is_econnreset)
{
	ASSERT_EQ(0, leave(&self->fd[1], false));
	ASSERT_EQ(-ECONNRESET, peer_with(self->fd[0], O_RDWR));
}

TEST_F(pair, peer_of_the_peer_after_end_0_closed_in_order_is_epipe)
{
	ASSERT_EQ(0, leave(&self->fd[0], true));
	ASSERT_EQ(-EPIPE, peer_with(self->fd[1], O_RDWR));
}

TEST_F(pair, peer_of_the_peer_after_end_0_vanished_is_econnreset)
{
	ASSERT_EQ(0, leave(&self->fd[0], false));
	ASSERT_EQ(-ECONNRESET, peer_with(self->fd[1], O_RDWR));
}

TEST_F(pair, a_refused_peer_leaves_no_descriptor)
{
	int before = lowest_fd();

	ASSERT_EQ(-EBUSY, peer_with(self->fd[0], O_RDWR));
	ASSERT_EQ(before, lowest_fd());
}

TEST_F(pair, a_refused_peer_leaves_no_endpoint)
{
	struct counters before = counters_now();

	ASSERT_EQ(-EBUSY, peer_with(self->fd[0], O_RDWR));
	ASSERT_TRUE(counters_return_to(before));
}

/* The file that was made for nothing is closed, and means nothing. */
TEST_F(pair, a_refused_peer_ends_nothing)
{
	ASSERT_EQ(-EBUSY, peer_with(self->fd[0], O_RDWR));
	ASSERT_EQ(-EAGAIN, raw_sync(self->fd[0], FASTIPC_SYNC_WAIT_RECV, 0));
	ASSERT_EQ(-EAGAIN, raw_sync(self->fd[1], FASTIPC_SYNC_WAIT_RECV, 0));
}

TEST_F(single, peer_without_descriptors_is_emfile)
{
	struct rlimit old;

	ASSERT_EQ(0, forbid_fds(&old));
	ASSERT_EQ(-EMFILE, peer_with(self->fd, O_RDWR));
}

TEST_F(single, peer_without_descriptors_leaves_no_endpoint)
{
	struct counters before = counters_now();
	struct rlimit old;

	ASSERT_EQ(0, forbid_fds(&old));
	ASSERT_EQ(-EMFILE, peer_with(self->fd, O_RDWR));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
	ASSERT_TRUE(counters_return_to(before));
}

TEST_F(single, peer_after_emfile_succeeds)
{
	int before = lowest_fd();
	struct rlimit old;

	ASSERT_EQ(0, forbid_fds(&old));
	ASSERT_EQ(-EMFILE, peer_with(self->fd, O_RDWR));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
	ASSERT_EQ(before, peer_with(self->fd, O_RDWR));
	close(before);
}

TEST_F(single, peer_with_cloexec_closes_on_exec)
{
	int fd = peer_with(self->fd, O_RDWR | O_CLOEXEC);

	ASSERT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	close(fd);
}

TEST_F(single, peer_without_cloexec_does_not)
{
	int fd = peer_with(self->fd, O_RDWR);

	ASSERT_EQ(0, fcntl(fd, F_GETFD));
	close(fd);
}

TEST_F(single, peer_with_nonblock_is_nonblocking)
{
	int fd = peer_with(self->fd, O_RDWR | O_NONBLOCK);

	ASSERT_EQ(O_NONBLOCK, fcntl(fd, F_GETFL) & O_NONBLOCK);
	close(fd);
}

TEST_F(single, peer_without_nonblock_blocks)
{
	int fd = peer_with(self->fd, O_RDWR);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, fcntl(fd, F_GETFL) & O_NONBLOCK);
	close(fd);
}

/* What PEER says to one who may less. */
FIXTURE(peer_of)
{
	int fd, peer;
};

FIXTURE_VARIANT(peer_of)
{
	int mode, wanted, error;
};

FIXTURE_VARIANT_ADD(peer_of, rdonly_rdonly) { O_RDONLY, O_RDONLY, 0 };
FIXTURE_VARIANT_ADD(peer_of, rdonly_wronly) { O_RDONLY, O_WRONLY, EACCES };
FIXTURE_VARIANT_ADD(peer_of, rdonly_rdwr) { O_RDONLY, O_RDWR, EACCES };
FIXTURE_VARIANT_ADD(peer_of, wronly_rdonly) { O_WRONLY, O_RDONLY, EACCES };
FIXTURE_VARIANT_ADD(peer_of, wronly_wronly) { O_WRONLY, O_WRONLY, 0 };
FIXTURE_VARIANT_ADD(peer_of, wronly_rdwr) { O_WRONLY, O_RDWR, EACCES };
FIXTURE_VARIANT_ADD(peer_of, rdwr_rdonly) { O_RDWR, O_RDONLY, 0 };
FIXTURE_VARIANT_ADD(peer_of, rdwr_wronly) { O_RDWR, O_WRONLY, 0 };
FIXTURE_VARIANT_ADD(peer_of, rdwr_rdwr) { O_RDWR, O_RDWR, 0 };

FIXTURE_SETUP(peer_of)
{
	self->fd = raw_open(variant->mode);
	ASSERT_EQ(0, raw_setup(self->fd, PAGE, 0));
}

FIXTURE_TEARDOWN(peer_of)
{
	close(self->peer);
	close(self->fd);
}

TEST_F(peer_of, is_eacces_if_it_may_more)
{
	self->peer = peer_with(self->fd, variant->wanted);
	ASSERT_EQ(-variant->error, self->peer < 0 ? self->peer : 0);
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
