/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: ring.h - words that the kernel shares with processes
 *
 * Owns every access to a control page and to the words of a ring, and every
 * memory barrier on them, each naming its partner.  What a process can
 * write is read once, bounded, and returned by value: nothing left of here
 * sees shared memory.
 *
 * Locks: ring->lock guards the kernel's shadow of the released position; it is
 * the innermost lock, and nothing sleeps under it.
 */
#ifndef FASTIPC_RING_H
#define FASTIPC_RING_H

#include <linux/fastipc.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "region.h"

/**
 * struct fastipc_ring - messages in one direction
 * @data: the pages
 * @bytes: their length, a power of two
 * @max_message: longest payload in bytes
 * @lock: guards @released
 * @released: furthest position the consumer was believed to have released
 */
struct fastipc_ring {
	struct fastipc_region data;
	u64 bytes;
	u64 max_message;
	spinlock_t lock; /* released */
	u64 released;
};

int fastipc_ring_alloc(struct fastipc_ring *ring, u64 bytes, u64 max_message);
void fastipc_ring_free(struct fastipc_ring *ring);

/* What is there to see; the caller has armed, or does not mind being late. */
int fastipc_ring_readable(const struct fastipc_ring *ring,
			  const struct fastipc_control *consumer);
int fastipc_ring_fits(struct fastipc_ring *ring,
		      const struct fastipc_control *consumer, u64 position,
		      u64 need);
bool fastipc_ring_fits_limit(const struct fastipc_ring *ring,
			     const struct fastipc_control *producer,
			     const struct fastipc_control *consumer);
u64 fastipc_ring_want(const struct fastipc_ring *ring, u64 position, u64 need);
u64 fastipc_ring_want_limit(const struct fastipc_ring *ring,
			    const struct fastipc_control *producer);
u64 fastipc_ring_sent(const struct fastipc_control *control);
u64 fastipc_ring_released(const struct fastipc_control *control);
u64 fastipc_ring_taken(const struct fastipc_control *control);

/* The words that the kernel writes; the caller holds the wait queue's lock. */
void fastipc_ring_arm(struct fastipc_waitline *line, u64 want);
void fastipc_ring_disarm(struct fastipc_waitline *line);
void fastipc_ring_arm_fence(void);

/* The end of a direction: the kernel's own word, and the hint in the page. */
void fastipc_ring_end(struct fastipc_waitline *line, int *ended, int error);
int fastipc_ring_ended(const int *ended);

#endif /* FASTIPC_RING_H */
