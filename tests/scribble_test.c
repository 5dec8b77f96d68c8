// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hostile peer at work: it writes into every word that it may write while
 * its victim sends and receives, through the library or by read(2) and write(2)
 * and the ioctls behind them.  The victim gets EBADMSG or wrong payload (in a
 * sealed pair not even that); never a hang, a crash, or more than it has room
 * for; and others get what is theirs.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"
#include "hostile.h"

#define GUARD 0xa5

FIXTURE(scribble)
{
	struct duel d;
	struct fastipc *honest[2];
	uint64_t seconds;
};

VARIANTS_OF_VICTIM(scribble);

FIXTURE_SETUP(scribble)
{
	ASSERT_EQ(0, duel_begin(&self->d, variant->flags, variant->kernel));
	ASSERT_EQ(0, fastipc_pair(self->honest, NULL));
	self->seconds = variant->flags || variant->kernel ? 1 : 5;
}

FIXTURE_TEARDOWN(scribble)
{
	duel_end(&self->d);
	fastipc_close(self->honest[0]);
	fastipc_close(self->honest[1]);
}

/*
 * Flip every word there is; in a sealed pair also send: payload filled with its
 * length.
 */
static void scribble(struct duel *d, struct mapped *m, uint64_t until)
{
	uint64_t *words = (uint64_t *)m->own;
	uint64_t *ring = (uint64_t *)m->send;
	uint64_t x = until | 1;
	char buf[1024];
	size_t at;

	while (now_ns() < until) {
		int n;

		for (n = 0; n < 1000; n++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			at = x % (RING / 8);
			if (!ring)
				;
			else if (x & 1 << 20)
				ring[at & ~1UL] = WORD((x >> 32) % 1100);
			else
				ring[at] = odd_values[(x >> 24) % NR_ODD];
			/* Mostly plausible positions: they get further. */
			words[(x >> 40) % 64] =
				x & 1 << 21 ? (x >> 8) % 65536 & ~15UL :
					      odd_values[(x >> 50) % NR_ODD];
			if (!ring && n % 50 == 0) {
				at = x % d->limit;
				memset(buf, at, at);
				raw_send(d->fd, buf, at, 0);
			}
		}
	}
}

struct score {
	unsigned long broken, passed;
};

/* Receive with room for so much: whether all was lawful. */
static bool receive_one(struct duel *d, size_t cap, int timeout_ms,
			struct score *score)
{
	unsigned char buf[1024 + 64];
	ssize_t ret, i;

	memset(buf, GUARD, sizeof(buf));
	ret = victim_recv(d, buf, cap, timeout_ms);
	for (i = cap; i < sizeof(buf); i++)
		if (buf[i] != GUARD)
			return false;
	/* Sealed: just what was sent. */
	for (i = 0; d->flags && i < ret; i++)
		if (buf[i] != (unsigned char)ret)
			return false;
	score->broken += ret == -EBADMSG;
	score->passed += ret >= 0;
	return ret <= (ssize_t)cap && ret <= (ssize_t)d->limit &&
	       (ret >= 0 || ret == -ETIMEDOUT || ret == -EAGAIN ||
		ret == -EMSGSIZE || ret == -EBADMSG);
}

static bool send_one(struct duel *d, size_t len, int timeout_ms,
		     struct score *score)
{
	char buf[1024] = { 0 };
	int ret = victim_send(d, buf, len, timeout_ms);

	score->broken += ret == -EBADMSG;
	return ret == 0 || ret == -ETIMEDOUT || ret == -EAGAIN ||
	       ret == -EBADMSG;
}

/* Sends and receives: with limits, or read(2) and write(2) that never wait. */
static bool stand(struct duel *d, struct fastipc *honest[2], bool plain,
		  struct score *score)
{
	int i, ms = plain ? -1 : 1;
	bool right = true;
	char c;

	if (plain)
		fcntl(fastipc_fd(d->victim), F_SETFL, O_NONBLOCK);
	for (i = 0; i < 2000 && right; i++) {
		right = send_one(d, i % 900 + 1, ms, score) &&
			receive_one(d, i % 7 ? 1024 : i % 1000 + 1, ms, score);
		if (i % 50 == 0)
			right = right && !fastipc_send(honest[0], "h", 1, 0) &&
				fastipc_recv(honest[1], &c, 1, 0) == 1;
		if (score->broken && i > 100)
			break;
	}
	return right;
}

TEST_F_TIMEOUT(scribble, ends_in_ebadmsg_or_wrong_payload, 120)
{
	uint64_t end = now_ns() + 4 * self->seconds * 1000000000;
	struct duel *d = &self->d;
	struct score score = { 0 };
	unsigned long rounds = 0;
	pid_t pid;
	int ret;

	while (now_ns() < end) {
		bool plain = variant->kernel && rounds % 2;
		int flags = fcntl(fastipc_fd(d->victim), F_GETFL);
		char buf[1024];

		raw_unmap_end(&d->evil);
		pid = fork_bound();
		if (!pid) {
			struct mapped m;

			if (raw_map_end(d->fd, &m))
				_exit(1);
			scribble(d, &m, now_ns() + 100000000);
			_exit(0);
		}
		ASSERT_TRUE(stand(d, self->honest, plain, &score));
		kill(pid, SIGKILL);
		reap(pid);
		ASSERT_EQ(0, fcntl(fastipc_fd(d->victim), F_SETFL, flags));
		/*
		 * A victim that sleeps is woken by the death at the latest, and
		 * what the dead left has an end.
		 */
		fastipc_close(d->end[0]);
		d->end[0] = NULL;
		do {
			ret = victim_recv(d, buf, sizeof(buf), -1);
		} while (ret >= 0);
		ASSERT_TRUE(ret == -ECONNRESET || ret == -EBADMSG);
		duel_end(d);
		ASSERT_EQ(0, duel_begin(d, variant->flags, variant->kernel));
		rounds++;
	}
	TH_LOG("%lu rounds, %lu times EBADMSG, %lu messages got through",
	       rounds, score.broken, score.passed);
	ASSERT_GT(score.broken, 0);
	ASSERT_GT(score.passed, 0);
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
