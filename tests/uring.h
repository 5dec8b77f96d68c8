/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * io_uring by its system calls.
 */
#ifndef FASTIPC_TEST_URING_H
#define FASTIPC_TEST_URING_H

#include <linux/io_uring.h>
#include <sys/syscall.h>

#include "raw.h"

#define URING_ENTRIES 64 /* their submissions fill a page */

/**
 * struct uring - an instance
 * @fd: its descriptor
 * @sqe_flags: IOSQE_* of all that is put in
 */
struct uring {
	int fd;
	uint8_t sqe_flags;
	char *rings; /* both, in one map */
	size_t bytes;
	struct io_uring_sqe *sqes;
	struct io_uring_params params;
};

/* With IORING_SETUP_*: 0, or -errno. */
static inline int uring_open_with(struct uring *u, uint32_t flags)
{
	size_t bytes;

	memset(u, 0, sizeof(*u));
	u->params.flags = flags;
	u->fd = syscall(SYS_io_uring_setup, URING_ENTRIES, &u->params);
	if (u->fd < 0)
		return -errno;
	bytes = u->params.cq_off.cqes +
		u->params.cq_entries * sizeof(struct io_uring_cqe);
	u->bytes = bytes;
	u->rings = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, u->fd,
			IORING_OFF_SQ_RING);
	u->sqes = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, u->fd,
		       IORING_OFF_SQES);
	if (u->rings == MAP_FAILED || (void *)u->sqes == MAP_FAILED)
		return -errno;
	return 0;
}

static inline int uring_open(struct uring *u)
{
	return uring_open_with(u, 0);
}

static inline void uring_close(struct uring *u)
{
	munmap(u->rings, u->bytes);
	munmap(u->sqes, 4096);
	close(u->fd);
}

static inline uint32_t *uring_word(const struct uring *u, uint32_t offset)
{
	return (uint32_t *)(u->rings + offset);
}

/* Put one in: where it lies until it was submitted. */
static inline struct io_uring_sqe *uring_push(struct uring *u,
					      const struct io_uring_sqe *sqe)
{
	uint32_t *tail = uring_word(u, u->params.sq_off.tail);
	uint32_t slot = *tail & *uring_word(u, u->params.sq_off.ring_mask);

	u->sqes[slot] = *sqe;
	u->sqes[slot].flags |= u->sqe_flags;
	uring_word(u, u->params.sq_off.array)[slot] = slot;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	return &u->sqes[slot];
}

/* Submit what was put in: 0, or -errno. */
static inline int uring_enter(struct uring *u, int n)
{
	int ret = syscall(SYS_io_uring_enter, u->fd, n, 0,
			  u->params.flags & IORING_SETUP_SQPOLL ?
				  IORING_ENTER_SQ_WAKEUP :
				  0,
			  NULL, 0);

	return ret == n ? 0 : -errno;
}

/* Submit one: 0, or -errno. */
static inline int uring_submit(struct uring *u, const struct io_uring_sqe *sqe)
{
	uring_push(u, sqe);
	return uring_enter(u, 1);
}

/* Take a completion, if there is one, into @res. */
static inline bool uring_reap(struct uring *u, uint64_t *user, int *res)
{
	uint32_t *head = uring_word(u, u->params.cq_off.head);
	uint32_t *tail = uring_word(u, u->params.cq_off.tail);
	const struct io_uring_cqe *cqe;

	if (*head == __atomic_load_n(tail, __ATOMIC_ACQUIRE))
		return false;
	cqe = (void *)(u->rings + u->params.cq_off.cqes);
	cqe += *head & *uring_word(u, u->params.cq_off.ring_mask);
	*user = cqe->user_data;
	*res = cqe->res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return true;
}

/* Wait for a completion: its result. */
static inline int uring_wait(struct uring *u, uint64_t *user)
{
	int res;

	while (!uring_reap(u, user, &res))
		if (syscall(SYS_io_uring_enter, u->fd, 0, 1,
			    IORING_ENTER_GETEVENTS, NULL, 0) < 0)
			return -errno;
	return res;
}

/* The variants of a fixture: both sorts of pair, and how an instance works. */
#define VARIANTS_OF_URING(type)                                              \
	FIXTURE_VARIANT(type)                                                \
	{                                                                    \
		uint32_t flags;                                              \
		uint32_t setup;                                              \
		uint8_t sqe_flags;                                           \
	};                                                                   \
	FIXTURE_VARIANT_ADD(type, direct) { 0, 0, 0 };                       \
	FIXTURE_VARIANT_ADD(type, sealed) { FASTIPC_SEALED, 0, 0 };          \
	FIXTURE_VARIANT_ADD(type, direct_async) { 0, 0, IOSQE_ASYNC };       \
	FIXTURE_VARIANT_ADD(type, sealed_polled)                             \
	{                                                                    \
		FASTIPC_SEALED, IORING_SETUP_SQPOLL, 0                       \
	};                                                                   \
	FIXTURE_VARIANT_ADD(type, sealed_deferred)                           \
	{                                                                    \
		FASTIPC_SEALED,                                              \
			IORING_SETUP_SINGLE_ISSUER |                         \
				IORING_SETUP_DEFER_TASKRUN,                  \
			0                                                    \
	}

#endif /* FASTIPC_TEST_URING_H */
