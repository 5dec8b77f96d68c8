// SPDX-License-Identifier: GPL-2.0-only
/*
 * What fastipc does.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "count.h"
#include "../ring.h"
#include "fastipc.h"

#define SMALL  48
#define MANY   4000
#define CALM   200000
#define CGROUP "/sys/fs/cgroup/fastipc-gate"

static char buf[BYTES];

struct pair {
	struct fastipc *end[2];
	int fd[2];
};

static struct pair make(uint32_t flags)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .flags = flags };
	struct pair e;

	must(!fastipc_pair(e.end, &options));
	e.fd[0] = fastipc_fd(e.end[0]);
	e.fd[1] = fastipc_fd(e.end[1]);
	return e;
}

static void unmake(struct pair *e)
{
	fastipc_close(e->end[0]);
	fastipc_close(e->end[1]);
}

/* Both sides run -------------------------------------------------------------- */

static void copy_move(void *arg)
{
	struct pair *e = arg;

	fastipc_send(e->end[0], buf, SMALL, 0);
	fastipc_recv(e->end[1], buf, sizeof(buf), 0);
}

static void place_move(void *arg)
{
	struct pair *e = arg;
	struct fastipc_msg msg;
	void *payload;

	fastipc_reserve(e->end[0], SMALL, &payload, 0);
	fastipc_commit(e->end[0], SMALL, 0);
	fastipc_take(e->end[1], &msg, 0);
	fastipc_done(e->end[1], &msg);
}

/* The ring's code alone, in line, with a length that is known. */
static void ring_move(void *arg)
{
	struct payload p = { { 0 } };

	ends_send(arg, 0, &p, true, false);
	ends_recv(arg, 1, &p, true);
	__asm__ volatile("" ::"m"(p));
}

static void count_direct(void)
{
	struct pair e = make(0);
	int i;

	/* Thousands of fences in vain, and there are none. */
	for (i = 0; i < CALM; i++)
		copy_move(&e);
	count("ring-move", ring_move, ends_make(65536, false));
	count("direct-move", copy_move, &e);
	count("direct-move-in-place", place_move, &e);
	must(fastipc_recv(e.end[1], buf, sizeof(buf), FASTIPC_NOWAIT) ==
	     -EAGAIN);
	unmake(&e);
}

/* The kernel moves ---------------------------------------------------------- */

static int kernel_send(int fd, uint32_t flags, struct fastipc_recv *then)
{
	struct fastipc_send send = { .size = sizeof(send),
				     .flags = flags,
				     .data = (uintptr_t)buf,
				     .len = BYTES,
				     .then = (uintptr_t)then,
				     .timeout_ns = FASTIPC_FOREVER };

	return ioctl(fd, FASTIPC_SEND, &send);
}

static int kernel_recv(int fd)
{
	struct fastipc_recv recv = { .size = sizeof(recv),
				     .data = (uintptr_t)buf,
				     .len = sizeof(buf),
				     .timeout_ns = FASTIPC_FOREVER };

	return ioctl(fd, FASTIPC_RECV, &recv);
}

static void kernel_move(void *arg)
{
	struct pair *e = arg;

	must(kernel_send(e->fd[0], 0, NULL) == 1);
	must(kernel_recv(e->fd[1]) == 1);
}

static void take_move(void *arg)
{
	struct pair *e = arg;
	struct fastipc_msg msg;

	must(!fastipc_send(e->end[0], buf, BYTES, 0));
	must(!fastipc_take(e->end[1], &msg, 0));
	must(!fastipc_done(e->end[1], &msg));
}

static void count_sealed(void)
{
	struct pair e = make(FASTIPC_SEALED);

	count("sealed-move-recv", kernel_move, &e);
	count("sealed-move-take", take_move, &e);
	unmake(&e);
}

/* Blocked --------------------------------------------------------------------- */

static void exchange_ask(void *arg)
{
	struct pair *e = arg;

	must(fastipc_exchange(e->end[0], buf, BYTES, buf, sizeof(buf), -1) ==
	     BYTES);
}

static void exchange_answer(void *arg)
{
	struct pair *e = arg;

	must(fastipc_exchange(e->end[1], buf, BYTES, buf, sizeof(buf), -1) ==
	     BYTES);
}

static void exchange_first(void *arg)
{
	struct pair *e = arg;

	must(!fastipc_adopt(&e->end[1], e->fd[1]));
	must(fastipc_recv(e->end[1], buf, sizeof(buf), 0) == BYTES);
}

static void kernel_ask(void *arg)
{
	struct pair *e = arg;
	struct fastipc_recv recv = { .size = sizeof(recv),
				     .data = (uintptr_t)buf,
				     .len = sizeof(buf) };

	must(kernel_send(e->fd[0], FASTIPC_SEND_THEN_RECV, &recv) == 1);
}

static void kernel_answer(void *arg)
{
	struct pair *e = arg;
	struct fastipc_recv recv = { .size = sizeof(recv),
				     .data = (uintptr_t)buf,
				     .len = sizeof(buf) };

	must(kernel_send(e->fd[1], FASTIPC_SEND_THEN_RECV, &recv) == 1);
}

static void kernel_first(void *arg)
{
	must(kernel_recv(((struct pair *)arg)->fd[1]) == 1);
}

/* What happens for each round trip, beside instructions. */
static void report_event(const char *name, const char *event, uint64_t sum)
{
	char line[64];

	snprintf(line, sizeof(line), "%s-%s", name, event);
	report(line, sum / ((double)PAIRS * (RUNS + 1) * times));
}

static void exchange(const char *name, uint32_t flags, void (*first)(void *arg),
		     void (*answer)(void *arg), void (*ask)(void *arg))
{
	struct fastipc_stat stat;
	struct rusage before, after;
	struct pair e = make(flags);

	if (!wanted(name))
		return;
	must(!getrusage(RUSAGE_SELF, &before));
	count_round_trip(name, first, answer, ask, &e);
	must(!getrusage(RUSAGE_SELF, &after));
	must(!fastipc_stat(e.end[0], &stat));
	report_event(name, "syncs", stat.syncs);
	report_event(name, "wakes", stat.wakes);
	report_event(name, "sleeps", stat.sleeps);
	report_event(name, "switches", after.ru_nvcsw - before.ru_nvcsw);
	unmake(&e);
}

/* Memory ---------------------------------------------------------------------- */

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	must(fd >= 0);
	must(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static double charged(void)
{
	FILE *file = fopen(CGROUP "/memory.current", "r");
	double bytes;

	must(file && fscanf(file, "%lf", &bytes) == 1);
	fclose(file);
	return bytes;
}

/* Of the smallest pair, with two descriptors and all that they bring. */
static void count_memory(void)
{
	static struct fastipc *end[MANY][2];
	struct fastipc_options options = { .size = sizeof(options),
					   .ring_bytes = 4096 };
	struct rlimit limit = { 2 * MANY + 100, 2 * MANY + 100 };
	double before;
	int i;

	if (!wanted("idle-pair-bytes"))
		return;
	must(!setrlimit(RLIMIT_NOFILE, &limit));
	put("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	must(!mkdir(CGROUP, 0755));
	put(CGROUP "/cgroup.procs", "0");
	must(!fastipc_pair(end[0], &options));
	before = charged();
	for (i = 1; i < MANY; i++)
		must(!fastipc_pair(end[i], &options));
	report("idle-pair-bytes", (charged() - before) / (MANY - 1));
	for (i = 0; i < MANY; i++) {
		fastipc_close(end[i][0]);
		fastipc_close(end[i][1]);
	}
}

void count_ends(void)
{
	count_direct();
	count_sealed();
	exchange("exchange", 0, exchange_first, exchange_answer, exchange_ask);
	exchange("exchange-sealed", FASTIPC_SEALED, exchange_first,
		 exchange_answer, exchange_ask);
	exchange("exchange-kernel", 0, kernel_first, kernel_answer, kernel_ask);
	count_memory();
}
