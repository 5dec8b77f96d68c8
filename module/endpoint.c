// SPDX-License-Identifier: GPL-2.0-only
/*
 * An endpoint as a file.  See endpoint.h.
 */
#include <linux/anon_inodes.h>
#include <linux/build_bug.h>
#include <linux/compat.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "endpoint.h"
#include "pair.h"

/* The ABI: sizes when first published, and the places of shared words. */
static_assert(sizeof(struct fastipc_setup) == FASTIPC_SETUP_SIZE_VER0);
static_assert(sizeof(struct fastipc_attach) == FASTIPC_ATTACH_SIZE_VER0);
static_assert(sizeof(struct fastipc_peer) == FASTIPC_PEER_SIZE_VER0);
static_assert(sizeof(struct fastipc_info) == FASTIPC_INFO_SIZE_VER0);
static_assert(sizeof(struct fastipc_map) == FASTIPC_MAP_SIZE_VER0);
static_assert(sizeof(struct fastipc_sync) == FASTIPC_SYNC_SIZE_VER0);
static_assert(sizeof(struct fastipc_stat) == FASTIPC_STAT_SIZE_VER0);
static_assert(sizeof(struct fastipc_shutdown) == FASTIPC_SHUTDOWN_SIZE_VER0);
static_assert(sizeof(struct fastipc_record) == 16);
static_assert(sizeof(struct fastipc_waitline) == 128);
static_assert(offsetof(struct fastipc_waitline, ended) == 8);
static_assert(offsetof(struct fastipc_waitline, arm) == 64);
static_assert(sizeof(struct fastipc_control) == 512);
static_assert(offsetof(struct fastipc_control, released) == 128);
static_assert(offsetof(struct fastipc_control, taken) == 136);
static_assert(offsetof(struct fastipc_control, recv) == 256);
static_assert(offsetof(struct fastipc_control, send) == 384);

/* open(2) of the device: the first endpoint of a new channel. */
static int endpoint_open(struct inode *inode, struct file *file)
{
	struct fastipc_channel *channel = fastipc_channel_new();
	struct fastipc_endpoint *endpoint;

	if (!channel)
		return -ENOMEM;
	endpoint = fastipc_endpoint_new(channel, file->f_mode);
	if (!endpoint) {
		fastipc_channel_put(channel);
		return -ENOMEM;
	}
	file->private_data = endpoint;
	return stream_open(inode, file);
}

static int endpoint_release(struct inode *inode, struct file *file)
{
	struct fastipc_endpoint *endpoint = file->private_data;
	const struct fastipc_kind_ops *ops;

	ops = fastipc_channel_ops(endpoint->channel);
	if (ops)
		ops->detach(endpoint);
	fastipc_endpoint_closed(endpoint);
	return 0;
}

static __poll_t endpoint_poll(struct file *file, poll_table *pt)
{
	struct fastipc_endpoint *endpoint = file->private_data;
	const struct fastipc_kind_ops *ops;

	poll_wait(file, &endpoint->wait[FASTIPC_RECV].queue, pt);
	poll_wait(file, &endpoint->wait[FASTIPC_SEND].queue, pt);
	ops = fastipc_channel_ops(endpoint->channel);
	if (!ops)
		return EPOLLHUP; /* SETUP will wake the queues */
	return ops->poll(endpoint, poll_requested_events(pt));
}

/* Maps ------------------------------------------------------------------- */

static void endpoint_vma_open(struct vm_area_struct *vma)
{
	struct fastipc_endpoint *endpoint = vma->vm_file->private_data;

	/* One that a child inherited has no pages yet, and will have none. */
	if (fastipc_vma_writable(vma) && fastipc_view_shows(vma) &&
	    !fastipc_endpoint_map_again(endpoint, vma->vm_mm))
		fastipc_view_withdraw(vma);
}

static void endpoint_vma_close(struct vm_area_struct *vma)
{
	if (fastipc_vma_writable(vma) && fastipc_view_shows(vma))
		fastipc_endpoint_unmap(vma->vm_file->private_data);
}

static const struct vm_operations_struct endpoint_vm_ops = {
	.open = endpoint_vma_open,
	.close = endpoint_vma_close,
	.fault = fastipc_region_fault,
};

static int endpoint_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct fastipc_endpoint *endpoint = file->private_data;
	const struct fastipc_kind_ops *ops;
	struct fastipc_view view;
	int ret;

	if (in_compat_syscall())
		return -EOPNOTSUPP;
	ops = fastipc_channel_ops(endpoint->channel);
	if (!ops)
		return -ENOTCONN;
	ret = ops->view(endpoint, (u64)vma->vm_pgoff << PAGE_SHIFT, &view);
	if (ret)
		return ret;
	ret = fastipc_view_check(&view, vma);
	if (ret)
		return ret;
	fastipc_view_install(&view, vma, &endpoint_vm_ops);
	if (!fastipc_vma_writable(vma))
		return 0;
	return fastipc_endpoint_map(endpoint);
}

/*
 * The file behind MAP holds the endpoint's file.  Its maps are handed over to
 * that one: so it can be closed at once, and every map has an endpoint's file.
 */
static int map_file_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct file *endpoint_file = file->private_data;
	int ret = endpoint_mmap(endpoint_file, vma);

	if (!ret)
		vma_set_file(vma, endpoint_file);
	return ret;
}

static int map_file_release(struct inode *inode, struct file *file)
{
	fput(file->private_data);
	return 0;
}

static const struct file_operations map_file_fops = {
	.owner = THIS_MODULE,
	.mmap = map_file_mmap,
	.release = map_file_release,
};

/* Commands ---------------------------------------------------------------- */

/*
 * Read a structure that may be older or newer than the kernel's: -EINVAL below
 * the size first published, -E2BIG if it says something unknown, or is longer
 * than a page, so that nobody makes the kernel read gigabytes of zeroes.
 */
static int copy_in(void *to, size_t size, size_t least, void __user *from,
		   u32 *given)
{
	if (get_user(*given, (u32 __user *)from))
		return -EFAULT;
	if (*given < least)
		return -EINVAL;
	if (*given > PAGE_SIZE)
		return -E2BIG;
	return copy_struct_from_user(to, size, from, *given);
}

/* Write back as much as the caller knows; what only it knows stays zero. */
static int copy_out(void __user *to, u32 given, const void *from, size_t size)
{
	return copy_to_user(to, from, min_t(size_t, given, size)) ? -EFAULT : 0;
}

static int endpoint_setup(struct file *file, void __user *arg)
{
	struct fastipc_endpoint *endpoint = file->private_data;
	struct fastipc_channel *channel = endpoint->channel;
	struct fastipc_setup setup;
	u32 given;
	int ret;

	ret = copy_in(&setup, sizeof(setup), FASTIPC_SETUP_SIZE_VER0, arg,
		      &given);
	if (ret)
		return ret;
	if (setup.flags || setup.reserved || setup.kind != FASTIPC_KIND_PAIR)
		return -EINVAL;
	if (mutex_lock_killable(&channel->lock))
		return -EINTR;
	ret = channel->ops ? -EBUSY : fastipc_pair_ops.setup(channel, &setup);
	if (ret)
		goto out;
	ret = fastipc_pair_ops.attach(endpoint, 0);
	fastipc_channel_publish(channel, &fastipc_pair_ops);
	/* Who polled before SETUP looks again. */
	fastipc_wait_wake(&endpoint->wait[FASTIPC_RECV]);
	fastipc_wait_wake(&endpoint->wait[FASTIPC_SEND]);
out:
	mutex_unlock(&channel->lock);
	return ret;
}

static int endpoint_attach(struct file *file, void __user *arg)
{
	struct fastipc_endpoint *endpoint = file->private_data;
	struct fastipc_channel *channel = endpoint->channel;
	struct fastipc_attach attach;
	u32 given;
	int ret;

	ret = copy_in(&attach, sizeof(attach), FASTIPC_ATTACH_SIZE_VER0, arg,
		      &given);
	if (ret)
		return ret;
	if (attach.flags || attach.reserved || attach.end < FASTIPC_END_ANY ||
	    attach.end > 1)
		return -EINVAL;
	if (mutex_lock_killable(&channel->lock))
		return -EINTR;
	ret = channel->ops ? channel->ops->attach(endpoint, attach.end) :
			     -ENOTCONN;
	mutex_unlock(&channel->lock);
	if (!ret)
		fastipc_endpoint_mark(endpoint, false);
	return ret;
}

/* A file for a new endpoint, which it takes over; or an ERR_PTR. */
static struct file *peer_file(struct fastipc_endpoint *from, unsigned int flags)
{
	struct fastipc_channel *channel = from->channel;
	struct fastipc_endpoint *peer;
	struct file *file;

	kref_get(&channel->ref);
	peer = fastipc_endpoint_new(channel, OPEN_FMODE(flags));
	if (!peer) {
		fastipc_channel_put(channel);
		return ERR_PTR(-ENOMEM);
	}
	file = anon_inode_getfile("[fastipc]", &fastipc_endpoint_fops, peer,
				  flags & (O_ACCMODE | O_NONBLOCK));
	if (IS_ERR(file)) {
		fastipc_endpoint_closed(peer);
		return file;
	}
	stream_open(file_inode(file), file);
	return file;
}

static int endpoint_peer(struct file *file, void __user *arg)
{
	struct fastipc_endpoint *endpoint = file->private_data;
	struct fastipc_channel *channel = endpoint->channel;
	struct fastipc_peer peer;
	struct file *new;
	u32 given;
	int ret, fd;

	ret = copy_in(&peer, sizeof(peer), FASTIPC_PEER_SIZE_VER0, arg, &given);
	if (ret)
		return ret;
	if (peer.flags & ~(O_ACCMODE | O_CLOEXEC | O_NONBLOCK) ||
	    (peer.flags & O_ACCMODE) == O_ACCMODE)
		return -EINVAL;
	if (!fastipc_channel_ops(channel))
		return -ENOTCONN;
	if (OPEN_FMODE(peer.flags) & ~endpoint->rights &
	    (FMODE_READ | FMODE_WRITE))
		return -EACCES;

	fd = get_unused_fd_flags(peer.flags & O_CLOEXEC);
	if (fd < 0)
		return fd;
	new = peer_file(endpoint, peer.flags);
	if (IS_ERR(new)) {
		ret = PTR_ERR(new);
		goto err_fd;
	}
	if (mutex_lock_killable(&channel->lock)) {
		ret = -EINTR;
		goto err_file;
	}
	ret = channel->ops->attach(new->private_data, !endpoint->end);
	mutex_unlock(&channel->lock);
	if (ret)
		goto err_file;
	fd_install(fd, new);
	return fd;

err_file:
	fput(new);
err_fd:
	put_unused_fd(fd);
	return ret;
}

static int endpoint_info(struct file *file, void __user *arg)
{
	struct fastipc_endpoint *endpoint = file->private_data;
	const struct fastipc_kind_ops *ops;
	struct fastipc_info info;
	u32 given;
	int ret;

	ret = copy_in(&info, sizeof(info), FASTIPC_INFO_SIZE_VER0, arg, &given);
	if (ret)
		return ret;
	if (info.flags)
		return -EINVAL;
	ops = fastipc_channel_ops(endpoint->channel);
	if (!ops)
		return -ENOTCONN;
	memset(&info, 0, sizeof(info));
	info.size = sizeof(info);
	info.end = endpoint->end;
	if (endpoint->rights & FMODE_READ)
		info.rights |= FASTIPC_MAY_RECV;
	if (endpoint->rights & FMODE_WRITE)
		info.rights |= FASTIPC_MAY_SEND;
	ops->info(endpoint, &info);
	return copy_out(arg, given, &info, sizeof(info));
}

static int endpoint_stat(struct file *file, void __user *arg)
{
	struct fastipc_endpoint *endpoint = file->private_data;
	const struct fastipc_kind_ops *ops;
	struct fastipc_stat stat;
	u32 given;
	int ret;

	ret = copy_in(&stat, sizeof(stat), FASTIPC_STAT_SIZE_VER0, arg, &given);
	if (ret)
		return ret;
	if (stat.flags)
		return -EINVAL;
	ops = fastipc_channel_ops(endpoint->channel);
	if (!ops)
		return -ENOTCONN;
	memset(&stat, 0, sizeof(stat));
	stat.size = sizeof(stat);
	ops->stat(endpoint, &stat);
	return copy_out(arg, given, &stat, sizeof(stat));
}

static int endpoint_map_fd(struct file *file, void __user *arg)
{
	struct fastipc_endpoint *endpoint = file->private_data;
	struct fastipc_map map;
	struct file *new;
	u32 given;
	int ret, fd;

	ret = copy_in(&map, sizeof(map), FASTIPC_MAP_SIZE_VER0, arg, &given);
	if (ret)
		return ret;
	if (map.flags)
		return -EINVAL;
	if (!fastipc_channel_ops(endpoint->channel))
		return -ENOTCONN;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	new = anon_inode_getfile("[fastipc-map]", &map_file_fops,
				 get_file(file), O_RDWR);
	if (IS_ERR(new)) {
		fput(file);
		put_unused_fd(fd);
		return PTR_ERR(new);
	}
	fastipc_endpoint_mark(endpoint, false);
	fd_install(fd, new);
	return fd;
}

static int endpoint_sync(struct file *file, void __user *arg)
{
	const u32 waits = FASTIPC_SYNC_WAIT_RECV | FASTIPC_SYNC_WAIT_SEND;
	const u32 recvs = FASTIPC_SYNC_WAIT_RECV | FASTIPC_SYNC_WAKE_SEND;
	const u32 sends = FASTIPC_SYNC_WAIT_SEND | FASTIPC_SYNC_WAKE_RECV;
	struct fastipc_endpoint *endpoint = file->private_data;
	const struct fastipc_kind_ops *ops;
	struct fastipc_sync sync;
	u32 given;
	int ret;

	ret = copy_in(&sync, sizeof(sync), FASTIPC_SYNC_SIZE_VER0, arg, &given);
	if (ret)
		return ret;
	if (!sync.flags || sync.flags & ~(recvs | sends) ||
	    (sync.flags & waits) == waits)
		return -EINVAL;
	if ((!(sync.flags & FASTIPC_SYNC_WAIT_SEND) &&
	     (sync.position || sync.need)) ||
	    (!(sync.flags & waits) && sync.timeout_ns))
		return -EINVAL;
	if ((sync.flags & recvs && !(endpoint->rights & FMODE_READ)) ||
	    (sync.flags & sends && !(endpoint->rights & FMODE_WRITE)))
		return -EBADF;
	ops = fastipc_channel_ops(endpoint->channel);
	if (!ops)
		return -ENOTCONN;
	return ops->sync(endpoint, &sync, file->f_flags & O_NONBLOCK);
}

static int endpoint_shutdown(struct file *file, void __user *arg)
{
	struct fastipc_endpoint *endpoint = file->private_data;
	const struct fastipc_kind_ops *ops;
	struct fastipc_shutdown down;
	u32 given;
	int ret;

	ret = copy_in(&down, sizeof(down), FASTIPC_SHUTDOWN_SIZE_VER0, arg,
		      &given);
	if (ret)
		return ret;
	if (!down.how || down.how & ~(FASTIPC_SHUT_RECV | FASTIPC_SHUT_SEND |
				      FASTIPC_SHUT_ON_CLOSE))
		return -EINVAL;
	if ((down.how & FASTIPC_SHUT_RECV &&
	     !(endpoint->rights & FMODE_READ)) ||
	    (down.how & FASTIPC_SHUT_SEND && !(endpoint->rights & FMODE_WRITE)))
		return -EBADF;
	ops = fastipc_channel_ops(endpoint->channel);
	if (!ops)
		return -ENOTCONN;
	if (down.how & FASTIPC_SHUT_ON_CLOSE)
		fastipc_endpoint_mark(endpoint, true);
	return ops->shutdown(endpoint, down.how);
}

static long endpoint_ioctl(struct file *file, unsigned int command,
			   unsigned long arg)
{
	void __user *user = (void __user *)arg;

	switch (command) {
	case FASTIPC_SETUP:
		return endpoint_setup(file, user);
	case FASTIPC_ATTACH:
		return endpoint_attach(file, user);
	case FASTIPC_PEER:
		return endpoint_peer(file, user);
	case FASTIPC_INFO:
		return endpoint_info(file, user);
	case FASTIPC_MAP:
		return endpoint_map_fd(file, user);
	case FASTIPC_SYNC:
		return endpoint_sync(file, user);
	case FASTIPC_STAT:
		return endpoint_stat(file, user);
	case FASTIPC_SHUTDOWN:
		return endpoint_shutdown(file, user);
	}
	return -ENOTTY;
}

static void endpoint_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct fastipc_endpoint *endpoint = file->private_data;
	const struct fastipc_kind_ops *ops;

	ops = fastipc_channel_ops(endpoint->channel);
	seq_printf(m, "fastipc-channel:\t%llu\n", endpoint->channel->id);
	seq_printf(m, "fastipc-kind:\t%s\n", ops ? ops->name : "not set up");
	if (ops)
		ops->show(endpoint, m);
}

const struct file_operations fastipc_endpoint_fops = {
	.owner = THIS_MODULE,
	.open = endpoint_open,
	.release = endpoint_release,
	.poll = endpoint_poll,
	.mmap = endpoint_mmap,
	.unlocked_ioctl = endpoint_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.show_fdinfo = endpoint_show_fdinfo,
};
