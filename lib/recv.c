// SPDX-License-Identifier: MIT
/*
 * Receiving: from the mapped ring of the peer, direct or sealed.
 */
#include <string.h>

#include "recv.h"

enum { PRIVATE_BEGIN, PRIVATE_END }; /* positions, in fastipc_msg.private_ */

static void release(struct fastipc *f, uint64_t position)
{
	uint32_t flags;

	fastipc_consumer_release(&f->rx, position);
	flags = fastipc_consumer_sync(&f->rx);
	if (__builtin_expect(flags, 0))
		fastipc_wake_(f, flags);
}

/* Is this call lawful, whatever the peer does? */
int fastipc_may_receive_(struct fastipc *f, int flags)
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

/* Copying ---------------------------------------------------------------- */

/* The message that was found: its length, or -EMSGSIZE. */
ssize_t fastipc_copy_out_(struct fastipc *f, size_t len, void *buf, size_t cap)
{
	const struct fastipc_record *record;

	if (len > cap)
		return -EMSGSIZE;
	record = fastipc_consumer_take(&f->rx, len);
	if (len)
		memcpy(buf, fastipc_record_payload(&f->rx, record), len);
	release(f, f->rx.position);
	return len;
}

ssize_t fastipc_recv_timed(struct fastipc *f, void *buf, size_t cap, int flags,
			   int timeout_ms)
{
	struct fastipc_limit limit = fastipc_limit_(flags, timeout_ms);
	int ret = fastipc_may_receive_(f, flags);
	size_t len = 0;

	if (ret)
		return ret;
	if (f->taken)
		return -EINVAL;
	ret = message_at(f, &len, &limit);
	if (ret)
		return ret;
	return fastipc_copy_out_(f, len, buf, cap);
}

ssize_t fastipc_recv(struct fastipc *f, void *buf, size_t cap, int flags)
{
	return fastipc_recv_timed(f, buf, cap, flags, -1);
}

/* In place --------------------------------------------------------------- */

/* Hand out the message that was found. */
static void expose(struct fastipc *f, size_t len, struct fastipc_msg *msg)
{
	const struct fastipc_record *record;
	const struct fastipc_stamp *stamp;

	memset(msg, 0, sizeof(*msg));
	msg->private_[PRIVATE_BEGIN] = f->rx.position;
	record = fastipc_consumer_take(&f->rx, len);
	msg->private_[PRIVATE_END] = f->rx.position;
	msg->data = fastipc_record_payload(&f->rx, record);
	msg->len = len;
	msg->tag = fastipc_record_tag(record);
	stamp = fastipc_record_stamp(&f->rx, record);
	if (stamp) {
		msg->seq = stamp->seq;
		msg->endpoint = stamp->endpoint;
		msg->time_ns = stamp->time_ns;
		msg->pid = stamp->pid;
		msg->uid = stamp->uid;
		msg->gid = stamp->gid;
		msg->priority = stamp->priority;
		if (f->info.flags & FASTIPC_FOREIGN) {
			/* Numbers of other namespaces mean nobody here. */
			msg->pid = 0;
			msg->uid = -1;
			msg->gid = -1;
		}
	} else {
		msg->flags = FASTIPC_MUTABLE;
	}
	f->taken++;
}

int fastipc_take_timed(struct fastipc *f, struct fastipc_msg *msg, int flags,
		       int timeout_ms)
{
	struct fastipc_limit limit = fastipc_limit_(flags, timeout_ms);
	int ret = fastipc_may_receive_(f, flags);
	size_t len = 0;

	if (ret)
		return ret;
	if (f->taken >= f->takes)
		return -EINVAL;
	ret = message_at(f, &len, &limit);
	if (ret)
		return ret;
	expose(f, len, msg);
	return 0;
}

int fastipc_take(struct fastipc *f, struct fastipc_msg *msg, int flags)
{
	return fastipc_take_timed(f, msg, flags, -1);
}

int fastipc_takev(struct fastipc *f, struct fastipc_msg *msg, unsigned int n,
		  int flags)
{
	unsigned int i = 1;
	size_t len = 0;
	int ret;

	if (!n)
		return -EINVAL;
	ret = fastipc_take_timed(f, msg, flags, -1);
	if (ret)
		return ret;
	/* What is wrong with the ring, the next call says. */
	while (i < n && f->taken < f->takes &&
	       fastipc_consumer_look(&f->rx, &len) > 0)
		expose(f, len, &msg[i++]);
	return i;
}

int fastipc_donev(struct fastipc *f, struct fastipc_msg *msg, unsigned int n,
		  int flags)
{
	int ret = fastipc_ready_(f);
	uint64_t position;
	unsigned int i;

	if (ret)
		return ret;
	if (flags || !n || n > f->taken)
		return -EINVAL;
	position = f->rx.released;
	for (i = 0; i < n; i++) {
		if (msg[i].private_[PRIVATE_BEGIN] != position)
			return -EINVAL;
		position = msg[i].private_[PRIVATE_END];
	}
	f->taken -= n;
	release(f, position);
	return n;
}

int fastipc_done(struct fastipc *f, struct fastipc_msg *msg)
{
	int ret = fastipc_donev(f, msg, 1, 0);

	return ret < 0 ? ret : 0;
}
