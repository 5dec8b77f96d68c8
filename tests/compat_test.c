// SPDX-License-Identifier: GPL-2.0-only
/* 32-bit callers: all calls, but no maps. */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#define PAGE 4096

#define IA32_GETPID 20
#define IA32_IOCTL 54
#define IA32_MMAP2 192

/* A system call as a 32-bit process makes it: a result, or -errno. */
static int int80(long number, long b, long c, long d, long s, long t, long p)
{
#ifdef __x86_64__
	asm volatile("xchg %%rbp, %[p]; int $0x80; xchg %%rbp, %[p]"
		     : "+a"(number), [p] "+r"(p)
		     : "b"(b), "c"(c), "d"(d), "S"(s), "D"(t)
		     : "r8", "r9", "r10", "r11", "memory", "cc");
	return number;
#else
	return -1;
#endif
}

/* Without support it is a signal, or nothing happens. */
static bool int80_works(void)
{
	pid_t pid = fork_bound();

	if (!pid)
		_exit(int80(IA32_GETPID, 0, 0, 0, 0, 0, 0) != getpid());
	return !reap(pid);
}

union any {
	struct fastipc_setup setup;
	struct fastipc_info info;
	struct fastipc_send send;
	struct fastipc_recv recv;
	struct fastipc_sync sync;
};

/* What a call takes, and where its payload lies: in 32 bits both. */
struct low {
	union any any;
	struct { uint32_t base, len; } iov[2];
	char buf[64];
};

FIXTURE(compat)
{
	int fd[2];
	struct low *low;	/* below 4 GiB */
};

VARIANTS_OF_SORT(compat);

FIXTURE_SETUP(compat)
{
	ASSERT_EQ(0, raw_pair_of(self->fd, PAGE, variant->flags));
#ifdef MAP_32BIT
	self->low = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	ASSERT_NE(MAP_FAILED, self->low);
	ASSERT_EQ(0, (unsigned long)self->low >> 32);
#endif
	if (!int80_works())
		SKIP(return, "no 32-bit system calls");
}

FIXTURE_TEARDOWN(compat)
{
	munmap(self->low, PAGE);
	close(self->fd[0]);
	close(self->fd[1]);
}

static int int80_ioctl(int fd, unsigned long command, void *arg)
{
	return int80(IA32_IOCTL, fd, command, (long)arg, 0, 0, 0);
}

TEST_F(compat, info_says_the_same)
{
	struct fastipc_info info;

	ASSERT_EQ(0, raw_info(self->fd[1], &info));
	self->low->any.info.size = sizeof(info);
	ASSERT_EQ(0, int80_ioctl(self->fd[1], FASTIPC_INFO, self->low));
	ASSERT_EQ(0, memcmp(&info, &self->low->any.info, sizeof(info)));
}

TEST_F(compat, info_before_setup_is_enotconn)
{
	int fd = raw_open(O_RDWR);

	self->low->any.info.size = sizeof(self->low->any.info);
	ASSERT_EQ(-ENOTCONN, int80_ioctl(fd, FASTIPC_INFO, self->low));
	close(fd);
}

TEST_F(compat, null_is_efault)
{
	ASSERT_EQ(-EFAULT, int80_ioctl(self->fd[0], FASTIPC_INFO, NULL));
}

TEST_F(compat, reserved_command_is_enotty)
{
	ASSERT_EQ(-ENOTTY, int80_ioctl(self->fd[0], _IO(FASTIPC_IOC, 7),
				       self->low));
}

TEST_F(compat, setup_reads_64_bit_values)
{
	int fd = raw_open(O_RDWR);

	self->low->any.setup = (struct fastipc_setup){
		.size = sizeof(self->low->any.setup),
		.kind = FASTIPC_KIND_PAIR,
		.ring_bytes = (1ULL << 32) + PAGE,
	};
	ASSERT_EQ(-EINVAL, int80_ioctl(fd, FASTIPC_SETUP, self->low));
	self->low->any.setup.ring_bytes = PAGE;
	ASSERT_EQ(0, int80_ioctl(fd, FASTIPC_SETUP, self->low));
	close(fd);
}

TEST_F(compat, sync_waits_as_long_as_asked)
{
	__u64 begin = now_ns();

	self->low->any.sync = (struct fastipc_sync){
		.size = sizeof(self->low->any.sync),
		.flags = FASTIPC_SYNC_WAIT_RECV,
		.timeout_ns = 20000000,
	};
	ASSERT_EQ(-ETIMEDOUT,
		  int80_ioctl(self->fd[0], FASTIPC_SYNC, self->low));
	ASSERT_GE(now_ns() - begin, 20000000);
}

TEST_F(compat, send_and_recv)
{
	struct low *low = self->low;

	memcpy(low->buf, "32 bits", 8);
	low->any.send = (struct fastipc_send){
		.size = sizeof(low->any.send),
		.data = (uintptr_t)low->buf,
		.len = 8,
		.tag = 0x1122334455667788,
	};
	ASSERT_EQ(1, int80_ioctl(self->fd[0], FASTIPC_SEND, low));
	memset(low->buf, 0, sizeof(low->buf));
	low->any.recv = (struct fastipc_recv){
		.size = sizeof(low->any.recv),
		.data = (uintptr_t)low->buf,
		.len = sizeof(low->buf),
	};
	ASSERT_EQ(1, int80_ioctl(self->fd[1], FASTIPC_RECV, low));
	ASSERT_EQ(8, low->any.recv.len);
	ASSERT_EQ(0x1122334455667788, low->any.recv.tag);
	ASSERT_EQ(variant->flags ? 1 : 0, low->any.recv.stamp.seq);
	ASSERT_STREQ("32 bits", low->buf);
}

/* Its struct iovec is its own. */
TEST_F(compat, send_and_recv_in_pieces)
{
	struct low *low = self->low;

	memcpy(low->buf, "32 bits", 8);
	low->iov[0].base = (uintptr_t)low->buf;
	low->iov[0].len = 3;
	low->iov[1].base = (uintptr_t)low->buf + 3;
	low->iov[1].len = 5;
	low->any.send = (struct fastipc_send){
		.size = sizeof(low->any.send),
		.flags = FASTIPC_SEND_IOV,
		.data = (uintptr_t)low->iov,
		.len = 2,
	};
	ASSERT_EQ(1, int80_ioctl(self->fd[0], FASTIPC_SEND, low));
	memset(low->buf, 0, sizeof(low->buf));
	low->any.recv = (struct fastipc_recv){
		.size = sizeof(low->any.recv),
		.flags = FASTIPC_RECV_IOV,
		.data = (uintptr_t)low->iov,
		.len = 2,
	};
	ASSERT_EQ(1, int80_ioctl(self->fd[1], FASTIPC_RECV, low));
	ASSERT_EQ(8, low->any.recv.len);
	ASSERT_STREQ("32 bits", low->buf);
}

static int int80_map_control(int fd)
{
	return int80(IA32_MMAP2, 0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
		     fd, 0);
}

TEST_F(compat, mmap_is_eopnotsupp)
{
	ASSERT_EQ(-EOPNOTSUPP, int80_map_control(self->fd[0]));
}

TEST_F(compat, mmap_of_a_map_file_is_eopnotsupp)
{
	int fd = raw_map(self->fd[0]);

	ASSERT_EQ(-EOPNOTSUPP, int80_map_control(fd));
	close(fd);
}

/* What those two rely on: the call is right, and there is something to map. */
TEST_F(compat, mmap_of_memory_works)
{
	unsigned int at = int80(IA32_MMAP2, 0, PAGE, PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ASSERT_LT(at, -4095U);
	ASSERT_EQ(0, munmap((void *)(long)at, PAGE));
}

TEST_F(compat, the_own_control_page_is_at_0)
{
	struct fastipc_info info;

	ASSERT_EQ(0, raw_info(self->fd[0], &info));
	ASSERT_EQ(0, info.own_control);
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
