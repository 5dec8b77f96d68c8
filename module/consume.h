/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: consume.h - the kernel as a consumer of a ring
 *
 * It consumes for an end that nobody has mapped.  Its own position is then what
 * counts, and the words in the control page follow it.
 *
 * Locks: a claim serialises consuming: no lock, because a receiver's memory may take
 * its time.
 */
#ifndef FASTIPC_CONSUME_H
#define FASTIPC_CONSUME_H

#include "ring.h"

struct iov_iter;

/* Whoever is going to consume, kernel or process. */
int fastipc_ring_consume_check(struct fastipc_ring *ring,
			       struct fastipc_control *consumer, u64 *taken);

/* Whoever succeeds a consumer that is gone. */
int fastipc_ring_consume_again(struct fastipc_ring *ring,
			       const struct fastipc_control *consumer, u64 sent,
			       u64 *released, u64 *taken);

/* The caller holds the claim (fastipc_endpoint_claim()). */
int fastipc_ring_consume_resume(struct fastipc_ring *ring,
				struct fastipc_control *consumer);
int fastipc_ring_look(struct fastipc_ring *ring, bool ended, size_t *len);
bool fastipc_ring_copy_out(const struct fastipc_ring *ring, size_t skip,
			   size_t len, struct iov_iter *to);
void fastipc_ring_release(struct fastipc_ring *ring,
			  struct fastipc_control *consumer, size_t len,
			  u64 *tag, struct fastipc_stamp *stamp);

#endif /* FASTIPC_CONSUME_H */
