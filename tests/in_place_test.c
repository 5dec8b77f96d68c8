// SPDX-License-Identifier: GPL-2.0-only
/*
 * Through the library: messages that are built in place, gathered from pieces,
 * and read in place.
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

/* What is built when the end comes is not sent, whoever ends it. */
TEST_F(pair, commit_after_shutdown_is_epipe)
{
	void *payload;
	char c;

	ASSERT_EQ(0, fastipc_reserve(self->end[0], 1, &payload, 0));
	ASSERT_EQ(0, fastipc_shutdown(self->end[0], FASTIPC_SHUT_SEND));
	ASSERT_EQ(-EPIPE, fastipc_commit(self->end[0], 1, 0));
	ASSERT_EQ(-EPIPE, fastipc_recv(self->end[1], &c, 1, 0));
}

TEST_F(pair, commit_to_who_wants_no_more_is_epipe)
{
	void *payload;

	ASSERT_EQ(0, fastipc_reserve(self->end[0], 1, &payload, 0));
	ASSERT_EQ(0, fastipc_shutdown(self->end[1], FASTIPC_SHUT_RECV));
	ASSERT_EQ(-EPIPE, fastipc_commit(self->end[0], 1, 0));
	/* The reservation stays. */
	ASSERT_EQ(-EPIPE, fastipc_commit(self->end[0], 1, 0));
	fastipc_discard(self->end[0]);
	ASSERT_EQ(-EINVAL, fastipc_commit(self->end[0], 1, 0));
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

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
