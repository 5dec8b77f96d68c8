// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hostile peer: what is broken stays so, for its victim only; what it left
 * when it died has an end; and the wakes that it withholds are counted.  What it
 * can write at all, word by word: hostile_every_test.c.
 *
 * End 0 is the attacker, with raw maps; end 1 is the victim.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"
#include "hostile.h"

/* What it can do in a direct ring */
FIXTURE(word)
{
	struct duel d;
};

FIXTURE_VARIANT(word)
{
	bool kernel;
};

FIXTURE_VARIANT_ADD(word, library) { false };
FIXTURE_VARIANT_ADD(word, rw) { true };

FIXTURE_SETUP(word)
{
	ASSERT_EQ(0, duel_begin(&self->d, 0, variant->kernel));
}

FIXTURE_TEARDOWN(word)
{
	duel_end(&self->d);
}

TEST_F(word, if_broken_stays_so_for_its_victim_only)
{
	struct duel *d = &self->d;
	char c;

	raw_publish(&d->evil, 0, 7);
	ASSERT_EQ(-EBADMSG, victim_recv(d, &c, 1, -1));
	raw_publish(&d->evil, 0, WORD(1));
	ASSERT_EQ(-EBADMSG, victim_recv(d, &c, 1, -1));
	/* The victim's own direction goes on. */
	ASSERT_EQ(0, victim_send(d, "x", 1, -1));
	ASSERT_EQ(WORD(1), *(volatile uint64_t *)d->evil.recv);
}

/* The kernel finds it too, when the victim sleeps already. */
TEST_F(word, tells_a_sleeping_victim_ebadmsg)
{
	struct duel *d = &self->d;
	pid_t parent = getpid(), pid = fork_bound();
	char c;

	if (!pid) {
		struct mapped m;

		wait_for_sleep(parent);
		if (raw_map_end(d->fd, &m))
			_exit(1);
		raw_publish(&m, 0, 0x123456789);
		_exit(raw_sync(d->fd, FASTIPC_SYNC_WAKE_RECV, 0) ? 2 : 0);
	}
	raw_unmap_end(&d->evil);
	ASSERT_EQ(-EBADMSG, victim_recv(d, &c, 1, -1));
	ASSERT_EQ(0, reap(pid));
	ASSERT_EQ(0, raw_map_end(d->fd, &d->evil));
	/* It stays so, repaired before the victim itself has seen it. */
	raw_publish(&d->evil, 0, WORD(1));
	ASSERT_EQ(-EBADMSG, victim_recv(d, &c, 1, 0));
}

/* A ring full of words, to be read round and round after the writer's death. */
TEST_F(word, what_the_dead_left_has_an_end)
{
	struct duel *d = &self->d;
	uint64_t position;
	char buf[1024];
	int i = 0, ret;

	for (position = 0; position < RING; position += 16)
		raw_publish(&d->evil, position, WORD(0));
	duel_lose(d);
	/* By RECV: read(2) would pass over them. */
	while ((ret = victim_recv(d, buf, sizeof(buf), 0)) >= 0)
		ASSERT_LT(i++, RING / 16);
	ASSERT_EQ(-EBADMSG, ret);
}

/* And read(2), which does, comes back. */
TEST(read_of_what_the_dead_left_has_an_end)
{
	uint64_t position;
	struct duel d;
	char c;

	ASSERT_EQ(0, duel_begin(&d, 0, true));
	for (position = 0; position < RING; position += 16)
		raw_publish(&d.evil, position, WORD(0));
	duel_lose(&d);
	ASSERT_EQ(-1, read(fastipc_fd(d.victim), &c, 1));
	ASSERT_EQ(EBADMSG, errno);
	duel_end(&d);
}

/*
 * A wake that is withheld: nobody notices, but for the re-check, which counts
 * it.  So the zeroes of late_wakes elsewhere mean something.
 */
TEST_F(word, without_its_wake_is_counted_as_late)
{
	long long late = module_counter("late_wakes");
	struct duel *d = &self->d;
	struct fastipc_stat stat;
	pid_t pid = fork_bound();
	char c;

	ASSERT_EQ(0, access("/sys/module/fastipc/parameters/recheck", R_OK));
	if (!pid) {
		/* The victim's side: receive in a child, so that it sleeps. */
		struct fastipc *me = d->victim;
		int fd = fastipc_fd(me);

		if (!wait_for_sleep(getppid()))
			_exit(1);
		if (!d->kernel && fastipc_adopt(&me, fd))
			_exit(2);
		_exit(any_recv(me, d->kernel, &c, 1, -1) == 1 ? 0 : 3);
	}
	fastipc_close(d->victim);
	d->victim = NULL;
	ASSERT_TRUE(wait_for_sleep(pid));
	usleep(500000);
	ASSERT_TRUE(wait_for_sleep(pid));
	raw_publish(&d->evil, 0, WORD(1));
	ASSERT_EQ(0, reap(pid));
	ASSERT_EQ(0, raw_stat(d->fd, &stat));
	ASSERT_EQ(1, stat.late_wakes);
	ASSERT_EQ(late + 1, module_counter("late_wakes"));
}

/* Who was stopped before it woke its peer owes nothing: it is not counted. */
TEST_F(word, of_a_stopped_peer_is_not_late)
{
	pid_t parent = getpid(), pid = fork_bound();
	struct duel *d = &self->d;
	struct fastipc_stat stat;
	char c;

	if (!pid) {
		struct mapped m;

		wait_for_sleep(parent);
		if (raw_map_end(d->fd, &m))
			_exit(1);
		raw_publish(&m, 0, WORD(1));
		raise(SIGSTOP);
		_exit(0);
	}
	raw_unmap_end(&d->evil);
	/* The re-check looks each second, and counts at two. */
	ASSERT_EQ(1, victim_recv(d, &c, 1, 4000));
	ASSERT_EQ('T', task_state(pid));
	ASSERT_EQ(0, raw_stat(d->fd, &stat));
	ASSERT_EQ(0, stat.late_wakes);
	kill(pid, SIGKILL);
	reap(pid);
	ASSERT_EQ(0, raw_map_end(d->fd, &d->evil));
}

/* What it can do in its control page */
FIXTURE(page)
{
	struct duel d;
};

VARIANTS_OF_VICTIM(page);

FIXTURE_SETUP(page)
{
	ASSERT_EQ(0, duel_begin(&self->d, variant->flags, variant->kernel));
}

FIXTURE_TEARDOWN(page)
{
	duel_end(&self->d);
}

/* Send until the ring is full: where the victim stands then. */
static uint64_t send_lap(struct duel *d, uint64_t sent)
{
	char buf[900] = { 0 };

	while (!victim_send(d, buf, sizeof(buf), 0))
		sent += footprint(d->flags, sizeof(buf));
	return sent;
}

static void release(struct duel *d, uint64_t position)
{
	__atomic_store_n(&d->evil.own->released, position, __ATOMIC_RELEASE);
}

TEST_F(page, a_broken_position_stays_so_for_its_victim_only)
{
	struct duel *d = &self->d;
	struct fastipc *other[2];
	char buf[900] = { 0 };
	char c;

	ASSERT_EQ(0, fastipc_pair(other, NULL));
	send_lap(d, 0);
	release(d, 8);
	ASSERT_EQ(-EBADMSG, victim_send(d, buf, sizeof(buf), 10));
	release(d, 0);
	ASSERT_EQ(-EBADMSG, victim_send(d, buf, sizeof(buf), 10));
	/* The other direction goes on, and so do other channels. */
	if (variant->flags) {
		ASSERT_EQ(1, write(d->fd, "y", 1));
	} else {
		raw_publish(&d->evil, 0, WORD(1));
	}
	ASSERT_EQ(1, victim_recv(d, &c, 1, -1));
	ASSERT_EQ(0, fastipc_send(other[0], "x", 1, 0));
	ASSERT_EQ(1, fastipc_recv(other[1], &c, 1, 0));
	fastipc_close(other[0]);
	fastipc_close(other[1]);
}

/* A withheld wake for space, and for somebody who sleeps in poll(2). */
TEST_F(page, a_withheld_wake_of_a_poller_is_counted_as_late)
{
	struct duel *d = &self->d;
	struct pollfd pfd = { fastipc_fd(d->victim), POLLOUT, 0 };
	pid_t parent = getpid(), pid;
	struct fastipc_stat stat;
	uint64_t sent;

	sent = send_lap(d, 0);
	raw_unmap_end(&d->evil);
	pid = fork_bound();
	if (!pid) {
		struct mapped m;

		if (!wait_for_sleep(parent) || raw_map_end(d->fd, &m))
			_exit(1);
		__atomic_store_n(&m.own->released, sent, __ATOMIC_RELEASE);
		pause();
	}
	ASSERT_EQ(1, poll(&pfd, 1, -1));
	ASSERT_EQ(POLLOUT, pfd.revents);
	ASSERT_EQ(0, raw_stat(d->fd, &stat));
	ASSERT_EQ(1, stat.late_wakes);
	kill(pid, SIGKILL);
	reap(pid);
	ASSERT_EQ(0, raw_map_end(d->fd, &d->evil));
}

/*
 * A position gone back by more than the ring, while the library had no reason to
 * look: the kernel cannot tell which of the two positions is the lie, but the
 * library can.
 */
static void drain_of_a_peer_gone_back(struct __test_metadata *_metadata,
				      uint32_t flags)
{
	uint64_t sent = 0;
	struct duel d;
	int i;

	ASSERT_EQ(0, duel_begin(&d, flags, false));
	for (i = 0; i < 8; i++) {
		sent = send_lap(&d, sent);
		release(&d, sent);
	}
	ASSERT_EQ(0, victim_send(&d, "x", 1, 0));
	release(&d, 0);
	ASSERT_EQ(-EBADMSG, fastipc_drain(d.victim, 10));
	ASSERT_EQ(-EBADMSG, fastipc_drain(d.victim, 10));
	duel_end(&d);
}

TEST(draining_a_peer_that_went_back_is_ebadmsg)
{
	drain_of_a_peer_gone_back(_metadata, 0);
}

TEST(draining_a_sealed_peer_that_went_back_is_ebadmsg)
{
	drain_of_a_peer_gone_back(_metadata, FASTIPC_SEALED);
}

/*
 * The kernel does not know what the library found broken, and would sleep: also if
 * the library does not look on, and the peer takes the word back.
 */
TEST(a_word_that_was_taken_back_stays_ebadmsg)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .spin_us = -1 };
	struct fastipc *end[2];
	struct mapped evil;
	char buf[8];

	ASSERT_EQ(0, fastipc_pair(end, &options));
	ASSERT_EQ(0, raw_map_end(fastipc_fd(end[1]), &evil));
	raw_publish(&evil, 0, 7);
	ASSERT_EQ(-EBADMSG,
		  fastipc_recv(end[0], buf, sizeof(buf), FASTIPC_NOWAIT));
	raw_publish(&evil, 0, 0);
	ASSERT_EQ(-EBADMSG, fastipc_recv(end[0], buf, sizeof(buf), 0));
	ASSERT_EQ(-EBADMSG,
		  fastipc_exchange(end[0], buf, 1, buf, sizeof(buf), -1));
	raw_unmap_end(&evil);
	fastipc_close(end[0]);
	fastipc_close(end[1]);
}

TEST_HARNESS_MAIN
