/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A sealed message that was taken in place, for tests that try to write it.
 * Include kselftest_harness.h and fastipc_test.h first.
 */
#ifndef FASTIPC_TEST_SEALED_H
#define FASTIPC_TEST_SEALED_H

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

#endif /* FASTIPC_TEST_SEALED_H */
