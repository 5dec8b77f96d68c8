// SPDX-License-Identifier: GPL-2.0-only
/*
 * The other end comes and goes: POLLPRI (FASTIPC_EV_PEER), by poll, by epoll
 * and by the library, until FASTIPC_INFO takes it back; and what that says.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#include <sys/epoll.h>

#define PAGE 4096
#define SOON 20000 /* ms, for what has to come */

static char bytes[PAGE];

static bool news(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLPRI };

	return poll(&pfd, 1, 0) == 1 && pfd.revents & POLLPRI;
}

/* End 0, and end 1 if it is there. */
FIXTURE(peer)
{
	int fd[2];
	struct fastipc_info info;
};

VARIANTS_OF_SORT(peer);

FIXTURE_SETUP(peer)
{
	struct fastipc_setup setup = { .size = sizeof(setup),
				       .flags = variant->flags,
				       .kind = FASTIPC_KIND_PAIR,
				       .ring_bytes = PAGE };

	self->fd[0] = raw_open(O_RDWR);
	self->fd[1] = -1;
	ASSERT_LE(0, self->fd[0]);
	ASSERT_EQ(0, raw_ioctl(self->fd[0], FASTIPC_SETUP, &setup));
}

FIXTURE_TEARDOWN(peer)
{
	close(self->fd[0]);
	close(self->fd[1]);
}

#define INFO() ASSERT_EQ(0, raw_info(self->fd[0], &self->info))
#define COMES()                                                      \
	do {                                                         \
		self->fd[1] = raw_peer(self->fd[0], O_RDWR);         \
		ASSERT_LE(0, self->fd[1]);                           \
	} while (0)
#define GOES()                                                       \
	do {                                                         \
		ASSERT_EQ(0, close(self->fd[1]));                    \
		self->fd[1] = -1;                                    \
	} while (0)

/* What is told ----------------------------------------------------------- */

TEST_F(peer, there_is_no_news_at_first)
{
	ASSERT_FALSE(news(self->fd[0]));
}

TEST_F(peer, coming_is_news)
{
	COMES();
	ASSERT_TRUE(news(self->fd[0]));
}

/* Whoever came second found the other there. */
TEST_F(peer, being_there_is_no_news)
{
	COMES();
	ASSERT_FALSE(news(self->fd[1]));
}

TEST_F(peer, going_is_news)
{
	COMES();
	INFO();
	GOES();
	ASSERT_TRUE(news(self->fd[0]));
}

TEST_F(peer, orderly_going_is_news)
{
	COMES();
	INFO();
	ASSERT_EQ(0, raw_shutdown(self->fd[1], FASTIPC_SHUT_ON_CLOSE));
	ASSERT_FALSE(news(self->fd[0]));
	GOES();
	ASSERT_TRUE(news(self->fd[0]));
}

TEST_F(peer, going_of_end_0_is_news)
{
	COMES();
	close(self->fd[0]);
	self->fd[0] = -1;
	ASSERT_TRUE(news(self->fd[1]));
}

TEST_F(peer, news_stays_until_info)
{
	COMES();
	ASSERT_TRUE(news(self->fd[0]));
	ASSERT_TRUE(news(self->fd[0]));
	INFO();
	ASSERT_FALSE(news(self->fd[0]));
	GOES();
	ASSERT_TRUE(news(self->fd[0]));
	INFO();
	ASSERT_FALSE(news(self->fd[0]));
}

TEST_F(peer, a_message_is_no_news)
{
	COMES();
	INFO();
	ASSERT_EQ(1, raw_send(self->fd[1], "x", 1, 0));
	ASSERT_FALSE(news(self->fd[0]));
	ASSERT_EQ(1, read(self->fd[0], bytes, 1));
	ASSERT_FALSE(news(self->fd[1]));
}

TEST_F(peer, a_shutdown_is_no_news)
{
	COMES();
	INFO();
	ASSERT_EQ(0, raw_shutdown(self->fd[1], FASTIPC_SHUT_SEND));
	ASSERT_FALSE(news(self->fd[0]));
}

TEST_F(peer, news_is_not_told_who_does_not_ask)
{
	struct pollfd pfd = { .fd = self->fd[0], .events = POLLIN | POLLOUT };

	COMES();
	ASSERT_EQ(1, poll(&pfd, 1, 0));
	ASSERT_EQ(POLLOUT, pfd.revents);
}

/* Somebody sleeps -------------------------------------------------------- */

/* A child that sleeps until there is news, and nothing else. */
static pid_t fork_waiter(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLPRI };
	pid_t pid = fork_bound();

	if (!pid)
		_exit(poll(&pfd, 1, -1) != 1 || !(pfd.revents & POLLPRI));
	return pid;
}

TEST_F(peer, a_sleeping_poller_is_told_who_comes)
{
	pid_t pid = fork_waiter(self->fd[0]);

	ASSERT_TRUE(wait_for_sleep(pid));
	COMES();
	ASSERT_EQ(0, reap(pid));
}

TEST_F(peer, a_sleeping_poller_is_told_who_goes)
{
	struct pollfd pfd = { .fd = self->fd[0], .events = POLLPRI };
	pid_t parent = getpid(), pid;

	COMES();
	INFO();
	pid = fork_bound();
	if (!pid) {
		close(self->fd[0]);
		_exit(!wait_for_sleep(parent));
	}
	GOES();
	ASSERT_EQ(1, poll(&pfd, 1, -1));
	ASSERT_TRUE(pfd.revents & POLLPRI);
	ASSERT_EQ(0, reap(pid));
}

TEST_F(peer, a_sleeping_poller_is_told_who_is_killed)
{
	struct pollfd pfd = { .fd = self->fd[0], .events = POLLPRI };
	pid_t parent = getpid(), pid;
	struct fastipc *f;

	COMES();
	INFO();
	pid = fork_bound();
	if (!pid) {
		close(self->fd[0]);
		if (fastipc_adopt(&f, self->fd[1]) || !wait_for_sleep(parent))
			_exit(1);
		raise(SIGKILL);
	}
	GOES();
	ASSERT_EQ(1, poll(&pfd, 1, -1));
	ASSERT_TRUE(pfd.revents & POLLPRI);
	ASSERT_TRUE(pfd.revents & POLLERR);
	ASSERT_EQ(128 + SIGKILL, reap(pid));
	INFO();
	ASSERT_EQ(FASTIPC_PEER_CLOSED, self->info.peer_state);
}

/* epoll ------------------------------------------------------------------ */

static int epoll_for(int fd, __u32 events)
{
	struct epoll_event event = { .events = events };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	return ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event) ? -1 : ep;
}

/* What epoll says, or 0. */
static __u32 epoll_says(int ep, int ms)
{
	struct epoll_event event = { 0 };

	return epoll_wait(ep, &event, 1, ms) == 1 ? event.events : 0;
}

TEST_F(peer, level_epoll_tells_until_info)
{
	int ep = epoll_for(self->fd[0], EPOLLPRI);

	ASSERT_LE(0, ep);
	ASSERT_EQ(0, epoll_says(ep, 0));
	COMES();
	ASSERT_EQ(EPOLLPRI, epoll_says(ep, SOON));
	ASSERT_EQ(EPOLLPRI, epoll_says(ep, SOON));
	INFO();
	ASSERT_EQ(0, epoll_says(ep, 0));
	GOES();
	ASSERT_TRUE(epoll_says(ep, SOON) & EPOLLPRI);
	ASSERT_TRUE(epoll_says(ep, SOON) & EPOLLPRI);
	INFO();
	ASSERT_FALSE(epoll_says(ep, 0) & EPOLLPRI);
	close(ep);
}

TEST_F(peer, edge_epoll_tells_of_each_coming_and_going)
{
	int ep = epoll_for(self->fd[0], EPOLLPRI | EPOLLET);

	ASSERT_LE(0, ep);
	ASSERT_EQ(0, epoll_says(ep, 0));
	COMES();
	ASSERT_EQ(EPOLLPRI, epoll_says(ep, SOON));
	ASSERT_EQ(0, epoll_says(ep, 0));
	INFO();
	ASSERT_EQ(0, epoll_says(ep, 0));
	GOES();
	ASSERT_TRUE(epoll_says(ep, SOON) & EPOLLPRI);
	close(ep);
}

/* Also of the second, if nobody asked in between. */
TEST_F(peer, edge_epoll_tells_of_going_without_info)
{
	int ep = epoll_for(self->fd[0], EPOLLPRI | EPOLLET);

	ASSERT_LE(0, ep);
	COMES();
	ASSERT_EQ(EPOLLPRI, epoll_says(ep, SOON));
	GOES();
	ASSERT_TRUE(epoll_says(ep, SOON) & EPOLLPRI);
	close(ep);
}

/* What INFO says --------------------------------------------------------- */

TEST_F(peer, info_of_a_vacant_end)
{
	INFO();
	ASSERT_EQ(FASTIPC_PEER_VACANT, self->info.peer_state);
	ASSERT_EQ(0, self->info.peer_endpoint);
	ASSERT_EQ(0, self->info.peer_pid);
	ASSERT_EQ(0, self->info.peer_uid);
	ASSERT_EQ(0, self->info.peer_gid);
	ASSERT_EQ(0, self->info.reserved);
}

TEST_F(peer, info_names_the_peers_endpoint)
{
	struct fastipc_info other;

	COMES();
	INFO();
	ASSERT_EQ(0, raw_info(self->fd[1], &other));
	ASSERT_EQ(FASTIPC_PEER_ATTACHED, self->info.peer_state);
	ASSERT_EQ(FASTIPC_PEER_ATTACHED, other.peer_state);
	ASSERT_EQ(other.endpoint, self->info.peer_endpoint);
	ASSERT_EQ(self->info.endpoint, other.peer_endpoint);
	ASSERT_NE(self->info.endpoint, other.endpoint);
	ASSERT_EQ(0, self->info.end);
	ASSERT_EQ(1, other.end);
}

TEST_F(peer, info_of_a_peer_that_went)
{
	struct fastipc_info before;

	COMES();
	INFO();
	before = self->info;
	GOES();
	INFO();
	ASSERT_EQ(FASTIPC_PEER_CLOSED, self->info.peer_state);
	ASSERT_EQ(before.peer_endpoint, self->info.peer_endpoint);
}

/* A descriptor that nobody has used is nobody's. */
TEST_F(peer, info_of_a_peer_that_nobody_used)
{
	COMES();
	INFO();
	ASSERT_EQ(0, self->info.peer_pid);
}

TEST_F(peer, info_names_the_process_that_writes)
{
	COMES();
	ASSERT_EQ(1, write(self->fd[1], "x", 1));
	INFO();
	ASSERT_EQ(getpid(), self->info.peer_pid);
}

/* Asking for a message is use as well, whatever comes. */
TEST_F(peer, info_names_the_process_that_reads)
{
	COMES();
	ASSERT_TRUE(nothing_at(self->fd[1]));
	INFO();
	ASSERT_EQ(getpid(), self->info.peer_pid);
}

TEST_F(peer, info_names_the_process_that_used_it_last)
{
	struct fastipc *f;
	pid_t pid;

	COMES();
	ASSERT_EQ(1, write(self->fd[1], "x", 1));
	pid = fork_bound();
	if (!pid) {
		if (fastipc_adopt(&f, self->fd[1]))
			_exit(1);
		fastipc_recv(f, bytes, 1, 0);
		_exit(2);
	}
	ASSERT_TRUE(wait_for_sleep(pid));
	INFO();
	ASSERT_EQ(pid, self->info.peer_pid);
	kill(pid, SIGKILL);
	ASSERT_EQ(128 + SIGKILL, reap(pid));
	ASSERT_EQ(1, write(self->fd[1], "x", 1));
	INFO();
	ASSERT_EQ(getpid(), self->info.peer_pid);
}

/* Of whoever opened the end, not of whoever uses it. */
TEST_F(peer, info_names_the_user_who_opened_the_end)
{
	pid_t pid = fork_bound();

	if (!pid) {
		if (setresgid(2345, 2345, 2345) || setresuid(1234, 1234, 1234))
			_exit(1);
		if (raw_peer(self->fd[0], O_RDWR) < 0)
			_exit(2);
		pause();
	}
	ASSERT_TRUE(wait_for_sleep(pid));
	INFO();
	ASSERT_EQ(1234, self->info.peer_uid);
	ASSERT_EQ(2345, self->info.peer_gid);
	kill(pid, SIGKILL);
	ASSERT_EQ(128 + SIGKILL, reap(pid));
}

/* The library ------------------------------------------------------------ */

FIXTURE(library)
{
	struct fastipc *end[2];
};

VARIANTS_OF_SORT(library);

FIXTURE_SETUP(library)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .ring_bytes = PAGE,
					   .flags = variant->flags };

	ASSERT_EQ(0, fastipc_pair(self->end, &options));
}

FIXTURE_TEARDOWN(library)
{
	fastipc_close(self->end[0]);
	fastipc_close(self->end[1]);
}

TEST_F(library, has_no_news_of_a_pair_that_it_made)
{
	ASSERT_EQ(0, fastipc_wait(self->end[0], FASTIPC_EV_PEER, 0));
	ASSERT_EQ(0, fastipc_wait(self->end[1], FASTIPC_EV_PEER, 0));
}

TEST_F(library, waits_for_the_peer_to_go)
{
	int parent = getpid();
	struct fastipc *f;
	pid_t pid = fork_bound();
	int ret;

	if (!pid) {
		close(fastipc_fd(self->end[0]));
		if (fastipc_adopt(&f, fastipc_fd(self->end[1])) ||
		    !wait_for_sleep(parent))
			_exit(1);
		_exit(0);
	}
	fastipc_close(self->end[1]);
	self->end[1] = NULL;
	ret = fastipc_wait(self->end[0], FASTIPC_EV_PEER, -1);
	ASSERT_LT(0, ret);
	ASSERT_TRUE(ret & FASTIPC_EV_PEER);
	ASSERT_EQ(0, reap(pid));
}

TEST_F(library, waits_for_a_message_or_the_peer)
{
	int events = POLLIN | FASTIPC_EV_PEER;
	struct fastipc_info info;
	char c;

	ASSERT_EQ(0, fastipc_send(self->end[1], "x", 1, 0));
	ASSERT_EQ(POLLIN, fastipc_wait(self->end[0], events, -1));
	ASSERT_EQ(1, fastipc_recv(self->end[0], &c, 1, 0));
	ASSERT_EQ(0, fastipc_wait(self->end[0], events, 0));
	fastipc_close(self->end[1]);
	self->end[1] = NULL;
	ASSERT_TRUE(fastipc_wait(self->end[0], events, -1) & FASTIPC_EV_PEER);
	ASSERT_EQ(0, fastipc_info(self->end[0], &info));
	ASSERT_FALSE(fastipc_wait(self->end[0], events, 0) & FASTIPC_EV_PEER);
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
