/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kselftests share: the module's calls (raw.h), children (process.h), the
 * variants of a test, counters of the module and of system calls.  Include
 * kselftest_harness.h first.
 */
#ifndef FASTIPC_TEST_H
#define FASTIPC_TEST_H

#include <poll.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <linux/perf_event.h>

#include "process.h"
#include "raw.h"

/*
 * Seconds after which a test is taken to hang.  The harness's 30 are not enough
 * where a slow kernel's machine has not a processor of its own.
 */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 120

/* An end, used in either way. --------------------------------------------- */

/*
 * Through the library, or by the @kernel's calls: read(2) and write(2), and the
 * ioctls behind them for what these have no words for.  As the library's calls;
 * @timeout_ms 0: do not wait, -1: no limit.
 */
static inline int any_send(struct fastipc *f, bool kernel, const void *buf,
			   size_t len, int timeout_ms)
{
	struct fastipc_send send = { .size = sizeof(send),
				     .data = (uintptr_t)buf,
				     .len = len,
				     .timeout_ns = timeout_ms * 1000000ULL };
	int ret;

	if (!kernel)
		return fastipc_send_timed(f, buf, len, 0, timeout_ms);
	if (timeout_ms < 0) {
		ret = write(fastipc_fd(f), buf, len);
		return ret < 0 ? -errno : ret == len ? 0 : -EIO;
	}
	ret = raw_ioctl(fastipc_fd(f), FASTIPC_SEND, &send);
	return ret < 0 ? ret : 0;
}

static inline ssize_t any_recv(struct fastipc *f, bool kernel, void *buf,
			       size_t cap, int timeout_ms)
{
	struct fastipc_recv recv;
	uint64_t ns = timeout_ms < 0 ? FASTIPC_FOREVER :
				       timeout_ms * 1000000ULL;
	ssize_t ret;

	if (!kernel)
		return fastipc_recv_timed(f, buf, cap, 0, timeout_ms);
	if (timeout_ms < 0 && cap) {
		ret = read(fastipc_fd(f), buf, cap);
		if (ret)
			return ret < 0 ? -errno : ret;
		ns = 0; /* the end, of which read(2) does not say the reason */
	}
	ret = raw_recv(fastipc_fd(f), &recv, buf, cap, ns);
	return ret < 0 ? ret : recv.len;
}

/* Leave in order. */
static inline void any_close(struct fastipc *f, bool kernel)
{
	if (f && kernel)
		raw_shutdown(fastipc_fd(f), FASTIPC_SHUT_ON_CLOSE);
	fastipc_close(f);
}

/* The variants of a fixture: both sorts of pair. */
#define VARIANTS_OF_SORT(type)                      \
	FIXTURE_VARIANT(type)                       \
	{                                           \
		uint32_t flags;                     \
	};                                          \
	FIXTURE_VARIANT_ADD(type, direct) { 0 };    \
	FIXTURE_VARIANT_ADD(type, sealed) { FASTIPC_SEALED }

/*
 * The variants of a fixture: both sorts of pair, used through the library; and
 * with an end 0 (writer) or 1 (reader) that knows only the kernel's calls.
 */
#define VARIANTS_OF_USE(type)                                             \
	FIXTURE_VARIANT(type)                                             \
	{                                                                 \
		uint32_t flags;                                           \
		bool kernel[2];                                           \
	};                                                                \
	FIXTURE_VARIANT_ADD(type, direct) { 0, { 0, 0 } };                \
	FIXTURE_VARIANT_ADD(type, sealed) { FASTIPC_SEALED, { 0, 0 } };   \
	FIXTURE_VARIANT_ADD(type, direct_writer) { 0, { 1, 0 } };         \
	FIXTURE_VARIANT_ADD(type, direct_reader) { 0, { 0, 1 } };         \
	FIXTURE_VARIANT_ADD(type, sealed_writer)                          \
	{                                                                 \
		FASTIPC_SEALED, { 1, 0 }                                  \
	};                                                                \
	FIXTURE_VARIANT_ADD(type, sealed_reader)                          \
	{                                                                 \
		FASTIPC_SEALED, { 0, 1 }                                  \
	}

/* A long loop is shorter on a kernel that is slow: FASTIPC_TEST_SHARE=50, a 50th. */
static inline int share_of(int n)
{
	const char *share = getenv("FASTIPC_TEST_SHARE");
	int divisor = share ? atoi(share) : 1;

	return n > divisor ? n / divisor : 1;
}

/* How often: as often as said in the first variant, else a tenth. */
static inline int times(uint32_t flags, const bool kernel[2], int n)
{
	return share_of(flags || kernel[0] || kernel[1] ? n / 10 : n);
}

/* Bytes that a message occupies in a pair. */
static inline uint64_t footprint(uint32_t flags, uint64_t len)
{
	return flags & FASTIPC_SEALED ? FASTIPC_SEALED_FOOTPRINT(len) :
					FASTIPC_FOOTPRINT(len);
}

/* Counters ---------------------------------------------------------------- */

/* /sys/module/fastipc/parameters/NAME, or -1 */
static inline long long module_counter(const char *name)
{
	char path[128];
	long long value = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/module/fastipc/parameters/%s", name);
	f = fopen(path, "r");
	if (!f)
		return -1;
	if (fscanf(f, "%lld", &value) != 1)
		value = -1;
	fclose(f);
	return value;
}

struct counters {
	long long channels, endpoints, bytes, late_wakes;
};

static inline struct counters counters_now(void)
{
	return (struct counters){ module_counter("channels"),
				  module_counter("endpoints"),
				  module_counter("bytes"),
				  module_counter("late_wakes") };
}

/* The last close of a file may lag behind the death of its process: wait. */
static inline bool counters_return_to(struct counters before)
{
	struct counters now;
	int i;

	for (i = 0; i < 3000; i++) {
		now = counters_now();
		if (!memcmp(&now, &before, sizeof(now)))
			return true;
		usleep(10000);
	}
	fprintf(stderr,
		"# counters: channels %lld/%lld endpoints %lld/%lld bytes %lld/%lld late_wakes %lld/%lld\n",
		now.channels, before.channels, now.endpoints, before.endpoints,
		now.bytes, before.bytes, now.late_wakes, before.late_wakes);
	return false;
}

/* What is alive before the first test of a program. */
static struct counters at_start;

static __attribute__((constructor, unused)) void remember_counters(void)
{
	at_start = counters_now();
}

/*
 * The last line before TEST_HARNESS_MAIN: whatever the tests did is undone.  A
 * fixture, because plain tests run before all fixtures.
 */
#define TEST_NOTHING_IS_LEFT()                              \
	FIXTURE(afterwards) {};                             \
	FIXTURE_SETUP(afterwards) {}                        \
	FIXTURE_TEARDOWN(afterwards) {}                     \
	TEST_F(afterwards, nothing_is_left)                 \
	{                                                   \
		ASSERT_LE(0, at_start.channels);            \
		ASSERT_TRUE(counters_return_to(at_start));  \
	}

/*
 * Count system calls of the calling process from here on, in all its threads
 * and children: a perf event on raw_syscalls:sys_enter.
 */
static inline int syscalls_begin(void)
{
	struct perf_event_attr attr = { .size = sizeof(attr),
					.type = PERF_TYPE_TRACEPOINT,
					.inherit = 1 };
	long long id = -1;
	FILE *f;

	f = fopen("/sys/kernel/tracing/events/raw_syscalls/sys_enter/id", "r");
	if (!f || fscanf(f, "%lld", &id) != 1)
		return -1;
	fclose(f);
	attr.config = id;
	return syscall(SYS_perf_event_open, &attr, 0, -1, -1,
		       PERF_FLAG_FD_CLOEXEC);
}

static inline long long syscalls_end(int fd)
{
	long long count = -1;

	if (read(fd, &count, sizeof(count)) != sizeof(count))
		count = -1;
	close(fd);
	return count;
}

/* Children and memory ------------------------------------------------------ */

/*
 * A child that runs @body with its own handle of end[1]; end[0] is closed.  If
 * the end is to be used by the @kernel's calls alone, with the parent's handle,
 * of which only the descriptor is good.
 */
static inline pid_t fork_peer_by(struct fastipc *end[2], bool kernel,
				 int (*body)(struct fastipc *me, void *arg),
				 void *arg)
{
	struct fastipc *me = end[1];
	pid_t pid = fork_bound();
	int ret;

	if (pid)
		return pid;
	close(fastipc_fd(end[0]));
	ret = kernel ? 0 : fastipc_adopt(&me, fastipc_fd(end[1]));
	if (ret) {
		fprintf(stderr, "# adopt: %s\n", strerror(-ret));
		_exit(126);
	}
	ret = body(me, arg);
	any_close(me, kernel);
	_exit(ret);
}

static inline pid_t fork_peer(struct fastipc *end[2],
			      int (*body)(struct fastipc *me, void *arg),
			      void *arg)
{
	return fork_peer_by(end, false, body, arg);
}

/* A free descriptor's number: the next call that makes one gets it. */
static inline int lowest_fd(void)
{
	int fd = dup(STDERR_FILENO);

	close(fd);
	return fd;
}

/* Two pages, of which the second cannot be touched: where that begins. */
static inline char *new_wall(void)
{
	char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + 4096, 4096, PROT_NONE))
		return NULL;
	return p + 4096;
}

#endif /* FASTIPC_TEST_H */
