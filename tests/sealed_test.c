// SPDX-License-Identifier: GPL-2.0-only
/*
 * A sealed message does not change once it is sent: every way that leads to its
 * memory is tried, from the sender's side and from the receiver's (by force:
 * forced_test.c).  After each the message is what was sent, and the pair works.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#include <linux/io_uring.h>
#include <pthread.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#define LEN 200

FIXTURE(sealed)
{
	struct fastipc *end[2];
	struct fastipc_info info[2];
	struct fastipc_msg msg; /* taken by end 1, in place */
	char sent[LEN];
	char *victim; /* msg.data: where nobody can write */
	char *page;   /* the one it lies in */
	bool full;    /* no other message can follow */
};

FIXTURE_SETUP(sealed)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .ring_bytes = 8192,
					   .flags = FASTIPC_SEALED };
	int i;

	ASSERT_EQ(0, fastipc_pair(self->end, &options));
	for (i = 0; i < LEN; i++)
		self->sent[i] = i * 7 + 1;
	ASSERT_EQ(0, fastipc_send(self->end[0], self->sent, LEN, 0));
	ASSERT_EQ(0, fastipc_take(self->end[1], &self->msg, FASTIPC_NOWAIT));
	ASSERT_EQ(LEN, self->msg.len);
	ASSERT_EQ(0, self->msg.flags & FASTIPC_MUTABLE);
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, fastipc_info(self->end[i], &self->info[i]));
	self->victim = (char *)self->msg.data;
	self->page = (char *)((uintptr_t)self->victim & ~4095UL);
}

FIXTURE_TEARDOWN(sealed)
{
	const struct fastipc_stamp *stamp = (void *)(self->victim - 48);
	const struct fastipc_record *record = (void *)(self->victim - 64);
	struct fastipc_msg next;

	/* Whatever was tried: all of it is as it was. */
	EXPECT_EQ(0, memcmp(self->victim, self->sent, LEN));
	EXPECT_EQ(FASTIPC_WORD_COMMIT | LEN, record->word);
	EXPECT_EQ(1, stamp->seq);
	EXPECT_EQ(getpid(), stamp->pid);
	/* And the next message comes. */
	if (!self->full) {
		EXPECT_EQ(1, raw_send(fastipc_fd(self->end[0]), "next", 4, 0));
		ASSERT_EQ(0, fastipc_take(self->end[1], &next, FASTIPC_NOWAIT));
		EXPECT_EQ(4, next.len);
		EXPECT_EQ(0, memcmp(next.data, "next", 4));
		EXPECT_EQ(2, next.seq);
	}
	fastipc_close(self->end[0]);
	fastipc_close(self->end[1]);
}

/* Maps ------- */

/* What mmap(2) says to a ring: 0 only for reading what one receives, shared. */
static int expected(bool own, int prot, int kind)
{
	if (own)
		return -EACCES;
	if ((kind & MAP_TYPE) == MAP_PRIVATE)
		return -EINVAL;
	return prot & PROT_WRITE ? -EACCES : 0;
}

/* Each ring by each protection and kind of map: 0, or what went wrong. */
static int try_all_maps(int fd, const struct fastipc_info *info, void *hint)
{
	static const int kinds[] = { MAP_SHARED, MAP_SHARED_VALIDATE,
				     MAP_PRIVATE, MAP_SHARED | MAP_FIXED,
				     MAP_PRIVATE | MAP_FIXED };
	const uint64_t bytes = 2 * info->ring_bytes;
	int i, prot, kind, error;
	bool own;
	void *p;

	for (i = 0; i < 40; i++) {
		own = i % 2;
		prot = i / 2 % 4; /* none, read, write, both */
		kind = kinds[i / 8];
		p = mmap(hint, bytes, prot, kind, fd,
			 own ? info->send_ring : info->recv_ring);
		error = p == MAP_FAILED ? -errno : 0;
		if (error != expected(own, prot, kind)) {
			fprintf(stderr, "# own %d prot %d kind %x: %d\n", own,
				prot, kind, error);
			return 1;
		}
		if (error)
			continue;
		for (prot = 2; prot <= 7; prot = (prot + 1) | PROT_WRITE)
			if (mprotect(p, bytes, prot) != -1)
				return 2;
		munmap(p, bytes);
	}
	return 0;
}

TEST_F(sealed, no_map_of_a_ring_can_be_written)
{
	void *hint = mmap(NULL, 16384, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	int i, fd, map;

	for (i = 0; i < 2; i++) {
		fd = fastipc_fd(self->end[i]);
		map = raw_map(fd);
		ASSERT_GE(map, 0);
		ASSERT_EQ(0, try_all_maps(fd, &self->info[i], hint));
		ASSERT_EQ(0, try_all_maps(map, &self->info[i], hint));
		close(map);
	}
}

/* Nothing lies at any other offset, nor beyond the ends of a ring. */
TEST_F(sealed, no_other_offset_shows_anything)
{
	const uint64_t step = self->info[0].peer_control;
	uint64_t area, at;
	int i, fd;

	for (i = 0; i < 2; i++) {
		fd = fastipc_fd(self->end[i]);
		for (area = 0; area < 16; area++) {
			for (at = 0; at < 1 << 20; at += 4096) {
				if (!at && area < 4)
					continue;
				ASSERT_EQ(MAP_FAILED,
					  map_at(fd, area * step + at, 4096,
						 PROT_READ));
				ASSERT_EQ(EINVAL, errno);
			}
		}
	}
}

TEST_F(sealed, mprotect_does_not_make_it_writable)
{
	ASSERT_EQ(-1, mprotect(self->page, 4096, PROT_WRITE));
	ASSERT_EQ(EACCES, errno);
	ASSERT_EQ(0, mprotect(self->page, 4096, PROT_NONE));
	ASSERT_EQ(-1, mprotect(self->page, 4096, PROT_READ | PROT_WRITE));
	ASSERT_EQ(EACCES, errno);
	ASSERT_EQ(0, mprotect(self->page, 4096, PROT_READ));
}

TEST_F(sealed, mremap_does_not_make_it_writable)
{
	const uint64_t bytes = 2 * self->info[1].ring_bytes;
	char *view, *moved;

	view = map_at(fastipc_fd(self->end[1]), self->info[1].recv_ring, bytes,
		      PROT_READ);
	ASSERT_NE(MAP_FAILED, view);
	moved = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_EQ(MAP_FAILED, mremap(view, bytes, 2 * bytes, MREMAP_MAYMOVE));
	ASSERT_EQ(MAP_FAILED, mremap(view, 0, bytes, MREMAP_MAYMOVE));
	ASSERT_EQ(moved, mremap(view, bytes, bytes,
				MREMAP_MAYMOVE | MREMAP_FIXED, moved));
	ASSERT_EQ(-1, mprotect(moved, bytes, PROT_READ | PROT_WRITE));
	ASSERT_EQ(EACCES, errno);
	munmap(moved, bytes);
}

/* Who puts other memory over his view has other memory, and that is all. */
TEST_F(sealed, memory_mapped_over_it_is_other_memory)
{
	const uint64_t bytes = 2 * self->info[1].ring_bytes;
	char *view;

	view = map_at(fastipc_fd(self->end[1]), self->info[1].recv_ring, bytes,
		      PROT_READ);
	ASSERT_NE(MAP_FAILED, view);
	ASSERT_EQ(view, mmap(view, bytes, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	memset(view, 0xff, bytes);
	munmap(view, bytes);
}

TEST_F(sealed, madvise_does_not_change_it)
{
	static const int advices[] = { MADV_DONTNEED,
				       MADV_REMOVE,
				       MADV_FREE,
				       MADV_DOFORK,
				       MADV_WIPEONFORK,
				       23 /* MADV_POPULATE_WRITE */ };
	int i;

	for (i = 0; i < 6; i++) {
		int ret = madvise(self->page, 4096, advices[i]);

		/* It can be dropped from the map, and comes back. */
		if (i && advices[i] != MADV_DOFORK)
			ASSERT_EQ(-1, ret);
		ASSERT_EQ(0, memcmp(self->victim, self->sent, LEN));
	}
}

TEST_F(sealed, a_child_that_inherits_the_map_cannot_write_it)
{
	pid_t pid;

	ASSERT_EQ(0, madvise(self->page, 4096, MADV_DOFORK));
	pid = fork_bound();
	if (!pid) {
		if (!mprotect(self->page, 4096, PROT_READ | PROT_WRITE))
			_exit(1);
		*(volatile char *)self->victim = 0;
		_exit(2);
	}
	ASSERT_EQ(128 + SIGSEGV, reap(pid));
}

/* A file in /proc leads to a new channel, or nowhere. */
TEST_F(sealed, opened_again_it_is_another_channel)
{
	int map = raw_map(fastipc_fd(self->end[0]));
	struct fastipc_info info;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d",
		 fastipc_fd(self->end[0]));
	fd = open(path, O_RDWR);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(-ENOTCONN, raw_info(fd, &info));
	close(fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d",
		 fastipc_fd(self->end[1]));
	ASSERT_EQ(-1, open(path, O_RDWR));
	ASSERT_EQ(ENXIO, errno);
	ASSERT_GE(map, 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", map);
	ASSERT_EQ(-1, open(path, O_RDWR));
	ASSERT_EQ(ENXIO, errno);
	close(map);
}

/* Calls that write ------- */

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

/* By what a process may write ------- */

/* The sender's control page says nothing that anybody believes. */
TEST_F(sealed, the_senders_control_page_is_of_no_use)
{
	struct fastipc_control *own;

	own = map_at(fastipc_fd(self->end[0]), self->info[0].own_control, 4096,
		     PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, own);
	memset(own, 0xff, 4096);
	munmap(own, 4096);
}

/* Until the receiver gives it back, the ring is full rather than used again. */
TEST_F(sealed, what_is_not_given_back_is_not_used_again)
{
	char other[LEN] = { 0 };
	int n = 0;

	while (!fastipc_send(self->end[0], other, LEN, FASTIPC_NOWAIT))
		n++;
	/* All but the first, and the word behind. */
	ASSERT_EQ((8192 - 16) / FASTIPC_SEALED_FOOTPRINT(LEN) - 1, n);
	self->full = true;
}

/* A receiver that lies about it gets no more, and keeps what it has. */
TEST_F(sealed, a_position_that_cannot_be_is_no_room)
{
	struct fastipc_control *own;
	char other[LEN] = { 0 };

	own = map_at(fastipc_fd(self->end[1]), self->info[1].own_control, 4096,
		     PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, own);
	own->released = 8192;
	ASSERT_EQ(-EBADMSG, fastipc_send(self->end[0], other, LEN, 0));
	self->full = true;
	munmap(own, 4096);
}

static void *scribble(void *arg)
{
	volatile char *buf = arg;
	int i;

	for (i = 0; buf[0] != 'q'; i++)
		buf[1 + i % (LEN - 1)]++;
	return NULL;
}

/* What the sender does to its own buffer is too late. */
TEST_F(sealed, the_senders_buffer_is_not_the_message)
{
	char buf[LEN] = { 0 }, copy[LEN];
	struct fastipc_msg msg;
	pthread_t thread;
	int i, fd[2];
	struct fastipc *to;

	ASSERT_EQ(0, raw_pair_of(fd, 8192, FASTIPC_SEALED));
	ASSERT_EQ(0, fastipc_adopt(&to, fd[1]));
	ASSERT_EQ(0, pthread_create(&thread, NULL, scribble, buf));
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(1, raw_send(fd[0], buf, LEN, 0));
		ASSERT_EQ(0, fastipc_take(to, &msg, FASTIPC_NOWAIT));
		memcpy(copy, msg.data, LEN);
		sched_yield();
		ASSERT_EQ(0, memcmp(copy, msg.data, LEN));
		ASSERT_EQ(0, fastipc_done(to, &msg));
	}
	((volatile char *)buf)[0] = 'q';
	pthread_join(thread, NULL);
	close(fd[0]);
	fastipc_close(to);
}

TEST_NOTHING_IS_LEFT()

TEST_HARNESS_MAIN
