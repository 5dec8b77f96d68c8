// SPDX-License-Identifier: GPL-2.0-only
/*
 * What io_uring can do with any file, done with an end: reading, writing, polling;
 * with the rights of the open file, and with what is pending when things go.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"
#include "uring.h"

#include <poll.h>

FIXTURE(uring)
{
	int fd[2];
	struct uring u;
	char buf[64];
};

VARIANTS_OF_URING(uring);

FIXTURE_SETUP(uring)
{
	ASSERT_EQ(0, raw_pair_of(self->fd, 4096, variant->flags));
	ASSERT_EQ(0, uring_open_with(&self->u, variant->setup));
	self->u.sqe_flags = variant->sqe_flags;
}

FIXTURE_TEARDOWN(uring)
{
	if (self->u.fd >= 0)
		close(self->u.fd);
	close(self->fd[0]);
	close(self->fd[1]);
}

static int submit(struct uring *u, int op, int fd, void *buf, uint32_t len)
{
	struct io_uring_sqe sqe = { .opcode = op,
				    .fd = fd,
				    .addr = (uintptr_t)buf,
				    .len = len,
				    .user_data = op };

	return uring_submit(u, &sqe);
}

/* Submit one and wait for it: its result. */
static int done(struct uring *u, int op, int fd, void *buf, uint32_t len)
{
	uint64_t user = 0;
	int ret = submit(u, op, fd, buf, len);

	if (ret)
		return ret;
	ret = uring_wait(u, &user);
	return user == op ? ret : -EUCLEAN;
}

static int submit_poll(struct uring *u, int fd, uint32_t events)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_POLL_ADD,
				    .fd = fd,
				    .poll32_events = events,
				    .user_data = IORING_OP_POLL_ADD };

	return uring_submit(u, &sqe);
}

TEST_F(uring, writes_and_reads_messages)
{
	int i;

	for (i = 0; i < 100; i++) {
		ASSERT_EQ(5, done(&self->u, IORING_OP_WRITE, self->fd[0],
				  "hello", 5));
		ASSERT_EQ(2, done(&self->u, IORING_OP_WRITE, self->fd[0], "ab",
				  2));
		ASSERT_EQ(5, done(&self->u, IORING_OP_READ, self->fd[1],
				  self->buf, sizeof(self->buf)));
		ASSERT_EQ(0, memcmp(self->buf, "hello", 5));
		ASSERT_EQ(2, done(&self->u, IORING_OP_READ, self->fd[1],
				  self->buf, sizeof(self->buf)));
	}
}

TEST_F(uring, a_read_waits_for_a_message)
{
	uint64_t user;
	int res;

	ASSERT_EQ(0, submit(&self->u, IORING_OP_READ, self->fd[1], self->buf,
			    sizeof(self->buf)));
	ASSERT_FALSE(uring_reap(&self->u, &user, &res));
	ASSERT_EQ(1, raw_send(self->fd[0], "late", 4, 0));
	ASSERT_EQ(4, uring_wait(&self->u, &user));
	ASSERT_EQ(0, memcmp(self->buf, "late", 4));
}

TEST_F(uring, a_write_waits_for_space)
{
	struct fastipc_recv recv;
	int n = fill_ring(self->fd[0]);
	uint64_t user;
	int res;

	ASSERT_EQ(0, submit(&self->u, IORING_OP_WRITE, self->fd[0], "late", 4));
	ASSERT_FALSE(uring_reap(&self->u, &user, &res));
	while (n--)
		ASSERT_EQ(1, raw_recv(self->fd[1], &recv, self->buf, 1, 0));
	ASSERT_EQ(4, uring_wait(&self->u, &user));
	ASSERT_EQ(1, raw_recv(self->fd[1], &recv, self->buf, 4, 0));
}

/* io_uring waits for a file that itself does not, as it does with sockets. */
TEST_F(uring, waits_though_the_end_does_not)
{
	uint64_t user;
	int res;

	ASSERT_EQ(0, fcntl(self->fd[1], F_SETFL, O_NONBLOCK));
	ASSERT_EQ(0, submit(&self->u, IORING_OP_READ, self->fd[1], self->buf,
			    sizeof(self->buf)));
	ASSERT_FALSE(uring_reap(&self->u, &user, &res));
	ASSERT_EQ(1, raw_send(self->fd[0], "late", 4, 0));
	ASSERT_EQ(4, uring_wait(&self->u, &user));
}

TEST_F(uring, polls)
{
	uint64_t user;
	int res;

	ASSERT_EQ(0, submit_poll(&self->u, self->fd[1], POLLIN));
	ASSERT_FALSE(uring_reap(&self->u, &user, &res));
	ASSERT_EQ(1, raw_send(self->fd[0], "x", 1, 0));
	ASSERT_EQ(POLLIN, uring_wait(&self->u, &user));
}

/* Of @n that were submitted, the result of the operation. */
static int result_of(struct uring *u, int op, int n)
{
	int i, res, result = -EUCLEAN;
	uint64_t user = 0;

	for (i = 0; i < n; i++) {
		res = uring_wait(u, &user);
		if (user == op)
			result = res;
	}
	return result;
}

/* Cancel the one of this operation, which waits: its result. */
static int cancelled(struct uring *u, int op)
{
	struct io_uring_sqe cancel = { .opcode = IORING_OP_ASYNC_CANCEL,
				       .addr = op,
				       .user_data = 1000 };

	usleep(20000); /* a worker may have to begin it */
	return uring_submit(u, &cancel) ?: result_of(u, op, 2);
}

/* News of the peer, which end 0 has, are told to who asks for them. */
TEST_F(uring, polls_for_news)
{
	uint64_t user;

	ASSERT_EQ(0, submit_poll(&self->u, self->fd[0], POLLPRI));
	ASSERT_EQ(POLLPRI, uring_wait(&self->u, &user));
	ASSERT_EQ(0, submit_poll(&self->u, self->fd[0], POLLIN | POLLPRI));
	ASSERT_EQ(POLLPRI, uring_wait(&self->u, &user));
}

TEST_F(uring, a_read_is_cancelled)
{
	ASSERT_EQ(0, submit(&self->u, IORING_OP_READ, self->fd[1], self->buf,
			    sizeof(self->buf)));
	ASSERT_EQ(-ECANCELED, cancelled(&self->u, IORING_OP_READ));
	ASSERT_EQ(1, raw_send(self->fd[0], "x", 1, 0));
	ASSERT_EQ(1, done(&self->u, IORING_OP_READ, self->fd[1], self->buf,
			  sizeof(self->buf)));
}

TEST_F(uring, a_write_is_cancelled)
{
	struct fastipc_recv recv;
	int n = fill_ring(self->fd[0]);

	ASSERT_EQ(0, submit(&self->u, IORING_OP_WRITE, self->fd[0], "x", 1));
	ASSERT_EQ(-ECANCELED, cancelled(&self->u, IORING_OP_WRITE));
	while (n--)
		ASSERT_EQ(1, raw_recv(self->fd[1], &recv, self->buf, 1, 0));
	ASSERT_TRUE(nothing_at(self->fd[1]));
}

TEST_F(uring, a_poll_is_cancelled)
{
	ASSERT_EQ(0, submit_poll(&self->u, self->fd[1], POLLIN));
	ASSERT_EQ(-ECANCELED, cancelled(&self->u, IORING_OP_POLL_ADD));
}

TEST_F(uring, the_peer_dies)
{
	uint64_t user;

	ASSERT_EQ(0, submit(&self->u, IORING_OP_READ, self->fd[1], self->buf,
			    sizeof(self->buf)));
	close(self->fd[0]);
	self->fd[0] = -1;
	ASSERT_EQ(0, uring_wait(&self->u, &user));
	ASSERT_EQ(-ECONNRESET,
		  done(&self->u, IORING_OP_WRITE, self->fd[1], "x", 1));
}

TEST_F(uring, is_told_of_the_end)
{
	uint64_t user;

	ASSERT_EQ(0, submit(&self->u, IORING_OP_READ, self->fd[1], self->buf,
			    sizeof(self->buf)));
	ASSERT_EQ(0, raw_shutdown(self->fd[0], FASTIPC_SHUT_SEND));
	ASSERT_EQ(0, uring_wait(&self->u, &user));
	ASSERT_EQ(-EPIPE, done(&self->u, IORING_OP_WRITE, self->fd[0], "x", 1));
}

TEST_F(uring, memory_that_is_not_there_is_efault)
{
	struct fastipc_recv recv;
	char *wall = new_wall();

	ASSERT_EQ(-EFAULT,
		  done(&self->u, IORING_OP_WRITE, self->fd[0], wall, 4));
	ASSERT_EQ(1, raw_send(self->fd[0], "stays", 5, 0));
	ASSERT_EQ(-EFAULT,
		  done(&self->u, IORING_OP_READ, self->fd[1], wall, 5));
	ASSERT_EQ(1, raw_recv(self->fd[1], &recv, self->buf, 5, 0));
}

/* Pending reads and polls go with the instance, and consume nothing. */
TEST_F(uring, what_is_pending_goes_with_its_instance)
{
	struct fastipc_recv recv;
	int i, ret;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, submit(&self->u, IORING_OP_READ, self->fd[1],
				    self->buf, 8));
	ASSERT_EQ(0, submit_poll(&self->u, self->fd[1], POLLIN));
	munmap(self->u.rings, self->u.bytes);
	close(self->u.fd);
	self->u.fd = -1;
	/* It goes a while after its last close. */
	for (i = 0; i < 3000; i++) {
		ASSERT_EQ(1, raw_send(self->fd[0], "x", 1, 0));
		usleep(1000);
		ret = raw_recv(self->fd[1], &recv, self->buf, 1, 0);
		if (ret == 1 && i > 3)
			break;
	}
	ASSERT_EQ(1, ret);
}

/* Later than this machine's headers. */
#define OP_READ_MULTISHOT 49
#define BUFFERS		  8

/* Does this kernel know the operation? */
static bool knows(struct uring *u, int op)
{
	static struct {
		struct io_uring_probe probe;
		struct io_uring_probe_op ops[256];
	} p;

	memset(&p, 0, sizeof(p));
	return !syscall(SYS_io_uring_register, u->fd, IORING_REGISTER_PROBE, &p,
			256) &&
	       op <= p.probe.last_op && p.ops[op].flags & IO_URING_OP_SUPPORTED;
}

/* One read that goes on: a message each time, each into a buffer of a group. */
TEST_F(uring, reads_again_and_again)
{
	static char buf[BUFFERS][16];
	struct io_uring_sqe give = { .opcode = IORING_OP_PROVIDE_BUFFERS,
				     .fd = BUFFERS,
				     .addr = (uintptr_t)buf,
				     .len = sizeof(buf[0]),
				     .buf_group = 3 };
	struct io_uring_sqe read = { .opcode = OP_READ_MULTISHOT,
				     .fd = self->fd[1],
				     .flags = IOSQE_BUFFER_SELECT,
				     .buf_group = 3,
				     .user_data = 1 };
	uint64_t user;
	int i;

	if (!knows(&self->u, OP_READ_MULTISHOT)) {
		ASSERT_EQ(0, uring_submit(&self->u, &read));
		ASSERT_EQ(-EINVAL, uring_wait(&self->u, &user));
		return;
	}
	ASSERT_EQ(0, uring_submit(&self->u, &give));
	ASSERT_EQ(0, uring_wait(&self->u, &user));
	ASSERT_EQ(0, uring_submit(&self->u, &read));
	for (i = 1; i <= BUFFERS; i++) {
		ASSERT_EQ(1, raw_send(self->fd[0], "0123456789", i, 0));
		ASSERT_EQ(i, uring_wait(&self->u, &user));
		ASSERT_EQ(1, user);
	}
	/* There are no buffers left, and nothing was lost for that. */
	ASSERT_EQ(1, raw_send(self->fd[0], "last", 4, 0));
	ASSERT_EQ(-ENOBUFS, uring_wait(&self->u, &user));
	ASSERT_EQ(4, done(&self->u, IORING_OP_READ, self->fd[1], self->buf,
			  sizeof(self->buf)));
}

/* What waits for an end that is not there is polled for: no worker has it. */
TEST_F(uring, a_wait_takes_no_thread)
{
	char path[64], line[64];
	int threads = 0;
	FILE *file;
	int i;

	/* Those are, by what they are. */
	if (variant->sqe_flags || variant->setup & IORING_SETUP_SQPOLL)
		return;
	/* Nor do news of the peer, which end 0 has, ask for one. */
	for (i = 0; i < 32; i++)
		ASSERT_EQ(0, submit(&self->u, IORING_OP_READ, self->fd[i % 2],
				    self->buf, sizeof(self->buf)));
	snprintf(path, sizeof(path), "/proc/%d/status", getpid());
	file = fopen(path, "r");
	ASSERT_NE(NULL, file);
	while (fgets(line, sizeof(line), file))
		sscanf(line, "Threads: %d", &threads);
	fclose(file);
	ASSERT_EQ(1, threads);
}

/* Submit one behind two others, which leave work of io_uring's own for this thread. */
static int submit_busy(struct uring *u, const int fd[2], int op, int at,
		       void *buf, uint32_t len)
{
	static const char one[] = "w";
	struct io_uring_sqe sqe = { .opcode = IORING_OP_POLL_ADD,
				    .fd = fd[1],
				    .poll32_events = POLLIN };

	uring_push(u, &sqe);
	sqe = (struct io_uring_sqe){ .opcode = IORING_OP_WRITE,
				     .fd = fd[0],
				     .addr = (uintptr_t)one,
				     .len = 1 };
	uring_push(u, &sqe);
	sqe = (struct io_uring_sqe){ .opcode = op,
				     .fd = at,
				     .addr = (uintptr_t)buf,
				     .len = len,
				     .user_data = op };
	uring_push(u, &sqe);
	return uring_enter(u, 3);
}

/* That work is no signal: a read passes over an empty message, whatever is pending. */
TEST_F(uring, its_own_work_interrupts_no_read)
{
	struct fastipc_recv recv;
	int other[2], i;
	char c;

	ASSERT_EQ(0, raw_pair(other, 4096));
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(1, raw_send(self->fd[0], "", 0, 0));
		ASSERT_EQ(1, raw_send(self->fd[0], "x", 1, 0));
		ASSERT_EQ(0, submit_busy(&self->u, other, IORING_OP_READ,
					 self->fd[1], self->buf, 8));
		ASSERT_EQ(1, result_of(&self->u, IORING_OP_READ, 3));
		ASSERT_EQ(1, raw_recv(other[1], &recv, &c, 1, 0));
	}
	close(other[0]);
	close(other[1]);
}

/* Nor does it cut a write short for which there is space. */
TEST_F(uring, its_own_work_interrupts_no_write)
{
	struct fastipc_setup setup = { .size = sizeof(setup),
				       .flags = FASTIPC_STREAM |
						variant->flags,
				       .kind = FASTIPC_KIND_PAIR,
				       .ring_bytes = 65536,
				       .max_message = 1024 };
	static char data[8192];
	int fd = raw_open(O_RDWR), peer;

	ASSERT_EQ(0, raw_ioctl(fd, FASTIPC_SETUP, &setup));
	peer = raw_peer(fd, O_RDWR);
	ASSERT_EQ(0, submit_busy(&self->u, self->fd, IORING_OP_WRITE, fd, data,
				 sizeof(data)));
	ASSERT_EQ(sizeof(data), result_of(&self->u, IORING_OP_WRITE, 3));
	close(peer);
	close(fd);
}

/* An end that may only send or receive, by whatever way it is asked. */
TEST(io_uring_has_the_rights_of_the_end)
{
	int fd = raw_open(O_RDONLY), peer;
	struct uring u;
	char c;

	ASSERT_EQ(0, uring_open(&u));
	ASSERT_EQ(0, raw_setup(fd, 4096, 0));
	peer = raw_peer(fd, O_RDONLY);
	ASSERT_GE(peer, 0);
	ASSERT_EQ(-EBADF, done(&u, IORING_OP_WRITE, fd, "x", 1));
	ASSERT_EQ(-EBADF, done(&u, IORING_OP_WRITE, peer, "x", 1));
	close(fd);
	close(peer);
	fd = raw_open(O_WRONLY);
	ASSERT_EQ(0, raw_setup(fd, 4096, 0));
	ASSERT_EQ(-EBADF, done(&u, IORING_OP_READ, fd, &c, 1));
	close(fd);
	close(u.fd);
}

TEST_NOTHING_IS_LEFT()

TEST_HARNESS_MAIN
