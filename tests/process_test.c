// SPDX-License-Identifier: GPL-2.0-only
/*
 * Handles and processes: options, one-way ends, the other end, threads, what an
 * unprivileged process may, and what the module shows of it all.  Handles that
 * are none, or another process's, are in handle_test.c.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#include <pthread.h>
#include <sys/resource.h>

FIXTURE(process)
{
	struct fastipc *end[2];
	struct counters before;
};

VARIANTS_OF_SORT(process);

FIXTURE_SETUP(process)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .flags = variant->flags };

	self->before = counters_now();
	ASSERT_EQ(0, fastipc_pair(self->end, &options));
}

FIXTURE_TEARDOWN(process)
{
	fastipc_close(self->end[0]);
	fastipc_close(self->end[1]);
	EXPECT_TRUE(counters_return_to(self->before));
}

TEST_F(process, defaults)
{
	struct fastipc_info info;

	ASSERT_EQ(0, fastipc_info(self->end[1], &info));
	ASSERT_EQ(FASTIPC_RING_DEFAULT, info.ring_bytes);
	ASSERT_EQ(FASTIPC_RING_DEFAULT / 4 - (variant->flags ? 64 : 16),
		  info.max_message);
	ASSERT_EQ(variant->flags, info.flags);
	ASSERT_EQ(1, info.end);
	ASSERT_EQ(FASTIPC_MAY_RECV | FASTIPC_MAY_SEND, info.rights);
	ASSERT_GT(fastipc_version(), 0);
}

TEST(ring_bytes_are_rounded_up)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .ring_bytes = 70000 };
	struct fastipc_info info;
	struct fastipc *end[2];

	ASSERT_EQ(0, fastipc_pair(end, &options));
	ASSERT_EQ(0, fastipc_info(end[0], &info));
	ASSERT_EQ(131072, info.ring_bytes);
	fastipc_close(end[0]);
	fastipc_close(end[1]);
}

TEST(too_large_a_ring_is_einval)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .ring_bytes = UINT64_MAX };
	struct fastipc *end[2];

	ASSERT_EQ(-EINVAL, fastipc_pair(end, &options));
}

TEST(too_long_a_message_is_einval)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .ring_bytes = 4096,
					   .max_message = 1009 };
	struct fastipc *end[2];

	ASSERT_EQ(-EINVAL, fastipc_pair(end, &options));
}

TEST(too_long_a_message_for_a_stamp_is_einval)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .ring_bytes = 4096,
					   .max_message = 961,
					   .flags = FASTIPC_SEALED };
	struct fastipc *end[2];

	ASSERT_EQ(-EINVAL, fastipc_pair(end, &options));
}

TEST(an_unknown_flag_of_options_is_einval)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .flags = 4 };
	struct fastipc *end[2];

	ASSERT_EQ(-EINVAL, fastipc_pair(end, &options));
}

TEST(options_without_size_are_einval)
{
	struct fastipc_options options = { .ring_bytes = 4096 };
	struct fastipc *end[2];

	ASSERT_EQ(-EINVAL, fastipc_pair(end, &options));
}

TEST(newer_options_are_e2big_if_used)
{
	struct {
		struct fastipc_options options;
		uint64_t newer;
	} o = { .options.size = sizeof(o) };
	struct fastipc *end[2];

	ASSERT_EQ(0, fastipc_pair(end, &o.options));
	fastipc_close(end[0]);
	fastipc_close(end[1]);
	o.newer = 1;
	ASSERT_EQ(-E2BIG, fastipc_pair(end, &o.options));
}

TEST(too_long_a_spin_is_einval)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .spin_us = 1001 };
	struct fastipc *end[2];

	ASSERT_EQ(-EINVAL, fastipc_pair(end, &options));
}

TEST(a_spin_below_none_is_einval)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .spin_us = -2 };
	struct fastipc *end[2];

	ASSERT_EQ(-EINVAL, fastipc_pair(end, &options));
}

TEST(no_descriptors_left_is_emfile_and_leaks_nothing)
{
	struct counters before = counters_now();
	struct fastipc *end[2];
	struct rlimit old, limit;
	int fd = dup(0), i;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &old));
	for (i = 0; i < 2; i++) {
		limit.rlim_cur = fd + i;
		limit.rlim_max = old.rlim_max;
		ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
		close(fd);
		ASSERT_EQ(-EMFILE, fastipc_pair(end, NULL));
		fd = i ? fd : dup(0);
		if (fd < 0) {
			setrlimit(RLIMIT_NOFILE, &old);
			fd = dup(0);
		}
	}
	setrlimit(RLIMIT_NOFILE, &old);
	ASSERT_TRUE(counters_return_to(before));
}

/* fork(2) ------------------------------------------------------------------- */

TEST_F(process, a_dead_childs_copy_of_the_descriptor_keeps_the_end_alive)
{
	pid_t pid = fork_bound();
	char c;

	if (!pid) {
		pause();
		_exit(0);
	}
	ASSERT_EQ(0, fastipc_send(self->end[0], "x", 1, 0));
	fastipc_close(self->end[0]);
	self->end[0] = NULL;
	ASSERT_EQ(1, fastipc_recv(self->end[1], &c, 1, 0));
	ASSERT_EQ(-ETIMEDOUT, fastipc_recv_timed(self->end[1], &c, 1, 0, 100));
	kill(pid, SIGKILL);
	reap(pid);
	ASSERT_EQ(-EPIPE, fastipc_recv(self->end[1], &c, 1, 0));
}

/* One-way ends --------------------------------------------------------------- */

TEST(one_way_ends)
{
	struct fastipc *tx, *rx;
	struct fastipc_info info;
	char buf[100] = "one way";
	int fd[2];

	fd[0] = raw_open(O_RDWR);
	ASSERT_EQ(0, raw_setup(fd[0], 4096, 0));
	ASSERT_EQ(0, fastipc_adopt(&tx, fd[0]));
	ASSERT_EQ(0, fastipc_peer(&rx, tx, O_RDONLY));
	ASSERT_EQ(0, fastipc_info(rx, &info));
	ASSERT_EQ(FASTIPC_MAY_RECV, info.rights);
	ASSERT_EQ(0, fastipc_send(tx, buf, 8, 0));
	ASSERT_EQ(8, fastipc_recv(rx, buf, sizeof(buf), 0));
	ASSERT_EQ(-EBADF, fastipc_send(rx, buf, 8, 0));
	ASSERT_EQ(-EBADF, fastipc_exchange(rx, buf, 8, buf, 8, 0));
	ASSERT_EQ(-EBADF, fastipc_shutdown(rx, FASTIPC_SHUT_SEND));
	ASSERT_EQ(-EBUSY, fastipc_peer(&rx, tx, O_RDONLY));
	fastipc_close(tx);
	ASSERT_EQ(-EPIPE, fastipc_recv(rx, buf, 8, 0));
	fastipc_close(rx);
}

TEST(one_way_sender)
{
	struct rlimit old, none;
	struct fastipc *tx, *rx;
	char buf[100];
	int fd, i;

	fd = raw_open(O_RDWR);
	ASSERT_EQ(0, raw_setup(fd, 4096, 0));
	ASSERT_EQ(0, fastipc_adopt(&rx, fd));
	ASSERT_EQ(0, fastipc_peer(&tx, rx, O_WRONLY));
	/* It is mapped through a file of its own; this is closed again. */
	fd = lowest_fd();
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &old));
	none = (struct rlimit){ fd, old.rlim_max };
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	ASSERT_EQ(-EMFILE, fastipc_send(tx, buf, 100, 0));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(0, fastipc_send(tx, buf, 100, 0));
		ASSERT_EQ(100, fastipc_recv(rx, buf, 100, 0));
	}
	ASSERT_EQ(fd, lowest_fd());
	ASSERT_EQ(-EBADF, fastipc_recv(tx, buf, 8, 0));
	ASSERT_EQ(POLLOUT, fastipc_wait(tx, POLLIN | POLLOUT, 0));
	fastipc_close(rx);
	ASSERT_EQ(-EPIPE, fastipc_send(tx, buf, 8, 0));
	fastipc_close(tx);
}

/* The other end ---------------------------------------------------------------- */

/* One end alone, which has or had a peer, or none yet. */
FIXTURE(other_end)
{
	int fd;
	struct fastipc *f, *other;
};

FIXTURE_SETUP(other_end)
{
	self->fd = raw_open(O_RDWR);
	ASSERT_EQ(0, raw_setup(self->fd, 4096, 0));
	ASSERT_EQ(0, fastipc_adopt(&self->f, self->fd));
}

FIXTURE_TEARDOWN(other_end)
{
	fastipc_close(self->f);
}

TEST_F(other_end, that_is_there_is_ebusy)
{
	int peer = raw_peer(self->fd, O_RDWR);

	ASSERT_LE(0, peer);
	ASSERT_EQ(-EBUSY, fastipc_peer(&self->other, self->f, O_RDWR));
	close(peer);
}

TEST_F(other_end, that_left_in_order_is_epipe)
{
	int peer = raw_peer(self->fd, O_RDWR);

	ASSERT_EQ(0, raw_shutdown(peer, FASTIPC_SHUT_ON_CLOSE));
	close(peer);
	ASSERT_EQ(-EPIPE, fastipc_peer(&self->other, self->f, O_RDWR));
}

TEST_F(other_end, that_vanished_is_econnreset)
{
	int peer = raw_peer(self->fd, O_RDWR);

	ASSERT_LE(0, peer);
	close(peer);
	ASSERT_EQ(-ECONNRESET, fastipc_peer(&self->other, self->f, O_RDWR));
}

TEST_F(other_end, with_an_unknown_flag_is_einval)
{
	ASSERT_EQ(-EINVAL,
		  fastipc_peer(&self->other, self->f, O_RDWR | O_APPEND));
}

TEST_F(other_end, with_both_modes_is_einval)
{
	ASSERT_EQ(-EINVAL, fastipc_peer(&self->other, self->f, O_ACCMODE));
}

TEST_F(other_end, that_may_more_is_eacces)
{
	struct fastipc *reader;
	int fd = raw_open(O_RDONLY);

	ASSERT_EQ(0, raw_setup(fd, 4096, 0));
	ASSERT_EQ(0, fastipc_adopt(&reader, fd));
	ASSERT_EQ(-EACCES, fastipc_peer(&self->other, reader, O_RDWR));
	fastipc_close(reader);
}

TEST_F(other_end, does_not_wait_if_made_so)
{
	char c;

	ASSERT_EQ(0,
		  fastipc_peer(&self->other, self->f, O_RDWR | O_NONBLOCK));
	ASSERT_EQ(-EAGAIN, fastipc_recv(self->other, &c, 1, 0));
	fastipc_close(self->other);
}

/* Threads: one sends while another receives, on the same end. ---------------- */

struct sending {
	struct fastipc *end;
	uint64_t messages;
};

static void *send_thread(void *arg)
{
	struct sending *s = arg;
	uint64_t i;

	for (i = 0; i < s->messages; i++)
		if (fastipc_send(s->end, &i, sizeof(i), 0))
			return arg;
	return NULL;
}

static int echo(struct fastipc *me, void *arg)
{
	char buf[16];
	ssize_t n;

	while ((n = fastipc_recv(me, buf, sizeof(buf), 0)) >= 0)
		if (fastipc_send(me, buf, n, 0))
			return 1;
	return n != -EPIPE;
}

TEST_F_TIMEOUT(process, a_sending_and_a_receiving_thread, 300)
{
	struct sending s = { self->end[0], variant->flags ? 10000 : 100000 };
	pid_t pid = fork_peer(self->end, echo, NULL);
	uint64_t i, got;
	pthread_t thread;
	void *failed;

	fastipc_close(self->end[1]);
	self->end[1] = NULL;
	ASSERT_EQ(0, pthread_create(&thread, NULL, send_thread, &s));
	for (i = 0; i < s.messages; i++) {
		ASSERT_EQ(8, fastipc_recv(self->end[0], &got, 8, 0));
		ASSERT_EQ(i, got);
	}
	pthread_join(thread, &failed);
	ASSERT_EQ(NULL, failed);
	fastipc_close(self->end[0]);
	self->end[0] = NULL;
	ASSERT_EQ(0, reap(pid));
}

/* What can be seen ------------------------------------------------------------ */

TEST_F(process, stat_counts)
{
	struct fastipc_stat stat;
	char c;

	ASSERT_EQ(0, fastipc_send(self->end[0], "abc", 3, 0));
	ASSERT_EQ(-ETIMEDOUT, fastipc_recv_timed(self->end[0], &c, 1, 0, 1));
	ASSERT_EQ(0, fastipc_stat(self->end[1], &stat));
	ASSERT_EQ(2 * (65536 + 4096), stat.bytes);
	ASSERT_EQ(footprint(variant->flags, 3), stat.peer_sent);
	ASSERT_EQ(0, stat.sent);
	ASSERT_EQ(0, stat.released);
	ASSERT_GE(stat.syncs, 1);
	ASSERT_GE(stat.sleeps, 1);
	ASSERT_EQ(0, stat.wakes);
}

TEST_F(process, module_counters)
{
	struct counters now = counters_now();

	ASSERT_EQ(self->before.channels + 1, now.channels);
	ASSERT_EQ(self->before.endpoints + 2, now.endpoints);
	ASSERT_EQ(self->before.bytes + 2 * (65536 + 4096), now.bytes);
}

TEST(tracepoints)
{
	static const char *const names[] = { "fastipc_setup", "fastipc_sleep",
					     "fastipc_wake", "fastipc_ended",
					     "fastipc_poisoned" };
	char path[128];
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path),
			 "/sys/kernel/tracing/events/fastipc/%s/format",
			 names[i]);
		ASSERT_EQ(0, access(path, R_OK));
	}
}

TEST_F(process, an_unprivileged_process_may_use_what_it_was_given)
{
	pid_t pid = fork_bound();
	char c;

	if (!pid) {
		struct fastipc *me;

		close(fastipc_fd(self->end[0]));
		if (setgid(65534) || setuid(65534))
			_exit(1);
		/* The device is not for everybody. */
		if (raw_open(O_RDWR) != -EACCES)
			_exit(2);
		if (fastipc_adopt(&me, fastipc_fd(self->end[1])) ||
		    fastipc_send(me, "u", 1, 0))
			_exit(3);
		fastipc_close(me);
		_exit(0);
	}
	fastipc_close(self->end[1]);
	self->end[1] = NULL;
	ASSERT_EQ(1, fastipc_recv(self->end[0], &c, 1, 0));
	ASSERT_EQ(-EPIPE, fastipc_recv(self->end[0], &c, 1, 0));
	ASSERT_EQ(0, reap(pid));
}

TEST_HARNESS_MAIN
