// SPDX-License-Identifier: GPL-2.0-only
/*
 * FASTIPC_KEEP: an end that is closed or dies has a successor, which goes on where that
 * one stopped; and the peer hardly notices.
 */
#include "kselftest_harness.h"

#include "fastipc_test.h"
#include "name.h"

/* Direct and sealed; used through the library, or by the kernel's calls. */
FIXTURE(keep)
{
	struct fastipc_options options;
};

FIXTURE_VARIANT(keep)
{
	uint32_t flags;
	bool kernel;
};

FIXTURE_VARIANT_ADD(keep, direct) { FASTIPC_DIRECT, false };
FIXTURE_VARIANT_ADD(keep, sealed) { FASTIPC_SEALED, false };
FIXTURE_VARIANT_ADD(keep, direct_calls) { FASTIPC_DIRECT, true };
FIXTURE_VARIANT_ADD(keep, sealed_calls)
{
	FASTIPC_SEALED, true
};

FIXTURE_SETUP(keep)
{
	self->options = (struct fastipc_options){
		.size = sizeof(self->options),
		.flags = variant->flags | FASTIPC_KEEP,
		.ring_bytes = 4096,
	};
	ASSERT_EQ(0, names_mount(NULL));
}

FIXTURE_TEARDOWN(keep)
{
}

static struct fastipc *first(const struct fastipc_options *options)
{
	struct fastipc *f;
	int ret = fastipc_create(&f, "a", O_RDWR, options);

	if (ret)
		fprintf(stderr, "# create: %s\n", strerror(-ret));
	return ret ? NULL : f;
}

/* End 1, made by whoever comes first. */
static struct fastipc *second_of(const struct fastipc_options *options)
{
	struct fastipc_options o = *options;
	struct fastipc *f;

	o.end = FASTIPC_AS_END(1);
	return fastipc_create(&f, "a", O_RDWR, &o) ? NULL : f;
}

static struct fastipc *second(void)
{
	struct fastipc *f;
	int ret = fastipc_open(&f, "a", O_RDWR, NULL);

	if (ret)
		fprintf(stderr, "# open: %s\n", strerror(-ret));
	return ret ? NULL : f;
}

/* A process that does this, and then is killed. */
#define LIFE(body)                                            \
	do {                                                  \
		pid_t pid_ = fork_bound();                    \
		if (!pid_) {                                  \
			body;                                 \
			raise(SIGKILL);                       \
		}                                             \
		ASSERT_EQ(128 + SIGKILL, reap(pid_));         \
	} while (0)

#define NEED(what)                                                         \
	do {                                                               \
		if (!(what)) {                                             \
			fprintf(stderr, "# %d: " #what "\n", __LINE__);   \
			_exit(1);                                          \
		}                                                          \
	} while (0)

static bool sends(struct fastipc *f, bool kernel, const char *text)
{
	return f && !any_send(f, kernel, text, strlen(text), 0);
}

static bool receives(struct fastipc *f, bool kernel, const char *text)
{
	ssize_t len = strlen(text);
	char buf[1024];

	return f && any_recv(f, kernel, buf, sizeof(buf), 0) == len &&
	       !memcmp(buf, text, strlen(text));
}

static bool has_nothing(struct fastipc *f, bool kernel)
{
	char buf[64];

	return any_recv(f, kernel, buf, sizeof(buf), 0) == -EAGAIN;
}

static bool withholds(struct fastipc *f, bool kernel)
{
	if (kernel)
		return raw_send(fastipc_fd(f), "hidden", 6,
				FASTIPC_SEND_MORE) == 1;
	return !fastipc_send(f, "hidden", 6, FASTIPC_MORE | FASTIPC_NOWAIT);
}

TEST_F(keep, goes_on_where_the_writer_stopped)
{
	bool kernel = variant->kernel;
	struct fastipc *f, *peer = NULL;

	LIFE(f = first(&self->options); NEED(sends(f, kernel, "one"));
	     NEED(sends(f, kernel, "second")));
	peer = second();
	ASSERT_TRUE(receives(peer, kernel, "one"));
	LIFE(f = first(&self->options); NEED(sends(f, kernel, "three")));
	EXPECT_TRUE(receives(peer, kernel, "second"));
	EXPECT_TRUE(receives(peer, kernel, "three"));
	EXPECT_TRUE(has_nothing(peer, kernel));
	fastipc_close(peer);
}

TEST_F(keep, goes_on_where_the_reader_stopped)
{
	bool kernel = variant->kernel;
	struct fastipc *f = first(&self->options), *peer = NULL;

	ASSERT_TRUE(sends(f, kernel, "one"));
	ASSERT_TRUE(sends(f, kernel, "second"));
	LIFE(peer = second(); NEED(receives(peer, kernel, "one")));
	ASSERT_TRUE(sends(f, kernel, "three"));
	peer = second();
	EXPECT_TRUE(receives(peer, kernel, "second"));
	EXPECT_TRUE(receives(peer, kernel, "three"));
	EXPECT_TRUE(has_nothing(peer, kernel));
	fastipc_close(f);
	fastipc_close(peer);
}

TEST_F(keep, goes_on_though_both_died)
{
	bool kernel = variant->kernel;
	struct fastipc *f;
	int i;

	for (i = 0; i < 4; i++) {
		LIFE(f = first(&self->options); NEED(sends(f, kernel, "to 1"));
		     NEED(!i || receives(f, kernel, "to 0")));
		LIFE(f = second(); NEED(receives(f, kernel, "to 1"));
		     NEED(sends(f, kernel, "to 0")));
	}
	/* In the other order. */
	LIFE(f = second(); NEED(sends(f, kernel, "again")));
	LIFE(f = first(&self->options); NEED(receives(f, kernel, "to 0"));
	     NEED(receives(f, kernel, "again")));
}

/* Round and round: more than the ring holds. */
TEST_F(keep, goes_on_for_many_lives)
{
	bool kernel = variant->kernel;
	struct fastipc *f = first(&self->options), *peer = NULL;
	char text[300];
	int i;

	memset(text, 'x', sizeof(text));
	text[299] = 0;
	for (i = 0; i < 50; i++) {
		ASSERT_TRUE(sends(f, kernel, text));
		LIFE(peer = second(); NEED(receives(peer, kernel, text));
		     NEED(sends(peer, kernel, "done")));
		ASSERT_TRUE(receives(f, kernel, "done"));
	}
	fastipc_close(f);
}

/* Also one that closed in order: with KEEP that ends nothing. */
TEST_F(keep, is_vacant_after_an_orderly_close)
{
	bool kernel = variant->kernel;
	struct fastipc *f = first(&self->options), *peer = second();
	struct fastipc_info info;

	ASSERT_TRUE(f && peer);
	ASSERT_TRUE(sends(f, kernel, "one"));
	any_close(f, kernel);
	ASSERT_TRUE(receives(peer, kernel, "one"));
	EXPECT_TRUE(has_nothing(peer, kernel));
	EXPECT_TRUE(sends(peer, kernel, "waits"));
	ASSERT_EQ(0, fastipc_info(peer, &info));
	EXPECT_EQ(FASTIPC_PEER_VACANT, info.peer_state);
	EXPECT_EQ(0, info.peer_endpoint);
	EXPECT_EQ(2, info.attached);
	f = first(&self->options);
	EXPECT_TRUE(receives(f, kernel, "waits"));
	ASSERT_EQ(0, fastipc_info(peer, &info));
	EXPECT_EQ(FASTIPC_PEER_ATTACHED, info.peer_state);
	EXPECT_EQ(3, info.attached);
	fastipc_close(f);
	fastipc_close(peer);
}

/* Who sleeps meanwhile sleeps on, until the successor sends. */
TEST_F(keep, lets_a_reader_wait_for_the_successor)
{
	bool kernel = variant->kernel;
	struct fastipc *f;
	char c;
	pid_t pid;

	LIFE(f = first(&self->options); NEED(sends(f, kernel, "one")));
	pid = fork_bound();
	if (!pid) {
		f = second();
		NEED(receives(f, kernel, "one"));
		_exit(any_recv(f, kernel, &c, 1, -1) != 1);
	}
	ASSERT_TRUE(wait_for_sleep(pid));
	LIFE(f = first(&self->options); NEED(f));
	ASSERT_TRUE(wait_for_sleep(pid));
	LIFE(f = first(&self->options); NEED(sends(f, kernel, "x")));
	EXPECT_EQ(0, reap(pid));
}

/* And until it has made space. */
TEST_F(keep, lets_a_writer_wait_for_the_successor)
{
	bool kernel = variant->kernel;
	struct fastipc *f;
	char text[500];
	pid_t pid;

	memset(text, 'x', sizeof(text));
	text[499] = 0;
	LIFE(f = second_of(&self->options); NEED(f));
	pid = fork_bound();
	if (!pid) {
		f = first(&self->options);
		while (sends(f, kernel, text))
			;
		_exit(any_send(f, kernel, text, 499, -1));
	}
	ASSERT_TRUE(wait_for_sleep(pid));
	LIFE(f = second(); NEED(f));
	ASSERT_TRUE(wait_for_sleep(pid));
	LIFE(f = second(); NEED(receives(f, kernel, text));
	     NEED(receives(f, kernel, text)));
	EXPECT_EQ(0, reap(pid));
}

TEST_F(keep, ends_for_good_by_shutdown)
{
	bool kernel = variant->kernel;
	struct fastipc *f = first(&self->options), *peer = second();
	char c;

	ASSERT_TRUE(sends(f, kernel, "one"));
	ASSERT_EQ(0, fastipc_shutdown(f, FASTIPC_SHUT_SEND));
	fastipc_close(f);
	f = first(&self->options);
	ASSERT_NE(NULL, f);
	EXPECT_EQ(-EPIPE, any_send(f, kernel, "x", 1, 0));
	EXPECT_TRUE(receives(peer, kernel, "one"));
	EXPECT_EQ(-EPIPE, any_recv(peer, kernel, &c, 1, 0));
	EXPECT_TRUE(sends(peer, kernel, "other way"));
	EXPECT_TRUE(receives(f, kernel, "other way"));
	ASSERT_EQ(0, fastipc_shutdown(peer, FASTIPC_SHUT_SEND));
	fastipc_close(f);
	EXPECT_EQ(-EPIPE, fastipc_create(&f, "a", O_RDWR, &self->options));
	fastipc_close(peer);
}

TEST_F(keep, tells_of_coming_and_going)
{
	struct fastipc *f = first(&self->options), *peer = second();
	struct fastipc_info info;

	ASSERT_TRUE(f && peer);
	ASSERT_EQ(FASTIPC_EV_PEER, fastipc_wait(f, FASTIPC_EV_PEER, -1));
	ASSERT_EQ(0, fastipc_info(f, &info));
	EXPECT_EQ(0, fastipc_wait(f, FASTIPC_EV_PEER, 0));
	fastipc_close(peer);
	ASSERT_EQ(FASTIPC_EV_PEER, fastipc_wait(f, FASTIPC_EV_PEER, -1));
	ASSERT_EQ(0, fastipc_info(f, &info));
	EXPECT_EQ(0, fastipc_wait(f, FASTIPC_EV_PEER, 0));
	peer = second();
	EXPECT_EQ(FASTIPC_EV_PEER, fastipc_wait(f, FASTIPC_EV_PEER, -1));
	ASSERT_EQ(0, fastipc_info(f, &info));
	EXPECT_EQ(FASTIPC_PEER_ATTACHED, info.peer_state);
	fastipc_close(f);
	fastipc_close(peer);
}

/* What was withheld was never sent, and leaves no gap. */
TEST_F(keep, forgets_what_was_withheld)
{
	bool kernel = variant->kernel;
	struct fastipc *f, *peer;
	struct fastipc_msg msg;

	LIFE(f = first(&self->options); NEED(sends(f, kernel, "one"));
	     NEED(withholds(f, kernel)); NEED(withholds(f, kernel)));
	peer = second();
	ASSERT_TRUE(receives(peer, true, "one"));
	EXPECT_TRUE(has_nothing(peer, true));
	LIFE(f = first(&self->options); NEED(sends(f, kernel, "two")));
	ASSERT_EQ(0, fastipc_take_timed(peer, &msg, 0, 0));
	EXPECT_EQ(3, msg.len);
	EXPECT_EQ(0, memcmp(msg.data, "two", 3));
	EXPECT_EQ(variant->flags & FASTIPC_SEALED ? 2 : 0, msg.seq);
	fastipc_done(peer, &msg);
	EXPECT_TRUE(has_nothing(peer, false));
	fastipc_close(peer);
}

/* What was taken in place, and not given back, comes again. */
FIXTURE(seen)
{
	struct fastipc_options options;
	struct fastipc *f;
};

VARIANTS_OF_SORT(seen);

FIXTURE_SETUP(seen)
{
	self->options = (struct fastipc_options){
		.size = sizeof(self->options),
		.flags = (variant->flags ? 0 : FASTIPC_DIRECT) | FASTIPC_KEEP,
		.ring_bytes = 4096,
	};
	ASSERT_EQ(0, names_mount(NULL));
	self->f = first(&self->options);
	ASSERT_TRUE(sends(self->f, false, "done"));
	ASSERT_TRUE(sends(self->f, false, "taken"));
	ASSERT_TRUE(sends(self->f, false, "taken too"));
	ASSERT_TRUE(sends(self->f, false, "new"));
}

FIXTURE_TEARDOWN(seen)
{
	fastipc_close(self->f);
}

/* One message in place: its flags, or -errno. */
static int taken(struct fastipc *f, const char *text, bool done)
{
	struct fastipc_msg msg;
	int ret = fastipc_take_timed(f, &msg, 0, 0);

	if (ret)
		return ret;
	if (msg.len != strlen(text) || memcmp(msg.data, text, msg.len))
		return -EUCLEAN;
	if (done)
		fastipc_done(f, &msg);
	return msg.flags & FASTIPC_MAYBE_SEEN;
}

TEST_F(seen, comes_again_and_is_marked)
{
	struct fastipc *f;

	LIFE(f = second(); NEED(!taken(f, "done", true));
	     NEED(!taken(f, "taken", false));
	     NEED(!taken(f, "taken too", false)));
	f = second();
	EXPECT_EQ(FASTIPC_MAYBE_SEEN, taken(f, "taken", true));
	EXPECT_EQ(FASTIPC_MAYBE_SEEN, taken(f, "taken too", true));
	EXPECT_EQ(0, taken(f, "new", true));
	EXPECT_EQ(-EAGAIN, taken(f, "", true));
	fastipc_close(f);
}

/* Also through two lives, of which the second saw less. */
TEST_F(seen, stays_so_for_a_second_successor)
{
	struct fastipc *f;

	LIFE(f = second(); NEED(!taken(f, "done", true));
	     NEED(!taken(f, "taken", false));
	     NEED(!taken(f, "taken too", false)));
	LIFE(f = second();
	     NEED(taken(f, "taken", false) == FASTIPC_MAYBE_SEEN));
	f = second();
	EXPECT_EQ(FASTIPC_MAYBE_SEEN, taken(f, "taken", true));
	EXPECT_EQ(FASTIPC_MAYBE_SEEN, taken(f, "taken too", true));
	EXPECT_EQ(0, taken(f, "new", true));
	fastipc_close(f);
}

TEST_F(seen, is_told_by_recv)
{
	struct fastipc_recv recv;
	struct fastipc *f;
	char buf[16];
	int fd;

	LIFE(f = second(); NEED(!taken(f, "done", true));
	     NEED(!taken(f, "taken", false)));
	fd = name_end("a", O_RDWR, 1);
	ASSERT_EQ(1, raw_recv(fd, &recv, buf, 16, 0));
	EXPECT_EQ(5, recv.len);
	EXPECT_EQ(FASTIPC_MAYBE_SEEN, recv.flags);
	ASSERT_EQ(1, raw_recv(fd, &recv, buf, 16, 0));
	EXPECT_EQ(9, recv.len);
	EXPECT_EQ(0, recv.flags);
	close(fd);
}

/* What the kernel's calls handed out was received. */
TEST_F(seen, is_not_what_was_copied_out)
{
	struct fastipc *f;

	LIFE(f = second(); NEED(receives(f, true, "done"));
	     NEED(receives(f, true, "taken")));
	f = second();
	EXPECT_EQ(0, taken(f, "taken too", true));
	EXPECT_EQ(0, taken(f, "new", true));
	fastipc_close(f);
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
