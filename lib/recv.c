// SPDX-License-Identifier: MIT
/*
 * Receiving: from the mapped ring of the peer, direct or sealed.
 */
#include <string.h>

#include "fast.h"
#include "recv.h"

enum { PRIVATE_BEGIN, PRIVATE_END }; /* positions, in fastipc_msg.private_ */

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

/* Copying ---------------------------------------------------------------- */

/* The message that was found: its length, or -EMSGSIZE. */
static ssize_t copy_out(struct fastipc *f, size_t len, void *buf, size_t cap)
{
	if (len > cap)
		return -EMSGSIZE;
	fastipc_get_(f, buf, len);
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
	ret = fastipc_wait_message_(f, 0, &len, &limit);
	if (ret)
		return ret;
	return copy_out(f, len, buf, cap);
}

ssize_t fastipc_recv(struct fastipc *f, void *buf, size_t cap, int flags)
{
	size_t len;

	if (FASTIPC_LIKELY(!flags && fastipc_can_get_(f, &len) && !f->taken &&
			   len <= cap)) {
		fastipc_get_(f, buf, len);
		return len;
	}
	return fastipc_recv_timed(f, buf, cap, flags, -1);
}

/* In place --------------------------------------------------------------- */

/* Hand out the message that was found. */
static void expose(struct fastipc *f, size_t len, struct fastipc_msg *msg)
{
	uint64_t begin = f->rx.position;
	const struct fastipc_record *record =
		fastipc_consumer_take(&f->rx, len);
	const struct fastipc_stamp *stamp =
		fastipc_record_stamp(&f->rx, record);

	msg->data = fastipc_record_payload(&f->rx, record);
	msg->len = len;
	msg->tag = fastipc_record_tag(record);
	msg->private_[PRIVATE_BEGIN] = begin;
	msg->private_[PRIVATE_END] = f->rx.position;
	msg->flags = 0;
	msg->reserved = 0;
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
		msg->seq = 0;
		msg->endpoint = 0;
		msg->time_ns = 0;
		msg->pid = 0;
		msg->uid = 0;
		msg->gid = 0;
		msg->priority = 0;
		msg->flags = FASTIPC_MUTABLE;
	}
	if (begin < f->rx.seen)
		msg->flags |= FASTIPC_MAYBE_SEEN;
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
	ret = fastipc_wait_message_(f, 0, &len, &limit);
	if (ret)
		return ret;
	expose(f, len, msg);
	return 0;
}

int fastipc_take(struct fastipc *f, struct fastipc_msg *msg, int flags)
{
	size_t len;

	if (FASTIPC_LIKELY(!flags && fastipc_can_get_(f, &len) &&
			   f->taken < f->takes)) {
		expose(f, len, msg);
		return 0;
	}
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
	fastipc_give_back_(f, position);
	return n;
}

int fastipc_done(struct fastipc *f, struct fastipc_msg *msg)
{
	int ret;

	if (FASTIPC_LIKELY(fastipc_is_ready_(f) && f->taken &&
			   msg->private_[PRIVATE_BEGIN] == f->rx.released)) {
		f->taken--;
		fastipc_give_back_(f, msg->private_[PRIVATE_END]);
		return 0;
	}
	ret = fastipc_donev(f, msg, 1, 0);
	return ret < 0 ? ret : 0;
}
