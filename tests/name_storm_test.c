// SPDX-License-Identifier: GPL-2.0-only
/*
 * A few names, and many processes that all make, open, attach, map, send, receive, rename,
 * remove and die at once: nothing breaks, and in the end nothing is left.
 */
#include "kselftest_harness.h"

#include "fastipc_test.h"
#include "name.h"

#define NAMES_NR 3
#define CROWD	 6
#define STEPS	 4000

struct crowd {
	volatile uint64_t attached, taken_over, moved;
};

FIXTURE(storm)
{
	struct crowd *crowd;
	struct counters before;
};

VARIANTS_OF_SORT(storm);

FIXTURE_SETUP(storm)
{
	self->before = counters_now();
	self->crowd = shared(sizeof(*self->crowd));
	ASSERT_NE(NULL, self->crowd);
	ASSERT_EQ(0, names_mount(NULL));
}

FIXTURE_TEARDOWN(storm)
{
}

static void add(volatile uint64_t *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

/* What an end does before it goes, in one way or another. */
static void use(struct crowd *crowd, int fd, unsigned int how)
{
	struct fastipc_info info;
	struct mapped m;
	char buf[256] = "";
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT | POLLPRI };

	add(&crowd->attached);
	if (!raw_info(fd, &info) && info.attached == 3)
		add(&crowd->taken_over);
	if (how & 1 && raw_send(fd, buf, how % sizeof(buf), 0) == 1)
		add(&crowd->moved);
	if (how & 2 && recv_now(fd, buf, sizeof(buf)) >= 0)
		add(&crowd->moved);
	if (how & 4)
		poll(&p, 1, how & 8 ? 1 : 0);
	if (how & 16 && !raw_map_end(fd, &m)) {
		m.own->recv.want = how;
		if (how & 32)
			m.own->taken = how;
		if (how & 64)
			raw_unmap_end(&m);
	}
	if (how & 128)
		fcntl(fd, F_SETFL, O_RDWR | O_ASYNC);
}

static void step(struct crowd *crowd, uint32_t flags)
{
	struct fastipc_setup setup = { .size = sizeof(setup),
				       .flags = flags | FASTIPC_KEEP,
				       .kind = FASTIPC_KIND_PAIR,
				       .ring_bytes = 4096 };
	char name[2] = { 'a' + rand() % NAMES_NR, 0 };
	char other[2] = { 'a' + rand() % NAMES_NR, 0 };
	int fd;

	switch (rand() % 16) {
	case 0:
		unlink(name);
		return;
	case 1:
		rename(name, other);
		return;
	case 2:
		name_attached(name);
		return;
	}
	fd = name_open(name, O_RDWR | (rand() % 2 ? O_CREAT : 0));
	if (fd < 0)
		return;
	if (rand() % 2)
		raw_ioctl(fd, FASTIPC_SETUP, &setup);
	if (!raw_attach(fd, rand() % 3 - 1))
		use(crowd, fd, rand());
	close(fd);
}

TEST_F_TIMEOUT(storm, leaves_nothing, 300)
{
	pid_t pid[CROWD];
	int i, k, lives = share_of(20);

	for (i = 0; i < CROWD; i++) {
		pid[i] = fork_bound();
		if (pid[i])
			continue;
		/* Lives, each of which ends in the middle of something. */
		for (k = 0; k < lives; k++) {
			pid_t child = fork_bound();

			if (!child) {
				int n = STEPS / 40;

				srand(getpid());
				alarm(0);
				signal(SIGIO, SIG_IGN);
				while (n--)
					step(self->crowd, variant->flags);
				raise(SIGKILL);
			}
			reap(child);
		}
		_exit(0);
	}
	for (i = 0; i < CROWD; i++)
		EXPECT_EQ(0, reap(pid[i]));
	TH_LOG("%llu attached, %llu beside another, %llu messages",
	       (unsigned long long)self->crowd->attached,
	       (unsigned long long)self->crowd->taken_over,
	       (unsigned long long)self->crowd->moved);
	EXPECT_LT(0, self->crowd->attached);
	EXPECT_LT(0, self->crowd->moved);
	ASSERT_EQ(0, chdir("/"));
	ASSERT_EQ(0, umount(NAMES));
	EXPECT_TRUE(counters_return_to(self->before));
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
