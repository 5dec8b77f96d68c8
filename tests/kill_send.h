/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a process may be doing when it is killed: a worker, and the steps of
 * those that send.  A worker repeats its step, which keeps the ledger, until the
 * pair ends.  Include kill_ledger.h first.
 */
#ifndef FASTIPC_TEST_KILL_SEND_H
#define FASTIPC_TEST_KILL_SEND_H

#define BATCH 12

/**
 * struct worker - a process at an end
 * @ledger: what it keeps
 * @fd: its end
 * @f: a handle; NULL: it knows only the kernel's calls
 * @sealed: the pair
 * @end: number of the end
 * @life: of a sender
 * @number: of a sender: the last used
 * @slack: of a receiver: what its predecessor may have taken unnoted
 */
struct worker {
	struct ledger *ledger;
	int fd;
	struct fastipc *f;
	bool sealed;
	int end;
	unsigned int life;
	uint64_t number;
	uint32_t slack;
};

static inline struct sender_life *life_now(const struct worker *w)
{
	return &w->ledger->sender[w->life];
}

static inline bool is_end(int ret)
{
	return ret == -ECONNRESET;
}

/* Senders ------------------------------------------------------------------ */

/* The next message, noted as intended: its length. */
static inline size_t intend(struct worker *w, void *buf)
{
	NOTE(life_now(w)->intended, ++w->number);
	return compose(buf, w->life, w->number);
}

static inline void confirm(struct worker *w)
{
	NOTE(life_now(w)->confirmed, w->number);
}

static inline int raw_send_for(int fd, const void *buf, size_t len,
			       uint32_t flags, uint64_t timeout_ns)
{
	struct fastipc_send send = { .size = sizeof(send),
				     .flags = flags,
				     .data = (uintptr_t)buf,
				     .len = len,
				     .timeout_ns = timeout_ns };
	int ret = raw_ioctl(fd, FASTIPC_SEND, &send);

	return ret < 0 ? ret : 0;
}

/* One message: by the library, or by write(2). */
static inline int send_plain(struct worker *w)
{
	char buf[LONGEST];
	size_t len = intend(w, buf);
	ssize_t ret;

	if (w->f) {
		ret = fastipc_send(w->f, buf, len, 0);
	} else {
		ret = write(w->fd, buf, len);
		ret = ret < 0 ? -errno : ret == len ? 0 : -EIO;
	}
	if (!ret)
		confirm(w);
	return ret;
}

/* By io_uring: the result of one submission. */
static inline int submitted(const struct io_uring_sqe *sqe)
{
	static struct uring ring;
	uint64_t user;
	int ret = 0;

	if (!ring.sqes)
		ret = uring_open(&ring);
	return ret ?: uring_submit(&ring, sqe) ?: uring_wait(&ring, &user);
}

/* The same: wait for events. */
static inline int submit_wait(const struct worker *w, int events)
{
	struct io_uring_sqe sqe = { .user_data = 0 };
	int ret;

	fastipc_prep_wait(&sqe, w->fd, events);
	ret = submitted(&sqe);
	return ret < 0 ? ret : 0;
}

static inline int send_submitted(struct worker *w)
{
	struct io_uring_sqe sqe = { .user_data = 0 };
	struct fastipc_send send;
	char buf[LONGEST];
	size_t len = intend(w, buf);
	int ret;

	fastipc_prep_send(&sqe, w->fd, &send, buf, len, 0);
	ret = submitted(&sqe);
	if (ret == -EAGAIN) {
		w->number--;
		return submit_wait(w, POLLOUT);
	}
	if (ret != 1)
		return ret < 0 ? ret : -EIO;
	confirm(w);
	return 0;
}

static inline int send_reserved(struct worker *w)
{
	char buf[LONGEST];
	size_t len = intend(w, buf);
	void *payload;
	int ret = fastipc_reserve(w->f, LONGEST, &payload, 0);

	if (ret)
		return ret;
	memcpy(payload, buf, len);
	ret = fastipc_commit(w->f, len, 0);
	if (!ret)
		confirm(w);
	return ret;
}

/* Several at once; those that were sent are confirmed. */
static inline int send_array(struct worker *w)
{
	unsigned int n = 1 + (w->number >> 3) % BATCH, i;
	struct fastipc_send_item item[BATCH] = { 0 };
	struct fastipc_out out[BATCH] = { 0 };
	uint64_t before = w->number;
	struct iovec iov[BATCH];
	char buf[BATCH][LONGEST];
	int ret;

	for (i = 0; i < n; i++) {
		iov[i].iov_base = buf[i];
		iov[i].iov_len = compose(buf[i], w->life, before + i + 1);
		out[i] = (struct fastipc_out){ .iov = &iov[i], .iovcnt = 1 };
		item[i].data = (uintptr_t)buf[i];
		item[i].len = iov[i].iov_len;
	}
	NOTE(life_now(w)->intended, before + n);
	if (w->f) {
		ret = fastipc_sendv(w->f, out, n, 0);
	} else {
		struct fastipc_send send = { .size = sizeof(send),
					     .flags = FASTIPC_SEND_ARRAY,
					     .data = (uintptr_t)item,
					     .len = n,
					     .timeout_ns = FASTIPC_FOREVER };

		ret = raw_ioctl(w->fd, FASTIPC_SEND, &send);
	}
	if (ret < 0)
		return ret;
	w->number = before + ret;
	confirm(w);
	/* Those that were not sent have this number again. */
	return 0;
}

static inline int send_more(struct worker *w, const void *buf, size_t len)
{
	if (w->f)
		return fastipc_send(w->f, buf, len,
				    FASTIPC_MORE | FASTIPC_NOWAIT);
	return raw_send_for(w->fd, buf, len, FASTIPC_SEND_MORE, 0);
}

static inline int flush(struct worker *w)
{
	if (w->f)
		return fastipc_flush(w->f);
	return raw_send_for(w->fd, NULL, 0, FASTIPC_SEND_ARRAY, 0);
}

/* For a message of the longest, behind so many bytes that are withheld? */
static inline bool has_room(const struct worker *w, uint64_t withheld)
{
	struct fastipc_stat stat;
	uint64_t ring;

	if (raw_stat(w->fd, &stat))
		return false;
	/* Of the channel: two rings, and a page for each end. */
	ring = stat.bytes / 2 - 4096;
	return stat.sent - stat.peer_released + withheld +
		       FASTIPC_FOOTPRINT(LONGEST + FASTIPC_STAMP_BYTES) +
		       FASTIPC_ALIGN <=
	       ring;
}

/*
 * A batch, withheld for a while.  A call that finds no space has shown what
 * there was, even if it finds some then.
 */
static inline int send_batch(struct worker *w)
{
	unsigned int n = 2 + (w->number >> 3) % BATCH, i, k;
	uint64_t first = w->number + 1, withheld = 0;
	char buf[LONGEST];
	int ret;

	for (i = 0; i < n; i++) {
		bool room = has_room(w, withheld);
		size_t len = intend(w, buf);

		ret = send_more(w, buf, len);
		if (!room) {
			first = w->number;
			withheld = 0;
		}
		withheld += FASTIPC_FOOTPRINT(len + FASTIPC_STAMP_BYTES);
		if (ret == -EAGAIN) {
			NOTE(life_now(w)->confirmed, w->number - 1);
			w->number--;
			first = w->number + 2;
			withheld = 0;
			ret = send_plain(w);
		} else if (!ret) {
			NOTE(life_now(w)->withheld, first);
			for (k = 0; k < 200 * i; k++)
				__atomic_signal_fence(__ATOMIC_SEQ_CST);
			NOTE(life_now(w)->withheld, 0);
		}
		if (ret)
			return ret;
	}
	ret = flush(w);
	if (!ret)
		confirm(w);
	return ret;
}

/* A few, and then until all was received. */
static inline int send_and_drain(struct worker *w)
{
	int i, ret = 0;

	for (i = 0; i < 5 && !ret; i++)
		ret = send_plain(w);
	if (ret)
		return ret;
	ret = fastipc_drain(w->f, -1);
	if (!ret)
		NOTE(w->ledger->drained, w->number);
	return ret;
}

/* Whenever poll(2) says that there is space. */
static inline int send_polled(struct worker *w)
{
	struct pollfd pfd = { w->fd, POLLOUT, 0 };
	char buf[LONGEST];
	size_t len;
	int ret;

	if (poll(&pfd, 1, -1) < 0)
		return -errno;
	len = intend(w, buf);
	ret = w->f ? fastipc_send(w->f, buf, len, FASTIPC_NOWAIT) :
		     raw_send_for(w->fd, buf, len, 0, 0);
	if (!ret)
		confirm(w);
	else
		w->number--;
	return ret == -EAGAIN ? 0 : ret;
}

/* Nothing: it has the end, and leaves it. */
static inline int idle(struct worker *w)
{
	pause();
	return 0;
}

#endif /* FASTIPC_TEST_KILL_SEND_H */
