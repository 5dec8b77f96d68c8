// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kind "pair".  See pair.h.
 */
#include <linux/log2.h>
#include <linux/slab.h>

#include "pair.h"
#include "pair_ends.h"
#include "pair_recv.h"
#include "pair_send.h"
#include "pair_successor.h"
#include "trace.h"

static void pair_free(struct fastipc_channel *channel)
{
	struct pair *pair = channel->state;
	struct fastipc_endpoint *endpoint;
	int i;

	for (i = 0; i < 2; i++) {
		/* Nobody has the channel any more. */
		endpoint =
			rcu_dereference_protected(pair->end[i].endpoint, true);
		if (endpoint)
			fastipc_endpoint_put(endpoint);
		if (pair->lives)
			pair_forget(&pair->lives[i]);
		fastipc_ring_free(&pair->end[i].ring);
		fastipc_region_free(&pair->end[i].control_region);
	}
	put_pid_ns(pair->pid_ns);
	put_user_ns(pair->user_ns);
	kfree(pair->lives);
	kfree(pair);
}

/* What it takes: two rings, and two control pages. */
static u64 pair_bytes(u64 ring_bytes)
{
	return 2 * (ring_bytes + PAGE_SIZE);
}

static int pair_end_alloc(struct pair_end *end, u64 ring_bytes, u64 max_message,
			  bool sealed)
{
	int ret;

	ret = fastipc_region_alloc(&end->control_region, PAGE_SIZE);
	if (ret)
		return ret;
	end->control = fastipc_region_at(&end->control_region, 0);
	fastipc_ring_control(end->control, 0, 0, 0);
	end->other->ring.consumer = end->control;
	return fastipc_ring_alloc(&end->ring, ring_bytes, max_message, sealed);
}

static int pair_setup(struct fastipc_endpoint *endpoint,
		      const struct fastipc_setup *setup)
{
	struct fastipc_channel *channel = endpoint->channel;
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
	if (max > bytes / 4 - header ||
	    (setup->flags & FASTIPC_KEEP && !channel->mapping))
		return -EINVAL;

	ret = fastipc_channel_charge(channel, endpoint->user,
				     pair_bytes(bytes));
	if (ret)
		return ret;
	ret = -ENOMEM;
	pair = kzalloc(sizeof(*pair), GFP_KERNEL_ACCOUNT);
	if (!pair)
		goto err_uncharge;
	spin_lock_init(&pair->lock);
	pair->pid_ns = get_pid_ns(task_active_pid_ns(current));
	pair->user_ns = get_user_ns(current_user_ns());
	channel->state = pair;
	channel->flags = setup->flags;
	if (setup->flags & FASTIPC_KEEP) {
		pair->lives =
			kcalloc(2, sizeof(*pair->lives), GFP_KERNEL_ACCOUNT);
		if (!pair->lives)
			goto err_free;
	}
	for (i = 0; i < 2; i++)
		pair->end[i].other = &pair->end[!i];
	for (i = 0; i < 2; i++) {
		ret = pair_end_alloc(&pair->end[i], bytes, max, sealed);
		if (ret)
			goto err_free;
	}
	trace_fastipc_setup(channel->id, bytes, max);
	return 0;

err_free:
	pair_free(channel);
	channel->state = NULL;
err_uncharge:
	fastipc_channel_uncharge(channel);
	return ret;
}

/* What the other side stored is seen here, or it sees what was stored here. */
static void pair_barrier(struct fastipc_endpoint *endpoint)
{
	struct fastipc_endpoint *peer;

	rcu_read_lock();
	/* By its number: who wants signals may come while it is being attached. */
	peer = endpoint_of(&pair_of(endpoint)->end[!endpoint->end]);
	if (peer)
		fastipc_endpoint_barrier(peer);
	rcu_read_unlock();
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
	if (offset & ((1ULL << PAIR_AREA_SHIFT) - 1))
		return -EINVAL;
	switch (offset >> PAIR_AREA_SHIFT) {
	case PAIR_OWN_CONTROL:
		/*
		 * Its positions as a consumer are what a successor goes by: nobody
		 * who may not receive writes them.
		 */
		*view = (struct fastipc_view){ &self->control_region, 1,
					       !pair_keeps(endpoint->channel) ||
						       endpoint->rights &
							       FMODE_READ };
		return 0;
	case PAIR_PEER_CONTROL:
		*view = (struct fastipc_view){ &other->control_region, 1,
					       false };
		return 0;
	case PAIR_SEND_RING:
		*view = (struct fastipc_view){ &self->ring.data, 2, true };
		return endpoint->rights & FMODE_WRITE &&
				       !pair_is_sealed(endpoint) ?
			       0 :
			       -EACCES;
	case PAIR_RECV_RING:
		*view = (struct fastipc_view){ &other->ring.data, 2, false };
		return endpoint->rights & FMODE_READ ? 0 : -EACCES;
	}
	return -EINVAL;
}

/* The other end's, with a reference, or NULL; with pair->lock. */
static struct fastipc_endpoint *
pair_peer(const struct fastipc_endpoint *endpoint, u32 *state)
{
	const struct pair_end *other = other_of(endpoint);
	struct fastipc_endpoint *peer =
		endpoint_locked(endpoint->channel, other);

	if (!peer || (other->closed && pair_keeps(endpoint->channel))) {
		*state = FASTIPC_PEER_VACANT;
		return NULL;
	}
	*state = other->closed ? FASTIPC_PEER_CLOSED : FASTIPC_PEER_ATTACHED;
	fastipc_endpoint_get(peer);
	return peer;
}

static void pair_info(struct fastipc_endpoint *endpoint,
		      struct fastipc_info *info)
{
	const struct fastipc_ring *ring = &pair_seen_from(endpoint)->ring;
	struct pair *pair = pair_of(endpoint);
	struct fastipc_endpoint *peer = NULL;
	int i;

	/* Under the lock: what is not seen here will be news. */
	spin_lock(&pair->lock);
	for (i = 0; i < 2; i++)
		if (pair_end_taken(endpoint->channel, &pair->end[i]))
			info->attached |= 1 << i;
	if (fastipc_endpoint_is_attached(endpoint)) {
		WRITE_ONCE(self_of(endpoint)->news, false);
		peer = pair_peer(endpoint, &info->peer_state);
	}
	spin_unlock(&pair->lock);
	if (peer) {
		info->peer_endpoint = peer->id;
		info->peer_pid = fastipc_endpoint_owner(peer);
		info->peer_uid = from_kuid_munged(current_user_ns(), peer->uid);
		info->peer_gid = from_kgid_munged(current_user_ns(), peer->gid);
		fastipc_endpoint_put(peer);
	}
	if (pair->user_ns != current_user_ns() ||
	    pair->pid_ns != task_active_pid_ns(current))
		info->flags |= FASTIPC_FOREIGN;
	info->kind = FASTIPC_KIND_PAIR;
	info->control_bytes = PAGE_SIZE;
	info->ring_bytes = ring->bytes;
	info->max_message = ring->max_message;
	info->own_control = (u64)PAIR_OWN_CONTROL << PAIR_AREA_SHIFT;
	info->peer_control = (u64)PAIR_PEER_CONTROL << PAIR_AREA_SHIFT;
	info->send_ring = (u64)PAIR_SEND_RING << PAIR_AREA_SHIFT;
	info->recv_ring = (u64)PAIR_RECV_RING << PAIR_AREA_SHIFT;
}

static u64 pair_max_message(struct fastipc_endpoint *endpoint)
{
	return self_of(endpoint)->ring.max_message;
}

/* What an end says of itself. */
static void pair_positions(const struct pair_end *end, u64 *sent, u64 *released)
{
	struct fastipc_ring *reads = &end->other->ring;

	/* A successor changes where that is said. */
	spin_lock(&reads->lock);
	*sent = fastipc_ring_sent(end->control);
	*released = fastipc_ring_released(end->control);
	spin_unlock(&reads->lock);
}

static void pair_stat(struct fastipc_endpoint *endpoint,
		      struct fastipc_stat *stat)
{
	struct pair *pair = pair_of(endpoint);
	struct fastipc_wait_stats *stats = &endpoint->channel->stats;
	struct pair_end *self = pair_seen_from(endpoint);

	stat->bytes = pair_bytes(self->ring.bytes);
	pair_positions(self, &stat->sent, &stat->released);
	pair_positions(self->other, &stat->peer_sent, &stat->peer_released);
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

static void pair_show(struct fastipc_endpoint *endpoint, struct seq_file *m)
{
	struct pair_end *self = self_of(endpoint);
	struct fastipc_endpoint *peer;
	u64 sent, released;

	rcu_read_lock();
	peer = endpoint_of(self->other);
	rcu_read_unlock();
	pair_positions(self, &sent, &released);
	seq_printf(m, "fastipc-end:\t%u\n", endpoint->end);
	seq_printf(m, "fastipc-peer:\t%s\n",
		   !peer ? "vacant" :
		   READ_ONCE(self->other->closed) ?
			   pair_keeps(endpoint->channel) ? "vacant" : "closed" :
			   "attached");
	seq_printf(m, "fastipc-sealed:\t%u\n", pair_is_sealed(endpoint));
	seq_printf(m, "fastipc-ring-bytes:\t%llu\n", self->ring.bytes);
	seq_printf(m, "fastipc-max-message:\t%u\n", self->ring.max_message);
	seq_printf(m, "fastipc-sent:\t%llu\n", sent);
	seq_printf(m, "fastipc-released:\t%llu\n", released);
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
