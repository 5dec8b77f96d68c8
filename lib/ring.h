/* SPDX-License-Identifier: MIT */
/*
 * One direction of a channel in mapped memory, as the producer and as the
 * consumer see it: the only code of the library that touches shared words, with
 * all its barriers.  doc/protocol.rst states the order of the steps.
 *
 * Every word that the peer can write is read once, bounded, and returned by
 * value.  Never waits, and makes no system call: so it runs as well over any
 * memory laid out in the same way, which is how tests/native/ runs it.
 */
#ifndef FASTIPC_LIB_RING_H
#define FASTIPC_LIB_RING_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include <linux/fastipc.h>

/**
 * struct fastipc_producer - what the sending end knows
 * @data: the ring, mapped twice in a row
 * @bytes: its length, a power of two
 * @max_message: longest payload in bytes
 * @position: of the next message
 * @released: what the consumer has released, last time somebody looked
 * @until: a ring's length further, the end of the space; @position, if @poisoned
 * @batch: position of the first message of a batch that is withheld
 * @batch_word: its word; 0: there is no batch
 * @own: control page of this end
 * @peer: control page of the consumer
 * @fences: how many in a row were for nobody
 * @poisoned: the consumer broke the rules
 */
struct fastipc_producer {
	char *data;
	uint64_t bytes;
	uint64_t max_message;
	uint64_t position;
	uint64_t released;
	uint64_t until;
	uint64_t batch;
	uint64_t batch_word;
	struct fastipc_control *own;
	const struct fastipc_control *peer;
	uint32_t fences;
	bool poisoned;
};

/**
 * struct fastipc_consumer - what the receiving end knows
 * @data: the ring, mapped twice in a row
 * @bytes: its length, a power of two
 * @max_message: longest payload in bytes
 * @stamp_bytes: between tag and payload; 0 unless the ring is sealed
 * @position: of the next message to take
 * @released: of the oldest message still in use
 * @seen: a predecessor, which is dead, may have seen what lies before
 * @limit: no message may begin here or later: FASTIPC_NO_LIMIT, until the end was
 *	seen; 0: nowhere, the producer broke the rules
 * @own: control page of this end
 * @peer: control page of the producer
 * @fences: how many in a row were for nobody
 * @lag: how long to leave alone a producer that streams; see lag.h
 * @waited: behind the message that was waited for last
 * @burst: bytes that came at once behind the one before
 * @answered: what this end had sent then
 */
struct fastipc_consumer {
	const char *data;
	uint64_t bytes;
	uint64_t max_message;
	uint64_t stamp_bytes;
	uint64_t position;
	uint64_t released;
	uint64_t seen;
	uint64_t limit;
	struct fastipc_control *own;
	const struct fastipc_control *peer;
	uint32_t fences;
	uint32_t lag;
	uint64_t waited;
	uint64_t burst;
	uint64_t answered;
};

#define FASTIPC_NO_LIMIT UINT64_MAX

#define FASTIPC_FENCES_PATIENCE 1024 /* before asking for an end to them */

/*
 * Between publishing (or releasing) and the look at the peer's ->want.  Pairs
 * with fastipc_ring_arm_fence() in module/ring.c, between setting ->want and
 * the look at the word.  Model: tests/model/wake.pml, NO_PRODUCER_FENCE.
 */
static inline void fastipc_fence(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/*
 * After publishing (or releasing): may somebody be waiting, so that ->want has to be
 * looked at?  Then that fence has been.  If not, there is no fence at all, but in the
 * compiler: a sleeper to come sets ->alert and has the kernel run a barrier here, so
 * it sees what was published before, or this sees ->alert after.  Pairs with
 * fastipc_endpoint_barrier() (module/use.c).  Model: wake.pml, NO_BARRIER.
 */
static inline bool fastipc_alert(const struct fastipc_waitline *line)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (__builtin_expect(!__atomic_load_n(&line->alert, __ATOMIC_RELAXED),
			     1))
		return false;
	fastipc_fence();
	return true;
}

/*
 * It was for nobody: is it time to ask that it need not be?  The longer the kernel
 * does not do so, the seldomer.
 */
static inline bool fastipc_in_vain(uint32_t *fences)
{
	uint32_t n = ++*fences;

	return n >= FASTIPC_FENCES_PATIENCE && !(n & (n - 1));
}

/*
 * The end of a direction, or 0; to be read before the ring's word.  The acquire
 * pairs with the store-release in fastipc_ring_end() (module/ring.c).  A hint:
 * only FASTIPC_SYNC confirms it.
 */
static inline uint32_t fastipc_ended(const struct fastipc_waitline *line)
{
	return __atomic_load_n(&line->ended, __ATOMIC_ACQUIRE);
}

/* Whether a word that is not 0 is that of a message. */
static inline bool fastipc_word_lawful(uint64_t word, uint64_t max_message)
{
	return word & FASTIPC_WORD_COMMIT && !(word & FASTIPC_WORD_FLAGS) &&
	       (word & FASTIPC_WORD_LEN) <= max_message;
}

static inline const struct fastipc_record *
fastipc_consumer_at(const struct fastipc_consumer *c)
{
	return (const void *)(c->data + (c->position & (c->bytes - 1)));
}

static inline struct fastipc_record *
fastipc_producer_at(const struct fastipc_producer *p, uint64_t position)
{
	return (struct fastipc_record *)(p->data + (position & (p->bytes - 1)));
}

/* Is there space for a message, by what the consumer released, as last seen? */
static inline bool fastipc_producer_has_room(const struct fastipc_producer *p,
					     size_t len)
{
	return p->until - p->position >= FASTIPC_FOOTPRINT(len) + FASTIPC_ALIGN;
}

/* The consumer broke the rules: from now on there is no space. */
static inline void fastipc_producer_poison(struct fastipc_producer *p)
{
	p->until = p->position;
	p->poisoned = true;
}

static inline void fastipc_producer_released(struct fastipc_producer *p,
					     uint64_t released)
{
	p->released = released;
	p->until = released + p->bytes;
}

/**
 * fastipc_producer_fits() - does a message fit now?
 * @p: the producer
 * @len: payload in bytes, at most max_message
 *
 * Return: 1, 0, or -EBADMSG.
 */
static inline int fastipc_producer_fits(struct fastipc_producer *p, size_t len)
{
	uint64_t shown, released;

	if (__builtin_expect(fastipc_producer_has_room(p, len), 1))
		return 1;
	if (p->poisoned)
		return -EBADMSG;
	/*
	 * Acquire: what is overwritten next, the consumer is done reading.
	 * Pairs with the store-release in fastipc_consumer_release().
	 */
	released = __atomic_load_n(&p->peer->released, __ATOMIC_ACQUIRE);
	/* Nobody comes past the first word of a batch that is withheld. */
	shown = p->batch_word ? p->batch : p->position;
	if (released < p->released || released > shown ||
	    released % FASTIPC_ALIGN) {
		fastipc_producer_poison(p);
		return -EBADMSG;
	}
	fastipc_producer_released(p, released);
	return fastipc_producer_has_room(p, len);
}

/**
 * fastipc_producer_resume() - begin where a predecessor of this end stopped
 * @p: the producer, with its maps
 *
 * The position it left is a hint: it may have died between publishing and
 * storing it.  So walk on over what is committed, to the word that is 0.  If
 * what it left cannot be, this direction is poisoned.
 */
static inline void fastipc_producer_resume(struct fastipc_producer *p)
{
	uint64_t position = __atomic_load_n(&p->own->sent, __ATOMIC_RELAXED);
	uint64_t released =
		__atomic_load_n(&p->peer->released, __ATOMIC_ACQUIRE);
	uint64_t word, walked = 0;

	fastipc_producer_poison(p);
	if (position % FASTIPC_ALIGN || released % FASTIPC_ALIGN)
		return;
	while ((word = fastipc_producer_at(p, position)->word)) {
		if (!fastipc_word_lawful(word, p->max_message) ||
		    walked > p->bytes)
			return;
		walked += FASTIPC_FOOTPRINT(word & FASTIPC_WORD_LEN);
		position += FASTIPC_FOOTPRINT(word & FASTIPC_WORD_LEN);
	}
	if (released > position || position - released > p->bytes)
		return;
	p->position = position;
	fastipc_producer_released(p, released);
	p->batch_word = 0;
	p->poisoned = false;
	__atomic_store_n(&p->own->sent, position, __ATOMIC_RELAXED);
}

/* Where the payload of the next message goes, once it fits. */
static inline void *fastipc_producer_payload(const struct fastipc_producer *p)
{
	return fastipc_producer_at(p, p->position) + 1;
}

/**
 * fastipc_producer_flush() - end a batch: all of it becomes visible
 * @p: the producer
 *
 * Return: whether there was one.
 */
static inline bool fastipc_producer_flush(struct fastipc_producer *p)
{
	if (__builtin_expect(!p->batch_word, 1))
		return false;
	/*
	 * Release: every message of the batch is seen by whoever sees the word
	 * of its first.  Pairs with the load-acquire in fastipc_consumer_look().
	 */
	__atomic_store_n(&fastipc_producer_at(p, p->batch)->word, p->batch_word,
			 __ATOMIC_RELEASE);
	p->batch_word = 0;
	__atomic_store_n(&p->own->sent, p->position, __ATOMIC_RELAXED);
	return true;
}

/**
 * fastipc_producer_publish() - make the next message visible
 * @p: the producer; the payload is in its place
 * @len: payload in bytes, at most what was found to fit
 * @tag: for the consumer
 * @more: begin or go on with a batch: it and what follows stays invisible
 */
static inline void fastipc_producer_publish(struct fastipc_producer *p,
					    size_t len, uint64_t tag, bool more)
{
	struct fastipc_record *record = fastipc_producer_at(p, p->position);
	uint64_t next = p->position + FASTIPC_FOOTPRINT(len);
	uint64_t word = FASTIPC_WORD_COMMIT | len;

	record->tag = tag;
	/* The end of the new message: whoever comes there finds no word. */
	__atomic_store_n(&fastipc_producer_at(p, next)->word, 0,
			 __ATOMIC_RELAXED);
	if (more && !p->batch_word) {
		/* Its word stays 0, and nobody comes past it. */
		p->batch = p->position;
		p->batch_word = word;
	} else {
		/*
		 * Release: tag, payload and the zero behind are seen by whoever
		 * sees the word.  Pairs with the load-acquire in
		 * fastipc_consumer_look(), and the kernel's in
		 * fastipc_ring_look() (module/consume.c).
		 */
		__atomic_store_n(&record->word, word, __ATOMIC_RELEASE);
	}
	p->position = next;
	if (!more && !fastipc_producer_flush(p))
		__atomic_store_n(&p->own->sent, next, __ATOMIC_RELAXED);
}

/**
 * fastipc_producer_drained() - has the consumer released up to a position?
 * @p: the producer
 * @position: not beyond what was sent
 *
 * Return: 1, 0, or -EBADMSG.
 */
static inline int fastipc_producer_drained(struct fastipc_producer *p,
					   uint64_t position)
{
	uint64_t released =
		__atomic_load_n(&p->peer->released, __ATOMIC_ACQUIRE);

	if (p->poisoned)
		return -EBADMSG;
	return released == position;
}

/* After publishing: what to call FASTIPC_SYNC for, or 0. */
static inline uint32_t fastipc_producer_sync(struct fastipc_producer *p)
{
	if (!fastipc_alert(&p->peer->recv)) {
		p->fences = 0;
		return 0;
	}
	if (__atomic_load_n(&p->peer->recv.want, __ATOMIC_RELAXED)) {
		p->fences = 0;
		return FASTIPC_SYNC_WAKE_RECV;
	}
	return fastipc_in_vain(&p->fences) ? FASTIPC_SYNC_CALM_RECV : 0;
}

/* The producer broke the rules: from now on there is no message. */
static inline void fastipc_consumer_poison(struct fastipc_consumer *c)
{
	c->limit = 0;
}

/**
 * fastipc_consumer_look() - is there a message?
 * @c: the consumer
 * @len: filled in with its payload in bytes, if there is one
 *
 * Reads the end before the word: so whoever finds no message, and an end that
 * it had seen before, has had them all.  What is left at the end fits into the
 * ring; a dead producer that left a ring full of words, to be read round and
 * round, broke the rules.
 *
 * Return: 1, 0, or -EBADMSG.
 */
static inline int fastipc_consumer_look(struct fastipc_consumer *c, size_t *len)
{
	uint64_t word;

	if (__builtin_expect(fastipc_ended(&c->own->recv), 0) &&
	    c->limit == FASTIPC_NO_LIMIT)
		c->limit = c->position + c->bytes;
	/* Where it is 0, the position may be anything. */
	if (!c->limit)
		return -EBADMSG;
	/* Pairs with the store-release in fastipc_producer_publish(). */
	word = __atomic_load_n(&fastipc_consumer_at(c)->word, __ATOMIC_ACQUIRE);
	if (!word)
		return 0;
	/* A lawful word is a length and this bit; others come out as too long. */
	*len = word ^ FASTIPC_WORD_COMMIT;
	if (*len <= c->max_message && c->position < c->limit)
		return 1;
	fastipc_consumer_poison(c);
	return -EBADMSG;
}

/**
 * fastipc_consumer_take() - expose the message that was found
 * @c: the consumer
 * @len: its length, as fastipc_consumer_look() gave it
 *
 * Return: its record, with tag, stamp and payload.
 */
static inline const struct fastipc_record *
fastipc_consumer_take(struct fastipc_consumer *c, size_t len)
{
	const struct fastipc_record *record = fastipc_consumer_at(c);

	c->position += FASTIPC_FOOTPRINT(len + c->stamp_bytes);
	/*
	 * Before the payload is read: a dead consumer may have seen all that
	 * lies before ->taken.  A compiler's fence is enough: what needs this
	 * order is a successor, after this process is gone.
	 */
	__atomic_store_n(&c->own->taken, c->position, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	return record;
}

static inline uint64_t fastipc_record_tag(const struct fastipc_record *record)
{
	return __atomic_load_n(&record->tag, __ATOMIC_RELAXED);
}

/* The stamp in a sealed ring, which never changes; else NULL. */
static inline const struct fastipc_stamp *
fastipc_record_stamp(const struct fastipc_consumer *c,
		     const struct fastipc_record *record)
{
	return c->stamp_bytes ? (const void *)(record + 1) : NULL;
}

static inline const void *
fastipc_record_payload(const struct fastipc_consumer *c,
		       const struct fastipc_record *record)
{
	return (const char *)(record + 1) + c->stamp_bytes;
}

/**
 * fastipc_consumer_release() - give memory back
 * @c: the consumer
 * @position: of the oldest message still in use
 */
static inline void fastipc_consumer_release(struct fastipc_consumer *c,
					    uint64_t position)
{
	c->released = position;
	/*
	 * Release: all reads of the payload come before.  Pairs with the
	 * load-acquire in fastipc_producer_fits(), and the kernel's.
	 */
	__atomic_store_n(&c->own->released, position, __ATOMIC_RELEASE);
}

/**
 * fastipc_consumer_resume() - begin where a predecessor of this end stopped
 * @c: the consumer, with its maps
 *
 * What the predecessor had taken counts as received, and is given back here: it
 * may have died with the ring full.  If what it left cannot be, this direction
 * is poisoned.  Afterwards the producer may have to be woken.
 */
static inline void fastipc_consumer_resume(struct fastipc_consumer *c)
{
	c->position = __atomic_load_n(&c->own->taken, __ATOMIC_RELAXED);
	c->seen = __atomic_load_n(&c->own->seen, __ATOMIC_RELAXED);
	c->limit = c->position % FASTIPC_ALIGN ? 0 : FASTIPC_NO_LIMIT;
	if (c->limit)
		fastipc_consumer_release(c, c->position);
}

/* After releasing: what to call FASTIPC_SYNC for, or 0. */
static inline uint32_t fastipc_consumer_sync(struct fastipc_consumer *c)
{
	uint64_t want;

	if (!fastipc_alert(&c->peer->send)) {
		c->fences = 0;
		return 0;
	}
	want = __atomic_load_n(&c->peer->send.want, __ATOMIC_RELAXED);
	if (!want)
		return fastipc_in_vain(&c->fences) ? FASTIPC_SYNC_CALM_SEND : 0;
	c->fences = 0;
	return want <= c->released ? FASTIPC_SYNC_WAKE_SEND : 0;
}

#endif /* FASTIPC_LIB_RING_H */
