// SPDX-License-Identifier: MIT
/*
 * Sending a request and receiving what comes, in one system call.
 */
#include "fast.h"
#include "recv.h"
#include "send.h"

/* Whom to wake for the request that was published. */
static inline uint32_t to_wake(struct fastipc *f)
{
	uint32_t wake = fastipc_producer_sync(&f->tx);

	if (__builtin_expect(wake == FASTIPC_SYNC_CALM_RECV, 0)) {
		/* It does not sleep: so do not hurry to sleep either. */
		fastipc_wake_(f, wake);
		wake = 0;
	}
	return wake;
}

/* Publish in a direct ring, and then wake and wait in one call. */
static int direct(struct fastipc *f, const void *req, size_t len, size_t *got,
		  struct fastipc_limit *limit)
{
	int ret = fastipc_space_(f, len, limit);

	if (ret)
		return ret;
	fastipc_copy_(fastipc_producer_payload(&f->tx), req, len);
	fastipc_producer_publish(&f->tx, len, 0, false);
	return fastipc_wait_message_(f, to_wake(f), got, limit);
}

static int sealed(struct fastipc *f, const void *req, size_t len, size_t *got,
		  struct fastipc_limit *limit)
{
	int ret = fastipc_spins_(f) ?
			  fastipc_sealed_send_(f, req, len, 0, limit) :
			  fastipc_sealed_send_and_wait_(f, req, len, limit);

	return ret ? ret : fastipc_wait_message_(f, 0, got, limit);
}

/* The same in any case, or why not. */
static int exchange(struct fastipc *f, const void *req, size_t len, size_t *got,
		    int timeout_ms)
{
	struct fastipc_limit limit = fastipc_limit_(0, timeout_ms);
	int ret;

	ret = fastipc_may_receive_(f, 0);
	if (!ret)
		ret = fastipc_may_send_(f, len, 0);
	if (ret)
		return ret;
	if (f->taken)
		return -EINVAL;
	if (fastipc_is_sealed_(f))
		return sealed(f, req, len, got, &limit);
	return direct(f, req, len, got, &limit);
}

ssize_t fastipc_exchange(struct fastipc *f, const void *req, size_t len,
			 void *rep, size_t cap, int timeout_ms)
{
	struct fastipc_limit limit;
	uint32_t wake;
	size_t got;
	int ret;

	if (FASTIPC_LIKELY(fastipc_can_put_(f, len) && f->rx.data &&
			   !f->taken)) {
		fastipc_copy_(fastipc_producer_payload(&f->tx), req, len);
		fastipc_producer_publish(&f->tx, len, 0, false);
		wake = to_wake(f);
		limit = fastipc_limit_(0, timeout_ms);
		ret = fastipc_wait_message_(f, wake, &got, &limit);
	} else {
		ret = exchange(f, req, len, &got, timeout_ms);
	}
	if (ret)
		return ret;
	if (got > cap)
		return -EMSGSIZE;
	fastipc_get_(f, rep, got);
	return got;
}
