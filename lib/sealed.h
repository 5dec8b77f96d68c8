/* SPDX-License-Identifier: MIT */
/*
 * Sending in a sealed pair: the kernel copies, so each of these is a system call.
 */
#ifndef FASTIPC_LIB_SEALED_H
#define FASTIPC_LIB_SEALED_H

#include "wait.h"

int fastipc_sealed_send_(struct fastipc *f, const void *buf, size_t len,
			 int flags, struct fastipc_limit *limit);
int fastipc_sealed_gather_(struct fastipc *f, const struct fastipc_out *out,
			   int flags, struct fastipc_limit *limit);
int fastipc_sealed_sendv_(struct fastipc *f, const struct fastipc_out *out,
			  unsigned int n, int flags,
			  struct fastipc_limit *limit);
int fastipc_sealed_send_and_wait_(struct fastipc *f, const void *buf,
				  size_t len, struct fastipc_limit *limit);
int fastipc_sealed_flush_(struct fastipc *f);
void *fastipc_sealed_staging_(struct fastipc *f, size_t bytes);

#endif /* FASTIPC_LIB_SEALED_H */
