// SPDX-License-Identifier: GPL-2.0-only
/*
 * poll and epoll: what each event means, level and edge triggering, and a
 * million hand-offs in which both sides sleep in epoll_wait(2); a tenth of them
 * in a sealed pair, and with a side that knows only read(2) and write(2).
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#include <sys/epoll.h>

#define RING	  4096
#define HAND_OFFS 1000000 /* sleep and wake, both modes together */

FIXTURE(poll)
{
	struct fastipc *end[2];
	struct fastipc_info info;
};

VARIANTS_OF_USE(poll);

#define TIMES(n) times(variant->flags, variant->kernel, n)

FIXTURE_SETUP(poll)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .ring_bytes = RING,
					   .flags = variant->flags };

	ASSERT_EQ(0, fastipc_pair(self->end, &options));
	ASSERT_EQ(0, fastipc_info(self->end[0], &self->info));
}

FIXTURE_TEARDOWN(poll)
{
	fastipc_close(self->end[0]);
	fastipc_close(self->end[1]);
}

#define SEND(buf, len, ms) \
	any_send(self->end[0], variant->kernel[0], buf, len, ms)
#define RECV(buf, cap, ms) \
	any_recv(self->end[1], variant->kernel[1], buf, cap, ms)

static int events_of(struct fastipc *f)
{
	struct pollfd pfd = { fastipc_fd(f), POLLIN | POLLOUT | POLLRDHUP, 0 };

	return poll(&pfd, 1, 0) < 0 ? -errno : pfd.revents;
}

TEST_F(poll, an_empty_pair_is_writable)
{
	ASSERT_EQ(POLLOUT, events_of(self->end[0]));
	ASSERT_EQ(POLLOUT, events_of(self->end[1]));
}

TEST_F(poll, a_message_is_pollin)
{
	char c;

	ASSERT_EQ(0, SEND("a", 1, -1));
	ASSERT_EQ(POLLIN | POLLOUT, events_of(self->end[1]));
	ASSERT_EQ(1, RECV(&c, 1, -1));
	ASSERT_EQ(POLLOUT, events_of(self->end[1]));
}

TEST_F(poll, pollout_is_room_for_the_limit)
{
	uint64_t used = 0;
	char buf[64] = { 0 };

	while (used + footprint(variant->flags, self->info.max_message) + 16 <=
	       RING) {
		ASSERT_EQ(POLLOUT, events_of(self->end[0]));
		ASSERT_EQ(0, SEND(buf, 48, -1));
		used += footprint(variant->flags, 48);
	}
	ASSERT_EQ(0, events_of(self->end[0]));
	/* One is still small enough; the limit is not. */
	ASSERT_EQ(0, SEND(buf, 48, 0));
	ASSERT_EQ(48, RECV(buf, 64, -1));
	ASSERT_EQ(0, events_of(self->end[0]));
	ASSERT_EQ(48, RECV(buf, 64, -1));
	ASSERT_EQ(POLLOUT, events_of(self->end[0]));
}

/*
 * What is withheld leaves room that nobody can make: so a poller is told to go on, and
 * whoever then sends shows it.
 */
TEST_F(poll, pollout_counts_nothing_that_is_withheld)
{
	struct pollfd pfd = { .events = POLLOUT };
	struct fastipc_recv recv;
	int fd[2], n = 0, ret;
	struct fastipc_info info;
	char *buf;

	ASSERT_EQ(0, raw_pair_of(fd, 65536, variant->flags));
	ASSERT_EQ(0, raw_info(fd[0], &info));
	buf = calloc(1, info.max_message);
	pfd.fd = fd[0];
	do {
		ASSERT_EQ(1, poll(&pfd, 1, 0));
		ret = raw_send(fd[0], buf, info.max_message, FASTIPC_SEND_MORE);
		n += ret == 1;
	} while (ret == 1);
	ASSERT_EQ(-EAGAIN, ret);
	ASSERT_EQ(0, poll(&pfd, 1, 0));
	while (n--)
		ASSERT_EQ(1, raw_recv(fd[1], &recv, buf, info.max_message, 0));
	ASSERT_EQ(1, poll(&pfd, 1, 0));
	free(buf);
	close(fd[0]);
	close(fd[1]);
}

TEST_F(poll, shut_send_is_rdhup_there)
{
	ASSERT_EQ(0, fastipc_shutdown(self->end[0], FASTIPC_SHUT_SEND));
	ASSERT_EQ(POLLIN | POLLOUT | POLLRDHUP, events_of(self->end[1]));
}

TEST_F(poll, close_is_hup)
{
	ASSERT_EQ(0, SEND(NULL, 0, -1));
	any_close(self->end[0], variant->kernel[0]);
	self->end[0] = NULL;
	ASSERT_EQ(POLLIN | POLLOUT | POLLRDHUP | POLLHUP,
		  events_of(self->end[1]));
}

TEST_F(poll, vanishing_is_err_and_hup)
{
	int fd = fastipc_fd(self->end[0]);
	pid_t pid = fork_bound();

	if (!pid) {
		struct fastipc *me;

		close(fastipc_fd(self->end[1]));
		if (variant->kernel[0])
			_exit(write(fd, "a", 1) != 1);
		_exit(fastipc_adopt(&me, fd));
	}
	ASSERT_EQ(0, reap(pid));
	fastipc_close(self->end[0]);
	self->end[0] = NULL;
	ASSERT_EQ(POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR,
		  events_of(self->end[1]));
}

TEST_F(poll, wait_returns_events_or_0)
{
	ASSERT_EQ(0, fastipc_wait(self->end[0], POLLIN, 10));
	ASSERT_EQ(POLLOUT, fastipc_wait(self->end[0], POLLIN | POLLOUT, 10));
}

TEST_F(poll, wait_is_eintr_in_a_signal)
{
	signals_begin(0);
	ASSERT_EQ(-EINTR, fastipc_wait(self->end[0], POLLIN, -1));
}

/* A poller that was there before SETUP sees it. */
TEST(setup_wakes_a_poller)
{
	struct epoll_event event = { .events = EPOLLOUT | EPOLLET };
	int fd = raw_open(O_RDWR), ep = epoll_create1(0);

	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event));
	ASSERT_EQ(1, epoll_wait(ep, &event, 1, 0));
	ASSERT_EQ(EPOLLHUP, event.events);
	ASSERT_EQ(0, epoll_wait(ep, &event, 1, 0));
	ASSERT_EQ(0, raw_setup(fd, 0, 0));
	ASSERT_EQ(1, epoll_wait(ep, &event, 1, 10000));
	ASSERT_EQ(EPOLLOUT, event.events);
	close(ep);
	close(fd);
}

/*
 * Edge-triggered: one event, then the ring is drained without the kernel's
 * knowledge, and what comes after the event gives another.
 */
TEST_F(poll, an_edge_comes_for_each_message_after_the_wait)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int ep = epoll_create1(0);
	int i;
	char c;

	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, fastipc_fd(self->end[1]),
			       &event));
	ASSERT_EQ(0, epoll_wait(ep, &event, 1, 0));
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(0, SEND("x", 1, -1));
		ASSERT_EQ(1, epoll_wait(ep, &event, 1, 0));
		/* Not drained before the next one comes, half of the time. */
		if (i % 2) {
			while (RECV(&c, 1, 0) == 1)
				;
		}
	}
	ASSERT_EQ(0, epoll_wait(ep, &event, 1, 0));
	close(ep);
}

/* Also for space, of which there was enough when the poller last asked. */
TEST_F(poll, an_edge_comes_for_space_when_the_ring_was_full)
{
	struct epoll_event event = { .events = EPOLLOUT | EPOLLET };
	int ep = epoll_create1(0);
	char buf[900] = { 0 };

	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, fastipc_fd(self->end[0]),
			       &event));
	ASSERT_EQ(1, epoll_wait(ep, &event, 1, 0));
	while (!SEND(buf, sizeof(buf), 0))
		;
	ASSERT_EQ(0, epoll_wait(ep, &event, 1, 0));
	while (RECV(buf, sizeof(buf), 0) == sizeof(buf))
		;
	ASSERT_EQ(1, epoll_wait(ep, &event, 1, 0));
	close(ep);
}

/* Who gives up waiting leaves the poller beside it armed. */
TEST_F(poll, an_edge_comes_though_a_wait_timed_out)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int ep = epoll_create1(0);
	char c;

	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, fastipc_fd(self->end[1]),
			       &event));
	ASSERT_EQ(0, epoll_wait(ep, &event, 1, 0));
	ASSERT_EQ(-ETIMEDOUT, RECV(&c, 1, 10));
	ASSERT_EQ(0, SEND("x", 1, -1));
	ASSERT_EQ(1, epoll_wait(ep, &event, 1, 0));
	close(ep);
}

/* Two pollers, one of them exclusive: both see it. */
TEST_F(poll, all_pollers_are_woken)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLEXCLUSIVE };
	int ep[2] = { epoll_create1(0), epoll_create1(0) };
	int i;

	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, epoll_ctl(ep[i], EPOLL_CTL_ADD,
				       fastipc_fd(self->end[1]), &event));
	ASSERT_EQ(0, SEND("x", 1, -1));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(1, epoll_wait(ep[i], &event, 1, 10000));
	close(ep[0]);
	close(ep[1]);
}

/* The same of two that sleep. */
TEST_F(poll, all_sleeping_pollers_are_woken)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLEXCLUSIVE };
	pid_t pid[2];
	int i, ep;

	for (i = 0; i < 2; i++) {
		pid[i] = fork_bound();
		if (pid[i])
			continue;
		ep = epoll_create1(0);
		if (epoll_ctl(ep, EPOLL_CTL_ADD, fastipc_fd(self->end[1]),
			      &event))
			_exit(1);
		_exit(epoll_wait(ep, &event, 1, 10000) != 1);
	}
	for (i = 0; i < 2; i++)
		ASSERT_TRUE(wait_for_sleep(pid[i]));
	ASSERT_EQ(0, SEND("x", 1, -1));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, reap(pid[i]));
}

#define IDLE_MS 3000 /* the re-check looks each second, and counts at two */

/*
 * A poller that found space leaves a small ->want behind; a sender that sleeps
 * after it, with its peer idle, has nothing owed.
 */
TEST_F_TIMEOUT(poll, an_idle_peer_owes_no_wake, 60)
{
	struct fastipc_stat stat;
	char buf[900] = { 0 };

	ASSERT_EQ(0, SEND(buf, sizeof(buf), -1));
	ASSERT_EQ(sizeof(buf), RECV(buf, sizeof(buf), -1));
	ASSERT_EQ(POLLOUT, events_of(self->end[0]));
	while (!SEND(buf, sizeof(buf), 0))
		;
	ASSERT_EQ(-ETIMEDOUT, SEND(buf, sizeof(buf), IDLE_MS));
	ASSERT_EQ(0, fastipc_stat(self->end[0], &stat));
	ASSERT_EQ(0, stat.late_wakes);
}

/* A ring found broken by its receiver is an event for its pollers. */
TEST(a_broken_ring_wakes_a_poller)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int fd[2], ep = epoll_create1(0);
	struct mapped evil;

	ASSERT_EQ(0, raw_pair(fd, RING));
	ASSERT_EQ(0, raw_map_end(fd[0], &evil));
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, fd[1], &event));
	ASSERT_EQ(0, epoll_wait(ep, &event, 1, 0));
	raw_publish(&evil, 0, 12345);
	ASSERT_EQ(-EBADMSG, raw_sync(fd[1], FASTIPC_SYNC_WAIT_RECV, 0));
	ASSERT_EQ(1, epoll_wait(ep, &event, 1, 0));
	ASSERT_EQ(EPOLLIN | EPOLLERR, event.events);
	close(ep);
	raw_unmap_end(&evil);
	close(fd[0]);
	close(fd[1]);
}

/* The same by its sender, who needs no map for that. */
TEST_F(poll, a_broken_position_wakes_a_poller)
{
	struct epoll_event event = { .events = EPOLLOUT | EPOLLET };
	int fd = fastipc_fd(self->end[0]), ep = epoll_create1(0);
	char buf[900] = { 0 };
	struct mapped evil;

	ASSERT_EQ(0, raw_map_end(fastipc_fd(self->end[1]), &evil));
	while (!SEND(buf, sizeof(buf), 0))
		;
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event));
	ASSERT_EQ(0, epoll_wait(ep, &event, 1, 0));
	evil.own->released = 8;
	ASSERT_EQ(-EBADMSG, SEND(buf, sizeof(buf), 10));
	/* The library finds it without the kernel's knowledge. */
	if (variant->flags || variant->kernel[0]) {
		ASSERT_EQ(1, epoll_wait(ep, &event, 1, 0));
		ASSERT_EQ(EPOLLOUT | EPOLLERR, event.events);
	}
	close(ep);
	raw_unmap_end(&evil);
}

/* Hand-offs --------------------------------------------------------------- */

struct hand_off {
	uint32_t mode;
	bool kernel[2]; /* of end 0, which begins, and end 1 */
	long rounds;
	volatile long progress; /* by both, without care: for a watchdog */
};

/* Wait in epoll for a message; drain; count. */
static int epoll_recv(struct fastipc *me, bool kernel, int ep)
{
	struct epoll_event event;
	ssize_t ret;
	char c;

	for (;;) {
		ret = any_recv(me, kernel, &c, 1, 0);
		if (ret != -EAGAIN)
			return ret;
		if (epoll_wait(ep, &event, 1, -1) < 0)
			return -errno;
	}
}

static int ping(struct fastipc *me, struct hand_off *h, bool first)
{
	struct epoll_event event = { .events = EPOLLIN | h->mode };
	int ep = epoll_create1(EPOLL_CLOEXEC);
	bool kernel = h->kernel[!first];
	long i;

	if (epoll_ctl(ep, EPOLL_CTL_ADD, fastipc_fd(me), &event))
		return 1;
	for (i = 0; i < h->rounds; i++) {
		if (first && any_send(me, kernel, "p", 1, -1))
			return 2;
		if (epoll_recv(me, kernel, ep) != 1)
			return 3;
		if (!first && any_send(me, kernel, "q", 1, -1))
			return 4;
		h->progress++;
	}
	close(ep);
	return 0;
}

static int pong(struct fastipc *me, void *arg)
{
	return ping(me, arg, false);
}

static int ping_first(struct fastipc *me, void *arg)
{
	return ping(me, arg, true);
}

/* Two children hand a message back and forth; this one watches the progress. */
static void hand_offs(struct __test_metadata *_metadata,
		      FIXTURE_DATA(poll) * self,
		      const FIXTURE_VARIANT(poll) * variant, uint32_t mode)
{
	struct fastipc *swapped[2] = { self->end[1], self->end[0] };
	struct hand_off *h = shared(sizeof(*h));
	struct fastipc_stat stat;
	long seen = -1;
	pid_t pid[2];
	int i, stuck = 0, status;

	ASSERT_NE(NULL, h);
	h->mode = mode;
	memcpy(h->kernel, variant->kernel, sizeof(h->kernel));
	/* A round is two hand-offs, and there are two modes. */
	h->rounds = TIMES(HAND_OFFS / 4);
	pid[0] = fork_peer_by(self->end, h->kernel[1], pong, h);
	pid[1] = fork_peer_by(swapped, h->kernel[0], ping_first, h);
	for (i = 0; i < 2; i++) {
		while (!waitpid(pid[i], &status, WNOHANG)) {
			stuck = h->progress == seen ? stuck + 1 : 0;
			seen = h->progress;
			/* A minute without a message. */
			ASSERT_LT(stuck, 600);
			usleep(100000);
		}
		ASSERT_EQ(0, status);
	}
	ASSERT_EQ(0, fastipc_stat(self->end[0], &stat));
	TH_LOG("%ld hand-offs, %llu wakes, %llu late", 2 * h->rounds,
	       stat.wakes, stat.late_wakes);
	ASSERT_EQ(0, stat.late_wakes);
}

TEST_F_TIMEOUT(poll, level_triggered_hand_offs, 600)
{
	hand_offs(_metadata, self, variant, 0);
}

TEST_F_TIMEOUT(poll, edge_triggered_hand_offs, 600)
{
	hand_offs(_metadata, self, variant, EPOLLET);
}

TEST_HARNESS_MAIN
