// SPDX-License-Identifier: GPL-2.0-only
/*
 * A read-write map that is refused, because somebody might write its pages without
 * one: nothing has changed then.  And maps that a child inherited against the rule.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#include <sys/uio.h>

#define PIN	1024 /* references, by GUP_PIN_COUNTING_BIAS */
#define PIPES	8
#define IN_PIPE 128 /* pages */

#define ATTEMPTS 20000

FIXTURE(refused)
{
	int fd[2];
	int lent[PIPES][2];
	const volatile struct fastipc_control *shown; /* end 1's, by end 0 */
};

VARIANTS_OF_SORT(refused);

FIXTURE_SETUP(refused)
{
	struct fastipc_info info;
	int i;

	ASSERT_EQ(0, raw_pair_of(self->fd, 4096, variant->flags));
	ASSERT_EQ(0, raw_info(self->fd[0], &info));
	self->shown = map_at(self->fd[0], info.peer_control, 4096, PROT_READ);
	ASSERT_NE(MAP_FAILED, self->shown);
	for (i = 0; i < PIPES; i++) {
		ASSERT_EQ(0, pipe(self->lent[i]));
		ASSERT_LE(IN_PIPE * 4096, fcntl(self->lent[i][1], F_SETPIPE_SZ,
						IN_PIPE * 4096));
	}
}

FIXTURE_TEARDOWN(refused)
{
	int i;

	munmap((void *)self->shown, 4096);
	for (i = 0; i < PIPES; i++) {
		close(self->lent[i][0]);
		close(self->lent[i][1]);
	}
	close(self->fd[0]);
	if (self->fd[1] >= 0)
		close(self->fd[1]);
}

/* Hold a page by so many references, which cannot be told from pins. */
static int lend(int lent[PIPES][2], const volatile void *page, int n)
{
	struct iovec iov = { (void *)page, 1 };
	int i;

	for (i = 0; i < n; i++)
		if (vmsplice(lent[i / IN_PIPE][1], &iov, 1,
			     SPLICE_F_NONBLOCK) != 1)
			break;
	return i;
}

/* Be a process that maps an end, and leaves. */
static int map_and_leave(int fd)
{
	pid_t pid = fork_bound();

	if (!pid)
		_exit(raw_map_control(fd) ? 0 : 1);
	return reap(pid);
}

static bool is_refused(int fd)
{
	return !raw_map_control(fd) && errno == EBUSY;
}

/* A message that is withheld, and that the next close is to be in order. */
TEST_F(refused, a_map_takes_nothing_from_who_was_there)
{
	struct fastipc_recv recv;
	char c;

	ASSERT_EQ(0, map_and_leave(self->fd[1]));
	ASSERT_EQ(1, raw_send(self->fd[1], "m", 1, FASTIPC_SEND_MORE));
	ASSERT_EQ(0, raw_shutdown(self->fd[1], FASTIPC_SHUT_ON_CLOSE));
	ASSERT_EQ(PIN - 1, lend(self->lent, self->shown, PIN - 1));
	ASSERT_TRUE(is_refused(self->fd[1]));
	ASSERT_EQ(0, raw_send(self->fd[1], NULL, 0, FASTIPC_SEND_ARRAY));
	ASSERT_EQ(1, raw_recv(self->fd[0], &recv, &c, 1, 0));
	ASSERT_EQ('m', c);
	ASSERT_EQ(0, close(self->fd[1]));
	self->fd[1] = -1;
	ASSERT_EQ(-EPIPE, raw_recv(self->fd[0], &recv, &c, 1, 0));
}

/* The same for a map that is refused for the position that was left. */
TEST(a_bad_position_takes_nothing_from_who_was_there)
{
	struct fastipc_control *own;
	struct fastipc_recv recv;
	int fd[2];
	pid_t pid;
	char c;

	ASSERT_EQ(0, raw_pair_of(fd, 4096, FASTIPC_SEALED));
	pid = fork_bound();
	if (!pid) {
		own = raw_map_control(fd[1]);
		if (!own)
			_exit(1);
		own->taken = 16;
		_exit(0);
	}
	ASSERT_EQ(0, reap(pid));
	ASSERT_EQ(1, raw_send(fd[1], "m", 1, 0));
	ASSERT_EQ(0, raw_shutdown(fd[1], FASTIPC_SHUT_ON_CLOSE));
	ASSERT_EQ(NULL, raw_map_control(fd[1]));
	ASSERT_EQ(EBADMSG, errno);
	ASSERT_EQ(0, close(fd[1]));
	ASSERT_EQ(1, raw_recv(fd[0], &recv, &c, 1, 0));
	ASSERT_EQ(-EPIPE, raw_recv(fd[0], &recv, &c, 1, 0));
	close(fd[0]);
}

/* Maps of the peer's come and go, and so the page's references. */
static void come_and_go(int fd)
{
	struct fastipc_info info;
	void *p[8];
	int i;

	raw_info(fd, &info);
	for (;;) {
		for (i = 0; i < 8; i++)
			p[i] = mmap(NULL, 4096, PROT_READ,
				    MAP_SHARED | MAP_POPULATE, fd,
				    info.peer_control);
		for (i = 0; i < 8; i++)
			munmap(p[i], 4096);
	}
}

/* One pin's references are seen, whatever the peer maps at that moment. */
TEST_F_TIMEOUT(refused, a_pin_does_not_hide_behind_maps, 300)
{
	pid_t pid;
	int i;

	ASSERT_EQ(0, map_and_leave(self->fd[1]));
	ASSERT_EQ(PIN - 1, lend(self->lent, self->shown, PIN - 1));
	/* Not a thread: mmap(2) keeps that out of its own mm. */
	pid = fork_bound();
	if (!pid)
		come_and_go(self->fd[0]);
	for (i = 0; i < share_of(ATTEMPTS) && is_refused(self->fd[1]); i++)
		;
	kill(pid, SIGKILL);
	reap(pid);
	ASSERT_EQ(share_of(ATTEMPTS), i);
}

/* Inherited maps ---------------------------------------------------------- */

/* An owner that hands its map on to a child, which lives until @down ends. */
static void leave_an_heir(int fd, int up, int down)
{
	struct fastipc_control *own = raw_map_control(fd);
	char c;

	if (!own || madvise(own, 4096, MADV_DOFORK))
		_exit(1);
	if (!fork()) {
		if (write(up, "", 1) != 1)
			_exit(2);
		_exit(read(down, &c, 1));
	}
	_exit(0);
}

/* Where fork(2) copies what a map shows, the child can even write. */
TEST_F(refused, a_map_while_a_child_has_inherited_one)
{
	int up[2], down[2], i, fd = self->fd[1];
	struct fastipc_control *own;
	pid_t owner;
	char c;

	ASSERT_EQ(0, pipe(up));
	ASSERT_EQ(0, pipe(down));
	owner = fork_bound();
	if (!owner) {
		close(down[1]);
		leave_an_heir(fd, up[1], down[0]);
	}
	ASSERT_EQ(0, reap(owner));
	close(up[1]);
	ASSERT_EQ(1, read(up[0], &c, 1));
	ASSERT_TRUE(is_refused(fd));
	ASSERT_EQ(-1, read(fd, &c, 1));
	ASSERT_EQ(EBUSY, errno);
	close(down[1]);
	for (i = 0; i < 3000 && is_refused(fd); i++)
		usleep(10000);
	own = raw_map_control(fd);
	ASSERT_NE(NULL, own);
	ASSERT_EQ(0, munmap(own, 4096));
	close(up[0]);
	close(down[0]);
}

TEST_NOTHING_IS_LEFT()

TEST_HARNESS_MAIN
