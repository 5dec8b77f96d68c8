// SPDX-License-Identifier: GPL-2.0-only
/*
 * Workers, each a process, and the watchdog over them: it tells what they have
 * done, and keeps the program of one that hangs or dies.  See module.h.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "module.h"

#define HANG 20000 /* milliseconds that no program takes */

uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ULL + t.tv_nsec / 1000000;
}

void report(uint64_t begin)
{
	uint64_t ms = now_ms() - begin + 1;

	printf("# %llu s: %llu executions (%llu/s), %llu calls, %llu by others, ",
	       (unsigned long long)ms / 1000,
	       (unsigned long long)shared->programs,
	       (unsigned long long)shared->programs * 1000 / ms,
	       (unsigned long long)shared->calls,
	       (unsigned long long)shared->others);
	printf("%u blocks, %u edges, corpus %u\n", shared->cover.blocks,
	       shared->cover.edges, shared->corpus.n);
	fflush(stdout);
}

static void programs_save(const char *why)
{
	FILE *f = NULL;
	char path[512];
	int i;

	snprintf(path, sizeof(path), "%s/crash-%llu", out_dir,
		 (unsigned long long)now_ms());
	for (i = 0; i < WORKERS_MAX; i++) {
		if (!shared->worker[i].pid)
			continue;
		if (!f)
			f = fopen(path, "we");
		if (!f)
			return;
		program_print(&shared->worker[i].now, f);
	}
	if (f) {
		fprintf(f, "# %s\n", why);
		fclose(f);
	}
}

void crash_save(const char *why)
{
	sigset_t all, before;

	shared->failed = true;
	/* A worker's alarm would interrupt what is written. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	printf("# %s\n", why);
	fflush(stdout);
	programs_save(why);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* All that sleep uninterruptibly; the locks that are held; all. */
static void task_states(void)
{
	int fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);
	const char *key;

	for (key = "wdt"; fd >= 0 && *key; key++)
		if (write(fd, key, 1) != 1)
			break;
	close(fd);
}

static void reap(uint32_t n, uint32_t *alive)
{
	int status;
	pid_t pid;
	uint32_t i;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (i = 0; i < n; i++)
			if (shared->worker[i].pid == pid)
				break;
		if (i == n)
			continue;
		if (status)
			crash_save("a worker died");
		shared->worker[i].pid = 0;
		--*alive;
	}
}

static void start(work_fn work, uint32_t n)
{
	uint32_t i;
	pid_t pid;

	fflush(stdout);
	for (i = 0; i < n; i++) {
		pid = fork();
		if (pid) { /* not by the child too: it is shared */
			shared->worker[i].pid = pid;
			continue;
		}
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		work(&shared->worker[i], i);
		_exit(0);
	}
}

void workers_run(work_fn work, uint32_t n, bool tell)
{
	uint64_t begin = now_ms(), told = begin;
	uint64_t beat[WORKERS_MAX] = { 0 }, since[WORKERS_MAX] = { 0 };
	const struct timespec tenth = { 0, 100000000 };
	uint32_t i, alive = n;

	start(work, n);
	for (;;) {
		reap(n, &alive);
		if (!alive)
			return;
		for (i = 0; i < n; i++) {
			struct worker *w = &shared->worker[i];

			if (!since[i] || beat[i] != w->beat) {
				beat[i] = w->beat;
				since[i] = now_ms();
			} else if (w->pid && now_ms() - since[i] > HANG) {
				crash_save("a program does not end");
				task_states();
				kill(w->pid, SIGKILL);
				since[i] = now_ms();
			}
		}
		if (tell && now_ms() - told >= 10000) {
			report(begin);
			told = now_ms();
		}
		nanosleep(&tenth, NULL);
	}
}
