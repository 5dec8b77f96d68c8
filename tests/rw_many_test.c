// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several processes that read, or write, at the same end: each message goes to
 * exactly one, each reader sees the order, each writer's messages keep theirs,
 * and nobody sleeps while there is something for him.
 */
#include "kselftest_harness.h"
#include "slow_memory.h"

#include <sched.h>

#define PAGE 4096
#define MANY 3
#define MESSAGES 600

FIXTURE(many)
{
	int fd[2];
	unsigned char *seen; /* shared: how often each message came */
};

VARIANTS_OF_SORT(many);

FIXTURE_SETUP(many)
{
	self->seen = shared(MANY * MESSAGES);
	ASSERT_NE(NULL, self->seen);
	ASSERT_EQ(0, raw_pair_of(self->fd, PAGE, variant->flags));
}

FIXTURE_TEARDOWN(many)
{
	close(self->fd[0]);
	close(self->fd[1]);
}

/* A message: its number, over and over. */
static void number(int *buf, size_t n, int value)
{
	while (n--)
		buf[n] = value;
}

static bool is_number(const int *buf, size_t n, int value)
{
	while (n--)
		if (buf[n] != value)
			return false;
	return true;
}

static int read_until_the_end(int fd, unsigned char *seen)
{
	int buf[100], last = -1;
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		if (!is_number(buf, n / sizeof(int), buf[0]))
			return 1;
		if (buf[0] <= last || buf[0] >= MESSAGES)
			return 2;
		last = buf[0];
		__atomic_add_fetch(&seen[last], 1, __ATOMIC_RELAXED);
	}
	return n ? 3 : 0;
}

TEST_F_TIMEOUT(many, readers_share_the_messages, 60)
{
	int buf[100], i, len;
	pid_t pid[MANY];

	for (i = 0; i < MANY; i++) {
		pid[i] = fork_bound();
		if (!pid[i]) {
			close(self->fd[0]);
			_exit(read_until_the_end(self->fd[1], self->seen));
		}
	}
	for (i = 0; i < MESSAGES; i++) {
		len = (i % 99 + 1) * sizeof(int);
		number(buf, 100, i);
		ASSERT_EQ(len, write(self->fd[0], buf, len));
	}
	close(self->fd[0]);
	self->fd[0] = -1;
	for (i = 0; i < MANY; i++)
		ASSERT_EQ(0, reap(pid[i]));
	for (i = 0; i < MESSAGES; i++)
		ASSERT_EQ(1, self->seen[i])
			TH_LOG("message %d", i);
}

TEST_F_TIMEOUT(many, writers_are_all_heard, 60)
{
	int buf[100], next[MANY] = { 0 }, i, len, who;
	pid_t pid[MANY];
	ssize_t n;

	for (who = 0; who < MANY; who++) {
		pid[who] = fork_bound();
		if (pid[who])
			continue;
		close(self->fd[1]);
		for (i = 0; i < MESSAGES; i++) {
			len = (i % 99 + 1) * sizeof(int);
			number(buf, 100, who * MESSAGES + i);
			if (write(self->fd[0], buf, len) != len)
				_exit(1);
		}
		_exit(0);
	}
	close(self->fd[0]);
	self->fd[0] = -1;
	while ((n = read(self->fd[1], buf, sizeof(buf))) > 0) {
		ASSERT_TRUE(is_number(buf, n / sizeof(int), buf[0]));
		who = buf[0] / MESSAGES;
		ASSERT_LT(who, MANY);
		ASSERT_EQ(next[who], buf[0] % MESSAGES);
		ASSERT_EQ((next[who] % 99 + 1) * sizeof(int), n);
		next[who]++;
	}
	ASSERT_EQ(0, n);
	for (who = 0; who < MANY; who++) {
		ASSERT_EQ(0, reap(pid[who]));
		ASSERT_EQ(MESSAGES, next[who]);
	}
}

/* Sleeping readers, as many as messages that come at once: nobody is left. */
TEST_F(many, sleeping_readers_get_one_each_of_a_batch)
{
	struct fastipc_send_item item[MANY];
	pid_t pid[MANY];
	int i, round;
	char c;

	for (round = 0; round < 20; round++) {
		for (i = 0; i < MANY; i++) {
			pid[i] = fork_bound();
			if (!pid[i])
				_exit(read(self->fd[1], &c, 1) != 1);
			item[i] = (struct fastipc_send_item){
				.data = (uintptr_t)&c, .len = 1
			};
		}
		for (i = 0; i < MANY; i++)
			ASSERT_TRUE(wait_for_sleep(pid[i]));
		ASSERT_EQ(MANY, raw_send(self->fd[0], item, MANY,
					 FASTIPC_SEND_ARRAY));
		for (i = 0; i < MANY; i++)
			ASSERT_EQ(0, reap(pid[i]));
	}
}

/* On one processor, so that the order is known; before all others, or last. */
static void run_on_cpu_0(bool first)
{
	struct sched_param param = { .sched_priority = first };
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	if (sched_setaffinity(0, sizeof(set), &set) ||
	    sched_setscheduler(0, first ? SCHED_FIFO : SCHED_OTHER, &param))
		_exit(80);
}

static int other_end; /* of those that get_ahead() is told */

/* Publish two messages, which wakes the other reader; be first, and hang. */
static int get_ahead(int fd, char *page)
{
	struct fastipc_send_item item[2] = {
		{ .data = (uintptr_t)"1", .len = 1 },
		{ .data = (uintptr_t)"2", .len = 1 },
	};

	run_on_cpu_0(true);
	if (raw_send(other_end, item, 2, FASTIPC_SEND_ARRAY) != 2)
		return 81;
	return read(fd, page, PAGE) == 1 && page[0] == '1' ? 0 : 82;
}

/*
 * A reader that is woken for a message, and finds another reader at it, sleeps
 * again; when that one is done, there is the second message.
 */
TEST_F(many, a_reader_that_came_second_gets_the_second)
{
	struct slow slow;
	pid_t pid;
	char c;

	pid = fork_bound();
	if (!pid) {
		run_on_cpu_0(false);
		_exit(read(self->fd[1], &c, 1) != 1 || c != '2');
	}
	ASSERT_TRUE(wait_for_sleep(pid));
	other_end = self->fd[0];
	ASSERT_TRUE(hang(&slow, get_ahead, self->fd[1], -1));
	ASSERT_TRUE(wait_for_sleep(pid));
	ASSERT_EQ(0, hang_ends(&slow));
	ASSERT_EQ(0, reap(pid));
}

static int read_slowly(int fd, char *page)
{
	return read(fd, page, PAGE) == 1 && page[0] == 's' ? 0 : 83;
}

/* While the kernel copies, nobody else begins to consume there. */
TEST_F(many, an_end_at_which_the_kernel_copies_cannot_be_mapped)
{
	struct fastipc *f;
	struct slow slow;

	ASSERT_EQ(1, raw_send(self->fd[0], "s", 1, 0));
	ASSERT_TRUE(hang(&slow, read_slowly, self->fd[1], self->fd[0]));
	ASSERT_EQ(-EBUSY, fastipc_adopt(&f, self->fd[1]));
	ASSERT_EQ(0, hang_ends(&slow));
	ASSERT_EQ(0, fastipc_adopt(&f, self->fd[1]));
	fastipc_close(f);
	self->fd[1] = -1;
}

TEST_F(many, what_somebody_receives_is_not_there)
{
	struct slow slow;

	ASSERT_EQ(1, raw_send(self->fd[0], "s", 1, 0));
	ASSERT_TRUE(hang(&slow, read_slowly, self->fd[1], self->fd[0]));
	ASSERT_EQ(-EAGAIN, raw_sync(self->fd[1], FASTIPC_SYNC_WAIT_RECV, 0));
	ASSERT_EQ(0, hang_ends(&slow));
	ASSERT_EQ(-EAGAIN, raw_sync(self->fd[1], FASTIPC_SYNC_WAIT_RECV, 0));
}

/* Who found it so, and left, keeps nobody out afterwards. */
TEST_F(many, an_end_at_which_two_received_can_be_mapped)
{
	struct fastipc_recv recv;
	struct fastipc *f;
	struct slow slow;
	char c;

	ASSERT_EQ(1, raw_send(self->fd[0], "s", 1, 0));
	ASSERT_TRUE(hang(&slow, read_slowly, self->fd[1], self->fd[0]));
	ASSERT_EQ(-EAGAIN, raw_recv(self->fd[1], &recv, &c, 1, 0));
	ASSERT_EQ(0, hang_ends(&slow));
	ASSERT_EQ(0, fastipc_adopt(&f, self->fd[1]));
	fastipc_close(f);
	self->fd[1] = -1;
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
