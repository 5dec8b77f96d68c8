// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the other side may do: lie, sleep, end, die and be succeeded.
 */
#include "rig.h"

static const uint64_t odd[] = { 0,	    1,		15,
				16,	    17,		1008,
				1009,	    4096,	4112,
				UINT32_MAX, UINT64_MAX, UINT64_MAX - 15,
				1ULL << 63, 1ULL << 32 };

/* Every odd word: a message within the limit, or EBADMSG for good. */
static int test_hostile_words(struct rig *r)
{
	size_t i, len;
	int commit, ret;

	for (i = 0; i < 2 * sizeof(odd) / sizeof(odd[0]); i++) {
		uint64_t word = odd[i / 2];
		bool lawful;

		commit = i % 2;
		if (commit)
			word |= FASTIPC_WORD_COMMIT;
		lawful = word >> 32 == 1U << 31 &&
			 (uint32_t)word <= r->c.max_message;
		r->c.limit = FASTIPC_NO_LIMIT;
		memcpy(r->p.data, &word, sizeof(word));
		r->c.position = 0;
		len = 12345;
		ret = fastipc_consumer_look(&r->c, &len);
		check(ret == (!word ? 0 : lawful ? 1 : -EBADMSG));
		check(ret <= 0 || len <= r->c.max_message);
		if (ret < 0) {
			memset(r->p.data, 0, 8);
			check(fastipc_consumer_look(&r->c, &len) == -EBADMSG);
		}
	}
	return 0;
}

/* Every odd position: possible, or EBADMSG for good. */
static int test_hostile_positions(struct rig *r)
{
	size_t i;
	int ret;

	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		r->p.poisoned = false;
		r->p.position = 8128;
		fastipc_producer_released(&r->p, 4096);
		r->consumer_page->released = odd[i];
		ret = fastipc_producer_fits(&r->p, 1000);
		check(ret == (odd[i] == 4096 ? 0 :
			      odd[i] == 4112 ? 0 :
					       -EBADMSG));
		if (ret < 0) {
			r->consumer_page->released = 8128;
			check(fastipc_producer_fits(&r->p, 0) == -EBADMSG);
		}
	}
	return 0;
}

/* Nothing of a batch that was not shown can have been released. */
static int test_release_of_the_withheld(struct rig *r)
{
	while (fastipc_producer_fits(&r->p, 500) > 0)
		fastipc_producer_publish(&r->p, 500, 0, true);
	r->consumer_page->released = r->p.position;
	check(fastipc_producer_fits(&r->p, 500) == -EBADMSG);
	check(r->p.poisoned);
	return 0;
}

/* Who sleeps is seen; who wants less than was released is not woken. */
static int test_must_wake(struct rig *r)
{
	r->consumer_page->recv.want = 1;
	fastipc_producer_publish(&r->p, 0, 0, false);
	check(must_wake_consumer(&r->p));
	r->consumer_page->recv.want = 0;
	check(!must_wake_consumer(&r->p));
	fastipc_consumer_take(&r->c, 0);
	fastipc_consumer_release(&r->c, 16);
	r->producer_page->send.want = 17;
	check(!must_wake_producer(&r->c));
	r->producer_page->send.want = 16;
	check(must_wake_producer(&r->c));
	return 0;
}

/* A ring full of words, left by the dead: as much as fits, then EBADMSG. */
static int test_no_end_to_the_end(struct rig *r)
{
	uint64_t *words = (uint64_t *)r->p.data;
	size_t i, len, messages = 0;
	int ret;

	for (i = 0; i < RING / 8; i += 2)
		words[i] = FASTIPC_WORD_COMMIT;
	for (i = 0; i < 1000; i++) {
		check(fastipc_consumer_look(&r->c, &len) == 1);
		fastipc_consumer_take(&r->c, len);
		fastipc_consumer_release(&r->c, r->c.position);
	}
	r->consumer_page->recv.ended = ECONNRESET;
	while ((ret = fastipc_consumer_look(&r->c, &len)) == 1) {
		fastipc_consumer_take(&r->c, len);
		fastipc_consumer_release(&r->c, r->c.position);
		messages++;
	}
	check(ret == -EBADMSG);
	check(messages == RING / 16);
	return 0;
}

/* A successor goes on behind what is committed, wherever the hint stands. */
static int test_resume(struct rig *r)
{
	struct fastipc_producer heir;
	unsigned int x = 5;
	uint64_t hint;
	size_t len;
	int i;

	for (i = 0; i < 20000; i++) {
		len = next_random(&x) % 200;
		check(fastipc_producer_fits(&r->p, len) == 1);
		hint = r->producer_page->sent;
		memset(fastipc_producer_payload(&r->p), 0xff, 200);
		fastipc_producer_publish(&r->p, len, 0, false);
		/* Died before the hint was stored; read already, or not yet. */
		r->producer_page->sent = hint;
		if (i % 2) {
			fastipc_consumer_take(&r->c, len);
			fastipc_consumer_release(&r->c, r->c.position);
		}
		heir = r->p;
		heir.position = 1;
		fastipc_producer_resume(&heir);
		check(!heir.poisoned);
		check(heir.position == r->p.position);
		r->p = heir;
		r->producer_page->sent = heir.position;
		while (fastipc_consumer_look(&r->c, &len) > 0) {
			fastipc_consumer_take(&r->c, len);
			fastipc_consumer_release(&r->c, r->c.position);
		}
	}
	return 0;
}

/* A predecessor that died with all of a full ring taken has it given back. */
static int test_resume_gives_back(struct rig *r)
{
	size_t len;

	while (fastipc_producer_fits(&r->p, 1000) > 0)
		fastipc_producer_publish(&r->p, 1000, 0, false);
	while (fastipc_consumer_look(&r->c, &len) > 0)
		fastipc_consumer_take(&r->c, len);
	r->producer_page->send.want = 1024;
	check(fastipc_producer_fits(&r->p, 1000) == 0);
	fastipc_consumer_resume(&r->c);
	check(must_wake_producer(&r->c));
	check(fastipc_producer_fits(&r->p, 1000) == 1);
	return 0;
}

/* What a hostile predecessor may leave: refused, and never a loop. */
static int test_resume_refuses(struct rig *r)
{
	uint64_t *words = (uint64_t *)r->p.data;
	size_t i;

	for (i = 0; i < RING / 8; i++)
		words[i] = FASTIPC_WORD_COMMIT;
	fastipc_producer_resume(&r->p);
	check(r->p.poisoned);
	words[0] = 1;
	fastipc_producer_resume(&r->p);
	check(r->p.poisoned);
	words[0] = 0;
	fastipc_producer_resume(&r->p);
	check(!r->p.poisoned);
	r->producer_page->sent = 8;
	fastipc_producer_resume(&r->p);
	check(r->p.poisoned);
	r->producer_page->sent = 2 * RING;
	fastipc_producer_resume(&r->p);
	check(r->p.poisoned);
	r->producer_page->sent = 0;
	r->consumer_page->released = 16;
	fastipc_producer_resume(&r->p);
	check(r->p.poisoned);
	r->consumer_page->taken = 17;
	fastipc_consumer_resume(&r->c);
	check(!r->c.limit);
	return 0;
}

int main(void)
{
	printf("TAP version 13\n1..8\n");
	run("hostile words", test_hostile_words);
	run("hostile positions", test_hostile_positions);
	run("a withheld batch is released", test_release_of_the_withheld);
	run("who must be woken", test_must_wake);
	run("no end to the end", test_no_end_to_the_end);
	run("a successor resumes", test_resume);
	run("a successor gives back", test_resume_gives_back);
	run("what a successor refuses", test_resume_refuses);
	return failed;
}
