// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an end's owner leaves behind when it goes, against whoever comes after:
 * positions in a sealed ring, a full ring that it had taken, maps of the peer.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#define RING 4096

FIXTURE(sealed)
{
	int fd[2];
};

FIXTURE_SETUP(sealed)
{
	ASSERT_EQ(0, raw_pair_of(self->fd, RING, FASTIPC_SEALED));
}

FIXTURE_TEARDOWN(sealed)
{
	close(self->fd[0]);
	close(self->fd[1]);
}

/* A process that has end 1 mapped, writes its positions, and leaves it. */
static int leave(int fd, uint64_t taken, uint64_t released)
{
	struct fastipc_control *own;
	pid_t pid = fork_bound();

	if (pid)
		return reap(pid);
	own = raw_map_control(fd);
	if (!own)
		_exit(1);
	own->taken = taken;
	own->released = released;
	_exit(0);
}

/* A payload that looks like a message with a stamp is not taken for one. */
TEST_F(sealed, no_successor_begins_inside_a_payload)
{
	struct fastipc_recv recv;
	char c[64] = "";

	ASSERT_EQ(1, raw_send(self->fd[0], c, sizeof(c), 0));
	ASSERT_EQ(0, leave(self->fd[1], 64, 64));
	ASSERT_EQ(NULL, raw_map_control(self->fd[1]));
	ASSERT_EQ(EBADMSG, errno);
	ASSERT_EQ(-EBADMSG, raw_recv(self->fd[1], &recv, c, sizeof(c), 0));
}

TEST_F(sealed, a_successor_begins_at_a_message)
{
	uint64_t first = FASTIPC_SEALED_FOOTPRINT(1);
	struct fastipc_recv recv;
	char c;

	ASSERT_EQ(1, raw_send(self->fd[0], "a", 1, 0));
	ASSERT_EQ(1, raw_send(self->fd[0], "b", 1, 0));
	ASSERT_EQ(0, leave(self->fd[1], first, 0));
	ASSERT_EQ(1, raw_recv(self->fd[1], &recv, &c, 1, 0));
	ASSERT_EQ('b', c);
	ASSERT_EQ(2, recv.stamp.seq);
}

/*
 * What was released beyond ->taken is taken back with the map, before anybody
 * can send: else the sender writes over what the successor is about to read.
 */
TEST_F(sealed, space_that_was_given_too_early_is_taken_back)
{
	struct fastipc_control *own;
	int n = fill_ring(self->fd[0]);

	ASSERT_EQ(0, leave(self->fd[1], 0, n * FASTIPC_SEALED_FOOTPRINT(1)));
	own = raw_map_control(self->fd[1]);
	ASSERT_NE(NULL, own);
	ASSERT_EQ(0, own->released);
	ASSERT_NE(1, raw_send(self->fd[0], "x", 1, 0));
	ASSERT_EQ(0, munmap(own, 4096));
}

/* The peer's many maps are not taken for pins of the former owner. */
TEST_F(sealed, the_peers_maps_do_not_keep_a_successor_out)
{
	struct fastipc_control *own;
	struct fastipc_info info;
	int i;

	ASSERT_EQ(0, leave(self->fd[1], 0, 0));
	ASSERT_EQ(0, raw_info(self->fd[0], &info));
	for (i = 0; i < 1100; i++) {
		volatile struct fastipc_control *peer =
			map_at(self->fd[0], info.peer_control,
			       info.control_bytes, PROT_READ);

		ASSERT_NE(MAP_FAILED, peer);
		ASSERT_EQ(0, peer->taken);
	}
	own = raw_map_control(self->fd[1]);
	ASSERT_NE(NULL, own);
	ASSERT_EQ(0, munmap(own, 4096));
}

/* A sender died when it had published, and not noted where it stood. */
TEST(a_successor_sends_behind_what_was_published)
{
	struct fastipc_recv recv;
	struct fastipc *f;
	struct mapped m;
	int fd[2], i;
	char c[2];

	ASSERT_EQ(0, raw_pair(fd, RING));
	ASSERT_EQ(0, raw_map_end(fd[0], &m));
	for (i = 0; i < 3; i++)
		raw_publish(&m, i * FASTIPC_FOOTPRINT(1),
			    FASTIPC_WORD_COMMIT | 1);
	raw_unmap_end(&m);
	ASSERT_EQ(0, fastipc_adopt(&f, fd[0]));
	ASSERT_EQ(0, fastipc_send(f, "ab", 2, 0));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(1, raw_recv(fd[1], &recv, c, 1, 0));
	ASSERT_EQ(1, raw_recv(fd[1], &recv, c, 2, 0));
	ASSERT_EQ(2, recv.len);
	ASSERT_EQ('b', c[1]);
	fastipc_close(f);
	close(fd[1]);
}

FIXTURE(full)
{
	int fd[2];
};

VARIANTS_OF_SORT(full);

FIXTURE_SETUP(full)
{
	ASSERT_EQ(0, raw_pair_of(self->fd, RING, variant->flags));
}

FIXTURE_TEARDOWN(full)
{
	close(self->fd[0]);
	close(self->fd[1]);
}

/* A sender that sleeps, as who left end 1 had taken all and given nothing back. */
static pid_t fork_sender(int fd[2])
{
	struct fastipc_stat stat;
	pid_t pid;

	fill_ring(fd[0]);
	if (raw_stat(fd[0], &stat) || leave(fd[1], stat.sent, 0))
		return -1;
	pid = fork_bound();
	if (!pid)
		_exit(write(fd[0], "x", 1) != 1);
	return wait_for_sleep(pid) ? pid : -1;
}

/* That is done for it, and told. */
TEST_F(full, a_sender_is_woken_by_who_finds_nothing_left)
{
	struct fastipc_recv recv;
	pid_t sender;
	char c;

	sender = fork_sender(self->fd);
	ASSERT_LT(0, sender);
	/* Nothing yet, or already what the sender was woken to send. */
	if (raw_recv(self->fd[1], &recv, &c, 1, 0) != 1)
		ASSERT_EQ(EAGAIN, errno);
	ASSERT_EQ(0, reap(sender));
}

/* Or by who has only come: its library gives that back before it receives. */
TEST_F(full, a_sender_is_woken_by_who_maps_the_end)
{
	struct fastipc_stat stat;
	struct fastipc *f;
	pid_t sender;

	sender = fork_sender(self->fd);
	ASSERT_LT(0, sender);
	ASSERT_EQ(0, fastipc_adopt(&f, dup(self->fd[1])));
	ASSERT_EQ(0, fastipc_flush(f)); /* maps it */
	ASSERT_EQ(0, reap(sender));
	ASSERT_EQ(0, raw_stat(self->fd[0], &stat));
	ASSERT_EQ(0, stat.late_wakes);
	fastipc_close(f);
}

TEST_NOTHING_IS_LEFT()

TEST_HARNESS_MAIN
