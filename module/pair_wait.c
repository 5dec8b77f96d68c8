// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting in a pair: the looks, FASTIPC_SYNC, poll.  See pair_wait.h.
 */
#include <linux/sched/prio.h>
#include <linux/sched/signal.h>
#include <linux/sched/stat.h>

#include "compat.h"
#include "consume.h"
#include "pair_wait.h"
#include "produce.h"
#include "trace.h"

#define WATCH_NS       50000 /* about what a sleep and a wake take */
#define LOOKS_PER_TIME 16    /* between two readings of the clock */

void pair_wake(struct pair_end *end, enum fastipc_direction direction,
	       bool always)
{
	struct fastipc_endpoint *endpoint;

	rcu_read_lock();
	endpoint = endpoint_of(end);
	if (endpoint)
		fastipc_wait_wake(&endpoint->wait[direction], always);
	rcu_read_unlock();
}

static void pair_calm(struct pair_end *end, enum fastipc_direction direction)
{
	struct fastipc_endpoint *endpoint;

	rcu_read_lock();
	endpoint = endpoint_of(end);
	if (endpoint)
		fastipc_wait_calm(&endpoint->wait[direction]);
	rcu_read_unlock();
}

/*
 * The kernel published, or released up to @reached: wake who waits for that; @here:
 * the caller is about to sleep.
 */
void pair_served(struct pair_end *end, enum fastipc_direction direction,
		 u64 reached, bool here)
{
	struct fastipc_endpoint *endpoint;

	/* One that attaches now, and arms, sees what was done. */
	fastipc_ring_served_fence();
	rcu_read_lock();
	endpoint = endpoint_of(end);
	if (endpoint)
		fastipc_wait_served(&endpoint->wait[direction], reached, here);
	rcu_read_unlock();
}

/*
 * Between two tries: a peer that shows something and takes it back must not keep
 * anybody in here.
 */
int pair_interrupted(const struct fastipc_transfer *transfer)
{
	if (transfer->until && ktime_after(ktime_get(), *transfer->until))
		return -ETIMEDOUT;
	if (!signal_pending(current))
		return 0;
	return transfer->until ? -EINTR : -ERESTARTSYS;
}

/* The victim of a peer that broke the rules gets -EBADMSG from now on. */
int pair_poison(struct fastipc_endpoint *endpoint,
		enum fastipc_direction direction, u64 position)
{
	WRITE_ONCE(self_of(endpoint)->poisoned[direction], true);
	trace_fastipc_poisoned(endpoint->channel->id, endpoint->end, direction,
			       position);
	/* Others may wait for this direction too. */
	fastipc_wait_wake(&endpoint->wait[direction], true);
	return -EBADMSG;
}

/**
 * struct pair_look - what a look function is told
 * @endpoint: who looks
 * @position: sending: where it stands
 * @room: sending: bytes that must be free
 */
struct pair_look {
	struct fastipc_endpoint *endpoint;
	u64 position;
	u64 room;
};

/*
 * Did a process that is gone have the end mapped since the kernel last consumed?
 * Whoever tries to receive gives back what that one had taken: so he should, as
 * the peer may be waiting for that space.
 */
static bool pair_abandoned(const struct fastipc_endpoint *endpoint,
			   const struct fastipc_ring *ring)
{
	return !fastipc_endpoint_is_mapped(endpoint) &&
	       READ_ONCE(endpoint->era) != READ_ONCE(ring->consumed_era);
}

/* For the receiver itself: is there a message, or the end? */
static int pair_look_recv(void *arg)
{
	struct fastipc_endpoint *endpoint = ((struct pair_look *)arg)->endpoint;
	struct pair_end *self = self_of(endpoint);
	struct fastipc_ring *ring = &self->other->ring;
	int ended = fastipc_ring_ended(&self->ended[FASTIPC_RECEIVING]);
	int ret;

	/* What somebody is receiving now is not there, or not yet again. */
	if (unlikely(fastipc_endpoint_is_claimed(endpoint)))
		return 0;
	if (unlikely(READ_ONCE(self->poisoned[FASTIPC_RECEIVING])))
		return -EBADMSG;
	if (pair_abandoned(endpoint, ring))
		return 1;
	ret = fastipc_ring_readable(ring, self->control);
	if (unlikely(ret == -EBADMSG))
		return pair_poison(endpoint, FASTIPC_RECEIVING,
				   fastipc_ring_taken(self->control));
	return ret ?: -ended;
}

/* Is the ring's position the kernel's, and so no process's claim? */
static bool pair_kernel_produces(const struct fastipc_endpoint *endpoint)
{
	return pair_is_sealed(endpoint) ||
	       (!fastipc_endpoint_is_mapped(endpoint) &&
		READ_ONCE(endpoint->era) ==
			READ_ONCE(self_of(endpoint)->ring.produced_era));
}

/* Where an end stands with sending, or says so; for a poller. */
static u64 pair_sending_position(const struct fastipc_endpoint *endpoint)
{
	struct pair_end *self = self_of(endpoint);

	return pair_kernel_produces(endpoint) ?
		       fastipc_ring_shown(&self->ring) :
		       fastipc_ring_sent(self->control);
}

/* For the sender itself: does its next message fit? */
static int pair_look_send(void *arg)
{
	struct pair_look *look = arg;
	struct fastipc_endpoint *endpoint = look->endpoint;
	struct pair_end *self = self_of(endpoint);
	int ended, ret;

	if (READ_ONCE(self->poisoned[FASTIPC_SENDING]))
		return -EBADMSG;
	ended = fastipc_ring_ended(&self->ended[FASTIPC_SENDING]);
	/* Space is worth nothing behind the end, having all received is. */
	if (ended && look->room < self->ring.bytes)
		return -ended;
	ret = fastipc_ring_fits(&self->ring, look->position, look->room);
	/*
	 * Another sender of this end went on, and the peer after it: then the
	 * peer is beyond where the caller stands, or stood, and told no lie.
	 */
	if (ret < 0 && (ret == -EBADMSG || pair_is_sealed(endpoint)) &&
	    pair_kernel_produces(endpoint) &&
	    fastipc_ring_position(&self->ring) != look->position)
		return 1;
	if (ret == -EBADMSG)
		return pair_poison(endpoint, FASTIPC_SENDING, look->position);
	return ret ?: -ended;
}

/*
 * For a poller, the re-check, and a receiver by the kernel's calls: what is read
 * as a word may by now be payload of a later message, if another receiver went
 * on since its position was read.  So an unlawful word poisons nothing here:
 * whoever receives it finds out.
 */
int pair_glance_recv(void *arg)
{
	struct fastipc_endpoint *endpoint = arg;
	struct fastipc_ring *ring = &other_of(endpoint)->ring;
	struct pair_end *self = self_of(endpoint);

	/* What somebody is receiving now is not there, or not yet again. */
	if (fastipc_endpoint_is_claimed(endpoint))
		return false;
	return fastipc_ring_ended(&self->ended[FASTIPC_RECEIVING]) ||
	       READ_ONCE(self->poisoned[FASTIPC_RECEIVING]) ||
	       pair_abandoned(endpoint, ring) ||
	       fastipc_ring_readable(ring, self->control);
}

/*
 * The same for sending: would the longest message fit?  Where a process that is
 * gone stopped, only who sends finds out.
 */
static int pair_glance_send(void *endpoint)
{
	struct pair_end *self = self_of(endpoint);

	return fastipc_ring_ended(&self->ended[FASTIPC_SENDING]) ||
	       READ_ONCE(self->poisoned[FASTIPC_SENDING]) ||
	       (!fastipc_endpoint_is_mapped(endpoint) &&
		!pair_kernel_produces(endpoint)) ||
	       fastipc_ring_fits_max(&self->ring,
				     pair_sending_position(endpoint));
}

/* What FASTIPC_SYNC is to wait for in the sending direction: 0, or why not. */
static int pair_look_at_space(struct pair_look *look,
			      const struct fastipc_sync *sync)
{
	const struct fastipc_ring *ring = &self_of(look->endpoint)->ring;

	if (sync->need > ring->max_message)
		return -EMSGSIZE;
	look->position = sync->position;
	if (pair_is_sealed(look->endpoint)) {
		if (sync->position)
			return -EINVAL;
		look->position = fastipc_ring_position(ring);
	}
	look->room = sync->flags & FASTIPC_SYNC_WAIT_DONE ?
			     ring->bytes :
			     fastipc_ring_room(ring, sync->need);
	return 0;
}

/*
 * As long as the peer runs, on another processor, what is waited for may come sooner
 * than a sleep and a wake take: so look on, for no longer than those.  Not for a task
 * of a real-time class, which others of its processor could not interrupt.
 */
static int pair_watch(struct fastipc_endpoint *endpoint, fastipc_look_t see,
		      void *look, const ktime_t *until)
{
	struct fastipc_endpoint *peer;
	struct task_struct *task = NULL;
	ktime_t end = 0, now;
	int ret = 0, i;

	/* Deadline tasks are of such a class too. */
	if (num_online_cpus() == 1 || current->prio < MAX_RT_PRIO)
		return 0;
	rcu_read_lock();
	peer = endpoint_of(other_of(endpoint));
	if (peer)
		task = fastipc_endpoint_runner(peer);
	while (task && task != current && owner_on_cpu(task) &&
	       single_task_running() && !signal_pending(current)) {
		for (i = 0; i < LOOKS_PER_TIME && !ret; i++) {
			ret = see(look);
			cpu_relax();
		}
		now = ktime_get();
		if (!end) {
			end = ktime_add_ns(now, WATCH_NS);
			if (until && ktime_before(*until, end))
				end = *until;
		}
		if (ret || ktime_after(now, end))
			break;
	}
	rcu_read_unlock();
	return ret;
}

static int pair_wait(struct fastipc_endpoint *endpoint,
		     const struct fastipc_sync *sync, bool ran,
		     struct fastipc_limit *limit)
{
	enum fastipc_direction direction = FASTIPC_RECEIVING;
	struct pair_look look = { endpoint };
	fastipc_look_t see = pair_look_recv;
	u64 want = 1;
	int ret;

	if (!(sync->flags & FASTIPC_SYNC_WAIT_RECV)) {
		direction = FASTIPC_SENDING;
		see = pair_look_send;
		ret = pair_look_at_space(&look, sync);
		if (ret)
			return ret;
		want = fastipc_ring_want(&self_of(endpoint)->ring,
					 look.position, look.room);
	}
	/*
	 * Not before sleeping, which looks: the caller has just done so, unless
	 * others ran meanwhile, who may have been quick.
	 */
	ret = ran || limit->nonblock ? see(&look) : 0;
	if (!ret && limit->nonblock)
		ret = -EAGAIN;
	if (!ret)
		ret = pair_watch(endpoint, see, &look, limit->until);
	if (!ret)
		ret = fastipc_wait_sleep(&endpoint->wait[direction], want, see,
					 &look, limit->until);
	return ret < 0 ? ret : 0;
}

static void pair_sync_wake(struct pair_end *end,
			   enum fastipc_direction direction, bool here)
{
	struct fastipc_endpoint *endpoint;

	rcu_read_lock();
	endpoint = endpoint_of(end);
	if (endpoint && here)
		fastipc_wait_hand_over(&endpoint->wait[direction]);
	else if (endpoint)
		fastipc_wait_wake(&endpoint->wait[direction], false);
	rcu_read_unlock();
}

int pair_sync(struct fastipc_endpoint *endpoint,
	      const struct fastipc_sync *sync, struct fastipc_limit *limit)
{
	const u32 waits = FASTIPC_SYNC_WAIT_RECV | FASTIPC_SYNC_WAIT_SEND |
			  FASTIPC_SYNC_WAIT_DONE;
	const u32 wakes = FASTIPC_SYNC_WAKE_RECV | FASTIPC_SYNC_WAKE_SEND;
	bool here = sync->flags & waits && !limit->nonblock;
	bool ran;

	atomic64_inc(&pair_of(endpoint)->syncs);
	fastipc_endpoint_ran(endpoint);
	if (sync->flags & FASTIPC_SYNC_WAKE_RECV)
		pair_sync_wake(other_of(endpoint), FASTIPC_RECEIVING, here);
	if (sync->flags & FASTIPC_SYNC_WAKE_SEND)
		pair_sync_wake(other_of(endpoint), FASTIPC_SENDING, here);
	if (sync->flags & FASTIPC_SYNC_CALM_RECV)
		pair_calm(other_of(endpoint), FASTIPC_RECEIVING);
	if (sync->flags & FASTIPC_SYNC_CALM_SEND)
		pair_calm(other_of(endpoint), FASTIPC_SENDING);
	if (!(sync->flags & waits))
		return 0;
	/*
	 * Who was woken, and may run first here, does so now: if it answers before
	 * the caller sleeps, nobody has to be woken for that.
	 */
	ran = cond_resched();
	return pair_wait(endpoint, sync, ran || sync->flags & wakes, limit);
}

/* One direction: @ready if there is something, EPOLLERR if it went wrong. */
static __poll_t pair_poll_one(struct fastipc_endpoint *endpoint,
			      enum fastipc_direction direction, __poll_t ready,
			      __poll_t wanted, u64 want, fastipc_look_t glance)
{
	struct pair_end *self = self_of(endpoint);
	__poll_t mask = 0;
	int there;

	if (wanted & ready)
		there = fastipc_wait_poll(&endpoint->wait[direction], want,
					  glance, endpoint);
	else
		there = glance(endpoint);
	if (there)
		mask |= ready;
	if (READ_ONCE(self->poisoned[direction]) ||
	    fastipc_ring_ended(&self->ended[direction]) == ECONNRESET)
		mask |= EPOLLERR;
	return mask;
}

__poll_t pair_poll(struct fastipc_endpoint *endpoint, __poll_t wanted)
{
	struct pair_end *self = self_of(endpoint);
	bool over = true;
	__poll_t mask = 0;

	if (endpoint->rights & FMODE_READ) {
		mask |= pair_poll_one(endpoint, FASTIPC_RECEIVING,
				      EPOLLIN | EPOLLRDNORM, wanted, 1,
				      pair_glance_recv);
		if (fastipc_ring_ended(&self->ended[FASTIPC_RECEIVING]))
			mask |= EPOLLRDHUP;
		else
			over = false;
	}
	if (endpoint->rights & FMODE_WRITE) {
		u64 position = pair_sending_position(endpoint);
		u64 want = fastipc_ring_want_max(&self->ring, position);

		mask |= pair_poll_one(endpoint, FASTIPC_SENDING,
				      EPOLLOUT | EPOLLWRNORM, wanted, want,
				      pair_glance_send);
		if (!fastipc_ring_ended(&self->ended[FASTIPC_SENDING]))
			over = false;
	}
	if (over)
		mask |= EPOLLHUP;
	/*
	 * Not for what io_uring could not read or write at once: that asks for EPOLLPRI
	 * too, and EPOLLERR, which all others get unasked, with EPOLLHUP.  For news it
	 * would try again and again, and then have a thread wait.
	 */
	if (READ_ONCE(self->news) &&
	    (wanted & (EPOLLERR | EPOLLHUP)) != EPOLLERR)
		mask |= EPOLLPRI;
	return mask;
}

/* Whether the peer could have woken us: a stopped one owes nothing. */
static bool pair_peer_runs(struct fastipc_endpoint *endpoint)
{
	struct fastipc_endpoint *peer =
		endpoint_locked(endpoint->channel, other_of(endpoint));

	return peer && !fastipc_endpoint_stopped(peer);
}

static int pair_recheck_recv(void *endpoint)
{
	return pair_peer_runs(endpoint) && pair_glance_recv(endpoint);
}

static int pair_recheck_send(void *arg)
{
	struct fastipc_endpoint *endpoint = arg;
	u64 owed = READ_ONCE(endpoint->wait[FASTIPC_SENDING].owed);

	return owed && pair_peer_runs(endpoint) &&
	       fastipc_ring_consumed(&self_of(endpoint)->ring) >= owed;
}

/* With channel->lock. */
void pair_recheck(struct fastipc_channel *channel)
{
	struct pair *pair = channel->state;
	struct fastipc_endpoint *endpoint;
	int i;

	for (i = 0; i < 2; i++) {
		endpoint = endpoint_locked(channel, &pair->end[i]);
		if (!endpoint || READ_ONCE(pair->end[i].closed))
			continue;
		fastipc_wait_recheck(&endpoint->wait[FASTIPC_RECEIVING],
				     pair_recheck_recv, endpoint);
		fastipc_wait_recheck(&endpoint->wait[FASTIPC_SENDING],
				     pair_recheck_send, endpoint);
	}
}
