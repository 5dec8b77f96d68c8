// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ABI, by raw calls: the layout of what is shared; for each command every
 * bad structure, pointer, flag and state, one in a test; the values of SETUP,
 * ATTACH and PEER; the answers of INFO and STAT.  What files and maps refuse is
 * in map_error_test.c, what SYNC and SHUTDOWN say in sync_error_test.c.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#include <limits.h>
#include <stddef.h>
#include <sys/resource.h>

#define PAGE 4096
#define LINE 64

/* What is alive before the first test. */
static struct counters at_start;

static __attribute__((constructor)) void remember_counters(void)
{
	at_start = counters_now();
}

/* A free descriptor's number: the next call that makes one gets it. */
static int lowest_fd(void)
{
	int fd = dup(STDERR_FILENO);

	close(fd);
	return fd;
}

/* From now on this process gets no further descriptor. */
static int forbid_fds(struct rlimit *old)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, old);
	limit = (struct rlimit){ lowest_fd(), old->rlim_max };
	return setrlimit(RLIMIT_NOFILE, &limit);
}

static int raw_attach(int fd, int end)
{
	struct fastipc_attach attach = { .size = sizeof(attach), .end = end };

	return raw_ioctl(fd, FASTIPC_ATTACH, &attach);
}

/* raw_peer() always asks for O_CLOEXEC. */
static int peer_with(int fd, __u32 flags)
{
	struct fastipc_peer peer = { .size = sizeof(peer), .flags = flags };

	return raw_ioctl(fd, FASTIPC_PEER, &peer);
}

/* The last close of an endpoint, in order or not. */
static int leave(int *fd, bool orderly)
{
	int ret = orderly ? raw_shutdown(*fd, FASTIPC_SHUT_ON_CLOSE) : 0;

	close(*fd);
	*fd = -1;
	return ret;
}

/* Layout ------------------------------------------------------------------- */

TEST(layout_of_setup)
{
	ASSERT_EQ(0, offsetof(struct fastipc_setup, size));
	ASSERT_EQ(4, offsetof(struct fastipc_setup, flags));
	ASSERT_EQ(8, offsetof(struct fastipc_setup, kind));
	ASSERT_EQ(12, offsetof(struct fastipc_setup, reserved));
	ASSERT_EQ(16, offsetof(struct fastipc_setup, ring_bytes));
	ASSERT_EQ(24, offsetof(struct fastipc_setup, max_message));
	ASSERT_EQ(32, sizeof(struct fastipc_setup));
	ASSERT_EQ(32, FASTIPC_SETUP_SIZE_VER0);
}

TEST(layout_of_attach)
{
	ASSERT_EQ(0, offsetof(struct fastipc_attach, size));
	ASSERT_EQ(4, offsetof(struct fastipc_attach, flags));
	ASSERT_EQ(8, offsetof(struct fastipc_attach, end));
	ASSERT_EQ(12, offsetof(struct fastipc_attach, reserved));
	ASSERT_EQ(16, sizeof(struct fastipc_attach));
	ASSERT_EQ(16, FASTIPC_ATTACH_SIZE_VER0);
}

TEST(layout_of_peer)
{
	ASSERT_EQ(0, offsetof(struct fastipc_peer, size));
	ASSERT_EQ(4, offsetof(struct fastipc_peer, flags));
	ASSERT_EQ(8, sizeof(struct fastipc_peer));
	ASSERT_EQ(8, FASTIPC_PEER_SIZE_VER0);
}

TEST(layout_of_info)
{
	ASSERT_EQ(0, offsetof(struct fastipc_info, size));
	ASSERT_EQ(4, offsetof(struct fastipc_info, flags));
	ASSERT_EQ(8, offsetof(struct fastipc_info, kind));
	ASSERT_EQ(12, offsetof(struct fastipc_info, end));
	ASSERT_EQ(16, offsetof(struct fastipc_info, rights));
	ASSERT_EQ(20, offsetof(struct fastipc_info, control_bytes));
	ASSERT_EQ(24, offsetof(struct fastipc_info, ring_bytes));
	ASSERT_EQ(32, offsetof(struct fastipc_info, max_message));
	ASSERT_EQ(40, offsetof(struct fastipc_info, own_control));
	ASSERT_EQ(48, offsetof(struct fastipc_info, peer_control));
	ASSERT_EQ(56, offsetof(struct fastipc_info, send_ring));
	ASSERT_EQ(64, offsetof(struct fastipc_info, recv_ring));
	ASSERT_EQ(72, offsetof(struct fastipc_info, features));
	ASSERT_EQ(80, offsetof(struct fastipc_info, reserved));
	ASSERT_EQ(96, sizeof(struct fastipc_info));
	ASSERT_EQ(96, FASTIPC_INFO_SIZE_VER0);
}

TEST(layout_of_map)
{
	ASSERT_EQ(0, offsetof(struct fastipc_map, size));
	ASSERT_EQ(4, offsetof(struct fastipc_map, flags));
	ASSERT_EQ(8, sizeof(struct fastipc_map));
	ASSERT_EQ(8, FASTIPC_MAP_SIZE_VER0);
}

TEST(layout_of_sync)
{
	ASSERT_EQ(0, offsetof(struct fastipc_sync, size));
	ASSERT_EQ(4, offsetof(struct fastipc_sync, flags));
	ASSERT_EQ(8, offsetof(struct fastipc_sync, position));
	ASSERT_EQ(16, offsetof(struct fastipc_sync, need));
	ASSERT_EQ(24, offsetof(struct fastipc_sync, timeout_ns));
	ASSERT_EQ(32, sizeof(struct fastipc_sync));
	ASSERT_EQ(32, FASTIPC_SYNC_SIZE_VER0);
}

TEST(layout_of_stat)
{
	ASSERT_EQ(0, offsetof(struct fastipc_stat, size));
	ASSERT_EQ(4, offsetof(struct fastipc_stat, flags));
	ASSERT_EQ(8, offsetof(struct fastipc_stat, bytes));
	ASSERT_EQ(16, offsetof(struct fastipc_stat, sent));
	ASSERT_EQ(24, offsetof(struct fastipc_stat, received));
	ASSERT_EQ(32, offsetof(struct fastipc_stat, peer_sent));
	ASSERT_EQ(40, offsetof(struct fastipc_stat, peer_received));
	ASSERT_EQ(48, offsetof(struct fastipc_stat, syncs));
	ASSERT_EQ(56, offsetof(struct fastipc_stat, sleeps));
	ASSERT_EQ(64, offsetof(struct fastipc_stat, wakes));
	ASSERT_EQ(72, offsetof(struct fastipc_stat, late_wakes));
	ASSERT_EQ(80, offsetof(struct fastipc_stat, reserved));
	ASSERT_EQ(88, sizeof(struct fastipc_stat));
	ASSERT_EQ(88, FASTIPC_STAT_SIZE_VER0);
}

TEST(layout_of_shutdown)
{
	ASSERT_EQ(0, offsetof(struct fastipc_shutdown, size));
	ASSERT_EQ(4, offsetof(struct fastipc_shutdown, how));
	ASSERT_EQ(8, sizeof(struct fastipc_shutdown));
	ASSERT_EQ(8, FASTIPC_SHUTDOWN_SIZE_VER0);
}

TEST(layout_of_record)
{
	ASSERT_EQ(0, offsetof(struct fastipc_record, word));
	ASSERT_EQ(8, offsetof(struct fastipc_record, tag));
	ASSERT_EQ(16, sizeof(struct fastipc_record));
	ASSERT_EQ(16, FASTIPC_ALIGN);
}

TEST(layout_of_waitline)
{
	ASSERT_EQ(0, offsetof(struct fastipc_waitline, want));
	ASSERT_EQ(8, offsetof(struct fastipc_waitline, ended));
	ASSERT_EQ(12, offsetof(struct fastipc_waitline, reserved0));
	ASSERT_EQ(16, offsetof(struct fastipc_waitline, reserved1));
	ASSERT_EQ(64, offsetof(struct fastipc_waitline, arm));
	ASSERT_EQ(68, offsetof(struct fastipc_waitline, reserved2));
	ASSERT_EQ(128, sizeof(struct fastipc_waitline));
}

TEST(layout_of_control)
{
	ASSERT_EQ(0, offsetof(struct fastipc_control, sent));
	ASSERT_EQ(8, offsetof(struct fastipc_control, reserved0));
	ASSERT_EQ(0x80, offsetof(struct fastipc_control, released));
	ASSERT_EQ(0x88, offsetof(struct fastipc_control, taken));
	ASSERT_EQ(0x90, offsetof(struct fastipc_control, reserved1));
	ASSERT_EQ(0x100, offsetof(struct fastipc_control, recv));
	ASSERT_EQ(0x180, offsetof(struct fastipc_control, send));
	ASSERT_EQ(0x200, sizeof(struct fastipc_control));
}

/* Who writes the words of a control page, as the header says. */
static const struct word {
	size_t at;
	char writer;
} words[] = {
	{ offsetof(struct fastipc_control, sent), 'p' },
	{ offsetof(struct fastipc_control, released), 'c' },
	{ offsetof(struct fastipc_control, taken), 'c' },
	{ offsetof(struct fastipc_control, recv.want), 'k' },
	{ offsetof(struct fastipc_control, recv.ended), 'k' },
	{ offsetof(struct fastipc_control, send.want), 'k' },
	{ offsetof(struct fastipc_control, send.ended), 'k' },
};

TEST(no_cache_line_has_two_writers)
{
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		for (k = 0; k < i; k++)
			ASSERT_TRUE(words[i].at / LINE != words[k].at / LINE ||
				    words[i].writer == words[k].writer);
}

TEST(the_reserved_word_arm_has_a_line_of_its_own)
{
	size_t recv = offsetof(struct fastipc_control, recv.arm) / LINE;
	size_t send = offsetof(struct fastipc_control, send.arm) / LINE;
	size_t i;

	ASSERT_NE(recv, send);
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		ASSERT_NE(recv, words[i].at / LINE);
		ASSERT_NE(send, words[i].at / LINE);
	}
}

TEST(producer_and_consumer_are_two_lines_apart)
{
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		for (k = 0; k < ARRAY_SIZE(words); k++)
			if (words[i].writer == 'p' && words[k].writer == 'c')
				ASSERT_NE(words[i].at / (2 * LINE),
					  words[k].at / (2 * LINE));
}

TEST(numbers_of_commands)
{
	ASSERT_EQ(0xfa00, FASTIPC_SETUP);
	ASSERT_EQ(0xfa01, FASTIPC_ATTACH);
	ASSERT_EQ(0xfa02, FASTIPC_PEER);
	ASSERT_EQ(0xfa03, FASTIPC_INFO);
	ASSERT_EQ(0xfa04, FASTIPC_MAP);
	ASSERT_EQ(0xfa09, FASTIPC_SYNC);
	ASSERT_EQ(0xfa0a, FASTIPC_STAT);
	ASSERT_EQ(0xfa0b, FASTIPC_SHUTDOWN);
}

TEST(footprints)
{
	ASSERT_EQ(16, FASTIPC_FOOTPRINT(0));
	ASSERT_EQ(32, FASTIPC_FOOTPRINT(1));
	ASSERT_EQ(32, FASTIPC_FOOTPRINT(16));
	ASSERT_EQ(48, FASTIPC_FOOTPRINT(17));
	ASSERT_EQ(0x100000010ULL, FASTIPC_FOOTPRINT(0xffffffffU));
}

/* Structures and pointers: the same for every command. --------------------- */

union any {
	struct fastipc_setup setup;
	struct fastipc_attach attach;
	struct fastipc_peer peer;
	struct fastipc_info info;
	struct fastipc_map map;
	struct fastipc_sync sync;
	struct fastipc_stat stat;
	struct fastipc_shutdown shutdown;
};

FIXTURE(command)
{
	int fd;		/* where the good call succeeds */
	int wrong;	/* where it comes too early, or too late */
	char *room;	/* three zeroed pages; what follows is not mapped */
};

struct command {
	unsigned long number;
	__u32 size;		/* when first published */
	__u32 known;		/* flags */
	bool answers;		/* into the structure */
	int wrong_state;	/* errno */
	union any good;		/* but for the size */
};

FIXTURE_VARIANT(command)
{
	struct command c;
};

FIXTURE_VARIANT_ADD(command, setup)
{
	.c.number = FASTIPC_SETUP,
	.c.size = FASTIPC_SETUP_SIZE_VER0,
	.c.wrong_state = EBUSY,
	.c.good.setup = { .kind = FASTIPC_KIND_PAIR, .ring_bytes = PAGE },
};

FIXTURE_VARIANT_ADD(command, attach)
{
	.c.number = FASTIPC_ATTACH,
	.c.size = FASTIPC_ATTACH_SIZE_VER0,
	.c.wrong_state = ENOTCONN,
	.c.good.attach = { .end = FASTIPC_END_ANY },
};

FIXTURE_VARIANT_ADD(command, peer)
{
	.c.number = FASTIPC_PEER,
	.c.size = FASTIPC_PEER_SIZE_VER0,
	.c.known = O_ACCMODE | O_CLOEXEC | O_NONBLOCK,
	.c.wrong_state = ENOTCONN,
	.c.good.peer = { .flags = O_RDWR },
};

FIXTURE_VARIANT_ADD(command, info)
{
	.c.number = FASTIPC_INFO,
	.c.size = FASTIPC_INFO_SIZE_VER0,
	.c.answers = true,
	.c.wrong_state = ENOTCONN,
};

FIXTURE_VARIANT_ADD(command, map)
{
	.c.number = FASTIPC_MAP,
	.c.size = FASTIPC_MAP_SIZE_VER0,
	.c.wrong_state = ENOTCONN,
};

FIXTURE_VARIANT_ADD(command, sync)
{
	.c.number = FASTIPC_SYNC,
	.c.size = FASTIPC_SYNC_SIZE_VER0,
	.c.known = FASTIPC_SYNC_WAKE_RECV | FASTIPC_SYNC_WAKE_SEND |
		   FASTIPC_SYNC_WAIT_RECV | FASTIPC_SYNC_WAIT_SEND,
	.c.wrong_state = ENOTCONN,
	.c.good.sync = { .flags = FASTIPC_SYNC_WAKE_RECV },
};

FIXTURE_VARIANT_ADD(command, stat)
{
	.c.number = FASTIPC_STAT,
	.c.size = FASTIPC_STAT_SIZE_VER0,
	.c.answers = true,
	.c.wrong_state = ENOTCONN,
};

FIXTURE_VARIANT_ADD(command, shutdown)
{
	.c.number = FASTIPC_SHUTDOWN,
	.c.size = FASTIPC_SHUTDOWN_SIZE_VER0,
	.c.known = FASTIPC_SHUT_RECV | FASTIPC_SHUT_SEND | FASTIPC_SHUT_ON_CLOSE,
	.c.wrong_state = ENOTCONN,
	.c.good.shutdown = { .how = FASTIPC_SHUT_ON_CLOSE },
};

FIXTURE_SETUP(command)
{
	int set_up, fresh;

	set_up = raw_open(O_RDWR);
	ASSERT_LE(0, set_up);
	ASSERT_EQ(0, raw_setup(set_up, PAGE, 0));
	fresh = raw_open(O_RDWR);
	ASSERT_LE(0, fresh);
	self->fd = variant->c.number == FASTIPC_SETUP ? fresh : set_up;
	self->wrong = variant->c.number == FASTIPC_SETUP ? set_up : fresh;
	self->room = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->room);
	ASSERT_EQ(0, munmap(self->room + 3 * PAGE, PAGE));
}

FIXTURE_TEARDOWN(command)
{
	munmap(self->room, 3 * PAGE);
	close(self->fd);
	close(self->wrong);
}

/* The good structure, but for its size; returns where it is. */
static void *put(const struct command *c, void *at, __u32 size)
{
	memcpy(at, &c->good, c->size);
	memcpy(at, &size, sizeof(size));
	return at;
}

/* 0 or -errno; what PEER and MAP make is closed. */
static int call(int fd, const struct command *c, void *arg)
{
	int ret = raw_ioctl(fd, c->number, arg);

	if (ret <= 0 || (c->number != FASTIPC_PEER && c->number != FASTIPC_MAP))
		return ret;
	close(ret);
	return 0;
}

/* What the following change one thing of. */
TEST_F(command, size_ver0_is_accepted)
{
	put(&variant->c, self->room, variant->c.size);
	ASSERT_EQ(0, call(self->fd, &variant->c, self->room));
}

TEST_F(command, size_zero_is_einval)
{
	put(&variant->c, self->room, 0);
	ASSERT_EQ(-EINVAL, call(self->fd, &variant->c, self->room));
}

TEST_F(command, size_one_below_ver0_is_einval)
{
	put(&variant->c, self->room, variant->c.size - 1);
	ASSERT_EQ(-EINVAL, call(self->fd, &variant->c, self->room));
}

TEST_F(command, larger_with_zero_tail_is_accepted)
{
	put(&variant->c, self->room, variant->c.size + 8);
	ASSERT_EQ(0, call(self->fd, &variant->c, self->room));
}

TEST_F(command, larger_by_one_zero_byte_is_accepted)
{
	put(&variant->c, self->room, variant->c.size + 1);
	ASSERT_EQ(0, call(self->fd, &variant->c, self->room));
}

TEST_F(command, larger_with_dirty_first_byte_is_e2big)
{
	put(&variant->c, self->room, variant->c.size + 64);
	self->room[variant->c.size] = 1;
	ASSERT_EQ(-E2BIG, call(self->fd, &variant->c, self->room));
}

TEST_F(command, larger_with_dirty_last_byte_is_e2big)
{
	put(&variant->c, self->room, variant->c.size + 64);
	self->room[variant->c.size + 63] = 1;
	ASSERT_EQ(-E2BIG, call(self->fd, &variant->c, self->room));
}

TEST_F(command, dirt_behind_the_size_is_not_seen)
{
	put(&variant->c, self->room, variant->c.size + 64);
	self->room[variant->c.size + 64] = 1;
	ASSERT_EQ(0, call(self->fd, &variant->c, self->room));
}

TEST_F(command, size_one_below_a_page_is_accepted)
{
	put(&variant->c, self->room, PAGE - 1);
	ASSERT_EQ(0, call(self->fd, &variant->c, self->room));
}

TEST_F(command, size_of_a_page_is_accepted)
{
	put(&variant->c, self->room, PAGE);
	ASSERT_EQ(0, call(self->fd, &variant->c, self->room));
}

TEST_F(command, size_of_a_page_with_dirty_last_byte_is_e2big)
{
	put(&variant->c, self->room, PAGE);
	self->room[PAGE - 1] = 1;
	ASSERT_EQ(-E2BIG, call(self->fd, &variant->c, self->room));
}

TEST_F(command, size_one_above_a_page_is_e2big)
{
	put(&variant->c, self->room, PAGE + 1);
	ASSERT_EQ(-E2BIG, call(self->fd, &variant->c, self->room));
}

TEST_F(command, null_is_efault)
{
	ASSERT_EQ(-EFAULT, call(self->fd, &variant->c, NULL));
}

TEST_F(command, unmapped_memory_is_efault)
{
	ASSERT_EQ(-EFAULT, call(self->fd, &variant->c, self->room + 3 * PAGE));
}

TEST_F(command, kernel_memory_is_efault)
{
	ASSERT_EQ(-EFAULT, call(self->fd, &variant->c, (void *)-(long)PAGE));
}

TEST_F(command, unreadable_memory_is_efault)
{
	put(&variant->c, self->room, variant->c.size);
	ASSERT_EQ(0, mprotect(self->room, PAGE, PROT_NONE));
	ASSERT_EQ(-EFAULT, call(self->fd, &variant->c, self->room));
}

TEST_F(command, ending_before_an_unmapped_page_is_accepted)
{
	char *at = self->room + 3 * PAGE - variant->c.size;

	put(&variant->c, at, variant->c.size);
	ASSERT_EQ(0, call(self->fd, &variant->c, at));
}

/* Only the size itself is readable. */
TEST_F(command, straddling_an_unmapped_page_is_efault)
{
	char *at = self->room + 3 * PAGE - sizeof(variant->c.size);

	memcpy(at, &variant->c.size, sizeof(variant->c.size));
	ASSERT_EQ(-EFAULT, call(self->fd, &variant->c, at));
}

TEST_F(command, a_size_straddling_an_unmapped_page_is_efault)
{
	ASSERT_EQ(-EFAULT, call(self->fd, &variant->c, self->room + 3 * PAGE - 2));
}

TEST_F(command, a_zero_tail_straddling_an_unmapped_page_is_efault)
{
	char *at = self->room + 3 * PAGE - variant->c.size - 32;

	put(&variant->c, at, variant->c.size + 64);
	ASSERT_EQ(-EFAULT, call(self->fd, &variant->c, at));
}

TEST_F(command, the_largest_size_is_e2big)
{
	put(&variant->c, self->room, UINT_MAX);
	ASSERT_EQ(-E2BIG, call(self->fd, &variant->c, self->room));
}

/* Questions are only read; answers have no other place to go. */
TEST_F(command, read_only_memory_is_efault_only_for_answers)
{
	put(&variant->c, self->room, variant->c.size);
	ASSERT_EQ(0, mprotect(self->room, PAGE, PROT_READ));
	ASSERT_EQ(variant->c.answers ? -EFAULT : 0,
		  call(self->fd, &variant->c, self->room));
}

TEST_F(command, each_unknown_flag_is_einval)
{
	__u32 *flags = (__u32 *)self->room + 1;
	int bit;

	for (bit = 0; bit < 32; bit++) {
		if (variant->c.known & 1U << bit)
			continue;
		put(&variant->c, self->room, variant->c.size);
		*flags |= 1U << bit;
		ASSERT_EQ(-EINVAL, call(self->fd, &variant->c, self->room))
			TH_LOG("bit %d", bit);
	}
}

TEST_F(command, in_the_wrong_state_is_ebusy_or_enotconn)
{
	put(&variant->c, self->room, variant->c.size);
	ASSERT_EQ(-variant->c.wrong_state,
		  call(self->wrong, &variant->c, self->room));
}

/* Whether a failed call left the room as it was. */
static bool untouched(int fd, const struct command *c, char *room)
{
	char before[2 * PAGE];

	memcpy(before, room, sizeof(before));
	return call(fd, c, room) < 0 && !memcmp(before, room, sizeof(before));
}

TEST_F(command, too_small_writes_nothing)
{
	put(&variant->c, self->room, variant->c.size - 1);
	ASSERT_TRUE(untouched(self->fd, &variant->c, self->room));
}

TEST_F(command, too_big_writes_nothing)
{
	put(&variant->c, self->room, variant->c.size + 1);
	self->room[variant->c.size] = 1;
	ASSERT_TRUE(untouched(self->fd, &variant->c, self->room));
}

TEST_F(command, an_unknown_flag_writes_nothing)
{
	put(&variant->c, self->room, variant->c.size);
	self->room[7] |= 0x40;
	ASSERT_TRUE(untouched(self->fd, &variant->c, self->room));
}

TEST_F(command, the_wrong_state_writes_nothing)
{
	put(&variant->c, self->room, variant->c.size);
	ASSERT_TRUE(untouched(self->wrong, &variant->c, self->room));
}

TEST_F(command, an_unknown_flag_leaves_no_descriptor)
{
	int before = lowest_fd();

	put(&variant->c, self->room, variant->c.size);
	self->room[7] |= 0x40;
	ASSERT_EQ(-EINVAL, call(self->fd, &variant->c, self->room));
	ASSERT_EQ(before, lowest_fd());
}

/* Commands that there are not ---------------------------------------------- */

FIXTURE(no_command)
{
	int fd[2];
	union any arg;
};

FIXTURE_VARIANT(no_command)
{
	unsigned long number;
};

FIXTURE_VARIANT_ADD(no_command, send) { .number = _IO(FASTIPC_IOC, 5) };
FIXTURE_VARIANT_ADD(no_command, recv) { .number = _IO(FASTIPC_IOC, 6) };
FIXTURE_VARIANT_ADD(no_command, call) { .number = _IO(FASTIPC_IOC, 7) };
FIXTURE_VARIANT_ADD(no_command, done) { .number = _IO(FASTIPC_IOC, 8) };
FIXTURE_VARIANT_ADD(no_command, behind) { .number = _IO(FASTIPC_IOC, 12) };
FIXTURE_VARIANT_ADD(no_command, last) { .number = _IO(FASTIPC_IOC, 255) };
FIXTURE_VARIANT_ADD(no_command, other_type) { .number = _IO(0xfb, 3) };
FIXTURE_VARIANT_ADD(no_command, number_with_a_size)
{
	.number = _IOWR(FASTIPC_IOC, 3, struct fastipc_info),
};

FIXTURE_SETUP(no_command)
{
	self->fd[0] = raw_open(O_RDWR);
	ASSERT_EQ(0, raw_setup(self->fd[0], PAGE, 0));
	self->fd[1] = raw_open(O_RDWR);
	ASSERT_LE(0, self->fd[1]);
	self->arg.info.size = sizeof(self->arg.info);
}

FIXTURE_TEARDOWN(no_command)
{
	close(self->fd[0]);
	close(self->fd[1]);
}

TEST_F(no_command, is_enotty)
{
	ASSERT_EQ(-ENOTTY, raw_ioctl(self->fd[0], variant->number, &self->arg));
}

TEST_F(no_command, is_enotty_before_setup)
{
	ASSERT_EQ(-ENOTTY, raw_ioctl(self->fd[1], variant->number, &self->arg));
}

TEST_F(no_command, is_enotty_with_a_bad_pointer)
{
	ASSERT_EQ(-ENOTTY, raw_ioctl(self->fd[0], variant->number, NULL));
}

/* SETUP -------------------------------------------------------------------- */

FIXTURE(bad_setup)
{
	int fd;
	struct fastipc_setup setup;
};

FIXTURE_VARIANT(bad_setup)
{
	__u32 kind, reserved;
	__u64 ring, max;
};

#define RING_MAX FASTIPC_RING_MAX
#define LIMIT (PAGE / 4 - 16)

FIXTURE_VARIANT_ADD(bad_setup, kind_0) { 0, 0, PAGE, 0 };
FIXTURE_VARIANT_ADD(bad_setup, kind_queue) { 2, 0, PAGE, 0 };
FIXTURE_VARIANT_ADD(bad_setup, kind_topic) { 3, 0, PAGE, 0 };
FIXTURE_VARIANT_ADD(bad_setup, kind_4) { 4, 0, PAGE, 0 };
FIXTURE_VARIANT_ADD(bad_setup, kind_high_bit) { 1U << 31 | 1, 0, PAGE, 0 };
FIXTURE_VARIANT_ADD(bad_setup, reserved_low) { 1, 1, PAGE, 0 };
FIXTURE_VARIANT_ADD(bad_setup, reserved_high) { 1, 1U << 31, PAGE, 0 };
FIXTURE_VARIANT_ADD(bad_setup, ring_1) { 1, 0, 1, 0 };
FIXTURE_VARIANT_ADD(bad_setup, ring_half_a_page) { 1, 0, PAGE / 2, 0 };
FIXTURE_VARIANT_ADD(bad_setup, ring_a_page_and_1) { 1, 0, PAGE + 1, 0 };
FIXTURE_VARIANT_ADD(bad_setup, ring_three_pages) { 1, 0, 3 * PAGE, 0 };
FIXTURE_VARIANT_ADD(bad_setup, ring_max_and_1) { 1, 0, RING_MAX + 1, 0 };
FIXTURE_VARIANT_ADD(bad_setup, ring_twice_max) { 1, 0, 2 * RING_MAX, 0 };
FIXTURE_VARIANT_ADD(bad_setup, ring_4g) { 1, 0, 1ULL << 32, 0 };
FIXTURE_VARIANT_ADD(bad_setup, ring_4g_page) { 1, 0, (1ULL << 32) + PAGE, 0 };
FIXTURE_VARIANT_ADD(bad_setup, ring_2_63) { 1, 0, 1ULL << 63, 0 };
FIXTURE_VARIANT_ADD(bad_setup, ring_2_64_page) { 1, 0, 0ULL - PAGE, 0 };
FIXTURE_VARIANT_ADD(bad_setup, ring_2_64_1) { 1, 0, ~0ULL, 0 };
FIXTURE_VARIANT_ADD(bad_setup, max_one_above) { 1, 0, PAGE, LIMIT + 1 };
FIXTURE_VARIANT_ADD(bad_setup, max_quarter) { 1, 0, PAGE, PAGE / 4 };
FIXTURE_VARIANT_ADD(bad_setup, max_4g_and_1) { 1, 0, PAGE, (1ULL << 32) + 1 };
FIXTURE_VARIANT_ADD(bad_setup, max_2_63) { 1, 0, PAGE, 1ULL << 63 };
FIXTURE_VARIANT_ADD(bad_setup, max_2_64_16) { 1, 0, PAGE, ~0ULL - 15 };
FIXTURE_VARIANT_ADD(bad_setup, max_2_64_1) { 1, 0, PAGE, ~0ULL };
FIXTURE_VARIANT_ADD(bad_setup, max_default) { 1, 0, 0, 16369 };

FIXTURE_SETUP(bad_setup)
{
	self->fd = raw_open(O_RDWR);
	ASSERT_LE(0, self->fd);
	self->setup = (struct fastipc_setup){
		.size = sizeof(self->setup),
		.kind = variant->kind,
		.reserved = variant->reserved,
		.ring_bytes = variant->ring,
		.max_message = variant->max,
	};
}

FIXTURE_TEARDOWN(bad_setup)
{
	close(self->fd);
}

TEST_F(bad_setup, is_einval)
{
	ASSERT_EQ(-EINVAL, raw_ioctl(self->fd, FASTIPC_SETUP, &self->setup));
}

TEST_F(bad_setup, changes_nothing)
{
	struct counters before = counters_now();
	struct fastipc_info info;

	raw_ioctl(self->fd, FASTIPC_SETUP, &self->setup);
	ASSERT_EQ(-ENOTCONN, raw_info(self->fd, &info));
	ASSERT_TRUE(counters_return_to(before));
	ASSERT_EQ(0, raw_setup(self->fd, PAGE, 0));
}

FIXTURE(good_setup)
{
	int fd;
};

FIXTURE_VARIANT(good_setup)
{
	__u64 ring, max;		/* asked for */
	__u64 ring_bytes, max_message;	/* what INFO says */
};

FIXTURE_VARIANT_ADD(good_setup, defaults) { 0, 0, 65536, 16368 };
FIXTURE_VARIANT_ADD(good_setup, default_ring) { 0, 7, 65536, 7 };
FIXTURE_VARIANT_ADD(good_setup, default_limit) { 0, 16368, 65536, 16368 };
FIXTURE_VARIANT_ADD(good_setup, a_page) { PAGE, 0, PAGE, LIMIT };
FIXTURE_VARIANT_ADD(good_setup, a_page_and_limit) { PAGE, LIMIT, PAGE, LIMIT };
FIXTURE_VARIANT_ADD(good_setup, two_pages_and_1) { 2 * PAGE, 1, 2 * PAGE, 1 };
FIXTURE_VARIANT_ADD(good_setup, a_mib) { 1 << 20, 0, 1 << 20, (1 << 18) - 16 };

FIXTURE_SETUP(good_setup)
{
	self->fd = raw_open(O_RDWR);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(good_setup)
{
	close(self->fd);
}

TEST_F(good_setup, is_what_info_says)
{
	struct fastipc_info info;

	ASSERT_EQ(0, raw_setup(self->fd, variant->ring, variant->max));
	ASSERT_EQ(0, raw_info(self->fd, &info));
	ASSERT_EQ(variant->ring_bytes, info.ring_bytes);
	ASSERT_EQ(variant->max_message, info.max_message);
}

TEST_F(good_setup, is_what_stat_and_the_module_count)
{
	__u64 bytes = 2 * (variant->ring_bytes + PAGE);
	struct counters before = counters_now();
	struct fastipc_stat stat;

	ASSERT_EQ(0, raw_setup(self->fd, variant->ring, variant->max));
	ASSERT_EQ(0, raw_stat(self->fd, &stat));
	ASSERT_EQ(bytes, stat.bytes);
	ASSERT_EQ(before.bytes + bytes, counters_now().bytes);
}

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

TEST_F(single, second_setup_is_ebusy)
{
	ASSERT_EQ(-EBUSY, raw_setup(self->fd, PAGE, 0));
}

TEST_F(single, second_setup_changes_no_geometry)
{
	struct fastipc_info before, after;

	ASSERT_EQ(0, raw_info(self->fd, &before));
	raw_setup(self->fd, 2 * PAGE, 5);
	ASSERT_EQ(0, raw_info(self->fd, &after));
	ASSERT_EQ(0, memcmp(&before, &after, sizeof(before)));
}

TEST_F(pair, setup_by_the_peer_is_ebusy)
{
	ASSERT_EQ(-EBUSY, raw_setup(self->fd[1], PAGE, 0));
}

/* ATTACH ------------------------------------------------------------------- */

TEST_F(pair, attach_confirms_the_own_end)
{
	ASSERT_EQ(0, raw_attach(self->fd[0], 0));
	ASSERT_EQ(0, raw_attach(self->fd[1], 1));
}

TEST_F(pair, attach_to_any_end_keeps_the_end)
{
	struct fastipc_info info;

	ASSERT_EQ(0, raw_attach(self->fd[1], FASTIPC_END_ANY));
	ASSERT_EQ(0, raw_info(self->fd[1], &info));
	ASSERT_EQ(1, info.end);
}

TEST_F(pair, attach_end_0_to_end_1_is_einval)
{
	ASSERT_EQ(-EINVAL, raw_attach(self->fd[0], 1));
}

TEST_F(pair, attach_end_1_to_end_0_is_einval)
{
	ASSERT_EQ(-EINVAL, raw_attach(self->fd[1], 0));
}

TEST_F(single, attach_to_the_vacant_end_is_einval)
{
	ASSERT_EQ(-EINVAL, raw_attach(self->fd, 1));
}

TEST_F(single, attach_to_end_2_is_einval)
{
	ASSERT_EQ(-EINVAL, raw_attach(self->fd, 2));
}

TEST_F(single, attach_to_end_less_2_is_einval)
{
	ASSERT_EQ(-EINVAL, raw_attach(self->fd, -2));
}

TEST_F(single, attach_to_the_largest_end_is_einval)
{
	ASSERT_EQ(-EINVAL, raw_attach(self->fd, INT_MAX));
}

TEST_F(single, attach_to_the_smallest_end_is_einval)
{
	ASSERT_EQ(-EINVAL, raw_attach(self->fd, INT_MIN));
}

TEST_F(single, attach_with_a_dirty_reserved_bit_is_einval)
{
	struct fastipc_attach attach = { .size = sizeof(attach) };
	int bit;

	for (bit = 0; bit < 32; bit++) {
		attach.reserved = 1U << bit;
		ASSERT_EQ(-EINVAL, raw_ioctl(self->fd, FASTIPC_ATTACH, &attach))
			TH_LOG("bit %d", bit);
	}
}

TEST_F(pair, attach_when_only_sending_is_over_is_accepted)
{
	ASSERT_EQ(0, raw_shutdown(self->fd[0], FASTIPC_SHUT_SEND));
	ASSERT_EQ(0, raw_attach(self->fd[0], 0));
}

TEST_F(pair, attach_when_only_receiving_is_over_is_accepted)
{
	ASSERT_EQ(0, raw_shutdown(self->fd[0], FASTIPC_SHUT_RECV));
	ASSERT_EQ(0, raw_attach(self->fd[0], 0));
}

TEST_F(pair, attach_after_own_shutdown_is_epipe)
{
	ASSERT_EQ(0, raw_shutdown(self->fd[0], FASTIPC_SHUT_SEND |
						       FASTIPC_SHUT_RECV));
	ASSERT_EQ(-EPIPE, raw_attach(self->fd[0], 0));
}

TEST_F(pair, attach_after_the_peers_shutdown_is_epipe)
{
	ASSERT_EQ(0, raw_shutdown(self->fd[0], FASTIPC_SHUT_SEND |
						       FASTIPC_SHUT_RECV));
	ASSERT_EQ(-EPIPE, raw_attach(self->fd[1], 1));
}

TEST_F(pair, attach_after_an_orderly_close_is_epipe)
{
	ASSERT_EQ(0, leave(&self->fd[1], true));
	ASSERT_EQ(-EPIPE, raw_attach(self->fd[0], FASTIPC_END_ANY));
}

TEST_F(pair, attach_after_the_peer_vanished_is_econnreset)
{
	ASSERT_EQ(0, leave(&self->fd[1], false));
	ASSERT_EQ(-ECONNRESET, raw_attach(self->fd[0], FASTIPC_END_ANY));
}

TEST_F(pair, attach_takes_back_on_close)
{
	ASSERT_EQ(0, raw_shutdown(self->fd[1], FASTIPC_SHUT_ON_CLOSE));
	ASSERT_EQ(0, raw_attach(self->fd[1], 1));
	ASSERT_EQ(0, leave(&self->fd[1], false));
	ASSERT_EQ(-ECONNRESET, raw_sync(self->fd[0], FASTIPC_SYNC_WAIT_RECV,
					0));
}

TEST_F(pair, a_refused_attach_takes_nothing_back)
{
	ASSERT_EQ(0, raw_shutdown(self->fd[1], FASTIPC_SHUT_ON_CLOSE));
	ASSERT_EQ(-EINVAL, raw_attach(self->fd[1], 0));
	ASSERT_EQ(0, leave(&self->fd[1], false));
	ASSERT_EQ(-EPIPE, raw_sync(self->fd[0], FASTIPC_SYNC_WAIT_RECV, 0));
}

/* PEER --------------------------------------------------------------------- */

TEST_F(single, peer_with_access_mode_3_is_einval)
{
	ASSERT_EQ(-EINVAL, peer_with(self->fd, O_ACCMODE));
}

TEST_F(pair, second_peer_is_ebusy)
{
	ASSERT_EQ(-EBUSY, peer_with(self->fd[0], O_RDWR));
}

TEST_F(pair, peer_of_the_peer_is_ebusy)
{
	ASSERT_EQ(-EBUSY, peer_with(self->fd[1], O_RDWR));
}

TEST_F(pair, peer_after_an_orderly_close_is_epipe)
{
	ASSERT_EQ(0, leave(&self->fd[1], true));
	ASSERT_EQ(-EPIPE, peer_with(self->fd[0], O_RDWR));
}

TEST_F(pair, peer_after_the_peer_vanished_is_econnreset)
{
	ASSERT_EQ(0, leave(&self->fd[1], false));
	ASSERT_EQ(-ECONNRESET, peer_with(self->fd[0], O_RDWR));
}

TEST_F(pair, peer_of_the_peer_after_end_0_closed_in_order_is_epipe)
{
	ASSERT_EQ(0, leave(&self->fd[0], true));
	ASSERT_EQ(-EPIPE, peer_with(self->fd[1], O_RDWR));
}

TEST_F(pair, peer_of_the_peer_after_end_0_vanished_is_econnreset)
{
	ASSERT_EQ(0, leave(&self->fd[0], false));
	ASSERT_EQ(-ECONNRESET, peer_with(self->fd[1], O_RDWR));
}

TEST_F(pair, a_refused_peer_leaves_no_descriptor)
{
	int before = lowest_fd();

	ASSERT_EQ(-EBUSY, peer_with(self->fd[0], O_RDWR));
	ASSERT_EQ(before, lowest_fd());
}

TEST_F(pair, a_refused_peer_leaves_no_endpoint)
{
	struct counters before = counters_now();

	ASSERT_EQ(-EBUSY, peer_with(self->fd[0], O_RDWR));
	ASSERT_TRUE(counters_return_to(before));
}

/* The file that was made for nothing is closed, and means nothing. */
TEST_F(pair, a_refused_peer_ends_nothing)
{
	ASSERT_EQ(-EBUSY, peer_with(self->fd[0], O_RDWR));
	ASSERT_EQ(-EAGAIN, raw_sync(self->fd[0], FASTIPC_SYNC_WAIT_RECV, 0));
	ASSERT_EQ(-EAGAIN, raw_sync(self->fd[1], FASTIPC_SYNC_WAIT_RECV, 0));
}

TEST_F(single, peer_without_descriptors_is_emfile)
{
	struct rlimit old;

	ASSERT_EQ(0, forbid_fds(&old));
	ASSERT_EQ(-EMFILE, peer_with(self->fd, O_RDWR));
}

TEST_F(single, peer_without_descriptors_leaves_no_endpoint)
{
	struct counters before = counters_now();
	struct rlimit old;

	ASSERT_EQ(0, forbid_fds(&old));
	ASSERT_EQ(-EMFILE, peer_with(self->fd, O_RDWR));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
	ASSERT_TRUE(counters_return_to(before));
}

TEST_F(single, peer_after_emfile_succeeds)
{
	int before = lowest_fd();
	struct rlimit old;

	ASSERT_EQ(0, forbid_fds(&old));
	ASSERT_EQ(-EMFILE, peer_with(self->fd, O_RDWR));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
	ASSERT_EQ(before, peer_with(self->fd, O_RDWR));
	close(before);
}

TEST_F(single, peer_with_cloexec_closes_on_exec)
{
	int fd = peer_with(self->fd, O_RDWR | O_CLOEXEC);

	ASSERT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	close(fd);
}

TEST_F(single, peer_without_cloexec_does_not)
{
	int fd = peer_with(self->fd, O_RDWR);

	ASSERT_EQ(0, fcntl(fd, F_GETFD));
	close(fd);
}

TEST_F(single, peer_with_nonblock_is_nonblocking)
{
	int fd = peer_with(self->fd, O_RDWR | O_NONBLOCK);

	ASSERT_EQ(O_NONBLOCK, fcntl(fd, F_GETFL) & O_NONBLOCK);
	close(fd);
}

TEST_F(single, peer_without_nonblock_blocks)
{
	int fd = peer_with(self->fd, O_RDWR);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, fcntl(fd, F_GETFL) & O_NONBLOCK);
	close(fd);
}

/* What PEER says to one who may less. */
FIXTURE(peer_of)
{
	int fd, peer;
};

FIXTURE_VARIANT(peer_of)
{
	int mode, wanted, error;
};

FIXTURE_VARIANT_ADD(peer_of, rdonly_rdonly) { O_RDONLY, O_RDONLY, 0 };
FIXTURE_VARIANT_ADD(peer_of, rdonly_wronly) { O_RDONLY, O_WRONLY, EACCES };
FIXTURE_VARIANT_ADD(peer_of, rdonly_rdwr) { O_RDONLY, O_RDWR, EACCES };
FIXTURE_VARIANT_ADD(peer_of, wronly_rdonly) { O_WRONLY, O_RDONLY, EACCES };
FIXTURE_VARIANT_ADD(peer_of, wronly_wronly) { O_WRONLY, O_WRONLY, 0 };
FIXTURE_VARIANT_ADD(peer_of, wronly_rdwr) { O_WRONLY, O_RDWR, EACCES };
FIXTURE_VARIANT_ADD(peer_of, rdwr_rdonly) { O_RDWR, O_RDONLY, 0 };
FIXTURE_VARIANT_ADD(peer_of, rdwr_wronly) { O_RDWR, O_WRONLY, 0 };
FIXTURE_VARIANT_ADD(peer_of, rdwr_rdwr) { O_RDWR, O_RDWR, 0 };

FIXTURE_SETUP(peer_of)
{
	self->fd = raw_open(variant->mode);
	ASSERT_EQ(0, raw_setup(self->fd, PAGE, 0));
}

FIXTURE_TEARDOWN(peer_of)
{
	close(self->peer);
	close(self->fd);
}

TEST_F(peer_of, is_eacces_if_it_may_more)
{
	self->peer = peer_with(self->fd, variant->wanted);
	ASSERT_EQ(-variant->error, self->peer < 0 ? self->peer : 0);
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
	ASSERT_EQ(0, info.reserved[0]);
	ASSERT_EQ(0, info.reserved[1]);
}

TEST_F(pair, info_differs_only_in_the_end)
{
	struct fastipc_info info[2];

	ASSERT_EQ(0, raw_info(self->fd[0], &info[0]));
	ASSERT_EQ(0, raw_info(self->fd[1], &info[1]));
	ASSERT_EQ(1, info[1].end);
	info[1].end = 0;
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
	ASSERT_EQ(0x20, stat.received);
	ASSERT_EQ(0x30, stat.peer_sent);
	ASSERT_EQ(0x40, stat.peer_received);
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

/* At last ------------------------------------------------------------------ */

FIXTURE(afterwards)
{
};

FIXTURE_SETUP(afterwards)
{
}

FIXTURE_TEARDOWN(afterwards)
{
}

TEST_F(afterwards, nothing_is_left)
{
	ASSERT_LE(0, at_start.channels);
	ASSERT_TRUE(counters_return_to(at_start));
}

TEST_HARNESS_MAIN
