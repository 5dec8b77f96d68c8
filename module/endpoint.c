// SPDX-License-Identifier: GPL-2.0-only
/*
 * An endpoint as a file.  See endpoint.h.
 */
#include <linux/anon_inodes.h>
#include <linux/build_bug.h>
#include <linux/compat.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/uaccess.h>

#include "endpoint.h"
#include "map.h"
#include "pair.h"
#include "rw.h"
#include "transfer.h"

/* The ABI: sizes when first published. */
static_assert(sizeof(struct fastipc_setup) == FASTIPC_SETUP_SIZE_VER0);
static_assert(sizeof(struct fastipc_attach) == FASTIPC_ATTACH_SIZE_VER0);
static_assert(sizeof(struct fastipc_peer) == FASTIPC_PEER_SIZE_VER0);
static_assert(sizeof(struct fastipc_info) == FASTIPC_INFO_SIZE_VER0);
static_assert(sizeof(struct fastipc_map) == FASTIPC_MAP_SIZE_VER0);
static_assert(sizeof(struct fastipc_send) == FASTIPC_SEND_SIZE_VER0);
static_assert(sizeof(struct fastipc_recv) == FASTIPC_RECV_SIZE_VER0);
static_assert(sizeof(struct fastipc_sync) == FASTIPC_SYNC_SIZE_VER0);
static_assert(sizeof(struct fastipc_stat) == FASTIPC_STAT_SIZE_VER0);
static_assert(sizeof(struct fastipc_shutdown) == FASTIPC_SHUTDOWN_SIZE_VER0);

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

	poll_wait(file, &endpoint->wait[FASTIPC_RECEIVING].queue, pt);
	poll_wait(file, &endpoint->wait[FASTIPC_SENDING].queue, pt);
	ops = fastipc_channel_ops(endpoint->channel);
	if (!ops)
		return EPOLLHUP; /* SETUP will wake the queues */
	return ops->poll(endpoint, poll_requested_events(pt));
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

/* Commands ---------------------------------------------------------------- */

union argument {
	struct {
		u32 size;
		u32 flags;
	};
	struct fastipc_setup setup;
	struct fastipc_attach attach;
	struct fastipc_peer peer;
	struct fastipc_info info;
	struct fastipc_send send;
	struct fastipc_recv recv;
	struct fastipc_sync sync;
	struct fastipc_stat stat;
	struct fastipc_shutdown shutdown;
};

static int endpoint_setup(struct file *file, union argument *arg)
{
	struct fastipc_endpoint *endpoint = file->private_data;
	struct fastipc_channel *channel = endpoint->channel;
	const struct fastipc_setup *setup = &arg->setup;
	int ret;

	if (setup->reserved || setup->kind != FASTIPC_KIND_PAIR)
		return -EINVAL;
	if (mutex_lock_killable(&channel->lock))
		return -EINTR;
	ret = channel->ops ? -EBUSY : fastipc_pair_ops.setup(channel, setup);
	if (ret)
		goto out;
	ret = fastipc_pair_ops.attach(endpoint, 0);
	fastipc_channel_publish(channel, &fastipc_pair_ops);
	/* Who polled before SETUP looks again. */
	fastipc_wait_wake(&endpoint->wait[FASTIPC_RECEIVING], true);
	fastipc_wait_wake(&endpoint->wait[FASTIPC_SENDING], true);
out:
	mutex_unlock(&channel->lock);
	return ret;
}

static int endpoint_attach(struct file *file, union argument *arg)
{
	struct fastipc_endpoint *endpoint = file->private_data;
	struct fastipc_channel *channel = endpoint->channel;
	const struct fastipc_attach *attach = &arg->attach;
	int ret;

	if (attach->reserved || attach->end < FASTIPC_END_ANY ||
	    attach->end > 1)
		return -EINVAL;
	if (mutex_lock_killable(&channel->lock))
		return -EINTR;
	ret = channel->ops ? channel->ops->attach(endpoint, attach->end) :
			     -ENOTCONN;
	mutex_unlock(&channel->lock);
	if (!ret) {
		fastipc_endpoint_own(endpoint);
		fastipc_endpoint_mark(endpoint, false);
	}
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

static int endpoint_peer(struct file *file, union argument *arg)
{
	struct fastipc_endpoint *endpoint = file->private_data;
	struct fastipc_channel *channel = endpoint->channel;
	u32 flags = arg->peer.flags;
	struct file *new;
	int ret, fd;

	if ((flags & O_ACCMODE) == O_ACCMODE)
		return -EINVAL;
	if (!fastipc_channel_ops(channel))
		return -ENOTCONN;
	if (OPEN_FMODE(flags) & ~endpoint->rights & (FMODE_READ | FMODE_WRITE))
		return -EACCES;

	fd = get_unused_fd_flags(flags & O_CLOEXEC);
	if (fd < 0)
		return fd;
	new = peer_file(endpoint, flags);
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

static int endpoint_info(struct file *file, union argument *arg)
{
	struct fastipc_endpoint *endpoint = file->private_data;
	const struct fastipc_kind_ops *ops;

	ops = fastipc_channel_ops(endpoint->channel);
	if (!ops)
		return -ENOTCONN;
	arg->info = (struct fastipc_info){ .size = sizeof(arg->info),
					   .flags = endpoint->channel->flags,
					   .end = endpoint->end,
					   .endpoint = endpoint->id };
	if (endpoint->rights & FMODE_READ)
		arg->info.rights |= FASTIPC_MAY_RECV;
	if (endpoint->rights & FMODE_WRITE)
		arg->info.rights |= FASTIPC_MAY_SEND;
	ops->info(endpoint, &arg->info);
	return 0;
}

static int endpoint_stat(struct file *file, union argument *arg)
{
	struct fastipc_endpoint *endpoint = file->private_data;
	const struct fastipc_kind_ops *ops;

	ops = fastipc_channel_ops(endpoint->channel);
	if (!ops)
		return -ENOTCONN;
	arg->stat = (struct fastipc_stat){ .size = sizeof(arg->stat) };
	ops->stat(endpoint, &arg->stat);
	return 0;
}

static int endpoint_map(struct file *file, union argument *arg)
{
	struct fastipc_endpoint *endpoint = file->private_data;

	if (!fastipc_channel_ops(endpoint->channel))
		return -ENOTCONN;
	return fastipc_map_open(file);
}

#define SYNC_RECVS                                         \
	(FASTIPC_SYNC_WAIT_RECV | FASTIPC_SYNC_WAKE_SEND | \
	 FASTIPC_SYNC_CALM_SEND)
#define SYNC_SENDS                                         \
	(FASTIPC_SYNC_WAIT_SEND | FASTIPC_SYNC_WAIT_DONE | \
	 FASTIPC_SYNC_WAKE_RECV | FASTIPC_SYNC_CALM_RECV)

static int endpoint_sync(struct file *file, union argument *arg)
{
	const u32 spaces = FASTIPC_SYNC_WAIT_SEND | FASTIPC_SYNC_WAIT_DONE;
	const u32 waits = FASTIPC_SYNC_WAIT_RECV | spaces;
	struct fastipc_endpoint *endpoint = file->private_data;
	const struct fastipc_sync *sync = &arg->sync;
	const struct fastipc_kind_ops *ops;
	struct fastipc_limit limit;

	if (!sync->flags || hweight32(sync->flags & waits) > 1)
		return -EINVAL;
	if ((!(sync->flags & spaces) && sync->position) ||
	    (!(sync->flags & FASTIPC_SYNC_WAIT_SEND) && sync->need) ||
	    (!(sync->flags & waits) && sync->timeout_ns))
		return -EINVAL;
	if ((sync->flags & SYNC_RECVS && !(endpoint->rights & FMODE_READ)) ||
	    (sync->flags & SYNC_SENDS && !(endpoint->rights & FMODE_WRITE)))
		return -EBADF;
	ops = fastipc_channel_ops(endpoint->channel);
	if (!ops)
		return -ENOTCONN;
	fastipc_limit_begin(&limit, file, sync->timeout_ns);
	/* Whoever makes space must see what there is. */
	if (sync->flags & spaces)
		ops->flush(endpoint);
	return ops->sync(endpoint, sync, &limit);
}

#define SENDS                                                        \
	(FASTIPC_SEND_IOV | FASTIPC_SEND_ARRAY | FASTIPC_SEND_MORE | \
	 FASTIPC_SEND_THEN_RECV | FASTIPC_SEND_THEN_WAIT)

static int endpoint_send(struct file *file, union argument *arg)
{
	struct fastipc_endpoint *endpoint = file->private_data;
	const struct fastipc_send *send = &arg->send;
	u32 flags = send->flags;

	if (send->reserved ||
	    (flags & FASTIPC_SEND_ARRAY &&
	     (flags & FASTIPC_SEND_IOV || send->tag)) ||
	    hweight32(flags & (FASTIPC_SEND_MORE | FASTIPC_SEND_THEN_RECV |
			       FASTIPC_SEND_THEN_WAIT)) > 1 ||
	    (!(flags & FASTIPC_SEND_THEN_RECV) && send->then))
		return -EINVAL;
	if (!(endpoint->rights & FMODE_WRITE))
		return -EBADF;
	if (!fastipc_channel_ops(endpoint->channel))
		return -ENOTCONN;
	return fastipc_transfer_send(file, &arg->send);
}

static int endpoint_recv(struct file *file, union argument *arg)
{
	struct fastipc_endpoint *endpoint = file->private_data;

	if (!fastipc_channel_ops(endpoint->channel))
		return -ENOTCONN;
	return fastipc_transfer_recv(file, &arg->recv);
}

static int endpoint_shutdown(struct file *file, union argument *arg)
{
	struct fastipc_endpoint *endpoint = file->private_data;
	const struct fastipc_kind_ops *ops;
	u32 how = arg->shutdown.how;

	if (!how)
		return -EINVAL;
	if ((how & FASTIPC_SHUT_RECV && !(endpoint->rights & FMODE_READ)) ||
	    (how & FASTIPC_SHUT_SEND && !(endpoint->rights & FMODE_WRITE)))
		return -EBADF;
	ops = fastipc_channel_ops(endpoint->channel);
	if (!ops)
		return -ENOTCONN;
	if (how & FASTIPC_SHUT_ON_CLOSE)
		fastipc_endpoint_mark(endpoint, true);
	return ops->shutdown(endpoint, how);
}

/**
 * struct command - one ioctl
 * @run: does it, once size and flags are checked
 * @size: of its structure today
 * @least: its size when first published
 * @flags: those that are known, in the word behind the size
 * @answers: into the structure, if it succeeds
 * @reports: into the structure, in any case
 */
struct command {
	int (*run)(struct file *file, union argument *arg);
	u32 size;
	u32 least;
	u32 flags;
	bool answers;
	bool reports;
};

#define COMMAND(NAME, name, run, ...)                                     \
	[_IOC_NR(FASTIPC_##NAME)] = { run, sizeof(struct fastipc_##name), \
				      FASTIPC_##NAME##_SIZE_VER0,         \
				      __VA_ARGS__ }

static const struct command commands[] = {
	COMMAND(SETUP, setup, endpoint_setup,
		FASTIPC_SEALED | FASTIPC_STREAM | FASTIPC_FENCED),
	COMMAND(ATTACH, attach, endpoint_attach),
	COMMAND(PEER, peer, endpoint_peer, O_ACCMODE | O_CLOEXEC | O_NONBLOCK),
	COMMAND(INFO, info, endpoint_info, .answers = true),
	COMMAND(MAP, map, endpoint_map),
	COMMAND(SEND, send, endpoint_send, SENDS, .reports = true),
	COMMAND(RECV, recv, endpoint_recv,
		FASTIPC_RECV_IOV | FASTIPC_RECV_ARRAY, .answers = true),
	COMMAND(SYNC, sync, endpoint_sync, SYNC_RECVS | SYNC_SENDS),
	COMMAND(STAT, stat, endpoint_stat, .answers = true),
	COMMAND(SHUTDOWN, shutdown, endpoint_shutdown,
		FASTIPC_SHUT_RECV | FASTIPC_SHUT_SEND | FASTIPC_SHUT_ON_CLOSE),
};

/*
 * The structure may be older or newer than the kernel's.  An answer is written as
 * far as the caller knows; what only it knows stays zero.
 */
static long endpoint_ioctl(struct file *file, unsigned int number,
			   unsigned long address)
{
	unsigned int index =
		array_index_nospec(_IOC_NR(number), ARRAY_SIZE(commands));
	void __user *user = (void __user *)address;
	const struct command *command = &commands[index];
	union argument arg;
	int size, ret;

	if (number != _IO(FASTIPC_IOC, index) || !command->run)
		return -ENOTTY;
	size = fastipc_transfer_get(&arg, command->size, command->least, user);
	if (size < 0)
		return size;
	if (arg.flags & ~command->flags)
		return -EINVAL;
	/* Nothing is done for a caller who cannot be told. */
	if ((command->reports || command->answers) &&
	    fastipc_transfer_probe(user, &arg, size))
		return -EFAULT;
	ret = command->run(file, &arg);
	if ((command->reports || (command->answers && ret >= 0)) &&
	    copy_to_user(user, &arg, size))
		return -EFAULT;
	return ret;
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
	.read_iter = fastipc_rw_read,
	.write_iter = fastipc_rw_write,
	.fasync = endpoint_fasync,
	.poll = endpoint_poll,
	.mmap = fastipc_map_mmap,
	.unlocked_ioctl = endpoint_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.show_fdinfo = endpoint_show_fdinfo,
};
