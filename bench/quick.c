// SPDX-License-Identifier: MIT
/*
 * quick.c - a quick comparison: fastipc, a pipe, and a SOCK_SEQPACKET socket.
 *
 * Two processes exchange messages (round trip), or one sends to the other as
 * fast as it can (stream).  Everybody does the same work: all of a payload is
 * written by the sender, and all of it is read and checked by the receiver;
 * fastipc's streams do that in place, the others in a buffer of their own.  No
 * messages are batched.  Each measurement has two fresh processes and a fresh
 * channel and lasts a fixed time; the contenders take turns, over several rounds,
 * and the table shows medians.
 */
#include <err.h>
#include <errno.h>
#include <fastipc.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS	     5
#define WARM_SECONDS 0.03
#define SECONDS	     0.15
#define LOOK_EVERY   16 /* messages between two looks at the clock */
#define SMALL	     64
#define LARGE	     16384
#define BUFFER_BYTES (128 << 10) /* of the ring, and of each pipe */

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

static const char usage[] =
	"Usage: quick\n"
	"Compare fastipc with a pipe and a SOCK_SEQPACKET socket, in about ten seconds.\n";

/**
 * struct channel - between the two processes, of whatever kind
 * @end: fastipc: both ends, until the fork
 * @own: fastipc: the end of this process
 * @fd: the others: for [parent, child], [to receive from, to send to]
 * @in: the others: this process receives from it
 * @out: the others: this process sends to it
 * @buf: the others: for one payload
 */
struct channel {
	struct fastipc *end[2];
	struct fastipc *own;
	int fd[2][2];
	int in;
	int out;
	uint64_t buf[LARGE / sizeof(uint64_t)];
};

/**
 * struct contender - one kind of channel
 * @name: for the table
 * @make: before the fork
 * @choose: after it: become the parent (0) or the child (1)
 * @send: send a payload of a number, or why not (-EPIPE: the other has ended)
 * @recv: receive the payload of a number, or why not
 * @exchange: send the payload of a number and receive one, or why not
 */
struct contender {
	const char *name;
	void (*make)(struct channel *c);
	void (*choose)(struct channel *c, int side);
	int (*send)(struct channel *c, uint64_t number, size_t len);
	int (*recv)(struct channel *c, uint64_t number, size_t len);
	int (*exchange)(struct channel *c, uint64_t out, uint64_t in,
			size_t len);
};

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

static void check(const char *call, int ret)
{
	if (ret < 0)
		errx(1, "%s: %s", call, strerror(-ret));
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* Payloads ------------------------------------------------------------------- */

static void fill(uint64_t *payload, uint64_t number, size_t len)
{
	size_t i;

	for (i = 0; i < len / sizeof(*payload); i++)
		payload[i] = number + i;
}

static void verify(const uint64_t *payload, uint64_t number, size_t len)
{
	uint64_t wrong = 0;
	size_t i;

	for (i = 0; i < len / sizeof(*payload); i++)
		wrong |= payload[i] ^ (number + i);
	if (wrong)
		errx(1, "message %llu has a wrong payload",
		     (unsigned long long)number);
}

/* fastipc -------------------------------------------------------------------- */

static void pair_make(struct channel *c)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .ring_bytes = BUFFER_BYTES };

	check("fastipc_pair", fastipc_pair(c->end, &options));
}

static void pair_choose(struct channel *c, int side)
{
	if (side == 0) {
		fastipc_close(c->end[1]);
		c->own = c->end[0];
		return;
	}
	close(fastipc_fd(c->end[0]));
	check("fastipc_adopt", fastipc_adopt(&c->own, fastipc_fd(c->end[1])));
}

static int pair_send(struct channel *c, uint64_t number, size_t len)
{
	void *payload;
	int ret;

	ret = fastipc_reserve(c->own, len, &payload, 0);
	if (ret)
		return ret;
	fill(payload, number, len);
	return fastipc_commit(c->own, len, 0);
}

static int pair_recv(struct channel *c, uint64_t number, size_t len)
{
	struct fastipc_msg msg;
	int ret;

	ret = fastipc_take(c->own, &msg, 0);
	if (ret)
		return ret;
	if (msg.len != len)
		errx(1, "a message of %zu bytes", msg.len);
	verify(msg.data, number, len);
	return fastipc_done(c->own, &msg);
}

static int pair_exchange(struct channel *c, uint64_t out, uint64_t in,
			 size_t len)
{
	ssize_t n;

	fill(c->buf, out, len);
	n = fastipc_exchange(c->own, c->buf, len, c->buf, sizeof(c->buf), -1);
	if (n < 0)
		return n;
	if ((size_t)n != len)
		errx(1, "a message of %zd bytes", n);
	verify(c->buf, in, len);
	return 0;
}

/* Pipe and socket ------------------------------------------------------------ */

static void pipe_make(struct channel *c)
{
	int i, fd[2];

	for (i = 0; i < 2; i++) {
		if (pipe2(fd, O_CLOEXEC) ||
		    fcntl(fd[1], F_SETPIPE_SZ, BUFFER_BYTES) < 0)
			err(1, "pipe");
		c->fd[i][0] = fd[0];
		c->fd[!i][1] = fd[1];
	}
}

static void socket_make(struct channel *c)
{
	int i, fd[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd))
		err(1, "socketpair");
	for (i = 0; i < 2; i++) {
		c->fd[i][0] = fd[i];
		c->fd[i][1] = dup(fd[i]);
		if (c->fd[i][1] < 0)
			err(1, "dup");
	}
}

static void fd_choose(struct channel *c, int side)
{
	c->in = c->fd[side][0];
	c->out = c->fd[side][1];
	close(c->fd[!side][0]);
	close(c->fd[!side][1]);
}

static int fd_send(struct channel *c, uint64_t number, size_t len)
{
	const char *data = (const char *)c->buf;
	ssize_t n;

	fill(c->buf, number, len);
	while (len) {
		n = write(c->out, data, len);
		if (n < 0)
			return -errno;
		data += n;
		len -= n;
	}
	return 0;
}

static int fd_recv(struct channel *c, uint64_t number, size_t len)
{
	size_t got;
	ssize_t n;

	for (got = 0; got < len; got += n) {
		n = read(c->in, (char *)c->buf + got, len - got);
		if (n < 0)
			return -errno;
		if (!n)
			return -EPIPE;
	}
	verify(c->buf, number, len);
	return 0;
}

static int fd_exchange(struct channel *c, uint64_t out, uint64_t in, size_t len)
{
	int ret = fd_send(c, out, len);

	return ret ? ret : fd_recv(c, in, len);
}

static void any_close(struct channel *c)
{
	fastipc_close(c->own);
	if (!c->own) {
		close(c->in);
		close(c->out);
	}
}

static const struct contender contenders[] = {
	{ "fastipc", pair_make, pair_choose, pair_send, pair_recv,
	  pair_exchange },
	{ "pipe", pipe_make, fd_choose, fd_send, fd_recv, fd_exchange },
	{ "SEQPACKET", socket_make, fd_choose, fd_send, fd_recv, fd_exchange },
};

#define CONTENDERS ARRAY_SIZE(contenders)

/* Measuring ------------------------------------------------------------------ */

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
	{ "stream 64 B", "M/s", SMALL, true, false, millions },
	{ "stream 16 KiB", "GB/s", LARGE, true, false, gigabytes },
};

#define TESTS ARRAY_SIZE(tests)

/**
 * struct results - what was measured
 * @rate: messages or round trips a second; the rounds sorted, once all are there
 */
struct results {
	double rate[TESTS][CONTENDERS][ROUNDS];
};

/* The child: send, or answer, until the parent ends. */
static int child(const struct contender *by, struct channel *c,
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
	return 0;
}

/* Messages a second, or exchanges, at the parent. */
static double rate(const struct contender *by, struct channel *c,
		   const struct test *test)
{
	uint64_t number, first = 0;
	double t, begin = now();
	bool warm = false;

	for (number = 0;; number++) {
		if (number % LOOK_EVERY == 0) {
			t = now();
			if (warm && t - begin >= SECONDS)
				return (number - first) / (t - begin);
			if (!warm && t - begin >= WARM_SECONDS) {
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
		err(1, "sched_getaffinity");
	some = all;
	if (one) {
		while (!CPU_ISSET(cpu, &all))
			cpu++;
		CPU_ZERO(&some);
		CPU_SET(cpu, &some);
	}
	if (sched_setaffinity(0, sizeof(some), &some))
		err(1, "sched_setaffinity");
}

static double measure(const struct contender *by, const struct test *test)
{
	struct channel c = { 0 };
	double result;
	int status;
	pid_t pid;

	choose_cpus(test->one_cpu);
	by->make(&c);
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	by->choose(&c, !pid);
	if (!pid)
		_exit(child(by, &c, test));
	result = rate(by, &c, test);
	any_close(&c);
	if (waitpid(pid, &status, 0) != pid || status)
		errx(1, "%s: the child failed", by->name);
	return result;
}

/* Results -------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void sort(struct results *r)
{
	unsigned int t, i;

	for (t = 0; t < TESTS; t++)
		for (i = 0; i < CONTENDERS; i++)
			qsort(r->rate[t][i], ROUNDS, sizeof(double), compare);
}

static double median(const struct results *r, unsigned int t, unsigned int i)
{
	return r->rate[t][i][ROUNDS / 2];
}

/* Time needed for the same, when fastipc needs 1. */
static double ratio(const struct results *r, unsigned int t, unsigned int i)
{
	return median(r, t, 0) / median(r, t, i);
}

static double largest_spread(const struct results *r)
{
	double spread, largest = 1;
	unsigned int t, i;

	for (t = 0; t < TESTS; t++) {
		for (i = 0; i < CONTENDERS; i++) {
			spread = r->rate[t][i][ROUNDS - 1] / r->rate[t][i][0];
			if (spread > largest)
				largest = spread;
		}
	}
	return largest;
}

static void show_table(const struct results *r)
{
	const struct test *test;
	unsigned int t, i;

	printf("%-22s", "");
	for (i = 0; i < CONTENDERS; i++)
		printf("  %21s", contenders[i].name);
	printf("\n");
	for (t = 0; t < TESTS; t++) {
		test = &tests[t];
		printf("%-22s", test->name);
		for (i = 0; i < CONTENDERS; i++)
			printf("  %8.2f %-4s %5.1f x",
			       test->value(median(r, t, i), test->len),
			       test->unit, ratio(r, t, i));
		printf("\n");
	}
	printf("x: time needed for the same; fastipc needs 1.  Medians of %d rounds, which\n"
	       "differed by up to %.1f x.  In a virtual machine without KVM the times are the\n"
	       "emulation's and only the ratios say something; where two CPUs are used, only\n"
	       "if the machine has two to spare.\n",
	       ROUNDS, largest_spread(r));
}

static void show_summary(const struct results *r)
{
	unsigned int t, i;

	printf("time needed, fastipc 1:");
	for (i = 1; i < CONTENDERS; i++) {
		printf("%s %s", i > 1 ? "," : "", contenders[i].name);
		for (t = 0; t < TESTS; t++)
			printf(" %.1f", ratio(r, t, i));
	}
	printf("\n");
}

int main(int argc, char **argv)
{
	static struct results r;
	unsigned int round, t, i;
	bool help;

	if (argc > 1) {
		help = !strcmp(argv[1], "--help");
		fputs(usage, help ? stdout : stderr);
		return help ? 0 : 2;
	}
	signal(SIGPIPE, SIG_IGN);
	for (round = 0; round < ROUNDS; round++) {
		fprintf(stderr, "  round %u of %u\n", round + 1, ROUNDS);
		for (t = 0; t < TESTS; t++)
			for (i = 0; i < CONTENDERS; i++)
				r.rate[t][i][round] =
					measure(&contenders[i], &tests[t]);
	}
	sort(&r);
	show_table(&r);
	show_summary(&r);
	return 0;
}
