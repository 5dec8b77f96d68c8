/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: endpoint.h - an endpoint as a file
 *
 * Owns the file operations: opening, closing, poll, signals, fdinfo.  Holds no logic
 * of a kind's own, and no lock.
 */
#ifndef FASTIPC_ENDPOINT_H
#define FASTIPC_ENDPOINT_H

#include <linux/fs.h>

extern const struct file_operations fastipc_endpoint_fops;

#endif /* FASTIPC_ENDPOINT_H */
