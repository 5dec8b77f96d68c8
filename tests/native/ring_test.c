// SPDX-License-Identifier: GPL-2.0-only
/*
 * The library's ring code (lib/ring.h) over memory of this process alone, laid
 * out as the module lays it out, under the sanitizers: no module, no kernel.
 *
 * The ring is followed by a page that nobody may touch, so that whatever leaves
 * the two repetitions is a fault; and a reference model keeps what should come.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ring.h"

#define RING 4096

static int failed, number;

#define check(x)                                                         \
	do {                                                             \
		if (!(x)) {                                              \
			printf("# %s:%d: %s\n", __FILE__, __LINE__, #x); \
			return 1;                                        \
		}                                                        \
	} while (0)

struct rig {
	struct fastipc_producer p;
	struct fastipc_consumer c;
	struct fastipc_control *producer_page;
	struct fastipc_control *consumer_page;
};

static void *map_twice(size_t bytes)
{
	int fd = memfd_create("ring", MFD_CLOEXEC);
	char *at;

	if (fd < 0 || ftruncate(fd, bytes))
		exit(2);
	/* Two repetitions, and a wall on either side. */
	at = mmap(NULL, 2 * bytes + 2 * 4096, PROT_NONE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	at += 4096;
	if (mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
		 0) == MAP_FAILED ||
	    mmap(at + bytes, bytes, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
		exit(2);
	close(fd);
	return at;
}

static void rig_make(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	r->producer_page = aligned_alloc(64, sizeof(struct fastipc_control));
	r->consumer_page = aligned_alloc(64, sizeof(struct fastipc_control));
	memset(r->producer_page, 0, sizeof(*r->producer_page));
	memset(r->consumer_page, 0, sizeof(*r->consumer_page));
	r->p.data = map_twice(RING);
	r->c.data = r->p.data;
	r->p.bytes = RING;
	r->c.bytes = RING;
	r->p.max_message = RING / 4 - 16;
	r->c.max_message = RING / 4 - 16;
	r->p.own = r->producer_page;
	r->p.peer = r->consumer_page;
	r->c.own = r->consumer_page;
	r->c.peer = r->producer_page;
}

static void rig_free(struct rig *r)
{
	munmap(r->p.data - 4096, 2 * RING + 2 * 4096);
	free(r->producer_page);
	free(r->consumer_page);
}

static unsigned int next_random(unsigned int *x)
{
	*x = *x * 1103515245 + 12345;
	return *x >> 8;
}

/* Random sends and receives; what comes is what went, in order. */
static int test_random_walk(struct rig *r)
{
	static unsigned char payload[RING];
	unsigned int seed_in = 7, seed_out = 7, x = 3;
	long sent = 0, received = 0;
	size_t len, got, i;
	const unsigned char *at;
	uint64_t tag;
	int ret;

	while (received < 300000) {
		if (next_random(&x) % 2) {
			unsigned int s = seed_in;

			len = next_random(&s) % (r->p.max_message + 1);
			ret = fastipc_producer_fits(&r->p, len);
			check(ret >= 0);
			if (!ret)
				continue;
			seed_in = s;
			memset(payload, sent, len);
			memcpy(fastipc_producer_payload(&r->p), payload, len);
			fastipc_producer_publish(&r->p, len, sent++);
			check(!fastipc_producer_must_wake(&r->p));
		} else {
			ret = fastipc_consumer_look(&r->c, &got);
			check(ret >= 0);
			check(ret == (received < sent));
			if (!ret)
				continue;
			len = next_random(&seed_out) % (r->c.max_message + 1);
			check(got == len);
			at = fastipc_consumer_take(&r->c, got, &tag);
			check(tag == (uint64_t)received);
			for (i = 0; i < got; i++)
				check(at[i] == (unsigned char)received);
			received++;
			fastipc_consumer_release(&r->c, r->c.position);
			check(!fastipc_consumer_must_wake(&r->c));
		}
		check(r->producer_page->sent == r->p.position);
		check(r->consumer_page->taken == r->c.position);
		check(r->p.position - r->c.released <= RING - 16);
	}
	return 0;
}

/* Exactly what must fit fits, and not a byte more. */
static int test_fits_exactly(struct rig *r)
{
	size_t len;
	int n;

	for (len = 0; len <= r->p.max_message; len += 16) {
		uint64_t step = FASTIPC_FOOTPRINT(len);

		for (n = 0; fastipc_producer_fits(&r->p, len); n++)
			fastipc_producer_publish(&r->p, len, 0);
		check((uint64_t)n == (RING - 16) / step);
		while (fastipc_consumer_look(&r->c, &len) > 0)
			fastipc_consumer_take(&r->c, len, NULL);
		fastipc_consumer_release(&r->c, r->c.position);
	}
	return 0;
}

/* Positions near the top of 64 bits: they are counts, and never get there. */
static int test_large_positions(struct rig *r)
{
	uint64_t start = UINT64_MAX / 2 & ~(uint64_t)(RING - 1);
	size_t len;
	int i;

	r->p.position = start;
	r->p.released = start;
	r->c.position = start;
	r->c.released = start;
	r->consumer_page->released = start;
	for (i = 0; i < 1000; i++) {
		check(fastipc_producer_fits(&r->p, 500) == 1);
		fastipc_producer_publish(&r->p, 500, i);
		check(fastipc_consumer_look(&r->c, &len) == 1 && len == 500);
		fastipc_consumer_take(&r->c, len, NULL);
		fastipc_consumer_release(&r->c, r->c.position);
	}
	return 0;
}

/* The word behind the last message is always 0, whatever lay there before. */
static int test_no_word_from_an_earlier_lap(struct rig *r)
{
	unsigned int x = 11;
	size_t len;
	int i;

	for (i = 0; i < 100000; i++) {
		len = next_random(&x) % (r->p.max_message + 1);
		check(fastipc_producer_fits(&r->p, len) == 1);
		memset(fastipc_producer_payload(&r->p), 0xff, len);
		fastipc_producer_publish(&r->p, len, ~0ULL);
		check(fastipc_consumer_look(&r->c, &len) == 1);
		fastipc_consumer_take(&r->c, len, NULL);
		fastipc_consumer_release(&r->c, r->c.position);
		check(fastipc_consumer_look(&r->c, &len) == 0);
	}
	return 0;
}

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
		r->c.broken = false;
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
		r->p.broken = false;
		r->p.released = 4096;
		r->p.position = 8128;
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

/* Who sleeps is seen; who wants less than was released is not woken. */
static int test_must_wake(struct rig *r)
{
	r->consumer_page->recv.want = 1;
	fastipc_producer_publish(&r->p, 0, 0);
	check(fastipc_producer_must_wake(&r->p));
	r->consumer_page->recv.want = 0;
	check(!fastipc_producer_must_wake(&r->p));
	fastipc_consumer_take(&r->c, 0, NULL);
	fastipc_consumer_release(&r->c, 16);
	r->producer_page->send.want = 17;
	check(!fastipc_consumer_must_wake(&r->c));
	r->producer_page->send.want = 16;
	check(fastipc_consumer_must_wake(&r->c));
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
		fastipc_consumer_take(&r->c, len, NULL);
		fastipc_consumer_release(&r->c, r->c.position);
	}
	r->consumer_page->recv.ended = ECONNRESET;
	while ((ret = fastipc_consumer_look(&r->c, &len)) == 1) {
		fastipc_consumer_take(&r->c, len, NULL);
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
		fastipc_producer_publish(&r->p, len, 0);
		/* Died before the hint was stored; read already, or not yet. */
		r->producer_page->sent = hint;
		if (i % 2) {
			fastipc_consumer_take(&r->c, len, NULL);
			fastipc_consumer_release(&r->c, r->c.position);
		}
		heir = r->p;
		heir.position = 1;
		fastipc_producer_resume(&heir);
		check(!heir.broken);
		check(heir.position == r->p.position);
		r->p = heir;
		r->producer_page->sent = heir.position;
		while (fastipc_consumer_look(&r->c, &len) > 0) {
			fastipc_consumer_take(&r->c, len, NULL);
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
		fastipc_producer_publish(&r->p, 1000, 0);
	while (fastipc_consumer_look(&r->c, &len) > 0)
		fastipc_consumer_take(&r->c, len, NULL);
	r->producer_page->send.want = 1024;
	check(fastipc_producer_fits(&r->p, 1000) == 0);
	fastipc_consumer_resume(&r->c);
	check(fastipc_consumer_must_wake(&r->c));
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
	check(r->p.broken);
	words[0] = 1;
	fastipc_producer_resume(&r->p);
	check(r->p.broken);
	words[0] = 0;
	fastipc_producer_resume(&r->p);
	check(!r->p.broken);
	r->producer_page->sent = 8;
	fastipc_producer_resume(&r->p);
	check(r->p.broken);
	r->producer_page->sent = 2 * RING;
	fastipc_producer_resume(&r->p);
	check(r->p.broken);
	r->producer_page->sent = 0;
	r->consumer_page->released = 16;
	fastipc_producer_resume(&r->p);
	check(r->p.broken);
	r->consumer_page->taken = 17;
	fastipc_consumer_resume(&r->c);
	check(r->c.broken);
	return 0;
}

/* Both sides as threads, with nothing but the ring between them. */
#define THREAD_MESSAGES 2000000

static void *producer_thread(void *arg)
{
	struct rig *r = arg;
	uint64_t i;

	for (i = 0; i < THREAD_MESSAGES; i++) {
		size_t len = 8 + i % 100;
		uint64_t *at;

		while (!fastipc_producer_fits(&r->p, len))
			sched_yield();
		at = fastipc_producer_payload(&r->p);
		memset(at, (int)i, len);
		*at = i;
		fastipc_producer_publish(&r->p, len, ~i);
	}
	return NULL;
}

static int test_two_threads(struct rig *r)
{
	pthread_t thread;
	uint64_t i, tag;
	size_t len;

	check(!pthread_create(&thread, NULL, producer_thread, r));
	for (i = 0; i < THREAD_MESSAGES; i++) {
		const unsigned char *at;

		while (!fastipc_consumer_look(&r->c, &len))
			sched_yield();
		check(len == 8 + i % 100);
		at = fastipc_consumer_take(&r->c, len, &tag);
		check(tag == ~i && !memcmp(at, &i, 8));
		check(len == 8 || at[len - 1] == (unsigned char)i);
		fastipc_consumer_release(&r->c, r->c.position);
	}
	pthread_join(thread, NULL);
	return 0;
}

static void run(const char *name, int (*test)(struct rig *r))
{
	struct rig r;
	int ret;

	rig_make(&r);
	ret = test(&r);
	rig_free(&r);
	failed |= ret;
	printf("%sok %d - %s\n", ret ? "not " : "", ++number, name);
	fflush(stdout);
}

int main(void)
{
	printf("TAP version 13\n1..12\n");
	run("random walk against a reference", test_random_walk);
	run("what must fit fits, and no more", test_fits_exactly);
	run("large positions", test_large_positions);
	run("no word from an earlier lap", test_no_word_from_an_earlier_lap);
	run("hostile words", test_hostile_words);
	run("hostile positions", test_hostile_positions);
	run("who must be woken", test_must_wake);
	run("no end to the end", test_no_end_to_the_end);
	run("a successor resumes", test_resume);
	run("a successor gives back", test_resume_gives_back);
	run("what a successor refuses", test_resume_refuses);
	run("two threads", test_two_threads);
	return failed;
}
