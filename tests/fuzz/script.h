/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bytes that the fuzzer invents, read as a script: small numbers, and words
 * such as a hostile peer would write.  Behind its end all is 0.
 */
#ifndef FASTIPC_FUZZ_SCRIPT_H
#define FASTIPC_FUZZ_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What must be so; if not, the fuzzer keeps the input. */
#define must(x)                                                          \
	do {                                                             \
		if (!(x)) {                                              \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, \
				__LINE__, #x);                           \
			abort();                                         \
		}                                                        \
	} while (0)

struct script {
	const uint8_t *at;
	const uint8_t *end;
};

static inline bool script_ended(const struct script *s)
{
	return s->at == s->end;
}

static inline unsigned int next_byte(struct script *s)
{
	return script_ended(s) ? 0 : *s->at++;
}

static inline uint64_t next_number(struct script *s, int bytes)
{
	uint64_t number = 0;

	while (bytes--)
		number = number << 8 | next_byte(s);
	return number;
}

/* Below a limit that is at most 65536. */
static inline size_t next_below(struct script *s, size_t limit)
{
	return next_number(s, 2) % limit;
}

/*
 * A peer that rewrites a word just after it was read.  Whoever reads it once
 * more then uses what he has not checked, so reading twice is found without a
 * second thread, and every time.
 *
 * It sits in the atomic loads themselves: include this before ring.h.  (Inside
 * its own expansion a macro's name is the compiler's builtin again.)
 */
static struct ambush {
	unsigned int loads; /* until then; 0: none is laid */
	uint64_t value;
	bool sprung;
} ambush;

static inline void ambush_lay(unsigned int loads, uint64_t value)
{
	ambush.loads = loads;
	ambush.value = value;
	ambush.sprung = false;
}

static inline void ambush_spring(const void *at, size_t size)
{
	if (!ambush.loads || --ambush.loads)
		return;
	memcpy((void *)at, &ambush.value, size);
	ambush.sprung = true;
}

#define __atomic_load_n(at, order)                                     \
	({                                                             \
		const void *at_ = (at);                                \
		__typeof__(*(at)) value_ = __atomic_load_n(at, order); \
		ambush_spring(at_, sizeof(value_));                    \
		value_;                                                \
	})

#endif /* FASTIPC_FUZZ_SCRIPT_H */
