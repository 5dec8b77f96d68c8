// SPDX-License-Identifier: GPL-2.0-only
/*
 * Receiving one message into the caller's memory.  See pair_recv.h.
 *
 * A receiver holds the claim while its memory is written: other receivers of the
 * same end wait for it, as they would for a message, and nobody else.
 */
#include <linux/uio.h>

#include "consume.h"
#include "pair_recv.h"
#include "pair_successor.h"

/*
 * A stamp, as the receiver's namespaces see it.  Who is unknown there stays so: in
 * the namespace that the stamp is of, the number may be somebody's.
 */
static void pair_translate(const struct pair *pair, struct fastipc_stamp *stamp)
{
	struct user_namespace *from = pair->user_ns, *to = current_user_ns();

	if (from != to && stamp->uid != overflowuid)
		stamp->uid = from_kuid_munged(to, make_kuid(from, stamp->uid));
	if (from != to && stamp->gid != overflowgid)
		stamp->gid = from_kgid_munged(to, make_kgid(from, stamp->gid));
	if (pair->pid_ns != task_active_pid_ns(current))
		stamp->pid = 0;
}

/* With the claim. */
static ssize_t pair_recv_claimed(struct fastipc_endpoint *endpoint,
				 struct fastipc_transfer *transfer, u64 era)
{
	struct pair_end *self = self_of(endpoint);
	struct fastipc_ring *ring = &other_of(endpoint)->ring;
	size_t space = iov_iter_count(transfer->iter);
	size_t len = 0, part;
	int ret, ended;

	if (READ_ONCE(self->poisoned[FASTIPC_RECEIVING]))
		return -EBADMSG;
	ret = pair_consume_resume(endpoint, era);
	if (ret)
		return ret;
	ended = fastipc_ring_ended(&self->ended[FASTIPC_RECEIVING]);
	ret = fastipc_ring_look(ring, ended, &len);
	if (ret < 0)
		return pair_poison(endpoint, FASTIPC_RECEIVING, ring->taken);
	if (!ret)
		return ended ? -ended : -EAGAIN;
	part = len - ring->cut;
	if (part > space) {
		if (!transfer->cut)
			return -EMSGSIZE;
		part = space;
	}
	if (!fastipc_ring_copy_out(ring, ring->cut, part, transfer->iter))
		return -EFAULT;
	transfer->seen = ring->taken < ring->seen;
	if (ring->cut + part < len) {
		ring->cut += part;
		return part;
	}
	fastipc_ring_release(ring, self->control, len, &transfer->tag,
			     transfer->stamp);
	if (ring->stamp_bytes && transfer->stamp)
		pair_translate(pair_of(endpoint), transfer->stamp);
	atomic64_inc(&pair_of(endpoint)->recvs);
	return part;
}

static ssize_t pair_recv_try(struct fastipc_endpoint *endpoint,
			     struct fastipc_transfer *transfer)
{
	ssize_t ret;
	u64 era;

	ret = fastipc_endpoint_claim(endpoint, &era);
	if (ret)
		return ret;
	fastipc_endpoint_own(endpoint);
	ret = pair_recv_claimed(endpoint, transfer, era);
	if (fastipc_endpoint_unclaim(endpoint))
		pair_served(self_of(endpoint), FASTIPC_RECEIVING, U64_MAX,
			    false);
	/* Also if there was nothing: pair_consume_resume() may have released. */
	pair_served(other_of(endpoint), FASTIPC_SENDING,
		    fastipc_ring_released(self_of(endpoint)->control), false);
	return ret;
}

/* Is another try worth while? */
static int pair_recv_look(void *arg)
{
	struct fastipc_endpoint *endpoint = arg;

	if (fastipc_endpoint_is_mapped(endpoint))
		return true;
	return pair_glance_recv(endpoint);
}

/**
 * pair_recv() - receive one message
 * @endpoint: who receives
 * @transfer: where to
 *
 * Return: its bytes, or a negative errno.
 */
ssize_t pair_recv(struct fastipc_endpoint *endpoint,
		  struct fastipc_transfer *transfer)
{
	ssize_t ret;

	for (;;) {
		ret = pair_recv_try(endpoint, transfer);
		if (ret != -EAGAIN || transfer->nonblock)
			return ret;
		ret = pair_interrupted(transfer);
		if (ret)
			return ret;
		ret = fastipc_wait_sleep(&endpoint->wait[FASTIPC_RECEIVING], 1,
					 pair_recv_look, endpoint,
					 transfer->until);
		if (ret < 0)
			return ret;
	}
}
