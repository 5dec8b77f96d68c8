/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that comes when a test says so (userfaultfd), and a child that hangs
 * on it.  Include kselftest_harness.h first.
 */
#ifndef SLOW_MEMORY_H
#define SLOW_MEMORY_H

#include <linux/userfaultfd.h>
#include <pthread.h>

#include "fastipc_test.h"

/**
 * struct slow - a page of a child that comes when its parent says so
 * @pid: the child
 * @up: a byte from the child: it touched the page, and hangs
 * @down: a byte to the child: now the page comes
 * @uffd: in the child
 * @page: in the child
 */
struct slow {
	pid_t pid;
	int up[2];
	int down[2];
	int uffd;
	char *page;
};

/* Make faults at memory wait for whoever reads the result; or -errno. */
static inline int userfault(void *p, size_t bytes)
{
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range = { (uintptr_t)p, bytes },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api) ||
	    ioctl(uffd, UFFDIO_REGISTER, &reg))
		return -errno;
	return uffd;
}

/* Wait for a fault: the address of its page. */
static inline uintptr_t next_fault(int uffd)
{
	struct uffd_msg msg;

	if (read(uffd, &msg, sizeof(msg)) != sizeof(msg) ||
	    msg.event != UFFD_EVENT_PAGEFAULT)
		_exit(90);
	return msg.arg.pagefault.address & ~4095UL;
}

/* A page full of @c comes, and whoever waits for it goes on. */
static inline void serve_fault(int uffd, uintptr_t page, char c)
{
	static __thread char from[4096];
	struct uffdio_copy copy = { .dst = page,
				    .src = (uintptr_t)from,
				    .len = 4096 };

	memset(from, c, sizeof(from));
	if (ioctl(uffd, UFFDIO_COPY, &copy))
		_exit(91);
}

static inline void report_and_wait(struct slow *slow)
{
	char c = 0;

	if (write(slow->up[1], &c, 1) != 1 || read(slow->down[0], &c, 1) != 1)
		_exit(92);
}

static inline void *slow_serve(void *arg)
{
	struct slow *slow = arg;
	uintptr_t page = next_fault(slow->uffd);

	report_and_wait(slow);
	serve_fault(slow->uffd, page, 's');
	return NULL;
}

/*
 * A child that runs @body with a slow page, behind one that is there, and the
 * descriptor @keep; without @drop.  Returns when it hangs.
 */
static inline bool hang(struct slow *slow, int (*body)(int fd, char *page),
			int keep, int drop)
{
	pthread_t thread;
	char c;

	if (pipe(slow->up) || pipe(slow->down))
		return false;
	slow->pid = fork_bound();
	if (slow->pid) {
		close(slow->up[1]);
		close(slow->down[0]);
		/* An error in the child ends the pipe. */
		return read(slow->up[0], &c, 1) == 1;
	}
	close(drop);
	close(slow->up[0]);
	close(slow->down[1]);
	/* Behind a page that is there. */
	slow->page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	slow->page += 4096;
	slow->uffd = userfault(slow->page, 4096);
	if (slow->uffd < 0 || pthread_create(&thread, NULL, slow_serve, slow))
		_exit(93);
	_exit(body(keep, slow->page));
}

/* The page comes: the child's status. */
static inline int hang_ends(struct slow *slow)
{
	char c = 0;

	if (write(slow->down[1], &c, 1) != 1)
		return -1;
	close(slow->up[0]);
	close(slow->down[1]);
	return reap(slow->pid);
}

static inline int hang_is_killed(struct slow *slow)
{
	kill(slow->pid, SIGKILL);
	close(slow->up[0]);
	close(slow->down[1]);
	return reap(slow->pid);
}

#endif /* SLOW_MEMORY_H */
