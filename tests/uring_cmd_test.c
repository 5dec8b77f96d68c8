// SPDX-License-Identifier: GPL-2.0-only
/*
 * FASTIPC_SEND and FASTIPC_RECV as submissions to io_uring: at once, behind a wait that
 * ends or is cancelled, with a peer that goes, with arguments that are wrong; and
 * everything that can happen to who has one pending.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"
#include "fastipc_uring.h"
#include "uring.h"

#include <pthread.h>

#define ADDRESS(p) ((uintptr_t)(p))

static struct io_uring_sqe command(int fd, uint32_t op, void *argument)
{
	struct io_uring_sqe sqe = { .user_data = (uintptr_t)argument };

	fastipc_prep_command(&sqe, fd, op, argument);
	return sqe;
}

static struct fastipc_send send_of(const void *buf, size_t len)
{
	return (struct fastipc_send){ .size = sizeof(struct fastipc_send),
				      .data = (uintptr_t)buf,
				      .len = len,
				      .tag = len + 1 };
}

static struct fastipc_recv recv_of(void *buf, size_t len)
{
	return (struct fastipc_recv){ .size = sizeof(struct fastipc_recv),
				      .data = (uintptr_t)buf,
				      .len = len };
}

static int submit(struct uring *u, int fd, uint32_t op, void *argument)
{
	const struct io_uring_sqe sqe = command(fd, op, argument);

	return uring_submit(u, &sqe);
}

/* Wait for the next, which must be that of @argument: its result. */
static int result_of(struct uring *u, const void *argument)
{
	uint64_t user = 0;
	int ret = uring_wait(u, &user);

	return user == (uintptr_t)argument ? ret : -EUCLEAN;
}

static int done(struct uring *u, int fd, uint32_t op, void *argument)
{
	return submit(u, fd, op, argument) ?: result_of(u, argument);
}

/* Nothing comes for a moment in which it would. */
static bool is_pending(struct uring *u)
{
	uint64_t user;
	int res;

	usleep(20000);
	return !uring_reap(u, &user, &res);
}

FIXTURE(cmd)
{
	int fd[2];
	struct uring u;
	struct fastipc_send send;
	struct fastipc_recv recv;
	char buf[64];
};

/* How a ring works, and both sorts of pair. */
FIXTURE_VARIANT(cmd)
{
	uint32_t setup;
	uint32_t flags;
	uint8_t sqe_flags;
};

FIXTURE_VARIANT_ADD(cmd, direct)
{
	.flags = 0,
};

FIXTURE_VARIANT_ADD(cmd, sealed)
{
	.flags = FASTIPC_SEALED,
};

FIXTURE_VARIANT_ADD(cmd, direct_async)
{
	.sqe_flags = IOSQE_ASYNC,
};

FIXTURE_VARIANT_ADD(cmd, sealed_polled)
{
	.flags = FASTIPC_SEALED,
	.setup = IORING_SETUP_SQPOLL,
};

FIXTURE_VARIANT_ADD(cmd, sealed_deferred)
{
	.flags = FASTIPC_SEALED,
	.setup = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
};

FIXTURE_SETUP(cmd)
{
	ASSERT_EQ(0, raw_pair_of(self->fd, 4096, variant->flags));
	ASSERT_EQ(0, uring_open_with(&self->u, variant->setup));
}

FIXTURE_TEARDOWN(cmd)
{
	uring_close(&self->u);
	close(self->fd[0]);
	close(self->fd[1]);
}

static int submit_flagged(struct uring *u, struct io_uring_sqe sqe,
			  uint8_t flags)
{
	sqe.flags = flags;
	return uring_submit(u, &sqe);
}

#define SUBMIT(fd, op, argument)                                      \
	submit_flagged(&self->u, command(fd, FASTIPC_##op, argument), \
		       variant->sqe_flags)
#define DONE(fd, op, argument) \
	(SUBMIT(fd, op, argument) ?: result_of(&self->u, argument))

TEST_F(cmd, sends_and_receives)
{
	int i;

	for (i = 0; i < 50; i++) {
		self->send = send_of("hello", 5);
		ASSERT_EQ(1, DONE(self->fd[0], SEND, &self->send));
		ASSERT_EQ(1, self->send.sent);
		self->recv = recv_of(self->buf, sizeof(self->buf));
		ASSERT_EQ(1, DONE(self->fd[1], RECV, &self->recv));
		ASSERT_EQ(5, self->recv.len);
		ASSERT_EQ(6, self->recv.tag);
		ASSERT_EQ(0, memcmp(self->buf, "hello", 5));
		if (variant->flags & FASTIPC_SEALED)
			ASSERT_EQ(getpid(), self->recv.stamp.pid);
	}
}

TEST_F(cmd, an_array_goes_in_one)
{
	struct fastipc_send_item out[3] = {
		{ .data = ADDRESS("a"), .len = 1 },
		{ .data = ADDRESS("bc"), .len = 2, .tag = 7 },
		{ .data = ADDRESS(""), .len = 0 },
	};
	struct fastipc_recv_item in[3] = {};
	int i;

	self->send = send_of(out, 3);
	self->send.flags = FASTIPC_SEND_ARRAY;
	self->send.tag = 0;
	ASSERT_EQ(3, DONE(self->fd[0], SEND, &self->send));
	for (i = 0; i < 3; i++)
		in[i] = (struct fastipc_recv_item){
			.data = (uintptr_t)&self->buf[8 * i], .len = 8
		};
	self->recv = recv_of(in, 3);
	self->recv.flags = FASTIPC_RECV_ARRAY;
	ASSERT_EQ(3, DONE(self->fd[1], RECV, &self->recv));
	ASSERT_EQ(2, in[1].len);
	ASSERT_EQ(7, in[1].tag);
}

/* Put in @argument's command behind a wait for @events. */
static void push_behind(struct uring *u, int fd, int events, uint32_t op,
			void *argument)
{
	struct io_uring_sqe sqe = { .user_data = 1 };

	fastipc_prep_wait(&sqe, fd, events);
	sqe.flags = IOSQE_IO_LINK;
	uring_push(u, &sqe);
	sqe = command(fd, op, argument);
	sqe.flags = IOSQE_ASYNC;
	uring_push(u, &sqe);
}

static int submit_behind(struct uring *u, int fd, int events, uint32_t op,
			 void *argument)
{
	push_behind(u, fd, events, op, argument);
	return uring_enter(u, 2);
}

/* The wait ended well, and then the command: its result. */
static int result_behind(struct uring *u, void *argument)
{
	uint64_t user = 0;
	int ret = uring_wait(u, &user);

	if (user != 1 || ret < 0)
		return -EUCLEAN;
	return result_of(u, argument);
}

TEST_F(cmd, a_receiver_waits_for_a_message)
{
	self->recv = recv_of(self->buf, sizeof(self->buf));
	ASSERT_EQ(0, submit_behind(&self->u, self->fd[1], POLLIN, FASTIPC_RECV,
				   &self->recv));
	ASSERT_TRUE(is_pending(&self->u));
	ASSERT_EQ(1, raw_send(self->fd[0], "late", 4, 0));
	ASSERT_EQ(1, result_behind(&self->u, &self->recv));
	ASSERT_EQ(4, self->recv.len);
}

TEST_F(cmd, a_sender_waits_for_space)
{
	int n = fill_ring(self->fd[0]);

	self->send = send_of("late", 4);
	ASSERT_EQ(0, submit_behind(&self->u, self->fd[0], POLLOUT,
				   FASTIPC_SEND, &self->send));
	ASSERT_TRUE(is_pending(&self->u));
	while (n--)
		ASSERT_EQ(1, raw_recv(self->fd[1], &self->recv, self->buf, 1,
				      0));
	ASSERT_EQ(1, result_behind(&self->u, &self->send));
	ASSERT_EQ(1, self->send.sent);
	ASSERT_EQ(1, raw_recv(self->fd[1], &self->recv, self->buf, 4, 0));
}

TEST_F(cmd, does_not_wait)
{
	self->recv = recv_of(self->buf, sizeof(self->buf));
	ASSERT_EQ(-EAGAIN, DONE(self->fd[1], RECV, &self->recv));
	ASSERT_EQ(sizeof(self->buf), self->recv.len);
	fill_ring(self->fd[0]);
	self->send = send_of("x", 1);
	ASSERT_EQ(-EAGAIN, DONE(self->fd[0], SEND, &self->send));
	ASSERT_EQ(0, self->send.sent);
}

/* Part of an array, if that is all there is space for. */
TEST_F(cmd, an_array_is_sent_in_part)
{
	struct fastipc_send_item out[200];
	int n = fill_ring(self->fd[0]), i;

	for (i = 0; i < 200; i++)
		out[i] = (struct fastipc_send_item){ .data = ADDRESS("x"),
						     .len = 1 };
	for (i = 0; i < 3; i++)
		ASSERT_EQ(1,
			  raw_recv(self->fd[1], &self->recv, self->buf, 1, 0));
	self->send = send_of(out, 200);
	self->send.flags = FASTIPC_SEND_ARRAY;
	self->send.tag = 0;
	ASSERT_EQ(3, DONE(self->fd[0], SEND, &self->send));
	ASSERT_EQ(3, self->send.sent);
	for (i = 0; i < n; i++)
		ASSERT_EQ(1,
			  raw_recv(self->fd[1], &self->recv, self->buf, 1, 0));
}

/* What waits is taken back, and consumes nothing. */
TEST_F(cmd, is_cancelled)
{
	struct io_uring_sqe cancel = { .opcode = IORING_OP_ASYNC_CANCEL,
				       .addr = 1,
				       .user_data = 2 };
	uint64_t user;
	int i, res;

	self->recv = recv_of(self->buf, sizeof(self->buf));
	ASSERT_EQ(0, submit_behind(&self->u, self->fd[1], POLLIN, FASTIPC_RECV,
				   &self->recv));
	ASSERT_TRUE(is_pending(&self->u));
	ASSERT_EQ(0, uring_submit(&self->u, &cancel));
	for (i = 0; i < 3; i++) {
		res = uring_wait(&self->u, &user);
		ASSERT_EQ(user == 2 ? 0 : -ECANCELED, res);
	}
	ASSERT_EQ(1, raw_send(self->fd[0], "x", 1, 0));
	ASSERT_EQ(1, raw_recv(self->fd[1], &self->recv, self->buf, 1, 0));
}

/* A request, and the answer to it, in one submission. */
TEST_F(cmd, a_send_is_linked_to_a_recv)
{
	struct io_uring_sqe sqe;
	char request[4];

	self->send = send_of("ask", 3);
	self->recv = recv_of(self->buf, sizeof(self->buf));
	sqe = command(self->fd[0], FASTIPC_SEND, &self->send);
	sqe.flags = variant->sqe_flags | IOSQE_IO_LINK;
	uring_push(&self->u, &sqe);
	push_behind(&self->u, self->fd[0], POLLIN, FASTIPC_RECV, &self->recv);
	ASSERT_EQ(0, uring_enter(&self->u, 3));
	ASSERT_EQ(1, result_of(&self->u, &self->send));
	ASSERT_EQ(3, read(self->fd[1], request, sizeof(request)));
	ASSERT_EQ(5, write(self->fd[1], "reply", 5));
	ASSERT_EQ(1, result_behind(&self->u, &self->recv));
	ASSERT_EQ(5, self->recv.len);
}

/*
 * Behind another one without IOSQE_ASYNC, and then there is another submission in its
 * place: refused, unless Linux took a copy.  Never is it done with that one's argument.
 */
TEST_F(cmd, another_in_its_place_is_einval)
{
	struct io_uring_sqe sqe = { .user_data = 1 }, *place;
	struct fastipc_recv other;
	char buf[8] = "other";
	int ret;

	other = recv_of(buf, sizeof(buf));
	self->recv = recv_of(self->buf, sizeof(self->buf));
	fastipc_prep_wait(&sqe, self->fd[1], POLLIN);
	sqe.flags = IOSQE_IO_LINK;
	uring_push(&self->u, &sqe);
	sqe = command(self->fd[1], FASTIPC_RECV, &self->recv);
	sqe.flags = variant->sqe_flags;
	place = uring_push(&self->u, &sqe);
	ASSERT_EQ(0, uring_enter(&self->u, 2));
	ASSERT_TRUE(is_pending(&self->u));
	*place = command(self->fd[1], FASTIPC_RECV, &other);
	ASSERT_EQ(1, raw_send(self->fd[0], "late", 4, 0));
	ret = result_behind(&self->u, &self->recv);
	ASSERT_TRUE(ret == 1 || ret == -EINVAL);
	ASSERT_EQ(0, strcmp(buf, "other"));
	if (ret != 1)
		ASSERT_EQ(1, raw_recv(self->fd[1], &self->recv, self->buf, 4,
				      0));
	ASSERT_EQ(4, self->recv.len);
}

/* What fails breaks the link: nothing is received for what was not sent. */
TEST_F(cmd, a_failure_breaks_the_link)
{
	static char large[4096];
	struct io_uring_sqe sqe;

	self->send = send_of(large, sizeof(large));
	self->recv = recv_of(self->buf, sizeof(self->buf));
	sqe = command(self->fd[0], FASTIPC_SEND, &self->send);
	sqe.flags = variant->sqe_flags | IOSQE_IO_LINK;
	uring_push(&self->u, &sqe);
	sqe = command(self->fd[0], FASTIPC_RECV, &self->recv);
	sqe.flags = IOSQE_ASYNC;
	uring_push(&self->u, &sqe);
	ASSERT_EQ(0, uring_enter(&self->u, 2));
	ASSERT_EQ(-EMSGSIZE, result_of(&self->u, &self->send));
	ASSERT_EQ(-ECANCELED, result_of(&self->u, &self->recv));
}

TEST_F(cmd, the_peer_ends_in_order)
{
	self->recv = recv_of(self->buf, sizeof(self->buf));
	ASSERT_EQ(0, submit_behind(&self->u, self->fd[1], POLLIN, FASTIPC_RECV,
				   &self->recv));
	ASSERT_EQ(0, raw_shutdown(self->fd[0], FASTIPC_SHUT_SEND));
	ASSERT_EQ(-EPIPE, result_behind(&self->u, &self->recv));
	self->send = send_of("x", 1);
	ASSERT_EQ(-EPIPE, DONE(self->fd[0], SEND, &self->send));
}

TEST_F(cmd, the_peer_dies)
{
	self->recv = recv_of(self->buf, sizeof(self->buf));
	ASSERT_EQ(0, submit_behind(&self->u, self->fd[1], POLLIN, FASTIPC_RECV,
				   &self->recv));
	ASSERT_TRUE(is_pending(&self->u));
	close(self->fd[0]);
	ASSERT_EQ(-ECONNRESET, result_behind(&self->u, &self->recv));
	self->fd[0] = -1;
}

/* As fastipc_uring.h has it. */
TEST_F(cmd, the_helpers_do_it_all)
{
	struct io_uring_sqe sqe = { .user_data = (uintptr_t)&self->send };
	struct io_uring_cqe cqe = {};
	struct fastipc_msg msg;

	fastipc_prep_send(&sqe, self->fd[0], &self->send, "hello", 5,
			  FASTIPC_MORE);
	self->send.tag = 77;
	ASSERT_EQ(0, uring_submit(&self->u, &sqe));
	ASSERT_EQ(1, result_of(&self->u, &self->send));
	/* Withheld: it is not there. */
	sqe.user_data = (uintptr_t)&self->recv;
	fastipc_prep_recv(&sqe, self->fd[1], &self->recv, self->buf,
			  sizeof(self->buf));
	ASSERT_EQ(0, uring_submit(&self->u, &sqe));
	cqe.res = result_of(&self->u, &self->recv);
	ASSERT_EQ(-EAGAIN, fastipc_cqe_msg(&cqe, &self->recv, &msg));
	fastipc_prep_wait(&sqe, self->fd[1], POLLIN);
	ASSERT_EQ(0, uring_submit(&self->u, &sqe));
	ASSERT_TRUE(is_pending(&self->u));
	ASSERT_EQ(1, raw_send(self->fd[0], "x", 1, 0));
	ASSERT_EQ(POLLIN, result_of(&self->u, &self->recv));
	fastipc_prep_recv(&sqe, self->fd[1], &self->recv, self->buf,
			  sizeof(self->buf));
	ASSERT_EQ(0, uring_submit(&self->u, &sqe));
	cqe.res = result_of(&self->u, &self->recv);
	ASSERT_EQ(0, fastipc_cqe_msg(&cqe, &self->recv, &msg));
	ASSERT_EQ(5, msg.len);
	ASSERT_EQ(77, msg.tag);
	ASSERT_EQ(0, memcmp(msg.data, "hello", 5));
	ASSERT_EQ(variant->flags & FASTIPC_SEALED ? getpid() : 0, msg.pid);
}

TEST_F(cmd, waits_again_and_again)
{
	struct io_uring_sqe sqe = { .user_data = (uintptr_t)&self->recv };
	int i;

	fastipc_prep_wait_multishot(&sqe, self->fd[1], POLLIN);
	ASSERT_EQ(0, uring_submit(&self->u, &sqe));
	for (i = 0; i < 10; i++) {
		ASSERT_TRUE(is_pending(&self->u));
		ASSERT_EQ(1, raw_send(self->fd[0], "x", 1, 0));
		ASSERT_EQ(POLLIN, result_of(&self->u, &self->recv));
		ASSERT_EQ(1,
			  raw_recv(self->fd[1], &self->recv, self->buf, 1, 0));
	}
}

/* Wrong arguments ---------------------------------------------------------- */

FIXTURE(wrong)
{
	int fd[2];
	struct uring u;
	struct fastipc_send send;
	struct fastipc_recv recv;
	char buf[64];
};

VARIANTS_OF_SORT(wrong);

FIXTURE_SETUP(wrong)
{
	ASSERT_EQ(0, raw_pair_of(self->fd, 4096, variant->flags));
	ASSERT_EQ(0, uring_open(&self->u));
	self->send = send_of("x", 1);
	self->recv = recv_of(self->buf, sizeof(self->buf));
}

FIXTURE_TEARDOWN(wrong)
{
	/* Whatever it was, nothing was sent. */
	EXPECT_EQ(-EAGAIN, raw_recv(self->fd[1], &self->recv, self->buf, 1, 0));
	uring_close(&self->u);
	close(self->fd[0]);
	close(self->fd[1]);
}

TEST_F(wrong, another_command_is_enotty)
{
	struct fastipc_info info = { .size = sizeof(info) };

	ASSERT_EQ(-ENOTTY, done(&self->u, self->fd[0], FASTIPC_INFO, &info));
}

TEST_F(wrong, what_is_reserved_is_einval)
{
	struct io_uring_sqe sqe =
		command(self->fd[0], FASTIPC_SEND, &self->send);

	((char *)&sqe)[56] = 1;
	ASSERT_EQ(0, uring_submit(&self->u, &sqe));
	ASSERT_EQ(-EINVAL, result_of(&self->u, &self->send));
}

TEST_F(wrong, going_on_to_receive_is_einval)
{
	self->send.flags = FASTIPC_SEND_THEN_RECV;
	self->send.then = (uintptr_t)&self->recv;
	ASSERT_EQ(-EINVAL,
		  done(&self->u, self->fd[0], FASTIPC_SEND, &self->send));
}

TEST_F(wrong, going_on_to_wait_is_einval)
{
	self->send.flags = FASTIPC_SEND_THEN_WAIT;
	ASSERT_EQ(-EINVAL,
		  done(&self->u, self->fd[0], FASTIPC_SEND, &self->send));
}

TEST_F(wrong, a_time_out_is_einval)
{
	self->send.timeout_ns = FASTIPC_FOREVER;
	ASSERT_EQ(-EINVAL,
		  done(&self->u, self->fd[0], FASTIPC_SEND, &self->send));
	self->recv.timeout_ns = 1;
	ASSERT_EQ(-EINVAL,
		  done(&self->u, self->fd[1], FASTIPC_RECV, &self->recv));
}

TEST_F(wrong, a_registered_buffer_is_einval)
{
	struct iovec iov = { self->buf, sizeof(self->buf) };
	struct io_uring_sqe sqe =
		command(self->fd[0], FASTIPC_SEND, &self->send);

	ASSERT_EQ(0, syscall(SYS_io_uring_register, self->u.fd,
			     IORING_REGISTER_BUFFERS, &iov, 1));
	sqe.rw_flags = 1; /* uring_cmd_flags: IORING_URING_CMD_FIXED */
	ASSERT_EQ(0, uring_submit(&self->u, &sqe));
	ASSERT_EQ(-EINVAL, result_of(&self->u, &self->send));
}

TEST_F(wrong, no_argument_is_efault)
{
	char *wall = new_wall();

	ASSERT_EQ(-EFAULT, done(&self->u, self->fd[0], FASTIPC_SEND, wall));
	ASSERT_EQ(-EFAULT, done(&self->u, self->fd[1], FASTIPC_RECV, wall));
}

TEST_F(wrong, no_payload_is_efault)
{
	self->send.data = (uintptr_t)new_wall();
	ASSERT_EQ(-EFAULT,
		  done(&self->u, self->fd[0], FASTIPC_SEND, &self->send));
}

TEST_F(wrong, an_unknown_flag_is_einval)
{
	self->send.flags = 1 << 20;
	ASSERT_EQ(-EINVAL,
		  done(&self->u, self->fd[0], FASTIPC_SEND, &self->send));
}

TEST_F(wrong, a_small_buffer_is_emsgsize)
{
	struct fastipc_recv recv;

	ASSERT_EQ(1, raw_send(self->fd[0], "large", 5, 0));
	self->recv.len = 4;
	ASSERT_EQ(-EMSGSIZE,
		  done(&self->u, self->fd[1], FASTIPC_RECV, &self->recv));
	ASSERT_EQ(1, raw_recv(self->fd[1], &recv, self->buf, 5, 0));
}

TEST_F(wrong, a_mapped_end_is_ebusy)
{
	struct mapped m;

	ASSERT_EQ(0, raw_map_end(self->fd[1], &m));
	ASSERT_EQ(-EBUSY,
		  done(&self->u, self->fd[1], FASTIPC_RECV, &self->recv));
	raw_unmap_end(&m);
}

TEST(rights_are_those_of_the_end)
{
	int fd = raw_open(O_RDONLY), peer;
	struct fastipc_send send = send_of("x", 1);
	struct fastipc_recv recv;
	struct uring u;
	char c;

	ASSERT_EQ(0, uring_open(&u));
	recv = recv_of(&c, 1);
	ASSERT_EQ(-ENOTCONN, done(&u, fd, FASTIPC_RECV, &recv));
	ASSERT_EQ(0, raw_setup(fd, 4096, 0));
	peer = raw_peer(fd, O_RDONLY);
	ASSERT_EQ(-EBADF, done(&u, fd, FASTIPC_SEND, &send));
	ASSERT_EQ(-EBADF, done(&u, peer, FASTIPC_SEND, &send));
	close(fd);
	close(peer);
	uring_close(&u);
}

/* What a process may leave pending ----------------------------------------- */

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
