// SPDX-License-Identifier: GPL-2.0-only
/*
 * The library's ring code against a peer that writes whatever it likes.
 *
 * An input is a script: which operations the library's consumer and producer
 * do, and what the peer writes between them, and just behind one of their loads:
 * into the ring and into both control pages.  What lib/ring.h promises must hold
 * at every step, and the walls around the ring must stay whole.
 */
#include "reader_checks.h"

/* Words a peer would think of, near to what matters here. */
static uint64_t next_word(struct run *u)
{
	struct script *s = &u->s;

	switch (next_byte(s) % 8) {
	case 0:
		return 0;
	case 1:
		return FASTIPC_WORD_COMMIT | next_number(s, 2);
	case 2:
		return FASTIPC_WORD_COMMIT |
		       (u->r.c.max_message + (int8_t)next_byte(s));
	case 3:
		return u->r.c.position + (int8_t)next_byte(s) * 8;
	case 4:
		return u->r.p.position + (int8_t)next_byte(s) * 8;
	case 5:
		return UINT64_MAX - next_number(s, 2);
	case 6:
		return next_byte(s) * 16;
	default:
		return next_number(s, 8);
	}
}

static void scribble_ring(struct run *u)
{
	uint64_t offset, word;

	switch (next_byte(&u->s) % 4) {
	case 0:
		offset = u->r.c.position;
		break;
	case 1:
		offset = u->r.p.position;
		break;
	default:
		/* Any byte of either repetition, but for half a word. */
		offset = next_below(&u->s, 2 * RING - 7);
		word = next_word(u);
		memcpy(u->r.p.data + offset, &word, sizeof(word));
		return;
	}
	word = next_word(u);
	memcpy(u->r.p.data + offset % RING, &word, sizeof(word));
}

/* All of it, with what could be messages. */
static void fill_ring(struct run *u)
{
	uint64_t word = next_word(u);
	size_t step = 8 << next_byte(&u->s) % 8, i;

	for (i = 0; i < RING; i += step)
		memcpy(u->r.p.data + i, &word, sizeof(word));
}

static void scribble_page(struct run *u)
{
	unsigned int where = next_byte(&u->s);
	uint64_t word = next_word(u);
	struct fastipc_control *page = where & 1 ? u->r.producer_page :
						   u->r.consumer_page;

	/* Mostly the words that somebody reads. */
	switch (where / 2 % 8) {
	case 0:
		page->sent = word;
		break;
	case 1:
		page->released = word;
		break;
	case 2:
		page->taken = word;
		break;
	case 3:
		page->recv.want = word;
		break;
	case 4:
		page->recv.ended = word;
		break;
	case 5:
		page->send.want = word;
		break;
	case 6:
		page->send.ended = word;
		break;
	default:
		((uint64_t *)page)[next_below(&u->s, sizeof(*page) / 8)] = word;
	}
}

/* The script -------------------------------------------------------------- */

static void step(struct run *u)
{
	struct script *s = &u->s;
	unsigned int n;
	size_t len;

	switch (next_byte(s) % 16) {
	case 0:
		look(u, &len);
		break;
	case 1:
		take_one(u);
		break;
	case 2:
		/* To the end; but the ring of a liar need not have one. */
		for (; u->drains && take_one(u); u->drains--)
			release_some(u, u->holds - 1);
		break;
	case 3:
		release_some(u, next_byte(s));
		break;
	case 4:
		resume_consumer(u);
		break;
	case 5:
		check_sync_send(u);
		break;
	case 6:
		fits(u, next_below(s, u->r.p.max_message + 1));
		break;
	case 7:
		publish(u, next_number(s, 2), next_byte(s) % 2);
		break;
	case 8:
		/* As a send does. */
		len = next_below(s, u->r.p.max_message + 1);
		fits(u, len);
		publish(u, len, next_byte(s) % 2);
		break;
	case 9:
		flush(u);
		break;
	case 10:
		resume_producer(u);
		break;
	case 11:
		check_sync_recv(u);
		drained(u);
		break;
	case 12:
		scribble_ring(u);
		break;
	case 13:
		scribble_page(u);
		break;
	case 14:
		fill_ring(u);
		break;
	case 15:
		n = next_byte(s) % 8;
		ambush_lay(n, next_word(u));
		break;
	}
}

/* As rig_make() leaves it, without making it anew. */
static void start(struct run *u, bool sealed, bool alert, bool patient)
{
	struct rig *r = &u->r;

	if (!r->p.data)
		rig_make(r);
	memset(r->p.data, 0, RING);
	memset(r->producer_page, 0, sizeof(*r->producer_page));
	memset(r->consumer_page, 0, sizeof(*r->consumer_page));
	r->p.position = 0;
	fastipc_producer_released(&r->p, 0);
	r->p.batch = 0;
	r->p.batch_word = 0;
	r->p.poisoned = false;
	r->c.stamp_bytes = sealed ? FASTIPC_STAMP_BYTES : 0;
	r->c.max_message = RING / 4 - 16 - r->c.stamp_bytes;
	r->c.position = 0;
	r->c.released = 0;
	r->c.limit = FASTIPC_NO_LIMIT;
	u->c_poisoned = false;
	u->p_poisoned = false;
	u->holds = 0;
	u->since_end = 0;
	u->drains = 3 * RING / LEAST_FOOTPRINT;
	u->fits = SIZE_MAX;
	r->producer_page->send.alert = alert;
	r->consumer_page->recv.alert = alert;
	r->p.fences = patient ? 0 : FASTIPC_FENCES_PATIENCE - 3;
	r->c.fences = r->p.fences;
	ambush_lay(0, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct run u;
	unsigned int how;

	u.s.at = data;
	u.s.end = data + size;
	how = next_byte(&u.s);
	start(&u, how & 1, !(how & 2), !(how & 4));
	while (!script_ended(&u.s))
		step(&u);
	return 0;
}
