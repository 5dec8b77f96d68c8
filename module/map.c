// SPDX-License-Identifier: GPL-2.0-only
/*
 * Maps of an endpoint.  See map.h.
 */
#include <linux/anon_inodes.h>
#include <linux/compat.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "channel.h"
#include "map.h"

static void map_vma_open(struct vm_area_struct *vma)
{
	struct fastipc_endpoint *endpoint = vma->vm_file->private_data;

	/*
	 * One that a child inherited gets no pages by faults.  Some may have been
	 * copied, or be about to: so it counts all the same.
	 */
	if (fastipc_view_writable(vma) &&
	    !fastipc_endpoint_map_again(endpoint, vma->vm_mm))
		fastipc_view_withdraw(vma);
}

static void map_vma_close(struct vm_area_struct *vma)
{
	struct fastipc_endpoint *endpoint = vma->vm_file->private_data;

	if (!fastipc_view_writable(vma))
		return;
	if (fastipc_view_withdrawn(vma))
		fastipc_endpoint_disinherit(endpoint);
	else
		fastipc_endpoint_unmap(endpoint);
}

static const struct vm_operations_struct map_vm_ops = {
	.open = map_vma_open,
	.close = map_vma_close,
	.fault = fastipc_region_fault,
};

/* mmap(2) of an endpoint; the offset says which area. */
int fastipc_map_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct fastipc_endpoint *endpoint = file->private_data;
	const struct fastipc_kind_ops *ops;
	struct fastipc_view view;
	int ret;

	if (in_compat_syscall())
		return -EOPNOTSUPP;
	/* Not attached here: mmap_lock is held, and channel->lock comes before it. */
	if (!fastipc_endpoint_is_attached(endpoint))
		return -ENOTCONN;
	ops = endpoint->channel->ops;
	ret = ops->view(endpoint, (u64)vma->vm_pgoff << PAGE_SHIFT, &view);
	if (ret)
		return ret;
	ret = fastipc_view_check(&view, vma);
	if (ret)
		return ret;
	fastipc_view_install(&view, vma, &map_vm_ops);
	if (!fastipc_view_writable(vma))
		return 0;
	ret = fastipc_endpoint_map(endpoint);
	if (ret < 0)
		return ret;
	/*
	 * It may come from another process, which may have pinned the pages to
	 * write them later; nobody can do so any more while this map is there.
	 */
	if (ret)
		ret = ops->inherit(endpoint);
	if (ret) {
		fastipc_endpoint_unmap(endpoint);
		return ret;
	}
	fastipc_endpoint_mapped(endpoint);
	return 0;
}

/*
 * The file behind MAP holds the endpoint's file.  Its maps are handed over to
 * that one: so it can be closed at once, and every map has an endpoint's file.
 */
static int map_file_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct file *endpoint_file = file->private_data;
	int ret = fastipc_map_mmap(endpoint_file, vma);

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

/* MAP: a descriptor that serves only mmap(2) of this endpoint, or why not. */
int fastipc_map_open(struct file *file)
{
	struct file *new;
	int fd;

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
	fd_install(fd, new);
	return fd;
}
