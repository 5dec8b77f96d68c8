// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals: O_ASYNC with F_SETOWN and F_SETSIG.  Each message and each release
 * gives one, also if the peer publishes in shared memory, where nothing but the
 * armed page makes it call.  End 0 gets the signals; the signal is blocked, and
 * taken with sigtimedwait(2), so that they can be counted.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#define PAGE 4096
#define SIG (SIGRTMIN + 3)
#define SOON 20000 /* ms, for what has to come */

static char bytes[PAGE];

static void block_signal(int number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* The next signal's siginfo; false: none came. */
static bool next_signal(siginfo_t *info, int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIG);
	return sigtimedwait(&set, info, &ts) == SIG;
}

static bool no_signal(void)
{
	siginfo_t info;

	return !next_signal(&info, 0);
}

static bool is_about(const siginfo_t *info, int fd, int code, long band)
{
	return info->si_fd == fd && info->si_code == code &&
	       info->si_band == band;
}

#define IS_IN(info, fd) is_about(info, fd, POLL_IN, POLLIN | POLLRDNORM)
#define IS_OUT(info, fd) \
	is_about(info, fd, POLL_OUT, POLLOUT | POLLWRNORM | POLLWRBAND)

/* Have signals sent to this process. */
static int begin(int fd)
{
	block_signal(SIG);
	return fcntl(fd, F_SETOWN, getpid()) ?: fcntl(fd, F_SETSIG, SIG) ?:
	       fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC);
}

static int end(int fd)
{
	return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_ASYNC);
}

FIXTURE(async)
{
	int fd[2];
	struct fastipc *peer; /* end 1, if it is mapped */
};

FIXTURE_VARIANT(async)
{
	__u32 flags;
	bool mapped; /* end 1 */
};

FIXTURE_VARIANT_ADD(async, direct_calls) { 0, false };
FIXTURE_VARIANT_ADD(async, direct_maps) { 0, true };
FIXTURE_VARIANT_ADD(async, sealed_calls) { FASTIPC_SEALED, false };
FIXTURE_VARIANT_ADD(async, sealed_maps) { FASTIPC_SEALED, true };

FIXTURE_SETUP(async)
{
	ASSERT_EQ(0, raw_pair_of(self->fd, PAGE, variant->flags));
	if (variant->mapped)
		ASSERT_EQ(0, fastipc_adopt(&self->peer, self->fd[1]));
}

FIXTURE_TEARDOWN(async)
{
	close(self->fd[0]);
	if (self->peer)
		fastipc_close(self->peer);
	else
		close(self->fd[1]);
}

/* End 1 sends one byte: 0. */
static int peer_sends(int fd, struct fastipc *peer, bool more)
{
	if (peer)
		return fastipc_send(peer, "x", 1, more ? FASTIPC_MORE : 0);
	return raw_send(fd, "x", 1, more ? FASTIPC_SEND_MORE : 0) - 1;
}

static int peer_receives(int fd, struct fastipc *peer)
{
	if (peer)
		return fastipc_recv(peer, bytes, 1, FASTIPC_NOWAIT) - 1;
	return read(fd, bytes, 1) - 1;
}

#define PEER_SENDS() ASSERT_EQ(0, peer_sends(self->fd[1], self->peer, false))
#define PEER_RECEIVES() ASSERT_EQ(0, peer_receives(self->fd[1], self->peer))

TEST_F(async, each_message_gives_one)
{
	siginfo_t info;
	int i;

	ASSERT_EQ(0, begin(self->fd[0]));
	for (i = 0; i < 5; i++)
		PEER_SENDS();
	for (i = 0; i < 5; i++) {
		ASSERT_TRUE(next_signal(&info, SOON));
		ASSERT_TRUE(IS_IN(&info, self->fd[0]));
	}
	ASSERT_TRUE(no_signal());
}

TEST_F(async, each_message_gives_one_while_it_receives)
{
	siginfo_t info;
	int i;

	ASSERT_EQ(0, begin(self->fd[0]));
	for (i = 0; i < 5; i++) {
		PEER_SENDS();
		ASSERT_TRUE(next_signal(&info, SOON));
		ASSERT_TRUE(IS_IN(&info, self->fd[0]));
		ASSERT_EQ(1, read(self->fd[0], bytes, 1));
		ASSERT_TRUE(no_signal());
	}
}

TEST_F(async, each_release_gives_one)
{
	siginfo_t info;
	int i;

	ASSERT_EQ(0, begin(self->fd[0]));
	for (i = 0; i < 5; i++)
		ASSERT_EQ(1, write(self->fd[0], "y", 1));
	ASSERT_TRUE(no_signal());
	for (i = 0; i < 5; i++) {
		PEER_RECEIVES();
		ASSERT_TRUE(next_signal(&info, SOON));
		ASSERT_TRUE(IS_OUT(&info, self->fd[0]));
	}
	ASSERT_TRUE(no_signal());
}

TEST_F(async, a_batch_gives_one)
{
	siginfo_t info;
	int i;

	ASSERT_EQ(0, begin(self->fd[0]));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, peer_sends(self->fd[1], self->peer, true));
	ASSERT_TRUE(no_signal());
	PEER_SENDS();
	ASSERT_TRUE(next_signal(&info, SOON));
	ASSERT_TRUE(IS_IN(&info, self->fd[0]));
	ASSERT_TRUE(no_signal());
	for (i = 0; i < 4; i++)
		ASSERT_EQ(1, read(self->fd[0], bytes, 1));
}

/* Whoever gets the signals may have the end mapped too. */
TEST_F(async, an_end_that_is_mapped_gets_them)
{
	struct fastipc *mine;
	siginfo_t info;
	int i;

	ASSERT_EQ(0, fastipc_adopt(&mine, dup(self->fd[0])));
	ASSERT_EQ(0, begin(self->fd[0]));
	for (i = 0; i < 3; i++) {
		PEER_SENDS();
		ASSERT_TRUE(next_signal(&info, SOON));
		ASSERT_TRUE(IS_IN(&info, self->fd[0]));
		ASSERT_EQ(1, fastipc_recv(mine, bytes, 1, FASTIPC_NOWAIT));
	}
	fastipc_close(mine);
}

TEST_F(async, none_after_it_is_switched_off)
{
	struct fastipc_stat before, after;
	int i;

	ASSERT_EQ(0, begin(self->fd[0]));
	ASSERT_EQ(0, end(self->fd[0]));
	ASSERT_EQ(0, raw_stat(self->fd[0], &before));
	for (i = 0; i < 5; i++)
		PEER_SENDS();
	ASSERT_TRUE(no_signal());
	/* And the peer stops calling, after the first at the latest. */
	ASSERT_EQ(0, raw_stat(self->fd[0], &after));
	ASSERT_LE(after.syncs, before.syncs + 1);
}

TEST_F(async, again_after_it_is_switched_on_again)
{
	siginfo_t info;

	ASSERT_EQ(0, begin(self->fd[0]));
	ASSERT_EQ(0, end(self->fd[0]));
	PEER_SENDS();
	ASSERT_TRUE(no_signal());
	ASSERT_EQ(0, begin(self->fd[0]));
	PEER_SENDS();
	ASSERT_TRUE(next_signal(&info, SOON));
	ASSERT_TRUE(no_signal());
}

/* A poller is woken too, and what it clears is armed again for the signals. */
TEST_F(async, beside_a_poller)
{
	struct pollfd pfd = { .fd = self->fd[0], .events = POLLIN };
	siginfo_t info;
	pid_t pid;

	ASSERT_EQ(0, begin(self->fd[0]));
	pid = fork_bound();
	if (!pid)
		_exit(poll(&pfd, 1, -1) != 1 || pfd.revents != POLLIN);
	ASSERT_TRUE(wait_for_sleep(pid));
	PEER_SENDS();
	ASSERT_EQ(0, reap(pid));
	PEER_SENDS();
	ASSERT_TRUE(next_signal(&info, SOON));
	ASSERT_TRUE(next_signal(&info, SOON));
	ASSERT_TRUE(no_signal());
}

TEST_F(async, a_timed_out_wait_leaves_it_armed)
{
	struct fastipc_recv recv;
	siginfo_t info;

	ASSERT_EQ(0, begin(self->fd[0]));
	ASSERT_EQ(-ETIMEDOUT,
		  raw_recv(self->fd[0], &recv, bytes, 1, 1000000));
	PEER_SENDS();
	ASSERT_TRUE(next_signal(&info, SOON));
	ASSERT_TRUE(IS_IN(&info, self->fd[0]));
}

/* A child that had the descriptor closes it, and nothing else. */
TEST_F(async, a_childs_exit_leaves_it_on)
{
	siginfo_t info;
	pid_t pid;

	ASSERT_EQ(0, begin(self->fd[0]));
	pid = fork_bound();
	if (!pid)
		_exit(close(self->fd[0]));
	ASSERT_EQ(0, reap(pid));
	PEER_SENDS();
	ASSERT_TRUE(next_signal(&info, SOON));
	ASSERT_TRUE(IS_IN(&info, self->fd[0]));
}

/* Its owner is gone: the signal has nowhere to go, the message has. */
TEST_F(async, of_an_owner_that_is_gone_harms_nobody)
{
	siginfo_t info;
	pid_t pid = fork_bound();

	if (!pid)
		_exit(begin(self->fd[0]) != 0);
	ASSERT_EQ(0, reap(pid));
	PEER_SENDS();
	ASSERT_EQ(1, read(self->fd[0], bytes, 1));
	/* Another can be the owner. */
	block_signal(SIG);
	ASSERT_EQ(0, fcntl(self->fd[0], F_SETOWN, getpid()));
	PEER_SENDS();
	ASSERT_TRUE(next_signal(&info, SOON));
}

/* How the peer went ------------------------------------------------------ */

/* Wait until receiving says so, looking only after a signal. */
static bool told(int fd, int error)
{
	struct fastipc_recv recv;
	siginfo_t info;

	while (next_signal(&info, SOON))
		if (raw_recv(fd, &recv, bytes, 1, 0) == error)
			return true;
	return false;
}

TEST_F(async, the_peers_orderly_end_gives_one)
{
	ASSERT_EQ(0, begin(self->fd[0]));
	ASSERT_EQ(0, raw_shutdown(self->fd[1], FASTIPC_SHUT_SEND));
	ASSERT_TRUE(told(self->fd[0], -EPIPE));
}

TEST_F(async, the_peers_close_gives_both)
{
	bool in = false, out = false;
	siginfo_t info;

	ASSERT_EQ(0, begin(self->fd[0]));
	fastipc_close(self->peer);
	if (!self->peer)
		close(self->fd[1]);
	self->peer = NULL;
	self->fd[1] = -1;
	while (!(in && out)) {
		ASSERT_TRUE(next_signal(&info, SOON));
		in = in || IS_IN(&info, self->fd[0]);
		out = out || IS_OUT(&info, self->fd[0]);
	}
}

TEST_F(async, the_peers_death_gives_one)
{
	int fd[2];
	pid_t pid;

	ASSERT_EQ(0, raw_pair_of(fd, PAGE, variant->flags));
	ASSERT_EQ(0, begin(fd[0]));
	pid = fork_bound();
	if (!pid) {
		struct fastipc *f;

		close(fd[0]);
		if (variant->mapped && fastipc_adopt(&f, fd[1]))
			_exit(1);
		pause();
	}
	close(fd[1]);
	ASSERT_TRUE(wait_for_sleep(pid));
	kill(pid, SIGKILL);
	ASSERT_TRUE(told(fd[0], -ECONNRESET));
	ASSERT_EQ(128 + SIGKILL, reap(pid));
	close(fd[0]);
}

/* Without variants ------------------------------------------------------- */

static volatile sig_atomic_t seen_sigio;

static void on_sigio(int number)
{
	seen_sigio++;
}

TEST(without_f_setsig_it_is_sigio)
{
	struct sigaction action = { .sa_handler = on_sigio };
	int fd[2];

	sigaction(SIGIO, &action, NULL);
	ASSERT_EQ(0, raw_pair(fd, PAGE));
	ASSERT_EQ(0, fcntl(fd[0], F_SETOWN, getpid()));
	ASSERT_EQ(0, fcntl(fd[0], F_SETFL, O_ASYNC));
	ASSERT_EQ(0, seen_sigio);
	ASSERT_EQ(1, raw_send(fd[1], "x", 1, 0));
	ASSERT_EQ(1, seen_sigio);
	close(fd[0]);
	close(fd[1]);
}

/* The page to arm comes only with SETUP. */
static void before_setup(struct __test_metadata *_metadata, __u32 flags)
{
	struct fastipc_setup setup = { .size = sizeof(setup),
				       .kind = FASTIPC_KIND_PAIR,
				       .flags = flags };
	struct fastipc *peer;
	siginfo_t info;
	int fd, i;

	fd = raw_open(O_RDWR);
	ASSERT_EQ(0, begin(fd));
	ASSERT_EQ(0, raw_ioctl(fd, FASTIPC_SETUP, &setup));
	ASSERT_EQ(0, fastipc_adopt(&peer, raw_peer(fd, O_RDWR)));
	/* SETUP and PEER may have given some. */
	while (!no_signal())
		;
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, fastipc_send(peer, "x", 1, 0));
		ASSERT_TRUE(next_signal(&info, SOON));
		ASSERT_TRUE(IS_IN(&info, fd));
	}
	close(fd);
	fastipc_close(peer);
}

TEST(switched_on_before_setup_direct)
{
	before_setup(_metadata, 0);
}

TEST(switched_on_before_setup_sealed)
{
	before_setup(_metadata, FASTIPC_SEALED);
}

/* An end that may only receive is not told of space, and makes nobody call. */
TEST(a_receiving_end_is_not_told_of_space)
{
	int fd = raw_open(O_RDWR), peer;
	siginfo_t info;

	ASSERT_EQ(0, raw_setup(fd, PAGE, 0));
	peer = raw_peer(fd, O_RDONLY);
	ASSERT_EQ(0, begin(peer));
	ASSERT_EQ(1, raw_send(fd, "x", 1, 0));
	ASSERT_TRUE(next_signal(&info, SOON));
	ASSERT_TRUE(IS_IN(&info, peer));
	close(fd);
	while (next_signal(&info, 0))
		ASSERT_TRUE(IS_IN(&info, peer));
	close(peer);
}

/* Closed as they are, both in turn, while the other side is at work. */
TEST(closing_an_end_that_gives_signals)
{
	int fd[2], i, n;
	pid_t pid;

	block_signal(SIG);
	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, raw_pair(fd, PAGE));
		ASSERT_EQ(0, begin(fd[0]));
		ASSERT_EQ(0, begin(fd[1]));
		pid = fork_bound();
		if (!pid) {
			close(fd[0]);
			while (write(fd[1], "x", 1) == 1)
				;
			_exit(errno != ECONNRESET);
		}
		close(fd[1]);
		for (n = 0; n < i; n++)
			ASSERT_EQ(1, read(fd[0], bytes, 1));
		close(fd[0]);
		ASSERT_EQ(0, reap(pid));
		while (!no_signal())
			;
	}
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
