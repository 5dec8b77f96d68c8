// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end that a program was started with: $FASTIPC_FD, systemd's variables, or
 * standard input and output; and who must not be told so.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#include <grp.h>
#include <sys/mount.h>

/* In the program that is started: this one, with the variable set. */
#define AS_CHILD "FASTIPC_TEST_AS_CHILD"
#define FIRST	 3 /* the first descriptor that systemd passes */

/* Answers one message; 0, or a status that says what went wrong. */
static int answer_one(void)
{
	struct fastipc *me;
	char buf[16];
	ssize_t n;
	int ret = fastipc_inherit(&me);

	if (ret)
		return -ret;
	if (getenv("FASTIPC_FD") || getenv("LISTEN_FDS") ||
	    getenv("LISTEN_PID") || getenv("LISTEN_FDNAMES"))
		return 201;
	/* And not passed on by mistake. */
	if (fcntl(fastipc_fd(me), F_GETFD) != FD_CLOEXEC)
		return 202;
	n = fastipc_recv(me, buf, sizeof(buf), 0);
	if (n < 0 || fastipc_send(me, buf, n, 0))
		return 203;
	fastipc_close(me);
	return 0;
}

static __attribute__((constructor)) void be_child(void)
{
	if (getenv(AS_CHILD))
		_exit(answer_one());
}

FIXTURE(inherit)
{
	struct fastipc *end[2];
};

VARIANTS_OF_SORT(inherit);

FIXTURE_SETUP(inherit)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .ring_bytes = 4096,
					   .flags = variant->flags };

	ASSERT_EQ(0, fastipc_pair(self->end, &options));
}

FIXTURE_TEARDOWN(inherit)
{
	fastipc_close(self->end[0]);
	fastipc_close(self->end[1]);
}

static void set_number(const char *name, long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", value);
	setenv(name, text, 1);
}

/* Start this program in the place of the child that calls. */
static void start(void)
{
	setenv(AS_CHILD, "1", 1);
	execl("/proc/self/exe", "child", NULL);
	_exit(200);
}

/* What the one that was started does is an orderly end. */
static void expect_answer(struct __test_metadata *_metadata,
			  struct fastipc *end[2], pid_t pid)
{
	char c;

	fastipc_close(end[1]);
	end[1] = NULL;
	ASSERT_EQ(0, fastipc_send(end[0], "?", 1, 0));
	ASSERT_EQ(1, fastipc_recv(end[0], &c, 1, 0));
	ASSERT_EQ('?', c);
	ASSERT_EQ(-EPIPE, fastipc_recv(end[0], &c, 1, 0));
	ASSERT_EQ(0, reap(pid));
}

TEST_F(inherit, fastipc_fd)
{
	pid_t pid = fork_bound();

	if (!pid) {
		close(fastipc_fd(self->end[0]));
		set_number("FASTIPC_FD", dup(fastipc_fd(self->end[1])));
		start();
	}
	expect_answer(_metadata, self->end, pid);
}

/* Behind one that is no endpoint. */
TEST_F(inherit, listen_fds)
{
	pid_t pid = fork_bound();

	if (!pid) {
		int fd = fcntl(fastipc_fd(self->end[1]), F_DUPFD, 10);

		close(fastipc_fd(self->end[0]));
		dup2(open("/dev/null", O_RDWR), FIRST);
		dup2(fd, FIRST + 1);
		close(fd);
		set_number("LISTEN_PID", getpid());
		set_number("LISTEN_FDS", 2);
		setenv("LISTEN_FDNAMES", "null:fastipc", 1);
		start();
	}
	expect_answer(_metadata, self->end, pid);
}

/* What another process was passed is not taken, though it is an endpoint. */
TEST_F(inherit, listen_fds_of_another_process)
{
	pid_t pid = fork_bound();

	if (!pid) {
		int fd = fcntl(fastipc_fd(self->end[1]), F_DUPFD, 10);
		struct fastipc *me;

		dup2(fd, FIRST);
		unsetenv("FASTIPC_FD");
		set_number("LISTEN_PID", getppid());
		set_number("LISTEN_FDS", 1);
		_exit(fastipc_inherit(&me) != -ENOENT);
	}
	ASSERT_EQ(0, reap(pid));
}

/* FASTIPC_FD counts, whatever systemd says. */
TEST_F(inherit, fastipc_fd_before_listen_fds)
{
	pid_t pid = fork_bound();

	if (!pid) {
		int fd = fcntl(fastipc_fd(self->end[1]), F_DUPFD, 10);
		struct fastipc *me;

		dup2(open("/dev/null", O_RDWR), FIRST);
		set_number("LISTEN_PID", getpid());
		set_number("LISTEN_FDS", 1);
		set_number("FASTIPC_FD", fd);
		_exit(fastipc_inherit(&me) || fastipc_fd(me) != fd);
	}
	ASSERT_EQ(0, reap(pid));
}

/* A program that knows only its standard input and output. */
TEST_F(inherit, cat)
{
	struct fastipc_attach attach = { .size = sizeof(attach),
					 .end = FASTIPC_END_ANY };
	int fd = fastipc_fd(self->end[1]);
	pid_t pid = fork_bound();
	char buf[1000] = { 0 };
	int i;

	if (!pid) {
		close(fastipc_fd(self->end[0]));
		dup2(fd, STDIN_FILENO);
		dup2(fd, STDOUT_FILENO);
		execlp("cat", "cat", NULL);
		_exit(200);
	}
	for (i = 1; i <= 900; i += 7) {
		memset(buf, i, i);
		ASSERT_EQ(0, fastipc_send(self->end[0], buf, i, 0));
		memset(buf, 0, i);
		ASSERT_EQ(i, fastipc_recv(self->end[0], buf, sizeof(buf), 0));
		ASSERT_EQ((char)i, buf[0]);
		ASSERT_EQ((char)i, buf[i - 1]);
	}
	ASSERT_EQ(0, fastipc_shutdown(self->end[0], FASTIPC_SHUT_SEND));
	ASSERT_EQ(0, reap(pid));
	/* It cannot say that this is all; whoever saw its status can. */
	ASSERT_EQ(0, raw_ioctl(fd, FASTIPC_ATTACH, &attach));
	ASSERT_EQ(0, raw_shutdown(fd, FASTIPC_SHUT_ON_CLOSE));
	fastipc_close(self->end[1]);
	self->end[1] = NULL;
	ASSERT_EQ(-EPIPE, fastipc_recv(self->end[0], buf, 1, 0));
}

TEST_F(inherit, a_cat_for_which_nobody_speaks_is_econnreset)
{
	int fd = fastipc_fd(self->end[1]);
	pid_t pid = fork_bound();
	char buf[16];

	if (!pid) {
		close(fastipc_fd(self->end[0]));
		dup2(fd, STDIN_FILENO);
		dup2(fd, STDOUT_FILENO);
		execlp("cat", "cat", NULL);
		_exit(200);
	}
	ASSERT_EQ(0, fastipc_send(self->end[0], "x", 1, 0));
	ASSERT_EQ(1, fastipc_recv(self->end[0], buf, sizeof(buf), 0));
	fastipc_close(self->end[1]);
	self->end[1] = NULL;
	ASSERT_EQ(0, fastipc_shutdown(self->end[0], FASTIPC_SHUT_SEND));
	ASSERT_EQ(-ECONNRESET, fastipc_recv(self->end[0], buf, 1, 0));
	ASSERT_EQ(0, reap(pid));
}

/* A set-user-ID program --------------------------------------------------- */

/* This program, set-user-ID root, on a file system that allows that. */
FIXTURE(setuid)
{
	struct fastipc *end[2];
	char dir[32], program[64];
};

FIXTURE_VARIANT(setuid)
{
	bool by_systemd; /* the variables */
};

FIXTURE_VARIANT_ADD(setuid, fastipc_fd) { false };
FIXTURE_VARIANT_ADD(setuid, listen_fds) { true };

static bool copy_to(int to)
{
	int from = open("/proc/self/exe", O_RDONLY);
	static char buf[65536];
	ssize_t n;

	while ((n = read(from, buf, sizeof(buf))) > 0)
		if (write(to, buf, n) != n)
			return false;
	close(from);
	return !n;
}

FIXTURE_SETUP(setuid)
{
	int fd;

	ASSERT_EQ(0, fastipc_pair(self->end, NULL));
	snprintf(self->dir, sizeof(self->dir), "/tmp/inherit_test.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	ASSERT_EQ(0, mount("inherit_test", self->dir, "tmpfs", 0, "mode=755"));
	snprintf(self->program, sizeof(self->program), "%s/program", self->dir);
	fd = open(self->program, O_WRONLY | O_CREAT, 0700);
	ASSERT_LE(0, fd);
	ASSERT_TRUE(copy_to(fd));
	ASSERT_EQ(0, fchmod(fd, 04755));
	close(fd);
}

FIXTURE_TEARDOWN(setuid)
{
	umount2(self->dir, MNT_DETACH);
	rmdir(self->dir);
	fastipc_close(self->end[0]);
	fastipc_close(self->end[1]);
}

/* A child that this user starts it in, with end 1. */
static pid_t start_as(uid_t uid, struct fastipc *end[2], const char *program,
		      bool by_systemd)
{
	pid_t pid = fork_bound();
	int fd;

	if (pid)
		return pid;
	close(fastipc_fd(end[0]));
	fd = fcntl(fastipc_fd(end[1]), F_DUPFD, 10);
	if (by_systemd) {
		dup2(fd, FIRST);
		set_number("LISTEN_PID", getpid());
		set_number("LISTEN_FDS", 1);
	} else {
		set_number("FASTIPC_FD", fd);
	}
	setenv(AS_CHILD, "1", 1);
	if (uid && (setgroups(0, NULL) || setresgid(uid, uid, uid) ||
		    setresuid(uid, uid, uid)))
		_exit(204);
	execl(program, program, NULL);
	_exit(200);
}

TEST_F(setuid, started_by_a_user_ignores_them)
{
	pid_t pid = start_as(1000, self->end, self->program,
			     variant->by_systemd);

	ASSERT_EQ(ENOENT, reap(pid));
}

/* Who starts it has all its rights already. */
TEST_F(setuid, started_by_root_is_like_any_other)
{
	pid_t pid = start_as(0, self->end, self->program, variant->by_systemd);

	expect_answer(_metadata, self->end, pid);
}

/* Wrong values ------------------------------------------------------------ */

TEST(no_variables_are_enoent)
{
	struct fastipc *f;

	unsetenv("FASTIPC_FD");
	unsetenv("LISTEN_FDS");
	ASSERT_EQ(-ENOENT, fastipc_inherit(&f));
}

FIXTURE(wrong) {};

FIXTURE_VARIANT(wrong)
{
	const char *fastipc_fd, *listen_fds;
	const char *listen_pid; /* NULL: this process */
	int error;
};

FIXTURE_VARIANT_ADD(wrong, empty) { "", NULL, NULL, EINVAL };
FIXTURE_VARIANT_ADD(wrong, a_word) { "three", NULL, NULL, EINVAL };
FIXTURE_VARIANT_ADD(wrong, negative) { "-1", NULL, NULL, EINVAL };
FIXTURE_VARIANT_ADD(wrong, signed_) { "+3", NULL, NULL, EINVAL };
FIXTURE_VARIANT_ADD(wrong, after_a_blank) { " 3", NULL, NULL, EINVAL };
FIXTURE_VARIANT_ADD(wrong, before_a_letter) { "3x", NULL, NULL, EINVAL };
FIXTURE_VARIANT_ADD(wrong, above_int) { "2147483648", NULL, NULL, EINVAL };
FIXTURE_VARIANT_ADD(wrong, above_long)
{
	"18446744073709551619", NULL, NULL, EINVAL
};
FIXTURE_VARIANT_ADD(wrong, closed) { "1000", NULL, NULL, EBADF };
FIXTURE_VARIANT_ADD(wrong, no_endpoint) { "3", NULL, NULL, ENOTTY };
FIXTURE_VARIANT_ADD(wrong, listen_none) { NULL, "0", NULL, ENOENT };
FIXTURE_VARIANT_ADD(wrong, listen_no_endpoint) { NULL, "1", NULL, ENOENT };
FIXTURE_VARIANT_ADD(wrong, listen_closed) { NULL, "4", NULL, ENOENT };
FIXTURE_VARIANT_ADD(wrong, listen_millions) { NULL, "2147483647", NULL, ENOENT };
FIXTURE_VARIANT_ADD(wrong, listen_empty) { NULL, "", NULL, EINVAL };
FIXTURE_VARIANT_ADD(wrong, listen_a_word) { NULL, "one", NULL, EINVAL };
FIXTURE_VARIANT_ADD(wrong, listen_pid_of_init) { NULL, "1", "1", ENOENT };
FIXTURE_VARIANT_ADD(wrong, listen_pid_a_word) { NULL, "1", "me", EINVAL };

/* Descriptor 3 is no endpoint, those behind it are closed. */
FIXTURE_SETUP(wrong)
{
	dup2(open("/dev/null", O_RDWR), FIRST);
	close(FIRST + 1);
	close(FIRST + 2);
	close(FIRST + 3);
	unsetenv("FASTIPC_FD");
	unsetenv("LISTEN_FDS");
	if (variant->fastipc_fd)
		setenv("FASTIPC_FD", variant->fastipc_fd, 1);
	if (variant->listen_fds)
		setenv("LISTEN_FDS", variant->listen_fds, 1);
	set_number("LISTEN_PID", getpid());
	if (variant->listen_pid)
		setenv("LISTEN_PID", variant->listen_pid, 1);
}

FIXTURE_TEARDOWN(wrong)
{
}

TEST_F(wrong, is_refused)
{
	struct fastipc *f;

	ASSERT_EQ(-variant->error, fastipc_inherit(&f));
}

/* What was not taken is somebody else's, perhaps. */
TEST_F(wrong, stays_in_the_environment)
{
	struct fastipc *f;

	ASSERT_NE(0, fastipc_inherit(&f));
	ASSERT_EQ(!variant->fastipc_fd, !getenv("FASTIPC_FD"));
	ASSERT_EQ(!variant->listen_fds, !getenv("LISTEN_FDS"));
}

/* An endpoint behind what is announced is not taken. */
TEST(listen_fds_is_as_many_as_it_says)
{
	struct fastipc *f;
	int fd = raw_open(O_RDWR);

	ASSERT_EQ(0, raw_setup(fd, 4096, 0));
	dup2(open("/dev/null", O_RDWR), FIRST);
	dup2(fd, FIRST + 1);
	unsetenv("FASTIPC_FD");
	set_number("LISTEN_PID", getpid());
	set_number("LISTEN_FDS", 1);
	ASSERT_EQ(-ENOENT, fastipc_inherit(&f));
}

TEST(an_endpoint_that_is_not_set_up_is_enotconn)
{
	struct fastipc *f;

	set_number("FASTIPC_FD", raw_open(O_RDWR));
	ASSERT_EQ(-ENOTCONN, fastipc_inherit(&f));
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
