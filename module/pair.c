// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kind "pair".  See pair.h.
 */
#include <linux/log2.h>
#include <linux/slab.h>

#include "pair.h"
#include "ring.h"
#include "trace.h"

/* Offsets for mmap(2): the number of an area, and nothing but zeroes below. */
#define AREA_SHIFT 40
enum { AREA_OWN_CONTROL, AREA_PEER_CONTROL, AREA_SEND_RING, AREA_RECV_RING };

/**
 * struct pair_end - one end, whether or not it has an endpoint
 * @ring: what it sends; the peer's is what it receives
 * @control_region: its control page
 * @control: the kernel's address of that
 * @endpoint: who it is; set once, and kept until the channel is freed
 * @closed: 0, or the errno that the close of its file means to the peer
 * @ended: 0, or the errno of a direction, by enum fastipc_direction
 * @poisoned: the peer broke the rules of a direction
 */
struct pair_end {
	struct fastipc_ring ring;
	struct fastipc_region control_region;
	struct fastipc_control *control;
	struct fastipc_endpoint *endpoint;
	int closed;
	int ended[2];
	bool poisoned[2];
};

/**
 * struct pair - the state of a channel of this kind
 * @lock: guards endpoint and ended of both ends against change; they are
 *	read without
 * @syncs: calls of FASTIPC_SYNC
 * @end: both
 */
struct pair {
	spinlock_t lock; /* endpoint and ended of both ends */
	atomic64_t syncs;
	struct pair_end end[2];
};

static struct pair *pair_of(const struct fastipc_endpoint *endpoint)
{
	return endpoint->channel->state;
}

static struct pair_end *self_of(const struct fastipc_endpoint *endpoint)
{
	return &pair_of(endpoint)->end[endpoint->end];
}

static struct pair_end *other_of(const struct fastipc_endpoint *endpoint)
{
	return &pair_of(endpoint)->end[!endpoint->end];
}

static struct fastipc_waitline *line_of(struct pair_end *end,
					enum fastipc_direction direction)
{
	return direction == FASTIPC_RECV ? &end->control->recv :
					   &end->control->send;
}

/* Who an end is, or NULL. */
static struct fastipc_endpoint *endpoint_of(const struct pair_end *end)
{
	/* Pairs with the store-release in pair_attach(). */
	return smp_load_acquire(&end->endpoint);
}

static void pair_free(struct fastipc_channel *channel)
{
	struct pair *pair = channel->state;
	int i;

	for (i = 0; i < 2; i++) {
		if (pair->end[i].endpoint)
			fastipc_endpoint_put(pair->end[i].endpoint);
		fastipc_ring_free(&pair->end[i].ring);
		fastipc_region_free(&pair->end[i].control_region);
	}
	kfree(pair);
}

static int pair_end_alloc(struct pair_end *end, u64 ring_bytes, u64 max_message)
{
	int ret;

	ret = fastipc_region_alloc(&end->control_region, PAGE_SIZE);
	if (ret)
		return ret;
	end->control = fastipc_region_at(&end->control_region, 0);
	return fastipc_ring_alloc(&end->ring, ring_bytes, max_message);
}

static int pair_setup(struct fastipc_channel *channel,
		      const struct fastipc_setup *setup)
{
	u64 bytes = setup->ring_bytes ?: FASTIPC_RING_DEFAULT;
	u64 max = setup->max_message;
	struct pair *pair;
	int ret, i;

	if (!is_power_of_2(bytes) || bytes < PAGE_SIZE ||
	    bytes > FASTIPC_RING_MAX)
		return -EINVAL;
	if (!max)
		max = bytes / 4 - sizeof(struct fastipc_record);
	if (max > bytes / 4 - sizeof(struct fastipc_record))
		return -EINVAL;

	pair = kzalloc(sizeof(*pair), GFP_KERNEL_ACCOUNT);
	if (!pair)
		return -ENOMEM;
	spin_lock_init(&pair->lock);
	channel->state = pair;
	for (i = 0; i < 2; i++) {
		ret = pair_end_alloc(&pair->end[i], bytes, max);
		if (ret)
			goto err_free;
	}
	trace_fastipc_setup(channel->id, bytes, max);
	return 0;

err_free:
	pair_free(channel);
	return ret;
}

static void pair_wake(struct pair_end *end, enum fastipc_direction direction,
		      bool always)
{
	struct fastipc_endpoint *endpoint = endpoint_of(end);

	if (endpoint)
		fastipc_wait_wake(&endpoint->wait[direction], always);
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
	if (!end->ended[FASTIPC_RECV] || !end->ended[FASTIPC_SEND])
		return 0;
	return -end->ended[FASTIPC_RECV];
}

static int pair_attach(struct fastipc_endpoint *endpoint, int number)
{
	struct pair *pair = pair_of(endpoint);
	struct pair_end *end;
	unsigned int i;
	int ret = 0;

	spin_lock(&pair->lock);
	if (pair->end[endpoint->end].endpoint == endpoint) {
		if (number != FASTIPC_END_ANY && number != endpoint->end)
			ret = -EINVAL;
		else
			ret = pair_end_over(&pair->end[endpoint->end]);
		goto out;
	}
	if (number == FASTIPC_END_ANY)
		number = pair->end[0].endpoint ? 1 : 0;
	end = &pair->end[number];
	if (end->endpoint) {
		ret = -READ_ONCE(end->closed) ?: -EBUSY;
		goto out;
	}
	endpoint->end = number;
	for (i = FASTIPC_RECV; i <= FASTIPC_SEND; i++)
		fastipc_wait_bind(&endpoint->wait[i], line_of(end, i),
				  &endpoint->channel->stats,
				  endpoint->channel->id, number, i);
	fastipc_endpoint_get(endpoint);
	/* Pairs with endpoint_of(): who sees the endpoint may use it. */
	smp_store_release(&end->endpoint, endpoint);
out:
	spin_unlock(&pair->lock);
	return ret;
}

static void pair_detach(struct fastipc_endpoint *endpoint)
{
	struct fastipc_channel *channel = endpoint->channel;
	struct pair_end *self = self_of(endpoint);
	struct pair_end *other = other_of(endpoint);
	int error = endpoint->orderly ? EPIPE : ECONNRESET;

	if (self->endpoint != endpoint)
		return; /* never attached */
	WRITE_ONCE(self->closed, error);
	pair_end_direction(channel, other, FASTIPC_RECV, error);
	pair_end_direction(channel, other, FASTIPC_SEND, error);
}

static void pair_unmapped(struct fastipc_endpoint *endpoint)
{
	struct pair_end *other = other_of(endpoint);

	pair_wake(other, FASTIPC_RECV, false);
	pair_wake(other, FASTIPC_SEND, false);
}

static bool pair_pinned(struct fastipc_endpoint *endpoint)
{
	struct pair_end *self = self_of(endpoint);

	return fastipc_region_pinned(&self->control_region) ||
	       fastipc_region_pinned(&self->ring.data);
}

static int pair_view(struct fastipc_endpoint *endpoint, u64 offset,
		     struct fastipc_view *view)
{
	struct pair_end *self = self_of(endpoint);
	struct pair_end *other = other_of(endpoint);

	if (offset & ((1ULL << AREA_SHIFT) - 1))
		return -EINVAL;
	switch (offset >> AREA_SHIFT) {
	case AREA_OWN_CONTROL:
		*view = (struct fastipc_view){ &self->control_region, 1, true };
		return 0;
	case AREA_PEER_CONTROL:
		*view = (struct fastipc_view){ &other->control_region, 1,
					       false };
		return 0;
	case AREA_SEND_RING:
		*view = (struct fastipc_view){ &self->ring.data, 2, true };
		return endpoint->rights & FMODE_WRITE ? 0 : -EACCES;
	case AREA_RECV_RING:
		*view = (struct fastipc_view){ &other->ring.data, 2, false };
		return endpoint->rights & FMODE_READ ? 0 : -EACCES;
	}
	return -EINVAL;
}

/* What a look function is told: who looks, and for how much. */
struct pair_look {
	struct fastipc_endpoint *endpoint;
	const struct fastipc_sync *sync;
};

static int pair_poison(struct fastipc_endpoint *endpoint,
		       enum fastipc_direction direction, u64 position)
{
	WRITE_ONCE(self_of(endpoint)->poisoned[direction], true);
	trace_fastipc_poisoned(endpoint->channel->id, endpoint->end, direction,
			       position);
	/* Others may wait for this direction too. */
	fastipc_wait_wake(&endpoint->wait[direction], true);
	return -EBADMSG;
}

/* For the receiver itself: is there a message, or the end? */
static int pair_look_recv(void *arg)
{
	struct fastipc_endpoint *endpoint = ((struct pair_look *)arg)->endpoint;
	struct pair_end *self = self_of(endpoint);
	int ended = fastipc_ring_ended(&self->ended[FASTIPC_RECV]);
	int ret;

	if (READ_ONCE(self->poisoned[FASTIPC_RECV]))
		return -EBADMSG;
	ret = fastipc_ring_readable(&other_of(endpoint)->ring, self->control);
	if (ret == -EBADMSG)
		return pair_poison(endpoint, FASTIPC_RECV,
				   fastipc_ring_taken(self->control));
	return ret ?: -ended;
}

/* For the sender itself: does its next message fit? */
static int pair_look_send(void *arg)
{
	struct pair_look *look = arg;
	struct fastipc_endpoint *endpoint = look->endpoint;
	struct pair_end *self = self_of(endpoint);
	int ret;

	if (READ_ONCE(self->poisoned[FASTIPC_SEND]))
		return -EBADMSG;
	ret = fastipc_ring_ended(&self->ended[FASTIPC_SEND]);
	if (ret)
		return -ret;
	ret = fastipc_ring_fits(&self->ring, other_of(endpoint)->control,
				look->sync->position, look->sync->need);
	if (ret == -EBADMSG)
		return pair_poison(endpoint, FASTIPC_SEND,
				   look->sync->position);
	return ret;
}

/*
 * For somebody else than the receiver (a poller, the re-check): a word that is
 * no word may be the payload of a later message, if the receiver went on since
 * its position was read.  So nothing is poisoned: whoever receives will say.
 */
static int pair_glance_recv(void *endpoint)
{
	struct pair_end *self = self_of(endpoint);

	return fastipc_ring_ended(&self->ended[FASTIPC_RECV]) ||
	       READ_ONCE(self->poisoned[FASTIPC_RECV]) ||
	       fastipc_ring_readable(&other_of(endpoint)->ring, self->control);
}

/* The same for sending: would a message of the limit fit? */
static int pair_glance_send(void *endpoint)
{
	struct pair_end *self = self_of(endpoint);

	return fastipc_ring_ended(&self->ended[FASTIPC_SEND]) ||
	       READ_ONCE(self->poisoned[FASTIPC_SEND]) ||
	       fastipc_ring_fits_limit(&self->ring, self->control,
				       other_of(endpoint)->control);
}

static int pair_wait(struct pair_look *look, bool nonblock)
{
	struct fastipc_endpoint *endpoint = look->endpoint;
	const struct fastipc_sync *sync = look->sync;
	enum fastipc_direction direction = FASTIPC_RECV;
	fastipc_look_t see = pair_look_recv;
	ktime_t at, *until = NULL;
	struct fastipc_ring *ring;
	u64 want = 1;
	int ret;

	if (sync->flags & FASTIPC_SYNC_WAIT_SEND) {
		ring = &self_of(endpoint)->ring;
		direction = FASTIPC_SEND;
		see = pair_look_send;
		if (sync->need > ring->max_message)
			return -EMSGSIZE;
		want = fastipc_ring_want(ring, sync->position, sync->need);
	}
	ret = see(look);
	if (!ret && (nonblock || !sync->timeout_ns))
		ret = -EAGAIN;
	if (ret)
		return ret < 0 ? ret : 0;
	if (sync->timeout_ns != FASTIPC_FOREVER) {
		at = ktime_add_safe(ktime_get(),
				    min_t(u64, sync->timeout_ns, KTIME_MAX));
		until = &at;
	}
	ret = fastipc_wait_sleep(&endpoint->wait[direction], want, see, look,
				 until);
	return ret < 0 ? ret : 0;
}

static int pair_sync(struct fastipc_endpoint *endpoint,
		     const struct fastipc_sync *sync, bool nonblock)
{
	struct pair_look look = { endpoint, sync };

	atomic64_inc(&pair_of(endpoint)->syncs);
	if (sync->flags & FASTIPC_SYNC_WAKE_RECV)
		pair_wake(other_of(endpoint), FASTIPC_RECV, false);
	if (sync->flags & FASTIPC_SYNC_WAKE_SEND)
		pair_wake(other_of(endpoint), FASTIPC_SEND, false);
	if (!(sync->flags & (FASTIPC_SYNC_WAIT_RECV | FASTIPC_SYNC_WAIT_SEND)))
		return 0;
	return pair_wait(&look, nonblock);
}

/* One direction: @ready if there is something, EPOLLERR if it went wrong. */
static __poll_t pair_poll_one(struct fastipc_endpoint *endpoint,
			      enum fastipc_direction direction, __poll_t ready,
			      __poll_t wanted, u64 want, fastipc_look_t glance)
{
	struct pair_end *self = self_of(endpoint);
	__poll_t mask = 0;
	int there;

	if (wanted & ready)
		there = fastipc_wait_poll(&endpoint->wait[direction], want,
					  glance, endpoint);
	else
		there = glance(endpoint);
	if (there)
		mask |= ready;
	if (READ_ONCE(self->poisoned[direction]) ||
	    fastipc_ring_ended(&self->ended[direction]) == ECONNRESET)
		mask |= EPOLLERR;
	return mask;
}

static __poll_t pair_poll(struct fastipc_endpoint *endpoint, __poll_t wanted)
{
	struct pair_end *self = self_of(endpoint);
	bool over = true;
	__poll_t mask = 0;

	if (endpoint->rights & FMODE_READ) {
		mask |= pair_poll_one(endpoint, FASTIPC_RECV,
				      EPOLLIN | EPOLLRDNORM, wanted, 1,
				      pair_glance_recv);
		if (fastipc_ring_ended(&self->ended[FASTIPC_RECV]))
			mask |= EPOLLRDHUP;
		else
			over = false;
	}
	if (endpoint->rights & FMODE_WRITE) {
		u64 want = fastipc_ring_want_limit(&self->ring, self->control);

		mask |= pair_poll_one(endpoint, FASTIPC_SEND,
				      EPOLLOUT | EPOLLWRNORM, wanted, want,
				      pair_glance_send);
		if (!fastipc_ring_ended(&self->ended[FASTIPC_SEND]))
			over = false;
	}
	if (over)
		mask |= EPOLLHUP;
	return mask;
}

static void pair_info(struct fastipc_endpoint *endpoint,
		      struct fastipc_info *info)
{
	const struct fastipc_ring *ring = &self_of(endpoint)->ring;

	info->kind = FASTIPC_KIND_PAIR;
	info->control_bytes = PAGE_SIZE;
	info->ring_bytes = ring->bytes;
	info->max_message = ring->max_message;
	info->own_control = (u64)AREA_OWN_CONTROL << AREA_SHIFT;
	info->peer_control = (u64)AREA_PEER_CONTROL << AREA_SHIFT;
	info->send_ring = (u64)AREA_SEND_RING << AREA_SHIFT;
	info->recv_ring = (u64)AREA_RECV_RING << AREA_SHIFT;
}

static void pair_stat(struct fastipc_endpoint *endpoint,
		      struct fastipc_stat *stat)
{
	struct pair *pair = pair_of(endpoint);
	struct fastipc_wait_stats *stats = &endpoint->channel->stats;
	struct pair_end *self = self_of(endpoint);
	struct pair_end *other = other_of(endpoint);

	stat->bytes = 2 * (self->ring.bytes + PAGE_SIZE);
	stat->sent = fastipc_ring_sent(self->control);
	stat->received = fastipc_ring_released(self->control);
	stat->peer_sent = fastipc_ring_sent(other->control);
	stat->peer_received = fastipc_ring_released(other->control);
	stat->syncs = atomic64_read(&pair->syncs);
	stat->sleeps = atomic64_read(&stats->sleeps);
	stat->wakes = atomic64_read(&stats->wakes);
	stat->late_wakes = atomic64_read(&stats->late_wakes);
}

static int pair_shutdown(struct fastipc_endpoint *endpoint, u32 how)
{
	struct fastipc_channel *channel = endpoint->channel;
	struct pair_end *self = self_of(endpoint);
	struct pair_end *other = other_of(endpoint);

	/* Always the sender's side first: who sees the end has a bound. */
	if (how & FASTIPC_SHUT_SEND) {
		pair_end_direction(channel, self, FASTIPC_SEND, EPIPE);
		pair_end_direction(channel, other, FASTIPC_RECV, EPIPE);
	}
	if (how & FASTIPC_SHUT_RECV) {
		pair_end_direction(channel, other, FASTIPC_SEND, EPIPE);
		pair_end_direction(channel, self, FASTIPC_RECV, EPIPE);
	}
	return 0;
}

static void pair_show(struct fastipc_endpoint *endpoint, struct seq_file *m)
{
	struct pair_end *self = self_of(endpoint);
	struct pair_end *other = other_of(endpoint);

	seq_printf(m, "fastipc-end:\t%u\n", endpoint->end);
	seq_printf(m, "fastipc-peer:\t%s\n",
		   !READ_ONCE(other->endpoint) ? "vacant" :
		   READ_ONCE(other->closed)    ? "closed" :
						 "attached");
	seq_printf(m, "fastipc-ring-bytes:\t%llu\n", self->ring.bytes);
	seq_printf(m, "fastipc-max-message:\t%llu\n", self->ring.max_message);
	seq_printf(m, "fastipc-sent:\t%llu\n",
		   fastipc_ring_sent(self->control));
	seq_printf(m, "fastipc-received:\t%llu\n",
		   fastipc_ring_released(self->control));
	seq_printf(m, "fastipc-ended:\trecv %d send %d\n",
		   READ_ONCE(self->ended[FASTIPC_RECV]),
		   READ_ONCE(self->ended[FASTIPC_SEND]));
}

/* Whether the peer could have woken us: a stopped one owes nothing. */
static bool pair_peer_runs(struct fastipc_endpoint *endpoint)
{
	struct fastipc_endpoint *peer = endpoint_of(other_of(endpoint));

	return peer && !fastipc_endpoint_stopped(peer);
}

static int pair_recheck_recv(void *endpoint)
{
	return pair_peer_runs(endpoint) && pair_glance_recv(endpoint);
}

static int pair_recheck_send(void *arg)
{
	struct fastipc_endpoint *endpoint = arg;
	u64 owed = READ_ONCE(endpoint->wait[FASTIPC_SEND].owed);

	return owed && pair_peer_runs(endpoint) &&
	       fastipc_ring_released(other_of(endpoint)->control) >= owed;
}

static void pair_recheck(struct fastipc_channel *channel)
{
	struct pair *pair = channel->state;
	struct fastipc_endpoint *endpoint;
	int i;

	for (i = 0; i < 2; i++) {
		endpoint = endpoint_of(&pair->end[i]);
		if (!endpoint || READ_ONCE(pair->end[i].closed))
			continue;
		fastipc_wait_recheck(&endpoint->wait[FASTIPC_RECV],
				     pair_recheck_recv, endpoint);
		fastipc_wait_recheck(&endpoint->wait[FASTIPC_SEND],
				     pair_recheck_send, endpoint);
	}
}

const struct fastipc_kind_ops fastipc_pair_ops = {
	.name = "pair",
	.setup = pair_setup,
	.free = pair_free,
	.attach = pair_attach,
	.detach = pair_detach,
	.unmapped = pair_unmapped,
	.pinned = pair_pinned,
	.view = pair_view,
	.sync = pair_sync,
	.poll = pair_poll,
	.info = pair_info,
	.stat = pair_stat,
	.shutdown = pair_shutdown,
	.show = pair_show,
	.recheck = pair_recheck,
};
