// SPDX-License-Identifier: GPL-2.0-only
/*
 * fastipc_drain(): waiting until all that was sent was received.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

FIXTURE(drain)
{
	struct fastipc *end[2];
};

VARIANTS_OF_SORT(drain);

FIXTURE_SETUP(drain)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .ring_bytes = 8192,
					   .flags = variant->flags };

	ASSERT_EQ(0, fastipc_pair(self->end, &options));
}

FIXTURE_TEARDOWN(drain)
{
	fastipc_close(self->end[0]);
	fastipc_close(self->end[1]);
}

TEST_F(drain, nothing_sent_is_nothing_to_wait_for)
{
	ASSERT_EQ(0, fastipc_drain(self->end[0], 0));
	ASSERT_EQ(0, fastipc_drain(self->end[0], -1));
}

TEST_F(drain, not_to_wait_is_eagain)
{
	ASSERT_EQ(0, fastipc_send(self->end[0], "x", 1, 0));
	ASSERT_EQ(-EAGAIN, fastipc_drain(self->end[0], 0));
}

/* What is taken is not given back. */
TEST_F(drain, it_times_out_while_a_message_is_taken)
{
	struct fastipc_msg msg;

	ASSERT_EQ(0, fastipc_send(self->end[0], "x", 1, 0));
	ASSERT_EQ(0, fastipc_take(self->end[1], &msg, 0));
	ASSERT_EQ(-ETIMEDOUT, fastipc_drain(self->end[0], 20));
	ASSERT_EQ(0, fastipc_done(self->end[1], &msg));
	ASSERT_EQ(0, fastipc_drain(self->end[0], 0));
}

static void on_alarm(int signal)
{
}

TEST_F(drain, a_signal_is_eintr)
{
	struct sigaction action = { .sa_handler = on_alarm };

	ASSERT_EQ(0, fastipc_send(self->end[0], "x", 1, 0));
	sigaction(SIGALRM, &action, NULL);
	ualarm(100000, 100000);
	ASSERT_EQ(-EINTR, fastipc_drain(self->end[0], -1));
	ualarm(0, 0);
}

/* @arg: how many to receive, and when: once the parent sleeps. */
static int receive_some(struct fastipc *me, void *arg)
{
	long n = (long)arg;
	char buf[100];

	if (!wait_for_sleep(getppid()))
		return 1;
	while (n--)
		if (fastipc_recv(me, buf, sizeof(buf), 0) < 0)
			return 2;
	return 0;
}

static int receive_some_and_die(struct fastipc *me, void *arg)
{
	if (!receive_some(me, arg))
		raise(SIGKILL);
	return 3;
}

static pid_t send_ten(struct __test_metadata *_metadata, struct fastipc *end[2],
		      int (*receive)(struct fastipc *me, void *arg), long n)
{
	char buf[100] = { 0 };
	pid_t pid;
	int i;

	pid = fork_peer(end, receive, (void *)n);
	fastipc_close(end[1]);
	end[1] = NULL;
	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, fastipc_send(end[0], buf, sizeof(buf),
					  i % 2 ? FASTIPC_MORE : 0));
	return pid;
}

/* And it is all of it: the tenth was withheld, and shown by drain. */
TEST_F(drain, it_waits_for_the_last)
{
	pid_t pid = send_ten(_metadata, self->end, receive_some, 10);

	ASSERT_EQ(0, fastipc_drain(self->end[0], -1));
	ASSERT_EQ(0, reap(pid));
	/* Of what was received, the end is no concern. */
	ASSERT_EQ(0, fastipc_drain(self->end[0], -1));
}

TEST_F(drain, an_end_before_the_last_is_epipe)
{
	pid_t pid = send_ten(_metadata, self->end, receive_some, 9);

	ASSERT_EQ(-EPIPE, fastipc_drain(self->end[0], -1));
	ASSERT_EQ(0, reap(pid));
	ASSERT_EQ(-EPIPE, fastipc_drain(self->end[0], 0));
}

TEST_F(drain, a_death_before_the_last_is_econnreset)
{
	pid_t pid = send_ten(_metadata, self->end, receive_some_and_die, 9);

	ASSERT_EQ(-ECONNRESET, fastipc_drain(self->end[0], -1));
	ASSERT_EQ(128 + SIGKILL, reap(pid));
}

/* Whoever received all, and then died, received all. */
TEST_F(drain, a_death_after_the_last_is_none)
{
	pid_t pid = send_ten(_metadata, self->end, receive_some_and_die, 10);

	ASSERT_EQ(0, fastipc_drain(self->end[0], -1));
	ASSERT_EQ(128 + SIGKILL, reap(pid));
	ASSERT_EQ(0, fastipc_drain(self->end[0], 1000));
}

TEST_F(drain, a_receiver_who_wants_no_more_is_epipe)
{
	ASSERT_EQ(0, fastipc_send(self->end[0], "x", 1, 0));
	ASSERT_EQ(0, fastipc_shutdown(self->end[1], FASTIPC_SHUT_RECV));
	ASSERT_EQ(-EPIPE, fastipc_drain(self->end[0], -1));
}

/*
 * What a sealed end has sent, the kernel knows better than the page: another sender
 * may go on there as soon as all was received.
 */
TEST(it_ends_when_the_kernel_says_so)
{
	struct fastipc_control *own;
	struct fastipc *f;
	int fd[2];

	ASSERT_EQ(0, raw_pair_of(fd, 8192, FASTIPC_SEALED));
	own = raw_map_control(fd[0]);
	ASSERT_NE(NULL, own);
	ASSERT_EQ(0, fastipc_adopt(&f, fd[0]));
	own->sent = 128;
	ASSERT_EQ(0, fastipc_drain(f, 1000));
	ASSERT_EQ(0, munmap(own, 4096));
	fastipc_close(f);
	close(fd[1]);
}

TEST(drain_without_the_right_to_send_is_ebadf)
{
	int fd = raw_open(O_RDWR), peer;
	struct fastipc *f;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, raw_setup(fd, 4096, 0));
	peer = raw_peer(fd, O_RDONLY);
	ASSERT_EQ(0, fastipc_adopt(&f, peer));
	ASSERT_EQ(-EBADF, fastipc_drain(f, 0));
	fastipc_close(f);
	close(fd);
}

TEST_NOTHING_IS_LEFT()

TEST_HARNESS_MAIN
