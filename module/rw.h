/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: rw.h - read(2) and write(2) of an endpoint
 *
 * Owns what of messages a program sees that knows only bytes.  Knows no kind, and
 * holds no lock.
 */
#ifndef FASTIPC_RW_H
#define FASTIPC_RW_H

#include <linux/fs.h>

ssize_t fastipc_rw_read(struct kiocb *iocb, struct iov_iter *to);
ssize_t fastipc_rw_write(struct kiocb *iocb, struct iov_iter *from);

#endif /* FASTIPC_RW_H */
