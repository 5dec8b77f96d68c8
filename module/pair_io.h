/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: pair_io.h - messages that the kernel moves for an end of a pair
 *
 * Owns sending and receiving one message from and to the caller's memory, and
 * how that waits: for space, for a message, for memory.
 *
 * Locks: ring->producer while a message is copied in, which waits for nothing;
 * none while one is copied out, or while memory is waited for.
 */
#ifndef FASTIPC_PAIR_IO_H
#define FASTIPC_PAIR_IO_H

#include "pair_wait.h"

int pair_inherit(struct fastipc_endpoint *endpoint);
ssize_t pair_send(struct fastipc_endpoint *endpoint,
		  struct fastipc_transfer *transfer);
ssize_t pair_recv(struct fastipc_endpoint *endpoint,
		  struct fastipc_transfer *transfer);
int pair_flush(struct fastipc_endpoint *endpoint);
void pair_flush_last(struct fastipc_endpoint *endpoint);

#endif /* FASTIPC_PAIR_IO_H */
