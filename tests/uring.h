/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * io_uring by its system calls: one submission at a time.
 */
#ifndef FASTIPC_TEST_URING_H
#define FASTIPC_TEST_URING_H

#include <linux/io_uring.h>
#include <sys/syscall.h>

#include "raw.h"

struct uring {
	int fd;
	char *rings; /* both, in one map */
	struct io_uring_sqe *sqes;
	struct io_uring_params params;
};

/* 0, or -errno. */
static inline int uring_open(struct uring *u)
{
	size_t bytes;

	memset(u, 0, sizeof(*u));
	u->fd = syscall(SYS_io_uring_setup, 8, &u->params);
	if (u->fd < 0)
		return -errno;
	bytes = u->params.cq_off.cqes +
		u->params.cq_entries * sizeof(struct io_uring_cqe);
	u->rings = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, u->fd,
			IORING_OFF_SQ_RING);
	u->sqes = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, u->fd,
		       IORING_OFF_SQES);
	if (u->rings == MAP_FAILED || (void *)u->sqes == MAP_FAILED)
		return -errno;
	return 0;
}

static inline uint32_t *uring_word(const struct uring *u, uint32_t offset)
{
	return (uint32_t *)(u->rings + offset);
}

/* Submit one: 0, or -errno. */
static inline int uring_submit(struct uring *u, const struct io_uring_sqe *sqe)
{
	uint32_t *tail = uring_word(u, u->params.sq_off.tail);
	uint32_t slot = *tail & *uring_word(u, u->params.sq_off.ring_mask);
	int ret;

	u->sqes[slot] = *sqe;
	uring_word(u, u->params.sq_off.array)[slot] = slot;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	ret = syscall(SYS_io_uring_enter, u->fd, 1, 0, 0, NULL, 0);
	return ret == 1 ? 0 : -errno;
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

#endif /* FASTIPC_TEST_URING_H */
