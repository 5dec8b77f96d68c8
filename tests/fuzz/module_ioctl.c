// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module's own calls, mostly with arguments that make sense; and what they
 * may answer.  See module.h.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "module.h"

#define CALL(c, fd, NAME, arg)                                 \
	call_ioctl(c, fd, FASTIPC_##NAME, &(arg), sizeof(arg), \
		   FASTIPC_##NAME##_SIZE_VER0)

/* Calls ----------------------------------------------------------------- */

static long call_open(const struct call *c)
{
	struct file like = { .ring = FASTIPC_RING_DEFAULT,
			     .limit = FASTIPC_RING_DEFAULT / 4 };
	static const int modes[] = { O_RDWR, O_RDWR, O_RDWR,   O_RDWR,
				     O_RDWR, O_RDWR, O_WRONLY, O_RDONLY };
	int flags = modes[c->a & 7] | O_CLOEXEC;
	int fd;

	if ((c->a & 0x30) == 0x30)
		flags |= O_NONBLOCK;
	if ((c->a & 0xc0) == 0xc0)
		flags |= c->value & (O_APPEND | O_DIRECT | O_ASYNC | O_SYNC);
	like.named = CALL_NAMED(c);
	if (like.named && c->b & 3)
		flags |= O_CREAT;
	fd = open(like.named ? name_of(c) : "/dev/fastipc", flags, 0600);
	if (fd < 0)
		return -errno;
	like.endpoint = ++objects.endpoints;
	return objects_keep(fd, like);
}

/* Large rings are left out: they cost memory, and nothing is special in them. */
static long call_setup(const struct call *c, struct file *file)
{
	static const uint32_t rings[] = { 4096, 4096, 4096, 4096,
					  4096, 8192, 8192, 16384 };
	struct fastipc_setup setup = { .size = sizeof(setup),
				       .kind = FASTIPC_KIND_PAIR,
				       .ring_bytes = rings[c->b & 7] };
	long ret;

	if (c->a & 1)
		setup.flags |= FASTIPC_SEALED;
	if ((c->a & 6) == 6)
		setup.flags |= FASTIPC_STREAM;
	if (file->named && c->a & 8)
		setup.flags |= FASTIPC_KEEP;
	switch (c->a >> 4) {
	case 11:
		setup.ring_bytes = 0;
		break;
	case 12:
		setup.max_message = c->value % 4096;
		break;
	case 13:
		setup.max_message = setup.ring_bytes / 4 - c->value % 80;
		break;
	case 14: /* wrong, if it is more than that */
		setup.ring_bytes = c->value & 0xffff ? c->value | 1 :
						       c->value & 0xffff;
		break;
	case 15:
		setup.flags = c->value;
		setup.kind = c->value >> 32;
		setup.reserved = c->c & 1;
		break;
	default:
		break;
	}
	ret = CALL(c, file->fd, SETUP, setup);
	if (ret)
		return ret;
	file->ring = setup.ring_bytes ?: FASTIPC_RING_DEFAULT;
	file->limit = setup.max_message;
	if (!file->limit)
		file->limit = file->ring / 4 -
			      (setup.flags & FASTIPC_SEALED ? 64 : 16);
	return 0;
}

static long call_peer(const struct call *c, struct file *file)
{
	static const uint32_t modes[] = { O_RDWR, O_RDWR,   O_RDWR,   O_RDWR,
					  O_RDWR, O_RDONLY, O_WRONLY, 3 };
	struct fastipc_peer peer = { .size = sizeof(peer) };

	peer.flags = modes[c->a & 7] | (c->a & 8 ? O_CLOEXEC : 0) |
		     ((c->a & 0x30) == 0x30 ? O_NONBLOCK : 0);
	if (c->a >> 5 == 7)
		peer.flags = c->value;
	return objects_keep(CALL(c, file->fd, PEER, peer),
			    (struct file){ .endpoint = ++objects.endpoints,
					   .ring = file->ring,
					   .limit = file->limit });
}

static long call_send(const struct call *c, struct file *file)
{
	/* IOV 1, ARRAY 2, MORE 4, THEN_RECV 8, THEN_WAIT 16 */
	static const uint8_t flags[] = { 0, 0, 0, 1,  2,  2,  4, 6,
					 8, 8, 9, 10, 16, 18, 5, 3 };
	bool odd = (c->a & 0xf0) == 0xf0;
	struct fastipc_recv recv;
	struct fastipc_send send = { .size = sizeof(send),
				     .flags = odd ? c->value : flags[c->a & 15],
				     .timeout_ns = timeout_of(c),
				     .sent = c->value,
				     .reserved = odd && c->c & 1 };
	struct call then = *c;

	fill_data(c, file, false, send.flags & FASTIPC_SEND_IOV,
		  send.flags & FASTIPC_SEND_ARRAY, &send.data, &send.len);
	if (!(send.flags & FASTIPC_SEND_ARRAY) || odd)
		send.tag = c->value;
	if (send.flags & FASTIPC_SEND_THEN_RECV) {
		/* Items are the sender's: so plain, or badly formed. */
		then.a = (c->b & 0x10) ? 0 : c->a >> 4;
		then.c = c->c >> 2;
		fill_recv(&then, file, &recv);
		if (c->a >> 4 == 14)
			recv.timeout_ns = c->value;
		send.then = (uintptr_t)arena->args + PAGE / 2;
		memcpy(arena->args + PAGE / 2, &recv, sizeof(recv));
		if (c->a >> 4 == 13)
			send.then = (uintptr_t)pointer_of(c, sizeof(recv));
	}
	return CALL(c, file->fd, SEND, send);
}

static long call_recv(const struct call *c, struct file *file)
{
	struct fastipc_recv recv;
	long ret;

	fill_recv(c, file, &recv);
	recv.timeout_ns = timeout_of(c);
	ret = CALL(c, file->fd, RECV, recv);
	if (ret == 0)
		wrong("RECV gave 0");
	return ret;
}

static long call_sync(const struct call *c, struct file *file)
{
	/*
	 * WAKE_RECV 1, WAKE_SEND 2, WAIT_RECV 4, WAIT_SEND 8, WAIT_DONE 16,
	 * CALM_RECV 32, CALM_SEND 64
	 */
	static const uint8_t flags[] = { 1, 2,	3,  4,	96, 5,	6,  7,
					 8, 32, 16, 64, 9,  17, 11, 0 };
	bool odd = (c->a & 0xf0) == 0xf0;
	struct fastipc_sync sync = { .size = sizeof(sync),
				     .flags = odd ? c->value :
						    flags[c->a & 15] };

	if (sync.flags & (4 | 8 | 16) || odd)
		sync.timeout_ns = timeout_of(c);
	if (sync.flags & FASTIPC_SYNC_WAIT_SEND || odd)
		sync.need = length_of(c, file->limit);
	/* In a sealed pair 0; in a direct one what was sent, if nobody lies. */
	if (sync.flags & (8 | 16) && c->a & 0x10) {
		struct fastipc_stat stat = { .size = sizeof(stat) };

		sync.position = c->value;
		if (c->a & 0x20 && !ioctl(file->fd, FASTIPC_STAT, &stat))
			sync.position = stat.sent;
	}
	return CALL(c, file->fd, SYNC, sync);
}

/* Answers --------------------------------------------------------------- */

/*
 * What uapi/linux/fastipc.h says each call may answer; 0 ends a list.  Sending, receiving
 * and waiting attach the endpoint of a name.
 */
static const int answers[OP_SHUTDOWN + 1][14] = {
	[OP_SETUP] = { EBUSY, ENOMEM, EINTR, ENOSPC },
	[OP_PEER] = { ENOTCONN, EACCES, EBUSY, EPIPE, ECONNRESET, EMFILE,
		      ENFILE, ENOMEM, EOPNOTSUPP },
	[OP_ATTACH] = { ENOTCONN, EPIPE, ECONNRESET, EBUSY, EBADMSG, ENOMEM,
			ETIMEDOUT, EINTR },
	[OP_INFO] = { ENOTCONN },
	[OP_MAP] = { ENOTCONN, EMFILE, ENFILE, ENOMEM },
	[OP_SEND] = { EMSGSIZE, EBUSY, EAGAIN, ETIMEDOUT, EINTR, EPIPE,
		      ECONNRESET, EBADMSG, ENOMEM, ENOTCONN },
	[OP_RECV] = { EMSGSIZE, EBUSY, EAGAIN, ETIMEDOUT, EINTR, EPIPE,
		      ECONNRESET, EBADMSG, ENOTCONN, ENOMEM },
	[OP_SYNC] = { EMSGSIZE, EAGAIN, EBUSY, ENOMEM, ETIMEDOUT, EINTR, EPIPE,
		      ECONNRESET, EBADMSG, ENOTCONN },
	[OP_STAT] = { ENOTCONN },
	[OP_SHUTDOWN] = { ENOTCONN },
};

static void check_answer(const struct call *c, long ret)
{
	enum op op = call_op(c);
	size_t i;

	if (ret >= 0 || op == OP_OPEN)
		return;
	if (ret == -EINVAL || ret == -EFAULT || ret == -E2BIG)
		return;
	/*
	 * Another thread may have closed the file, and its number may be that
	 * of a map file now, or of none of the module's.
	 */
	if (ret == -EBADF || ret == -ENOTTY)
		return;
	/* What io_uring says beside, of a file of FASTIPC_MAP too. */
	if (CALL_SUBMITTED(c) && (ret == -ECANCELED || ret == -ENOMEM ||
				  ret == -EAGAIN || ret == -EOPNOTSUPP))
		return;
	for (i = 0; i < COUNT(answers[op]); i++)
		if (answers[op][i] && ret == -answers[op][i])
			return;
	wrong("%s answered %ld", op_name(op), ret);
}

static long run_one(const struct call *c, struct file *file)
{
	struct fastipc_attach attach = { .size = sizeof(attach) };
	struct fastipc_shutdown down = { .size = sizeof(down) };
	struct fastipc_info info = { .size = sizeof(info) };
	struct fastipc_stat stat = { .size = sizeof(stat) };
	struct fastipc_map map = { .size = sizeof(map) };
	struct file like = *file;

	switch (call_op(c)) {
	case OP_SETUP:
		return call_setup(c, file);
	case OP_PEER:
		return call_peer(c, file);
	case OP_ATTACH:
		attach.end = (int)(c->a % 8) - 2;
		attach.reserved = c->a == 0xff;
		attach.timeout_ns = (c->a & 0x60) == 0x60 ? 100000 : 0;
		return CALL(c, file->fd, ATTACH, attach);
	case OP_INFO:
		return CALL(c, file->fd, INFO, info);
	case OP_MAP:
		like.is_map = true;
		return objects_keep(CALL(c, file->fd, MAP, map), like);
	case OP_SEND:
		return call_send(c, file);
	case OP_RECV:
		return call_recv(c, file);
	case OP_SYNC:
		return call_sync(c, file);
	case OP_STAT:
		return CALL(c, file->fd, STAT, stat);
	default:
		down.how = c->a & 0x80 ? c->a & 7 : FASTIPC_SHUT_ON_CLOSE;
		return CALL(c, file->fd, SHUTDOWN, down);
	}
}

long run_ioctl(const struct call *c)
{
	bool waits = waits_for_signal(c);
	struct file *file = file_of(c);
	long ret;

	if (call_op(c) == OP_OPEN)
		return call_open(c);
	if (!file)
		return -EBADF;
	waits &= call_op(c) >= OP_SEND && call_op(c) <= OP_SYNC;
	if (waits)
		alarm_on();
	ret = run_one(c, file);
	if (waits)
		alarm_off();
	check_answer(c, ret);
	return ret;
}
