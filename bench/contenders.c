// SPDX-License-Identifier: GPL-2.0-only
/*
 * The contenders in C: fastipc's ring, a bare bounce of two cache lines, ck_ring,
 * pipe, and a SEQPACKET socket.
 */
#include <ck_ring.h>
#include <sys/socket.h>

#include "ring.h"

#define SLOTS \
	1024 /* of rings with slots: about as many as fit into fastipc's */

/* fastipc ----------------------------------------------------------------- */

#define RING_CONTENDER(name, title, alert, looks, batch)                    \
	static void *name##_make(void)                                      \
	{                                                                   \
		return ends_make(RING_BYTES, alert);                        \
	}                                                                   \
	static inline void name##_send(void *e, int end, struct payload *p) \
	{                                                                   \
		ends_send(e, end, p, looks, (p->word[0] + 1) % (batch));    \
	}                                                                   \
	static inline void name##_recv(void *e, int end, struct payload *p) \
	{                                                                   \
		ends_recv(e, end, p, looks);                                \
	}                                                                   \
	DEFINE_CONTENDER(name, title)

RING_CONTENDER(calm, "fastipc", false, true, 1);
RING_CONTENDER(fenced, "fastipc, fenced", true, true, 1);
RING_CONTENDER(batches, "fastipc, batches of 16", false, true, 16);
RING_CONTENDER(blind, "fastipc, no wake check", false, false, 1);

/* One line for each direction, and nothing else: the floor ------------------ */

struct line {
	uint64_t sequence;
	struct payload p;
} __attribute__((aligned(128)));

struct lines {
	struct line line[2];
	uint64_t sent[2], got[2]; /* each process its own, after fork(2) */
};

static void *bare_make(void)
{
	struct lines **l = calloc(1, sizeof(*l) + sizeof(struct lines));

	if (!l)
		abort();
	*l = share(sizeof(struct lines));
	return l;
}

static inline uint64_t *bare_count(void *memory, int end, bool sends)
{
	struct lines *own = (struct lines *)((struct lines **)memory + 1);

	return sends ? &own->sent[end] : &own->got[end];
}

static inline void bare_send(void *memory, int end, struct payload *p)
{
	struct line *line = &(*(struct lines **)memory)->line[end];

	line->p = *p;
	__atomic_store_n(&line->sequence, ++*bare_count(memory, end, true),
			 __ATOMIC_RELEASE);
}

static inline void bare_recv(void *memory, int end, struct payload *p)
{
	struct line *line = &(*(struct lines **)memory)->line[!end];
	uint64_t next = ++*bare_count(memory, end, false);

	while (__atomic_load_n(&line->sequence, __ATOMIC_ACQUIRE) != next)
		relax();
	*p = line->p;
}

DEFINE_CONTENDER(bare, "bare bounce");

/* concurrencykit ------------------------------------------------------------ */

CK_RING_PROTOTYPE(payload, payload)

struct ck {
	ck_ring_t ring[2];
	struct payload slot[2][SLOTS];
};

static void *ck_make(void)
{
	struct ck *ck = share(sizeof(*ck));

	ck_ring_init(&ck->ring[0], SLOTS);
	ck_ring_init(&ck->ring[1], SLOTS);
	return ck;
}

static inline void ck_send(void *memory, int end, struct payload *p)
{
	struct ck *ck = memory;

	while (!CK_RING_ENQUEUE_SPSC(payload, &ck->ring[end], ck->slot[end], p))
		relax();
}

static inline void ck_recv(void *memory, int end, struct payload *p)
{
	struct ck *ck = memory;

	while (!CK_RING_DEQUEUE_SPSC(payload, &ck->ring[!end], ck->slot[!end],
				     p))
		relax();
}

DEFINE_CONTENDER(ck, "ck_ring");

/* The kernel's ---------------------------------------------------------------- */

struct fds {
	int in[2], out[2]; /* of each end */
};

static void *pipe_make(void)
{
	struct fds *f = malloc(sizeof(*f));
	int there[2], back[2];

	if (!f || pipe(there) || pipe(back))
		abort();
	*f = (struct fds){ { back[0], there[0] }, { there[1], back[1] } };
	return f;
}

static void *seqpacket_make(void)
{
	struct fds *f = malloc(sizeof(*f));
	int fd[2];

	if (!f || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd))
		abort();
	*f = (struct fds){ { fd[0], fd[1] }, { fd[0], fd[1] } };
	return f;
}

static inline void pipe_send(void *memory, int end, struct payload *p)
{
	if (write(((struct fds *)memory)->out[end], p, SMALL) != SMALL)
		abort();
}

static inline void pipe_recv(void *memory, int end, struct payload *p)
{
	if (read(((struct fds *)memory)->in[end], p, SMALL) != SMALL)
		abort();
}

#define seqpacket_send pipe_send
#define seqpacket_recv pipe_recv

DEFINE_CONTENDER(pipe, "pipe");
DEFINE_CONTENDER(seqpacket, "SEQPACKET");
