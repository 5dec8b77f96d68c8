// SPDX-License-Identifier: GPL-2.0-only
/*
 * An end that an epoll instance watches, while it is shut down, mapped, or closed,
 * before that instance is: here and in other processes.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#include <pthread.h>
#include <sys/epoll.h>

FIXTURE(watched)
{
	int fd[2];
	int ep; /* watches end 1 */
};

FIXTURE_VARIANT(watched)
{
	uint32_t flags;
	uint32_t edge;
};

FIXTURE_VARIANT_ADD(watched, direct_level) { 0, 0 };
FIXTURE_VARIANT_ADD(watched, direct_edge) { 0, EPOLLET };
FIXTURE_VARIANT_ADD(watched, sealed_level) { FASTIPC_SEALED, 0 };
FIXTURE_VARIANT_ADD(watched, sealed_edge) { FASTIPC_SEALED, EPOLLET };

static int watch(int fd, uint32_t events)
{
	struct epoll_event event = { .events = events };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	if (ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event))
		return -1;
	return ep;
}

/* What it tells, 0 if nothing for now. */
static uint32_t told(int ep, int timeout_ms)
{
	struct epoll_event event;

	return epoll_wait(ep, &event, 1, timeout_ms) == 1 ? event.events : 0;
}

FIXTURE_SETUP(watched)
{
	ASSERT_EQ(0, raw_pair_of(self->fd, 4096, variant->flags));
	self->ep = watch(self->fd[1], EPOLLIN | variant->edge);
	ASSERT_GE(self->ep, 0);
	ASSERT_EQ(0, told(self->ep, 0));
}

FIXTURE_TEARDOWN(watched)
{
	close(self->fd[0]);
	if (self->fd[1] >= 0)
		close(self->fd[1]);
	close(self->ep);
}

TEST_F(watched, it_is_shut_down)
{
	ASSERT_EQ(0, raw_shutdown(self->fd[1],
				  FASTIPC_SHUT_RECV | FASTIPC_SHUT_SEND));
	ASSERT_EQ(EPOLLIN | EPOLLHUP, told(self->ep, -1) & ~EPOLLRDHUP);
	ASSERT_EQ(0, close(self->fd[1]));
	self->fd[1] = -1;
	ASSERT_EQ(0, told(self->ep, 0));
}

TEST_F(watched, it_is_closed)
{
	ASSERT_EQ(0, close(self->fd[1]));
	self->fd[1] = -1;
	ASSERT_EQ(0, told(self->ep, 0));
	/* The peer's calls wake nobody who is gone. */
	ASSERT_EQ(-ECONNRESET, raw_send(self->fd[0], "x", 1, 0));
	ASSERT_EQ(0, told(self->ep, 0));
}

/* The peer learns of the close; the instance does not keep the end alive. */
TEST_F(watched, it_is_closed_and_the_peer_is_told)
{
	struct pollfd pfd = { .fd = self->fd[0], .events = POLLIN };

	ASSERT_EQ(0, close(self->fd[1]));
	self->fd[1] = -1;
	ASSERT_EQ(1, poll(&pfd, 1, -1));
	ASSERT_EQ(POLLIN | POLLHUP | POLLERR, pfd.revents);
}

TEST_F(watched, a_copy_of_its_descriptor_stays)
{
	int copy = dup(self->fd[1]);
	struct fastipc_recv recv;
	char c;

	ASSERT_EQ(0, close(self->fd[1]));
	self->fd[1] = copy;
	ASSERT_EQ(1, raw_send(self->fd[0], "x", 1, 0));
	ASSERT_EQ(EPOLLIN, told(self->ep, -1));
	ASSERT_EQ(1, raw_recv(copy, &recv, &c, 1, 0));
	ASSERT_EQ(0, told(self->ep, 0));
}

/* Mapped, it is used without the kernel; it tells all the same. */
TEST_F(watched, it_is_mapped)
{
	struct fastipc *f;
	int i, fd = dup(self->fd[1]);
	char c;

	ASSERT_EQ(0, fastipc_adopt(&f, fd));
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(1, raw_send(self->fd[0], "x", 1, 0));
		ASSERT_EQ(EPOLLIN, told(self->ep, -1));
		ASSERT_EQ(1, fastipc_recv(f, &c, 1, FASTIPC_NOWAIT));
		ASSERT_EQ(0, told(self->ep, 0));
	}
	fastipc_close(f);
	ASSERT_EQ(1, raw_send(self->fd[0], "x", 1, 0));
	ASSERT_EQ(EPOLLIN, told(self->ep, -1));
}

/* A map keeps the file, and so what watches it, but not its descriptor. */
TEST_F(watched, only_a_map_is_left)
{
	struct fastipc_control *own = raw_map_control(self->fd[1]);

	ASSERT_NE(NULL, own);
	ASSERT_EQ(0, close(self->fd[1]));
	self->fd[1] = -1;
	ASSERT_EQ(1, raw_send(self->fd[0], "x", 1, 0));
	ASSERT_EQ(EPOLLIN, told(self->ep, -1));
	ASSERT_EQ(0, munmap(own, 4096));
	ASSERT_EQ(0, told(self->ep, 0));
	ASSERT_EQ(-ECONNRESET, raw_send(self->fd[0], "x", 1, 0));
}

static void *wait_for_it(void *arg)
{
	return (void *)(uintptr_t)told(*(int *)arg, 60000);
}

/* A thread sleeps in the instance; closing wakes it with nothing, ever. */
TEST_F(watched, it_is_closed_under_a_sleeper)
{
	pthread_t thread;
	int other[2];
	void *events;
	struct epoll_event event = { .events = EPOLLIN };

	/* Something else ends the sleep. */
	ASSERT_EQ(0, pipe(other));
	ASSERT_EQ(0, epoll_ctl(self->ep, EPOLL_CTL_ADD, other[0], &event));
	ASSERT_EQ(0, pthread_create(&thread, NULL, wait_for_it, &self->ep));
	ASSERT_EQ(0, close(self->fd[1]));
	self->fd[1] = -1;
	ASSERT_EQ(-ECONNRESET, raw_send(self->fd[0], "x", 1, 0));
	ASSERT_EQ(1, write(other[1], "", 1));
	ASSERT_EQ(0, pthread_join(thread, &events));
	ASSERT_EQ(EPOLLIN, (uintptr_t)events);
	close(other[0]);
	close(other[1]);
}

/* An instance in an instance, of which the inner one goes first. */
TEST_F(watched, through_another_instance)
{
	int outer = watch(self->ep, EPOLLIN | variant->edge);

	ASSERT_GE(outer, 0);
	ASSERT_EQ(1, raw_send(self->fd[0], "x", 1, 0));
	ASSERT_EQ(EPOLLIN, told(outer, -1));
	ASSERT_EQ(0, close(self->ep));
	ASSERT_EQ(0, told(outer, 0));
	ASSERT_EQ(1, raw_send(self->fd[0], "x", 1, 0));
	self->ep = outer;
}

/* Many processes watch the end, come and go, while its peer sends. */
TEST_F_TIMEOUT(watched, by_many_that_come_and_go, 300)
{
	int i, j, n = share_of(200);
	struct fastipc_recv recv;
	pid_t pid[8];
	char c;

	for (i = 0; i < n; i++) {
		for (j = 0; j < 8; j++) {
			pid[j] = fork_bound();
			if (pid[j])
				continue;
			if (j % 2)
				close(self->ep);
			c = watch(self->fd[1], EPOLLIN | variant->edge);
			if (j % 3)
				close(self->fd[1]);
			told(c, j % 4);
			_exit(0);
		}
		ASSERT_EQ(1, raw_send(self->fd[0], "x", 1, 0));
		ASSERT_EQ(1, raw_recv(self->fd[1], &recv, &c, 1, 0));
		for (j = 0; j < 8; j++)
			ASSERT_EQ(0, reap(pid[j]));
	}
	ASSERT_EQ(1, raw_send(self->fd[0], "x", 1, 0));
	ASSERT_EQ(EPOLLIN, told(self->ep, -1));
}

TEST_NOTHING_IS_LEFT()

TEST_HARNESS_MAIN
