// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arrays of FASTIPC_SEND and FASTIPC_RECV where nothing goes wrong: how much of
 * one a call looks at, and what each item says.  A bad item is in
 * send_error_test.c and recv_error_test.c.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#include <sys/uio.h>

#define MOST 1024 /* entries that one call looks at */
#define MANY (MOST + 1)

FIXTURE(array)
{
	int fd[2];
	struct fastipc_send_item out[MANY];
	struct fastipc_recv_item in[MANY];
	char sent[MANY], received[MANY];
};

VARIANTS_OF_SORT(array);

FIXTURE_SETUP(array)
{
	int i;

	ASSERT_EQ(0, raw_pair_of(self->fd, 1 << 18, variant->flags));
	for (i = 0; i < MANY; i++) {
		self->sent[i] = i * 7 + i / 256;
		self->out[i] = (struct fastipc_send_item){
			.data = (uintptr_t)&self->sent[i],
			.len = 1,
			.tag = i * 0x100000001ULL,
		};
		self->in[i] = (struct fastipc_recv_item){
			.data = (uintptr_t)&self->received[i],
			.len = 1,
		};
	}
}

FIXTURE_TEARDOWN(array)
{
	close(self->fd[0]);
	close(self->fd[1]);
}

static int recv_array(int fd, struct fastipc_recv_item *item, __u64 n)
{
	struct fastipc_recv recv = { .size = sizeof(recv),
				     .flags = FASTIPC_RECV_ARRAY,
				     .data = (uintptr_t)item,
				     .len = n };

	return raw_ioctl(fd, FASTIPC_RECV, &recv);
}

TEST_F(array, of_1025_sends_1024)
{
	struct fastipc_send send = { .size = sizeof(send),
				     .flags = FASTIPC_SEND_ARRAY,
				     .data = (uintptr_t)self->out,
				     .len = MANY };
	struct fastipc_stat stat;

	ASSERT_EQ(MOST, raw_ioctl(self->fd[0], FASTIPC_SEND, &send));
	ASSERT_EQ(MOST, send.sent);
	ASSERT_EQ(0, raw_stat(self->fd[1], &stat));
	ASSERT_EQ(MOST, stat.sends);
	/* All of them are to be seen, though there would have been more. */
	ASSERT_EQ(MOST * footprint(variant->flags, 1), stat.peer_sent);
}

TEST_F(array, of_1025_receives_1024)
{
	struct fastipc_recv_item last = self->in[MOST];

	ASSERT_EQ(MOST, raw_send(self->fd[0], self->out, MOST,
				 FASTIPC_SEND_ARRAY));
	ASSERT_EQ(1, raw_send(self->fd[0], "x", 1, 0));
	ASSERT_EQ(MOST, recv_array(self->fd[1], self->in, MANY));
	ASSERT_EQ(0, memcmp(self->sent, self->received, MOST));
	/* The one behind is as it was, and its message still there. */
	ASSERT_EQ(0, memcmp(&last, &self->in[MOST], sizeof(last)));
	ASSERT_EQ(0, self->received[MOST]);
	ASSERT_EQ(1, read(self->fd[1], self->received, 1));
	ASSERT_EQ('x', self->received[0]);
}

TEST_F(array, says_tag_and_stamp_of_each)
{
	const struct fastipc_stamp none = { 0 };
	struct fastipc_info info;
	int i;

	ASSERT_EQ(0, raw_info(self->fd[0], &info));
	ASSERT_EQ(100, raw_send(self->fd[0], self->out, 100,
				FASTIPC_SEND_ARRAY));
	ASSERT_EQ(100, recv_array(self->fd[1], self->in, 100));
	for (i = 0; i < 100; i++) {
		const struct fastipc_stamp *stamp = &self->in[i].stamp;

		ASSERT_EQ(1, self->in[i].len);
		ASSERT_EQ(i * 0x100000001ULL, self->in[i].tag);
		ASSERT_EQ(0, self->in[i].flags);
		if (!variant->flags) {
			ASSERT_EQ(0, memcmp(stamp, &none, sizeof(none)));
			continue;
		}
		ASSERT_EQ(i + 1, stamp->seq);
		ASSERT_EQ(info.endpoint, stamp->endpoint);
		ASSERT_EQ(getpid(), stamp->pid);
		ASSERT_LT(0, stamp->time_ns);
	}
}

TEST_F(array, item_in_pieces_is_sent)
{
	struct iovec iov[3] = { { "ab", 2 }, { NULL, 0 }, { "cde", 3 } };
	struct fastipc_send_item item[2] = {
		{ .data = (uintptr_t)"first", .len = 5 },
		{ .data = (uintptr_t)iov, .len = 3, .flags = FASTIPC_SEND_IOV },
	};

	ASSERT_EQ(2, raw_send(self->fd[0], item, 2, FASTIPC_SEND_ARRAY));
	ASSERT_EQ(5, read(self->fd[1], self->received, 100));
	ASSERT_EQ(0, memcmp(self->received, "first", 5));
	ASSERT_EQ(5, read(self->fd[1], self->received, 100));
	ASSERT_EQ(0, memcmp(self->received, "abcde", 5));
}

TEST_F(array, item_in_pieces_is_received)
{
	char a[3] = "", b[8] = "";
	struct iovec iov[3] = { { a, 2 }, { NULL, 0 }, { b, 7 } };
	struct fastipc_recv_item item[2] = {
		{ .data = (uintptr_t)self->received, .len = 100 },
		{ .data = (uintptr_t)iov, .len = 3, .flags = FASTIPC_RECV_IOV },
	};

	ASSERT_EQ(1, raw_send(self->fd[0], "first", 5, 0));
	ASSERT_EQ(1, raw_send(self->fd[0], "abcde", 5, 0));
	ASSERT_EQ(2, recv_array(self->fd[1], item, 2));
	ASSERT_EQ(5, item[0].len);
	ASSERT_EQ(0, memcmp(self->received, "first", 5));
	/* Bytes, no longer pieces. */
	ASSERT_EQ(5, item[1].len);
	ASSERT_EQ(0, item[1].flags);
	ASSERT_STREQ("ab", a);
	ASSERT_STREQ("cde", b);
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
