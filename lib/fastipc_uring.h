/* SPDX-License-Identifier: MIT */
/*
 * fastipc by io_uring: submissions, and what their completions say.
 *
 * All in line, and of no library: include <liburing.h> before it, or submit in another
 * way.  As with liburing, a fastipc_prep_*() fills in a submission but for its user_data
 * and IOSQE_* flags, which are set afterwards.
 *
 * A handle is waited for with fastipc_prep_wait(), and then used as ever.
 * fastipc_prep_send() and _recv() are for descriptors of ends that no handle has mapped.
 * They never wait; what they are given stays the kernel's until the completion.
 *
 * One that is linked behind another needs IOSQE_ASYNC: without, Linux looks at the
 * submission only then, when it may be another one's.
 *
 * fastipc_uring(7) tells it all.
 */
#ifndef FASTIPC_URING_H
#define FASTIPC_URING_H

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <linux/io_uring.h>

#include <fastipc.h>
#include <linux/fastipc.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * fastipc_prep_command() - one of the module's commands
 * @sqe: the submission
 * @fd: an end
 * @command: FASTIPC_SEND or FASTIPC_RECV
 * @argument: its structure
 */
static inline void fastipc_prep_command(struct io_uring_sqe *sqe, int fd,
					unsigned int command, void *argument)
{
	const struct fastipc_submitted submitted = { (uintptr_t)argument, 0 };
	const uint64_t user_data = sqe->user_data;

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = fd;
	sqe->cmd_op = command;
	sqe->user_data = user_data;
	/* The last 16 bytes of a submission. */
	memcpy((char *)sqe + offsetof(struct io_uring_sqe, addr3), &submitted,
	       sizeof(submitted));
}

/**
 * fastipc_prep_send() - send a message
 * @sqe: the submission
 * @fd: an end
 * @send: filled in; @send->tag may be set afterwards
 * @buf: payload
 * @len: its bytes
 * @flags: FASTIPC_MORE
 *
 * The completion's result is 1; -EAGAIN if there is no space; or what else is wrong.
 */
static inline void fastipc_prep_send(struct io_uring_sqe *sqe, int fd,
				     struct fastipc_send *send, const void *buf,
				     size_t len, int flags)
{
	memset(send, 0, sizeof(*send));
	send->size = sizeof(*send);
	send->flags = flags & FASTIPC_MORE ? FASTIPC_SEND_MORE : 0;
	send->data = (uintptr_t)buf;
	send->len = len;
	fastipc_prep_command(sqe, fd, FASTIPC_SEND, send);
}

/**
 * fastipc_prep_recv() - receive a message
 * @sqe: the submission
 * @fd: an end
 * @recv: filled in
 * @buf: where to
 * @cap: bytes there
 *
 * fastipc_cqe_msg() tells of the completion.
 */
static inline void fastipc_prep_recv(struct io_uring_sqe *sqe, int fd,
				     struct fastipc_recv *recv, void *buf,
				     size_t cap)
{
	memset(recv, 0, sizeof(*recv));
	recv->size = sizeof(*recv);
	recv->data = (uintptr_t)buf;
	recv->len = cap;
	fastipc_prep_command(sqe, fd, FASTIPC_RECV, recv);
}

/**
 * fastipc_cqe_msg() - the message that a fastipc_prep_recv() brought
 * @cqe: its completion
 * @recv: what it was given
 * @msg: filled in; there is nothing to be done with it afterwards
 *
 * Return: 0; -EAGAIN if there is none; or what else is wrong.
 */
static inline int fastipc_cqe_msg(const struct io_uring_cqe *cqe,
				  const struct fastipc_recv *recv,
				  struct fastipc_msg *msg)
{
	if (cqe->res < 0)
		return cqe->res;
	memset(msg, 0, sizeof(*msg));
	msg->data = (const void *)(uintptr_t)recv->data;
	msg->len = recv->len;
	msg->tag = recv->tag;
	msg->seq = recv->stamp.seq;
	msg->endpoint = recv->stamp.endpoint;
	msg->time_ns = recv->stamp.time_ns;
	msg->pid = recv->stamp.pid;
	msg->uid = recv->stamp.uid;
	msg->gid = recv->stamp.gid;
	msg->priority = recv->stamp.priority;
	return 0;
}

/**
 * fastipc_prep_wait() - wait until something can be done, as fastipc_wait() does
 * @sqe: the submission
 * @fd: an end; of a handle, fastipc_fd()
 * @events: POLLIN, POLLOUT, FASTIPC_EV_PEER
 *
 * The completion's result are the events that are there.
 */
static inline void fastipc_prep_wait(struct io_uring_sqe *sqe, int fd,
				     int events)
{
	const uint64_t user_data = sqe->user_data;
	uint32_t mask = events;

#if __BYTE_ORDER == __BIG_ENDIAN
	mask = mask << 16 | mask >> 16;
#endif
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_POLL_ADD;
	sqe->fd = fd;
	sqe->poll32_events = mask;
	sqe->user_data = user_data;
}

/**
 * fastipc_prep_wait_multishot() - the same, each time
 * @sqe: the submission
 * @fd: an end
 * @events: as above
 *
 * A completion without IORING_CQE_F_MORE is the last.  After each, receive until
 * EAGAIN.
 */
static inline void fastipc_prep_wait_multishot(struct io_uring_sqe *sqe, int fd,
					       int events)
{
	fastipc_prep_wait(sqe, fd, events);
	sqe->len = IORING_POLL_ADD_MULTI;
}

#ifdef LIB_URING_H
/**
 * fastipc_take_or_wait() - the loop of a receiver, one step of it
 * @ring: to wait with
 * @f: a handle
 * @msg: filled in; fastipc_done() gives it back
 * @user_data: of the wait
 *
 * Takes in place as long as there is something, without a system call; else puts a
 * fastipc_prep_wait() into the ring, to be submitted: after its completion go on.
 *
 * Return: 1: a message; 0: wait; -ENOBUFS: no submission is free; or why there will be no
 * more messages.
 */
static inline int fastipc_take_or_wait(struct io_uring *ring, struct fastipc *f,
				       struct fastipc_msg *msg,
				       uint64_t user_data)
{
	int ret = fastipc_take(f, msg, FASTIPC_NOWAIT);
	struct io_uring_sqe *sqe;

	if (ret != -EAGAIN)
		return ret ? ret : 1;
	sqe = io_uring_get_sqe(ring);
	if (!sqe)
		return -ENOBUFS;
	fastipc_prep_wait(sqe, fastipc_fd(f), POLLIN);
	sqe->user_data = user_data;
	return 0;
}
#endif /* LIB_URING_H */

#ifdef __cplusplus
}
#endif

#endif /* FASTIPC_URING_H */
