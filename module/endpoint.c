// SPDX-License-Identifier: GPL-2.0-only
/*
 * An endpoint as a file.  See endpoint.h.
 */
#include <linux/fs.h>
#include <linux/module.h>

#include "channel.h"
#include "command.h"
#include "endpoint.h"
#include "map.h"
#include "rw.h"
#include "uring.h"

/* With a reference: of the device a new one, of a name its own; or an ERR_PTR. */
static struct fastipc_channel *channel_of(struct inode *inode)
{
	struct fastipc_channel *channel;

	if (S_ISCHR(inode->i_mode))
		return fastipc_channel_new();
	/* The name may be removed meanwhile, or be gone: by way of /proc. */
	spin_lock(&inode->i_lock);
	channel = inode->i_private;
	if (channel)
		fastipc_channel_get(channel);
	spin_unlock(&inode->i_lock);
	return channel ?: ERR_PTR(-ENXIO);
}

/* open(2): of the device, or of a name. */
static int endpoint_open(struct inode *inode, struct file *file)
{
	struct fastipc_channel *channel = channel_of(inode);
	struct fastipc_endpoint *endpoint;

	if (IS_ERR(channel))
		return PTR_ERR(channel);
	endpoint = fastipc_endpoint_new(channel, file->f_mode);
	if (!endpoint) {
		fastipc_channel_put(channel);
		return -ENOMEM;
	}
	file->private_data = endpoint;
	/* read(2) and write(2) can be told not to wait, by io_uring for one. */
	file->f_mode |= FMODE_NOWAIT;
	return stream_open(inode, file);
}

static int endpoint_release(struct inode *inode, struct file *file)
{
	struct fastipc_endpoint *endpoint = file->private_data;

	if (fastipc_endpoint_is_attached(endpoint))
		endpoint->channel->ops->detach(endpoint);
	fastipc_endpoint_closed(endpoint);
	return 0;
}

static __poll_t endpoint_poll(struct file *file, poll_table *pt)
{
	const __poll_t transfers = EPOLLIN | EPOLLRDNORM | EPOLLOUT |
				   EPOLLWRNORM;
	struct fastipc_endpoint *endpoint = file->private_data;
	__poll_t wanted = poll_requested_events(pt);

	poll_wait(file, &endpoint->wait[FASTIPC_RECEIVING].queue, pt);
	poll_wait(file, &endpoint->wait[FASTIPC_SENDING].queue, pt);
	/* Whatever makes this an end wakes the queues. */
	if (!fastipc_endpoint_ops(endpoint))
		return EPOLLHUP;
	if (!fastipc_endpoint_is_attached(endpoint) && !(wanted & transfers))
		return EPOLLHUP;
	if (fastipc_endpoint_begin(endpoint))
		return EPOLLHUP | EPOLLERR;
	return endpoint->channel->ops->poll(endpoint, wanted);
}

static int endpoint_fasync(int fd, struct file *file, int on)
{
	struct fastipc_endpoint *endpoint = file->private_data;
	struct fasync_struct **notice = &endpoint->notice;
	int ret = fasync_helper(fd, file, on, notice);

	if (ret < 0)
		return ret;
	if (endpoint->rights & FMODE_READ)
		fastipc_wait_notice(&endpoint->wait[FASTIPC_RECEIVING], notice);
	if (endpoint->rights & FMODE_WRITE)
		fastipc_wait_notice(&endpoint->wait[FASTIPC_SENDING], notice);
	return 0;
}

static void endpoint_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct fastipc_endpoint *endpoint = file->private_data;
	const struct fastipc_kind_ops *ops;

	ops = fastipc_endpoint_ops(endpoint);
	seq_printf(m, "fastipc-channel:\t%llu\n", endpoint->channel->id);
	seq_printf(m, "fastipc-kind:\t%s\n", ops ? ops->name : "not set up");
	if (ops && fastipc_endpoint_is_attached(endpoint))
		ops->show(endpoint, m);
	else if (ops)
		seq_puts(m, "fastipc-end:\tnone\n");
}

const struct file_operations fastipc_endpoint_fops = {
	.owner = THIS_MODULE,
	.open = endpoint_open,
	.release = endpoint_release,
	.read_iter = fastipc_rw_read,
	.write_iter = fastipc_rw_write,
	.fasync = endpoint_fasync,
	.poll = endpoint_poll,
	.mmap = fastipc_map_mmap,
	.unlocked_ioctl = fastipc_command,
	.compat_ioctl = compat_ptr_ioctl,
	.uring_cmd = fastipc_uring_command,
	.show_fdinfo = endpoint_show_fdinfo,
};
