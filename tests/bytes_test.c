// SPDX-License-Identifier: GPL-2.0-only
/*
 * FASTIPC_STREAM: read(2) and write(2) of a channel that carries bytes; what
 * goes in comes out, however it is cut.  And the limit of a sealed pair.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#include <sys/uio.h>

#define PAGE 4096
#define DIRECT_LIMIT (PAGE / 4 - 16)
#define SEALED_LIMIT (PAGE / 4 - 64)

static char bytes[16 * PAGE];

static int setup_sealed(__u64 max_message)
{
	struct fastipc_setup setup = { .size = sizeof(setup),
				       .flags = FASTIPC_SEALED,
				       .kind = FASTIPC_KIND_PAIR,
				       .ring_bytes = PAGE,
				       .max_message = max_message };
	int fd = raw_open(O_RDWR);
	int ret = raw_ioctl(fd, FASTIPC_SETUP, &setup);

	close(fd);
	return ret;
}

TEST(limit_of_a_sealed_pair_is_accepted)
{
	ASSERT_EQ(0, setup_sealed(SEALED_LIMIT));
}

TEST(limit_of_a_sealed_pair_and_one_is_einval)
{
	ASSERT_EQ(-EINVAL, setup_sealed(SEALED_LIMIT + 1));
}

FIXTURE(stream)
{
	int fd[2];
	struct fastipc_info info;
};

FIXTURE_VARIANT(stream)
{
	__u32 flags;
	__u64 limit;
};

FIXTURE_VARIANT_ADD(stream, direct)
{
	.flags = FASTIPC_STREAM,
	.limit = DIRECT_LIMIT,
};

FIXTURE_VARIANT_ADD(stream, sealed)
{
	.flags = FASTIPC_STREAM | FASTIPC_SEALED,
	.limit = SEALED_LIMIT,
};

FIXTURE_SETUP(stream)
{
	ASSERT_EQ(0, raw_pair_of(self->fd, PAGE, variant->flags));
	ASSERT_EQ(0, raw_info(self->fd[0], &self->info));
}

FIXTURE_TEARDOWN(stream)
{
	close(self->fd[0]);
	close(self->fd[1]);
}

static unsigned char byte_at(size_t i)
{
	return i * 7 + i / 251;
}

static void fill_from(size_t first, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		bytes[i] = byte_at(first + i);
}

/* Whether bytes[] holds those that were sent from a place on. */
static bool are_from(size_t first, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if ((unsigned char)bytes[i] != byte_at(first + i))
			return false;
	return true;
}

TEST_F(stream, says_so)
{
	ASSERT_EQ(variant->flags, self->info.flags);
	ASSERT_EQ(variant->limit, self->info.max_message);
}

TEST_F(stream, adopt_is_eopnotsupp)
{
	struct fastipc *f;

	ASSERT_EQ(-EOPNOTSUPP, fastipc_adopt(&f, self->fd[0]));
}

TEST_F(stream, short_reads_get_the_rest)
{
	fill_from(0, 100);
	ASSERT_EQ(100, write(self->fd[0], bytes, 100));
	ASSERT_EQ(33, read(self->fd[1], bytes, 33));
	ASSERT_TRUE(are_from(0, 33));
	ASSERT_EQ(33, read(self->fd[1], bytes, 33));
	ASSERT_TRUE(are_from(33, 33));
	ASSERT_EQ(34, read(self->fd[1], bytes, 100));
	ASSERT_TRUE(are_from(66, 34));
	ASSERT_TRUE(nothing_at(self->fd[1]));
	/* And the next one gives its beginning. */
	fill_from(100, 50);
	ASSERT_EQ(50, write(self->fd[0], bytes, 50));
	ASSERT_EQ(50, read(self->fd[1], bytes, 100));
	ASSERT_TRUE(are_from(100, 50));
}

TEST_F(stream, a_part_keeps_its_space_until_the_rest_is_read)
{
	int n = fill_ring(self->fd[0]);
	struct fastipc_stat before, after;

	ASSERT_LT(2, n);
	while (read(self->fd[1], bytes, 1) == 1 && --n)
		;
	ASSERT_EQ(10, write(self->fd[0], bytes, 10));
	ASSERT_EQ(0, raw_stat(self->fd[1], &before));
	ASSERT_EQ(9, read(self->fd[1], bytes, 9));
	ASSERT_EQ(0, raw_stat(self->fd[1], &after));
	ASSERT_EQ(before.released, after.released);
	ASSERT_EQ(1, read(self->fd[1], bytes, 9));
	ASSERT_EQ(0, raw_stat(self->fd[1], &after));
	ASSERT_LT(before.released, after.released);
}

TEST_F(stream, readv_gets_parts_too)
{
	struct iovec iov[2] = { { bytes, 10 }, { bytes + 10, 20 } };

	fill_from(0, 100);
	ASSERT_EQ(100, write(self->fd[0], bytes, 100));
	memset(bytes, 0, 100);
	ASSERT_EQ(30, readv(self->fd[1], iov, 2));
	ASSERT_TRUE(are_from(0, 30));
	ASSERT_EQ(70, read(self->fd[1], bytes, 100));
	ASSERT_TRUE(are_from(30, 70));
}

TEST_F(stream, recv_gets_the_rest)
{
	struct fastipc_recv recv;

	fill_from(0, 100);
	ASSERT_EQ(100, write(self->fd[0], bytes, 100));
	ASSERT_EQ(90, read(self->fd[1], bytes, 90));
	ASSERT_EQ(-EMSGSIZE, raw_recv(self->fd[1], &recv, bytes, 9, 0));
	ASSERT_EQ(1, raw_recv(self->fd[1], &recv, bytes, 10, 0));
	ASSERT_EQ(10, recv.len);
	ASSERT_TRUE(are_from(90, 10));
}

/* A part that cannot be written is not lost. */
TEST_F(stream, read_into_a_wall_loses_nothing)
{
	char *wall = new_wall();

	fill_from(0, 100);
	ASSERT_EQ(100, write(self->fd[0], bytes, 100));
	ASSERT_EQ(30, read(self->fd[1], bytes, 30));
	ASSERT_EQ(-1, read(self->fd[1], wall - 10, 20));
	ASSERT_EQ(EFAULT, errno);
	ASSERT_EQ(70, read(self->fd[1], bytes, 100));
	ASSERT_TRUE(are_from(30, 70));
}

TEST_F(stream, empty_messages_are_passed_over)
{
	ASSERT_EQ(1, raw_send(self->fd[0], NULL, 0, 0));
	ASSERT_EQ(0, write(self->fd[0], bytes, 0));
	fill_from(0, 1);
	ASSERT_EQ(1, write(self->fd[0], bytes, 1));
	ASSERT_EQ(1, read(self->fd[1], bytes, 1));
	ASSERT_TRUE(are_from(0, 1));
}

TEST_F(stream, write_above_the_limit_is_cut)
{
	size_t len = 2 * variant->limit + 1;

	fill_from(0, len);
	ASSERT_EQ(len, write(self->fd[0], bytes, len));
	ASSERT_EQ(variant->limit, read(self->fd[1], bytes, sizeof(bytes)));
	ASSERT_TRUE(are_from(0, variant->limit));
	ASSERT_EQ(variant->limit, read(self->fd[1], bytes, sizeof(bytes)));
	ASSERT_TRUE(are_from(variant->limit, variant->limit));
	ASSERT_EQ(1, read(self->fd[1], bytes, sizeof(bytes)));
	ASSERT_TRUE(are_from(2 * variant->limit, 1));
}

/* That is asked for by name, and cannot be half done. */
TEST_F(stream, send_above_the_limit_is_emsgsize)
{
	ASSERT_EQ(-EMSGSIZE,
		  raw_send(self->fd[0], bytes, variant->limit + 1, 0));
	ASSERT_TRUE(nothing_at(self->fd[1]));
}

TEST_F(stream, nonblocking_write_counts_what_fitted)
{
	ssize_t n, got, at = 0;

	ASSERT_EQ(0, fcntl(self->fd[0], F_SETFL, O_NONBLOCK));
	ASSERT_EQ(0, fcntl(self->fd[1], F_SETFL, O_NONBLOCK));
	fill_from(0, sizeof(bytes));
	n = write(self->fd[0], bytes, sizeof(bytes));
	ASSERT_LT(0, n);
	ASSERT_LT(n, PAGE);
	ASSERT_EQ(-1, write(self->fd[0], bytes, sizeof(bytes)));
	ASSERT_EQ(EAGAIN, errno);
	while ((got = read(self->fd[1], bytes, 333)) > 0) {
		ASSERT_TRUE(are_from(at, got));
		at += got;
	}
	ASSERT_EQ(EAGAIN, errno);
	ASSERT_EQ(n, at);
}

TEST_F(stream, interrupted_write_counts_what_fitted)
{
	ssize_t n, at = 0;

	signals_begin(0);
	n = write(self->fd[0], bytes, sizeof(bytes));
	ASSERT_LT(0, n);
	ASSERT_LT(n, PAGE);
	ASSERT_EQ(-1, write(self->fd[0], bytes, sizeof(bytes)));
	ASSERT_EQ(EINTR, errno);
	while (at < n)
		at += read(self->fd[1], bytes, sizeof(bytes));
	ASSERT_EQ(n, at);
	ASSERT_TRUE(nothing_at(self->fd[1]));
}

TEST_F(stream, write_of_more_than_the_ring_waits_for_the_reader)
{
	size_t at = 0;
	ssize_t n;
	pid_t pid;

	fill_from(0, sizeof(bytes));
	pid = fork_bound();
	if (!pid) {
		close(self->fd[1]);
		_exit(write(self->fd[0], bytes, sizeof(bytes)) !=
		      sizeof(bytes));
	}
	ASSERT_TRUE(wait_for_sleep(pid));
	close(self->fd[0]);
	self->fd[0] = -1;
	while ((n = read(self->fd[1], bytes, 1000)) > 0) {
		ASSERT_TRUE(are_from(at, n));
		at += n;
	}
	ASSERT_EQ(0, n);
	ASSERT_EQ(sizeof(bytes), at);
	ASSERT_EQ(0, reap(pid));
}

/* The reader goes when a part was written: first the count, then the reason. */
TEST_F(stream, write_counts_what_was_sent_before_the_end)
{
	pid_t pid = fork_bound();

	if (!pid) {
		ssize_t n;

		close(self->fd[1]);
		n = write(self->fd[0], bytes, sizeof(bytes));
		if (n <= 0 || n >= PAGE)
			_exit(1);
		n = write(self->fd[0], bytes, 1);
		_exit(n == -1 && errno == ECONNRESET ? 0 : 2);
	}
	ASSERT_TRUE(wait_for_sleep(pid));
	close(self->fd[1]);
	self->fd[1] = -1;
	ASSERT_EQ(0, reap(pid));
}

static size_t random_size(unsigned int *x)
{
	*x = *x * 1103515245 + 12345;
	/* Mostly small, sometimes more than the ring. */
	return *x >> 16 & 15 ? (*x >> 20) % 300 : (*x >> 18) % (2 * PAGE);
}

TEST_F_TIMEOUT(stream, of_random_sizes_is_the_same_byte_for_byte, 120)
{
	const size_t total = 1000000;
	unsigned int x = 1;
	size_t at = 0, len;
	ssize_t n;
	pid_t pid = fork_bound();

	if (!pid) {
		close(self->fd[1]);
		for (x = 2; at < total; at += len) {
			len = random_size(&x);
			fill_from(at, len);
			if (write(self->fd[0], bytes, len) != len)
				_exit(1);
		}
		/* How much that was, in bytes of its own. */
		_exit(write(self->fd[0], &at, sizeof(at)) != sizeof(at));
	}
	close(self->fd[0]);
	self->fd[0] = -1;
	while (at < total) {
		len = random_size(&x) + 1;
		if (len > total - at)
			len = total - at;
		n = read(self->fd[1], bytes, len);
		ASSERT_LT(0, n);
		ASSERT_TRUE(are_from(at, n));
		at += n;
	}
	/* Then what is left of the last write, the count, and the end. */
	for (len = 0; (n = read(self->fd[1], bytes + len, 1000)) > 0; len += n)
		;
	ASSERT_EQ(0, n);
	ASSERT_LE(sizeof(at), len);
	len -= sizeof(at);
	memcpy(&at, bytes + len, sizeof(at));
	ASSERT_EQ(total + len, at);
	ASSERT_TRUE(are_from(total, len));
	ASSERT_EQ(0, reap(pid));
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
