// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who sent a sealed message: the kernel's word for it.  Numbers and times; the
 * process that calls, and the user who opened the end, however privileged the
 * process is that was made to write there; all as seen from where the pair was
 * made.  And what INFO says of the other end.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#include <grp.h>
#include <sys/mount.h>

#define UID 1000
#define GID 1001

/* What the writer writes: who it is to itself. */
struct self {
	uint32_t pid;
	uint32_t euid;
};

static int write_self(int fd)
{
	struct self me = { getpid(), geteuid() };

	return write(fd, &me, sizeof(me)) == sizeof(me) ? 0 : errno;
}

/* "stamp_test write FD", before the tests begin: the program that is setuid. */
static __attribute__((constructor)) void maybe_write(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "write"))
		_exit(write_self(atoi(argv[2])));
}

static int drop_to_user(void)
{
	return setgroups(0, NULL) || setresgid(GID, GID, GID) ||
	       setresuid(UID, UID, UID);
}

FIXTURE(stamp)
{
	int fd[2];
	struct counters before;
};

FIXTURE_SETUP(stamp)
{
	self->before = counters_now();
	ASSERT_EQ(0, raw_pair_of(self->fd, 4096, FASTIPC_SEALED));
}

FIXTURE_TEARDOWN(stamp)
{
	close(self->fd[0]);
	close(self->fd[1]);
	EXPECT_TRUE(counters_return_to(self->before));
}

/* Numbers and times ------- */

TEST_F(stamp, seq_counts_the_messages_of_a_ring)
{
	struct fastipc_recv recv;
	uint64_t i;
	char c = 0;

	for (i = 1; i <= 200; i++) {
		ASSERT_EQ(1, raw_send(self->fd[0], &c, i % 2, 0));
		ASSERT_EQ(1, raw_recv(self->fd[1], &recv, &c, 1, 0));
		ASSERT_EQ(i, recv.stamp.seq);
	}
	/* The other ring has its own. */
	ASSERT_EQ(1, raw_send(self->fd[1], &c, 1, 0));
	ASSERT_EQ(1, raw_recv(self->fd[0], &recv, &c, 1, 0));
	ASSERT_EQ(1, recv.stamp.seq);
}

/* What is refused takes no number. */
TEST_F(stamp, seq_has_no_gaps_where_a_send_failed)
{
	struct fastipc_recv recv;
	char buf[1000];

	ASSERT_EQ(1, raw_send(self->fd[0], buf, 1, 0));
	ASSERT_EQ(-EMSGSIZE, raw_send(self->fd[0], buf, 961, 0));
	ASSERT_EQ(-EFAULT, raw_send(self->fd[0], (void *)8, 8, 0));
	ASSERT_EQ(1, raw_send(self->fd[0], buf, 1, 0));
	ASSERT_EQ(1, raw_recv(self->fd[1], &recv, buf, 1, 0));
	ASSERT_EQ(1, recv.stamp.seq);
	ASSERT_EQ(1, raw_recv(self->fd[1], &recv, buf, 1, 0));
	ASSERT_EQ(2, recv.stamp.seq);
}

TEST_F(stamp, time_is_when_it_was_sent)
{
	struct fastipc_recv recv;
	uint64_t before, after, last = 0;
	int i;
	char c;

	for (i = 0; i < 100; i++) {
		before = now_ns();
		ASSERT_EQ(1, raw_send(self->fd[0], "t", 1, 0));
		after = now_ns();
		/* Not when it is received. */
		usleep(1000);
		ASSERT_EQ(1, raw_recv(self->fd[1], &recv, &c, 1, 0));
		ASSERT_LE(before, recv.stamp.time_ns);
		ASSERT_LE(recv.stamp.time_ns, after);
		ASSERT_LT(last, recv.stamp.time_ns);
		last = recv.stamp.time_ns;
	}
}

TEST_F(stamp, what_is_not_used_is_zero)
{
	struct fastipc_recv recv;
	char c;

	ASSERT_EQ(1, raw_send(self->fd[0], "t", 1, 0));
	ASSERT_EQ(1, raw_recv(self->fd[1], &recv, &c, 1, 0));
	ASSERT_EQ(0, recv.stamp.priority);
	ASSERT_EQ(0, recv.stamp.reserved);
}

/* Endpoint numbers grow from channel to channel: none comes back. */
TEST(endpoints_are_never_used_again)
{
	struct fastipc_recv recv;
	struct fastipc_info info;
	uint64_t last = 0;
	int i, j, fd[2];
	char c;

	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, raw_pair_of(fd, 4096, FASTIPC_SEALED));
		for (j = 0; j < 2; j++) {
			ASSERT_EQ(1, raw_send(fd[j], "t", 1, 0));
			ASSERT_EQ(1, raw_recv(fd[!j], &recv, &c, 1, 0));
			ASSERT_LT(last, recv.stamp.endpoint);
			last = recv.stamp.endpoint;
			ASSERT_EQ(0, raw_info(fd[j], &info));
			ASSERT_EQ(last, info.endpoint);
			ASSERT_EQ(0, raw_info(fd[!j], &info));
			ASSERT_EQ(last, info.peer_endpoint);
		}
		close(fd[0]);
		close(fd[1]);
	}
}

/* A direct pair has nothing to say. */
TEST(a_direct_pair_has_no_stamps)
{
	static const struct fastipc_stamp none;
	struct fastipc_recv recv;
	int fd[2];
	char c;

	ASSERT_EQ(0, raw_pair(fd, 4096));
	ASSERT_EQ(1, raw_send(fd[0], "t", 1, 0));
	ASSERT_EQ(1, raw_recv(fd[1], &recv, &c, 1, 0));
	ASSERT_EQ(0, memcmp(&recv.stamp, &none, sizeof(none)));
	close(fd[0]);
	close(fd[1]);
}

/* The library passes all of it on. */
TEST(the_library_shows_the_stamp)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .flags = FASTIPC_SEALED };
	struct fastipc_info info;
	struct fastipc_msg msg;
	struct fastipc *end[2];
	int64_t before = now_ns();

	ASSERT_EQ(0, fastipc_pair(end, &options));
	ASSERT_EQ(0, fastipc_info(end[0], &info));
	ASSERT_EQ(0, fastipc_send(end[0], "t", 1, 0));
	ASSERT_EQ(0, fastipc_take(end[1], &msg, FASTIPC_NOWAIT));
	ASSERT_EQ(1, msg.seq);
	ASSERT_EQ(info.endpoint, msg.endpoint);
	ASSERT_LE(before, msg.time_ns);
	ASSERT_LE(msg.time_ns, now_ns());
	ASSERT_EQ(getpid(), msg.pid);
	ASSERT_EQ(geteuid(), msg.uid);
	ASSERT_EQ(getegid(), msg.gid);
	ASSERT_EQ(0, msg.priority);
	fastipc_close(end[0]);
	fastipc_close(end[1]);
}

/* Processes and users ------- */

/* The process that calls, not the one that opened. */
TEST_F(stamp, a_child_has_its_own_pid)
{
	struct fastipc_recv recv;
	struct self who;
	pid_t pid;

	pid = fork_bound();
	if (!pid)
		_exit(write_self(self->fd[0]));
	ASSERT_EQ(0, reap(pid));
	ASSERT_EQ(1, raw_recv(self->fd[1], &recv, &who, sizeof(who), 0));
	ASSERT_EQ(pid, who.pid);
	ASSERT_EQ(pid, recv.stamp.pid);
	ASSERT_EQ(geteuid(), recv.stamp.uid);
	ASSERT_EQ(getegid(), recv.stamp.gid);
}

#define WRITERS 3
#define EACH	200

/* Of many who write at once, too, the stamps are in the messages' order. */
TEST_F(stamp, of_many_writers_in_order)
{
	struct fastipc_recv recv;
	struct self who;
	int64_t last = 0;
	pid_t pid[WRITERS];
	int i, k;

	for (i = 0; i < WRITERS; i++) {
		pid[i] = fork_bound();
		if (pid[i])
			continue;
		for (k = 0; k < EACH; k++)
			if (write_self(self->fd[0]))
				_exit(1);
		_exit(0);
	}
	for (i = 1; i <= WRITERS * EACH; i++) {
		ASSERT_EQ(1, raw_recv(self->fd[1], &recv, &who, sizeof(who),
				      FASTIPC_FOREVER));
		ASSERT_EQ(i, recv.stamp.seq);
		ASSERT_LE(last, recv.stamp.time_ns);
		ASSERT_EQ(who.pid, recv.stamp.pid);
		last = recv.stamp.time_ns;
	}
	for (i = 0; i < WRITERS; i++)
		ASSERT_EQ(0, reap(pid[i]));
}

/* The user who opened: who becomes less does not hide it. */
TEST_F(stamp, an_unprivileged_writer_at_roots_end)
{
	struct fastipc_recv recv;
	struct self who;
	pid_t pid;

	pid = fork_bound();
	if (!pid)
		_exit(drop_to_user() ? 100 : write_self(self->fd[0]));
	ASSERT_EQ(0, reap(pid));
	ASSERT_EQ(1, raw_recv(self->fd[1], &recv, &who, sizeof(who), 0));
	ASSERT_EQ(UID, who.euid);
	ASSERT_EQ(pid, recv.stamp.pid);
	ASSERT_EQ(0, recv.stamp.uid);
	ASSERT_EQ(0, recv.stamp.gid);
}

static int copy_program(const char *to)
{
	int in = open("/proc/self/exe", O_RDONLY);
	int out = open(to, O_WRONLY | O_CREAT | O_EXCL, 0755);
	char buf[65536];
	ssize_t n;

	if (in < 0 || out < 0)
		return -errno;
	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, n) != n)
			return -EIO;
	close(in);
	/* Written to the end, or it cannot be executed. */
	return n || fchmod(out, 04755) || close(out) ? -errno : 0;
}

/* An unprivileged user opens end 1, and has a setuid program write there. */
static void write_by_setuid(int from, const char *program)
{
	int null = open("/dev/null", O_RDWR);
	char number[16];
	int fd;

	if (drop_to_user())
		_exit(100);
	fd = raw_peer(from, O_RDWR);
	if (fd < 0)
		_exit(101);
	fcntl(fd, F_SETFD, 0);
	/* As a shell's "1>&7" would: whatever it says goes there. */
	dup2(null, STDIN_FILENO);
	snprintf(number, sizeof(number), "%d", fd);
	execl(program, program, "write", number, NULL);
	_exit(102);
}

/* A privileged program made to write lends its name to nobody. */
TEST(a_setuid_program_at_an_unprivileged_end)
{
	char dir[] = "/tmp/stamp_test.XXXXXX", program[64];
	struct fastipc_setup setup = { .size = sizeof(setup),
				       .flags = FASTIPC_SEALED,
				       .kind = FASTIPC_KIND_PAIR };
	struct fastipc_recv recv;
	struct fastipc_info info;
	struct self who;
	int fd, ret;
	pid_t pid;

	ASSERT_NE(NULL, mkdtemp(dir));
	/* A file system of its own: one that has set-user-ID, and can go. */
	ASSERT_EQ(0, mount("stamp_test", dir, "tmpfs", 0, "mode=755"));
	snprintf(program, sizeof(program), "%s/program", dir);
	ret = copy_program(program);
	fd = raw_open(O_RDWR);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, raw_ioctl(fd, FASTIPC_SETUP, &setup));
	pid = fork_bound();
	if (!pid)
		write_by_setuid(fd, program);
	EXPECT_EQ(0, reap(pid));
	umount2(dir, MNT_DETACH);
	rmdir(dir);
	ASSERT_EQ(0, ret);
	ASSERT_EQ(1, raw_recv(fd, &recv, &who, sizeof(who), 0));
	/* It was root, indeed. */
	ASSERT_EQ(0, who.euid);
	ASSERT_EQ(pid, who.pid);
	ASSERT_EQ(pid, recv.stamp.pid);
	ASSERT_EQ(UID, recv.stamp.uid);
	ASSERT_EQ(GID, recv.stamp.gid);
	ASSERT_EQ(0, raw_info(fd, &info));
	ASSERT_EQ(UID, info.peer_uid);
	ASSERT_EQ(GID, info.peer_gid);
	ASSERT_EQ(FASTIPC_PEER_CLOSED, info.peer_state);
	close(fd);
}

/* INFO ------- */

/* Nobody there, somebody there, and gone. */
TEST(info_tells_who_is_at_the_other_end)
{
	struct fastipc_setup setup = { .size = sizeof(setup),
				       .flags = FASTIPC_SEALED,
				       .kind = FASTIPC_KIND_PAIR };
	struct fastipc_info info, own;
	int fd = raw_open(O_RDWR), peer;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, raw_ioctl(fd, FASTIPC_SETUP, &setup));
	ASSERT_EQ(0, raw_info(fd, &info));
	ASSERT_EQ(FASTIPC_SEALED, info.flags);
	ASSERT_EQ(FASTIPC_PEER_VACANT, info.peer_state);
	ASSERT_EQ(0, info.peer_endpoint);
	ASSERT_EQ(0, info.peer_pid);
	ASSERT_EQ(0, info.peer_uid);
	ASSERT_EQ(0, info.peer_gid);

	peer = raw_peer(fd, O_RDWR);
	ASSERT_GE(peer, 0);
	ASSERT_EQ(0, raw_info(fd, &info));
	ASSERT_EQ(0, raw_info(peer, &own));
	ASSERT_EQ(FASTIPC_PEER_ATTACHED, info.peer_state);
	ASSERT_EQ(own.endpoint, info.peer_endpoint);
	/* Whoever uses it last, and nobody has yet. */
	ASSERT_EQ(0, info.peer_pid);
	ASSERT_EQ(1, raw_send(peer, "t", 1, 0));
	ASSERT_EQ(0, raw_info(fd, &info));
	ASSERT_EQ(getpid(), info.peer_pid);

	close(peer);
	ASSERT_EQ(0, raw_info(fd, &info));
	ASSERT_EQ(FASTIPC_PEER_CLOSED, info.peer_state);
	ASSERT_EQ(own.endpoint, info.peer_endpoint);
	ASSERT_EQ(getpid(), info.peer_pid);
	ASSERT_EQ(0, info.peer_uid);
	close(fd);
}

/* Who uses the other end by calls is known, also if he only receives. */
TEST_F(stamp, info_names_whoever_used_the_end_last)
{
	struct fastipc_recv recv;
	struct fastipc_info info;
	struct self who;
	pid_t pid;

	pid = fork_bound();
	if (!pid)
		_exit(raw_recv(self->fd[1], &recv, &who, sizeof(who),
			       FASTIPC_FOREVER) != 1);
	ASSERT_TRUE(wait_for_sleep(pid));
	ASSERT_EQ(0, raw_info(self->fd[0], &info));
	ASSERT_EQ(pid, info.peer_pid);
	ASSERT_EQ(0, write_self(self->fd[0]));
	ASSERT_EQ(0, reap(pid));
	/* Then somebody else does, who only sends. */
	ASSERT_EQ(0, write_self(self->fd[1]));
	ASSERT_EQ(0, raw_info(self->fd[0], &info));
	ASSERT_EQ(getpid(), info.peer_pid);
}

TEST_NOTHING_IS_LEFT()

TEST_HARNESS_MAIN
