/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: command.h - the ioctls of an endpoint
 *
 * Owns their table: copies arguments in, checks sizes, flags and reserved fields,
 * calls the kind, copies results out.  Holds no logic of a kind's own, and no lock
 * but channel->lock, which serialises SETUP, PEER and ATTACH; never copies to or
 * from user memory under it.
 */
#ifndef FASTIPC_COMMAND_H
#define FASTIPC_COMMAND_H

#include <linux/fs.h>

int fastipc_command_submitted(struct file *file, unsigned int number,
			      void __user *user);
long fastipc_command(struct file *file, unsigned int number,
		     unsigned long address);

#endif /* FASTIPC_COMMAND_H */
