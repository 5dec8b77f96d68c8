// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel as a consumer of a ring, for ends that nobody has mapped.  See
 * consume.h.
 *
 * The order of the steps is that of lib/ring.h, and so are the partners of the
 * barriers: whether the other side is the kernel or a process makes no
 * difference.
 */
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/uio.h>

#include "consume.h"

/*
 * To a position in a sealed ring, or behind it, from one message to the next: where that
 * ends.  With ring->producer; nobody walks the same way twice, others wait for that.
 */
static u64 ring_walk(struct fastipc_ring *ring, u64 position)
{
	u64 word;

	while (ring->oldest < position && !fatal_signal_pending(current) &&
	       (word = *(u64 *)fastipc_ring_at(ring, ring->oldest))) {
		ring->oldest +=
			fastipc_ring_footprint(ring, word & FASTIPC_WORD_LEN);
		cond_resched();
	}
	return ring->oldest;
}

/**
 * fastipc_ring_consume_check() - may consuming begin there?
 * @ring: the ring
 * @consumer: control page of the end that reads it, of which no process has a
 *	map that it uses yet
 * @taken: filled in: where one that had it mapped stopped, or says so
 *
 * In a sealed ring only where a message begins, or will: else that process could
 * have whoever comes after it take a payload for a message, and for its stamp.
 * What it released beyond is taken back before anybody can send.
 *
 * Return: 0; -EBADMSG; -EINTR if the caller is killed.
 */
int fastipc_ring_consume_check(struct fastipc_ring *ring,
			       struct fastipc_control *consumer, u64 *taken)
{
	u64 at;

	*taken = fastipc_ring_taken(consumer);
	if (!IS_ALIGNED(*taken, FASTIPC_ALIGN))
		return -EBADMSG;
	if (!ring->stamp_bytes)
		return 0;
	if (mutex_lock_killable(&ring->producer))
		return -EINTR;
	at = ring_walk(ring, *taken);
	if (at == *taken)
		/* Pairs with fastipc_ring_released(). */
		smp_store_release(&consumer->released, at);
	mutex_unlock(&ring->producer);
	if (at == *taken)
		return 0;
	return fatal_signal_pending(current) ? -EINTR : -EBADMSG;
}

/**
 * fastipc_ring_consume_resume() - begin where a process that had it mapped stopped
 * @ring: the ring
 * @consumer: control page of the end that reads it
 *
 * What that one had taken counts as received, and is given back.
 *
 * Return: as fastipc_ring_consume_check().
 */
int fastipc_ring_consume_resume(struct fastipc_ring *ring,
				struct fastipc_control *consumer)
{
	u64 taken;
	int ret = fastipc_ring_consume_check(ring, consumer, &taken);

	if (ret)
		return ret;
	WRITE_ONCE(ring->taken, taken);
	ring->last = 0;
	/* Pairs with fastipc_ring_released(). */
	smp_store_release(&consumer->released, taken);
	return 0;
}

/**
 * fastipc_ring_consume_again() - from where does a successor consume?
 * @ring: the ring
 * @consumer: control page of the end that reads it, of which nobody has a map any more
 * @sent: the producer has got at least so far, or says so
 * @released: filled in: what lies before was given back
 * @taken: filled in: what lies before may have been seen
 *
 * Both are claims of a process that may have lied, and whoever comes after it has to go
 * on all the same: so the nearest that can be is taken for them.  It cannot have gone
 * back behind what the producer believed, nor be ahead of that one; in a sealed ring, in
 * which the kernel can tell, a message begins there.
 *
 * Return: 0; -EINTR if the caller is killed.
 */
int fastipc_ring_consume_again(struct fastipc_ring *ring,
			       const struct fastipc_control *consumer, u64 sent,
			       u64 *released, u64 *taken)
{
	u64 least = READ_ONCE(ring->released), end = max(sent, least), word;

	/* It may lag behind the words, by a batch. */
	while (end - least < ring->bytes && !ring->stamp_bytes &&
	       (word = READ_ONCE(*(u64 *)fastipc_ring_at(ring, end))) &&
	       fastipc_ring_lawful(ring, word)) {
		if (fatal_signal_pending(current))
			return -EINTR;
		end += fastipc_ring_footprint(ring, word & FASTIPC_WORD_LEN);
		cond_resched();
	}
	*released = ALIGN_DOWN(fastipc_ring_released(consumer), FASTIPC_ALIGN);
	*released = clamp(*released, least, end);
	if (ring->stamp_bytes) {
		if (mutex_lock_killable(&ring->producer))
			return -EINTR;
		*released = ring_walk(ring, *released);
		mutex_unlock(&ring->producer);
		if (fatal_signal_pending(current))
			return -EINTR;
	}
	*taken = clamp(fastipc_ring_taken(consumer), *released,
		       max(*released, end));
	return 0;
}

/**
 * fastipc_ring_look() - is there a message for the kernel to consume?
 * @ring: the ring
 * @ended: whether the direction had ended, read before
 * @len: filled in with its payload in bytes
 *
 * What is left at the end fits into the ring: a dead producer that left it full
 * of words, to be read round and round, broke the rules.
 *
 * Return: 1, 0, or -EBADMSG.
 */
int fastipc_ring_look(struct fastipc_ring *ring, bool ended, size_t *len)
{
	u64 *at = fastipc_ring_at(ring, ring->taken);
	u64 word;

	if (ended && !ring->last)
		ring->last = ring->taken + ring->bytes;
	/*
	 * Pairs with the store-release of the word in
	 * fastipc_producer_publish() (lib/ring.h), fastipc_ring_publish() and
	 * the flushes of both.
	 */
	word = smp_load_acquire(at);
	if (!word)
		return 0;
	if (!fastipc_ring_lawful(ring, word) ||
	    (ring->last && ring->taken >= ring->last))
		return -EBADMSG;
	*len = word & FASTIPC_WORD_LEN;
	return 1;
}

/**
 * fastipc_ring_copy_out() - copy from the message that was found
 * @ring: the ring
 * @skip: bytes of the payload to pass over
 * @len: bytes to copy
 * @to: advanced if it succeeds
 *
 * Return: whether all was copied.
 */
bool fastipc_ring_copy_out(const struct fastipc_ring *ring, size_t skip,
			   size_t len, struct iov_iter *to)
{
	u64 at = fastipc_ring_payload(ring, ring->taken) + skip;
	size_t done = 0, part, copied;
	unsigned int pages = 0;

	do {
		part = min_t(size_t, len - done,
			     PAGE_SIZE - offset_in_page(at));
		/* Of one page of the ring: there is no more to be checked. */
		copied = _copy_to_iter(fastipc_ring_at(ring, at), part, to);
		done += copied;
		if (unlikely(copied < part)) {
			iov_iter_revert(to, done);
			return false;
		}
		at += part;
		if (!(++pages % FASTIPC_COPY_PAGES))
			cond_resched();
	} while (done < len);
	return true;
}

static void ring_stamp_out(const struct fastipc_ring *ring, u64 position,
			   struct fastipc_stamp *stamp)
{
	const struct fastipc_record *record = fastipc_ring_at(ring, position);
	u64 at = position + sizeof(*record);
	unsigned int i;

	if (fastipc_ring_stamp_is_whole(position)) {
		memcpy(stamp, record + 1, sizeof(*stamp));
		return;
	}
	for (i = 0; i < sizeof(*stamp); i += FASTIPC_ALIGN)
		memcpy((char *)stamp + i, fastipc_ring_at(ring, at + i),
		       FASTIPC_ALIGN);
}

/**
 * fastipc_ring_release() - the message that was found is consumed
 * @ring: the ring
 * @consumer: control page of the end that reads it
 * @len: its payload in bytes
 * @tag: filled in
 * @stamp: filled in, with zeroes if the ring is not sealed; or NULL
 */
void fastipc_ring_release(struct fastipc_ring *ring,
			  struct fastipc_control *consumer, size_t len,
			  u64 *tag, struct fastipc_stamp *stamp)
{
	u64 position = ring->taken;
	u64 next = position + fastipc_ring_footprint(ring, len);
	const struct fastipc_record *record = fastipc_ring_at(ring, position);

	*tag = READ_ONCE(record->tag);
	if (stamp && ring->stamp_bytes)
		ring_stamp_out(ring, position, stamp);
	else if (stamp)
		*stamp = (struct fastipc_stamp){};
	ring->cut = 0;
	WRITE_ONCE(ring->taken, next);
	WRITE_ONCE(consumer->taken, next);
	/*
	 * All reads of the message come before.  Pairs with the load-acquire in
	 * fastipc_producer_fits() (lib/ring.h) and in fastipc_ring_released().
	 */
	smp_store_release(&consumer->released, next);
}
