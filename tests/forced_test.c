// SPDX-License-Identifier: GPL-2.0-only
/*
 * A sealed message cannot be written by force, as root and debuggers write what
 * is mapped read-only.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#include <sys/ptrace.h>
#include <sys/uio.h>

static int write_by_proc(pid_t pid, void *to)
{
	char path[64], zero[8] = { 0 };
	int fd, ret;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDWR);
	if (fd < 0)
		return 2;
	ret = pwrite(fd, zero, sizeof(zero), (uintptr_t)to) != -1;
	close(fd);
	return ret;
}

static int write_by_process_vm(pid_t pid, void *to)
{
	uint64_t zero = 0;
	struct iovec from = { &zero, 8 }, at = { to, 8 };

	return process_vm_writev(pid, &from, 1, &at, 1, 0) != -1;
}

static int write_by_ptrace(pid_t pid, void *to)
{
	int status;
	long ret;

	if (ptrace(PTRACE_SEIZE, pid, 0, 0) ||
	    ptrace(PTRACE_INTERRUPT, pid, 0, 0) ||
	    waitpid(pid, &status, __WALL) != pid)
		return 2;
	errno = 0;
	/* It can be read, so this would be the way. */
	ret = ptrace(PTRACE_PEEKDATA, pid, to, 0UL);
	if (errno || memcmp(&ret, to, sizeof(ret)))
		return 3;
	ret = ptrace(PTRACE_POKEDATA, pid, to, 0UL);
	ptrace(PTRACE_DETACH, pid, 0, 0);
	return ret != -1;
}

FIXTURE(forced)
{
	struct fastipc *end[2];
	struct fastipc_msg msg;
};

FIXTURE_VARIANT(forced)
{
	int (*write)(pid_t pid, void *to);
};

FIXTURE_VARIANT_ADD(forced, proc_mem) {
	.write = write_by_proc,
};

FIXTURE_VARIANT_ADD(forced, process_vm_writev) {
	.write = write_by_process_vm,
};

FIXTURE_VARIANT_ADD(forced, ptrace) {
	.write = write_by_ptrace,
};

FIXTURE_SETUP(forced)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .flags = FASTIPC_SEALED };

	ASSERT_EQ(0, fastipc_pair(self->end, &options));
	ASSERT_EQ(0, fastipc_send(self->end[0], "unharmed", 8, 0));
	ASSERT_EQ(0, fastipc_take(self->end[1], &self->msg, FASTIPC_NOWAIT));
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
			_exit(4);
		memcpy((void *)msg->data, copy, sizeof(copy));
		_exit(variant->write(parent, (void *)msg->data));
	}
	ASSERT_EQ(0, reap(pid));
}

/* By the same, but that a process cannot be its own debugger. */
TEST(from_the_receiver_itself)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .flags = FASTIPC_SEALED };
	struct fastipc *end[2];
	struct fastipc_msg msg;

	ASSERT_EQ(0, fastipc_pair(end, &options));
	ASSERT_EQ(0, fastipc_send(end[0], "unharmed", 8, 0));
	ASSERT_EQ(0, fastipc_take(end[1], &msg, FASTIPC_NOWAIT));
	ASSERT_EQ(0, write_by_proc(getpid(), (void *)msg.data));
	ASSERT_EQ(0, write_by_process_vm(getpid(), (void *)msg.data));
	ASSERT_EQ(0, memcmp(msg.data, "unharmed", 8));
	fastipc_close(end[0]);
	fastipc_close(end[1]);
}

TEST_NOTHING_IS_LEFT()

TEST_HARNESS_MAIN
