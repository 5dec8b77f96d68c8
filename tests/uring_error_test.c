// SPDX-License-Identifier: GPL-2.0-only
/*
 * FASTIPC_SEND and FASTIPC_RECV as submissions to io_uring, with arguments that are
 * wrong, and without the right.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"
#include "uring_cmd.h"

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

TEST_NOTHING_IS_LEFT()

TEST_HARNESS_MAIN
