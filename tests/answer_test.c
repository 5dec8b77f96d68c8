// SPDX-License-Identifier: GPL-2.0-only
/*
 * What INFO and STAT answer, by raw calls: every field, and how much of the
 * caller's structure is written.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#define PAGE 4096

/* A pair, or an end without a peer ----------------------------------------- */

FIXTURE(single)
{
	int fd;
};

FIXTURE_SETUP(single)
{
	self->fd = raw_open(O_RDWR);
	ASSERT_EQ(0, raw_setup(self->fd, PAGE, 0));
}

FIXTURE_TEARDOWN(single)
{
	close(self->fd);
}

FIXTURE(pair)
{
	int fd[2];
};

FIXTURE_SETUP(pair)
{
	ASSERT_EQ(0, raw_pair(self->fd, PAGE));
}

FIXTURE_TEARDOWN(pair)
{
	close(self->fd[0]);
	close(self->fd[1]);
}

/* Answers ------------------------------------------------------------------ */

TEST_F(pair, info_says_everything)
{
	struct fastipc_info info;

	ASSERT_EQ(0, raw_info(self->fd[0], &info));
	ASSERT_EQ(sizeof(info), info.size);
	ASSERT_EQ(0, info.flags);
	ASSERT_EQ(FASTIPC_KIND_PAIR, info.kind);
	ASSERT_EQ(0, info.end);
	ASSERT_EQ(FASTIPC_MAY_RECV | FASTIPC_MAY_SEND, info.rights);
	ASSERT_EQ(sysconf(_SC_PAGESIZE), info.control_bytes);
	ASSERT_EQ(PAGE, info.ring_bytes);
	ASSERT_EQ(PAGE / 4 - 16, info.max_message);
	ASSERT_EQ(0, info.features);
	ASSERT_EQ(0, info.reserved);
}

/* In the end, and in who is who. */
TEST_F(pair, info_differs_only_in_the_end)
{
	struct fastipc_info info[2];

	ASSERT_EQ(0, raw_info(self->fd[0], &info[0]));
	ASSERT_EQ(0, raw_info(self->fd[1], &info[1]));
	ASSERT_EQ(1, info[1].end);
	ASSERT_NE(info[0].endpoint, info[1].endpoint);
	ASSERT_EQ(info[0].endpoint, info[1].peer_endpoint);
	ASSERT_EQ(info[1].endpoint, info[0].peer_endpoint);
	info[1].end = 0;
	info[1].endpoint = info[0].endpoint;
	info[1].peer_endpoint = info[0].peer_endpoint;
	ASSERT_EQ(0, memcmp(&info[0], &info[1], sizeof(info[0])));
}

TEST_F(single, info_overwrites_garbage)
{
	struct fastipc_info clean, info;

	ASSERT_EQ(0, raw_info(self->fd, &clean));
	memset(&info, 0xee, sizeof(info));
	info.size = sizeof(info);
	info.flags = 0;
	ASSERT_EQ(0, raw_ioctl(self->fd, FASTIPC_INFO, &info));
	ASSERT_EQ(0, memcmp(&clean, &info, sizeof(info)));
}

TEST_F(single, stat_overwrites_garbage)
{
	struct fastipc_stat clean, stat;

	ASSERT_EQ(0, raw_stat(self->fd, &clean));
	memset(&stat, 0xee, sizeof(stat));
	stat.size = sizeof(stat);
	stat.flags = 0;
	ASSERT_EQ(0, raw_ioctl(self->fd, FASTIPC_STAT, &stat));
	ASSERT_EQ(0, memcmp(&clean, &stat, sizeof(stat)));
}

TEST_F(pair, stat_starts_at_zero)
{
	struct fastipc_stat expected = { .size = sizeof(expected),
					 .bytes = 4 * PAGE };
	struct fastipc_stat stat;

	ASSERT_EQ(0, raw_stat(self->fd[0], &stat));
	ASSERT_EQ(0, memcmp(&expected, &stat, sizeof(stat)));
}

TEST_F(pair, stat_counts_syncs_of_both_ends)
{
	struct fastipc_stat stat;

	ASSERT_EQ(0, raw_sync(self->fd[0], FASTIPC_SYNC_WAKE_RECV, 0));
	ASSERT_EQ(0, raw_sync(self->fd[1], FASTIPC_SYNC_WAKE_RECV, 0));
	ASSERT_EQ(0, raw_stat(self->fd[0], &stat));
	ASSERT_EQ(2, stat.syncs);
	ASSERT_EQ(0, raw_stat(self->fd[1], &stat));
	ASSERT_EQ(2, stat.syncs);
}

TEST_F(pair, stat_counts_a_sleep)
{
	struct fastipc_stat stat;

	ASSERT_EQ(-ETIMEDOUT, raw_sync(self->fd[0], FASTIPC_SYNC_WAIT_RECV,
				       1000000));
	ASSERT_EQ(0, raw_stat(self->fd[1], &stat));
	ASSERT_EQ(1, stat.sleeps);
}

TEST_F(pair, stat_says_what_the_pages_say)
{
	struct fastipc_stat stat;
	struct mapped m[2];

	ASSERT_EQ(0, raw_map_end(self->fd[0], &m[0]));
	ASSERT_EQ(0, raw_map_end(self->fd[1], &m[1]));
	m[0].own->sent = 0x10;
	m[0].own->released = 0x20;
	m[1].own->sent = 0x30;
	m[1].own->released = 0x40;
	ASSERT_EQ(0, raw_stat(self->fd[0], &stat));
	ASSERT_EQ(0x10, stat.sent);
	ASSERT_EQ(0x20, stat.released);
	ASSERT_EQ(0x30, stat.peer_sent);
	ASSERT_EQ(0x40, stat.peer_released);
	raw_unmap_end(&m[0]);
	raw_unmap_end(&m[1]);
}

FIXTURE(answer)
{
	int fd;
	char *room;	/* three pages */
};

FIXTURE_VARIANT(answer)
{
	unsigned long number;
	__u32 size;
};

FIXTURE_VARIANT_ADD(answer, info)
{
	.number = FASTIPC_INFO,
	.size = FASTIPC_INFO_SIZE_VER0,
};

FIXTURE_VARIANT_ADD(answer, stat)
{
	.number = FASTIPC_STAT,
	.size = FASTIPC_STAT_SIZE_VER0,
};

FIXTURE_SETUP(answer)
{
	self->fd = raw_open(O_RDWR);
	ASSERT_EQ(0, raw_setup(self->fd, PAGE, 0));
	self->room = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->room);
}

FIXTURE_TEARDOWN(answer)
{
	munmap(self->room, 3 * PAGE);
	close(self->fd);
}

TEST_F(answer, of_size_ver0_ends_there)
{
	char behind[PAGE];

	memset(behind, 0xa5, sizeof(behind));
	memcpy(self->room + variant->size, behind, sizeof(behind));
	memcpy(self->room, &variant->size, sizeof(variant->size));
	ASSERT_EQ(0, raw_ioctl(self->fd, variant->number, self->room));
	ASSERT_EQ(0, memcmp(self->room + variant->size, behind,
			    sizeof(behind)));
}

/* A larger structure whose tail is in a page that cannot be written. */
TEST_F(answer, to_a_larger_one_ends_with_what_the_kernel_knows)
{
	char *at = self->room + PAGE - variant->size;
	__u32 size = variant->size + 256;

	memcpy(at, &size, sizeof(size));
	ASSERT_EQ(0, mprotect(self->room + PAGE, PAGE, PROT_READ));
	ASSERT_EQ(0, raw_ioctl(self->fd, variant->number, at));
}

TEST_F(answer, to_a_larger_one_says_the_kernels_size)
{
	__u32 size = variant->size + 256;

	memcpy(self->room, &size, sizeof(size));
	ASSERT_EQ(0, raw_ioctl(self->fd, variant->number, self->room));
	memcpy(&size, self->room, sizeof(size));
	ASSERT_EQ(variant->size, size);
}

TEST_F(answer, straddling_a_read_only_page_is_efault)
{
	char *at = self->room + PAGE - 8;

	memcpy(at, &variant->size, sizeof(variant->size));
	ASSERT_EQ(0, mprotect(self->room + PAGE, PAGE, PROT_READ));
	ASSERT_EQ(-EFAULT, raw_ioctl(self->fd, variant->number, at));
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
