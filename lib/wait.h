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

int fastipc_wait_space_(struct fastipc *f, size_t len,
			struct fastipc_limit *limit);
int fastipc_wait_drained_(struct fastipc *f, struct fastipc_limit *limit);
uint64_t fastipc_left_ns_(struct fastipc_limit *limit);
int fastipc_wait_message_(struct fastipc *f, uint32_t wake, size_t *len,
			  struct fastipc_limit *limit);

#endif /* FASTIPC_LIB_WAIT_H */
