// SPDX-License-Identifier: GPL-2.0-only
/*
 * What FASTIPC_SEND and write(2) say when the ring is full, when a signal
 * comes, when the other side is gone, and when it lies about what it has
 * received; in direct and in sealed pairs.  SIGPIPE, which nobody handles here,
 * would end the test.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"
#include "ends.h"

#define PAGE 4096
#define MS 1000000ULL

static char bytes[PAGE];

static int send_for(int fd, __u64 timeout_ns)
{
	struct fastipc_send send = { .size = sizeof(send),
				     .data = (uintptr_t)bytes,
				     .len = 1,
				     .timeout_ns = timeout_ns };

	return raw_ioctl(fd, FASTIPC_SEND, &send);
}

static int send_forever(int fd)
{
	return send_for(fd, FASTIPC_FOREVER);
}

/* write(2), with -errno. */
static int write_one(int fd)
{
	ssize_t n = write(fd, bytes, 1);

	return n < 0 ? -errno : n;
}

FIXTURE(send)
{
	int fd[2];
};

VARIANTS_OF_SORT(send);

FIXTURE_SETUP(send)
{
	ASSERT_EQ(0, raw_pair_of(self->fd, PAGE, variant->flags));
}

FIXTURE_TEARDOWN(send)
{
	close(self->fd[0]);
	close(self->fd[1]);
}

/* A full ring ------------------------------------------------------------ */

TEST_F(send, with_timeout_0_is_eagain)
{
	fill_ring(self->fd[0]);
	ASSERT_EQ(-EAGAIN, send_for(self->fd[0], 0));
}

TEST_F(send, of_a_nonblocking_endpoint_is_eagain)
{
	fill_ring(self->fd[0]);
	ASSERT_EQ(0, fcntl(self->fd[0], F_SETFL, O_NONBLOCK));
	ASSERT_EQ(-EAGAIN, send_forever(self->fd[0]));
}

TEST_F(send, write_of_a_nonblocking_endpoint_is_eagain)
{
	fill_ring(self->fd[0]);
	ASSERT_EQ(0, fcntl(self->fd[0], F_SETFL, O_NONBLOCK));
	ASSERT_EQ(-EAGAIN, write_one(self->fd[0]));
}

TEST_F(send, of_a_nanosecond_is_etimedout)
{
	fill_ring(self->fd[0]);
	ASSERT_EQ(-ETIMEDOUT, send_for(self->fd[0], 1));
}

TEST_F(send, times_out_not_earlier_than_asked)
{
	__u64 begin = now_ns();

	fill_ring(self->fd[0]);
	ASSERT_EQ(-ETIMEDOUT, send_for(self->fd[0], 50 * MS));
	ASSERT_LE(50 * MS, now_ns() - begin);
}

/* What failed sent nothing: no more comes than went. */
TEST_F(send, that_failed_is_not_received)
{
	int n = fill_ring(self->fd[0]);

	ASSERT_EQ(-ETIMEDOUT, send_for(self->fd[0], MS));
	while (n--)
		ASSERT_EQ(1, read(self->fd[1], bytes, 1));
	ASSERT_TRUE(nothing_at(self->fd[1]));
}

TEST_F(send, goes_on_when_there_is_space)
{
	pid_t pid;

	fill_ring(self->fd[0]);
	pid = fork_bound();
	if (!pid)
		_exit(write_one(self->fd[0]) != 1);
	ASSERT_TRUE(wait_for_sleep(pid));
	ASSERT_EQ(1, read(self->fd[1], bytes, 1));
	ASSERT_EQ(0, reap(pid));
}

/* One who needs more, and came later, does not hide who needs less. */
TEST_F(send, goes_on_before_one_that_needs_more)
{
	struct fastipc_send send = { .size = sizeof(send),
				     .data = (uintptr_t)bytes,
				     .timeout_ns = FASTIPC_FOREVER };
	struct fastipc_stat stat;
	struct fastipc_info info;
	pid_t little, much;

	ASSERT_EQ(0, raw_info(self->fd[0], &info));
	fill_ring(self->fd[0]);
	little = fork_bound();
	if (!little)
		_exit(send_forever(self->fd[0]) != 1);
	ASSERT_TRUE(wait_for_sleep(little));
	much = fork_bound();
	if (!much) {
		send.len = info.max_message;
		_exit(raw_ioctl(self->fd[0], FASTIPC_SEND, &send) != 1);
	}
	ASSERT_TRUE(wait_for_sleep(much));
	ASSERT_EQ(1, read(self->fd[1], bytes, 1));
	ASSERT_EQ(0, reap(little));
	/* Nor is it the re-check that woke it. */
	ASSERT_EQ(0, raw_stat(self->fd[0], &stat));
	ASSERT_EQ(0, stat.late_wakes);
	kill(much, SIGKILL);
	reap(much);
}

/* Signals ---------------------------------------------------------------- */

TEST_F(send, forever_ends_with_a_signal_as_eintr)
{
	fill_ring(self->fd[0]);
	signals_begin(0);
	ASSERT_EQ(-EINTR, send_forever(self->fd[0]));
}

TEST_F(send, write_ends_with_a_signal_as_eintr)
{
	fill_ring(self->fd[0]);
	signals_begin(0);
	ASSERT_EQ(-EINTR, write_one(self->fd[0]));
}

/* A restart would wait for as long again. */
TEST_F(send, with_a_time_ends_with_a_restarting_signal_as_eintr)
{
	fill_ring(self->fd[0]);
	signals_begin(SA_RESTART);
	ASSERT_EQ(-EINTR, send_for(self->fd[0], 20000 * MS));
}

TEST_F(send, forever_is_restarted)
{
	pid_t pid;

	fill_ring(self->fd[0]);
	pid = fork_restarted(send_forever, self->fd[0], 1);
	ASSERT_EQ(1, read(self->fd[1], bytes, 1));
	ASSERT_EQ(0, reap(pid));
}

TEST_F(send, write_is_restarted)
{
	pid_t pid;

	fill_ring(self->fd[0]);
	pid = fork_restarted(write_one, self->fd[0], 1);
	ASSERT_EQ(1, read(self->fd[1], bytes, 1));
	ASSERT_EQ(0, reap(pid));
}

/* The end ---------------------------------------------------------------- */

FIXTURE_OF_ENDS(end, shut_send, shut_recv)

TEST_F(end, is_told_to_send)
{
	ASSERT_EQ(0, variant->how(self->fd[variant->whose]));
	ASSERT_EQ(-variant->error, send_forever(self->fd[0]));
}

TEST_F(end, is_told_to_write)
{
	ASSERT_EQ(0, variant->how(self->fd[variant->whose]));
	ASSERT_EQ(-variant->error, write_one(self->fd[0]));
}

TEST_F(end, is_told_to_a_nonblocking_writer)
{
	fill_ring(self->fd[0]);
	ASSERT_EQ(0, fcntl(self->fd[0], F_SETFL, O_NONBLOCK));
	ASSERT_EQ(0, variant->how(self->fd[variant->whose]));
	ASSERT_EQ(-variant->error, write_one(self->fd[0]));
}

TEST_F(end, is_told_to_a_sleeping_writer)
{
	pid_t pid;

	fill_ring(self->fd[0]);
	pid = fork_bound();
	if (!pid) {
		close(self->fd[1]);
		_exit(write_one(self->fd[0]) != -variant->error);
	}
	ASSERT_TRUE(wait_for_sleep(pid));
	ASSERT_EQ(0, variant->how(self->fd[variant->whose]));
	ASSERT_EQ(0, reap(pid));
}

/* Lies about what was received ------------------------------------------- */

FIXTURE(lie)
{
	int fd[2];
	struct fastipc_control *evil; /* end 1's page */
	__u64 sent;
};

FIXTURE_VARIANT(lie)
{
	__u32 flags;
	__s64 released; /* from the position sent up to */
};

FIXTURE_VARIANT_ADD(lie, direct_unaligned) { 0, -8 };
FIXTURE_VARIANT_ADD(lie, direct_ahead) { 0, 16 };
FIXTURE_VARIANT_ADD(lie, direct_gone_back) { 0, -16 };
FIXTURE_VARIANT_ADD(lie, direct_far_ahead) { 0, 1LL << 62 };
FIXTURE_VARIANT_ADD(lie, sealed_unaligned) { FASTIPC_SEALED, -8 };
FIXTURE_VARIANT_ADD(lie, sealed_ahead) { FASTIPC_SEALED, 16 };
FIXTURE_VARIANT_ADD(lie, sealed_gone_back) { FASTIPC_SEALED, -16 };
FIXTURE_VARIANT_ADD(lie, sealed_far_ahead) { FASTIPC_SEALED, 1LL << 62 };

FIXTURE_SETUP(lie)
{
	struct fastipc_stat stat;

	/* Two messages, honestly received, so that there is a way back. */
	ASSERT_EQ(0, raw_pair_of(self->fd, PAGE, variant->flags));
	ASSERT_EQ(1, raw_send(self->fd[0], bytes, 100, 0));
	ASSERT_EQ(100, read(self->fd[1], bytes, sizeof(bytes)));
	ASSERT_EQ(1, raw_send(self->fd[0], bytes, 100, 0));
	ASSERT_EQ(100, read(self->fd[1], bytes, sizeof(bytes)));
	ASSERT_EQ(0, raw_stat(self->fd[0], &stat));
	self->sent = stat.sent;
	self->evil = raw_map_control(self->fd[1]);
	ASSERT_NE(NULL, self->evil);
	ASSERT_EQ(self->sent, self->evil->released);
	/* The kernel sees it. */
	ASSERT_EQ(1, raw_send(self->fd[0], bytes, 1, 0));
	ASSERT_EQ(0, raw_stat(self->fd[0], &stat));
	self->evil->released = self->sent;
	if (variant->released > 0)
		self->evil->released = stat.sent;
	self->evil->released += variant->released;
}

FIXTURE_TEARDOWN(lie)
{
	munmap(self->evil, PAGE);
	close(self->fd[0]);
	close(self->fd[1]);
}

TEST_F(lie, is_ebadmsg_to_send)
{
	ASSERT_EQ(-EBADMSG, send_forever(self->fd[0]));
}

TEST_F(lie, is_ebadmsg_to_write)
{
	ASSERT_EQ(-EBADMSG, write_one(self->fd[0]));
}

TEST_F(lie, stays_ebadmsg_when_repaired)
{
	ASSERT_EQ(-EBADMSG, write_one(self->fd[0]));
	self->evil->released = self->sent;
	ASSERT_EQ(-EBADMSG, write_one(self->fd[0]));
}

TEST_F(lie, that_was_repaired_unseen_is_none)
{
	self->evil->released = self->sent;
	ASSERT_EQ(1, write_one(self->fd[0]));
}

TEST_F(lie, stays_ebadmsg_when_the_liar_is_gone)
{
	ASSERT_EQ(-EBADMSG, write_one(self->fd[0]));
	munmap(self->evil, PAGE);
	ASSERT_EQ(0, close_in_order(self->fd[1]));
	ASSERT_EQ(-EBADMSG, write_one(self->fd[0]));
	/* For the teardown. */
	ASSERT_EQ(0, raw_pair_of(self->fd, PAGE, 0));
	self->evil = raw_map_control(self->fd[1]);
}

TEST_F(lie, leaves_the_other_direction)
{
	ASSERT_EQ(-EBADMSG, write_one(self->fd[0]));
	munmap(self->evil, PAGE);
	ASSERT_EQ(1, raw_send(self->fd[1], "o", 1, 0));
	ASSERT_EQ(1, read(self->fd[0], bytes, 1));
	ASSERT_EQ('o', bytes[0]);
	self->evil = raw_map_control(self->fd[1]);
}

/* Whoever sleeps for space learns it from the next wake. */
TEST_F(send, a_sleeping_writer_is_told_of_a_lie)
{
	struct fastipc_control *evil;
	pid_t pid;

	fill_ring(self->fd[0]);
	pid = fork_bound();
	if (!pid)
		_exit(write_one(self->fd[0]) != -EBADMSG);
	ASSERT_TRUE(wait_for_sleep(pid));
	evil = raw_map_control(self->fd[1]);
	ASSERT_NE(NULL, evil);
	evil->released = 8;
	ASSERT_EQ(0, raw_sync(self->fd[1], FASTIPC_SYNC_WAKE_SEND, 0));
	ASSERT_EQ(0, reap(pid));
	munmap(evil, PAGE);
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
