// SPDX-License-Identifier: GPL-2.0-only
/*
 * FASTIPC_KEEP and a predecessor that lies: what it wrote into its pages before it died,
 * and what it can still write afterwards, because it had them pinned.
 */
#include "kselftest_harness.h"

#include <sys/uio.h>

#include "fastipc_test.h"
#include "name.h"
#include "uring.h"

FIXTURE(keep)
{
	int peer;
};

VARIANTS_OF_SORT(keep);

FIXTURE_SETUP(keep)
{
	ASSERT_EQ(0, names_mount(NULL));
	ASSERT_EQ(0, close(name_make("a", 4096, variant->flags | FASTIPC_KEEP)));
	ASSERT_EQ(0, chmod("a", 0666));
	self->peer = name_end("a", O_RDWR, 1);
	ASSERT_GE(self->peer, 0);
}

FIXTURE_TEARDOWN(keep)
{
	close(self->peer);
}

/* End 0 by a process that had it mapped, and left these positions. */
static int leave_behind(uint64_t sent, uint64_t released, uint64_t taken)
{
	int fd = name_end("a", O_RDWR, 0);
	struct fastipc_control *own = raw_map_control(fd);

	if (fd < 0 || !own)
		return -EIO;
	own->sent = sent;
	own->released = released;
	own->taken = taken;
	munmap(own, 4096);
	return close(fd);
}

/* Sent by the peer: three messages of 16 bytes each, and their footprints. */
static uint64_t send_three(int fd, uint32_t flags)
{
	int i;

	for (i = 0; i < 3; i++)
		if (raw_send(fd, "0123456789abcdef", 16, 0) != 1)
			return 0;
	return footprint(flags, 16);
}

TEST_F(keep, believes_positions_that_can_be)
{
	uint64_t step = send_three(self->peer, variant->flags);
	struct fastipc_recv recv;
	char buf[16];
	int fd;

	ASSERT_EQ(0, leave_behind(0, step, 2 * step));
	fd = name_end("a", O_RDWR, 0);
	ASSERT_EQ(1, raw_recv(fd, &recv, buf, 16, 0));
	EXPECT_EQ(FASTIPC_MAYBE_SEEN, recv.flags);
	ASSERT_EQ(1, raw_recv(fd, &recv, buf, 16, 0));
	EXPECT_EQ(0, recv.flags);
	EXPECT_EQ(-EAGAIN, raw_recv(fd, &recv, buf, 16, 0));
	close(fd);
}

/*
 * A successor gets so many of what was sent, and what comes then; and the peer does not
 * mind: -1 if not.
 */
static int goes_on(int peer)
{
	int fd = name_end("a", O_RDWR, 0), n = 0;
	char buf[16];

	if (fd < 0)
		return fd;
	while (recv_now(fd, buf, 16) == 16)
		n++;
	if (raw_send(peer, "new", 3, 0) != 1 || recv_now(fd, buf, 16) != 3 ||
	    recv_now(fd, buf, 16) != -EAGAIN)
		n = -1;
	close(fd);
	return n;
}

/* One lie each: the nearest that can be is taken for true. */
TEST_F(keep, is_not_stopped_by_a_released_position_that_is_not_aligned)
{
	send_three(self->peer, variant->flags);
	ASSERT_EQ(0, leave_behind(0, 8, 16));
	EXPECT_EQ(3, goes_on(self->peer));
}

TEST_F(keep, is_not_stopped_by_a_taken_position_that_is_not_aligned)
{
	send_three(self->peer, variant->flags);
	ASSERT_EQ(0, leave_behind(0, 0, 8));
	EXPECT_EQ(3, goes_on(self->peer));
}

TEST_F(keep, is_not_stopped_by_having_released_what_was_not_taken)
{
	uint64_t step = send_three(self->peer, variant->flags);

	ASSERT_EQ(0, leave_behind(0, 2 * step, step));
	EXPECT_EQ(1, goes_on(self->peer));
}

TEST_F(keep, is_not_stopped_by_having_taken_more_than_there_was)
{
	send_three(self->peer, variant->flags);
	ASSERT_EQ(0, leave_behind(0, 0, 1ULL << 40));
	EXPECT_EQ(3, goes_on(self->peer));
}

/* What it says it has done with, it could have received too. */
TEST_F(keep, is_not_stopped_by_having_released_more_than_there_was)
{
	send_three(self->peer, variant->flags);
	ASSERT_EQ(0, leave_behind(0, 1ULL << 40, 1ULL << 40));
	EXPECT_EQ(0, goes_on(self->peer));
}

/* In mid-message: in a sealed ring the kernel knows where the next one begins. */
TEST_F(keep, is_not_stopped_by_having_released_a_part)
{
	uint64_t step = send_three(self->peer, variant->flags);

	if (!variant->flags)
		return;
	ASSERT_EQ(0, leave_behind(0, step + 16, step + 16));
	EXPECT_EQ(1, goes_on(self->peer));
}

/* What was released, and believed, does not come back: it may be written over. */
TEST_F(keep, is_not_stopped_by_going_back)
{
	int fd = name_end("a", O_RDWR, 0);
	char buf[16];

	send_three(self->peer, variant->flags);
	ASSERT_EQ(16, recv_now(fd, buf, 16));
	/* The peer looks. */
	send_three(self->peer, variant->flags);
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(0, leave_behind(0, 0, 0));
	EXPECT_EQ(5, goes_on(self->peer));
}

/* All that is marked for ever after would be worth nothing. */
TEST_F(keep, marks_nothing_that_was_not_there)
{
	struct fastipc_recv recv;
	char buf[16];
	int fd;

	send_three(self->peer, variant->flags);
	ASSERT_EQ(0, leave_behind(0, 0, -16ULL));
	fd = name_end("a", O_RDWR, 0);
	ASSERT_EQ(1, raw_recv(fd, &recv, buf, 16, 0));
	EXPECT_EQ(FASTIPC_MAYBE_SEEN, recv.flags);
	ASSERT_EQ(16, recv_now(fd, buf, 16));
	ASSERT_EQ(16, recv_now(fd, buf, 16));
	ASSERT_EQ(1, raw_send(self->peer, "new", 3, 0));
	ASSERT_EQ(1, raw_recv(fd, &recv, buf, 16, 0));
	EXPECT_EQ(0, recv.flags);
	close(fd);
}

/* A peer that was a victim of the predecessor is none of the successor. */
TEST_F(keep, heals_the_peer)
{
	struct fastipc_control *own;
	int fd = name_end("a", O_RDWR, 0);

	own = raw_map_control(fd);
	ASSERT_NE(NULL, own);
	own->released = 1 << 20;
	EXPECT_EQ(-EBADMSG, raw_send(self->peer, "x", 1, 0));
	own->released = 0;
	munmap(own, 4096);
	close(fd);
	EXPECT_EQ(0, goes_on(self->peer));
}

/* As another user with fewer rights: map its control page, and write there. */
static int lie_as(int flags, int end, uint64_t sent, uint64_t position)
{
	struct fastipc_control *own;
	struct fastipc_info info;
	pid_t pid = fork_bound();
	int fd, map;

	if (pid)
		return -reap(pid);
	if (setgid(1000) || setuid(1000))
		_exit(126);
	fd = name_end("a", flags, end);
	map = fd < 0 ? fd : raw_map(fd);
	if (map < 0 || raw_info(fd, &info))
		_exit(EIO);
	own = map_at(map, info.own_control, 4096, PROT_READ | PROT_WRITE);
	if (own == MAP_FAILED)
		_exit(errno);
	own->sent = sent;
	own->released = position;
	own->taken = position;
	_exit(0);
}

/* Who may not send does not say where sending goes on. */
TEST_F(keep, does_not_send_from_where_a_reader_says)
{
	char c;
	int fd;

	ASSERT_EQ(0, lie_as(O_RDONLY, 0, 0x800, 0));
	fd = name_end("a", O_RDWR, 0);
	ASSERT_EQ(1, raw_send(fd, "x", 1, 0));
	EXPECT_EQ(1, recv_now(self->peer, &c, 1));
	close(fd);
}

/* Who may not receive cannot say that something was received. */
TEST_F(keep, has_no_page_that_a_writer_could_take_messages_by)
{
	send_three(self->peer, variant->flags);
	EXPECT_EQ(-EACCES, lie_as(O_WRONLY, 0, 0, 48));
	EXPECT_EQ(3, goes_on(self->peer));
}

/* Before anybody was there, and since: who looks is told to fence. */
TEST_F(keep, begins_with_alert)
{
	const struct fastipc_control *seen;
	struct fastipc_info info;

	ASSERT_EQ(0, raw_info(self->peer, &info));
	seen = map_at(self->peer, info.peer_control, 4096, PROT_READ);
	ASSERT_NE(MAP_FAILED, (void *)seen);
	EXPECT_EQ(1, seen->recv.alert);
	EXPECT_EQ(1, seen->send.alert);
}

TEST_F(keep, refuses_a_sent_position_that_is_not_aligned)
{
	int fd;

	ASSERT_EQ(0, leave_behind(8, 0, 0));
	fd = name_end("a", O_RDWR, 0);
	/* In a sealed pair the word is the kernel's. */
	if (!variant->flags) {
		EXPECT_EQ(-EBADMSG, fd);
		return;
	}
	EXPECT_EQ(1, raw_send(fd, "x", 1, 0));
	close(fd);
}

/* A hint that is too old is one: messages follow each other from there. */
TEST_F(keep, walks_from_an_old_hint)
{
	int fd = name_end("a", O_RDWR, 0);
	char buf[16];
	int i;

	send_three(fd, variant->flags);
	close(fd);
	ASSERT_EQ(0, leave_behind(0, 0, 0));
	fd = name_end("a", O_RDWR, 0);
	ASSERT_EQ(1, raw_send(fd, "x", 1, 0));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(16, recv_now(self->peer, buf, 16));
	ASSERT_EQ(1, recv_now(self->peer, buf, 16));
	close(fd);
}

/* Whoever sleeps is asleep in truth: words of waiting are the kernel's. */
TEST_F(keep, begins_with_true_words_of_waiting)
{
	int fd = name_end("a", O_RDWR, 0);
	struct fastipc_control *own = raw_map_control(fd);

	ASSERT_NE(NULL, own);
	own->recv.want = 77;
	own->recv.alert = 0;
	own->recv.ended = EPIPE;
	own->send.ended = EPIPE;
	munmap(own, 4096);
	close(fd);
	fd = name_end("a", O_RDWR, 0);
	own = raw_map_control(fd);
	ASSERT_NE(NULL, own);
	EXPECT_EQ(0, own->recv.want);
	EXPECT_EQ(1, own->recv.alert);
	EXPECT_EQ(0, own->recv.ended);
	EXPECT_EQ(0, own->send.ended);
	munmap(own, 4096);
	close(fd);
}

/* A peer that looks at the old page all the time is shown the new one. */
TEST_F(keep, shows_the_peer_the_successors_page)
{
	int fd = name_end("a", O_RDWR, 0);
	struct fastipc_control *own = raw_map_control(fd);
	const volatile struct fastipc_control *seen;
	struct fastipc_info info;

	ASSERT_NE(NULL, own);
	ASSERT_EQ(0, raw_info(self->peer, &info));
	seen = map_at(self->peer, info.peer_control, 4096, PROT_READ);
	ASSERT_NE(MAP_FAILED, (void *)seen);
	own->sent = 16;
	EXPECT_EQ(16, seen->sent);
	own->sent = 0;
	munmap(own, 4096);
	close(fd);
	fd = name_end("a", O_RDWR, 0);
	own = raw_map_control(fd);
	ASSERT_NE(NULL, own);
	own->released = 4096;
	EXPECT_EQ(4096, seen->released);
	own->released = 0;
	munmap(own, 4096);
	close(fd);
}

/* What a predecessor can write for ever, by an io_uring that has the page pinned. */
static int pin(struct uring *u, void *page)
{
	struct iovec iov = { page, 4096 };
	int ret = uring_open(u);

	if (ret)
		return ret;
	ret = syscall(SYS_io_uring_register, u->fd, IORING_REGISTER_BUFFERS,
		      &iov, 1);
	return ret < 0 ? -errno : 0;
}

static int write_pinned(struct uring *u, void *page, const void *data,
			size_t len)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_READ_FIXED,
				    .addr = (uintptr_t)page,
				    .len = len };
	uint64_t user;
	int fd[2];

	if (pipe(fd) || write(fd[1], data, len) != (ssize_t)len)
		return -errno;
	sqe.fd = fd[0];
	return uring_submit(u, &sqe) ?: uring_wait(u, &user);
}

TEST_F(keep, is_not_written_by_who_had_it_pinned)
{
	uint64_t lies[18] = { 4096 };
	struct fastipc_control *own;
	int fd = name_end("a", O_RDWR, 0);
	struct uring u;
	int ret;

	lies[16] = 4096;
	lies[17] = 4096;
	own = raw_map_control(fd);
	ASSERT_NE(NULL, own);
	ret = pin(&u, own);
	/* 6.1 pins no such page. */
	if (ret == -EOPNOTSUPP)
		SKIP(return, "no such pins here");
	ASSERT_EQ(0, ret);
	munmap(own, 4096);
	close(fd);
	fd = name_end("a", O_RDWR, 0);
	ASSERT_GE(fd, 0);
	ASSERT_EQ(sizeof(lies), write_pinned(&u, own, lies, sizeof(lies)));
	own = raw_map_control(fd);
	ASSERT_NE(NULL, own);
	EXPECT_EQ(0, own->sent);
	EXPECT_EQ(0, own->released);
	EXPECT_EQ(0, own->taken);
	munmap(own, 4096);
	close(fd);
	uring_close(&u);
}

/* Another user. */
static int as_another(int (*body)(void))
{
	pid_t pid = fork_bound();

	if (!pid) {
		if (setgid(1000) || setuid(1000))
			_exit(126);
		_exit(-body());
	}
	return -reap(pid);
}

static int passed;

static int map_passed(void)
{
	struct mapped m;

	return raw_map_end(passed, &m);
}

/* Whoever opened it. */
TEST_F(keep, remembers_who_mapped_it)
{
	int expected = variant->flags & FASTIPC_SEALED ? 0 : -EPERM;
	int fd;

	passed = name_end("a", O_RDWR, 0);
	ASSERT_EQ(0, as_another(map_passed));
	close(passed);
	fd = name_end("a", O_RDWR, 0);
	EXPECT_EQ(expected, fd < 0 ? fd : 0);
	close(fd);
}

static int open_end_0(void)
{
	int fd = name_end("a", O_RDWR, 0);

	return fd < 0 ? fd : close(fd);
}

static int map_end_0(void)
{
	int fd = name_end("a", O_RDWR, 0);
	struct mapped m;

	return fd < 0 ? fd : raw_map_end(fd, &m);
}

/* In a direct pair it could write what its successor sends. */
TEST_F(keep, has_a_successor_of_the_same_user_if_it_could_be_written)
{
	int expected = variant->flags & FASTIPC_SEALED ? 0 : -EPERM;

	ASSERT_EQ(0, as_another(map_end_0));
	EXPECT_EQ(0, as_another(open_end_0));
	EXPECT_EQ(expected, open_end_0());
	EXPECT_EQ(0, as_another(map_end_0));
}

TEST_F(keep, has_a_successor_of_another_user_if_only_the_kernel_wrote)
{
	ASSERT_EQ(0, as_another(open_end_0));
	EXPECT_EQ(0, open_end_0());
}

/* A life without maps between two others proves nothing. */
TEST_F(keep, remembers_who_could_write_over_lives)
{
	int expected = variant->flags & FASTIPC_SEALED ? 0 : -EPERM;

	ASSERT_EQ(0, as_another(map_end_0));
	ASSERT_EQ(0, as_another(open_end_0));
	ASSERT_EQ(0, as_another(open_end_0));
	EXPECT_EQ(expected, open_end_0());
}

/* Then each of them could write to the other. */
TEST_F(keep, has_no_successor_if_two_users_could_write)
{
	int expected = variant->flags & FASTIPC_SEALED ? 0 : -EPERM;
	struct mapped m;

	passed = name_end("a", O_RDWR, 0);
	ASSERT_EQ(0, as_another(map_passed));
	ASSERT_EQ(0, raw_map_end(passed, &m));
	raw_unmap_end(&m);
	close(passed);
	EXPECT_EQ(expected, open_end_0());
	EXPECT_EQ(expected, as_another(open_end_0));
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
