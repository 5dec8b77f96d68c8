// SPDX-License-Identifier: GPL-2.0-only
/*
 * What it costs: system calls of a stream and of blocked round trips, counted
 * by the raw_syscalls tracepoint over both processes and all their threads.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#define MESSAGES    1000000
#define ROUND_TRIPS 10000

/* What the child counted, and whether all was right. */
struct outcome {
	long long syscalls;
	long received;
	int error;
};

FIXTURE(stream)
{
	struct fastipc *end[2];
	struct outcome *child;
	struct counters before;
};

static int make_pair(struct fastipc *end[2])
{
	struct fastipc_options options = { .size = sizeof(options),
					   .ring_bytes = 1 << 20,
					   .spin_us = 50 };

	return fastipc_pair(end, &options);
}

FIXTURE_SETUP(stream)
{
	self->before = counters_now();
	ASSERT_EQ(0, make_pair(self->end));
	self->child = shared(sizeof(*self->child));
	ASSERT_NE(NULL, self->child);
}

FIXTURE_TEARDOWN(stream)
{
	fastipc_close(self->end[0]);
	fastipc_close(self->end[1]);
	EXPECT_TRUE(counters_return_to(self->before));
}

static int receive_all(struct fastipc *me, void *arg)
{
	struct outcome *out = arg;
	uint64_t buf[6];
	int counter;

	counter = syscalls_begin();
	for (;;) {
		ssize_t n = fastipc_recv(me, buf, sizeof(buf), 0);

		if (n != sizeof(buf)) {
			out->error = n;
			break;
		}
		if (buf[0] != out->received || buf[5] != ~buf[0])
			break;
		out->received++;
	}
	out->syscalls = syscalls_end(counter);
	return out->received != MESSAGES || out->error != -EPIPE;
}

/*
 * 1,000,000 messages of 48 bytes while both sides run: fewer than 1,000 system
 * calls over both processes, and no late wake.
 */
TEST_F(stream, a_million_messages)
{
	struct fastipc_stat stat;
	uint64_t buf[6] = { 0 };
	long long syscalls;
	int counter;
	pid_t pid;
	long i;

	pid = fork_peer(self->end, receive_all, self->child);
	fastipc_close(self->end[1]);
	self->end[1] = NULL;
	counter = syscalls_begin();
	ASSERT_GE(counter, 0);
	for (i = 0; i < MESSAGES; i++) {
		buf[0] = i;
		buf[5] = ~buf[0];
		ASSERT_EQ(0, fastipc_send(self->end[0], buf, sizeof(buf), 0));
	}
	syscalls = syscalls_end(counter);
	ASSERT_EQ(0, fastipc_stat(self->end[0], &stat));
	ASSERT_EQ(0, fastipc_shutdown(self->end[0], FASTIPC_SHUT_SEND));
	ASSERT_EQ(0, reap(pid));
	ASSERT_EQ(MESSAGES, self->child->received);
	TH_LOG("%lld + %lld system calls, %llu sleeps", syscalls,
	       self->child->syscalls, stat.sleeps);
	ASSERT_GE(self->child->syscalls, 0);
	ASSERT_LT(syscalls + self->child->syscalls, 1000);
	ASSERT_EQ(0, stat.late_wakes);
}

static int answer_all(struct fastipc *me, void *arg)
{
	struct outcome *out = arg;
	char buf[64];
	ssize_t n;
	int counter = syscalls_begin();

	n = fastipc_recv(me, buf, sizeof(buf), 0);
	while (n == sizeof(buf)) {
		out->received++;
		n = fastipc_exchange(me, buf, n, buf, sizeof(buf), -1);
	}
	out->error = n;
	out->syscalls = syscalls_end(counter);
	return n != -EPIPE;
}

/* Both on one CPU, where nobody spins: each wait is a sleep. */
static void share_one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* 10,000 round trips that block: at most 10,010 system calls a side. */
TEST_F(stream, blocked_round_trips)
{
	struct fastipc_stat stat;
	long long syscalls;
	char buf[64] = { 0 };
	int counter, i;
	pid_t pid;

	fastipc_close(self->end[0]);
	fastipc_close(self->end[1]);
	share_one_cpu();
	ASSERT_EQ(0, make_pair(self->end));
	pid = fork_peer(self->end, answer_all, self->child);
	fastipc_close(self->end[1]);
	self->end[1] = NULL;
	counter = syscalls_begin();
	ASSERT_GE(counter, 0);
	for (i = 0; i < ROUND_TRIPS; i++) {
		buf[i % 64] = i;
		ASSERT_EQ(64,
			  fastipc_exchange(self->end[0], buf, 64, buf, 64, -1));
		ASSERT_EQ((char)i, buf[i % 64]);
	}
	syscalls = syscalls_end(counter);
	ASSERT_EQ(0, fastipc_stat(self->end[0], &stat));
	ASSERT_EQ(0, fastipc_shutdown(self->end[0], FASTIPC_SHUT_SEND));
	ASSERT_EQ(0, reap(pid));
	ASSERT_EQ(ROUND_TRIPS, self->child->received);
	TH_LOG("%lld and %lld system calls, %llu sleeps", syscalls,
	       self->child->syscalls, stat.sleeps);
	ASSERT_GE(syscalls, 0);
	ASSERT_GE(self->child->syscalls, 0);
	ASSERT_LE(syscalls, ROUND_TRIPS + 10);
	ASSERT_LE(self->child->syscalls, ROUND_TRIPS + 10);
	/* A waker that is preempted by whom it wakes need not sleep itself. */
	ASSERT_GE(stat.sleeps, 2 * ROUND_TRIPS * 99 / 100);
	ASSERT_EQ(0, stat.late_wakes);
}

TEST_HARNESS_MAIN
