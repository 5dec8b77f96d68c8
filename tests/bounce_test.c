// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel copies a message once, from memory as it finds it: not there yet,
 * not there at all, or gone again and again.  Only then it copies twice.
 */
#include "kselftest_harness.h"
#include "slow_memory.h"

#define LEN 5000 /* of two pages */

FIXTURE(bounce)
{
	int fd[2];
	char buf[2 * 4096];
	struct fastipc_recv recv;
	struct fastipc_stat stat;
	int file;    /* two pages, of 'a' and 'b' */
	char *pages; /* mapped anew, and not touched yet */
};

VARIANTS_OF_SORT(bounce);

FIXTURE_SETUP(bounce)
{
	ASSERT_EQ(0, raw_pair_of(self->fd, 65536, variant->flags));
	self->file = memfd_create("bounce_test", MFD_CLOEXEC);
	memset(self->buf, 'a', 4096);
	memset(self->buf + 4096, 'b', 4096);
	ASSERT_EQ(8192, write(self->file, self->buf, 8192));
	self->pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED,
			   self->file, 0);
	ASSERT_NE(MAP_FAILED, self->pages);
}

FIXTURE_TEARDOWN(bounce)
{
	munmap(self->pages, 8192);
	close(self->file);
	close(self->fd[0]);
	close(self->fd[1]);
}

/* Whether the next message is LEN bytes: a page of @a, then @b. */
static bool comes(int fd, struct fastipc_recv *recv, char *buf, char a, char b)
{
	int i;

	if (raw_recv(fd, recv, buf, 8192, 0) != 1 || recv->len != LEN)
		return false;
	for (i = 0; i < LEN; i++)
		if (buf[i] != (i < 4096 ? a : b))
			return false;
	return true;
}

/* Memory that has to be fetched ------- */

TEST_F(bounce, a_file_that_was_not_touched_yet)
{
	ASSERT_EQ(1, raw_send(self->fd[0], self->pages, LEN, 0));
	ASSERT_TRUE(comes(self->fd[1], &self->recv, self->buf, 'a', 'b'));
	ASSERT_EQ(0, raw_stat(self->fd[1], &self->stat));
	ASSERT_EQ(1, self->stat.sends);
	ASSERT_EQ(1, self->stat.recvs);
	ASSERT_EQ(0, self->stat.bounces);
}

TEST_F(bounce, memory_that_was_dropped)
{
	ASSERT_EQ('b', self->pages[4096]);
	ASSERT_EQ(0, madvise(self->pages, 8192, MADV_DONTNEED));
	ASSERT_EQ(1, raw_send(self->fd[0], self->pages, LEN, 0));
	ASSERT_TRUE(comes(self->fd[1], &self->recv, self->buf, 'a', 'b'));
	ASSERT_EQ(0, raw_stat(self->fd[1], &self->stat));
	ASSERT_EQ(0, self->stat.bounces);
}

TEST_F(bounce, memory_that_never_was)
{
	char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	ASSERT_NE(MAP_FAILED, p);
	ASSERT_EQ(1, raw_send(self->fd[0], p, LEN, 0));
	ASSERT_TRUE(comes(self->fd[1], &self->recv, self->buf, 0, 0));
	/* And the same to receive into. */
	ASSERT_EQ(0, madvise(p, 8192, MADV_DONTNEED));
	ASSERT_EQ(1, raw_send(self->fd[0], self->pages, LEN, 0));
	ASSERT_TRUE(comes(self->fd[1], &self->recv, p, 'a', 'b'));
	ASSERT_EQ(0, raw_stat(self->fd[1], &self->stat));
	ASSERT_EQ(2, self->stat.sends);
	ASSERT_EQ(0, self->stat.bounces);
	munmap(p, 8192);
}

/* Each piece may be somewhere else. */
TEST_F(bounce, pieces_that_were_not_touched_yet)
{
	struct iovec iov[3] = { { self->pages, 100 },
				{ self->buf, 0 },
				{ self->pages + 4096, 100 } };
	int i;

	ASSERT_EQ(200, writev(self->fd[0], iov, 3));
	ASSERT_EQ(1, raw_recv(self->fd[1], &self->recv, self->buf, 200, 0));
	for (i = 0; i < 200; i++)
		ASSERT_EQ(i < 100 ? 'a' : 'b', self->buf[i]);
}

/* Memory that is not there ------- */

/* Whether nothing was sent, and up to the last good byte it can be. */
static bool nothing_was_sent(int fd[2], struct fastipc_stat *stat,
			     const char *pages)
{
	return !raw_stat(fd[0], stat) && !stat->sends && nothing_at(fd[1]) &&
	       raw_send(fd[0], pages, 4096, 0) == 1;
}

TEST_F(bounce, a_part_that_cannot_be_read_is_efault)
{
	ASSERT_EQ(0, mprotect(self->pages + 4096, 4096, PROT_NONE));
	ASSERT_EQ(-EFAULT, raw_send(self->fd[0], self->pages, LEN, 0));
	ASSERT_TRUE(nothing_was_sent(self->fd, &self->stat, self->pages));
}

TEST_F(bounce, write_of_a_part_that_cannot_be_read_is_efault)
{
	ASSERT_EQ(0, mprotect(self->pages + 4096, 4096, PROT_NONE));
	ASSERT_EQ(-1, write(self->fd[0], self->pages, LEN));
	ASSERT_EQ(EFAULT, errno);
	ASSERT_TRUE(nothing_was_sent(self->fd, &self->stat, self->pages));
}

TEST_F(bounce, a_message_at_null_is_efault)
{
	ASSERT_EQ(-EFAULT, raw_send(self->fd[0], NULL, 1, 0));
	ASSERT_TRUE(nothing_was_sent(self->fd, &self->stat, self->pages));
}

TEST_F(bounce, a_part_behind_the_end_of_its_file_is_efault)
{
	ASSERT_EQ(0, ftruncate(self->file, 4096));
	ASSERT_EQ(-EFAULT, raw_send(self->fd[0], self->pages, LEN, 0));
	ASSERT_TRUE(nothing_was_sent(self->fd, &self->stat, self->pages));
}

/* Whether the message that was sent before is still there, and whole. */
static bool nothing_was_consumed(int fd, struct fastipc_stat *stat,
				 struct fastipc_recv *recv, char *buf)
{
	return !raw_stat(fd, stat) && !stat->recvs &&
	       comes(fd, recv, buf, 'a', 'b');
}

TEST_F(bounce, receiving_to_null_is_efault)
{
	ASSERT_EQ(1, raw_send(self->fd[0], self->pages, LEN, 0));
	ASSERT_EQ(-EFAULT, raw_recv(self->fd[1], &self->recv, NULL, LEN, 0));
	ASSERT_TRUE(nothing_was_consumed(self->fd[1], &self->stat, &self->recv,
					 self->buf));
}

TEST_F(bounce, receiving_to_what_is_read_only_in_part_is_efault)
{
	ASSERT_EQ(1, raw_send(self->fd[0], self->pages, LEN, 0));
	ASSERT_EQ(0, mprotect(self->pages + 4096, 4096, PROT_READ));
	ASSERT_EQ(-EFAULT,
		  raw_recv(self->fd[1], &self->recv, self->pages, LEN, 0));
	ASSERT_TRUE(nothing_was_consumed(self->fd[1], &self->stat, &self->recv,
					 self->buf));
}

TEST_F(bounce, read_to_what_cannot_be_touched_is_efault)
{
	ASSERT_EQ(1, raw_send(self->fd[0], self->pages, LEN, 0));
	ASSERT_EQ(0, mprotect(self->pages, 8192, PROT_NONE));
	ASSERT_EQ(-1, read(self->fd[1], self->pages, LEN));
	ASSERT_EQ(EFAULT, errno);
	ASSERT_TRUE(nothing_was_consumed(self->fd[1], &self->stat, &self->recv,
					 self->buf));
}

/* The place for the result, seen before anything is received. */
TEST_F(bounce, a_result_that_cannot_be_written_consumes_nothing)
{
	struct fastipc_recv *recv = (void *)self->pages;

	ASSERT_EQ(1, raw_send(self->fd[0], "once", 4, 0));
	*recv = (struct fastipc_recv){ .size = sizeof(*recv),
				       .data = (uintptr_t)self->buf,
				       .len = LEN };
	ASSERT_EQ(0, mprotect(self->pages, 4096, PROT_READ));
	ASSERT_EQ(-EFAULT, raw_ioctl(self->fd[1], FASTIPC_RECV, recv));
	ASSERT_EQ(1, raw_recv(self->fd[1], &self->recv, self->buf, LEN, 0));
	ASSERT_EQ(4, self->recv.len);
}

/* Memory that goes again ------- */

/*
 * Serves the fault of the second page; by then the first, which was there at
 * the first try, is dropped: so the second try finds it gone, and the kernel
 * copies.
 */
static void drop_and_serve(struct slow *slow, int advice)
{
	uintptr_t page = next_fault(slow->uffd);

	if (page != (uintptr_t)slow->page + 4096 ||
	    madvise(slow->page, 4096, advice))
		_exit(94);
	serve_fault(slow->uffd, page, 's');
}

static void *drop_first(void *arg)
{
	drop_and_serve(arg, MADV_DONTNEED);
	return NULL;
}

TEST_F(bounce, memory_that_is_gone_again_is_copied_twice)
{
	struct slow slow = { .page = self->pages };
	pthread_t thread;

	/* The second page is a hole, the first a page of the file. */
	ASSERT_EQ(0, madvise(self->pages + 4096, 4096, MADV_REMOVE));
	ASSERT_EQ('a', self->pages[0]);
	slow.uffd = userfault(self->pages + 4096, 4096);
	ASSERT_GE(slow.uffd, 0);
	ASSERT_EQ(0, pthread_create(&thread, NULL, drop_first, &slow));
	ASSERT_EQ(1, raw_send(self->fd[0], self->pages, LEN, 0));
	pthread_join(thread, NULL);
	ASSERT_TRUE(comes(self->fd[1], &self->recv, self->buf, 'a', 's'));
	ASSERT_EQ(0, raw_stat(self->fd[0], &self->stat));
	ASSERT_EQ(1, self->stat.sends);
	ASSERT_EQ(1, self->stat.bounces);
	close(slow.uffd);
}

/* No memory for the second copy ------- */

#define CGROUP "/sys/fs/cgroup/fastipc_bounce_test"
#define LONG   (8 << 20) /* bytes of that message */

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY), ret;

	if (fd < 0)
		return -errno;
	ret = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

/* Serves the last page of LONG bytes, when all before it is dropped. */
static void *drop_all_before(void *arg)
{
	struct slow *slow = arg;
	uintptr_t page = next_fault(slow->uffd);

	if (page != (uintptr_t)slow->page + LONG - 4096 ||
	    madvise(slow->page, LONG - 4096, MADV_DONTNEED))
		_exit(94);
	serve_fault(slow->uffd, page, 's');
	return NULL;
}

/* In a group that may have less than that: 0, or the errno of the call. */
static int send_without_memory(int fd)
{
	int file = memfd_create("bounce_test", MFD_CLOEXEC);
	struct slow slow;
	pthread_t thread;

	if (ftruncate(file, LONG))
		return 95;
	slow.page = mmap(NULL, LONG, PROT_READ | PROT_WRITE, MAP_SHARED, file,
			 0);
	/* Charged to the group where it was before. */
	memset(slow.page, 'a', LONG - 4096);
	if (write_file(CGROUP "/cgroup.procs", "0") ||
	    write_file(CGROUP "/memory.max", "4194304"))
		return 96;
	slow.uffd = userfault(slow.page + LONG - 4096, 4096);
	if (slow.uffd < 0 ||
	    pthread_create(&thread, NULL, drop_all_before, &slow))
		return 97;
	return -raw_send(fd, slow.page, LONG, 0);
}

FIXTURE(long_message)
{
	int fd[2];
};

VARIANTS_OF_SORT(long_message);

FIXTURE_SETUP(long_message)
{
	ASSERT_EQ(0, raw_pair_of(self->fd, 8 * LONG, variant->flags));
	write_file("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	ASSERT_EQ(0, mkdir(CGROUP, 0755));
}

FIXTURE_TEARDOWN(long_message)
{
	rmdir(CGROUP);
	close(self->fd[0]);
	close(self->fd[1]);
}

TEST_F(long_message, no_memory_for_a_copy_is_enomem)
{
	struct fastipc_stat stat;
	pid_t pid = fork_bound();

	if (!pid)
		_exit(send_without_memory(self->fd[0]));
	ASSERT_EQ(ENOMEM, reap(pid));
	ASSERT_TRUE(nothing_at(self->fd[1]));
	ASSERT_EQ(0, raw_stat(self->fd[0], &stat));
	ASSERT_EQ(0, stat.sends);
	ASSERT_EQ(0, stat.bounces);
	/* It was the sender's matter alone. */
	ASSERT_EQ(1, raw_send(self->fd[0], "after", 5, 0));
}

/* Slow in the second copy ------- */

/* As drop_first(), but this time the first page is slow to come back. */
static void *drop_first_for_long(void *arg)
{
	struct slow *slow = arg;
	uintptr_t page;

	drop_and_serve(slow, MADV_REMOVE);
	page = next_fault(slow->uffd);
	report_and_wait(slow);
	serve_fault(slow->uffd, page, 'c');
	return NULL;
}

static int send_from_slow(struct slow *slow, int fd)
{
	pthread_t thread;
	char c = slow->page[0];

	if (c != 'a' || madvise(slow->page + 4096, 4096, MADV_REMOVE))
		return 1;
	slow->uffd = userfault(slow->page, 8192);
	if (slow->uffd < 0 ||
	    pthread_create(&thread, NULL, drop_first_for_long, slow))
		return 2;
	return raw_send(fd, slow->page, LEN, 0) == 1 ? 0 : 3;
}

/* While the second copy is made nobody else waits, either. */
TEST_F(bounce, a_sender_that_hangs_in_the_second_copy)
{
	struct slow slow = { .page = self->pages };
	char c;

	ASSERT_EQ(0, pipe(slow.up));
	ASSERT_EQ(0, pipe(slow.down));
	slow.pid = fork_bound();
	if (!slow.pid) {
		close(slow.up[0]);
		_exit(send_from_slow(&slow, self->fd[0]));
	}
	close(slow.up[1]);
	close(slow.down[0]);
	ASSERT_EQ(1, read(slow.up[0], &c, 1));
	ASSERT_EQ(1, raw_send(self->fd[0], "other", 5, 0));
	ASSERT_EQ(1, raw_recv(self->fd[1], &self->recv, self->buf, LEN, 0));
	ASSERT_EQ(5, self->recv.len);
	ASSERT_EQ(-EAGAIN,
		  raw_recv(self->fd[1], &self->recv, self->buf, LEN, 0));
	ASSERT_EQ(0, hang_ends(&slow));
	ASSERT_TRUE(comes(self->fd[1], &self->recv, self->buf, 'c', 's'));
	ASSERT_EQ(0, raw_stat(self->fd[0], &self->stat));
	ASSERT_EQ(2, self->stat.sends);
	ASSERT_EQ(1, self->stat.bounces);
}

TEST_NOTHING_IS_LEFT()

TEST_HARNESS_MAIN
