// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bad arguments of FASTIPC_RECV, each by itself, in a direct and in a sealed
 * pair: the errno, and that nothing was consumed.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#include <sys/uio.h>

#define PAGE 4096
#define ADDRESS(x) ((uintptr_t)(x))
#define ARGS(data_, len_, ...) \
	{ .data = (__u64)(data_), .len = (len_), __VA_ARGS__ }
#define IOV FASTIPC_RECV_IOV
#define ARRAY FASTIPC_RECV_ARRAY

static char bytes[PAGE];
static struct iovec one_piece = { bytes, 100 };
static struct iovec negative_piece = { bytes, -1 };
static struct iovec bad_pieces[2] = { { bytes, 1 }, { (void *)8, 100 } };
static struct iovec many_pieces[UIO_MAXIOV + 1];
static struct fastipc_recv_item odd_item = { .data = ADDRESS(bytes),
					     .len = 100,
					     .flags = 2 };
static struct fastipc_recv_item dirty_item = { .data = ADDRESS(bytes),
					       .len = 100,
					       .reserved = 1 };
static struct fastipc_recv_item item_elsewhere = { .data = 8, .len = 100 };
static struct fastipc_recv_item small_item = { .data = ADDRESS(bytes),
					       .len = 3 };
static struct fastipc_recv_item item_pieces_elsewhere = {
	.data = 8,
	.len = 1,
	.flags = FASTIPC_RECV_IOV
};
static const struct fastipc_recv_item constant_item = {
	.data = ADDRESS(bytes),
	.len = 100
};

/* Whether the next message is the one that was sent, and the only one. */
static bool only_is(int fd, const char *text)
{
	int len = strlen(text);

	memset(bytes, 0, len + 1);
	return read(fd, bytes, sizeof(bytes)) == len && !memcmp(bytes, text, len) &&
	       nothing_at(fd);
}

FIXTURE(bad_recv)
{
	int fd[2];
};

FIXTURE_VARIANT(bad_recv)
{
	int error;
	struct fastipc_recv recv;
};

FIXTURE_VARIANT_ADD(bad_recv, unknown_flag) {
	EINVAL, ARGS(bytes, 100, .flags = 4)
};
FIXTURE_VARIANT_ADD(bad_recv, highest_flag) {
	EINVAL, ARGS(bytes, 100, .flags = 1U << 31)
};
FIXTURE_VARIANT_ADD(bad_recv, iov_and_array) {
	EINVAL, ARGS(&one_piece, 1, .flags = IOV | ARRAY)
};
FIXTURE_VARIANT_ADD(bad_recv, dirty_reserved) {
	EINVAL, ARGS(bytes, 100, .reserved = 1)
};
FIXTURE_VARIANT_ADD(bad_recv, size_too_small) {
	EINVAL, ARGS(bytes, 100, .size = FASTIPC_RECV_SIZE_VER0 - 1)
};
FIXTURE_VARIANT_ADD(bad_recv, size_too_large) {
	E2BIG, ARGS(bytes, 100, .size = PAGE + 1)
};
FIXTURE_VARIANT_ADD(bad_recv, data_nowhere) { EFAULT, ARGS(0, 100) };
FIXTURE_VARIANT_ADD(bad_recv, data_elsewhere) { EFAULT, ARGS(8, 100) };
FIXTURE_VARIANT_ADD(bad_recv, data_of_the_kernel) {
	EFAULT, ARGS(0xffffffff81000000ULL, 100)
};
FIXTURE_VARIANT_ADD(bad_recv, data_read_only) {
	EFAULT, ARGS("a constant of many bytes", 20)
};
FIXTURE_VARIANT_ADD(bad_recv, too_small_a_buffer) { EMSGSIZE, ARGS(bytes, 3) };
FIXTURE_VARIANT_ADD(bad_recv, no_buffer) { EMSGSIZE, ARGS(0, 0) };
FIXTURE_VARIANT_ADD(bad_recv, pieces_nowhere) {
	EFAULT, ARGS(0, 1, .flags = IOV)
};
FIXTURE_VARIANT_ADD(bad_recv, pieces_elsewhere) {
	EFAULT, ARGS(8, 1, .flags = IOV)
};
FIXTURE_VARIANT_ADD(bad_recv, second_piece_elsewhere) {
	EFAULT, ARGS(bad_pieces, 2, .flags = IOV)
};
FIXTURE_VARIANT_ADD(bad_recv, negative_piece) {
	EINVAL, ARGS(&negative_piece, 1, .flags = IOV)
};
FIXTURE_VARIANT_ADD(bad_recv, too_many_pieces) {
	EINVAL, ARGS(many_pieces, UIO_MAXIOV + 1, .flags = IOV)
};
FIXTURE_VARIANT_ADD(bad_recv, too_small_pieces) {
	EMSGSIZE, ARGS(bad_pieces, 1, .flags = IOV)
};
FIXTURE_VARIANT_ADD(bad_recv, empty_array) {
	EINVAL, ARGS(&one_piece, 0, .flags = ARRAY)
};
FIXTURE_VARIANT_ADD(bad_recv, array_nowhere) {
	EFAULT, ARGS(0, 1, .flags = ARRAY)
};
FIXTURE_VARIANT_ADD(bad_recv, array_elsewhere) {
	EFAULT, ARGS(8, 1, .flags = ARRAY)
};
FIXTURE_VARIANT_ADD(bad_recv, array_read_only) {
	EFAULT, ARGS(&constant_item, 1, .flags = ARRAY)
};
FIXTURE_VARIANT_ADD(bad_recv, item_with_unknown_flag) {
	EINVAL, ARGS(&odd_item, 1, .flags = ARRAY)
};
FIXTURE_VARIANT_ADD(bad_recv, item_with_dirty_reserved) {
	EINVAL, ARGS(&dirty_item, 1, .flags = ARRAY)
};
FIXTURE_VARIANT_ADD(bad_recv, item_with_data_elsewhere) {
	EFAULT, ARGS(&item_elsewhere, 1, .flags = ARRAY)
};
FIXTURE_VARIANT_ADD(bad_recv, item_with_pieces_elsewhere) {
	EFAULT, ARGS(&item_pieces_elsewhere, 1, .flags = ARRAY)
};
FIXTURE_VARIANT_ADD(bad_recv, item_too_small) {
	EMSGSIZE, ARGS(&small_item, 1, .flags = ARRAY)
};

FIXTURE_SETUP(bad_recv) {}

FIXTURE_TEARDOWN(bad_recv)
{
	close(self->fd[0]);
	close(self->fd[1]);
}

static void refused(struct __test_metadata *_metadata, int fd[2],
		    struct fastipc_recv recv, int error, uint32_t flags)
{
	if (!recv.size)
		recv.size = sizeof(recv);
	ASSERT_EQ(0, raw_pair_of(fd, PAGE, flags));
	ASSERT_EQ(1, raw_send(fd[1], "four", 4, 0));
	ASSERT_EQ(-error, raw_ioctl(fd[0], FASTIPC_RECV, &recv));
	ASSERT_TRUE(only_is(fd[0], "four"));
}

TEST_F(bad_recv, in_a_direct_pair)
{
	refused(_metadata, self->fd, variant->recv, variant->error, 0);
}

TEST_F(bad_recv, in_a_sealed_pair)
{
	refused(_metadata, self->fd, variant->recv, variant->error,
		FASTIPC_SEALED);
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
