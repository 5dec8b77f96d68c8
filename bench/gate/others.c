// SPDX-License-Identifier: GPL-2.0-only
/*
 * What fastipc is compared with.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "count.h"

static char buf[BYTES];

static void null_call(void *arg)
{
	(void)arg;
	getppid();
}

static void pipes_ask(void *arg)
{
	int *fd = arg;

	must(write(fd[1], buf, BYTES) == BYTES);
	must(read(fd[2], buf, BYTES) == BYTES);
}

static void pipes_answer(void *arg)
{
	int *fd = arg;

	must(read(fd[0], buf, BYTES) == BYTES);
	must(write(fd[3], buf, BYTES) == BYTES);
}

static void count_pipes(void)
{
	int fd[4];

	must(!pipe(fd) && !pipe(fd + 2));
	count_round_trip("pipe-round-trip", NULL, pipes_answer, pipes_ask, fd);
}

static void socket_ask(void *arg)
{
	int *fd = arg;

	must(send(fd[0], buf, BYTES, 0) == BYTES);
	must(recv(fd[0], buf, BYTES, 0) == BYTES);
}

static void socket_answer(void *arg)
{
	int *fd = arg;

	must(recv(fd[1], buf, BYTES, 0) == BYTES);
	must(send(fd[1], buf, BYTES, 0) == BYTES);
}

static void socket_move(void *arg)
{
	int *fd = arg;

	must(send(fd[0], buf, BYTES, 0) == BYTES);
	must(recv(fd[1], buf, BYTES, 0) == BYTES);
}

static void count_sockets(void)
{
	int fd[2];

	must(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd));
	count("seqpacket-move", socket_move, fd);
	count_round_trip("seqpacket-round-trip", NULL, socket_answer,
			 socket_ask, fd);
}

static void bare_ask(void *arg)
{
	must(!ioctl(*(int *)arg, _IO('B', 0)));
}

static void bare_answer(void *arg)
{
	must(!ioctl(*(int *)arg, _IO('B', 1)));
}

static void bare_come(void *arg)
{
	must(!ioctl(*(int *)arg, _IO('B', 2)));
}

static void count_bare(void)
{
	int fd = open("/dev/fastipc_bare", O_RDONLY | O_CLOEXEC);

	must(fd >= 0);
	count_round_trip("bare-round-trip", bare_come, bare_answer, bare_ask,
			 &fd);
	close(fd);
}

void count_others(void)
{
	count("null-call", null_call, NULL);
	count_pipes();
	count_sockets();
	count_bare();
}
