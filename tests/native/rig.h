/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The library's ring code (lib/ring.h) over memory of this process alone, laid
 * out as the module lays it out: no module, no kernel.
 *
 * The ring is followed by a page that nobody may touch, so that whatever leaves
 * the two repetitions is a fault.
 */
#ifndef FASTIPC_NATIVE_RIG_H
#define FASTIPC_NATIVE_RIG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ring.h"

#define RING 4096

static int failed, number; /* of the program that includes this */

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

static inline void *map_twice(size_t bytes)
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

/* Behind publishing, or releasing: is the other side to be woken? */
static inline bool must_wake_consumer(struct fastipc_producer *p)
{
	return fastipc_producer_sync(p) & FASTIPC_SYNC_WAKE_RECV;
}

static inline bool must_wake_producer(struct fastipc_consumer *c)
{
	return fastipc_consumer_sync(c) & FASTIPC_SYNC_WAKE_SEND;
}

static inline void rig_make(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	r->producer_page = aligned_alloc(64, sizeof(struct fastipc_control));
	r->consumer_page = aligned_alloc(64, sizeof(struct fastipc_control));
	memset(r->producer_page, 0, sizeof(*r->producer_page));
	memset(r->consumer_page, 0, sizeof(*r->consumer_page));
	/* As a channel begins. */
	r->producer_page->send.alert = 1;
	r->consumer_page->recv.alert = 1;
	r->p.data = map_twice(RING);
	r->c.data = r->p.data;
	r->p.bytes = RING;
	r->c.bytes = RING;
	fastipc_producer_released(&r->p, 0);
	r->c.limit = FASTIPC_NO_LIMIT;
	r->p.max_message = RING / 4 - 16;
	r->c.max_message = RING / 4 - 16;
	r->p.own = r->producer_page;
	r->p.peer = r->consumer_page;
	r->c.own = r->consumer_page;
	r->c.peer = r->producer_page;
}

static inline void rig_free(struct rig *r)
{
	munmap(r->p.data - 4096, 2 * RING + 2 * 4096);
	free(r->producer_page);
	free(r->consumer_page);
}

/* The payload of the message that was found, and its tag. */
static inline const void *take(struct fastipc_consumer *c, size_t len,
			       uint64_t *tag)
{
	const struct fastipc_record *record = fastipc_consumer_take(c, len);

	*tag = fastipc_record_tag(record);
	return fastipc_record_payload(c, record);
}

static inline unsigned int next_random(unsigned int *x)
{
	*x = *x * 1103515245 + 12345;
	return *x >> 8;
}

static inline void run(const char *name, int (*test)(struct rig *r))
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

#endif /* FASTIPC_NATIVE_RIG_H */
