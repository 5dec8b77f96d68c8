/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The library's ring code (lib/ring.h) as contenders: calm, as while nobody waits;
 * fenced; and without looking who waits, to see what that costs.  Over memory that two
 * processes share, laid out as the module does it; there is no module.
 */
#ifndef FASTIPC_BENCH_RING_H
#define FASTIPC_BENCH_RING_H

#include <string.h>
#include <unistd.h>

#include "native.h"
#include "../lib/lag.h"

#define RING_BYTES 65536

/* Both ends; each process uses its own copy of what is not shared. */
struct ends {
	struct fastipc_producer tx[2];
	struct fastipc_consumer rx[2];
};

static inline char *twice(size_t bytes)
{
	int fd = memfd_create("ring", MFD_CLOEXEC);
	char *at = mmap(NULL, 2 * bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);
	int i;

	if (fd < 0 || ftruncate(fd, bytes) || at == MAP_FAILED)
		abort();
	for (i = 0; i < 2; i++)
		if (mmap(at + i * bytes, bytes, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED | MAP_POPULATE, fd,
			 0) == MAP_FAILED)
			abort();
	close(fd);
	return at;
}

static inline void *ends_make(size_t bytes, bool alert)
{
	struct ends *e = calloc(1, sizeof(*e));
	struct fastipc_control *page[2];
	int i;

	if (!e)
		abort();
	for (i = 0; i < 2; i++) {
		page[i] = share(4096);
		page[i]->recv.alert = alert;
		page[i]->send.alert = alert;
	}
	for (i = 0; i < 2; i++) {
		char *data = twice(bytes);

		e->tx[i] = (struct fastipc_producer){
			.data = data,
			.bytes = bytes,
			.until = bytes,
			.max_message = bytes / 4 - 16,
			.own = page[i],
			.peer = page[!i],
		};
		e->rx[!i] = (struct fastipc_consumer){
			.data = data,
			.bytes = bytes,
			.limit = FASTIPC_NO_LIMIT,
			.max_message = bytes / 4 - 16,
			.own = page[!i],
			.peer = page[i],
		};
	}
	return e;
}

static inline void ends_send(struct ends *e, int end, const struct payload *p,
			     bool looks, bool more)
{
	struct fastipc_producer *tx = &e->tx[end];
	int ret;

	while (!(ret = fastipc_producer_fits(tx, sizeof(*p)))) {
		fastipc_producer_flush(tx);
		relax();
	}
	if (ret < 0)
		abort();
	memcpy(fastipc_producer_payload(tx), p, sizeof(*p));
	fastipc_producer_publish(tx, sizeof(*p), 0, more);
	/* What would be a system call; here nobody waits. */
	if (looks && !more &&
	    fastipc_producer_sync(tx) & FASTIPC_SYNC_WAKE_RECV)
		abort();
}

static inline void ends_recv(struct ends *e, int end, struct payload *p,
			     bool looks)
{
	struct fastipc_consumer *rx = &e->rx[end];
	const struct fastipc_record *record;
	size_t len = 0;
	uint32_t lag;
	int ret;

	ret = fastipc_consumer_look(rx, &len);
	if (!ret) {
		/* As in lib/wait.c. */
		for (lag = fastipc_consumer_lag(rx); lag; lag--)
			relax();
		while (!(ret = fastipc_consumer_look(rx, &len)))
			relax();
		fastipc_consumer_waited(rx, len);
	}
	if (ret < 0 || len != sizeof(*p))
		abort();
	record = fastipc_consumer_take(rx, len);
	memcpy(p, fastipc_record_payload(rx, record), sizeof(*p));
	fastipc_consumer_release(rx, rx->position);
	if (looks && fastipc_consumer_sync(rx) & FASTIPC_SYNC_WAKE_SEND)
		abort();
}

#endif /* FASTIPC_BENCH_RING_H */
