/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: produce.h - the kernel as a producer of a ring
 *
 * It is the only producer of a sealed ring; and it produces for an end that nobody
 * has mapped.  Its own position is then what counts, and the word in the control
 * page follows it.
 *
 * Locks: ring->producer serialises producing; under it user memory is read, but
 * never waited for.
 */
#ifndef FASTIPC_PRODUCE_H
#define FASTIPC_PRODUCE_H

#include "ring.h"

struct iov_iter;

/* The caller holds ring->producer, but for the last three. */
int fastipc_ring_produce_resume(struct fastipc_ring *ring,
				struct fastipc_control *producer);
void fastipc_ring_withdraw(struct fastipc_ring *ring);
bool fastipc_ring_make_room(struct fastipc_ring *ring, size_t len);
bool fastipc_ring_copy_in(const struct fastipc_ring *ring, size_t len,
			  struct iov_iter *from);
void fastipc_ring_publish(struct fastipc_ring *ring,
			  struct fastipc_control *producer, size_t len, u64 tag,
			  struct fastipc_stamp *stamp, bool more);
bool fastipc_ring_flush(struct fastipc_ring *ring,
			struct fastipc_control *producer);
u64 fastipc_ring_position(const struct fastipc_ring *ring);
u64 fastipc_ring_shown(const struct fastipc_ring *ring);
int fastipc_ring_sent_again(struct fastipc_ring *ring,
			    struct fastipc_control *producer);

#endif /* FASTIPC_PRODUCE_H */
