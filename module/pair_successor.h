/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: pair_successor.h - going on at an end that another process had mapped
 *
 * Owns what of that end's pages is believed, and what is written over, before the
 * next process maps them, or the kernel moves messages there.
 *
 * Locks: takes those of its neighbours, one at a time.
 */
#ifndef FASTIPC_PAIR_SUCCESSOR_H
#define FASTIPC_PAIR_SUCCESSOR_H

#include "pair_wait.h"

int pair_inherit(struct fastipc_endpoint *endpoint);
int pair_produce_succeed(struct fastipc_endpoint *endpoint, u64 era);
int pair_consume_succeed(struct fastipc_endpoint *endpoint, u64 era);

/* If a process had the end mapped meanwhile, go on where it stopped. */
static inline int pair_produce_resume(struct fastipc_endpoint *endpoint,
				      u64 era)
{
	return self_of(endpoint)->ring.produced_era == era ?
		       0 :
		       pair_produce_succeed(endpoint, era);
}

/* The same for receiving. */
static inline int pair_consume_resume(struct fastipc_endpoint *endpoint,
				      u64 era)
{
	return other_of(endpoint)->ring.consumed_era == era ?
		       0 :
		       pair_consume_succeed(endpoint, era);
}

#endif /* FASTIPC_PAIR_SUCCESSOR_H */
