/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: channel.h - channels and their endpoints, whatever the kind
 *
 * Owns the two objects' lives and the table through which everything left of
 * here reaches a kind.  An endpoint is one open file; a channel is what
 * endpoints share.  Knows no kind, and no user memory.
 *
 * Lives: a file holds its endpoint, an endpoint with a file holds its channel,
 * and a channel's kind holds the endpoints it has attached until it is freed:
 * so whoever holds a channel may wake any endpoint of it.  A map holds the file.
 *
 * Lock order, outermost first:
 *	fastipc_channels_lock	the list of all channels (re-check only)
 *	channel->lock		SETUP, PEER and ATTACH, one at a time
 *	mmap_lock		the kernel's, held by mmap(2) and munmap(2)
 *	pair->lock		who is attached, and how a direction ended
 *	endpoint->lock		who maps it
 *	wait->queue.lock	who sleeps
 *	ring->lock		the shadow of a position (never under another)
 */
#ifndef FASTIPC_CHANNEL_H
#define FASTIPC_CHANNEL_H

#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/seq_file.h>

#include "region.h"
#include "wait.h"

struct fastipc_channel;
struct fastipc_endpoint;

/**
 * struct fastipc_kind_ops - what a kind of channel does
 * @name: for fdinfo
 * @setup: check the arguments (sizes and flags are) and make @channel->state
 * @free: undo @setup; no endpoint has a file any more
 * @attach: make an endpoint an end (FASTIPC_END_ANY: whichever is free)
 * @detach: the endpoint's file is gone
 * @unmapped: the endpoint's last read-write map is gone
 * @pinned: whether somebody may write the endpoint's pages without a map
 * @view: what a map at this offset shows this endpoint
 * @sync: wake and wait; may sleep, nothing is held
 * @poll: arm the wanted directions, look; the queues are registered already
 * @info: fill in what is not generic
 * @stat: fill in
 * @shutdown: end the directions
 * @show: lines for fdinfo
 * @recheck: look for lost wakes
 *
 * All but @setup are called only after it succeeded.
 */
struct fastipc_kind_ops {
	const char *name;
	int (*setup)(struct fastipc_channel *channel,
		     const struct fastipc_setup *setup);
	void (*free)(struct fastipc_channel *channel);
	int (*attach)(struct fastipc_endpoint *endpoint, int end);
	void (*detach)(struct fastipc_endpoint *endpoint);
	void (*unmapped)(struct fastipc_endpoint *endpoint);
	bool (*pinned)(struct fastipc_endpoint *endpoint);
	int (*view)(struct fastipc_endpoint *endpoint, u64 offset,
		    struct fastipc_view *view);
	int (*sync)(struct fastipc_endpoint *endpoint,
		    const struct fastipc_sync *sync, bool nonblock);
	__poll_t (*poll)(struct fastipc_endpoint *endpoint, __poll_t wanted);
	void (*info)(struct fastipc_endpoint *endpoint,
		     struct fastipc_info *info);
	void (*stat)(struct fastipc_endpoint *endpoint,
		     struct fastipc_stat *stat);
	int (*shutdown)(struct fastipc_endpoint *endpoint, u32 how);
	void (*show)(struct fastipc_endpoint *endpoint, struct seq_file *m);
	void (*recheck)(struct fastipc_channel *channel);
};

/**
 * struct fastipc_channel - what endpoints share
 * @ref: held by endpoints with a file
 * @lock: held over SETUP, PEER and ATTACH
 * @all: in the list of all channels; guarded by fastipc_channels_lock
 * @id: number, for tracing and fdinfo
 * @ops: its kind; NULL until SETUP, then never changes
 * @state: of the kind; as @ops
 * @stats: counters
 */
struct fastipc_channel {
	struct kref ref;
	struct mutex lock; /* SETUP, PEER and ATTACH, one at a time */
	struct list_head all;
	u64 id;
	const struct fastipc_kind_ops *ops;
	void *state;
	struct fastipc_wait_stats stats;
};

/**
 * struct fastipc_endpoint - one open file
 * @ref: held by the file, and by the kind while attached
 * @channel: held while there is a file
 * @rights: FMODE_READ to receive, FMODE_WRITE to send
 * @end: which end, once attached
 * @wait: who waits, by enum fastipc_direction
 * @lock: guards the rest
 * @mm: who maps it read-write; compared, never followed
 * @maps: how many read-write maps there are
 * @orderly: the last close will be an orderly end
 * @owner: the process that mapped it last
 */
struct fastipc_endpoint {
	struct kref ref;
	struct fastipc_channel *channel;
	fmode_t rights;
	unsigned int end;
	struct fastipc_wait wait[2];
	spinlock_t lock; /* mm, maps, orderly and owner */
	struct mm_struct *mm;
	unsigned int maps;
	bool orderly;
	struct pid *owner;
};

struct fastipc_channel *fastipc_channel_new(void);
void fastipc_channel_put(struct fastipc_channel *channel);
const struct fastipc_kind_ops *
fastipc_channel_ops(const struct fastipc_channel *channel);
void fastipc_channel_publish(struct fastipc_channel *channel,
			     const struct fastipc_kind_ops *ops);
void fastipc_channels_recheck(void);

struct fastipc_endpoint *fastipc_endpoint_new(struct fastipc_channel *channel,
					      fmode_t rights);
void fastipc_endpoint_get(struct fastipc_endpoint *endpoint);
void fastipc_endpoint_put(struct fastipc_endpoint *endpoint);
void fastipc_endpoint_closed(struct fastipc_endpoint *endpoint);
int fastipc_endpoint_map(struct fastipc_endpoint *endpoint);
void fastipc_endpoint_own(struct fastipc_endpoint *endpoint);
bool fastipc_endpoint_map_again(struct fastipc_endpoint *endpoint,
				const struct mm_struct *mm);
void fastipc_endpoint_unmap(struct fastipc_endpoint *endpoint);
void fastipc_endpoint_mark(struct fastipc_endpoint *endpoint, bool orderly);
bool fastipc_endpoint_stopped(struct fastipc_endpoint *endpoint);

int fastipc_nr_channels(void);
int fastipc_nr_endpoints(void);

#endif /* FASTIPC_CHANNEL_H */
