// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels with a name, by raw calls: what looking at one does, which end who opens it
 * becomes, and what becomes of it when names come and go.
 */
#include "kselftest_harness.h"

#include <sys/epoll.h>

#include "fastipc_test.h"
#include "name.h"

FIXTURE(name)
{
	int channels;
};

FIXTURE_SETUP(name)
{
	self->channels = module_counter("channels");
	ASSERT_EQ(0, names_mount(NULL));
}

FIXTURE_TEARDOWN(name)
{
}

TEST_F(name, is_a_fifo)
{
	struct stat st;
	int fd = name_open("a", O_RDWR | O_CREAT);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, fstat(fd, &st));
	EXPECT_TRUE(S_ISFIFO(st.st_mode));
	EXPECT_EQ(0600, st.st_mode & 07777);
	EXPECT_EQ(1, st.st_nlink);
	EXPECT_EQ(0, st.st_size);
	EXPECT_EQ(0, st.st_blocks);
	ASSERT_EQ(0, raw_setup(fd, 4096, 0));
	ASSERT_EQ(0, stat("a", &st));
	EXPECT_EQ(2 * (4096 + 4096) / 512, st.st_blocks);
}

TEST_F(name, is_no_end_before_it_is_used)
{
	struct fastipc_info info;
	struct fastipc_stat stat;
	int fd = name_make("a", 4096, 0);

	ASSERT_GE(fd, 0);
	EXPECT_EQ(0, name_attached("a"));
	ASSERT_EQ(0, raw_info(fd, &info));
	EXPECT_EQ((uint32_t)FASTIPC_END_ANY, info.end);
	EXPECT_EQ(4096, info.ring_bytes);
	EXPECT_EQ(FASTIPC_PEER_VACANT, info.peer_state);
	ASSERT_EQ(0, raw_stat(fd, &stat));
	EXPECT_EQ(2 * (4096 + 4096), stat.bytes);
	EXPECT_EQ(0, name_attached("a"));
	ASSERT_EQ(1, raw_send(fd, "x", 1, 0));
	EXPECT_EQ(1, name_attached("a"));
	ASSERT_EQ(0, raw_info(fd, &info));
	EXPECT_EQ(0, info.end);
}

/* What one program writes another reads, though neither knows of ends. */
TEST_F(name, goes_from_who_writes_to_who_reads)
{
	int w, r;
	char c;

	ASSERT_EQ(0, close(name_make("a", 4096, FASTIPC_KEEP)));
	w = name_open("a", O_WRONLY);
	ASSERT_EQ(1, write(w, "x", 1));
	EXPECT_EQ(1, name_attached("a"));
	close(w);
	EXPECT_EQ(0, name_attached("a"));
	r = name_open("a", O_RDONLY | O_NONBLOCK);
	ASSERT_EQ(1, read(r, &c, 1));
	EXPECT_EQ('x', c);
	EXPECT_EQ(2, name_attached("a"));
	EXPECT_EQ(-1, read(r, &c, 1));
	EXPECT_EQ(EAGAIN, errno);
}

/* Who reads first is end 1 all the same. */
TEST_F(name, is_end_1_for_a_reader)
{
	int r, w;
	char c;

	ASSERT_EQ(0, close(name_make("a", 4096, 0)));
	r = name_open("a", O_RDONLY | O_NONBLOCK);
	EXPECT_EQ(-1, read(r, &c, 1));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(2, name_attached("a"));
	w = name_open("a", O_WRONLY);
	ASSERT_EQ(1, write(w, "x", 1));
	ASSERT_EQ(1, read(r, &c, 1));
}

/* Where a program that can do both is an end, the other one suits a writer too. */
TEST_F(name, is_the_other_end_if_that_suits)
{
	int both, w;
	char c;

	ASSERT_EQ(0, close(name_make("a", 4096, 0)));
	both = name_end("a", O_RDWR, FASTIPC_END_ANY);
	ASSERT_GE(both, 0);
	w = name_open("a", O_WRONLY);
	ASSERT_EQ(1, write(w, "x", 1));
	EXPECT_EQ(3, name_attached("a"));
	EXPECT_EQ(1, recv_now(both, &c, 1));
}

/* A second writer would be one whom nobody can hear. */
TEST_F(name, is_no_end_that_nobody_hears)
{
	int w[2], r[2];
	char c;

	ASSERT_EQ(0, close(name_make("a", 4096, 0)));
	w[0] = name_open("a", O_WRONLY);
	w[1] = name_open("a", O_WRONLY);
	ASSERT_EQ(1, write(w[0], "x", 1));
	EXPECT_EQ(-1, write(w[1], "x", 1));
	EXPECT_EQ(EBUSY, errno);
	r[0] = name_open("a", O_RDONLY);
	r[1] = name_open("a", O_RDONLY);
	ASSERT_EQ(1, read(r[0], &c, 1));
	EXPECT_EQ(-1, read(r[1], &c, 1));
	EXPECT_EQ(EBUSY, errno);
}

TEST_F(name, becomes_an_end_by_poll)
{
	struct pollfd p = { .events = POLLOUT };

	ASSERT_EQ(0, close(name_make("a", 4096, 0)));
	p.fd = name_open("a", O_RDWR);
	ASSERT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(POLLOUT, p.revents);
	EXPECT_EQ(1, name_attached("a"));
}

/* Who asks for nothing learns that there is nothing to wait for, and is no end. */
TEST_F(name, does_not_become_an_end_by_poll_for_nothing)
{
	struct pollfd p = { .events = POLLPRI };

	ASSERT_EQ(0, close(name_make("a", 4096, 0)));
	p.fd = name_open("a", O_RDWR);
	ASSERT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(POLLHUP, p.revents);
	EXPECT_EQ(0, name_attached("a"));
}

TEST_F(name, polls_an_end_that_is_taken_as_an_error)
{
	struct pollfd p = { .events = POLLIN };

	ASSERT_EQ(0, close(name_make("a", 4096, 0)));
	ASSERT_GE(name_end("a", O_RDWR, 0), 0);
	ASSERT_GE(name_end("a", O_RDWR, 1), 0);
	p.fd = name_open("a", O_RDWR);
	ASSERT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(POLLERR | POLLHUP, p.revents);
}

/* A creator that died first blocks nobody. */
TEST_F(name, is_set_up_by_whoever_comes)
{
	int fd;

	ASSERT_EQ(0, close(name_open("a", O_RDWR | O_CREAT)));
	fd = name_open("a", O_WRONLY);
	EXPECT_EQ(-ENOTCONN, raw_attach(fd, 0));
	ASSERT_EQ(0, raw_setup(fd, 4096, 0));
	EXPECT_EQ(0, raw_attach(fd, 0));
}

static int attach_in(int fd, uint64_t timeout_ns)
{
	struct fastipc_attach attach = { .size = sizeof(attach),
					 .end = 1,
					 .timeout_ns = timeout_ns };

	return raw_ioctl(fd, FASTIPC_ATTACH, &attach);
}

TEST_F(name, is_waited_for_until_it_is_set_up)
{
	int fd = name_open("a", O_RDWR | O_CREAT), pid;

	pid = fork_bound();
	if (!pid)
		_exit(-attach_in(name_open("a", O_RDWR), FASTIPC_FOREVER));
	ASSERT_TRUE(wait_for_sleep(pid));
	ASSERT_EQ(0, raw_setup(fd, 4096, 0));
	EXPECT_EQ(0, reap(pid));
}

TEST_F(name, is_waited_for_no_longer_than_said)
{
	int fd = name_open("a", O_RDWR | O_CREAT);
	uint64_t begin = now_ns();

	EXPECT_EQ(-ETIMEDOUT, attach_in(fd, 20000000));
	EXPECT_GE(now_ns() - begin, 20000000);
	EXPECT_EQ(-ENOTCONN, attach_in(fd, 0));
	ASSERT_EQ(0, fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK));
	EXPECT_EQ(-ENOTCONN, attach_in(fd, FASTIPC_FOREVER));
}

TEST_F(name, is_waited_for_until_a_signal)
{
	int fd = name_open("a", O_RDWR | O_CREAT), pid = fork_bound();

	if (!pid) {
		signals_begin(0);
		_exit(-attach_in(fd, 1000000000000) != EINTR);
	}
	EXPECT_EQ(0, reap(pid));
}

/* Without KEEP an end is over for good. */
TEST_F(name, has_no_successor_without_keep)
{
	int fd[2], n;
	char c;

	ASSERT_EQ(0, close(name_make("a", 4096, 0)));
	fd[0] = name_end("a", O_RDWR, 0);
	fd[1] = name_end("a", O_RDWR, 1);
	ASSERT_EQ(1, raw_send(fd[0], "x", 1, 0));
	close(fd[0]);
	EXPECT_EQ(-ECONNRESET, name_end("a", O_RDWR, 0));
	EXPECT_EQ(1, recv_now(fd[1], &c, 1));
	EXPECT_EQ(-ECONNRESET, recv_now(fd[1], &c, 1));
	ASSERT_EQ(0, raw_shutdown(fd[1], FASTIPC_SHUT_ON_CLOSE));
	close(fd[1]);
	EXPECT_EQ(-EPIPE, name_end("a", O_RDWR, 1));
	n = name_open("a", O_RDWR);
	EXPECT_EQ(-ECONNRESET, raw_attach(n, FASTIPC_END_ANY));
}

TEST_F(name, outlives_its_processes_with_its_messages)
{
	int fd = name_make("a", 4096, FASTIPC_KEEP);
	char c;

	ASSERT_EQ(0, raw_attach(fd, 0));
	ASSERT_EQ(1, raw_send(fd, "x", 1, 0));
	close(fd);
	EXPECT_EQ(self->channels + 1, module_counter("channels"));
	fd = name_end("a", O_RDWR, 1);
	EXPECT_EQ(1, recv_now(fd, &c, 1));
	EXPECT_EQ('x', c);
}

TEST_F(name, goes_on_without_a_name)
{
	int fd[2];
	char c;

	fd[0] = name_make("a", 4096, 0);
	fd[1] = name_end("a", O_RDWR, 1);
	ASSERT_EQ(0, unlink("a"));
	EXPECT_EQ(-ENOENT, name_open("a", O_RDWR));
	ASSERT_EQ(1, raw_send(fd[0], "x", 1, 0));
	EXPECT_EQ(1, recv_now(fd[1], &c, 1));
	EXPECT_EQ(self->channels + 1, module_counter("channels"));
	close(fd[0]);
	close(fd[1]);
	EXPECT_EQ(self->channels, module_counter("channels"));
}

TEST_F(name, can_be_given_another_name)
{
	struct stat was, is;

	ASSERT_EQ(0, close(name_make("a", 4096, 0)));
	ASSERT_EQ(0, close(name_make("b", 4096, 0)));
	ASSERT_EQ(0, stat("a", &was));
	ASSERT_EQ(0, rename("a", "b"));
	ASSERT_EQ(0, stat("b", &is));
	EXPECT_EQ(was.st_ino, is.st_ino);
	EXPECT_EQ(self->channels + 1, module_counter("channels"));
}

TEST_F(name, is_gone_with_its_mount)
{
	ASSERT_EQ(0, close(name_make("a", 4096, FASTIPC_KEEP)));
	ASSERT_EQ(0, chdir("/"));
	ASSERT_EQ(0, umount(NAMES));
	EXPECT_EQ(self->channels, module_counter("channels"));
}

TEST_F(name, keeps_its_mount_while_it_is_open)
{
	ASSERT_GE(name_make("a", 4096, 0), 0);
	ASSERT_EQ(0, chdir("/"));
	EXPECT_EQ(-1, umount(NAMES));
	EXPECT_EQ(EBUSY, errno);
}

/* As any other descriptor's file. */
TEST_F(name, is_another_endpoint_when_opened_again)
{
	struct fastipc_info info[2];
	char path[64];
	int fd = name_make("a", 4096, 0), again;

	ASSERT_EQ(0, raw_attach(fd, 0));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = name_open(path, O_RDWR);
	ASSERT_GE(again, 0);
	ASSERT_EQ(0, raw_info(fd, &info[0]));
	ASSERT_EQ(0, raw_info(again, &info[1]));
	EXPECT_NE(info[0].endpoint, info[1].endpoint);
	EXPECT_EQ((uint32_t)FASTIPC_END_ANY, info[1].end);
}

/* An edge for who came too early; and none is lost. */
TEST_F(name, has_edges_from_the_first_on)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int fd = name_open("a", O_RDWR | O_CREAT), peer;
	int ep = epoll_create1(EPOLL_CLOEXEC);

	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event));
	ASSERT_EQ(1, epoll_wait(ep, &event, 1, 0));
	EXPECT_EQ(EPOLLHUP, event.events);
	peer = name_open("a", O_RDWR);
	ASSERT_EQ(0, raw_setup(peer, 4096, 0));
	ASSERT_EQ(0, raw_attach(peer, 0));
	ASSERT_EQ(0, raw_attach(fd, 1));
	/* It looks, and finds nothing: but from now on it waits. */
	EXPECT_EQ(0, epoll_wait(ep, &event, 1, 0));
	ASSERT_EQ(1, raw_send(peer, "x", 1, 0));
	ASSERT_EQ(1, epoll_wait(ep, &event, 1, 10000));
	EXPECT_EQ(EPOLLIN, event.events);
	close(ep);
}

static volatile sig_atomic_t signals;

static void on_signal(int number)
{
	signals++;
}

/* Who wanted signals before it was an end is told to look. */
TEST_F(name, signals_what_was_there)
{
	int fd, peer, i;

	signal(SIGIO, on_signal);
	ASSERT_EQ(0, close(name_make("a", 4096, 0)));
	peer = name_end("a", O_RDWR, 0);
	fd = name_open("a", O_RDWR);
	ASSERT_EQ(0, fcntl(fd, F_SETOWN, getpid()));
	ASSERT_EQ(0, fcntl(fd, F_SETFL, O_RDWR | O_ASYNC));
	ASSERT_EQ(1, raw_send(peer, "x", 1, 0));
	ASSERT_EQ(0, raw_attach(fd, 1));
	for (i = 0; i < 1000 && !signals; i++)
		usleep(10000);
	EXPECT_NE(0, signals);
}

/* Once without its name and its users, it is nobody's burden, whoever looks at it. */
TEST_F(name, is_given_back_though_somebody_looks)
{
	char path[64];
	int fd;

	ASSERT_EQ(0, close(name_make("a", 4096, FASTIPC_KEEP)));
	fd = open("a", O_PATH | O_CLOEXEC);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, unlink("a"));
	EXPECT_EQ(self->channels, module_counter("channels"));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	EXPECT_EQ(-ENXIO, name_open(path, O_RDWR));
	close(fd);
}

TEST_F(name, is_not_made_an_end_by_a_call_that_is_refused)
{
	struct fastipc_recv recv;
	char c;
	int fd;

	ASSERT_EQ(0, close(name_make("a", 4096, 0)));
	fd = name_open("a", O_WRONLY);
	EXPECT_EQ(-EBADF, raw_recv(fd, &recv, &c, 1, 0));
	EXPECT_EQ(-EBADF, raw_sync(fd, FASTIPC_SYNC_WAIT_RECV, 0));
	fd = name_open("a", O_RDONLY);
	EXPECT_EQ(-EBADF, raw_send(fd, &c, 1, 0));
	EXPECT_EQ(0, name_attached("a"));
}

TEST_F(name, has_no_memory_to_be_executed)
{
	struct fastipc_info info;
	int fd;

	ASSERT_EQ(0, close(name_make("a", 4096, 0)));
	fd = name_end("a", O_RDWR, 0);
	ASSERT_EQ(0, raw_info(fd, &info));
	EXPECT_EQ(MAP_FAILED, map_at(fd, info.send_ring, 8192,
				     PROT_READ | PROT_WRITE | PROT_EXEC));
	EXPECT_EQ(EPERM, errno);
}

TEST_NOTHING_IS_LEFT()

TEST_HARNESS_MAIN
