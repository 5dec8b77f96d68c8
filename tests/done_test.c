// SPDX-License-Identifier: GPL-2.0-only
/*
 * FASTIPC_SYNC_WAIT_DONE, which waits until all that was sent was received, and
 * FASTIPC_SYNC_WAIT_SEND of a sealed end, whose position only the kernel knows:
 * each errno, and what must not be one.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"
#include "ends.h"

#define PAGE 4096
#define MS 1000000ULL
#define SEALED_LIMIT (PAGE / 4 - 64)
#define WAIT_RECV FASTIPC_SYNC_WAIT_RECV
#define WAIT_SEND FASTIPC_SYNC_WAIT_SEND
#define WAIT_DONE FASTIPC_SYNC_WAIT_DONE

static char bytes[PAGE];

/* Where a direct end stands, it has to say. */
static int wait_done(int fd, __u64 timeout_ns)
{
	struct fastipc_stat stat;
	struct fastipc_info info;
	int ret = raw_info(fd, &info) ?: raw_stat(fd, &stat);

	if (ret)
		return ret;
	return sync_with(fd, WAIT_DONE,
			 info.flags & FASTIPC_SEALED ? 0 : stat.sent, 0,
			 timeout_ns);
}

static int wait_done_forever(int fd)
{
	return wait_done(fd, FASTIPC_FOREVER);
}

FIXTURE(done)
{
	int fd[2];
};

VARIANTS_OF_SORT(done);

FIXTURE_SETUP(done)
{
	ASSERT_EQ(0, raw_pair_of(self->fd, PAGE, variant->flags));
	ASSERT_EQ(1, raw_send(self->fd[0], "one", 3, 0));
	ASSERT_EQ(1, raw_send(self->fd[0], "two", 3, 0));
}

FIXTURE_TEARDOWN(done)
{
	close(self->fd[0]);
	close(self->fd[1]);
}

#define RECEIVE_ONE() ASSERT_EQ(3, read(self->fd[1], bytes, sizeof(bytes)))

TEST_F(done, when_nothing_was_sent_is_0)
{
	ASSERT_EQ(0, wait_done(self->fd[1], 0));
}

TEST_F(done, when_all_was_received_is_0)
{
	RECEIVE_ONE();
	RECEIVE_ONE();
	ASSERT_EQ(0, wait_done(self->fd[0], 0));
}

TEST_F(done, when_one_is_left_is_eagain)
{
	RECEIVE_ONE();
	ASSERT_EQ(-EAGAIN, wait_done(self->fd[0], 0));
}

TEST_F(done, of_a_nonblocking_endpoint_is_eagain)
{
	ASSERT_EQ(0, fcntl(self->fd[0], F_SETFL, O_NONBLOCK));
	ASSERT_EQ(-EAGAIN, wait_done_forever(self->fd[0]));
}

TEST_F(done, of_a_nanosecond_is_etimedout)
{
	ASSERT_EQ(-ETIMEDOUT, wait_done(self->fd[0], 1));
}

TEST_F(done, forever_ends_with_a_signal_as_eintr)
{
	signals_begin(0);
	ASSERT_EQ(-EINTR, wait_done_forever(self->fd[0]));
}

TEST_F(done, with_a_time_ends_with_a_restarting_signal_as_eintr)
{
	signals_begin(SA_RESTART);
	ASSERT_EQ(-EINTR, wait_done(self->fd[0], 20000 * MS));
}

TEST_F(done, forever_is_restarted)
{
	pid_t pid = fork_restarted(wait_done_forever, self->fd[0], 0);

	RECEIVE_ONE();
	RECEIVE_ONE();
	ASSERT_EQ(0, reap(pid));
}

/* Not earlier: the first receipt wakes nobody who waits for the last. */
TEST_F(done, sleeps_until_the_last_was_received)
{
	int *returned = shared(sizeof(int));
	pid_t pid = fork_bound();

	if (!pid) {
		int ret = wait_done_forever(self->fd[0]);

		__atomic_store_n(returned, 1, __ATOMIC_RELEASE);
		_exit(ret != 0);
	}
	ASSERT_TRUE(wait_for_sleep(pid));
	RECEIVE_ONE();
	ASSERT_TRUE(wait_for_sleep(pid));
	ASSERT_EQ(0, __atomic_load_n(returned, __ATOMIC_ACQUIRE));
	RECEIVE_ONE();
	ASSERT_EQ(0, reap(pid));
}

TEST_F(done, with_a_need_is_einval)
{
	ASSERT_EQ(-EINVAL, sync_with(self->fd[0], WAIT_DONE, 0, 1, 0));
}

TEST_F(done, and_wait_send_is_einval)
{
	ASSERT_EQ(-EINVAL,
		  sync_with(self->fd[0], WAIT_DONE | WAIT_SEND, 0, 0, 0));
}

TEST_F(done, and_wait_recv_is_einval)
{
	ASSERT_EQ(-EINVAL,
		  sync_with(self->fd[0], WAIT_DONE | WAIT_RECV, 0, 0, 0));
}

/* In a direct pair because it is unaligned, in a sealed one because it is. */
TEST_F(done, with_a_wrong_position_is_einval)
{
	ASSERT_EQ(-EINVAL, sync_with(self->fd[0], WAIT_DONE, 8, 0, 0));
	ASSERT_EQ(-EAGAIN, wait_done(self->fd[0], 0));
}

TEST_F(done, of_a_receiving_end_is_ebadf)
{
	int fd = raw_open(O_RDWR), peer;

	ASSERT_EQ(0, raw_setup(fd, PAGE, 0));
	peer = raw_peer(fd, O_RDONLY);
	ASSERT_EQ(-EBADF, sync_with(peer, WAIT_DONE, 0, 0, 0));
	close(peer);
	close(fd);
}

TEST_F(done, before_setup_is_enotconn)
{
	int fd = raw_open(O_RDWR);

	ASSERT_EQ(-ENOTCONN, sync_with(fd, WAIT_DONE, 0, 0, 0));
	close(fd);
}

TEST_F(done, when_the_peer_left_in_order_is_epipe)
{
	RECEIVE_ONE();
	ASSERT_EQ(0, close_in_order(self->fd[1]));
	ASSERT_EQ(-EPIPE, wait_done_forever(self->fd[0]));
}

TEST_F(done, when_the_peer_vanished_is_econnreset)
{
	RECEIVE_ONE();
	close(self->fd[1]);
	ASSERT_EQ(-ECONNRESET, wait_done_forever(self->fd[0]));
}

/* It had received all: that is worth knowing behind its end too. */
TEST_F(done, when_the_peer_left_after_the_last_is_0)
{
	RECEIVE_ONE();
	RECEIVE_ONE();
	close(self->fd[1]);
	ASSERT_EQ(0, wait_done_forever(self->fd[0]));
}

TEST_F(done, sleeping_is_told_that_the_peer_vanished)
{
	pid_t pid = fork_bound();

	if (!pid) {
		close(self->fd[1]);
		_exit(wait_done_forever(self->fd[0]) != -ECONNRESET);
	}
	ASSERT_TRUE(wait_for_sleep(pid));
	close(self->fd[1]);
	ASSERT_EQ(0, reap(pid));
}

TEST_F(done, when_the_peer_lies_is_ebadmsg)
{
	struct fastipc_control *evil = raw_map_control(self->fd[1]);

	ASSERT_NE(NULL, evil);
	evil->released = 1ULL << 40;
	ASSERT_EQ(-EBADMSG, wait_done_forever(self->fd[0]));
	munmap(evil, PAGE);
}

/* Receiving by map counts like receiving by calls. */
TEST_F(done, counts_what_a_mapped_peer_received)
{
	struct fastipc *f;

	ASSERT_EQ(0, fastipc_adopt(&f, self->fd[1]));
	ASSERT_EQ(3, fastipc_recv(f, bytes, sizeof(bytes), 0));
	ASSERT_EQ(-EAGAIN, wait_done(self->fd[0], 0));
	ASSERT_EQ(3, fastipc_recv(f, bytes, sizeof(bytes), 0));
	ASSERT_EQ(0, wait_done(self->fd[0], 0));
	fastipc_close(f);
}

/* Space in a sealed ring ------------------------------------------------- */

FIXTURE(space)
{
	int fd[2];
};

FIXTURE_SETUP(space)
{
	ASSERT_EQ(0, raw_pair_of(self->fd, PAGE, FASTIPC_SEALED));
}

FIXTURE_TEARDOWN(space)
{
	close(self->fd[0]);
	close(self->fd[1]);
}

TEST_F(space, with_a_position_is_einval)
{
	ASSERT_EQ(-EINVAL, sync_with(self->fd[0], WAIT_SEND, 16, 0, 0));
}

TEST_F(space, for_the_limit_is_there)
{
	ASSERT_EQ(0, sync_with(self->fd[0], WAIT_SEND, 0, SEALED_LIMIT, 0));
}

TEST_F(space, for_one_above_the_limit_is_emsgsize)
{
	ASSERT_EQ(-EMSGSIZE,
		  sync_with(self->fd[0], WAIT_SEND, 0, SEALED_LIMIT + 1, 0));
}

/* Whether it fits, and whether it can be sent, is the same question. */
TEST_F(space, is_there_exactly_if_sending_would_work)
{
	__u64 need;
	int there;

	ASSERT_EQ(1, raw_send(self->fd[0], bytes, SEALED_LIMIT, 0));
	ASSERT_EQ(1, raw_send(self->fd[0], bytes, SEALED_LIMIT, 0));
	ASSERT_EQ(1, raw_send(self->fd[0], bytes, SEALED_LIMIT - 99, 0));
	for (need = SEALED_LIMIT; need; need--) {
		there = sync_with(self->fd[0], WAIT_SEND, 0, need, 0);
		if (!there)
			break;
		ASSERT_EQ(-EAGAIN, there);
		ASSERT_EQ(-EAGAIN, raw_send(self->fd[0], bytes, need, 0));
	}
	ASSERT_EQ(1, raw_send(self->fd[0], bytes, need, 0));
}

TEST_F(space, is_waited_for)
{
	pid_t pid;

	fill_ring(self->fd[0]);
	pid = fork_bound();
	if (!pid)
		_exit(sync_with(self->fd[0], WAIT_SEND, 0, 1,
				FASTIPC_FOREVER) != 0);
	ASSERT_TRUE(wait_for_sleep(pid));
	ASSERT_EQ(1, read(self->fd[1], bytes, 1));
	ASSERT_EQ(0, reap(pid));
}

/* Somebody else sent more at this end, and all was received: no lie of the peer. */
TEST(a_stale_position_condemns_nobody)
{
	struct fastipc_sync sync = { .size = sizeof(sync),
				     .flags = FASTIPC_SYNC_WAIT_DONE };
	struct fastipc_recv recv;
	struct fastipc_stat stat;
	int fd[2];
	char c;

	ASSERT_EQ(0, raw_pair(fd, 4096));
	ASSERT_EQ(1, raw_send(fd[0], "a", 1, 0));
	ASSERT_EQ(0, raw_stat(fd[0], &stat));
	ASSERT_EQ(1, raw_send(fd[0], "b", 1, 0));
	ASSERT_EQ(1, raw_recv(fd[1], &recv, &c, 1, 0));
	ASSERT_EQ(1, raw_recv(fd[1], &recv, &c, 1, 0));
	sync.position = stat.sent;
	ASSERT_EQ(0, raw_ioctl(fd[0], FASTIPC_SYNC, &sync));
	ASSERT_EQ(1, raw_send(fd[0], "c", 1, 0));
	close(fd[0]);
	close(fd[1]);
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
