// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls of an endpoint.  See command.h.
 */
#include <linux/anon_inodes.h>
#include <linux/build_bug.h>
#include <linux/file.h>
#include <linux/nospec.h>
#include <linux/uaccess.h>

#include "args.h"
#include "channel.h"
#include "command.h"
#include "map.h"
#include "pair.h"
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
	struct fastipc_stat stat;
	struct fastipc_shutdown shutdown;
};

static int command_setup(struct file *file, union argument *arg)
{
	struct fastipc_endpoint *endpoint = file->private_data;
	struct fastipc_channel *channel = endpoint->channel;
	const struct fastipc_setup *setup = &arg->setup;
	int ret;

	if (setup->reserved || setup->kind != FASTIPC_KIND_PAIR)
		return -EINVAL;
	/* Whoever may send can: a creator that died blocks nobody. */
	if (channel->mapping && !(endpoint->rights & FMODE_WRITE))
		return -EBADF;
	if (mutex_lock_killable(&channel->lock))
		return -EINTR;
	ret = channel->ops ? -EBUSY : fastipc_pair_ops.setup(endpoint, setup);
	if (ret)
		goto out;
	fastipc_channel_publish(channel, &fastipc_pair_ops);
	/* Of a name it is no end yet. */
	if (!channel->mapping)
		ret = fastipc_pair_ops.attach(endpoint, 0);
out:
	mutex_unlock(&channel->lock);
	return ret;
}

static bool is_set_up(const struct fastipc_channel *channel)
{
	return fastipc_channel_ops(channel);
}

/* Wait until the channel is set up: 0, or why not. */
static int wait_for_setup(struct file *file, u64 timeout_ns)
{
	struct fastipc_endpoint *endpoint = file->private_data;
	struct fastipc_channel *channel = endpoint->channel;
	struct fastipc_limit limit;
	wait_queue_head_t *queue;
	ktime_t left;
	int ret;

	if (is_set_up(channel))
		return 0;
	fastipc_limit_begin(&limit, file, timeout_ns);
	if (limit.nonblock)
		return -ENOTCONN;
	queue = &channel->set_up;
	if (!limit.until)
		return wait_event_interruptible(*queue, is_set_up(channel));
	left = ktime_sub(limit.at, ktime_get());
	ret = wait_event_interruptible_hrtimeout(*queue, is_set_up(channel),
						 left);
	return ret == -ETIME ? -ETIMEDOUT : ret == -ERESTARTSYS ? -EINTR : ret;
}

static int command_attach(struct file *file, union argument *arg)
{
	struct fastipc_endpoint *endpoint = file->private_data;
	const struct fastipc_attach *attach = &arg->attach;
	int ret;

	if (attach->reserved || attach->end < FASTIPC_END_ANY ||
	    attach->end > 1)
		return -EINVAL;
	ret = wait_for_setup(file, attach->timeout_ns) ?:
		      fastipc_endpoint_attach(endpoint, attach->end);
	if (!ret)
		fastipc_endpoint_mark(endpoint, false);
	return ret;
}

/* A file for a new endpoint, which it takes over; or an ERR_PTR. */
static struct file *peer_file(const struct file *from, unsigned int flags)
{
	struct fastipc_endpoint *endpoint = from->private_data;
	struct fastipc_channel *channel = endpoint->channel;
	struct fastipc_endpoint *peer;
	struct file *file;

	fastipc_channel_get(channel);
	peer = fastipc_endpoint_new(channel, OPEN_FMODE(flags));
	if (!peer) {
		fastipc_channel_put(channel);
		return ERR_PTR(-ENOMEM);
	}
	file = anon_inode_getfile("[fastipc]", from->f_op, peer,
				  flags & (O_ACCMODE | O_NONBLOCK));
	if (IS_ERR(file)) {
		fastipc_endpoint_closed(peer);
		return file;
	}
	stream_open(file_inode(file), file);
	file->f_mode |= FMODE_NOWAIT;
	return file;
}

static int command_peer(struct file *file, union argument *arg)
{
	struct fastipc_endpoint *endpoint = file->private_data;
	struct fastipc_channel *channel = endpoint->channel;
	u32 flags = arg->peer.flags;
	struct file *new;
	int ret, fd;

	if ((flags & O_ACCMODE) == O_ACCMODE)
		return -EINVAL;
	if (!fastipc_endpoint_ops(endpoint))
		return -ENOTCONN;
	if (channel->mapping)
		return -EOPNOTSUPP;
	if (OPEN_FMODE(flags) & ~endpoint->rights & (FMODE_READ | FMODE_WRITE))
		return -EACCES;

	fd = get_unused_fd_flags(flags & O_CLOEXEC);
	if (fd < 0)
		return fd;
	new = peer_file(file, flags);
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

static int command_info(struct file *file, union argument *arg)
{
	struct fastipc_endpoint *endpoint = file->private_data;
	const struct fastipc_kind_ops *ops;

	ops = fastipc_endpoint_ops(endpoint);
	if (!ops)
		return -ENOTCONN;
	arg->info = (struct fastipc_info){ .size = sizeof(arg->info),
					   .flags = endpoint->channel->flags,
					   .end = FASTIPC_END_ANY,
					   .endpoint = endpoint->id };
	if (fastipc_endpoint_is_attached(endpoint))
		arg->info.end = endpoint->end;
	if (endpoint->rights & FMODE_READ)
		arg->info.rights |= FASTIPC_MAY_RECV;
	if (endpoint->rights & FMODE_WRITE)
		arg->info.rights |= FASTIPC_MAY_SEND;
	ops->info(endpoint, &arg->info);
	return 0;
}

static int command_stat(struct file *file, union argument *arg)
{
	struct fastipc_endpoint *endpoint = file->private_data;
	const struct fastipc_kind_ops *ops;

	ops = fastipc_endpoint_ops(endpoint);
	if (!ops)
		return -ENOTCONN;
	arg->stat = (struct fastipc_stat){ .size = sizeof(arg->stat) };
	ops->stat(endpoint, &arg->stat);
	return 0;
}

static int command_map(struct file *file, union argument *arg)
{
	struct fastipc_endpoint *endpoint = file->private_data;

	if (!fastipc_endpoint_ops(endpoint))
		return -ENOTCONN;
	return fastipc_map_open(file);
}

static int command_shutdown(struct file *file, union argument *arg)
{
	struct fastipc_endpoint *endpoint = file->private_data;
	u32 how = arg->shutdown.how;

	if (!how)
		return -EINVAL;
	if ((how & FASTIPC_SHUT_RECV && !(endpoint->rights & FMODE_READ)) ||
	    (how & FASTIPC_SHUT_SEND && !(endpoint->rights & FMODE_WRITE)))
		return -EBADF;
	/* Who is no end has nothing to end. */
	if (!fastipc_endpoint_is_attached(endpoint))
		return -ENOTCONN;
	if (how & FASTIPC_SHUT_ON_CLOSE)
		fastipc_endpoint_mark(endpoint, true);
	return endpoint->channel->ops->shutdown(endpoint, how);
}

/**
 * struct command - one ioctl that is not called often
 * @run: does it, once size and flags are checked
 * @size: of its structure today
 * @least: its size when first published
 * @flags: those that are known, in the word behind the size
 * @answers: into the structure, if it succeeds
 */
struct command {
	int (*run)(struct file *file, union argument *arg);
	u32 size;
	u32 least;
	u32 flags;
	bool answers;
};

#define COMMAND(NAME, name, run, ...)                                     \
	[_IOC_NR(FASTIPC_##NAME)] = { run, sizeof(struct fastipc_##name), \
				      FASTIPC_##NAME##_SIZE_VER0,         \
				      __VA_ARGS__ }

static const struct command commands[] = {
	COMMAND(SETUP, setup, command_setup,
		FASTIPC_SEALED | FASTIPC_STREAM | FASTIPC_FENCED |
			FASTIPC_KEEP),
	COMMAND(ATTACH, attach, command_attach),
	COMMAND(PEER, peer, command_peer, O_ACCMODE | O_CLOEXEC | O_NONBLOCK),
	COMMAND(INFO, info, command_info, .answers = true),
	COMMAND(MAP, map, command_map),
	COMMAND(STAT, stat, command_stat, .answers = true),
	COMMAND(SHUTDOWN, shutdown, command_shutdown,
		FASTIPC_SHUT_RECV | FASTIPC_SHUT_SEND | FASTIPC_SHUT_ON_CLOSE),
};

/*
 * The structure may be older or newer than the kernel's.  An answer is written as
 * far as the caller knows; what only it knows stays zero.
 */
static noinline int command_other(struct file *file, unsigned int number,
				  void __user *user)
{
	unsigned int index =
		array_index_nospec(_IOC_NR(number), ARRAY_SIZE(commands));
	const struct command *command = &commands[index];
	union argument arg = {};
	int known, ret;

	if (number != _IO(FASTIPC_IOC, index) || !command->run)
		return -ENOTTY;
	known = fastipc_args_get_other(&arg, command->size, command->least,
				       user);
	if (known < 0)
		return known;
	if (arg.flags & ~command->flags)
		return -EINVAL;
	/* Nothing is done for a caller who cannot be told. */
	if (command->answers && fastipc_args_probe(user, &arg, known))
		return -EFAULT;
	ret = command->run(file, &arg);
	if (command->answers && ret >= 0 &&
	    fastipc_args_put_other(user, &arg, known))
		return -EFAULT;
	return ret;
}

/* More than one flag? */
static inline bool many(u32 flags)
{
	return flags & (flags - 1);
}

#define SYNC_RECVS                                         \
	(FASTIPC_SYNC_WAIT_RECV | FASTIPC_SYNC_WAKE_SEND | \
	 FASTIPC_SYNC_CALM_SEND)
#define SYNC_SENDS                                         \
	(FASTIPC_SYNC_WAIT_SEND | FASTIPC_SYNC_WAIT_DONE | \
	 FASTIPC_SYNC_WAKE_RECV | FASTIPC_SYNC_CALM_RECV)

static int command_sync(struct file *file, void __user *user)
{
	const u32 spaces = FASTIPC_SYNC_WAIT_SEND | FASTIPC_SYNC_WAIT_DONE;
	const u32 waits = FASTIPC_SYNC_WAIT_RECV | spaces;
	struct fastipc_endpoint *endpoint = file->private_data;
	const struct fastipc_kind_ops *ops;
	struct fastipc_limit limit;
	struct fastipc_sync sync;
	int ret;

	ret = fastipc_args_get(&sync, sizeof(sync), FASTIPC_SYNC_SIZE_VER0,
			       SYNC_RECVS | SYNC_SENDS, user);
	if (ret < 0)
		return ret;
	if (!sync.flags || many(sync.flags & waits))
		return -EINVAL;
	if ((!(sync.flags & spaces) && sync.position) ||
	    (!(sync.flags & FASTIPC_SYNC_WAIT_SEND) && sync.need) ||
	    (!(sync.flags & waits) && sync.timeout_ns))
		return -EINVAL;
	if ((sync.flags & SYNC_RECVS && !(endpoint->rights & FMODE_READ)) ||
	    (sync.flags & SYNC_SENDS && !(endpoint->rights & FMODE_WRITE)))
		return -EBADF;
	ret = fastipc_endpoint_begin(endpoint);
	if (ret)
		return ret;
	ops = endpoint->channel->ops;
	fastipc_limit_begin(&limit, file, sync.timeout_ns);
	/* Whoever makes space must see what there is. */
	if (sync.flags & spaces)
		ops->flush(endpoint);
	return ops->sync(endpoint, &sync, &limit);
}

#define SENDS                                                        \
	(FASTIPC_SEND_IOV | FASTIPC_SEND_ARRAY | FASTIPC_SEND_MORE | \
	 FASTIPC_SEND_THEN_RECV | FASTIPC_SEND_THEN_WAIT)

/* By an ioctl, or @submitted to io_uring: then it does not wait. */
static __always_inline int command_send(struct file *file, void __user *user,
					bool submitted)
{
	u32 __user *sent = &((struct fastipc_send __user *)user)->sent;
	struct fastipc_endpoint *endpoint = file->private_data;
	struct fastipc_send send;
	u32 flags;
	int ret;

	ret = fastipc_args_get(&send, sizeof(send), FASTIPC_SEND_SIZE_VER0,
			       SENDS, user);
	if (ret < 0)
		return ret;
	/* Nothing is sent for a caller who cannot be told. */
	if (put_user(send.sent, sent))
		return -EFAULT;
	flags = send.flags;
	if (send.reserved ||
	    (flags & FASTIPC_SEND_ARRAY &&
	     (flags & FASTIPC_SEND_IOV || send.tag)) ||
	    many(flags & (FASTIPC_SEND_MORE | FASTIPC_SEND_THEN_RECV |
			  FASTIPC_SEND_THEN_WAIT)) ||
	    (!(flags & FASTIPC_SEND_THEN_RECV) && send.then))
		return -EINVAL;
	if (submitted &&
	    (flags & (FASTIPC_SEND_THEN_RECV | FASTIPC_SEND_THEN_WAIT) ||
	     send.timeout_ns))
		return -EINVAL;
	if (!(endpoint->rights & FMODE_WRITE))
		return -EBADF;
	ret = fastipc_endpoint_begin(endpoint);
	if (ret)
		return ret;
	ret = fastipc_transfer_send(file, &send);
	return put_user(send.sent, sent) ?: ret;
}

static __always_inline int command_recv(struct file *file, void __user *user,
					bool submitted)
{
	struct fastipc_recv recv;
	int known, ret;

	known = fastipc_args_get(&recv, sizeof(recv), FASTIPC_RECV_SIZE_VER0,
				 FASTIPC_RECV_IOV | FASTIPC_RECV_ARRAY, user);
	if (known < 0)
		return known;
	/* The same. */
	if (fastipc_args_probe(user, &recv, known))
		return -EFAULT;
	if (submitted && recv.timeout_ns)
		return -EINVAL;
	ret = fastipc_transfer_recv(file, &recv);
	if (ret < 0)
		return ret;
	return fastipc_args_put(user, &recv, sizeof(recv), known) ?: ret;
}

long fastipc_command(struct file *file, unsigned int number,
		     unsigned long address)
{
	void __user *user = (void __user *)address;

	switch (number) {
	case FASTIPC_SYNC:
		return command_sync(file, user);
	case FASTIPC_SEND:
		return command_send(file, user, false);
	case FASTIPC_RECV:
		return command_recv(file, user, false);
	}
	return command_other(file, number, user);
}

/**
 * fastipc_command_submitted() - a command by way of io_uring, which does not wait
 * @file: an endpoint's
 * @number: FASTIPC_SEND or FASTIPC_RECV
 * @user: its structure
 *
 * Return: as the ioctl.
 */
int fastipc_command_submitted(struct file *file, unsigned int number,
			      void __user *user)
{
	switch (number) {
	case FASTIPC_SEND:
		return command_send(file, user, true);
	case FASTIPC_RECV:
		return command_recv(file, user, true);
	}
	return -ENOTTY;
}
