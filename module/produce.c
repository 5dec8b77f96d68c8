// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel as a producer of a ring: of sealed rings, and for ends that nobody has
 * mapped.  See produce.h.
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

/* Nothing is withheld: all up to here can be seen. */
static void ring_show(struct fastipc_ring *ring,
		      struct fastipc_control *producer)
{
	WRITE_ONCE(ring->shown, ring->position);
	WRITE_ONCE(producer->sent, ring->position);
}

/**
 * fastipc_ring_produce_resume() - begin where a process that had it mapped stopped
 * @ring: the ring
 * @producer: control page of the end that writes it
 *
 * The position it left is a hint: it may have died between publishing and
 * storing it, and it may lie.  So walk on over what is committed, checking each
 * size, to the word that is 0.
 *
 * Return: 0; -EBADMSG if what it left cannot be; -EINTR if the caller is killed.
 */
int fastipc_ring_produce_resume(struct fastipc_ring *ring,
				struct fastipc_control *producer)
{
	u64 position = fastipc_ring_sent(producer);
	u64 word, released, walked = 0;
	int ret = 0;

	if (!IS_ALIGNED(position, FASTIPC_ALIGN))
		return -EBADMSG;
	while ((word = READ_ONCE(*(u64 *)fastipc_ring_at(ring, position)))) {
		if (!fastipc_ring_lawful(ring, word) || walked > ring->bytes)
			return -EBADMSG;
		if (fatal_signal_pending(current))
			return -EINTR;
		walked += fastipc_ring_footprint(ring, word & FASTIPC_WORD_LEN);
		position +=
			fastipc_ring_footprint(ring, word & FASTIPC_WORD_LEN);
		cond_resched();
	}
	spin_lock(&ring->lock);
	released = fastipc_ring_released(ring->consumer);
	if (!IS_ALIGNED(released, FASTIPC_ALIGN) || released < ring->released ||
	    released > position || position - released > ring->bytes)
		ret = -EBADMSG;
	else
		WRITE_ONCE(ring->released, released);
	spin_unlock(&ring->lock);
	if (!ret) {
		ring->batch_word = 0;
		WRITE_ONCE(ring->position, position);
		ring_show(ring, producer);
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
	unsigned int walked = 0;
	u64 word;

	/* What is withheld was never seen. */
	if (ring->batch_word && READ_ONCE(ring->released) > ring->shown)
		return false;
	if (!ring->stamp_bytes)
		return true;
	while (end - ring->oldest > ring->bytes) {
		word = *(u64 *)fastipc_ring_at(ring, ring->oldest);
		if (!word)
			return false; /* a batch begins here */
		ring->oldest +=
			fastipc_ring_footprint(ring, word & FASTIPC_WORD_LEN);
		/* Many small ones make room for a large one. */
		if (!(++walked % 64))
			cond_resched();
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
	u64 at = fastipc_ring_payload(ring, ring->position);
	size_t done = 0, part, copied;
	unsigned int pages = 0;

	do {
		part = min_t(size_t, len - done,
			     PAGE_SIZE - offset_in_page(at));
		copied = copy_page_from_iter_atomic(fastipc_ring_page(ring, at),
						    offset_in_page(at), part,
						    from);
		done += copied;
		if (unlikely(copied < part)) {
			iov_iter_revert(from, done);
			return false;
		}
		at += part;
		if (!(++pages % FASTIPC_COPY_PAGES))
			cond_resched();
	} while (done < len);
	return true;
}

static void ring_stamp_in(const struct fastipc_ring *ring, u64 position,
			  const struct fastipc_stamp *stamp)
{
	struct fastipc_record *record = fastipc_ring_at(ring, position);
	u64 at = position + sizeof(*record);
	unsigned int i;

	if (fastipc_ring_stamp_is_whole(position)) {
		memcpy(record + 1, stamp, sizeof(*stamp));
		return;
	}
	for (i = 0; i < sizeof(*stamp); i += FASTIPC_ALIGN)
		memcpy(fastipc_ring_at(ring, at + i), (char *)stamp + i,
		       FASTIPC_ALIGN);
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
	u64 position = ring->position,
	    next = position + fastipc_ring_footprint(ring, len);
	struct fastipc_record *record = fastipc_ring_at(ring, position);
	u64 word = FASTIPC_WORD_COMMIT | len;

	WRITE_ONCE(record->tag, tag);
	if (ring->stamp_bytes) {
		stamp->seq = ++ring->seq;
		ring_stamp_in(ring, position, stamp);
	}
	/* The end of the new message: whoever comes there finds no word. */
	WRITE_ONCE(*(u64 *)fastipc_ring_at(ring, next), 0);
	/*
	 * Before the word: whoever sees that the peer released this message sees
	 * the new position too.
	 */
	WRITE_ONCE(ring->position, next);
	if (more && !ring->batch_word) {
		/* Its word is 0: nobody comes past it, and it stays @shown. */
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
		ring_show(ring, producer);
}

/* End a batch; whether there was one. */
bool fastipc_ring_flush(struct fastipc_ring *ring,
			struct fastipc_control *producer)
{
	struct fastipc_record *first = fastipc_ring_at(ring, ring->shown);

	if (!ring->batch_word)
		return false;
	/* The whole batch; pairs as in fastipc_ring_publish(). */
	smp_store_release(&first->word, ring->batch_word);
	ring->batch_word = 0;
	ring_show(ring, producer);
	return true;
}

/* What is withheld was never sent: its sender is gone.  Its word is 0 still. */
void fastipc_ring_withdraw(struct fastipc_ring *ring)
{
	/* Where the stamp begins, which is aligned as the record is. */
	u64 at = ring->shown + sizeof(struct fastipc_record);

	if (!ring->batch_word)
		return;
	if (ring->stamp_bytes)
		ring->seq = *(u64 *)fastipc_ring_at(ring, at) - 1;
	ring->batch_word = 0;
	WRITE_ONCE(ring->position, ring->shown);
}

/* For whoever holds no lock, and looks again under it. */
u64 fastipc_ring_position(const struct fastipc_ring *ring)
{
	return READ_ONCE(ring->position);
}

/* The same, for a poller: what is withheld, nobody can make room from. */
u64 fastipc_ring_shown(const struct fastipc_ring *ring)
{
	return READ_ONCE(ring->shown);
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
	WRITE_ONCE(producer->sent, ring->shown);
	mutex_unlock(&ring->producer);
	return 0;
}
