// SPDX-License-Identifier: GPL-2.0-only
/*
 * An end that comes from another process: adopted from a descriptor, gone on
 * with where the last one stopped, and inherited by a program that is started.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#include <pthread.h>

FIXTURE(adopt)
{
	struct fastipc *end[2];
	struct counters before;
};

VARIANTS_OF_SORT(adopt);

FIXTURE_SETUP(adopt)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .flags = variant->flags };

	self->before = counters_now();
	ASSERT_EQ(0, fastipc_pair(self->end, &options));
}

FIXTURE_TEARDOWN(adopt)
{
	fastipc_close(self->end[0]);
	fastipc_close(self->end[1]);
	EXPECT_TRUE(counters_return_to(self->before));
}

TEST(adopting_what_is_no_endpoint_is_enotty)
{
	struct fastipc *f;
	int fd = open("/dev/null", O_RDWR);

	ASSERT_EQ(-ENOTTY, fastipc_adopt(&f, fd));
	ASSERT_EQ(0, close(fd));
}

TEST(adopting_nothing_is_ebadf)
{
	struct fastipc *f;

	ASSERT_EQ(-EBADF, fastipc_adopt(&f, -1));
}

TEST(adopting_what_is_not_set_up_is_enotconn)
{
	struct fastipc *f;
	int fd = raw_open(O_RDWR);

	ASSERT_EQ(-ENOTCONN, fastipc_adopt(&f, fd));
	ASSERT_EQ(0, close(fd));
}

TEST_F(adopt, adopting_makes_it_close_on_exec)
{
	struct fastipc *f;
	int fd = dup(fastipc_fd(self->end[1]));

	ASSERT_EQ(0, fcntl(fd, F_GETFD));
	ASSERT_EQ(0, fastipc_adopt(&f, fd));
	ASSERT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	fastipc_close(f);
	ASSERT_EQ(-1, fcntl(fd, F_GETFD));
}

TEST_F(adopt, adopting_what_another_process_uses_is_ebusy)
{
	struct fastipc *f;
	pid_t pid;

	ASSERT_EQ(0, fastipc_send(self->end[1], "x", 1, 0));
	pid = fork_bound();
	if (!pid)
		_exit(fastipc_adopt(&f, fastipc_fd(self->end[1])) == -EBUSY ?
			      0 :
			      1);
	ASSERT_EQ(0, reap(pid));
}

/*
 * A successor in turn, by the library or by read(2) and write(2): positions are
 * where the last one stopped.
 */
TEST_F(adopt, an_end_goes_from_process_to_process)
{
	char c;
	int i;

	for (i = 0; i < 10; i++) {
		pid_t pid = fork_bound();

		if (!pid) {
			struct fastipc *me = self->end[1];
			bool kernel = i % 3 == 1 || i % 5 == 2;

			if ((!kernel && fastipc_adopt(&me, fastipc_fd(me))) ||
			    any_recv(me, kernel, &c, 1, -1) != 1 ||
			    any_send(me, kernel, &c, 1, -1))
				_exit(1);
			_exit(0);
		}
		ASSERT_EQ(0, fastipc_send(self->end[0], &i, 1, 0));
		ASSERT_EQ(1, fastipc_recv(self->end[0], &c, 1, 0));
		ASSERT_EQ(i, c);
		ASSERT_EQ(0, reap(pid));
	}
}

/* The same within one process: mapped, and not, and mapped again. */
TEST_F(adopt, an_end_goes_from_the_library_to_read_and_back)
{
	int i, fd = fastipc_fd(self->end[1]);
	struct fastipc *me;
	char c;

	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, fastipc_send(self->end[0], &i, 1, 0));
		ASSERT_EQ(0, fastipc_send(self->end[0], "+", 1, 0));
		ASSERT_EQ(0, fastipc_adopt(&me, dup(fd)));
		ASSERT_EQ(1, fastipc_recv(me, &c, 1, 0));
		ASSERT_EQ(i, c);
		ASSERT_EQ(0, fastipc_send(me, "l", 1, 0));
		/* While it is mapped, the kernel keeps out. */
		ASSERT_EQ(-1, read(fd, &c, 1));
		ASSERT_EQ(EBUSY, errno);
		fastipc_close(me);
		ASSERT_EQ(1, read(fd, &c, 1));
		ASSERT_EQ('+', c);
		ASSERT_EQ(1, write(fd, "k", 1));
		ASSERT_EQ(1, fastipc_recv(self->end[0], &c, 1, 0));
		ASSERT_EQ('l', c);
		ASSERT_EQ(1, fastipc_recv(self->end[0], &c, 1, 0));
		ASSERT_EQ('k', c);
	}
}

/* What one had taken counts as received, for read(2) too. */
TEST_F(adopt, read_goes_on_behind_what_was_taken)
{
	int fd = fastipc_fd(self->end[1]);
	struct fastipc_msg msg;
	struct fastipc *me;
	char c;

	ASSERT_EQ(0, fastipc_send(self->end[0], "1", 1, 0));
	ASSERT_EQ(0, fastipc_send(self->end[0], "2", 1, 0));
	ASSERT_EQ(0, fastipc_adopt(&me, dup(fd)));
	ASSERT_EQ(0, fastipc_take(me, &msg, 0));
	fastipc_close(me);
	ASSERT_EQ(1, read(fd, &c, 1));
	ASSERT_EQ('2', c);
	/* And so its space was given back. */
	ASSERT_EQ(0, fastipc_drain(self->end[0], 0));
}

/* One that died with all of a full ring taken: its heir gives it back. */
TEST_F(adopt, a_successor_gives_back_what_was_taken)
{
	struct fastipc_msg msg;
	struct fastipc *heir;
	char buf[16000] = { 0 };
	pid_t pid;
	int n = 0;

	while (!fastipc_send(self->end[0], buf, sizeof(buf), FASTIPC_NOWAIT))
		n++;
	pid = fork_bound();
	if (!pid) {
		if (fastipc_adopt(&heir, fastipc_fd(self->end[1])))
			_exit(1);
		while (n-- && !fastipc_take(heir, &msg, 0))
			;
		_exit(n == -1 ? 0 : 2);
	}
	ASSERT_EQ(0, reap(pid));
	ASSERT_EQ(-EAGAIN, fastipc_send(self->end[0], buf, sizeof(buf),
					FASTIPC_NOWAIT));
	ASSERT_EQ(0, fastipc_adopt(&heir, dup(fastipc_fd(self->end[1]))));
	ASSERT_EQ(-EAGAIN, fastipc_recv(heir, buf, sizeof(buf),
					FASTIPC_NOWAIT));
	ASSERT_EQ(0, fastipc_send(self->end[0], buf, sizeof(buf),
				  FASTIPC_NOWAIT));
	fastipc_close(heir);
}

/* What only the page says is no end. */
TEST_F(adopt, an_end_that_the_kernel_does_not_confirm_is_none)
{
	struct fastipc_control *own;
	char c;

	own = raw_map_control(fastipc_fd(self->end[1]));
	ASSERT_NE(NULL, own);
	own->recv.ended = EPIPE;
	own->send.ended = EPIPE;
	ASSERT_EQ(0, munmap(own, 4096));
	ASSERT_EQ(-EAGAIN, fastipc_recv(self->end[1], &c, 1, FASTIPC_NOWAIT));
	ASSERT_EQ(0, fastipc_send(self->end[1], "x", 1, FASTIPC_NOWAIT));
	ASSERT_EQ(1, fastipc_recv(self->end[0], &c, 1, FASTIPC_NOWAIT));
}

TEST_F(adopt, what_an_over_end_left_can_be_adopted_and_read)
{
	struct fastipc *f;
	int fd = dup(fastipc_fd(self->end[1]));
	char c;

	ASSERT_EQ(0, fastipc_send(self->end[0], "x", 1, 0));
	fastipc_close(self->end[0]);
	self->end[0] = NULL;
	ASSERT_EQ(0, fastipc_adopt(&f, fd));
	ASSERT_EQ(1, fastipc_recv(f, &c, 1, 0));
	ASSERT_EQ(-EPIPE, fastipc_recv(f, &c, 1, 0));
	fastipc_close(f);
}

/* A child is forked while another thread makes handles: it can adopt. */
static volatile bool stop_making;

static void *make_handles(void *arg)
{
	struct fastipc *f;

	while (!stop_making) {
		if (fastipc_adopt(&f, dup(*(int *)arg)))
			return arg;
		fastipc_close(f);
	}
	return NULL;
}

TEST_F_TIMEOUT(adopt, adopting_in_a_child_of_a_busy_parent, 600)
{
	int fd[2], i, mine;
	pthread_t thread;
	void *failed;

	ASSERT_EQ(0, raw_pair_of(fd, 4096, variant->flags));
	mine = fastipc_fd(self->end[1]);
	ASSERT_EQ(0, pthread_create(&thread, NULL, make_handles, &fd[0]));
	for (i = 0; i < share_of(variant->flags ? 50 : 500); i++) {
		pid_t pid = fork_bound();
		struct fastipc *f;

		if (!pid) {
			alarm(60);
			_exit(fastipc_adopt(&f, mine) ? 1 : 0);
		}
		ASSERT_EQ(0, reap(pid));
	}
	stop_making = true;
	pthread_join(thread, &failed);
	ASSERT_EQ(NULL, failed);
	close(fd[0]);
	close(fd[1]);
}

/* Nor does it take the end from who has it: that one can still end in order. */
TEST(a_failed_adoption_leaves_the_end_to_its_owner)
{
	int up[2], down[2], fd[2];
	struct fastipc *end[2], *me;
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe(up));
	ASSERT_EQ(0, pipe(down));
	ASSERT_EQ(0, fastipc_pair(end, NULL));
	fd[0] = fastipc_fd(end[0]);
	fd[1] = fastipc_fd(end[1]);
	pid = fork_bound();
	if (!pid) {
		close(fd[0]);
		if (fastipc_adopt(&me, fd[1]) || write(up[1], "", 1) != 1 ||
		    read(down[0], &c, 1) != 1)
			_exit(1);
		fastipc_close(me);
		_exit(0);
	}
	ASSERT_EQ(1, read(up[0], &c, 1));
	ASSERT_EQ(-EBUSY, fastipc_adopt(&me, fd[1]));
	close(fd[1]);
	ASSERT_EQ(1, write(down[1], "", 1));
	ASSERT_EQ(0, reap(pid));
	ASSERT_EQ(-EPIPE, fastipc_recv(end[0], &c, 1, FASTIPC_NOWAIT));
	fastipc_close(end[0]);
}

TEST_HARNESS_MAIN
