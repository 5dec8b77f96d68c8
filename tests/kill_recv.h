/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a process may be doing when it is killed: the steps of those that
 * receive, that exchange, and that only watch.  Include kill_send.h first.
 */
#ifndef FASTIPC_TEST_KILL_RECV_H
#define FASTIPC_TEST_KILL_RECV_H

#include <sys/epoll.h>

#define SIG_READY (SIGRTMIN + 3)
#define SIGNAL_S  60 /* what has to come */
#define HOLD_US	  300
#define REPLY_MS  20 /* what a server died with has no reply */

/* A call begins that may take so many. */
static inline void may_take(struct worker *w, uint32_t n)
{
	NOTE(w->ledger->window, w->slack + n);
}

static inline int note_end(struct worker *w, int ret)
{
	int64_t lost;

	if (!is_end(ret))
		return ret;
	lost = missing(w->ledger, 0);
	if (lost < 0 || lost > w->slack) {
		COMPLAIN(w->ledger, "%lld lost at the end, slack %u",
			 (long long)lost, w->slack);
		return -EIO;
	}
	return ret;
}

/* A message came: 0, or -EIO. */
static inline int note(struct worker *w, const void *data, ssize_t len,
		       uint64_t drained)
{
	struct ledger *ledger = w->ledger;
	uint64_t id = recognize(data, len);
	int64_t lost = id ? missing(ledger, id) : -1;

	if (!id || lost < 0 || lost > w->slack || !may_show(ledger, id) ||
	    number_of(id) <= drained) {
		COMPLAIN(ledger,
			 "id %llx len %zd after %llx: lost %lld slack %u shown %d drained %llu",
			(unsigned long long)id, len,
			(unsigned long long)ledger->received, (long long)lost,
			w->slack, id && may_show(ledger, id),
			(unsigned long long)drained);
		return -EIO;
	}
	w->slack = 0;
	NOTE(ledger->received, id);
	return 0;
}

/* Nothing came, or what came was noted. */
static inline int took(struct worker *w, int ret)
{
	NOTE(w->ledger->window, w->slack);
	return ret;
}

/* One, waiting as long as said; -EAGAIN. */
static inline int receive(struct worker *w, int timeout_ms)
{
	uint64_t drained = w->ledger->drained;
	struct fastipc_recv recv;
	char buf[LONGEST];
	ssize_t n;

	may_take(w, 1);
	if (w->f) {
		n = fastipc_recv_timed(w->f, buf, sizeof(buf), 0, timeout_ms);
	} else {
		n = raw_recv(w->fd, &recv, buf, sizeof(buf),
			     timeout_ms < 0 ? FASTIPC_FOREVER : 0);
		if (n > 0)
			n = recv.len;
	}
	return took(w, n < 0 ? note_end(w, n) : note(w, buf, n, drained));
}

static inline int receive_plain(struct worker *w)
{
	char buf[LONGEST];
	uint64_t drained;
	ssize_t n;

	if (w->f)
		return receive(w, -1);
	drained = w->ledger->drained;
	may_take(w, 1);
	n = read(w->fd, buf, sizeof(buf));
	if (n > 0)
		return took(w, note(w, buf, n, drained));
	/* The end, of which read(2) does not say the reason. */
	return n < 0 ? -errno : receive(w, 0);
}

/* By io_uring, as a command. */
static inline int receive_submitted(struct worker *w)
{
	uint64_t drained = w->ledger->drained;
	struct io_uring_sqe sqe = { .user_data = 0 };
	struct fastipc_recv recv;
	char buf[LONGEST];
	int ret;

	fastipc_prep_recv(&sqe, w->fd, &recv, buf, sizeof(buf));
	may_take(w, 1);
	ret = submitted(&sqe);
	if (ret == -EAGAIN)
		return took(w, submit_wait(w, POLLIN));
	return took(w, ret < 0 ? note_end(w, ret) :
				 note(w, buf, recv.len, drained));
}

/* By io_uring, as read(2). */
static inline int receive_read(struct worker *w)
{
	uint64_t drained = w->ledger->drained;
	char buf[LONGEST];
	struct io_uring_sqe sqe = { .opcode = IORING_OP_READ,
				    .fd = w->fd,
				    .addr = (uintptr_t)buf,
				    .len = sizeof(buf) };
	int n;

	may_take(w, 1);
	n = submitted(&sqe);
	if (n > 0)
		return took(w, note(w, buf, n, drained));
	/* The end, of which it does not say the reason. */
	return n < 0 ? n : receive(w, 0);
}

/* In place, with several outstanding. */
static inline int receive_taken(struct worker *w)
{
	struct fastipc_msg msg[BATCH];
	unsigned int n = 0, i;
	int ret = 0;

	while (n < BATCH / 2 && !ret) {
		uint64_t drained = w->ledger->drained;

		may_take(w, 1);
		ret = fastipc_take(w->f, &msg[n], n ? FASTIPC_NOWAIT : 0);
		if (!ret) {
			ret = note(w, msg[n].data, msg[n].len, drained);
			n++;
		}
		took(w, 0);
	}
	/* Killed here, it leaves what it took and did not give back. */
	if (n)
		usleep(HOLD_US);
	for (i = 0; i < n; i++)
		if (fastipc_done(w->f, &msg[i]))
			return -EPROTO;
	/* What ended it, the next call says first. */
	return n && ret != -EIO ? 0 : note_end(w, ret);
}

static inline int receive_array(struct worker *w)
{
	static char buf[BATCH][LONGEST];
	struct fastipc_recv_item item[BATCH] = { 0 };
	struct fastipc_recv recv = { .size = sizeof(recv),
				     .flags = FASTIPC_RECV_ARRAY,
				     .data = (uintptr_t)item,
				     .len = BATCH,
				     .timeout_ns = FASTIPC_FOREVER };
	uint64_t drained = w->ledger->drained;
	struct fastipc_msg msg[BATCH];
	int n, i, ret = 0;

	for (i = 0; i < BATCH; i++) {
		item[i].data = (uintptr_t)buf[i];
		item[i].len = sizeof(buf[i]);
	}
	may_take(w, BATCH);
	n = w->f ? fastipc_takev(w->f, msg, BATCH, 0) :
		   raw_ioctl(w->fd, FASTIPC_RECV, &recv);
	if (n < 0)
		return took(w, note_end(w, n));
	for (i = 0; i < n && !ret; i++)
		ret = w->f ? note(w, msg[i].data, msg[i].len, drained) :
			     note(w, buf[i], item[i].len, drained);
	took(w, 0);
	if (w->f)
		usleep(HOLD_US);
	if (w->f && fastipc_donev(w->f, msg, n, 0) != n)
		return -EPROTO;
	return ret;
}

/* Edge-triggered: all there is, and then until there is more. */
static inline int receive_epolled(struct worker *w)
{
	static int epfd = -1;
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int ret;

	if (epfd < 0) {
		epfd = epoll_create1(EPOLL_CLOEXEC);
		if (epoll_ctl(epfd, EPOLL_CTL_ADD, w->fd, &event))
			return -errno;
	}
	while (!(ret = receive(w, 0)))
		;
	if (ret != -EAGAIN)
		return ret;
	return epoll_wait(epfd, &event, 1, -1) < 0 ? -errno : 0;
}

static inline int receive_polled(struct worker *w)
{
	struct pollfd pfd = { w->fd, POLLIN, 0 };
	int ret = receive(w, 0);

	if (ret != -EAGAIN)
		return ret;
	return poll(&pfd, 1, -1) < 0 ? -errno : 0;
}

/* The same with signals. */
static inline int receive_signalled(struct worker *w)
{
	struct timespec limit = { SIGNAL_S, 0 }, none = { 0 };
	static bool begun;
	sigset_t set;
	int ret;

	sigemptyset(&set);
	sigaddset(&set, SIG_READY);
	/* What comes if there are too many of the former. */
	sigaddset(&set, SIGIO);
	if (!begun) {
		begun = true;
		sigprocmask(SIG_BLOCK, &set, NULL);
		/* The flag is the file's, and a predecessor may have set it. */
		if (fcntl(w->fd, F_SETFL, O_RDWR) ||
		    fcntl(w->fd, F_SETOWN, getpid()) ||
		    fcntl(w->fd, F_SETSIG, SIG_READY) ||
		    fcntl(w->fd, F_SETFL, O_RDWR | O_ASYNC))
			return -errno;
	}
	while (!(ret = receive(w, 0)))
		;
	if (ret != -EAGAIN)
		return ret;
	if (sigtimedwait(&set, NULL, &limit) < 0) {
		COMPLAIN(w->ledger, "no signal");
		return -EIO;
	}
	while (sigtimedwait(&set, NULL, &none) > 0)
		;
	return 0;
}

/* Exchanges ---------------------------------------------------------------- */

/* Send and receive in one call: what came, or -errno. */
static inline ssize_t exchange(struct worker *w, const void *req, size_t len,
			       void *rep, int timeout_ms)
{
	uint64_t ns = timeout_ms < 0 ? FASTIPC_FOREVER :
				       timeout_ms * 1000000ULL;
	struct fastipc_recv recv = { .size = sizeof(recv),
				     .data = (uintptr_t)rep,
				     .len = LONGEST };
	struct fastipc_send send = { .size = sizeof(send),
				     .flags = FASTIPC_SEND_THEN_RECV,
				     .data = (uintptr_t)req,
				     .len = len,
				     .timeout_ns = ns,
				     .then = (uintptr_t)&recv };
	int ret;

	if (w->f)
		return fastipc_exchange(w->f, req, len, rep, LONGEST,
					timeout_ms);
	ret = raw_ioctl(w->fd, FASTIPC_SEND, &send);
	return ret < 0 ? ret : recv.len;
}

static inline ssize_t receive_reply(struct worker *w, void *rep)
{
	struct fastipc_recv recv;
	int ret;

	if (w->f)
		return fastipc_recv_timed(w->f, rep, LONGEST, 0, REPLY_MS);
	ret = raw_recv(w->fd, &recv, rep, LONGEST, REPLY_MS * 1000000ULL);
	return ret < 0 ? ret : recv.len;
}

/* A client: replies may be late, or never come; but none comes twice. */
static inline int ask(struct worker *w)
{
	struct pollfd pfd = { w->fd, POLLOUT, 0 };
	struct ledger *ledger = w->ledger;
	char req[LONGEST], rep[LONGEST];
	uint64_t own, id;
	size_t len;
	ssize_t n;

	/* So that what is up while it waits is the time of the reply. */
	if (poll(&pfd, 1, -1) < 0)
		return -errno;
	len = intend(w, req);
	own = id_of(w->life, w->number);
	n = exchange(w, req, len, rep, REPLY_MS);
	for (;;) {
		if (n < 0)
			return n == -ETIMEDOUT ? 0 : n;
		id = recognize(rep, n);
		if (id <= ledger->replied || id > own) {
			COMPLAIN(ledger, "reply %llx to %llx after %llx",
				 (unsigned long long)id,
				 (unsigned long long)own,
				 (unsigned long long)ledger->replied);
			return -EIO;
		}
		NOTE(ledger->replied, id);
		if (id == own) {
			confirm(w);
			return 0;
		}
		n = receive_reply(w, rep);
	}
}

/* A server: the request is the reply. */
static inline int answer(struct worker *w)
{
	static char request[LONGEST];
	static size_t len;
	char next[LONGEST];
	ssize_t n;
	int ret;

	may_take(w, 1);
	if (len)
		n = exchange(w, request, len, next, -1);
	else if (w->f)
		n = fastipc_recv(w->f, next, sizeof(next), 0);
	else
		n = read(w->fd, next, sizeof(next)) ?: -ECONNRESET;
	if (n < 0) {
		/* Nobody to reply to; but requests may be left. */
		while (is_end(n) && !(ret = receive(w, -1)))
			;
		return is_end(n) ? ret : n;
	}
	ret = took(w, note(w, next, n, 0));
	len = n;
	memcpy(request, next, len);
	return ret;
}

/* Bystanders, with a copy of the descriptor --------------------------------- */

static inline int hold(struct worker *w)
{
	return idle(w);
}

static inline int watch(struct worker *w)
{
	struct pollfd pfd = { w->fd, POLLIN | POLLOUT | POLLPRI, 0 };

	if (poll(&pfd, 1, -1) < 0)
		return -errno;
	usleep(300);
	return 0;
}

static inline int watch_edges(struct worker *w)
{
	static int epfd = -1;
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET };

	if (epfd < 0) {
		epfd = epoll_create1(EPOLL_CLOEXEC);
		if (epoll_ctl(epfd, EPOLL_CTL_ADD, w->fd, &event))
			return -errno;
	}
	return epoll_wait(epfd, &event, 1, -1) < 0 ? -errno : 0;
}

/* Maps what it may map beside the owner, and reads it. */
static inline int look_on(struct worker *w)
{
	static volatile const uint64_t *ring, *page;
	struct fastipc_info info;
	struct fastipc_stat stat;
	int i, ret = raw_info(w->fd, &info) ?: raw_stat(w->fd, &stat);

	if (ret)
		return ret;
	if (!ring) {
		ring = map_at(w->fd, info.recv_ring, 2 * info.ring_bytes,
			      PROT_READ);
		page = map_at(w->fd, info.peer_control, info.control_bytes,
			      PROT_READ);
		if (ring == MAP_FAILED || page == MAP_FAILED)
			return -errno;
	}
	for (i = 0; i < 64; i++)
		(void)(ring[i] + page[i]);
	usleep(300);
	return 0;
}

#endif /* FASTIPC_TEST_KILL_RECV_H */
