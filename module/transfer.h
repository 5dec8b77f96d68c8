/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: transfer.h - FASTIPC_SEND and FASTIPC_RECV
 *
 * Owns what is between a call and the single messages that a kind moves: the
 * caller's memory, arrays, time limits, and going on from one to the other.
 * Knows no kind, and holds no lock.
 */
#ifndef FASTIPC_TRANSFER_H
#define FASTIPC_TRANSFER_H

#include <linux/fastipc.h>
#include <linux/fs.h>

int fastipc_transfer_send(struct file *file, struct fastipc_send *send);
int fastipc_transfer_recv(struct file *file, struct fastipc_recv *recv);

#endif /* FASTIPC_TRANSFER_H */
