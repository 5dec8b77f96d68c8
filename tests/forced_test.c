// SPDX-License-Identifier: GPL-2.0-only
/*
 * A sealed message cannot be written by force, as root and debuggers write what
 * is mapped read-only.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#include <sys/ptrace.h>
#include <sys/uio.h>

/* Write eight zeroes: 0, the errno of the call that writes, or what went wrong. */

static int write_by_proc(pid_t pid, void *to)
{
	char path[64], zero[8] = { 0 };
	int fd, ret;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDWR);
	if (fd < 0)
		return 200;
	ret = pwrite(fd, zero, sizeof(zero), (uintptr_t)to) < 0 ? errno : 0;
	close(fd);
	return ret;
}

static int write_by_process_vm(pid_t pid, void *to)
{
	uint64_t zero = 0;
	struct iovec from = { &zero, 8 }, at = { to, 8 };

	return process_vm_writev(pid, &from, 1, &at, 1, 0) < 0 ? errno : 0;
}

static int write_by_ptrace(pid_t pid, void *to)
{
	int status, ret = 0;
	long word;

	if (ptrace(PTRACE_SEIZE, pid, 0, 0) ||
	    ptrace(PTRACE_INTERRUPT, pid, 0, 0) ||
	    waitpid(pid, &status, __WALL) != pid)
		return 200;
	errno = 0;
	/* It can be read, so this would be the way. */
	word = ptrace(PTRACE_PEEKDATA, pid, to, 0UL);
	if (errno || memcmp(&word, to, sizeof(word)))
		ret = 201;
	else if (ptrace(PTRACE_POKEDATA, pid, to, 0UL))
		ret = errno;
	ptrace(PTRACE_DETACH, pid, 0, 0);
	return ret;
}

FIXTURE(forced)
{
	struct fastipc *end[2];
	struct fastipc_msg msg;
	char *ordinary; /* eight bytes in a page of this process */
};

FIXTURE_VARIANT(forced)
{
	int (*write)(pid_t pid, void *to);
	int error;
};

FIXTURE_VARIANT_ADD(forced, proc_mem) {
	.write = write_by_proc,
	.error = EIO,
};

FIXTURE_VARIANT_ADD(forced, process_vm_writev) {
	.write = write_by_process_vm,
	.error = EFAULT,
};

FIXTURE_VARIANT_ADD(forced, ptrace) {
	.write = write_by_ptrace,
	.error = EIO,
};

/* A page of this process alone, with the same eight bytes. */
static char *new_ordinary(void)
{
	char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : memcpy(p, "unharmed", 8);
}

static const char zeroes[8];

FIXTURE_SETUP(forced)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .flags = FASTIPC_SEALED };

	ASSERT_EQ(0, fastipc_pair(self->end, &options));
	ASSERT_EQ(0, fastipc_send(self->end[0], "unharmed", 8, 0));
	ASSERT_EQ(0, fastipc_take(self->end[1], &self->msg, FASTIPC_NOWAIT));
	self->ordinary = new_ordinary();
	ASSERT_NE(NULL, self->ordinary);
}

FIXTURE_TEARDOWN(forced)
{
	EXPECT_EQ(0, memcmp(self->msg.data, "unharmed", 8));
	fastipc_close(self->end[0]);
	fastipc_close(self->end[1]);
}

/* Root, from another process, with force: as a debugger sets breakpoints. */
TEST_F(forced, from_another_process)
{
	pid_t parent = getpid(), pid;
	struct fastipc_msg *msg = &self->msg;
	char copy[8];

	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
	memcpy(copy, msg->data, sizeof(copy));
	pid = fork_bound();
	if (!pid) {
		/* What the debugger compares with, at the same address. */
		void *same = mmap((void *)((uintptr_t)msg->data & ~4095UL),
				  4096, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
				  0);

		if (same == MAP_FAILED)
			_exit(202);
		memcpy((void *)msg->data, copy, sizeof(copy));
		/* It works, where it may. */
		if (variant->write(parent, self->ordinary))
			_exit(203);
		_exit(variant->write(parent, (void *)msg->data));
	}
	ASSERT_EQ(variant->error, reap(pid));
	ASSERT_EQ(0, memcmp(self->ordinary, zeroes, 8));
}

/* By the same, but that a process cannot be its own debugger. */
TEST_F(forced, from_the_receiver_itself)
{
	if (variant->write == write_by_ptrace) {
		ASSERT_EQ(-1, ptrace(PTRACE_SEIZE, getpid(), 0, 0));
		return;
	}
	ASSERT_EQ(0, variant->write(getpid(), self->ordinary));
	ASSERT_EQ(0, memcmp(self->ordinary, zeroes, 8));
	ASSERT_EQ(variant->error,
		  variant->write(getpid(), (void *)self->msg.data));
}

TEST_NOTHING_IS_LEFT()

TEST_HARNESS_MAIN
