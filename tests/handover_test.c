// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the two sides of an exchange run, and whether the one who waits sleeps: who
 * wakes and then sleeps hands its processor over, and who waits for a peer that runs
 * on another looks on for a moment.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#include <limits.h>
#include <sys/utsname.h>

#define TIMES   500 /* of a series */
#define SERIES  10
#define LONG_NS 60000000000ULL /* a busy host may spoil many series */

#define WORK_NS 10000 /* less than who waits looks on, which is MOST_NS */
#define MOST_NS 50000

FIXTURE(handover)
{
	struct fastipc *end[2];
	pid_t peer;
};

FIXTURE_VARIANT(handover)
{
	uint32_t flags;
	int kernel; /* by FASTIPC_SEND that goes on to FASTIPC_RECV */
};

FIXTURE_VARIANT_ADD(handover, direct)
{
	.flags = 0,
};

FIXTURE_VARIANT_ADD(handover, sealed)
{
	.flags = FASTIPC_SEALED,
};

FIXTURE_VARIANT_ADD(handover, kernel)
{
	.kernel = 1,
};

FIXTURE_SETUP(handover)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .spin_us = -1,
					   .flags = variant->flags };

	ASSERT_EQ(0, fastipc_pair(self->end, &options));
	self->peer = 0;
}

FIXTURE_TEARDOWN(handover)
{
	if (self->peer) {
		kill(self->peer, SIGKILL);
		waitpid(self->peer, NULL, 0);
	}
	fastipc_close(self->end[0]);
	fastipc_close(self->end[1]);
}

static bool may_run_on(pid_t pid, bool zero, bool one)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	if (zero)
		CPU_SET(0, &set);
	if (one)
		CPU_SET(1, &set);
	return !sched_setaffinity(pid, sizeof(set), &set);
}

static bool run_only_on(int cpu)
{
	return may_run_on(0, cpu == 0, cpu == 1);
}

/* Since Linux 6.6 a waker can say where. */
static bool can_hand_over(void)
{
	struct utsname name;
	int major = 0, minor = 0;

	return !uname(&name) &&
	       sscanf(name.release, "%d.%d", &major, &minor) == 2 &&
	       (major > 6 || (major == 6 && minor >= 6));
}

/* An answer is the number of the processor where it was made. */
static ssize_t kernel_exchange(int fd, int *word)
{
	struct fastipc_recv recv = { .size = sizeof(recv),
				     .data = (uintptr_t)word,
				     .len = sizeof(*word) };
	struct fastipc_send send = { .size = sizeof(send),
				     .flags = FASTIPC_SEND_THEN_RECV,
				     .data = (uintptr_t)word,
				     .len = sizeof(*word),
				     .then = (uintptr_t)&recv,
				     .timeout_ns = FASTIPC_FOREVER };

	return raw_ioctl(fd, FASTIPC_SEND, &send) == 1 ? (ssize_t)recv.len : -1;
}

static ssize_t exchange(struct fastipc *f, int kernel, int *word)
{
	if (kernel)
		return kernel_exchange(fastipc_fd(f), word);
	return fastipc_exchange(f, word, sizeof(*word), word, sizeof(*word),
				-1);
}

/* Until it is killed. */
static void answer(int fd, int kernel)
{
	struct fastipc *f = NULL;
	struct fastipc_recv recv;
	int word = 0;

	if (kernel) {
		if (raw_recv(fd, &recv, &word, sizeof(word), FASTIPC_FOREVER) !=
		    1)
			_exit(1);
	} else if (fastipc_adopt(&f, fd) ||
		   fastipc_recv(f, &word, sizeof(word), 0) < 0) {
		_exit(1);
	}
	for (;;) {
		word = sched_getcpu();
		if ((kernel ? kernel_exchange(fd, &word) :
			      exchange(f, 0, &word)) < 0)
			_exit(1);
	}
}

/* Interrupts that had a processor look what to run, on all of them. */
static long reschedules(void)
{
	FILE *file = fopen("/proc/interrupts", "r");
	char line[4096], *at, *end;
	long sum = -1, n;

	while (file && fgets(line, sizeof(line), file)) {
		at = strstr(line, "RES:");
		if (!at)
			continue;
		sum = 0;
		for (at += 4; n = strtol(at, &end, 10), end != at; at = end)
			sum += n;
	}
	if (file)
		fclose(file);
	return sum;
}

/*
 * The answer is made where the request was, so nobody has another processor woken.
 * An older kernel does what it likes; then at least not more than one for each wake.
 */
TEST_F(handover, the_answer_is_made_where_the_request_was)
{
	long before, woken, least = LONG_MAX;
	bool can = can_hand_over();
	int series, i, word, same = 0;

	self->peer = fork_bound();
	ASSERT_LE(0, self->peer);
	if (!self->peer)
		answer(fastipc_fd(self->end[1]), variant->kernel);
	ASSERT_TRUE(run_only_on(0));
	for (series = 0; series < SERIES; series++) {
		/* It comes from the other one, where it would like to stay. */
		ASSERT_TRUE(may_run_on(self->peer, false, true));
		ASSERT_EQ(sizeof(word),
			  exchange(self->end[0], variant->kernel, &word));
		ASSERT_TRUE(may_run_on(self->peer, true, true));
		before = reschedules();
		ASSERT_LE(0, before);
		for (i = 0; i < TIMES; i++) {
			ASSERT_EQ(sizeof(word), exchange(self->end[0],
							 variant->kernel,
							 &word));
			same += word == sched_getcpu();
		}
		woken = reschedules() - before;
		if (woken < least)
			least = woken;
	}
	TH_LOG("of %d answers %d were made here; %ld interrupts in a series",
	       SERIES * TIMES, same, least);
	/* Nearly all, but on a busy host others come and take them along. */
	if (can)
		ASSERT_LE(SERIES * TIMES / 2, same);
	ASSERT_GE(can ? TIMES / 10 : 2 * TIMES, least);
}

/* Who may look on for long lets a quick peer run beside itself. */
TEST(a_quick_peer_runs_beside_who_may_look_on)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .spin_us = 1000 };
	long sleeps = TIMES, before;
	struct fastipc_stat stat;
	struct fastipc *end[2];
	uint64_t end_ns;
	int i, word;
	pid_t peer;

	ASSERT_EQ(0, fastipc_pair(end, &options));
	peer = fork_bound();
	ASSERT_LE(0, peer);
	if (!peer)
		answer(fastipc_fd(end[1]), 0);
	for (end_ns = now_ns() + LONG_NS;
	     sleeps > TIMES / 2 && now_ns() < end_ns;) {
		usleep(20000); /* the peer sleeps */
		ASSERT_EQ(0, raw_stat(fastipc_fd(end[0]), &stat));
		before = stat.sleeps;
		for (i = 0; i < TIMES; i++)
			ASSERT_EQ(sizeof(word), exchange(end[0], 0, &word));
		ASSERT_EQ(0, raw_stat(fastipc_fd(end[0]), &stat));
		sleeps = stat.sleeps - before;
	}
	TH_LOG("%ld sleeps in %d exchanges", sleeps, TIMES);
	ASSERT_GE(TIMES / 2, sleeps);
	kill(peer, SIGKILL);
	reap(peer);
	fastipc_close(end[0]);
	fastipc_close(end[1]);
}

/*
 * A peer that works for a moment, on another processor, and then publishes; whether
 * who waits for that sleeps.  By hand: the library would look on by itself.
 */
FIXTURE(watch)
{
	int fd[2];
	struct mapped m;
	pid_t peer;
	volatile int *asked;
	volatile int *work_ns;
};

FIXTURE_SETUP(watch)
{
	struct mapped peer;
	int i = 0;

	self->asked = shared(4096);
	ASSERT_NE(NULL, self->asked);
	self->work_ns = self->asked + 64;
	*self->work_ns = WORK_NS;
	ASSERT_EQ(0, raw_pair(self->fd, 4096));
	ASSERT_EQ(0, raw_map_end(self->fd[0], &self->m));
	ASSERT_TRUE(run_only_on(0));
	self->peer = fork_bound();
	ASSERT_LE(0, self->peer);
	if (self->peer)
		return;
	if (!run_only_on(1) || raw_map_end(self->fd[1], &peer))
		_exit(1);
	for (;; i++) {
		uint64_t end;

		while (*self->asked == i)
			;
		for (end = now_ns() + *self->work_ns; now_ns() < end;)
			;
		/* The zero behind it is there: nothing was beyond yet, or it was. */
		raw_publish(&peer, (i + 1) * 16, 0);
		raw_publish(&peer, i * 16, FASTIPC_WORD_COMMIT);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (peer.peer->recv.want)
			raw_sync(self->fd[1], FASTIPC_SYNC_WAKE_RECV, 0);
	}
}

FIXTURE_TEARDOWN(watch)
{
	kill(self->peer, SIGKILL);
	reap(self->peer);
	raw_unmap_end(&self->m);
	close(self->fd[0]);
	close(self->fd[1]);
}

/* How often of a series?  -1 if something went wrong. */
static long sleeps_of_series(int fd, struct mapped *m, volatile int *asked)
{
	struct fastipc_stat before, after;
	int i;

	if (raw_stat(fd, &before))
		return -1;
	for (i = 0; i < TIMES; i++) {
		++*asked;
		if (raw_sync(fd, FASTIPC_SYNC_WAIT_RECV, FASTIPC_FOREVER))
			return -1;
		m->own->taken += 16;
		m->own->released += 16;
	}
	return raw_stat(fd, &after) ? -1 : after.sleeps - before.sleeps;
}

TEST_F(watch, who_waits_looks_on_while_the_peer_runs)
{
	long sleeps = TIMES;
	uint64_t end_ns;

	for (end_ns = now_ns() + LONG_NS;
	     sleeps > TIMES / 2 && now_ns() < end_ns;)
		sleeps = sleeps_of_series(self->fd[0], &self->m, self->asked);
	TH_LOG("%ld of %d slept", sleeps, TIMES);
	ASSERT_LE(0, sleeps);
	ASSERT_GE(TIMES / 2, sleeps);
}

/*
 * Who has a real-time priority leaves the processor to others.  The peer works just
 * long enough for the call to begin meanwhile, on a slow kernel too.
 */
TEST_F(watch, a_real_time_task_sleeps)
{
	struct sched_param param = { .sched_priority = 1 };
	long sleeps = 0;
	uint64_t end_ns;

	ASSERT_EQ(0, sched_setscheduler(0, SCHED_FIFO, &param));
	for (end_ns = now_ns() + LONG_NS;
	     sleeps < TIMES / 2 && now_ns() < end_ns;) {
		sleeps = sleeps_of_series(self->fd[0], &self->m, self->asked);
		*self->work_ns = *self->work_ns * 9 / 8;
		if (*self->work_ns > MOST_NS * 9 / 10)
			*self->work_ns = WORK_NS;
	}
	param.sched_priority = 0;
	ASSERT_EQ(0, sched_setscheduler(0, SCHED_OTHER, &param));
	ASSERT_LE(TIMES / 2, sleeps);
}

TEST_NOTHING_IS_LEFT()

TEST_HARNESS_MAIN
