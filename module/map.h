/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: map.h - maps of an endpoint
 *
 * Owns what mmap(2) does to an endpoint, how its maps come and go, and the file
 * behind MAP.  What a map shows, the kind says.
 *
 * Locks: none of its own; mmap(2) and munmap(2) hold mmap_lock.
 */
#ifndef FASTIPC_MAP_H
#define FASTIPC_MAP_H

#include <linux/fs.h>

int fastipc_map_mmap(struct file *file, struct vm_area_struct *vma);
int fastipc_map_open(struct file *file);

#endif /* FASTIPC_MAP_H */
