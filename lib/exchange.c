// SPDX-License-Identifier: MIT
/*
 * Sending a request and receiving what comes, in one system call.
 */
#include <string.h>

#include "recv.h"
#include "send.h"

/* Publish in a direct ring, and then wake and wait in one call. */
static int direct(struct fastipc *f, const void *req, size_t len, size_t *got,
		  struct fastipc_limit *limit)
{
	uint32_t wake = 0;
	int ret;

	ret = fastipc_space_(f, len, limit);
	if (ret)
		return ret;
	if (len)
		memcpy(fastipc_producer_payload(&f->tx), req, len);
	fastipc_producer_publish(&f->tx, len, 0, false);
	wake = fastipc_producer_sync(&f->tx);
	if (wake == FASTIPC_SYNC_CALM_RECV) {
		/* It does not sleep: so do not hurry to sleep either. */
		fastipc_wake_(f, wake);
		wake = 0;
	}
	return fastipc_wait_message_(f, wake, got, limit);
}

static int sealed(struct fastipc *f, const void *req, size_t len, size_t *got,
		  struct fastipc_limit *limit)
{
	int ret = fastipc_sealed_send_and_wait_(f, req, len, limit);

	return ret ? ret : fastipc_wait_message_(f, 0, got, limit);
}

ssize_t fastipc_exchange(struct fastipc *f, const void *req, size_t len,
			 void *rep, size_t cap, int timeout_ms)
{
	struct fastipc_limit limit = fastipc_limit_(0, timeout_ms);
	size_t got = 0;
	int ret;

	ret = fastipc_may_receive_(f, 0);
	if (!ret)
		ret = fastipc_may_send_(f, len, 0);
	if (ret)
		return ret;
	if (f->taken)
		return -EINVAL;
	if (fastipc_is_sealed_(f))
		ret = sealed(f, req, len, &got, &limit);
	else
		ret = direct(f, req, len, &got, &limit);
	return ret ? ret : fastipc_copy_out_(f, got, rep, cap);
}
