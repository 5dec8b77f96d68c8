// SPDX-License-Identifier: GPL-2.0-only
/*
 * FASTIPC_SEND and FASTIPC_RECV.  See transfer.h.
 */
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "args.h"
#include "channel.h"
#include "compat.h"
#include "transfer.h"

#define ARRAY_MAX 1024 /* entries of an array that one call looks at */

#define THENS (FASTIPC_SEND_THEN_RECV | FASTIPC_SEND_THEN_WAIT)

static_assert(sizeof(struct fastipc_send_item) == 32);
static_assert(sizeof(struct fastipc_recv_item) == 32 + FASTIPC_STAMP_BYTES);

typedef ssize_t (*mover_t)(struct fastipc_endpoint *endpoint,
			   struct fastipc_transfer *transfer);

/* The caller's memory of one message, in several pieces. */
static noinline ssize_t move_pieces(struct fastipc_endpoint *endpoint,
				    struct fastipc_transfer *transfer,
				    int direction, u64 data, u64 len,
				    mover_t move)
{
	struct iovec fast[UIO_FASTIOV], *iov = fast;
	ssize_t ret;

	if (len > UIO_MAXIOV)
		return -EINVAL;
	ret = import_iovec(direction, u64_to_user_ptr(data), len, UIO_FASTIOV,
			   &iov, transfer->iter);
	if (ret < 0)
		return ret;
	ret = move(endpoint, transfer);
	kfree(iov);
	return ret;
}

/* The same in one piece. */
static __always_inline ssize_t move_one(struct fastipc_endpoint *endpoint,
					struct fastipc_transfer *transfer,
					int direction, u64 data, u64 len,
					mover_t move)
{
	int ret = import_ubuf(direction, u64_to_user_ptr(data), len,
			      transfer->iter);

	return ret ?: move(endpoint, transfer);
}

/* Receiving ------------------------------------------------------------- */

/*
 * @flags: FASTIPC_RECV_IOV.  Filled in are @flags, @tag and @stamp: the bytes received, or
 * why not.
 */
static __always_inline ssize_t recv_one(struct fastipc_endpoint *endpoint,
					u64 data, u64 len, u32 *flags, u64 *tag,
					struct fastipc_stamp *stamp,
					bool nonblock,
					struct fastipc_limit *limit)
{
	mover_t recv = endpoint->channel->ops->recv;
	struct iov_iter iter;
	struct fastipc_transfer transfer = {
		.iter = &iter,
		.stamp = stamp,
		.nonblock = nonblock,
		.until = limit->until,
	};
	ssize_t ret;

	if (*flags & FASTIPC_RECV_IOV)
		ret = move_pieces(endpoint, &transfer, ITER_DEST, data, len,
				  recv);
	else
		ret = move_one(endpoint, &transfer, ITER_DEST, data, len, recv);
	if (ret < 0)
		return ret;
	*tag = transfer.tag;
	*flags = transfer.seen ? FASTIPC_MAYBE_SEEN : 0;
	return ret;
}

/* How many, at least 1; or why none. */
static int recv_array(struct fastipc_endpoint *endpoint,
		      const struct fastipc_recv *recv,
		      struct fastipc_limit *limit)
{
	struct fastipc_recv_item __user *items = u64_to_user_ptr(recv->data);
	u32 i, n = min_t(u64, recv->len, ARRAY_MAX);
	struct fastipc_recv_item item;
	ssize_t ret = -EINVAL;

	for (i = 0; i < n && !(i && fatal_signal_pending(current)); i++) {
		ret = -EFAULT;
		if (copy_from_user(&item, &items[i], sizeof(item)))
			break;
		ret = -EINVAL;
		if (item.flags & ~FASTIPC_RECV_IOV || item.reserved)
			break;
		ret = fastipc_args_probe(&items[i], &item, sizeof(item));
		if (ret)
			break;
		ret = recv_one(endpoint, item.data, item.len, &item.flags,
			       &item.tag, &item.stamp, i || limit->nonblock,
			       limit);
		if (ret < 0)
			break;
		item.len = ret;
		if (copy_to_user(&items[i], &item, sizeof(item))) {
			ret = -EFAULT;
			break;
		}
	}
	return i ?: ret;
}

/* May it be received so, whatever is there? */
static int check_recv(struct fastipc_endpoint *endpoint,
		      const struct fastipc_recv *recv)
{
	const u32 known = FASTIPC_RECV_IOV | FASTIPC_RECV_ARRAY;

	if (recv->flags & ~known || (recv->flags & known) == known ||
	    recv->reserved)
		return -EINVAL;
	return endpoint->rights & FMODE_READ ? 0 : -EBADF;
}

static int receive(struct fastipc_endpoint *endpoint, struct fastipc_recv *recv,
		   struct fastipc_limit *limit)
{
	ssize_t ret;

	if (recv->flags & FASTIPC_RECV_ARRAY)
		return recv_array(endpoint, recv, limit);
	ret = recv_one(endpoint, recv->data, recv->len, &recv->flags,
		       &recv->tag, &recv->stamp, limit->nonblock, limit);
	if (ret < 0)
		return ret;
	recv->len = ret;
	return 1;
}

/**
 * fastipc_transfer_recv() - FASTIPC_RECV
 * @file: an endpoint's
 * @recv: the arguments, and the answer
 *
 * Return: as the uapi header says.
 */
int fastipc_transfer_recv(struct file *file, struct fastipc_recv *recv)
{
	struct fastipc_limit limit;
	int ret = check_recv(file->private_data, recv);

	if (!ret)
		ret = fastipc_endpoint_begin(file->private_data);
	if (ret)
		return ret;
	fastipc_limit_begin(&limit, file, recv->timeout_ns);
	return receive(file->private_data, recv, &limit);
}

/* Sending --------------------------------------------------------------- */

static __always_inline int send_one(struct fastipc_endpoint *endpoint, u64 data,
				    u64 len, bool pieces, u64 tag, bool more,
				    bool then, struct fastipc_limit *limit)
{
	mover_t send = endpoint->channel->ops->send;
	struct iov_iter iter;
	struct fastipc_transfer transfer = {
		.iter = &iter,
		.tag = tag,
		.more = more,
		.then = then && !limit->nonblock,
		.nonblock = limit->nonblock,
		.until = limit->until,
	};
	ssize_t ret;

	if (pieces)
		ret = move_pieces(endpoint, &transfer, ITER_SOURCE, data, len,
				  send);
	else
		ret = move_one(endpoint, &transfer, ITER_SOURCE, data, len,
			       send);
	return ret < 0 ? ret : 0;
}

/* How many were sent goes to @send->sent; 0, or why not all. */
static int send_array(struct fastipc_endpoint *endpoint,
		      struct fastipc_send *send, struct fastipc_limit *limit)
{
	struct fastipc_send_item __user *items = u64_to_user_ptr(send->data);
	u32 i, n = min_t(u64, send->len, ARRAY_MAX);
	bool more = send->flags & FASTIPC_SEND_MORE;
	struct fastipc_send_item item;
	int ret = 0;

	if (!n)
		return endpoint->channel->ops->flush(endpoint);
	for (i = 0; i < n && !ret; i++) {
		if (i && fatal_signal_pending(current))
			ret = -EINTR;
		else if (copy_from_user(&item, &items[i], sizeof(item)))
			ret = -EFAULT;
		else if (item.flags & ~FASTIPC_SEND_IOV || item.reserved)
			ret = -EINVAL;
		else
			ret = send_one(endpoint, item.data, item.len,
				       item.flags & FASTIPC_SEND_IOV, item.tag,
				       more || i < n - 1, false, limit);
		send->sent += !ret;
	}
	if (ret && send->sent && !more)
		endpoint->channel->ops->flush(endpoint);
	return ret;
}

/* The same, of an array or one. */
static __always_inline int send_all(struct fastipc_endpoint *endpoint,
				    struct fastipc_send *send,
				    struct fastipc_limit *limit)
{
	int ret;

	if (send->flags & FASTIPC_SEND_ARRAY)
		return send_array(endpoint, send, limit);
	ret = send_one(endpoint, send->data, send->len,
		       send->flags & FASTIPC_SEND_IOV, send->tag,
		       send->flags & FASTIPC_SEND_MORE, send->flags & THENS,
		       limit);
	send->sent = !ret;
	return ret;
}

/**
 * struct then - the FASTIPC_RECV that follows
 * @recv: its arguments, and its answer
 * @known: how many bytes of @recv the caller knows
 */
struct then {
	struct fastipc_recv recv;
	u32 known;
};

/* Its arguments, checked as any other's. */
static int get_then(const struct fastipc_send *send, struct then *then)
{
	void __user *user = u64_to_user_ptr(send->then);
	int ret = fastipc_args_get(&then->recv, sizeof(then->recv),
				   FASTIPC_RECV_SIZE_VER0, ~0, user);

	if (ret < 0)
		return ret;
	then->known = ret;
	return fastipc_args_probe(user, &then->recv, then->known);
}

/* Before anything is sent: may the caller receive afterwards? */
static int send_check_then(struct fastipc_endpoint *endpoint,
			   const struct fastipc_send *send, struct then *then)
{
	int ret;

	if (!(endpoint->rights & FMODE_READ))
		return -EBADF;
	/* Or it would wait with some of it unsent. */
	if (send->flags & FASTIPC_SEND_ARRAY && send->len > ARRAY_MAX)
		return -EINVAL;
	if (send->flags & FASTIPC_SEND_THEN_WAIT)
		return 0;
	if (fastipc_endpoint_is_mapped(endpoint))
		return -EBUSY;
	ret = get_then(send, then);
	if (!ret && then->recv.timeout_ns)
		ret = -EINVAL;
	return ret ?: check_recv(endpoint, &then->recv);
}

/* Then wait for a message, or receive one. */
static int send_then(struct fastipc_endpoint *endpoint,
		     const struct fastipc_send *send, struct then *then,
		     struct fastipc_limit *limit)
{
	const struct fastipc_sync sync = { .flags = FASTIPC_SYNC_WAIT_RECV };
	int ret;

	if (send->flags & FASTIPC_SEND_THEN_WAIT)
		return endpoint->channel->ops->sync(endpoint, &sync, limit);
	/* Who was woken may run first: see pair_sync(). */
	cond_resched();
	ret = receive(endpoint, &then->recv, limit);
	if (ret > 0 &&
	    fastipc_args_put(u64_to_user_ptr(send->then), &then->recv,
			     sizeof(then->recv), then->known))
		return -EFAULT;
	return ret;
}

static noinline int send_and_then(struct file *file, struct fastipc_send *send)
{
	struct fastipc_endpoint *endpoint = file->private_data;
	struct fastipc_limit limit;
	struct then then;
	int ret;

	ret = send_check_then(endpoint, send, &then);
	if (ret)
		return ret;
	fastipc_limit_begin(&limit, file, send->timeout_ns);
	ret = send_all(endpoint, send, &limit);
	if (!ret)
		ret = send_then(endpoint, send, &then, &limit);
	/* What was sent must not be sent again. */
	if (ret == -ERESTARTSYS && send->sent)
		ret = -EINTR;
	return ret;
}

/**
 * fastipc_transfer_send() - FASTIPC_SEND
 * @file: an endpoint's, set up
 * @send: the arguments; @send->sent is filled in, also on error
 *
 * Return: as the uapi header says.
 */
int fastipc_transfer_send(struct file *file, struct fastipc_send *send)
{
	struct fastipc_endpoint *endpoint = file->private_data;
	struct fastipc_limit limit;
	int ret;

	send->sent = 0;
	if (unlikely(send->flags & THENS))
		return send_and_then(file, send);
	fastipc_limit_begin(&limit, file, send->timeout_ns);
	ret = send_all(endpoint, send, &limit);
	return send->sent ?: ret;
}
