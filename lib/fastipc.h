/* SPDX-License-Identifier: MIT */
/*
 * libfastipc: messages between processes on one machine.
 *
 * Calls return 0 or a count, or a negative errno; what each errno means is in
 * libfastipc(7), and is the same in all calls that move messages or wait:
 *
 *	-EAGAIN		would block, and FASTIPC_NOWAIT was given
 *	-ETIMEDOUT	time is up
 *	-EINTR		a signal came while waiting; without a time limit, handlers
 *			installed with SA_RESTART restart the call instead, but
 *			not fastipc_wait(), and maybe not in a sealed pair an
 *			exchange that has sent its request
 *	-EMSGSIZE	does not fit; nothing was consumed
 *	-EPIPE		the other side ended in order (receiving: after the last
 *			message)
 *	-ECONNRESET	the other side vanished without saying so (likewise)
 *	-EBADMSG	the other side broke the rules of shared memory; this
 *			direction stays unusable
 *	-EBADF		this end may not send, or not receive
 *	-EINVAL		a bad argument, or a handle inherited over fork(2)
 *	-EBUSY		another process uses this end
 *	-EOPNOTSUPP	a channel that cannot be mapped (FASTIPC_STREAM)
 *	-ENOMEM		no memory for the maps of an end, made at its first use
 *
 * Threads: one thread may send while another receives on the same end; two
 * threads must not send, nor two receive, at the same time.  There are no
 * hidden threads, signal handlers, callbacks or logs.
 *
 * A pair is direct or sealed.  Through a direct one messages go from process
 * to process, without a system call while both sides run; but the sender can
 * change what it sent while it is read.  In a sealed pair the kernel copies
 * each message once and stamps it with the sending process: it never changes
 * again, and receiving is still without a system call.
 *
 * Waiting: a call that has to wait looks on for a moment (options.spin_us, or less
 * where that was in vain lately), and then sleeps in the kernel.  While both sides
 * run there is no system call.  A timeout_ms of 0 means not to wait (-EAGAIN), a
 * negative one no limit; only fastipc_wait() returns 0 for not to wait and for time
 * is up.
 *
 * fork(2): in the child every call on an inherited handle gives -EINVAL, but
 * fastipc_fd(), and fastipc_close(), which frees memory and leaves the
 * descriptor open.  The child adopts the descriptor of the end that is to be
 * its own (fastipc_adopt()), and closes the descriptors of all others that its
 * parent had open with close(2): an end lives as long as any process has its
 * descriptor, so where this is forgotten the other side never sees it die.
 *
 * A program that fails just exits: the other side then gets -ECONNRESET, and
 * knows that what came is not all.  Only fastipc_close() and fastipc_shutdown()
 * make it an orderly end (-EPIPE).
 */
#ifndef FASTIPC_H
#define FASTIPC_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <linux/fastipc.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One end of a channel. */
struct fastipc;

/**
 * struct fastipc_options - how a channel is made, and how a handle behaves
 * @size: sizeof(struct fastipc_options)
 * @ring_bytes: bytes of each ring, rounded up to a power of two and at least a
 *	page; 0: 65536
 * @max_message: longest payload in bytes, at most ring_bytes / 4 - 16, sealed
 *	- 64; 0: that.  So messages of 16 KiB need rings of 128 KiB.
 * @takes: how many messages may be taken and not yet done; 0: 16
 * @spin_us: how long to look on before sleeping, in microseconds, up to 1000;
 *	0: 50, about what a sleep costs; -1: not at all.  Never with one CPU.
 * @flags: FASTIPC_SEALED: the default of a channel with a name, of one without
 *	FASTIPC_DIRECT; FASTIPC_STREAM: for programs that only read(2) and write(2), see
 *	fastipc(4); FASTIPC_FENCED: nobody who runs is interrupted, at the cost of a fence
 *	for each message; FASTIPC_KEEP: with a name; an end that closes or dies can have a
 *	successor, and the other one waits for it
 * @mode: of a name that is made; 0: 0600
 * @end: of a name: FASTIPC_AS_END(0), FASTIPC_AS_END(1), or FASTIPC_AS_ANY, as FASTIPC_ATTACH
 *	chooses; 0: fastipc_create() becomes end 0, fastipc_open() end 1
 * @timeout_ms: of a name: how long to wait until it is set up; 0: 1000, -1: no limit
 */
struct fastipc_options {
	size_t size;
	uint64_t ring_bytes;
	uint64_t max_message;
	uint32_t takes;
	int32_t spin_us;
	uint32_t flags;
	uint32_t mode;
	uint32_t end;
	int32_t timeout_ms;
};

#define FASTIPC_DIRECT	  0x80000000 /* in options.flags: not FASTIPC_SEALED */
#define FASTIPC_AS_END(n) ((n) + 1)  /* in options.end */
#define FASTIPC_AS_ANY	  3

/* flags of a call */
#define FASTIPC_NOWAIT 1 /* -EAGAIN instead of waiting */
#define FASTIPC_MORE   2 /* others follow: not visible before fastipc_flush() */

/* flags of a message */
#define FASTIPC_MUTABLE 1 /* the sender can still change it: copy, then check */

/**
 * struct fastipc_msg - a message that was taken
 * @data: payload, in shared memory, until fastipc_done(); 16-byte aligned
 * @len: its length in bytes
 * @tag: the sender's (struct fastipc_out), else 0
 * @seq: number of the message, from 1
 * @endpoint: number of the sending endpoint, never used again
 * @time_ns: when it was sent, CLOCK_MONOTONIC
 * @pid: the process that sent it
 * @uid: of whoever opened the sending endpoint
 * @gid: the same
 * @priority: 0
 * @flags: FASTIPC_MUTABLE in a direct pair; FASTIPC_MAYBE_SEEN: a predecessor, which is
 *	dead, had taken it too, and not said that it had done with it
 * @reserved: 0
 * @private_: not yours
 *
 * From @seq to @priority: in a sealed pair, by the kernel; in a direct one zero.
 * If the pair was made in another user or pid namespace than the one that the
 * receiver was in when it made or adopted its handle, @pid is 0, and @uid and
 * @gid are -1: whoever made it may be root there.
 */
struct fastipc_msg {
	const void *data;
	size_t len;
	uint64_t tag;
	uint64_t seq;
	uint64_t endpoint;
	int64_t time_ns;
	pid_t pid;
	uid_t uid;
	gid_t gid;
	uint32_t priority;
	uint32_t flags;
	uint32_t reserved;
	uint64_t private_[2];
};

/**
 * struct fastipc_out - a message to be gathered from pieces
 * @iov: the pieces
 * @iovcnt: how many
 * @tag: for the receiver; not interpreted
 */
struct fastipc_out {
	const struct iovec *iov;
	int iovcnt;
	uint64_t tag;
};

/* Making, passing on, ending ----------------------------------------------- */

/**
 * fastipc_pair() - make a channel with two ends
 * @end: filled in with both; one is usually for another process
 * @options: or NULL for the defaults
 *
 * Return: 0; -ENOENT: the module is not loaded; -EACCES: no permission for
 * /dev/fastipc; -EINVAL, -E2BIG: bad options; -ENOMEM, -EMFILE, -ENFILE.
 */
int fastipc_pair(struct fastipc *end[2], const struct fastipc_options *options);

/**
 * fastipc_adopt() - make a handle from a descriptor, inherited or received
 * @f: filled in
 * @fd: of an endpoint; becomes the handle's, and close-on-exec
 *
 * The options are the defaults.  The descriptor may be of either end, of a
 * direct or a sealed pair, made by this library or by raw calls.  A descriptor
 * may have one handle in a process; this is not checked.  Maps the end at
 * once: while another process has used it and not yet closed its handle, that
 * is -EBUSY.  Goes on where that process stopped; what it had taken counts as
 * received.
 *
 * Return: 0; -ENOTTY: not an endpoint; -ENOTCONN: not set up; -EBADF: not open;
 * -EBADMSG: sealed, and who used it before broke the rules; -EBUSY, -ENOMEM,
 * -EOPNOTSUPP; -EMFILE, -ENFILE: a one-way end, mapped through another
 * descriptor.  On error the descriptor stays the caller's.
 */
int fastipc_adopt(struct fastipc **f, int fd);

/**
 * fastipc_inherit() - adopt the end that this program was started with
 * @f: filled in
 *
 * $FASTIPC_FD is the number of its descriptor: what "fastipc run" sets.  Else,
 * as systemd passes descriptors, it is the first endpoint among $LISTEN_FDS of
 * them from 3 on, if $LISTEN_PID is this process.  On success the variables
 * are removed: no program started from here takes them for its own.  So call
 * it before there are threads.  A set-user-ID program ignores them.
 *
 * Return: as fastipc_adopt(); -ENOENT: neither names an endpoint; -EINVAL: not
 * a number.
 */
int fastipc_inherit(struct fastipc **f);

/**
 * fastipc_peer() - make the other end, where it does not exist yet
 * @f: filled in
 * @from: this end, made by other means than fastipc_pair()
 * @oflags: O_RDWR, O_RDONLY or O_WRONLY; O_NONBLOCK
 *
 * Return: 0; -EBUSY: it exists; -EPIPE, -ECONNRESET: it did; -EACCES: more
 * rights than @from has; -EINVAL, -ENOMEM, -EMFILE, -ENFILE.
 */
int fastipc_peer(struct fastipc **f, const struct fastipc *from, int oflags);

/* Channels with a name ------------------------------------------------------ */

/**
 * fastipc_create() - make a channel with a name, or open one that is as it would be
 * @f: filled in: its end 0, unless options.end says otherwise; or NULL: only make it
 * @name: without a slash: in $FASTIPC_DIR, or else in /run/fastipc; or a path
 * @oflags: O_RDWR, O_RDONLY or O_WRONLY: who may receive, and send; O_EXCL: make it;
 *	O_NONBLOCK
 * @options: or NULL for the defaults
 *
 * The name and what was sent stay until it is removed (fastipc_unlink()), with
 * FASTIPC_KEEP also if nobody has it open.  A process that died and comes back with the
 * same call goes on where it stopped.
 *
 * Return: 0; -EEXIST: there is one, and O_EXCL was given or it is not as it would be;
 * -EBUSY: somebody is that end; -ENOENT: no such directory; -ENOTTY: that is no mount of
 * fastipcfs, or the name no channel; -EACCES: no permission, or another user made it
 * where all may make names; -EDQUOT: the user's share is used up;
 * -ENOSPC: the mount's; -EPIPE, -ECONNRESET: the end is over; -EPERM, -EBADMSG: see
 * fastipc_open(); -EINVAL, -E2BIG: bad options; -ENOMEM, -EMFILE, -ENFILE,
 * -ENAMETOOLONG.
 */
int fastipc_create(struct fastipc **f, const char *name, int oflags,
		   const struct fastipc_options *options);

/**
 * fastipc_open() - open a channel by its name
 * @f: filled in: its end 1, unless options.end says otherwise
 * @name: as fastipc_create()
 * @oflags: O_RDWR, O_RDONLY or O_WRONLY; O_NONBLOCK
 * @options: or NULL for the defaults; how the channel was made, they do not change
 *
 * Waits until it is set up, for as long as options.timeout_ms says.  If the end had
 * another owner, which is gone, and the channel has FASTIPC_KEEP: goes on where that one
 * stopped.  What it had taken and not given back comes again, marked FASTIPC_MAYBE_SEEN.
 *
 * Return: 0; -ENOENT: no such name; -ETIMEDOUT: it is not set up; -EINTR; -EBUSY:
 * somebody is that end; -EPIPE, -ECONNRESET: it is over; -EPERM: direct, and a former
 * owner was another user, who could still write there; -EBADMSG: a former owner broke
 * the rules; -ENOTTY: no channel; -EACCES, -EINVAL, -E2BIG, -ENOMEM, -EMFILE, -ENFILE,
 * -ENAMETOOLONG.
 */
int fastipc_open(struct fastipc **f, const char *name, int oflags,
		 const struct fastipc_options *options);

/**
 * fastipc_unlink() - remove the name of a channel
 * @name: as fastipc_create()
 *
 * Who has it open goes on.
 *
 * Return: 0, -ENOENT, -EACCES, -EPERM, -ENOTTY, -EINVAL, -ENAMETOOLONG.
 */
int fastipc_unlink(const char *name);

#define FASTIPC_EV_PEER POLLPRI

/**
 * fastipc_fd() - the descriptor, for poll(2), epoll(7) and passing on
 * @f: handle
 *
 * FASTIPC_EV_PEER: the other end came or went since fastipc_info() was called
 * last.  POLLIN: a message, or the end; POLLOUT: space for the longest
 * message, or the end; POLLRDHUP: receiving has ended, messages may be left;
 * POLLHUP: all has; POLLERR: the other side vanished or broke the rules.  With
 * EPOLLET receive until -EAGAIN.
 *
 * Return: the descriptor, which stays the handle's.
 */
int fastipc_fd(const struct fastipc *f);

/**
 * fastipc_shutdown() - end a direction in order
 * @f: handle
 * @how: FASTIPC_SHUT_SEND, FASTIPC_SHUT_RECV, or both
 *
 * What was sent stays readable; then the other side gets -EPIPE.
 *
 * Return: 0, -EINVAL or -EBADF.
 */
int fastipc_shutdown(struct fastipc *f, int how);

/**
 * fastipc_close() - free a handle, and end in order
 * @f: handle, or NULL
 *
 * Flushes, and discards a reservation.  The other side gets -EPIPE once no
 * process has the descriptor open; or -ECONNRESET if nobody ever used the end,
 * or if the last who did died.  Never blocks.
 */
void fastipc_close(struct fastipc *f);

/**
 * fastipc_info() - geometry, rights, and who is at the other end
 * @f: handle
 * @info: filled in; needs no preparation
 *
 * Return: 0, -EINVAL.
 */
int fastipc_info(const struct fastipc *f, struct fastipc_info *info);

/** fastipc_stat() - counters; @stat needs no preparation; 0, -EINVAL */
int fastipc_stat(const struct fastipc *f, struct fastipc_stat *stat);

/** fastipc_version() - of the library: major * 10000 + minor * 100 + patch */
int fastipc_version(void);

/* Sending and receiving ---------------------------------------------------- */

/**
 * fastipc_send() - send one message
 * @f: handle
 * @buf: payload
 * @len: its length in bytes; 0 is legal
 * @flags: FASTIPC_NOWAIT, FASTIPC_MORE
 *
 * Waits until there is space.  With FASTIPC_MORE the message waits in the ring
 * for fastipc_flush(), or for the next that is sent without: the receiver then
 * sees all of them at once.  Whatever has to wait, or fails with -EAGAIN,
 * flushes first; so do fastipc_drain(), fastipc_shutdown() and
 * fastipc_close().  What a process that died had not flushed was never sent; in
 * a sealed pair, unless another process sends or flushes through the same
 * descriptor.
 *
 * Return: 0, or -EAGAIN, -EINTR, -EMSGSIZE, -EPIPE, -ECONNRESET, -EBADMSG,
 * -EBADF, -EINVAL; in a sealed pair also -EFAULT, -ENOMEM.
 */
int fastipc_send(struct fastipc *f, const void *buf, size_t len, int flags);

/** fastipc_send_timed() - the same; @timeout_ms, or -1: no limit, -ETIMEDOUT */
int fastipc_send_timed(struct fastipc *f, const void *buf, size_t len,
		       int flags, int timeout_ms);

/** fastipc_sendmsg() - the same, gathered from pieces, with a tag */
int fastipc_sendmsg(struct fastipc *f, const struct fastipc_out *out,
		    int flags);

/**
 * fastipc_sendv() - send several messages, visible at once
 * @f: handle
 * @out: the messages
 * @n: how many
 * @flags: FASTIPC_NOWAIT, FASTIPC_MORE
 *
 * At once, as long as there is space for them; if it has to wait, those that
 * fitted become visible.  In a sealed pair one system call.
 *
 * Return: how many were sent, @n unless something came in between; or, if none
 * was, as fastipc_send().
 */
int fastipc_sendv(struct fastipc *f, const struct fastipc_out *out,
		  unsigned int n, int flags);

/**
 * fastipc_flush() - make visible what was sent with FASTIPC_MORE
 * @f: handle
 *
 * Return: 0, -EBADF, -EINVAL; in a sealed pair -EINTR if the caller is killed.
 */
int fastipc_flush(struct fastipc *f);

/**
 * fastipc_drain() - flush, and wait until all that was sent was received
 * @f: handle
 * @timeout_ms: or -1: no limit
 *
 * Received means given back: fastipc_recv() does, and fastipc_done().
 *
 * Return: 0; -EAGAIN with a @timeout_ms of 0, -ETIMEDOUT, -EINTR, -EPIPE,
 * -ECONNRESET (not all was), -EBADMSG, -EBADF, -EINVAL.
 */
int fastipc_drain(struct fastipc *f, int timeout_ms);

/**
 * fastipc_recv() - receive one message into a buffer
 * @f: handle
 * @buf: for the payload
 * @cap: its size in bytes; too small: -EMSGSIZE, and the message stays
 * @flags: FASTIPC_NOWAIT
 *
 * Return: the message's length, 0 for an empty one; or -EAGAIN, -EINTR,
 * -EMSGSIZE, -EPIPE, -ECONNRESET, -EBADMSG, -EBADF; -EINVAL also while a taken
 * message is not done.
 */
ssize_t fastipc_recv(struct fastipc *f, void *buf, size_t cap, int flags);

/** fastipc_recv_timed() - the same; @timeout_ms, or -1: no limit, -ETIMEDOUT */
ssize_t fastipc_recv_timed(struct fastipc *f, void *buf, size_t cap, int flags,
			   int timeout_ms);

/**
 * fastipc_reserve() - build a message in place
 * @f: handle
 * @max: bytes that may be needed
 * @payload: filled in: shared memory, 16-byte aligned, not zeroed
 * @flags: FASTIPC_NOWAIT
 *
 * One reservation at a time; until it is committed or discarded nothing else
 * can be sent (-EINVAL).  In a sealed pair the memory is the process's own, and
 * space is found, and the message copied, by fastipc_commit().
 *
 * Return: as fastipc_send(); -ENOMEM.
 */
int fastipc_reserve(struct fastipc *f, size_t max, void **payload, int flags);

/**
 * fastipc_commit() - send what was built
 * @f: handle
 * @used: bytes, at most what was reserved
 * @flags: FASTIPC_MORE; in a sealed pair also FASTIPC_NOWAIT
 *
 * Its tag is 0.  The reservation stays if it fails.
 *
 * Return: 0; -EMSGSIZE: more than reserved; -EINVAL: nothing reserved; else as
 * fastipc_send(), though in a direct pair there is always space.
 */
int fastipc_commit(struct fastipc *f, size_t used, int flags);

/** fastipc_discard() - forget the reservation, if there is one */
void fastipc_discard(struct fastipc *f);

/**
 * fastipc_take() - receive one message in place
 * @f: handle
 * @msg: filled in
 * @flags: FASTIPC_NOWAIT
 *
 * The payload stays where it is until fastipc_done(), and with it the sender's
 * space.  Its memory cannot be written from here.
 *
 * Return: 0, or as fastipc_recv() but for -EMSGSIZE; -EINVAL also if
 * options.takes are taken.
 */
int fastipc_take(struct fastipc *f, struct fastipc_msg *msg, int flags);

/** fastipc_take_timed() - the same; @timeout_ms, or -1: no limit, -ETIMEDOUT */
int fastipc_take_timed(struct fastipc *f, struct fastipc_msg *msg, int flags,
		       int timeout_ms);

/**
 * fastipc_done() - give a taken message's memory back, in the order taken
 * @f: handle
 * @msg: from fastipc_take()
 *
 * Return: 0; -EINVAL: not the oldest one.
 */
int fastipc_done(struct fastipc *f, struct fastipc_msg *msg);

/**
 * fastipc_takev() - receive several messages in place
 * @f: handle
 * @msg: filled in
 * @n: how many there is room for
 * @flags: FASTIPC_NOWAIT
 *
 * Waits for the first, and takes what there is.
 *
 * Return: how many, at least 1; or as fastipc_take().
 */
int fastipc_takev(struct fastipc *f, struct fastipc_msg *msg, unsigned int n,
		  int flags);

/**
 * fastipc_donev() - give several taken messages back, with one look at the peer
 * @f: handle
 * @msg: as fastipc_takev() filled them in
 * @n: how many, from the oldest taken on
 * @flags: 0
 *
 * Return: @n; -EINVAL: not the oldest ones, and nothing was given back.
 */
int fastipc_donev(struct fastipc *f, struct fastipc_msg *msg, unsigned int n,
		  int flags);

/**
 * fastipc_exchange() - send one message and wait for the next to come
 * @f: handle
 * @req: payload to send
 * @len: its length in bytes
 * @rep: buffer for what comes
 * @cap: its size in bytes
 * @timeout_ms: for the whole, or -1: no limit
 *
 * At most one system call while there is space, in a sealed pair too.  Both
 * sides may use it: whoever answers sends the answer and waits for the next
 * request.  On error the message may have been sent, and its reply still come:
 * without care it is taken for the reply to the next request.  Number them,
 * receive it first, or close.
 *
 * Return: the length received, or as fastipc_send() and fastipc_recv().
 */
ssize_t fastipc_exchange(struct fastipc *f, const void *req, size_t len,
			 void *rep, size_t cap, int timeout_ms);

/* Waiting -------------------------------------------------------------------- */

/**
 * fastipc_wait() - wait until something can be done
 * @f: handle
 * @events: POLLIN: a message (or the end); POLLOUT: space for the longest;
 *	FASTIPC_EV_PEER: the other end came or went
 * @timeout_ms: or -1: no limit
 *
 * Return: what poll(2) calls revents; 0: time is up; -EINTR, -EINVAL.
 */
int fastipc_wait(struct fastipc *f, int events, int timeout_ms);

#ifdef __cplusplus
}
#endif

#endif /* FASTIPC_H */
