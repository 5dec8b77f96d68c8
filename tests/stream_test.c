// SPDX-License-Identifier: GPL-2.0-only
/*
 * What it costs: system calls of a stream and of blocked round trips, counted
 * by the raw_syscalls tracepoint over both processes and all their threads.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#define MESSAGES    share_of(1000000)
#define SEALED	    share_of(100000) /* of them sealed */
#define BATCH	    32
#define ROUND_TRIPS 10000 /* direct; a tenth in the other ways */

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

static int make_pair(struct fastipc *end[2], uint32_t flags)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .ring_bytes = 1 << 20,
					   .spin_us = 50,
					   .flags = flags };

	return fastipc_pair(end, &options);
}

FIXTURE_SETUP(stream)
{
	self->before = counters_now();
	ASSERT_EQ(0, make_pair(self->end, 0));
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
	return out->error != -EPIPE;
}

/* System calls of a million messages, over both processes. */
static void stream(struct __test_metadata *_metadata,
		   FIXTURE_DATA(stream) * self, long long *calls)
{
	struct fastipc_stat stat;
	uint64_t buf[6] = { 0 };
	long long syscalls;
	int counter;
	pid_t pid;
	long i;

	memset(self->child, 0, sizeof(*self->child));
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
	ASSERT_EQ(0, stat.late_wakes);
	*calls = syscalls + self->child->syscalls;
}

/*
 * 1,000,000 messages of 48 bytes while both sides run: fewer than 1,000 system
 * calls over both processes, and no late wake.  Whether both run, this machine's
 * other work decides too: one of three times is enough.
 */
TEST_F_TIMEOUT(stream, a_million_messages, 300)
{
	long long calls;
	int i;

	for (i = 0; i < 3; i++) {
		stream(_metadata, self, &calls);
		if (calls < 1000)
			break;
		fastipc_close(self->end[0]);
		ASSERT_EQ(0, make_pair(self->end, 0));
	}
	ASSERT_LT(calls, 1000);
}

/* Sealed ------------------------------------------------------------------- */

FIXTURE(sealed)
{
	struct fastipc *end[2];
	struct outcome *child;
	struct counters before;
};

FIXTURE_SETUP(sealed)
{
	self->before = counters_now();
	ASSERT_EQ(0, make_pair(self->end, FASTIPC_SEALED));
	self->child = shared(sizeof(*self->child));
	ASSERT_NE(NULL, self->child);
}

FIXTURE_TEARDOWN(sealed)
{
	fastipc_close(self->end[0]);
	fastipc_close(self->end[1]);
	EXPECT_TRUE(counters_return_to(self->before));
}

/*
 * Receiving what is there, in place or not, is no system call at all; but to ask that
 * there be no fences either, after 1024, 2048, ... of them.
 */
TEST_F(sealed, receiving_needs_no_system_call)
{
	uint64_t buf[6] = { 0 }, n = 0, next = 0;
	struct fastipc_msg msg;
	long long syscalls = 0;
	int counter;

	ASSERT_EQ(-EAGAIN, fastipc_recv(self->end[1], buf, sizeof(buf),
					FASTIPC_NOWAIT));
	while (n < SEALED) {
		for (buf[0] = n; !fastipc_send(self->end[0], buf, sizeof(buf),
					       FASTIPC_NOWAIT);
		     buf[0]++)
			n++;
		counter = syscalls_begin();
		ASSERT_GE(counter, 0);
		while (next < n) {
			if (next % 2) {
				ASSERT_EQ(48, fastipc_recv(self->end[1], buf,
							   sizeof(buf), 0));
				ASSERT_EQ(next, buf[0]);
			} else {
				ASSERT_EQ(0, fastipc_take(self->end[1], &msg,
							  0));
				ASSERT_EQ(next, *(uint64_t *)msg.data);
				ASSERT_EQ(next + 1, msg.seq);
				ASSERT_EQ(0, fastipc_done(self->end[1], &msg));
			}
			next++;
		}
		/* The one is syscalls_end() itself. */
		syscalls += syscalls_end(counter) - 1;
	}
	for (n /= 1024; n; n /= 2)
		syscalls--;
	ASSERT_GE(0, syscalls);
}

/* Sending is one for each message, whether it sleeps or wakes. */
TEST_F_TIMEOUT(sealed, a_stream_of_messages, 120)
{
	struct fastipc_stat stat;
	uint64_t buf[6] = { 0 };
	long long syscalls;
	int counter;
	pid_t pid;

	pid = fork_peer(self->end, receive_all, self->child);
	fastipc_close(self->end[1]);
	self->end[1] = NULL;
	ASSERT_EQ(0, fastipc_flush(self->end[0])); /* maps it */
	counter = syscalls_begin();
	for (buf[0] = 0; buf[0] < SEALED; buf[0]++) {
		buf[5] = ~buf[0];
		ASSERT_EQ(0, fastipc_send(self->end[0], buf, sizeof(buf), 0));
	}
	syscalls = syscalls_end(counter) - 1;
	ASSERT_EQ(0, fastipc_stat(self->end[0], &stat));
	ASSERT_EQ(0, fastipc_shutdown(self->end[0], FASTIPC_SHUT_SEND));
	ASSERT_EQ(0, reap(pid));
	ASSERT_EQ(SEALED, self->child->received);
	TH_LOG("%lld + %lld system calls, %llu sleeps", syscalls,
	       self->child->syscalls, stat.sleeps);
	ASSERT_EQ(SEALED, syscalls);
	/* To sleep and to wake, but mostly none. */
	ASSERT_LT(self->child->syscalls, SEALED / 10);
	ASSERT_EQ(0, stat.late_wakes);
}

/* In batches it is one for as many as an array holds. */
TEST_F_TIMEOUT(sealed, a_stream_in_batches, 120)
{
	struct fastipc_out out[BATCH];
	uint64_t buf[BATCH][6] = { 0 };
	struct iovec iov[BATCH];
	struct fastipc_stat stat;
	long long syscalls;
	uint64_t n;
	int counter, i;
	pid_t pid;

	for (i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){ buf[i], sizeof(buf[i]) };
		out[i] = (struct fastipc_out){ &iov[i], 1, 0 };
	}
	pid = fork_peer(self->end, receive_all, self->child);
	fastipc_close(self->end[1]);
	self->end[1] = NULL;
	ASSERT_EQ(0, fastipc_flush(self->end[0])); /* maps it */
	counter = syscalls_begin();
	for (n = 0; n < SEALED;) {
		for (i = 0; i < BATCH; i++, n++) {
			buf[i][0] = n;
			buf[i][5] = ~n;
		}
		ASSERT_EQ(BATCH, fastipc_sendv(self->end[0], out, BATCH, 0));
	}
	syscalls = syscalls_end(counter) - 1;
	ASSERT_EQ(0, fastipc_stat(self->end[0], &stat));
	ASSERT_EQ(0, fastipc_shutdown(self->end[0], FASTIPC_SHUT_SEND));
	ASSERT_EQ(0, reap(pid));
	ASSERT_EQ(n, self->child->received);
	TH_LOG("%lld + %lld system calls, %llu sleeps", syscalls,
	       self->child->syscalls, stat.sleeps);
	ASSERT_EQ(n / BATCH, syscalls);
	/* A sleep for each batch at worst: who outruns the sender sees them whole. */
	ASSERT_LT(self->child->syscalls, n / BATCH + 100);
	ASSERT_EQ(0, stat.late_wakes);
}

/* Round trips -------------------------------------------------------------- */

FIXTURE(round_trip)
{
	struct fastipc *end[2];
	struct outcome *child;
	struct counters before;
};

VARIANTS_OF_USE(round_trip);

/* Both on one CPU, where nobody spins: each wait is a sleep. */
static void share_one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

FIXTURE_SETUP(round_trip)
{
	self->before = counters_now();
	share_one_cpu();
	ASSERT_EQ(0, make_pair(self->end, variant->flags));
	self->child = shared(sizeof(*self->child));
	ASSERT_NE(NULL, self->child);
}

FIXTURE_TEARDOWN(round_trip)
{
	fastipc_close(self->end[0]);
	fastipc_close(self->end[1]);
	EXPECT_TRUE(counters_return_to(self->before));
}

/* fastipc_exchange(), or what it is for who knows only the kernel's calls. */
static ssize_t any_exchange(struct fastipc *f, bool kernel, void *buf,
			    size_t len)
{
	struct fastipc_recv recv = { .size = sizeof(recv),
				     .data = (uintptr_t)buf,
				     .len = len };
	struct fastipc_send send = { .size = sizeof(send),
				     .flags = FASTIPC_SEND_THEN_RECV,
				     .data = (uintptr_t)buf,
				     .len = len,
				     .timeout_ns = FASTIPC_FOREVER,
				     .then = (uintptr_t)&recv };
	int ret;

	if (!kernel)
		return fastipc_exchange(f, buf, len, buf, len, -1);
	ret = raw_ioctl(fastipc_fd(f), FASTIPC_SEND, &send);
	return ret < 0 ? ret : recv.len;
}

static int answer(struct fastipc *me, bool kernel, struct outcome *out)
{
	int counter = syscalls_begin();
	char buf[64];
	ssize_t n;

	n = any_recv(me, kernel, buf, sizeof(buf), -1);
	while (n == sizeof(buf)) {
		out->received++;
		n = any_exchange(me, kernel, buf, sizeof(buf));
	}
	out->error = n;
	out->syscalls = syscalls_end(counter);
	return n != -EPIPE;
}

static int answer_all(struct fastipc *me, void *arg)
{
	return answer(me, false, arg);
}

static int answer_by_calls(struct fastipc *me, void *arg)
{
	return answer(me, true, arg);
}

/* 10,000 round trips that block: at most 10,010 system calls a side. */
TEST_F_TIMEOUT(round_trip, blocked, 120)
{
	int n = times(variant->flags, variant->kernel, ROUND_TRIPS);
	struct fastipc_stat stat;
	long long syscalls;
	char buf[64] = { 0 };
	int counter, i;
	pid_t pid;

	pid = fork_peer_by(self->end, variant->kernel[1],
			   variant->kernel[1] ? answer_by_calls : answer_all,
			   self->child);
	fastipc_close(self->end[1]);
	self->end[1] = NULL;
	counter = syscalls_begin();
	ASSERT_GE(counter, 0);
	for (i = 0; i < n; i++) {
		buf[i % 64] = i;
		ASSERT_EQ(64, any_exchange(self->end[0], variant->kernel[0],
					   buf, 64));
		ASSERT_EQ((char)i, buf[i % 64]);
	}
	syscalls = syscalls_end(counter);
	ASSERT_EQ(0, fastipc_stat(self->end[0], &stat));
	ASSERT_EQ(0, fastipc_shutdown(self->end[0], FASTIPC_SHUT_SEND));
	ASSERT_EQ(0, reap(pid));
	ASSERT_EQ(n, self->child->received);
	TH_LOG("%lld and %lld system calls, %llu sleeps", syscalls,
	       self->child->syscalls, stat.sleeps);
	ASSERT_GE(syscalls, 0);
	ASSERT_GE(self->child->syscalls, 0);
	ASSERT_LE(syscalls, n + 10);
	ASSERT_LE(self->child->syscalls, n + 10);
	/*
	 * Each sleeps once; but where a kernel may be preempted, who is woken runs
	 * at once, and its answer is there before its waker comes to sleep.
	 */
	ASSERT_GE(stat.sleeps, n * 99 / 100);
	ASSERT_EQ(0, stat.late_wakes);
}

TEST_HARNESS_MAIN
