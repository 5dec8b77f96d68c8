// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hostile peer: it writes whatever it can into every word of every page
 * that it may write, at rest and while its victim works.  The victim gets
 * EBADMSG or wrong payload; never a hang, a crash, or somebody else's memory.
 *
 * End 0 is the attacker, with raw maps; end 1 is the victim, with the library.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#define WORD(len) (FASTIPC_WORD_COMMIT | (len))

FIXTURE(hostile)
{
	int fd; /* the attacker's */
	struct mapped evil;
	struct fastipc *victim;
	size_t limit;
};

FIXTURE_SETUP(hostile)
{
	int fd[2];

	ASSERT_EQ(0, raw_pair(fd, 4096));
	self->fd = fd[0];
	ASSERT_EQ(0, raw_map_end(fd[0], &self->evil));
	ASSERT_EQ(0, fastipc_adopt(&self->victim, fd[1]));
	self->limit = self->evil.info.max_message;
}

FIXTURE_TEARDOWN(hostile)
{
	raw_unmap_end(&self->evil);
	close(self->fd);
	fastipc_close(self->victim);
}

/* clang-format off */
static const uint64_t odd_values[] = {
	0, 1, 2, 7, 8, 15, 16, 17, 31, 32, 255, 256, 1007, 1008, 1009, 1023,
	1024, 4079, 4080, 4081, 4095, 4096, 4097, 8191, 8192, 65535, 65536,
	0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff, 0x100000000,
	0x100000010, 0x7ffffffffffffff0, 0x7fffffffffffffff,
	0x8000000000000000, 0x8000000000000001, 0x8000000000000010,
	0xfffffffffffffff0, 0xffffffffffffffff
};
/* clang-format on */

#define NR_ODD (sizeof(odd_values) / sizeof(odd_values[0]))

/* Whether a word is that of a message, by the rules. */
static bool lawful(uint64_t word, size_t limit)
{
	return word & FASTIPC_WORD_COMMIT && !(word & FASTIPC_WORD_FLAGS) &&
	       (word & FASTIPC_WORD_LEN) <= limit;
}

/* Receiving: every odd word, with and without the commit bit. */
TEST_F(hostile, a_word_is_a_message_or_ebadmsg)
{
	unsigned int i;
	int commit;

	for (i = 0; i < 2 * NR_ODD; i++) {
		uint64_t word = odd_values[i / 2];
		char buf[4096];
		ssize_t n, want;

		commit = i % 2;
		if (commit)
			word |= FASTIPC_WORD_COMMIT;
		raw_publish(&self->evil, 0, word);
		n = fastipc_recv(self->victim, buf, sizeof(buf),
				 FASTIPC_NOWAIT);
		want = !word ? -EAGAIN :
		       lawful(word, self->limit) ?
			       (ssize_t)(word & FASTIPC_WORD_LEN) :
			       -EBADMSG;
		ASSERT_EQ(want, n);
		/* A new pair each time: broken rings stay so. */
		raw_unmap_end(&self->evil);
		close(self->fd);
		fastipc_close(self->victim);
		hostile_setup(_metadata, self, variant);
	}
}

TEST_F(hostile, a_broken_ring_stays_broken_for_its_victim_only)
{
	char c;

	raw_publish(&self->evil, 0, 7);
	ASSERT_EQ(-EBADMSG, fastipc_recv(self->victim, &c, 1, 0));
	raw_publish(&self->evil, 0, WORD(1));
	ASSERT_EQ(-EBADMSG, fastipc_recv(self->victim, &c, 1, 0));
	/* The victim's own direction goes on. */
	ASSERT_EQ(0, fastipc_send(self->victim, "x", 1, 0));
	ASSERT_EQ(WORD(1), *(volatile uint64_t *)self->evil.recv);
}

/* The kernel finds it too, when the victim sleeps already. */
TEST_F(hostile, a_sleeping_victim_is_told_ebadmsg)
{
	pid_t parent = getpid();
	pid_t pid = fork_bound();
	char c;

	if (!pid) {
		struct mapped m;

		raw_unmap_end(&self->evil);
		wait_for_sleep(parent);
		if (raw_map_end(self->fd, &m))
			_exit(1);
		raw_publish(&m, 0, 0x123456789);
		_exit(raw_sync(self->fd, FASTIPC_SYNC_WAKE_RECV, 0) ? 2 : 0);
	}
	raw_unmap_end(&self->evil);
	ASSERT_EQ(-EBADMSG, fastipc_recv(self->victim, &c, 1, 0));
	ASSERT_EQ(-EBADMSG, fastipc_recv(self->victim, &c, 1, FASTIPC_NOWAIT));
	ASSERT_EQ(0, reap(pid));
	ASSERT_EQ(0, raw_map_end(self->fd, &self->evil));
}

/* Sending: every odd position, once the ring looks full. */
TEST_F(hostile, a_released_position_is_possible_or_ebadmsg)
{
	unsigned int i;

	for (i = 0; i < 2 * NR_ODD; i++) {
		uint64_t value = odd_values[i / 2], sent = 0;
		char buf[1000] = { 0 };
		uint64_t first;
		int ret;

		/* An honest lap first, so that there is somewhere to go back. */
		while (!fastipc_send(self->victim, buf, sizeof(buf),
				     FASTIPC_NOWAIT))
			sent += FASTIPC_FOOTPRINT(sizeof(buf));
		first = sent;
		__atomic_store_n(&self->evil.own->released, first,
				 __ATOMIC_RELEASE);
		while (!fastipc_send(self->victim, buf, sizeof(buf),
				     FASTIPC_NOWAIT))
			sent += FASTIPC_FOOTPRINT(sizeof(buf));
		if (i % 2)
			value += sent;
		__atomic_store_n(&self->evil.own->released, value,
				 __ATOMIC_RELEASE);
		ret = fastipc_send(self->victim, buf, sizeof(buf),
				   FASTIPC_NOWAIT);
		if (value % 16 || value < first || value > sent) {
			ASSERT_EQ(-EBADMSG, ret);
		} else {
			ASSERT_TRUE(ret == 0 || ret == -EAGAIN);
		}
		raw_unmap_end(&self->evil);
		close(self->fd);
		fastipc_close(self->victim);
		hostile_setup(_metadata, self, variant);
	}
}

/* What the attacker writes into its own words deceives nobody. */
TEST_F(hostile, its_own_words_harm_only_itself)
{
	volatile uint64_t *words = (uint64_t *)self->evil.own;
	struct fastipc_stat stat;
	unsigned int i, w;
	char c;

	for (i = 0; i < NR_ODD; i++) {
		for (w = 0; w < self->evil.info.control_bytes / 8; w++) {
			/* But for released, of which the test above speaks. */
			if (w == offsetof(struct fastipc_control, released) / 8)
				continue;
			words[w] = odd_values[i];
		}
		ASSERT_EQ(0, fastipc_send(self->victim, "a", 1, 0));
		ASSERT_EQ(0, raw_stat(self->fd, &stat));
		raw_sync(self->fd, FASTIPC_SYNC_WAIT_RECV, 0);
		raw_sync(self->fd, FASTIPC_SYNC_WAKE_SEND, 0);
		raw_sync_send(self->fd, odd_values[i], odd_values[i], 0);
		struct pollfd pfd = { self->fd, POLLIN | POLLOUT, 0 };

		poll(&pfd, 1, 0);
		ASSERT_EQ(-EAGAIN,
			  fastipc_recv(self->victim, &c, 1, FASTIPC_NOWAIT));
		pfd.fd = fastipc_fd(self->victim);
		poll(&pfd, 1, 0);
		ASSERT_FALSE(pfd.revents & (POLLIN | POLLERR | POLLHUP));
	}
}

/* Racing: flips every word it can while the victim sends and receives. */
static void scribble(struct mapped *m, uint64_t until)
{
	uint64_t *words = (uint64_t *)m->own;
	uint64_t *ring = (uint64_t *)m->send;
	uint64_t x = until | 1;
	size_t ring_words = m->info.ring_bytes / 8;
	size_t at;

	while (now_ns() < until) {
		int n;

		for (n = 0; n < 1000; n++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			at = x % ring_words;
			if (x & 1 << 20)
				ring[at & ~1UL] = WORD((x >> 32) % 1100);
			else
				ring[at] = odd_values[(x >> 24) % NR_ODD];
			/* Mostly plausible positions: they get further. */
			words[(x >> 40) % 64] =
				x & 1 << 21 ? (x >> 8) % 65536 & ~15UL :
					      odd_values[(x >> 50) % NR_ODD];
		}
	}
}

TEST_F_TIMEOUT(hostile, racing_scribbles_end_in_ebadmsg_or_wrong_payload, 120)
{
	unsigned long broken = 0, passed = 0, rounds = 0;
	uint64_t end = now_ns() + 20000000000ULL;
	pid_t pid;

	while (now_ns() < end) {
		char buf[1024];
		int i, ret;

		raw_unmap_end(&self->evil);
		pid = fork_bound();
		if (!pid) {
			struct mapped m;

			if (raw_map_end(self->fd, &m))
				_exit(1);
			scribble(&m, now_ns() + 100000000);
			_exit(0);
		}
		for (i = 0; i < 2000; i++) {
			ret = fastipc_send_timed(self->victim, buf, i % 1000, 0,
						 1);
			ASSERT_TRUE(ret == 0 || ret == -ETIMEDOUT ||
				    ret == -EBADMSG);
			broken += ret == -EBADMSG;
			ret = fastipc_recv_timed(self->victim, buf, sizeof(buf),
						 0, 1);
			ASSERT_TRUE(ret >= 0 || ret == -ETIMEDOUT ||
				    ret == -EBADMSG);
			ASSERT_LE(ret, (int)self->limit);
			broken += ret == -EBADMSG;
			passed += ret >= 0;
			if (broken && i > 100)
				break;
		}
		kill(pid, SIGKILL);
		reap(pid);
		/*
		 * A victim that sleeps is woken by the death at the latest, and
		 * what the dead left has an end.
		 */
		close(self->fd);
		do {
			ret = fastipc_recv(self->victim, buf, sizeof(buf), 0);
		} while (ret >= 0);
		ASSERT_TRUE(ret == -ECONNRESET || ret == -EBADMSG);
		fastipc_close(self->victim);
		hostile_setup(_metadata, self, variant);
		rounds++;
	}
	TH_LOG("%lu rounds, %lu times EBADMSG, %lu messages got through",
	       rounds, broken, passed);
	ASSERT_GT(broken, 0);
}

/* A ring full of words, to be read round and round after the writer's death. */
TEST_F(hostile, what_the_dead_left_has_an_end)
{
	uint64_t position;
	char buf[1024];
	int i = 0, ret;

	for (position = 0; position < 4096; position += 16)
		raw_publish(&self->evil, position, WORD(0));
	raw_unmap_end(&self->evil);
	close(self->fd);
	while ((ret = fastipc_recv(self->victim, buf, sizeof(buf), 0)) >= 0)
		ASSERT_LT(i++, 4096 / 16);
	ASSERT_EQ(-EBADMSG, ret);
	hostile_setup(_metadata, self, variant);
}

/* Wakes and waits by the thousand, from several threads, on scribbled pages. */
TEST_F(hostile, a_storm_of_syncs_harms_nobody)
{
	uint64_t end = now_ns() + 5000000000ULL;
	pid_t pid[3];
	unsigned int i;
	char c = 0;

	raw_unmap_end(&self->evil);
	for (i = 0; i < 3; i++) {
		pid[i] = fork_bound();
		if (pid[i])
			continue;
		struct mapped m;
		bool mapped = i == 0 && !raw_map_end(self->fd, &m);
		unsigned int x = i;

		while (now_ns() < end) {
			x = x * 1103515245 + 12345;
			if (mapped)
				((volatile uint64_t *)m.own)[x >> 16 & 63] =
					odd_values[x % NR_ODD];
			raw_sync(self->fd,
				 FASTIPC_SYNC_WAKE_RECV |
					 FASTIPC_SYNC_WAKE_SEND |
					 FASTIPC_SYNC_WAIT_RECV,
				 x >> 12);
			raw_sync_send(self->fd, odd_values[x % NR_ODD],
				      x % 1010, x >> 14);
		}
		_exit(0);
	}
	while (now_ns() < end) {
		int ret = fastipc_send_timed(self->victim, &c, 1, 0, 10);

		ASSERT_TRUE(ret == 0 || ret == -ETIMEDOUT || ret == -EBADMSG);
		ret = fastipc_recv_timed(self->victim, &c, 1, 0, 1);
		ASSERT_TRUE(ret == -ETIMEDOUT || ret == -EBADMSG);
	}
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, reap(pid[i]));
	ASSERT_EQ(0, raw_map_end(self->fd, &self->evil));
}

/*
 * A bystander with a copy of the descriptor, which only asks whether there is a
 * message, while the owner receives: it may read a word that was overwritten
 * since it read the position, and must not condemn the ring for it.
 */
TEST_F_TIMEOUT(hostile, a_bystander_that_asks_breaks_nothing, 120)
{
	uint64_t end = now_ns() + 5000000000ULL;
	struct fastipc *honest;
	unsigned long n = 0;
	char buf[1000];
	pid_t pid[2];
	ssize_t ret;

	raw_unmap_end(&self->evil);
	pid[0] = fork_bound();
	if (!pid[0]) {
		/* Payload that is no word, wherever one looks. */
		memset(buf, 0x7f, sizeof(buf));
		if (fastipc_adopt(&honest, self->fd))
			_exit(1);
		for (n = 0;; n++)
			if (fastipc_send(honest, buf, n % 1000, 0))
				_exit(2);
	}
	pid[1] = fork_bound();
	if (!pid[1]) {
		for (;;)
			raw_sync(fastipc_fd(self->victim),
				 FASTIPC_SYNC_WAIT_RECV, 0);
	}
	for (n = 0; now_ns() < end; n++) {
		ret = fastipc_recv(self->victim, buf, sizeof(buf), 0);
		ASSERT_EQ(n % 1000, ret);
	}
	TH_LOG("%lu messages", n);
	kill(pid[0], SIGKILL);
	kill(pid[1], SIGKILL);
	reap(pid[0]);
	reap(pid[1]);
	ASSERT_EQ(0, raw_map_end(self->fd, &self->evil));
}

/*
 * A wake that is withheld: nobody notices, but for the re-check, which counts
 * it.  So the zeroes of late_wakes elsewhere mean something.
 */
TEST_F(hostile, a_withheld_wake_is_counted_as_late)
{
	long long late = module_counter("late_wakes");
	struct fastipc_stat stat;
	pid_t pid = fork_bound();
	char c;

	ASSERT_EQ(0, access("/sys/module/fastipc/parameters/recheck", R_OK));
	if (!pid) {
		/* The victim's side: receive in a child, so that it sleeps. */
		struct fastipc *me;
		int fd = dup(fastipc_fd(self->victim));

		if (!wait_for_sleep(getppid()) || fastipc_adopt(&me, fd))
			_exit(1);
		_exit(fastipc_recv(me, &c, 1, 0) == 1 ? 0 : 2);
	}
	fastipc_close(self->victim);
	self->victim = NULL;
	ASSERT_TRUE(wait_for_sleep(pid));
	usleep(500000);
	ASSERT_TRUE(wait_for_sleep(pid));
	raw_publish(&self->evil, 0, WORD(1));
	ASSERT_EQ(0, reap(pid));
	ASSERT_EQ(0, raw_stat(self->fd, &stat));
	ASSERT_EQ(1, stat.late_wakes);
	ASSERT_EQ(late + 1, module_counter("late_wakes"));
}

/* The same for space, and for somebody who sleeps in poll(2). */
TEST_F(hostile, a_withheld_wake_of_a_poller_is_counted_as_late)
{
	struct pollfd pfd = { fastipc_fd(self->victim), POLLOUT, 0 };
	char buf[1000] = { 0 };
	uint64_t sent = 0;
	pid_t parent = getpid();
	struct fastipc_stat stat;
	pid_t pid;

	while (!fastipc_send(self->victim, buf, sizeof(buf), FASTIPC_NOWAIT))
		sent += FASTIPC_FOOTPRINT(sizeof(buf));
	raw_unmap_end(&self->evil);
	pid = fork_bound();
	if (!pid) {
		struct mapped m;

		if (!wait_for_sleep(parent) || raw_map_end(self->fd, &m))
			_exit(1);
		__atomic_store_n(&m.own->released, sent, __ATOMIC_RELEASE);
		pause();
	}
	ASSERT_EQ(1, poll(&pfd, 1, -1));
	ASSERT_EQ(POLLOUT, pfd.revents);
	ASSERT_EQ(0, raw_stat(self->fd, &stat));
	ASSERT_EQ(1, stat.late_wakes);
	kill(pid, SIGKILL);
	reap(pid);
	ASSERT_EQ(0, raw_map_end(self->fd, &self->evil));
}

TEST_HARNESS_MAIN
