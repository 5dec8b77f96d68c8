// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages that the kernel moves for an end of a pair.  See pair_io.h.
 *
 * A sender whose memory is not there waits for it with nothing held, and tries
 * again; then it takes a copy first.  So nobody waits for a sender's memory but
 * that sender.  A receiver holds the claim while its memory is written: other
 * receivers of the same end wait for it, as they would for a message, and nobody
 * else.
 */
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "pair_io.h"
#include "produce.h"

/* Might somebody write the pages of an end without a map? */
static bool pair_pinned(struct fastipc_endpoint *endpoint)
{
	struct pair_end *self = self_of(endpoint);

	return fastipc_region_pinned(&self->control_region) ||
	       (!pair_is_sealed(endpoint) &&
		fastipc_region_pinned(&self->ring.data));
}

/*
 * The words that are the kernel's, in the control page of an end that a process
 * had mapped: whatever that one wrote there, from here on they are true.
 */
static void pair_restate(struct fastipc_endpoint *endpoint)
{
	struct pair_end *self = self_of(endpoint);
	struct fastipc_control *control = self->control;

	fastipc_wait_restate(&endpoint->wait[FASTIPC_RECEIVING]);
	fastipc_wait_restate(&endpoint->wait[FASTIPC_SENDING]);
	spin_lock(&pair_of(endpoint)->lock);
	fastipc_ring_end_again(&control->recv, &self->ended[FASTIPC_RECEIVING]);
	fastipc_ring_end_again(&control->send, &self->ended[FASTIPC_SENDING]);
	spin_unlock(&pair_of(endpoint)->lock);
}

/* A process goes on where another stopped, if it can: 0, or why not. */
int pair_inherit(struct fastipc_endpoint *endpoint)
{
	struct fastipc_ring *ring = &other_of(endpoint)->ring;
	struct pair_end *self = self_of(endpoint);
	u64 taken;
	int ret;

	if (pair_pinned(endpoint))
		return -EBUSY;
	pair_restate(endpoint);
	/* In a direct pair its own library looks at the positions. */
	if (!pair_is_sealed(endpoint))
		return 0;
	ret = fastipc_ring_sent_again(&self->ring, self->control) ?:
		      fastipc_ring_consume_check(ring, self->control, &taken);
	if (ret == -EBADMSG)
		pair_poison(endpoint, FASTIPC_RECEIVING, taken);
	return ret;
}

/*
 * Between two tries: a peer that shows something and takes it back must not keep
 * anybody in here.
 */
static int pair_interrupted(const struct fastipc_transfer *transfer)
{
	if (transfer->until && ktime_after(ktime_get(), *transfer->until))
		return -ETIMEDOUT;
	if (!signal_pending(current))
		return 0;
	return transfer->until ? -EINTR : -ERESTARTSYS;
}

/* The kernel published, or released up to @reached: wake who waits for that. */
static void pair_served(struct pair_end *end, enum fastipc_direction direction,
			u64 reached)
{
	struct fastipc_endpoint *endpoint;

	/* One that attaches now, and arms, sees what was done. */
	fastipc_ring_served_fence();
	endpoint = endpoint_of(end);
	if (endpoint)
		fastipc_wait_served(&endpoint->wait[direction], reached);
}

/* Sending --------------------------------------------------------------- */

/**
 * struct pair_sending - one message on its way
 * @endpoint: who sends
 * @transfer: what
 * @len: its bytes
 * @position: where the ring stood at the last try
 * @shown: there is something new for the peer
 * @bounce: the copy, once there had to be one
 */
struct pair_sending {
	struct fastipc_endpoint *endpoint;
	struct fastipc_transfer *transfer;
	size_t len;
	u64 position;
	bool shown;
	void *bounce;
};

static void pair_stamp(const struct fastipc_endpoint *endpoint,
		       struct fastipc_stamp *stamp)
{
	const struct pair *pair = pair_of(endpoint);

	*stamp = (struct fastipc_stamp){
		.endpoint = endpoint->id,
		.time_ns = ktime_get_ns(),
		.pid = pid_nr_ns(task_tgid(current), pair->pid_ns),
		.uid = from_kuid_munged(pair->user_ns, endpoint->cred->euid),
		.gid = from_kgid_munged(pair->user_ns, endpoint->cred->egid),
	};
}

/* If a process had the end mapped meanwhile, go on where it stopped. */
static int pair_produce_resume(struct fastipc_endpoint *endpoint, u64 era)
{
	struct fastipc_ring *ring = &self_of(endpoint)->ring;
	int ret;

	if (ring->produced_era == era)
		return 0;
	if (pair_pinned(endpoint))
		return -EBUSY;
	ret = fastipc_ring_produce_resume(ring, self_of(endpoint)->control,
					  other_of(endpoint)->control);
	if (ret == -EBADMSG)
		pair_poison(endpoint, FASTIPC_SENDING, ring->position);
	if (!ret)
		WRITE_ONCE(ring->produced_era, era);
	return ret;
}

/* With ring->producer held. */
static int pair_send_locked(struct pair_sending *sending, u64 era)
{
	struct fastipc_endpoint *endpoint = sending->endpoint;
	struct fastipc_transfer *transfer = sending->transfer;
	struct pair_end *self = self_of(endpoint);
	struct fastipc_ring *ring = &self->ring;
	struct fastipc_stamp stamp;
	int ret;

	if (READ_ONCE(self->poisoned[FASTIPC_SENDING]))
		return -EBADMSG;
	ret = pair_produce_resume(endpoint, era);
	if (ret)
		return ret;
	sending->position = ring->position;
	ret = fastipc_ring_ended(&self->ended[FASTIPC_SENDING]);
	if (ret)
		return -ret;
	ret = fastipc_ring_fits(ring, other_of(endpoint)->control,
				ring->position,
				fastipc_ring_room(ring, sending->len));
	if (ret < 0)
		return pair_poison(endpoint, FASTIPC_SENDING, ring->position);
	if (!ret) {
		/* Whoever makes space must see what there is. */
		sending->shown = fastipc_ring_flush(ring, self->control);
		return -EAGAIN;
	}
	if (!fastipc_ring_make_room(ring, sending->len))
		return pair_poison(endpoint, FASTIPC_SENDING, ring->position);
	if (!fastipc_ring_copy_in(ring, sending->len, transfer->iter))
		return -EFAULT;
	if (ring->stamp_bytes)
		pair_stamp(endpoint, &stamp);
	fastipc_ring_publish(ring, self->control, sending->len, transfer->tag,
			     &stamp, transfer->more);
	sending->shown = !transfer->more;
	atomic64_inc(&pair_of(endpoint)->sends);
	return 0;
}

/* Keep all other producers out, processes too: 0, or why that cannot be. */
static int pair_produce_begin(struct fastipc_endpoint *endpoint, u64 *era,
			      bool killable)
{
	int ret = 0;

	*era = 0;
	/* Nobody but the kernel can produce in a sealed ring. */
	if (!pair_is_sealed(endpoint))
		ret = fastipc_endpoint_use(endpoint, era);
	if (ret)
		return ret;
	/* Nobody holds it while memory is brought. */
	if (!killable) {
		mutex_lock(&self_of(endpoint)->ring.producer);
		return 0;
	}
	if (!mutex_lock_killable(&self_of(endpoint)->ring.producer))
		return 0;
	if (!pair_is_sealed(endpoint))
		fastipc_endpoint_unuse(endpoint);
	return -EINTR;
}

static void pair_produce_end(struct fastipc_endpoint *endpoint, bool shown)
{
	mutex_unlock(&self_of(endpoint)->ring.producer);
	if (!pair_is_sealed(endpoint))
		fastipc_endpoint_unuse(endpoint);
	if (shown)
		pair_served(other_of(endpoint), FASTIPC_RECEIVING, U64_MAX);
}

static int pair_send_try(struct pair_sending *sending)
{
	u64 era;
	int ret;

	sending->shown = false;
	ret = pair_produce_begin(sending->endpoint, &era, true);
	if (ret)
		return ret;
	fastipc_endpoint_own(sending->endpoint);
	ret = pair_send_locked(sending, era);
	pair_produce_end(sending->endpoint, sending->shown);
	return ret;
}

/* Is another try worth while? */
static int pair_send_look(void *arg)
{
	struct pair_sending *sending = arg;
	struct fastipc_endpoint *endpoint = sending->endpoint;
	struct pair_end *self = self_of(endpoint);
	struct fastipc_ring *ring = &self->ring;

	return fastipc_ring_ended(&self->ended[FASTIPC_SENDING]) ||
	       READ_ONCE(self->poisoned[FASTIPC_SENDING]) ||
	       (!pair_is_sealed(endpoint) &&
		fastipc_endpoint_is_mapped(endpoint)) ||
	       fastipc_ring_position(ring) != sending->position ||
	       fastipc_ring_fits(ring, other_of(endpoint)->control,
				 sending->position,
				 fastipc_ring_room(ring, sending->len));
}

static int pair_send_wait(struct pair_sending *sending)
{
	struct fastipc_endpoint *endpoint = sending->endpoint;
	struct fastipc_ring *ring = &self_of(endpoint)->ring;
	u64 want = fastipc_ring_want(ring, sending->position,
				     fastipc_ring_room(ring, sending->len));
	int ret;

	ret = fastipc_wait_sleep(&endpoint->wait[FASTIPC_SENDING], want,
				 pair_send_look, sending,
				 sending->transfer->until);
	return ret < 0 ? ret : 0;
}

/*
 * The memory was not there at the try: have it brought, with nothing held; or, if
 * it was gone again, take a copy.  0, or why not.
 */
static int pair_send_bring(struct pair_sending *sending, bool copy,
			   struct kvec *vec, struct iov_iter *bounced)
{
	const gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_NOWARN |
			  __GFP_RETRY_MAYFAIL;
	struct iov_iter *iter = sending->transfer->iter;

	if (!copy)
		return fault_in_iov_iter_readable(iter, sending->len) ?
			       -EFAULT :
			       0;
	sending->bounce = kvmalloc(sending->len, gfp);
	if (!sending->bounce)
		return -ENOMEM;
	if (!copy_from_iter_full(sending->bounce, sending->len, iter))
		return -EFAULT;
	*vec = (struct kvec){ sending->bounce, sending->len };
	iov_iter_kvec(bounced, ITER_SOURCE, vec, 1, sending->len);
	sending->transfer->iter = bounced;
	atomic64_inc(&pair_of(sending->endpoint)->bounces);
	return 0;
}

/**
 * pair_send() - send one message
 * @endpoint: who sends
 * @transfer: what
 *
 * Return: its bytes, or a negative errno.
 */
ssize_t pair_send(struct fastipc_endpoint *endpoint,
		  struct fastipc_transfer *transfer)
{
	struct pair_sending sending = {
		.endpoint = endpoint,
		.transfer = transfer,
		.len = iov_iter_count(transfer->iter),
	};
	struct iov_iter *iter = transfer->iter;
	struct iov_iter bounced;
	struct kvec vec;
	bool faulted = false;
	int ret;

	if (sending.len > self_of(endpoint)->ring.max_message)
		return -EMSGSIZE;
	do {
		ret = pair_send_try(&sending);
		if (ret == -EFAULT) {
			ret = pair_send_bring(&sending, faulted, &vec,
					      &bounced);
			faulted = true;
		} else if (ret == -EAGAIN && !transfer->nonblock) {
			ret = pair_interrupted(transfer) ?:
				      pair_send_wait(&sending);
		} else {
			break;
		}
	} while (!ret);
	kvfree(sending.bounce);
	transfer->iter = iter;
	return ret ?: sending.len;
}

static int pair_show_withheld(struct fastipc_endpoint *endpoint, bool killable)
{
	struct pair_end *self = self_of(endpoint);
	bool shown = false;
	u64 era;
	int ret;

	ret = pair_produce_begin(endpoint, &era, killable);
	if (ret)
		return ret;
	if (self->ring.produced_era == era)
		shown = fastipc_ring_flush(&self->ring, self->control);
	pair_produce_end(endpoint, shown);
	return 0;
}

/* Show what was withheld. */
int pair_flush(struct fastipc_endpoint *endpoint)
{
	return pair_show_withheld(endpoint, true);
}

/*
 * Sending has ended: wait for those who are sending now, and show what was
 * withheld.  Also for a caller who is being killed: the peer must not be told of
 * the end before the last message.
 */
void pair_flush_last(struct fastipc_endpoint *endpoint)
{
	pair_show_withheld(endpoint, false);
}

/* Receiving ------------------------------------------------------------- */

static int pair_consume_resume(struct fastipc_endpoint *endpoint, u64 era)
{
	struct fastipc_ring *ring = &other_of(endpoint)->ring;
	int ret;

	if (ring->consumed_era == era)
		return 0;
	if (pair_pinned(endpoint))
		return -EBUSY;
	ret = fastipc_ring_consume_resume(ring, self_of(endpoint)->control);
	if (ret == -EBADMSG)
		pair_poison(endpoint, FASTIPC_RECEIVING, ring->taken);
	if (ret)
		return ret;
	WRITE_ONCE(ring->consumed_era, era);
	return 0;
}

/*
 * A stamp, as the receiver's namespaces see it.  Who is unknown there stays so: in
 * the namespace that the stamp is of, the number may be somebody's.
 */
static void pair_translate(const struct pair *pair, struct fastipc_stamp *stamp)
{
	struct user_namespace *from = pair->user_ns, *to = current_user_ns();
	kuid_t uid = make_kuid(from, stamp->uid);
	kgid_t gid = make_kgid(from, stamp->gid);

	if (from != to && stamp->uid != overflowuid)
		stamp->uid = from_kuid_munged(to, uid);
	if (from != to && stamp->gid != overflowgid)
		stamp->gid = from_kgid_munged(to, gid);
	if (pair->pid_ns != task_active_pid_ns(current))
		stamp->pid = 0;
}

/* With the claim. */
static ssize_t pair_recv_claimed(struct fastipc_endpoint *endpoint,
				 struct fastipc_transfer *transfer, u64 era)
{
	struct pair_end *self = self_of(endpoint);
	struct fastipc_ring *ring = &other_of(endpoint)->ring;
	size_t space = iov_iter_count(transfer->iter);
	size_t len = 0, part;
	int ret, ended;

	if (READ_ONCE(self->poisoned[FASTIPC_RECEIVING]))
		return -EBADMSG;
	ret = pair_consume_resume(endpoint, era);
	if (ret)
		return ret;
	ended = fastipc_ring_ended(&self->ended[FASTIPC_RECEIVING]);
	ret = fastipc_ring_look(ring, ended, &len);
	if (ret < 0)
		return pair_poison(endpoint, FASTIPC_RECEIVING, ring->taken);
	if (!ret)
		return ended ? -ended : -EAGAIN;
	part = len - ring->cut;
	if (part > space) {
		if (!transfer->cut)
			return -EMSGSIZE;
		part = space;
	}
	if (!fastipc_ring_copy_out(ring, ring->cut, part, transfer->iter))
		return -EFAULT;
	if (ring->cut + part < len) {
		ring->cut += part;
		return part;
	}
	fastipc_ring_release(ring, self->control, len, &transfer->tag,
			     &transfer->stamp);
	if (ring->stamp_bytes)
		pair_translate(pair_of(endpoint), &transfer->stamp);
	atomic64_inc(&pair_of(endpoint)->recvs);
	return part;
}

static ssize_t pair_recv_try(struct fastipc_endpoint *endpoint,
			     struct fastipc_transfer *transfer)
{
	struct fastipc_ring *ring = &other_of(endpoint)->ring;
	bool contended;
	u64 era;
	ssize_t ret;

	ret = fastipc_endpoint_use(endpoint, &era);
	if (ret)
		return ret;
	fastipc_endpoint_own(endpoint);
	if (!fastipc_ring_claim(ring)) {
		fastipc_endpoint_unuse(endpoint);
		return -EAGAIN;
	}
	ret = pair_recv_claimed(endpoint, transfer, era);
	contended = fastipc_ring_unclaim(ring);
	fastipc_endpoint_unuse(endpoint);
	if (contended)
		pair_served(self_of(endpoint), FASTIPC_RECEIVING, U64_MAX);
	/* Also if there was nothing: pair_consume_resume() may have released. */
	pair_served(other_of(endpoint), FASTIPC_SENDING,
		    fastipc_ring_released(self_of(endpoint)->control));
	return ret;
}

/* Is another try worth while? */
static int pair_recv_look(void *arg)
{
	struct fastipc_endpoint *endpoint = arg;

	if (fastipc_endpoint_is_mapped(endpoint))
		return true;
	return pair_glance_recv(endpoint);
}

/**
 * pair_recv() - receive one message
 * @endpoint: who receives
 * @transfer: where to
 *
 * Return: its bytes, or a negative errno.
 */
ssize_t pair_recv(struct fastipc_endpoint *endpoint,
		  struct fastipc_transfer *transfer)
{
	ssize_t ret;

	for (;;) {
		ret = pair_recv_try(endpoint, transfer);
		if (ret != -EAGAIN || transfer->nonblock)
			return ret;
		ret = pair_interrupted(transfer);
		if (ret)
			return ret;
		ret = fastipc_wait_sleep(&endpoint->wait[FASTIPC_RECEIVING], 1,
					 pair_recv_look, endpoint,
					 transfer->until);
		if (ret < 0)
			return ret;
	}
}
