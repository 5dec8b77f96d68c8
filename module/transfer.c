// SPDX-License-Identifier: GPL-2.0-only
/*
 * FASTIPC_SEND and FASTIPC_RECV.  See transfer.h.
 */
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "channel.h"
#include "compat.h"
#include "transfer.h"

#define ARRAY_MAX 1024 /* entries of an array that one call looks at */

static_assert(sizeof(struct fastipc_send_item) == 32);
static_assert(sizeof(struct fastipc_recv_item) == 32 + FASTIPC_STAMP_BYTES);

/**
 * fastipc_transfer_probe() - can results be written where arguments were read?
 * @user: there
 * @copy: what was read
 * @size: bytes, a multiple of 4, at most a page
 *
 * So that nothing is received for a caller who cannot be told.
 *
 * Return: 0 or -EFAULT.
 */
int fastipc_transfer_probe(void __user *user, const void *copy, size_t size)
{
	const u32 *from = copy;
	u32 __user *to = user;
	size_t last = size / sizeof(*from) - 1;

	return put_user(from[0], to) || put_user(from[last], to + last) ?
		       -EFAULT :
		       0;
}

/**
 * fastipc_transfer_get() - copy in a structure that begins with its size
 * @to: filled in; what the caller does not know is zero
 * @size: of @to, bytes
 * @least: its size when first published
 * @user: there
 *
 * The structure may be older or newer than the kernel's: -EINVAL below the size
 * first published, -E2BIG if it says something unknown, or is longer than a
 * page, so that nobody makes the kernel read gigabytes of zeroes.
 *
 * Return: how many bytes of @to the caller knows, or a negative errno.
 */
int fastipc_transfer_get(void *to, u32 size, u32 least, void __user *user)
{
	u32 given;
	int ret;

	if (get_user(given, (u32 __user *)user))
		return -EFAULT;
	if (given < least)
		return -EINVAL;
	if (given > PAGE_SIZE)
		return -E2BIG;
	ret = copy_struct_from_user(to, size, user, given);
	if (ret)
		return ret;
	return min(given, size);
}

/*
 * The caller's memory of one message, in one piece or in several; @iov is to be
 * freed with kfree().
 */
static int import(int direction, u64 data, u64 len, bool pieces,
		  struct iovec *fast, struct iovec **iov, struct iov_iter *iter)
{
	ssize_t ret;

	*iov = NULL;
	if (!pieces)
		return import_ubuf(direction, u64_to_user_ptr(data), len, iter);
	if (len > UIO_MAXIOV)
		return -EINVAL;
	*iov = fast;
	ret = import_iovec(direction, u64_to_user_ptr(data), len, UIO_FASTIOV,
			   iov, iter);
	return ret < 0 ? ret : 0;
}

/* Receiving ------------------------------------------------------------- */

/* Into @item->len go the bytes received. */
static int recv_one(struct fastipc_endpoint *endpoint,
		    struct fastipc_recv_item *item, bool nonblock,
		    struct fastipc_limit *limit)
{
	struct iovec fast[UIO_FASTIOV], *iov;
	struct iov_iter iter;
	struct fastipc_transfer transfer = {
		.iter = &iter,
		.nonblock = nonblock,
		.until = limit->until,
	};
	ssize_t ret;

	ret = import(ITER_DEST, item->data, item->len,
		     item->flags & FASTIPC_RECV_IOV, fast, &iov, &iter);
	if (ret)
		return ret;
	ret = endpoint->channel->ops->recv(endpoint, &transfer);
	kfree(iov);
	if (ret < 0)
		return ret;
	item->len = ret;
	item->flags = 0;
	item->tag = transfer.tag;
	item->stamp = transfer.stamp;
	return 0;
}

/* How many, at least 1; or why none. */
static int recv_array(struct fastipc_endpoint *endpoint,
		      const struct fastipc_recv *recv,
		      struct fastipc_limit *limit)
{
	struct fastipc_recv_item __user *items = u64_to_user_ptr(recv->data);
	u32 i, n = min_t(u64, recv->len, ARRAY_MAX);
	struct fastipc_recv_item item;
	int ret = -EINVAL;

	for (i = 0; i < n; i++) {
		ret = -EFAULT;
		if (copy_from_user(&item, &items[i], sizeof(item)))
			break;
		ret = -EINVAL;
		if (item.flags & ~FASTIPC_RECV_IOV || item.reserved)
			break;
		ret = fastipc_transfer_probe(&items[i], &item, sizeof(item));
		if (ret)
			break;
		ret = recv_one(endpoint, &item, i || limit->nonblock, limit);
		if (ret)
			break;
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
	struct fastipc_recv_item item = { .data = recv->data,
					  .len = recv->len,
					  .flags = recv->flags &
						   FASTIPC_RECV_IOV };
	int ret;

	if (recv->flags & FASTIPC_RECV_ARRAY)
		return recv_array(endpoint, recv, limit);
	ret = recv_one(endpoint, &item, limit->nonblock, limit);
	if (ret)
		return ret;
	recv->flags = 0;
	recv->len = item.len;
	recv->tag = item.tag;
	recv->stamp = item.stamp;
	return 1;
}

/**
 * fastipc_transfer_recv() - FASTIPC_RECV
 * @file: an endpoint's, set up
 * @recv: the arguments, and the answer
 *
 * Return: as the uapi header says.
 */
int fastipc_transfer_recv(struct file *file, struct fastipc_recv *recv)
{
	struct fastipc_limit limit;
	int ret = check_recv(file->private_data, recv);

	if (ret)
		return ret;
	fastipc_limit_begin(&limit, file, recv->timeout_ns);
	return receive(file->private_data, recv, &limit);
}

/* Sending --------------------------------------------------------------- */

static int send_one(struct fastipc_endpoint *endpoint,
		    const struct fastipc_send_item *item, bool more,
		    struct fastipc_limit *limit)
{
	struct iovec fast[UIO_FASTIOV], *iov;
	struct iov_iter iter;
	struct fastipc_transfer transfer = {
		.iter = &iter,
		.tag = item->tag,
		.more = more,
		.nonblock = limit->nonblock,
		.until = limit->until,
	};
	ssize_t ret;

	ret = import(ITER_SOURCE, item->data, item->len,
		     item->flags & FASTIPC_SEND_IOV, fast, &iov, &iter);
	if (ret)
		return ret;
	ret = endpoint->channel->ops->send(endpoint, &transfer);
	kfree(iov);
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
		if (copy_from_user(&item, &items[i], sizeof(item)))
			ret = -EFAULT;
		else if (item.flags & ~FASTIPC_SEND_IOV || item.reserved)
			ret = -EINVAL;
		else
			ret = send_one(endpoint, &item, more || i < n - 1,
				       limit);
		send->sent += !ret;
	}
	if (ret && send->sent && !more)
		endpoint->channel->ops->flush(endpoint);
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
	int ret = fastipc_transfer_get(&then->recv, sizeof(then->recv),
				       FASTIPC_RECV_SIZE_VER0, user);

	if (ret < 0)
		return ret;
	then->known = ret;
	return fastipc_transfer_probe(user, &then->recv, then->known);
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
	ret = receive(endpoint, &then->recv, limit);
	if (ret > 0 &&
	    copy_to_user(u64_to_user_ptr(send->then), &then->recv, then->known))
		return -EFAULT;
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
	const u32 thens = FASTIPC_SEND_THEN_RECV | FASTIPC_SEND_THEN_WAIT;
	struct fastipc_endpoint *endpoint = file->private_data;
	struct fastipc_send_item item = { send->data, send->len, send->tag,
					  send->flags & FASTIPC_SEND_IOV };
	struct fastipc_limit limit;
	struct then then;
	int ret;

	send->sent = 0;
	if (send->flags & thens) {
		ret = send_check_then(endpoint, send, &then);
		if (ret)
			return ret;
	}
	fastipc_limit_begin(&limit, file, send->timeout_ns);
	if (send->flags & FASTIPC_SEND_ARRAY) {
		ret = send_array(endpoint, send, &limit);
	} else {
		ret = send_one(endpoint, &item, send->flags & FASTIPC_SEND_MORE,
			       &limit);
		send->sent = !ret;
	}
	if (!(send->flags & thens))
		return send->sent ?: ret;
	if (!ret)
		ret = send_then(endpoint, send, &then, &limit);
	/* What was sent must not be sent again. */
	if (ret == -ERESTARTSYS && send->sent)
		ret = -EINTR;
	return ret;
}
