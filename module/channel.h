/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: channel.h - channels and their endpoints, whatever the kind
 *
 * Owns the two objects' lives and the table through which endpoint.c, map.c,
 * transfer.c and rw.c reach a kind.  An endpoint is one open file; a channel is
 * what endpoints share.  Knows no kind, and no user memory.
 *
 * Lives: a file holds its endpoint, an endpoint with a file holds its channel, a name
 * does too.  A channel's kind holds the endpoints it has attached until it is freed, or
 * until another took an end over and RCU lets nobody look any more: so whoever holds a
 * channel may wake, under RCU, any endpoint of it.  A map holds the file.
 *
 * Lock order, outermost first:
 *	fastipc_channels_lock	the list of all channels (re-check only)
 *	channel->lock		SETUP, PEER and ATTACH, one at a time; the re-check
 *	mmap_lock		the kernel's, held by mmap(2) and munmap(2)
 *	ring->producer		the kernel's producing
 *	pair->lock		who is attached, and how a direction ended
 *	endpoint->lock		who maps it
 *	wait->queue.lock	who sleeps
 *	ring->lock		the shadow of a position, and who consumes
 *	user->lock		what a user has, and may still do
 *	space->lock		what a mount holds (space.h)
 *	replace_lock		the page of a region that changes (region.c)
 */
#ifndef FASTIPC_CHANNEL_H
#define FASTIPC_CHANNEL_H

#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>

#include "region.h"
#include "space.h"
#include "wait.h"

struct iov_iter;

struct fastipc_channel;
struct fastipc_endpoint;

/**
 * struct fastipc_transfer - one message to be moved by the kernel
 * @iter: the caller's memory
 * @tag: sending: of the message; receiving: filled in
 * @stamp: receiving: filled in, or NULL
 * @seen: receiving: set if a predecessor may have received it
 * @more: sending: withhold it, others follow
 * @then: sending: the caller is going to wait for the peer afterwards
 * @cut: receiving: a part will do, the rest stays (FASTIPC_STREAM)
 * @nonblock: do not wait
 * @until: how long to wait, absolute CLOCK_MONOTONIC, or NULL: no limit
 */
struct fastipc_transfer {
	struct iov_iter *iter;
	u64 tag;
	struct fastipc_stamp *stamp;
	bool seen;
	bool more;
	bool then;
	bool cut;
	bool nonblock;
	ktime_t *until;
};

/**
 * struct fastipc_kind_ops - what a kind of channel does
 * @name: for fdinfo
 * @setup: check the arguments (sizes and flags are), charge them, and make
 *	@channel->state
 * @free: undo @setup; no endpoint has a file any more
 * @attach: make an endpoint an end (FASTIPC_END_ANY: whichever is free)
 * @detach: the endpoint's file is gone
 * @unmapped: the endpoint's last read-write map is gone
 * @inherit: another process has them now, if it can: 0, or why not
 * @view: what a map at this offset shows this endpoint
 * @sync: wake and wait; may sleep, nothing is held
 * @send: send one message from the caller's memory; may sleep; bytes, or why not
 * @recv: receive one message into the caller's memory; the same
 * @flush: show what was withheld
 * @max_message: longest payload in bytes
 * @poll: arm the wanted directions, look; the queues are registered already
 * @info: fill in what is not generic
 * @stat: fill in
 * @shutdown: end the directions
 * @show: lines for fdinfo
 * @recheck: look for lost wakes, with channel->lock
 * @peer_barrier: run a barrier where the other side of an endpoint runs
 *
 * All but @setup are called only after it succeeded.
 */
struct fastipc_kind_ops {
	const char *name;
	int (*setup)(struct fastipc_endpoint *endpoint,
		     const struct fastipc_setup *setup);
	void (*free)(struct fastipc_channel *channel);
	int (*attach)(struct fastipc_endpoint *endpoint, int end);
	void (*detach)(struct fastipc_endpoint *endpoint);
	void (*unmapped)(struct fastipc_endpoint *endpoint);
	int (*inherit)(struct fastipc_endpoint *endpoint);
	int (*view)(struct fastipc_endpoint *endpoint, u64 offset,
		    struct fastipc_view *view);
	int (*sync)(struct fastipc_endpoint *endpoint,
		    const struct fastipc_sync *sync,
		    struct fastipc_limit *limit);
	ssize_t (*send)(struct fastipc_endpoint *endpoint,
			struct fastipc_transfer *transfer);
	ssize_t (*recv)(struct fastipc_endpoint *endpoint,
			struct fastipc_transfer *transfer);
	int (*flush)(struct fastipc_endpoint *endpoint);
	u64 (*max_message)(struct fastipc_endpoint *endpoint);
	__poll_t (*poll)(struct fastipc_endpoint *endpoint, __poll_t wanted);
	void (*info)(struct fastipc_endpoint *endpoint,
		     struct fastipc_info *info);
	void (*stat)(struct fastipc_endpoint *endpoint,
		     struct fastipc_stat *stat);
	int (*shutdown)(struct fastipc_endpoint *endpoint, u32 how);
	void (*show)(struct fastipc_endpoint *endpoint, struct seq_file *m);
	void (*recheck)(struct fastipc_channel *channel);
	void (*peer_barrier)(struct fastipc_endpoint *endpoint);
};

/**
 * struct fastipc_channel - what endpoints share
 * @ref: held by endpoints with a file, and by a name
 * @lock: held over SETUP, PEER and ATTACH
 * @all: in the list of all channels; guarded by fastipc_channels_lock
 * @id: number, for tracing and fdinfo
 * @user: who made it
 * @payer: who set it up, or NULL; as @bytes guarded by @lock
 * @bytes: that @payer is charged
 * @space: of the mount where it has a name, or NULL; never changes
 * @mapping: of that name, or NULL; never changes
 * @set_up: who waits for SETUP, in ATTACH
 * @flags: FASTIPC_SEALED, FASTIPC_STREAM; as @ops
 * @ops: its kind; NULL until SETUP, then never changes
 * @state: of the kind; as @ops
 * @stats: counters
 */
struct fastipc_channel {
	struct kref ref;
	struct mutex lock; /* SETUP, PEER and ATTACH, one at a time */
	struct list_head all;
	u64 id;
	struct fastipc_user *user;
	struct fastipc_user *payer;
	u64 bytes;
	struct fastipc_space *space;
	struct address_space *mapping;
	wait_queue_head_t set_up;
	u32 flags;
	const struct fastipc_kind_ops *ops;
	void *state;
	struct fastipc_wait_stats stats;
};

/**
 * struct fastipc_endpoint - one open file
 * @ref: held by the file, and by the kind while attached
 * @channel: held while there is a file
 * @id: number, never used again
 * @rights: FMODE_READ to receive, FMODE_WRITE to send
 * @uid: of whoever opened the file
 * @gid: the same
 * @stamp_uid: @uid, as stamps say it
 * @stamp_gid: @gid, likewise
 * @user: whose it is
 * @end: which end, once attached
 * @side: of the kind, the same; NULL until then
 * @wait: who waits, by enum fastipc_direction
 * @notice: who gets signals
 * @lock: guards the rest
 * @mm: who maps it read-write; compared, never followed
 * @maps: how many read-write maps there are
 * @inherited: how many of them forked children got, which are not in @maps
 * @era: grows whenever there comes a first such map
 * @users: how many calls are moving a message for it, so that it cannot be mapped
 * @claimed: one of them is receiving
 * @contended: somebody else wanted to
 * @orderly: the last close will be an orderly end
 * @owner: the process that used it last
 * @runner: the thread that mapped it, or waited for it, last
 * @mapper: the process that mapped it last, after a look for pins
 * @mapper_exec: which program that was then
 * @map_uid: the user who mapped it; if @mapper is not NULL
 * @map_many: several did
 */
struct fastipc_endpoint {
	struct kref ref;
	struct fastipc_channel *channel;
	u64 id;
	fmode_t rights;
	kuid_t uid;
	kgid_t gid;
	u32 stamp_uid;
	u32 stamp_gid;
	struct fastipc_user *user;
	unsigned int end;
	void *side;
	struct fastipc_wait wait[2];
	struct fasync_struct *notice;
	spinlock_t lock; /* the rest */
	struct mm_struct *mm;
	unsigned int maps;
	unsigned int inherited;
	u64 era;
	unsigned int users;
	bool claimed;
	bool contended;
	bool orderly;
	struct pid *owner;
	struct pid *runner;
	struct pid *mapper;
	u64 mapper_exec;
	kuid_t map_uid;
	bool map_many;
};

/* The kind's table, or NULL before SETUP. */
static inline const struct fastipc_kind_ops *
fastipc_channel_ops(const struct fastipc_channel *channel)
{
	/* Pairs with fastipc_channel_publish(): what SETUP made is seen. */
	return smp_load_acquire(&channel->ops);
}

int fastipc_endpoint_attach(struct fastipc_endpoint *endpoint, int end);

/* Is it an end? */
static inline bool
fastipc_endpoint_is_attached(const struct fastipc_endpoint *endpoint)
{
	/* Pairs with the kind's attach: what that made is seen, and the kind. */
	return smp_load_acquire(&endpoint->side);
}

/*
 * The kind's table, or NULL before SETUP; of which, without a name, the endpoint's
 * becoming an end is a part.
 */
static inline const struct fastipc_kind_ops *
fastipc_endpoint_ops(const struct fastipc_endpoint *endpoint)
{
	const struct fastipc_channel *channel = endpoint->channel;
	const struct fastipc_kind_ops *ops = fastipc_channel_ops(channel);

	return channel->mapping || fastipc_endpoint_is_attached(endpoint) ?
		       ops :
		       NULL;
}

/*
 * For the first message that an endpoint of a name sends or receives: it becomes an end
 * if it is none.  0, or why not.
 */
static inline int fastipc_endpoint_begin(struct fastipc_endpoint *endpoint)
{
	if (likely(fastipc_endpoint_is_attached(endpoint)))
		return 0;
	return fastipc_endpoint_attach(endpoint, FASTIPC_END_ANY);
}

/* Does a process have it mapped now?  For whoever looks again under the lock. */
static inline bool
fastipc_endpoint_is_mapped(const struct fastipc_endpoint *endpoint)
{
	return READ_ONCE(endpoint->maps) || READ_ONCE(endpoint->inherited);
}

struct fastipc_channel *fastipc_channel_new(void);
void fastipc_channel_get(struct fastipc_channel *channel);
void fastipc_channel_put(struct fastipc_channel *channel);
void fastipc_channel_publish(struct fastipc_channel *channel,
			     const struct fastipc_kind_ops *ops);
int fastipc_channel_charge(struct fastipc_channel *channel,
			   struct fastipc_user *payer, u64 bytes);
void fastipc_channel_uncharge(struct fastipc_channel *channel);
void fastipc_channels_recheck(void);

struct fastipc_endpoint *fastipc_endpoint_new(struct fastipc_channel *channel,
					      fmode_t rights);
void fastipc_endpoint_get(struct fastipc_endpoint *endpoint);
void fastipc_endpoint_put(struct fastipc_endpoint *endpoint);
void fastipc_endpoint_closed(struct fastipc_endpoint *endpoint);
int fastipc_endpoint_map(struct fastipc_endpoint *endpoint);
void fastipc_endpoint_mapped(struct fastipc_endpoint *endpoint);
bool fastipc_endpoint_map_again(struct fastipc_endpoint *endpoint,
				const struct mm_struct *mm);
void fastipc_endpoint_unmap(struct fastipc_endpoint *endpoint);
void fastipc_endpoint_disinherit(struct fastipc_endpoint *endpoint);
int fastipc_endpoint_use(struct fastipc_endpoint *endpoint, u64 *era);
void fastipc_endpoint_unuse(struct fastipc_endpoint *endpoint);
int fastipc_endpoint_claim(struct fastipc_endpoint *endpoint, u64 *era);
bool fastipc_endpoint_unclaim(struct fastipc_endpoint *endpoint);
bool fastipc_endpoint_contend(struct fastipc_endpoint *endpoint);
void fastipc_endpoint_own_anew(struct fastipc_endpoint *endpoint);
void fastipc_endpoint_ran_anew(struct fastipc_endpoint *endpoint);
struct task_struct *fastipc_endpoint_runner(struct fastipc_endpoint *endpoint);
pid_t fastipc_endpoint_owner(struct fastipc_endpoint *endpoint);
void fastipc_endpoint_mark(struct fastipc_endpoint *endpoint, bool orderly);
bool fastipc_endpoint_stopped(struct fastipc_endpoint *endpoint);
void fastipc_endpoint_barrier(struct fastipc_endpoint *endpoint);

/* The current process speaks for the endpoint from now on. */
static inline void fastipc_endpoint_own(struct fastipc_endpoint *endpoint)
{
	/* Without the lock: only this process itself stores its own pid here. */
	if (READ_ONCE(endpoint->owner) != task_tgid(current))
		fastipc_endpoint_own_anew(endpoint);
}

/* The current thread waits for it: whom its peer may watch. */
static inline void fastipc_endpoint_ran(struct fastipc_endpoint *endpoint)
{
	/* Without the lock: only this thread itself stores its own pid here. */
	if (READ_ONCE(endpoint->runner) != task_pid(current))
		fastipc_endpoint_ran_anew(endpoint);
}

/*
 * Is somebody receiving by the kernel's calls now?  Then who asks, and has armed,
 * will be woken.
 */
static inline bool
fastipc_endpoint_is_claimed(struct fastipc_endpoint *endpoint)
{
	return READ_ONCE(endpoint->claimed) &&
	       fastipc_endpoint_contend(endpoint);
}

int fastipc_nr_channels(void);
int fastipc_nr_endpoints(void);

#endif /* FASTIPC_CHANNEL_H */
