/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * fastipc: messages between processes on one machine.
 *
 * This file is the contract between the kernel module, the library and any
 * program that maps a channel itself.  doc/protocol.rst says why it is so, and
 * states the order of every step; where the two differ, that is a bug.
 *
 * What a process may map
 * ----------------------
 *
 *              end 0's pages                    end 1's pages
 *        +-----------------------+        +-----------------------+
 *        | control page          |        | control page          |
 *        |  end 0: RW, end 1: RO |        |  end 1: RW, end 0: RO |
 *        +-----------------------+        +-----------------------+
 *        | ring 0, then the same |        | ring 1, then the same |
 *        | pages once more       |        | pages once more       |
 *        |  end 0: RW, end 1: RO |        |  end 1: RW, end 0: RO |
 *        +-----------------------+        +-----------------------+
 *           messages 0 -> 1                  messages 1 -> 0
 *
 * That is a direct pair.  In a sealed one only the kernel writes the rings: an
 * end cannot map its own, and sends with FASTIPC_SEND or write(2).  So a
 * message does not change once it is sent, and says who sent it.
 *
 * A process can write only the pages of its own end, and nobody believes what
 * he reads from pages of another: every word is read once, bounded, and only
 * the copy is used.
 *
 * Who writes a word
 * -----------------
 *   (p)  the producer, through its read-write map; or the kernel for it
 *   (c)  the consumer, through its read-write map; or the kernel for it
 *   (k)  the kernel
 *   (s)  set once, before anybody else can see it
 *
 * A position is a count of bytes since the ring was made: it only grows and
 * never wraps.  The byte it names is at (position & (ring_bytes - 1)).
 *
 * A message in a ring
 * -------------------
 *
 *     position, a multiple of 16
 *     |
 *     v
 *     +--------+--------+---------------------+-----+--------+ - - -
 *     | word   | tag    | payload, len bytes  | pad | 0      | free
 *     | u64    | u64    |                     |     | u64    |
 *     +--------+--------+---------------------+-----+--------+ - - -
 *     |<------ FASTIPC_FOOTPRINT(len) ------------->|
 *
 * The producer writes tag and payload, stores 0 to the word behind, and then
 * store-releases its own word, which is never 0: that publishes the message.
 * A message is readable exactly if the word at the consumer's position is not
 * zero; there is no other index.  So a send needs FASTIPC_FOOTPRINT(len) + 16
 * free bytes: ring_bytes - (position - released).
 *
 * In a sealed ring struct fastipc_stamp stands between tag and payload, and the
 * message occupies FASTIPC_SEALED_FOOTPRINT(len).
 *
 * Who produces and consumes
 * -------------------------
 *
 * While a process has an end mapped, it consumes there, and in a direct pair it
 * produces too.  While nobody has, the kernel does it for FASTIPC_SEND,
 * FASTIPC_RECV, read(2) and write(2), in rings of both sorts.  What it must not
 * do it refuses: EBUSY.  So either side may use maps or calls as it likes.
 *
 * read(2) receives one message, passing over empty ones (one that must not wait
 * gives EAGAIN after 4096, and poll(2) says that there is more), and gives 0 at the
 * end, whatever its reason; write(2) sends one, also an empty one.  Their
 * errnos are those of FASTIPC_RECV and FASTIPC_SEND.
 *
 * Structures passed to ioctl(2) begin with their size and grow at the end.  A
 * caller that knows more than the kernel gets E2BIG if it uses what the kernel
 * does not know, or if its size exceeds a page; a caller that knows less sees
 * the defaults.  Unknown flags and reserved input fields that are not zero give
 * EINVAL.  Integers are native-endian.
 */
#ifndef _UAPI_LINUX_FASTIPC_H
#define _UAPI_LINUX_FASTIPC_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Of fastipcfs, in statfs(2): "ipcf" */
#define FASTIPC_FS_MAGIC 0x69706366

/* Shared memory ----------------------------------------------------------- */

/* The word of a message: its length, flags, and the bit that makes it so. */
#define FASTIPC_WORD_LEN    0x00000000ffffffffULL
#define FASTIPC_WORD_FLAGS  0x7fffffff00000000ULL /* none known: zero */
#define FASTIPC_WORD_COMMIT 0x8000000000000000ULL /* always set */

#define FASTIPC_ALIGN 16 /* of every message in a ring */

/* Bytes that a message with a payload of len bytes occupies (not its room). */
#define FASTIPC_FOOTPRINT(len) \
	(((__u64)(len) + 2 * FASTIPC_ALIGN - 1) & ~(__u64)(FASTIPC_ALIGN - 1))

#define FASTIPC_STAMP_BYTES 48 /* sizeof(struct fastipc_stamp) */

/* The same in a sealed ring. */
#define FASTIPC_SEALED_FOOTPRINT(len) \
	FASTIPC_FOOTPRINT((__u64)(len) + FASTIPC_STAMP_BYTES)

/**
 * struct fastipc_record - what a message in a ring begins with
 * @word: (p) 0 until committed, then FASTIPC_WORD_*
 * @tag: (p) the sender's, not interpreted
 *
 * The payload follows; in a sealed ring the stamp, then the payload.
 */
struct fastipc_record {
	__u64 word;
	__u64 tag;
};

/**
 * struct fastipc_stamp - who sent a sealed message, and when
 * @seq: (k) number of the message in its ring, from 1
 * @endpoint: (k) number of the sending endpoint, never used again
 * @time_ns: (k) CLOCK_MONOTONIC, in nanoseconds
 * @pid: (k) the process that called
 * @uid: (k) of whoever opened the endpoint, not of whoever it was passed to
 * @gid: (k) the same
 * @priority: (k) 0
 * @reserved: (k) 0
 *
 * In memory, all as seen from the namespaces of the process that called
 * FASTIPC_SETUP: a process that is not visible there has pid 0, a user
 * overflowuid.  That process may be root of a namespace that it made: so they
 * mean nothing to whoever finds FASTIPC_FOREIGN in FASTIPC_INFO.  FASTIPC_RECV
 * translates uid and gid for its caller, and gives pid 0 in another namespace.
 * The time is the machine's, in a time namespace too.
 */
struct fastipc_stamp {
	__u64 seq;
	__u64 endpoint;
	__s64 time_ns;
	__u32 pid;
	__u32 uid;
	__u32 gid;
	__u32 priority;
	__u64 reserved;
};

/**
 * struct fastipc_waitline - how one direction of an end waits
 * @want: (k) 0: nobody sleeps.  Receiving: 1, somebody waits for a message.
 *	Sending: the smallest released position that somebody waits for.
 * @ended: (k) 0, or the errno with which this direction ended: EPIPE,
 *	ECONNRESET.  A hint: only FASTIPC_SYNC confirms it.
 * @reserved0: zero
 * @reserved1: zero, fills the line
 * @alert: (k) 0: nobody waits, and before somebody does, the kernel runs a barrier
 *	where the peer runs.  On a line of its own.
 * @reserved2: zero, fills the line
 *
 * Behind each publish (receiving) or release (sending) the peer reads @alert; if it
 * is not 0, the peer fences, reads @want, and calls FASTIPC_SYNC to wake if that
 * says so.  A channel begins with @alert set.
 */
struct fastipc_waitline {
	__u64 want;
	__u32 ended;
	__u32 reserved0;
	__u64 reserved1[6];
	__u32 alert;
	__u32 reserved2[15];
};

/**
 * struct fastipc_control - the first bytes of an end's control page
 * @sent: (p) position behind the last message committed; a hint, stored after
 *	the commit
 * @reserved0: zero
 * @released: (c) position of the oldest message of the peer's ring that is
 *	still in use: what lies before may be overwritten
 * @taken: (c) position of the next message to take, stored before the payload
 *	of the message before it is exposed; @released <= @taken
 * @seen: (s) position up to which a predecessor, which is dead, may have seen
 *	messages (FASTIPC_KEEP)
 * @reserved1: zero
 * @recv: how the end waits for messages
 * @send: how the end waits for space
 *
 * No cache line has two writers; producer and consumer are two lines apart,
 * because processors fetch lines in pairs.
 */
struct fastipc_control {
	__u64 sent;
	__u64 reserved0[15];
	__u64 released;
	__u64 taken;
	__u64 seen;
	__u64 reserved1[13];
	struct fastipc_waitline recv;
	struct fastipc_waitline send;
};

/* ioctls ------------------------------------------------------------------ */

/* Sizes of the structures when they were first published. */
#define FASTIPC_SETUP_SIZE_VER0	   32
#define FASTIPC_ATTACH_SIZE_VER0   24
#define FASTIPC_PEER_SIZE_VER0	   8
#define FASTIPC_INFO_SIZE_VER0	   120
#define FASTIPC_MAP_SIZE_VER0	   8
#define FASTIPC_SEND_SIZE_VER0	   56
#define FASTIPC_RECV_SIZE_VER0	   96
#define FASTIPC_SYNC_SIZE_VER0	   32
#define FASTIPC_STAT_SIZE_VER0	   120
#define FASTIPC_SHUTDOWN_SIZE_VER0 8

/* Kinds of channel.  2 and 3 are reserved for queue and topic. */
#define FASTIPC_KIND_PAIR 1

#define FASTIPC_RING_DEFAULT 65536	  /* bytes */
#define FASTIPC_RING_MAX     (1ULL << 30) /* bytes; the least is a page */

#define FASTIPC_SEALED 1  /* only the kernel writes the rings */
#define FASTIPC_STREAM 2  /* read(2) and write(2) may cut messages */
#define FASTIPC_FENCED 8  /* never run barriers where a peer runs */
#define FASTIPC_KEEP   16 /* an end that closes or dies can be succeeded */

/**
 * struct fastipc_setup - fix the kind and the geometry of a channel, once
 * @size: in: of this structure
 * @flags: in: FASTIPC_SEALED, FASTIPC_STREAM, FASTIPC_FENCED, FASTIPC_KEEP
 * @kind: in: FASTIPC_KIND_PAIR
 * @reserved: in: 0
 * @ring_bytes: in: bytes of each ring, a power of two from a page to
 *	FASTIPC_RING_MAX; 0: FASTIPC_RING_DEFAULT
 * @max_message: in: longest payload in bytes, at most ring_bytes / 4 - 16, or
 *	- 64 if sealed; 0: just that
 *
 * FASTIPC_STREAM is for programs that know only bytes: write(2) of more than
 * the limit sends several messages, and read(2) into too small a buffer
 * receives a first part and leaves the rest.  Such a channel cannot be mapped.
 *
 * FASTIPC_FENCED is for processors that must not be disturbed: whoever publishes
 * or releases always fences, and so no sleeper has to interrupt it.
 *
 * FASTIPC_KEEP, for a channel with a name: the last close of an end, in order or not,
 * makes it vacant: the other side waits, or sends until there is no space, and a
 * successor goes on from there (FASTIPC_ATTACH).  FASTIPC_SHUTDOWN alone ends a
 * direction, for good.
 *
 * A channel without a name attaches its first endpoint, as end 0; one with a name none.
 *
 * EINVAL: a bad value, or KEEP without a name; EBUSY: set up before; EBADF: a name that
 * was opened O_RDONLY; EDQUOT: the user's share (module parameter user_bytes) is used
 * up; ENOSPC: that of the mount is; ENOMEM: no memory, or the caller's cgroup has no
 * more; EINTR: the caller is being killed.
 */
struct fastipc_setup {
	__u32 size;
	__u32 flags;
	__u32 kind;
	__u32 reserved;
	__u64 ring_bytes;
	__u64 max_message;
};

#define FASTIPC_END_ANY (-1)

/**
 * struct fastipc_attach - become an end
 * @size: in: of this structure
 * @flags: in: 0
 * @end: in: 0, 1 or FASTIPC_END_ANY
 * @reserved: in: 0
 * @timeout_ns: in: nanoseconds to wait until the channel is set up; 0: do not wait; or
 *	FASTIPC_FOREVER
 *
 * Opening a name makes no end: this does, or the first call that sends, receives or
 * waits, by poll(2) too, which takes any end.  Any is end 0, or for who may only receive
 * end 1; or the other one, if that is free and its peer can do what is left to it.
 *
 * An end whose endpoint was closed can have a successor if the channel has
 * FASTIPC_KEEP.  It gets fresh pages, goes on where the predecessor stopped, and
 * receives again what that one had taken and not given back; so it may have seen it:
 * FASTIPC_MAYBE_SEEN.  What a predecessor withheld (FASTIPC_SEND_MORE) was never sent.
 *
 * An anonymous endpoint is attached from birth.  For one that is attached the call
 * confirms the end, makes the caller the process that speaks for it, and takes back
 * FASTIPC_SHUT_ON_CLOSE.
 *
 * ENOTCONN: not set up; ETIMEDOUT, EINTR: still not; EINVAL: another end than this
 * endpoint's; EBUSY: that end has its endpoint; EBADF: opened for neither sending nor
 * receiving; EPIPE, ECONNRESET: the end is over in both directions, as FASTIPC_SYNC
 * would say; EPERM: in a direct pair, another user had the end mapped, and could still
 * write what this one would send; EBADMSG: in a direct pair, where a predecessor stopped
 * sending is nonsense; ENOMEM.
 */
struct fastipc_attach {
	__u32 size;
	__u32 flags;
	__s32 end;
	__u32 reserved;
	__u64 timeout_ns;
};

/**
 * struct fastipc_peer - make the other end's endpoint
 * @size: in: of this structure
 * @flags: in: O_RDONLY, O_WRONLY or O_RDWR, with O_CLOEXEC and O_NONBLOCK
 *
 * Returns a new file descriptor.
 *
 * ENOTCONN: not set up; EOPNOTSUPP: the channel has a name: open that; EACCES: more
 * rights than this endpoint has; EBUSY: the other end has its endpoint; EPIPE,
 * ECONNRESET: it had one, and ended; EMFILE, ENFILE, ENOMEM: as open(2).
 */
struct fastipc_peer {
	__u32 size;
	__u32 flags;
};

/* In the flags of struct fastipc_info, besides those of FASTIPC_SETUP */
#define FASTIPC_FOREIGN 4 /* stamps are of other namespaces than the caller's */

/* Rights of an endpoint, in struct fastipc_info */
#define FASTIPC_MAY_RECV 1
#define FASTIPC_MAY_SEND 2

/* The other end, in struct fastipc_info */
#define FASTIPC_PEER_VACANT \
	0 /* nobody has been there, or with KEEP nobody is */
#define FASTIPC_PEER_ATTACHED 1
#define FASTIPC_PEER_CLOSED   2

/**
 * struct fastipc_info - geometry, and who is there
 * @size: in: of this structure; out: of the kernel's
 * @flags: in: 0; out: as set up, FASTIPC_SEALED, FASTIPC_STREAM, FASTIPC_FENCED and
 *	FASTIPC_KEEP; and FASTIPC_FOREIGN
 * @kind: out: FASTIPC_KIND_*
 * @end: out: this endpoint's end, 0 or 1; ~0: it is none
 * @rights: out: FASTIPC_MAY_*
 * @control_bytes: out: length of a control page's map
 * @ring_bytes: out: bytes of a ring; its map is twice as long
 * @max_message: out: the limit, in bytes of payload
 * @own_control: out: offset for mmap(2), read-write
 * @peer_control: out: offset for mmap(2), read-only
 * @send_ring: out: offset for mmap(2), read-write; needs FASTIPC_MAY_SEND, and
 *	a direct pair
 * @recv_ring: out: offset for mmap(2), read-only; needs FASTIPC_MAY_RECV
 * @features: out: 0; no optional feature yet
 * @endpoint: out: number of this endpoint, never used again
 * @peer_endpoint: out: the other end's, or 0
 * @peer_state: out: FASTIPC_PEER_*
 * @peer_pid: out: the process that used the other end last, or 0
 * @peer_uid: out: effective user of whoever opened the other end
 * @peer_gid: out: the same
 * @attached: out: 1: end 0 has its endpoint; 2: end 1 has
 * @reserved: out: 0
 *
 * The peer's pid, uid and gid are as seen from the caller's namespaces; without
 * a peer they are 0.  The call also takes back POLLPRI, which tells that the other end
 * came or went since the last call.  For an endpoint that is no end it changes nothing.
 *
 * ENOTCONN: not set up.
 */
struct fastipc_info {
	__u32 size;
	__u32 flags;
	__u32 kind;
	__u32 end;
	__u32 rights;
	__u32 control_bytes;
	__u64 ring_bytes;
	__u64 max_message;
	__u64 own_control;
	__u64 peer_control;
	__u64 send_ring;
	__u64 recv_ring;
	__u64 features;
	__u64 endpoint;
	__u64 peer_endpoint;
	__u32 peer_state;
	__u32 peer_pid;
	__u32 peer_uid;
	__u32 peer_gid;
	__u32 attached;
	__u32 reserved;
};

/**
 * struct fastipc_map - a file descriptor that serves only mmap(2)
 * @size: in: of this structure
 * @flags: in: 0
 *
 * For endpoints opened O_RDONLY or O_WRONLY, whose maps mmap(2) itself
 * refuses.  Same offsets, same rights; close-on-exec; close it after mapping:
 * it keeps the endpoint alive as a map does.
 *
 * ENOTCONN: not set up; EMFILE, ENFILE, ENOMEM: as open(2).
 *
 * mmap(2) itself: EINVAL: an unknown offset, another length than INFO gives, or
 * MAP_PRIVATE; EACCES: the endpoint has not that right, or a write-protected
 * page was to be writable, or the ring is sealed (with FASTIPC_KEEP, own_control is
 * write-protected for who may not receive); EBUSY: own_control or
 * send_ring, and another process has one of them mapped writable, or had, and
 * their pages are pinned, or the kernel is moving a message there; EBADMSG: a
 * former owner of a sealed end left a position where no message begins; ENOTCONN:
 * not set up, or not attached; EOPNOTSUPP: a 32-bit caller, or a channel with FASTIPC_STREAM.
 */
struct fastipc_map {
	__u32 size;
	__u32 flags;
};

#define FASTIPC_FOREVER 0xffffffffffffffffULL

/* FASTIPC_SEND */
#define FASTIPC_SEND_IOV       1  /* the payload is in pieces */
#define FASTIPC_SEND_ARRAY     2  /* several messages */
#define FASTIPC_SEND_MORE      4  /* others follow: withhold these */
#define FASTIPC_SEND_THEN_RECV 8  /* go on to FASTIPC_RECV */
#define FASTIPC_SEND_THEN_WAIT 16 /* go on to wait for a message */

/**
 * struct fastipc_send_item - one message of an array
 * @data: payload; with FASTIPC_SEND_IOV a struct iovec array
 * @len: its bytes; with FASTIPC_SEND_IOV the number of pieces
 * @tag: for the receiver; not interpreted
 * @flags: 0 or FASTIPC_SEND_IOV
 * @reserved: 0
 */
struct fastipc_send_item {
	__u64 data;
	__u64 len;
	__u64 tag;
	__u32 flags;
	__u32 reserved;
};

/**
 * struct fastipc_send - send messages, the kernel copying them
 * @size: in: of this structure
 * @flags: in: FASTIPC_SEND_*; IOV not with ARRAY, THEN_RECV not with THEN_WAIT,
 *	MORE not with either
 * @data: in: payload; IOV: struct iovec[len]; ARRAY: struct fastipc_send_item[len]
 * @len: in: bytes, or entries; an empty array ends what MORE withheld
 * @tag: in: for the receiver; 0 with ARRAY
 * @timeout_ns: in: nanoseconds to wait for space, and then for what THEN_*
 *	waits for; 0: do not wait; or FASTIPC_FOREVER
 * @then: in: with THEN_RECV: address of a struct fastipc_recv, whose timeout_ns
 *	is 0; else 0
 * @sent: out: messages sent, also if the call fails later
 * @reserved: in: 0
 *
 * Of an array one call looks at 1024 entries; with THEN_* it has no more.  All
 * its messages, and those withheld before, become visible at once if there is
 * space for all; whoever has to wait first shows what it has.  What was
 * withheld when the endpoint is closed, or a process maps its ring to send, was
 * never sent.  A message is complete or not sent at all, and the caller's
 * memory, if it has to be read from somewhere slow, delays nobody else.
 *
 * Returns the number of messages sent; with THEN_RECV the number received, with
 * THEN_WAIT 0.
 *
 * EINVAL: bad flags, or a field that must be 0 and is not; EFAULT: memory that
 * cannot be read; EMSGSIZE: longer than the limit; EBUSY: a direct end is
 * mapped; with THEN_RECV any end; EAGAIN, ETIMEDOUT: no space, or no message;
 * EINTR: a signal came; EPIPE: the direction was ended in order; ECONNRESET:
 * the peer is gone without having said so; EBADMSG: the peer broke the ring's
 * rules; ENOMEM: for a copy of what could not be read at once; EBADF: the
 * endpoint may not send (THEN_*: not receive); ENOTCONN: not set up.  If some
 * of an array were sent, their number is returned instead.
 */
struct fastipc_send {
	__u32 size;
	__u32 flags;
	__u64 data;
	__u64 len;
	__u64 tag;
	__u64 timeout_ns;
	__u64 then;
	__u32 sent;
	__u32 reserved;
};

/* FASTIPC_RECV */
#define FASTIPC_RECV_IOV   1 /* the buffer is in pieces */
#define FASTIPC_RECV_ARRAY 2 /* several messages */
#define FASTIPC_MAYBE_SEEN 4 /* out: a predecessor may have received it */

/**
 * struct fastipc_recv_item - one message of an array
 * @data: in: buffer; with FASTIPC_RECV_IOV a struct iovec array
 * @len: in: its bytes, or the number of pieces; out: bytes received
 * @tag: out: the sender's
 * @flags: in: 0 or FASTIPC_RECV_IOV; out: 0 or FASTIPC_MAYBE_SEEN
 * @reserved: in: 0
 * @stamp: out: who sent it; zeroes from a direct pair
 */
struct fastipc_recv_item {
	__u64 data;
	__u64 len;
	__u64 tag;
	__u32 flags;
	__u32 reserved;
	struct fastipc_stamp stamp;
};

/**
 * struct fastipc_recv - receive messages, the kernel copying them
 * @size: in: of this structure
 * @flags: in: FASTIPC_RECV_*, not both; out: 0 or FASTIPC_MAYBE_SEEN
 * @data: in: buffer; IOV: struct iovec[len]; ARRAY: struct fastipc_recv_item[len]
 * @len: in: its bytes, or entries; out: bytes received (ARRAY: unchanged)
 * @tag: out: the sender's
 * @timeout_ns: in: nanoseconds to wait for the first message; 0: do not wait; or
 *	FASTIPC_FOREVER
 * @reserved: in: 0
 * @stamp: out: who sent it; zeroes from a direct pair
 *
 * Returns the number of messages received, at least 1: an array, of which one
 * call looks at 1024 entries, receives what is there.
 *
 * EMSGSIZE: the buffer is too small, nothing was consumed; EFAULT: memory that
 * cannot be written, nothing was consumed; EINVAL: bad flags, an empty array,
 * or a field that must be 0 and is not; EBUSY: the end is mapped; EAGAIN:
 * nothing there, and @timeout_ns is 0 or the endpoint O_NONBLOCK; ETIMEDOUT,
 * EINTR; EPIPE, ECONNRESET: the end, after the last message; EBADMSG: the peer
 * broke the ring's rules; EBADF: the endpoint may not receive; ENOTCONN: not
 * set up.  If some of an array were received, their number is returned
 * instead.
 */
struct fastipc_recv {
	__u32 size;
	__u32 flags;
	__u64 data;
	__u64 len;
	__u64 tag;
	__u64 timeout_ns;
	__u64 reserved;
	struct fastipc_stamp stamp;
};

/* FASTIPC_SYNC */
#define FASTIPC_SYNC_WAKE_RECV 1  /* wake the peer: it has a message */
#define FASTIPC_SYNC_WAKE_SEND 2  /* wake the peer: it has space */
#define FASTIPC_SYNC_WAIT_RECV 4  /* wait for a message */
#define FASTIPC_SYNC_WAIT_SEND 8  /* wait for space */
#define FASTIPC_SYNC_WAIT_DONE 16 /* wait until all was received */
#define FASTIPC_SYNC_CALM_RECV 32 /* the peer waits for no message lately */
#define FASTIPC_SYNC_CALM_SEND 64 /* the peer waits for no space lately */

/**
 * struct fastipc_sync - wake the peer, then wait for it, in one call
 * @size: in: of this structure
 * @flags: in: FASTIPC_SYNC_*, at least one, and at most one WAIT
 * @position: in: with WAIT_SEND and WAIT_DONE in a direct pair: exact position
 *	of the next message to send; else 0, in a sealed pair the kernel knows
 * @need: in: with WAIT_SEND: payload bytes that must fit; else 0
 * @timeout_ns: in: with WAIT_*: nanoseconds from now, 0 to look only, or
 *	FASTIPC_FOREVER; else 0
 *
 * Waking comes first and happens whatever the wait returns.  CALM asks that @alert
 * of the peer's waitline be cleared, as publishing (CALM_RECV) or releasing
 * (CALM_SEND) without it is faster; the kernel does so if nobody waits there, if
 * that is no hour of much sleeping, and within a limit for each user.
 *
 * EINVAL: no flag, or two waits; a field that must be 0 and is not; a position
 * that is unaligned, has gone back, or is more than the ring ahead; EAGAIN:
 * nothing there, and @timeout_ns is 0 or the endpoint O_NONBLOCK; ETIMEDOUT:
 * time is up; EINTR: a signal came; EMSGSIZE: @need exceeds the limit; EPIPE:
 * this direction was ended in order; ECONNRESET: the peer is gone without
 * having said so (both when receiving only after the last message); EBADMSG:
 * the peer broke the ring's rules; EBADF: the endpoint may not send
 * (WAKE_RECV, CALM_RECV, WAIT_SEND, WAIT_DONE) or not receive (WAKE_SEND,
 * CALM_SEND, WAIT_RECV);
 * ENOTCONN: not set up.
 */
struct fastipc_sync {
	__u32 size;
	__u32 flags;
	__u64 position;
	__u64 need;
	__u64 timeout_ns;
};

/**
 * struct fastipc_stat - counters
 * @size: in: of this structure; out: of the kernel's
 * @flags: in: 0; out: 0
 * @bytes: out: memory of the channel in bytes: rings and control pages
 * @sent: out: position this end says it has sent up to
 * @released: out: position this end says it has released up to
 * @peer_sent: out: the same of the peer
 * @peer_released: out: the same of the peer
 * @syncs: out: FASTIPC_SYNC calls, and FASTIPC_SEND calls that went on to wait,
 *	both ends
 * @sleeps: out: times a task went to sleep in a call, both ends
 * @wakes: out: wakes that found somebody armed, both ends
 * @late_wakes: out: lost wakes that the re-check found (module parameter
 *	recheck); always 0 unless a peer is hostile
 * @sends: out: messages that the kernel copied into a ring, both ends
 * @recvs: out: messages that the kernel copied out of a ring, both ends
 * @bounces: out: messages among @sends that were copied twice, because the
 *	sender's memory could not be read at once
 * @alerts: out: times somebody who was going to wait set alert in a waitline
 * @barriers: out: barriers that were run where a peer runs, for that
 *
 * For an endpoint that is no end, the positions are as end 0 sees them.
 *
 * ENOTCONN: not set up.
 */
struct fastipc_stat {
	__u32 size;
	__u32 flags;
	__u64 bytes;
	__u64 sent;
	__u64 released;
	__u64 peer_sent;
	__u64 peer_released;
	__u64 syncs;
	__u64 sleeps;
	__u64 wakes;
	__u64 late_wakes;
	__u64 sends;
	__u64 recvs;
	__u64 bounces;
	__u64 alerts;
	__u64 barriers;
};

#define FASTIPC_SHUT_RECV     1 /* this end receives no more */
#define FASTIPC_SHUT_SEND     2 /* this end sends no more */
#define FASTIPC_SHUT_ON_CLOSE 4 /* the last close will be in order */

/**
 * struct fastipc_shutdown - end in order
 * @size: in: of this structure
 * @how: in: FASTIPC_SHUT_*, at least one
 *
 * What was committed stays readable; then the other side sees EPIPE.  ON_CLOSE
 * changes nothing now: it makes the last close of the endpoint an orderly end
 * (EPIPE) rather than a death (ECONNRESET), until the end is mapped or
 * attached again.  It is ignored if another process was the last to use the
 * end (mapped it, attached, sent or received): a parent that closes what it
 * handed to a child does not speak for the child.
 *
 * With FASTIPC_KEEP, ON_CLOSE has no effect: that close ends nothing.
 *
 * ENOTCONN: not set up, or not attached; EBADF: SHUT_RECV or SHUT_SEND without the
 * right.
 */
struct fastipc_shutdown {
	__u32 size;
	__u32 how;
};

/*
 * The numbers carry no size: the structures say theirs.  7 and 8 are reserved
 * for CALL and DONE.  Another number gives ENOTTY; a pointer that
 * cannot be read or written EFAULT; a size below VER0 EINVAL.
 */
#define FASTIPC_IOC	 0xFA
#define FASTIPC_SETUP	 _IO(FASTIPC_IOC, 0)
#define FASTIPC_ATTACH	 _IO(FASTIPC_IOC, 1)
#define FASTIPC_PEER	 _IO(FASTIPC_IOC, 2)
#define FASTIPC_INFO	 _IO(FASTIPC_IOC, 3)
#define FASTIPC_MAP	 _IO(FASTIPC_IOC, 4)
#define FASTIPC_SEND	 _IO(FASTIPC_IOC, 5)
#define FASTIPC_RECV	 _IO(FASTIPC_IOC, 6)
#define FASTIPC_SYNC	 _IO(FASTIPC_IOC, 9)
#define FASTIPC_STAT	 _IO(FASTIPC_IOC, 10)
#define FASTIPC_SHUTDOWN _IO(FASTIPC_IOC, 11)

/**
 * struct fastipc_submitted - the command area of an IORING_OP_URING_CMD
 * @argument: address of a struct fastipc_send or fastipc_recv
 * @reserved: 0
 *
 * Its cmd_op is FASTIPC_SEND, without THEN_*, or FASTIPC_RECV; timeout_ns is 0: it does
 * not wait.  The result is the command's.  The structure and what it points to stay the
 * kernel's until the completion.
 *
 * EINVAL: THEN_*, a time-out, a registered buffer, or @reserved is not 0; or it was linked
 * without IOSQE_ASYNC, and another submission is in its place; ENOTTY: another cmd_op;
 * EOPNOTSUPP: a 32-bit caller.
 */
struct fastipc_submitted {
	__u64 argument;
	__u64 reserved;
};

#endif /* _UAPI_LINUX_FASTIPC_H */
