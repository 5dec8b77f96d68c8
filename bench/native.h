/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Contenders of the native bench: ways to move messages between two processes on
 * two processors.  Each defines how one message is sent and received, inline, and
 * DEFINE_CONTENDER() makes the loops, so that none pays for a call through a
 * pointer.  Every contender writes the whole payload, and reads all of it.
 */
#ifndef FASTIPC_BENCH_NATIVE_H
#define FASTIPC_BENCH_NATIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#define SMALL 48 /* bytes of payload: with a header it fills a line */

struct payload {
	uint64_t word[SMALL / 8];
};

/**
 * struct contender - one way
 * @name: in the report
 * @make: shared memory for both processes, before they part; NULL if it cannot be
 * @there: send @n messages and receive as many, in turns; @first begins
 * @stream: end 0 sends @n messages, end 1 receives them
 */
struct contender {
	const char *name;
	void *(*make)(void);
	void (*there)(void *memory, int end, long n);
	void (*stream)(void *memory, int end, long n);
};

#ifdef __cplusplus
extern "C" {
#endif
extern const struct contender contender_calm, contender_fenced, contender_blind,
	contender_batches, contender_bare, contender_ck, contender_boost,
	contender_iceoryx, contender_pipe, contender_seqpacket,
	contender_in_place, contender_areas;
#ifdef __cplusplus
}
#endif

static inline void *share(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

static inline void relax(void)
{
	__builtin_ia32_pause();
}

static inline void fill(struct payload *p, uint64_t i)
{
	unsigned int k;

	for (k = 0; k < SMALL / 8; k++)
		p->word[k] = i + k;
}

static inline void verify(const struct payload *p, uint64_t i)
{
	uint64_t wrong = 0;
	unsigned int k;

	for (k = 0; k < SMALL / 8; k++)
		wrong |= p->word[k] ^ (i + k);
	if (wrong)
		abort();
}

/*
 * @name: has static inline functions name_make(), name_send(memory, end, payload)
 * and name_recv(memory, end, payload), of which the last two spin.
 */
#define DEFINE_CONTENDER(name, title)                            \
	static void name##_there(void *memory, int end, long n)  \
	{                                                        \
		struct payload p;                                \
		long i;                                          \
		for (i = 0; i < n; i++) {                        \
			if (!end) {                              \
				fill(&p, i);                     \
				name##_send(memory, 0, &p);      \
			}                                        \
			name##_recv(memory, end, &p);            \
			verify(&p, i);                           \
			if (end) {                               \
				fill(&p, i);                     \
				name##_send(memory, 1, &p);      \
			}                                        \
		}                                                \
	}                                                        \
	static void name##_stream(void *memory, int end, long n) \
	{                                                        \
		struct payload p;                                \
		long i;                                          \
		for (i = 0; i < n; i++) {                        \
			if (end) {                               \
				name##_recv(memory, 1, &p);      \
				verify(&p, i);                   \
			} else {                                 \
				fill(&p, i);                     \
				name##_send(memory, 0, &p);      \
			}                                        \
		}                                                \
	}                                                        \
	const struct contender contender_##name = {              \
		title,                                           \
		name##_make,                                     \
		name##_there,                                    \
		name##_stream,                                   \
	}

#endif /* FASTIPC_BENCH_NATIVE_H */
