// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands that io_uring submits.  See uring.h.
 *
 * None is left pending here.  One that cannot go on at once is given back, and a worker
 * of io_uring's calls again, which waits as any thread does: so whatever ends a thread's
 * wait ends that one, and there is nothing to be taken back when a process dies.
 */
#include <linux/fastipc.h>

#include "command.h"
#include "compat.h"
#include "uring.h"

/**
 * fastipc_uring_command() - IORING_OP_URING_CMD: FASTIPC_SEND or FASTIPC_RECV
 * @cmd: of an endpoint's file
 * @flags: IO_URING_F_*
 *
 * Return: as io_uring wants it: -EIOCBQUEUED if it was told the result; -EAGAIN to be
 * called again by a worker; else the result, 0 or a negative errno.
 */
int fastipc_uring_command(struct io_uring_cmd *cmd, unsigned int flags)
{
	const struct fastipc_submitted *submitted = fastipc_uring_payload(cmd);
	struct fastipc_submission submission = {
		.now = flags & IO_URING_F_NONBLOCK,
	};
	void __user *user;
	int ret;

	/* A worker could not tell the layout of a 32-bit caller's pieces. */
	if (fastipc_uring_is_compat(flags))
		return -EOPNOTSUPP;
	if (READ_ONCE(submitted->reserved) ||
	    cmd->flags & IORING_URING_CMD_FIXED)
		return -EINVAL;
	/* Once: the process may be writing there. */
	user = u64_to_user_ptr(READ_ONCE(submitted->argument));
	ret = fastipc_command_submitted(cmd->file, cmd->cmd_op, user,
					&submission);
	if (submission.again)
		return -EAGAIN;
	/* Only who cancels it, or the end of its process, interrupts a worker. */
	if (ret == -EINTR || ret == -ERESTARTSYS)
		ret = -ECANCELED;
	/* Linux 6.1 takes what is above 0 for a failure, and -EAGAIN is not final. */
	if (ret <= 0 && ret != -EAGAIN)
		return ret;
	io_uring_cmd_done(cmd, ret, 0, flags);
	return -EIOCBQUEUED;
}
