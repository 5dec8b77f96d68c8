/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: ring.h - words that the kernel shares with processes
 *
 * Owns, together with produce.h and consume.h, every access to a control page and
 * to the words of a ring, and every memory barrier on them, each naming its partner.
 * What a process can write is read once, bounded, and returned by value: no
 * other file touches shared memory.
 *
 * Locks: ring->lock guards the shadow of the released position, and the claim of
 * consume.h; it is the innermost, and nothing sleeps under it.
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
 * @producer: guards @position to @oldest
 * @position: where the kernel produces next
 * @shown: the same, but before a batch that is withheld
 * @batch: position of the first message of a batch that is withheld
 * @batch_word: its word; 0: there is no batch
 * @produced_era: of the producing endpoint, when @position was true
 * @seq: number of the last stamped message
 * @oldest: of a message of a sealed ring that nobody can have written over
 * @lock: guards @released, @claimed and @contended
 * @released: furthest position the consumer was believed to have released
 * @claimed: somebody consumes through the kernel; guards @taken and behind
 * @contended: somebody else wanted to
 * @taken: where the kernel consumes next
 * @last: once the end was seen: no message begins here or later; else 0
 * @cut: bytes of the message at @taken that were received already (STREAM)
 * @consumed_era: of the consuming endpoint, when @taken was true
 */
struct fastipc_ring {
	struct fastipc_region data;
	u64 bytes;
	u64 max_message;
	u32 stamp_bytes;

	struct mutex producer; /* position to oldest */
	u64 position;
	u64 shown;
	u64 batch;
	u64 batch_word;
	u64 produced_era;
	u64 seq;
	u64 oldest;

	spinlock_t lock; /* released, claimed, contended */
	u64 released;
	bool claimed;
	bool contended;
	u64 taken;
	u64 last;
	u64 cut;
	u64 consumed_era;
};

/* The kernel's own address of what is at a position; the next page is elsewhere. */
static inline void *fastipc_ring_at(const struct fastipc_ring *ring,
				    u64 position)
{
	return fastipc_region_at(&ring->data, position & (ring->bytes - 1));
}

static inline struct page *fastipc_ring_page(const struct fastipc_ring *ring,
					     u64 position)
{
	return ring->data.pages[(position & (ring->bytes - 1)) >> PAGE_SHIFT];
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

int fastipc_ring_alloc(struct fastipc_ring *ring, u64 bytes, u64 max_message,
		       bool sealed);
void fastipc_ring_free(struct fastipc_ring *ring);

/* Whether a word that is not 0 is that of a message. */
bool fastipc_ring_lawful(const struct fastipc_ring *ring, u64 word);

/* Bytes that must be free to send a payload. */
u64 fastipc_ring_room(const struct fastipc_ring *ring, u64 len);

/* What is there to see; the caller has armed, or does not mind being late. */
int fastipc_ring_readable(const struct fastipc_ring *ring,
			  const struct fastipc_control *consumer);
int fastipc_ring_fits(struct fastipc_ring *ring,
		      const struct fastipc_control *consumer, u64 position,
		      u64 room);
bool fastipc_ring_fits_max(const struct fastipc_ring *ring, u64 position,
			   const struct fastipc_control *consumer);
u64 fastipc_ring_want(const struct fastipc_ring *ring, u64 position, u64 room);
u64 fastipc_ring_want_max(const struct fastipc_ring *ring, u64 position);
u64 fastipc_ring_sent(const struct fastipc_control *control);
u64 fastipc_ring_released(const struct fastipc_control *control);
u64 fastipc_ring_taken(const struct fastipc_control *control);

/* The words that the kernel writes; the caller holds the wait queue's lock. */
void fastipc_ring_arm(struct fastipc_waitline *line, u64 want);
void fastipc_ring_disarm(struct fastipc_waitline *line);
void fastipc_ring_alert(struct fastipc_waitline *line, bool alert);
void fastipc_ring_arm_fence(void);
void fastipc_ring_served_fence(void);

/* The end of a direction: the kernel's own word, and the hint in the page. */
void fastipc_ring_end(struct fastipc_waitline *line, int *ended, int error);
void fastipc_ring_end_again(struct fastipc_waitline *line, const int *ended);
int fastipc_ring_ended(const int *ended);

#endif /* FASTIPC_RING_H */
