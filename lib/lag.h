/* SPDX-License-Identifier: MIT */
/*
 * Leaving a producer that streams alone for a moment.
 *
 * Whoever looks for a message takes the cache line from the producer that is about to
 * write it there, so a stream is read faster in bursts than message by message: if
 * more came than the one that was waited for, and nothing was sent back, the producer
 * may run ahead a little; longer, as long as more come then.  Where that brings nothing
 * it soon ends.
 */
#ifndef FASTIPC_LIB_LAG_H
#define FASTIPC_LIB_LAG_H

#include "ring.h"

#define FASTIPC_LAG_LEAST 8 /* pauses of the processor */
#define FASTIPC_LAG_MOST  64

/**
 * fastipc_consumer_lag() - how long not to look, having found nothing
 * @c: the consumer
 *
 * Return: how often to pause, at most FASTIPC_LAG_MOST, before looking again.
 */
static inline uint32_t fastipc_consumer_lag(struct fastipc_consumer *c)
{
	uint64_t sent = __atomic_load_n(&c->own->sent, __ATOMIC_RELAXED);
	uint64_t burst = c->position - c->waited; /* behind that one, bytes */

	if (sent != c->answered)
		c->lag = 0;
	else if (!burst)
		c->lag = c->lag > FASTIPC_LAG_LEAST ? c->lag / 2 : 0;
	else if (!c->lag)
		c->lag = FASTIPC_LAG_LEAST;
	else if (burst > c->burst && c->lag < FASTIPC_LAG_MOST)
		c->lag *= 2;
	c->burst = burst;
	c->answered = sent;
	return c->lag;
}

/* The message that was found, of this length, was waited for. */
static inline void fastipc_consumer_waited(struct fastipc_consumer *c,
					   size_t len)
{
	c->waited = c->position + FASTIPC_FOOTPRINT(len + c->stamp_bytes);
}

#endif /* FASTIPC_LIB_LAG_H */
