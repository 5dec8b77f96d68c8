// SPDX-License-Identifier: GPL-2.0-only
/*
 * What keeps an end, a channel and its pages, and what does not: descriptors in
 * flight, pages that were lent, whoever asks who the peer is, and the re-check that
 * walks over all channels.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* Put a descriptor into a socket, where it stays. */
static int put_into_flight(int socket, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = "";
	struct iovec iov = { "", 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	return sendmsg(socket, &msg, 0) == 1 ? 0 : -errno;
}

/* An end in flight lives, and is dead once the socket is. */
TEST(an_end_in_flight)
{
	struct fastipc_recv recv;
	int fd[2], socket[2];
	char c;

	ASSERT_EQ(0, raw_pair(fd, 4096));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, socket));
	ASSERT_EQ(0, put_into_flight(socket[0], fd[1]));
	ASSERT_EQ(0, close(fd[1]));
	ASSERT_EQ(1, raw_send(fd[0], "x", 1, 0));
	close(socket[0]);
	close(socket[1]);
	ASSERT_EQ(-ECONNRESET, raw_recv(fd[0], &recv, &c, 1, FASTIPC_FOREVER));
	close(fd[0]);
}

/* In a cycle of sockets, which only their garbage collector can end. */
TEST(an_end_in_a_cycle)
{
	struct fastipc_recv recv;
	int fd[2], socket[2], other[2], i;
	char c;

	ASSERT_EQ(0, raw_pair(fd, 4096));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, socket));
	ASSERT_EQ(0, put_into_flight(socket[0], fd[1]));
	ASSERT_EQ(0, put_into_flight(socket[0], socket[1]));
	ASSERT_EQ(0, put_into_flight(socket[1], socket[0]));
	close(socket[0]);
	close(socket[1]);
	close(fd[1]);
	/* It runs when a socket closes. */
	for (i = 0; i < 3000; i++) {
		ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, other));
		close(other[0]);
		close(other[1]);
		if (raw_recv(fd[0], &recv, &c, 1, 0) == -ECONNRESET)
			break;
		usleep(10000);
	}
	ASSERT_EQ(-ECONNRESET, raw_recv(fd[0], &recv, &c, 1, 0));
	close(fd[0]);
}

/* A page that was lent to a pipe is readable when its channel is long gone. */
TEST(a_lent_page_outlives_its_channel)
{
	struct counters before = counters_now();
	static const char text[] = "still here";
	const struct fastipc_record *record;
	struct fastipc_info info;
	char buf[sizeof(text)] = "";
	struct iovec iov;
	int fd[2], p[2];
	char *ring;

	ASSERT_EQ(0, raw_pair(fd, 4096));
	ASSERT_EQ(0, pipe(p));
	ASSERT_EQ(1, raw_send(fd[0], text, sizeof(text), 0));
	ASSERT_EQ(0, raw_info(fd[1], &info));
	ring = map_at(fd[1], info.recv_ring, 8192, PROT_READ);
	ASSERT_NE(MAP_FAILED, ring);
	record = (void *)ring;
	iov = (struct iovec){ (void *)(record + 1), sizeof(text) };
	ASSERT_EQ(sizeof(text), vmsplice(p[1], &iov, 1, 0));
	munmap(ring, 8192);
	close(fd[0]);
	close(fd[1]);
	ASSERT_TRUE(counters_return_to(before));
	/* Others get other pages. */
	ASSERT_EQ(0, raw_pair(fd, 1 << 20));
	ASSERT_LE(1, fill_ring(fd[0]));
	ASSERT_EQ(sizeof(text), read(p[0], buf, sizeof(buf)));
	ASSERT_EQ(0, memcmp(buf, text, sizeof(text)));
	close(fd[0]);
	close(fd[1]);
	close(p[0]);
	close(p[1]);
}

static volatile bool stop;

static void *ask_who(void *arg)
{
	struct fastipc_info info;
	int *fd = arg;

	while (!stop)
		if (raw_info(fd[0], &info))
			return arg;
	return NULL;
}

/* Who used an end last is asked for, while that process goes. */
TEST(users_come_and_go_while_somebody_asks)
{
	struct fastipc_recv recv;
	struct fastipc_info info;
	int fd[2], i, n = share_of(500);
	pthread_t thread;
	void *failed;
	pid_t pid;
	char c;

	ASSERT_EQ(0, raw_pair(fd, 4096));
	stop = false;
	ASSERT_EQ(0, pthread_create(&thread, NULL, ask_who, fd));
	for (i = 0; i < n; i++) {
		pid = fork_bound();
		if (!pid)
			_exit(raw_recv(fd[1], &recv, &c, 1, 0) == -EAGAIN ? 0 :
									    1);
		ASSERT_EQ(0, reap(pid));
		ASSERT_EQ(0, raw_info(fd[0], &info));
		ASSERT_EQ(pid, info.peer_pid);
	}
	stop = true;
	ASSERT_EQ(0, pthread_join(thread, &failed));
	ASSERT_EQ(NULL, failed);
	close(fd[0]);
	close(fd[1]);
}

#define MANY 64

/* Channels with somebody armed come and go. */
static void *come_and_go(void *arg)
{
	int fd[MANY][2], i;

	while (!stop) {
		for (i = 0; i < MANY; i++) {
			struct pollfd pfd = { .events = POLLIN };

			if (raw_pair(fd[i], 4096))
				return arg;
			pfd.fd = fd[i][1];
			poll(&pfd, 1, 0);
		}
		for (i = 0; i < MANY; i++) {
			close(fd[i][0]);
			close(fd[i][1]);
		}
	}
	return NULL;
}

/* The re-check walks once a second; for three of them it is never alone. */
TEST(channels_come_and_go_under_the_recheck)
{
	pthread_t thread[2];
	void *failed;
	int i;

	stop = false;
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, come_and_go,
					    (void *)"failed"));
	sleep(3);
	stop = true;
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pthread_join(thread[i], &failed));
		ASSERT_EQ(NULL, failed);
	}
}

TEST_NOTHING_IS_LEFT()

TEST_HARNESS_MAIN
