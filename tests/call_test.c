// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the library's calls make of flags, of time limits, and of memory that is
 * not there.  Handles are in handle_test.c.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

FIXTURE(pair)
{
	struct fastipc *end[2];
};

VARIANTS_OF_SORT(pair);

static int make_pair(struct fastipc *end[2], uint32_t flags)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .ring_bytes = 4096,
					   .flags = flags };

	return fastipc_pair(end, &options);
}

FIXTURE_SETUP(pair)
{
	ASSERT_EQ(0, make_pair(self->end, variant->flags));
}

FIXTURE_TEARDOWN(pair)
{
	fastipc_close(self->end[0]);
	fastipc_close(self->end[1]);
}

/* Flags ------------------------------------------------------------------- */

#define UNKNOWN 4

TEST_F(pair, send_with_an_unknown_flag_is_einval)
{
	ASSERT_EQ(-EINVAL, fastipc_send(self->end[0], "x", 1, UNKNOWN));
}

TEST_F(pair, recv_with_an_unknown_flag_is_einval)
{
	char c;

	ASSERT_EQ(-EINVAL, fastipc_recv(self->end[0], &c, 1, UNKNOWN));
}

TEST_F(pair, take_with_an_unknown_flag_is_einval)
{
	struct fastipc_msg msg;

	ASSERT_EQ(-EINVAL, fastipc_take(self->end[0], &msg, UNKNOWN));
}

TEST_F(pair, reserve_with_an_unknown_flag_is_einval)
{
	void *payload;

	ASSERT_EQ(-EINVAL,
		  fastipc_reserve(self->end[0], 1, &payload, UNKNOWN));
}

TEST_F(pair, commit_with_an_unknown_flag_is_einval)
{
	void *payload;

	ASSERT_EQ(0, fastipc_reserve(self->end[0], 1, &payload, 0));
	ASSERT_EQ(-EINVAL, fastipc_commit(self->end[0], 1, UNKNOWN));
}

TEST_F(pair, wait_for_what_cannot_be_waited_for_is_einval)
{
	ASSERT_EQ(-EINVAL, fastipc_wait(self->end[0], POLLRDHUP, 0));
}

TEST_F(pair, shutdown_with_an_unknown_flag_is_einval)
{
	ASSERT_EQ(-EINVAL, fastipc_shutdown(self->end[0], UNKNOWN));
}

/* That others follow is for senders alone. */
TEST_F(pair, recv_with_more_is_einval)
{
	char c;

	ASSERT_EQ(-EINVAL, fastipc_recv(self->end[0], &c, 1, FASTIPC_MORE));
}

TEST_F(pair, take_with_more_is_einval)
{
	struct fastipc_msg msg;

	ASSERT_EQ(-EINVAL, fastipc_take(self->end[0], &msg, FASTIPC_MORE));
}

TEST_F(pair, reserve_with_more_is_einval)
{
	void *payload;

	ASSERT_EQ(-EINVAL,
		  fastipc_reserve(self->end[0], 1, &payload, FASTIPC_MORE));
}

/* Time limits ------------------------------------------------------------- */

TEST_F(pair, take_times_out)
{
	struct fastipc_msg msg;

	ASSERT_EQ(-ETIMEDOUT, fastipc_take_timed(self->end[0], &msg, 0, 30));
}

TEST_F(pair, take_timed_0_is_eagain)
{
	struct fastipc_msg msg;

	ASSERT_EQ(-EAGAIN, fastipc_take_timed(self->end[0], &msg, 0, 0));
}

TEST_F(pair, take_timed_gets_what_is_there)
{
	struct fastipc_msg msg;

	ASSERT_EQ(0, fastipc_send(self->end[1], "x", 1, 0));
	ASSERT_EQ(0, fastipc_take_timed(self->end[0], &msg, 0, 0));
	ASSERT_EQ(1, msg.len);
	ASSERT_EQ(0, memcmp(msg.data, "x", 1));
	ASSERT_EQ(0, fastipc_done(self->end[0], &msg));
}

static int take_long(struct fastipc *me, void *arg)
{
	struct fastipc_msg msg;

	if (fastipc_take_timed(me, &msg, 0, 60000) || msg.len != 1 ||
	    memcmp(msg.data, "x", 1))
		return 1;
	return fastipc_done(me, &msg) != 0;
}

TEST_F(pair, take_timed_gets_what_comes)
{
	pid_t pid = fork_peer(self->end, take_long, NULL);

	ASSERT_TRUE(wait_for_sleep(pid));
	ASSERT_EQ(0, fastipc_send(self->end[0], "x", 1, 0));
	ASSERT_EQ(0, reap(pid));
}

TEST_F(pair, exchange_times_out_and_has_sent)
{
	char c;

	ASSERT_EQ(-ETIMEDOUT,
		  fastipc_exchange(self->end[0], "x", 1, &c, 1, 30));
	ASSERT_EQ(1, fastipc_recv(self->end[1], &c, 1, FASTIPC_NOWAIT));
	ASSERT_EQ('x', c);
}

/* One time-out for all its waits: here first for space, then for an answer. */
TEST_F(pair, exchange_times_out_once)
{
	uint64_t begin = now_ns();
	char buf[900] = { 0 };
	pid_t pid;

	while (!fastipc_send(self->end[0], buf, sizeof(buf), FASTIPC_NOWAIT))
		;
	pid = fork_bound();
	if (!pid) {
		usleep(1500000);
		_exit(read(fastipc_fd(self->end[1]), buf, sizeof(buf)) !=
		      sizeof(buf));
	}
	ASSERT_EQ(-ETIMEDOUT,
		  fastipc_exchange(self->end[0], buf, sizeof(buf), buf, 1,
				   2000));
	ASSERT_GT(begin + 3000000000, now_ns());
	ASSERT_EQ(0, reap(pid));
}

TEST_F(pair, exchange_0_is_eagain_and_has_sent)
{
	char c;

	ASSERT_EQ(-EAGAIN, fastipc_exchange(self->end[0], "x", 1, &c, 1, 0));
	ASSERT_EQ(1, fastipc_recv(self->end[1], &c, 1, FASTIPC_NOWAIT));
	ASSERT_EQ('x', c);
}

/* A peer that does not answer: 0 if it was sent something. */
static int recv_one(struct fastipc *me, void *arg)
{
	char c;

	return fastipc_recv(me, &c, 1, 0) != 1 || c != 'x';
}

/* To wake it is no reason to wait, nor to say so. */
TEST_F(pair, exchange_0_with_a_peer_asleep_is_eagain_and_has_sent)
{
	pid_t pid = fork_peer(self->end, recv_one, NULL);
	char c;

	ASSERT_TRUE(wait_for_sleep(pid));
	ASSERT_EQ(-EAGAIN, fastipc_exchange(self->end[0], "x", 1, &c, 1, 0));
	ASSERT_EQ(0, reap(pid));
}

TEST_F(pair, nowait_beats_the_time_out_of_recv)
{
	char c;

	ASSERT_EQ(-EAGAIN, fastipc_recv_timed(self->end[0], &c, 1,
					      FASTIPC_NOWAIT, 60000));
}

TEST_F(pair, nowait_beats_the_time_out_of_take)
{
	struct fastipc_msg msg;

	ASSERT_EQ(-EAGAIN, fastipc_take_timed(self->end[0], &msg,
					      FASTIPC_NOWAIT, 60000));
}

TEST_F(pair, nowait_beats_the_time_out_of_send)
{
	while (!fastipc_send(self->end[0], "x", 1, FASTIPC_NOWAIT))
		;
	ASSERT_EQ(-EAGAIN, fastipc_send_timed(self->end[0], "x", 1,
					      FASTIPC_NOWAIT, 60000));
}

/* Memory: in a sealed pair the kernel reads it ----------------------------- */

FIXTURE(sealed)
{
	struct fastipc *end[2];
	char *wall;
};

FIXTURE_SETUP(sealed)
{
	ASSERT_EQ(0, make_pair(self->end, FASTIPC_SEALED));
	self->wall = new_wall();
	ASSERT_NE(NULL, self->wall);
}

FIXTURE_TEARDOWN(sealed)
{
	char c;

	/* Nothing of it was sent, and the pair works. */
	EXPECT_EQ(-EAGAIN,
		  fastipc_recv(self->end[1], &c, 1, FASTIPC_NOWAIT));
	EXPECT_EQ(0, fastipc_send(self->end[0], "x", 1, 0));
	EXPECT_EQ(1, fastipc_recv(self->end[1], &c, 1, 0));
	fastipc_close(self->end[0]);
	fastipc_close(self->end[1]);
}

TEST_F(sealed, send_from_a_wall_is_efault)
{
	ASSERT_EQ(-EFAULT, fastipc_send(self->end[0], self->wall - 9, 10, 0));
}

TEST_F(sealed, send_timed_from_a_wall_is_efault)
{
	ASSERT_EQ(-EFAULT, fastipc_send_timed(self->end[0], self->wall - 9, 10,
					      0, 60000));
}

TEST_F(sealed, sendmsg_with_a_piece_at_a_wall_is_efault)
{
	struct iovec iov[2] = { { "good", 4 }, { self->wall, 1 } };
	struct fastipc_out out = { iov, 2, 0 };

	ASSERT_EQ(-EFAULT, fastipc_sendmsg(self->end[0], &out, 0));
}

TEST_F(sealed, exchange_from_a_wall_is_efault)
{
	char c;

	ASSERT_EQ(-EFAULT, fastipc_exchange(self->end[0], self->wall - 9, 10,
					    &c, 1, 60000));
}

/* Nor does it wait if the peer sleeps, and had to be woken. */
TEST(exchange_wakes_and_does_not_wait)
{
	struct fastipc *end[2], *me;
	pid_t pid;
	char c;

	ASSERT_EQ(0, fastipc_pair(end, NULL));
	pid = fork_bound();
	if (!pid) {
		if (fastipc_adopt(&me, fastipc_fd(end[1])))
			_exit(1);
		_exit(fastipc_recv(me, &c, 1, 0) != 1);
	}
	usleep(100000);
	ASSERT_TRUE(wait_for_sleep(pid));
	ASSERT_EQ(-EAGAIN, fastipc_exchange(end[0], "x", 1, &c, 1, 0));
	ASSERT_EQ(0, reap(pid));
	fastipc_close(end[0]);
	fastipc_close(end[1]);
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
