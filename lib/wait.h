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

int fastipc_wait_space_(struct fastipc *f, size_t len,
			struct fastipc_limit *limit);
int fastipc_wait_message_(struct fastipc *f, uint32_t wake, size_t *len,
			  struct fastipc_limit *limit);

#endif /* FASTIPC_LIB_WAIT_H */
