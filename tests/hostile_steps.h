/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the victim is about to do, or in the middle of, when the attacker writes
 * its word: each step prepares honestly, and then acts.  Include hostile_every.h
 * first.
 */
#ifndef FASTIPC_TEST_HOSTILE_STEPS_H
#define FASTIPC_TEST_HOSTILE_STEPS_H

#include <sys/epoll.h>

#define SLEEP_MS 3

static inline bool nothing(struct trial *t)
{
	return true;
}

/* Sending ------------------------------------------------------------------ */

static inline bool fill(struct trial *t)
{
	do {
		if (!sends(t, 200, 0))
			return false;
	} while (!t->result);
	return true;
}

static inline bool send_small(struct trial *t)
{
	return sends(t, 8, 0);
}

static inline bool send_large(struct trial *t)
{
	return sends(t, 200, 0) && sends(t, t->d.limit, 0);
}

static inline bool withhold(struct trial *t)
{
	char buf[100];
	int i, ret = 0;

	memset(buf, sizeof(buf), sizeof(buf));
	for (i = 0; i < 2 && !ret; i++)
		ret = t->d.kernel ? raw_send(fastipc_fd(t->d.victim), buf,
					     sizeof(buf), FASTIPC_SEND_MORE) :
				    fastipc_send(t->d.victim, buf, sizeof(buf),
						 FASTIPC_MORE | FASTIPC_NOWAIT);
	return judge(t, SENDING, ret < 0 ? ret : 0, 0);
}

static inline bool send_behind_batch(struct trial *t)
{
	return sends(t, 8, 0) && withhold(t) && victim_flushes(t);
}

static void *reserved;

static inline bool reserve(struct trial *t)
{
	int ret = fastipc_reserve(t->d.victim, 64, &reserved, FASTIPC_NOWAIT);

	return judge(t, SENDING, ret, 0);
}

static inline bool commit(struct trial *t)
{
	int ret;

	if (t->result)
		return true;
	memset(reserved, 32, 32);
	ret = fastipc_commit(t->d.victim, 32, 0);
	if (ret)
		fastipc_discard(t->d.victim);
	return judge(t, SENDING, ret, 0);
}

static inline bool send_array(struct trial *t)
{
	char buf[50];
	struct iovec iov = { buf, sizeof(buf) };
	struct fastipc_out out[3] = { { &iov, 1, 1 },
				      { &iov, 1, 2 },
				      { &iov, 1, 3 } };
	struct fastipc_send_item item[3];
	struct fastipc_send send = { .size = sizeof(send),
				     .flags = FASTIPC_SEND_ARRAY,
				     .data = (uintptr_t)item,
				     .len = 3 };
	int i, ret;

	memset(buf, sizeof(buf), sizeof(buf));
	for (i = 0; i < 3; i++)
		item[i] = (struct fastipc_send_item){ .data = (uintptr_t)buf,
						      .len = sizeof(buf) };
	ret = t->d.kernel ?
		      raw_ioctl(fastipc_fd(t->d.victim), FASTIPC_SEND, &send) :
		      fastipc_sendv(t->d.victim, out, 3, FASTIPC_NOWAIT);
	return judge(t, SENDING, ret, 3);
}

/* Until all was received; a kernel's end by the call behind it. */
static inline bool drain_for(struct trial *t, int ms)
{
	struct fastipc_sync sync = { .size = sizeof(sync),
				     .flags = FASTIPC_SYNC_WAIT_DONE,
				     .timeout_ns = ms * 1000000ULL };

	if (!t->d.kernel)
		return judge(t, SENDING, fastipc_drain(t->d.victim, ms), 0);
	if (!(t->d.flags & FASTIPC_SEALED))
		sync.position = victim_sent(t);
	return judge(t, SENDING,
		     raw_ioctl(fastipc_fd(t->d.victim), FASTIPC_SYNC, &sync),
		     0);
}

static inline bool drain_now(struct trial *t)
{
	return drain_for(t, 0);
}

/* Receiving ---------------------------------------------------------------- */

static inline bool one_comes(struct trial *t)
{
	return attacker_sends(t, 24) || t->racing ||
	       wrong(t, "the attacker cannot send");
}

static inline bool some_come(struct trial *t)
{
	return one_comes(t) && one_comes(t) && one_comes(t) && one_comes(t);
}

static inline bool recv_one(struct trial *t)
{
	return receives(t, RING, 0);
}

static inline bool recv_into_little(struct trial *t)
{
	return receives(t, 16, 0) && receives(t, 0, 0);
}

static struct fastipc_msg taken[8];
static int nr_taken;

static inline bool take_one(struct trial *t)
{
	struct fastipc_msg *msg = &taken[nr_taken];
	int ret = fastipc_take(t->d.victim, msg, FASTIPC_NOWAIT);

	if (!judge(t, RECEIVING, ret, 0))
		return false;
	if (ret)
		return true;
	nr_taken++;
	if (msg->len > t->d.limit)
		return wrong(t, "a message over the limit");
	return genuine(t, msg->data, msg->len);
}

static inline bool take_two(struct trial *t)
{
	nr_taken = 0;
	return some_come(t) && take_one(t) && take_one(t);
}

static inline bool give_back(struct trial *t)
{
	int i, ret = 0;

	for (i = 0; i < nr_taken; i++) {
		if (!genuine(t, taken[i].data, taken[i].len))
			return false;
		ret = ret ?: fastipc_done(t->d.victim, &taken[i]);
	}
	nr_taken = 0;
	return judge(t, RECEIVING, ret, 0);
}

static inline bool take_and_give_back(struct trial *t)
{
	return take_one(t) && give_back(t);
}

static inline bool recv_array(struct trial *t)
{
	static char buf[3][RING];
	struct fastipc_recv_item item[3] = { 0 };
	struct fastipc_recv recv = { .size = sizeof(recv),
				     .flags = FASTIPC_RECV_ARRAY,
				     .data = (uintptr_t)item,
				     .len = 3 };
	int i, ret;

	if (!t->d.kernel) {
		ret = fastipc_takev(t->d.victim, taken, 3, FASTIPC_NOWAIT);
		nr_taken = ret > 0 ? ret : 0;
		return judge(t, RECEIVING, ret, 3) && give_back(t);
	}
	for (i = 0; i < 3; i++) {
		item[i].data = (uintptr_t)buf[i];
		item[i].len = RING;
	}
	ret = raw_ioctl(fastipc_fd(t->d.victim), FASTIPC_RECV, &recv);
	for (i = 0; i < ret; i++)
		if (item[i].len > t->d.limit ||
		    !genuine(t, buf[i], item[i].len))
			return wrong(t, t->why ?: "a message over the limit");
	return judge(t, RECEIVING, ret, 3);
}

/* Asking, waiting ---------------------------------------------------------- */

static inline bool poll_for(struct trial *t, short events, int ms)
{
	struct pollfd pfd = { fastipc_fd(t->d.victim), events, 0 };

	if (poll(&pfd, 1, ms) < 0)
		return wrong(t, "poll");
	if (pfd.revents & (POLLNVAL | POLLHUP))
		return wrong(t, "poll sees an end that is none");
	return true;
}

static inline bool poll_and_use(struct trial *t)
{
	return poll_for(t, POLLIN | POLLOUT, 0) && sends(t, 8, 0) &&
	       receives(t, RING, 0);
}

/* Raw SYNC for space: a direct end says where it stands. */
static inline bool sync_send(struct trial *t, int ms)
{
	uint64_t at = t->d.flags & FASTIPC_SEALED ? 0 : victim_sent(t);
	int ret = raw_sync_send(fastipc_fd(t->d.victim), at, t->d.limit,
				ms * 1000000ULL);

	t->aside = !t->d.kernel;
	/* More than a ring apart: either may lie, and the victim does not. */
	if (ret == -EINVAL && at)
		ret = -EBADMSG;
	return judge(t, SENDING, ret, 0);
}

static inline bool sync_recv(struct trial *t, int ms)
{
	t->aside = !t->d.kernel;
	return judge(t, RECEIVING,
		     raw_sync(fastipc_fd(t->d.victim),
			      FASTIPC_SYNC_WAIT_RECV | FASTIPC_SYNC_WAKE_RECV |
				      FASTIPC_SYNC_WAKE_SEND,
			      ms * 1000000ULL),
		     0);
}

static inline bool sync_both(struct trial *t)
{
	return sync_send(t, 0) && sync_recv(t, 0);
}

static inline bool look_at_it(struct trial *t)
{
	struct fastipc_info info;
	struct fastipc_stat stat;
	int fd = fastipc_fd(t->d.victim);
	char text[1024];
	FILE *f;

	if (raw_info(fd, &info) || raw_stat(fd, &stat) ||
	    info.max_message != t->d.limit || info.ring_bytes != RING)
		return wrong(t, "INFO or STAT");
	snprintf(text, sizeof(text), "/proc/self/fdinfo/%d", fd);
	f = fopen(text, "r");
	if (!f || !fread(text, 1, sizeof(text), f))
		return wrong(t, "fdinfo");
	fclose(f);
	return true;
}

/* Asleep: somebody else pokes then ------------------------------------------- */

static inline bool sleep_in_send(struct trial *t)
{
	return sends(t, 200, SLEEP_MS);
}

static inline bool sleep_in_recv(struct trial *t)
{
	return receives(t, RING, SLEEP_MS);
}

static inline bool sleep_in_sync_send(struct trial *t)
{
	return sync_send(t, SLEEP_MS);
}

static inline bool sleep_in_sync_recv(struct trial *t)
{
	return sync_recv(t, SLEEP_MS);
}

static inline bool sleep_in_poll(struct trial *t)
{
	return poll_for(t, POLLIN, SLEEP_MS);
}

static inline bool sleep_in_pollout(struct trial *t)
{
	return poll_for(t, POLLOUT, SLEEP_MS);
}

static inline bool sleep_in_epoll(struct trial *t)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int fd = epoll_create1(EPOLL_CLOEXEC), ret;

	ret = epoll_ctl(fd, EPOLL_CTL_ADD, fastipc_fd(t->d.victim), &event);
	if (!ret)
		ret = epoll_wait(fd, &event, 1, SLEEP_MS);
	close(fd);
	if (ret < 0 || (ret && event.events & EPOLLHUP))
		return wrong(t, "epoll");
	return receives_all(t);
}

static inline bool sleep_in_drain(struct trial *t)
{
	return drain_for(t, SLEEP_MS);
}

static inline bool sleep_in_exchange(struct trial *t)
{
	unsigned char rep[RING], req[8] = { 8, 8, 8, 8, 8, 8, 8, 8 };
	ssize_t n = fastipc_exchange(t->d.victim, req, sizeof(req), rep,
				     sizeof(rep), SLEEP_MS);

	/* Of which of the two it speaks is seen by what it does. */
	return judge(t, t->page == DATA ? RECEIVING : SENDING, n, t->d.limit) &&
	       (n < 0 || genuine(t, rep, n));
}

#endif /* FASTIPC_TEST_HOSTILE_STEPS_H */
