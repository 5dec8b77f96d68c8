// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages through the library: every length at every place of the ring, the
 * limit, reservations, reading in place, time-outs, and how a stream ends.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

FIXTURE(pair)
{
	struct fastipc *end[2];
	struct fastipc_info info;
};

FIXTURE_SETUP(pair)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .ring_bytes = 4096,
					   .takes = 2 };

	ASSERT_EQ(0, fastipc_pair(self->end, &options));
	ASSERT_EQ(0, fastipc_info(self->end[0], &self->info));
}

FIXTURE_TEARDOWN(pair)
{
	fastipc_close(self->end[0]);
	fastipc_close(self->end[1]);
}

static void fill(unsigned char *buf, size_t len, unsigned int seed)
{
	size_t i;

	for (i = 0; i < len; i++)
		buf[i] = seed * 31 + i * 7 + (i >> 8);
}

/* Every length from 0 to the limit, with the ring's end at every place. */
TEST_F(pair, every_length_at_every_alignment)
{
	unsigned char out[4096], in[4096];
	size_t limit = self->info.max_message;
	unsigned int slots = self->info.ring_bytes / FASTIPC_ALIGN;
	unsigned int start, len;
	uint64_t position = 0;

	ASSERT_EQ(limit, self->info.ring_bytes / 4 - 16);
	for (start = 0; start < slots; start++) {
		for (len = 0; len <= limit; len++) {
			/* Empty messages are the smallest step: 16 bytes. */
			while (position / FASTIPC_ALIGN % slots != start) {
				ASSERT_EQ(0, fastipc_send(self->end[0], NULL, 0,
							  FASTIPC_NOWAIT));
				ASSERT_EQ(0, fastipc_recv(self->end[1], in, 0,
							  FASTIPC_NOWAIT));
				position += FASTIPC_ALIGN;
			}
			fill(out, len, start);
			ASSERT_EQ(0, fastipc_send(self->end[0], out, len,
						  FASTIPC_NOWAIT));
			ASSERT_EQ(len,
				  fastipc_recv(self->end[1], in, sizeof(in),
					       FASTIPC_NOWAIT));
			ASSERT_EQ(0, memcmp(out, in, len));
			position += FASTIPC_FOOTPRINT(len);
			if (len % 97)
				len += 6; /* dense at some, sampled else */
		}
	}
}

/* The same without a gap in the lengths, wherever the ring's end falls. */
TEST_F(pair, every_length_in_a_row)
{
	unsigned char out[4096], in[4096];
	unsigned int len, round;

	for (round = 0; round < 64; round++) {
		for (len = 0; len <= self->info.max_message; len++) {
			fill(out, len, len + round);
			ASSERT_EQ(0, fastipc_send(self->end[1], out, len, 0));
			ASSERT_EQ(len, fastipc_recv(self->end[0], in, len, 0));
			ASSERT_EQ(0, memcmp(out, in, len));
		}
	}
}

TEST_F(pair, over_the_limit_is_emsgsize_and_sends_nothing)
{
	char buf[4096] = { 0 };

	ASSERT_EQ(-EMSGSIZE, fastipc_send(self->end[0], buf,
					  self->info.max_message + 1, 0));
	ASSERT_EQ(-EAGAIN,
		  fastipc_recv(self->end[1], buf, sizeof(buf), FASTIPC_NOWAIT));
}

TEST_F(pair, too_small_a_buffer_is_emsgsize_and_consumes_nothing)
{
	char buf[64] = "five";

	ASSERT_EQ(0, fastipc_send(self->end[0], buf, 5, 0));
	ASSERT_EQ(-EMSGSIZE, fastipc_recv(self->end[1], buf, 4, 0));
	memset(buf, 0, sizeof(buf));
	ASSERT_EQ(5, fastipc_recv(self->end[1], buf, 5, 0));
	ASSERT_STREQ("five", buf);
}

TEST_F(pair, an_empty_message_is_no_end)
{
	char c;

	ASSERT_EQ(0, fastipc_send(self->end[0], NULL, 0, 0));
	ASSERT_EQ(0, fastipc_recv(self->end[1], &c, 0, 0));
	ASSERT_EQ(-EAGAIN, fastipc_recv(self->end[1], &c, 1, FASTIPC_NOWAIT));
}

TEST_F(pair, a_full_ring_is_eagain_and_goes_on_when_drained)
{
	char buf[1008];
	int i, n = 0;

	while (!fastipc_send(self->end[0], &n, sizeof(n), FASTIPC_NOWAIT))
		n++;
	/* Each takes 32 bytes, and 16 bytes stay free. */
	ASSERT_EQ(n, (4096 - 16) / 32);
	ASSERT_EQ(-EAGAIN,
		  fastipc_send(self->end[0], &n, sizeof(n), FASTIPC_NOWAIT));
	for (i = 0; i < n; i++) {
		ASSERT_EQ(4, fastipc_recv(self->end[1], buf, sizeof(buf), 0));
		ASSERT_EQ(0, memcmp(&i, buf, 4));
	}
	ASSERT_EQ(0, fastipc_send(self->end[0], buf, sizeof(buf), 0));
}

TEST_F(pair, send_times_out)
{
	char buf[1000] = { 0 };
	uint64_t begin;

	while (!fastipc_send(self->end[0], buf, sizeof(buf), FASTIPC_NOWAIT))
		;
	begin = now_ns();
	ASSERT_EQ(-ETIMEDOUT,
		  fastipc_send_timed(self->end[0], buf, sizeof(buf), 0, 30));
	ASSERT_GE(now_ns() - begin, 30000000);
}

TEST_F(pair, recv_times_out)
{
	uint64_t begin = now_ns();
	char c;

	ASSERT_EQ(-ETIMEDOUT, fastipc_recv_timed(self->end[0], &c, 1, 0, 30));
	ASSERT_GE(now_ns() - begin, 30000000);
}

TEST_F(pair, take_times_out)
{
	struct fastipc_msg msg;

	ASSERT_EQ(-ETIMEDOUT, fastipc_take_timed(self->end[0], &msg, 0, 30));
}

TEST_F(pair, exchange_times_out_and_has_sent)
{
	char c;

	ASSERT_EQ(-ETIMEDOUT,
		  fastipc_exchange(self->end[0], "x", 1, &c, 1, 30));
	ASSERT_EQ(1, fastipc_recv(self->end[1], &c, 1, FASTIPC_NOWAIT));
	ASSERT_EQ('x', c);
}

TEST_F(pair, unknown_flag_is_einval)
{
	struct fastipc_msg msg;
	void *payload;
	char c = 0;

	ASSERT_EQ(-EINVAL, fastipc_send(self->end[0], &c, 1, 2));
	ASSERT_EQ(-EINVAL, fastipc_recv(self->end[0], &c, 1, 2));
	ASSERT_EQ(-EINVAL, fastipc_take(self->end[0], &msg, 2));
	ASSERT_EQ(-EINVAL, fastipc_reserve(self->end[0], 1, &payload, 2));
	ASSERT_EQ(-EINVAL, fastipc_wait(self->end[0], POLLPRI, 0));
	ASSERT_EQ(-EINVAL, fastipc_shutdown(self->end[0], 4));
}

TEST_F(pair, reserve_commit_less)
{
	void *payload;
	char buf[64];

	ASSERT_EQ(0, fastipc_reserve(self->end[0], 900, &payload, 0));
	ASSERT_EQ(0, (uintptr_t)payload % 16);
	memset(payload, 0xee, 900);
	memcpy(payload, "built", 5);
	ASSERT_EQ(0, fastipc_commit(self->end[0], 5, 0));
	/* What was reserved and not used is no message. */
	ASSERT_EQ(5, fastipc_recv(self->end[1], buf, sizeof(buf), 0));
	ASSERT_EQ(0, memcmp(buf, "built", 5));
	ASSERT_EQ(-EAGAIN,
		  fastipc_recv(self->end[1], buf, sizeof(buf), FASTIPC_NOWAIT));
}

TEST_F(pair, commit_more_is_emsgsize_and_keeps_the_reservation)
{
	void *payload;

	ASSERT_EQ(0, fastipc_reserve(self->end[0], 10, &payload, 0));
	ASSERT_EQ(-EMSGSIZE, fastipc_commit(self->end[0], 11, 0));
	ASSERT_EQ(0, fastipc_commit(self->end[0], 10, 0));
}

TEST_F(pair, commit_without_reservation_is_einval)
{
	ASSERT_EQ(-EINVAL, fastipc_commit(self->end[0], 0, 0));
}

TEST_F(pair, sending_during_a_reservation_is_einval)
{
	void *payload;

	ASSERT_EQ(0, fastipc_reserve(self->end[0], 10, &payload, 0));
	ASSERT_EQ(-EINVAL, fastipc_send(self->end[0], "x", 1, 0));
	ASSERT_EQ(-EINVAL, fastipc_reserve(self->end[0], 1, &payload, 0));
}

TEST_F(pair, a_discarded_reservation_was_never_there)
{
	void *payload;
	char c;

	ASSERT_EQ(0, fastipc_reserve(self->end[0], 500, &payload, 0));
	memset(payload, 0xff, 500);
	fastipc_discard(self->end[0]);
	ASSERT_EQ(-EAGAIN, fastipc_recv(self->end[1], &c, 1, FASTIPC_NOWAIT));
	ASSERT_EQ(0, fastipc_send(self->end[0], "y", 1, 0));
	ASSERT_EQ(1, fastipc_recv(self->end[1], &c, 1, 0));
	ASSERT_EQ('y', c);
}

TEST_F(pair, gathered_with_a_tag)
{
	struct iovec iov[3] = { { "ab", 2 }, { NULL, 0 }, { "cde", 3 } };
	struct fastipc_out out = { iov, 3, 0x1122334455667788 };
	struct fastipc_msg msg;

	ASSERT_EQ(0, fastipc_sendmsg(self->end[0], &out, 0));
	ASSERT_EQ(0, fastipc_take(self->end[1], &msg, 0));
	ASSERT_EQ(5, msg.len);
	ASSERT_EQ(0, memcmp(msg.data, "abcde", 5));
	ASSERT_EQ(0x1122334455667788, msg.tag);
	ASSERT_EQ(FASTIPC_MUTABLE, msg.flags);
	ASSERT_EQ(0, fastipc_done(self->end[1], &msg));
}

TEST_F(pair, gathering_too_much_is_emsgsize)
{
	struct iovec iov[2] = { { "x", SIZE_MAX }, { "y", 2 } };
	struct fastipc_out out = { iov, 2, 0 };

	ASSERT_EQ(-EMSGSIZE, fastipc_sendmsg(self->end[0], &out, 0));
	iov[0].iov_len = self->info.max_message;
	ASSERT_EQ(-EMSGSIZE, fastipc_sendmsg(self->end[0], &out, 0));
}

TEST_F(pair, taken_messages_are_done_in_order)
{
	struct fastipc_msg a, b, c;

	ASSERT_EQ(0, fastipc_send(self->end[0], "a", 1, 0));
	ASSERT_EQ(0, fastipc_send(self->end[0], "b", 1, 0));
	ASSERT_EQ(0, fastipc_send(self->end[0], "c", 1, 0));
	ASSERT_EQ(0, fastipc_take(self->end[1], &a, 0));
	ASSERT_EQ(0, fastipc_take(self->end[1], &b, 0));
	/* options.takes is 2 */
	ASSERT_EQ(-EINVAL, fastipc_take(self->end[1], &c, 0));
	ASSERT_EQ(-EINVAL, fastipc_done(self->end[1], &b));
	ASSERT_EQ(0, fastipc_done(self->end[1], &a));
	ASSERT_EQ(-EINVAL, fastipc_done(self->end[1], &a));
	ASSERT_EQ(0, fastipc_take(self->end[1], &c, 0));
	ASSERT_EQ(0, memcmp(b.data, "b", 1));
	ASSERT_EQ(0, memcmp(c.data, "c", 1));
	ASSERT_EQ(0, fastipc_done(self->end[1], &b));
	ASSERT_EQ(0, fastipc_done(self->end[1], &c));
	ASSERT_EQ(-EINVAL, fastipc_done(self->end[1], &c));
}

TEST_F(pair, recv_while_a_message_is_taken_is_einval)
{
	struct fastipc_msg msg;
	char c;

	ASSERT_EQ(0, fastipc_send(self->end[0], "a", 1, 0));
	ASSERT_EQ(0, fastipc_send(self->end[0], "b", 1, 0));
	ASSERT_EQ(0, fastipc_take(self->end[1], &msg, 0));
	ASSERT_EQ(-EINVAL, fastipc_recv(self->end[1], &c, 1, 0));
	ASSERT_EQ(-EINVAL, fastipc_exchange(self->end[1], &c, 1, &c, 1, 0));
	ASSERT_EQ(0, fastipc_done(self->end[1], &msg));
	ASSERT_EQ(1, fastipc_recv(self->end[1], &c, 1, 0));
	ASSERT_EQ('b', c);
}

TEST_F(pair, a_taken_message_keeps_its_space)
{
	struct fastipc_msg msg;
	char buf[1000], copy[1000];

	memset(buf, 'A', sizeof(buf));
	ASSERT_EQ(0, fastipc_send(self->end[0], buf, sizeof(buf), 0));
	ASSERT_EQ(0, fastipc_take(self->end[1], &msg, 0));
	memset(buf, 'B', sizeof(buf));
	while (!fastipc_send(self->end[0], buf, sizeof(buf), FASTIPC_NOWAIT))
		;
	memset(copy, 'A', sizeof(copy));
	ASSERT_EQ(0, memcmp(msg.data, copy, sizeof(copy)));
	ASSERT_EQ(0, fastipc_done(self->end[1], &msg));
	ASSERT_EQ(0,
		  fastipc_send(self->end[0], buf, sizeof(buf), FASTIPC_NOWAIT));
}

/* How it ends ------------------------------------------------------------- */

TEST_F(pair, shut_send_drains_then_epipe)
{
	char c;

	ASSERT_EQ(0, fastipc_send(self->end[0], "z", 1, 0));
	ASSERT_EQ(0, fastipc_shutdown(self->end[0], FASTIPC_SHUT_SEND));
	ASSERT_EQ(-EPIPE, fastipc_send(self->end[0], "z", 1, 0));
	ASSERT_EQ(1, fastipc_recv(self->end[1], &c, 1, 0));
	ASSERT_EQ(-EPIPE, fastipc_recv(self->end[1], &c, 1, 0));
	/* The other direction goes on. */
	ASSERT_EQ(0, fastipc_send(self->end[1], "w", 1, 0));
	ASSERT_EQ(1, fastipc_recv(self->end[0], &c, 1, 0));
}

TEST_F(pair, shut_recv_ends_the_peers_sending)
{
	char c;

	ASSERT_EQ(0, fastipc_shutdown(self->end[0], FASTIPC_SHUT_RECV));
	ASSERT_EQ(-EPIPE, fastipc_send(self->end[1], "z", 1, 0));
	ASSERT_EQ(-EPIPE, fastipc_recv(self->end[0], &c, 1, 0));
	ASSERT_EQ(0, fastipc_send(self->end[0], "w", 1, 0));
	ASSERT_EQ(1, fastipc_recv(self->end[1], &c, 1, 0));
}

TEST_F(pair, close_drains_then_epipe)
{
	char c;

	ASSERT_EQ(0, fastipc_send(self->end[0], "z", 1, 0));
	fastipc_close(self->end[0]);
	self->end[0] = NULL;
	ASSERT_EQ(1, fastipc_recv(self->end[1], &c, 1, 0));
	ASSERT_EQ(-EPIPE, fastipc_recv(self->end[1], &c, 1, 0));
	ASSERT_EQ(-EPIPE, fastipc_send(self->end[1], &c, 1, 0));
	ASSERT_EQ(-EPIPE, fastipc_exchange(self->end[1], &c, 1, &c, 1, -1));
}

/* Whoever never used an end does not speak for it. */
TEST_F(pair, an_unused_end_closes_without_a_word)
{
	char c;

	fastipc_close(self->end[0]);
	self->end[0] = NULL;
	ASSERT_EQ(-ECONNRESET, fastipc_recv(self->end[1], &c, 1, 0));
}

TEST_F(pair, close_discards_a_reservation)
{
	void *payload;
	char c;

	ASSERT_EQ(0, fastipc_reserve(self->end[0], 10, &payload, 0));
	memset(payload, 0xff, 10);
	fastipc_close(self->end[0]);
	self->end[0] = NULL;
	ASSERT_EQ(-EPIPE, fastipc_recv(self->end[1], &c, 1, 0));
}

static int die(struct fastipc *me, void *arg)
{
	if (fastipc_send(me, "last", 4, 0))
		return 1;
	raise(SIGKILL);
	return 2;
}

TEST_F(pair, a_vanished_peer_drains_then_econnreset)
{
	pid_t pid = fork_peer(self->end, die, NULL);
	char buf[8];

	fastipc_close(self->end[1]);
	self->end[1] = NULL;
	ASSERT_EQ(4, fastipc_recv(self->end[0], buf, sizeof(buf), 0));
	ASSERT_EQ(-ECONNRESET, fastipc_recv(self->end[0], buf, sizeof(buf), 0));
	ASSERT_EQ(-ECONNRESET, fastipc_send(self->end[0], buf, 1, 0));
	ASSERT_EQ(128 + SIGKILL, reap(pid));
}

/* A child that fails before it begins: what came, nothing, is not all. */
TEST_F(pair, a_child_that_never_adopts_is_econnreset)
{
	pid_t pid = fork_bound();
	char c;

	if (!pid)
		_exit(1);
	ASSERT_EQ(1, reap(pid));
	fastipc_close(self->end[1]);
	self->end[1] = NULL;
	ASSERT_EQ(-ECONNRESET, fastipc_recv(self->end[0], &c, 1, 0));
}

/* The parent says goodbye only after the child has mapped its end. */
static int wait_then_die(struct fastipc *me, void *arg)
{
	char c;

	if (fastipc_recv(me, &c, 1, 0) != 1)
		return 1;
	raise(SIGKILL);
	return 2;
}

TEST_F(pair, a_parents_close_does_not_make_a_childs_death_orderly)
{
	pid_t pid = fork_peer(self->end, wait_then_die, NULL);
	char c;

	ASSERT_TRUE(wait_for_sleep(pid));
	fastipc_close(self->end[1]);
	self->end[1] = NULL;
	ASSERT_EQ(0, fastipc_send(self->end[0], "!", 1, 0));
	ASSERT_EQ(-ECONNRESET, fastipc_recv(self->end[0], &c, 1, 0));
	ASSERT_EQ(128 + SIGKILL, reap(pid));
}

/* A waiting sender learns it too. */
static int die_when_the_sender_sleeps(struct fastipc *me, void *arg)
{
	if (!wait_for_sleep(getppid()))
		return 1;
	raise(SIGKILL);
	return 2;
}

TEST_F(pair, a_blocked_sender_sees_the_end)
{
	pid_t pid = fork_peer(self->end, die_when_the_sender_sleeps, NULL);
	char buf[1000] = { 0 };
	int ret;

	fastipc_close(self->end[1]);
	self->end[1] = NULL;
	while (!(ret = fastipc_send(self->end[0], buf, sizeof(buf), 0)))
		;
	ASSERT_EQ(-ECONNRESET, ret);
	ASSERT_EQ(128 + SIGKILL, reap(pid));
}

static void nothing(int signal)
{
}

TEST_F(pair, a_signal_is_eintr)
{
	struct sigaction action = { .sa_handler = nothing };
	pid_t self_pid = getpid(), pid;
	char c;

	sigaction(SIGUSR1, &action, NULL);
	pid = fork_bound();
	if (!pid) {
		wait_for_sleep(self_pid);
		while (getppid() == self_pid) {
			kill(self_pid, SIGUSR1);
			usleep(20000);
		}
		_exit(0);
	}
	ASSERT_EQ(-EINTR, fastipc_recv(self->end[0], &c, 1, 0));
	ASSERT_EQ(-EINTR, fastipc_recv_timed(self->end[0], &c, 1, 0, 100000));
	kill(pid, SIGKILL);
	reap(pid);
}

TEST_HARNESS_MAIN
