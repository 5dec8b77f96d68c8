// SPDX-License-Identifier: GPL-2.0-only
/*
 * A call by way of io_uring: submitted, and waited for; when a signal comes it is
 * cancelled, as the call itself would be interrupted.  See module.h.
 */
#include "fastipc_uring.h"
#include "module.h"
#include "../uring.h"

enum { THIS = 1, ITS_CANCELLING }; /* user_data */

/* Each thread, and each child, has its own. */
static __thread struct uring ring;
static __thread pid_t owner;

static long ring_open(void)
{
	long ret = 0;

	if (owner != getpid())
		ret = uring_open(&ring);
	if (!ret)
		owner = getpid();
	return ret;
}

/* What was not submitted must not be later. */
static long give_up(long ret)
{
	uring_close(&ring);
	owner = 0;
	return ret;
}

static long wait_for_it(void)
{
	const struct io_uring_sqe cancel = { .opcode = IORING_OP_ASYNC_CANCEL,
					     .addr = THIS,
					     .user_data = ITS_CANCELLING };
	uint64_t user;
	long ret;
	int res;

	for (;;) {
		while (uring_reap(&ring, &user, &res))
			if (user == THIS)
				return res;
		if (syscall(SYS_io_uring_enter, ring.fd, 0, 1,
			    IORING_ENTER_GETEVENTS, NULL, 0) >= 0)
			continue;
		ret = uring_submit(&ring, &cancel);
		if (ret)
			return give_up(ret);
	}
}

static long submit(const struct call *c, struct io_uring_sqe *sqe)
{
	long ret;

	sqe->user_data = THIS;
	if (c->value >> 60 == 15)
		sqe->flags |= IOSQE_ASYNC;
	ret = uring_submit(&ring, sqe);
	return ret ? give_up(ret) : wait_for_it();
}

long uring_command(const struct call *c, int fd, unsigned long number,
		   void *arg)
{
	struct io_uring_sqe sqe = { .user_data = 0 };
	long ret = ring_open();

	if (ret)
		return ret;
	fastipc_prep_command(&sqe, fd, number, arg);
	/* The word behind the address, which is reserved; or a registered buffer. */
	if (c->value >> 56 == 0xef)
		((char *)&sqe)[sizeof(sqe) - 1] = 1;
	if (c->value >> 56 == 0xee)
		sqe.rw_flags = 1;
	return submit(c, &sqe);
}

long uring_move(const struct call *c, int fd, const struct iovec *iov, int n,
		bool in)
{
	struct io_uring_sqe sqe = {
		.opcode = in ? IORING_OP_READV : IORING_OP_WRITEV,
		.fd = fd,
		.addr = (uintptr_t)iov,
		.len = n,
		.rw_flags = c->value >> 56 == 0xef ? RWF_NOWAIT : 0
	};
	long ret = ring_open();

	return ret ?: submit(c, &sqe);
}
