/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Children that die with their parent, what they share with it, and whether they
 * sleep; signals that come again and again.
 */
#ifndef FASTIPC_TEST_PROCESS_H
#define FASTIPC_TEST_PROCESS_H

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* fork(2), and the child dies when its parent does. */
static inline pid_t fork_bound(void)
{
	pid_t parent = getpid();
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(127);
	}
	return pid;
}

/* Wait for a child: its exit status, or 128 + the signal that killed it. */
static inline int reap(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static inline uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/*
 * What a process notes in shared memory, for those who outlive it, in this order: the
 * compiler must not move notes over calls.
 */
#define NOTE(what, value)                                \
	do {                                             \
		__atomic_signal_fence(__ATOMIC_SEQ_CST); \
		(what) = (value);                        \
		__atomic_signal_fence(__ATOMIC_SEQ_CST); \
	} while (0)

/* Shared with children. */
static inline void *shared(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* A task's state as /proc shows it: 'S' sleeps. */
static inline char task_state(pid_t pid)
{
	char path[64], state = '?';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (!f)
		return state;
	if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = '?';
	fclose(f);
	return state;
}

static inline bool wait_for_sleep(pid_t pid)
{
	int i;

	for (i = 0; i < 3000; i++) {
		if (task_state(pid) == 'S')
			return true;
		usleep(10000);
	}
	return false;
}

/* How often signals_begin() brought one, to this process and its children. */
static volatile int *signals_seen __attribute__((unused));

static inline void signal_seen(int number)
{
	__atomic_add_fetch(signals_seen, 1, __ATOMIC_RELAXED);
}

/* From now on, a signal every 20 ms: one will find the caller asleep. */
static inline void signals_begin(int flags)
{
	struct sigaction action = { .sa_handler = signal_seen,
				    .sa_flags = flags };
	struct itimerval timer = { { 0, 20000 }, { 0, 20000 } };

	if (!signals_seen)
		signals_seen = shared(sizeof(int));
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

/*
 * A child that runs @call with SA_RESTART, forever interrupted; it exits with 0
 * if that returns @wanted.  Returns once it was interrupted a few times.
 */
static inline pid_t fork_restarted(int (*call)(int fd), int fd, int wanted)
{
	int i, begin;
	pid_t pid;

	if (!signals_seen)
		signals_seen = shared(sizeof(int));
	begin = *signals_seen;
	pid = fork_bound();
	if (!pid) {
		signals_begin(SA_RESTART);
		_exit(call(fd) != wanted);
	}
	for (i = 0; i < 3000 && *signals_seen < begin + 5; i++)
		usleep(10000);
	return pid;
}

#endif /* FASTIPC_TEST_PROCESS_H */
