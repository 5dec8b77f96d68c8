// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an end's former owner wrote over the words of its control page that are the
 * kernel's, or made of the position it left, against whoever has the end next.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#include <poll.h>
#include <pthread.h>

#define LONG 16000 /* bytes: five of them are more than a ring */

FIXTURE(takeover)
{
	struct fastipc *end[2];
	uint64_t ring_bytes;
	int fd; /* of end 1, whose former owner is hostile */
};

VARIANTS_OF_SORT(takeover);

FIXTURE_SETUP(takeover)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .flags = variant->flags };
	struct fastipc_info info;

	ASSERT_EQ(0, fastipc_pair(self->end, &options));
	self->fd = fastipc_fd(self->end[1]);
	ASSERT_EQ(0, raw_info(self->fd, &info));
	self->ring_bytes = info.ring_bytes;
}

FIXTURE_TEARDOWN(takeover)
{
	fastipc_close(self->end[0]);
	fastipc_close(self->end[1]);
}

/* Be a process that maps an end, writes its control page, and leaves. */
static int scribble(int fd,
		    void (*write)(struct fastipc_control *own, uint64_t value),
		    uint64_t value)
{
	struct fastipc_control *own;
	pid_t pid = fork_bound();

	if (pid)
		return reap(pid);
	own = raw_map_control(fd);
	if (!own)
		_exit(1);
	write(own, value);
	_exit(0);
}

static void ends(struct fastipc_control *own, uint64_t value)
{
	own->recv.ended = value;
	own->send.ended = value;
}

static void wants(struct fastipc_control *own, uint64_t value)
{
	own->recv.want = value;
	own->send.want = value;
}

static void sent(struct fastipc_control *own, uint64_t value)
{
	own->sent = value;
}

static void taken(struct fastipc_control *own, uint64_t value)
{
	own->taken = value;
}

/* Not even after more than a ring of messages. */
TEST_F(takeover, an_end_that_was_made_up_is_none)
{
	char buf[LONG] = "";
	int i;

	ASSERT_EQ(0, scribble(self->fd, ends, EPIPE));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, fastipc_send(self->end[0], buf, LONG, 0));
		ASSERT_EQ(LONG, fastipc_recv(self->end[1], buf, LONG, 0));
		ASSERT_EQ(0, fastipc_send(self->end[1], buf, LONG, 0));
		ASSERT_EQ(LONG, fastipc_recv(self->end[0], buf, LONG, 0));
	}
}

/* Nor is a true one forgotten. */
TEST_F(takeover, an_end_that_was_wiped_out_is_one)
{
	char c;

	ASSERT_EQ(0, fastipc_shutdown(self->end[0], FASTIPC_SHUT_SEND));
	ASSERT_EQ(0, scribble(self->fd, ends, 0));
	ASSERT_EQ(-EPIPE, fastipc_recv(self->end[1], &c, 1, 0));
}

TEST_F(takeover, what_was_wanted_is_wiped_out)
{
	struct fastipc_control *own;

	ASSERT_EQ(0, scribble(self->fd, wants, 7));
	own = raw_map_control(self->fd);
	ASSERT_NE(NULL, own);
	ASSERT_EQ(0, own->recv.want);
	ASSERT_EQ(0, own->send.want);
	ASSERT_EQ(0, munmap(own, 4096));
}

TEST_F(takeover, poll_does_not_believe_what_was_sent)
{
	struct pollfd pfd = { .fd = self->fd, .events = POLLOUT };

	ASSERT_EQ(0, scribble(self->fd, sent, self->ring_bytes));
	ASSERT_EQ(1, poll(&pfd, 1, 0));
	ASSERT_EQ(POLLOUT, pfd.revents);
	/* And who then sends, finds where that is. */
	ASSERT_EQ(variant->flags ? 1 : -EAGAIN, raw_send(self->fd, "x", 1, 0));
}

/* In a sealed pair the kernel knows what was sent. */
TEST(drain_does_not_believe_what_was_sent)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .flags = FASTIPC_SEALED };
	struct fastipc *end[2];
	char c;

	ASSERT_EQ(0, fastipc_pair(end, &options));
	ASSERT_EQ(0, scribble(fastipc_fd(end[1]), sent, 128));
	ASSERT_EQ(0, fastipc_drain(end[1], 0));
	ASSERT_EQ(0, fastipc_send(end[1], "x", 1, 0));
	ASSERT_EQ(-EAGAIN, fastipc_drain(end[1], 0));
	ASSERT_EQ(1, fastipc_recv(end[0], &c, 1, 0));
	ASSERT_EQ(0, fastipc_drain(end[1], 0));
	fastipc_close(end[0]);
	fastipc_close(end[1]);
}

static void alerts(struct fastipc_control *own, uint64_t value)
{
	own->recv.alert = value;
	own->send.alert = value;
}

static void *recv_one(void *arg)
{
	struct fastipc_recv recv;
	char c;

	return raw_recv(*(int *)arg, &recv, &c, 1, 60000000000ULL) == 1 ? arg :
									  NULL;
}

/* Who comes after, by the kernel's calls alone, sleeps and is woken by a library. */
TEST_F(takeover, who_sleeps_is_announced_whatever_was_written)
{
	const volatile struct fastipc_control *shown;
	struct fastipc_info info;
	pthread_t thread;
	void *received;
	int i;

	ASSERT_EQ(0, fastipc_info(self->end[0], &info));
	shown = map_at(fastipc_fd(self->end[0]), info.peer_control, 4096,
		       PROT_READ);
	ASSERT_NE(MAP_FAILED, shown);
	ASSERT_EQ(0, scribble(self->fd, alerts, 0));
	ASSERT_EQ(0, pthread_create(&thread, NULL, recv_one, &self->fd));
	for (i = 0; i < 30000 && !shown->recv.want; i++)
		usleep(1000);
	ASSERT_EQ(1, shown->recv.alert);
	ASSERT_EQ(0, fastipc_send(self->end[0], "x", 1, 0));
	ASSERT_EQ(0, pthread_join(thread, &received));
	ASSERT_NE(NULL, received);
	munmap((void *)shown, 4096);
}

static void *poll_out(void *arg)
{
	struct pollfd pfd = { .fd = *(int *)arg, .events = POLLOUT };

	return poll(&pfd, 1, 60000) == 1 && pfd.revents == POLLOUT ? arg : NULL;
}

/* Whether a sleeper is announced to the peer, now or soon. */
static bool is_wanted(const volatile struct fastipc_control *control)
{
	int i;

	for (i = 0; i < 3000 && !control->send.want; i++)
		usleep(1000);
	return control->send.want;
}

/* One who sleeps, while a process comes and goes that wipes that out. */
TEST(a_sleeper_that_was_wiped_out_is_announced_again)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .flags = FASTIPC_SEALED };
	const volatile struct fastipc_control *shown;
	struct fastipc *end[2];
	struct fastipc_info info;
	pthread_t thread;
	void *ready;
	int fd, n;
	char c;

	ASSERT_EQ(0, fastipc_pair(end, &options));
	ASSERT_EQ(0, fastipc_info(end[0], &info));
	shown = map_at(fastipc_fd(end[0]), info.peer_control, 4096, PROT_READ);
	ASSERT_NE(MAP_FAILED, shown);
	fd = fastipc_fd(end[1]);
	n = fill_ring(fd);
	ASSERT_EQ(0, pthread_create(&thread, NULL, poll_out, &fd));
	ASSERT_TRUE(is_wanted(shown));
	ASSERT_EQ(0, scribble(fd, wants, 0));
	ASSERT_TRUE(is_wanted(shown));
	while (n--)
		ASSERT_EQ(1, fastipc_recv(end[0], &c, 1, 0));
	ASSERT_EQ(0, pthread_join(thread, &ready));
	ASSERT_NE(NULL, ready);
	munmap((void *)shown, 4096);
	fastipc_close(end[0]);
	fastipc_close(end[1]);
}

/*
 * Looking for a message where there is none costs the peer's senders that time
 * once, not each time that somebody asks.
 */
TEST(a_bad_position_is_looked_for_once)
{
	const int ring_bytes = 4 << 20, asks = 200;
	uint64_t begin, first, others;
	struct fastipc_recv recv;
	int fd[2], i;
	char c;

	ASSERT_EQ(0, raw_pair_of(fd, ring_bytes, FASTIPC_SEALED));
	while (raw_send(fd[0], "", 0, 0) == 1)
		;
	ASSERT_EQ(0, scribble(fd[1], taken, ring_bytes - 48));
	begin = now_ns();
	ASSERT_EQ(-EBADMSG, raw_recv(fd[1], &recv, &c, 1, 0));
	first = now_ns() - begin;
	begin = now_ns();
	for (i = 0; i < asks; i++) {
		ASSERT_EQ(-EBADMSG, raw_recv(fd[1], &recv, &c, 1, 0));
		ASSERT_EQ(NULL, raw_map_control(fd[1]));
		ASSERT_EQ(EBADMSG, errno);
	}
	others = now_ns() - begin;
	TH_LOG("first %llu us, %d others %llu us", (long long)first / 1000,
	       2 * asks, (long long)others / 1000);
	ASSERT_LT(others, first * asks / 10);
	close(fd[0]);
	close(fd[1]);
}

TEST_NOTHING_IS_LEFT()

TEST_HARNESS_MAIN
