// SPDX-License-Identifier: GPL-2.0-only
/*
 * With one failure after the other (nth.h): what makes channels, endpoints and
 * handles makes all of it or nothing, and can be done again.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"
#include "nth.h"

FIXTURE(birth)
{
	struct walk w;
	struct counters before;
};

FIXTURE_VARIANT(birth)
{
	uint32_t flags;
};

FIXTURE_VARIANT_ADD(birth, direct) { 0 };
FIXTURE_VARIANT_ADD(birth, sealed) { FASTIPC_SEALED };

FIXTURE_SETUP(birth)
{
	self->before = counters_now();
	ASSERT_TRUE(walk_begin(&self->w));
}

FIXTURE_TEARDOWN(birth)
{
	EXPECT_TRUE(walk_ended(&self->w));
	EXPECT_TRUE(counters_return_to(self->before));
}

TEST_F(birth, opening)
{
	struct walk *w = &self->w;
	int ret;

	while (walk_on(w)) {
		ret = FAULTY(w, raw_open(O_RDWR));
		ASSERT_TRUE(ret >= 0 || is_fault(w, ret) || ret == -ENFILE);
		if (ret >= 0)
			close(ret);
	}
}

TEST_F(birth, set_up)
{
	struct walk *w = &self->w;
	struct fastipc_setup setup = { .size = sizeof(setup),
				       .flags = variant->flags,
				       .kind = FASTIPC_KIND_PAIR,
				       .ring_bytes = RING };
	int fd, ret;

	while (walk_on(w)) {
		fd = raw_open(O_RDWR);
		ASSERT_LE(0, fd);
		ret = FAULTY(w, raw_ioctl(fd, FASTIPC_SETUP, &setup));
		ASSERT_TRUE(!ret || is_fault(w, ret));
		/* It can still be done, or it was. */
		ASSERT_EQ(ret ? 0 : -EBUSY,
			  raw_ioctl(fd, FASTIPC_SETUP, &setup));
		ASSERT_EQ(-EAGAIN, raw_sync(fd, FASTIPC_SYNC_WAIT_RECV, 0));
		close(fd);
	}
}

TEST_F(birth, the_peer)
{
	struct walk *w = &self->w;
	int fd[2], ret;

	while (walk_on(w)) {
		fd[0] = raw_open(O_RDWR);
		ASSERT_EQ(0, raw_setup(fd[0], RING, 0));
		ret = FAULTY(w, raw_peer(fd[0], O_RDWR));
		ASSERT_TRUE(ret >= 0 || is_fault(w, ret) || ret == -ENFILE);
		fd[1] = ret < 0 ? raw_peer(fd[0], O_RDWR) : ret;
		ASSERT_LE(0, fd[1]);
		ASSERT_EQ(1, write(fd[0], "x", 1));
		close(fd[0]);
		close(fd[1]);
	}
}

/* The library: all or nothing, and nothing is left. */
TEST_F(birth, a_pair_of_the_library)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .ring_bytes = RING,
					   .flags = variant->flags };
	struct walk *w = &self->w;
	struct fastipc *end[2];
	int ret, fds = lowest_fd();
	char c;

	while (walk_on(w)) {
		ret = FAULTY(w, fastipc_pair(end, &options));
		ASSERT_TRUE(!ret || is_fault(w, ret) || ret == -ENFILE);
		ASSERT_TRUE(!ret || lowest_fd() == fds);
		if (ret)
			continue;
		ASSERT_EQ(0, fastipc_send(end[0], "x", 1, 0));
		ASSERT_EQ(1, fastipc_recv(end[1], &c, 1, 0));
		fastipc_close(end[0]);
		fastipc_close(end[1]);
	}
}

/* The handle maps its end at the first call. */
TEST_F(birth, the_first_call)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .ring_bytes = RING,
					   .flags = variant->flags };
	struct walk *w = &self->w;
	struct fastipc *end[2];
	int ret;
	char c;

	while (walk_on(w)) {
		ASSERT_EQ(0, fastipc_pair(end, &options));
		ret = FAULTY(w, fastipc_send(end[0], "x", 1, 0));
		ASSERT_TRUE(!ret || is_fault(w, ret));
		if (fastipc_recv(end[1], &c, 1, FASTIPC_NOWAIT) == -EAGAIN) {
			ASSERT_NE(0, ret);
			ASSERT_EQ(0, fastipc_send(end[0], "x", 1, 0));
			ASSERT_EQ(1, fastipc_recv(end[1], &c, 1, 0));
		} else {
			w->untold += !!ret;
		}
		ASSERT_EQ(-EAGAIN, fastipc_recv(end[1], &c, 1, FASTIPC_NOWAIT));
		fastipc_close(end[0]);
		fastipc_close(end[1]);
	}
}

TEST_F(birth, adopting)
{
	struct walk *w = &self->w;
	struct fastipc *f;
	int fd[2], ret;

	while (walk_on(w)) {
		ASSERT_EQ(0, raw_pair_of(fd, RING, variant->flags));
		ret = FAULTY(w, fastipc_adopt(&f, fd[1]));
		ASSERT_TRUE(!ret || is_fault(w, ret));
		/* On error the descriptor stays the caller's. */
		if (ret)
			ASSERT_EQ(0, fastipc_adopt(&f, fd[1]));
		ASSERT_EQ(0, fastipc_send(f, "x", 1, 0));
		fastipc_close(f);
		close(fd[0]);
	}
}

TEST_HARNESS_MAIN
