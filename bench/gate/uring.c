// SPDX-License-Identifier: GPL-2.0-only
/*
 * By io_uring: a message sent and received with one system call, beside a SEQPACKET
 * socket's.
 */
#include <sys/socket.h>

#include "../../tests/uring.h"
#include "count.h"
#include "fastipc_uring.h"

struct moving {
	struct uring ring;
	int fd[2];
};

static char buf[BYTES];

/* Both that were put in. */
static void both(struct uring *ring, int result)
{
	uint64_t user;
	int i, res;

	must(!uring_enter(ring, 2));
	for (i = 0; i < 2; i++)
		must(uring_reap(ring, &user, &res) && res == result);
}

static void pair_move(void *arg)
{
	struct moving *m = arg;
	struct io_uring_sqe sqe = { .user_data = 0 };
	struct fastipc_send send;
	struct fastipc_recv recv;

	fastipc_prep_send(&sqe, m->fd[0], &send, buf, BYTES, 0);
	uring_push(&m->ring, &sqe);
	fastipc_prep_recv(&sqe, m->fd[1], &recv, buf, BYTES);
	uring_push(&m->ring, &sqe);
	both(&m->ring, 1);
}

static void put(struct moving *m, int op, int end)
{
	const struct io_uring_sqe sqe = { .opcode = op,
					  .fd = m->fd[end],
					  .addr = (uintptr_t)buf,
					  .len = BYTES };

	uring_push(&m->ring, &sqe);
}

static void pair_write(void *arg)
{
	put(arg, IORING_OP_WRITE, 0);
	put(arg, IORING_OP_READ, 1);
	both(arg, BYTES);
}

static void socket_move(void *arg)
{
	put(arg, IORING_OP_SEND, 0);
	put(arg, IORING_OP_RECV, 1);
	both(arg, BYTES);
}

void count_uring(void)
{
	struct moving m;

	must(!uring_open(&m.ring));
	must(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, m.fd));
	count("seqpacket-uring-move", socket_move, &m);
	must(!raw_pair_of(m.fd, 65536, FASTIPC_SEALED));
	count("uring-move", pair_move, &m);
	count("uring-move-rw", pair_write, &m);
}
