// SPDX-License-Identifier: GPL-2.0-only
/*
 * What any open file can do: read, write, poll, signals, closing.  See module.h.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "module.h"

/* Read and write -------------------------------------------------------- */

static long call_move(const struct call *c, int fd, uint64_t len, bool in)
{
	struct iovec iov[5];
	int n = c->value % 6;

	if (!(c->a & 1))
		return answer(in ? read(fd, pointer_of(c, len), len) :
				   write(fd, pointer_of(c, len), len));
	fill_iovec(c, iov, n, len);
	if (CALL_SUBMITTED(c))
		return uring_move(c, fd, iov, n, in);
	if ((c->a & 0x0e) == 0x0e)
		return answer(in ? preadv2(fd, iov, n, -1, RWF_NOWAIT) :
				   pwritev2(fd, iov, n, -1, RWF_NOWAIT));
	return answer(in ? readv(fd, iov, n) : writev(fd, iov, n));
}

/* Seldom one that blocks, until the alarm: that costs much time. */
static long call_read(const struct call *c, const struct file *file, bool in)
{
	uint64_t len = length_of(c, in ? file->ring / 4 : file->limit);
	int waits = waits_for_signal(c), nonblock = !waits;
	long ret;

	if (!in && (c->a & 0x30) == 0x30)
		len = file->ring + c->value % 512; /* a stream cuts it */
	ioctl(file->fd, FIONBIO, &nonblock);
	if (waits)
		alarm_on();
	ret = call_move(c, file->fd, len, in);
	if (waits)
		alarm_off();
	nonblock = 0;
	ioctl(file->fd, FIONBIO, &nonblock);
	return ret;
}

/* Events ---------------------------------------------------------------- */

static long call_poll(const struct call *c, const struct file *file)
{
	static const short events[] = { POLLIN, POLLOUT, POLLIN | POLLOUT,
					POLLPRI };
	struct pollfd p = { file->fd, events[c->a & 3], 0 };

	return answer(poll(&p, 1, c->slot >> 5 == 7));
}

/* One for each process; closed files leave it by themselves. */
static int epoll(void)
{
	static pid_t owner;
	static int fd = -1;

	if (owner != getpid()) {
		if (fd >= 0)
			close(fd);
		fd = epoll_create1(EPOLL_CLOEXEC);
		owner = getpid();
	}
	return fd;
}

static long call_epoll(const struct call *c, const struct file *file)
{
	static const int ops[] = { EPOLL_CTL_ADD, EPOLL_CTL_ADD, EPOLL_CTL_MOD,
				   EPOLL_CTL_DEL };
	struct epoll_event event = { .events = c->value & 0x1f };
	struct epoll_event found[4];

	if (c->a & 0x80)
		return answer(epoll_wait(epoll(), found, COUNT(found),
					 c->slot >> 5 == 7));
	if (c->a & 4)
		event.events |= EPOLLET;
	if (c->a & 8)
		event.events |= EPOLLONESHOT;
	if (c->a & 16)
		event.events |= EPOLLEXCLUSIVE;
	return answer(epoll_ctl(epoll(), ops[c->a & 3], file->fd, &event));
}

static long call_fcntl(const struct call *c, const struct file *file)
{
	static const int flags[] = { O_NONBLOCK, 0, O_ASYNC,
				     O_ASYNC | O_NONBLOCK };
	static const int signals[] = { 0, SIGIO, SIGUSR1, 0 };

	fcntl(file->fd, F_SETOWN, getpid());
	if (c->a & 4)
		return answer(fcntl(file->fd, F_SETSIG, signals[c->a & 3]));
	return answer(fcntl(file->fd, F_SETFL, flags[c->a & 3]));
}

/* Descriptors ----------------------------------------------------------- */

static long call_close(const struct call *c, struct file *file)
{
	int fd = file->fd;

	if (c->a & 1 && !file->is_map) {
		struct fastipc_shutdown down = { sizeof(down),
						 FASTIPC_SHUT_ON_CLOSE };

		ioctl(fd, FASTIPC_SHUTDOWN, &down);
	}
	file->fd = -1;
	return answer(close(fd));
}

static long call_show(const struct file *file)
{
	char text[1024];
	ssize_t n;
	int fd;

	snprintf(text, sizeof(text), "/proc/self/fdinfo/%d", file->fd);
	fd = open(text, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = answer(read(fd, text, sizeof(text)));
	close(fd);
	return n;
}

/* Names ----------------------------------------------------------------- */

#define NAMES_NR 3

static pid_t worker; /* whose the names are; its children's too */

static const char *name_number(unsigned int number)
{
	static __thread char path[64];

	if (!worker)
		worker = getpid();
	snprintf(path, sizeof(path), "/run/fastipc/fuzz-%d-%u", worker,
		 number % NAMES_NR);
	return path;
}

const char *name_of(const struct call *c)
{
	return name_number(c->value);
}

void names_drop(void)
{
	unsigned int i;

	for (i = 0; i < NAMES_NR; i++)
		unlink(name_number(i));
}

static long call_name(const struct call *c)
{
	char other[64];
	struct stat st;

	switch (c->a & 3) {
	case 0:
		return answer(stat(name_of(c), &st));
	case 1:
		snprintf(other, sizeof(other), "%s", name_number(c->c));
		return answer(rename(name_of(c), other));
	default:
		return answer(unlink(name_of(c)));
	}
}

long run_file(const struct call *c)
{
	struct file *file = file_of(c);

	if (call_op(c) == OP_NAME)
		return call_name(c);
	if (!file)
		return -EBADF;
	switch (call_op(c)) {
	case OP_READ:
		return call_read(c, file, true);
	case OP_WRITE:
		return call_read(c, file, false);
	case OP_POLL:
		return call_poll(c, file);
	case OP_EPOLL:
		return call_epoll(c, file);
	case OP_FCNTL:
		return call_fcntl(c, file);
	case OP_DUP:
		return objects_keep(answer(fcntl(file->fd, F_DUPFD_CLOEXEC, 3)),
				    *file);
	case OP_CLOSE:
		return call_close(c, file);
	default:
		return call_show(file);
	}
}
