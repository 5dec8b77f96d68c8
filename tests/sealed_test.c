// SPDX-License-Identifier: GPL-2.0-only
/*
 * A sealed message does not change once it is sent: every way that leads to its
 * memory is tried, from the sender's side and from the receiver's (by calls that
 * write: sealed_calls_test.c, by force: forced_test.c).  After each the message
 * is what was sent, and the pair works.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"
#include "sealed.h"

#include <pthread.h>

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

/* Some advice is taken: it can be dropped from the map, and comes back. */
TEST_F(sealed, no_advice_changes_it)
{
	int advice;

	/* From MADV_NORMAL to MADV_COLLAPSE: what is no advice is EINVAL. */
	for (advice = 0; advice <= 25; advice++) {
		madvise(self->page, 4096, advice);
		ASSERT_EQ(0, memcmp(self->victim, self->sent, LEN))
			TH_LOG("advice %d", advice);
	}
}

FIXTURE(advice) {};

FIXTURE_VARIANT(advice)
{
	int advice;
};

FIXTURE_VARIANT_ADD(advice, remove) { MADV_REMOVE };
FIXTURE_VARIANT_ADD(advice, free) { MADV_FREE };
FIXTURE_VARIANT_ADD(advice, wipe_on_fork) { MADV_WIPEONFORK };
FIXTURE_VARIANT_ADD(advice, populate_write) { 23 /* MADV_POPULATE_WRITE */ };

FIXTURE_SETUP(advice)
{
}

FIXTURE_TEARDOWN(advice)
{
}

/* What would write it, or make it another page. */
TEST_F(advice, is_refused)
{
	struct fastipc_info info;
	void *ring;
	int fd[2];

	ASSERT_EQ(0, raw_pair_of(fd, 4096, FASTIPC_SEALED));
	ASSERT_EQ(0, raw_info(fd[1], &info));
	ring = map_at(fd[1], info.recv_ring, 8192, PROT_READ);
	ASSERT_NE(MAP_FAILED, ring);
	ASSERT_EQ(-1, madvise(ring, 4096, variant->advice));
	munmap(ring, 8192);
	close(fd[0]);
	close(fd[1]);
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

/* The range of the map that an address lies in, as /proc/self/map_files names it. */
static bool name_of_map(const void *address, char name[64])
{
	unsigned long at = (uintptr_t)address, begin = 0, end = 0;
	FILE *f = fopen("/proc/self/maps", "r");
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx", &begin, &end) == 2 && begin <= at &&
		    at < end)
			break;
	if (f)
		fclose(f);
	snprintf(name, 64, "%lx-%lx", begin, end);
	return begin <= at && at < end;
}

TEST_F(sealed, map_files_is_enxio)
{
	char name[64], path[128];

	ASSERT_TRUE(name_of_map(self->victim, name));
	snprintf(path, sizeof(path), "/proc/self/map_files/%s", name);
	ASSERT_EQ(0, access(path, F_OK));
	ASSERT_EQ(-1, open(path, O_RDWR));
	ASSERT_EQ(ENXIO, errno);
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
