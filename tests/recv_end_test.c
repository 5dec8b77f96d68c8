// SPDX-License-Identifier: GPL-2.0-only
/*
 * What FASTIPC_RECV and read(2) say when the direction has ended, and when the
 * producer breaks the rules of a direct ring: it maps its end, or had it mapped
 * and is gone.  End 0 receives, through the kernel.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"
#include "ends.h"

#define PAGE 4096
#define LIMIT (PAGE / 4 - 16)
#define WORD(len) (FASTIPC_WORD_COMMIT | (len))

static char bytes[PAGE];

static int recv_for(int fd, __u64 timeout_ns)
{
	struct fastipc_recv recv;

	return raw_recv(fd, &recv, bytes, sizeof(bytes), timeout_ns);
}

static int recv_forever(int fd)
{
	return recv_for(fd, FASTIPC_FOREVER);
}

static int read_some(int fd)
{
	ssize_t n = read(fd, bytes, sizeof(bytes));

	return n < 0 ? -errno : n;
}

/* The end ---------------------------------------------------------------- */

FIXTURE_OF_ENDS(end, shut_recv, shut_send)

TEST_F(end, is_told_after_the_last_message)
{
	ASSERT_EQ(1, raw_send(self->fd[1], "one", 3, 0));
	ASSERT_EQ(1, raw_send(self->fd[1], "two", 3, 0));
	ASSERT_EQ(0, variant->how(self->fd[variant->whose]));
	ASSERT_EQ(1, recv_forever(self->fd[0]));
	ASSERT_EQ(1, recv_forever(self->fd[0]));
	ASSERT_EQ(0, memcmp(bytes, "two", 3));
	ASSERT_EQ(-variant->error, recv_forever(self->fd[0]));
	ASSERT_EQ(-variant->error, recv_for(self->fd[0], 0));
}

TEST_F(end, is_0_to_read_after_the_last_message)
{
	ASSERT_EQ(1, raw_send(self->fd[1], "one", 3, 0));
	ASSERT_EQ(0, variant->how(self->fd[variant->whose]));
	ASSERT_EQ(3, read_some(self->fd[0]));
	ASSERT_EQ(0, read_some(self->fd[0]));
	ASSERT_EQ(0, read_some(self->fd[0]));
}

TEST_F(end, is_told_after_the_last_message_of_an_array)
{
	struct fastipc_recv_item item[2] = {
		{ .data = (uintptr_t)bytes, .len = 100 },
		{ .data = (uintptr_t)bytes, .len = 100 },
	};
	struct fastipc_recv recv = { .size = sizeof(recv),
				     .flags = FASTIPC_RECV_ARRAY,
				     .data = (uintptr_t)item,
				     .len = 2,
				     .timeout_ns = FASTIPC_FOREVER };

	ASSERT_EQ(1, raw_send(self->fd[1], "one", 3, 0));
	ASSERT_EQ(0, variant->how(self->fd[variant->whose]));
	ASSERT_EQ(1, raw_ioctl(self->fd[0], FASTIPC_RECV, &recv));
	ASSERT_EQ(-variant->error, raw_ioctl(self->fd[0], FASTIPC_RECV, &recv));
}

/* However close to it the end comes: by who looks without a pause. */
TEST(the_last_message_is_never_lost)
{
	int fd[2], ret, i;
	pid_t pid;

	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, raw_pair(fd, PAGE));
		pid = fork_bound();
		if (!pid)
			_exit(raw_send(fd[1], "x", 1, 0) != 1 ||
			      shut_send(fd[1]));
		do {
			ret = recv_for(fd[0], 0);
		} while (ret == -EAGAIN);
		ASSERT_EQ(1, ret);
		ASSERT_EQ(0, reap(pid));
		close(fd[0]);
		close(fd[1]);
	}
}

TEST_F(end, is_told_to_a_nonblocking_receiver)
{
	ASSERT_EQ(0, fcntl(self->fd[0], F_SETFL, O_NONBLOCK));
	ASSERT_EQ(0, variant->how(self->fd[variant->whose]));
	ASSERT_EQ(-variant->error, recv_for(self->fd[0], 0));
	ASSERT_EQ(0, read_some(self->fd[0]));
}

TEST_F(end, is_told_to_a_sleeping_receiver)
{
	pid_t pid = fork_bound();

	if (!pid) {
		close(self->fd[1]);
		_exit(recv_forever(self->fd[0]) != -variant->error);
	}
	ASSERT_TRUE(wait_for_sleep(pid));
	ASSERT_EQ(0, variant->how(self->fd[variant->whose]));
	ASSERT_EQ(0, reap(pid));
}

TEST_F(end, is_0_to_a_sleeping_reader)
{
	pid_t pid = fork_bound();

	if (!pid) {
		close(self->fd[1]);
		_exit(read_some(self->fd[0]) != 0);
	}
	ASSERT_TRUE(wait_for_sleep(pid));
	ASSERT_EQ(0, variant->how(self->fd[variant->whose]));
	ASSERT_EQ(0, reap(pid));
}

/* Words that are none ---------------------------------------------------- */

FIXTURE(lie)
{
	int fd[2];
	struct mapped evil; /* end 1 */
};

FIXTURE_VARIANT(lie)
{
	__u64 word;
};

FIXTURE_VARIANT_ADD(lie, without_commit) { 1 };
FIXTURE_VARIANT_ADD(lie, unknown_flag) { WORD(1) | 1ULL << 32 };
FIXTURE_VARIANT_ADD(lie, highest_flag) { WORD(1) | 1ULL << 62 };
FIXTURE_VARIANT_ADD(lie, above_the_limit) { WORD(LIMIT + 1) };
FIXTURE_VARIANT_ADD(lie, of_4g) { WORD(0xffffffff) };
FIXTURE_VARIANT_ADD(lie, all_ones) { ~0ULL };

FIXTURE_SETUP(lie)
{
	ASSERT_EQ(0, raw_pair(self->fd, PAGE));
	ASSERT_EQ(0, raw_map_end(self->fd[1], &self->evil));
}

FIXTURE_TEARDOWN(lie)
{
	raw_unmap_end(&self->evil);
	close(self->fd[0]);
	close(self->fd[1]);
}

TEST_F(lie, is_ebadmsg_to_recv)
{
	raw_publish(&self->evil, 0, variant->word);
	ASSERT_EQ(-EBADMSG, recv_forever(self->fd[0]));
}

TEST_F(lie, is_ebadmsg_to_read)
{
	raw_publish(&self->evil, 0, variant->word);
	ASSERT_EQ(-EBADMSG, read_some(self->fd[0]));
}

TEST_F(lie, stays_ebadmsg_when_repaired)
{
	raw_publish(&self->evil, 0, variant->word);
	ASSERT_EQ(-EBADMSG, read_some(self->fd[0]));
	raw_publish(&self->evil, 0, WORD(1));
	ASSERT_EQ(-EBADMSG, read_some(self->fd[0]));
}

TEST_F(lie, that_was_repaired_unseen_is_none)
{
	raw_publish(&self->evil, 0, variant->word);
	raw_publish(&self->evil, 0, WORD(1));
	ASSERT_EQ(1, read_some(self->fd[0]));
}

TEST_F(lie, stays_ebadmsg_when_the_liar_says_goodbye)
{
	raw_publish(&self->evil, 0, variant->word);
	ASSERT_EQ(-EBADMSG, read_some(self->fd[0]));
	ASSERT_EQ(0, shut_send(self->fd[1]));
	ASSERT_EQ(-EBADMSG, read_some(self->fd[0]));
}

TEST_F(lie, leaves_the_other_direction)
{
	raw_publish(&self->evil, 0, variant->word);
	ASSERT_EQ(-EBADMSG, read_some(self->fd[0]));
	ASSERT_EQ(1, raw_send(self->fd[0], "o", 1, 0));
	ASSERT_EQ(WORD(1), *(volatile __u64 *)self->evil.recv);
	ASSERT_EQ('o', self->evil.recv[sizeof(struct fastipc_record)]);
}

TEST_F(lie, is_told_to_a_sleeping_reader)
{
	pid_t pid = fork_bound();

	if (!pid)
		_exit(read_some(self->fd[0]) != -EBADMSG);
	ASSERT_TRUE(wait_for_sleep(pid));
	raw_publish(&self->evil, 0, variant->word);
	ASSERT_EQ(0, raw_sync(self->fd[1], FASTIPC_SYNC_WAKE_RECV, 0));
	ASSERT_EQ(0, reap(pid));
}

/* What a process left that had an end mapped ----------------------------- */

FIXTURE(left)
{
	int fd[2];
	struct mapped m; /* end 1 */
};

FIXTURE_SETUP(left)
{
	ASSERT_EQ(0, raw_pair(self->fd, PAGE));
	ASSERT_EQ(0, raw_map_end(self->fd[1], &self->m));
}

FIXTURE_TEARDOWN(left)
{
	close(self->fd[0]);
	close(self->fd[1]);
}

static void full_of_empty_messages(struct mapped *m)
{
	__u64 position;

	for (position = 0; position < PAGE; position += 16)
		raw_publish(m, position, WORD(0));
}

/* They would be read round and round. */
TEST_F(left, a_ring_full_of_words_has_an_end)
{
	int ret, n = 0;

	full_of_empty_messages(&self->m);
	raw_unmap_end(&self->m);
	close(self->fd[1]);
	while ((ret = recv_forever(self->fd[0])) == 1 && n <= PAGE / 16)
		n++;
	ASSERT_EQ(-EBADMSG, ret);
	ASSERT_EQ(PAGE / 16, n);
}

TEST_F(left, a_ring_full_of_words_has_an_end_for_read)
{
	full_of_empty_messages(&self->m);
	raw_unmap_end(&self->m);
	close(self->fd[1]);
	ASSERT_EQ(-EBADMSG, read_some(self->fd[0]));
}

/* The liar lives and never stops: read(2) can be interrupted. */
TEST_F(left, a_ring_full_of_words_can_be_left)
{
	full_of_empty_messages(&self->m);
	signals_begin(0);
	ASSERT_EQ(-EINTR, read_some(self->fd[0]));
	raw_unmap_end(&self->m);
}

TEST_F(left, an_unaligned_sent_is_ebadmsg_to_its_successor)
{
	self->m.own->sent = 8;
	raw_unmap_end(&self->m);
	ASSERT_EQ(-EBADMSG, raw_send(self->fd[1], "x", 1, 0));
}

TEST_F(left, a_sent_far_ahead_is_ebadmsg_to_its_successor)
{
	self->m.own->sent = 1ULL << 40;
	raw_unmap_end(&self->m);
	ASSERT_EQ(-EBADMSG, raw_send(self->fd[1], "x", 1, 0));
}

TEST_F(left, words_that_are_none_are_ebadmsg_to_its_successor)
{
	raw_publish(&self->m, 0, 1);
	raw_unmap_end(&self->m);
	ASSERT_EQ(-EBADMSG, raw_send(self->fd[1], "x", 1, 0));
}

/* The successor, who walks over what was committed, does not walk forever. */
TEST_F(left, a_ring_full_of_words_is_ebadmsg_to_its_successor)
{
	full_of_empty_messages(&self->m);
	raw_unmap_end(&self->m);
	ASSERT_EQ(-EBADMSG, raw_send(self->fd[1], "x", 1, 0));
}

TEST_F(left, an_unaligned_taken_is_ebadmsg_to_its_successor)
{
	self->m.own->taken = 8;
	raw_unmap_end(&self->m);
	ASSERT_EQ(1, raw_send(self->fd[0], "x", 1, 0));
	ASSERT_EQ(-EBADMSG, recv_for(self->fd[1], 0));
}

/* That is what its peer is told that it released. */
TEST_F(left, a_taken_far_ahead_is_ebadmsg_to_the_peer)
{
	self->m.own->taken = 1ULL << 40;
	raw_unmap_end(&self->m);
	ASSERT_EQ(-EAGAIN, recv_for(self->fd[1], 0));
	ASSERT_EQ(-EBADMSG, raw_send(self->fd[0], "x", 1, 0));
}

/* The same in a sealed pair, where a stamp could be made of a payload. */

FIXTURE(left_sealed)
{
	int fd[2];
	struct fastipc_control *own; /* end 1's */
};

FIXTURE_SETUP(left_sealed)
{
	ASSERT_EQ(0, raw_pair_of(self->fd, PAGE, FASTIPC_SEALED));
	ASSERT_EQ(1, raw_send(self->fd[0], bytes, 200, 0));
	ASSERT_EQ(1, raw_send(self->fd[0], "two", 3, 0));
	self->own = raw_map_control(self->fd[1]);
	ASSERT_NE(NULL, self->own);
}

FIXTURE_TEARDOWN(left_sealed)
{
	close(self->fd[0]);
	close(self->fd[1]);
}

TEST_F(left_sealed, a_taken_in_a_payload_is_ebadmsg_to_its_successor)
{
	self->own->taken = 128;
	munmap(self->own, PAGE);
	ASSERT_EQ(-EBADMSG, recv_for(self->fd[1], 0));
	/* The one who sends has seen nothing of it. */
	ASSERT_EQ(1, raw_send(self->fd[0], "x", 1, 0));
}

TEST_F(left_sealed, a_taken_far_ahead_is_ebadmsg_to_its_successor)
{
	self->own->taken = 1ULL << 40;
	munmap(self->own, PAGE);
	ASSERT_EQ(-EBADMSG, recv_for(self->fd[1], 0));
	ASSERT_EQ(1, raw_send(self->fd[0], "x", 1, 0));
}

TEST_F(left_sealed, a_taken_at_the_next_message_is_none)
{
	self->own->taken = FASTIPC_SEALED_FOOTPRINT(200);
	munmap(self->own, PAGE);
	ASSERT_EQ(3, read_some(self->fd[1]));
	ASSERT_EQ(0, memcmp(bytes, "two", 3));
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
