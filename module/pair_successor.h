/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: pair_successor.h - going on at an end that somebody else had
 *
 * Owns what is believed of that end's pages, and what is written over: if another
 * process had mapped the same endpoint, before the next maps it, or the kernel moves
 * messages there; and if another endpoint was that end, and is closed (FASTIPC_KEEP),
 * before the next one takes its place.
 *
 * Locks: takes those of its neighbours; pair_take_over() wants channel->lock.
 */
#ifndef FASTIPC_PAIR_SUCCESSOR_H
#define FASTIPC_PAIR_SUCCESSOR_H

#include "pair_wait.h"

/* Offsets for mmap(2): the number of an area, and nothing but zeroes below. */
#define PAIR_AREA_SHIFT 40
enum {
	PAIR_OWN_CONTROL,
	PAIR_PEER_CONTROL,
	PAIR_SEND_RING,
	PAIR_RECV_RING,
};

int pair_take_over(struct pair_end *end, struct fastipc_endpoint *successor);
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
