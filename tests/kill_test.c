// SPDX-License-Identifier: GPL-2.0-only
/*
 * Death at any instruction: either side of a stream is killed by SIGKILL at
 * 1,000 random moments.  The sender notes each number before and after it
 * commits, in memory that outlives it.  Nobody hangs, nothing committed is
 * lost, none comes twice, and nothing stays behind.  A tenth of the kills in
 * sealed pairs, and with a side that knows only read(2) and write(2).
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#define KILLS	1000
#define LENGTHS 509 /* payloads are 8 to 516 bytes */

struct ledger {
	volatile uint64_t intended;  /* noted before the send */
	volatile uint64_t confirmed; /* noted after it */
	volatile uint64_t received;  /* by the receiving child */
	volatile int error;	     /* how the survivor's loop ended */
	bool kernel[2];		     /* who knows only the kernel's calls */
};

FIXTURE(kill)
{
	struct fastipc *end[2];
	struct ledger *ledger;
	struct counters before;
};

VARIANTS_OF_USE(kill);

#define TIMES(n) times(variant->flags, variant->kernel, n)

FIXTURE_SETUP(kill)
{
	self->before = counters_now();
	self->ledger = shared(sizeof(*self->ledger));
	ASSERT_NE(NULL, self->ledger);
}

FIXTURE_TEARDOWN(kill)
{
	/* Objects, bytes and lost wakes are as they were. */
	EXPECT_TRUE(counters_return_to(self->before));
}

static uint64_t random_next(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

static int make_pair(struct fastipc *end[2], uint32_t flags, uint64_t x)
{
	/* Small rings, so that the sender sleeps too; some never spin. */
	struct fastipc_options options = {
		.size = sizeof(options),
		.ring_bytes = 4096 << x % 4,
		.spin_us = x & 16 ? -1 : 50,
		.flags = flags,
	};

	return fastipc_pair(end, &options);
}

static size_t length_of(uint64_t number)
{
	return 8 + number % LENGTHS;
}

static int send_for_ever(struct fastipc *me, void *arg)
{
	struct ledger *ledger = arg;
	bool kernel = ledger->kernel[0];
	char buf[8 + LENGTHS];
	uint64_t number;
	void *payload;
	int ret;

	for (number = 1;; number++) {
		size_t len = length_of(number);

		memset(buf, number, sizeof(buf));
		memcpy(buf, &number, sizeof(number));
		ledger->intended = number;
		if (kernel || number % 3) {
			ret = any_send(me, kernel, buf, len, -1);
		} else {
			ret = fastipc_reserve(me, sizeof(buf), &payload, 0);
			if (!ret) {
				memcpy(payload, buf, sizeof(buf));
				ret = fastipc_commit(me, len, 0);
			}
		}
		if (ret) {
			ledger->error = ret;
			return 0;
		}
		ledger->confirmed = number;
	}
}

/* Receive until the end; 0 or the number at which something was wrong. */
static uint64_t receive_to_end(struct fastipc *me, struct ledger *ledger)
{
	bool kernel = ledger->kernel[1];
	char buf[8 + LENGTHS];
	uint64_t number;
	ssize_t n;

	for (;;) {
		n = any_recv(me, kernel, buf, sizeof(buf), -1);
		if (n < 0) {
			ledger->error = n;
			return 0;
		}
		memcpy(&number, buf, sizeof(number));
		if (number != ledger->received + 1 || n != length_of(number) ||
		    (n > 8 && buf[n - 1] != (char)number))
			return ledger->received + 1;
		ledger->received = number;
	}
}

static int receive_for_ever(struct fastipc *me, void *arg)
{
	return receive_to_end(me, arg) ? 1 : 0;
}

/* Some die before they began, most in mid-stream. */
static void kill_soon(pid_t pid, uint64_t *x)
{
	usleep(random_next(x) % 8000);
	kill(pid, SIGKILL);
}

TEST_F_TIMEOUT(kill, a_thousand_senders, 900)
{
	uint64_t x = now_ns() | 1, total = 0;
	pid_t pid, killer;
	int i;

	TH_LOG("seed %llu", (unsigned long long)x);
	for (i = 0; i < TIMES(KILLS); i++) {
		memset(self->ledger, 0, sizeof(*self->ledger));
		memcpy(self->ledger->kernel, variant->kernel,
		       sizeof(variant->kernel));
		ASSERT_EQ(0, make_pair(self->end, variant->flags,
				       random_next(&x)));
		pid = fork_peer_by(self->end, variant->kernel[0],
				   send_for_ever, self->ledger);
		fastipc_close(self->end[1]);
		killer = fork_bound();
		if (!killer) {
			kill_soon(pid, &x);
			_exit(0);
		}
		random_next(&x);
		ASSERT_EQ(0, receive_to_end(self->end[0], self->ledger));
		ASSERT_EQ(-ECONNRESET, self->ledger->error);
		ASSERT_EQ(128 + SIGKILL, reap(pid));
		ASSERT_EQ(0, reap(killer));
		ASSERT_GE(self->ledger->received, self->ledger->confirmed);
		ASSERT_LE(self->ledger->received, self->ledger->intended);
		total += self->ledger->received;
		fastipc_close(self->end[0]);
	}
	TH_LOG("%d senders killed, %llu messages", i,
	       (unsigned long long)total);
	/* Of few each may have died at once. */
	ASSERT_TRUE(total > i || i < 100);
}

TEST_F_TIMEOUT(kill, a_thousand_receivers, 900)
{
	uint64_t x = now_ns() | 1, total = 0;
	pid_t pid, killer;
	int i;

	TH_LOG("seed %llu", (unsigned long long)x);
	for (i = 0; i < TIMES(KILLS); i++) {
		memset(self->ledger, 0, sizeof(*self->ledger));
		memcpy(self->ledger->kernel, variant->kernel,
		       sizeof(variant->kernel));
		ASSERT_EQ(0, make_pair(self->end, variant->flags,
				       random_next(&x)));
		pid = fork_peer_by(self->end, variant->kernel[1],
				   receive_for_ever, self->ledger);
		fastipc_close(self->end[1]);
		killer = fork_bound();
		if (!killer) {
			kill_soon(pid, &x);
			_exit(0);
		}
		random_next(&x);
		send_for_ever(self->end[0], self->ledger);
		ASSERT_EQ(-ECONNRESET, self->ledger->error);
		ASSERT_EQ(128 + SIGKILL, reap(pid));
		ASSERT_EQ(0, reap(killer));
		ASSERT_LE(self->ledger->received, self->ledger->intended);
		total += self->ledger->received;
		fastipc_close(self->end[0]);
	}
	TH_LOG("%d receivers killed, %llu messages", i,
	       (unsigned long long)total);
	/* Of few each may have died at once. */
	ASSERT_TRUE(total > i || i < 100);
}

/* The survivor, end 0 */
#define SEND(buf, len, ms) \
	any_send(self->end[0], variant->kernel[0], buf, len, ms)
#define RECV(buf, cap, ms) \
	any_recv(self->end[0], variant->kernel[0], buf, cap, ms)

/* Dead between publishing and waking: the kernel wakes in its stead. */
static int publish_and_die(struct fastipc *me, void *arg)
{
	struct mapped m;

	if (!wait_for_sleep(getppid()) || raw_map_end(fastipc_fd(me), &m))
		return 1;
	raw_publish(&m, 0, FASTIPC_WORD_COMMIT | 8);
	raise(SIGKILL);
	return 2;
}

/* In a direct ring; the survivor reads by the library, or by read(2). */
static void dead_before_waking(struct __test_metadata *_metadata, bool kernel)
{
	struct fastipc *end[2];
	char buf[8];
	pid_t pid;
	int fd;

	ASSERT_EQ(0, make_pair(end, 0, 0));
	/* Another holder of the descriptor: no end comes to the rescue. */
	fd = dup(fastipc_fd(end[1]));
	pid = fork_peer(end, publish_and_die, NULL);
	fastipc_close(end[1]);
	ASSERT_EQ(8, any_recv(end[0], kernel, buf, 8, -1));
	ASSERT_EQ(128 + SIGKILL, reap(pid));
	ASSERT_EQ(-EAGAIN, any_recv(end[0], kernel, buf, 8, 0));
	close(fd);
	ASSERT_EQ(-ECONNRESET, any_recv(end[0], kernel, buf, 8, -1));
	fastipc_close(end[0]);
}

TEST(between_publishing_and_waking)
{
	dead_before_waking(_metadata, false);
}

TEST(between_publishing_and_waking_a_kernel_reader)
{
	dead_before_waking(_metadata, true);
}

/* The same for space. */
static int release_and_die(struct fastipc *me, void *arg)
{
	struct mapped m;

	if (!wait_for_sleep(getppid()) || raw_map_end(fastipc_fd(me), &m))
		return 1;
	__atomic_store_n(&m.own->taken, m.peer->sent, __ATOMIC_RELEASE);
	__atomic_store_n(&m.own->released, m.peer->sent, __ATOMIC_RELEASE);
	raise(SIGKILL);
	return 2;
}

TEST_F(kill, between_releasing_and_waking)
{
	char buf[900] = { 0 };
	pid_t pid;
	int fd;

	ASSERT_EQ(0, make_pair(self->end, variant->flags, 0));
	fd = dup(fastipc_fd(self->end[1]));
	while (!SEND(buf, sizeof(buf), 0))
		;
	pid = fork_peer(self->end, release_and_die, NULL);
	fastipc_close(self->end[1]);
	ASSERT_EQ(0, SEND(buf, sizeof(buf), -1));
	ASSERT_EQ(128 + SIGKILL, reap(pid));
	close(fd);
	ASSERT_EQ(-ECONNRESET, SEND(buf, sizeof(buf), 0));
	fastipc_close(self->end[0]);
}

/* A sleeping process can be killed, and its peer learns it. */
static int sleep_for_ever(struct fastipc *me, void *arg)
{
	char c;

	any_recv(me, *(bool *)arg, &c, 1, -1);
	return 1;
}

TEST_F(kill, a_sleeper)
{
	pid_t pid;
	char c;

	ASSERT_EQ(0, make_pair(self->end, variant->flags, 0));
	pid = fork_peer_by(self->end, variant->kernel[1], sleep_for_ever,
			   (void *)&variant->kernel[1]);
	fastipc_close(self->end[1]);
	ASSERT_TRUE(wait_for_sleep(pid));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(-ECONNRESET, RECV(&c, 1, -1));
	ASSERT_EQ(128 + SIGKILL, reap(pid));
	fastipc_close(self->end[0]);
}

/* exec unmaps: an inherited descriptor keeps the end alive, and adoptable. */
TEST_F(kill, exec_keeps_the_end)
{
	pid_t pid;
	char c;

	ASSERT_EQ(0, make_pair(self->end, variant->flags, 0));
	pid = fork_bound();
	if (!pid) {
		struct fastipc *me;
		int fd = fastipc_fd(self->end[1]);

		close(fastipc_fd(self->end[0]));
		me = self->end[1];
		if ((!variant->kernel[1] && fastipc_adopt(&me, fd)) ||
		    any_send(me, variant->kernel[1], "1", 1, -1))
			_exit(1);
		fcntl(fd, F_SETFD, 0);
		/* Holds the descriptor until it is killed. */
		execlp("sleep", "sleep", "1000", NULL);
		_exit(2);
	}
	fastipc_close(self->end[1]);
	ASSERT_EQ(1, RECV(&c, 1, -1));
	ASSERT_EQ(-ETIMEDOUT, RECV(&c, 1, 300));
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(-ECONNRESET, RECV(&c, 1, -1));
	ASSERT_EQ(128 + SIGKILL, reap(pid));
	fastipc_close(self->end[0]);
}

TEST_HARNESS_MAIN
