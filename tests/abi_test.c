// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ABI, by raw calls: for each command every bad structure, pointer, flag and
 * state, one in a test; and commands that there are not.  The values of SETUP,
 * ATTACH and PEER are in setup_error_test.c, of SYNC and SHUTDOWN in
 * sync_error_test.c, of SEND and RECV in send_args_test.c and recv_args_test.c, of
 * maps in map_error_test.c; the answers of INFO and STAT in answer_test.c.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#include <limits.h>

#define PAGE 4096

/* Structures and pointers: the same for every command. --------------------- */

union any {
	struct fastipc_setup setup;
	struct fastipc_attach attach;
	struct fastipc_peer peer;
	struct fastipc_info info;
	struct fastipc_map map;
	struct fastipc_send send;
	struct fastipc_recv recv;
	struct fastipc_sync sync;
	struct fastipc_stat stat;
	struct fastipc_shutdown shutdown;
};

FIXTURE(command)
{
	int fd;		/* where the good call succeeds */
	int wrong;	/* where it comes too early, or too late */
	int peer;	/* of what is set up */
	char *room;	/* three zeroed pages; what follows is not mapped */
};

struct command {
	unsigned long number;
	__u32 size;		/* when first published */
	__u32 known;		/* flags */
	bool answers;		/* into the structure */
	int accepted;		/* result of the good call */
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
	.c.known = FASTIPC_SEALED | FASTIPC_STREAM | FASTIPC_FENCED,
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

/* An empty array sends nothing, and ends what was withheld. */
FIXTURE_VARIANT_ADD(command, send)
{
	.c.number = FASTIPC_SEND,
	.c.size = FASTIPC_SEND_SIZE_VER0,
	.c.known = FASTIPC_SEND_IOV | FASTIPC_SEND_ARRAY | FASTIPC_SEND_MORE |
		   FASTIPC_SEND_THEN_RECV | FASTIPC_SEND_THEN_WAIT,
	.c.answers = true,
	.c.wrong_state = ENOTCONN,
	.c.good.send = { .flags = FASTIPC_SEND_ARRAY },
};

static char received[8];

FIXTURE_VARIANT_ADD(command, recv)
{
	.c.number = FASTIPC_RECV,
	.c.size = FASTIPC_RECV_SIZE_VER0,
	.c.known = FASTIPC_RECV_IOV | FASTIPC_RECV_ARRAY,
	.c.answers = true,
	.c.accepted = 1,
	.c.wrong_state = ENOTCONN,
	.c.good.recv = { .data = (uintptr_t)received, .len = sizeof(received) },
};

FIXTURE_VARIANT_ADD(command, sync)
{
	.c.number = FASTIPC_SYNC,
	.c.size = FASTIPC_SYNC_SIZE_VER0,
	.c.known = FASTIPC_SYNC_WAKE_RECV | FASTIPC_SYNC_WAKE_SEND |
		   FASTIPC_SYNC_CALM_RECV | FASTIPC_SYNC_CALM_SEND |
		   FASTIPC_SYNC_WAIT_RECV | FASTIPC_SYNC_WAIT_SEND |
		   FASTIPC_SYNC_WAIT_DONE,
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
	self->peer = -1;
	if (variant->c.number == FASTIPC_RECV) {
		self->peer = raw_peer(set_up, O_RDWR);
		ASSERT_LE(0, self->peer);
		ASSERT_EQ(1, raw_send(self->peer, "x", 1, 0));
	}
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
	close(self->peer);
}

/* The good structure, but for its size; returns where it is. */
static void *put(const struct command *c, void *at, __u32 size)
{
	memcpy(at, &c->good, c->size);
	memcpy(at, &size, sizeof(size));
	return at;
}

/* The result, or -errno; what PEER and MAP make is closed. */
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
	ASSERT_EQ(variant->c.accepted, call(self->fd, &variant->c, self->room));
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
	ASSERT_EQ(variant->c.accepted, call(self->fd, &variant->c, self->room));
}

TEST_F(command, larger_by_one_zero_byte_is_accepted)
{
	put(&variant->c, self->room, variant->c.size + 1);
	ASSERT_EQ(variant->c.accepted, call(self->fd, &variant->c, self->room));
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
	ASSERT_EQ(variant->c.accepted, call(self->fd, &variant->c, self->room));
}

TEST_F(command, size_one_below_a_page_is_accepted)
{
	put(&variant->c, self->room, PAGE - 1);
	ASSERT_EQ(variant->c.accepted, call(self->fd, &variant->c, self->room));
}

TEST_F(command, size_of_a_page_is_accepted)
{
	put(&variant->c, self->room, PAGE);
	ASSERT_EQ(variant->c.accepted, call(self->fd, &variant->c, self->room));
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
	ASSERT_EQ(variant->c.accepted, call(self->fd, &variant->c, at));
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
	ASSERT_EQ(variant->c.answers ? -EFAULT : variant->c.accepted,
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

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
