// SPDX-License-Identifier: GPL-2.0-only
/*
 * Producer and consumer as threads, with nothing but the ring between them, for
 * ThreadSanitizer: payloads, tags and stamps are plain memory, so each of them is
 * reported unless the acquires and releases of lib/ring.h put one side's access
 * behind the other's.  run.sh takes those away one at a time, and each must be
 * missed.
 *
 * What this cannot show:
 * - The fence of fastipc_fence(): the sanitizer knows no fences (gcc says so,
 *   -Wtsan), and none is needed for the payload.  It is about two words that are
 *   atomic anyway; see fence_test.c and tests/model/wake.pml.
 * - A race between the two repetitions of the ring: the sanitizer goes by
 *   address, and to it they are different memory.  So test_no_seam() sends only
 *   messages that end with the ring.
 * - What another processor's memory order makes of it: doc/litmus/.
 */
#include <pthread.h>
#include <sched.h>

#include "rig.h"

/* Sanitized threads are slow, and what is wrong shows soon. */
#ifdef __SANITIZE_THREAD__
#define MESSAGES 30000
#else
#define MESSAGES 200000
#endif

#define HELD_MAX 5

/* How the two sides behave; both know all of it. */
struct manner {
	struct rig *r;
	size_t len;	    /* of each message; 0: as it comes */
	bool more;	    /* in batches */
	bool reserve;	    /* more than is used */
	bool ends;	    /* the producer dies at some message */
	unsigned int holds; /* messages in use before the first is released */
};

static size_t length_of(const struct manner *m, uint64_t number)
{
	unsigned int x = number;

	return m->len ?: 8 + next_random(&x) % (m->r->c.max_message - 7);
}

/* Every byte of it. */
static void fill(unsigned char *at, size_t len, uint64_t number)
{
	size_t i;

	memcpy(at, &number, 8);
	for (i = 8; i < len; i++)
		at[i] = number + i;
}

static int verify(const unsigned char *at, size_t len, uint64_t number)
{
	size_t i;

	check(!memcmp(at, &number, 8));
	for (i = 8; i < len; i++)
		check(at[i] == (unsigned char)(number + i));
	return 0;
}

/* The direct producer ----------------------------------------------------- */

static void *produce(void *arg)
{
	const struct manner *m = arg;
	struct fastipc_producer *p = &m->r->p;
	unsigned int x = 5;
	uint64_t i;

	for (i = 0; i < MESSAGES; i++) {
		size_t len = length_of(m, i);

		while (!fastipc_producer_fits(p, m->reserve ? p->max_message :
							      len)) {
			/* Whoever waits shows what there is. */
			fastipc_producer_flush(p);
			sched_yield();
		}
		fill(fastipc_producer_payload(p), len, i);
		fastipc_producer_publish(p, len, ~i,
					 m->more && next_random(&x) % 8);
		must_wake_consumer(p);
	}
	fastipc_producer_flush(p);
	if (m->ends)
		/* As fastipc_ring_end() does (module/ring.c). */
		__atomic_store_n(&m->r->consumer_page->recv.ended, ECONNRESET,
				 __ATOMIC_RELEASE);
	return NULL;
}

/* The consumer ------------------------------------------------------------ */

/* Is there a message; or -1: the end, and nothing before it. */
static int next_message(struct fastipc_consumer *c, bool ends, size_t *len)
{
	uint32_t ended;
	int ret;

	for (;;) {
		ended = fastipc_ended(&c->own->recv);
		ret = fastipc_consumer_look(c, len);
		if (ret)
			return ret;
		if (ends && ended)
			return -1;
		sched_yield();
	}
}

static int consume(struct manner *m)
{
	struct fastipc_consumer *c = &m->r->c;
	uint64_t ends[HELD_MAX], number, tag;
	const unsigned char *at[HELD_MAX];
	unsigned int held = 0;
	size_t len;

	for (number = 0; number < MESSAGES; number++) {
		check(next_message(c, m->ends, &len) == 1);
		check(len == length_of(m, number));
		at[held] = take(c, len, &tag);
		check(tag == ~number);
		ends[held++] = c->position;
		if (held < m->holds && number != MESSAGES - 1)
			continue;
		/* Read late, and released one by one. */
		for (unsigned int i = 0; i < held; i++) {
			uint64_t which = number - held + 1 + i;

			check(!verify(at[i], length_of(m, which), which));
			fastipc_consumer_release(c, ends[i]);
			must_wake_producer(c);
		}
		held = 0;
	}
	check(!m->ends || next_message(c, true, &len) == -1);
	check(fastipc_consumer_look(c, &len) == 0);
	return 0;
}

static int both(struct manner *m, void *(*producer)(void *arg))
{
	pthread_t thread;

	check(!pthread_create(&thread, NULL, producer, m));
	/* A failed check leaves the other behind: the program is over. */
	if (consume(m))
		exit(1);
	pthread_join(thread, NULL);
	return 0;
}

static int test_stream(struct rig *r)
{
	return both(&(struct manner){ .r = r, .holds = 1 }, produce);
}

static int test_batches(struct rig *r)
{
	return both(&(struct manner){ .r = r, .holds = 1, .more = true },
		    produce);
}

static int test_held(struct rig *r)
{
	/* Fewer than fit, or nobody could go on. */
	return both(&(struct manner){ .r = r, .holds = 3 }, produce);
}

static int test_no_seam(struct rig *r)
{
	return both(&(struct manner){ .r = r, .len = 48, .holds = 5 }, produce);
}

static int test_reserved(struct rig *r)
{
	return both(&(struct manner){ .r = r, .holds = 1, .reserve = true },
		    produce);
}

static int test_end(struct rig *r)
{
	return both(&(struct manner){ .r = r,
				      .len = 16,
				      .holds = 1,
				      .more = true,
				      .ends = true },
		    produce);
}

/* A sealed ring: the kernel's part, as far as the consumer sees it -------- */

static void *produce_sealed(void *arg)
{
	const struct manner *m = arg;
	struct fastipc_producer *p = &m->r->p;
	struct fastipc_stamp stamp = { .seq = 0 };
	struct fastipc_record *record;
	uint64_t i;

	for (i = 0; i < MESSAGES; i++) {
		size_t len = length_of(m, i);

		while (!fastipc_producer_fits(p, len + sizeof(stamp)))
			sched_yield();
		stamp.seq++;
		record = fastipc_producer_payload(p);
		memcpy(record, &stamp, sizeof(stamp));
		fill((unsigned char *)record + sizeof(stamp), len, i);
		record = fastipc_producer_at(p, p->position);
		record->tag = ~i;
		p->position += FASTIPC_SEALED_FOOTPRINT(len);
		__atomic_store_n(&fastipc_producer_at(p, p->position)->word, 0,
				 __ATOMIC_RELAXED);
		__atomic_store_n(&record->word, FASTIPC_WORD_COMMIT | len,
				 __ATOMIC_RELEASE);
	}
	return NULL;
}

static int test_sealed(struct rig *r)
{
	r->c.stamp_bytes = FASTIPC_STAMP_BYTES;
	r->c.max_message = RING / 4 - 64;
	return both(&(struct manner){ .r = r, .holds = 2 }, produce_sealed);
}

int main(void)
{
	printf("TAP version 13\n1..7\n");
	run("streaming through a full ring", test_stream);
	run("batches", test_batches);
	run("several messages in use", test_held);
	run("messages that end with the ring", test_no_seam);
	run("more reserved than used", test_reserved);
	run("the end, behind all messages", test_end);
	run("sealed messages", test_sealed);
	return failed;
}
