// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arguments that do not come.  A process makes a call whose structure, or whose
 * array, lies in memory that nobody serves (userfaultfd): it hangs, and nobody else
 * does, at the same endpoint or at the other.  A test that waits for the hanging
 * one times out.
 */
#include "kselftest_harness.h"
#include "slow_memory.h"

#define LEN 5

static const char never[] = "never", first[] = "first";

/* The memory comes with a size that no structure has. */
static int hang_in(int fd, unsigned long command, char *page)
{
	return ioctl(fd, command, page) == -1 && errno == E2BIG ? 0 : 95;
}

#define HANG_IN(name, NAME)                           \
	static int hang_in_##name(int fd, char *page) \
	{                                             \
		return hang_in(fd, NAME, page);       \
	}

HANG_IN(setup, FASTIPC_SETUP)
HANG_IN(attach, FASTIPC_ATTACH)
HANG_IN(peer, FASTIPC_PEER)
HANG_IN(info, FASTIPC_INFO)
HANG_IN(map, FASTIPC_MAP)
HANG_IN(send, FASTIPC_SEND)
HANG_IN(recv, FASTIPC_RECV)
HANG_IN(sync, FASTIPC_SYNC)
HANG_IN(stat, FASTIPC_STAT)
HANG_IN(shutdown, FASTIPC_SHUTDOWN)

/* What follows a send; nothing is sent before it is there. */
static int hang_in_then(int fd, char *page)
{
	struct fastipc_send send = { .size = sizeof(send),
				     .flags = FASTIPC_SEND_THEN_RECV,
				     .data = (uintptr_t)never,
				     .len = LEN,
				     .then = (uintptr_t)page };

	return raw_ioctl(fd, FASTIPC_SEND, &send) == -E2BIG ? 0 : 95;
}

/* The pieces of a message, which come with an address that is none. */
static int hang_in_iov(int fd, char *page)
{
	struct fastipc_send send = { .size = sizeof(send),
				     .flags = FASTIPC_SEND_IOV,
				     .data = (uintptr_t)page,
				     .len = 1 };

	return raw_ioctl(fd, FASTIPC_SEND, &send) < 0 ? 0 : 95;
}

FIXTURE(args)
{
	int fd[2];
	struct slow slow;
};

FIXTURE_VARIANT(args)
{
	int (*body)(int fd, char *page);
};

FIXTURE_VARIANT_ADD(args, setup) {
	.body = hang_in_setup,
};

FIXTURE_VARIANT_ADD(args, attach) {
	.body = hang_in_attach,
};

FIXTURE_VARIANT_ADD(args, peer) {
	.body = hang_in_peer,
};

FIXTURE_VARIANT_ADD(args, info) {
	.body = hang_in_info,
};

FIXTURE_VARIANT_ADD(args, map) {
	.body = hang_in_map,
};

FIXTURE_VARIANT_ADD(args, send) {
	.body = hang_in_send,
};

FIXTURE_VARIANT_ADD(args, recv) {
	.body = hang_in_recv,
};

FIXTURE_VARIANT_ADD(args, sync) {
	.body = hang_in_sync,
};

FIXTURE_VARIANT_ADD(args, stat) {
	.body = hang_in_stat,
};

FIXTURE_VARIANT_ADD(args, shutdown) {
	.body = hang_in_shutdown,
};

FIXTURE_VARIANT_ADD(args, then) {
	.body = hang_in_then,
};

FIXTURE_VARIANT_ADD(args, iov) {
	.body = hang_in_iov,
};


FIXTURE_SETUP(args)
{
	ASSERT_EQ(0, raw_pair_of(self->fd, 4096, 0));
}

FIXTURE_TEARDOWN(args)
{
	close(self->fd[0]);
	if (self->fd[1] >= 0)
		close(self->fd[1]);
}

static int attach(int fd, int end)
{
	struct fastipc_attach attach = { .size = sizeof(attach), .end = end };

	return raw_ioctl(fd, FASTIPC_ATTACH, &attach);
}

/* Every call but the one that hangs, there and at the other end. */
static void all_go_on(struct __test_metadata *_metadata, int fd[2])
{
	struct fastipc_recv recv;
	struct fastipc_info info;
	struct fastipc_stat stat;
	char buf[LEN];
	int i, map;

	ASSERT_EQ(-EBUSY, raw_setup(fd[0], 4096, 0));
	ASSERT_EQ(-EBUSY, raw_peer(fd[0], O_RDWR));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, attach(fd[i], i));
		ASSERT_EQ(0, raw_info(fd[i], &info));
		ASSERT_EQ(FASTIPC_PEER_ATTACHED, info.peer_state);
		ASSERT_EQ(0, raw_stat(fd[i], &stat));
		ASSERT_EQ(1, raw_send(fd[i], "hello", LEN, 0));
		ASSERT_EQ(0, raw_sync(fd[!i], FASTIPC_SYNC_WAIT_RECV, 0));
		ASSERT_EQ(1, raw_recv(fd[!i], &recv, buf, LEN, 0));
		ASSERT_EQ(0, memcmp(buf, "hello", LEN));
		map = raw_map(fd[i]);
		ASSERT_GE(map, 0);
		close(map);
	}
}

TEST_F(args, that_hang_delay_nobody)
{
	ASSERT_TRUE(hang(&self->slow, variant->body, self->fd[0], self->fd[1]));
	all_go_on(_metadata, self->fd);
	ASSERT_EQ(0, hang_ends(&self->slow));
	all_go_on(_metadata, self->fd);
}

TEST_F(args, that_hang_are_no_reason_to_live_on)
{
	struct fastipc_recv recv;
	char c;

	ASSERT_TRUE(hang(&self->slow, variant->body, self->fd[1], self->fd[0]));
	ASSERT_EQ(0, close(self->fd[1]));
	self->fd[1] = -1;
	ASSERT_EQ(128 + SIGKILL, hang_is_killed(&self->slow));
	ASSERT_EQ(-ECONNRESET, raw_recv(self->fd[0], &recv, &c, 1, 0));
}

TEST_F(args, that_hang_can_be_asked_for_the_end)
{
	struct fastipc_recv recv;
	char c;

	ASSERT_TRUE(hang(&self->slow, variant->body, self->fd[0], self->fd[1]));
	ASSERT_EQ(0, raw_shutdown(self->fd[0], FASTIPC_SHUT_SEND));
	ASSERT_EQ(-EPIPE, raw_recv(self->fd[1], &recv, &c, 1, 0));
	ASSERT_EQ(128 + SIGKILL, hang_is_killed(&self->slow));
}

/* Two who set up one channel, of whom one hangs: the other does. */
TEST(setup_that_hangs_is_late)
{
	struct slow slow;
	int fd = raw_open(O_RDWR), peer;

	ASSERT_GE(fd, 0);
	ASSERT_TRUE(hang(&slow, hang_in_setup, fd, -1));
	ASSERT_EQ(0, raw_setup(fd, 4096, 0));
	peer = raw_peer(fd, O_RDWR);
	ASSERT_GE(peer, 0);
	ASSERT_EQ(0, hang_ends(&slow));
	close(peer);
	close(fd);
}

/* Arrays ------------------------------------------------------------------ */

/*
 * Only the second entry lies where nothing comes: so what hangs has one message
 * behind it.
 */

static int hang_in_send_array(int fd, char *page)
{
	struct fastipc_send_item *item = (void *)(page - sizeof(*item));
	struct fastipc_send send = { .size = sizeof(send),
				     .flags = FASTIPC_SEND_ARRAY,
				     .data = (uintptr_t)item,
				     .len = 2 };

	*item = (struct fastipc_send_item){ .data = (uintptr_t)first,
					    .len = LEN };
	/* The second is nonsense when it comes. */
	return raw_ioctl(fd, FASTIPC_SEND, &send) == 1 ? 0 : 95;
}

static int hang_in_recv_array(int fd, char *page)
{
	struct fastipc_recv_item *item = (void *)(page - sizeof(*item));
	struct fastipc_recv recv = { .size = sizeof(recv),
				     .flags = FASTIPC_RECV_ARRAY,
				     .data = (uintptr_t)item,
				     .len = 2 };
	char buf[LEN];

	*item = (struct fastipc_recv_item){ .data = (uintptr_t)buf,
					    .len = LEN };
	if (raw_ioctl(fd, FASTIPC_RECV, &recv) != 1)
		return 95;
	return memcmp(buf, "first", LEN) ? 94 : 0;
}

FIXTURE(array)
{
	int fd[2];
	struct slow slow;
	char buf[LEN];
	struct fastipc_recv recv;
};

VARIANTS_OF_SORT(array);

FIXTURE_SETUP(array)
{
	ASSERT_EQ(0, raw_pair_of(self->fd, 4096, variant->flags));
}

FIXTURE_TEARDOWN(array)
{
	close(self->fd[0]);
	close(self->fd[1]);
}

/* What it has sent comes with what others send, who are not delayed. */
TEST_F(array, that_hangs_in_sending_delays_nobody)
{
	ASSERT_TRUE(hang(&self->slow, hang_in_send_array, self->fd[0],
			 self->fd[1]));
	ASSERT_EQ(1, raw_send(self->fd[0], "other", LEN, 0));
	ASSERT_EQ(1, raw_recv(self->fd[1], &self->recv, self->buf, LEN, 0));
	ASSERT_EQ(0, memcmp(self->buf, "first", LEN));
	ASSERT_EQ(1, raw_recv(self->fd[1], &self->recv, self->buf, LEN, 0));
	ASSERT_EQ(0, memcmp(self->buf, "other", LEN));
	all_go_on(_metadata, self->fd);
	ASSERT_EQ(0, hang_ends(&self->slow));
	ASSERT_TRUE(nothing_at(self->fd[1]));
	all_go_on(_metadata, self->fd);
}

TEST_F(array, that_hangs_in_receiving_delays_nobody)
{
	ASSERT_EQ(1, raw_send(self->fd[0], "first", LEN, 0));
	ASSERT_EQ(1, raw_send(self->fd[0], "other", LEN, 0));
	ASSERT_TRUE(hang(&self->slow, hang_in_recv_array, self->fd[1],
			 self->fd[0]));
	ASSERT_EQ(1, raw_recv(self->fd[1], &self->recv, self->buf, LEN, 0));
	ASSERT_EQ(0, memcmp(self->buf, "other", LEN));
	all_go_on(_metadata, self->fd);
	ASSERT_EQ(0, hang_ends(&self->slow));
	all_go_on(_metadata, self->fd);
}

TEST_NOTHING_IS_LEFT()

TEST_HARNESS_MAIN
