// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sleeping and waking.  See wait.h.
 *
 * A sleeper queues itself and sets ->want under one lock, fences, looks, and
 * sleeps.  A waker clears ->want under the same lock, takes everybody off the
 * queue and wakes them: so whoever finds ->want cleared has been woken, looks,
 * and, if there is nothing, arms again.
 */
#include <linux/jiffies.h>
#include <linux/sched/signal.h>
#include <linux/sched/stat.h>

#include "compat.h"
#include "ring.h"
#include "trace.h"
#include "user.h"
#include "wait.h"

/* What a receiver of signals wants: any message, any space. */
#define NOTICE_WANT 1

static atomic64_t fastipc_late_wakes_;

u64 fastipc_late_wakes(void)
{
	return atomic64_read(&fastipc_late_wakes_);
}

void fastipc_wait_init(struct fastipc_wait *wait,
		       void (*peer_barrier)(struct fastipc_endpoint *owner),
		       struct fastipc_endpoint *owner)
{
	init_waitqueue_head(&wait->queue);
	wait->peer_barrier = peer_barrier;
	wait->owner = owner;
}

static void wait_alert(struct fastipc_wait *wait)
{
	lockdep_assert_held(&wait->queue.lock);
	wait->alert = true;
	wait->settled = false;
	wait->alert_at = jiffies;
	if (!++wait->alerts)
		wait->alerts++;
	fastipc_ring_alert(wait->line, true);
}

/* What is to be said to wait_settle(): 0 if nothing. */
static u32 wait_arm(struct fastipc_wait *wait, u64 want)
{
	lockdep_assert_held(&wait->queue.lock);
	/* Once: fastipc_wait_served() reads it without the lock. */
	if (!wait->want || want < wait->want)
		WRITE_ONCE(wait->want, want);
	wait->arms++;
	fastipc_ring_arm(wait->line, wait->want);
	if (!wait->alert) {
		wait_alert(wait);
		atomic64_inc(&wait->stats->alerts);
	}
	return wait->settled ? 0 : wait->alerts;
}

/*
 * Who armed when ->alert had been clear: now the peer sees that it is set, or what
 * it published before is seen here.  Whoever finds it set, but not settled yet, does
 * so too: whoever set it may be late.
 */
static void wait_settle(struct fastipc_wait *wait, u32 alerts)
{
	fastipc_ring_arm_fence();
	if (!alerts)
		return;
	wait->peer_barrier(wait->owner);
	atomic64_inc(&wait->stats->barriers);
	spin_lock_irq(&wait->queue.lock);
	/* Not for one that was set again meanwhile. */
	if (wait->alerts == alerts)
		wait->settled = true;
	spin_unlock_irq(&wait->queue.lock);
}

/*
 * Nobody waits: the peer need not fence, if that is so for longer than the next
 * moment, and the barrier that ends it is paid for.
 */
static void wait_calm(struct fastipc_wait *wait)
{
	lockdep_assert_held(&wait->queue.lock);
	/* Two: at least one whole tick. */
	if (!wait->alert || !wait->payer ||
	    time_before(jiffies, wait->alert_at + 2) ||
	    !fastipc_user_pays(wait->payer))
		return;
	wait->alert = false;
	fastipc_ring_alert(wait->line, false);
}

/* Give @wait its line in a control page; until then nobody can sleep on it. */
void fastipc_wait_bind(struct fastipc_wait *wait, struct fastipc_waitline *line,
		       struct fastipc_wait_stats *stats, u64 channel,
		       unsigned int end, enum fastipc_direction direction,
		       struct fastipc_user *payer)
{
	spin_lock_irq(&wait->queue.lock);
	wait->stats = stats;
	wait->payer = payer;
	wait->channel = channel;
	wait->end = end;
	wait->direction = direction;
	wait->line = line;
	/* A channel begins so: nobody has found it clear. */
	wait->alert = true;
	wait->settled = true;
	wait->alert_at = jiffies;
	fastipc_ring_alert(line, true);
	if (wait->notice)
		wait_arm(wait, NOTICE_WANT);
	spin_unlock_irq(&wait->queue.lock);
}

/* Its file is gone, and nobody can wait any more: the line may become another's. */
void fastipc_wait_unbind(struct fastipc_wait *wait)
{
	spin_lock_irq(&wait->queue.lock);
	fastipc_ring_disarm(wait->line);
	WRITE_ONCE(wait->want, 0);
	wait->owed = 0;
	WRITE_ONCE(wait->line, NULL);
	spin_unlock_irq(&wait->queue.lock);
}

/* Who gets signals has to be told of everything, so this stays armed. */
static void wait_disarm(struct fastipc_wait *wait)
{
	lockdep_assert_held(&wait->queue.lock);
	WRITE_ONCE(wait->want, 0);
	wait->owed = 0;
	if (wait->notice) {
		/* Settled since the notice was asked for. */
		wait_arm(wait, NOTICE_WANT);
	} else {
		fastipc_ring_disarm(wait->line);
		wait_calm(wait);
	}
}

/* Somebody now relies on being woken (for the re-check). */
static void wait_owe(struct fastipc_wait *wait, u64 want)
{
	lockdep_assert_held(&wait->queue.lock);
	if (!wait->owed || want < wait->owed)
		wait->owed = want;
}

/**
 * fastipc_wait_poll() - arm on behalf of a poller, then look
 * @wait: queued on, if the poller has a queue function
 * @want: what to tell the peer
 * @look: what is waited for
 * @arg: for @look
 *
 * Arms whatever the look will say, and stays armed: an edge-triggered poller
 * comes only once, and then drains the ring without the kernel's knowledge.
 *
 * Return: what @look says.
 */
int fastipc_wait_poll(struct fastipc_wait *wait, u64 want, fastipc_look_t look,
		      void *arg)
{
	u32 alerts;
	int ret;

	spin_lock_irq(&wait->queue.lock);
	alerts = wait_arm(wait, want);
	spin_unlock_irq(&wait->queue.lock);
	wait_settle(wait, alerts);
	ret = look(arg);
	if (!ret) {
		spin_lock_irq(&wait->queue.lock);
		if (wait->want)
			wait_owe(wait, want);
		spin_unlock_irq(&wait->queue.lock);
	}
	return ret;
}

/**
 * struct wait_sleeper - who sleeps
 * @entry: in the queue
 * @wait: of that
 */
struct wait_sleeper {
	struct wait_queue_entry entry;
	struct fastipc_wait *wait;
};

/* As autoremove_wake_function(), but for where that one is to run. */
static int wait_wake_one(struct wait_queue_entry *entry, unsigned int mode,
			 int flags, void *key)
{
	struct wait_sleeper *sleeper =
		container_of(entry, struct wait_sleeper, entry);
	int ret;

	/* With the queue's lock. */
	if (sleeper->wait->here)
		flags |= FASTIPC_WAKE_HERE;
	ret = default_wake_function(entry, mode, flags, key);
	/* Pairs with list_empty_careful() in fastipc_wait_sleep(). */
	if (ret)
		list_del_init_careful(&entry->entry);
	return ret;
}

/**
 * fastipc_wait_sleep() - sleep until there is what the caller waits for
 * @wait: where
 * @want: what to tell the peer
 * @look: what is waited for; must not sleep
 * @arg: for @look
 * @until: absolute CLOCK_MONOTONIC, or NULL
 *
 * Return: what @look says if that is not 0; -ETIMEDOUT; -EINTR if a signal came
 * and there is a time-out, which a restart would make longer, else
 * -ERESTARTSYS.
 */
int fastipc_wait_sleep(struct fastipc_wait *wait, u64 want, fastipc_look_t look,
		       void *arg, ktime_t *until)
{
	struct wait_sleeper sleeper = { .wait = wait };
	struct list_head *queued = &sleeper.entry.entry;
	bool late = false;
	u32 alerts;
	int ret;

	init_wait(&sleeper.entry);
	sleeper.entry.func = wait_wake_one;
	do {
		spin_lock_irq(&wait->queue.lock);
		if (list_empty(queued))
			__add_wait_queue_entry_tail(&wait->queue,
						    &sleeper.entry);
		alerts = wait_arm(wait, want);
		wait_owe(wait, want);
		/* The lock orders it against a waker, the fence below too. */
		set_current_state(TASK_INTERRUPTIBLE);
		spin_unlock_irq(&wait->queue.lock);
		wait_settle(wait, alerts);

		ret = look(arg);
		if (ret)
			break;
		if (late) {
			ret = -ETIMEDOUT;
			break;
		}
		if (signal_pending(current)) {
			ret = until ? -EINTR : -ERESTARTSYS;
			break;
		}
		atomic64_inc(&wait->stats->sleeps);
		trace_fastipc_sleep(wait->channel, wait->end, wait->direction,
				    want);
		if (until)
			late = !schedule_hrtimeout(until, HRTIMER_MODE_ABS);
		else
			schedule();
		/* Whoever was woken for something need not arm again. */
		ret = look(arg);
	} while (!ret);
	__set_current_state(TASK_RUNNING);

	/* A waker took it off the queue, and cleared what it armed. */
	if (list_empty_careful(queued))
		return ret;
	spin_lock_irq(&wait->queue.lock);
	list_del_init(queued);
	/* A poller that stays in the queue may need what is armed. */
	if (waitqueue_active(&wait->queue))
		wait->owed = 0;
	else if (wait->want)
		wait_disarm(wait);
	spin_unlock_irq(&wait->queue.lock);
	return ret;
}

/*
 * Wake everybody who waits; @always: also those who wait for the end alone, and
 * never armed; @here: the caller is about to sleep.
 *
 * All of them, exclusive pollers too, and without a poll key: who is woken for
 * nothing looks and arms again.  If nobody armed since the last wake, there is
 * nobody to wake: so one who polls often cannot have the peer walk a long queue
 * more often than it arms.
 */
static void wait_wake(struct fastipc_wait *wait, bool always, bool here)
{
	struct fasync_struct **notice;
	unsigned long flags;
	u64 armed;

	spin_lock_irqsave(&wait->queue.lock, flags);
	armed = wait->want;
	if (armed) {
		wait_disarm(wait);
		atomic64_inc(&wait->stats->wakes);
		trace_fastipc_wake(wait->channel, wait->end, wait->direction,
				   armed);
	}
	if (armed || always) {
		/* Beside others it would have to wait for them. */
		wait->here = here && single_task_running();
		__wake_up_locked(&wait->queue, TASK_NORMAL, 0);
	}
	notice = wait->notice;
	spin_unlock_irqrestore(&wait->queue.lock, flags);
	if (notice)
		kill_fasync(notice, SIGIO,
			    wait->direction == FASTIPC_RECEIVING ? POLL_IN :
								   POLL_OUT);
}

/**
 * fastipc_wait_wake() - wake everybody who waits
 * @wait: where
 * @always: also those who wait for the end alone, and never armed
 */
void fastipc_wait_wake(struct fastipc_wait *wait, bool always)
{
	wait_wake(wait, always, false);
}

/**
 * fastipc_wait_hand_over() - wake everybody who waits, and then sleep
 * @wait: where
 *
 * On one processor the two would take turns anyway; on several, whoever is woken would
 * else be sent to one that is idle, by an interrupt, and come back with the answer
 * by another, while this one goes idle.
 */
void fastipc_wait_hand_over(struct fastipc_wait *wait)
{
	wait_wake(wait, false, true);
}

/**
 * fastipc_wait_served() - the kernel itself published, or released
 * @wait: of the end that may wait for it
 * @reached: the released position; publishing: anything but 0
 * @here: the caller is about to sleep
 *
 * What a process does by looking at the page and calling FASTIPC_SYNC.  The
 * caller has fenced (fastipc_ring_served_fence()).
 */
void fastipc_wait_served(struct fastipc_wait *wait, u64 reached, bool here)
{
	u64 want = READ_ONCE(wait->want);

	if (want && want <= reached)
		wait_wake(wait, false, here);
}

/* The peer publishes, or releases, and nobody has been waiting. */
void fastipc_wait_calm(struct fastipc_wait *wait)
{
	spin_lock_irq(&wait->queue.lock);
	if (wait->line && !wait->want)
		wait_calm(wait);
	spin_unlock_irq(&wait->queue.lock);
}

/*
 * Write over what a process put into the line.  Afterwards who sleeps has to be
 * woken, to arm again: what was published meanwhile woke nobody.
 */
void fastipc_wait_restate(struct fastipc_wait *wait)
{
	u32 alerts;

	spin_lock_irq(&wait->queue.lock);
	fastipc_ring_arm(wait->line, wait->want);
	/* If that was 0, the peer published without a fence. */
	wait_alert(wait);
	alerts = wait->alerts;
	spin_unlock_irq(&wait->queue.lock);
	wait_settle(wait, alerts);
}

/**
 * fastipc_wait_notice() - begin or end sending signals
 * @wait: where
 * @notice: the endpoint's list, empty or not, which lives as long as @wait
 *
 * The peer is made to call for each message from then on.
 */
void fastipc_wait_notice(struct fastipc_wait *wait,
			 struct fasync_struct **notice)
{
	u32 alerts = 0;

	spin_lock_irq(&wait->queue.lock);
	/*
	 * What the list is now: of two callers at once the one who comes here
	 * last sees what both did to it.
	 */
	wait->notice = READ_ONCE(*notice) ? notice : NULL;
	if (wait->notice && wait->line)
		alerts = wait_arm(wait, NOTICE_WANT);
	spin_unlock_irq(&wait->queue.lock);
	/* Whoever asked looks once more, now or in user space. */
	wait_settle(wait, alerts);
}

/**
 * fastipc_wait_recheck() - look for a lost wake (debugging)
 * @wait: where
 * @look: what is waited for
 * @arg: for @look
 *
 * Called about once a second while the peer runs.  Somebody armed, found
 * nothing, has not been woken, and at two calls in a row there is something:
 * that wake was lost.  It is counted and made good.
 */
void fastipc_wait_recheck(struct fastipc_wait *wait, fastipc_look_t look,
			  void *arg)
{
	bool lost = false;
	bool there, queued;

	if (!READ_ONCE(wait->line))
		return;
	there = look(arg) > 0;
	spin_lock_irq(&wait->queue.lock);
	/* Needs no barrier of its own: under the queue's lock. */
	queued = waitqueue_active(&wait->queue);
	if (!there || !wait->want || !wait->owed || !queued) {
		wait->suspect = 0;
	} else if (wait->suspect != wait->arms) {
		wait->suspect = wait->arms;
	} else {
		wait->suspect = 0;
		lost = true;
	}
	spin_unlock_irq(&wait->queue.lock);
	if (!lost)
		return;
	atomic64_inc(&wait->stats->late_wakes);
	atomic64_inc(&fastipc_late_wakes_);
	fastipc_wait_wake(wait, false);
}
