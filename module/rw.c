// SPDX-License-Identifier: GPL-2.0-only
/*
 * read(2) and write(2) of an endpoint.  See rw.h.
 */
#include <linux/sched/signal.h>
#include <linux/uio.h>

#include "channel.h"
#include "rw.h"

#define EMPTIES_MAX 4096 /* empty messages that a read(2) passes over */

static bool iocb_nonblock(const struct kiocb *iocb)
{
	return iocb->ki_filp->f_flags & O_NONBLOCK ||
	       iocb->ki_flags & IOCB_NOWAIT;
}

/**
 * fastipc_rw_read() - read(2), readv(2): one message that is not empty
 * @iocb: of an endpoint's file
 * @to: the caller's memory
 *
 * Return: its bytes; 0 at the end, or if there is no memory to read into; or a
 * negative errno.
 */
ssize_t fastipc_rw_read(struct kiocb *iocb, struct iov_iter *to)
{
	struct fastipc_endpoint *endpoint = iocb->ki_filp->private_data;
	const struct fastipc_kind_ops *ops;
	struct fastipc_transfer transfer = {
		.iter = to,
		.nonblock = iocb_nonblock(iocb),
	};
	unsigned int empties = 0;
	ssize_t ret;

	ret = fastipc_endpoint_begin(endpoint);
	if (ret)
		return ret;
	ops = endpoint->channel->ops;
	if (!iov_iter_count(to))
		return 0;
	transfer.cut = endpoint->channel->flags & FASTIPC_STREAM;
	/* A peer that sends nothing but empty ones must not keep us here. */
	while (!(ret = ops->recv(endpoint, &transfer))) {
		/* Also set by io_uring's own work, which interrupts no try. */
		if (!transfer.nonblock && signal_pending(current))
			return -ERESTARTSYS;
		if (transfer.nonblock && ++empties == EMPTIES_MAX) {
			/* Who polls for edges must come back. */
			fastipc_wait_wake(&endpoint->wait[FASTIPC_RECEIVING],
					  true);
			return -EAGAIN;
		}
		cond_resched();
	}
	return ret == -EPIPE || ret == -ECONNRESET ? 0 : ret;
}

/**
 * fastipc_rw_write() - write(2), writev(2): one message
 * @iocb: of an endpoint's file
 * @from: the caller's memory
 *
 * With FASTIPC_STREAM as many as it takes.
 *
 * Return: the bytes written, or a negative errno.
 */
ssize_t fastipc_rw_write(struct kiocb *iocb, struct iov_iter *from)
{
	struct fastipc_endpoint *endpoint = iocb->ki_filp->private_data;
	const struct fastipc_kind_ops *ops;
	struct fastipc_transfer transfer = {
		.iter = from,
		.nonblock = iocb_nonblock(iocb),
	};
	size_t rest, total = 0;
	ssize_t ret;
	u64 max;

	ret = fastipc_endpoint_begin(endpoint);
	if (ret)
		return ret;
	ops = endpoint->channel->ops;
	if (!(endpoint->channel->flags & FASTIPC_STREAM))
		return ops->send(endpoint, &transfer);
	max = ops->max_message(endpoint);
	do {
		rest = iov_iter_count(from);
		iov_iter_truncate(from, max);
		rest -= iov_iter_count(from);
		ret = ops->send(endpoint, &transfer);
		iov_iter_reexpand(from, iov_iter_count(from) + rest);
		if (ret < 0)
			return total ?: ret;
		total += ret;
		cond_resched();
	} while (rest && !(transfer.nonblock ? fatal_signal_pending(current) :
					       signal_pending(current)));
	return total;
}
