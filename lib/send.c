// SPDX-License-Identifier: MIT
/*
 * Sending: through the ring of a direct pair, or by the kernel (sealed.h).
 */
#include <limits.h>
#include <string.h>

#include "fast.h"
#include "send.h"

/* Is this call lawful, whatever the peer does? */
int fastipc_may_send_(struct fastipc *f, size_t len, int flags)
{
	int ret = fastipc_ready_(f);

	if (ret)
		return ret;
	if (flags & ~(FASTIPC_NOWAIT | FASTIPC_MORE) || f->reserved >= 0)
		return -EINVAL;
	if (!(f->info.rights & FASTIPC_MAY_SEND))
		return -EBADF;
	return len > f->info.max_message ? -EMSGSIZE : 0;
}

/* Space in a direct ring for @len bytes at the producer's position, or why not. */
int fastipc_space_(struct fastipc *f, size_t len, struct fastipc_limit *limit)
{
	if (!fastipc_ended(&f->tx.own->send) &&
	    fastipc_producer_fits(&f->tx, len) > 0)
		return 0;
	/* Whoever makes space must see what there is. */
	fastipc_flush(f);
	return fastipc_wait_space_(f, len, limit);
}

static inline void publish(struct fastipc *f, size_t len, uint64_t tag,
			   bool more)
{
	fastipc_producer_publish(&f->tx, len, tag, more);
	if (!more)
		fastipc_tell_receiver_(f);
}

int fastipc_send_timed(struct fastipc *f, const void *buf, size_t len,
		       int flags, int timeout_ms)
{
	struct fastipc_limit limit = fastipc_limit_(flags, timeout_ms);
	int ret = fastipc_may_send_(f, len, flags);

	if (ret)
		return ret;
	if (fastipc_is_sealed_(f))
		return fastipc_sealed_send_(f, buf, len, flags, &limit);
	ret = fastipc_space_(f, len, &limit);
	if (ret)
		return ret;
	fastipc_copy_(fastipc_producer_payload(&f->tx), buf, len);
	publish(f, len, 0, flags & FASTIPC_MORE);
	return 0;
}

int fastipc_send(struct fastipc *f, const void *buf, size_t len, int flags)
{
	if (!FASTIPC_LIKELY(!flags && fastipc_can_put_(f, len)))
		return fastipc_send_timed(f, buf, len, flags, -1);
	fastipc_copy_(fastipc_producer_payload(&f->tx), buf, len);
	publish(f, len, 0, false);
	return 0;
}

/* The bytes of a message in pieces, or -errno. */
static ssize_t length_of(const struct fastipc_out *out)
{
	size_t len = 0;
	int i;

	if (!out || out->iovcnt < 0)
		return -EINVAL;
	for (i = 0; i < out->iovcnt; i++)
		if (__builtin_add_overflow(len, out->iov[i].iov_len, &len))
			return -EMSGSIZE;
	return len > SSIZE_MAX ? -EMSGSIZE : (ssize_t)len;
}

/* One message of a direct pair, from its pieces. */
static int gather(struct fastipc *f, const struct fastipc_out *out, size_t len,
		  bool more, struct fastipc_limit *limit)
{
	int ret = fastipc_space_(f, len, limit);
	char *to;
	int i;

	if (ret)
		return ret;
	to = fastipc_producer_payload(&f->tx);
	for (i = 0; i < out->iovcnt; i++) {
		if (!out->iov[i].iov_len)
			continue;
		memcpy(to, out->iov[i].iov_base, out->iov[i].iov_len);
		to += out->iov[i].iov_len;
	}
	publish(f, len, out->tag, more);
	return 0;
}

int fastipc_sendmsg(struct fastipc *f, const struct fastipc_out *out, int flags)
{
	struct fastipc_limit limit = fastipc_limit_(flags, -1);
	ssize_t len = length_of(out);
	int ret;

	if (len < 0)
		return len;
	ret = fastipc_may_send_(f, len, flags);
	if (ret)
		return ret;
	if (fastipc_is_sealed_(f))
		return fastipc_sealed_gather_(f, out, flags, &limit);
	return gather(f, out, len, flags & FASTIPC_MORE, &limit);
}

int fastipc_sendv(struct fastipc *f, const struct fastipc_out *out,
		  unsigned int n, int flags)
{
	struct fastipc_limit limit = fastipc_limit_(flags, -1);
	bool more = flags & FASTIPC_MORE;
	int ret = fastipc_may_send_(f, 0, flags);
	unsigned int i;
	ssize_t len;

	if (ret)
		return ret;
	if (!n || n > INT32_MAX)
		return -EINVAL;
	if (fastipc_is_sealed_(f))
		return fastipc_sealed_sendv_(f, out, n, flags, &limit);
	for (i = 0; i < n; i++) {
		len = length_of(&out[i]);
		ret = len < 0 ? len : fastipc_may_send_(f, len, flags);
		if (!ret)
			ret = gather(f, &out[i], len, more || i < n - 1,
				     &limit);
		if (ret)
			break;
	}
	if (ret && i && !more)
		fastipc_flush(f);
	return i ? (int)i : ret;
}

int fastipc_flush(struct fastipc *f)
{
	int ret = fastipc_ready_(f);

	if (ret)
		return ret;
	if (!(f->info.rights & FASTIPC_MAY_SEND))
		return -EBADF;
	if (fastipc_is_sealed_(f))
		return fastipc_sealed_flush_(f);
	if (fastipc_producer_flush(&f->tx))
		fastipc_tell_receiver_(f);
	return 0;
}

int fastipc_drain(struct fastipc *f, int timeout_ms)
{
	struct fastipc_limit limit = fastipc_limit_(0, timeout_ms);
	int ret = fastipc_flush(f);

	return ret ? ret : fastipc_wait_drained_(f, &limit);
}

/* In place --------------------------------------------------------------- */

int fastipc_reserve(struct fastipc *f, size_t max, void **payload, int flags)
{
	struct fastipc_limit limit;
	int ret;

	if (FASTIPC_LIKELY(!flags && fastipc_can_put_(f, max))) {
		*payload = fastipc_producer_payload(&f->tx);
		fastipc_reserved_(f, max);
		return 0;
	}
	limit = fastipc_limit_(flags, -1);
	ret = fastipc_may_send_(f, max, flags);
	if (ret)
		return ret;
	if (flags & FASTIPC_MORE)
		return -EINVAL;
	if (fastipc_is_sealed_(f)) {
		*payload = fastipc_sealed_staging_(f, max);
		if (!*payload)
			return -ENOMEM;
	} else {
		ret = fastipc_space_(f, max, &limit);
		if (ret)
			return ret;
		*payload = fastipc_producer_payload(&f->tx);
	}
	fastipc_reserved_(f, max);
	return 0;
}

int fastipc_commit(struct fastipc *f, size_t used, int flags)
{
	struct fastipc_limit limit;
	int ret = fastipc_ready_(f);

	if (ret)
		return ret;
	if (flags & ~(FASTIPC_NOWAIT | FASTIPC_MORE) || f->reserved < 0)
		return -EINVAL;
	limit = fastipc_limit_(flags, -1);
	if (used > (size_t)f->reserved)
		return -EMSGSIZE;
	if (fastipc_is_sealed_(f)) {
		ret = fastipc_sealed_send_(f, f->staging, used, flags, &limit);
		if (ret)
			return ret;
	} else {
		/* The space is there; but the end may have come meanwhile. */
		ret = fastipc_space_(f, used, &limit);
		if (ret)
			return ret;
		publish(f, used, 0, flags & FASTIPC_MORE);
	}
	fastipc_reserved_(f, -1);
	return 0;
}

void fastipc_discard(struct fastipc *f)
{
	if (f && !fastipc_ready_(f))
		fastipc_reserved_(f, -1);
}
