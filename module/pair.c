// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kind "pair".  See pair.h.
 */
#include <linux/log2.h>
#include <linux/slab.h>

#include "pair.h"
#include "pair_recv.h"
#include "pair_send.h"
#include "pair_successor.h"
#include "trace.h"

/* Offsets for mmap(2): the number of an area, and nothing but zeroes below. */
#define AREA_SHIFT 40
enum { AREA_OWN_CONTROL, AREA_PEER_CONTROL, AREA_SEND_RING, AREA_RECV_RING };

static struct fastipc_waitline *line_of(struct pair_end *end,
					enum fastipc_direction direction)
{
	return direction == FASTIPC_RECEIVING ? &end->control->recv :
						&end->control->send;
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
	put_pid_ns(pair->pid_ns);
	put_user_ns(pair->user_ns);
	kfree(pair);
}

static int pair_end_alloc(struct pair_end *end, u64 ring_bytes, u64 max_message,
			  bool sealed)
{
	int ret;

	ret = fastipc_region_alloc(&end->control_region, PAGE_SIZE);
	if (ret)
		return ret;
	end->control = fastipc_region_at(&end->control_region, 0);
	return fastipc_ring_alloc(&end->ring, ring_bytes, max_message, sealed);
}

static int pair_setup(struct fastipc_channel *channel,
		      const struct fastipc_setup *setup)
{
	u64 bytes = setup->ring_bytes ?: FASTIPC_RING_DEFAULT;
	bool sealed = setup->flags & FASTIPC_SEALED;
	u64 header = sizeof(struct fastipc_record);
	u64 max = setup->max_message;
	struct pair *pair;
	int ret, i;

	if (!is_power_of_2(bytes) || bytes < PAGE_SIZE ||
	    bytes > FASTIPC_RING_MAX)
		return -EINVAL;
	if (sealed)
		header += sizeof(struct fastipc_stamp);
	if (!max)
		max = bytes / 4 - header;
	if (max > bytes / 4 - header)
		return -EINVAL;

	pair = kzalloc(sizeof(*pair), GFP_KERNEL_ACCOUNT);
	if (!pair)
		return -ENOMEM;
	spin_lock_init(&pair->lock);
	pair->pid_ns = get_pid_ns(task_active_pid_ns(current));
	pair->user_ns = get_user_ns(current_user_ns());
	channel->state = pair;
	channel->flags = setup->flags;
	for (i = 0; i < 2; i++) {
		pair->end[i].other = &pair->end[!i];
		ret = pair_end_alloc(&pair->end[i], bytes, max, sealed);
		if (ret)
			goto err_free;
	}
	trace_fastipc_setup(channel->id, bytes, max);
	return 0;

err_free:
	pair_free(channel);
	channel->state = NULL;
	return ret;
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

/* What the other side stored is seen here, or it sees what was stored here. */
static void pair_barrier(struct fastipc_endpoint *endpoint)
{
	struct fastipc_endpoint *peer = endpoint_of(other_of(endpoint));

	if (peer)
		fastipc_endpoint_barrier(peer);
}

static int pair_attach(struct fastipc_endpoint *endpoint, int number)
{
	struct pair *pair = pair_of(endpoint);
	struct pair_end *end, *other;
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
	endpoint->side = end;
	for (i = FASTIPC_RECEIVING; i <= FASTIPC_SENDING; i++)
		fastipc_wait_bind(&endpoint->wait[i], line_of(end, i),
				  &endpoint->channel->stats,
				  endpoint->channel->id, number, i,
				  pair_calms(endpoint) ? endpoint->user : NULL);
	endpoint->stamp_uid = from_kuid_munged(pair->user_ns, endpoint->uid);
	endpoint->stamp_gid = from_kgid_munged(pair->user_ns, endpoint->gid);
	fastipc_endpoint_get(endpoint);
	/* Pairs with endpoint_of(): who sees the endpoint may use it. */
	smp_store_release(&end->endpoint, endpoint);
	other = other_of(endpoint);
	WRITE_ONCE(other->news, other->endpoint);
	spin_unlock(&pair->lock);
	pair_wake(other, FASTIPC_RECEIVING, true);
	return 0;
out:
	spin_unlock(&pair->lock);
	return ret;
}

static void pair_detach(struct fastipc_endpoint *endpoint)
{
	struct fastipc_channel *channel = endpoint->channel;
	struct pair_end *self = self_of(endpoint), *other;
	int error = endpoint->orderly ? EPIPE : ECONNRESET;

	if (!self)
		return; /* never attached */
	other = self->other;
	spin_lock(&pair_of(endpoint)->lock);
	WRITE_ONCE(self->closed, error);
	WRITE_ONCE(other->news, true);
	spin_unlock(&pair_of(endpoint)->lock);
	/* In this order: who was told by receiving finds the same by sending. */
	pair_end_direction(channel, other, FASTIPC_SENDING, error);
	pair_end_direction(channel, other, FASTIPC_RECEIVING, error);
}

static void pair_unmapped(struct fastipc_endpoint *endpoint)
{
	struct pair_end *other = other_of(endpoint);

	pair_wake(other, FASTIPC_RECEIVING, false);
	pair_wake(other, FASTIPC_SENDING, false);
	/*
	 * Who waits at this end may have to give back what was taken; and must
	 * arm again, whatever that process wrote over what was armed.
	 */
	fastipc_wait_restate(&endpoint->wait[FASTIPC_RECEIVING]);
	fastipc_wait_restate(&endpoint->wait[FASTIPC_SENDING]);
	pair_wake(self_of(endpoint), FASTIPC_RECEIVING, false);
	pair_wake(self_of(endpoint), FASTIPC_SENDING, false);
}

static int pair_view(struct fastipc_endpoint *endpoint, u64 offset,
		     struct fastipc_view *view)
{
	struct pair_end *self = self_of(endpoint);
	struct pair_end *other = other_of(endpoint);

	if (endpoint->channel->flags & FASTIPC_STREAM)
		return -EOPNOTSUPP;
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
		return endpoint->rights & FMODE_WRITE &&
				       !pair_is_sealed(endpoint) ?
			       0 :
			       -EACCES;
	case AREA_RECV_RING:
		*view = (struct fastipc_view){ &other->ring.data, 2, false };
		return endpoint->rights & FMODE_READ ? 0 : -EACCES;
	}
	return -EINVAL;
}

static void pair_info(struct fastipc_endpoint *endpoint,
		      struct fastipc_info *info)
{
	const struct fastipc_ring *ring = &self_of(endpoint)->ring;
	struct pair_end *other = other_of(endpoint);
	struct fastipc_endpoint *peer;

	/* Under the lock: what is not seen here will be news. */
	spin_lock(&pair_of(endpoint)->lock);
	WRITE_ONCE(self_of(endpoint)->news, false);
	peer = other->endpoint;
	info->peer_state = !peer	 ? FASTIPC_PEER_VACANT :
			   other->closed ? FASTIPC_PEER_CLOSED :
					   FASTIPC_PEER_ATTACHED;
	spin_unlock(&pair_of(endpoint)->lock);
	if (peer) {
		info->peer_endpoint = peer->id;
		info->peer_pid = fastipc_endpoint_owner(peer);
		info->peer_uid = from_kuid_munged(current_user_ns(), peer->uid);
		info->peer_gid = from_kgid_munged(current_user_ns(), peer->gid);
	}
	if (pair_of(endpoint)->user_ns != current_user_ns() ||
	    pair_of(endpoint)->pid_ns != task_active_pid_ns(current))
		info->flags |= FASTIPC_FOREIGN;
	info->kind = FASTIPC_KIND_PAIR;
	info->control_bytes = PAGE_SIZE;
	info->ring_bytes = ring->bytes;
	info->max_message = ring->max_message;
	info->own_control = (u64)AREA_OWN_CONTROL << AREA_SHIFT;
	info->peer_control = (u64)AREA_PEER_CONTROL << AREA_SHIFT;
	info->send_ring = (u64)AREA_SEND_RING << AREA_SHIFT;
	info->recv_ring = (u64)AREA_RECV_RING << AREA_SHIFT;
}

static u64 pair_max_message(struct fastipc_endpoint *endpoint)
{
	return self_of(endpoint)->ring.max_message;
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
	stat->released = fastipc_ring_released(self->control);
	stat->peer_sent = fastipc_ring_sent(other->control);
	stat->peer_released = fastipc_ring_released(other->control);
	stat->syncs = atomic64_read(&pair->syncs);
	stat->sleeps = atomic64_read(&stats->sleeps);
	stat->wakes = atomic64_read(&stats->wakes);
	stat->late_wakes = atomic64_read(&stats->late_wakes);
	stat->sends = atomic64_read(&pair->sends);
	stat->recvs = atomic64_read(&pair->recvs);
	stat->bounces = atomic64_read(&pair->bounces);
	stat->alerts = atomic64_read(&stats->alerts);
	stat->barriers = atomic64_read(&stats->barriers);
}

static int pair_shutdown(struct fastipc_endpoint *endpoint, u32 how)
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

static void pair_show(struct fastipc_endpoint *endpoint, struct seq_file *m)
{
	struct pair_end *self = self_of(endpoint);
	struct pair_end *other = other_of(endpoint);

	seq_printf(m, "fastipc-end:\t%u\n", endpoint->end);
	seq_printf(m, "fastipc-peer:\t%s\n",
		   !READ_ONCE(other->endpoint) ? "vacant" :
		   READ_ONCE(other->closed)    ? "closed" :
						 "attached");
	seq_printf(m, "fastipc-sealed:\t%u\n", pair_is_sealed(endpoint));
	seq_printf(m, "fastipc-ring-bytes:\t%llu\n", self->ring.bytes);
	seq_printf(m, "fastipc-max-message:\t%llu\n", self->ring.max_message);
	seq_printf(m, "fastipc-sent:\t%llu\n",
		   fastipc_ring_sent(self->control));
	seq_printf(m, "fastipc-released:\t%llu\n",
		   fastipc_ring_released(self->control));
	seq_printf(m, "fastipc-ended:\trecv %d send %d\n",
		   READ_ONCE(self->ended[FASTIPC_RECEIVING]),
		   READ_ONCE(self->ended[FASTIPC_SENDING]));
}

const struct fastipc_kind_ops fastipc_pair_ops = {
	.name = "pair",
	.setup = pair_setup,
	.free = pair_free,
	.attach = pair_attach,
	.detach = pair_detach,
	.unmapped = pair_unmapped,
	.inherit = pair_inherit,
	.view = pair_view,
	.sync = pair_sync,
	.send = pair_send,
	.recv = pair_recv,
	.flush = pair_flush,
	.max_message = pair_max_message,
	.poll = pair_poll,
	.info = pair_info,
	.stat = pair_stat,
	.shutdown = pair_shutdown,
	.show = pair_show,
	.recheck = pair_recheck,
	.peer_barrier = pair_barrier,
};
