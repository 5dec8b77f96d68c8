// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nobody is held up for ever: not by a peer that is hostile, not by one that died
 * with messages taken, not by what is withheld.
 */
#include <pthread.h>

#include "kselftest_harness.h"
#include "fastipc_test.h"

#define RING  4096
#define LAP   (16 << 20) /* a large ring */
#define LATER 20000	 /* ms, for what has to come */

FIXTURE(pair)
{
	int fd[2];
};

VARIANTS_OF_SORT(pair);

FIXTURE_SETUP(pair)
{
	ASSERT_EQ(0, raw_pair_of(self->fd, RING, variant->flags));
}

FIXTURE_TEARDOWN(pair)
{
	struct fastipc_stat stat;

	/* And none of it because the module looked again. */
	EXPECT_EQ(0, raw_stat(self->fd[1], &stat));
	EXPECT_EQ(0, stat.late_wakes);
	close(self->fd[0]);
	close(self->fd[1]);
}

/* What an O_NONBLOCK read(2) passes over has an end, though the ring has none. */
TEST(read_returns_from_a_ring_full_of_empty_messages)
{
	struct mapped evil;
	int fd[2], i;
	char c;

	ASSERT_EQ(0, raw_pair(fd, RING));
	ASSERT_EQ(0, raw_map_end(fd[0], &evil));
	for (i = 0; i < RING; i += FASTIPC_ALIGN)
		raw_publish(&evil, i, FASTIPC_WORD_COMMIT);
	ASSERT_EQ(0, fcntl(fd[1], F_SETFL, O_NONBLOCK));
	ASSERT_EQ(-1, read(fd[1], &c, 1));
	ASSERT_EQ(EAGAIN, errno);
	raw_unmap_end(&evil);
	close(fd[0]);
	close(fd[1]);
}

/* It comes back to a message behind them, and says to poll(2) that it is there. */
TEST_F(pair, read_comes_to_the_message_behind)
{
	struct pollfd pfd = { self->fd[1], POLLIN, 0 };
	int fd[2], i, again = 0;
	char c;

	ASSERT_EQ(0, raw_pair_of(fd, 1 << 20, variant->flags));
	for (i = 0; i < 10000; i++)
		ASSERT_EQ(1, raw_send(fd[0], "", 0, 0));
	ASSERT_EQ(1, write(fd[0], "x", 1));
	ASSERT_EQ(0, fcntl(fd[1], F_SETFL, O_NONBLOCK));
	pfd.fd = fd[1];
	while (read(fd[1], &c, 1) != 1) {
		ASSERT_EQ(EAGAIN, errno);
		ASSERT_EQ(1, poll(&pfd, 1, 0));
		ASSERT_LT(again++, 10);
	}
	ASSERT_EQ('x', c);
	ASSERT_EQ(2, again);
	close(fd[0]);
	close(fd[1]);
}

/* A process takes all there is at end 1, and is gone. */
static void take_all_and_die(int fd[2])
{
	struct fastipc_control *own;
	struct fastipc_stat stat;
	pid_t pid = fork_bound();

	if (pid) {
		reap(pid);
		return;
	}
	own = raw_map_control(fd[1]);
	if (own && !raw_stat(fd[0], &stat))
		own->taken = stat.sent;
	_exit(0);
}

/* A child that sends, and so sleeps until there is space: its process. */
static pid_t fork_sender(int fd)
{
	pid_t pid = fork_bound();

	if (!pid)
		_exit(write(fd, "x", 1) != 1);
	wait_for_sleep(pid);
	return pid;
}

/* The successor's event loop gives back what the dead had taken. */
TEST_F(pair, what_the_dead_took_is_given_back_by_who_polls)
{
	struct pollfd pfd = { self->fd[1], POLLIN, 0 };
	pid_t sender;

	fill_ring(self->fd[0]);
	take_all_and_die(self->fd);
	sender = fork_sender(self->fd[0]);
	ASSERT_EQ(1, poll(&pfd, 1, LATER));
	nothing_at(self->fd[1]);
	ASSERT_EQ(0, reap(sender));
	ASSERT_EQ(1, poll(&pfd, 1, LATER));
	ASSERT_FALSE(nothing_at(self->fd[1]));
	ASSERT_EQ(0, poll(&pfd, 1, 0));
}

TEST_F(pair, what_the_dead_took_is_given_back_by_who_waits)
{
	pid_t sender;

	fill_ring(self->fd[0]);
	take_all_and_die(self->fd);
	sender = fork_sender(self->fd[0]);
	ASSERT_EQ(0, raw_sync(self->fd[1], FASTIPC_SYNC_WAIT_RECV,
			      LATER * 1000000ULL));
	nothing_at(self->fd[1]);
	ASSERT_EQ(0, reap(sender));
	ASSERT_FALSE(nothing_at(self->fd[1]));
	ASSERT_EQ(-EAGAIN,
		  raw_sync(self->fd[1], FASTIPC_SYNC_WAIT_RECV, 0));
}

/* And who polls already when it dies is told. */
TEST_F(pair, who_polls_when_it_dies_is_woken)
{
	struct pollfd pfd = { self->fd[1], POLLIN, 0 };
	pid_t parent = getpid(), pid, sender;
	struct fastipc_control *own;
	struct fastipc_stat stat;
	int ready[2], go[2];
	char c;

	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(go));
	fill_ring(self->fd[0]);
	ASSERT_EQ(0, raw_stat(self->fd[0], &stat));
	pid = fork_bound();
	if (!pid) {
		own = raw_map_control(self->fd[1]);
		if (!own)
			_exit(1);
		own->taken = stat.sent;
		if (write(ready[1], "", 1) != 1 || read(go[0], &c, 1) != 1)
			_exit(2);
		/* In poll(2), where else. */
		_exit(!wait_for_sleep(parent));
	}
	ASSERT_EQ(1, read(ready[0], &c, 1));
	sender = fork_sender(self->fd[0]);
	ASSERT_EQ(1, write(go[1], "", 1));
	ASSERT_EQ(1, poll(&pfd, 1, LATER));
	nothing_at(self->fd[1]);
	ASSERT_EQ(0, reap(sender));
	ASSERT_EQ(0, reap(pid));
}

/* Whoever waits for space shows what it withheld, or both sides would wait. */
TEST_F(pair, waiting_for_space_shows_what_was_withheld)
{
	struct fastipc_stat stat;
	uint64_t position = 0;
	char buf[900] = "";
	int i;

	for (i = 0; i < 4; i++)
		ASSERT_EQ(1, raw_send(self->fd[0], buf, sizeof(buf),
				      FASTIPC_SEND_MORE));
	ASSERT_TRUE(nothing_at(self->fd[1]));
	if (!variant->flags)
		position = 4 * footprint(0, sizeof(buf));
	ASSERT_EQ(-EAGAIN,
		  raw_sync_send(self->fd[0], position, sizeof(buf), 0));
	ASSERT_FALSE(nothing_at(self->fd[1]));
	ASSERT_EQ(0, raw_stat(self->fd[0], &stat));
	ASSERT_EQ(4 * footprint(variant->flags, sizeof(buf)), stat.sent);
}

TEST_F(pair, draining_shows_what_was_withheld)
{
	struct fastipc_sync sync = { .size = sizeof(sync),
				     .flags = FASTIPC_SYNC_WAIT_DONE };

	ASSERT_EQ(1, raw_send(self->fd[0], "xy", 2, FASTIPC_SEND_MORE));
	ASSERT_TRUE(nothing_at(self->fd[1]));
	if (!variant->flags)
		sync.position = footprint(0, 2);
	ASSERT_EQ(-EAGAIN, raw_ioctl(self->fd[0], FASTIPC_SYNC, &sync));
	ASSERT_FALSE(nothing_at(self->fd[1]));
}

/* Map and let go, again and again, so that the kernel looks what was taken. */
static volatile bool enough;

static void *come_and_go(void *arg)
{
	int fd = *(int *)arg;
	struct fastipc_control *own;
	struct fastipc_recv recv;

	while (!enough) {
		own = raw_map_control(fd);
		if (own)
			munmap(own, getpagesize());
		raw_recv(fd, &recv, NULL, 0, 0);
	}
	return NULL;
}

/*
 * A receiver cannot have a long way walked again and again where its sender must
 * wait for it: the first time costs, not the others.
 */
TEST(a_receiver_cannot_delay_its_sender)
{
	static struct fastipc_send_item items[1024];
	struct fastipc_send send = { .size = sizeof(send),
				     .flags = FASTIPC_SEND_ARRAY,
				     .data = (uintptr_t)items,
				     .len = 1024 };
	uint64_t walk, worst = 0, t;
	struct fastipc_control *own;
	struct fastipc_recv recv;
	struct fastipc_stat stat;
	pthread_t thread;
	int fd[2], i;

	ASSERT_EQ(0, raw_pair_of(fd, LAP, FASTIPC_SEALED));
	while (raw_ioctl(fd[0], FASTIPC_SEND, &send) > 0)
		;
	ASSERT_EQ(0, raw_stat(fd[0], &stat));
	own = raw_map_control(fd[1]);
	ASSERT_NE(NULL, own);
	own->taken = stat.sent;
	munmap(own, getpagesize());
	/* The whole way, once. */
	walk = now_ns();
	ASSERT_EQ(-EAGAIN, raw_recv(fd[1], &recv, NULL, 0, 0));
	walk = now_ns() - walk;
	ASSERT_EQ(0, pthread_create(&thread, NULL, come_and_go, &fd[1]));
	for (i = 0; i < 100; i++) {
		usleep(1000);
		t = now_ns();
		ASSERT_EQ(1, raw_send(fd[0], "", 0, 0));
		t = now_ns() - t;
		/* Another's time slice may fall in between, now and then. */
		worst += t > walk / 2;
	}
	enough = true;
	pthread_join(thread, NULL);
	TH_LOG("a walk takes %llu us; %llu of 100 sends took half of that",
	       walk / 1000ULL, (unsigned long long)worst);
	ASSERT_GT(10, worst);
	close(fd[0]);
	close(fd[1]);
}

/* References that a peer takes to pages it reads are no pins of a former owner. */
TEST(a_peer_that_reads_keeps_nobody_out)
{
	int p[8][2], up[2], down[2], i, j;
	struct fastipc *end[2];
	struct fastipc_info info;
	struct iovec iov;
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe(up));
	ASSERT_EQ(0, pipe(down));
	ASSERT_EQ(0, fastipc_pair(end, NULL));
	pid = fork_bound();
	if (!pid) {
		raw_info(fastipc_fd(end[1]), &info);
		iov.iov_base = map_at(fastipc_fd(end[1]), info.peer_control,
				      info.control_bytes, PROT_READ);
		iov.iov_len = 1;
		for (i = 0; i < 8; i++) {
			if (pipe(p[i]) ||
			    fcntl(p[i][1], F_SETPIPE_SZ, 1 << 20) < 0)
				_exit(1);
			for (j = 0; j < 256; j++)
				vmsplice(p[i][1], &iov, 1, SPLICE_F_NONBLOCK);
		}
		_exit(write(up[1], "", 1) != 1 || read(down[0], &c, 1) != 1);
	}
	ASSERT_EQ(1, read(up[0], &c, 1));
	/* The first use of an end that nobody else ever had. */
	ASSERT_EQ(0, fastipc_send(end[0], "x", 1, FASTIPC_NOWAIT));
	ASSERT_EQ(1, write(down[1], "", 1));
	ASSERT_EQ(0, reap(pid));
	fastipc_close(end[0]);
	fastipc_close(end[1]);
}

TEST_NOTHING_IS_LEFT()

TEST_HARNESS_MAIN
