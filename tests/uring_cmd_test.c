// SPDX-License-Identifier: GPL-2.0-only
/*
 * FASTIPC_SEND and FASTIPC_RECV as submissions to io_uring: at once, behind a wait that
 * ends or is cancelled, linked, with a peer that goes; and the helpers of
 * fastipc_uring.h.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"
#include "uring_cmd.h"

FIXTURE(cmd)
{
	int fd[2];
	struct uring u;
	struct fastipc_send send;
	struct fastipc_recv recv;
	char buf[64];
};

VARIANTS_OF_URING(cmd);

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

TEST_NOTHING_IS_LEFT()

TEST_HARNESS_MAIN
