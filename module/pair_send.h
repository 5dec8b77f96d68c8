/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: pair_send.h - messages that the kernel sends for an end of a pair
 *
 * Owns sending one message from the caller's memory, and how that waits: for space,
 * for memory.
 *
 * Locks: ring->producer while a message is copied in, which waits for nothing; none
 * while memory is waited for.
 */
#ifndef FASTIPC_PAIR_SEND_H
#define FASTIPC_PAIR_SEND_H

#include "channel.h"

ssize_t pair_send(struct fastipc_endpoint *endpoint,
		  struct fastipc_transfer *transfer);
int pair_flush(struct fastipc_endpoint *endpoint);
void pair_flush_last(struct fastipc_endpoint *endpoint);

#endif /* FASTIPC_PAIR_SEND_H */
