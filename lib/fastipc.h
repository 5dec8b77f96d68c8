/* SPDX-License-Identifier: MIT */
/*
 * libfastipc: messages between processes on one machine.
 *
 * Calls return 0 or a count, or a negative errno; what each errno means is in
 * doc/protocol.rst, and is the same everywhere:
 *
 *	-EAGAIN		would block, and FASTIPC_NOWAIT was given
 *	-ETIMEDOUT	time is up
 *	-EINTR		a signal came while waiting; without a time limit, handlers
 *			installed with SA_RESTART restart the call instead
 *	-EMSGSIZE	does not fit; nothing was consumed
 *	-EPIPE		the other side ended in order (receiving: after the last
 *			message)
 *	-ECONNRESET	the other side vanished without saying so (likewise)
 *	-EBADMSG	the other side broke the rules of shared memory; this
 *			direction stays unusable
 *	-EBADF		this end may not send, or not receive
 *	-EINVAL		a bad argument, or a handle inherited over fork(2)
 *	-EBUSY		another process uses this end
 *	-ENOMEM		no memory for the maps of an end, made at its first use
 *
 * Threads: one thread may send while another receives on the same end; two
 * threads must not send, nor two receive, at the same time.  There are no hidden
 * threads, signal handlers, callbacks or logs.
 *
 * Waiting: a call that has to wait looks on for a moment (options.spin_us), and
 * then sleeps in the kernel.  While both sides run there is no system call.  A
 * timeout_ms of 0 means not to wait (-EAGAIN), a negative one no limit.
 *
 * fork(2): in the child every call on an inherited handle gives -EINVAL, but
 * fastipc_fd(), and fastipc_close(), which frees memory and leaves the descriptor
 * open.  The child adopts the
 * descriptor of the end that is to be its own (fastipc_adopt()), and closes the
 * descriptor of the other with close(2): an end lives as long as any process has
 * its descriptor, so one that forgets this never sees the other side die.
 *
 * A program that fails just exits: the other side then gets -ECONNRESET, and
 * knows that what came is not all.  Only fastipc_close() and fastipc_shutdown()
 * make an end look like one.
 */
#ifndef FASTIPC_H
#define FASTIPC_H

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
 * @max_message: longest payload in bytes, at most ring_bytes / 4 - 16; 0: that.
 *	So messages of 16 KiB need rings of 128 KiB.
 * @takes: how many messages may be taken and not yet done; 0: 16
 * @spin_us: how long to look on before sleeping, in microseconds, up to 1000;
 *	0: 50, about what a sleep costs; -1: not at all.  Never with one CPU.
 */
struct fastipc_options {
	size_t size;
	uint64_t ring_bytes;
	uint64_t max_message;
	uint32_t takes;
	int32_t spin_us;
};

/* flags of a call */
#define FASTIPC_NOWAIT 1 /* -EAGAIN instead of waiting */

/* flags of a message */
#define FASTIPC_MUTABLE 1 /* the sender can still change it: copy, then check */

/**
 * struct fastipc_msg - a message that was taken
 * @data: payload, in shared memory, until fastipc_done(); 16-byte aligned
 * @len: its length in bytes
 * @tag: the sender's (struct fastipc_out), else 0
 * @flags: FASTIPC_MUTABLE
 * @private_: not yours
 */
struct fastipc_msg {
	const void *data;
	size_t len;
	uint64_t tag;
	uint32_t flags;
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

/* channel.c: making, passing on, ending --------------------------------- */

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
 * The options are the defaults.  A descriptor may have one handle in a process;
 * this is not checked.  Maps the end at once: while another process has used it
 * and not yet closed its handle, that is -EBUSY.  Goes on where that process stopped; what it had
 * taken counts as received.
 *
 * Return: 0; -ENOTTY: not an endpoint; -ENOTCONN: not set up; -EBUSY, -ENOMEM,
 * -EBADF.  On error the descriptor stays the caller's.
 */
int fastipc_adopt(struct fastipc **f, int fd);

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

/**
 * fastipc_fd() - the descriptor, for poll(2), epoll(7) and passing on
 * @f: handle
 *
 * POLLIN: a message, or the end; POLLOUT: space for the longest message, or the
 * end; POLLRDHUP: receiving has ended, messages may be left; POLLHUP: all has;
 * POLLERR: the other side vanished or broke the rules.  With EPOLLET receive
 * until -EAGAIN.
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
 * Discards a reservation.  The other side gets -EPIPE once no process has the
 * descriptor open; or -ECONNRESET if nobody ever used the end, or if the last
 * who did died.  Never blocks.
 */
void fastipc_close(struct fastipc *f);

/** fastipc_info() - geometry and rights; @info needs no preparation; 0, -EINVAL */
int fastipc_info(const struct fastipc *f, struct fastipc_info *info);

/** fastipc_stat() - counters; @stat needs no preparation; 0, -EINVAL */
int fastipc_stat(const struct fastipc *f, struct fastipc_stat *stat);

/** fastipc_version() - of the library: major * 10000 + minor * 100 + patch */
int fastipc_version(void);

/* message.c: sending and receiving --------------------------------------- */

/**
 * fastipc_send() - send one message
 * @f: handle
 * @buf: payload
 * @len: its length in bytes; 0 is legal
 * @flags: FASTIPC_NOWAIT
 *
 * Waits until there is space.
 *
 * Return: 0, or -EAGAIN, -EINTR, -EMSGSIZE, -EPIPE, -ECONNRESET, -EBADMSG,
 * -EBADF, -EINVAL.
 */
int fastipc_send(struct fastipc *f, const void *buf, size_t len, int flags);

/** fastipc_send_timed() - the same; @timeout_ms, or -1: no limit, -ETIMEDOUT */
int fastipc_send_timed(struct fastipc *f, const void *buf, size_t len,
		       int flags, int timeout_ms);

/** fastipc_sendmsg() - the same, gathered from pieces, with a tag */
int fastipc_sendmsg(struct fastipc *f, const struct fastipc_out *out,
		    int flags);

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
 * can be sent (-EINVAL).
 *
 * Return: as fastipc_send().
 */
int fastipc_reserve(struct fastipc *f, size_t max, void **payload, int flags);

/**
 * fastipc_commit() - send what was built
 * @f: handle
 * @used: bytes, at most what was reserved
 * @flags: 0
 *
 * Its tag is 0.
 *
 * Return: 0; -EMSGSIZE: more than reserved; -EINVAL: nothing reserved.
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
 * Return: 0, or as fastipc_recv(); -EINVAL also if options.takes are taken.
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
 * fastipc_exchange() - send one message and wait for the next to come
 * @f: handle
 * @req: payload to send
 * @len: its length in bytes
 * @rep: buffer for what comes
 * @cap: its size in bytes
 * @timeout_ms: for the whole, or -1: no limit
 *
 * At most one system call while there is space.  Both sides may use it: whoever
 * answers sends the answer and waits for the next request.  On error the
 * message may have been sent, and its reply still come: without care it is taken
 * for the reply to the next request.  Number them, receive it first, or close.
 *
 * Return: the length received, or as fastipc_send() and fastipc_recv().
 */
ssize_t fastipc_exchange(struct fastipc *f, const void *req, size_t len,
			 void *rep, size_t cap, int timeout_ms);

/* wait.c ------------------------------------------------------------------ */

/**
 * fastipc_wait() - wait until something can be done
 * @f: handle
 * @events: POLLIN: a message (or the end); POLLOUT: space for the longest
 * @timeout_ms: or -1: no limit
 *
 * Return: what poll(2) calls revents; 0: time is up; -EINTR, -EINVAL.
 */
int fastipc_wait(struct fastipc *f, int events, int timeout_ms);

#ifdef __cplusplus
}
#endif

#endif /* FASTIPC_H */
