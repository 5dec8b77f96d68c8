// SPDX-License-Identifier: GPL-2.0-only
/*
 * A call at the same moment as SETUP or PEER: one of two wins, and any other
 * finds the channel as it was before, or whole.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#include <pthread.h>

#define PAGE   4096
#define ROUNDS share_of(2000)

static int peer_made = -1; /* by the last PEER that succeeded */

static int setup_direct(int fd)
{
	return raw_setup(fd, PAGE, 0);
}

static int setup_sealed(int fd)
{
	struct fastipc_setup setup = { .size = sizeof(setup),
				       .flags = FASTIPC_SEALED,
				       .kind = FASTIPC_KIND_PAIR,
				       .ring_bytes = 2 * PAGE };

	return raw_ioctl(fd, FASTIPC_SETUP, &setup);
}

static int make_peer(int fd)
{
	int ret = raw_peer(fd, O_RDWR);

	if (ret < 0)
		return ret;
	peer_made = ret;
	return 0;
}

/* Two calls at once ------------------------------------------------------- */

struct racer {
	pthread_barrier_t *barrier;
	int (*call)(int fd);
	int fd;
	int ret;
};

static void *race(void *arg)
{
	struct racer *r = arg;

	pthread_barrier_wait(r->barrier);
	r->ret = r->call(r->fd);
	return NULL;
}

/* Whether both were made; @ret: what they answered */
static bool at_once(int fd, int (*first)(int fd), int (*second)(int fd),
		    int ret[2])
{
	pthread_barrier_t barrier;
	struct racer a = { &barrier, first, fd }, b = { &barrier, second, fd };
	pthread_t thread;

	if (pthread_barrier_init(&barrier, NULL, 2) ||
	    pthread_create(&thread, NULL, race, &a))
		return false;
	race(&b);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&barrier);
	ret[0] = a.ret;
	ret[1] = b.ret;
	return true;
}

TEST(one_of_two_setups)
{
	struct fastipc_info info;
	int i, fd, ret[2], won[2] = { 0 };

	for (i = 0; i < ROUNDS; i++) {
		fd = raw_open(O_RDWR);
		ASSERT_TRUE(at_once(fd, setup_direct, setup_sealed, ret));
		ASSERT_EQ(-EBUSY, ret[!ret[0]]);
		ASSERT_EQ(0, ret[!!ret[0]]);
		won[!!ret[0]]++;
		ASSERT_EQ(0, raw_info(fd, &info));
		ASSERT_EQ(ret[0] ? FASTIPC_SEALED : 0, info.flags);
		ASSERT_EQ(ret[0] ? 2 * PAGE : PAGE, info.ring_bytes);
		ASSERT_EQ(0, make_peer(fd));
		ASSERT_EQ(1, raw_send(fd, "all", 3, 0));
		close(peer_made);
		close(fd);
	}
	TH_LOG("%d direct, %d sealed", won[0], won[1]);
}

TEST(one_of_two_peers)
{
	int i, fd, ret[2], won[2] = { 0 };

	for (i = 0; i < ROUNDS; i++) {
		fd = raw_open(O_RDWR);
		ASSERT_EQ(0, setup_direct(fd));
		ASSERT_TRUE(at_once(fd, make_peer, make_peer, ret));
		ASSERT_EQ(-EBUSY, ret[!ret[0]]);
		ASSERT_EQ(0, ret[!!ret[0]]);
		won[!!ret[0]]++;
		ASSERT_EQ(1, raw_send(fd, "to the one", 10, 0));
		ASSERT_EQ(-EAGAIN, raw_sync(fd, FASTIPC_SYNC_WAIT_RECV, 0));
		ASSERT_EQ(0, raw_sync(peer_made, FASTIPC_SYNC_WAIT_RECV, 0));
		close(peer_made);
		close(fd);
	}
	TH_LOG("%d and %d", won[0], won[1]);
}

/* A call beside them ------------------------------------------------------ */

static int call_info(int fd)
{
	struct fastipc_info info;
	int ret = raw_info(fd, &info);

	/* Half of it would be neither answer. */
	return ret ? ret : info.ring_bytes == PAGE && info.end == 0 ? 0 : 1;
}

static int call_stat(int fd)
{
	struct fastipc_stat stat;

	return raw_stat(fd, &stat);
}

static int call_map(int fd)
{
	int ret = raw_map(fd);

	if (ret < 0)
		return ret;
	close(ret);
	return 0;
}

static int call_poll(int fd)
{
	struct pollfd pfd = { fd, POLLIN | POLLOUT | POLLRDHUP, 0 };

	return poll(&pfd, 1, 0) < 0 ? -errno : pfd.revents;
}

static int call_sync(int fd)
{
	return raw_sync(fd, FASTIPC_SYNC_WAIT_RECV, 0);
}

static int call_wake(int fd)
{
	return raw_sync(fd, FASTIPC_SYNC_WAKE_RECV | FASTIPC_SYNC_WAKE_SEND, 0);
}

static int call_send(int fd)
{
	return raw_send(fd, "text", 4, 0);
}

static int call_recv(int fd)
{
	struct fastipc_recv recv;
	char buf[8];

	return raw_recv(fd, &recv, buf, sizeof(buf), 0);
}

static int call_attach(int fd)
{
	struct fastipc_attach attach = { .size = sizeof(attach),
					 .end = FASTIPC_END_ANY };

	return raw_ioctl(fd, FASTIPC_ATTACH, &attach);
}

static int call_shutdown(int fd)
{
	return raw_shutdown(fd, FASTIPC_SHUT_SEND);
}

/* How much /proc tells of it: lines. */
static int call_fdinfo(int fd)
{
	char path[64];
	int lines = 0, c;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "r");
	if (!f)
		return -errno;
	while ((c = getc(f)) != EOF)
		lines += c == '\n';
	fclose(f);
	return lines;
}

FIXTURE(beside)
{
	struct counters before;
};

FIXTURE_VARIANT(beside)
{
	int (*call)(int fd);
	bool peer; /* beside PEER, else SETUP */
};

FIXTURE_VARIANT_ADD(beside, setup_info) { call_info, false };
FIXTURE_VARIANT_ADD(beside, setup_stat) { call_stat, false };
FIXTURE_VARIANT_ADD(beside, setup_map) { call_map, false };
FIXTURE_VARIANT_ADD(beside, setup_poll) { call_poll, false };
FIXTURE_VARIANT_ADD(beside, setup_sync) { call_sync, false };
FIXTURE_VARIANT_ADD(beside, setup_send) { call_send, false };
FIXTURE_VARIANT_ADD(beside, setup_recv) { call_recv, false };
FIXTURE_VARIANT_ADD(beside, setup_attach) { call_attach, false };
FIXTURE_VARIANT_ADD(beside, setup_shutdown) { call_shutdown, false };
FIXTURE_VARIANT_ADD(beside, setup_fdinfo) { call_fdinfo, false };
FIXTURE_VARIANT_ADD(beside, setup_peer) { make_peer, false };
FIXTURE_VARIANT_ADD(beside, peer_info) { call_info, true };
FIXTURE_VARIANT_ADD(beside, peer_stat) { call_stat, true };
FIXTURE_VARIANT_ADD(beside, peer_wake) { call_wake, true };
FIXTURE_VARIANT_ADD(beside, peer_send) { call_send, true };
FIXTURE_VARIANT_ADD(beside, peer_attach) { call_attach, true };
FIXTURE_VARIANT_ADD(beside, peer_shutdown) { call_shutdown, true };

FIXTURE_SETUP(beside)
{
	self->before = counters_now();
}

FIXTURE_TEARDOWN(beside)
{
	EXPECT_TRUE(counters_return_to(self->before));
}

static int open_for(bool peer)
{
	int fd = raw_open(O_RDWR);

	peer_made = -1;
	return peer && setup_direct(fd) ? -1 : fd;
}

static void close_all(int fd)
{
	if (peer_made >= 0)
		close(peer_made);
	close(fd);
}

/* It answers as it does before, or as it does after. */
TEST_F(beside, as_before_or_as_after)
{
	int (*make)(int fd) = variant->peer ? make_peer : setup_direct;
	int i, fd, ret[2], before, after, seen[2] = { 0 };

	fd = open_for(variant->peer);
	before = variant->call(fd);
	close_all(fd);
	fd = open_for(variant->peer);
	ASSERT_EQ(0, make(fd));
	after = variant->call(fd);
	close_all(fd);
	if (!variant->peer)
		ASSERT_NE(before, after);

	for (i = 0; i < ROUNDS; i++) {
		fd = open_for(variant->peer);
		ASSERT_TRUE(at_once(fd, make, variant->call, ret));
		ASSERT_EQ(0, ret[0]);
		if (ret[1] != before)
			ASSERT_EQ(after, ret[1]);
		seen[ret[1] != before]++;
		close_all(fd);
	}
	TH_LOG("%d as before (%d), %d as after (%d)", seen[0], before, seen[1],
	       after);
}

TEST_NOTHING_IS_LEFT()

TEST_HARNESS_MAIN
