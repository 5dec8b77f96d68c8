/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: pair_wait.h - waiting in a pair
 *
 * Owns the looks: is there a message, is there space, is it over; and with them
 * FASTIPC_SYNC and poll.  Who is attached, and how a direction ended, is pair.c's
 * to change.
 *
 * Locks: none of its own.
 */
#ifndef FASTIPC_PAIR_WAIT_H
#define FASTIPC_PAIR_WAIT_H

#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/user_namespace.h>

#include "channel.h"
#include "ring.h"

/**
 * struct pair_end - one end, whether or not it has an endpoint
 * @ring: what it sends; the peer's is what it receives
 * @other: the other end
 * @control_region: its control page
 * @control: the kernel's address of that; a successor changes both, with pair->lock and
 *	the lock of the ring that this end reads: so the end's own calls need neither
 * @endpoint: who it is, or was last; under RCU
 * @closed: 0, or the errno that the close of its file means to the peer
 * @ended: 0, or the errno of a direction, by enum fastipc_direction
 * @poisoned: the peer broke the rules of a direction
 * @news: the peer came or went, and nobody has asked since
 */
struct pair_end {
	struct fastipc_ring ring;
	struct pair_end *other;
	struct fastipc_region control_region;
	struct fastipc_control *control;
	struct fastipc_endpoint __rcu *endpoint;
	int closed;
	int ended[2];
	bool poisoned[2];
	bool news;
};

/**
 * struct pair_lives - of an end that can have successors; guarded by channel->lock, but
 *	what detaching writes, which comes before ->closed
 * @former: whose endpoint it was before the one that it is or was last, until nobody can
 *	look at that any more
 * @former_gone: when that is
 * @mapper: who had it mapped, and could send through that
 * @was_mapped: there was one
 * @many: there were several
 */
struct pair_lives {
	struct fastipc_endpoint *former;
	unsigned long former_gone;
	kuid_t mapper;
	bool was_mapped;
	bool many;
};

/**
 * struct pair - the state of a channel of this kind
 * @lock: guards endpoint and ended of both ends against change; they are
 *	read without
 * @pid_ns: whence stamps are seen: that of SETUP's caller
 * @user_ns: likewise
 * @syncs: calls of FASTIPC_SYNC
 * @sends: messages that the kernel copied in
 * @recvs: messages that the kernel copied out
 * @bounces: of @sends, those that were copied twice
 * @lives: of both ends; NULL without FASTIPC_KEEP
 * @end: both
 */
struct pair {
	spinlock_t lock; /* endpoint and ended of both ends */
	struct pid_namespace *pid_ns;
	struct user_namespace *user_ns;
	atomic64_t syncs;
	atomic64_t sends;
	atomic64_t recvs;
	atomic64_t bounces;
	struct pair_lives *lives;
	struct pair_end end[2];
};

static inline struct pair *pair_of(const struct fastipc_endpoint *endpoint)
{
	return endpoint->channel->state;
}

/* Both: once it is attached. */
static inline struct pair_end *self_of(const struct fastipc_endpoint *endpoint)
{
	return endpoint->side;
}

static inline struct pair_end *other_of(const struct fastipc_endpoint *endpoint)
{
	return self_of(endpoint)->other;
}

/* Who an end is, or was last, or NULL; in a read-side critical section of RCU. */
static inline struct fastipc_endpoint *endpoint_of(const struct pair_end *end)
{
	/* Pairs with rcu_assign_pointer() in pair_attach(). */
	return rcu_dereference(end->endpoint);
}

/* For lockdep. */
#define PAIR_IS_LOCKED(channel, pair) \
	(lockdep_is_held(&(pair)->lock) || lockdep_is_held(&(channel)->lock))

/* The same, with pair->lock or channel->lock: it does not change meanwhile. */
static inline struct fastipc_endpoint *
endpoint_locked(const struct fastipc_channel *channel,
		const struct pair_end *end)
{
	const struct pair *pair = channel->state;

	return rcu_dereference_protected(end->endpoint,
					 PAIR_IS_LOCKED(channel, pair));
}

/* With FASTIPC_KEEP. */
static inline struct pair_lives *lives_of(struct pair *pair,
					  const struct pair_end *end)
{
	return &pair->lives[end - pair->end];
}

static inline bool pair_is_sealed(const struct fastipc_endpoint *endpoint)
{
	return endpoint->channel->flags & FASTIPC_SEALED;
}

void pair_wake(struct pair_end *end, enum fastipc_direction direction,
	       bool always);
void pair_served(struct pair_end *end, enum fastipc_direction direction,
		 u64 reached, bool here);
int pair_interrupted(const struct fastipc_transfer *transfer);
int pair_poison(struct fastipc_endpoint *endpoint,
		enum fastipc_direction direction, u64 position);

int pair_glance_recv(void *arg);
int pair_sync(struct fastipc_endpoint *endpoint,
	      const struct fastipc_sync *sync, struct fastipc_limit *limit);
__poll_t pair_poll(struct fastipc_endpoint *endpoint, __poll_t wanted);
void pair_recheck(struct fastipc_channel *channel);

#endif /* FASTIPC_PAIR_WAIT_H */
