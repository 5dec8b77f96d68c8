// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands that io_uring submits.  See uring.h.
 *
 * None waits, so none is ever pending: there is nothing to be taken back when a process
 * dies, and no worker of io_uring's, of which a process has a few, is held up.  Who has to
 * wait polls, or reads and writes, which io_uring does without a thread.
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
 * Return: as io_uring wants it: -EIOCBQUEUED if it was told the result, else the result,
 * 0 or a negative errno.
 */
int fastipc_uring_command(struct io_uring_cmd *cmd, unsigned int flags)
{
	const struct fastipc_submitted *submitted = fastipc_uring_payload(cmd);
	void __user *user;
	int ret;

	/* A worker could not tell the layout of a 32-bit caller's pieces. */
	if (cmd_to_io_kiocb(cmd)->ctx->compat)
		return -EOPNOTSUPP;
	if (!submitted || READ_ONCE(submitted->reserved) ||
	    cmd->flags & IORING_URING_CMD_FIXED)
		return -EINVAL;
	/* Once: the process may be writing there. */
	user = u64_to_user_ptr(READ_ONCE(submitted->argument));
	ret = fastipc_command_submitted(cmd->file, cmd->cmd_op, user);
	/*
	 * Linux 6.1 takes what is above 0 for a failure, and a worker never completes
	 * it; -EAGAIN would be tried again.
	 */
	if (ret <= 0 && ret != -EAGAIN)
		return ret;
	io_uring_cmd_done(cmd, ret, 0, flags);
	return -EIOCBQUEUED;
}
