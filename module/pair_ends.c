// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who is at the ends of a pair, and how they end.  See pair_ends.h.
 */
#include "pair_ends.h"
#include "pair_send.h"
#include "pair_successor.h"
#include "trace.h"

static struct fastipc_waitline *line_of(struct pair_end *end,
					enum fastipc_direction direction)
{
	return direction == FASTIPC_RECEIVING ? &end->control->recv :
						&end->control->send;
}

/* End a direction of an end, whether or not somebody is attached there. */
static void pair_end_direction(struct fastipc_channel *channel,
			       struct pair_end *end,
			       enum fastipc_direction direction, int error)
{
	struct pair *pair = channel->state;

	spin_lock(&pair->lock);
	if (!end->ended[direction]) { /* the first reason stays */
		trace_fastipc_ended(channel->id, end - pair->end, direction,
				    error);
		fastipc_ring_end(line_of(end, direction),
				 &end->ended[direction], error);
	}
	spin_unlock(&pair->lock);
	pair_wake(end, direction, true);
}

/* An end is over if both its directions are: 0, or the errno. */
static int pair_end_over(const struct pair_end *end)
{
	if (!end->ended[FASTIPC_RECEIVING] || !end->ended[FASTIPC_SENDING])
		return 0;
	return -end->ended[FASTIPC_RECEIVING];
}

static bool pair_calms(const struct fastipc_endpoint *endpoint)
{
	return !(endpoint->channel->flags & FASTIPC_FENCED);
}

/* May an endpoint become this end?  0, or why not; with channel->lock. */
static int pair_end_free(const struct fastipc_channel *channel,
			 const struct pair_end *end)
{
	if (!endpoint_locked(channel, end))
		return 0;
	/* Pairs with pair_detach(). */
	if (!smp_load_acquire(&end->closed))
		return -EBUSY;
	return pair_keeps(channel) ? pair_end_over(end) :
				     -READ_ONCE(end->closed);
}

/* Would one of the two rings have a sender and a receiver, as far as one can tell? */
static bool pair_suits(const struct fastipc_channel *channel,
		       const struct pair_end *end, fmode_t rights)
{
	const struct fastipc_endpoint *peer =
		endpoint_locked(channel, end->other);

	if (!pair_end_taken(channel, end->other))
		return true;
	return (rights & FMODE_WRITE && peer->rights & FMODE_READ) ||
	       (rights & FMODE_READ && peer->rights & FMODE_WRITE);
}

/*
 * Any end: so that what one program writes another one reads, if both know nothing of
 * ends.  Its number, or why there is none.
 */
static int pair_any(const struct fastipc_endpoint *endpoint)
{
	const struct pair_end *ends = pair_of(endpoint)->end;
	int first = !(endpoint->rights & FMODE_WRITE);
	int ret = pair_end_free(endpoint->channel, &ends[first]);

	if (!ret &&
	    pair_suits(endpoint->channel, &ends[first], endpoint->rights))
		return first;
	if (!pair_end_free(endpoint->channel, &ends[!first]) &&
	    pair_suits(endpoint->channel, &ends[!first], endpoint->rights))
		return !first;
	return ret ?: -EBUSY;
}

/* Which end an endpoint of a name is to be: its number, or why it cannot be. */
static int pair_choose(const struct fastipc_endpoint *endpoint, int number)
{
	if (!(endpoint->rights & (FMODE_READ | FMODE_WRITE)))
		return -EBADF;
	return number == FASTIPC_END_ANY ? pair_any(endpoint) : number;
}

static void pair_occupy(struct fastipc_endpoint *endpoint, struct pair_end *end)
{
	struct pair *pair = pair_of(endpoint);
	struct fastipc_endpoint *former;
	unsigned int i;

	endpoint->end = end - pair->end;
	for (i = FASTIPC_RECEIVING; i <= FASTIPC_SENDING; i++)
		fastipc_wait_bind(&endpoint->wait[i], line_of(end, i),
				  &endpoint->channel->stats,
				  endpoint->channel->id, endpoint->end, i,
				  pair_calms(endpoint) ? endpoint->user : NULL);
	endpoint->stamp_uid = from_kuid_munged(pair->user_ns, endpoint->uid);
	endpoint->stamp_gid = from_kgid_munged(pair->user_ns, endpoint->gid);
	fastipc_endpoint_get(endpoint);

	spin_lock(&pair->lock);
	former = endpoint_locked(endpoint->channel, end);
	/* Pairs with endpoint_of(): who sees the endpoint may use it. */
	rcu_assign_pointer(end->endpoint, endpoint);
	WRITE_ONCE(end->closed, 0);
	WRITE_ONCE(end->other->news,
		   pair_end_taken(endpoint->channel, end->other));
	spin_unlock(&pair->lock);
	if (former) {
		lives_of(pair, end)->former = former;
		lives_of(pair, end)->former_gone = get_state_synchronize_rcu();
	}
	/* Pairs with fastipc_endpoint_is_attached(). */
	smp_store_release(&endpoint->side, end);
}

/* Drop the last but one of an end's endpoints, once nobody can look at it any more. */
void pair_forget(struct pair_lives *lives)
{
	if (!lives->former)
		return;
	cond_synchronize_rcu(lives->former_gone);
	fastipc_endpoint_put(lives->former);
	lives->former = NULL;
}

int pair_attach(struct fastipc_endpoint *endpoint, int number)
{
	struct fastipc_channel *channel = endpoint->channel;
	struct pair_end *end = endpoint->side;
	int ret;

	if (end) {
		if (number != FASTIPC_END_ANY && number != endpoint->end)
			return -EINVAL;
		return pair_end_over(end);
	}
	if (channel->mapping)
		number = pair_choose(endpoint, number);
	if (number < 0)
		return number;
	end = &pair_of(endpoint)->end[number];
	ret = pair_end_free(channel, end);
	if (ret)
		return ret;
	if (endpoint_locked(channel, end)) {
		pair_forget(lives_of(pair_of(endpoint), end));
		ret = pair_take_over(end, endpoint);
	}
	if (ret)
		return ret;
	pair_occupy(endpoint, end);
	/* Who polled it before looks again: until now there was nothing to see. */
	pair_wake(end, FASTIPC_RECEIVING, true);
	pair_wake(end, FASTIPC_SENDING, true);
	pair_wake(end->other, FASTIPC_RECEIVING, true);
	return 0;
}

/* Who could send through a map, and might do so still, through a pin. */
static void pair_remember(struct pair_lives *lives,
			  const struct fastipc_endpoint *endpoint)
{
	if (endpoint->map_many ||
	    (lives->was_mapped && !uid_eq(lives->mapper, endpoint->map_uid)))
		lives->many = true;
	lives->was_mapped = true;
	lives->mapper = endpoint->map_uid;
}

void pair_detach(struct fastipc_endpoint *endpoint)
{
	struct fastipc_channel *channel = endpoint->channel;
	struct pair_end *self = self_of(endpoint), *other = self->other;
	int error = endpoint->orderly ? EPIPE : ECONNRESET;

	/* A successor's pages are others. */
	fastipc_wait_unbind(&endpoint->wait[FASTIPC_RECEIVING]);
	fastipc_wait_unbind(&endpoint->wait[FASTIPC_SENDING]);
	if (pair_keeps(channel) && endpoint->mapper &&
	    endpoint->rights & FMODE_WRITE && !pair_is_sealed(endpoint)) {
		pair_remember(lives_of(pair_of(endpoint), self), endpoint);
	}
	spin_lock(&pair_of(endpoint)->lock);
	/* Pairs with whoever succeeds: all of the above is seen. */
	smp_store_release(&self->closed, error);
	WRITE_ONCE(other->news, true);
	spin_unlock(&pair_of(endpoint)->lock);
	if (pair_keeps(channel)) {
		pair_wake(other, FASTIPC_RECEIVING, true);
		return;
	}
	/* In this order: who was told by receiving finds the same by sending. */
	pair_end_direction(channel, other, FASTIPC_SENDING, error);
	pair_end_direction(channel, other, FASTIPC_RECEIVING, error);
}

int pair_shutdown(struct fastipc_endpoint *endpoint, u32 how)
{
	struct fastipc_channel *channel = endpoint->channel;
	struct pair_end *self = self_of(endpoint);
	struct pair_end *other = other_of(endpoint);

	/*
	 * Always the sender's side first: a receiver that sees the end reads one
	 * ring more at the most, and what is sent later could go beyond that.
	 */
	if (how & FASTIPC_SHUT_SEND) {
		pair_end_direction(channel, self, FASTIPC_SENDING, EPIPE);
		pair_flush_last(endpoint);
		pair_end_direction(channel, other, FASTIPC_RECEIVING, EPIPE);
	}
	if (how & FASTIPC_SHUT_RECV) {
		pair_end_direction(channel, other, FASTIPC_SENDING, EPIPE);
		pair_end_direction(channel, self, FASTIPC_RECEIVING, EPIPE);
	}
	return 0;
}
