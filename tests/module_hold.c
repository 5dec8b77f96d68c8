// SPDX-License-Identifier: GPL-2.0-only
/*
 * For module_test.sh: hold one thing of the module and nothing else, say
 * "ready", and wait to be killed.  "use": send messages in every way, and leave.
 */
#include <pthread.h>
#include <sys/epoll.h>

#include "fastipc_test.h"
#include "name.h"
#include "uring_cmd.h"

/* One message through the library, and one by the kernel's calls. */
static bool use(uint32_t flags)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .flags = flags };
	struct fastipc *end[2];
	bool good;
	int fd[2];
	char c;

	if (fastipc_pair(end, &options))
		return false;
	good = !fastipc_send(end[0], "x", 1, 0) &&
	       fastipc_recv(end[1], &c, 1, 0) == 1;
	fastipc_close(end[0]);
	fastipc_close(end[1]);
	if (!good || raw_pair_of(fd, 0, flags))
		return false;
	good = write(fd[0], "x", 1) == 1 && read(fd[1], &c, 1) == 1;
	close(fd[0]);
	close(fd[1]);
	return good;
}

/* A map and no descriptor. */
static bool hold_map(int fd, uint64_t offset, uint64_t bytes)
{
	if (map_at(fd, offset, bytes, PROT_READ) == MAP_FAILED)
		return false;
	close(fd);
	return true;
}

struct sleeper {
	int fd;
	bool writes;
	pid_t tid;
};

static void *sleep_forever(void *arg)
{
	struct sleeper *s = arg;
	char c = 0;

	__atomic_store_n(&s->tid, gettid(), __ATOMIC_RELEASE);
	if (!s->writes)
		_exit(read(s->fd, &c, 1) ? 1 : 0);
	while (write(s->fd, &c, 1) == 1)
		;
	_exit(1);
}

/* A thread asleep in read(2) or write(2), whose descriptor is closed by then. */
static bool hold_sleeper(int fd, bool writes)
{
	static struct sleeper s;
	pthread_t thread;

	s.fd = fd;
	s.writes = writes;
	if (pthread_create(&thread, NULL, sleep_forever, &s))
		return false;
	while (!__atomic_load_n(&s.tid, __ATOMIC_ACQUIRE))
		usleep(1000);
	if (!wait_for_sleep(s.tid))
		return false;
	close(fd);
	return true;
}

/* The other end alone. */
static bool hold_peer(int fd)
{
	if (raw_peer(fd, O_RDWR) < 0)
		return false;
	close(fd);
	return true;
}

/* An epoll instance that watched an end: this holds nothing. */
static bool hold_epoll(int fd)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int ep = epoll_create1(0);

	if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event) ||
	    epoll_wait(ep, &event, 1, 0))
		return false;
	close(fd);
	return true;
}

/*
 * What io_uring has not completed, of a descriptor that is closed by then: a read, and
 * a wait with a receive linked behind it.
 */
static bool hold_pending(int fd, bool reads)
{
	static struct fastipc_recv recv;
	static struct uring u;
	static char c;
	struct io_uring_sqe sqe = { .opcode = IORING_OP_READ,
				    .fd = fd,
				    .addr = (uintptr_t)&c,
				    .len = 1,
				    .off = -1ULL };

	recv = recv_of(&c, 1);
	if (uring_open(&u) ||
	    (reads ? uring_submit(&u, &sqe) :
		     submit_behind(&u, fd, POLLIN, FASTIPC_RECV, &recv)) ||
	    !is_pending(&u))
		return false;
	close(fd);
	return is_pending(&u);
}

static bool hold(const char *what, int fd, const struct fastipc_info *info)
{
	if (!strcmp(what, "endpoint"))
		return true;
	if (!strcmp(what, "mapfile")) {
		if (raw_map(fd) < 0)
			return false;
		close(fd);
		return true;
	}
	if (!strcmp(what, "map"))
		return hold_map(fd, info->own_control, info->control_bytes);
	if (!strcmp(what, "sealed-map"))
		return hold_map(fd, info->recv_ring, 2 * info->ring_bytes);
	if (!strcmp(what, "read"))
		return hold_sleeper(fd, false);
	if (!strcmp(what, "write"))
		return hold_sleeper(fd, true);
	if (!strcmp(what, "uring-read"))
		return hold_pending(fd, true);
	if (!strcmp(what, "uring-recv"))
		return hold_pending(fd, false);
	if (!strcmp(what, "peer"))
		return hold_peer(fd);
	if (!strcmp(what, "epoll"))
		return hold_epoll(fd);
	fprintf(stderr, "usage: module_hold WHAT, see module_test.sh\n");
	return false;
}

/* A name, of a mount that is gone but for that. */
static int hold_name(void)
{
	if (names_mount(NULL) || name_make("a", 4096, 0) < 0 || chdir("/") ||
	    umount2(NAMES, MNT_DETACH))
		return 1;
	printf("ready\n");
	fflush(stdout);
	pause();
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";
	struct fastipc_setup setup = { .size = sizeof(setup),
				       .kind = FASTIPC_KIND_PAIR };
	struct fastipc_info info;
	int fd;

	if (!strcmp(what, "use"))
		return !use(0) || !use(FASTIPC_SEALED);
	if (!strcmp(what, "name"))
		return hold_name();
	if (!strcmp(what, "sealed-map"))
		setup.flags = FASTIPC_SEALED;
	fd = raw_open(O_RDWR);
	if (fd < 0 || raw_ioctl(fd, FASTIPC_SETUP, &setup) ||
	    raw_info(fd, &info) || !hold(what, fd, &info))
		return 1;
	printf("ready\n");
	fflush(stdout);
	pause();
	return 0;
}
