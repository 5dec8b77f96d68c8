// SPDX-License-Identifier: GPL-2.0-only
/*
 * module_fuzz - make the kernel module do what nobody thought of
 *
 *   module_fuzz -o DIR [-n TIMES] [-t SECONDS] [-j WORKERS] [-s SEED] FILE...
 *   module_fuzz -p FILE...	print them
 *
 * Runs the programs of the files, each so many TIMES; then, with -t, programs
 * that come out of those, and leaves the smallest set that reaches all that was
 * reached in DIR/corpus.  Needs the module built for KCOV, and a machine that may
 * die: what a worker is about to run is in DIR/running-N before it does (one
 * program of a file, or 128 new ones).  What made the kernel complain, or hung,
 * is in DIR/crash-*.  Exit status: 0 if nothing was wrong, else 1.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "module.h"

#define BATCH 128

struct shared *shared;
const char *out_dir;

static uint64_t seed, end;
static uint32_t workers = 1, times = 1;

static void begin(void)
{
	run_prepare();
	tasks_prepare();
	alarm_off();
	if (cover_open())
		return;
	printf("# this kernel or module has no KCOV\n");
	fflush(stdout);
	_exit(9);
}

static void run_watched(struct worker *self, const struct program *p)
{
	self->now = *p;
	__atomic_add_fetch(&self->beat, 1, __ATOMIC_RELEASE);
	run_program(p);
}

/* On the host before any of it runs, in one write. */
static void announce(uint32_t number, const struct program *p, uint32_t n)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/running-%u", out_dir, number);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (write(fd, p, n * sizeof(*p)) != (ssize_t)(n * sizeof(*p)))
		perror(path);
	close(fd);
}

/* Of the module, when nobody has anything open. */
static void check_counters(void)
{
	static const char *const names[] = { "channels", "endpoints", "bytes" };
	const struct timespec ms = { 0, 1000000 };
	uint64_t until = now_ms() + 5000;
	size_t i;

	for (i = 0; i < COUNT(names); i++) {
		/* The last file may be closed a little later. */
		while (module_counter(names[i]) && now_ms() < until)
			nanosleep(&ms, NULL);
		if (module_counter(names[i]))
			wrong("%ld %s are left", module_counter(names[i]),
			      names[i]);
	}
}

static void replay(struct worker *self, uint32_t number)
{
	uint32_t i, t;
	int log;

	begin();
	log = kernel_log_open();
	for (i = 0; i < shared->corpus.n && !shared->failed; i++) {
		announce(number, &shared->corpus.program[i], 1);
		for (t = 0; t < times; t++)
			run_watched(self, &shared->corpus.program[i]);
		if (kernel_log_complains(log))
			crash_save("the kernel complains");
		check_counters();
	}
}

static void next_program(struct program *p, uint64_t *state)
{
	if (!shared->corpus.n || random_next(state) % 8 == 0) {
		program_make(p, state);
		return;
	}
	*p = *corpus_any(&shared->corpus, state);
	program_mutate(p, corpus_any(&shared->corpus, state), state);
}

static void fuzz(struct worker *self, uint32_t number)
{
	static struct program batch[BATCH];
	uint64_t state = mix(seed + number) | 1;
	uint32_t i;
	int log;

	begin();
	log = kernel_log_open();
	while (now_ms() < end) {
		for (i = 0; i < BATCH; i++)
			next_program(&batch[i], &state);
		announce(number, batch, BATCH);
		for (i = 0; i < BATCH && !shared->failed; i++) {
			run_watched(self, &batch[i]);
			if (kernel_log_complains(log))
				crash_save("the kernel complains");
			if (!cover_news())
				continue;
			corpus_trim(&batch[i]);
			corpus_add(&shared->corpus, &batch[i]);
		}
		if (shared->failed)
			break;
	}
}

static void minimise(struct worker *self, uint32_t number)
{
	char path[512];

	(void)self;
	(void)number;
	begin();
	snprintf(path, sizeof(path), "%s/corpus", out_dir);
	shared->saved = corpus_minimise(&shared->corpus, path);
}

static int print_all(void)
{
	uint32_t i;

	for (i = 0; i < shared->corpus.n; i++)
		program_print(&shared->corpus.program[i], stdout);
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t start, seconds = 0;
	bool print = false;
	int option;

	seed = now_ms() ^ (uint64_t)getpid() << 32;
	while ((option = getopt(argc, argv, "o:n:t:j:s:p")) != -1) {
		switch (option) {
		case 'o':
			out_dir = optarg;
			break;
		case 'n':
			times = strtoul(optarg, NULL, 0);
			break;
		case 't':
			seconds = strtoul(optarg, NULL, 0);
			break;
		case 'j':
			workers = strtoul(optarg, NULL, 0);
			break;
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 'p':
			print = true;
			break;
		default:
			return 2;
		}
	}
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || !(out_dir || print) || !workers ||
	    workers > WORKERS_MAX)
		return 2;
	for (; optind < argc; optind++)
		if (!corpus_load(&shared->corpus, argv[optind]))
			printf("# %s: not all is a program\n", argv[optind]);
	if (print)
		return print_all();
	start = now_ms();
	workers_run(replay, 1, false);
	report(start);
	if (seconds && !shared->failed) {
		printf("# seed %llu, %u workers\n", (unsigned long long)seed,
		       workers);
		shared->programs = 0;
		shared->calls = 0;
		shared->others = 0;
		start = now_ms();
		end = start + seconds * 1000;
		workers_run(fuzz, workers, true);
		report(start);
		check_counters();
		if (!shared->failed)
			workers_run(minimise, 1, false);
		printf("# %u programs reach all that can be reached again\n",
		       shared->saved);
	}
	return shared->failed || shared->wrong;
}
