// SPDX-License-Identifier: GPL-2.0-only
/*
 * A sealed message, and system calls that write into a caller's memory: none
 * does into that.  After each the message is what was sent, and the pair works.
 */
#include "kselftest_harness.h"
#include "slow_memory.h"
#include "sealed.h"

#include <linux/io_uring.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

/* Calls that copy into a caller's memory. */
TEST_F(sealed, what_is_read_cannot_be_read_into_it)
{
	struct iovec iov = { self->victim, 8 };
	int zero = open("/dev/zero", O_RDONLY), file, p[2];

	ASSERT_EQ(-1, read(zero, self->victim, 8));
	ASSERT_EQ(EFAULT, errno);
	file = open("/proc/self/exe", O_RDONLY);
	ASSERT_EQ(-1, preadv(file, &iov, 1, 0));
	ASSERT_EQ(EFAULT, errno);
	ASSERT_EQ(0, pipe(p));
	ASSERT_EQ(8, write(p[1], "--------", 8));
	ASSERT_EQ(-1, read(p[0], self->victim, 8));
	ASSERT_EQ(EFAULT, errno);
	ASSERT_EQ(-1, vmsplice(p[0], &iov, 1, 0));
	ASSERT_EQ(EFAULT, errno);
	close(zero);
	close(file);
	close(p[0]);
	close(p[1]);
}

/* Nor by a device: the same call fills a page that is the caller's own. */
TEST_F(sealed, direct_io_into_it_is_efault)
{
	int file = open("/proc/self/exe", O_RDONLY | O_DIRECT);
	char *own = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_LE(0, file);
	ASSERT_EQ(4096, pread(file, own, 4096, 0));
	ASSERT_EQ(0, memcmp(own, "\177ELF", 4));
	ASSERT_EQ(-1, pread(file, self->page, 4096, 0));
	ASSERT_EQ(EFAULT, errno);
	munmap(own, 4096);
	close(file);
}

/* Nobody can be asked to bring its pages: they do not come from a process. */
TEST_F(sealed, userfaultfd_cannot_serve_it)
{
	char *own = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int uffd = userfault(own, 4096);
	struct uffdio_copy copy = { .dst = (uintptr_t)self->page,
				    .src = (uintptr_t)self->sent & ~4095UL,
				    .len = 4096 };

	ASSERT_LE(0, uffd);
	ASSERT_EQ(-EINVAL, userfault(self->page, 4096));
	/* Nor when the page is gone from the map. */
	ASSERT_EQ(0, madvise(self->page, 4096, MADV_DONTNEED));
	ASSERT_EQ(-1, ioctl(uffd, UFFDIO_COPY, &copy));
	ASSERT_EQ(ENOENT, errno);
	munmap(own, 4096);
	close(uffd);
}

/* Nor can it be pinned, to be written later: not even before it was sent. */
TEST_F(sealed, io_uring_does_not_pin_it)
{
	struct io_uring_params params = { 0 };
	struct iovec iov = { self->page, 8192 };
	int ring = syscall(SYS_io_uring_setup, 4, &params);

	if (ring < 0)
		SKIP(return, "no io_uring here: %s", strerror(errno));
	ASSERT_EQ(-1, syscall(SYS_io_uring_register, ring,
			      IORING_REGISTER_BUFFERS, &iov, 1));
	ASSERT_TRUE(errno == EFAULT || errno == EOPNOTSUPP);
	close(ring);
}

/* Nor can a message be received into one. */
TEST_F(sealed, no_message_is_received_into_it)
{
	struct fastipc_recv recv;
	char buf[8];
	int fd[2];

	ASSERT_EQ(0, raw_pair_of(fd, 4096, FASTIPC_SEALED));
	ASSERT_EQ(1, raw_send(fd[0], "--------", 8, 0));
	ASSERT_EQ(-EFAULT, raw_recv(fd[1], &recv, self->victim, 8, 0));
	ASSERT_EQ(1, raw_recv(fd[1], &recv, buf, 8, 0));
	close(fd[0]);
	close(fd[1]);
}

/* A page lent to a pipe is the receiver's, and nothing merges into it. */
TEST_F(sealed, pages_are_not_spliced)
{
	struct iovec iov = { self->victim, 8 };
	int p[2], file = open("/proc/self/exe", O_RDONLY);
	int fd = fastipc_fd(self->end[0]);
	char buf[16];

	ASSERT_EQ(0, pipe(p));
	ASSERT_EQ(8, vmsplice(p[1], &iov, 1, SPLICE_F_GIFT));
	ASSERT_EQ(8, write(p[1], "--------", 8));
	ASSERT_EQ(0, memcmp(self->victim, self->sent, LEN));
	/* From the pipe to the ring, from a file, and from the ring. */
	ASSERT_EQ(-1, splice(p[0], NULL, fd, NULL, 8, 0));
	ASSERT_EQ(EINVAL, errno);
	ASSERT_EQ(-1, sendfile(fd, file, NULL, 8));
	ASSERT_EQ(EINVAL, errno);
	ASSERT_EQ(-1, splice(fd, NULL, p[1], NULL, 8, 0));
	ASSERT_EQ(EINVAL, errno);
	ASSERT_EQ(16, read(p[0], buf, 16));
	ASSERT_EQ(0, memcmp(buf, self->sent, 8));
	close(p[0]);
	close(p[1]);
	close(file);
}

TEST_NOTHING_IS_LEFT()

TEST_HARNESS_MAIN
