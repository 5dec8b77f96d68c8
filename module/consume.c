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

/* Be the one who consumes; whether nobody was. */
bool fastipc_ring_claim(struct fastipc_ring *ring)
{
	bool free;

	spin_lock(&ring->lock);
	free = !ring->claimed;
	if (!free)
		ring->contended = true;
	WRITE_ONCE(ring->claimed, true);
	spin_unlock(&ring->lock);
	return free;
}

/* Others may consume; whether they have to be woken (fastipc_wait_served()). */
bool fastipc_ring_unclaim(struct fastipc_ring *ring)
{
	bool contended;

	spin_lock(&ring->lock);
	contended = ring->contended;
	ring->contended = false;
	WRITE_ONCE(ring->claimed, false);
	spin_unlock(&ring->lock);
	return contended;
}

/*
 * Does somebody consume now?  Then who asks, and has armed, will be woken: it is
 * the claim of this moment that counts, not one that was in the way before.
 */
bool fastipc_ring_is_claimed(struct fastipc_ring *ring)
{
	bool claimed;

	if (!READ_ONCE(ring->claimed))
		return false;
	spin_lock(&ring->lock);
	claimed = ring->claimed;
	ring->contended |= claimed;
	spin_unlock(&ring->lock);
	return claimed;
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
 * Nobody walks the same way twice, whatever the outcome: others wait for the
 * mutex.
 *
 * Return: 0; -EBADMSG; -EINTR if the caller is killed.
 */
int fastipc_ring_consume_check(struct fastipc_ring *ring,
			       struct fastipc_control *consumer, u64 *taken)
{
	u64 at, word;

	*taken = fastipc_ring_taken(consumer);
	if (!IS_ALIGNED(*taken, FASTIPC_ALIGN))
		return -EBADMSG;
	if (!ring->stamp_bytes)
		return 0;
	if (mutex_lock_killable(&ring->producer))
		return -EINTR;
	at = ring->oldest;
	while (at < *taken && !fatal_signal_pending(current) &&
	       (word = *(u64 *)fastipc_ring_at(ring, at))) {
		at += fastipc_ring_footprint(ring, word & FASTIPC_WORD_LEN);
		cond_resched();
	}
	ring->oldest = at;
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

	while (done < len) {
		part = min_t(size_t, len - done,
			     PAGE_SIZE - offset_in_page(at));
		copied = copy_page_to_iter(fastipc_ring_page(ring, at),
					   offset_in_page(at), part, to);
		done += copied;
		if (copied < part) {
			iov_iter_revert(to, done);
			return false;
		}
		at += part;
		if (!(++pages % FASTIPC_COPY_PAGES))
			cond_resched();
	}
	return true;
}

/**
 * fastipc_ring_release() - the message that was found is consumed
 * @ring: the ring
 * @consumer: control page of the end that reads it
 * @len: its payload in bytes
 * @tag: filled in
 * @stamp: filled in, with zeroes if the ring is not sealed
 */
void fastipc_ring_release(struct fastipc_ring *ring,
			  struct fastipc_control *consumer, size_t len,
			  u64 *tag, struct fastipc_stamp *stamp)
{
	const struct fastipc_record *record =
		fastipc_ring_at(ring, ring->taken);
	u64 at = ring->taken + sizeof(*record);
	u64 next = ring->taken + fastipc_ring_footprint(ring, len);
	unsigned int i;

	*tag = READ_ONCE(record->tag);
	memset(stamp, 0, sizeof(*stamp));
	if (ring->stamp_bytes)
		for (i = 0; i < sizeof(*stamp); i += FASTIPC_ALIGN)
			memcpy((char *)stamp + i, fastipc_ring_at(ring, at + i),
			       FASTIPC_ALIGN);
	ring->cut = 0;
	WRITE_ONCE(ring->taken, next);
	WRITE_ONCE(consumer->taken, next);
	/*
	 * All reads of the message come before.  Pairs with the load-acquire in
	 * fastipc_producer_fits() (lib/ring.h) and in fastipc_ring_released().
	 */
	smp_store_release(&consumer->released, next);
}
