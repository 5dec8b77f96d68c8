// SPDX-License-Identifier: GPL-2.0-only
/*
 * How it ends: in order, by death, and who speaks for an end that several
 * processes used.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

FIXTURE(end)
{
	struct fastipc *end[2];
	bool kernel[2];
};

VARIANTS_OF_USE(end);

FIXTURE_SETUP(end)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .ring_bytes = 4096,
					   .flags = variant->flags };

	memcpy(self->kernel, variant->kernel, sizeof(self->kernel));
	ASSERT_EQ(0, fastipc_pair(self->end, &options));
}

FIXTURE_TEARDOWN(end)
{
	fastipc_close(self->end[0]);
	fastipc_close(self->end[1]);
}

static int send_at(FIXTURE_DATA(end) * self, int i, const void *buf, size_t len)
{
	return any_send(self->end[i], self->kernel[i], buf, len, -1);
}

static ssize_t recv_at(FIXTURE_DATA(end) * self, int i, void *buf, size_t cap)
{
	return any_recv(self->end[i], self->kernel[i], buf, cap, -1);
}

/* Close, saying nothing of an end that was not used through the library. */
static void let_go(FIXTURE_DATA(end) * self, int i)
{
	fastipc_close(self->end[i]);
	self->end[i] = NULL;
}

static void leave(FIXTURE_DATA(end) * self, int i)
{
	any_close(self->end[i], self->kernel[i]);
	self->end[i] = NULL;
}

TEST_F(end, shut_send_drains_then_epipe)
{
	char c;

	ASSERT_EQ(0, send_at(self, 0, "z", 1));
	ASSERT_EQ(0, fastipc_shutdown(self->end[0], FASTIPC_SHUT_SEND));
	ASSERT_EQ(-EPIPE, send_at(self, 0, "z", 1));
	ASSERT_EQ(1, recv_at(self, 1, &c, 1));
	ASSERT_EQ(-EPIPE, recv_at(self, 1, &c, 1));
	/* The other direction goes on. */
	ASSERT_EQ(0, send_at(self, 1, "w", 1));
	ASSERT_EQ(1, recv_at(self, 0, &c, 1));
}

TEST_F(end, shut_recv_ends_the_peers_sending)
{
	char c;

	ASSERT_EQ(0, fastipc_shutdown(self->end[0], FASTIPC_SHUT_RECV));
	ASSERT_EQ(-EPIPE, send_at(self, 1, "z", 1));
	ASSERT_EQ(-EPIPE, recv_at(self, 0, &c, 1));
	ASSERT_EQ(0, send_at(self, 0, "w", 1));
	ASSERT_EQ(1, recv_at(self, 1, &c, 1));
}

TEST_F(end, close_drains_then_epipe)
{
	char c;

	ASSERT_EQ(0, send_at(self, 0, "z", 1));
	leave(self, 0);
	ASSERT_EQ(1, recv_at(self, 1, &c, 1));
	ASSERT_EQ(-EPIPE, recv_at(self, 1, &c, 1));
	ASSERT_EQ(-EPIPE, send_at(self, 1, &c, 1));
}

TEST_F(end, exchange_after_close_is_epipe)
{
	char c = 0;

	ASSERT_EQ(0, send_at(self, 0, "z", 1));
	leave(self, 0);
	ASSERT_EQ(-EPIPE, fastipc_exchange(self->end[1], &c, 1, &c, 1, -1));
}

/* Whoever never used an end does not speak for it. */
TEST_F(end, an_unused_end_closes_without_a_word)
{
	char c;

	let_go(self, 0);
	ASSERT_EQ(-ECONNRESET, recv_at(self, 1, &c, 1));
}

TEST_F(end, close_discards_a_reservation)
{
	void *payload;
	char c;

	ASSERT_EQ(0, fastipc_reserve(self->end[0], 10, &payload, 0));
	memset(payload, 0xff, 10);
	let_go(self, 0);
	ASSERT_EQ(-EPIPE, recv_at(self, 1, &c, 1));
}

/* Death ------------------------------------------------------------------- */

/* A child that uses end 1 as the variant says. */
#define CHILD(body) \
	fork_peer_by(self->end, self->kernel[1], body, &self->kernel[1])

static int die(struct fastipc *me, void *arg)
{
	if (any_send(me, *(bool *)arg, "last", 4, -1))
		return 1;
	raise(SIGKILL);
	return 2;
}

TEST_F(end, a_vanished_peer_drains_then_econnreset)
{
	pid_t pid = CHILD(die);
	char buf[8];

	let_go(self, 1);
	ASSERT_EQ(4, recv_at(self, 0, buf, sizeof(buf)));
	ASSERT_EQ(-ECONNRESET, recv_at(self, 0, buf, sizeof(buf)));
	ASSERT_EQ(-ECONNRESET, send_at(self, 0, buf, 1));
	ASSERT_EQ(128 + SIGKILL, reap(pid));
}

/* A child that fails before it begins: what came, nothing, is not all. */
TEST_F(end, a_child_that_never_adopts_is_econnreset)
{
	pid_t pid = fork_bound();
	char c;

	if (!pid)
		_exit(1);
	ASSERT_EQ(1, reap(pid));
	let_go(self, 1);
	ASSERT_EQ(-ECONNRESET, recv_at(self, 0, &c, 1));
}

/* A waiting sender learns it too. */
static int die_when_the_other_sleeps(struct fastipc *me, void *arg)
{
	if (!wait_for_sleep(getppid()))
		return 1;
	raise(SIGKILL);
	return 2;
}

TEST_F(end, a_blocked_sender_sees_the_end)
{
	pid_t pid = CHILD(die_when_the_other_sleeps);
	char buf[900] = { 0 };
	int ret;

	let_go(self, 1);
	while (!(ret = send_at(self, 0, buf, sizeof(buf))))
		;
	ASSERT_EQ(-ECONNRESET, ret);
	ASSERT_EQ(128 + SIGKILL, reap(pid));
}

TEST_F(end, a_blocked_receiver_sees_the_end)
{
	pid_t pid = CHILD(die_when_the_other_sleeps);
	char c;

	let_go(self, 1);
	ASSERT_EQ(-ECONNRESET, recv_at(self, 0, &c, 1));
	ASSERT_EQ(128 + SIGKILL, reap(pid));
}

/* Who speaks for an end --------------------------------------------------- */

/* Uses its end, says so, and dies when it is told to. */
static int use_then_die(struct fastipc *me, void *arg)
{
	bool kernel = *(bool *)arg;
	char c;

	if (any_send(me, kernel, "+", 1, -1) ||
	    any_recv(me, kernel, &c, 1, -1) != 1)
		return 1;
	raise(SIGKILL);
	return 2;
}

static int raw_attach(int fd)
{
	struct fastipc_attach attach = { .size = sizeof(attach),
					 .end = FASTIPC_END_ANY };

	return raw_ioctl(fd, FASTIPC_ATTACH, &attach);
}

TEST_F(end, a_mark_while_a_child_uses_it_is_not_for_the_child)
{
	pid_t pid = CHILD(use_then_die);
	char c;

	ASSERT_EQ(1, recv_at(self, 0, &c, 1));
	ASSERT_EQ(0, raw_shutdown(fastipc_fd(self->end[1]),
				  FASTIPC_SHUT_ON_CLOSE));
	let_go(self, 1);
	ASSERT_EQ(0, send_at(self, 0, "!", 1));
	ASSERT_EQ(-ECONNRESET, recv_at(self, 0, &c, 1));
	ASSERT_EQ(128 + SIGKILL, reap(pid));
}

TEST_F(end, a_mark_before_a_child_uses_it_is_not_for_the_child)
{
	pid_t pid;
	char c;

	ASSERT_EQ(0, raw_shutdown(fastipc_fd(self->end[1]),
				  FASTIPC_SHUT_ON_CLOSE));
	pid = CHILD(use_then_die);
	let_go(self, 1);
	ASSERT_EQ(1, recv_at(self, 0, &c, 1));
	ASSERT_EQ(0, send_at(self, 0, "!", 1));
	ASSERT_EQ(-ECONNRESET, recv_at(self, 0, &c, 1));
	ASSERT_EQ(128 + SIGKILL, reap(pid));
}

/* The same, but that the parent keeps the end until the child is dead. */
TEST_F(end, a_mark_after_a_childs_death_is_not_for_the_child)
{
	pid_t pid = CHILD(use_then_die);
	char c;

	ASSERT_EQ(1, recv_at(self, 0, &c, 1));
	ASSERT_EQ(0, send_at(self, 0, "!", 1));
	ASSERT_EQ(128 + SIGKILL, reap(pid));
	ASSERT_EQ(0, raw_shutdown(fastipc_fd(self->end[1]),
				  FASTIPC_SHUT_ON_CLOSE));
	let_go(self, 1);
	ASSERT_EQ(-ECONNRESET, recv_at(self, 0, &c, 1));
}

TEST_F(end, who_attaches_speaks_for_it)
{
	pid_t pid = CHILD(use_then_die);
	char c;

	ASSERT_EQ(1, recv_at(self, 0, &c, 1));
	ASSERT_EQ(0, send_at(self, 0, "!", 1));
	ASSERT_EQ(128 + SIGKILL, reap(pid));
	ASSERT_EQ(0, raw_attach(fastipc_fd(self->end[1])));
	ASSERT_EQ(0, raw_shutdown(fastipc_fd(self->end[1]),
				  FASTIPC_SHUT_ON_CLOSE));
	let_go(self, 1);
	ASSERT_EQ(-EPIPE, recv_at(self, 0, &c, 1));
}

/* Leaves in order: fork_peer_by() says so for it. */
static int use_and_leave(struct fastipc *me, void *arg)
{
	return any_send(me, *(bool *)arg, "+", 1, -1);
}

TEST_F(end, a_child_that_leaves_in_order_does_so_for_its_parent)
{
	pid_t pid = CHILD(use_and_leave);
	char c;

	ASSERT_EQ(0, reap(pid));
	/* Not used here: closing adds nothing. */
	let_go(self, 1);
	ASSERT_EQ(1, recv_at(self, 0, &c, 1));
	ASSERT_EQ(-EPIPE, recv_at(self, 0, &c, 1));
}

TEST_F(end, attaching_takes_the_mark_back)
{
	char c;

	ASSERT_EQ(0, raw_shutdown(fastipc_fd(self->end[1]),
				  FASTIPC_SHUT_ON_CLOSE));
	ASSERT_EQ(0, raw_attach(fastipc_fd(self->end[1])));
	let_go(self, 1);
	ASSERT_EQ(-ECONNRESET, recv_at(self, 0, &c, 1));
}

TEST_HARNESS_MAIN
