/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: pair_ends.h - who is at the ends of a pair, and how they end
 *
 * Owns attaching and detaching: which end an endpoint becomes, who may succeed whom
 * there; and how a direction ends.
 *
 * Locks: pair_attach() and pair_forget() want channel->lock; pair->lock guards what the
 * other side looks at.
 */
#ifndef FASTIPC_PAIR_ENDS_H
#define FASTIPC_PAIR_ENDS_H

#include "pair_wait.h"

/* Can an end that was closed have a successor? */
static inline bool pair_keeps(const struct fastipc_channel *channel)
{
	return channel->flags & FASTIPC_KEEP;
}

/* Whose view an endpoint has: of one that is no end, that of end 0. */
static inline struct pair_end *
pair_seen_from(const struct fastipc_endpoint *endpoint)
{
	return fastipc_endpoint_is_attached(endpoint) ? self_of(endpoint) :
							pair_of(endpoint)->end;
}

/* Is somebody there?  With pair->lock or channel->lock. */
static inline bool pair_end_taken(const struct fastipc_channel *channel,
				  const struct pair_end *end)
{
	return endpoint_locked(channel, end) && !READ_ONCE(end->closed);
}

int pair_attach(struct fastipc_endpoint *endpoint, int number);
void pair_detach(struct fastipc_endpoint *endpoint);
void pair_forget(struct pair_lives *lives);
int pair_shutdown(struct fastipc_endpoint *endpoint, u32 how);

#endif /* FASTIPC_PAIR_ENDS_H */
