// SPDX-License-Identifier: GPL-2.0-only
/*
 * Running a program: its objects, from the first call to the last close.  See
 * module.h.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "module.h"

struct objects objects;
__thread struct arena *arena;
__thread struct landing landing;

void wrong(const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* The first one ends the run. */
	if (!__atomic_fetch_add(&shared->wrong, 1, __ATOMIC_RELAXED))
		crash_save(text);
}

long answer(long ret)
{
	return ret < 0 ? -errno : ret;
}

/* Signals --------------------------------------------------------------- */

static void on_bad_access(int sig)
{
	if (!landing.ready) {
		signal(sig, SIG_DFL);
		return; /* and once more, to die of it */
	}
	siglongjmp(landing.env, 1);
}

static void on_signal(int sig)
{
	(void)sig; /* it interrupts, and that is all */
}

static void prepare_signals(void)
{
	struct sigaction bad = { .sa_handler = on_bad_access,
				 .sa_flags = SA_NODEFER };
	struct sigaction any = { .sa_handler = on_signal };
	/* The last one wakes the racing thread. */
	static const int wakers[] = { SIGALRM, SIGIO, SIGUSR1, SIGUSR2 };
	size_t i;

	sigaction(SIGSEGV, &bad, NULL);
	sigaction(SIGBUS, &bad, NULL);
	for (i = 0; i < COUNT(wakers); i++)
		sigaction(wakers[i], &any, NULL);
}

static void alarm_every(long us)
{
	struct itimerval t = { { 0, us }, { 0, us } };

	setitimer(ITIMER_REAL, &t, NULL);
}

/*
 * Again and again: the first may come before the call sleeps.  Without it a few
 * come too, since what should not block may, if others use the same file.
 */
void alarm_on(void)
{
	/* The thread is woken when the program ends: the alarm is not its. */
	if (tasks_alone())
		alarm_every(200);
}

void alarm_off(void)
{
	if (tasks_alone())
		alarm_every(20000);
}

/* Memory ---------------------------------------------------------------- */

/* Below 4 GiB, for callers of the 32-bit sort. */
static char *area_new(size_t bytes)
{
	char *at = mmap(NULL, bytes + PAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (at == MAP_FAILED || mprotect(at + bytes, PAGE, PROT_NONE))
		abort();
	return at;
}

struct arena *arena_new(void)
{
	struct arena *new = malloc(sizeof(*new));

	if (!new)
		abort();
	new->args = area_new(PAGE);
	new->items = area_new(PAGE);
	new->buf = area_new(BUF_BYTES);
	new->cold = area_new(COLD_BYTES);
	new->readonly = area_new(PAGE);
	mprotect(new->readonly, PAGE, PROT_READ);
	return new;
}

/* Choosing -------------------------------------------------------------- */

static struct file *file_free(void)
{
	size_t i;

	for (i = 0; i < FDS_MAX; i++)
		if (objects.file[i].fd < 0)
			return &objects.file[i];
	return NULL;
}

/* One that is open, mostly an endpoint's; or NULL. */
struct file *file_of(const struct call *c)
{
	bool any = (c->slot & 0x18) == 0x18;
	struct file *found[FDS_MAX];
	size_t i, n = 0;

	for (i = 0; i < FDS_MAX; i++) {
		struct file *file = &objects.file[i];

		if (file->fd >= 0 && (any || !file->is_map))
			found[n++] = file;
	}
	return n ? found[(c->slot & 7) % n] : NULL;
}

struct map *map_of(const struct call *c)
{
	struct map *found[MAPS_MAX];
	size_t i, n = 0;

	for (i = 0; i < MAPS_MAX; i++)
		if (objects.map[i].at)
			found[n++] = &objects.map[i];
	return n ? found[(c->slot & 7) % n] : NULL;
}

/* Does the call wait until a signal comes? */
bool waits_for_signal(const struct call *c)
{
	return c->slot >> 5 == 7 && c->value & 1;
}

/* Mostly none: what waits in vain costs time. */
uint64_t timeout_of(const struct call *c)
{
	static const uint64_t timeouts[] = {
		0, 0, 0, 0, 0, 1000, 30000, 200000
	};

	if (!waits_for_signal(c))
		return timeouts[c->slot >> 5];
	return c->value & 2 ? FASTIPC_FOREVER : FASTIPC_FOREVER - 1;
}

uint64_t length_of(const struct call *c, uint64_t limit)
{
	uint64_t number = c->c >> 4;

	switch (c->c & 15) {
	case 0:
		return 0;
	case 1:
		return 16;
	case 2:
		return limit;
	case 3:
		return limit - 1;
	case 4:
		return limit + 1;
	case 5:
		return limit / 2;
	case 6:
		return limit - number % 64;
	case 7:
	case 8:
		return number % (limit + 1);
	case 9:
		return (number & ~15ULL) % (limit + 1);
	case 10:
		return number == 0xfff ? c->value : number;
	default:
		return number & 0x7f;
	}
}

/* Where @len bytes could be, or could not. */
char *pointer_of(const struct call *c, uint64_t len)
{
	uint64_t number = c->d >> 4 & 0xff;
	struct map *map;

	switch (c->d & 15) {
	case 8: /* comes when it is touched */
		madvise(arena->cold, COLD_BYTES, MADV_DONTNEED);
		return arena->cold + PAGE - number;
	case 9: /* ends where the memory does */
		return arena->buf + BUF_BYTES -
		       (len < BUF_BYTES ? len : BUF_BYTES);
	case 10: /* or goes beyond */
		return arena->buf + BUF_BYTES -
		       (len < BUF_BYTES ? len : BUF_BYTES) / 2;
	case 11:
		return arena->readonly + number;
	case 12:
	case 13:
		map = map_of(c);
		return map ? map->at + number * 16 % map->len : arena->buf;
	case 14: {
		char *const bad[] = { NULL, (char *)0xffff888000001000UL,
				      (char *)0x00007ffffffff000UL,
				      (char *)0x8000000000000000UL,
				      (char *)0xffffffffffffffffUL };

		return bad[number % COUNT(bad)];
	}
	default:
		return arena->buf + number;
	}
}

/* Running --------------------------------------------------------------- */

static void objects_clear(void)
{
	size_t i;

	memset(&objects, 0, sizeof(objects));
	for (i = 0; i < FDS_MAX; i++)
		objects.file[i].fd = -1;
}

/* The first opened first, or the last: who holds whom differs. */
void objects_drop(bool backwards)
{
	int i;

	for (i = 0; i < FDS_MAX; i++) {
		int fd = objects.file[backwards ? FDS_MAX - 1 - i : i].fd;

		if (fd >= 0)
			close(fd);
	}
	maps_drop();
	objects_clear();
}

long objects_keep(long fd, struct file like)
{
	struct file *file = tasks_alone() ? file_free() : NULL;

	if (fd < 0)
		return fd;
	if (!file) {
		close(fd);
		return fd;
	}
	*file = like;
	file->fd = fd;
	return fd;
}

void run_prepare(void)
{
	arena = arena_new();
	prepare_signals();
	objects_clear();
	names_drop();
}

uint32_t run_call(const struct program *p, uint32_t at)
{
	const struct call *c = &p->call[at];
	enum op op = call_op(c);
	uint32_t used = 0;
	long result = 0;

	cover_call_begin();
	if (op <= OP_SHUTDOWN)
		result = run_ioctl(c);
	else if (op < OP_MMAP)
		result = run_file(c);
	else if (op < OP_FORK)
		result = run_memory(c);
	else if (op == OP_FORK)
		used = task_fork(p, at);
	else if (op == OP_KILL)
		used = task_kill();
	else if (op == OP_RACE)
		used = task_race(p, at);
	else
		used = task_help(p, at);
	cover_call_end(op, result);
	return 1 + used;
}

void run_program(const struct program *p)
{
	uint32_t at = 0, made = 0;

	cover_run_begin();
	while (at < p->n) {
		at += run_call(p, at);
		made++;
	}
	tasks_end();
	cover_call_begin();
	objects_drop(p->call[0].a & 0x80);
	names_drop();
	cover_call_end(OP_CLOSE, 0);
	__atomic_add_fetch(&shared->programs, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&shared->calls, made, __ATOMIC_RELAXED);
}
