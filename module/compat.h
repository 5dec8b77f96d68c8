/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: compat.h - the only file that names a kernel version
 *
 * Everything else is written as for the newest kernel.  What an older one lacks
 * is made up for here, under the name the newest uses.
 */
#ifndef FASTIPC_COMPAT_H
#define FASTIPC_COMPAT_H

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#include <linux/io_uring.h>
#include <linux/io_uring_types.h>
#else
#include <linux/io_uring/cmd.h>
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_mod(struct vm_area_struct *vma, vm_flags_t set,
				vm_flags_t clear)
{
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
}
#endif

/* What an inode operation is told of the mount's ids. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define mnt_idmap user_namespace
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
static inline struct timespec64 simple_inode_init_ts(struct inode *inode)
{
	inode->i_ctime = current_time(inode);
	inode->i_mtime = inode->i_ctime;
	inode->i_atime = inode->i_ctime;
	return inode->i_ctime;
}
#endif

/* A directory's contents change. */
static inline void fastipc_touch(struct inode *dir)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
	dir->i_ctime = current_time(dir);
	dir->i_mtime = dir->i_ctime;
#else
	inode_set_mtime_to_ts(dir, inode_set_ctime_current(dir));
#endif
}

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
static inline int import_ubuf(int direction, void __user *buf, size_t len,
			      struct iov_iter *iter)
{
	len = min_t(size_t, len, MAX_RW_COUNT);
	if (!access_ok(buf, len))
		return -EFAULT;
	iov_iter_ubuf(iter, direction, buf, len);
	return 0;
}
#endif

/*
 * The 16 bytes of a submission that are the command's own; user space may write there.
 * Later kernels read a command that is linked behind another one when that is done, and
 * where it was: if it is another submission's place by then, as far as one can tell, NULL.
 */
static inline const void *fastipc_uring_payload(struct io_uring_cmd *cmd)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
	return cmd->cmd;
#else
	const struct io_uring_sqe *sqe = cmd->sqe;

	if (READ_ONCE(sqe->opcode) != IORING_OP_URING_CMD ||
	    READ_ONCE(sqe->cmd_op) != cmd->cmd_op ||
	    READ_ONCE(sqe->user_data) != cmd_to_io_kiocb(cmd)->cqe.user_data)
		return NULL;
	return sqe->cmd;
#endif
}

#ifndef CONFIG_SMP
static inline bool owner_on_cpu(struct task_struct *task)
{
	return false; /* on another processor */
}
#endif

/*
 * Flags for default_wake_function(): who wakes is about to sleep, so whoever is woken
 * runs best where that one does.  That has no public name; newer kernels are told
 * less until they have been tried.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0) && \
	LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define FASTIPC_WAKE_HERE 0x40 /* WF_CURRENT_CPU */
#else
#define FASTIPC_WAKE_HERE 0x10 /* WF_SYNC */
#endif

#endif /* FASTIPC_COMPAT_H */
