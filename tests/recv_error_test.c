// SPDX-License-Identifier: GPL-2.0-only
/*
 * What FASTIPC_RECV, read(2) and readv(2) say: memory that cannot be written,
 * without the right, at an end that is mapped, nothing there, signals; and what
 * an array receives.  Direct and sealed, by raw calls.  Each test has one thing
 * wrong; where a call fails, nothing was consumed.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#include <sys/uio.h>

#define PAGE 4096
#define MS 1000000ULL
#define ARRAY FASTIPC_RECV_ARRAY

static char bytes[2 * PAGE];

/* With the size filled in unless it is given. */
static int recv_with(int fd, struct fastipc_recv *recv)
{
	if (!recv->size)
		recv->size = sizeof(*recv);
	return raw_ioctl(fd, FASTIPC_RECV, recv);
}

static int recv_for(int fd, __u64 timeout_ns)
{
	struct fastipc_recv recv;

	return raw_recv(fd, &recv, bytes, sizeof(bytes), timeout_ns);
}

static int recv_forever(int fd)
{
	return recv_for(fd, FASTIPC_FOREVER);
}

static int read_into(int fd, void *buf, size_t cap)
{
	ssize_t n = read(fd, buf, cap);

	return n < 0 ? -errno : n;
}

static int read_some(int fd)
{
	return read_into(fd, bytes, sizeof(bytes));
}

/* Whether the next message is the one that was sent, and the only one. */
static bool only_is(int fd, const char *text)
{
	int len = strlen(text);

	memset(bytes, 0, len + 1);
	return read_some(fd) == len && !memcmp(bytes, text, len) &&
	       nothing_at(fd);
}

/* Memory and lengths: end 0 receives ------------------------------------- */

FIXTURE(recv)
{
	int fd[2];
	char *wall;
};

VARIANTS_OF_SORT(recv);

FIXTURE_SETUP(recv)
{
	ASSERT_EQ(0, raw_pair_of(self->fd, PAGE, variant->flags));
	self->wall = new_wall();
	ASSERT_NE(NULL, self->wall);
}

FIXTURE_TEARDOWN(recv)
{
	close(self->fd[0]);
	close(self->fd[1]);
	munmap(self->wall - PAGE, 2 * PAGE);
}

#define SEND_FOUR() ASSERT_EQ(1, raw_send(self->fd[1], "four", 4, 0))
#define IS_STILL_FOUR() ASSERT_TRUE(only_is(self->fd[0], "four"))

/* A caller who cannot be told what came receives nothing. */
TEST_F(recv, read_only_structure_is_efault_and_consumes_nothing)
{
	struct fastipc_recv *recv = (void *)(self->wall - PAGE);

	*recv = (struct fastipc_recv){ .size = sizeof(*recv),
				       .data = (uintptr_t)bytes,
				       .len = 100 };
	ASSERT_EQ(0, mprotect(recv, PAGE, PROT_READ));
	SEND_FOUR();
	ASSERT_EQ(-EFAULT, raw_ioctl(self->fd[0], FASTIPC_RECV, recv));
	IS_STILL_FOUR();
}

TEST_F(recv, structure_with_a_read_only_end_is_efault)
{
	struct fastipc_recv *recv = (void *)(self->wall - 64);

	ASSERT_EQ(0, mprotect(self->wall, PAGE, PROT_READ | PROT_WRITE));
	*recv = (struct fastipc_recv){ .size = sizeof(*recv),
				       .data = (uintptr_t)bytes,
				       .len = 100 };
	ASSERT_EQ(0, mprotect(self->wall, PAGE, PROT_READ));
	SEND_FOUR();
	ASSERT_EQ(-EFAULT, raw_ioctl(self->fd[0], FASTIPC_RECV, recv));
	IS_STILL_FOUR();
}

TEST_F(recv, item_with_a_read_only_end_is_efault)
{
	struct fastipc_recv_item *item = (void *)(self->wall - 64);
	struct fastipc_recv recv = { .flags = ARRAY,
				     .data = (uintptr_t)item,
				     .len = 1 };

	ASSERT_EQ(0, mprotect(self->wall, PAGE, PROT_READ | PROT_WRITE));
	*item = (struct fastipc_recv_item){ .data = (uintptr_t)bytes,
					    .len = 100 };
	ASSERT_EQ(0, mprotect(self->wall, PAGE, PROT_READ));
	SEND_FOUR();
	ASSERT_EQ(-EFAULT, recv_with(self->fd[0], &recv));
	IS_STILL_FOUR();
}

TEST_F(recv, newer_structure_with_something_unknown_is_e2big)
{
	struct fastipc_recv *recv = (void *)(self->wall - PAGE);

	*recv = (struct fastipc_recv){ .size = sizeof(*recv) + 8,
				       .data = (uintptr_t)bytes,
				       .len = 100 };
	((char *)recv)[sizeof(*recv) + 7] = 1;
	SEND_FOUR();
	ASSERT_EQ(-E2BIG, raw_ioctl(self->fd[0], FASTIPC_RECV, recv));
	IS_STILL_FOUR();
}

TEST_F(recv, newer_structure_with_nothing_unknown_is_accepted)
{
	struct fastipc_recv *recv = (void *)(self->wall - PAGE);

	*recv = (struct fastipc_recv){ .size = PAGE,
				       .data = (uintptr_t)bytes,
				       .len = 100 };
	SEND_FOUR();
	ASSERT_EQ(1, raw_ioctl(self->fd[0], FASTIPC_RECV, recv));
	ASSERT_EQ(4, recv->len);
}

/* Room in part for a message: no part of it is consumed. */
TEST_F(recv, into_a_wall_is_efault)
{
	struct fastipc_recv recv;

	SEND_FOUR();
	ASSERT_EQ(-EFAULT,
		  raw_recv(self->fd[0], &recv, self->wall - 2, 100, 0));
	IS_STILL_FOUR();
}

TEST_F(recv, read_into_a_wall_is_efault)
{
	SEND_FOUR();
	ASSERT_EQ(-EFAULT, read_into(self->fd[0], self->wall - 2, 100));
	IS_STILL_FOUR();
}

TEST_F(recv, readv_into_a_wall_is_efault)
{
	struct iovec iov[2] = { { bytes, 3 }, { self->wall, 100 } };

	SEND_FOUR();
	ASSERT_EQ(-1, readv(self->fd[0], iov, 2));
	ASSERT_EQ(EFAULT, errno);
	IS_STILL_FOUR();
}

/* What is not needed is not touched. */
TEST_F(recv, up_to_a_wall_is_received)
{
	SEND_FOUR();
	ASSERT_EQ(4, read_into(self->fd[0], self->wall - 4, 100));
	ASSERT_EQ(0, memcmp(self->wall - 4, "four", 4));
}

TEST_F(recv, read_into_too_small_a_buffer_is_emsgsize)
{
	SEND_FOUR();
	ASSERT_EQ(-EMSGSIZE, read_into(self->fd[0], bytes, 3));
	IS_STILL_FOUR();
}

TEST_F(recv, readv_into_too_small_pieces_is_emsgsize)
{
	struct iovec iov[2] = { { bytes, 1 }, { bytes + 8, 2 } };

	SEND_FOUR();
	ASSERT_EQ(-1, readv(self->fd[0], iov, 2));
	ASSERT_EQ(EMSGSIZE, errno);
	IS_STILL_FOUR();
}

TEST_F(recv, read_of_0_bytes_is_0_and_consumes_nothing)
{
	SEND_FOUR();
	ASSERT_EQ(0, read_into(self->fd[0], bytes, 0));
	IS_STILL_FOUR();
}

/* There are no places in it. */
TEST_F(recv, pread_is_espipe)
{
	SEND_FOUR();
	ASSERT_EQ(-1, pread(self->fd[0], bytes, 100, 0));
	ASSERT_EQ(ESPIPE, errno);
	IS_STILL_FOUR();
}

TEST_F(recv, at_a_sending_end_is_ebadf)
{
	int fd = raw_open(O_RDWR), peer;

	ASSERT_EQ(0, raw_setup(fd, PAGE, 0));
	peer = raw_peer(fd, O_WRONLY);
	ASSERT_EQ(-EBADF, recv_for(peer, 0));
	close(peer);
	close(fd);
}

TEST_F(recv, read_at_a_sending_end_is_ebadf)
{
	int fd = raw_open(O_RDWR), peer;

	ASSERT_EQ(0, raw_setup(fd, PAGE, 0));
	peer = raw_peer(fd, O_WRONLY);
	ASSERT_EQ(-EBADF, read_some(peer));
	close(peer);
	close(fd);
}

TEST_F(recv, before_setup_is_enotconn)
{
	int fd = raw_open(O_RDWR);

	ASSERT_EQ(-ENOTCONN, recv_for(fd, 0));
	close(fd);
}

TEST_F(recv, read_before_setup_is_enotconn)
{
	int fd = raw_open(O_RDWR);

	ASSERT_EQ(-ENOTCONN, read_some(fd));
	close(fd);
}

/* A process that has the end mapped receives there, and nobody else. */
TEST_F(recv, at_a_mapped_end_is_ebusy)
{
	void *map = raw_map_control(self->fd[0]);

	ASSERT_NE(NULL, map);
	SEND_FOUR();
	ASSERT_EQ(-EBUSY, recv_for(self->fd[0], 0));
	munmap(map, PAGE);
	IS_STILL_FOUR();
}

TEST_F(recv, read_at_a_mapped_end_is_ebusy)
{
	void *map = raw_map_control(self->fd[0]);

	ASSERT_NE(NULL, map);
	SEND_FOUR();
	ASSERT_EQ(-EBUSY, read_some(self->fd[0]));
	munmap(map, PAGE);
	IS_STILL_FOUR();
}

/* Nothing there ---------------------------------------------------------- */

TEST_F(recv, with_timeout_0_is_eagain)
{
	ASSERT_EQ(-EAGAIN, recv_for(self->fd[0], 0));
}

TEST_F(recv, of_a_nonblocking_endpoint_is_eagain)
{
	ASSERT_EQ(0, fcntl(self->fd[0], F_SETFL, O_NONBLOCK));
	ASSERT_EQ(-EAGAIN, recv_forever(self->fd[0]));
}

TEST_F(recv, read_of_a_nonblocking_endpoint_is_eagain)
{
	ASSERT_EQ(0, fcntl(self->fd[0], F_SETFL, O_NONBLOCK));
	ASSERT_EQ(-EAGAIN, read_some(self->fd[0]));
}

TEST_F(recv, of_a_nanosecond_is_etimedout)
{
	ASSERT_EQ(-ETIMEDOUT, recv_for(self->fd[0], 1));
}

TEST_F(recv, times_out_not_earlier_than_asked)
{
	__u64 begin = now_ns();

	ASSERT_EQ(-ETIMEDOUT, recv_for(self->fd[0], 50 * MS));
	ASSERT_LE(50 * MS, now_ns() - begin);
}

TEST_F(recv, forever_ends_with_a_signal_as_eintr)
{
	signals_begin(0);
	ASSERT_EQ(-EINTR, recv_forever(self->fd[0]));
}

TEST_F(recv, read_ends_with_a_signal_as_eintr)
{
	signals_begin(0);
	ASSERT_EQ(-EINTR, read_some(self->fd[0]));
}

/* A restart would wait for as long again. */
TEST_F(recv, with_a_time_ends_with_a_restarting_signal_as_eintr)
{
	signals_begin(SA_RESTART);
	ASSERT_EQ(-EINTR, recv_for(self->fd[0], 20000 * MS));
}

TEST_F(recv, forever_is_restarted)
{
	pid_t pid = fork_restarted(recv_forever, self->fd[0], 1);

	SEND_FOUR();
	ASSERT_EQ(0, reap(pid));
}

TEST_F(recv, read_is_restarted)
{
	pid_t pid = fork_restarted(read_some, self->fd[0], 4);

	SEND_FOUR();
	ASSERT_EQ(0, reap(pid));
}

/* Arrays ----------------------------------------------------------------- */

TEST_F(recv, array_with_a_bad_second_item_receives_the_first)
{
	struct fastipc_recv_item item[2] = {
		{ .data = (uintptr_t)bytes, .len = 100 },
		{ .data = 8, .len = 100 },
	};
	struct fastipc_recv recv = { .flags = ARRAY,
				     .data = (uintptr_t)item,
				     .len = 2 };

	ASSERT_EQ(1, raw_send(self->fd[1], "first", 5, 0));
	SEND_FOUR();
	ASSERT_EQ(1, recv_with(self->fd[0], &recv));
	ASSERT_EQ(5, item[0].len);
	ASSERT_EQ(0, memcmp(bytes, "first", 5));
	IS_STILL_FOUR();
}

TEST_F(recv, array_with_too_small_a_second_item_receives_the_first)
{
	struct fastipc_recv_item item[2] = {
		{ .data = (uintptr_t)bytes, .len = 100 },
		{ .data = (uintptr_t)bytes, .len = 3 },
	};
	struct fastipc_recv recv = { .flags = ARRAY,
				     .data = (uintptr_t)item,
				     .len = 2 };

	ASSERT_EQ(1, raw_send(self->fd[1], "first", 5, 0));
	SEND_FOUR();
	ASSERT_EQ(1, recv_with(self->fd[0], &recv));
	IS_STILL_FOUR();
}

/* It waits for the first message, not for a full array. */
TEST_F(recv, array_receives_what_is_there)
{
	struct fastipc_recv_item item[3] = {
		{ .data = (uintptr_t)bytes, .len = 100 },
		{ .data = (uintptr_t)bytes + 100, .len = 100 },
		{ .data = (uintptr_t)bytes + 200, .len = 100 },
	};
	struct fastipc_recv recv = { .flags = ARRAY,
				     .data = (uintptr_t)item,
				     .len = 3,
				     .timeout_ns = FASTIPC_FOREVER };

	ASSERT_EQ(1, raw_send(self->fd[1], "first", 5, 0));
	SEND_FOUR();
	ASSERT_EQ(2, recv_with(self->fd[0], &recv));
	ASSERT_EQ(5, item[0].len);
	ASSERT_EQ(4, item[1].len);
	ASSERT_EQ(100, item[2].len);
	ASSERT_EQ(3, recv.len);
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
