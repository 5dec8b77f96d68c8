/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * FASTIPC_SEND and FASTIPC_RECV as submissions: made, submitted, behind a wait, and
 * waited for.  Include fastipc_test.h first.
 */
#ifndef FASTIPC_TEST_URING_CMD_H
#define FASTIPC_TEST_URING_CMD_H

#include "fastipc_uring.h"
#include "uring.h"

#define ADDRESS(p) ((uintptr_t)(p))

static inline struct io_uring_sqe command(int fd, uint32_t op, void *argument)
{
	struct io_uring_sqe sqe = { .user_data = (uintptr_t)argument };

	fastipc_prep_command(&sqe, fd, op, argument);
	return sqe;
}

static inline struct fastipc_send send_of(const void *buf, size_t len)
{
	return (struct fastipc_send){ .size = sizeof(struct fastipc_send),
				      .data = (uintptr_t)buf,
				      .len = len,
				      .tag = len + 1 };
}

static inline struct fastipc_recv recv_of(void *buf, size_t len)
{
	return (struct fastipc_recv){ .size = sizeof(struct fastipc_recv),
				      .data = (uintptr_t)buf,
				      .len = len };
}

static inline int submit(struct uring *u, int fd, uint32_t op, void *argument)
{
	const struct io_uring_sqe sqe = command(fd, op, argument);

	return uring_submit(u, &sqe);
}

/* Wait for the next, which must be that of @argument: its result. */
static inline int result_of(struct uring *u, const void *argument)
{
	uint64_t user = 0;
	int ret = uring_wait(u, &user);

	return user == (uintptr_t)argument ? ret : -EUCLEAN;
}

static inline int done(struct uring *u, int fd, uint32_t op, void *argument)
{
	return submit(u, fd, op, argument) ?: result_of(u, argument);
}

/* Nothing comes for a moment in which it would. */
static inline bool is_pending(struct uring *u)
{
	uint64_t user;
	int res;

	usleep(20000);
	return !uring_reap(u, &user, &res);
}

/* Put in @argument's command behind a wait for @events. */
static inline void push_behind(struct uring *u, int fd, int events, uint32_t op,
			       void *argument)
{
	struct io_uring_sqe sqe = { .user_data = 1 };

	fastipc_prep_wait(&sqe, fd, events);
	sqe.flags = IOSQE_IO_LINK;
	uring_push(u, &sqe);
	sqe = command(fd, op, argument);
	sqe.flags = IOSQE_ASYNC;
	uring_push(u, &sqe);
}

static inline int submit_behind(struct uring *u, int fd, int events, uint32_t op,
				void *argument)
{
	push_behind(u, fd, events, op, argument);
	return uring_enter(u, 2);
}

/* The wait ended well, and then the command: its result. */
static inline int result_behind(struct uring *u, void *argument)
{
	uint64_t user = 0;
	int ret = uring_wait(u, &user);

	if (user != 1 || ret < 0)
		return -EUCLEAN;
	return result_of(u, argument);
}

#endif /* FASTIPC_TEST_URING_CMD_H */
