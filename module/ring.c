// SPDX-License-Identifier: GPL-2.0-only
/*
 * Words that the kernel shares with processes, and their barriers.  See ring.h;
 * the order of every step is in doc/protocol.rst, its proof in tests/model/.
 *
 * The kernel looks whether a sleeper has what it waits for, and tells who sleeps;
 * what it does as a producer and a consumer of its own is in produce.c and
 * consume.c.
 */
#include <linux/errno.h>

#include "ring.h"

/* The ABI: the places of shared words. */
static_assert(sizeof(struct fastipc_record) == 16);
static_assert(sizeof(struct fastipc_stamp) == FASTIPC_STAMP_BYTES);
static_assert(sizeof(struct fastipc_waitline) == 128);
static_assert(offsetof(struct fastipc_waitline, ended) == 8);
static_assert(offsetof(struct fastipc_waitline, alert) == 64);
static_assert(sizeof(struct fastipc_control) == 512);
static_assert(offsetof(struct fastipc_control, released) == 128);
static_assert(offsetof(struct fastipc_control, taken) == 136);
static_assert(offsetof(struct fastipc_control, seen) == 144);
static_assert(offsetof(struct fastipc_control, recv) == 256);
static_assert(offsetof(struct fastipc_control, send) == 384);

int fastipc_ring_alloc(struct fastipc_ring *ring, u64 bytes, u64 max_message,
		       bool sealed)
{
	ring->bytes = bytes;
	ring->max_message = max_message;
	ring->stamp_bytes = sealed ? FASTIPC_STAMP_BYTES : 0;
	spin_lock_init(&ring->lock);
	mutex_init(&ring->producer);
	return fastipc_region_alloc(&ring->data, bytes);
}

void fastipc_ring_free(struct fastipc_ring *ring)
{
	fastipc_region_free(&ring->data);
}

/*
 * Somebody else may be receiving, and what stands there be the payload of a later
 * message: that counts as a message, let the receiver look itself.
 */
int fastipc_ring_readable_odd(const struct fastipc_control *consumer,
			      u64 position)
{
	/*
	 * Then ->taken, stored before the space was released, has moved.  Pairs
	 * with the store-release in fastipc_consumer_release() (lib/ring.h), by
	 * way of the producer that wrote here after it.
	 */
	smp_rmb();
	return fastipc_ring_taken(consumer) == position ? -EBADMSG : 1;
}

/**
 * fastipc_ring_fits() - is there so much free behind an exact position?
 * @ring: the ring
 * @position: where the producer stands, or says so
 * @room: bytes, of fastipc_ring_room(), or the whole ring
 *
 * Return: 1, 0; -EINVAL if the caller's own position cannot be; -EBADMSG if
 * the consumer's cannot.
 */
int fastipc_ring_fits(struct fastipc_ring *ring, u64 position, u64 room)
{
	u64 released;
	int ret;

	spin_lock(&ring->lock);
	/* Under the lock, or another caller's later value looks like a lie. */
	released = fastipc_ring_released(ring->consumer);
	if (!IS_ALIGNED(position, FASTIPC_ALIGN) || position < ring->released) {
		ret = -EINVAL;
	} else if (!IS_ALIGNED(released, FASTIPC_ALIGN) ||
		   released < ring->released || released > position) {
		/* In mid-message, gone back, or ahead of what was sent. */
		ret = -EBADMSG;
	} else if (position - released > ring->bytes) {
		ret = -EINVAL;
	} else {
		WRITE_ONCE(ring->released, released);
		ret = ring->bytes - (position - released) >= room;
	}
	spin_unlock(&ring->lock);
	return ret;
}

/**
 * fastipc_ring_fits_max() - would the longest message fit? (poll)
 * @ring: the ring
 * @position: where the producer stands, or says so
 *
 * The position may lag behind the consumer's: so nothing is concluded from an
 * impossible pair of values.
 *
 * Return: whether it would, or might.
 */
bool fastipc_ring_fits_max(struct fastipc_ring *ring, u64 position)
{
	u64 used = position - fastipc_ring_consumed(ring);

	if (used > ring->bytes)
		return true; /* nonsense; the library's own check says so */
	return ring->bytes - used >= fastipc_ring_room(ring, ring->max_message);
}

/* How far the consumer says that it released. */
u64 fastipc_ring_consumed(struct fastipc_ring *ring)
{
	u64 released;

	spin_lock(&ring->lock);
	released = fastipc_ring_released(ring->consumer);
	spin_unlock(&ring->lock);
	return released;
}

/**
 * fastipc_ring_want() - the released position at which there is so much free
 * @ring: the ring
 * @position: where the producer stands
 * @room: bytes
 *
 * Return: that position, but never 0, which means that nobody waits.
 */
u64 fastipc_ring_want(const struct fastipc_ring *ring, u64 position, u64 room)
{
	u64 end = position + room;

	return end > ring->bytes ? end - ring->bytes : 1;
}

u64 fastipc_ring_want_max(const struct fastipc_ring *ring, u64 position)
{
	return fastipc_ring_want(ring, position,
				 fastipc_ring_room(ring, ring->max_message));
}

/**
 * fastipc_ring_control() - fill in the page of an end
 * @control: fresh, all zeroes; nobody sees it yet
 * @sent: where it sends next
 * @released: where it receives next
 * @seen: a predecessor may have seen what lies before
 */
void fastipc_ring_control(struct fastipc_control *control, u64 sent,
			  u64 released, u64 seen)
{
	/* Nobody has found it clear yet. */
	control->recv.alert = 1;
	control->send.alert = 1;
	control->sent = sent;
	control->released = released;
	control->taken = released;
	control->seen = seen;
}

/**
 * fastipc_ring_end() - tell that a direction ended
 * @line: in the control page of the end that is told
 * @ended: the kernel's own word for it; not set yet
 * @error: EPIPE or ECONNRESET, positive
 *
 * The last messages of an end were committed before it ended, so whoever sees
 * the end and then finds no message has had them all.
 */
void fastipc_ring_end(struct fastipc_waitline *line, int *ended, int error)
{
	/* Pairs with fastipc_ring_ended(). */
	smp_store_release(ended, error);
	/* Pairs with the load-acquire in fastipc_ended() (lib/ring.h). */
	smp_store_release(&line->ended, (u32)error);
}

/* Write over what a process put there; who may end it is kept out. */
void fastipc_ring_end_again(struct fastipc_waitline *line, const int *ended)
{
	/* Pairs with the load-acquire in fastipc_ended() (lib/ring.h). */
	smp_store_release(&line->ended, (u32)READ_ONCE(*ended));
}
