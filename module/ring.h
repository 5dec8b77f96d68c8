/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: ring.h - words that the kernel shares with processes
 *
 * Owns, together with produce.h and consume.h, every access to a control page and
 * to the words of a ring, and every memory barrier on them, each naming its partner.
 * What a process can write is read once, bounded, and returned by value: no
 * other file touches shared memory.
 *
 * Locks: ring->lock guards the shadow of the released position; it is the innermost,
 * and nothing sleeps under it.
 */
#ifndef FASTIPC_RING_H
#define FASTIPC_RING_H

/* Pages of a payload that are copied between two chances for others to run. */
#define FASTIPC_COPY_PAGES 256

#include <linux/fastipc.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "region.h"

/**
 * struct fastipc_ring - messages in one direction
 * @data: the pages
 * @bytes: their length, a power of two
 * @max_message: longest payload in bytes
 * @stamp_bytes: of the stamp before each payload; 0 unless sealed
 * @cut: bytes of the message at @taken that were received already (STREAM); guarded as
 *	that
 * @lock: guards @consumer and @released
 * @consumer: control page of the end that reads it
 * @producer: guards @position to @oldest
 * @position: where the kernel produces next
 * @shown: the same, but before a batch that is withheld: where its first message is
 * @batch_word: the word of that message; 0: there is no batch
 * @produced_era: of the producing endpoint, when @position was true
 * @seq: number of the last stamped message
 * @oldest: of a message of a sealed ring that nobody can have written over
 * @released: furthest position the consumer was believed to have released
 * @taken: where the kernel consumes next; this and what follows is guarded by the
 *	consuming endpoint's claim
 * @last: once the end was seen: no message begins here or later; else 0
 * @consumed_era: of the consuming endpoint, when @taken was true
 * @seen: a former consumer may have seen what lies before
 */
struct fastipc_ring {
	struct fastipc_region data;
	u64 bytes;
	u32 max_message;
	u32 stamp_bytes;
	u32 cut;

	spinlock_t lock; /* consumer, released */
	struct fastipc_control *consumer;
	struct mutex producer; /* position to oldest */
	u64 position;
	u64 shown;
	u64 batch_word;
	u64 produced_era;
	u64 seq;
	u64 oldest;

	u64 released;
	u64 taken;
	u64 last;
	u64 consumed_era;
	u64 seen;
};

/* The kernel's own address of what is at a position; the next page is elsewhere. */
static inline void *fastipc_ring_at(const struct fastipc_ring *ring,
				    u64 position)
{
	return fastipc_region_at(&ring->data, position & (ring->bytes - 1));
}

/* The same as a page. */
static inline struct page *fastipc_ring_page(const struct fastipc_ring *ring,
					     u64 position)
{
	return virt_to_page(fastipc_ring_at(ring, position));
}

/* Bytes that a message occupies. */
static inline u64 fastipc_ring_footprint(const struct fastipc_ring *ring,
					 u64 len)
{
	return FASTIPC_FOOTPRINT(len + ring->stamp_bytes);
}

/* Where the payload of the message at a position begins. */
static inline u64 fastipc_ring_payload(const struct fastipc_ring *ring,
				       u64 position)
{
	return position + sizeof(struct fastipc_record) + ring->stamp_bytes;
}

/* Bytes that must be free to send a payload. */
static inline u64 fastipc_ring_room(const struct fastipc_ring *ring, u64 len)
{
	/* The word behind is written too. */
	return fastipc_ring_footprint(ring, len) + FASTIPC_ALIGN;
}

/* Whether a word that is not 0 is that of a message. */
static inline bool fastipc_ring_lawful(const struct fastipc_ring *ring,
				       u64 word)
{
	return word & FASTIPC_WORD_COMMIT && !(word & FASTIPC_WORD_FLAGS) &&
	       (word & FASTIPC_WORD_LEN) <= ring->max_message;
}

/* Does the stamp of the message at a position lie in its record's page? */
static inline bool fastipc_ring_stamp_is_whole(u64 position)
{
	return offset_in_page(position) <=
	       PAGE_SIZE - sizeof(struct fastipc_record) - FASTIPC_STAMP_BYTES;
}

static inline u64 fastipc_ring_sent(const struct fastipc_control *control)
{
	return READ_ONCE(control->sent);
}

static inline u64 fastipc_ring_released(const struct fastipc_control *control)
{
	/*
	 * Pairs with the store-release in fastipc_consumer_release()
	 * (lib/ring.h): whoever finds space here may overwrite it, and the
	 * consumer is done reading it.
	 */
	return smp_load_acquire(&control->released);
}

static inline u64 fastipc_ring_taken(const struct fastipc_control *control)
{
	return READ_ONCE(control->taken);
}

int fastipc_ring_alloc(struct fastipc_ring *ring, u64 bytes, u64 max_message,
		       bool sealed);
void fastipc_ring_free(struct fastipc_ring *ring);

/* What is there to see; the caller has armed, or does not mind being late. */
int fastipc_ring_readable_odd(const struct fastipc_control *consumer,
			      u64 position);
int fastipc_ring_fits(struct fastipc_ring *ring, u64 position, u64 room);
bool fastipc_ring_fits_max(struct fastipc_ring *ring, u64 position);
u64 fastipc_ring_consumed(struct fastipc_ring *ring);
u64 fastipc_ring_want(const struct fastipc_ring *ring, u64 position, u64 room);
u64 fastipc_ring_want_max(const struct fastipc_ring *ring, u64 position);

/**
 * fastipc_ring_readable() - is there a message at the consumer's position?
 * @ring: the ring
 * @consumer: control page of the end that reads it
 *
 * The consumer's position is its own to write: a wrong one makes the kernel
 * look at another word of the same ring, and harms nobody else.
 *
 * Return: 1, 0, or -EBADMSG if what stands there is not the word of a message.
 */
static inline int fastipc_ring_readable(const struct fastipc_ring *ring,
					const struct fastipc_control *consumer)
{
	u64 position = fastipc_ring_taken(consumer);
	u64 *at = fastipc_ring_at(ring, position & ~(FASTIPC_ALIGN - 1ULL));
	/*
	 * No acquire: the kernel reads no payload.  The consumer's own load
	 * pairs with the producer's store-release.
	 */
	u64 word = READ_ONCE(*at);

	if (!word)
		return 0;
	if (fastipc_ring_lawful(ring, word))
		return 1;
	return fastipc_ring_readable_odd(consumer, position);
}

/* A fresh page for an end that goes on where another stopped; nobody sees it yet. */
void fastipc_ring_control(struct fastipc_control *control, u64 sent,
			  u64 released, u64 seen);

/* The words that the kernel writes; the caller holds the wait queue's lock. */
static inline void fastipc_ring_arm(struct fastipc_waitline *line, u64 want)
{
	WRITE_ONCE(line->want, want);
}

static inline void fastipc_ring_disarm(struct fastipc_waitline *line)
{
	WRITE_ONCE(line->want, 0);
}

/* Whether the peer has to fence, and look at ->want. */
static inline void fastipc_ring_alert(struct fastipc_waitline *line, bool alert)
{
	WRITE_ONCE(line->alert, alert);
}

static inline void fastipc_ring_arm_fence(void)
{
	/*
	 * Between fastipc_ring_arm() and the look that decides to sleep.  Pairs
	 * with fastipc_fence() in lib/ring.h, between publishing (or releasing)
	 * and the look at the peer's ->want: of the two looks at least one sees
	 * the other's store.  Model: tests/model/wake.pml, NO_SLEEPER_FENCE.
	 * A peer that found ->alert clear has no fence: then the sleeper has
	 * set it, and fastipc_endpoint_barrier() stands for the peer's.
	 * Where the kernel is that producer or consumer: fastipc_ring_served_fence().
	 */
	smp_mb();
}

static inline void fastipc_ring_served_fence(void)
{
	/*
	 * Between the kernel's own publishing (or releasing) and its look at who
	 * waits.  Pairs with fastipc_ring_arm_fence().
	 */
	smp_mb();
}

/* The end of a direction: the kernel's own word, and the hint in the page. */
void fastipc_ring_end(struct fastipc_waitline *line, int *ended, int error);
void fastipc_ring_end_again(struct fastipc_waitline *line, const int *ended);

/* To be read before the ring's word. */
static inline int fastipc_ring_ended(const int *ended)
{
	/* Pairs with fastipc_ring_end(). */
	return smp_load_acquire(ended);
}

#endif /* FASTIPC_RING_H */
