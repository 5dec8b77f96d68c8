/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: endpoint.h - an endpoint as a file
 *
 * Owns the file operations and the table of ioctls: copies arguments in, checks
 * sizes, flags and reserved fields, calls the kind, copies results out.  Holds
 * no logic of a kind's own, and no lock but channel->lock, which serialises SETUP,
 * PEER and ATTACH; never copies to or from user memory under it.
 */
#ifndef FASTIPC_ENDPOINT_H
#define FASTIPC_ENDPOINT_H

#include <linux/fs.h>

extern const struct file_operations fastipc_endpoint_fops;

#endif /* FASTIPC_ENDPOINT_H */
