// SPDX-License-Identifier: GPL-2.0-only
/*
 * Handles that are none, and those that a child inherits: each call of the
 * library says EINVAL, where with a good handle it does something.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

static char byte;
static struct iovec iov = { &byte, 1 };
static struct fastipc_out out = { &iov, 1, 0 };
static struct fastipc_msg taken; /* by the parent, from the handle in use */

/* Each call ---------------------------------------------------------------- */

static int call_send(struct fastipc *f)
{
	return fastipc_send(f, &byte, 1, 0);
}

static int call_send_timed(struct fastipc *f)
{
	return fastipc_send_timed(f, &byte, 1, 0, 0);
}

static int call_sendmsg(struct fastipc *f)
{
	return fastipc_sendmsg(f, &out, 0);
}

static int call_sendv(struct fastipc *f)
{
	return fastipc_sendv(f, &out, 1, 0);
}

static int call_flush(struct fastipc *f)
{
	return fastipc_flush(f);
}

static int call_drain(struct fastipc *f)
{
	return fastipc_drain(f, 0);
}

static int call_recv(struct fastipc *f)
{
	return fastipc_recv(f, &byte, 1, FASTIPC_NOWAIT);
}

static int call_recv_timed(struct fastipc *f)
{
	return fastipc_recv_timed(f, &byte, 1, 0, 0);
}

static int call_reserve(struct fastipc *f)
{
	void *payload;

	return fastipc_reserve(f, 1, &payload, 0);
}

static int call_commit(struct fastipc *f)
{
	return fastipc_commit(f, 1, 0);
}

static int call_take(struct fastipc *f)
{
	struct fastipc_msg msg;

	return fastipc_take(f, &msg, FASTIPC_NOWAIT);
}

static int call_take_timed(struct fastipc *f)
{
	struct fastipc_msg msg;

	return fastipc_take_timed(f, &msg, 0, 0);
}

static int call_takev(struct fastipc *f)
{
	struct fastipc_msg msg;

	return fastipc_takev(f, &msg, 1, FASTIPC_NOWAIT);
}

static int call_done(struct fastipc *f)
{
	return fastipc_done(f, &taken);
}

static int call_donev(struct fastipc *f)
{
	return fastipc_donev(f, &taken, 1, 0);
}

static int call_exchange(struct fastipc *f)
{
	return fastipc_exchange(f, &byte, 1, &byte, 1, 0);
}

static int call_wait(struct fastipc *f)
{
	return fastipc_wait(f, POLLIN, 0);
}

static int call_shutdown(struct fastipc *f)
{
	return fastipc_shutdown(f, FASTIPC_SHUT_SEND);
}

static int call_info(struct fastipc *f)
{
	struct fastipc_info info;

	return fastipc_info(f, &info);
}

static int call_stat(struct fastipc *f)
{
	struct fastipc_stat stat;

	return fastipc_stat(f, &stat);
}

static int call_peer(struct fastipc *f)
{
	struct fastipc *other;

	return fastipc_peer(&other, f, O_RDWR);
}

/* What there must be before it, for the call to be a good one. */
enum first { NOTHING, RESERVED, TAKEN };

FIXTURE(call)
{
	struct fastipc *end[2];
};

FIXTURE_VARIANT(call)
{
	int (*call)(struct fastipc *f);
	enum first first;
};

FIXTURE_VARIANT_ADD(call, send) { call_send, NOTHING };
FIXTURE_VARIANT_ADD(call, send_timed) { call_send_timed, NOTHING };
FIXTURE_VARIANT_ADD(call, sendmsg) { call_sendmsg, NOTHING };
FIXTURE_VARIANT_ADD(call, sendv) { call_sendv, NOTHING };
FIXTURE_VARIANT_ADD(call, flush) { call_flush, NOTHING };
FIXTURE_VARIANT_ADD(call, drain) { call_drain, NOTHING };
FIXTURE_VARIANT_ADD(call, recv) { call_recv, NOTHING };
FIXTURE_VARIANT_ADD(call, recv_timed) { call_recv_timed, NOTHING };
FIXTURE_VARIANT_ADD(call, reserve) { call_reserve, NOTHING };
FIXTURE_VARIANT_ADD(call, commit) { call_commit, RESERVED };
FIXTURE_VARIANT_ADD(call, take) { call_take, NOTHING };
FIXTURE_VARIANT_ADD(call, take_timed) { call_take_timed, NOTHING };
FIXTURE_VARIANT_ADD(call, takev) { call_takev, NOTHING };
FIXTURE_VARIANT_ADD(call, done) { call_done, TAKEN };
FIXTURE_VARIANT_ADD(call, donev) { call_donev, TAKEN };
FIXTURE_VARIANT_ADD(call, exchange) { call_exchange, NOTHING };
FIXTURE_VARIANT_ADD(call, wait) { call_wait, NOTHING };
FIXTURE_VARIANT_ADD(call, shutdown) { call_shutdown, NOTHING };
FIXTURE_VARIANT_ADD(call, info) { call_info, NOTHING };
FIXTURE_VARIANT_ADD(call, stat) { call_stat, NOTHING };
FIXTURE_VARIANT_ADD(call, peer) { call_peer, NOTHING };

FIXTURE_SETUP(call)
{
}

FIXTURE_TEARDOWN(call)
{
}

/* A pair with a message for either end, and what the call needs at @which. */
static int make_pair(struct fastipc *end[2], uint32_t flags, int which,
		     enum first first)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .flags = flags };
	void *payload;
	int ret = fastipc_pair(end, &options);

	ret = ret ?: fastipc_send(end[0], "0", 1, 0);
	ret = ret ?: fastipc_send(end[1], "1", 1, 0);
	if (!ret && first == RESERVED)
		ret = fastipc_reserve(end[which], 1, &payload, 0);
	if (!ret && first == TAKEN)
		ret = fastipc_take(end[which], &taken, 0);
	return ret;
}

/* What the call says in a child: that as a positive number. */
static int in_child(int (*call)(struct fastipc *f), struct fastipc *f)
{
	pid_t pid = fork_bound();

	if (!pid)
		_exit(-call(f));
	return reap(pid);
}

static void inherited(struct __test_metadata *_metadata, uint32_t flags,
		      int (*call)(struct fastipc *f), enum first first)
{
	struct fastipc *end[2];
	int which;

	for (which = 0; which < 2; which++) {
		ASSERT_EQ(0, make_pair(end, flags, which, first));
		ASSERT_EQ(EINVAL, in_child(call, end[which]));
		/* Here the same call is a good one. */
		ASSERT_NE(-EINVAL, call(end[which]));
		fastipc_close(end[0]);
		fastipc_close(end[1]);
	}
}

TEST_F(call, with_an_inherited_handle_is_einval)
{
	inherited(_metadata, 0, variant->call, variant->first);
}

TEST_F(call, with_an_inherited_handle_of_a_sealed_pair_is_einval)
{
	inherited(_metadata, FASTIPC_SEALED, variant->call, variant->first);
}

TEST_F(call, without_a_handle_is_einval)
{
	ASSERT_EQ(-EINVAL, variant->call(NULL));
}

/* What is no error --------------------------------------------------------- */

TEST(no_handle_has_no_descriptor)
{
	ASSERT_EQ(-EINVAL, fastipc_fd(NULL));
}

TEST(no_handle_is_closed)
{
	fastipc_close(NULL);
}

TEST(no_handle_is_discarded)
{
	fastipc_discard(NULL);
}

FIXTURE(handle)
{
	struct fastipc *end[2];
};

VARIANTS_OF_SORT(handle);

FIXTURE_SETUP(handle)
{
	ASSERT_EQ(0, make_pair(self->end, variant->flags, 0, NOTHING));
}

FIXTURE_TEARDOWN(handle)
{
	fastipc_close(self->end[0]);
	fastipc_close(self->end[1]);
}

TEST_F(handle, that_is_inherited_has_its_descriptor)
{
	int fd = fastipc_fd(self->end[0]);
	pid_t pid = fork_bound();

	if (!pid)
		_exit(fastipc_fd(self->end[0]) != fd);
	ASSERT_EQ(0, reap(pid));
}

/* The memory is freed, the descriptor stays open, and nothing ends. */
TEST_F(handle, that_is_inherited_can_be_closed)
{
	int fd = fastipc_fd(self->end[0]);
	pid_t pid = fork_bound();
	char c;

	if (!pid) {
		fastipc_close(self->end[0]);
		fastipc_close(self->end[1]);
		_exit(fcntl(fd, F_GETFD) < 0);
	}
	ASSERT_EQ(0, reap(pid));
	ASSERT_EQ(1, fastipc_recv(self->end[1], &c, 1, 0));
	ASSERT_EQ('0', c);
	ASSERT_EQ(0, fastipc_send(self->end[1], "z", 1, 0));
}

TEST_F(handle, of_the_childs_own_works_beside_the_dead_ones)
{
	pid_t pid = fork_bound();
	struct fastipc *mine[2];
	char c;

	if (!pid)
		_exit(fastipc_pair(mine, NULL) ||
		      fastipc_send(mine[0], "y", 1, 0) ||
		      fastipc_recv(mine[1], &c, 1, 0) != 1 || c != 'y');
	ASSERT_EQ(0, reap(pid));
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
