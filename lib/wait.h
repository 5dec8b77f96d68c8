/* SPDX-License-Identifier: MIT */
/*
 * Waiting: look, look on for a moment, then sleep in the kernel.
 */
#ifndef FASTIPC_LIB_WAIT_H
#define FASTIPC_LIB_WAIT_H

#include "map.h"

/**
 * struct fastipc_limit - how long a call may wait, over all its waits
 * @ms: milliseconds; 0: not at all; -1: no limit
 * @end: CLOCK_MONOTONIC, in nanoseconds; 0 until the first wait
 */
struct fastipc_limit {
	int ms;
	uint64_t end;
};

static inline struct fastipc_limit fastipc_limit_(int flags, int timeout_ms)
{
	return (struct fastipc_limit){
		.ms = flags & FASTIPC_NOWAIT ? 0 : timeout_ms,
	};
}

#define FASTIPC_SPIN_RANGE_ 16 /* the longest is so many times the shortest */

#define FASTIPC_SPIN_AGAIN_ 1024 /* after so many times in vain */

/* Is it worth while to look on for a message?  It was lately, or may be again. */
static inline bool fastipc_spins_(struct fastipc *f)
{
	struct fastipc_spin *spin = &f->rx_spin;

	if (spin->now_ns > f->spin_ns / FASTIPC_SPIN_RANGE_)
		return true;
	if (!f->spin_ns || ++spin->unspun % FASTIPC_SPIN_AGAIN_)
		return false;
	spin->now_ns = f->spin_ns;
	return true;
}

int fastipc_wait_space_(struct fastipc *f, size_t len,
			struct fastipc_limit *limit);
int fastipc_wait_drained_(struct fastipc *f, struct fastipc_limit *limit);
uint64_t fastipc_left_ns_(struct fastipc_limit *limit);
int fastipc_wait_message_(struct fastipc *f, uint32_t wake, size_t *len,
			  struct fastipc_limit *limit);

#endif /* FASTIPC_LIB_WAIT_H */
