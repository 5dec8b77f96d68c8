// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who has submissions to io_uring pending exits, is killed, executes another program,
 * or closes what they are of; many at once; and a thread that changes them meanwhile.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"
#include "uring_cmd.h"

#include <pthread.h>

/* What is done to who has commands pending. */
enum fate { EXITS, IS_KILLED, EXECS, CLOSES_RING, FATES };

/* In a child: a receiver, a sender, readers, a writer and pollers wait for ever. */
static void leave_pending(int fd, int full, enum fate fate, int up)
{
	static struct fastipc_recv recv;
	static struct fastipc_send send;
	static char buf[8];
	struct io_uring_sqe read = { .opcode = IORING_OP_READ,
				     .fd = fd,
				     .addr = (uintptr_t)buf,
				     .len = 8 };
	struct io_uring_sqe write_ = { .opcode = IORING_OP_WRITE,
				       .fd = full,
				       .addr = (uintptr_t)buf,
				       .len = 1 };
	struct io_uring_sqe poll = { .user_data = 0 };
	struct uring u;
	int i;

	recv = recv_of(buf, 8);
	send = send_of("x", 1);
	fastipc_prep_wait_multishot(&poll, fd, POLLIN);
	if (uring_open(&u) ||
	    submit_behind(&u, fd, POLLIN, FASTIPC_RECV, &recv) ||
	    submit_behind(&u, full, POLLOUT, FASTIPC_SEND, &send))
		_exit(2);
	for (i = 0; i < 4; i++)
		if (uring_submit(&u, &read) || uring_submit(&u, &write_) ||
		    uring_submit(&u, &poll))
			_exit(3);
	if (!is_pending(&u) || write(up, "", 1) != 1)
		_exit(4);
	switch (fate) {
	case EXITS:
		_exit(0);
	case EXECS:
		execl("/bin/true", "true", NULL);
		execl("/bin/busybox", "true", NULL);
		_exit(5);
	case CLOSES_RING:
		uring_close(&u);
		close(fd);
		close(full);
		pause();
		_exit(6);
	default:
		pause();
		_exit(7);
	}
}

/* Whatever happens to it, its ends die, and nobody hangs. */
TEST(what_is_pending_keeps_nobody)
{
	int fate, fd, full, up[2], status;
	struct fastipc_recv recv;
	struct fastipc_peer peer = { .size = sizeof(peer),
				     .flags = O_RDWR | O_CLOEXEC };
	pid_t pid;
	char c;

	for (fate = 0; fate < FATES; fate++) {
		fd = raw_open(O_RDWR);
		full = raw_open(O_RDWR);
		ASSERT_EQ(0, pipe2(up, O_CLOEXEC));
		ASSERT_EQ(0, raw_setup(fd, 4096, 0));
		ASSERT_EQ(0, raw_setup(full, 4096, 0));
		pid = fork_bound();
		if (!pid) {
			int mine = raw_ioctl(fd, FASTIPC_PEER, &peer);
			int filled = raw_ioctl(full, FASTIPC_PEER, &peer);

			close(fd);
			close(full);
			fill_ring(filled);
			leave_pending(mine, filled, fate, up[1]);
		}
		ASSERT_EQ(1, read(up[0], &c, 1));
		if (fate == IS_KILLED)
			kill(pid, SIGKILL);
		/* For the ring that was closed the process is still there. */
		ASSERT_EQ(-ECONNRESET,
			  raw_recv(fd, &recv, &c, 1, FASTIPC_FOREVER));
		while ((status = raw_recv(full, &recv, &c, 1,
					  FASTIPC_FOREVER)) == 1)
			;
		ASSERT_EQ(-ECONNRESET, status);
		if (fate == CLOSES_RING)
			kill(pid, SIGKILL);
		status = reap(pid);
		ASSERT_EQ(fate == IS_KILLED || fate == CLOSES_RING ?
				  128 + SIGKILL :
				  0,
			  status);
		close(up[0]);
		close(up[1]);
		close(fd);
		close(full);
	}
}

/* A file that is registered with the ring, and closed as a descriptor. */
TEST(a_registered_file_needs_no_descriptor)
{
	struct io_uring_sqe sqe;
	struct fastipc_recv recv;
	struct uring u;
	int fd[2];
	char c;

	ASSERT_EQ(0, raw_pair(fd, 4096));
	ASSERT_EQ(0, uring_open(&u));
	ASSERT_EQ(0, syscall(SYS_io_uring_register, u.fd, IORING_REGISTER_FILES,
			     &fd[1], 1));
	close(fd[1]);
	recv = recv_of(&c, 1);
	sqe.user_data = 1;
	fastipc_prep_wait(&sqe, 0, POLLIN);
	sqe.flags = IOSQE_FIXED_FILE | IOSQE_IO_LINK;
	uring_push(&u, &sqe);
	sqe = command(0, FASTIPC_RECV, &recv);
	sqe.flags = IOSQE_FIXED_FILE | IOSQE_ASYNC;
	uring_push(&u, &sqe);
	ASSERT_EQ(0, uring_enter(&u, 2));
	ASSERT_TRUE(is_pending(&u));
	ASSERT_EQ(1, raw_send(fd[0], "x", 1, 0));
	ASSERT_EQ(1, result_behind(&u, &recv));
	uring_close(&u);
	/* With the ring the end goes. */
	ASSERT_EQ(-ECONNRESET, raw_recv(fd[0], &recv, &c, 1, FASTIPC_FOREVER));
	close(fd[0]);
}

/* Many at once --------------------------------------------------------------- */

TEST(one_call_sends_to_64_channels)
{
	static int fd[URING_ENTRIES][2];
	static struct fastipc_send send[URING_ENTRIES];
	struct fastipc_recv recv;
	struct uring u;
	uint64_t user;
	int i, res;
	char c;

	ASSERT_EQ(0, uring_open(&u));
	for (i = 0; i < URING_ENTRIES; i++) {
		struct io_uring_sqe sqe;

		ASSERT_EQ(0,
			  raw_pair_of(fd[i], 4096, i % 2 ? FASTIPC_SEALED : 0));
		send[i] = send_of("x", 1);
		sqe = command(fd[i][0], FASTIPC_SEND, &send[i]);
		uring_push(&u, &sqe);
	}
	ASSERT_EQ(0, uring_enter(&u, URING_ENTRIES));
	/* No worker, no waiting: all of them are done. */
	for (i = 0; i < URING_ENTRIES; i++) {
		ASSERT_TRUE(uring_reap(&u, &user, &res));
		ASSERT_EQ(1, res);
	}
	for (i = 0; i < URING_ENTRIES; i++) {
		ASSERT_EQ(1, raw_recv(fd[i][1], &recv, &c, 1, 0));
		close(fd[i][0]);
		close(fd[i][1]);
	}
	uring_close(&u);
}

/* Somebody who writes all the while ------------------------------------------ */

static struct {
	struct fastipc_send send;
	struct fastipc_recv recv;
	struct io_uring_sqe *sqe;
	bool stop;
} volatile racing;

static void *scribble(void *arg)
{
	static char buf[64];
	uint32_t x = 1;

	while (!__atomic_load_n(&racing.stop, __ATOMIC_RELAXED)) {
		x = x * 1664525 + 1013904223;
		racing.send.len = x % 3 ? 8 : x;
		racing.send.flags = x % 5 ? 0 : x >> 8;
		racing.send.data = x % 7 ? (uintptr_t)buf : x;
		racing.send.timeout_ns = x % 11 ? 0 : 1;
		racing.recv.len = x % 3 ? 64 : x;
		racing.recv.flags = x % 5 ? 0 : x >> 8;
		racing.recv.data = x % 7 ? (uintptr_t)buf : x;
		racing.recv.timeout_ns = x % 13 ? 0 : 1;
		if (racing.sqe) {
			((volatile char *)racing.sqe)[48 + x % 16] ^= x >> 16;
			((volatile char *)racing.sqe)[56] = 0;
		}
	}
	return NULL;
}

/* Arguments and submissions that change while the kernel reads them. */
TEST(a_thread_changes_everything_meanwhile)
{
	int fd[2], i, res, n = share_of(100000);
	struct fastipc_recv recv;
	struct io_uring_sqe sqe;
	pthread_t thread;
	struct uring u;
	uint64_t user;
	char c;

	ASSERT_EQ(0, raw_pair_of(fd, 4096, FASTIPC_SEALED));
	ASSERT_EQ(0, uring_open(&u));
	racing.stop = false;
	racing.sqe = NULL;
	racing.send = send_of("x", 1);
	racing.recv = recv_of(&c, 1);
	ASSERT_EQ(0, pthread_create(&thread, NULL, scribble, NULL));
	for (i = 0; i < n; i++) {
		if (i % 2)
			sqe = command(fd[0], FASTIPC_SEND,
				      (void *)&racing.send);
		else
			sqe = command(fd[1], FASTIPC_RECV,
				      (void *)&racing.recv);
		if (i % 64 == 63)
			sqe.flags = IOSQE_ASYNC;
		racing.sqe = uring_push(&u, &sqe);
		ASSERT_EQ(0, uring_enter(&u, 1));
		res = uring_wait(&u, &user);
		ASSERT_TRUE(res == 1 || res == -EINVAL || res == -EFAULT ||
			    res == -EAGAIN || res == -EMSGSIZE ||
			    res == -E2BIG || res > 1)
		TH_LOG("%d", res);
	}
	__atomic_store_n(&racing.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	/* The channel is none the worse for it. */
	while (raw_recv(fd[1], &recv, NULL, 0, 0) != -EAGAIN) {
		static char all[1024];

		ASSERT_EQ(1, raw_recv(fd[1], &recv, all, sizeof(all), 0));
	}
	ASSERT_EQ(1, raw_send(fd[0], "x", 1, 0));
	ASSERT_EQ(1, raw_recv(fd[1], &recv, &c, 1, 0));
	uring_close(&u);
	close(fd[0]);
	close(fd[1]);
}

TEST_NOTHING_IS_LEFT()

TEST_HARNESS_MAIN
