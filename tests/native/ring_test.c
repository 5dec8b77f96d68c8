// SPDX-License-Identifier: GPL-2.0-only
/*
 * What goes in comes out: random walks with a reference that keeps what should
 * come, batches, sealed messages, the limits, two threads.
 */
#include <pthread.h>
#include <sched.h>

#include "lag.h"
#include "rig.h"

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
			fastipc_producer_publish(&r->p, len, sent++, false);
			check(!must_wake_consumer(&r->p));
		} else {
			ret = fastipc_consumer_look(&r->c, &got);
			check(ret >= 0);
			check(ret == (received < sent));
			if (!ret)
				continue;
			len = next_random(&seed_out) % (r->c.max_message + 1);
			check(got == len);
			at = take(&r->c, got, &tag);
			check(tag == (uint64_t)received);
			for (i = 0; i < got; i++)
				check(at[i] == (unsigned char)received);
			received++;
			fastipc_consumer_release(&r->c, r->c.position);
			check(!must_wake_producer(&r->c));
		}
		check(r->producer_page->sent == r->p.position);
		check(r->consumer_page->taken == r->c.position);
		check(r->p.position - r->c.released <= RING - 16);
	}
	return 0;
}

/* What is withheld shows at the flush, all of it, and nothing before. */
static int test_batches(struct rig *r)
{
	long sent = 0, shown = 0, received = 0;
	unsigned int x = 9;
	uint64_t hint = 0;
	bool more = false;
	size_t len;
	uint64_t tag;

	while (received < 200000) {
		len = next_random(&x) % 300;
		switch (next_random(&x) % 4) {
		case 0:
			/* Whoever would have to wait flushes. */
			if (fastipc_producer_fits(&r->p, len) > 0) {
				more = next_random(&x) % 8;
				memset(fastipc_producer_payload(&r->p), 0xff,
				       len);
				fastipc_producer_publish(&r->p, len, sent++,
							 more);
				if (more)
					break;
				shown = sent;
				hint = r->p.position;
				break;
			}
			__attribute__((fallthrough));
		case 1:
			check(fastipc_producer_flush(&r->p) == (shown != sent));
			check(!fastipc_producer_flush(&r->p));
			shown = sent;
			hint = r->p.position;
			break;
		default:
			check(fastipc_consumer_look(&r->c, &len) ==
			      (received < shown));
			if (received == shown)
				break;
			take(&r->c, len, &tag);
			check(tag == (uint64_t)received++);
			fastipc_consumer_release(&r->c, r->c.position);
		}
		/* It never points into a batch. */
		check(r->producer_page->sent == hint);
	}
	return 0;
}

/* What was not flushed was never sent: a successor writes over it. */
static int test_batch_of_the_dead(struct rig *r)
{
	unsigned int x = 11;
	size_t len;
	uint64_t tag;
	int i, j;

	for (i = 0; i < 20000; i++) {
		for (j = next_random(&x) % 4; j; j--) {
			len = next_random(&x) % 200;
			check(fastipc_producer_fits(&r->p, len) == 1);
			memset(fastipc_producer_payload(&r->p), 0xff, len);
			fastipc_producer_publish(&r->p, len, ~0ULL, true);
		}
		fastipc_producer_resume(&r->p);
		check(!r->p.poisoned);
		check(!fastipc_producer_flush(&r->p));
		check(!fastipc_consumer_look(&r->c, &len));
		fastipc_producer_publish(&r->p, 7, i, false);
		check(fastipc_consumer_look(&r->c, &len) == 1);
		check(len == 7);
		take(&r->c, len, &tag);
		check(tag == (uint64_t)i);
		check(!fastipc_consumer_look(&r->c, &len));
		fastipc_consumer_release(&r->c, r->c.position);
	}
	return 0;
}

/* A sealed message: the kernel's stamp, then the payload. */
static int test_sealed(struct rig *r)
{
	struct fastipc_stamp stamp = { .seq = 0 };
	const struct fastipc_record *got;
	struct fastipc_record *record;
	uint64_t position = 0;
	unsigned int x = 13;
	size_t want, len;
	int i;

	r->c.stamp_bytes = FASTIPC_STAMP_BYTES;
	r->c.max_message = RING / 4 - 64;
	for (i = 0; i < 100000; i++) {
		want = next_random(&x) % (r->c.max_message + 1);
		check(!fastipc_consumer_look(&r->c, &len));
		record = fastipc_producer_at(&r->p, position);
		stamp.seq++;
		memcpy(record + 1, &stamp, sizeof(stamp));
		memset((char *)(record + 1) + sizeof(stamp), i, want);
		position += FASTIPC_SEALED_FOOTPRINT(want);
		fastipc_producer_at(&r->p, position)->word = 0;
		record->word = FASTIPC_WORD_COMMIT | want;
		check(fastipc_consumer_look(&r->c, &len) == 1);
		check(len == want);
		got = fastipc_consumer_take(&r->c, len);
		check(fastipc_record_stamp(&r->c, got)->seq == stamp.seq);
		check((const char *)fastipc_record_payload(&r->c, got) ==
		      (const char *)got + 64);
		check(r->c.position == position);
		fastipc_consumer_release(&r->c, position);
	}
	return 0;
}

/* @n messages are taken; then there is none, for so many pauses. */
static uint32_t lag_after(struct rig *r, int n)
{
	size_t len;

	while (n--) {
		fastipc_producer_fits(&r->p, 48);
		fastipc_producer_publish(&r->p, 48, 0, false);
		fastipc_consumer_look(&r->c, &len);
		fastipc_consumer_take(&r->c, len);
		fastipc_consumer_release(&r->c, r->c.position);
	}
	return fastipc_consumer_lag(&r->c);
}

/* One message is waited for, and comes; @n - 1 come with it. */
static uint32_t lag_after_waiting(struct rig *r, int n)
{
	fastipc_consumer_waited(&r->c, 48);
	return lag_after(r, n);
}

/* Only who streams is left alone, a little at a time, and not for long. */
static int test_lag(struct rig *r)
{
	int i;

	check(lag_after(r, 0) == 0);
	for (i = 0; i < 10; i++)
		check(lag_after_waiting(r, 1) == 0);
	for (i = 8; i <= 64; i *= 2)
		check(lag_after_waiting(r, 1 + i / 8) == (uint32_t)i);
	for (i = 2; i < 10; i++)
		check(lag_after_waiting(r, i) == 64);
	for (i = 32; i >= 8; i /= 2)
		check(lag_after_waiting(r, 1) == (uint32_t)i);
	check(lag_after_waiting(r, 1) == 0);
	/* Where no more come for it, it does not grow. */
	for (i = 0; i < 10; i++)
		check(lag_after_waiting(r, 3) == 8);
	check(lag_after_waiting(r, 1) == 0);
	/* Who asks twice and then waits for the answer is no stream. */
	check(lag_after_waiting(r, 2) == 8);
	for (i = 0; i < 10; i++) {
		r->consumer_page->sent += 64;
		check(lag_after_waiting(r, 2) == 0);
	}
	/* In a sealed ring a message is longer than its payload says. */
	r->c.stamp_bytes = FASTIPC_STAMP_BYTES;
	fastipc_consumer_waited(&r->c, 48);
	check(r->c.waited == r->c.position + FASTIPC_SEALED_FOOTPRINT(48));
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
			fastipc_producer_publish(&r->p, len, 0, false);
		check((uint64_t)n == (RING - 16) / step);
		while (fastipc_consumer_look(&r->c, &len) > 0)
			fastipc_consumer_take(&r->c, len);
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
	fastipc_producer_released(&r->p, start);
	r->c.position = start;
	r->c.released = start;
	r->consumer_page->released = start;
	for (i = 0; i < 1000; i++) {
		check(fastipc_producer_fits(&r->p, 500) == 1);
		fastipc_producer_publish(&r->p, 500, i, false);
		check(fastipc_consumer_look(&r->c, &len) == 1 && len == 500);
		fastipc_consumer_take(&r->c, len);
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
		fastipc_producer_publish(&r->p, len, ~0ULL, false);
		check(fastipc_consumer_look(&r->c, &len) == 1);
		fastipc_consumer_take(&r->c, len);
		fastipc_consumer_release(&r->c, r->c.position);
		check(fastipc_consumer_look(&r->c, &len) == 0);
	}
	return 0;
}

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
		fastipc_producer_publish(&r->p, len, ~i, false);
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
		at = take(&r->c, len, &tag);
		check(tag == ~i && !memcmp(at, &i, 8));
		check(len == 8 || at[len - 1] == (unsigned char)i);
		fastipc_consumer_release(&r->c, r->c.position);
	}
	pthread_join(thread, NULL);
	return 0;
}

int main(void)
{
	printf("TAP version 13\n1..9\n");
	run("random walk against a reference", test_random_walk);
	run("batches show at once", test_batches);
	run("a batch of the dead never was", test_batch_of_the_dead);
	run("sealed messages", test_sealed);
	run("a stream may run ahead", test_lag);
	run("what must fit fits, and no more", test_fits_exactly);
	run("large positions", test_large_positions);
	run("no word from an earlier lap", test_no_word_from_an_earlier_lap);
	run("two threads", test_two_threads);
	return failed;
}
