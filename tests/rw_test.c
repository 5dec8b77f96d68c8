// SPDX-License-Identifier: GPL-2.0-only
/*
 * read(2) and write(2) beside processes that map: on the other side, before and
 * after on the same side, in both directions.  The kernel goes on exactly where
 * a process stopped, however it stopped, and the other way round.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#include <sys/uio.h>

#define PAGE 4096
#define LIMIT (PAGE / 4 - 64)

static void fill(unsigned char *buf, size_t len, unsigned int seed)
{
	size_t i;

	for (i = 0; i < len; i++)
		buf[i] = seed * 31 + i * 7 + (i >> 8);
}

static bool is_filled(const unsigned char *buf, size_t len, unsigned int seed)
{
	unsigned char want[LIMIT];

	fill(want, len, seed);
	return !memcmp(want, buf, len);
}

/* Never 0: read(2) passes over empty messages. */
static size_t length_of(unsigned int number, size_t most)
{
	return number * 37 % most + 1;
}

/* One side: a handle, or a descriptor without one ------------------------ */

struct side {
	int fd;
	struct fastipc *f;
};

/* Message @number; half of write(2)'s are in pieces. */
static int side_send(struct side *side, unsigned int number, size_t most)
{
	size_t len = length_of(number, most);
	unsigned char buf[LIMIT];
	struct iovec iov[3] = { { buf, len / 3 },
				{ buf, 0 },
				{ buf + len / 3, len - len / 3 } };
	ssize_t n;

	fill(buf, len, number);
	if (side->f)
		return fastipc_send(side->f, buf, len, 0);
	n = number % 2 ? writev(side->fd, iov, 3) : write(side->fd, buf, len);
	return n == len ? 0 : -1;
}

/* 0 if it is message @number. */
static int side_recv(struct side *side, unsigned int number, size_t most)
{
	size_t len = length_of(number, most);
	unsigned char buf[LIMIT];
	struct iovec iov[2] = { { buf, len / 2 },
				{ buf + len / 2, sizeof(buf) - len / 2 } };
	ssize_t n;

	if (side->f)
		n = fastipc_recv(side->f, buf, sizeof(buf), 0);
	else if (number % 3)
		n = read(side->fd, buf, sizeof(buf));
	else
		n = readv(side->fd, iov, 2);
	return n == len && is_filled(buf, len, number) ? 0 : -1;
}

FIXTURE(mixture)
{
	int fd[2];
	struct side mine;
};

FIXTURE_VARIANT(mixture)
{
	__u32 flags;
	bool mapped[2];
};

FIXTURE_VARIANT_ADD(mixture, direct_calls_and_calls) {
	0, { false, false }
};
FIXTURE_VARIANT_ADD(mixture, direct_calls_and_maps) {
	0, { false, true }
};
FIXTURE_VARIANT_ADD(mixture, direct_maps_and_calls) {
	0, { true, false }
};
FIXTURE_VARIANT_ADD(mixture, sealed_calls_and_calls) {
	FASTIPC_SEALED, { false, false }
};
FIXTURE_VARIANT_ADD(mixture, sealed_calls_and_maps) {
	FASTIPC_SEALED, { false, true }
};
FIXTURE_VARIANT_ADD(mixture, sealed_maps_and_calls) {
	FASTIPC_SEALED, { true, false }
};

FIXTURE_SETUP(mixture)
{
	ASSERT_EQ(0, raw_pair_of(self->fd, PAGE, variant->flags));
}

FIXTURE_TEARDOWN(mixture)
{
	if (self->mine.f)
		fastipc_close(self->mine.f);
	else
		close(self->fd[0]);
	close(self->fd[1]);
}

static int become(struct side *side, const int fd[2], int end, bool mapped)
{
	*side = (struct side){ .fd = fd[end] };
	return mapped ? fastipc_adopt(&side->f, fd[end]) : 0;
}

/* A child at end 1 does this; the test is at end 0. */
static pid_t fork_side(const int fd[2], bool mapped,
		       int (*body)(struct side *side))
{
	struct side side;
	pid_t pid = fork_bound();

	if (pid)
		return pid;
	close(fd[0]);
	if (become(&side, fd, 1, mapped))
		_exit(100);
	_exit(body(&side));
}

#define STREAM 2000
#define ECHOES 500

static int receive_all(struct side *side)
{
	unsigned int i;

	for (i = 0; i < STREAM; i++)
		if (side_recv(side, i, LIMIT))
			return 1;
	return 0;
}

static int send_all(struct side *side)
{
	unsigned int i;

	for (i = 0; i < STREAM; i++)
		if (side_send(side, i, LIMIT))
			return 1;
	return 0;
}

static int echo(struct side *side)
{
	unsigned int i;

	for (i = 0; i < ECHOES; i++)
		if (side_recv(side, i, LIMIT) ||
		    side_send(side, i + 1000, LIMIT))
			return 1;
	return 0;
}

TEST_F(mixture, sends)
{
	pid_t pid = fork_side(self->fd, variant->mapped[1], receive_all);

	ASSERT_EQ(0, become(&self->mine, self->fd, 0, variant->mapped[0]));
	ASSERT_EQ(0, send_all(&self->mine));
	ASSERT_EQ(0, reap(pid));
}

TEST_F(mixture, receives)
{
	pid_t pid = fork_side(self->fd, variant->mapped[1], send_all);

	ASSERT_EQ(0, become(&self->mine, self->fd, 0, variant->mapped[0]));
	ASSERT_EQ(0, receive_all(&self->mine));
	ASSERT_EQ(0, reap(pid));
}

TEST_F(mixture, exchanges)
{
	pid_t pid = fork_side(self->fd, variant->mapped[1], echo);
	unsigned int i;

	ASSERT_EQ(0, become(&self->mine, self->fd, 0, variant->mapped[0]));
	for (i = 0; i < ECHOES; i++) {
		ASSERT_EQ(0, side_send(&self->mine, i, LIMIT));
		ASSERT_EQ(0, side_recv(&self->mine, i + 1000, LIMIT));
	}
	ASSERT_EQ(0, reap(pid));
}

/* Alternately, at both ends ---------------------------------------------- */

#define SMALL 120 /* longest message here */
#define PENDING 12 /* most that wait in the ring */

FIXTURE(turns)
{
	int fd[2];
	unsigned int sent, received;
	unsigned int random;
};

VARIANTS_OF_SORT(turns);

FIXTURE_SETUP(turns)
{
	ASSERT_EQ(0, raw_pair_of(self->fd, PAGE, variant->flags));
	self->random = 1;
}

FIXTURE_TEARDOWN(turns)
{
	close(self->fd[0]);
	close(self->fd[1]);
}

static unsigned int roll(unsigned int *x, unsigned int faces)
{
	*x = *x * 1103515245 + 12345;
	return (*x >> 16) % faces;
}

static int send_some(struct side *side, unsigned int first, unsigned int n)
{
	unsigned int i;

	for (i = first; i < first + n; i++)
		if (side_send(side, i, SMALL))
			return -1;
	return 0;
}

static int recv_some(struct side *side, unsigned int first, unsigned int n)
{
	unsigned int i;

	for (i = first; i < first + n; i++)
		if (side_recv(side, i, SMALL))
			return -1;
	return 0;
}

/* A process maps, sends, and leaves, or dies, with a batch that it withheld. */
static void send_and_go(int fd, unsigned int first, unsigned int n, bool die,
			unsigned int withheld)
{
	struct side side = { .fd = fd };

	if (fastipc_adopt(&side.f, fd) || send_some(&side, first, n))
		_exit(1);
	while (withheld--)
		if (fastipc_send(side.f, "never", 5, FASTIPC_MORE))
			_exit(2);
	if (die)
		raise(SIGKILL);
	_exit(0);
}

/* The same for receiving; who dies leaves the last one taken, and not done. */
static void recv_and_go(int fd, unsigned int first, unsigned int n, bool die)
{
	struct side side = { .fd = fd };
	struct fastipc_msg msg;

	if (fastipc_adopt(&side.f, fd) ||
	    recv_some(&side, first, die ? n - 1 : n))
		_exit(1);
	if (!die)
		_exit(0);
	if (fastipc_take(side.f, &msg, FASTIPC_NOWAIT))
		_exit(2);
	raise(SIGKILL);
}

static int send_turn(int fd, __u32 flags, unsigned int first, unsigned int n,
		     unsigned int *random)
{
	unsigned int how = roll(random, 4);
	/* In a sealed pair the kernel withholds them, not the dead. */
	unsigned int withheld = flags ? 0 : roll(random, 3);
	struct side side = { .fd = fd };
	pid_t pid;

	if (how < 2)
		return send_some(&side, first, n);
	pid = fork_bound();
	if (!pid)
		send_and_go(fd, first, n, how == 3, withheld);
	return reap(pid) == (how == 3 ? 128 + SIGKILL : 0) ? 0 : -1;
}

static int recv_turn(int fd, unsigned int first, unsigned int n,
		     unsigned int *random)
{
	unsigned int how = roll(random, 4);
	struct side side = { .fd = fd };
	pid_t pid;

	if (how < 2)
		return recv_some(&side, first, n);
	pid = fork_bound();
	if (!pid)
		recv_and_go(fd, first, n, how == 3);
	return reap(pid) == (how == 3 ? 128 + SIGKILL : 0) ? 0 : -1;
}

TEST_F_TIMEOUT(turns, go_on_where_the_last_one_stopped, 120)
{
	unsigned int turn, n, pending;

	for (turn = 0; turn < 400; turn++) {
		pending = self->sent - self->received;
		n = roll(&self->random, PENDING - pending + 1);
		if (n)
			ASSERT_EQ(0, send_turn(self->fd[0], variant->flags,
					       self->sent, n, &self->random))
				TH_LOG("turn %u, message %u", turn, self->sent);
		self->sent += n;
		pending += n;
		n = roll(&self->random, pending + 1);
		if (n)
			ASSERT_EQ(0, recv_turn(self->fd[1], self->received, n,
					       &self->random))
				TH_LOG("turn %u, message %u", turn,
				       self->received);
		self->received += n;
	}
	ASSERT_EQ(0, recv_some(&(struct side){ .fd = self->fd[1] },
			       self->received, self->sent - self->received));
	ASSERT_TRUE(nothing_at(self->fd[1]));
	/* That was many times around the ring. */
	ASSERT_LT(30 * PAGE / SMALL, self->sent);
}

/* What the kernel withheld is gone once somebody maps the end, and goes on. */
TEST_F(turns, a_batch_of_the_kernels_is_not_the_next_owners)
{
	struct side side = { .fd = self->fd[0] };
	struct fastipc *f;
	char buf[6];

	ASSERT_EQ(0, send_some(&side, 0, 2));
	ASSERT_EQ(1, raw_send(self->fd[0], "batch", 5, FASTIPC_SEND_MORE));
	ASSERT_EQ(1, raw_send(self->fd[0], "batch", 5, FASTIPC_SEND_MORE));
	if (variant->flags)
		/* In a sealed pair it stays the kernel's to show. */
		ASSERT_EQ(0, raw_send(self->fd[0], NULL, 0,
				      FASTIPC_SEND_ARRAY));
	ASSERT_EQ(0, fastipc_adopt(&f, dup(self->fd[0])));
	ASSERT_EQ(0, fastipc_send(f, "mapped", 6, 0));
	fastipc_close(f);
	ASSERT_EQ(0, send_some(&side, 2, 2));
	side.fd = self->fd[1];
	ASSERT_EQ(0, recv_some(&side, 0, 2));
	if (variant->flags) {
		ASSERT_EQ(5, read(self->fd[1], buf, 5));
		ASSERT_EQ(5, read(self->fd[1], buf, 5));
	}
	ASSERT_EQ(6, read(self->fd[1], buf, 6));
	ASSERT_EQ(0, recv_some(&side, 2, 2));
	ASSERT_TRUE(nothing_at(self->fd[1]));
}

/* A message that was taken in place, and not given back, counts as received. */
TEST_F(turns, what_was_taken_is_not_received_again)
{
	struct side side = { .fd = self->fd[0] };
	struct fastipc_stat stat;
	struct fastipc_msg msg;
	struct fastipc *f;

	ASSERT_EQ(0, send_some(&side, 0, 3));
	ASSERT_EQ(0, fastipc_adopt(&f, dup(self->fd[1])));
	ASSERT_EQ(0, fastipc_take(f, &msg, 0));
	ASSERT_EQ(0, fastipc_take(f, &msg, 0));
	fastipc_close(f);
	side.fd = self->fd[1];
	ASSERT_EQ(0, recv_some(&side, 2, 1));
	/* And its space is free. */
	ASSERT_EQ(0, raw_stat(self->fd[1], &stat));
	ASSERT_EQ(stat.peer_sent, stat.released);
}

/* Its 0 would say that this is the end. */
TEST_F(turns, read_passes_over_empty_messages)
{
	char buf[8];

	ASSERT_EQ(1, raw_send(self->fd[0], NULL, 0, 0));
	ASSERT_EQ(1, raw_send(self->fd[0], NULL, 0, 0));
	ASSERT_EQ(1, write(self->fd[0], "x", 1));
	ASSERT_EQ(1, read(self->fd[1], buf, sizeof(buf)));
	ASSERT_EQ('x', buf[0]);
	ASSERT_TRUE(nothing_at(self->fd[1]));
}

/* The kernel sleeps for space that only a page tells of: that wakes it. */
TEST_F(turns, a_writer_asleep_goes_on_when_a_mapped_reader_makes_space)
{
	char buf[LIMIT];
	struct fastipc *f;
	pid_t pid;

	fill_ring(self->fd[0]);
	pid = fork_bound();
	if (!pid)
		_exit(write(self->fd[0], buf, LIMIT) != LIMIT);
	ASSERT_TRUE(wait_for_sleep(pid));
	ASSERT_EQ(0, fastipc_adopt(&f, self->fd[1]));
	while (fastipc_recv(f, buf, sizeof(buf), 0) == 1)
		;
	ASSERT_EQ(0, reap(pid));
	self->fd[1] = -1;
	fastipc_close(f);
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
