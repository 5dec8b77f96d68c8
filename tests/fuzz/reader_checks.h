/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What lib/ring.h promises of each of its operations, checked around it.
 *
 * Positions are compared as differences: a predecessor may have left any, and
 * near 2^64 they go round.  That is its own loss, and must be nothing worse.
 */
#ifndef FASTIPC_FUZZ_READER_CHECKS_H
#define FASTIPC_FUZZ_READER_CHECKS_H

#include "script.h"

#include "rig.h"

#define LEAST_FOOTPRINT 16 /* so many messages, at most, lie in a ring */
#define HELD_MAX	32

/* What is known beside the structures under test. */
struct run {
	struct rig r;
	struct script s;
	/* the consumer */
	bool c_poisoned;
	uint64_t held[HELD_MAX]; /* where taken messages end, oldest first */
	unsigned int holds;
	uint64_t since_end;  /* messages begun since the end was seen */
	unsigned int drains; /* messages that may still be taken in a loop */
	/* the producer */
	bool p_poisoned;
	size_t fits; /* so much may be published; -1: nothing */
};

static unsigned char ring_before[RING];
static unsigned char copy[RING / 4]; /* a receiver's buffer */

/*
 * What an operation says to be called for, who is waiting there being due or not:
 * with no alert, nothing; and for a fence in vain now and then the calm.
 */
static inline uint32_t must_sync(const struct fastipc_waitline *line, bool due,
				 uint32_t *fences, uint32_t wake, uint32_t calm)
{
	if (!line->alert || line->want) {
		*fences = 0;
		return line->alert && due ? wake : 0;
	}
	++*fences;
	return *fences >= FASTIPC_FENCES_PATIENCE &&
			       !(*fences & (*fences - 1)) ?
		       calm :
		       0;
}

/* The consumer ------------------------------------------------------------ */

/* Is a message there that may be taken, with its length? */
static inline bool look(struct run *u, size_t *len)
{
	struct fastipc_consumer *c = &u->r.c;
	uint64_t position = c->position, limit = c->limit;
	int ret;

	*len = SIZE_MAX;
	ret = fastipc_consumer_look(c, len);
	must(ret == 1 || ret == 0 || ret == -EBADMSG);
	must(c->position == position);
	must(!c->limit == (ret < 0));
	must(!u->c_poisoned || ret < 0);
	must(limit == FASTIPC_NO_LIMIT || !c->limit || c->limit == limit);
	must(ret <= 0 || *len <= c->max_message);
	u->c_poisoned = ret < 0;
	return ret > 0;
}

static inline bool take_one(struct run *u)
{
	struct fastipc_consumer *c = &u->r.c;
	const char *end = c->data + 2 * RING, *payload;
	const struct fastipc_stamp *stamp;
	const struct fastipc_record *at;
	uint64_t begin = c->position;
	size_t len;

	if (u->holds == HELD_MAX || !look(u, &len))
		return false;
	if (c->limit != FASTIPC_NO_LIMIT)
		must(++u->since_end <= RING / LEAST_FOOTPRINT);
	at = fastipc_consumer_take(c, len);
	/* Onwards, by what the message occupies: aligned, and past no other. */
	must(c->position - begin == FASTIPC_FOOTPRINT(len + c->stamp_bytes));
	must(c->position % FASTIPC_ALIGN == 0);
	must(u->r.consumer_page->taken == c->position);
	must((const char *)at >= c->data && (const char *)at < c->data + RING);
	payload = fastipc_record_payload(c, at);
	must(payload + len <= end);
	fastipc_record_tag(at);
	stamp = fastipc_record_stamp(c, at);
	must(!stamp == !c->stamp_bytes);
	if (stamp)
		memcpy(copy, stamp, sizeof(*stamp));
	memcpy(copy, payload, len);
	u->held[u->holds++] = c->position;
	return true;
}

static inline void release_some(struct run *u, unsigned int n)
{
	if (!u->holds)
		return;
	n = 1 + n % u->holds;
	fastipc_consumer_release(&u->r.c, u->held[n - 1]);
	must(u->r.c.released == u->held[n - 1]);
	must(u->r.consumer_page->released == u->held[n - 1]);
	u->holds -= n;
	memmove(u->held, u->held + n, u->holds * sizeof(u->held[0]));
}

static inline void resume_consumer(struct run *u)
{
	struct fastipc_consumer *c = &u->r.c;
	uint64_t taken = u->r.consumer_page->taken;

	fastipc_consumer_resume(c);
	must(c->position == taken);
	must(c->limit == (taken % FASTIPC_ALIGN ? 0 : FASTIPC_NO_LIMIT));
	must(!c->limit || c->released == taken);
	u->c_poisoned = !c->limit;
	u->holds = 0;
	u->since_end = 0;
}

static inline void check_sync_send(struct run *u)
{
	const struct fastipc_waitline *line = &u->r.producer_page->send;
	uint32_t fences = u->r.c.fences;
	uint32_t sync = must_sync(line, line->want <= u->r.c.released, &fences,
				  FASTIPC_SYNC_WAKE_SEND,
				  FASTIPC_SYNC_CALM_SEND);

	must(fastipc_consumer_sync(&u->r.c) == sync);
	must(u->r.c.fences == fences);
}

/* The producer ------------------------------------------------------------ */

static inline uint64_t room_left(const struct fastipc_producer *p)
{
	must(p->position % FASTIPC_ALIGN == 0);
	must(p->released % FASTIPC_ALIGN == 0);
	must(p->position - p->released <= RING);
	return RING - (p->position - p->released);
}

static inline void fits(struct run *u, size_t len)
{
	struct fastipc_producer *p = &u->r.p;
	uint64_t position = p->position, released = p->released;
	int ret = fastipc_producer_fits(p, len);

	must(ret == 1 || ret == 0 || ret == -EBADMSG);
	must(p->poisoned == (ret < 0));
	must(!u->p_poisoned || ret < 0);
	must(p->position == position && p->released >= released);
	if (ret >= 0)
		must((room_left(p) >= FASTIPC_FOOTPRINT(len) + 16) == ret);
	u->p_poisoned = ret < 0;
	u->fits = ret > 0 ? len : SIZE_MAX;
}

static inline uint64_t word_at(const struct run *u, uint64_t position)
{
	return fastipc_producer_at(&u->r.p, position)->word;
}

/* Nothing has changed but what lies in so many bytes from there. */
static inline void must_be_untouched(const struct run *u, uint64_t from,
				     size_t bytes)
{
	const unsigned char *now = (const void *)u->r.p.data;
	size_t begin = from % RING, end = begin + bytes;

	if (end <= RING) {
		must(!memcmp(now, ring_before, begin));
		must(!memcmp(now + end, ring_before + end, RING - end));
	} else {
		end -= RING;
		must(!memcmp(now + end, ring_before + end, begin - end));
	}
}

static inline void publish(struct run *u, size_t len, bool more)
{
	struct fastipc_producer *p = &u->r.p;
	uint64_t begin = p->position, batch = p->batch_word, first = p->batch;
	uint64_t sent = u->r.producer_page->sent;
	uint64_t word = FASTIPC_WORD_COMMIT | len;

	if (u->p_poisoned || u->fits == SIZE_MAX)
		return;
	len = len % (u->fits + 1);
	word = FASTIPC_WORD_COMMIT | len;
	memcpy(ring_before, p->data, RING);
	memset(fastipc_producer_payload(p), 0xff, u->fits);
	fastipc_producer_publish(p, len, ~0ULL, more);
	u->fits = SIZE_MAX;
	must(p->position - begin == FASTIPC_FOOTPRINT(len));
	must(room_left(p) >= 16);
	must(word_at(u, p->position) == 0);
	if (more && !batch) {
		must(p->batch == begin && p->batch_word == word);
		/* Withheld: whatever stood there, it is no part of a batch. */
		must(!memcmp(fastipc_producer_at(p, begin),
			     ring_before + begin % RING, 8));
	} else {
		must(word_at(u, begin) == word);
	}
	must(u->r.producer_page->sent == (more ? sent : p->position));
	must(more || !p->batch_word);
	if (!more && batch) {
		must(word_at(u, first) == batch);
		/* The rest of the check knows of one place only. */
		memcpy(ring_before + first % RING, &batch, 8);
	}
	/* What was reserved, or the word behind. */
	must_be_untouched(u, begin, FASTIPC_FOOTPRINT(0) + 8 + RING / 4);
}

static inline void flush(struct run *u)
{
	struct fastipc_producer *p = &u->r.p;
	uint64_t batch = p->batch_word, first = p->batch;

	memcpy(ring_before, p->data, RING);
	must(fastipc_producer_flush(p) == !!batch);
	must(!p->batch_word);
	must_be_untouched(u, first, batch ? 8 : 0);
	if (!batch)
		return;
	must(word_at(u, first) == batch);
	must(u->r.producer_page->sent == p->position);
}

static inline void resume_producer(struct run *u)
{
	struct fastipc_producer *p = &u->r.p;
	uint64_t sent = u->r.producer_page->sent;

	memcpy(ring_before, p->data, RING);
	fastipc_producer_resume(p);
	must_be_untouched(u, 0, 0);
	u->p_poisoned = p->poisoned;
	u->fits = SIZE_MAX;
	if (p->poisoned)
		return;
	room_left(p);
	must(!p->batch_word && !word_at(u, p->position));
	must(u->r.producer_page->sent == p->position);
	/* Over no more than a ring, and the last message. */
	if (!ambush.sprung)
		must(p->position - sent <= RING + RING / 4);
}

static inline void check_sync_recv(struct run *u)
{
	uint32_t fences = u->r.p.fences;
	uint32_t sync = must_sync(&u->r.consumer_page->recv, true, &fences,
				  FASTIPC_SYNC_WAKE_RECV,
				  FASTIPC_SYNC_CALM_RECV);

	must(fastipc_producer_sync(&u->r.p) == sync);
	must(u->r.p.fences == fences);
}

static inline void drained(struct run *u)
{
	uint64_t released = u->r.consumer_page->released;

	must(fastipc_producer_drained(&u->r.p, u->r.p.position) ==
	     (u->p_poisoned ? -EBADMSG : released == u->r.p.position));
}

#endif /* FASTIPC_FUZZ_READER_CHECKS_H */
