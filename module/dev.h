/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: dev.h - /dev/fastipc
 *
 * Owns the character device, whose every open(2) begins a new anonymous
 * channel.  No locks, no state.
 */
#ifndef FASTIPC_DEV_H
#define FASTIPC_DEV_H

int fastipc_dev_register(void);
void fastipc_dev_unregister(void);

#endif /* FASTIPC_DEV_H */
