/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: wait.h - sleeping and waking
 *
 * Owns one wait queue for each direction of an endpoint, and with it the word
 * ->want and ->alert in the endpoint's control page, by which the peer learns that
 * somebody sleeps.  What is waited for is the caller's: a look function.
 *
 * Locks: queue.lock guards everything in struct fastipc_wait and the page's
 * word; no other lock of the module is taken under it.  Never trusts the word in
 * the page: wakes go by the queue.  Sleeps have no hidden time-out.
 */
#ifndef FASTIPC_WAIT_H
#define FASTIPC_WAIT_H

#include <linux/fastipc.h>
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/wait.h>

struct fastipc_endpoint;
struct fastipc_user;

enum fastipc_direction { FASTIPC_RECEIVING, FASTIPC_SENDING };

/* Counters of a channel, for STAT; they order nothing. */
struct fastipc_wait_stats {
	atomic64_t sleeps;
	atomic64_t wakes;
	atomic64_t late_wakes;
	atomic64_t alerts;
	atomic64_t barriers;
};

/**
 * struct fastipc_wait - who waits for one direction of an endpoint
 * @queue: the sleepers and pollers; its lock guards the rest
 * @line: where the peer sees it; NULL until the endpoint is attached
 * @stats: of the channel
 * @channel: its number, for tracing
 * @want: what @line says, or should; 0: nobody waits
 * @arms: how often @want was set
 * @suspect: @arms at the last re-check that found something unserved
 * @owed: the smallest want of those who found nothing; 0: nobody
 * @notice: whom to send signals, by fcntl(2)'s rules; NULL: nobody
 * @peer_barrier: run a barrier where the peer runs, which then sees what was stored here
 * @owner: for @peer_barrier
 * @payer: of barriers, beforehand; NULL: ->alert always stays
 * @alert: what @line says, or should
 * @here: who is being woken now, is so by one who is about to sleep
 * @settled: since @alert was set, a barrier has run
 * @alerts: how often it was set
 * @alert_at: when, in jiffies
 * @end: number of the end, for tracing
 * @direction: for tracing, and for what a signal says
 */
struct fastipc_wait {
	wait_queue_head_t queue;
	struct fastipc_waitline *line;
	struct fastipc_wait_stats *stats;
	u64 channel;
	u64 want;
	u64 arms;
	u64 suspect;
	u64 owed;
	struct fasync_struct **notice;
	void (*peer_barrier)(struct fastipc_endpoint *owner);
	struct fastipc_endpoint *owner;
	struct fastipc_user *payer;
	bool alert;
	bool settled;
	bool here;
	u32 alerts;
	unsigned long alert_at;
	u8 end;
	u8 direction;
};

/**
 * struct fastipc_limit - how long a call may wait, over all its waits
 * @nonblock: not at all
 * @at: absolute CLOCK_MONOTONIC
 * @until: @at, or NULL: no limit
 */
struct fastipc_limit {
	bool nonblock;
	ktime_t at;
	ktime_t *until;
};

/* Looks: > 0 it is there, 0 it is not, < 0 it never will be, and why. */
typedef int (*fastipc_look_t)(void *arg);

/* A time-out of a call begins to run: 0: do not wait, or FASTIPC_FOREVER. */
static inline void fastipc_limit_begin(struct fastipc_limit *limit,
				       const struct file *file, u64 timeout_ns)
{
	limit->nonblock = !timeout_ns || file->f_flags & O_NONBLOCK;
	limit->until = NULL;
	if (limit->nonblock || timeout_ns == FASTIPC_FOREVER)
		return;
	limit->at =
		ktime_add_safe(ktime_get(), min_t(u64, timeout_ns, KTIME_MAX));
	limit->until = &limit->at;
}

void fastipc_wait_init(struct fastipc_wait *wait,
		       void (*peer_barrier)(struct fastipc_endpoint *owner),
		       struct fastipc_endpoint *owner);
void fastipc_wait_bind(struct fastipc_wait *wait, struct fastipc_waitline *line,
		       struct fastipc_wait_stats *stats, u64 channel,
		       unsigned int end, enum fastipc_direction direction,
		       struct fastipc_user *payer);
int fastipc_wait_poll(struct fastipc_wait *wait, u64 want, fastipc_look_t look,
		      void *arg);
int fastipc_wait_sleep(struct fastipc_wait *wait, u64 want, fastipc_look_t look,
		       void *arg, ktime_t *until);
void fastipc_wait_unbind(struct fastipc_wait *wait);
void fastipc_wait_wake(struct fastipc_wait *wait, bool always);
void fastipc_wait_hand_over(struct fastipc_wait *wait);
void fastipc_wait_served(struct fastipc_wait *wait, u64 reached, bool here);
void fastipc_wait_calm(struct fastipc_wait *wait);
void fastipc_wait_restate(struct fastipc_wait *wait);
void fastipc_wait_notice(struct fastipc_wait *wait,
			 struct fasync_struct **notice);
void fastipc_wait_recheck(struct fastipc_wait *wait, fastipc_look_t look,
			  void *arg);

u64 fastipc_late_wakes(void);

#endif /* FASTIPC_WAIT_H */
