// SPDX-License-Identifier: MIT
/*
 * Sending and receiving.
 */
#include <string.h>

#include "wait.h"

enum { PRIVATE_BEGIN, PRIVATE_END }; /* positions, in fastipc_msg.private_ */

static struct fastipc_limit limit_of(int flags, int timeout_ms)
{
	struct fastipc_limit limit = {
		.ms = flags & FASTIPC_NOWAIT ? 0 : timeout_ms,
	};

	return limit;
}

/* Sending ---------------------------------------------------------------- */

/* Space for @len bytes at the producer's position, or why not. */
static int space_for(struct fastipc *f, size_t len, int flags,
		     struct fastipc_limit *limit)
{
	int ret = fastipc_ready_(f);

	if (ret)
		return ret;
	if (flags & ~FASTIPC_NOWAIT || f->reserved >= 0)
		return -EINVAL;
	if (!f->tx.data)
		return -EBADF;
	if (len > f->tx.max_message)
		return -EMSGSIZE;
	if (!fastipc_ended(&f->tx.own->send) &&
	    fastipc_producer_fits(&f->tx, len) > 0)
		return 0;
	return fastipc_wait_space_(f, len, limit);
}

static void publish(struct fastipc *f, size_t len, uint64_t tag)
{
	fastipc_producer_publish(&f->tx, len, tag);
	if (fastipc_producer_must_wake(&f->tx))
		fastipc_wake_(f, FASTIPC_SYNC_WAKE_RECV);
}

int fastipc_send_timed(struct fastipc *f, const void *buf, size_t len,
		       int flags, int timeout_ms)
{
	struct fastipc_limit limit = limit_of(flags, timeout_ms);
	int ret = space_for(f, len, flags, &limit);

	if (ret)
		return ret;
	if (len)
		memcpy(fastipc_producer_payload(&f->tx), buf, len);
	publish(f, len, 0);
	return 0;
}

int fastipc_send(struct fastipc *f, const void *buf, size_t len, int flags)
{
	return fastipc_send_timed(f, buf, len, flags, -1);
}

int fastipc_sendmsg(struct fastipc *f, const struct fastipc_out *out, int flags)
{
	struct fastipc_limit limit = limit_of(flags, -1);
	size_t len = 0;
	char *to;
	int ret, i;

	if (!out || out->iovcnt < 0)
		return -EINVAL;
	for (i = 0; i < out->iovcnt; i++)
		if (__builtin_add_overflow(len, out->iov[i].iov_len, &len))
			return -EMSGSIZE;
	ret = space_for(f, len, flags, &limit);
	if (ret)
		return ret;
	to = fastipc_producer_payload(&f->tx);
	for (i = 0; i < out->iovcnt; i++) {
		if (!out->iov[i].iov_len)
			continue;
		memcpy(to, out->iov[i].iov_base, out->iov[i].iov_len);
		to += out->iov[i].iov_len;
	}
	publish(f, len, out->tag);
	return 0;
}

int fastipc_reserve(struct fastipc *f, size_t max, void **payload, int flags)
{
	struct fastipc_limit limit = limit_of(flags, -1);
	int ret = space_for(f, max, flags, &limit);

	if (ret)
		return ret;
	f->reserved = max;
	*payload = fastipc_producer_payload(&f->tx);
	return 0;
}

int fastipc_commit(struct fastipc *f, size_t used, int flags)
{
	int ret = fastipc_ready_(f);

	if (ret)
		return ret;
	if (flags || f->reserved < 0)
		return -EINVAL;
	if (used > (size_t)f->reserved)
		return -EMSGSIZE;
	f->reserved = -1;
	publish(f, used, 0);
	return 0;
}

void fastipc_discard(struct fastipc *f)
{
	if (f && !fastipc_ready_(f))
		f->reserved = -1;
}

/* Receiving -------------------------------------------------------------- */

static void release(struct fastipc *f, uint64_t position)
{
	fastipc_consumer_release(&f->rx, position);
	if (fastipc_consumer_must_wake(&f->rx))
		fastipc_wake_(f, FASTIPC_SYNC_WAKE_SEND);
}

static int may_receive(struct fastipc *f, int flags)
{
	int ret = fastipc_ready_(f);

	if (ret)
		return ret;
	if (flags & ~FASTIPC_NOWAIT)
		return -EINVAL;
	return f->rx.data ? 0 : -EBADF;
}

/* The length of the message at the consumer's position, once it is there. */
static int message_at(struct fastipc *f, size_t *len,
		      struct fastipc_limit *limit)
{
	if (fastipc_consumer_look(&f->rx, len) > 0)
		return 0;
	return fastipc_wait_message_(f, 0, len, limit);
}

static ssize_t copy_out(struct fastipc *f, size_t len, void *buf, size_t cap)
{
	const void *payload;

	if (len > cap)
		return -EMSGSIZE;
	payload = fastipc_consumer_take(&f->rx, len, NULL);
	if (len)
		memcpy(buf, payload, len);
	release(f, f->rx.position);
	return len;
}

ssize_t fastipc_recv_timed(struct fastipc *f, void *buf, size_t cap, int flags,
			   int timeout_ms)
{
	struct fastipc_limit limit = limit_of(flags, timeout_ms);
	int ret = may_receive(f, flags);
	size_t len = 0;

	if (ret)
		return ret;
	if (f->taken)
		return -EINVAL;
	ret = message_at(f, &len, &limit);
	if (ret)
		return ret;
	return copy_out(f, len, buf, cap);
}

ssize_t fastipc_recv(struct fastipc *f, void *buf, size_t cap, int flags)
{
	return fastipc_recv_timed(f, buf, cap, flags, -1);
}

int fastipc_take_timed(struct fastipc *f, struct fastipc_msg *msg, int flags,
		       int timeout_ms)
{
	struct fastipc_limit limit = limit_of(flags, timeout_ms);
	int ret = may_receive(f, flags);
	size_t len = 0;

	if (ret)
		return ret;
	if (f->taken >= f->takes)
		return -EINVAL;
	ret = message_at(f, &len, &limit);
	if (ret)
		return ret;
	msg->private_[PRIVATE_BEGIN] = f->rx.position;
	msg->data = fastipc_consumer_take(&f->rx, len, &msg->tag);
	msg->private_[PRIVATE_END] = f->rx.position;
	msg->len = len;
	msg->flags = FASTIPC_MUTABLE;
	f->taken++;
	return 0;
}

int fastipc_take(struct fastipc *f, struct fastipc_msg *msg, int flags)
{
	return fastipc_take_timed(f, msg, flags, -1);
}

int fastipc_done(struct fastipc *f, struct fastipc_msg *msg)
{
	int ret = fastipc_ready_(f);

	if (ret)
		return ret;
	if (!f->taken || msg->private_[PRIVATE_BEGIN] != f->rx.released)
		return -EINVAL;
	f->taken--;
	release(f, msg->private_[PRIVATE_END]);
	return 0;
}

/* Both ------------------------------------------------------------------- */

ssize_t fastipc_exchange(struct fastipc *f, const void *req, size_t len,
			 void *rep, size_t cap, int timeout_ms)
{
	struct fastipc_limit limit = limit_of(0, timeout_ms);
	uint32_t wake = 0;
	size_t got = 0;
	int ret;

	ret = may_receive(f, 0);
	if (ret)
		return ret;
	if (f->taken)
		return -EINVAL;
	ret = space_for(f, len, 0, &limit);
	if (ret)
		return ret;
	if (len)
		memcpy(fastipc_producer_payload(&f->tx), req, len);
	fastipc_producer_publish(&f->tx, len, 0);
	if (fastipc_producer_must_wake(&f->tx))
		wake = FASTIPC_SYNC_WAKE_RECV;
	ret = fastipc_wait_message_(f, wake, &got, &limit);
	if (ret)
		return ret;
	return copy_out(f, got, rep, cap);
}
