// SPDX-License-Identifier: MIT
/*
 * Sending in a sealed pair.  See sealed.h.
 */
#include <stdlib.h>

#include "sealed.h"

#define ITEMS_MAX 32 /* of an array in one call */

/* FASTIPC_SEND: how many were sent, or -errno. */
static int call(struct fastipc *f, struct fastipc_send *send,
		struct fastipc_limit *limit)
{
	int ret;

	send->size = sizeof(*send);
	send->timeout_ns = fastipc_left_ns_(limit);
	ret = ioctl(f->fd, FASTIPC_SEND, send);
	if (ret >= 0)
		return ret;
	/* Time was up before the call, which then did not wait. */
	if (errno == EAGAIN && limit->ms && !send->timeout_ns)
		return -ETIMEDOUT;
	return -errno;
}

static uint32_t more_of(int flags)
{
	return flags & FASTIPC_MORE ? FASTIPC_SEND_MORE : 0;
}

/* One message: 0, or -errno. */
int fastipc_sealed_send_(struct fastipc *f, const void *buf, size_t len,
			 int flags, struct fastipc_limit *limit)
{
	struct fastipc_send send = {
		.flags = more_of(flags),
		.data = (uintptr_t)buf,
		.len = len,
	};
	int ret = call(f, &send, limit);

	return ret < 0 ? ret : 0;
}

/* One message, from its pieces: 0, or -errno. */
int fastipc_sealed_gather_(struct fastipc *f, const struct fastipc_out *out,
			   int flags, struct fastipc_limit *limit)
{
	struct fastipc_send send = {
		.flags = more_of(flags) | FASTIPC_SEND_IOV,
		.data = (uintptr_t)out->iov,
		.len = out->iovcnt,
		.tag = out->tag,
	};
	int ret = call(f, &send, limit);

	return ret < 0 ? ret : 0;
}

/* Several: how many were sent; or, if none was, -errno. */
int fastipc_sealed_sendv_(struct fastipc *f, const struct fastipc_out *out,
			  unsigned int n, int flags,
			  struct fastipc_limit *limit)
{
	struct fastipc_send_item item[ITEMS_MAX];
	unsigned int done = 0, i;
	struct fastipc_send send;
	int ret;

	do {
		for (i = 0; i < ITEMS_MAX && done + i < n; i++)
			item[i] = (struct fastipc_send_item){
				.data = (uintptr_t)out[done + i].iov,
				.len = out[done + i].iovcnt,
				.tag = out[done + i].tag,
				.flags = FASTIPC_SEND_IOV,
			};
		send = (struct fastipc_send){
			.flags = FASTIPC_SEND_ARRAY,
			.data = (uintptr_t)item,
			.len = i,
		};
		/* A longer batch goes on with the next call. */
		if (done + i < n)
			send.flags |= FASTIPC_SEND_MORE;
		else
			send.flags |= more_of(flags);
		ret = call(f, &send, limit);
		if (ret < 0)
			break;
		done += ret;
	} while ((unsigned int)ret == i && done < n);
	if (done < n && done && !(flags & FASTIPC_MORE))
		fastipc_sealed_flush_(f);
	return done ? (int)done : ret;
}

/* Send, and wait for a message to come: 0, or -errno. */
int fastipc_sealed_send_and_wait_(struct fastipc *f, const void *buf,
				  size_t len, struct fastipc_limit *limit)
{
	struct fastipc_send send = {
		.flags = FASTIPC_SEND_THEN_WAIT,
		.data = (uintptr_t)buf,
		.len = len,
	};

	return call(f, &send, limit);
}

int fastipc_sealed_flush_(struct fastipc *f)
{
	struct fastipc_send send = { .size = sizeof(send),
				     .flags = FASTIPC_SEND_ARRAY };

	return ioctl(f->fd, FASTIPC_SEND, &send) ? -errno : 0;
}

/* Memory to build a message in, or NULL. */
void *fastipc_sealed_staging_(struct fastipc *f, size_t bytes)
{
	if (bytes > f->staging_bytes || !f->staging) {
		free(f->staging);
		f->staging_bytes = bytes;
		f->staging = malloc(bytes ? bytes : 1);
	}
	return f->staging;
}
