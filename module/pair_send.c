// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sending one message from the caller's memory.  See pair_send.h.
 *
 * A sender whose memory is not there waits for it with nothing held, and tries
 * again; then it takes a copy first.  So nobody waits for a sender's memory but
 * that sender.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "pair_send.h"
#include "pair_successor.h"
#include "produce.h"

/**
 * struct pair_sending - one message on its way
 * @endpoint: who sends
 * @transfer: what
 * @len: its bytes
 * @position: where the ring stood at the last try
 * @shown: there is something new for the peer
 */
struct pair_sending {
	struct fastipc_endpoint *endpoint;
	struct fastipc_transfer *transfer;
	size_t len;
	u64 position;
	bool shown;
};

static void pair_stamp(const struct fastipc_endpoint *endpoint,
		       struct fastipc_stamp *stamp)
{
	const struct pair *pair = pair_of(endpoint);

	*stamp = (struct fastipc_stamp){
		.endpoint = endpoint->id,
		.time_ns = ktime_get_ns(),
		.pid = pid_nr_ns(task_tgid(current), pair->pid_ns),
		.uid = endpoint->stamp_uid,
		.gid = endpoint->stamp_gid,
	};
	/* The namespace may have been without its maps when this end came. */
	if (unlikely(stamp->uid == overflowuid || stamp->gid == overflowgid)) {
		stamp->uid = from_kuid_munged(pair->user_ns, endpoint->uid);
		stamp->gid = from_kgid_munged(pair->user_ns, endpoint->gid);
	}
}

/* With ring->producer held. */
static int pair_send_locked(struct pair_sending *sending, u64 era)
{
	struct fastipc_endpoint *endpoint = sending->endpoint;
	struct fastipc_transfer *transfer = sending->transfer;
	struct pair_end *self = self_of(endpoint);
	struct fastipc_ring *ring = &self->ring;
	u64 room = fastipc_ring_room(ring, sending->len);
	struct fastipc_stamp stamp;
	int ret;

	if (READ_ONCE(self->poisoned[FASTIPC_SENDING]))
		return -EBADMSG;
	ret = pair_produce_resume(endpoint, era);
	if (ret)
		return ret;
	sending->position = ring->position;
	ret = fastipc_ring_ended(&self->ended[FASTIPC_SENDING]);
	if (ret)
		return -ret;
	ret = fastipc_ring_fits(ring, ring->position, room);
	if (ret < 0)
		return pair_poison(endpoint, FASTIPC_SENDING, ring->position);
	if (!ret) {
		/* Whoever makes space must see what there is. */
		sending->shown = fastipc_ring_flush(ring, self->control);
		return -EAGAIN;
	}
	if (!fastipc_ring_make_room(ring, sending->len))
		return pair_poison(endpoint, FASTIPC_SENDING, ring->position);
	if (!fastipc_ring_copy_in(ring, sending->len, transfer->iter))
		return -EFAULT;
	if (ring->stamp_bytes)
		pair_stamp(endpoint, &stamp);
	fastipc_ring_publish(ring, self->control, sending->len, transfer->tag,
			     &stamp, transfer->more);
	sending->shown = !transfer->more;
	atomic64_inc(&pair_of(endpoint)->sends);
	return 0;
}

/* Keep all other producers out, processes too: 0, or why that cannot be. */
static int pair_produce_begin(struct fastipc_endpoint *endpoint, u64 *era,
			      bool killable)
{
	int ret = 0;

	*era = 0;
	/* Nobody but the kernel can produce in a sealed ring. */
	if (!pair_is_sealed(endpoint))
		ret = fastipc_endpoint_use(endpoint, era);
	if (ret)
		return ret;
	/* Nobody holds it while memory is brought. */
	if (!killable) {
		mutex_lock(&self_of(endpoint)->ring.producer);
		return 0;
	}
	if (!mutex_lock_killable(&self_of(endpoint)->ring.producer))
		return 0;
	if (!pair_is_sealed(endpoint))
		fastipc_endpoint_unuse(endpoint);
	return -EINTR;
}

static void pair_produce_end(struct fastipc_endpoint *endpoint, bool shown,
			     bool here)
{
	mutex_unlock(&self_of(endpoint)->ring.producer);
	if (!pair_is_sealed(endpoint))
		fastipc_endpoint_unuse(endpoint);
	if (shown)
		pair_served(other_of(endpoint), FASTIPC_RECEIVING, U64_MAX,
			    here);
}

static int pair_send_try(struct pair_sending *sending)
{
	u64 era;
	int ret;

	sending->shown = false;
	ret = pair_produce_begin(sending->endpoint, &era, true);
	if (ret)
		return ret;
	fastipc_endpoint_own(sending->endpoint);
	ret = pair_send_locked(sending, era);
	pair_produce_end(sending->endpoint, sending->shown,
			 sending->transfer->then);
	return ret;
}

/* Is another try worth while? */
static int pair_send_look(void *arg)
{
	struct pair_sending *sending = arg;
	struct fastipc_endpoint *endpoint = sending->endpoint;
	struct pair_end *self = self_of(endpoint);
	struct fastipc_ring *ring = &self->ring;

	return fastipc_ring_ended(&self->ended[FASTIPC_SENDING]) ||
	       READ_ONCE(self->poisoned[FASTIPC_SENDING]) ||
	       (!pair_is_sealed(endpoint) &&
		fastipc_endpoint_is_mapped(endpoint)) ||
	       fastipc_ring_position(ring) != sending->position ||
	       fastipc_ring_fits(ring, sending->position,
				 fastipc_ring_room(ring, sending->len));
}

static int pair_send_wait(struct pair_sending *sending)
{
	struct fastipc_endpoint *endpoint = sending->endpoint;
	struct fastipc_ring *ring = &self_of(endpoint)->ring;
	u64 want = fastipc_ring_want(ring, sending->position,
				     fastipc_ring_room(ring, sending->len));
	int ret;

	ret = fastipc_wait_sleep(&endpoint->wait[FASTIPC_SENDING], want,
				 pair_send_look, sending,
				 sending->transfer->until);
	return ret < 0 ? ret : 0;
}

/**
 * struct pair_bounce - a copy of a message that could not be read at once
 * @data: its bytes, or NULL
 * @vec: the same, for @iter
 * @iter: what is sent then
 */
struct pair_bounce {
	void *data;
	struct kvec vec;
	struct iov_iter iter;
};

/*
 * The memory was not there at the try: have it brought, with nothing held; or, if
 * it was gone again, take a copy.  0, or why not.
 */
static int pair_send_bring(struct pair_sending *sending, bool copy,
			   struct pair_bounce *bounce)
{
	const gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_NOWARN |
			  __GFP_RETRY_MAYFAIL;
	struct iov_iter *iter = sending->transfer->iter;
	size_t len = sending->len;

	if (!copy)
		return fault_in_iov_iter_readable(iter, len) ? -EFAULT : 0;
	bounce->data = kvmalloc(len, gfp);
	if (!bounce->data)
		return -ENOMEM;
	if (!copy_from_iter_full(bounce->data, len, iter))
		return -EFAULT;
	bounce->vec = (struct kvec){ bounce->data, len };
	iov_iter_kvec(&bounce->iter, ITER_SOURCE, &bounce->vec, 1, len);
	sending->transfer->iter = &bounce->iter;
	atomic64_inc(&pair_of(sending->endpoint)->bounces);
	return 0;
}

/* The first try failed with @ret: wait for space, or for memory, and try again. */
static noinline int pair_send_on(struct pair_sending *sending, int ret)
{
	struct fastipc_transfer *transfer = sending->transfer;
	struct iov_iter *iter = transfer->iter;
	struct pair_bounce bounce = {};
	bool faulted = false;

	for (;;) {
		if (ret == -EFAULT) {
			ret = pair_send_bring(sending, faulted, &bounce);
			faulted = true;
		} else if (ret == -EAGAIN && !transfer->nonblock) {
			ret = pair_interrupted(transfer) ?:
				      pair_send_wait(sending);
		} else {
			break;
		}
		if (ret)
			break;
		ret = pair_send_try(sending);
	}
	kvfree(bounce.data);
	transfer->iter = iter;
	return ret;
}

/**
 * pair_send() - send one message
 * @endpoint: who sends
 * @transfer: what
 *
 * Return: its bytes, or a negative errno.
 */
ssize_t pair_send(struct fastipc_endpoint *endpoint,
		  struct fastipc_transfer *transfer)
{
	struct pair_sending sending = {
		.endpoint = endpoint,
		.transfer = transfer,
		.len = iov_iter_count(transfer->iter),
	};
	int ret;

	if (sending.len > self_of(endpoint)->ring.max_message)
		return -EMSGSIZE;
	ret = pair_send_try(&sending);
	if (ret)
		ret = pair_send_on(&sending, ret);
	return ret ?: sending.len;
}

static int pair_show_withheld(struct fastipc_endpoint *endpoint, bool killable)
{
	struct pair_end *self = self_of(endpoint);
	bool shown = false;
	u64 era;
	int ret;

	ret = pair_produce_begin(endpoint, &era, killable);
	if (ret)
		return ret;
	if (self->ring.produced_era == era)
		shown = fastipc_ring_flush(&self->ring, self->control);
	pair_produce_end(endpoint, shown, false);
	return 0;
}

/* Show what was withheld. */
int pair_flush(struct fastipc_endpoint *endpoint)
{
	return pair_show_withheld(endpoint, true);
}

/*
 * Sending has ended: wait for those who are sending now, and show what was
 * withheld.  Also for a caller who is being killed: the peer must not be told of
 * the end before the last message.
 */
void pair_flush_last(struct fastipc_endpoint *endpoint)
{
	pair_show_withheld(endpoint, false);
}
