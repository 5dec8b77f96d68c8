// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several messages at once: what FASTIPC_MORE withholds, when it shows, and the
 * calls that send, take and give back many; direct and sealed alike.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#define MANY 2000 /* more than the kernel takes in one array */

FIXTURE(batch)
{
	struct fastipc *end[2];
	struct fastipc_msg *msg;
	struct fastipc_out *out;
	struct iovec *iov;
	uint64_t *number;
};

VARIANTS_OF_SORT(batch);

FIXTURE_SETUP(batch)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .ring_bytes = 262144,
					   .takes = MANY,
					   .spin_us = -1,
					   .flags = variant->flags };
	int i;

	ASSERT_EQ(0, fastipc_pair(self->end, &options));
	self->msg = calloc(MANY, sizeof(*self->msg));
	self->out = calloc(MANY, sizeof(*self->out));
	self->iov = calloc(MANY, sizeof(*self->iov));
	self->number = calloc(MANY, sizeof(*self->number));
	for (i = 0; i < MANY; i++) {
		self->number[i] = i;
		self->iov[i] = (struct iovec){ &self->number[i], 8 };
		self->out[i] = (struct fastipc_out){ &self->iov[i], 1, i * 3 };
	}
}

FIXTURE_TEARDOWN(batch)
{
	fastipc_close(self->end[0]);
	fastipc_close(self->end[1]);
	free(self->msg);
	free(self->out);
	free(self->iov);
	free(self->number);
}

/* Messages from @first on, as the fixture numbers them. */
static bool numbered(const struct fastipc_msg *msg, int n, uint64_t first)
{
	int i;

	for (i = 0; i < n; i++)
		if (msg[i].len != 8 || msg[i].tag != (first + i) * 3 ||
		    *(const uint64_t *)msg[i].data != first + i)
			return false;
	return true;
}

/* FASTIPC_MORE ------- */

TEST_F(batch, nothing_shows_before_the_flush)
{
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, fastipc_sendmsg(self->end[0], &self->out[i],
					     FASTIPC_MORE));
	ASSERT_EQ(-EAGAIN,
		  fastipc_take(self->end[1], self->msg, FASTIPC_NOWAIT));
	ASSERT_EQ(0, fastipc_wait(self->end[1], POLLIN, 0));
	ASSERT_EQ(-EAGAIN, raw_sync(fastipc_fd(self->end[1]),
				    FASTIPC_SYNC_WAIT_RECV, 0));
	ASSERT_EQ(0, fastipc_flush(self->end[0]));
	ASSERT_EQ(POLLIN, fastipc_wait(self->end[1], POLLIN, 0));
	ASSERT_EQ(3,
		  fastipc_takev(self->end[1], self->msg, MANY, FASTIPC_NOWAIT));
	ASSERT_TRUE(numbered(self->msg, 3, 0));
	/* Once. */
	ASSERT_EQ(0, fastipc_flush(self->end[0]));
	ASSERT_EQ(-EAGAIN,
		  fastipc_take(self->end[1], self->msg, FASTIPC_NOWAIT));
}

TEST_F(batch, the_next_without_more_shows_all)
{
	ASSERT_EQ(0,
		  fastipc_sendmsg(self->end[0], &self->out[0], FASTIPC_MORE));
	ASSERT_EQ(0, fastipc_sendmsg(self->end[0], &self->out[1], 0));
	ASSERT_EQ(2,
		  fastipc_takev(self->end[1], self->msg, MANY, FASTIPC_NOWAIT));
	ASSERT_TRUE(numbered(self->msg, 2, 0));
}

/* Or both sides would wait. */
TEST_F(batch, eagain_shows_all)
{
	char buf[1000] = { 0 };
	int n = 0, ret;

	do {
		ret = fastipc_send(self->end[0], buf, sizeof(buf),
				   FASTIPC_NOWAIT | FASTIPC_MORE);
		n += !ret;
	} while (!ret);
	ASSERT_EQ(-EAGAIN, ret);
	ASSERT_EQ(n,
		  fastipc_takev(self->end[1], self->msg, MANY, FASTIPC_NOWAIT));
}

static int withhold_forever(struct fastipc *me, void *arg)
{
	uint64_t i;

	for (i = 0; i < 20000; i++)
		if (fastipc_send(me, &i, sizeof(i), FASTIPC_MORE))
			return 1;
	/* Closing shows the rest. */
	return 0;
}

TEST_F(batch, having_to_wait_shows_all)
{
	uint64_t i, got;
	pid_t pid;

	pid = fork_peer(self->end, withhold_forever, NULL);
	fastipc_close(self->end[1]);
	self->end[1] = NULL;
	for (i = 0; i < 20000; i++) {
		ASSERT_EQ(8, fastipc_recv(self->end[0], &got, 8, 0));
		ASSERT_EQ(i, got);
	}
	ASSERT_EQ(-EPIPE, fastipc_recv(self->end[0], &got, 8, 0));
	ASSERT_EQ(0, reap(pid));
}

TEST_F(batch, shutdown_shows_all)
{
	ASSERT_EQ(0,
		  fastipc_sendmsg(self->end[0], &self->out[0], FASTIPC_MORE));
	ASSERT_EQ(0, fastipc_shutdown(self->end[0], FASTIPC_SHUT_SEND));
	ASSERT_EQ(0, fastipc_take(self->end[1], self->msg, FASTIPC_NOWAIT));
	ASSERT_TRUE(numbered(self->msg, 1, 0));
	ASSERT_EQ(-EPIPE, fastipc_take(self->end[1], self->msg, 0));
}

TEST_F(batch, drain_shows_all)
{
	ASSERT_EQ(0,
		  fastipc_sendmsg(self->end[0], &self->out[0], FASTIPC_MORE));
	ASSERT_EQ(-EAGAIN, fastipc_drain(self->end[0], 0));
	ASSERT_EQ(0, fastipc_take(self->end[1], self->msg, FASTIPC_NOWAIT));
	ASSERT_TRUE(numbered(self->msg, 1, 0));
}

TEST_F(batch, close_shows_all)
{
	ASSERT_EQ(0,
		  fastipc_sendmsg(self->end[0], &self->out[0], FASTIPC_MORE));
	fastipc_close(self->end[0]);
	self->end[0] = NULL;
	ASSERT_EQ(0, fastipc_take(self->end[1], self->msg, 0));
	ASSERT_TRUE(numbered(self->msg, 1, 0));
	ASSERT_EQ(-EPIPE, fastipc_take(self->end[1], self->msg, 0));
}

static int withhold_and_die(struct fastipc *me, void *arg)
{
	int i;

	for (i = 0; i < 5; i++)
		if (fastipc_send(me, &i, sizeof(i), i < 2 ? 0 : FASTIPC_MORE))
			return 1;
	raise(SIGKILL);
	return 2;
}

TEST_F(batch, what_the_dead_withheld_was_never_sent)
{
	int i, got;
	pid_t pid;

	pid = fork_peer(self->end, withhold_and_die, NULL);
	fastipc_close(self->end[1]);
	self->end[1] = NULL;
	ASSERT_EQ(128 + SIGKILL, reap(pid));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(4, fastipc_recv(self->end[0], &got, 4, 0));
		ASSERT_EQ(i, got);
	}
	ASSERT_EQ(-ECONNRESET, fastipc_recv(self->end[0], &got, 4, 0));
}

/* Many ------- */

/* A receiver that sleeps finds all of them when it wakes. */
TEST_F(batch, many_are_visible_at_once)
{
	pid_t parent = getpid(), pid;
	struct fastipc *me;

	pid = fork_bound();
	if (!pid) {
		if (fastipc_adopt(&me, fastipc_fd(self->end[0])) ||
		    !wait_for_sleep(parent))
			_exit(1);
		_exit(fastipc_sendv(me, self->out, MANY, 0) != MANY);
	}
	ASSERT_EQ(MANY, fastipc_takev(self->end[1], self->msg, MANY, 0));
	ASSERT_TRUE(numbered(self->msg, MANY, 0));
	ASSERT_EQ(MANY, fastipc_donev(self->end[1], self->msg, MANY, 0));
	ASSERT_EQ(0, reap(pid));
}

/* As many as the library's array holds, one less, and more. */
TEST_F(batch, a_few_more_than_fit_into_one_array)
{
	int n;

	for (n = 31; n <= 33; n++) {
		ASSERT_EQ(n, fastipc_sendv(self->end[0], self->out, n, 0));
		ASSERT_EQ(n, fastipc_takev(self->end[1], self->msg, MANY,
					   FASTIPC_NOWAIT));
		ASSERT_TRUE(numbered(self->msg, n, 0));
		ASSERT_EQ(n, fastipc_donev(self->end[1], self->msg, n, 0));
	}
}

TEST_F(batch, sendv_with_more_shows_nothing)
{
	ASSERT_EQ(40, fastipc_sendv(self->end[0], self->out, 40, FASTIPC_MORE));
	ASSERT_EQ(-EAGAIN,
		  fastipc_take(self->end[1], self->msg, FASTIPC_NOWAIT));
	ASSERT_EQ(0, fastipc_flush(self->end[0]));
	ASSERT_EQ(40,
		  fastipc_takev(self->end[1], self->msg, MANY, FASTIPC_NOWAIT));
}

TEST_F(batch, sendv_into_a_full_ring_sends_what_fits)
{
	static char big[8000];
	struct iovec iov = { big, sizeof(big) };
	struct fastipc_out out[40];
	int i, n;

	for (i = 0; i < 40; i++)
		out[i] = (struct fastipc_out){ &iov, 1, i };
	n = fastipc_sendv(self->end[0], out, 40, FASTIPC_NOWAIT);
	ASSERT_EQ(32, n); /* of 262144 bytes, less the word behind */
	ASSERT_EQ(-EAGAIN,
		  fastipc_sendv(self->end[0], out, 40, FASTIPC_NOWAIT));
	ASSERT_EQ(n,
		  fastipc_takev(self->end[1], self->msg, MANY, FASTIPC_NOWAIT));
	for (i = 0; i < n; i++)
		ASSERT_EQ(i, self->msg[i].tag);
}

TEST_F(batch, sendv_sends_what_comes_before_a_mistake)
{
	static char big[65536];

	self->iov[35] = (struct iovec){ big, sizeof(big) };
	ASSERT_EQ(35, fastipc_sendv(self->end[0], self->out, 40, 0));
	ASSERT_EQ(35,
		  fastipc_takev(self->end[1], self->msg, MANY, FASTIPC_NOWAIT));
	ASSERT_TRUE(numbered(self->msg, 35, 0));
	ASSERT_EQ(-EMSGSIZE, fastipc_sendv(self->end[0], self->out + 35, 5, 0));
}

/* An array of the kernel's holds 32: of the next one nothing is sent. */
TEST_F(batch, sendv_shows_what_comes_before_a_mistake_that_begins_an_array)
{
	static char big[65536];

	self->iov[32] = (struct iovec){ big, sizeof(big) };
	ASSERT_EQ(32, fastipc_sendv(self->end[0], self->out, 40, 0));
	ASSERT_EQ(32,
		  fastipc_takev(self->end[1], self->msg, MANY, FASTIPC_NOWAIT));
}

TEST_F(batch, sendv_of_nothing_is_einval)
{
	ASSERT_EQ(-EINVAL, fastipc_sendv(self->end[0], self->out, 0, 0));
}

TEST_F(batch, sendv_waits_for_space)
{
	pid_t pid;
	int i, n;

	pid = fork_bound();
	if (!pid) {
		struct fastipc *me;

		if (fastipc_adopt(&me, fastipc_fd(self->end[0])))
			_exit(1);
		/* Five times as many as the ring holds. */
		for (i = 0; i < 10; i++)
			if (fastipc_sendv(me, self->out, MANY, 0) != MANY)
				_exit(2);
		_exit(0);
	}
	for (i = 0; i < 10 * MANY; i += n) {
		n = fastipc_takev(self->end[1], self->msg, MANY - i % MANY, 0);
		ASSERT_GT(n, 0);
		ASSERT_TRUE(numbered(self->msg, n, i % MANY));
		ASSERT_EQ(n, fastipc_donev(self->end[1], self->msg, n, 0));
	}
	ASSERT_EQ(0, reap(pid));
}

TEST_F(batch, gathered_from_pieces)
{
	struct iovec iov[3] = { { "ab", 2 }, { NULL, 0 }, { "cde", 3 } };
	struct fastipc_out out[2] = { { iov, 3, 1 }, { NULL, 0, 2 } };

	ASSERT_EQ(2, fastipc_sendv(self->end[0], out, 2, 0));
	ASSERT_EQ(2, fastipc_takev(self->end[1], self->msg, 2, 0));
	ASSERT_EQ(5, self->msg[0].len);
	ASSERT_EQ(0, memcmp(self->msg[0].data, "abcde", 5));
	ASSERT_EQ(0, self->msg[1].len);
	ASSERT_EQ(2, self->msg[1].tag);
}

TEST_F(batch, takev_takes_as_many_as_there_is_room_for)
{
	ASSERT_EQ(10, fastipc_sendv(self->end[0], self->out, 10, 0));
	ASSERT_EQ(4, fastipc_takev(self->end[1], self->msg, 4, 0));
	ASSERT_EQ(6, fastipc_takev(self->end[1], self->msg + 4, 96, 0));
	ASSERT_TRUE(numbered(self->msg, 10, 0));
	ASSERT_EQ(-EAGAIN,
		  fastipc_takev(self->end[1], self->msg, 1, FASTIPC_NOWAIT));
	ASSERT_EQ(-EINVAL, fastipc_takev(self->end[1], self->msg, 0, 0));
}

TEST(takev_takes_no_more_than_the_handle_may)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .takes = 3 };
	struct iovec iov = { "x", 1 };
	struct fastipc_out out[5];
	struct fastipc_msg msg[5];
	struct fastipc *end[2];
	int i;

	for (i = 0; i < 5; i++)
		out[i] = (struct fastipc_out){ &iov, 1, 0 };
	ASSERT_EQ(0, fastipc_pair(end, &options));
	ASSERT_EQ(5, fastipc_sendv(end[0], out, 5, 0));
	ASSERT_EQ(3, fastipc_takev(end[1], msg, 5, 0));
	ASSERT_EQ(-EINVAL, fastipc_takev(end[1], msg + 3, 2, 0));
	ASSERT_EQ(2, fastipc_donev(end[1], msg, 2, 0));
	ASSERT_EQ(2, fastipc_takev(end[1], msg + 3, 2, 0));
	fastipc_close(end[0]);
	fastipc_close(end[1]);
}

/* All are given back, or none. */
TEST_F(batch, donev_out_of_order_gives_nothing_back)
{
	struct fastipc_stat stat;

	ASSERT_EQ(3, fastipc_sendv(self->end[0], self->out, 3, 0));
	ASSERT_EQ(3, fastipc_takev(self->end[1], self->msg, 3, 0));
	ASSERT_EQ(-EINVAL, fastipc_donev(self->end[1], self->msg + 1, 2, 0));
	self->msg[3] = self->msg[1];
	self->msg[1] = self->msg[2];
	ASSERT_EQ(-EINVAL, fastipc_donev(self->end[1], self->msg, 3, 0));
	ASSERT_EQ(0, fastipc_stat(self->end[1], &stat));
	ASSERT_EQ(0, stat.released);
	self->msg[1] = self->msg[3];
	ASSERT_EQ(3, fastipc_donev(self->end[1], self->msg, 3, 0));
	ASSERT_EQ(0, fastipc_stat(self->end[1], &stat));
	ASSERT_EQ(stat.peer_sent, stat.released);
}

TEST_F(batch, donev_of_more_than_was_taken_is_einval)
{
	ASSERT_EQ(2, fastipc_sendv(self->end[0], self->out, 2, 0));
	ASSERT_EQ(0, fastipc_take(self->end[1], self->msg, 0));
	ASSERT_EQ(-EINVAL, fastipc_donev(self->end[1], self->msg, 2, 0));
}

TEST_F(batch, donev_with_a_flag_is_einval)
{
	ASSERT_EQ(0, fastipc_sendmsg(self->end[0], self->out, 0));
	ASSERT_EQ(0, fastipc_take(self->end[1], self->msg, 0));
	ASSERT_EQ(-EINVAL,
		  fastipc_donev(self->end[1], self->msg, 1, FASTIPC_NOWAIT));
}

/* Nobody can have released what was withheld from him. */
TEST(released_within_a_batch_of_the_kernels_is_ebadmsg)
{
	char buf[900] = "";
	struct mapped evil;
	int fd[2];

	ASSERT_EQ(0, raw_pair(fd, 4096));
	ASSERT_EQ(0, raw_map_end(fd[1], &evil));
	ASSERT_EQ(1, raw_send(fd[0], buf, sizeof(buf), FASTIPC_SEND_MORE));
	ASSERT_EQ(1, raw_send(fd[0], buf, sizeof(buf), FASTIPC_SEND_MORE));
	evil.own->released = FASTIPC_FOOTPRINT(sizeof(buf));
	ASSERT_EQ(-EBADMSG,
		  raw_send(fd[0], buf, sizeof(buf), FASTIPC_SEND_MORE));
	raw_unmap_end(&evil);
	close(fd[0]);
	close(fd[1]);
}

TEST_NOTHING_IS_LEFT()

TEST_HARNESS_MAIN
