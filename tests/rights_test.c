// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rights of an endpoint, by how it was opened or made, and what SYNC and
 * SHUTDOWN refuse without them.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#define PAGE 4096
#define WAIT_RECV FASTIPC_SYNC_WAIT_RECV
#define WAIT_SEND FASTIPC_SYNC_WAIT_SEND
#define WAKE_RECV FASTIPC_SYNC_WAKE_RECV
#define WAKE_SEND FASTIPC_SYNC_WAKE_SEND
#define RECV FASTIPC_MAY_RECV
#define SEND FASTIPC_MAY_SEND

FIXTURE(rights)
{
	int fd[2];	/* fd[0] is the one looked at */
};

FIXTURE_VARIANT(rights)
{
	int mode;
	__u32 may;
	bool by_peer;	/* made by PEER, of an end that may everything */
};

FIXTURE_VARIANT_ADD(rights, device_rdonly) { O_RDONLY, RECV, false };
FIXTURE_VARIANT_ADD(rights, device_wronly) { O_WRONLY, SEND, false };
FIXTURE_VARIANT_ADD(rights, device_rdwr) { O_RDWR, RECV | SEND, false };
FIXTURE_VARIANT_ADD(rights, peer_rdonly) { O_RDONLY, RECV, true };
FIXTURE_VARIANT_ADD(rights, peer_wronly) { O_WRONLY, SEND, true };
FIXTURE_VARIANT_ADD(rights, peer_rdwr) { O_RDWR, RECV | SEND, true };

FIXTURE_SETUP(rights)
{
	self->fd[1] = -1;
	if (variant->by_peer) {
		self->fd[1] = raw_open(O_RDWR);
		ASSERT_EQ(0, raw_setup(self->fd[1], PAGE, 0));
		self->fd[0] = raw_peer(self->fd[1], variant->mode);
		ASSERT_LE(0, self->fd[0]);
	} else {
		self->fd[0] = raw_open(variant->mode);
		ASSERT_EQ(0, raw_setup(self->fd[0], PAGE, 0));
	}
}

FIXTURE_TEARDOWN(rights)
{
	close(self->fd[0]);
	close(self->fd[1]);
}

/* -EBADF without the right, else @ret. */
static int with(__u32 right, __u32 may, int ret)
{
	return may & right ? ret : -EBADF;
}

TEST_F(rights, are_what_info_says)
{
	struct fastipc_info info;

	ASSERT_EQ(0, raw_info(self->fd[0], &info));
	ASSERT_EQ(variant->may, info.rights);
}

TEST_F(rights, are_the_access_mode)
{
	ASSERT_EQ(variant->mode, fcntl(self->fd[0], F_GETFL) & O_ACCMODE);
}

TEST_F(rights, wait_recv_is_ebadf_without_may_recv)
{
	ASSERT_EQ(with(RECV, variant->may, -EAGAIN),
		  raw_sync(self->fd[0], WAIT_RECV, 0));
}

TEST_F(rights, wake_send_is_ebadf_without_may_recv)
{
	ASSERT_EQ(with(RECV, variant->may, 0),
		  raw_sync(self->fd[0], WAKE_SEND, 0));
}

TEST_F(rights, wait_send_is_ebadf_without_may_send)
{
	ASSERT_EQ(with(SEND, variant->may, 0),
		  raw_sync(self->fd[0], WAIT_SEND, 0));
}

TEST_F(rights, wake_recv_is_ebadf_without_may_send)
{
	ASSERT_EQ(with(SEND, variant->may, 0),
		  raw_sync(self->fd[0], WAKE_RECV, 0));
}

TEST_F(rights, calm_send_is_ebadf_without_may_recv)
{
	ASSERT_EQ(with(RECV, variant->may, 0),
		  raw_sync(self->fd[0], FASTIPC_SYNC_CALM_SEND, 0));
}

TEST_F(rights, calm_recv_is_ebadf_without_may_send)
{
	ASSERT_EQ(with(SEND, variant->may, 0),
		  raw_sync(self->fd[0], FASTIPC_SYNC_CALM_RECV, 0));
}

TEST_F(rights, both_wakes_are_ebadf_without_either)
{
	ASSERT_EQ(variant->mode == O_RDWR ? 0 : -EBADF,
		  raw_sync(self->fd[0], WAKE_RECV | WAKE_SEND, 0));
}

TEST_F(rights, shut_recv_is_ebadf_without_may_recv)
{
	ASSERT_EQ(with(RECV, variant->may, 0),
		  raw_shutdown(self->fd[0], FASTIPC_SHUT_RECV));
}

TEST_F(rights, shut_send_is_ebadf_without_may_send)
{
	ASSERT_EQ(with(SEND, variant->may, 0),
		  raw_shutdown(self->fd[0], FASTIPC_SHUT_SEND));
}

TEST_F(rights, shut_on_close_needs_no_right)
{
	ASSERT_EQ(0, raw_shutdown(self->fd[0], FASTIPC_SHUT_ON_CLOSE));
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
