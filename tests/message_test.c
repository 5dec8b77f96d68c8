// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages: every length at every place of the ring, the limit, time-outs; and
 * through the library reservations and reading in place.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#define RING 4096

static int make_pair(struct fastipc *end[2], uint32_t flags)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .ring_bytes = RING,
					   .takes = 2,
					   .flags = flags };

	return fastipc_pair(end, &options);
}

/* From end 0 to end 1, in whichever way. */
FIXTURE(message)
{
	struct fastipc *end[2];
	struct fastipc_info info;
};

VARIANTS_OF_USE(message);

#define TIMES(n) times(variant->flags, variant->kernel, n)

FIXTURE_SETUP(message)
{
	ASSERT_EQ(0, make_pair(self->end, variant->flags));
	ASSERT_EQ(0, fastipc_info(self->end[0], &self->info));
}

FIXTURE_TEARDOWN(message)
{
	fastipc_close(self->end[0]);
	fastipc_close(self->end[1]);
}

/* Both ends through the library */
FIXTURE(pair)
{
	struct fastipc *end[2];
	struct fastipc_info info;
};

VARIANTS_OF_SORT(pair);

FIXTURE_SETUP(pair)
{
	ASSERT_EQ(0, make_pair(self->end, variant->flags));
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

#define SEND(buf, len, ms) \
	any_send(self->end[0], variant->kernel[0], buf, len, ms)
#define RECV(buf, cap, ms) \
	any_recv(self->end[1], variant->kernel[1], buf, cap, ms)

/* There is a message: without a limit, but read(2) passes over empty ones. */
#define NO_LIMIT(len) ((len) ? -1 : 0)

/* Bytes to send next, to be further by so many at last. */
static size_t step_to(uint32_t flags, size_t limit, uint64_t distance)
{
	uint64_t least = footprint(flags, 0), most = footprint(flags, limit);

	if (distance < least)
		return 0;
	return (distance < most ? distance : most) - least;
}

/* Every length from 0 to the limit, with the ring's end at every place. */
TEST_F(message, every_length_at_every_alignment)
{
	unsigned int every = RING / FASTIPC_ALIGN / TIMES(256);
	size_t limit = self->info.max_message, step;
	unsigned char out[RING], in[RING];
	uint64_t position = 0, start;
	unsigned int len;

	ASSERT_EQ(limit, RING / 4 - (variant->flags ? 64 : 16));
	for (start = 0; start < RING; start += every * FASTIPC_ALIGN) {
		for (len = 0; len <= limit; len++) {
			while (position % RING != start) {
				step = step_to(variant->flags, limit,
					       (start - position) % RING);
				ASSERT_EQ(0, SEND(out, step, 0));
				ASSERT_EQ(step, RECV(in, step, 0));
				position += footprint(variant->flags, step);
			}
			fill(out, len, start);
			ASSERT_EQ(0, SEND(out, len, NO_LIMIT(len)));
			ASSERT_EQ(len, RECV(in, sizeof(in), NO_LIMIT(len)));
			ASSERT_EQ(0, memcmp(out, in, len));
			position += footprint(variant->flags, len);
			if (len % 97)
				len += 6; /* dense at some, sampled else */
		}
	}
}

/* The same without a gap in the lengths, wherever the ring's end falls. */
TEST_F(message, every_length_in_a_row)
{
	unsigned char out[RING], in[RING];
	unsigned int len, round;

	for (round = 0; round < TIMES(64); round++) {
		for (len = 0; len <= self->info.max_message; len++) {
			fill(out, len, len + round);
			ASSERT_EQ(0, SEND(out, len, -1));
			ASSERT_EQ(len, RECV(in, len, NO_LIMIT(len)));
			ASSERT_EQ(0, memcmp(out, in, len));
		}
	}
}

TEST_F(message, over_the_limit_is_emsgsize_and_sends_nothing)
{
	char buf[RING] = { 0 };

	ASSERT_EQ(-EMSGSIZE, SEND(buf, self->info.max_message + 1, -1));
	ASSERT_EQ(-EAGAIN, RECV(buf, sizeof(buf), 0));
}

TEST_F(message, too_small_a_buffer_is_emsgsize_and_consumes_nothing)
{
	char buf[64] = "five";

	ASSERT_EQ(0, SEND(buf, 5, -1));
	ASSERT_EQ(-EMSGSIZE, RECV(buf, 4, -1));
	memset(buf, 0, sizeof(buf));
	ASSERT_EQ(5, RECV(buf, 5, -1));
	ASSERT_STREQ("five", buf);
}

TEST_F(message, an_empty_message_is_no_end)
{
	char c;

	ASSERT_EQ(0, SEND(NULL, 0, -1));
	ASSERT_EQ(0, RECV(&c, 0, -1));
	ASSERT_EQ(-EAGAIN, RECV(&c, 1, 0));
}

TEST_F(message, a_full_ring_is_eagain_and_goes_on_when_drained)
{
	char buf[RING / 4 - 64];
	int i, n = 0;

	while (!SEND(&n, sizeof(n), 0))
		n++;
	/* 16 bytes stay free. */
	ASSERT_EQ(n, (RING - 16) / footprint(variant->flags, sizeof(n)));
	ASSERT_EQ(-EAGAIN, SEND(&n, sizeof(n), 0));
	for (i = 0; i < n; i++) {
		ASSERT_EQ(4, RECV(buf, sizeof(buf), -1));
		ASSERT_EQ(0, memcmp(&i, buf, 4));
	}
	ASSERT_EQ(0, SEND(buf, sizeof(buf), -1));
}

TEST_F(message, send_times_out)
{
	char buf[900] = { 0 };
	uint64_t begin;

	while (!SEND(buf, sizeof(buf), 0))
		;
	begin = now_ns();
	ASSERT_EQ(-ETIMEDOUT, SEND(buf, sizeof(buf), 30));
	ASSERT_GE(now_ns() - begin, 30000000);
}

TEST_F(message, recv_times_out)
{
	uint64_t begin = now_ns();
	char c;

	ASSERT_EQ(-ETIMEDOUT, RECV(&c, 1, 30));
	ASSERT_GE(now_ns() - begin, 30000000);
}

static void nothing(int signal)
{
}

TEST_F(message, a_signal_is_eintr)
{
	struct sigaction action = { .sa_handler = nothing };
	pid_t self_pid = getpid(), pid;
	char c = 0;

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
	ASSERT_EQ(-EINTR, RECV(&c, 1, -1));
	ASSERT_EQ(-EINTR, RECV(&c, 1, 100000));
	while (SEND(&c, 1, 0) != -EAGAIN)
		;
	ASSERT_EQ(-EINTR, SEND(&c, 1, -1));
	ASSERT_EQ(-EINTR, SEND(&c, 1, 100000));
	kill(pid, SIGKILL);
	reap(pid);
}

/* Through the library ----------------------------------------------------- */

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

	ASSERT_EQ(-EINVAL, fastipc_send(self->end[0], &c, 1, 4));
	ASSERT_EQ(-EINVAL, fastipc_recv(self->end[0], &c, 1, 4));
	ASSERT_EQ(-EINVAL, fastipc_take(self->end[0], &msg, 4));
	ASSERT_EQ(-EINVAL, fastipc_reserve(self->end[0], 1, &payload, 4));
	ASSERT_EQ(-EINVAL, fastipc_wait(self->end[0], POLLRDHUP, 0));
	ASSERT_EQ(-EINVAL, fastipc_shutdown(self->end[0], 4));
}

/* What others follow to is for senders alone. */
TEST_F(pair, more_is_einval_but_for_what_sends)
{
	struct fastipc_msg msg;
	void *payload;
	char c;

	ASSERT_EQ(-EINVAL, fastipc_recv(self->end[0], &c, 1, FASTIPC_MORE));
	ASSERT_EQ(-EINVAL, fastipc_take(self->end[0], &msg, FASTIPC_MORE));
	ASSERT_EQ(-EINVAL,
		  fastipc_reserve(self->end[0], 1, &payload, FASTIPC_MORE));
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
	ASSERT_EQ(variant->flags ? 0 : FASTIPC_MUTABLE, msg.flags);
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
	char buf[900], copy[900];

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

TEST_HARNESS_MAIN
