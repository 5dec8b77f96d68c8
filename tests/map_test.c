// SPDX-License-Identifier: GPL-2.0-only
/*
 * No page that is not one's own can be made writable: each way that Linux has
 * is tried on the peer's control page and on the ring that one receives from,
 * and must be refused or be harmless.  And what becomes of maps over fork,
 * munmap, close and rights.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#include <linux/io_uring.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#define MARK 0x5a5a5a5a5a5a5a5aULL

/*
 * The two read-only areas of end 1, and where the same word can be seen for
 * certain: where end 0 writes it, or, of a sealed ring, in another map.
 */
FIXTURE(map)
{
	int fd[2];
	struct mapped end0, end1;
	uint64_t *victim; /* read-only, in end 1's map */
	uint64_t *owners; /* the same word */
	const char *other; /* the other map, or NULL */
	size_t bytes;
};

FIXTURE_VARIANT(map)
{
	bool ring;
	uint32_t flags;
};

FIXTURE_VARIANT_ADD(map, peer_control) {
	.ring = false,
};

FIXTURE_VARIANT_ADD(map, recv_ring) {
	.ring = true,
};

FIXTURE_VARIANT_ADD(map, sealed_peer_control) {
	.ring = false,
	.flags = FASTIPC_SEALED,
};

FIXTURE_VARIANT_ADD(map, sealed_recv_ring) {
	.ring = true,
	.flags = FASTIPC_SEALED,
};

/* Into a sealed ring the mark comes as a message: word 64 is in its payload. */
static bool send_marks(int fd)
{
	uint64_t buf[100];
	int i;

	for (i = 0; i < 100; i++)
		buf[i] = MARK;
	return write(fd, buf, sizeof(buf)) == sizeof(buf);
}

FIXTURE_SETUP(map)
{
	ASSERT_EQ(0, raw_pair_of(self->fd, 4096, variant->flags));
	ASSERT_EQ(0, raw_map_end(self->fd[0], &self->end0));
	ASSERT_EQ(0, raw_map_end(self->fd[1], &self->end1));
	if (variant->ring) {
		self->victim = (uint64_t *)self->end1.recv + 64;
		self->bytes = 2 * self->end1.info.ring_bytes;
	} else {
		/* Behind what is used. */
		self->victim = (uint64_t *)self->end1.peer + 64;
		self->owners = (uint64_t *)self->end0.own + 64;
		self->bytes = self->end1.info.control_bytes;
	}
	if (variant->ring && variant->flags) {
		ASSERT_TRUE(send_marks(self->fd[0]));
		self->other = map_at(self->fd[1], self->end1.info.recv_ring,
				     self->bytes, PROT_READ);
		ASSERT_NE(MAP_FAILED, self->other);
		self->owners = (uint64_t *)self->other + 64;
	} else {
		if (variant->ring)
			self->owners = (uint64_t *)self->end0.send + 64;
		*self->owners = MARK;
	}
	ASSERT_EQ(MARK, *(volatile uint64_t *)self->victim);
}

FIXTURE_TEARDOWN(map)
{
	/* Whatever was tried: the owner's word is as it was. */
	EXPECT_EQ(MARK, *(volatile uint64_t *)self->owners);
	raw_unmap_end(&self->end0);
	raw_unmap_end(&self->end1);
	if (self->other)
		munmap((void *)self->other, self->bytes);
	close(self->fd[0]);
	close(self->fd[1]);
}

static void *page_of(void *p)
{
	return (void *)((uintptr_t)p & ~4095UL);
}

TEST_F(map, mprotect_write_is_eacces)
{
	ASSERT_EQ(-1, mprotect(page_of(self->victim), 4096,
			       PROT_READ | PROT_WRITE));
	ASSERT_EQ(EACCES, errno);
}

TEST_F(map, mprotect_by_way_of_none_is_eacces)
{
	ASSERT_EQ(0, mprotect(page_of(self->victim), 4096, PROT_NONE));
	ASSERT_EQ(-1, mprotect(page_of(self->victim), 4096, PROT_WRITE));
	ASSERT_EQ(EACCES, errno);
}

TEST_F(map, a_store_is_a_fault)
{
	struct fastipc_info *info = &self->end1.info;
	pid_t pid = fork_bound();

	if (!pid) {
		/* Maps are not inherited: make it again, in the child. */
		uint64_t offset = variant->ring ? info->recv_ring :
						  info->peer_control;
		uint64_t *p = map_at(self->fd[1], offset, self->bytes,
				     PROT_READ);

		if (p == MAP_FAILED || p[64] != MARK)
			_exit(1);
		*(volatile uint64_t *)&p[64] = 0;
		_exit(2);
	}
	ASSERT_EQ(128 + SIGSEGV, reap(pid));
}

TEST_F(map, mremap_moves_but_stays_read_only)
{
	void *area = page_of(self->victim);
	char *moved;

	moved = mremap(area, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED,
		       mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0));
	ASSERT_NE(MAP_FAILED, moved);
	ASSERT_EQ(-1, mprotect(moved, 4096, PROT_READ | PROT_WRITE));
	ASSERT_EQ(EACCES, errno);
	munmap(moved, 4096);
}

TEST_F(map, mremap_does_not_grow)
{
	ASSERT_EQ(MAP_FAILED,
		  mremap(page_of(self->victim), 4096, 65536, MREMAP_MAYMOVE));
	ASSERT_EQ(EFAULT, errno);
}

TEST_F(map, mremap_does_not_duplicate)
{
	ASSERT_EQ(MAP_FAILED,
		  mremap(page_of(self->victim), 0, 4096, MREMAP_MAYMOVE));
	ASSERT_EQ(EFAULT, errno);
}

TEST_F(map, proc_self_mem_does_not_write)
{
	uint64_t zero = 0;
	int fd = open("/proc/self/mem", O_RDWR);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(-1, pwrite(fd, &zero, 8, (uintptr_t)self->victim));
	close(fd);
}

TEST_F(map, ptrace_pokedata_does_not_write)
{
	pid_t parent = getpid(), pid;

	/* Everybody may: the child pokes its parent, whose maps these are. */
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
	pid = fork_bound();
	if (!pid) {
		int status;
		long ret;

		if (ptrace(PTRACE_SEIZE, parent, 0, 0) ||
		    ptrace(PTRACE_INTERRUPT, parent, 0, 0) ||
		    waitpid(parent, &status, __WALL) != parent)
			_exit(2);
		ret = ptrace(PTRACE_POKEDATA, parent, self->victim, 0UL);
		ptrace(PTRACE_DETACH, parent, 0, 0);
		_exit(ret == 0 ? 1 : 0);
	}
	ASSERT_EQ(0, reap(pid));
}

TEST_F(map, process_vm_writev_does_not_write)
{
	uint64_t zero = 0;
	struct iovec from = { &zero, 8 }, to = { self->victim, 8 };

	ASSERT_EQ(-1, process_vm_writev(getpid(), &from, 1, &to, 1, 0));
	ASSERT_EQ(EFAULT, errno);
}

TEST_F(map, read_into_it_is_efault)
{
	int fd = open("/dev/zero", O_RDONLY);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(-1, read(fd, self->victim, 8));
	ASSERT_EQ(EFAULT, errno);
	close(fd);
}

TEST_F(map, io_uring_does_not_register_it)
{
	struct io_uring_params params = { 0 };
	struct iovec iov = { page_of(self->victim), 4096 };
	int ring = syscall(SYS_io_uring_setup, 4, &params);

	if (ring < 0)
		SKIP(return, "no io_uring here: %s", strerror(errno));
	ASSERT_EQ(-1, syscall(SYS_io_uring_register, ring,
			      IORING_REGISTER_BUFFERS, &iov, 1));
	ASSERT_TRUE(errno == EFAULT || errno == EOPNOTSUPP);
	close(ring);
}

/* vmsplice lends the page to a pipe; nothing that reads from there writes it. */
TEST_F(map, vmsplice_lends_but_does_not_write)
{
	struct iovec iov = { self->victim, 8 };
	int p[2], q[2];
	uint64_t word = 0;

	ASSERT_EQ(0, pipe(p));
	ASSERT_EQ(0, pipe(q));
	ASSERT_EQ(8, vmsplice(p[1], &iov, 1, SPLICE_F_GIFT));
	/* Writing behind it must not merge into the lent page. */
	ASSERT_EQ(8, write(p[1], &word, 8));
	ASSERT_EQ(8, tee(p[0], q[1], 8, 0));
	ASSERT_EQ(8, write(q[1], &word, 8));
	ASSERT_EQ(8, read(q[0], &word, 8));
	ASSERT_EQ(MARK, word);
	/* The other way: from a pipe into the page. */
	word = 0;
	ASSERT_EQ(8, write(q[1], &word, 8));
	iov.iov_base = self->victim;
	ASSERT_EQ(-1, vmsplice(q[0], &iov, 1, 0));
	ASSERT_EQ(EFAULT, errno);
	close(p[0]);
	close(p[1]);
	close(q[0]);
	close(q[1]);
}

TEST_F(map, madvise_drops_and_brings_back)
{
	int ret = madvise(page_of(self->victim), 4096, MADV_DONTNEED);

	ASSERT_EQ(0, ret);
	ASSERT_EQ(MARK, *(volatile uint64_t *)self->victim);
	ASSERT_EQ(-1, madvise(page_of(self->victim), 4096, MADV_REMOVE));
}

TEST_F(map, a_child_inherits_no_map)
{
	pid_t pid = fork_bound();

	if (!pid) {
		unsigned char v;

		if (!mincore(page_of(self->victim), 4096, &v) ||
		    errno != ENOMEM)
			_exit(1);
		if (!mincore(self->end1.own, 4096, &v) || errno != ENOMEM)
			_exit(2);
		_exit(0);
	}
	ASSERT_EQ(0, reap(pid));
}

/*
 * Pages that a former owner holds pinned can be written without a map: until it
 * lets go, nobody else gets the end.
 */
TEST_F(map, what_a_former_owner_pinned_is_ebusy)
{
	struct io_uring_params params = { 0 };
	struct fastipc_info *info = &self->end1.info;
	int io, up[2], down[2];
	struct iovec iov;
	void *area;
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe(up));
	ASSERT_EQ(0, pipe(down));
	raw_unmap_end(&self->end1);
	pid = fork_bound();
	if (!pid) {
		bool ring_too = variant->ring && !variant->flags;

		iov.iov_len = ring_too ? self->bytes : 4096;
		area = map_at(self->fd[1], ring_too ? info->send_ring :
						      info->own_control,
			      iov.iov_len, PROT_READ | PROT_WRITE);
		iov.iov_base = area;
		io = syscall(SYS_io_uring_setup, 4, &params);
		if (io < 0)
			_exit(2);
		c = syscall(SYS_io_uring_register, io, IORING_REGISTER_BUFFERS,
			    &iov, 1) ? errno : 0;
		munmap(area, iov.iov_len);
		if (write(up[1], &c, 1) != 1 || read(down[0], &c, 1) != 1)
			_exit(1);
		_exit(0);
	}
	/* An error in the child ends the pipe. */
	close(up[1]);
	ASSERT_EQ(1, read(up[0], &c, 1));
	area = map_at(self->fd[1], info->own_control, info->control_bytes,
		      PROT_READ | PROT_WRITE);
	if (!c) {
		ASSERT_EQ(MAP_FAILED, area);
		ASSERT_EQ(EBUSY, errno);
		/* The kernel does not go on there either. */
		ASSERT_EQ(-1, read(self->fd[1], &c, 1));
		ASSERT_EQ(EBUSY, errno);
	} else {
		/* Old kernels pin no page of a file, but of shmem. */
		ASSERT_EQ(EOPNOTSUPP, c);
		ASSERT_NE(MAP_FAILED, area);
		munmap(area, info->control_bytes);
	}
	ASSERT_EQ(1, write(down[1], &c, 1));
	ASSERT_EQ(0, reap(pid));
	/* io_uring lets go a while after its last close. */
	while (raw_map_end(self->fd[1], &self->end1))
		usleep(10000);
}

/* Not even if the parent asks for it. */
TEST_F(map, a_child_inherits_no_writable_map_by_dofork)
{
	pid_t pid;

	ASSERT_EQ(0, madvise(self->end1.own, 4096, MADV_DOFORK));
	if (self->end1.send) {
		ASSERT_EQ(0, madvise(self->end1.send, 8192, MADV_DOFORK));
	}
	pid = fork_bound();
	if (!pid) {
		unsigned char v;

		if (mincore(self->end1.own, 4096, &v))
			_exit(1);
		*(volatile uint64_t *)self->end1.own = 1;
		_exit(2);
	}
	ASSERT_EQ(128 + SIGBUS, reap(pid));
	/* Here it is as before, and counted right. */
	self->end1.own->taken = 0;
	if (self->end1.send)
		self->end1.send[0] = 0;
	pid = fork_bound();
	if (!pid) {
		munmap(self->end1.own, 4096);
		if (self->end1.send)
			munmap(self->end1.send, 8192);
		_exit(0);
	}
	ASSERT_EQ(0, reap(pid));
	pid = fork_bound();
	if (!pid)
		_exit(map_at(self->fd[1], self->end1.info.own_control, 4096,
			     PROT_READ | PROT_WRITE) == MAP_FAILED &&
		      errno == EBUSY ? 0 : 1);
	ASSERT_EQ(0, reap(pid));
}

static const uint64_t the_mark = MARK;

/* Maps outlive the descriptor, and the pages outlive the peer. */
TEST_F(map, maps_keep_the_channel)
{
	long long endpoints = module_counter("endpoints");

	close(self->fd[1]);
	self->fd[1] = -1;
	ASSERT_EQ(MARK, *(volatile uint64_t *)self->victim);
	ASSERT_EQ(endpoints, module_counter("endpoints"));
	/* Not dead: its maps hold the file. */
	ASSERT_EQ(-EAGAIN, raw_sync(self->fd[0], FASTIPC_SYNC_WAIT_RECV, 0));
	raw_unmap_end(&self->end1);
	if (self->other) {
		ASSERT_EQ(-EAGAIN,
			  raw_sync(self->fd[0], FASTIPC_SYNC_WAIT_RECV, 0));
		munmap((void *)self->other, self->bytes);
		self->other = NULL;
		/* Now nobody can see it: for the teardown. */
		self->owners = (uint64_t *)&the_mark;
	}
	ASSERT_EQ(-ECONNRESET,
		  raw_sync(self->fd[0], FASTIPC_SYNC_WAIT_RECV, 0));
	self->end1.info.ring_bytes = 0;
	self->end1.info.control_bytes = 0;
}

TEST_HARNESS_MAIN
