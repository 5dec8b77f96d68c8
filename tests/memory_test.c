// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory of a channel: rings without a seam, zero when new, on demand, and
 * charged to whoever made it.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"
#include "name.h"

/* Both halves of a ring's map are the same pages, to the last byte. */
TEST(the_ring_is_mapped_twice_in_a_row)
{
	struct mapped a, b;
	size_t i, n;
	int fd[2];

	ASSERT_EQ(0, raw_pair(fd, 65536));
	ASSERT_EQ(0, raw_map_end(fd[0], &a));
	ASSERT_EQ(0, raw_map_end(fd[1], &b));
	n = a.info.ring_bytes;
	for (i = 0; i < n; i++)
		a.send[i + (i % 2 ? n : 0)] = i * 13 + i / 256;
	for (i = 0; i < n; i++) {
		ASSERT_EQ((char)(i * 13 + i / 256), b.recv[i]);
		ASSERT_EQ(b.recv[i], b.recv[i + n]);
	}
	raw_unmap_end(&a);
	raw_unmap_end(&b);
	close(fd[0]);
	close(fd[1]);
}

/* The same where the kernel writes, across that seam. */
TEST(a_sealed_ring_is_mapped_twice_in_a_row)
{
	struct mapped m;
	char buf[900];
	int fd[2];
	size_t i, n;

	ASSERT_EQ(0, raw_pair_of(fd, 4096, FASTIPC_SEALED));
	ASSERT_EQ(0, raw_map_end(fd[1], &m));
	n = m.info.ring_bytes;
	for (i = 0; i < 100; i++) {
		memset(buf, i, sizeof(buf));
		ASSERT_EQ(sizeof(buf), write(fd[0], buf, sizeof(buf)));
		m.own->taken = m.peer->sent;
		m.own->released = m.peer->sent;
		ASSERT_EQ(0, memcmp(m.recv, m.recv + n, n));
	}
	raw_unmap_end(&m);
	close(fd[0]);
	close(fd[1]);
}

/* New memory is zero, also where another channel wrote before. */
TEST(memory_is_never_recycled_dirty)
{
	struct mapped a, b;
	int fd[2], round;
	size_t i;

	for (round = 0; round < 20; round++) {
		ASSERT_EQ(0, raw_pair(fd, 65536));
		ASSERT_EQ(0, raw_map_end(fd[0], &a));
		ASSERT_EQ(0, raw_map_end(fd[1], &b));
		for (i = 0; i < a.info.ring_bytes; i++)
			ASSERT_EQ(0, a.send[i]);
		/* As a channel begins. */
		ASSERT_EQ(1, a.own->recv.alert);
		ASSERT_EQ(1, a.own->send.alert);
		a.own->recv.alert = 0;
		a.own->send.alert = 0;
		for (i = 0; i < a.info.control_bytes; i++)
			ASSERT_EQ(0, ((char *)a.own)[i]);
		memset(a.send, 0xff, a.info.ring_bytes);
		memset(a.own, 0xff, a.info.control_bytes);
		raw_unmap_end(&a);
		raw_unmap_end(&b);
		close(fd[0]);
		close(fd[1]);
	}
}

/* Millions of pages, which takes its time where each is checked. */
FIXTURE(large)
{
};

FIXTURE_SETUP(large)
{
}

FIXTURE_TEARDOWN(large)
{
}

/* A gigabyte is set up on demand; what does not fit fails, and kills nobody. */
TEST_F_TIMEOUT(large, rings_fail_cleanly, 300)
{
	struct counters before = counters_now();
	int fd = raw_open(O_RDWR), ret;

	ASSERT_GE(fd, 0);
	ret = raw_setup(fd, FASTIPC_RING_MAX, 0);
	ASSERT_TRUE(ret == 0 || ret == -ENOMEM);
	TH_LOG("two rings of 1 GiB: %s", ret ? "ENOMEM" : "made");
	/* After a failure the same endpoint can be set up smaller. */
	if (ret) {
		ASSERT_EQ(0, raw_setup(fd, 4096, 0));
	}
	close(fd);
	ASSERT_TRUE(counters_return_to(before));
}

/* A field of /proc/meminfo, in KiB, or -1. */
static long long kib_of(const char *name)
{
	long long value = -1;
	char line[128];
	FILE *f = fopen("/proc/meminfo", "r");

	if (!f)
		return -1;
	while (value < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)))
			sscanf(line + strlen(name), ": %lld", &value);
	fclose(f);
	return value;
}

/* What a channel had is the machine's again: 16 times 32 MiB. */
TEST(memory_comes_back)
{
	long long before = kib_of("MemAvailable");
	int fd, i;

	for (i = 0; i < 16; i++) {
		fd = raw_open(O_RDWR);
		ASSERT_EQ(0, raw_setup(fd, 16 << 20, 0));
		close(fd);
	}
	ASSERT_LE(before - 262144, kib_of("MemAvailable"));
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY), ret;

	if (fd < 0)
		return -errno;
	ret = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

static long long read_number(const char *path)
{
	long long n = -1;
	FILE *f = fopen(path, "r");

	if (!f)
		return -1;
	if (fscanf(f, "%lld", &n) != 1)
		n = -1;
	fclose(f);
	return n;
}

#define CGROUP "/sys/fs/cgroup/fastipc_test"

FIXTURE(charged)
{
};

FIXTURE_VARIANT(charged)
{
	bool named;
};

FIXTURE_VARIANT_ADD(charged, device) { false };
FIXTURE_VARIANT_ADD(charged, name)
{
	true
};

FIXTURE_SETUP(charged)
{
}

FIXTURE_TEARDOWN(charged)
{
}

/* An endpoint that SETUP may be called for; the last one's channel is gone. */
static int fresh(bool named)
{
	if (!named)
		return raw_open(O_RDWR);
	unlink("a");
	return name_open("a", O_RDWR | O_CREAT);
}

static int be_charged(bool named)
{
	long long before, after;
	int fd, ret;

	if (named && names_mount(NULL))
		return 1;
	fd = fresh(named);
	if (fd < 0 || write_file(CGROUP "/cgroup.procs", "0"))
		return 2;
	before = read_number(CGROUP "/memory.current");
	if (raw_setup(fd, 4 << 20, 0))
		return 3;
	after = read_number(CGROUP "/memory.current");
	if (after - before < 8 << 20)
		return 4;
	/* Over the limit: ENOMEM, and nobody is killed. */
	close(fd);
	if (write_file(CGROUP "/memory.max", "16777216"))
		return 5;
	fd = fresh(named);
	if (raw_setup(fd, 64 << 20, 0) != -ENOMEM)
		return 6;
	ret = raw_setup(fd, 4096, 0);
	close(fd);
	return ret ? 7 : 0;
}

/* Memory is charged to the cgroup of whoever calls SETUP, and limited there. */
TEST_F_TIMEOUT(charged, to_the_creators_cgroup, 300)
{
	pid_t pid;

	write_file("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	mkdir(CGROUP, 0755);
	if (read_number(CGROUP "/memory.current") < 0)
		SKIP(return, "no memory controller");
	pid = fork_bound();
	if (!pid)
		_exit(be_charged(variant->named));
	ASSERT_EQ(0, reap(pid));
	rmdir(CGROUP);
}

TEST_HARNESS_MAIN
