// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many at one end: a storm of wakes and waits on scribbled pages, and somebody
 * who asks for messages while another receives them.  What a hostile peer does
 * word by word, at rest and at work: hostile_every_test.c.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"
#include "hostile.h"

FIXTURE(scribble)
{
	struct duel d;
	uint64_t seconds;
};

VARIANTS_OF_VICTIM(scribble);

FIXTURE_SETUP(scribble)
{
	ASSERT_EQ(0, duel_begin(&self->d, variant->flags, variant->kernel));
	self->seconds = variant->flags || variant->kernel ? 1 : 5;
}

FIXTURE_TEARDOWN(scribble)
{
	duel_end(&self->d);
}

/* Wakes and waits by the thousand, from several threads, on scribbled pages. */
TEST_F(scribble, a_storm_of_syncs_harms_nobody)
{
	uint64_t end = now_ns() + self->seconds * 1000000000;
	struct duel *d = &self->d;
	pid_t pid[3];
	unsigned int i;
	char c = 0;
	int ret;

	raw_unmap_end(&d->evil);
	for (i = 0; i < 3; i++) {
		pid[i] = fork_bound();
		if (pid[i])
			continue;
		struct mapped m;
		bool mapped = i == 0 && !raw_map_end(d->fd, &m);
		unsigned int x = i;

		while (now_ns() < end) {
			x = x * 1103515245 + 12345;
			if (mapped)
				((volatile uint64_t *)m.own)[x >> 16 & 63] =
					odd_values[x % NR_ODD];
			raw_sync(d->fd,
				 FASTIPC_SYNC_WAKE_RECV |
					 FASTIPC_SYNC_WAKE_SEND |
					 FASTIPC_SYNC_CALM_RECV |
					 FASTIPC_SYNC_CALM_SEND |
					 FASTIPC_SYNC_WAIT_RECV,
				 x >> 12);
			raw_sync_send(d->fd,
				      d->flags ? 0 : odd_values[x % NR_ODD],
				      x % 950, x >> 14);
		}
		_exit(0);
	}
	while (now_ns() < end) {
		ret = victim_send(d, &c, 1, 10);

		ASSERT_TRUE(ret == 0 || ret == -ETIMEDOUT || ret == -EBADMSG);
		ret = victim_recv(d, &c, 1, 1);
		ASSERT_TRUE(ret == -ETIMEDOUT || ret == -EBADMSG);
	}
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, reap(pid[i]));
	/* What the dead one left in its page may keep a successor out. */
	ret = raw_map_end(d->fd, &d->evil);
	ASSERT_TRUE(ret == 0 || ret == -EBADMSG);
}

/*
 * A bystander with a copy of the descriptor, which only asks whether there is a
 * message, while the owner receives: it may read a word that was overwritten
 * since it read the position, and must not condemn the ring for it.
 */
TEST_F_TIMEOUT(scribble, a_bystander_that_asks_breaks_nothing, 120)
{
	uint64_t end = now_ns() + self->seconds * 1000000000;
	struct duel *d = &self->d;
	struct fastipc *honest;
	unsigned long n = 0;
	char buf[1000];
	pid_t pid[2];

	raw_unmap_end(&d->evil);
	pid[0] = fork_bound();
	if (!pid[0]) {
		/* Payload that is no word, wherever one looks. */
		memset(buf, 0x7f, sizeof(buf));
		if (fastipc_adopt(&honest, d->fd))
			_exit(1);
		for (n = 0;; n++)
			if (fastipc_send(honest, buf, n % 900 + 1, 0))
				_exit(2);
	}
	pid[1] = fork_bound();
	if (!pid[1]) {
		for (;;)
			raw_sync(fastipc_fd(d->victim),
				 FASTIPC_SYNC_WAIT_RECV, 0);
	}
	for (n = 0; now_ns() < end; n++)
		ASSERT_EQ(n % 900 + 1, victim_recv(d, buf, sizeof(buf), -1));
	TH_LOG("%lu messages", n);
	kill(pid[0], SIGKILL);
	kill(pid[1], SIGKILL);
	reap(pid[0]);
	reap(pid[1]);
	ASSERT_EQ(0, raw_map_end(d->fd, &d->evil));
}

TEST_HARNESS_MAIN
