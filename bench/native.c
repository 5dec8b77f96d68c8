// SPDX-License-Identifier: GPL-2.0-only
/*
 * native [--json] [--runs N] - the library's ring code on real processors
 *
 * Two processes, each on a processor of its own, over memory that they share; no
 * module, no sleeping.  In each run every contender has its turn, beginning with
 * another one each time; the medians of all runs are compared.  A first run warms up
 * and does not count.
 *
 * Exit status: 0; 1 if it cannot be measured here; 2 for a bad argument.
 */
#include <err.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "native.h"

#define RUNS_MAX 100

/**
 * struct test - contenders in one discipline
 * @name: in the report
 * @unit: of one of @n
 * @streams: contender->stream, else contender->there
 * @n: messages, or round trips, of one turn; of those who take long a part
 * @contender: the first is fastipc
 */
static const struct test {
	const char *name, *unit;
	bool streams;
	long n;
	const struct contender *contender[10];
} tests[] = {
	{ "round trip, 48 B",
	  "ns",
	  false,
	  100000,
	  { &contender_calm, &contender_bare, &contender_fenced, &contender_ck,
	    &contender_boost, &contender_iceoryx, &contender_pipe,
	    &contender_seqpacket } },
	{ "stream, 48 B",
	  "ns a message",
	  true,
	  2000000,
	  { &contender_calm, &contender_batches, &contender_blind,
	    &contender_fenced, &contender_ck, &contender_boost,
	    &contender_iceoryx, &contender_pipe, &contender_seqpacket } },
	{ "round trip, 1 MiB",
	  "ns",
	  false,
	  50,
	  { &contender_in_place, &contender_areas } },
};

#define TESTS	   (sizeof(tests) / sizeof(tests[0]))
#define CONTENDERS (sizeof(tests[0].contender) / sizeof(void *))

/* Where both processes meet before a turn and after it. */
struct meeting {
	uint64_t arrived[2];
};

static struct meeting *meeting;
static double result[TESTS][CONTENDERS][RUNS_MAX];
static void *memory[TESTS][CONTENDERS];

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static void meet(int end)
{
	uint64_t mine =
		__atomic_add_fetch(&meeting->arrived[end], 1, __ATOMIC_ACQ_REL);

	while (__atomic_load_n(&meeting->arrived[!end], __ATOMIC_ACQUIRE) <
	       mine)
		relax();
}

/* Those who take far longer. */
static bool is_slow(const struct contender *c)
{
	return c == &contender_pipe || c == &contender_seqpacket ||
	       c == &contender_iceoryx;
}

/* One turn: nanoseconds for one message, or round trip. */
static double turn(const struct test *test, const struct contender *c,
		   void *shared, int end)
{
	long n = is_slow(c) ? test->n / 50 : test->n;
	uint64_t begin;

	meet(end);
	begin = now_ns();
	(test->streams ? c->stream : c->there)(shared, end, n);
	meet(end);
	return (double)(now_ns() - begin) / n;
}

static void all_turns(int end, int runs)
{
	size_t t, i, k, of;
	int run;

	for (run = -1; run < runs; run++)
		for (t = 0; t < TESTS; t++) {
			for (of = 0; tests[t].contender[of];)
				of++;
			for (i = 0; i < of; i++) {
				double ns;

				k = (i + run + 1) % of;
				ns = turn(&tests[t], tests[t].contender[k],
					  memory[t][k], end);
				if (run >= 0)
					result[t][k][run] = ns;
			}
			if (!end && isatty(2))
				fprintf(stderr, "\r%d of %d runs  ", run + 1,
					runs);
		}
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *of, int n)
{
	qsort(of, n, sizeof(*of), compare);
	return n % 2 ? of[n / 2] : (of[n / 2 - 1] + of[n / 2]) / 2;
}

static void report(int runs, bool json)
{
	double own, ns;
	size_t t, k;

	if (json)
		printf("{\"runs\":%d,\"tests\":[", runs);
	for (t = 0; t < TESTS; t++) {
		if (json)
			printf("%s{\"name\":\"%s\",\"unit\":\"%s\",\"medians\":{",
			       t ? "," : "", tests[t].name, tests[t].unit);
		else
			printf("%s\n", tests[t].name);
		own = median(result[t][0], runs);
		for (k = 0; tests[t].contender[k]; k++) {
			ns = k ? median(result[t][k], runs) : own;
			if (json)
				printf("%s\"%s\":%.1f", k ? "," : "",
				       tests[t].contender[k]->name, ns);
			else
				printf("  %-24s %10.1f %s %8.2f x\n",
				       tests[t].contender[k]->name, ns,
				       tests[t].unit, ns / own);
		}
		if (json)
			printf("}}");
	}
	if (json)
		printf("]}\n");
}

/* The first two processors that we may use, one for each end. */
static void run_on_one(int end)
{
	cpu_set_t all, one;
	int cpu, n = 0;

	if (sched_getaffinity(0, sizeof(all), &all) || CPU_COUNT(&all) < 2)
		errx(1, "this takes two processors");
	for (cpu = 0; n <= end; cpu++)
		n += CPU_ISSET(cpu, &all);
	CPU_ZERO(&one);
	CPU_SET(cpu - 1, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		err(1, "sched_setaffinity");
}

static int explain(FILE *to, int status)
{
	fprintf(to,
		"usage: native [--json] [--runs N]\n"
		"N is 1 to %d, 20 if not given.\n",
		RUNS_MAX);
	return status;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "runs", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	bool json = false;
	int runs = 20, c, status;
	size_t t, k;
	pid_t pid;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (c) {
		case 'j':
			json = true;
			break;
		case 'r':
			runs = atoi(optarg);
			break;
		case 'h':
			return explain(stdout, 0);
		default:
			return explain(stderr, 2);
		}
	if (optind != argc || runs < 1 || runs > RUNS_MAX)
		return explain(stderr, 2);
	meeting = share(sizeof(*meeting));
	for (t = 0; t < TESTS; t++)
		for (k = 0; tests[t].contender[k]; k++)
			memory[t][k] = tests[t].contender[k]->make();
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	run_on_one(!pid);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		all_turns(1, runs);
		_exit(0);
	}
	all_turns(0, runs);
	if (isatty(2))
		fprintf(stderr, "\r                \r");
	if (waitpid(pid, &status, 0) != pid || status)
		errx(1, "the other process failed");
	report(runs, json);
	return 0;
}
