// SPDX-License-Identifier: MIT
/*
 * fastipc bench: a quick comparison with a pipe and a SOCK_SEQPACKET socket.
 *
 * Two processes exchange messages (round trip), or one sends to the other as
 * fast as it can (stream).  Each measurement has two fresh processes and a fresh
 * channel and lasts a fixed time; the contenders take turns, over several rounds,
 * and what is shown are medians.
 */
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench_channel.h"
#include "clock.h"
#include "tool.h"

#define ROUNDS	    5
#define SECONDS	    12	      /* for all of it, without --seconds */
#define SECONDS_MAX 86400.0   /* with it */
#define WARM_PART   (1.0 / 6) /* of a measurement, before it counts */
#define LOOK_EVERY  16	      /* messages between two looks at the clock */

static const char usage[] =
	"Usage: fastipc bench [OPTION...]\n"
	"Compare direct and sealed pairs with a pipe and a SOCK_SEQPACKET socket.\n"
	"\n"
	"  --seconds S  take about S seconds (default 12)\n"
	"  --json       show the results as JSON\n"
	"  --help       show this\n";

/**
 * struct test - what is measured
 * @name: for the table
 * @unit: for the table
 * @len: bytes of each payload
 * @stream: in one direction; else round trips
 * @one_cpu: both processes on one CPU; else wherever the scheduler puts them
 * @value: what the table shows, from messages or round trips a second
 */
struct test {
	const char *name;
	const char *unit;
	size_t len;
	bool stream;
	bool one_cpu;
	double (*value)(double a_second, size_t len);
};

static double microseconds(double a_second, size_t len)
{
	(void)len;
	return 1e6 / a_second;
}

static double millions(double a_second, size_t len)
{
	(void)len;
	return a_second / 1e6;
}

static double gigabytes(double a_second, size_t len)
{
	return a_second * len / 1e9;
}

static const struct test tests[] = {
	{ "round trip 64 B, 1 CPU", "us", SMALL, false, true, microseconds },
	{ "round trip 64 B", "us", SMALL, false, false, microseconds },
	{ "round trip 16 KiB", "us", LARGE, false, false, microseconds },
	{ "stream 64 B", "M/s", SMALL, true, false, millions },
	{ "stream 16 KiB", "GB/s", LARGE, true, false, gigabytes },
};

#define TESTS ARRAY_SIZE(tests)

/**
 * struct results - what was measured
 * @seconds: for each measurement
 * @rate: messages or round trips a second; the rounds sorted, once all are there
 */
struct results {
	double seconds;
	double rate[TESTS][CONTENDERS][ROUNDS];
};

/* Measuring ------------------------------------------------------------------ */

/* The child: send, or answer, until the parent ends. */
static void child(const struct contender *by, struct channel *c,
		  const struct test *test)
{
	uint64_t number = 0;
	int ret;

	ret = test->stream ? 0 : by->recv(c, number, test->len);
	for (; !ret; number++)
		ret = test->stream ?
			      by->send(c, number, test->len) :
			      by->exchange(c, number, number + 1, test->len);
	if (ret != -EPIPE && ret != -ECONNRESET)
		check("child", ret);
}

/* Messages a second, or exchanges, at the parent. */
static double rate(const struct contender *by, struct channel *c,
		   const struct test *test, double seconds)
{
	const double warming = seconds * WARM_PART;
	uint64_t number, first = 0;
	double t, begin = now(CLOCK_MONOTONIC);
	bool warm = false;

	for (number = 0;; number++) {
		if (number % LOOK_EVERY == 0) {
			t = now(CLOCK_MONOTONIC);
			if (warm && t - begin >= seconds - warming)
				return (number - first) / (t - begin);
			if (!warm && t - begin >= warming) {
				warm = true;
				begin = t;
				first = number;
			}
		}
		check(by->name, test->stream ? by->recv(c, number, test->len) :
					       by->exchange(c, number, number,
							    test->len));
	}
}

/* Stay on one CPU of those allowed, or on all of them again. */
static void choose_cpus(bool one)
{
	static cpu_set_t all;
	cpu_set_t some;
	int cpu = 0;

	if (!CPU_COUNT(&all) && sched_getaffinity(0, sizeof(all), &all))
		fail_errno(errno, "sched_getaffinity");
	some = all;
	if (one) {
		while (!CPU_ISSET(cpu, &all))
			cpu++;
		CPU_ZERO(&some);
		CPU_SET(cpu, &some);
	}
	if (sched_setaffinity(0, sizeof(some), &some))
		fail_errno(errno, "sched_setaffinity");
}

static double measure(const struct contender *by, const struct test *test,
		      double seconds)
{
	struct channel c = { 0 };
	double result;
	int status;
	pid_t pid;

	choose_cpus(test->one_cpu);
	by->make(&c);
	pid = fork();
	if (pid < 0)
		fail_errno(errno, "fork");
	by->choose(&c, !pid);
	if (!pid) {
		child(by, &c, test);
		_exit(STATUS_OK);
	}
	result = rate(by, &c, test, seconds);
	channel_close(&c);
	if (waitpid(pid, &status, 0) != pid || status)
		fail("%s: the child failed", by->name);
	return result;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void measure_round(struct results *r, unsigned int round)
{
	unsigned int t, i;
	double *to;

	for (t = 0; t < TESTS; t++) {
		for (i = 0; i < CONTENDERS; i++) {
			to = &r->rate[t][i][round];
			*to = measure(&contenders[i], &tests[t], r->seconds);
		}
	}
}

static void measure_all(struct results *r, bool say)
{
	unsigned int round, t, i;

	for (round = 0; round < ROUNDS; round++) {
		if (say)
			fprintf(stderr, "  round %u of %u\n", round + 1,
				ROUNDS);
		measure_round(r, round);
	}
	for (t = 0; t < TESTS; t++)
		for (i = 0; i < CONTENDERS; i++)
			qsort(r->rate[t][i], ROUNDS, sizeof(double), compare);
}

/* Results -------------------------------------------------------------------- */

static double median(const struct results *r, unsigned int t, unsigned int i)
{
	return r->rate[t][i][ROUNDS / 2];
}

/* Time needed for the same, when a direct pair needs 1. */
static double ratio(const struct results *r, unsigned int t, unsigned int i)
{
	return median(r, t, 0) / median(r, t, i);
}

static double spread(const struct results *r, unsigned int t, unsigned int i)
{
	return r->rate[t][i][ROUNDS - 1] / r->rate[t][i][0];
}

static double largest_spread(const struct results *r)
{
	double largest = 1;
	unsigned int t, i;

	for (t = 0; t < TESTS; t++)
		for (i = 0; i < CONTENDERS; i++)
			if (spread(r, t, i) > largest)
				largest = spread(r, t, i);
	return largest;
}

static double value(const struct results *r, unsigned int t, unsigned int i)
{
	return tests[t].value(median(r, t, i), tests[t].len);
}

static void show_table(const struct results *r)
{
	unsigned int t, i;

	printf("%-22s", "");
	for (i = 0; i < CONTENDERS; i++)
		printf("  %20s", contenders[i].name);
	printf("\n");
	for (t = 0; t < TESTS; t++) {
		printf("%-22s", tests[t].name);
		for (i = 0; i < CONTENDERS; i++)
			printf("  %8.2f %-4s %4.1f x", value(r, t, i),
			       tests[t].unit, ratio(r, t, i));
		printf("\n");
	}
	printf("x: time needed for the same; a direct pair needs 1.  Medians of %d rounds,\n"
	       "which differed by up to %.1f x.  In a virtual machine without KVM the times are\n"
	       "the emulation's and only the ratios say something; where two CPUs are used,\n"
	       "only if the machine has two to spare.\n",
	       ROUNDS, largest_spread(r));
	printf("time needed, direct 1:");
	for (i = 1; i < CONTENDERS; i++) {
		printf("%s %s", i > 1 ? "," : "", contenders[i].name);
		for (t = 0; t < TESTS; t++)
			printf(" %.1f", ratio(r, t, i));
	}
	printf("\n");
}

static void show_json(const struct results *r)
{
	unsigned int t, i;

	printf("{\"rounds\":%d,\"tests\":[", ROUNDS);
	for (t = 0; t < TESTS; t++) {
		printf("%s{\"name\":\"%s\",\"bytes\":%zu,\"unit\":\"%s\",\"results\":[",
		       t ? "," : "", tests[t].name, tests[t].len,
		       tests[t].unit);
		for (i = 0; i < CONTENDERS; i++) {
			printf("%s{\"channel\":\"%s\",\"median\":%g",
			       i ? "," : "", contenders[i].name,
			       value(r, t, i));
			printf(",\"time_ratio\":%g,\"spread\":%g}",
			       ratio(r, t, i), spread(r, t, i));
		}
		printf("]}");
	}
	printf("]}\n");
}

static double parse_seconds(const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	/* Not a number is not in there either. */
	if (end == text || *end || !(seconds > 0 && seconds <= SECONDS_MAX))
		fail_usage("--seconds takes a number of seconds, not '%s'",
			   text);
	return seconds;
}

static int bench_main(int argc, char **argv)
{
	enum { SECONDS_OPTION, JSON, HELP };
	static const struct option options[] = {
		{ "seconds", required_argument, NULL, SECONDS_OPTION },
		{ "json", no_argument, NULL, JSON },
		{ "help", no_argument, NULL, HELP },
		{ 0 },
	};
	static struct results r;
	double seconds = SECONDS;
	bool json = false;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case SECONDS_OPTION:
			seconds = parse_seconds(optarg);
			break;
		case JSON:
			json = true;
			break;
		case HELP:
			show_usage();
		default:
			fail_option();
		}
	}
	check_no_arguments(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	r.seconds = seconds / (ROUNDS * TESTS * CONTENDERS);
	measure_all(&r, !json);
	if (json)
		show_json(&r);
	else
		show_table(&r);
	flush_stdout();
	return STATUS_OK;
}

const struct command bench_command = {
	.name = "bench",
	.summary = "compare pairs with a pipe and a socket",
	.usage = usage,
	.failure = STATUS_FAILURE,
	.main = bench_main,
};
