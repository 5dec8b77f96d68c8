/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kselftests share: raw calls of the module (results as -errno), an
 * end mapped by hand, counters of the module, and a child that dies with its
 * parent.  Include kselftest_harness.h first.
 */
#ifndef FASTIPC_TEST_H
#define FASTIPC_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/perf_event.h>

#include "fastipc.h"

#define DEVICE "/dev/fastipc"

/* Raw calls: a result, or -errno. ------------------------------------------ */

static inline int raw_ioctl(int fd, unsigned long command, void *arg)
{
	int ret = ioctl(fd, command, arg);

	return ret < 0 ? -errno : ret;
}

static inline int raw_open(int flags)
{
	int fd = open(DEVICE, flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static inline int raw_setup(int fd, uint64_t ring_bytes, uint64_t max_message)
{
	struct fastipc_setup setup = {
		.size = sizeof(setup),
		.kind = FASTIPC_KIND_PAIR,
		.ring_bytes = ring_bytes,
		.max_message = max_message,
	};

	return raw_ioctl(fd, FASTIPC_SETUP, &setup);
}

static inline int raw_peer(int fd, int flags)
{
	struct fastipc_peer peer = { .size = sizeof(peer),
				     .flags = flags | O_CLOEXEC };

	return raw_ioctl(fd, FASTIPC_PEER, &peer);
}

static inline int raw_info(int fd, struct fastipc_info *info)
{
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	return raw_ioctl(fd, FASTIPC_INFO, info);
}

static inline int raw_stat(int fd, struct fastipc_stat *stat)
{
	memset(stat, 0, sizeof(*stat));
	stat->size = sizeof(*stat);
	return raw_ioctl(fd, FASTIPC_STAT, stat);
}

static inline int raw_map(int fd)
{
	struct fastipc_map map = { .size = sizeof(map) };

	return raw_ioctl(fd, FASTIPC_MAP, &map);
}

static inline int raw_shutdown(int fd, int how)
{
	struct fastipc_shutdown down = { .size = sizeof(down), .how = how };

	return raw_ioctl(fd, FASTIPC_SHUTDOWN, &down);
}

/* FASTIPC_SYNC, all of it */
static inline int sync_with(int fd, uint32_t flags, uint64_t position,
			    uint64_t need, uint64_t timeout_ns)
{
	struct fastipc_sync sync = { .size = sizeof(sync),
				     .flags = flags,
				     .position = position,
				     .need = need,
				     .timeout_ns = timeout_ns };

	return raw_ioctl(fd, FASTIPC_SYNC, &sync);
}

/* wake or wait for a message */
static inline int raw_sync(int fd, uint32_t flags, uint64_t timeout_ns)
{
	return sync_with(fd, flags, 0, 0, timeout_ns);
}

/* wait for space */
static inline int raw_sync_send(int fd, uint64_t position, uint64_t need,
				uint64_t timeout_ns)
{
	return sync_with(fd, FASTIPC_SYNC_WAIT_SEND, position, need,
			 timeout_ns);
}

/* A pair by raw calls, with FASTIPC_SEALED or 0; fd[0] is end 0. */
static inline int raw_pair_of(int fd[2], uint64_t ring_bytes, uint32_t flags)
{
	struct fastipc_setup setup = { .size = sizeof(setup),
				       .flags = flags,
				       .kind = FASTIPC_KIND_PAIR,
				       .ring_bytes = ring_bytes };
	int ret;

	fd[0] = raw_open(O_RDWR);
	if (fd[0] < 0)
		return fd[0];
	ret = raw_ioctl(fd[0], FASTIPC_SETUP, &setup);
	if (ret)
		return ret;
	fd[1] = raw_peer(fd[0], O_RDWR);
	return fd[1] < 0 ? fd[1] : 0;
}

static inline int raw_pair(int fd[2], uint64_t ring_bytes)
{
	return raw_pair_of(fd, ring_bytes, 0);
}

/* Have one message sent; no waiting. */
static inline int raw_send(int fd, const void *buf, size_t len, uint32_t flags)
{
	struct fastipc_send send = { .size = sizeof(send),
				     .flags = flags,
				     .data = (uintptr_t)buf,
				     .len = len };

	return raw_ioctl(fd, FASTIPC_SEND, &send);
}

/* Receive one message; its length is in @recv->len. */
static inline int raw_recv(int fd, struct fastipc_recv *recv, void *buf,
			   size_t cap, uint64_t timeout_ns)
{
	*recv = (struct fastipc_recv){ .size = sizeof(*recv),
				       .data = (uintptr_t)buf,
				       .len = cap,
				       .timeout_ns = timeout_ns };
	return raw_ioctl(fd, FASTIPC_RECV, recv);
}

/* An end, mapped by hand. ------------------------------------------------- */

struct mapped {
	struct fastipc_info info;
	struct fastipc_control *own;	    /* read-write */
	const struct fastipc_control *peer; /* read-only */
	char *send;			    /* read-write, twice; or NULL */
	const char *recv;		    /* read-only, twice */
};

static inline void *map_at(int fd, uint64_t offset, uint64_t bytes, int prot)
{
	return mmap(NULL, bytes, prot, MAP_SHARED, fd, offset);
}

/* Map all of an O_RDWR end: 0, or -errno. */
static inline int raw_map_end(int fd, struct mapped *m)
{
	const int rw = PROT_READ | PROT_WRITE;
	struct fastipc_info *info = &m->info;
	int ret = raw_info(fd, info);

	if (ret)
		return ret;
	m->own = map_at(fd, info->own_control, info->control_bytes, rw);
	m->peer =
		map_at(fd, info->peer_control, info->control_bytes, PROT_READ);
	m->send = NULL;
	if (!(info->flags & FASTIPC_SEALED))
		m->send = map_at(fd, info->send_ring, 2 * info->ring_bytes, rw);
	m->recv = map_at(fd, info->recv_ring, 2 * info->ring_bytes, PROT_READ);
	if (m->own == MAP_FAILED || m->peer == MAP_FAILED ||
	    m->send == MAP_FAILED || m->recv == MAP_FAILED)
		return -errno;
	return 0;
}

static inline void raw_unmap_end(struct mapped *m)
{
	munmap(m->own, m->info.control_bytes);
	munmap((void *)m->peer, m->info.control_bytes);
	if (m->send)
		munmap(m->send, 2 * m->info.ring_bytes);
	munmap((void *)m->recv, 2 * m->info.ring_bytes);
}

/* Publish by hand at a position; no wake. */
static inline void raw_publish(struct mapped *m, uint64_t position,
			       uint64_t word)
{
	struct fastipc_record *r;

	r = (void *)(m->send + (position & (m->info.ring_bytes - 1)));
	__atomic_store_n(&r->word, word, __ATOMIC_RELEASE);
}

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

/* A long loop is shorter on a kernel that is slow: FASTIPC_TEST_SHARE=25, a 25th. */
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

/* Processes --------------------------------------------------------------- */

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

static inline uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

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

/* The kernel as producer and consumer ------------------------------------- */

/* Whether there is nothing to receive at an end that nobody has mapped. */
static inline bool nothing_at(int fd)
{
	struct fastipc_recv recv;
	char c;

	return raw_recv(fd, &recv, &c, 1, 0) == -EAGAIN;
}

/* Send one byte after the other until there is no space: how many. */
static inline int fill_ring(int fd)
{
	int n = 0;

	while (raw_send(fd, "f", 1, 0) == 1)
		n++;
	return n;
}

/* Map an end's own control page, and so the end: its address, or NULL. */
static inline struct fastipc_control *raw_map_control(int fd)
{
	struct fastipc_info info;
	void *p;

	if (raw_info(fd, &info))
		return NULL;
	p = map_at(fd, info.own_control, info.control_bytes,
		   PROT_READ | PROT_WRITE);
	return p == MAP_FAILED ? NULL : p;
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

#endif /* FASTIPC_TEST_H */
