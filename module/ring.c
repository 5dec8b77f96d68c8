// SPDX-License-Identifier: GPL-2.0-only
/*
 * Words that the kernel shares with processes, and all barriers.  See ring.h;
 * the order of every step is in doc/protocol.rst, its proof in tests/model/.
 *
 * The kernel neither produces nor consumes in a direct ring.  It looks whether
 * a sleeper has what it waits for, and it tells who sleeps.
 */
#include <linux/errno.h>

#include "ring.h"

/* The ABI: the places of shared words. */
static_assert(sizeof(struct fastipc_record) == 16);
static_assert(sizeof(struct fastipc_waitline) == 128);
static_assert(offsetof(struct fastipc_waitline, ended) == 8);
static_assert(offsetof(struct fastipc_waitline, arm) == 64);
static_assert(sizeof(struct fastipc_control) == 512);
static_assert(offsetof(struct fastipc_control, released) == 128);
static_assert(offsetof(struct fastipc_control, taken) == 136);
static_assert(offsetof(struct fastipc_control, recv) == 256);
static_assert(offsetof(struct fastipc_control, send) == 384);

/* Bytes that must be free to send @len: the word behind is written too. */
static u64 ring_room(u64 len)
{
	return FASTIPC_FOOTPRINT(len) + FASTIPC_ALIGN;
}

int fastipc_ring_alloc(struct fastipc_ring *ring, u64 bytes, u64 max_message)
{
	ring->bytes = bytes;
	ring->max_message = max_message;
	spin_lock_init(&ring->lock);
	return fastipc_region_alloc(&ring->data, bytes);
}

void fastipc_ring_free(struct fastipc_ring *ring)
{
	fastipc_region_free(&ring->data);
}

u64 fastipc_ring_sent(const struct fastipc_control *control)
{
	return READ_ONCE(control->sent);
}

u64 fastipc_ring_released(const struct fastipc_control *control)
{
	/*
	 * Pairs with the store-release in fastipc_consumer_release()
	 * (lib/ring.h): whoever finds space here may overwrite it, and the
	 * consumer is done reading it.
	 */
	return smp_load_acquire(&control->released);
}

u64 fastipc_ring_taken(const struct fastipc_control *control)
{
	return READ_ONCE(control->taken);
}

/**
 * fastipc_ring_readable() - is there a message at the consumer's position?
 * @ring: the ring
 * @consumer: control page of the end that reads it
 *
 * The consumer's position is its own to write: a wrong one makes the kernel
 * look at another word of the same ring, and harms nobody else.  One that moves
 * meanwhile counts as a message: let the receiver look itself.
 *
 * Return: 1, 0, or -EBADMSG if what stands there is not the word of a message.
 */
int fastipc_ring_readable(const struct fastipc_ring *ring,
			  const struct fastipc_control *consumer)
{
	u64 position = fastipc_ring_taken(consumer);
	const u64 *at;
	u64 word;

	at = fastipc_region_at(&ring->data, position & (ring->bytes - 1) &
						    ~(u64)(FASTIPC_ALIGN - 1));
	/*
	 * No acquire: the kernel reads no payload.  The consumer's own load
	 * pairs with the producer's store-release.
	 */
	word = READ_ONCE(*at);
	if (!word)
		return 0;
	if (!(word & FASTIPC_WORD_COMMIT) || (word & FASTIPC_WORD_FLAGS) ||
	    (word & FASTIPC_WORD_LEN) > ring->max_message) {
		/*
		 * Somebody else may be receiving, and this be the payload of a
		 * later message: then ->taken, stored before the space was
		 * released, has moved.  Pairs with the store-release in
		 * fastipc_consumer_release() (lib/ring.h), by way of the
		 * producer that wrote here after it.
		 */
		smp_rmb();
		return fastipc_ring_taken(consumer) == position ? -EBADMSG : 1;
	}
	return 1;
}

/**
 * fastipc_ring_fits() - does a message fit behind an exact position?
 * @ring: the ring
 * @consumer: control page of the end that reads it
 * @position: where the producer, who calls, says that it stands
 * @need: payload in bytes, at most the limit
 *
 * Return: 1, 0; -EINVAL if the caller's own position cannot be; -EBADMSG if
 * the consumer's cannot.
 */
int fastipc_ring_fits(struct fastipc_ring *ring,
		      const struct fastipc_control *consumer, u64 position,
		      u64 need)
{
	u64 released;
	int ret;

	spin_lock(&ring->lock);
	/* Under the lock, or another caller's later value looks like a lie. */
	released = fastipc_ring_released(consumer);
	if (!IS_ALIGNED(position, FASTIPC_ALIGN) || position < ring->released) {
		ret = -EINVAL;
	} else if (!IS_ALIGNED(released, FASTIPC_ALIGN) ||
		   released < ring->released || released > position) {
		/* In mid-message, gone back, or ahead of what was sent. */
		ret = -EBADMSG;
	} else if (position - released > ring->bytes) {
		ret = -EINVAL;
	} else {
		ring->released = released;
		ret = ring->bytes - (position - released) >= ring_room(need);
	}
	spin_unlock(&ring->lock);
	return ret;
}

/**
 * fastipc_ring_fits_limit() - would a message of the limit fit? (poll)
 * @ring: the ring
 * @producer: control page of the end that writes it, who calls
 * @consumer: control page of the end that reads it
 *
 * Knows the producer's position only from its hint, which may lag behind the
 * consumer's: so nothing is concluded from an impossible pair of values.
 *
 * Return: whether it would, or might.
 */
bool fastipc_ring_fits_limit(const struct fastipc_ring *ring,
			     const struct fastipc_control *producer,
			     const struct fastipc_control *consumer)
{
	u64 released = fastipc_ring_released(consumer);
	u64 sent = fastipc_ring_sent(producer);
	u64 used = sent - released;

	if (used > ring->bytes)
		return true; /* nonsense; the library's own check says so */
	return ring->bytes - used >= ring_room(ring->max_message);
}

/**
 * fastipc_ring_want() - the released position at which a message fits
 * @ring: the ring
 * @position: where the producer stands
 * @need: payload in bytes
 *
 * Return: that position, but never 0, which means that nobody waits.
 */
u64 fastipc_ring_want(const struct fastipc_ring *ring, u64 position, u64 need)
{
	u64 end = position + ring_room(need);

	return end > ring->bytes ? end - ring->bytes : 1;
}

u64 fastipc_ring_want_limit(const struct fastipc_ring *ring,
			    const struct fastipc_control *producer)
{
	return fastipc_ring_want(ring, fastipc_ring_sent(producer),
				 ring->max_message);
}

void fastipc_ring_arm(struct fastipc_waitline *line, u64 want)
{
	WRITE_ONCE(line->want, want);
}

void fastipc_ring_disarm(struct fastipc_waitline *line)
{
	WRITE_ONCE(line->want, 0);
}

void fastipc_ring_arm_fence(void)
{
	/*
	 * Between fastipc_ring_arm() and the look that decides to sleep.  Pairs
	 * with fastipc_fence() in lib/ring.h, between publishing (or releasing)
	 * and the look at the peer's ->want: of the two looks at least one sees
	 * the other's store.  Model: tests/model/wake.pml, NO_SLEEPER_FENCE.
	 */
	smp_mb();
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

/* To be read before the ring's word. */
int fastipc_ring_ended(const int *ended)
{
	/* Pairs with fastipc_ring_end(). */
	return smp_load_acquire(ended);
}
