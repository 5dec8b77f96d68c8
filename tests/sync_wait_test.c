// SPDX-License-Identifier: GPL-2.0-only
/*
 * What SYNC says to who waits for a message or for space, by raw calls, in
 * direct and in sealed pairs: nothing there, time-outs, signals, how a direction
 * ends, and what a peer that broke the rules leaves behind.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"
#include "both.h"

#define PAGE 4096
#define WAIT_RECV FASTIPC_SYNC_WAIT_RECV
#define WAIT_SEND FASTIPC_SYNC_WAIT_SEND
#define WORD(len) (FASTIPC_WORD_COMMIT | (len))
#define MS 1000000ULL

/* End 0 waits in both directions, end 1 serves it or lies. */
struct waiting {
	struct both p;
	bool sealed;
	bool filled; /* sealed: the ring of end 0 */
};

static int waiting_open(struct waiting *w, __u32 flags)
{
	w->sealed = flags & FASTIPC_SEALED;
	w->filled = false;
	return both_open(&w->p, flags);
}

/* A direct ring is full if its producer says so, a sealed one if it is. */
static void fill_once(struct waiting *w)
{
	if (w->sealed && !w->filled)
		fill_ring(w->p.fd[0]);
	w->filled = true;
}

/* Wait for what is not there: a message, or space in a full ring. */
static int wait_for(struct waiting *w, bool send, __u64 timeout_ns)
{
	if (!send)
		return raw_sync(w->p.fd[0], WAIT_RECV, timeout_ns);
	fill_once(w);
	return raw_sync_send(w->p.fd[0], w->sealed ? 0 : PAGE, 0, timeout_ns);
}

/* Look for what would be there, but for the peer. */
static int look(struct waiting *w, bool send)
{
	if (send)
		return raw_sync_send(w->p.fd[0], 0, 0, 0);
	return raw_sync(w->p.fd[0], WAIT_RECV, 0);
}

/* The peer makes it come: a message, or a ring's worth of space. */
static bool serve(struct waiting *w, bool send)
{
	struct fastipc_stat stat;

	if (!send && w->sealed)
		return raw_send(w->p.fd[1], NULL, 0, 0) == 1;
	if (!send) {
		raw_publish(&w->p.m[1], 0, WORD(0));
		return true;
	}
	fill_once(w);
	if (raw_stat(w->p.fd[0], &stat))
		return false;
	w->p.m[1].own->released = w->sealed ? stat.sent : PAGE;
	return true;
}

FIXTURE(wait)
{
	struct waiting w;
};

FIXTURE_VARIANT(wait)
{
	__u32 flags;
	bool send;
};

FIXTURE_VARIANT_ADD(wait, recv) { 0, false };
FIXTURE_VARIANT_ADD(wait, send) { 0, true };
FIXTURE_VARIANT_ADD(wait, sealed_recv) { FASTIPC_SEALED, false };
FIXTURE_VARIANT_ADD(wait, sealed_send) { FASTIPC_SEALED, true };

FIXTURE_SETUP(wait)
{
	ASSERT_EQ(0, waiting_open(&self->w, variant->flags));
}

FIXTURE_TEARDOWN(wait)
{
	both_close(&self->w.p);
}

TEST_F(wait, with_timeout_0_is_eagain)
{
	ASSERT_EQ(-EAGAIN, wait_for(&self->w, variant->send, 0));
}

TEST_F(wait, of_a_nonblocking_endpoint_is_eagain)
{
	ASSERT_EQ(0, fcntl(self->w.p.fd[0], F_SETFL, O_NONBLOCK));
	ASSERT_EQ(-EAGAIN, wait_for(&self->w, variant->send,
				    FASTIPC_FOREVER));
}

TEST_F(wait, with_timeout_0_for_what_is_there_is_0)
{
	ASSERT_TRUE(serve(&self->w, variant->send));
	ASSERT_EQ(0, wait_for(&self->w, variant->send, 0));
}

TEST_F(wait, forever_for_what_is_there_is_0)
{
	ASSERT_TRUE(serve(&self->w, variant->send));
	ASSERT_EQ(0, wait_for(&self->w, variant->send, FASTIPC_FOREVER));
}

TEST_F(wait, of_a_nanosecond_is_etimedout)
{
	ASSERT_EQ(-ETIMEDOUT, wait_for(&self->w, variant->send, 1));
}

TEST_F(wait, times_out_not_earlier_than_asked)
{
	__u64 begin = now_ns();

	ASSERT_EQ(-ETIMEDOUT, wait_for(&self->w, variant->send, 50 * MS));
	ASSERT_LE(50 * MS, now_ns() - begin);
}

TEST_F(wait, leaves_nobody_armed)
{
	ASSERT_EQ(-ETIMEDOUT, wait_for(&self->w, variant->send, MS));
	ASSERT_EQ(0, variant->send ? self->w.p.m[1].peer->send.want :
				     self->w.p.m[1].peer->recv.want);
}

TEST_F(wait, forever_ends_with_a_signal_as_eintr)
{
	signals_begin(0);
	ASSERT_EQ(-EINTR, wait_for(&self->w, variant->send,
				   FASTIPC_FOREVER));
}

/* A restart would wait for as long again. */
TEST_F(wait, with_a_time_ends_with_a_restarting_signal_as_eintr)
{
	signals_begin(SA_RESTART);
	ASSERT_EQ(-EINTR, wait_for(&self->w, variant->send, 20000 * MS));
}

TEST_F(wait, of_2_63_ns_does_not_wrap)
{
	signals_begin(0);
	ASSERT_EQ(-EINTR, wait_for(&self->w, variant->send, 1ULL << 63));
}

TEST_F(wait, of_2_64_less_2_ns_does_not_wrap)
{
	signals_begin(0);
	ASSERT_EQ(-EINTR, wait_for(&self->w, variant->send,
				   FASTIPC_FOREVER - 1));
}

TEST_F(wait, after_own_shutdown_is_epipe)
{
	ASSERT_EQ(0, raw_shutdown(self->w.p.fd[0],
				  variant->send ? FASTIPC_SHUT_SEND :
						  FASTIPC_SHUT_RECV));
	ASSERT_EQ(-EPIPE, look(&self->w, variant->send));
}

TEST_F(wait, after_the_peers_shutdown_is_epipe)
{
	ASSERT_EQ(0, raw_shutdown(self->w.p.fd[1],
				  variant->send ? FASTIPC_SHUT_RECV :
						  FASTIPC_SHUT_SEND));
	ASSERT_EQ(-EPIPE, look(&self->w, variant->send));
}

TEST_F(wait, after_shutdown_of_the_other_direction_goes_on)
{
	ASSERT_EQ(0, raw_shutdown(self->w.p.fd[1],
				  variant->send ? FASTIPC_SHUT_SEND :
						  FASTIPC_SHUT_RECV));
	ASSERT_EQ(-EAGAIN, wait_for(&self->w, variant->send, 0));
}

TEST_F(wait, after_an_orderly_close_is_epipe)
{
	leave(&self->w.p, 1, true);
	ASSERT_EQ(-EPIPE, look(&self->w, variant->send));
}

TEST_F(wait, after_the_peer_vanished_is_econnreset)
{
	leave(&self->w.p, 1, false);
	ASSERT_EQ(-ECONNRESET, look(&self->w, variant->send));
}

TEST_F(wait, forever_after_the_peer_vanished_is_econnreset)
{
	leave(&self->w.p, 1, false);
	ASSERT_EQ(-ECONNRESET, wait_for(&self->w, variant->send,
					FASTIPC_FOREVER));
}

TEST_F(wait, of_a_nonblocking_endpoint_after_the_end_is_epipe)
{
	ASSERT_EQ(0, fcntl(self->w.p.fd[0], F_SETFL, O_NONBLOCK));
	leave(&self->w.p, 1, true);
	ASSERT_EQ(-EPIPE, wait_for(&self->w, variant->send, 0));
}

TEST_F(wait, keeps_the_first_reason)
{
	ASSERT_EQ(0, raw_shutdown(self->w.p.fd[1], FASTIPC_SHUT_RECV |
							 FASTIPC_SHUT_SEND));
	leave(&self->w.p, 1, false);
	ASSERT_EQ(-EPIPE, look(&self->w, variant->send));
}

TEST_F(wait, shows_the_end_in_the_page)
{
	const struct fastipc_control *own = self->w.p.m[0].own;

	leave(&self->w.p, 1, false);
	ASSERT_EQ(ECONNRESET, variant->send ? own->send.ended :
					      own->recv.ended);
}

/* What the page says is a hint, and its owner can overwrite it. */
TEST_F(wait, does_not_believe_ended_in_the_page)
{
	self->w.p.m[0].own->recv.ended = EPIPE;
	self->w.p.m[0].own->send.ended = EPIPE;
	ASSERT_EQ(-EAGAIN, wait_for(&self->w, variant->send, 0));
}

/* A peer that lies -------------------------------------------------------- */

/* In a sealed pair about space alone: it cannot write a ring. */
FIXTURE(lie)
{
	struct waiting w;
};

FIXTURE_VARIANT(lie)
{
	__u32 flags;
	bool send; /* about space, to who sends; else about a message */
};

FIXTURE_VARIANT_ADD(lie, recv) { 0, false };
FIXTURE_VARIANT_ADD(lie, send) { 0, true };
FIXTURE_VARIANT_ADD(lie, sealed_send) { FASTIPC_SEALED, true };

FIXTURE_SETUP(lie)
{
	ASSERT_EQ(0, waiting_open(&self->w, variant->flags));
}

FIXTURE_TEARDOWN(lie)
{
	both_close(&self->w.p);
}

/* The peer lies, or takes it back. */
static void lie(struct waiting *w, bool send)
{
	if (send)
		w->p.m[1].own->released = 8;
	else
		raw_publish(&w->p.m[1], 0, 1);
}

static void repair(struct waiting *w, bool send)
{
	if (send)
		w->p.m[1].own->released = 0;
	else
		raw_publish(&w->p.m[1], 0, WORD(0));
}

TEST_F(lie, is_ebadmsg)
{
	lie(&self->w, variant->send);
	ASSERT_EQ(-EBADMSG, look(&self->w, variant->send));
}

TEST_F(lie, is_ebadmsg_to_who_would_wait_forever)
{
	lie(&self->w, variant->send);
	ASSERT_EQ(-EBADMSG, wait_for(&self->w, variant->send, FASTIPC_FOREVER));
}

/* Nobody saw it, so nothing was broken. */
TEST_F(lie, that_was_repaired_unseen_is_none)
{
	lie(&self->w, variant->send);
	repair(&self->w, variant->send);
	ASSERT_EQ(0, look(&self->w, variant->send));
}

TEST_F(lie, stays_ebadmsg_when_repaired)
{
	lie(&self->w, variant->send);
	ASSERT_EQ(-EBADMSG, look(&self->w, variant->send));
	repair(&self->w, variant->send);
	ASSERT_EQ(-EBADMSG, look(&self->w, variant->send));
}

TEST_F(lie, stays_ebadmsg_when_the_peer_closed)
{
	lie(&self->w, variant->send);
	ASSERT_EQ(-EBADMSG, look(&self->w, variant->send));
	leave(&self->w.p, 1, true);
	ASSERT_EQ(-EBADMSG, look(&self->w, variant->send));
}

TEST_F(lie, stays_ebadmsg_when_the_peer_vanished)
{
	lie(&self->w, variant->send);
	ASSERT_EQ(-EBADMSG, look(&self->w, variant->send));
	leave(&self->w.p, 1, false);
	ASSERT_EQ(-EBADMSG, look(&self->w, variant->send));
}

TEST_F(lie, leaves_the_other_direction)
{
	lie(&self->w, variant->send);
	ASSERT_EQ(-EBADMSG, look(&self->w, variant->send));
	ASSERT_EQ(-EAGAIN, wait_for(&self->w, !variant->send, 0));
	ASSERT_TRUE(serve(&self->w, !variant->send));
	ASSERT_EQ(0, wait_for(&self->w, !variant->send, 0));
}

TEST_F(lie, leaves_the_liar)
{
	lie(&self->w, variant->send);
	ASSERT_EQ(-EBADMSG, look(&self->w, variant->send));
	ASSERT_EQ(-EAGAIN, raw_sync(self->w.p.fd[1], WAIT_RECV, 0));
	ASSERT_EQ(0, raw_sync(self->w.p.fd[1], WAIT_SEND, 0));
}

static short revents(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	poll(&p, 1, 0);
	return p.revents;
}

TEST_F(lie, that_only_poll_saw_is_none)
{
	lie(&self->w, variant->send);
	revents(self->w.p.fd[0], POLLIN | POLLOUT);
	repair(&self->w, variant->send);
	ASSERT_EQ(0, look(&self->w, variant->send));
}

TEST_F(lie, lets_poll_say_pollerr)
{
	ASSERT_EQ(0, revents(self->w.p.fd[0], POLLIN) & POLLERR);
	lie(&self->w, variant->send);
	ASSERT_EQ(-EBADMSG, look(&self->w, variant->send));
	ASSERT_EQ(POLLERR, revents(self->w.p.fd[0], POLLIN) & POLLERR);
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
