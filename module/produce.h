/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: produce.h - the kernel as a producer and a consumer of a ring
 *
 * It is the only producer of a sealed ring; and it produces and consumes for an
 * end that nobody has mapped.  Its own positions are then what counts, and the
 * words in the control page follow them.
 *
 * Locks: ring->producer serialises producing; under it user memory is read, but
 * never waited for.  A claim serialises consuming: no lock, because a receiver's
 * memory may take its time.
 */
#ifndef FASTIPC_PRODUCE_H
#define FASTIPC_PRODUCE_H

#include "ring.h"

struct iov_iter;

/* The kernel as producer; the caller holds ring->producer. */
int fastipc_ring_produce_resume(struct fastipc_ring *ring,
				struct fastipc_control *producer,
				const struct fastipc_control *consumer);
bool fastipc_ring_make_room(struct fastipc_ring *ring, size_t len);
bool fastipc_ring_copy_in(const struct fastipc_ring *ring, size_t len,
			  struct iov_iter *from);
void fastipc_ring_publish(struct fastipc_ring *ring,
			  struct fastipc_control *producer, size_t len, u64 tag,
			  struct fastipc_stamp *stamp, bool more);
bool fastipc_ring_flush(struct fastipc_ring *ring,
			struct fastipc_control *producer);
u64 fastipc_ring_position(const struct fastipc_ring *ring);
int fastipc_ring_sent_again(struct fastipc_ring *ring,
			    struct fastipc_control *producer);

/* Whoever is going to consume, kernel or process. */
int fastipc_ring_consume_check(struct fastipc_ring *ring,
			       struct fastipc_control *consumer, u64 *taken);

/* The kernel as consumer; the caller holds the claim. */
bool fastipc_ring_claim(struct fastipc_ring *ring);
bool fastipc_ring_unclaim(struct fastipc_ring *ring);
bool fastipc_ring_is_claimed(struct fastipc_ring *ring);
int fastipc_ring_consume_resume(struct fastipc_ring *ring,
				struct fastipc_control *consumer);
int fastipc_ring_look(struct fastipc_ring *ring, bool ended, size_t *len);
bool fastipc_ring_copy_out(const struct fastipc_ring *ring, size_t skip,
			   size_t len, struct iov_iter *to);
void fastipc_ring_release(struct fastipc_ring *ring,
			  struct fastipc_control *consumer, size_t len,
			  u64 *tag, struct fastipc_stamp *stamp);

#endif /* FASTIPC_PRODUCE_H */
