// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel as a producer and a consumer of a ring: for sealed rings, and for
 * ends that nobody has mapped.  See produce.h.
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

#include "produce.h"

#define COPY_PAGES_MAX 256 /* between two chances for others to run */

static void *ring_at(const struct fastipc_ring *ring, u64 position)
{
	return fastipc_region_at(&ring->data, position & (ring->bytes - 1));
}

static struct page *page_at(const struct fastipc_ring *ring, u64 position)
{
	return ring->data.pages[(position & (ring->bytes - 1)) >> PAGE_SHIFT];
}

static u64 footprint(const struct fastipc_ring *ring, u64 len)
{
	return FASTIPC_FOOTPRINT(len + ring->stamp_bytes);
}

/* Where the payload of the message at a position begins. */
static u64 payload_of(const struct fastipc_ring *ring, u64 position)
{
	return position + sizeof(struct fastipc_record) + ring->stamp_bytes;
}

/* Producing ------------------------------------------------------------- */

/**
 * fastipc_ring_produce_resume() - begin where a process that had it mapped stopped
 * @ring: the ring
 * @producer: control page of the end that writes it
 * @consumer: control page of the end that reads it
 *
 * The position it left is a hint: it may have died between publishing and
 * storing it, and it may lie.  So walk on over what is committed, checking each
 * size, to the word that is 0.
 *
 * Return: 0; -EBADMSG if what it left cannot be; -EINTR if the caller is killed.
 */
int fastipc_ring_produce_resume(struct fastipc_ring *ring,
				struct fastipc_control *producer,
				const struct fastipc_control *consumer)
{
	u64 position = fastipc_ring_sent(producer);
	u64 word, released, walked = 0;
	int ret = 0;

	if (!IS_ALIGNED(position, FASTIPC_ALIGN))
		return -EBADMSG;
	while ((word = READ_ONCE(*(u64 *)ring_at(ring, position)))) {
		if (!fastipc_ring_lawful(ring, word) || walked > ring->bytes)
			return -EBADMSG;
		if (fatal_signal_pending(current))
			return -EINTR;
		walked += footprint(ring, word & FASTIPC_WORD_LEN);
		position += footprint(ring, word & FASTIPC_WORD_LEN);
		cond_resched();
	}
	spin_lock(&ring->lock);
	released = fastipc_ring_released(consumer);
	if (!IS_ALIGNED(released, FASTIPC_ALIGN) || released < ring->released ||
	    released > position || position - released > ring->bytes)
		ret = -EBADMSG;
	else
		WRITE_ONCE(ring->released, released);
	spin_unlock(&ring->lock);
	if (!ret) {
		ring->batch_word = 0;
		WRITE_ONCE(ring->position, position);
		WRITE_ONCE(producer->sent, position);
	}
	return ret;
}

/**
 * fastipc_ring_make_room() - keep track of where messages begin
 * @ring: the ring, with space
 * @len: payload in bytes of the next message
 *
 * In a sealed ring only the kernel writes the words, so they can be believed.
 *
 * Return: false if the consumer released what it cannot have seen.
 */
bool fastipc_ring_make_room(struct fastipc_ring *ring, size_t len)
{
	u64 end = ring->position + fastipc_ring_room(ring, len);
	u64 word;

	/* What is withheld was never seen. */
	if (ring->batch_word && READ_ONCE(ring->released) > ring->batch)
		return false;
	if (!ring->stamp_bytes)
		return true;
	while (end - ring->oldest > ring->bytes) {
		word = *(u64 *)ring_at(ring, ring->oldest);
		if (!word)
			return false; /* a batch begins here */
		ring->oldest += footprint(ring, word & FASTIPC_WORD_LEN);
		cond_resched(); /* many small ones make room for a large one */
	}
	return true;
}

/**
 * fastipc_ring_copy_in() - put a payload where the next message will be
 * @ring: the ring, with space
 * @len: bytes
 * @from: advanced if it succeeds
 *
 * Does not wait for memory: what is not there now is the caller's to bring.
 *
 * Return: whether all was copied.
 */
bool fastipc_ring_copy_in(const struct fastipc_ring *ring, size_t len,
			  struct iov_iter *from)
{
	u64 at = payload_of(ring, ring->position);
	size_t done = 0, part, copied;
	unsigned int pages = 0;
	struct page *page;

	while (done < len) {
		part = min_t(size_t, len - done,
			     PAGE_SIZE - offset_in_page(at));
		page = page_at(ring, at);
		copied = copy_page_from_iter_atomic(page, offset_in_page(at),
						    part, from);
		done += copied;
		if (copied < part) {
			iov_iter_revert(from, done);
			return false;
		}
		at += part;
		if (!(++pages % COPY_PAGES_MAX))
			cond_resched();
	}
	return true;
}

/**
 * fastipc_ring_publish() - make the message that was copied in visible
 * @ring: the ring
 * @producer: control page of the end that writes it
 * @len: payload in bytes
 * @tag: for the consumer
 * @stamp: to be completed and put before it; ignored if the ring is not sealed
 * @more: withhold it, and all that follow, until one without or a flush
 */
void fastipc_ring_publish(struct fastipc_ring *ring,
			  struct fastipc_control *producer, size_t len, u64 tag,
			  struct fastipc_stamp *stamp, bool more)
{
	u64 position = ring->position, next = position + footprint(ring, len);
	struct fastipc_record *record = ring_at(ring, position);
	u64 word = FASTIPC_WORD_COMMIT | len;
	u64 at = position + sizeof(*record);
	unsigned int i;

	WRITE_ONCE(record->tag, tag);
	if (ring->stamp_bytes) {
		stamp->seq = ++ring->seq;
		/* By alignments: it may lie across two pages. */
		for (i = 0; i < sizeof(*stamp); i += FASTIPC_ALIGN)
			memcpy(ring_at(ring, at + i), (char *)stamp + i,
			       FASTIPC_ALIGN);
	}
	/* The end of the new message: whoever comes there finds no word. */
	WRITE_ONCE(*(u64 *)ring_at(ring, next), 0);
	/*
	 * Before the word: whoever sees that the peer released this message sees
	 * the new position too.
	 */
	WRITE_ONCE(ring->position, next);
	if (more && !ring->batch_word) {
		/* Its word is 0: nobody comes past it. */
		ring->batch = position;
		ring->batch_word = word;
	} else {
		/*
		 * Tag, stamp, payload and the zero behind are seen by whoever sees
		 * the word.  Pairs with the load-acquire in fastipc_consumer_look()
		 * (lib/ring.h) and in fastipc_ring_look().
		 */
		smp_store_release(&record->word, word);
	}
	if (!more && !fastipc_ring_flush(ring, producer))
		WRITE_ONCE(producer->sent, next);
}

/* End a batch; whether there was one. */
bool fastipc_ring_flush(struct fastipc_ring *ring,
			struct fastipc_control *producer)
{
	struct fastipc_record *first = ring_at(ring, ring->batch);

	if (!ring->batch_word)
		return false;
	/* The whole batch; pairs as in fastipc_ring_publish(). */
	smp_store_release(&first->word, ring->batch_word);
	ring->batch_word = 0;
	WRITE_ONCE(producer->sent, ring->position);
	return true;
}

/* For whoever holds no lock, and looks again under it. */
u64 fastipc_ring_position(const struct fastipc_ring *ring)
{
	return READ_ONCE(ring->position);
}

/*
 * Write over what a process put there; only in a sealed ring, whose position is
 * always the kernel's.  0; -EINTR if the caller is killed.
 */
int fastipc_ring_sent_again(struct fastipc_ring *ring,
			    struct fastipc_control *producer)
{
	if (mutex_lock_killable(&ring->producer))
		return -EINTR;
	WRITE_ONCE(producer->sent,
		   ring->batch_word ? ring->batch : ring->position);
	mutex_unlock(&ring->producer);
	return 0;
}

/* Consuming ------------------------------------------------------------- */

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
	       (word = *(u64 *)ring_at(ring, at))) {
		at += footprint(ring, word & FASTIPC_WORD_LEN);
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
	u64 *at = ring_at(ring, ring->taken);
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
	u64 at = payload_of(ring, ring->taken) + skip;
	size_t done = 0, part, copied;
	unsigned int pages = 0;

	while (done < len) {
		part = min_t(size_t, len - done,
			     PAGE_SIZE - offset_in_page(at));
		copied = copy_page_to_iter(page_at(ring, at),
					   offset_in_page(at), part, to);
		done += copied;
		if (copied < part) {
			iov_iter_revert(to, done);
			return false;
		}
		at += part;
		if (!(++pages % COPY_PAGES_MAX))
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
	const struct fastipc_record *record = ring_at(ring, ring->taken);
	u64 at = ring->taken + sizeof(*record);
	u64 next = ring->taken + footprint(ring, len);
	unsigned int i;

	*tag = READ_ONCE(record->tag);
	memset(stamp, 0, sizeof(*stamp));
	if (ring->stamp_bytes)
		for (i = 0; i < sizeof(*stamp); i += FASTIPC_ALIGN)
			memcpy((char *)stamp + i, ring_at(ring, at + i),
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
