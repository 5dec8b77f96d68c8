// SPDX-License-Identifier: GPL-2.0-only
/*
 * What FASTIPC_SEND, write(2) and writev(2) say: memory that is not there, too
 * much, without the right, at an end that is mapped; and of which part of an
 * array is sent.  Direct and sealed, by raw calls.  Each test has one thing
 * wrong; where a call fails, nothing was sent.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#include <sys/uio.h>

#define PAGE 4096
#define IOV FASTIPC_SEND_IOV
#define ARRAY FASTIPC_SEND_ARRAY
#define MORE FASTIPC_SEND_MORE
#define THEN_RECV FASTIPC_SEND_THEN_RECV
#define THEN_WAIT FASTIPC_SEND_THEN_WAIT

static char bytes[2 * PAGE];

/* With the size filled in unless it is given. */
static int send_with(int fd, struct fastipc_send *send)
{
	if (!send->size)
		send->size = sizeof(*send);
	return raw_ioctl(fd, FASTIPC_SEND, send);
}

static struct iovec bad_pieces[2] = { { bytes, 1 }, { (void *)8, 1 } };
static struct fastipc_recv good_then = { .size = sizeof(good_then),
					 .data = (uintptr_t)bytes,
					 .len = 1 };

/* Memory and lengths ----------------------------------------------------- */

FIXTURE(send)
{
	int fd[2];
	__u64 limit;
	char *wall;
};

VARIANTS_OF_SORT(send);

FIXTURE_SETUP(send)
{
	struct fastipc_info info;

	ASSERT_EQ(0, raw_pair_of(self->fd, PAGE, variant->flags));
	ASSERT_EQ(0, raw_info(self->fd[0], &info));
	self->limit = info.max_message;
	self->wall = new_wall();
	ASSERT_NE(NULL, self->wall);
}

FIXTURE_TEARDOWN(send)
{
	close(self->fd[0]);
	close(self->fd[1]);
	munmap(self->wall - PAGE, 2 * PAGE);
}

/* A caller who cannot be told how many were sent sends nothing. */
TEST_F(send, read_only_structure_is_efault_and_sends_nothing)
{
	struct fastipc_send *send = (void *)(self->wall - PAGE);

	*send = (struct fastipc_send){ .size = sizeof(*send),
				       .data = (uintptr_t)bytes,
				       .len = 1 };
	ASSERT_EQ(0, mprotect(send, PAGE, PROT_READ));
	ASSERT_EQ(-EFAULT, raw_ioctl(self->fd[0], FASTIPC_SEND, send));
	ASSERT_TRUE(nothing_at(self->fd[1]));
}

TEST_F(send, structure_with_a_read_only_end_is_efault_and_sends_nothing)
{
	struct fastipc_send *send = (void *)(self->wall - 24);

	ASSERT_EQ(0, mprotect(self->wall, PAGE, PROT_READ | PROT_WRITE));
	*send = (struct fastipc_send){ .size = sizeof(*send),
				       .data = (uintptr_t)bytes,
				       .len = 1 };
	ASSERT_EQ(0, mprotect(self->wall, PAGE, PROT_READ));
	ASSERT_EQ(-EFAULT, raw_ioctl(self->fd[0], FASTIPC_SEND, send));
	ASSERT_TRUE(nothing_at(self->fd[1]));
}

TEST_F(send, newer_structure_with_something_unknown_is_e2big)
{
	struct fastipc_send *send = (void *)(self->wall - PAGE);

	*send = (struct fastipc_send){ .size = sizeof(*send) + 8,
				       .data = (uintptr_t)bytes,
				       .len = 1 };
	((char *)send)[sizeof(*send) + 7] = 1;
	ASSERT_EQ(-E2BIG, raw_ioctl(self->fd[0], FASTIPC_SEND, send));
	ASSERT_TRUE(nothing_at(self->fd[1]));
}

TEST_F(send, newer_structure_with_nothing_unknown_is_accepted)
{
	struct fastipc_send *send = (void *)(self->wall - PAGE);

	*send = (struct fastipc_send){ .size = PAGE,
				       .data = (uintptr_t)bytes,
				       .len = 1 };
	ASSERT_EQ(1, raw_ioctl(self->fd[0], FASTIPC_SEND, send));
	ASSERT_FALSE(nothing_at(self->fd[1]));
}

/* A payload that is there in part is not sent in part. */
TEST_F(send, payload_that_ends_at_a_wall_is_efault)
{
	ASSERT_EQ(-EFAULT, raw_send(self->fd[0], self->wall - 9, 10, 0));
	ASSERT_TRUE(nothing_at(self->fd[1]));
	ASSERT_EQ(1, raw_send(self->fd[0], self->wall - 9, 9, 0));
}

TEST_F(send, write_from_elsewhere_is_efault)
{
	ASSERT_EQ(-1, write(self->fd[0], self->wall, 1));
	ASSERT_EQ(EFAULT, errno);
	ASSERT_TRUE(nothing_at(self->fd[1]));
}

TEST_F(send, write_that_ends_at_a_wall_is_efault)
{
	ASSERT_EQ(-1, write(self->fd[0], self->wall - 9, 10));
	ASSERT_EQ(EFAULT, errno);
	ASSERT_TRUE(nothing_at(self->fd[1]));
}

TEST_F(send, writev_with_a_piece_elsewhere_is_efault)
{
	ASSERT_EQ(-1, writev(self->fd[0], bad_pieces, 2));
	ASSERT_EQ(EFAULT, errno);
	ASSERT_TRUE(nothing_at(self->fd[1]));
}

TEST_F(send, pwrite_is_espipe)
{
	ASSERT_EQ(-1, pwrite(self->fd[0], bytes, 1, 0));
	ASSERT_EQ(ESPIPE, errno);
	ASSERT_TRUE(nothing_at(self->fd[1]));
}

TEST_F(send, the_limit_is_sent)
{
	ASSERT_EQ(1, raw_send(self->fd[0], bytes, self->limit, 0));
	ASSERT_EQ(self->limit, read(self->fd[1], bytes, sizeof(bytes)));
}

TEST_F(send, one_above_the_limit_is_emsgsize)
{
	ASSERT_EQ(-EMSGSIZE, raw_send(self->fd[0], bytes, self->limit + 1, 0));
	ASSERT_TRUE(nothing_at(self->fd[1]));
}

TEST_F(send, pieces_one_above_the_limit_are_emsgsize)
{
	struct iovec iov[2] = { { bytes, self->limit }, { bytes, 1 } };

	ASSERT_EQ(-EMSGSIZE, raw_send(self->fd[0], iov, 2, IOV));
	ASSERT_TRUE(nothing_at(self->fd[1]));
}

TEST_F(send, write_of_the_limit_is_sent)
{
	ASSERT_EQ(self->limit, write(self->fd[0], bytes, self->limit));
}

TEST_F(send, write_of_one_above_the_limit_is_emsgsize)
{
	ASSERT_EQ(-1, write(self->fd[0], bytes, self->limit + 1));
	ASSERT_EQ(EMSGSIZE, errno);
	ASSERT_TRUE(nothing_at(self->fd[1]));
}

TEST_F(send, writev_of_one_above_the_limit_is_emsgsize)
{
	struct iovec iov[2] = { { bytes, self->limit }, { bytes, 1 } };

	ASSERT_EQ(-1, writev(self->fd[0], iov, 2));
	ASSERT_EQ(EMSGSIZE, errno);
	ASSERT_TRUE(nothing_at(self->fd[1]));
}

/* Rights ----------------------------------------------------------------- */

TEST_F(send, through_a_receiving_end_is_ebadf)
{
	int fd = raw_open(O_RDWR), peer;

	ASSERT_EQ(0, raw_setup(fd, PAGE, 0));
	peer = raw_peer(fd, O_RDONLY);
	ASSERT_LE(0, peer);
	ASSERT_EQ(-EBADF, raw_send(peer, bytes, 1, 0));
	close(peer);
	close(fd);
}

TEST_F(send, write_through_a_receiving_end_is_ebadf)
{
	int fd = raw_open(O_RDWR), peer;

	ASSERT_EQ(0, raw_setup(fd, PAGE, 0));
	peer = raw_peer(fd, O_RDONLY);
	ASSERT_EQ(-1, write(peer, bytes, 1));
	ASSERT_EQ(EBADF, errno);
	close(peer);
	close(fd);
}

/* That nothing can be received afterwards is seen before anything is sent. */
static int send_then_at_a_sending_end(struct fastipc_send *send, bool *sent)
{
	int fd = raw_open(O_RDWR), peer, ret;

	raw_setup(fd, PAGE, 0);
	peer = raw_peer(fd, O_WRONLY);
	ret = send_with(peer, send);
	*sent = !nothing_at(fd);
	close(peer);
	close(fd);
	return ret;
}

TEST_F(send, then_recv_at_a_sending_end_is_ebadf)
{
	struct fastipc_send send = { .flags = THEN_RECV,
				     .data = (uintptr_t)bytes,
				     .len = 1,
				     .then = (uintptr_t)&good_then };
	bool sent;

	ASSERT_EQ(-EBADF, send_then_at_a_sending_end(&send, &sent));
	ASSERT_FALSE(sent);
}

TEST_F(send, then_wait_at_a_sending_end_is_ebadf)
{
	struct fastipc_send send = { .flags = THEN_WAIT,
				     .data = (uintptr_t)bytes,
				     .len = 1 };
	bool sent;

	ASSERT_EQ(-EBADF, send_then_at_a_sending_end(&send, &sent));
	ASSERT_FALSE(sent);
}

TEST_F(send, before_setup_is_enotconn)
{
	int fd = raw_open(O_RDWR);

	ASSERT_EQ(-ENOTCONN, raw_send(fd, bytes, 1, 0));
	close(fd);
}

TEST_F(send, write_before_setup_is_enotconn)
{
	int fd = raw_open(O_RDWR);

	ASSERT_EQ(-1, write(fd, bytes, 1));
	ASSERT_EQ(ENOTCONN, errno);
	close(fd);
}

/* The other side may come later: what is sent queues. */
TEST_F(send, before_peer_queues)
{
	int fd = raw_open(O_RDWR), peer;

	ASSERT_EQ(0, raw_setup(fd, PAGE, 0));
	ASSERT_EQ(1, raw_send(fd, "q", 1, 0));
	peer = raw_peer(fd, O_RDWR);
	ASSERT_EQ(1, read(peer, bytes, 1));
	ASSERT_EQ('q', bytes[0]);
	close(peer);
	close(fd);
}

/* An end that a process has mapped --------------------------------------- */

TEST_F(send, at_a_mapped_end_is_ebusy_unless_sealed)
{
	void *map = raw_map_control(self->fd[0]);

	ASSERT_NE(NULL, map);
	ASSERT_EQ(variant->flags ? 1 : -EBUSY,
		  raw_send(self->fd[0], bytes, 1, 0));
	munmap(map, PAGE);
	ASSERT_EQ(1, raw_send(self->fd[0], bytes, 1, 0));
}

TEST_F(send, write_at_a_mapped_end_is_ebusy_unless_sealed)
{
	void *map = raw_map_control(self->fd[0]);
	ssize_t n;

	ASSERT_NE(NULL, map);
	errno = 0;
	n = write(self->fd[0], bytes, 5);
	ASSERT_EQ(variant->flags ? 5 : -1, n);
	ASSERT_EQ(variant->flags ? 0 : EBUSY, errno);
	munmap(map, PAGE);
	ASSERT_EQ(5, write(self->fd[0], bytes, 5));
}

TEST_F(send, then_recv_at_a_mapped_end_is_ebusy_and_sends_nothing)
{
	struct fastipc_send send = { .flags = THEN_RECV,
				     .data = (uintptr_t)bytes,
				     .len = 1,
				     .then = (uintptr_t)&good_then };
	void *map = raw_map_control(self->fd[0]);

	ASSERT_NE(NULL, map);
	ASSERT_EQ(-EBUSY, send_with(self->fd[0], &send));
	ASSERT_TRUE(nothing_at(self->fd[1]));
	munmap(map, PAGE);
}

/* The peer's maps are its own matter. */
TEST_F(send, to_a_mapped_end_works)
{
	void *map = raw_map_control(self->fd[1]);

	ASSERT_NE(NULL, map);
	ASSERT_EQ(1, raw_send(self->fd[0], bytes, 1, 0));
	munmap(map, PAGE);
}

/* Arrays ----------------------------------------------------------------- */

TEST_F(send, array_with_a_bad_second_item_sends_the_first)
{
	struct fastipc_send_item item[3] = {
		{ .data = (uintptr_t)"a", .len = 1 },
		{ .data = 8, .len = 1 },
		{ .data = (uintptr_t)"c", .len = 1 },
	};
	struct fastipc_send send = { .flags = ARRAY,
				     .data = (uintptr_t)item,
				     .len = 3 };

	ASSERT_EQ(1, send_with(self->fd[0], &send));
	ASSERT_EQ(1, send.sent);
	ASSERT_EQ(1, read(self->fd[1], bytes, 1));
	ASSERT_EQ('a', bytes[0]);
	ASSERT_TRUE(nothing_at(self->fd[1]));
}

TEST_F(send, array_with_too_long_a_second_item_sends_the_first)
{
	struct fastipc_send_item item[2] = {
		{ .data = (uintptr_t)"a", .len = 1 },
		{ .data = (uintptr_t)bytes, .len = self->limit + 1 },
	};

	ASSERT_EQ(1, raw_send(self->fd[0], item, 2, ARRAY));
	ASSERT_EQ(1, read(self->fd[1], bytes, 1));
	ASSERT_TRUE(nothing_at(self->fd[1]));
}

TEST_F(send, array_that_does_not_fit_sends_what_does)
{
	struct fastipc_send_item item[8];
	int i, n;

	for (i = 0; i < 8; i++)
		item[i] = (struct fastipc_send_item){
			.data = (uintptr_t)bytes, .len = self->limit
		};
	n = raw_send(self->fd[0], item, 8, ARRAY);
	ASSERT_LT(0, n);
	ASSERT_LT(n, 8);
	for (i = 0; i < n; i++)
		ASSERT_EQ(self->limit, read(self->fd[1], bytes, sizeof(bytes)));
	ASSERT_TRUE(nothing_at(self->fd[1]));
}

TEST_F(send, array_into_a_full_ring_is_eagain)
{
	struct fastipc_send_item item = { .data = (uintptr_t)bytes, .len = 1 };

	fill_ring(self->fd[0]);
	ASSERT_EQ(-EAGAIN, raw_send(self->fd[0], &item, 1, ARRAY));
}

/* What is withheld fills the ring too; who waits for space shows it. */
TEST_F(send, what_was_withheld_is_shown_before_eagain)
{
	while (raw_send(self->fd[0], bytes, self->limit, MORE) == 1)
		;
	ASSERT_EQ(self->limit, read(self->fd[1], bytes, sizeof(bytes)));
}

TEST_F(send, what_was_withheld_is_shown_before_the_end)
{
	ASSERT_EQ(1, raw_send(self->fd[0], "x", 1, FASTIPC_SEND_MORE));
	ASSERT_EQ(0, raw_shutdown(self->fd[0], FASTIPC_SHUT_SEND));
	ASSERT_EQ(1, read(self->fd[1], bytes, sizeof(bytes)));
	ASSERT_EQ(0, read(self->fd[1], bytes, sizeof(bytes)));
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
