// SPDX-License-Identifier: GPL-2.0-only
/*
 * With one failure after the other (nth.h): mounts, names, and taking an end over are done
 * as a whole or not at all, and can be done again.
 */
#include "kselftest_harness.h"

#include "fastipc_test.h"
#include "name.h"
#include "nth.h"

FIXTURE(name)
{
	struct walk w;
	struct counters before;
};

VARIANTS_OF_SORT(name);

FIXTURE_SETUP(name)
{
	self->before = counters_now();
	ASSERT_EQ(0, names_mount("max_bytes=1M"));
	ASSERT_TRUE(walk_begin(&self->w));
}

FIXTURE_TEARDOWN(name)
{
	EXPECT_TRUE(walk_ended(&self->w));
	EXPECT_TRUE(counters_return_to(self->before));
}

static int mount_once(void)
{
	return mount("fastipcfs", "/mnt", "fastipcfs", 0, "max_bytes=1M,uid=1") ?
		       -errno :
		       0;
}

TEST_F(name, mounting)
{
	struct walk *w = &self->w;
	int ret;

	while (walk_on(w)) {
		ret = FAULTY(w, mount_once());
		ASSERT_TRUE(!ret || is_fault(w, ret) || ret == -EINVAL)
		{
			TH_LOG("%d", ret);
		}
		if (!ret)
			ASSERT_EQ(0, umount("/mnt"));
	}
}

TEST_F(name, making)
{
	struct walk *w = &self->w;
	int ret;

	while (walk_on(w)) {
		ret = FAULTY(w, name_open("a", O_RDWR | O_CREAT | O_EXCL));
		ASSERT_TRUE(ret >= 0 || is_fault(w, ret) || ret == -ENFILE);
		/* It can have been made, and not opened. */
		if (ret >= 0)
			close(ret);
		unlink("a");
		ret = name_make("a", RING, variant->flags);
		ASSERT_LE(0, ret);
		close(ret);
		ASSERT_EQ(0, unlink("a"));
	}
}

TEST_F(name, setting_up)
{
	struct fastipc_setup setup = { .size = sizeof(setup),
				       .flags = variant->flags | FASTIPC_KEEP,
				       .kind = FASTIPC_KIND_PAIR,
				       .ring_bytes = RING };
	struct walk *w = &self->w;
	int fd, ret;

	while (walk_on(w)) {
		fd = name_open("a", O_RDWR | O_CREAT);
		ASSERT_LE(0, fd);
		ret = FAULTY(w, raw_ioctl(fd, FASTIPC_SETUP, &setup));
		ASSERT_TRUE(!ret || is_fault(w, ret));
		ASSERT_EQ(ret ? 0 : -EBUSY,
			  raw_ioctl(fd, FASTIPC_SETUP, &setup));
		close(fd);
		ASSERT_EQ(0, unlink("a"));
	}
}

static int map_it(int fd)
{
	struct fastipc_control *own = raw_map_control(fd);

	return own ? munmap(own, 4096) : -errno;
}

TEST_F(name, succeeding)
{
	struct walk *w = &self->w;
	int peer, fd, ret;
	char c;

	ASSERT_EQ(0, close(name_make("a", RING, variant->flags | FASTIPC_KEEP)));
	peer = name_end("a", O_RDWR, 1);
	ASSERT_LE(0, peer);
	while (walk_on(w)) {
		/* One that had it mapped. */
		fd = name_end("a", O_RDWR, 0);
		ASSERT_EQ(0, map_it(fd));
		close(fd);
		ASSERT_EQ(1, raw_send(peer, "x", 1, 0));
		fd = name_open("a", O_RDWR);
		ret = FAULTY(w, raw_attach(fd, 0));
		ASSERT_TRUE(!ret || is_fault(w, ret));
		ASSERT_EQ(0, raw_attach(fd, 0));
		ASSERT_EQ(1, recv_now(fd, &c, 1));
		ASSERT_EQ(1, raw_send(fd, "x", 1, 0));
		ASSERT_EQ(1, recv_now(peer, &c, 1));
		close(fd);
	}
	close(peer);
	ASSERT_EQ(0, unlink("a"));
}

/* The library: all or nothing, and neither a name nor a descriptor is left. */
TEST_F(name, creating)
{
	struct fastipc_options options = {
		.size = sizeof(options),
		.ring_bytes = RING,
		.flags = variant->flags ? FASTIPC_KEEP :
					  FASTIPC_KEEP | FASTIPC_DIRECT,
	};
	struct walk *w = &self->w;
	int ret, fds = lowest_fd();
	struct fastipc *f;

	while (walk_on(w)) {
		ret = FAULTY(w, fastipc_create(&f, "a", O_RDWR, &options));
		ASSERT_TRUE(!ret || is_fault(w, ret) || ret == -ENFILE);
		if (!ret)
			fastipc_close(f);
		ASSERT_EQ(fds, lowest_fd());
		ret = fastipc_create(&f, "a", O_RDWR, &options);
		ASSERT_EQ(0, ret);
		fastipc_close(f);
		ASSERT_EQ(0, fastipc_unlink("a"));
	}
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
