// SPDX-License-Identifier: GPL-2.0-only
/*
 * A writer and a reader of a named pair with FASTIPC_KEEP, each killed again and again in
 * mid-stream, and followed by another: nothing is lost, and nothing comes twice that is
 * not marked.  KILLS says how often each (default 100 for each variant).
 */
#include "kselftest_harness.h"

#include "fastipc_test.h"
#include "name.h"

/**
 * struct ledger - what both have noted; shared, and true whenever one is killed
 * @intended: the last number that a writer was about to send
 * @confirmed: the last that was sent for sure
 * @received: the last that a reader had, and noted
 * @repeated: those that came marked, and again
 * @began: by end: this life has sent or received something
 * @wrong: what should not have been
 */
struct ledger {
	volatile uint64_t intended, confirmed, received;
	volatile uint64_t repeated;
	volatile bool began[2];
	char wrong[128];
};

FIXTURE(keep)
{
	struct fastipc_options options;
	struct ledger *ledger;
	/* Whether a writer was killed at that number: then it may be missing. */
	bool *doubtful;
};

#define NUMBERS (1 << 22)

FIXTURE_VARIANT(keep)
{
	uint32_t flags;
	bool kernel; /* the writer */
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
		.ring_bytes = 8192,
	};
	self->ledger = shared(sizeof(*self->ledger));
	self->doubtful = shared(NUMBERS);
	ASSERT_NE(NULL, self->ledger);
	ASSERT_NE(NULL, self->doubtful);
	ASSERT_EQ(0, names_mount(NULL));
	ASSERT_EQ(0, fastipc_create(NULL, "a", O_RDWR, &self->options));
}

FIXTURE_TEARDOWN(keep)
{
}

/* A message has its number, and so many times its low byte. */
static size_t compose(char *buf, uint64_t number)
{
	size_t len = 8 + number % 501;

	memset(buf, (char)number, len);
	memcpy(buf, &number, 8);
	return len;
}

static int write_life(struct ledger *l, bool kernel,
		      const struct fastipc_options *options)
{
	uint64_t number = l->intended;
	struct fastipc *f;
	char buf[512];
	size_t len;
	int ret = fastipc_create(&f, "a", O_RDWR, options);

	while (!ret) {
		NOTE(l->intended, ++number);
		len = compose(buf, number);
		ret = any_send(f, kernel, buf, len, -1);
		if (!ret)
			NOTE(l->confirmed, number);
		l->began[0] = true;
	}
	return ret;
}

static void complain(struct ledger *l, const char *what, uint64_t number)
{
	if (!l->wrong[0])
		snprintf(l->wrong, sizeof(l->wrong), "%s: %llu after %llu",
			 what, (unsigned long long)number,
			 (unsigned long long)l->received);
}

/* One message is in hand: may it have come? */
static void check(struct ledger *l, const bool *doubtful,
		  const struct fastipc_msg *msg)
{
	uint64_t number = 0, i;
	char buf[512];

	if (msg->len >= 8)
		memcpy(&number, msg->data, 8);
	if (!number || number >= NUMBERS ||
	    compose(buf, number) != msg->len ||
	    memcmp(buf, msg->data, msg->len)) {
		complain(l, "nobody sent that", number);
		return;
	}
	if (number <= l->received) {
		if (number != l->received ||
		    !(msg->flags & FASTIPC_MAYBE_SEEN))
			complain(l, "unmarked, and again", number);
		NOTE(l->repeated, l->repeated + 1);
		return;
	}
	for (i = l->received + 1; i < number; i++)
		if (!doubtful[i])
			complain(l, "lost something", number);
	NOTE(l->received, number);
}

static int read_life(struct ledger *l, const bool *doubtful)
{
	struct fastipc_msg msg;
	struct fastipc *f;
	int ret = fastipc_open(&f, "a", O_RDWR, NULL);

	while (!ret && !l->wrong[0]) {
		ret = fastipc_take(f, &msg, 0);
		if (ret)
			break;
		check(l, doubtful, &msg);
		/* Some are in hand for longer: a good moment to be killed. */
		if (!(l->received % 64))
			usleep(1000);
		ret = fastipc_done(f, &msg);
		l->began[1] = true;
	}
	return ret ?: 1;
}

static pid_t begin(struct ledger *l, int end, bool kernel, const bool *doubtful,
		   const struct fastipc_options *options)
{
	pid_t pid;

	l->began[end] = false;
	pid = fork_bound();
	if (!pid)
		_exit(-(end ? read_life(l, doubtful) :
			      write_life(l, kernel, options)));
	return pid;
}

/* Until it has done something, and then a moment of any length. */
static bool let_it_run(struct ledger *l, int end)
{
	int i;

	for (i = 0; i < 60000 && !l->began[end] && !l->wrong[0]; i++)
		usleep(1000);
	usleep(rand() % 3000);
	return l->began[end];
}

TEST_F_TIMEOUT(keep, loses_nothing_though_both_are_killed, 600)
{
	const char *kills = getenv("KILLS");
	int n = kills ? atoi(kills) : share_of(100), i, end;
	struct ledger *l = self->ledger;
	bool kernel = variant->kernel;
	pid_t pid[2];

	for (end = 0; end < 2; end++)
		pid[end] = begin(l, end, kernel, self->doubtful,
				 &self->options);
	for (i = 0; i < 2 * n && !l->wrong[0]; i++) {
		/* In turns, or one more often than the other. */
		end = rand() % 2;
		ASSERT_TRUE(let_it_run(l, end))
		{
			TH_LOG("end %d, life %d: %s", end, i, l->wrong);
		}
		kill(pid[end], SIGKILL);
		ASSERT_EQ(128 + SIGKILL, reap(pid[end]));
		if (!end && l->intended != l->confirmed)
			self->doubtful[l->intended] = true;
		pid[end] = begin(l, end, kernel, self->doubtful,
				 &self->options);
	}
	ASSERT_TRUE(let_it_run(l, 0));
	ASSERT_TRUE(let_it_run(l, 1));
	kill(pid[0], SIGKILL);
	reap(pid[0]);
	/* What was confirmed comes. */
	for (i = 0; i < 3000 && l->received < l->confirmed; i++)
		usleep(10000);
	EXPECT_LE(l->confirmed, l->received);
	EXPECT_STREQ("", l->wrong);
	kill(pid[1], SIGKILL);
	reap(pid[1]);
	TH_LOG("%d kills, %llu messages, %llu again and marked", 2 * n,
	       (unsigned long long)l->received,
	       (unsigned long long)l->repeated);
	EXPECT_LE(l->repeated, 2 * n + 1);
	EXPECT_LT(l->intended, NUMBERS);
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
