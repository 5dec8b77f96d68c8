// SPDX-License-Identifier: GPL-2.0-only
/*
 * FASTIPC_SEND that goes on: THEN_RECV to receive, THEN_WAIT to wait for a
 * message.  What it says when nothing comes, when a signal does, and when the
 * other side is gone or lies; and that it has sent whatever it says.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#define PAGE 4096
#define MS 1000000ULL
#define THEN_RECV FASTIPC_SEND_THEN_RECV
#define THEN_WAIT FASTIPC_SEND_THEN_WAIT

static char bytes[PAGE];

/* What the call said: to its caller, or to the parent of that. */
struct told {
	int ret;
	__u32 sent;
};

static void send_then(int fd, __u32 what, __u64 timeout_ns, struct told *told)
{
	struct fastipc_recv then = { .size = sizeof(then),
				     .data = (uintptr_t)bytes,
				     .len = sizeof(bytes) };
	struct fastipc_send send = { .size = sizeof(send),
				     .flags = what,
				     .data = (uintptr_t)"x",
				     .len = 1,
				     .timeout_ns = timeout_ns };

	if (what == THEN_RECV)
		send.then = (uintptr_t)&then;
	told->ret = raw_ioctl(fd, FASTIPC_SEND, &send);
	told->sent = send.sent;
}

/* The same in a child without the other end, which goes to sleep. */
static pid_t fork_then(const int fd[2], __u32 what, struct told *told)
{
	pid_t pid = fork_bound();

	if (pid)
		return wait_for_sleep(pid) ? pid : -1;
	close(fd[1]);
	send_then(fd[0], what, FASTIPC_FOREVER, told);
	_exit(0);
}

FIXTURE(then)
{
	int fd[2];
	struct told *told;
};

FIXTURE_VARIANT(then)
{
	__u32 flags;
	__u32 what;
};

FIXTURE_VARIANT_ADD(then, direct_recv) { 0, THEN_RECV };
FIXTURE_VARIANT_ADD(then, direct_wait) { 0, THEN_WAIT };
FIXTURE_VARIANT_ADD(then, sealed_recv) { FASTIPC_SEALED, THEN_RECV };
FIXTURE_VARIANT_ADD(then, sealed_wait) { FASTIPC_SEALED, THEN_WAIT };

FIXTURE_SETUP(then)
{
	ASSERT_EQ(0, raw_pair_of(self->fd, PAGE, variant->flags));
	self->told = shared(sizeof(*self->told));
	ASSERT_NE(NULL, self->told);
}

FIXTURE_TEARDOWN(then)
{
	close(self->fd[0]);
	close(self->fd[1]);
}

/* Nothing comes ---------------------------------------------------------- */

TEST_F(then, of_a_nonblocking_endpoint_is_eagain_and_has_sent)
{
	ASSERT_EQ(0, fcntl(self->fd[0], F_SETFL, O_NONBLOCK));
	send_then(self->fd[0], variant->what, FASTIPC_FOREVER, self->told);
	ASSERT_EQ(-EAGAIN, self->told->ret);
	ASSERT_EQ(1, self->told->sent);
	ASSERT_FALSE(nothing_at(self->fd[1]));
}

TEST_F(then, with_timeout_0_is_eagain_and_has_sent)
{
	send_then(self->fd[0], variant->what, 0, self->told);
	ASSERT_EQ(-EAGAIN, self->told->ret);
	ASSERT_EQ(1, self->told->sent);
	ASSERT_FALSE(nothing_at(self->fd[1]));
}

TEST_F(then, of_20_ms_is_etimedout_and_has_sent)
{
	__u64 begin = now_ns();

	send_then(self->fd[0], variant->what, 20 * MS, self->told);
	ASSERT_EQ(-ETIMEDOUT, self->told->ret);
	ASSERT_LE(20 * MS, now_ns() - begin);
	ASSERT_EQ(1, self->told->sent);
	ASSERT_FALSE(nothing_at(self->fd[1]));
}

/* What was not sent is not waited for. */
TEST_F(then, into_a_full_ring_receives_nothing)
{
	struct fastipc_recv recv;

	ASSERT_EQ(1, raw_send(self->fd[1], "y", 1, 0));
	fill_ring(self->fd[0]);
	send_then(self->fd[0], variant->what, 0, self->told);
	ASSERT_EQ(-EAGAIN, self->told->ret);
	ASSERT_EQ(0, self->told->sent);
	ASSERT_EQ(1, raw_recv(self->fd[0], &recv, bytes, 1, 0));
}

/* Something is there ----------------------------------------------------- */

TEST_F(then, ends_with_what_is_there)
{
	ASSERT_EQ(1, raw_send(self->fd[1], "y", 1, 0));
	send_then(self->fd[0], variant->what, 0, self->told);
	ASSERT_EQ(variant->what == THEN_RECV ? 1 : 0, self->told->ret);
	ASSERT_EQ(1, self->told->sent);
	/* One receives it, the other leaves it. */
	if (variant->what == THEN_WAIT)
		ASSERT_EQ(1, read(self->fd[0], bytes, 1));
	ASSERT_EQ('y', bytes[0]);
	ASSERT_TRUE(nothing_at(self->fd[0]));
}

TEST_F(then, ends_with_what_comes)
{
	pid_t pid = fork_then(self->fd, variant->what, self->told);

	ASSERT_LT(0, pid);
	ASSERT_EQ(1, raw_send(self->fd[1], "y", 1, 0));
	ASSERT_EQ(0, reap(pid));
	ASSERT_EQ(variant->what == THEN_RECV ? 1 : 0, self->told->ret);
	ASSERT_EQ(1, self->told->sent);
}

/* A signal --------------------------------------------------------------- */

/* Sent, and then interrupted: a restart would send it again. */
TEST_F(then, that_has_sent_is_never_restarted)
{
	signals_begin(SA_RESTART);
	send_then(self->fd[0], variant->what, FASTIPC_FOREVER, self->told);
	ASSERT_EQ(-EINTR, self->told->ret);
	ASSERT_EQ(1, self->told->sent);
	ASSERT_EQ(1, read(self->fd[1], bytes, 1));
	ASSERT_TRUE(nothing_at(self->fd[1]));
}

/* The end, while it sleeps ----------------------------------------------- */

TEST_F(then, is_told_epipe)
{
	pid_t pid = fork_then(self->fd, variant->what, self->told);

	ASSERT_LT(0, pid);
	ASSERT_EQ(0, raw_shutdown(self->fd[1], FASTIPC_SHUT_ON_CLOSE));
	close(self->fd[1]);
	self->fd[1] = -1;
	ASSERT_EQ(0, reap(pid));
	ASSERT_EQ(-EPIPE, self->told->ret);
	ASSERT_EQ(1, self->told->sent);
}

TEST_F(then, is_told_econnreset)
{
	pid_t pid = fork_then(self->fd, variant->what, self->told);

	ASSERT_LT(0, pid);
	close(self->fd[1]);
	self->fd[1] = -1;
	ASSERT_EQ(0, reap(pid));
	ASSERT_EQ(-ECONNRESET, self->told->ret);
	ASSERT_EQ(1, self->told->sent);
}

/* Into a sealed ring nobody can write a word that cannot be. */
FIXTURE(lie)
{
	int fd[2];
	struct mapped evil; /* end 1 */
	struct told *told;
};

FIXTURE_VARIANT(lie)
{
	__u32 what;
};

FIXTURE_VARIANT_ADD(lie, recv) { THEN_RECV };
FIXTURE_VARIANT_ADD(lie, wait) { THEN_WAIT };

FIXTURE_SETUP(lie)
{
	ASSERT_EQ(0, raw_pair(self->fd, PAGE));
	ASSERT_EQ(0, raw_map_end(self->fd[1], &self->evil));
	self->told = shared(sizeof(*self->told));
	ASSERT_NE(NULL, self->told);
}

FIXTURE_TEARDOWN(lie)
{
	raw_unmap_end(&self->evil);
	close(self->fd[0]);
	close(self->fd[1]);
}

TEST_F(lie, is_told_ebadmsg)
{
	pid_t pid = fork_then(self->fd, variant->what, self->told);

	ASSERT_LT(0, pid);
	raw_publish(&self->evil, 0, 1);
	ASSERT_EQ(0, raw_sync(self->fd[1], FASTIPC_SYNC_WAKE_RECV, 0));
	ASSERT_EQ(0, reap(pid));
	ASSERT_EQ(-EBADMSG, self->told->ret);
	ASSERT_EQ(1, self->told->sent);
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
