/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: pair_recv.h - messages that the kernel receives for an end of a pair
 *
 * Owns receiving one message into the caller's memory, and how that waits for a
 * message.
 *
 * Locks: none while a message is copied out.
 */
#ifndef FASTIPC_PAIR_RECV_H
#define FASTIPC_PAIR_RECV_H

#include "channel.h"

ssize_t pair_recv(struct fastipc_endpoint *endpoint,
		  struct fastipc_transfer *transfer);

#endif /* FASTIPC_PAIR_RECV_H */
