// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that does not come.  A process sends from, or receives into, a page
 * whose fault nobody serves (userfaultfd): it hangs, and nobody else does, at
 * either end.  A test that waits for the hanging one times out.
 */
#include "kselftest_harness.h"
#include "slow_memory.h"

#include <sys/epoll.h>

#define LEN 64

/* What hangs: 0 if it goes well afterwards, or its errno. */

static int hang_in_write(int fd, char *page)
{
	return write(fd, page, LEN) == LEN ? 0 : errno;
}

static int hang_in_send(int fd, char *page)
{
	struct iovec iov[2] = { { "ss", 2 }, { page, LEN - 2 } };
	struct fastipc_send send = { .size = sizeof(send),
				     .flags = FASTIPC_SEND_IOV,
				     .data = (uintptr_t)iov,
				     .len = 2 };

	return raw_ioctl(fd, FASTIPC_SEND, &send) == 1 ? 0 : errno;
}

static int hang_in_read(int fd, char *page)
{
	if (read(fd, page, LEN) != 5)
		return errno;
	return memcmp(page, "first", 5) ? 94 : 0;
}

static int hang_in_recv(int fd, char *page)
{
	struct fastipc_recv recv;

	if (raw_recv(fd, &recv, page, LEN, 0) != 1)
		return errno;
	return recv.len != 5 || memcmp(page, "first", 5) ? 94 : 0;
}

FIXTURE(fault)
{
	int fd[2];
	struct slow slow;
	char buf[LEN], slow_bytes[LEN];
	struct fastipc_recv recv;
	struct counters before;
};

FIXTURE_VARIANT(fault)
{
	uint32_t flags;
	int (*send)(int fd, char *page);
	int (*recv)(int fd, char *page);
};

FIXTURE_VARIANT_ADD(fault, sealed) {
	.flags = FASTIPC_SEALED,
	.send = hang_in_send,
	.recv = hang_in_recv,
};

FIXTURE_VARIANT_ADD(fault, direct) {
	.flags = 0,
	.send = hang_in_write,
	.recv = hang_in_read,
};

FIXTURE_SETUP(fault)
{
	self->before = counters_now();
	memset(self->slow_bytes, 's', LEN);
	ASSERT_EQ(0, raw_pair_of(self->fd, 4096, variant->flags));
}

FIXTURE_TEARDOWN(fault)
{
	close(self->fd[0]);
	close(self->fd[1]);
	EXPECT_TRUE(counters_return_to(self->before));
}

static int poll_now(int fd, int events)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	return poll(&pfd, 1, 0) < 0 ? -errno : pfd.revents;
}

/* One message from @from, and it is the next to come at @to. */
static bool passes(int from, int to, const char *text)
{
	struct fastipc_recv recv;
	char buf[LEN];

	return raw_send(from, text, 5, 0) == 1 &&
	       raw_recv(to, &recv, buf, LEN, 0) == 1 && recv.len == 5 &&
	       !memcmp(buf, text, 5);
}

/* A hanging sender ------- */

TEST_F(fault, a_hanging_sender_delays_nobody)
{
	struct fastipc_stat stat;
	struct fastipc_info info;
	void *own;
	int i;

	ASSERT_TRUE(hang(&self->slow, variant->send, self->fd[0], self->fd[1]));
	/* Through the same end, and the other way. */
	ASSERT_TRUE(passes(self->fd[0], self->fd[1], "other"));
	ASSERT_TRUE(passes(self->fd[1], self->fd[0], "back."));
	/* Also what is withheld and flushed. */
	ASSERT_EQ(1, raw_send(self->fd[0], "m", 1, FASTIPC_SEND_MORE));
	ASSERT_EQ(0, raw_send(self->fd[0], NULL, 0, FASTIPC_SEND_ARRAY));
	ASSERT_EQ(1, raw_recv(self->fd[1], &self->recv, self->buf, 1, 0));
	ASSERT_EQ(POLLOUT, poll_now(self->fd[0], POLLIN | POLLOUT));
	ASSERT_EQ(POLLOUT, poll_now(self->fd[1], POLLIN | POLLOUT));
	ASSERT_EQ(0, raw_info(self->fd[1], &info));
	ASSERT_EQ(FASTIPC_PEER_ATTACHED, info.peer_state);
	ASSERT_EQ(0, raw_stat(self->fd[0], &stat));
	ASSERT_EQ(3, stat.sends);
	/* Both ends can be mapped. */
	for (i = 0; i < 2; i++) {
		own = map_at(self->fd[i], info.own_control, 4096,
			     PROT_READ | PROT_WRITE);
		ASSERT_NE(MAP_FAILED, own);
		munmap(own, 4096);
	}
	/* Killed, it has sent nothing. */
	ASSERT_EQ(128 + SIGKILL, hang_is_killed(&self->slow));
	ASSERT_EQ(-EAGAIN,
		  raw_recv(self->fd[1], &self->recv, self->buf, LEN, 0));
	ASSERT_TRUE(passes(self->fd[0], self->fd[1], "after"));
	ASSERT_EQ(0, raw_stat(self->fd[0], &stat));
	ASSERT_EQ(4, stat.sends);
	ASSERT_EQ(0, stat.bounces);
}

/* Its message is sent when its memory is there, and not before. */
TEST_F(fault, a_hanging_senders_message_comes_late_and_whole)
{
	struct fastipc_stat stat;

	ASSERT_TRUE(hang(&self->slow, variant->send, self->fd[0], self->fd[1]));
	ASSERT_EQ(1, raw_send(self->fd[0], "other", 5, 0));
	ASSERT_EQ(0, hang_ends(&self->slow));
	ASSERT_EQ(1, raw_recv(self->fd[1], &self->recv, self->buf, LEN, 0));
	ASSERT_EQ(5, self->recv.len);
	ASSERT_EQ(1, raw_recv(self->fd[1], &self->recv, self->buf, LEN, 0));
	ASSERT_EQ(LEN, self->recv.len);
	ASSERT_EQ(0, memcmp(self->buf, self->slow_bytes, LEN));
	if (variant->flags)
		ASSERT_EQ(2, self->recv.stamp.seq);
	/* That it had to wait for its memory cost no second copy. */
	ASSERT_EQ(0, raw_stat(self->fd[0], &stat));
	ASSERT_EQ(0, stat.bounces);
}

/* Of an array the second item hangs: the first was sent, the third was not. */
static int hang_in_array(int fd, char *page)
{
	struct fastipc_send_item item[3] = {
		{ .data = (uintptr_t)"item1", .len = 5 },
		{ .data = (uintptr_t)page, .len = LEN },
		{ .data = (uintptr_t)"item3", .len = 5 },
	};

	return raw_send(fd, item, 3, FASTIPC_SEND_ARRAY) == 3 ? 0 : errno;
}

/* Whether the next message is @text, of five bytes. */
static bool comes(int fd, const char *text)
{
	char buf[LEN];

	return read(fd, buf, LEN) == 5 && !memcmp(buf, text, 5);
}

TEST_F(fault, a_hanging_second_item_delays_nobody)
{
	ASSERT_TRUE(hang(&self->slow, hang_in_array, self->fd[0], self->fd[1]));
	ASSERT_EQ(1, raw_send(self->fd[0], "other", 5, 0));
	ASSERT_TRUE(comes(self->fd[1], "item1"));
	ASSERT_TRUE(comes(self->fd[1], "other"));
	ASSERT_TRUE(nothing_at(self->fd[1]));
	ASSERT_EQ(0, hang_ends(&self->slow));
	ASSERT_EQ(LEN, read(self->fd[1], self->buf, LEN));
	ASSERT_EQ(0, memcmp(self->buf, self->slow_bytes, LEN));
	ASSERT_TRUE(comes(self->fd[1], "item3"));
	ASSERT_TRUE(nothing_at(self->fd[1]));
}

TEST_F(fault, a_hanging_second_item_that_is_killed_delays_nobody)
{
	ASSERT_TRUE(hang(&self->slow, hang_in_array, self->fd[0], self->fd[1]));
	ASSERT_EQ(128 + SIGKILL, hang_is_killed(&self->slow));
	ASSERT_EQ(1, raw_send(self->fd[0], "after", 5, 0));
	ASSERT_TRUE(comes(self->fd[1], "item1"));
	ASSERT_TRUE(comes(self->fd[1], "after"));
	ASSERT_TRUE(nothing_at(self->fd[1]));
}

/* The end of the direction does not wait for it. */
TEST_F(fault, shutdown_does_not_wait_for_a_hanging_sender)
{
	ASSERT_TRUE(hang(&self->slow, variant->send, self->fd[0], self->fd[1]));
	ASSERT_EQ(0, raw_shutdown(self->fd[0], FASTIPC_SHUT_SEND));
	ASSERT_EQ(-EPIPE,
		  raw_recv(self->fd[1], &self->recv, self->buf, LEN, 0));
	ASSERT_EQ(EPIPE, hang_ends(&self->slow));
	ASSERT_EQ(-EPIPE,
		  raw_recv(self->fd[1], &self->recv, self->buf, LEN, 0));
}

TEST_F(fault, close_does_not_wait_for_a_hanging_sender)
{
	ASSERT_TRUE(hang(&self->slow, variant->send, self->fd[0], self->fd[1]));
	close(self->fd[1]);
	ASSERT_EQ(POLLOUT | POLLERR | POLLHUP, poll_now(self->fd[0], POLLOUT));
	ASSERT_EQ(ECONNRESET, hang_ends(&self->slow));
}

/* The last who has the end dies while he hangs: that is its death. */
TEST_F(fault, the_death_of_a_hanging_sender_shows)
{
	ASSERT_TRUE(hang(&self->slow, variant->send, self->fd[0], self->fd[1]));
	close(self->fd[0]);
	ASSERT_EQ(-EAGAIN,
		  raw_recv(self->fd[1], &self->recv, self->buf, LEN, 0));
	ASSERT_EQ(128 + SIGKILL, hang_is_killed(&self->slow));
	ASSERT_EQ(-ECONNRESET, raw_recv(self->fd[1], &self->recv, self->buf,
					LEN, FASTIPC_FOREVER));
}

/* A hanging receiver ------- */

static void on_alarm(int signal)
{
}

TEST_F(fault, a_hanging_receiver_delays_only_receivers_of_its_end)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct fastipc_stat stat;
	struct fastipc_info info;
	void *own;

	ASSERT_EQ(1, raw_send(self->fd[0], "first", 5, 0));
	ASSERT_TRUE(hang(&self->slow, variant->recv, self->fd[1], self->fd[0]));
	/* The other end goes on, and so does its own the other way. */
	ASSERT_EQ(1, raw_send(self->fd[0], "other", 5, 0));
	ASSERT_TRUE(passes(self->fd[1], self->fd[0], "back."));
	ASSERT_EQ(0, raw_info(self->fd[1], &info));
	ASSERT_EQ(0, raw_stat(self->fd[1], &stat));
	ASSERT_EQ(1, stat.recvs);
	own = map_at(self->fd[0], info.own_control, 4096,
		     PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, own);
	munmap(own, 4096);
	own = map_at(self->fd[1], info.own_control, 4096,
		     PROT_READ | PROT_WRITE);
	ASSERT_EQ(MAP_FAILED, own);
	ASSERT_EQ(EBUSY, errno);
	/* Others at its end find nothing, and can give up. */
	ASSERT_EQ(POLLOUT, poll_now(self->fd[1], POLLIN | POLLOUT));
	ASSERT_EQ(-EAGAIN,
		  raw_recv(self->fd[1], &self->recv, self->buf, LEN, 0));
	ASSERT_EQ(-ETIMEDOUT,
		  raw_recv(self->fd[1], &self->recv, self->buf, LEN, 10000000));
	sigaction(SIGALRM, &action, NULL);
	ualarm(100000, 100000);
	ASSERT_EQ(-EINTR, raw_recv(self->fd[1], &self->recv, self->buf, LEN,
				   FASTIPC_FOREVER));
	ualarm(0, 0);
	/* Killed, it has received nothing. */
	ASSERT_EQ(128 + SIGKILL, hang_is_killed(&self->slow));
	ASSERT_EQ(1, raw_recv(self->fd[1], &self->recv, self->buf, LEN, 0));
	ASSERT_EQ(0, memcmp(self->buf, "first", 5));
	ASSERT_EQ(1, raw_recv(self->fd[1], &self->recv, self->buf, LEN, 0));
	ASSERT_EQ(0, memcmp(self->buf, "other", 5));
}

/* What it receives is what was there first, whatever the sender writes then. */
TEST_F(fault, a_word_that_changes_under_a_hanging_receiver)
{
	struct fastipc_stat stat;
	struct mapped evil;

	if (variant->flags & FASTIPC_SEALED)
		return; /* nobody can write such a word */
	ASSERT_EQ(1, raw_send(self->fd[0], "first", 5, 0));
	ASSERT_EQ(1, raw_send(self->fd[0], "other", 5, 0));
	ASSERT_TRUE(hang(&self->slow, variant->recv, self->fd[1], self->fd[0]));
	ASSERT_EQ(0, raw_map_end(self->fd[0], &evil));
	raw_publish(&evil, 0, FASTIPC_WORD_COMMIT | 900);
	ASSERT_EQ(0, hang_ends(&self->slow));
	ASSERT_EQ(0, raw_stat(self->fd[1], &stat));
	ASSERT_EQ(FASTIPC_FOOTPRINT(5), stat.released);
	ASSERT_TRUE(comes(self->fd[1], "other"));
	raw_unmap_end(&evil);
}

/* Who waits behind it goes on with the next message, or the same. */
static void other_receiver(struct __test_metadata *_metadata, int fd[2],
			   struct slow *slow, int (*recv)(int fd, char *page),
			   int (*end)(struct slow *slow), int status,
			   const char *text)
{
	struct fastipc_recv args;
	char buf[LEN];
	pid_t pid;

	ASSERT_EQ(1, raw_send(fd[0], "first", 5, 0));
	ASSERT_EQ(1, raw_send(fd[0], "other", 5, 0));
	ASSERT_TRUE(hang(slow, recv, fd[1], fd[0]));
	pid = fork_bound();
	if (!pid) {
		if (raw_recv(fd[1], &args, buf, LEN, FASTIPC_FOREVER) != 1)
			_exit(1);
		_exit(args.len == 5 && !memcmp(buf, text, 5) ? 0 : 2);
	}
	ASSERT_TRUE(wait_for_sleep(pid));
	ASSERT_EQ(status, end(slow));
	ASSERT_EQ(0, reap(pid));
}

TEST_F(fault, a_receiver_behind_one_that_is_served)
{
	other_receiver(_metadata, self->fd, &self->slow, variant->recv,
		       hang_ends, 0, "other");
}

TEST_F(fault, a_receiver_behind_one_that_is_killed)
{
	other_receiver(_metadata, self->fd, &self->slow, variant->recv,
		       hang_is_killed, 128 + SIGKILL, "first");
}

/* Whoever polls behind it is told when it is gone. */
TEST_F(fault, a_poller_behind_one_that_is_killed)
{
	struct pollfd pfd = { .fd = self->fd[1], .events = POLLIN };
	pid_t pid;

	ASSERT_EQ(1, raw_send(self->fd[0], "first", 5, 0));
	ASSERT_TRUE(hang(&self->slow, variant->recv, self->fd[1], self->fd[0]));
	pid = fork_bound();
	if (!pid)
		_exit(poll(&pfd, 1, -1) == 1 && pfd.revents == POLLIN ? 0 : 1);
	ASSERT_TRUE(wait_for_sleep(pid));
	ASSERT_EQ(128 + SIGKILL, hang_is_killed(&self->slow));
	ASSERT_EQ(0, reap(pid));
}

/* Also who was told before it came, and met it there. */
TEST_F(fault, an_edge_poller_behind_one_that_is_killed)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int ep = epoll_create1(0);

	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->fd[1], &event));
	ASSERT_EQ(1, raw_send(self->fd[0], "first", 5, 0));
	ASSERT_EQ(1, epoll_wait(ep, &event, 1, 0));
	ASSERT_TRUE(hang(&self->slow, variant->recv, self->fd[1], self->fd[0]));
	ASSERT_EQ(-EAGAIN,
		  raw_recv(self->fd[1], &self->recv, self->buf, LEN, 0));
	ASSERT_EQ(128 + SIGKILL, hang_is_killed(&self->slow));
	ASSERT_EQ(1, epoll_wait(ep, &event, 1, 10000));
	close(ep);
}

/* The message is not there for others: no wake for it can be lost. */
TEST_F(fault, no_wake_is_owed_behind_one_that_hangs_for_long)
{
	pid_t pid;

	ASSERT_EQ(1, raw_send(self->fd[0], "first", 5, 0));
	ASSERT_TRUE(hang(&self->slow, variant->recv, self->fd[1], self->fd[0]));
	pid = fork_bound();
	if (!pid)
		_exit(raw_recv(self->fd[1], &self->recv, self->buf, LEN,
			       FASTIPC_FOREVER) != 1);
	ASSERT_TRUE(wait_for_sleep(pid));
	/* It looks once a second, and counts what it finds twice. */
	sleep(4);
	ASSERT_EQ(self->before.late_wakes, module_counter("late_wakes"));
	ASSERT_EQ(128 + SIGKILL, hang_is_killed(&self->slow));
	ASSERT_EQ(0, reap(pid));
}

TEST_F(fault, shutdown_does_not_wait_for_a_hanging_receiver)
{
	ASSERT_EQ(1, raw_send(self->fd[0], "first", 5, 0));
	ASSERT_TRUE(hang(&self->slow, variant->recv, self->fd[1], self->fd[0]));
	ASSERT_EQ(0, raw_shutdown(self->fd[1], FASTIPC_SHUT_RECV));
	ASSERT_EQ(-EPIPE, raw_send(self->fd[0], "other", 5, 0));
	close(self->fd[1]);
	/* Committed before, it is received. */
	ASSERT_EQ(0, hang_ends(&self->slow));
}

TEST_HARNESS_MAIN
