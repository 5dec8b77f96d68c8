// SPDX-License-Identifier: GPL-2.0-only
/*
 * What SYNC and SHUTDOWN say, by raw calls: bad arguments, positions and words
 * that cannot be, and what comes before the end.  Each test has one thing wrong.
 * Waiting is in sync_wait_test.c, rights in rights_test.c.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"
#include "both.h"

#define PAGE 4096
#define LIMIT (PAGE / 4 - 16)
#define WAIT_RECV FASTIPC_SYNC_WAIT_RECV
#define WAIT_SEND FASTIPC_SYNC_WAIT_SEND
#define WAKE_RECV FASTIPC_SYNC_WAKE_RECV
#define WAKE_SEND FASTIPC_SYNC_WAKE_SEND
#define WORD(len) (FASTIPC_WORD_COMMIT | (len))

/* Whether nothing has ended for either end. */
static bool all_goes_on(const struct both *p)
{
	return raw_sync(p->fd[0], WAIT_RECV, 0) == -EAGAIN &&
	       raw_sync(p->fd[1], WAIT_RECV, 0) == -EAGAIN &&
	       raw_sync(p->fd[0], WAIT_SEND, 0) == 0 &&
	       raw_sync(p->fd[1], WAIT_SEND, 0) == 0;
}

FIXTURE(pair)
{
	struct both p;
};

FIXTURE_SETUP(pair)
{
	ASSERT_EQ(0, both_open(&self->p, 0));
}

FIXTURE_TEARDOWN(pair)
{
	both_close(&self->p);
}

/* Arguments of SYNC -------------------------------------------------------- */

TEST_F(pair, sync_without_a_flag_is_einval)
{
	ASSERT_EQ(-EINVAL, sync_with(self->p.fd[0], 0, 0, 0, 0));
}

TEST_F(pair, sync_that_waits_for_both_is_einval)
{
	ASSERT_EQ(-EINVAL, sync_with(self->p.fd[0], WAIT_RECV | WAIT_SEND, 0, 0,
				     0));
}

TEST_F(pair, sync_position_with_wait_recv_is_einval)
{
	ASSERT_EQ(-EINVAL, sync_with(self->p.fd[0], WAIT_RECV, 16, 0, 0));
}

TEST_F(pair, sync_need_with_wait_recv_is_einval)
{
	ASSERT_EQ(-EINVAL, sync_with(self->p.fd[0], WAIT_RECV, 0, 1, 0));
}

TEST_F(pair, sync_position_without_a_wait_is_einval)
{
	ASSERT_EQ(-EINVAL, sync_with(self->p.fd[0], WAKE_RECV, 16, 0, 0));
}

TEST_F(pair, sync_need_without_a_wait_is_einval)
{
	ASSERT_EQ(-EINVAL, sync_with(self->p.fd[0], WAKE_RECV, 0, 1, 0));
}

TEST_F(pair, sync_timeout_without_a_wait_is_einval)
{
	ASSERT_EQ(-EINVAL, sync_with(self->p.fd[0], WAKE_RECV, 0, 0, 1));
}

TEST_F(pair, need_at_the_limit_is_accepted)
{
	ASSERT_EQ(0, raw_sync_send(self->p.fd[0], 0, LIMIT, 0));
}

TEST_F(pair, need_one_above_the_limit_is_emsgsize)
{
	ASSERT_EQ(-EMSGSIZE, raw_sync_send(self->p.fd[0], 0, LIMIT + 1, 0));
}

TEST_F(pair, need_of_4g_is_emsgsize)
{
	ASSERT_EQ(-EMSGSIZE, raw_sync_send(self->p.fd[0], 0, 1ULL << 32, 0));
}

TEST_F(pair, need_of_2_64_less_1_is_emsgsize)
{
	ASSERT_EQ(-EMSGSIZE, raw_sync_send(self->p.fd[0], 0, ~0ULL, 0));
}

/* A message needs 16 bytes more than its footprint. */
TEST_F(pair, the_last_space_is_enough_for_what_fits)
{
	ASSERT_EQ(0, raw_sync_send(self->p.fd[0], PAGE - 32, 0, 0));
}

TEST_F(pair, the_last_space_is_eagain_for_one_byte_more)
{
	ASSERT_EQ(-EAGAIN, raw_sync_send(self->p.fd[0], PAGE - 32, 1, 0));
}

TEST_F(pair, position_at_the_rings_end_is_eagain)
{
	ASSERT_EQ(-EAGAIN, raw_sync_send(self->p.fd[0], PAGE, 0, 0));
}

/* Positions that the caller cannot be at */
FIXTURE(position)
{
	struct both p;
};

FIXTURE_VARIANT(position)
{
	__u64 before;		/* where the caller was, and all was released */
	__u64 position;
};

FIXTURE_VARIANT_ADD(position, unaligned_by_1) { 0, 1 };
FIXTURE_VARIANT_ADD(position, unaligned_by_8) { 0, 8 };
FIXTURE_VARIANT_ADD(position, more_than_a_ring_ahead) { 0, PAGE + 16 };
FIXTURE_VARIANT_ADD(position, at_4g) { 0, 1ULL << 32 };
FIXTURE_VARIANT_ADD(position, at_2_63) { 0, 1ULL << 63 };
FIXTURE_VARIANT_ADD(position, at_the_last_place) { 0, 0ULL - 16 };
FIXTURE_VARIANT_ADD(position, gone_back) { 64, 48 };
FIXTURE_VARIANT_ADD(position, gone_back_to_0) { 64, 0 };

FIXTURE_SETUP(position)
{
	ASSERT_EQ(0, both_open(&self->p, 0));
	self->p.m[1].own->released = variant->before;
	ASSERT_EQ(0, raw_sync_send(self->p.fd[0], variant->before, 0, 0));
}

FIXTURE_TEARDOWN(position)
{
	both_close(&self->p);
}

TEST_F(position, is_einval)
{
	ASSERT_EQ(-EINVAL, raw_sync_send(self->p.fd[0], variant->position, 0,
					 0));
}

TEST_F(position, is_not_held_against_the_peer)
{
	ASSERT_EQ(-EINVAL, raw_sync_send(self->p.fd[0], variant->position, 0,
					 0));
	ASSERT_EQ(0, raw_sync_send(self->p.fd[0], variant->before, 0, 0));
}

/* Waking ------------------------------------------------------------------- */

/* End 1 polls for messages: it is armed, as end 0 sees. */
static bool arm(struct both *p)
{
	struct pollfd fd = { .fd = p->fd[1], .events = POLLIN };

	return poll(&fd, 1, 0) == 0 && p->m[0].peer->recv.want == 1;
}

TEST_F(pair, wake_alone_wakes)
{
	ASSERT_TRUE(arm(&self->p));
	ASSERT_EQ(0, raw_sync(self->p.fd[0], WAKE_RECV, 0));
	ASSERT_EQ(0, self->p.m[0].peer->recv.want);
}

TEST_F(pair, wake_wakes_when_the_wait_is_eagain)
{
	ASSERT_TRUE(arm(&self->p));
	ASSERT_EQ(-EAGAIN, raw_sync(self->p.fd[0], WAKE_RECV | WAIT_RECV, 0));
	ASSERT_EQ(0, self->p.m[0].peer->recv.want);
}

TEST_F(pair, wake_wakes_when_the_wait_is_emsgsize)
{
	ASSERT_TRUE(arm(&self->p));
	ASSERT_EQ(-EMSGSIZE, sync_with(self->p.fd[0], WAKE_RECV | WAIT_SEND, 0,
				       LIMIT + 1, 0));
	ASSERT_EQ(0, self->p.m[0].peer->recv.want);
}

TEST_F(pair, wake_wakes_when_the_position_is_einval)
{
	ASSERT_TRUE(arm(&self->p));
	ASSERT_EQ(-EINVAL, sync_with(self->p.fd[0], WAKE_RECV | WAIT_SEND, 8, 0,
				     0));
	ASSERT_EQ(0, self->p.m[0].peer->recv.want);
}

TEST_F(pair, wake_wakes_when_the_wait_is_ebadmsg)
{
	ASSERT_TRUE(arm(&self->p));
	raw_publish(&self->p.m[1], 0, 1);
	ASSERT_EQ(-EBADMSG, raw_sync(self->p.fd[0], WAKE_RECV | WAIT_RECV, 0));
	ASSERT_EQ(0, self->p.m[0].peer->recv.want);
}

TEST_F(pair, wake_wakes_when_the_wait_is_epipe)
{
	ASSERT_EQ(0, raw_shutdown(self->p.fd[1], FASTIPC_SHUT_SEND));
	ASSERT_TRUE(arm(&self->p));
	ASSERT_EQ(-EPIPE, raw_sync(self->p.fd[0], WAKE_RECV | WAIT_RECV, 0));
	ASSERT_EQ(0, self->p.m[0].peer->recv.want);
}

/* The end ----------------------------------------------------------------- */

/* The last message comes before the end. */
TEST_F(pair, the_last_message_of_an_orderly_end_is_received_first)
{
	raw_publish(&self->p.m[1], 0, WORD(0));
	leave(&self->p, 1, true);
	ASSERT_EQ(0, raw_sync(self->p.fd[0], WAIT_RECV, 0));
	self->p.m[0].own->taken = 16;
	ASSERT_EQ(-EPIPE, raw_sync(self->p.fd[0], WAIT_RECV, 0));
}

TEST_F(pair, the_last_message_of_a_vanished_peer_is_received_first)
{
	raw_publish(&self->p.m[1], 0, WORD(0));
	leave(&self->p, 1, false);
	ASSERT_EQ(0, raw_sync(self->p.fd[0], WAIT_RECV, 0));
	self->p.m[0].own->taken = 16;
	ASSERT_EQ(-ECONNRESET, raw_sync(self->p.fd[0], WAIT_RECV, 0));
}

/* What a word may be ------------------------------------------------------- */

FIXTURE(word)
{
	struct both p;
};

FIXTURE_VARIANT(word)
{
	__u64 word;
	int result;
};

FIXTURE_VARIANT_ADD(word, of_an_empty_message) { WORD(0), 0 };
FIXTURE_VARIANT_ADD(word, of_a_message) { WORD(1), 0 };
FIXTURE_VARIANT_ADD(word, of_the_limit) { WORD(LIMIT), 0 };
FIXTURE_VARIANT_ADD(word, over_the_limit) { WORD(LIMIT + 1), -EBADMSG };
FIXTURE_VARIANT_ADD(word, of_2_31) { WORD(1ULL << 31), -EBADMSG };
FIXTURE_VARIANT_ADD(word, of_4g_less_1) { WORD(0xffffffffULL), -EBADMSG };
FIXTURE_VARIANT_ADD(word, lowest_flag) { WORD(1ULL << 32), -EBADMSG };
FIXTURE_VARIANT_ADD(word, highest_flag) { WORD(1ULL << 62), -EBADMSG };
FIXTURE_VARIANT_ADD(word, uncommitted) { 1, -EBADMSG };
FIXTURE_VARIANT_ADD(word, uncommitted_flag) { 1ULL << 32, -EBADMSG };
FIXTURE_VARIANT_ADD(word, all_ones) { ~0ULL, -EBADMSG };
FIXTURE_VARIANT_ADD(word, none) { 0, -EAGAIN };

FIXTURE_SETUP(word)
{
	ASSERT_EQ(0, both_open(&self->p, 0));
}

FIXTURE_TEARDOWN(word)
{
	both_close(&self->p);
}

TEST_F(word, is_a_message_or_ebadmsg)
{
	raw_publish(&self->p.m[1], 0, variant->word);
	ASSERT_EQ(variant->result, raw_sync(self->p.fd[0], WAIT_RECV, 0));
}

TEST_F(word, is_so_at_the_rings_last_place)
{
	self->p.m[0].own->taken = PAGE - 16;
	raw_publish(&self->p.m[1], PAGE - 16, variant->word);
	ASSERT_EQ(variant->result, raw_sync(self->p.fd[0], WAIT_RECV, 0));
}

/* What a released position may be ------------------------------------------ */

FIXTURE(released)
{
	struct both p;
};

FIXTURE_VARIANT(released)
{
	__u64 before;		/* what the kernel saw */
	__u64 position;		/* of the sender */
	__u64 released;
	int result;
};

FIXTURE_VARIANT_ADD(released, nothing_new) { 32, 64, 32, 0 };
FIXTURE_VARIANT_ADD(released, some) { 32, 64, 48, 0 };
FIXTURE_VARIANT_ADD(released, all) { 32, 64, 64, 0 };
FIXTURE_VARIANT_ADD(released, ahead) { 32, 64, 80, -EBADMSG };
FIXTURE_VARIANT_ADD(released, a_ring_ahead) { 32, 64, 64 + PAGE, -EBADMSG };
FIXTURE_VARIANT_ADD(released, at_2_63) { 32, 64, 1ULL << 63, -EBADMSG };
FIXTURE_VARIANT_ADD(released, at_the_last_place) { 32, 64, -16ULL, -EBADMSG };
FIXTURE_VARIANT_ADD(released, back) { 32, 64, 16, -EBADMSG };
FIXTURE_VARIANT_ADD(released, back_to_0) { 32, 64, 0, -EBADMSG };
FIXTURE_VARIANT_ADD(released, unaligned_by_1) { 32, 64, 33, -EBADMSG };
FIXTURE_VARIANT_ADD(released, unaligned_by_8) { 32, 64, 40, -EBADMSG };

FIXTURE_SETUP(released)
{
	ASSERT_EQ(0, both_open(&self->p, 0));
	self->p.m[1].own->released = variant->before;
	ASSERT_EQ(0, raw_sync_send(self->p.fd[0], variant->position, 0, 0));
}

FIXTURE_TEARDOWN(released)
{
	both_close(&self->p);
}

TEST_F(released, is_possible_or_ebadmsg)
{
	self->p.m[1].own->released = variant->released;
	ASSERT_EQ(variant->result, raw_sync_send(self->p.fd[0],
						 variant->position, 0, 0));
}

/* SHUTDOWN ----------------------------------------------------------------- */

TEST_F(pair, shutdown_of_nothing_is_einval)
{
	ASSERT_EQ(-EINVAL, raw_shutdown(self->p.fd[0], 0));
}

TEST_F(pair, shutdown_with_an_unknown_flag_ends_nothing)
{
	ASSERT_EQ(-EINVAL, raw_shutdown(self->p.fd[0], 8 | FASTIPC_SHUT_SEND));
	ASSERT_TRUE(all_goes_on(&self->p));
}

TEST_F(pair, shutdown_on_close_ends_nothing_now)
{
	ASSERT_EQ(0, raw_shutdown(self->p.fd[0], FASTIPC_SHUT_ON_CLOSE));
	ASSERT_TRUE(all_goes_on(&self->p));
}

TEST_F(pair, a_second_shutdown_is_accepted)
{
	ASSERT_EQ(0, raw_shutdown(self->p.fd[0], FASTIPC_SHUT_SEND));
	ASSERT_EQ(0, raw_shutdown(self->p.fd[0], FASTIPC_SHUT_SEND));
}

TEST_F(pair, shutdown_with_an_unknown_flag_marks_nothing)
{
	ASSERT_EQ(-EINVAL, raw_shutdown(self->p.fd[1],
					8 | FASTIPC_SHUT_ON_CLOSE));
	leave(&self->p, 1, false);
	ASSERT_EQ(-ECONNRESET, raw_sync(self->p.fd[0], WAIT_RECV, 0));
}

/* The right to receive is there, that to send is not: neither is done. */
TEST(shutdown_without_one_right_ends_nothing)
{
	int fd = raw_open(O_RDWR), peer;

	ASSERT_EQ(0, raw_setup(fd, PAGE, 0));
	peer = raw_peer(fd, O_RDONLY);
	ASSERT_EQ(-EBADF, raw_shutdown(peer, FASTIPC_SHUT_RECV |
						     FASTIPC_SHUT_SEND));
	ASSERT_EQ(0, raw_sync(fd, WAIT_SEND, 0));
	ASSERT_EQ(-EAGAIN, raw_sync(peer, WAIT_RECV, 0));
	close(peer);
	close(fd);
}

TEST(shutdown_before_setup_marks_nothing)
{
	int fd = raw_open(O_RDWR), peer;

	ASSERT_EQ(-ENOTCONN, raw_shutdown(fd, FASTIPC_SHUT_ON_CLOSE));
	ASSERT_EQ(0, raw_setup(fd, PAGE, 0));
	peer = raw_peer(fd, O_RDWR);
	close(fd);
	ASSERT_EQ(-ECONNRESET, raw_sync(peer, WAIT_RECV, 0));
	close(peer);
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
