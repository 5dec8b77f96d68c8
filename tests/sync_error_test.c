// SPDX-License-Identifier: GPL-2.0-only
/*
 * What SYNC and SHUTDOWN say, by raw calls: bad arguments, rights, positions
 * and words that cannot be, time-outs, how a direction ends, and what a peer
 * that broke the rules leaves behind.  Each test has one thing wrong.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#include <sys/time.h>

#define PAGE 4096
#define LIMIT (PAGE / 4 - 16)
#define WAIT_RECV FASTIPC_SYNC_WAIT_RECV
#define WAIT_SEND FASTIPC_SYNC_WAIT_SEND
#define WAKE_RECV FASTIPC_SYNC_WAKE_RECV
#define WAKE_SEND FASTIPC_SYNC_WAKE_SEND
#define WORD(len) (FASTIPC_WORD_COMMIT | (len))
#define MS 1000000ULL

/* A pair with a page for each ring, both ends mapped by hand. */
struct both {
	int fd[2];
	struct mapped m[2];
};

static int both_open(struct both *p)
{
	int ret = raw_pair(p->fd, PAGE);

	if (!ret)
		ret = raw_map_end(p->fd[0], &p->m[0]);
	if (!ret)
		ret = raw_map_end(p->fd[1], &p->m[1]);
	return ret;
}

/* The last close of an end: in order, or as if its process had died. */
static void leave(struct both *p, int end, bool orderly)
{
	if (p->fd[end] < 0)
		return;
	raw_unmap_end(&p->m[end]);
	if (orderly)
		raw_shutdown(p->fd[end], FASTIPC_SHUT_ON_CLOSE);
	close(p->fd[end]);
	p->fd[end] = -1;
}

static void both_close(struct both *p)
{
	leave(p, 0, true);
	leave(p, 1, true);
}

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
	ASSERT_EQ(0, both_open(&self->p));
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
	ASSERT_EQ(0, both_open(&self->p));
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

/* Both directions of end 0: nothing there, the end, a peer that lies ------- */

FIXTURE(wait)
{
	struct both p;
};

FIXTURE_VARIANT(wait)
{
	bool send;
};

FIXTURE_VARIANT_ADD(wait, recv) { .send = false };
FIXTURE_VARIANT_ADD(wait, send) { .send = true };

FIXTURE_SETUP(wait)
{
	ASSERT_EQ(0, both_open(&self->p));
}

FIXTURE_TEARDOWN(wait)
{
	both_close(&self->p);
}

/* Wait for what is not there: a message, or space in a full ring. */
static int wait_for(int fd, bool send, __u64 timeout_ns)
{
	if (send)
		return raw_sync_send(fd, PAGE, 0, timeout_ns);
	return raw_sync(fd, WAIT_RECV, timeout_ns);
}

/* Look for what would be there, but for the peer. */
static int look(const struct both *p, bool send)
{
	if (send)
		return raw_sync_send(p->fd[0], 0, 0, 0);
	return raw_sync(p->fd[0], WAIT_RECV, 0);
}

/* The peer makes it come: a message, or a ring's worth of space. */
static void serve(struct both *p, bool send)
{
	if (send)
		p->m[1].own->released = PAGE;
	else
		raw_publish(&p->m[1], 0, WORD(0));
}

/* The peer lies, or takes it back. */
static void lie(struct both *p, bool send)
{
	if (send)
		p->m[1].own->released = 8;
	else
		raw_publish(&p->m[1], 0, 1);
}

static void repair(struct both *p, bool send)
{
	if (send)
		p->m[1].own->released = 0;
	else
		raw_publish(&p->m[1], 0, WORD(0));
}

TEST_F(wait, with_timeout_0_is_eagain)
{
	ASSERT_EQ(-EAGAIN, wait_for(self->p.fd[0], variant->send, 0));
}

TEST_F(wait, of_a_nonblocking_endpoint_is_eagain)
{
	ASSERT_EQ(0, fcntl(self->p.fd[0], F_SETFL, O_NONBLOCK));
	ASSERT_EQ(-EAGAIN, wait_for(self->p.fd[0], variant->send,
				    FASTIPC_FOREVER));
}

TEST_F(wait, with_timeout_0_for_what_is_there_is_0)
{
	serve(&self->p, variant->send);
	ASSERT_EQ(0, wait_for(self->p.fd[0], variant->send, 0));
}

TEST_F(wait, forever_for_what_is_there_is_0)
{
	serve(&self->p, variant->send);
	ASSERT_EQ(0, wait_for(self->p.fd[0], variant->send, FASTIPC_FOREVER));
}

TEST_F(wait, of_a_nanosecond_is_etimedout)
{
	ASSERT_EQ(-ETIMEDOUT, wait_for(self->p.fd[0], variant->send, 1));
}

TEST_F(wait, times_out_not_earlier_than_asked)
{
	__u64 begin = now_ns();

	ASSERT_EQ(-ETIMEDOUT, wait_for(self->p.fd[0], variant->send, 50 * MS));
	ASSERT_LE(50 * MS, now_ns() - begin);
}

TEST_F(wait, leaves_nobody_armed)
{
	ASSERT_EQ(-ETIMEDOUT, wait_for(self->p.fd[0], variant->send, MS));
	ASSERT_EQ(0, variant->send ? self->p.m[1].peer->send.want :
				     self->p.m[1].peer->recv.want);
}

static void nothing(int signal)
{
}

/* From now on, a signal every 20 ms: one will find the caller asleep. */
static void signals(int flags)
{
	struct sigaction action = { .sa_handler = nothing, .sa_flags = flags };
	struct itimerval timer = { { 0, 20000 }, { 0, 20000 } };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

TEST_F(wait, forever_ends_with_a_signal_as_eintr)
{
	signals(0);
	ASSERT_EQ(-EINTR, wait_for(self->p.fd[0], variant->send,
				   FASTIPC_FOREVER));
}

/* A restart would wait for as long again. */
TEST_F(wait, with_a_time_ends_with_a_restarting_signal_as_eintr)
{
	signals(SA_RESTART);
	ASSERT_EQ(-EINTR, wait_for(self->p.fd[0], variant->send, 20000 * MS));
}

TEST_F(wait, of_2_63_ns_does_not_wrap)
{
	signals(0);
	ASSERT_EQ(-EINTR, wait_for(self->p.fd[0], variant->send, 1ULL << 63));
}

TEST_F(wait, of_2_64_less_2_ns_does_not_wrap)
{
	signals(0);
	ASSERT_EQ(-EINTR, wait_for(self->p.fd[0], variant->send,
				   FASTIPC_FOREVER - 1));
}

TEST_F(wait, after_own_shutdown_is_epipe)
{
	ASSERT_EQ(0, raw_shutdown(self->p.fd[0],
				  variant->send ? FASTIPC_SHUT_SEND :
						  FASTIPC_SHUT_RECV));
	ASSERT_EQ(-EPIPE, look(&self->p, variant->send));
}

TEST_F(wait, after_the_peers_shutdown_is_epipe)
{
	ASSERT_EQ(0, raw_shutdown(self->p.fd[1],
				  variant->send ? FASTIPC_SHUT_RECV :
						  FASTIPC_SHUT_SEND));
	ASSERT_EQ(-EPIPE, look(&self->p, variant->send));
}

TEST_F(wait, after_shutdown_of_the_other_direction_goes_on)
{
	ASSERT_EQ(0, raw_shutdown(self->p.fd[1],
				  variant->send ? FASTIPC_SHUT_SEND :
						  FASTIPC_SHUT_RECV));
	ASSERT_EQ(-EAGAIN, wait_for(self->p.fd[0], variant->send, 0));
}

TEST_F(wait, after_an_orderly_close_is_epipe)
{
	leave(&self->p, 1, true);
	ASSERT_EQ(-EPIPE, look(&self->p, variant->send));
}

TEST_F(wait, after_the_peer_vanished_is_econnreset)
{
	leave(&self->p, 1, false);
	ASSERT_EQ(-ECONNRESET, look(&self->p, variant->send));
}

TEST_F(wait, forever_after_the_peer_vanished_is_econnreset)
{
	leave(&self->p, 1, false);
	ASSERT_EQ(-ECONNRESET, wait_for(self->p.fd[0], variant->send,
					FASTIPC_FOREVER));
}

TEST_F(wait, of_a_nonblocking_endpoint_after_the_end_is_epipe)
{
	ASSERT_EQ(0, fcntl(self->p.fd[0], F_SETFL, O_NONBLOCK));
	leave(&self->p, 1, true);
	ASSERT_EQ(-EPIPE, wait_for(self->p.fd[0], variant->send, 0));
}

TEST_F(wait, keeps_the_first_reason)
{
	ASSERT_EQ(0, raw_shutdown(self->p.fd[1], FASTIPC_SHUT_RECV |
							 FASTIPC_SHUT_SEND));
	leave(&self->p, 1, false);
	ASSERT_EQ(-EPIPE, look(&self->p, variant->send));
}

TEST_F(wait, shows_the_end_in_the_page)
{
	const struct fastipc_control *own = self->p.m[0].own;

	leave(&self->p, 1, false);
	ASSERT_EQ(ECONNRESET, variant->send ? own->send.ended :
					      own->recv.ended);
}

/* What the page says is a hint, and its owner can overwrite it. */
TEST_F(wait, does_not_believe_ended_in_the_page)
{
	self->p.m[0].own->recv.ended = EPIPE;
	self->p.m[0].own->send.ended = EPIPE;
	ASSERT_EQ(-EAGAIN, wait_for(self->p.fd[0], variant->send, 0));
}

TEST_F(wait, after_a_lie_is_ebadmsg)
{
	lie(&self->p, variant->send);
	ASSERT_EQ(-EBADMSG, look(&self->p, variant->send));
}

TEST_F(wait, forever_after_a_lie_is_ebadmsg)
{
	lie(&self->p, variant->send);
	ASSERT_EQ(-EBADMSG, wait_for(self->p.fd[0], variant->send,
				     FASTIPC_FOREVER));
}

/* Nobody saw it, so nothing was broken. */
TEST_F(wait, after_a_lie_that_was_repaired_unseen_is_0)
{
	lie(&self->p, variant->send);
	repair(&self->p, variant->send);
	ASSERT_EQ(0, look(&self->p, variant->send));
}

TEST_F(wait, after_a_lie_stays_ebadmsg_when_repaired)
{
	lie(&self->p, variant->send);
	ASSERT_EQ(-EBADMSG, look(&self->p, variant->send));
	repair(&self->p, variant->send);
	ASSERT_EQ(-EBADMSG, look(&self->p, variant->send));
}

TEST_F(wait, after_a_lie_stays_ebadmsg_when_the_peer_closed)
{
	lie(&self->p, variant->send);
	ASSERT_EQ(-EBADMSG, look(&self->p, variant->send));
	leave(&self->p, 1, true);
	ASSERT_EQ(-EBADMSG, look(&self->p, variant->send));
}

TEST_F(wait, after_a_lie_stays_ebadmsg_when_the_peer_vanished)
{
	lie(&self->p, variant->send);
	ASSERT_EQ(-EBADMSG, look(&self->p, variant->send));
	leave(&self->p, 1, false);
	ASSERT_EQ(-EBADMSG, look(&self->p, variant->send));
}

TEST_F(wait, after_a_lie_about_the_other_direction_goes_on)
{
	lie(&self->p, !variant->send);
	ASSERT_EQ(-EBADMSG, look(&self->p, !variant->send));
	ASSERT_EQ(-EAGAIN, wait_for(self->p.fd[0], variant->send, 0));
	serve(&self->p, variant->send);
	ASSERT_EQ(0, wait_for(self->p.fd[0], variant->send, 0));
}

TEST_F(wait, of_the_liar_goes_on)
{
	lie(&self->p, variant->send);
	ASSERT_EQ(-EBADMSG, look(&self->p, variant->send));
	ASSERT_EQ(-EAGAIN, raw_sync(self->p.fd[1], WAIT_RECV, 0));
	ASSERT_EQ(0, raw_sync(self->p.fd[1], WAIT_SEND, 0));
}

static short revents(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	poll(&p, 1, 0);
	return p.revents;
}

TEST_F(wait, after_a_lie_that_only_poll_saw_is_0)
{
	lie(&self->p, variant->send);
	revents(self->p.fd[0], POLLIN | POLLOUT);
	repair(&self->p, variant->send);
	ASSERT_EQ(0, look(&self->p, variant->send));
}

TEST_F(wait, after_a_lie_lets_poll_say_pollerr)
{
	ASSERT_EQ(0, revents(self->p.fd[0], POLLIN) & POLLERR);
	lie(&self->p, variant->send);
	ASSERT_EQ(-EBADMSG, look(&self->p, variant->send));
	ASSERT_EQ(POLLERR, revents(self->p.fd[0], POLLIN) & POLLERR);
}

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
	ASSERT_EQ(0, both_open(&self->p));
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
	ASSERT_EQ(0, both_open(&self->p));
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

/* Rights ------------------------------------------------------------------- */

#define RECV FASTIPC_MAY_RECV
#define SEND FASTIPC_MAY_SEND

FIXTURE(rights)
{
	int fd[2];	/* fd[0] is the one looked at */
};

FIXTURE_VARIANT(rights)
{
	int mode;
	__u32 may;
	bool by_peer;	/* made by PEER, of an end that may everything */
};

FIXTURE_VARIANT_ADD(rights, device_rdonly) { O_RDONLY, RECV, false };
FIXTURE_VARIANT_ADD(rights, device_wronly) { O_WRONLY, SEND, false };
FIXTURE_VARIANT_ADD(rights, device_rdwr) { O_RDWR, RECV | SEND, false };
FIXTURE_VARIANT_ADD(rights, peer_rdonly) { O_RDONLY, RECV, true };
FIXTURE_VARIANT_ADD(rights, peer_wronly) { O_WRONLY, SEND, true };
FIXTURE_VARIANT_ADD(rights, peer_rdwr) { O_RDWR, RECV | SEND, true };

FIXTURE_SETUP(rights)
{
	self->fd[1] = -1;
	if (variant->by_peer) {
		self->fd[1] = raw_open(O_RDWR);
		ASSERT_EQ(0, raw_setup(self->fd[1], PAGE, 0));
		self->fd[0] = raw_peer(self->fd[1], variant->mode);
		ASSERT_LE(0, self->fd[0]);
	} else {
		self->fd[0] = raw_open(variant->mode);
		ASSERT_EQ(0, raw_setup(self->fd[0], PAGE, 0));
	}
}

FIXTURE_TEARDOWN(rights)
{
	close(self->fd[0]);
	close(self->fd[1]);
}

/* -EBADF without the right, else @ret. */
static int with(__u32 right, __u32 may, int ret)
{
	return may & right ? ret : -EBADF;
}

TEST_F(rights, are_what_info_says)
{
	struct fastipc_info info;

	ASSERT_EQ(0, raw_info(self->fd[0], &info));
	ASSERT_EQ(variant->may, info.rights);
}

TEST_F(rights, are_the_access_mode)
{
	ASSERT_EQ(variant->mode, fcntl(self->fd[0], F_GETFL) & O_ACCMODE);
}

TEST_F(rights, wait_recv_is_ebadf_without_may_recv)
{
	ASSERT_EQ(with(RECV, variant->may, -EAGAIN),
		  raw_sync(self->fd[0], WAIT_RECV, 0));
}

TEST_F(rights, wake_send_is_ebadf_without_may_recv)
{
	ASSERT_EQ(with(RECV, variant->may, 0),
		  raw_sync(self->fd[0], WAKE_SEND, 0));
}

TEST_F(rights, wait_send_is_ebadf_without_may_send)
{
	ASSERT_EQ(with(SEND, variant->may, 0),
		  raw_sync(self->fd[0], WAIT_SEND, 0));
}

TEST_F(rights, wake_recv_is_ebadf_without_may_send)
{
	ASSERT_EQ(with(SEND, variant->may, 0),
		  raw_sync(self->fd[0], WAKE_RECV, 0));
}

TEST_F(rights, both_wakes_are_ebadf_without_either)
{
	ASSERT_EQ(variant->mode == O_RDWR ? 0 : -EBADF,
		  raw_sync(self->fd[0], WAKE_RECV | WAKE_SEND, 0));
}

TEST_F(rights, shut_recv_is_ebadf_without_may_recv)
{
	ASSERT_EQ(with(RECV, variant->may, 0),
		  raw_shutdown(self->fd[0], FASTIPC_SHUT_RECV));
}

TEST_F(rights, shut_send_is_ebadf_without_may_send)
{
	ASSERT_EQ(with(SEND, variant->may, 0),
		  raw_shutdown(self->fd[0], FASTIPC_SHUT_SEND));
}

TEST_F(rights, shut_on_close_needs_no_right)
{
	ASSERT_EQ(0, raw_shutdown(self->fd[0], FASTIPC_SHUT_ON_CLOSE));
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
