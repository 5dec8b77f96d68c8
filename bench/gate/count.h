/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counts instructions, in a guest whose time is their number (vm.sh -x icount),
 * with one processor.  Prints "NAME COUNT" for each operation.
 *
 * Of several runs the smallest counts: what makes one longer is the kernel's tick.
 */
#ifndef FASTIPC_GATE_COUNT_H
#define FASTIPC_GATE_COUNT_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

#define RUNS  5
#define BYTES 64
#define PAIRS 4

/* Of a run; and the only operation to be counted, or NULL. */
extern int times;
extern const char *only;

#define must(x)                                                           \
	do {                                                              \
		if (!(x)) {                                               \
			fprintf(stderr, "ops: %s:%d: %s: %m\n", __FILE__, \
				__LINE__, #x);                            \
			exit(1);                                          \
		}                                                         \
	} while (0)

static inline void report(const char *name, double count)
{
	printf("%s %.2f\n", name, count);
	fflush(stdout);
}

static inline bool wanted(const char *name)
{
	return !only || !strcmp(only, name);
}

/* How many instructions does it take, each time? */
static inline double measure(void (*once)(void *arg), void *arg)
{
	uint64_t least = UINT64_MAX, begin, took;
	int run, i;

	/* The first run does not count. */
	for (run = 0; run <= RUNS; run++) {
		begin = __rdtsc();
		for (i = 0; i < times; i++)
			once(arg);
		took = __rdtsc() - begin;
		if (run && took < least)
			least = took;
	}
	return (double)least / times;
}

static inline void count(const char *name, void (*once)(void *arg), void *arg)
{
	if (wanted(name))
		report(name, measure(once, arg));
}

/* The other side, in a process of its own: @first, and then @once, for ever. */
static inline pid_t serve(void (*first)(void *arg), void (*once)(void *arg),
			  void *arg)
{
	pid_t pid = fork();

	must(pid >= 0);
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (first)
		first(arg);
	for (;;)
		once(arg);
}

static inline void stop(pid_t pid)
{
	must(!kill(pid, SIGKILL) && waitpid(pid, NULL, 0) == pid);
}

static inline double measure_pair(void (*first)(void *arg),
				  void (*answer)(void *arg),
				  void (*ask)(void *arg), void *arg)
{
	pid_t pid = serve(first, answer, arg);
	double least = measure(ask, arg);

	stop(pid);
	return least;
}

/*
 * The least of a round trip between two processes.  They may fall into a step that the scheduler
 * likes less, and stay in it: so there are several pairs of them.
 */
static inline double round_trip(void (*first)(void *arg),
				void (*answer)(void *arg),
				void (*ask)(void *arg), void *arg)
{
	double least = measure_pair(first, answer, ask, arg), again;
	int i;

	for (i = 1; i < PAIRS; i++) {
		again = measure_pair(first, answer, ask, arg);
		if (again < least)
			least = again;
	}
	return least;
}

static inline void count_round_trip(const char *name, void (*first)(void *arg),
				    void (*answer)(void *arg),
				    void (*ask)(void *arg), void *arg)
{
	if (wanted(name))
		report(name, round_trip(first, answer, ask, arg));
}

/* others.c, ends.c */
void count_others(void);
void count_uring(void);
void count_ends(void);

#endif /* FASTIPC_GATE_COUNT_H */
