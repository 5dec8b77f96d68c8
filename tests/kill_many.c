// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many pairs at once, whose users are killed by SIGKILL at random instructions,
 * whatever they are doing; and, most of the time, followed by others that go on
 * at the same end.  Against a ledger outside of them: nothing confirmed is lost
 * but what a dead receiver may have seen, nothing comes twice, nothing shows
 * that was withheld, nobody waits for ever, and nothing stays behind.
 *
 * Each pair has a supervisor, which holds both ends, kills, and starts
 * successors.  KILLS says how many have to die, or SECONDS how long; PAIRS how
 * many there are at once (16).
 */
#include <limits.h>

#include "kselftest_harness.h"
#include "fastipc_test.h"
#include "fastipc_uring.h"
#include "uring.h"
#include "kill_ledger.h"
#include "kill_send.h"
#include "kill_recv.h"
#include "kill_stage.h"

#define KILLS	 2000
#define PAIRS	 16
#define WATCHDOG 60 /* seconds, for what has to come */

/* Supervisors -------------------------------------------------------------- */

static void show_file(pid_t pid, const char *name)
{
	char path[64], buf[1024];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = read(fd, buf, sizeof(buf) - 1);
	buf[n > 0 ? n : 0] = 0;
	close(fd);
	fprintf(stderr, "# %s: %s\n", path, buf);
}

/* All that is known, for whoever has to find out why. */
static bool fail(struct stage *s, const char *what)
{
	const struct ledger *l = s->ledger;
	char info[32];
	int i;

	s->totals->stop = true;
	fprintf(stderr, "# %s: %s\n", what, l->complaint);
	fprintf(stderr, "# %s, end %d sends\n", s->sealed ? "sealed" : "direct",
		s->sender);
	fprintf(stderr, "# received %llx window %u drained %llu replied %llx\n",
		(unsigned long long)l->received, l->window,
		(unsigned long long)l->drained, (unsigned long long)l->replied);
	for (i = 0; i < l->lives; i++)
		fprintf(stderr,
			"# life %d: first %llu intended %llu confirmed %llu withheld %llu\n",
			i, (unsigned long long)l->sender[i].first,
			(unsigned long long)l->sender[i].intended,
			(unsigned long long)l->sender[i].confirmed,
			(unsigned long long)l->sender[i].withheld);
	for (i = 0; i < 3; i++) {
		if (s->role[i])
			fprintf(stderr, "# %d: %s, pid %d\n", i,
				s->role[i]->name, s->pid[i]);
		if (s->pid[i] <= 0)
			continue;
		snprintf(info, sizeof(info), "fdinfo/%d", s->fd[i % 2]);
		show_file(s->pid[i], "stat");
		show_file(s->pid[i], "wchan");
		show_file(s->pid[i], "syscall");
		show_file(s->pid[i], info);
	}
	return false;
}

static void nothing(int number)
{
}

/* A user's exit status, or -1: it is not gone in time. */
static int gone(struct stage *s, int who)
{
	struct itimerval limit = { { 1, 0 }, { WATCHDOG, 0 } }, none = { 0 };
	pid_t pid = s->pid[who];
	int status, ret;

	setitimer(ITIMER_REAL, &limit, NULL);
	ret = waitpid(pid, &status, 0);
	setitimer(ITIMER_REAL, &none, NULL);
	if (ret != pid)
		return -1;
	s->pid[who] = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool strike(struct stage *s, int who)
{
	if (s->pid[who])
		kill(s->pid[who], SIGKILL);
	return true;
}

static bool count(struct stage *s, int who)
{
	__atomic_add_fetch(&s->totals->kills[s->role[who] - roles], 1,
			   __ATOMIC_RELAXED);
	__atomic_add_fetch(&s->totals->all, 1, __ATOMIC_RELAXED);
	return true;
}

/* Of one that was struck. */
static bool bury(struct stage *s, int who)
{
	if (!s->pid[who])
		return true;
	if (gone(s, who) != 128 + SIGKILL)
		return fail(s, "ended before it was killed");
	return count(s, who);
}

/* Most are killed at work, soon or later; some before they begin. */
static bool let_work(struct stage *s)
{
	uint64_t end = now_ns() + WATCHDOG * 1000000000ULL;
	uint64_t x = random_next(s);

	while (x % 8 && !(s->ledger->began[0] && s->ledger->began[1])) {
		if (now_ns() > end)
			return fail(s, "did not begin");
		usleep(100);
	}
	usleep(x & 64 ? x % 5000 : x % 500);
	return true;
}

/* Whoever are there now get on with it. */
static bool get_on(struct stage *s)
{
	uint64_t end = now_ns() + WATCHDOG * 1000000000ULL;
	uint64_t received = s->ledger->received;

	if (s->role[0]->step == idle || s->role[1]->step == idle)
		return true;
	while (s->ledger->received == received) {
		if (now_ns() > end || s->ledger->complaint[0])
			return fail(s, "does not get on");
		usleep(100);
	}
	return true;
}

/* A kill or two, and successors. */
static bool scene(struct stage *s)
{
	uint64_t x = random_next(s);
	int one = x % 2, both = x % 16 < 2;

	if (!let_work(s))
		return false;
	if (s->pid[2] && x % 8 == 7)
		return strike(s, 2) && bury(s, 2);
	strike(s, one);
	if (both)
		strike(s, !one);
	if (!bury(s, one) || (both && !bury(s, !one)))
		return false;
	return start(s, one) && (!both || start(s, !one));
}

/* The last one is killed: its peer ends by itself, or is killed with it. */
static bool last_scene(struct stage *s)
{
	uint64_t x = random_next(s);
	int one = x % 2;
	bool both = x % 8 < 2 || s->role[!one]->step == idle;

	if ((x % 32 < 8 && !get_on(s)) || !let_work(s))
		return false;
	/* While somebody else holds them, no end dies. */
	if (x & 64)
		strike(s, 2);
	close(s->fd[0]);
	close(s->fd[1]);
	strike(s, one);
	if (both)
		strike(s, !one);
	strike(s, 2);
	if (!bury(s, one) || !bury(s, 2))
		return false;
	switch (gone(s, !one)) {
	case 0:
		/* By itself, perhaps just before it was killed. */
		return true;
	case 128 + SIGKILL:
		return both ? count(s, !one) : fail(s, "killed by somebody");
	case -1:
		return fail(s, "waits for ever");
	}
	return fail(s, "survived, but not well");
}

static bool play(struct stage *s)
{
	uint64_t x = random_next(s);
	int i, scenes = x % 16;

	memset(s->ledger, 0, sizeof(*s->ledger));
	memset(s->pid, 0, sizeof(s->pid));
	s->sealed = x & 16;
	s->sender = !!(x & 32);
	s->exchange = (x >> 6) % 5 == 0;
	s->role[2] = NULL;
	/* Small rings, so that senders sleep too. */
	if (raw_pair_of(s->fd, 4096 << (x >> 10) % 4,
			s->sealed ? FASTIPC_SEALED : 0))
		return fail(s, "no pair");
	if (!start(s, 0) || !start(s, 1) ||
	    ((x >> 12) % 4 == 0 && !start(s, 2)))
		return fail(s, "no process");
	for (i = 0; i < scenes; i++)
		if (!scene(s))
			return false;
	if (!last_scene(s))
		return false;
	__atomic_add_fetch(&s->totals->rounds, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&s->totals->messages, number_of(s->ledger->received),
			   __ATOMIC_RELAXED);
	return true;
}

static long setting(const char *name, long otherwise)
{
	return getenv(name) ? atol(getenv(name)) : otherwise;
}

static int supervise(struct totals *totals, long kills, uint64_t end)
{
	struct sigaction action = { .sa_handler = nothing };
	struct stage s = { .totals = totals,
			   .ledger = shared(sizeof(*s.ledger)),
			   .x = now_ns() * getpid() | 1 };

	sigaction(SIGALRM, &action, NULL);
	while (!totals->stop && now_ns() < end && totals->all < kills)
		if (!play(&s))
			return 1;
	return 0;
}

/* The time limit is the runner's. */
FIXTURE(many)
{
	struct counters before;
	struct totals *totals;
};

FIXTURE_SETUP(many)
{
	self->before = counters_now();
	self->totals = shared(sizeof(*self->totals));
	ASSERT_NE(NULL, self->totals);
}

FIXTURE_TEARDOWN(many)
{
	/* Objects, bytes and lost wakes are as they were. */
	EXPECT_TRUE(counters_return_to(self->before));
}

TEST_F_TIMEOUT(many, die_at_random_instructions, 86400)
{
	long seconds = setting("SECONDS", 0), pairs = setting("PAIRS", PAIRS);
	long kills = setting("KILLS", seconds ? LONG_MAX : share_of(KILLS));
	uint64_t begin = now_ns();
	uint64_t end = seconds ? begin + seconds * 1000000000 : UINT64_MAX;
	char line[1024];
	pid_t pid[256];
	size_t at = 0;
	int i, bad = 0;

	ASSERT_LE(pairs, 256);
	for (i = 0; i < pairs; i++) {
		pid[i] = fork_bound();
		if (!pid[i])
			_exit(supervise(self->totals, kills, end));
	}
	for (i = 0; i < pairs; i++)
		bad += reap(pid[i]) != 0;
	for (i = 0; i < NR_ROLES; i++)
		at += snprintf(line + at, sizeof(line) - at, "%s%s %ld",
			       i ? ", " : "", roles[i].name,
			       self->totals->kills[i]);
	TH_LOG("%ld kills, by role: %s", self->totals->all, line);
	TH_LOG("%ld pairs, %ld messages, %.0f kills/s", self->totals->rounds,
	       self->totals->messages,
	       self->totals->all * 1e9 / (now_ns() - begin));
	ASSERT_EQ(0, bad);
	ASSERT_GT(self->totals->messages, 0);
}

TEST_NOTHING_IS_LEFT()

TEST_HARNESS_MAIN
