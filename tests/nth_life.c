// SPDX-License-Identifier: GPL-2.0-only
/*
 * With one failure after the other (nth.h): whatever an end does, it says so or
 * succeeds; no message is lost or comes twice, and the end can be used as before.
 */
#include <sys/epoll.h>
#include <sys/uio.h>

#include "kselftest_harness.h"
#include "fastipc_test.h"
#include "fastipc_uring.h"
#include "nth.h"
#include "uring.h"

#define NR_ARRAY 3

FIXTURE(life)
{
	struct walk w;
	struct counters before;
	int fd[2];
	char *far; /* two pages that are not there */
};

FIXTURE_VARIANT(life)
{
	uint32_t flags;
};

FIXTURE_VARIANT_ADD(life, direct) { 0 };
FIXTURE_VARIANT_ADD(life, sealed) { FASTIPC_SEALED };

FIXTURE_SETUP(life)
{
	self->before = counters_now();
	ASSERT_TRUE(walk_begin(&self->w));
	ASSERT_EQ(0, raw_pair_of(self->fd, RING, variant->flags));
	self->far = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->far);
}

FIXTURE_TEARDOWN(life)
{
	EXPECT_TRUE(walk_ended(&self->w));
	/* Nothing is left of all that, and the pair works. */
	EXPECT_TRUE(nothing_at(self->fd[1]));
	EXPECT_EQ(1, write(self->fd[0], "x", 1));
	EXPECT_FALSE(nothing_at(self->fd[1]));
	munmap(self->far, 8192);
	close(self->fd[0]);
	close(self->fd[1]);
	EXPECT_TRUE(counters_return_to(self->before));
}

/*
 * After a call that was to send @n times "message": that many are there if it
 * said so, none if it failed, unless it could not tell.
 */
static bool arrived(struct walk *w, int fd, long ret, int n)
{
	struct fastipc_recv recv;
	char buf[16];
	int got = 0;

	while (raw_recv(fd, &recv, buf, sizeof(buf), 0) == 1) {
		if (recv.len != 7 || memcmp(buf, "message", 7))
			return false;
		got++;
	}
	if (ret == -EFAULT && w->hit && got) {
		w->untold++;
		return got <= n;
	}
	return got == (ret < 0 ? 0 : ret);
}

TEST_F(life, send)
{
	struct walk *w = &self->w;
	int ret;

	while (walk_on(w)) {
		ret = FAULTY(w, raw_send(self->fd[0], "message", 7, 0));
		ASSERT_TRUE(ret == 1 || is_fault(w, ret));
		ASSERT_TRUE(arrived(w, self->fd[1], ret, 1));
	}
}

/* From memory that has to be brought first. */
TEST_F(life, send_from_afar)
{
	struct walk *w = &self->w;
	int fd = memfd_create("far", MFD_CLOEXEC), ret;
	char *far;

	ASSERT_EQ(7, write(fd, "message", 7));
	while (walk_on(w)) {
		far = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
		ASSERT_NE(MAP_FAILED, far);
		ret = FAULTY(w, raw_send(self->fd[0], far, 7, 0));
		ASSERT_TRUE(ret == 1 || is_fault(w, ret));
		ASSERT_TRUE(arrived(w, self->fd[1], ret, 1));
		munmap(far, 4096);
	}
	close(fd);
}

TEST_F(life, send_an_array)
{
	struct iovec iov[] = { { "mess", 4 }, { "age", 3 } };
	struct fastipc_send_item items[NR_ARRAY] = {
		{ .data = (uintptr_t)"message", .len = 7 },
		{ .data = (uintptr_t)iov, .len = 2, .flags = FASTIPC_SEND_IOV },
		{ .data = (uintptr_t)"message", .len = 7 },
	};
	struct walk *w = &self->w;

	while (walk_on(w)) {
		int ret = FAULTY(w, raw_send(self->fd[0], items, NR_ARRAY,
					     FASTIPC_SEND_ARRAY));

		ASSERT_TRUE(ret > 0 || is_fault(w, ret));
		ASSERT_TRUE(arrived(w, self->fd[1], ret, NR_ARRAY));
	}
}

TEST_F(life, write_in_pieces)
{
	struct iovec iov[] = { { "m", 1 }, { "essag", 5 }, { "e", 1 } };
	struct walk *w = &self->w;
	long ret;

	while (walk_on(w)) {
		ret = FAULTY(w, writev(self->fd[0], iov, 3));
		ret = ret < 0 ? -errno : ret;
		ASSERT_TRUE(ret == 7 || is_fault(w, ret));
		ASSERT_TRUE(arrived(w, self->fd[1], ret < 0 ? ret : 1, 1));
	}
}

/* Received, or still there; false if it is lost. */
static bool received(struct walk *w, int fd, long ret, const char *buf)
{
	struct fastipc_recv recv;
	char again[16];
	int left;

	left = raw_recv(fd, &recv, again, sizeof(again), 0);
	if (ret > 0)
		return !memcmp(buf, "message", 7) && left == -EAGAIN;
	if (left == -EAGAIN && ret == -EFAULT)
		w->untold++;
	else if (left != 1 || recv.len != 7 || memcmp(again, "message", 7))
		return false;
	return is_fault(w, ret);
}

TEST_F(life, recv)
{
	struct walk *w = &self->w;
	struct fastipc_recv recv;
	char buf[16];
	int ret;

	while (walk_on(w)) {
		ASSERT_EQ(7, write(self->fd[0], "message", 7));
		ret = FAULTY(w,
			     raw_recv(self->fd[1], &recv, buf, sizeof(buf), 0));
		ASSERT_TRUE(received(w, self->fd[1], ret, buf));
	}
}

TEST_F(life, recv_to_afar)
{
	struct walk *w = &self->w;
	struct fastipc_recv recv;
	int ret;

	while (walk_on(w)) {
		ASSERT_EQ(0, madvise(self->far, 8192, MADV_DONTNEED));
		ASSERT_EQ(7, write(self->fd[0], "message", 7));
		ret = FAULTY(w, raw_recv(self->fd[1], &recv, self->far + 4090,
					 16, 0));
		ASSERT_TRUE(received(w, self->fd[1], ret, self->far + 4090));
	}
}

TEST_F(life, recv_an_array)
{
	struct fastipc_recv_item items[NR_ARRAY];
	struct walk *w = &self->w;
	char buf[NR_ARRAY][16];
	int i, ret, left, lost = 0;

	while (walk_on(w)) {
		struct fastipc_recv recv = { .size = sizeof(recv),
					     .flags = FASTIPC_RECV_ARRAY,
					     .data = (uintptr_t)items,
					     .len = NR_ARRAY };

		memset(items, 0, sizeof(items));
		for (i = 0; i < NR_ARRAY; i++) {
			items[i].data = (uintptr_t)buf[i];
			items[i].len = sizeof(buf[i]);
			ASSERT_EQ(7, write(self->fd[0], "message", 7));
		}
		ret = FAULTY(w, raw_ioctl(self->fd[1], FASTIPC_RECV, &recv));
		ASSERT_TRUE(ret > 0 || is_fault(w, ret));
		for (i = 0; i < ret; i++)
			ASSERT_EQ(0, memcmp(buf[i], "message", 7));
		left = 0;
		while (!nothing_at(self->fd[1])) {
			ASSERT_EQ(7, read(self->fd[1], buf[0], 16));
			left++;
		}
		/* All, but what could not be told: an entry, or that it is done. */
		left += ret > 0 ? ret : 0;
		if (left < NR_ARRAY) {
			ASSERT_TRUE(w->hit);
			ASSERT_TRUE(left == NR_ARRAY - 1 || ret == -EFAULT);
			lost++;
		}
	}
	ASSERT_LE(lost, NR_ARRAY + 1);
}

TEST_F(life, read_in_pieces)
{
	struct walk *w = &self->w;
	char buf[16];
	struct iovec iov[] = { { buf, 2 }, { buf + 2, 3 }, { buf + 5, 9 } };
	long ret;

	while (walk_on(w)) {
		ASSERT_EQ(7, write(self->fd[0], "message", 7));
		ret = FAULTY(w, readv(self->fd[1], iov, 3));
		ret = ret < 0 ? -errno : ret;
		ASSERT_TRUE(received(w, self->fd[1], ret, buf));
		ASSERT_EQ(0, w->untold); /* nothing to tell */
	}
}

/* Both in one call: whatever fails, each message is there or was had. */
TEST_F(life, send_then_recv)
{
	struct walk *w = &self->w;
	char buf[16];
	int ret;

	while (walk_on(w)) {
		struct fastipc_recv recv = { .size = sizeof(recv),
					     .data = (uintptr_t)buf,
					     .len = sizeof(buf) };
		struct fastipc_send send = {
			.size = sizeof(send),
			.flags = FASTIPC_SEND_THEN_RECV,
			.data = (uintptr_t)"message",
			.len = 7,
			.then = (uintptr_t)&recv,
		};

		ASSERT_EQ(7, write(self->fd[1], "message", 7));
		ret = FAULTY(w, raw_ioctl(self->fd[0], FASTIPC_SEND, &send));
		if (ret == 1) {
			ASSERT_EQ(0, memcmp(buf, "message", 7));
		} else {
			ASSERT_TRUE(is_fault(w, ret));
		}
		/* The answer: had, or there; or it could not be told. */
		if (nothing_at(self->fd[0])) {
			w->untold += ret != 1;
		} else {
			ASSERT_NE(1, ret);
			ASSERT_EQ(7, read(self->fd[0], buf, sizeof(buf)));
		}
		/* What was sent, it says so if it can say anything. */
		if (send.sent || ret == 1 || !nothing_at(self->fd[1]))
			ASSERT_EQ(7, read(self->fd[1], buf, sizeof(buf)));
		/* The two answers are each copied once. */
		if (w->untold == 2)
			w->untold = 1;
	}
}

/* By io_uring: the result, or -errno of submitting. */
static long submitted(struct uring *u, const struct io_uring_sqe *sqe)
{
	uint64_t user;

	return uring_submit(u, sqe) ?: uring_wait(u, &user);
}

/* What io_uring itself says of a failure of its own, beside. */
static bool is_urings(const struct walk *w, long ret)
{
	return is_fault(w, ret) || (w->hit && ret == -EAGAIN);
}

TEST_F(life, submit_a_send)
{
	struct walk *w = &self->w;
	struct io_uring_sqe sqe;
	struct fastipc_send send;
	struct uring u;
	long ret;

	while (walk_on(w)) {
		/* A new one: the last may have kept its submission. */
		ASSERT_EQ(0, uring_open(&u));
		fastipc_prep_send(&sqe, self->fd[0], &send, "message", 7, 0);
		sqe.flags = w->n % 2 ? IOSQE_ASYNC : 0;
		ret = FAULTY(w, submitted(&u, &sqe));
		ASSERT_TRUE(ret == 1 || is_urings(w, ret));
		ASSERT_TRUE(arrived(w, self->fd[1], ret, 1));
		uring_close(&u);
	}
}

TEST_F(life, submit_a_recv)
{
	struct walk *w = &self->w;
	struct fastipc_recv recv;
	struct io_uring_sqe sqe;
	struct uring u;
	char buf[16];
	long ret;

	while (walk_on(w)) {
		ASSERT_EQ(0, uring_open(&u));
		ASSERT_EQ(7, write(self->fd[0], "message", 7));
		fastipc_prep_recv(&sqe, self->fd[1], &recv, buf, sizeof(buf));
		ret = FAULTY(w, submitted(&u, &sqe));
		if (w->hit && ret == -EAGAIN)
			ret = -ENOMEM;
		ASSERT_TRUE(received(w, self->fd[1], ret, buf));
		uring_close(&u);
	}
}

TEST_F(life, map_file)
{
	struct walk *w = &self->w;
	int ret;

	while (walk_on(w)) {
		ret = FAULTY(w, raw_map(self->fd[1]));
		ASSERT_TRUE(ret >= 0 || is_fault(w, ret) || ret == -ENFILE);
		if (ret >= 0)
			close(ret);
	}
}

/* Map an end, and touch what was mapped. */
static int map_and_touch(int fd, struct mapped *m)
{
	int ret;

	m->own = MAP_FAILED;
	m->peer = MAP_FAILED;
	m->send = MAP_FAILED;
	m->recv = MAP_FAILED;
	ret = raw_map_end(fd, m);
	return ret ? ret : m->recv[RING] + m->own->recv.want + m->peer->sent;
}

static void unmap(const void *at, size_t bytes)
{
	if (at && at != MAP_FAILED)
		munmap((void *)at, bytes);
}

/* Also the page faults that fill them */
TEST_F(life, maps)
{
	struct walk *w = &self->w;
	struct mapped m;
	int ret;

	while (walk_on(w)) {
		ret = FAULTY(w, map_and_touch(self->fd[1], &m));
		ASSERT_TRUE(!ret || is_fault(w, ret));
		unmap(m.own, m.info.control_bytes);
		unmap(m.peer, m.info.control_bytes);
		unmap(m.send, 2 * m.info.ring_bytes);
		unmap(m.recv, 2 * m.info.ring_bytes);
		/* Nobody has it mapped: the kernel may go on. */
		ASSERT_TRUE(nothing_at(self->fd[1]));
	}
}

TEST_F(life, info)
{
	struct walk *w = &self->w;
	struct fastipc_info info;
	int ret;

	while (walk_on(w)) {
		ret = FAULTY(w, raw_info(self->fd[0], &info));
		ASSERT_TRUE(!ret || is_fault(w, ret));
	}
}

TEST_F(life, stat)
{
	struct walk *w = &self->w;
	struct fastipc_stat stat;
	int ret;

	while (walk_on(w)) {
		ret = FAULTY(w, raw_stat(self->fd[0], &stat));
		ASSERT_TRUE(!ret || is_fault(w, ret));
	}
}

/* Of a caller that is newer than the kernel: else nothing can fail. */
TEST_F(life, sync)
{
	struct {
		struct fastipc_sync known;
		uint64_t unknown;
	} sync = { .known = { .size = sizeof(sync),
			      .flags = FASTIPC_SYNC_WAIT_RECV |
				       FASTIPC_SYNC_WAKE_RECV,
			      .timeout_ns = 1000 } };
	struct walk *w = &self->w;
	int ret;

	while (walk_on(w)) {
		ret = FAULTY(w, raw_ioctl(self->fd[0], FASTIPC_SYNC, &sync));
		ASSERT_TRUE(ret == -ETIMEDOUT || is_fault(w, ret));
	}
}

TEST_F(life, polling)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct walk *w = &self->w;
	int ret, ep;

	while (walk_on(w)) {
		ep = epoll_create1(EPOLL_CLOEXEC);
		ASSERT_LE(0, ep);
		ret = FAULTY(w,
			     epoll_ctl(ep, EPOLL_CTL_ADD, self->fd[1], &event));
		ret = ret ? -errno : 0;
		ASSERT_TRUE(!ret || is_fault(w, ret) || ret == -ENOSPC);
		if (ret)
			ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->fd[1],
					       &event));
		ASSERT_EQ(1, write(self->fd[0], "x", 1));
		ASSERT_EQ(1, epoll_wait(ep, &event, 1, 0));
		ASSERT_FALSE(nothing_at(self->fd[1]));
		close(ep);
	}
}

TEST_F(life, signals)
{
	struct walk *w = &self->w;
	int ret;

	while (walk_on(w)) {
		ret = FAULTY(w, fcntl(self->fd[1], F_SETFL, O_ASYNC));
		ret = ret ? -errno : 0;
		ASSERT_TRUE(!ret || is_fault(w, ret));
		ASSERT_EQ(ret ? 0 : O_ASYNC,
			  fcntl(self->fd[1], F_GETFL) & O_ASYNC);
		ASSERT_EQ(0, fcntl(self->fd[1], F_SETFL, 0));
	}
}

TEST_F(life, shutdown)
{
	struct walk *w = &self->w;
	int fd[2], ret;
	char c;

	while (walk_on(w)) {
		ASSERT_EQ(0, raw_pair_of(fd, RING, variant->flags));
		ret = FAULTY(w, raw_shutdown(fd[0], FASTIPC_SHUT_SEND));
		ASSERT_TRUE(!ret || is_fault(w, ret));
		if (ret)
			ASSERT_EQ(0, raw_shutdown(fd[0], FASTIPC_SHUT_SEND));
		ASSERT_EQ(0, read(fd[1], &c, 1));
		close(fd[0]);
		close(fd[1]);
	}
}

TEST_HARNESS_MAIN
