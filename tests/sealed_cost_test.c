// SPDX-License-Identifier: GPL-2.0-only
/*
 * What sealed messages cost: system calls, copies and memory; and that they are
 * right wherever in the ring they lie.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#define MESSAGES    100
#define ROUND_TRIPS 5000

FIXTURE(cost)
{
	struct fastipc *end[2];
	struct fastipc_stat stat;
};

static int make_pair(struct fastipc *end[2], uint64_t ring_bytes)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .ring_bytes = ring_bytes,
					   .flags = FASTIPC_SEALED };

	return fastipc_pair(end, &options);
}

FIXTURE_SETUP(cost)
{
	ASSERT_EQ(0, make_pair(self->end, 65536));
}

FIXTURE_TEARDOWN(cost)
{
	fastipc_close(self->end[0]);
	fastipc_close(self->end[1]);
}

/* System calls ------- */

/* What counting itself counts. */
static long long counting(void)
{
	return syscalls_end(syscalls_begin());
}

TEST_F(cost, a_send_is_one_call_and_a_receive_none)
{
	char buf[100] = { 0 };
	struct fastipc_msg msg;
	long long calls;
	int i, counter;

	/* Mapped at the first use. */
	ASSERT_EQ(0, fastipc_send(self->end[0], buf, 1, 0));
	ASSERT_EQ(1, fastipc_recv(self->end[1], buf, 1, 0));
	counter = syscalls_begin();
	ASSERT_GE(counter, 0);
	for (i = 0; i < MESSAGES; i++)
		if (fastipc_send(self->end[0], buf, sizeof(buf), 0))
			break;
	calls = syscalls_end(counter);
	ASSERT_EQ(MESSAGES, i);
	ASSERT_EQ(MESSAGES, calls - counting());

	counter = syscalls_begin();
	for (i = 0; i < MESSAGES / 2; i++)
		if (fastipc_recv(self->end[1], buf, sizeof(buf), 0) < 0)
			break;
	for (; i < MESSAGES; i++)
		if (fastipc_take(self->end[1], &msg, 0) ||
		    fastipc_done(self->end[1], &msg))
			break;
	calls = syscalls_end(counter);
	ASSERT_EQ(MESSAGES, i);
	ASSERT_EQ(0, calls - counting());
	ASSERT_EQ(0, fastipc_stat(self->end[1], &self->stat));
	ASSERT_EQ(MESSAGES + 1, self->stat.sends);
	/* The kernel copied none of them out. */
	ASSERT_EQ(0, self->stat.recvs);
	ASSERT_EQ(0, self->stat.bounces);
	ASSERT_EQ(0, self->stat.syncs);
}

TEST_F(cost, an_array_is_one_call)
{
	struct iovec iov = { "x", 1 };
	struct fastipc_out out[32];
	long long calls;
	int i, ret, counter;

	for (i = 0; i < 32; i++)
		out[i] = (struct fastipc_out){ &iov, 1, i };
	ASSERT_EQ(0, fastipc_flush(self->end[0]));
	counter = syscalls_begin();
	ret = fastipc_sendv(self->end[0], out, 32, 0);
	calls = syscalls_end(counter);
	ASSERT_EQ(32, ret);
	ASSERT_EQ(1, calls - counting());
}

struct outcome {
	long long syscalls;
	long received;
};

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
	out->syscalls = syscalls_end(counter);
	return n != -EPIPE;
}

/* Both on one CPU, where each wait is a sleep: one system call a side each. */
TEST_F(cost, a_blocked_round_trip_is_one_call_a_side)
{
	struct outcome *child = shared(sizeof(*child));
	char buf[64] = { 0 };
	long long calls;
	int counter, i;
	cpu_set_t set;
	pid_t pid;

	fastipc_close(self->end[0]);
	fastipc_close(self->end[1]);
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	sched_setaffinity(0, sizeof(set), &set);
	ASSERT_EQ(0, make_pair(self->end, 65536));
	pid = fork_peer(self->end, answer_all, child);
	fastipc_close(self->end[1]);
	self->end[1] = NULL;
	ASSERT_EQ(0, fastipc_flush(self->end[0]));
	counter = syscalls_begin();
	ASSERT_GE(counter, 0);
	for (i = 0; i < ROUND_TRIPS; i++) {
		buf[i % 64] = i;
		if (fastipc_exchange(self->end[0], buf, 64, buf, 64, -1) !=
			    64 ||
		    buf[i % 64] != (char)i)
			break;
	}
	calls = syscalls_end(counter);
	ASSERT_EQ(ROUND_TRIPS, i);
	ASSERT_EQ(0, fastipc_stat(self->end[0], &self->stat));
	ASSERT_EQ(0, fastipc_shutdown(self->end[0], FASTIPC_SHUT_SEND));
	ASSERT_EQ(0, reap(pid));
	TH_LOG("%lld and %lld system calls, %llu sleeps", calls,
	       child->syscalls, self->stat.sleeps);
	/* And some that ask for calm: after 1024 releases, 2048, 4096. */
	ASSERT_LE(ROUND_TRIPS, calls - counting());
	ASSERT_GE(ROUND_TRIPS + 3, calls - counting());
	ASSERT_EQ(ROUND_TRIPS, child->received);
	/* Its first receive sleeps once by itself. */
	ASSERT_GE(child->syscalls, ROUND_TRIPS);
	ASSERT_LE(child->syscalls, ROUND_TRIPS + 10);
	/* Not twice: a preemptible kernel runs the peer before its waker sleeps. */
	ASSERT_GE(self->stat.sleeps, ROUND_TRIPS * 99 / 100);
	ASSERT_EQ(0, self->stat.late_wakes);
}

/* In place ------- */

TEST_F(cost, a_message_built_in_place_is_copied_by_commit)
{
	char buf[100];
	void *p;

	ASSERT_EQ(0, fastipc_reserve(self->end[0], 100, &p, 0));
	memset(p, 'r', 100);
	ASSERT_EQ(-EINVAL, fastipc_send(self->end[0], "x", 1, 0));
	ASSERT_EQ(-EMSGSIZE, fastipc_commit(self->end[0], 101, 0));
	ASSERT_EQ(0, fastipc_commit(self->end[0], 60, 0));
	ASSERT_EQ(60, fastipc_recv(self->end[1], buf, sizeof(buf), 0));
	ASSERT_EQ('r', buf[59]);
	ASSERT_EQ(-EINVAL, fastipc_commit(self->end[0], 1, 0));
	ASSERT_EQ(0, fastipc_reserve(self->end[0], 100, &p, 0));
	fastipc_discard(self->end[0]);
	ASSERT_EQ(0, fastipc_send(self->end[0], "x", 1, 0));
	ASSERT_EQ(1, fastipc_recv(self->end[1], buf, sizeof(buf), 0));
	ASSERT_EQ(0, fastipc_stat(self->end[0], &self->stat));
	ASSERT_EQ(2, self->stat.sends);
	ASSERT_EQ(0, self->stat.bounces);
}

/* In memory of the process, which is that of the last one if it is enough. */
TEST(a_longer_message_has_more_room)
{
	struct fastipc_info info;
	struct fastipc *end[2];
	void *p;

	ASSERT_EQ(0, make_pair(end, 4 << 20));
	ASSERT_EQ(0, raw_info(fastipc_fd(end[0]), &info));
	ASSERT_EQ(0, fastipc_reserve(end[0], 1, &p, 0));
	fastipc_discard(end[0]);
	/* More than malloc() has behind a byte. */
	ASSERT_LE(512 << 10, info.max_message);
	ASSERT_EQ(0, fastipc_reserve(end[0], info.max_message, &p, 0));
	memset(p, 'l', info.max_message);
	ASSERT_EQ(0, fastipc_commit(end[0], info.max_message, 0));
	fastipc_close(end[0]);
	fastipc_close(end[1]);
}

/* Space is found by commit: what does not fit stays reserved. */
TEST_F(cost, a_commit_that_fails_keeps_the_reservation)
{
	char buf[16320];
	int n = 0, i;
	void *p;

	while (!fastipc_send(self->end[0], buf, sizeof(buf), FASTIPC_NOWAIT))
		n++;
	ASSERT_EQ(0, fastipc_reserve(self->end[0], sizeof(buf), &p, 0));
	memset(p, 'k', sizeof(buf));
	ASSERT_EQ(-EAGAIN,
		  fastipc_commit(self->end[0], sizeof(buf), FASTIPC_NOWAIT));
	for (i = 0; i < n; i++)
		ASSERT_EQ(sizeof(buf),
			  fastipc_recv(self->end[1], buf, sizeof(buf), 0));
	ASSERT_EQ(0, fastipc_commit(self->end[0], sizeof(buf), FASTIPC_NOWAIT));
	ASSERT_EQ(sizeof(buf), fastipc_recv(self->end[1], buf, sizeof(buf), 0));
	ASSERT_EQ('k', buf[sizeof(buf) - 1]);
}

/* Memory ------- */

TEST(the_smallest_pair_is_four_pages)
{
	long long before = module_counter("bytes");
	struct fastipc *end[2];
	struct fastipc_stat stat;
	struct fastipc_info info;

	ASSERT_EQ(0, make_pair(end, 1));
	ASSERT_EQ(0, fastipc_stat(end[0], &stat));
	ASSERT_EQ(4 * 4096, stat.bytes);
	ASSERT_EQ(before + 4 * 4096, module_counter("bytes"));
	ASSERT_EQ(0, fastipc_info(end[0], &info));
	ASSERT_EQ(4096, info.ring_bytes);
	ASSERT_EQ(4096 / 4 - 64, info.max_message);
	fastipc_close(end[0]);
	fastipc_close(end[1]);
}

/*
 * 512 messages, one footprint apart, begin at each of the ring's 512 places: so
 * record, stamp and payload lie across pages and across the seam in every way.
 */
#define RING 8192
#define LONG 1936 /* a footprint of 2000, 125 places: odd */

static void fill(char *buf, int i)
{
	int k;

	for (k = 0; k < LONG; k++)
		buf[k] = i * 31 + k * 7 + k / 256;
}

TEST(at_every_place_by_the_kernel)
{
	char in[LONG], out[LONG];
	struct fastipc_recv recv;
	uint64_t endpoint = 0;
	int fd[2], i;

	ASSERT_EQ(125 * 16, FASTIPC_SEALED_FOOTPRINT(LONG));
	ASSERT_EQ(0, raw_pair_of(fd, RING, FASTIPC_SEALED));
	for (i = 0; i < RING / 16; i++) {
		fill(in, i);
		ASSERT_EQ(1, raw_send(fd[0], in, LONG, 0));
		memset(out, 0, LONG);
		ASSERT_EQ(1, raw_recv(fd[1], &recv, out, LONG, 0));
		ASSERT_EQ(LONG, recv.len);
		ASSERT_EQ(0, memcmp(in, out, LONG));
		ASSERT_EQ(i + 1, recv.stamp.seq);
		ASSERT_EQ(getpid(), recv.stamp.pid);
		ASSERT_EQ(0, recv.stamp.reserved);
		if (i)
			ASSERT_EQ(endpoint, recv.stamp.endpoint);
		endpoint = recv.stamp.endpoint;
	}
	close(fd[0]);
	close(fd[1]);
}

TEST(at_every_place_in_the_map)
{
	struct fastipc_msg msg;
	struct fastipc *end[2];
	char in[LONG];
	int i;

	ASSERT_EQ(0, make_pair(end, RING));
	for (i = 0; i < RING / 16; i++) {
		fill(in, i);
		ASSERT_EQ(0, fastipc_send(end[0], in, LONG, 0));
		ASSERT_EQ(0, fastipc_take(end[1], &msg, FASTIPC_NOWAIT));
		ASSERT_EQ(LONG, msg.len);
		ASSERT_EQ(0, memcmp(in, msg.data, LONG));
		ASSERT_EQ(0, (uintptr_t)msg.data % 16);
		ASSERT_EQ(i + 1, msg.seq);
		ASSERT_EQ(getpid(), msg.pid);
		ASSERT_EQ(0, fastipc_done(end[1], &msg));
	}
	fastipc_close(end[0]);
	fastipc_close(end[1]);
}

TEST_NOTHING_IS_LEFT()

TEST_HARNESS_MAIN
