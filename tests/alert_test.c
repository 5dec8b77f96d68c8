// SPDX-License-Identifier: GPL-2.0-only
/*
 * Publishing without a fence: when ->alert is cleared and set again, what that
 * costs, who is never missed by it, and that nobody can have too much of it.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#include <poll.h>
#include <sched.h>
#include <sys/stat.h>

#define CALM_RECV FASTIPC_SYNC_CALM_RECV
#define CALM_SEND FASTIPC_SYNC_CALM_SEND

/* As module/user.c has it. */
#define BARRIERS_PER_SECOND 1000
#define BARRIERS_AT_ONCE    100

FIXTURE(alert)
{
	int fd[2];
	struct mapped m[2]; /* end 1 only if it is mapped */
};

FIXTURE_SETUP(alert)
{
	ASSERT_EQ(0, raw_pair(self->fd, 4096));
	ASSERT_EQ(0, raw_map_end(self->fd[0], &self->m[0]));
	self->m[1] = self->m[0];
	self->m[1].own = (void *)self->m[0].peer;
}

FIXTURE_TEARDOWN(alert)
{
	raw_unmap_end(&self->m[0]);
	close(self->fd[0]);
	close(self->fd[1]);
}

/* Ask until it is cleared: an arm must be a tick old, and the user have some left. */
static bool becomes_calm(int fd, uint32_t flag, const volatile __u32 *alert)
{
	int i;

	for (i = 0; i < 5000; i++) {
		if (raw_sync(fd, flag, 0))
			return false;
		if (!*alert)
			return true;
		usleep(1000);
	}
	return false;
}

static uint64_t barriers(int fd)
{
	struct fastipc_stat stat;

	return raw_stat(fd, &stat) ? 0 : stat.barriers;
}

TEST_F(alert, is_set_at_first)
{
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(1, self->m[i].own->recv.alert);
		ASSERT_EQ(1, self->m[i].own->send.alert);
	}
}

TEST_F(alert, is_cleared_when_the_peer_asks)
{
	ASSERT_TRUE(becomes_calm(self->fd[0], CALM_RECV,
				 &self->m[0].peer->recv.alert));
	ASSERT_EQ(1, self->m[0].peer->send.alert);
	ASSERT_EQ(1, self->m[0].own->recv.alert);
	ASSERT_TRUE(becomes_calm(self->fd[0], CALM_SEND,
				 &self->m[0].peer->send.alert));
	ASSERT_TRUE(becomes_calm(self->fd[1], CALM_RECV,
				 &self->m[0].own->recv.alert));
	ASSERT_EQ(0, barriers(self->fd[0]));
}

/*
 * Who is going to wait sets it, and has a barrier run where the peer is.  Who leaves
 * a tick later may clear it again, as a busy machine makes of a short wait a long one.
 */
TEST_F(alert, is_set_by_who_waits)
{
	struct fastipc_stat before, stat;
	uint64_t begin;

	do {
		ASSERT_TRUE(becomes_calm(self->fd[0], CALM_RECV,
					 &self->m[0].peer->recv.alert));
		ASSERT_EQ(0, raw_stat(self->fd[0], &before));
		begin = now_ns();
		ASSERT_EQ(-ETIMEDOUT, raw_sync(self->fd[1],
					       FASTIPC_SYNC_WAIT_RECV, 100000));
	} while (now_ns() - begin >= 1000000);
	ASSERT_EQ(1, self->m[0].peer->recv.alert);
	ASSERT_EQ(0, raw_stat(self->fd[0], &stat));
	ASSERT_EQ(before.alerts + 1, stat.alerts);
	ASSERT_EQ(before.barriers + 1, stat.barriers);
	/* Once it is, nobody else needs to. */
	ASSERT_EQ(-ETIMEDOUT,
		  raw_sync(self->fd[1], FASTIPC_SYNC_WAIT_RECV, 100000));
	ASSERT_EQ(stat.barriers, barriers(self->fd[0]));
}

TEST_F(alert, is_set_by_who_polls)
{
	struct pollfd pfd = { .fd = self->fd[1], .events = POLLIN };

	ASSERT_TRUE(becomes_calm(self->fd[0], CALM_RECV,
				 &self->m[0].peer->recv.alert));
	ASSERT_EQ(0, poll(&pfd, 1, 0));
	ASSERT_EQ(1, self->m[0].peer->recv.alert);
	ASSERT_EQ(1, barriers(self->fd[0]));
}

TEST_F(alert, is_set_by_who_wants_signals)
{
	ASSERT_TRUE(becomes_calm(self->fd[0], CALM_RECV,
				 &self->m[0].peer->recv.alert));
	ASSERT_EQ(0, fcntl(self->fd[1], F_SETFL, O_ASYNC));
	ASSERT_EQ(1, self->m[0].peer->recv.alert);
	ASSERT_EQ(1, barriers(self->fd[0]));
}

/* While somebody waits nobody is calmed. */
TEST_F(alert, stays_while_somebody_polls)
{
	struct pollfd pfd = { .fd = self->fd[1], .events = POLLIN };
	int i;

	ASSERT_EQ(0, poll(&pfd, 1, 0));
	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, raw_sync(self->fd[0], CALM_RECV, 0));
		ASSERT_EQ(1, self->m[0].peer->recv.alert);
		usleep(1000);
	}
}

/* Not before it is a tick old: who sleeps and wakes in turns interrupts nobody. */
TEST_F(alert, stays_for_a_moment)
{
	const volatile __u32 *alert = &self->m[0].peer->recv.alert;
	int i, stays = 0;

	for (i = 0; i < 20; i++) {
		ASSERT_TRUE(becomes_calm(self->fd[0], CALM_RECV, alert));
		ASSERT_EQ(-ETIMEDOUT,
			  raw_sync(self->fd[1], FASTIPC_SYNC_WAIT_RECV, 1000));
		ASSERT_EQ(0, raw_sync(self->fd[0], CALM_RECV, 0));
		stays += *alert;
	}
	/* Now and then a tick ends just then. */
	ASSERT_LT(10, stays);
}

/* Who took its place learns what is true, not what was written there. */
TEST_F(alert, is_written_over_for_a_successor)
{
	struct fastipc_control *own;
	pid_t pid = fork_bound();

	if (!pid) {
		own = raw_map_control(self->fd[1]);
		if (!own)
			_exit(1);
		own->recv.alert = 0;
		own->send.alert = 7;
		_exit(0);
	}
	ASSERT_EQ(0, reap(pid));
	own = raw_map_control(self->fd[1]);
	ASSERT_NE(NULL, own);
	ASSERT_EQ(1, own->recv.alert);
	ASSERT_EQ(1, own->send.alert);
	ASSERT_EQ(0, munmap(own, 4096));
}

#define MANY 300

/* Ask all to be calm: how many are. */
static int calm_many(int fd[MANY][2], struct mapped m[MANY])
{
	int i, n = 0;

	for (i = 0; i < MANY; i++) {
		raw_sync(fd[i][0], CALM_RECV, 0);
		n += !m[i].peer->recv.alert;
	}
	return n;
}

/*
 * Barriers disturb others, so a user has so many, over all its channels: another
 * user, who has used none, has its own.
 */
TEST(barriers_are_paid_for)
{
	static int fd[MANY][2];
	static struct mapped m[MANY];
	uint64_t begin, ms;
	pid_t pid;
	int i, n;

	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(0, raw_pair(fd[i], 4096));
		ASSERT_EQ(0, raw_map_end(fd[i][0], &m[i]));
	}
	/* There are no more than that, however long nobody uses any. */
	usleep(200000);
	begin = now_ns();
	n = calm_many(fd, m);
	ms = (now_ns() - begin) / 1000000 + 1;
	TH_LOG("%d of %d calm in %llu ms", n, MANY, (long long)ms);
	/* Time is counted in ticks, of up to 10 ms. */
	ASSERT_LE(n, BARRIERS_AT_ONCE + BARRIERS_PER_SECOND * (ms + 10) / 1000);
	ASSERT_LT(0, n);
	/* Use up what is left, or comes back meanwhile. */
	while (calm_many(fd, m) < MANY)
		;
	for (i = 0; i < MANY; i++) {
		raw_unmap_end(&m[i]);
		close(fd[i][0]);
		close(fd[i][1]);
	}
	ASSERT_EQ(0, chmod(DEVICE, 0666));
	pid = fork_bound();
	if (!pid) {
		struct mapped mine;
		int my[2];

		if (setresuid(1000, 1000, 1000) || raw_pair(my, 4096) ||
		    raw_map_end(my[0], &mine))
			_exit(1);
		_exit(becomes_calm(my[0], CALM_RECV, &mine.peer->recv.alert) ?
			      0 :
			      2);
	}
	ASSERT_EQ(0, reap(pid));
	ASSERT_EQ(0, chmod(DEVICE, 0660));
}

TEST(a_fenced_channel_stays_alert)
{
	struct mapped m;
	int fd[2], i;

	ASSERT_EQ(0, raw_pair_of(fd, 4096, FASTIPC_FENCED));
	ASSERT_EQ(0, raw_map_end(fd[0], &m));
	ASSERT_EQ(FASTIPC_FENCED, m.info.flags);
	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, raw_sync(fd[0], CALM_RECV | CALM_SEND, 0));
		ASSERT_EQ(1, m.peer->recv.alert);
		ASSERT_EQ(1, m.peer->send.alert);
		usleep(1000);
	}
	raw_unmap_end(&m);
	close(fd[0]);
	close(fd[1]);
}

TEST(calming_who_is_not_there_is_nothing)
{
	int fd = raw_open(O_RDWR);

	ASSERT_EQ(0, raw_setup(fd, 4096, 0));
	ASSERT_EQ(0, raw_sync(fd, CALM_RECV | CALM_SEND, 0));
	close(fd);
}

/* Interrupts of a processor by calls of functions, as /proc/interrupts counts them. */
static long long calls_of_cpu(int cpu)
{
	FILE *f = fopen("/proc/interrupts", "r");
	long long count[2] = { -1, -1 };
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, " CAL: %lld %lld", &count[0], &count[1]) == 2)
			break;
	if (f)
		fclose(f);
	return count[cpu];
}

static void run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		_exit(90);
}

#define ROUNDS 20

/* A peer that has the end mapped and runs in user space is interrupted where it runs. */
TEST(the_barrier_comes_where_the_peer_runs)
{
	volatile int *stop = shared(sizeof(*stop));
	struct fastipc_info info;
	const volatile struct fastipc_control *own;
	int fd[2], up[2], i;
	long long before;
	pid_t pid;
	char c;

	if (sysconf(_SC_NPROCESSORS_ONLN) != 2)
		SKIP(return, "not two processors");
	ASSERT_EQ(0, raw_pair(fd, 4096));
	ASSERT_EQ(0, pipe(up));
	pid = fork_bound();
	if (!pid) {
		struct mapped m;

		run_on(1);
		if (raw_map_end(fd[0], &m) || write(up[1], "", 1) != 1)
			_exit(1);
		while (!*stop)
			;
		_exit(0);
	}
	ASSERT_EQ(1, read(up[0], &c, 1));
	run_on(0);
	ASSERT_EQ(0, raw_info(fd[0], &info));
	own = map_at(fd[0], info.peer_control, 4096, PROT_READ);
	ASSERT_NE(MAP_FAILED, own);
	before = calls_of_cpu(1);
	for (i = 0; i < ROUNDS; i++) {
		ASSERT_TRUE(becomes_calm(fd[0], CALM_RECV, &own->recv.alert));
		ASSERT_EQ(-ETIMEDOUT,
			  raw_sync(fd[1], FASTIPC_SYNC_WAIT_RECV, 1000));
	}
	/* Two calls at once are one interrupt. */
	ASSERT_LE(before + ROUNDS * 3 / 4, calls_of_cpu(1));
	*stop = true;
	ASSERT_EQ(0, reap(pid));
	munmap((void *)own, 4096);
	close(up[0]);
	close(up[1]);
	close(fd[0]);
	close(fd[1]);
}

/* By the library ---------------------------------------------------------- */

/* Sends and receives all the time, and nobody waits. */
TEST(the_library_asks_for_calm)
{
	const volatile struct fastipc_control *shown[2];
	struct fastipc_info info;
	struct fastipc *end[2];
	bool alert = true;
	int i, j;
	char c;

	ASSERT_EQ(0, fastipc_pair(end, NULL));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, fastipc_info(end[i], &info));
		shown[i] = map_at(fastipc_fd(end[i]), info.peer_control, 4096,
				  PROT_READ);
		ASSERT_NE(MAP_FAILED, shown[i]);
	}
	for (i = 0; i < 5000 && alert; i++) {
		for (j = 0; j < 1000; j++) {
			ASSERT_EQ(0, fastipc_send(end[0], "", 1, 0));
			ASSERT_EQ(1, fastipc_recv(end[1], &c, 1, 0));
		}
		alert = shown[0]->recv.alert || shown[1]->send.alert;
	}
	ASSERT_FALSE(alert);
	munmap((void *)shown[0], 4096);
	munmap((void *)shown[1], 4096);
	fastipc_close(end[0]);
	fastipc_close(end[1]);
}

#define BURST  20000
#define BURSTS 200

struct bursts {
	int bursts;
	volatile int asleep; /* the receiver has had them all */
};

/* After each burst it sleeps, in one way or the other. */
static int receive_bursts(struct fastipc *me, void *arg)
{
	struct bursts *b = arg;
	long long x, n = 0;
	int i, j, ret;

	for (i = 0; i < b->bursts; i++) {
		for (j = 0; j <= BURST; j++) {
			if (j == BURST)
				b->asleep = i + 1;
			if (i % 2 && fastipc_wait(me, POLLIN, -1) != POLLIN)
				return 1;
			ret = fastipc_recv(me, &x, sizeof(x), 0);
			if (ret != sizeof(x) || x != n++)
				return 2;
		}
	}
	return fastipc_send(me, "", 0, 0) ? 3 : 0;
}

/*
 * A burst, in which the receiver becomes calm; it falls asleep, or is about to, and
 * one more message has to wake it.
 */
TEST_F_TIMEOUT(alert, no_sleeper_is_missed_after_a_burst, 600)
{
	struct bursts *b = shared(sizeof(*b));
	struct fastipc_stat stat;
	struct fastipc *end[2];
	long long x = 0;
	unsigned int r = 5;
	int i, j;
	pid_t pid;
	char c;

	ASSERT_EQ(0, fastipc_pair(end, NULL));
	b->bursts = share_of(BURSTS);
	pid = fork_peer(end, receive_bursts, b);
	for (i = 0; i < b->bursts; i++) {
		for (j = 0; j < BURST; j++, x++)
			ASSERT_EQ(0, fastipc_send(end[0], &x, sizeof(x), 0));
		while (b->asleep <= i)
			;
		/* Before it sleeps, just then, or later. */
		r = r * 1103515245 + 12345;
		for (j = (r >> 16) % 200; j; j--)
			__asm__ volatile("" ::: "memory");
		ASSERT_EQ(0, fastipc_send(end[0], &x, sizeof(x), 0));
		x++;
	}
	ASSERT_EQ(0, fastipc_recv_timed(end[0], &c, 1, 0, 60000));
	ASSERT_EQ(0, reap(pid));
	ASSERT_EQ(0, fastipc_stat(end[0], &stat));
	TH_LOG("%llu sleeps, %llu wakes, %llu alerts, %llu barriers",
	       (long long)stat.sleeps, (long long)stat.wakes,
	       (long long)stat.alerts, (long long)stat.barriers);
	ASSERT_EQ(0, stat.late_wakes);
	ASSERT_LT(0, stat.barriers);
	fastipc_close(end[0]);
	fastipc_close(end[1]);
}

TEST_NOTHING_IS_LEFT()

TEST_HARNESS_MAIN
