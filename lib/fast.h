/* SPDX-License-Identifier: MIT */
/*
 * The short way of sending and receiving, in line, for when nothing is in the way:
 * the end is mapped, there is space, there is a message.  Whoever cannot go it goes
 * the long one (send.c, recv.c), which finds out why.
 */
#ifndef FASTIPC_LIB_FAST_H
#define FASTIPC_LIB_FAST_H

#include <string.h>

#include "map.h"

#define FASTIPC_LIKELY(x) __builtin_expect(!!(x), 1)

/* Sixteen bytes anywhere. */
typedef uint64_t fastipc_chunk_
	__attribute__((vector_size(16), aligned(1), may_alias));

/* Most messages are short, and for them a call costs more than the bytes. */
static inline void fastipc_copy_(void *to, const void *from, size_t len)
{
	const fastipc_chunk_ *first = from;
	const fastipc_chunk_ *last = (const void *)((const char *)from + len);
	fastipc_chunk_ a, b, c, d;

	if (len - 16 > 48) {
		if (len)
			memcpy(to, from, len);
		return;
	}
	/* They overlap, unless there are 64. */
	a = first[0];
	d = last[-1];
	if (len > 32) {
		b = first[1];
		c = last[-2];
		((fastipc_chunk_ *)to)[1] = b;
		((fastipc_chunk_ *)((char *)to + len))[-2] = c;
	}
	((fastipc_chunk_ *)to)[0] = a;
	((fastipc_chunk_ *)((char *)to + len))[-1] = d;
}

/* Can a message be put into the ring now? */
static inline bool fastipc_can_put_(const struct fastipc *f, size_t len)
{
	return FASTIPC_LIKELY(fastipc_is_ready_(f) && len < f->puttable &&
			      !fastipc_ended(&f->tx.own->send) &&
			      fastipc_producer_has_room(&f->tx, len));
}

static inline void fastipc_tell_receiver_(struct fastipc *f)
{
	uint32_t flags = fastipc_producer_sync(&f->tx);

	if (__builtin_expect(flags, 0))
		fastipc_wake_(f, flags);
}

/* Can a message be got out of the ring now?  Then @len is filled in. */
static inline bool fastipc_can_get_(struct fastipc *f, size_t *len)
{
	return FASTIPC_LIKELY(fastipc_is_ready_(f) && f->rx.data &&
			      fastipc_consumer_look(&f->rx, len) > 0);
}

static inline void fastipc_give_back_(struct fastipc *f, uint64_t position)
{
	uint32_t flags;

	fastipc_consumer_release(&f->rx, position);
	flags = fastipc_consumer_sync(&f->rx);
	if (__builtin_expect(flags, 0))
		fastipc_wake_(f, flags);
}

/* The message that was found, which fits. */
static inline void fastipc_get_(struct fastipc *f, void *buf, size_t len)
{
	const struct fastipc_record *record =
		fastipc_consumer_take(&f->rx, len);

	fastipc_copy_(buf, fastipc_record_payload(&f->rx, record), len);
	fastipc_give_back_(f, f->rx.position);
}

#endif /* FASTIPC_LIB_FAST_H */
