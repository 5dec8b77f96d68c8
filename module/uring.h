/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: uring.h - commands that io_uring submits
 *
 * Owns what of io_uring's ways differs from an ioctl's.  Keeps nothing and holds no
 * lock: a command is done when this returns.  Reading, writing and polling by io_uring
 * are rw.c's and poll's.
 */
#ifndef FASTIPC_URING_H
#define FASTIPC_URING_H

struct io_uring_cmd;

int fastipc_uring_command(struct io_uring_cmd *cmd, unsigned int flags);

#endif /* FASTIPC_URING_H */
