// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bad arguments of FASTIPC_SEND, each by itself, in a direct and in a sealed
 * pair: the errno, and that nothing was sent.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#include <sys/uio.h>

#define PAGE 4096
#define ADDRESS(x) ((uintptr_t)(x))
#define ARGS(data_, len_, ...) \
	{ .data = (__u64)(data_), .len = (len_), __VA_ARGS__ }
#define IOV FASTIPC_SEND_IOV
#define ARRAY FASTIPC_SEND_ARRAY
#define MORE FASTIPC_SEND_MORE
#define THEN_RECV FASTIPC_SEND_THEN_RECV
#define THEN_WAIT FASTIPC_SEND_THEN_WAIT

static char bytes[PAGE];
static struct iovec one_piece = { bytes, 1 };
static struct iovec negative_piece = { bytes, -1 };
static struct iovec bad_piece[2] = { { bytes, 1 }, { (void *)8, 1 } };
static struct iovec many_pieces[UIO_MAXIOV + 1];
static struct fastipc_send_item odd_item = { .data = ADDRESS(bytes),
					     .len = 1,
					     .flags = 2 };
static struct fastipc_send_item dirty_item = { .data = ADDRESS(bytes),
					       .len = 1,
					       .reserved = 1 };
static struct fastipc_send_item item_elsewhere = { .data = 8, .len = 1 };
static struct fastipc_send_item item_pieces_elsewhere = {
	.data = 8,
	.len = 1,
	.flags = FASTIPC_SEND_IOV
};
static struct fastipc_recv good_then = { .size = sizeof(good_then),
					 .data = ADDRESS(bytes),
					 .len = 1 };
static struct fastipc_recv small_then = { .size = sizeof(small_then) - 1 };
static struct fastipc_recv large_then = { .size = PAGE + 1 };
static struct fastipc_recv timed_then = { .size = sizeof(timed_then),
					  .timeout_ns = 1 };
static const struct fastipc_recv then_in_a_constant = {
	.size = sizeof(then_in_a_constant),
	.data = ADDRESS(bytes),
	.len = 1
};

FIXTURE(bad_send)
{
	int fd[2];
};

FIXTURE_VARIANT(bad_send)
{
	int error;
	struct fastipc_send send;
};

FIXTURE_VARIANT_ADD(bad_send, unknown_flag) {
	EINVAL, ARGS(bytes, 1, .flags = 32)
};
FIXTURE_VARIANT_ADD(bad_send, highest_flag) {
	EINVAL, ARGS(bytes, 1, .flags = 1U << 31)
};
FIXTURE_VARIANT_ADD(bad_send, iov_and_array) {
	EINVAL, ARGS(&one_piece, 1, .flags = IOV | ARRAY)
};
FIXTURE_VARIANT_ADD(bad_send, more_and_then_recv) {
	EINVAL,
	ARGS(bytes, 1, .flags = MORE | THEN_RECV, .then = ADDRESS(&good_then))
};
FIXTURE_VARIANT_ADD(bad_send, more_and_then_wait) {
	EINVAL, ARGS(bytes, 1, .flags = MORE | THEN_WAIT)
};
FIXTURE_VARIANT_ADD(bad_send, then_recv_and_then_wait) {
	EINVAL,
	ARGS(bytes, 1, .flags = THEN_RECV | THEN_WAIT,
	     .then = ADDRESS(&good_then))
};
FIXTURE_VARIANT_ADD(bad_send, dirty_reserved) {
	EINVAL, ARGS(bytes, 1, .reserved = 1)
};
FIXTURE_VARIANT_ADD(bad_send, tag_of_an_array) {
	EINVAL, ARGS(&one_piece, 0, .flags = ARRAY, .tag = 1)
};
FIXTURE_VARIANT_ADD(bad_send, then_without_its_flag) {
	EINVAL, ARGS(bytes, 1, .then = ADDRESS(&good_then))
};
FIXTURE_VARIANT_ADD(bad_send, then_with_then_wait) {
	EINVAL, ARGS(bytes, 1, .flags = THEN_WAIT, .then = ADDRESS(&good_then))
};
FIXTURE_VARIANT_ADD(bad_send, then_too_small) {
	EINVAL, ARGS(bytes, 1, .flags = THEN_RECV, .then = ADDRESS(&small_then))
};
FIXTURE_VARIANT_ADD(bad_send, then_too_large) {
	E2BIG, ARGS(bytes, 1, .flags = THEN_RECV, .then = ADDRESS(&large_then))
};
FIXTURE_VARIANT_ADD(bad_send, then_with_a_timeout) {
	EINVAL, ARGS(bytes, 1, .flags = THEN_RECV, .then = ADDRESS(&timed_then))
};
FIXTURE_VARIANT_ADD(bad_send, then_nowhere) {
	EFAULT, ARGS(bytes, 1, .flags = THEN_RECV)
};
FIXTURE_VARIANT_ADD(bad_send, then_elsewhere) {
	EFAULT, ARGS(bytes, 1, .flags = THEN_RECV, .then = 8)
};
FIXTURE_VARIANT_ADD(bad_send, then_read_only) {
	EFAULT,
	ARGS(bytes, 1, .flags = THEN_RECV, .then = ADDRESS(&then_in_a_constant))
};
FIXTURE_VARIANT_ADD(bad_send, size_too_small) {
	EINVAL, ARGS(bytes, 1, .size = FASTIPC_SEND_SIZE_VER0 - 1)
};
FIXTURE_VARIANT_ADD(bad_send, size_too_large) {
	E2BIG, ARGS(bytes, 1, .size = PAGE + 1)
};
FIXTURE_VARIANT_ADD(bad_send, data_nowhere) { EFAULT, ARGS(0, 1) };
FIXTURE_VARIANT_ADD(bad_send, data_elsewhere) { EFAULT, ARGS(8, 1) };
FIXTURE_VARIANT_ADD(bad_send, data_of_the_kernel) {
	EFAULT, ARGS(0xffffffff81000000ULL, 1)
};
FIXTURE_VARIANT_ADD(bad_send, pieces_nowhere) {
	EFAULT, ARGS(0, 1, .flags = IOV)
};
FIXTURE_VARIANT_ADD(bad_send, pieces_elsewhere) {
	EFAULT, ARGS(8, 1, .flags = IOV)
};
FIXTURE_VARIANT_ADD(bad_send, second_piece_elsewhere) {
	EFAULT, ARGS(bad_piece, 2, .flags = IOV)
};
FIXTURE_VARIANT_ADD(bad_send, negative_piece) {
	EINVAL, ARGS(&negative_piece, 1, .flags = IOV)
};
FIXTURE_VARIANT_ADD(bad_send, too_many_pieces) {
	EINVAL, ARGS(many_pieces, UIO_MAXIOV + 1, .flags = IOV)
};
FIXTURE_VARIANT_ADD(bad_send, pieces_4g) {
	EINVAL, ARGS(many_pieces, 1ULL << 32, .flags = IOV)
};
FIXTURE_VARIANT_ADD(bad_send, array_nowhere) {
	EFAULT, ARGS(0, 1, .flags = ARRAY)
};
FIXTURE_VARIANT_ADD(bad_send, array_elsewhere) {
	EFAULT, ARGS(8, 1, .flags = ARRAY)
};
FIXTURE_VARIANT_ADD(bad_send, item_with_unknown_flag) {
	EINVAL, ARGS(&odd_item, 1, .flags = ARRAY)
};
FIXTURE_VARIANT_ADD(bad_send, item_with_dirty_reserved) {
	EINVAL, ARGS(&dirty_item, 1, .flags = ARRAY)
};
FIXTURE_VARIANT_ADD(bad_send, item_with_data_elsewhere) {
	EFAULT, ARGS(&item_elsewhere, 1, .flags = ARRAY)
};
FIXTURE_VARIANT_ADD(bad_send, item_with_pieces_elsewhere) {
	EFAULT, ARGS(&item_pieces_elsewhere, 1, .flags = ARRAY)
};
FIXTURE_VARIANT_ADD(bad_send, length_4g) { EMSGSIZE, ARGS(bytes, 1ULL << 32) };

FIXTURE_SETUP(bad_send) {}

FIXTURE_TEARDOWN(bad_send)
{
	close(self->fd[0]);
	close(self->fd[1]);
}

static void refused(struct __test_metadata *_metadata, int fd[2],
		    struct fastipc_send send, int error, uint32_t flags)
{
	if (!send.size)
		send.size = sizeof(send);
	ASSERT_EQ(0, raw_pair_of(fd, PAGE, flags));
	ASSERT_EQ(-error, raw_ioctl(fd[0], FASTIPC_SEND, &send));
	ASSERT_TRUE(nothing_at(fd[1]));
}

TEST_F(bad_send, in_a_direct_pair)
{
	refused(_metadata, self->fd, variant->send, variant->error, 0);
}

TEST_F(bad_send, in_a_sealed_pair)
{
	refused(_metadata, self->fd, variant->send, variant->error,
		FASTIPC_SEALED);
}

/* What comes then is looked at before anything is sent. */
TEST(then_recv_with_an_unknown_flag_sends_nothing)
{
	struct fastipc_recv recv = { .size = sizeof(recv), .flags = 0x80 };
	struct fastipc_send send = { .size = sizeof(send),
				     .flags = FASTIPC_SEND_THEN_RECV,
				     .data = (uintptr_t)"x",
				     .len = 1,
				     .then = (uintptr_t)&recv };
	int fd[2];

	ASSERT_EQ(0, raw_pair(fd, 4096));
	ASSERT_EQ(-EINVAL, raw_ioctl(fd[0], FASTIPC_SEND, &send));
	ASSERT_EQ(0, send.sent);
	ASSERT_TRUE(nothing_at(fd[1]));
	close(fd[0]);
	close(fd[1]);
}

TEST(then_recv_after_1025_sends_nothing)
{
	static struct fastipc_send_item items[1025];
	struct fastipc_recv recv = { .size = sizeof(recv) };
	struct fastipc_send send = { .size = sizeof(send),
				     .flags = FASTIPC_SEND_THEN_RECV |
					      FASTIPC_SEND_ARRAY,
				     .data = (uintptr_t)items,
				     .len = 1025,
				     .then = (uintptr_t)&recv };
	int fd[2];

	ASSERT_EQ(0, raw_pair(fd, 65536));
	ASSERT_EQ(-EINVAL, raw_ioctl(fd[0], FASTIPC_SEND, &send));
	ASSERT_TRUE(nothing_at(fd[1]));
	send.len = 1024;
	ASSERT_EQ(-EAGAIN, raw_ioctl(fd[0], FASTIPC_SEND, &send));
	ASSERT_EQ(1024, send.sent);
	close(fd[0]);
	close(fd[1]);
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
