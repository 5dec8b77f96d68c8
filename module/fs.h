/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: fs.h - fastipcfs, where channels have names
 *
 * Owns the filesystem type, its mounts and their inodes: one directory, in which each
 * name is a channel.  Who may see, open, rename and remove a name, the VFS decides.  The
 * inode is that of a FIFO, so that tools which only look leave it alone.
 *
 * Locks: none of its own; the VFS holds the directory's.
 */
#ifndef FASTIPC_FS_H
#define FASTIPC_FS_H

int fastipc_fs_register(void);
void fastipc_fs_unregister(void);

#endif /* FASTIPC_FS_H */
