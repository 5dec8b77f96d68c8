// SPDX-License-Identifier: GPL-2.0-only
/*
 * Going on at an end that somebody else had.  See pair_successor.h.
 */
#include "consume.h"
#include "pair_successor.h"
#include "produce.h"

/* Might somebody write the pages of an end without a map? */
static bool pair_pinned(struct fastipc_endpoint *endpoint)
{
	struct pair_end *self = self_of(endpoint);

	return fastipc_region_pinned(&self->control_region) ||
	       (!pair_is_sealed(endpoint) &&
		fastipc_region_pinned(&self->ring.data));
}

/*
 * The words that are the kernel's, in the control page of an end that a process
 * had mapped: whatever that one wrote there, from here on they are true.
 */
static void pair_restate(struct fastipc_endpoint *endpoint)
{
	struct pair_end *self = self_of(endpoint);
	struct fastipc_control *control = self->control;

	fastipc_wait_restate(&endpoint->wait[FASTIPC_RECEIVING]);
	fastipc_wait_restate(&endpoint->wait[FASTIPC_SENDING]);
	spin_lock(&pair_of(endpoint)->lock);
	fastipc_ring_end_again(&control->recv, &self->ended[FASTIPC_RECEIVING]);
	fastipc_ring_end_again(&control->send, &self->ended[FASTIPC_SENDING]);
	spin_unlock(&pair_of(endpoint)->lock);
	pair_wake(self, FASTIPC_RECEIVING, false);
	pair_wake(self, FASTIPC_SENDING, false);
}

/* A process goes on where another stopped, if it can: 0, or why not. */
int pair_inherit(struct fastipc_endpoint *endpoint)
{
	struct fastipc_ring *ring = &other_of(endpoint)->ring;
	struct pair_end *self = self_of(endpoint);
	u64 taken;
	int ret;

	if (pair_pinned(endpoint))
		return -EBUSY;
	pair_restate(endpoint);
	/* In a direct pair its own library looks at the positions. */
	if (!pair_is_sealed(endpoint))
		return 0;
	ret = fastipc_ring_sent_again(&self->ring, self->control) ?:
		      fastipc_ring_consume_check(ring, self->control, &taken);
	if (ret == -EBADMSG)
		pair_poison(endpoint, FASTIPC_RECEIVING, taken);
	return ret;
}

/* A process had the end mapped: go on where it stopped, if that can be. */
int pair_produce_succeed(struct fastipc_endpoint *endpoint, u64 era)
{
	struct fastipc_ring *ring = &self_of(endpoint)->ring;
	int ret;

	if (pair_pinned(endpoint))
		return -EBUSY;
	ret = fastipc_ring_produce_resume(ring, self_of(endpoint)->control);
	if (ret == -EBADMSG)
		pair_poison(endpoint, FASTIPC_SENDING, ring->position);
	if (!ret)
		WRITE_ONCE(ring->produced_era, era);
	return ret;
}

/* The same for receiving. */
int pair_consume_succeed(struct fastipc_endpoint *endpoint, u64 era)
{
	struct fastipc_ring *ring = &other_of(endpoint)->ring;
	int ret;

	if (pair_pinned(endpoint))
		return -EBUSY;
	ret = fastipc_ring_consume_resume(ring, self_of(endpoint)->control);
	if (ret == -EBADMSG)
		pair_poison(endpoint, FASTIPC_RECEIVING, ring->taken);
	if (ret)
		return ret;
	WRITE_ONCE(ring->consumed_era, era);
	return 0;
}

/*
 * With channel->lock: nobody else is producing there, or will be meanwhile.  What somebody
 * left who may not do it counts for nothing, here and below.
 */
static int pair_produce_again(struct pair_end *end,
			      const struct fastipc_endpoint *former)
{
	struct fastipc_ring *ring = &end->ring;

	if (former->rights & FMODE_WRITE &&
	    !(former->channel->flags & FASTIPC_SEALED) &&
	    former->era != ring->produced_era)
		return fastipc_ring_produce_resume(ring, end->control);
	fastipc_ring_withdraw(ring);
	return 0;
}

/* How far an end has sent; if the kernel does not know, as it says. */
static u64 pair_sent(const struct fastipc_channel *channel,
		     struct pair_end *end)
{
	const struct fastipc_endpoint *endpoint = endpoint_locked(channel, end);
	u64 sent = fastipc_ring_shown(&end->ring);

	if (!endpoint || channel->flags & FASTIPC_SEALED ||
	    READ_ONCE(endpoint->era) == READ_ONCE(end->ring.produced_era))
		return sent;
	sent = fastipc_ring_sent(end->control);
	return IS_ALIGNED(sent, FASTIPC_ALIGN) ? sent : 0;
}

/* The same for receiving; filled in: where that goes on, and what was seen. */
static int pair_consume_again(struct pair_end *end,
			      const struct fastipc_endpoint *former,
			      u64 *released, u64 *seen)
{
	struct fastipc_ring *ring = &end->other->ring;
	u64 sent = pair_sent(former->channel, end->other);
	int ret = 0;

	/* If the kernel did it: what was received had been given back. */
	*released = ring->taken;
	*seen = 0;
	if (former->rights & FMODE_READ && former->era != ring->consumed_era)
		ret = fastipc_ring_consume_again(ring, end->control, sent,
						 released, seen);
	/* Somebody before that one may have seen more. */
	*seen = max(*seen, ring->seen);
	return ret;
}

/*
 * What these directions suffered from is gone, or will be found again; a ring that a dead
 * process filled with nonsense is still there.
 */
static void pair_heal(struct pair_end *end)
{
	WRITE_ONCE(end->poisoned[FASTIPC_RECEIVING], false);
	WRITE_ONCE(end->poisoned[FASTIPC_SENDING], false);
	WRITE_ONCE(end->other->poisoned[FASTIPC_SENDING], false);
}

/**
 * pair_take_over() - another endpoint is going to be an end whose own was closed
 * @end: of a channel with FASTIPC_KEEP, whose lock is held
 * @successor: who
 *
 * Whoever was there may have its control page pinned, to write it whenever it likes: so
 * the successor gets a fresh one, and the peer sees that and no other, before anybody can
 * sleep there.  For the same reason it must not send through a direct ring that another
 * user could write.
 *
 * Return: 0; -EPERM: another user could; -EBADMSG: where it sent is nonsense; -ENOMEM;
 * -EINTR: the caller is being killed.
 */
int pair_take_over(struct pair_end *end, struct fastipc_endpoint *successor)
{
	struct fastipc_channel *channel = successor->channel;
	struct fastipc_endpoint *former = endpoint_locked(channel, end);
	struct fastipc_ring *reads = &end->other->ring;
	struct pair *pair = channel->state;
	const struct pair_lives *lives = lives_of(pair, end);
	struct fastipc_endpoint *peer;
	struct fastipc_region fresh;
	struct fastipc_control *control;
	u64 released, seen;
	int ret;

	if (lives->was_mapped &&
	    (lives->many || !uid_eq(lives->mapper, successor->uid)))
		return -EPERM;
	ret = pair_produce_again(end, former) ?:
		      pair_consume_again(end, former, &released, &seen);
	if (ret)
		return ret;
	ret = fastipc_region_alloc(&fresh, PAGE_SIZE);
	if (ret)
		return ret;
	control = fastipc_region_at(&fresh, 0);
	fastipc_ring_control(control, fastipc_ring_shown(&end->ring), released,
			     seen);
	/* It was never a consumer, nor producer, of these rings. */
	end->ring.produced_era = successor->era;
	reads->consumed_era = successor->era;
	reads->taken = released;
	reads->seen = seen;
	reads->last = 0;

	spin_lock(&pair->lock);
	fastipc_ring_end_again(&control->recv, &end->ended[FASTIPC_RECEIVING]);
	fastipc_ring_end_again(&control->send, &end->ended[FASTIPC_SENDING]);
	spin_lock(&reads->lock);
	end->control = control;
	reads->consumer = control;
	spin_unlock(&reads->lock);
	spin_unlock(&pair->lock);
	fastipc_region_replace(&end->control_region, &fresh, channel->mapping,
			       (u64)PAIR_PEER_CONTROL << PAIR_AREA_SHIFT);
	/*
	 * What the peer published, while it saw the old page, is seen here; where that
	 * page is taken out of a processor without an interrupt this does it.  Model:
	 * tests/model/takeover.pml, NO_BARRIER, BARRIER_FIRST.
	 */
	peer = endpoint_locked(channel, end->other);
	if (peer)
		fastipc_endpoint_barrier(peer);
	pair_heal(end);
	return 0;
}
