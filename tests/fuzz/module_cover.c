// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel tells: which blocks of the module the calling task reached
 * (KCOV; nothing else of the kernel is instrumented), its log, and the module's
 * counters.  See module.h.
 */
#include <fcntl.h>
#include <linux/kcov.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "module.h"

#define TRACE_MAX (64UL << 10) /* basic blocks of one call */

/* The number of entries, then they; of the traced thread alone. */
static __thread uint64_t *trace;
static uint64_t text; /* where the module's begins */

/* Edges of the current run.  Shared only so that fork(2) need not copy it. */
struct seen {
	uint32_t run;
	uint32_t when[EDGES]; /* each was last seen */
	uint32_t list[EDGES], n;
	uint32_t fresh[1024], nr_fresh; /* that nobody had reached */
	uint32_t kept[1024], nr_kept;	/* by cover_remember() */
};

static struct seen *seen;

static uint64_t module_text(void)
{
	FILE *f = fopen("/sys/module/fastipc/sections/.text", "re");
	unsigned long long at = 0;

	if (!f)
		return 0;
	if (fscanf(f, "%llx", &at) != 1)
		at = 0;
	fclose(f);
	return at;
}

/* What is traced by name is part of the module too: have it run. */
static void tracepoints_on(void)
{
	int fd = open("/sys/kernel/tracing/events/fastipc/enable",
		      O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "1", 1) != 1)
		perror("module_fuzz: tracepoints");
	close(fd);
}

/* Trace the calling task from now on. */
bool cover_open(void)
{
	int fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);

	text = module_text();
	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fd < 0 || !text || seen == MAP_FAILED ||
	    ioctl(fd, KCOV_INIT_TRACE, TRACE_MAX))
		return false;
	trace = mmap(NULL, TRACE_MAX * sizeof(*trace), PROT_READ | PROT_WRITE,
		     MAP_SHARED, fd, 0);
	tracepoints_on();
	madvise(trace, TRACE_MAX * sizeof(*trace), MADV_DONTFORK);
	return trace != MAP_FAILED && !ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC);
}

/* In a child, which is not traced: what it inherited is its parent's. */
void cover_stop(void)
{
	trace = NULL;
}

void cover_run_begin(void)
{
	seen->run++;
	seen->n = 0;
	seen->nr_fresh = 0;
}

void cover_call_begin(void)
{
	if (trace)
		__atomic_store_n(trace, 0, __ATOMIC_RELAXED);
}

/* That the run did so is known once for all; where it is, is in @at. */
static void reached(uint64_t from, uint64_t at)
{
	uint32_t i = (from * 31 + at) * 0x9e3779b97f4a7c15ULL >> 32;

	i %= EDGES;
	if (seen->when[i] == seen->run)
		return;
	seen->when[i] = seen->run;
	seen->list[seen->n++] = i;
	if (at < TEXT_MAX && !shared->cover.block[at] &&
	    !__atomic_exchange_n(&shared->cover.block[at], 1, __ATOMIC_RELAXED))
		__atomic_add_fetch(&shared->cover.blocks, 1, __ATOMIC_RELAXED);
	if (shared->cover.edge[i] ||
	    __atomic_exchange_n(&shared->cover.edge[i], 1, __ATOMIC_RELAXED))
		return;
	__atomic_add_fetch(&shared->cover.edges, 1, __ATOMIC_RELAXED);
	if (seen->nr_fresh < COUNT(seen->fresh))
		seen->fresh[seen->nr_fresh++] = i;
}

void cover_call_end(enum op op, long result)
{
	uint64_t i, n, at, last = 0;

	if (!trace)
		return;
	n = __atomic_load_n(trace, __ATOMIC_RELAXED);
	if (!n)
		return; /* it did not reach the module */
	for (i = 1; i <= n && i < TRACE_MAX; i++) {
		at = trace[i] - text;
		reached(last, at);
		last = at;
	}
	reached(TEXT_MAX + op, TEXT_MAX + (result < 0 ? -result : 0));
}

bool cover_news(void)
{
	return seen->nr_fresh;
}

void cover_remember(void)
{
	memcpy(seen->kept, seen->fresh, sizeof(seen->kept));
	seen->nr_kept = seen->nr_fresh;
}

bool cover_reaches_again(void)
{
	uint32_t i;

	for (i = 0; i < seen->nr_kept; i++)
		if (seen->when[seen->kept[i]] != seen->run)
			return false;
	return true;
}

void cover_run_edges(uint64_t *bits)
{
	uint32_t i;

	for (i = 0; i < seen->n; i++)
		bits[seen->list[i] / 64] |= 1ULL << seen->list[i] % 64;
}

/* The log, and the counters ----------------------------------------------- */

int kernel_log_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

/* Since the last call.  The machine's own judgement is tests/vm/complaints. */
bool kernel_log_complains(int fd)
{
	static const char *const signs[] = {
		"BUG:",	 "WARNING:", "KASAN:",	       "UBSAN:",
		"INFO:", "Oops",     "general protec", "refcount_t",
	};
	char record[8192];
	bool found = false;
	ssize_t n;
	size_t i;

	while ((n = read(fd, record, sizeof(record) - 1)) > 0 ||
	       (n < 0 && errno == EPIPE)) {
		record[n > 0 ? n : 0] = 0;
		for (i = 0; i < COUNT(signs); i++)
			found |= !!strstr(record, signs[i]);
	}
	return found;
}

long module_counter(const char *name)
{
	char path[128];
	long value = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/module/fastipc/parameters/%s", name);
	f = fopen(path, "re");
	if (!f)
		return -1;
	if (fscanf(f, "%ld", &value) != 1)
		value = -1;
	fclose(f);
	return value;
}
