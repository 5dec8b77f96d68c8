// SPDX-License-Identifier: GPL-2.0-only
/*
 * A mebibyte that is built where it is sent from and read where it came: beside
 * writing and reading as many bytes, and nothing else.  Both write and read in the same
 * loops; the other process waits meanwhile, so that each byte crosses once.
 */
#include "ring.h"

#define LARGE (1 << 20)

static void write_all(uint64_t *to, uint64_t i)
{
	size_t k;

	for (k = 0; k < LARGE / 8; k++)
		to[k] = i + k;
	__asm__ volatile("" ::: "memory");
}

static void read_all(const uint64_t *from, uint64_t i)
{
	uint64_t wrong = 0;
	size_t k;

	for (k = 0; k < LARGE / 8; k++)
		wrong |= from[k] ^ (i + k);
	if (wrong)
		abort();
}

/* Through a ring of eight. */

static void *in_place_make(void)
{
	return ends_make(8 * LARGE, false);
}

static void in_place_send(struct ends *e, int end, uint64_t i)
{
	struct fastipc_producer *tx = &e->tx[end];

	while (!fastipc_producer_fits(tx, LARGE))
		relax();
	write_all(fastipc_producer_payload(tx), i);
	fastipc_producer_publish(tx, LARGE, 0, false);
	if (fastipc_producer_sync(tx))
		abort();
}

static void in_place_recv(struct ends *e, int end, uint64_t i)
{
	struct fastipc_consumer *rx = &e->rx[end];
	const struct fastipc_record *record;
	size_t len;

	while (fastipc_consumer_look(rx, &len) <= 0)
		relax();
	record = fastipc_consumer_take(rx, len);
	read_all(fastipc_record_payload(rx, record), i);
	fastipc_consumer_release(rx, rx->position);
	if (fastipc_consumer_sync(rx))
		abort();
}

static void in_place_there(void *memory, int end, long n)
{
	long i;

	for (i = 0; i < n; i++) {
		if (!end)
			in_place_send(memory, 0, i);
		in_place_recv(memory, end, i);
		if (end)
			in_place_send(memory, 1, i);
	}
}

/* Two areas of eight in turns, and a flag for each direction. */

struct areas {
	struct {
		uint64_t sequence;
	} __attribute__((aligned(128))) turn[2];
	uint64_t bytes[2][8][LARGE / 8];
};

static void *areas_make(void)
{
	return share(sizeof(struct areas));
}

static void areas_there(void *memory, int end, long n)
{
	struct areas *a = memory;
	static uint64_t before[2]; /* of earlier runs, in each process */
	long i;
	int way;

	for (i = 0; i < n; i++)
		for (way = 0; way < 2; way++) {
			uint64_t next = before[way] + 1;

			if (way == end) {
				write_all(a->bytes[way][next % 8], i);
				__atomic_store_n(&a->turn[way].sequence, next,
						 __ATOMIC_RELEASE);
			} else {
				while (__atomic_load_n(&a->turn[way].sequence,
						       __ATOMIC_ACQUIRE) !=
				       next)
					relax();
				read_all(a->bytes[way][next % 8], i);
			}
			before[way] = next;
		}
}

const struct contender contender_in_place = { "fastipc, in place",
					      in_place_make, in_place_there,
					      NULL };
const struct contender contender_areas = { "the bytes alone", areas_make,
					   areas_there, NULL };
