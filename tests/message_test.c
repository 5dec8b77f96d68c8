// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages: every length at every place of the ring, the limit, time-outs.  What
 * only the library can is in in_place_test.c and call_test.c.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#define RING 4096

static int make_pair(struct fastipc *end[2], size_t ring, uint32_t flags)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .ring_bytes = ring,
					   .flags = flags };

	return fastipc_pair(end, &options);
}

/* From end 0 to end 1, in whichever way. */
FIXTURE(message)
{
	struct fastipc *end[2];
	struct fastipc_info info;
};

VARIANTS_OF_USE(message);

#define TIMES(n) times(variant->flags, variant->kernel, n)

FIXTURE_SETUP(message)
{
	ASSERT_EQ(0, make_pair(self->end, RING, variant->flags));
	ASSERT_EQ(0, fastipc_info(self->end[0], &self->info));
}

FIXTURE_TEARDOWN(message)
{
	fastipc_close(self->end[0]);
	fastipc_close(self->end[1]);
}

static void fill(unsigned char *buf, size_t len, unsigned int seed)
{
	size_t i;

	for (i = 0; i < len; i++)
		buf[i] = seed * 31 + i * 7 + (i >> 8);
}

#define SEND(buf, len, ms) \
	any_send(self->end[0], variant->kernel[0], buf, len, ms)
#define RECV(buf, cap, ms) \
	any_recv(self->end[1], variant->kernel[1], buf, cap, ms)

/* There is a message: without a limit, but read(2) passes over empty ones. */
#define NO_LIMIT(len) ((len) ? -1 : 0)

/* Bytes to send next, to be further by so many at last. */
static size_t step_to(uint32_t flags, size_t limit, uint64_t distance)
{
	uint64_t least = footprint(flags, 0), most = footprint(flags, limit);

	if (distance < least)
		return 0;
	return (distance < most ? distance : most) - least;
}

/* Every length from 0 to the limit, with the ring's end at every place. */
TEST_F(message, every_length_at_every_alignment)
{
	unsigned int every = RING / FASTIPC_ALIGN / TIMES(256);
	size_t limit = self->info.max_message, step;
	unsigned char out[RING], in[RING];
	uint64_t position = 0, start;
	unsigned int len;

	ASSERT_EQ(limit, RING / 4 - (variant->flags ? 64 : 16));
	for (start = 0; start < RING; start += every * FASTIPC_ALIGN) {
		for (len = 0; len <= limit; len++) {
			while (position % RING != start) {
				step = step_to(variant->flags, limit,
					       (start - position) % RING);
				ASSERT_EQ(0, SEND(out, step, 0));
				ASSERT_EQ(step, RECV(in, step, 0));
				position += footprint(variant->flags, step);
			}
			fill(out, len, start);
			ASSERT_EQ(0, SEND(out, len, NO_LIMIT(len)));
			ASSERT_EQ(len, RECV(in, sizeof(in), NO_LIMIT(len)));
			ASSERT_EQ(0, memcmp(out, in, len));
			position += footprint(variant->flags, len);
			if (len % 97)
				len += 6; /* dense at some, sampled else */
		}
	}
}

/* The same without a gap in the lengths, wherever the ring's end falls. */
TEST_F(message, every_length_in_a_row)
{
	unsigned char out[RING], in[RING];
	unsigned int len, round;

	for (round = 0; round < TIMES(64); round++) {
		for (len = 0; len <= self->info.max_message; len++) {
			fill(out, len, len + round);
			ASSERT_EQ(0, SEND(out, len, -1));
			ASSERT_EQ(len, RECV(in, len, NO_LIMIT(len)));
			ASSERT_EQ(0, memcmp(out, in, len));
		}
	}
}

/* The module lets others run after each MiB that it copies. */
TEST_F(message, of_two_mib)
{
	size_t len = 2 << 20;
	unsigned char *in = malloc(len), *out = calloc(1, len);

	fastipc_close(self->end[0]);
	fastipc_close(self->end[1]);
	ASSERT_EQ(0, make_pair(self->end, 16 << 20, variant->flags));
	fill(in, len, 2);
	ASSERT_EQ(0, SEND(in, len, -1));
	ASSERT_EQ((ssize_t)len, RECV(out, len, -1));
	ASSERT_EQ(0, memcmp(in, out, len));
	free(in);
	free(out);
}

TEST_F(message, over_the_limit_is_emsgsize_and_sends_nothing)
{
	char buf[RING] = { 0 };

	ASSERT_EQ(-EMSGSIZE, SEND(buf, self->info.max_message + 1, -1));
	ASSERT_EQ(-EAGAIN, RECV(buf, sizeof(buf), 0));
}

TEST_F(message, too_small_a_buffer_is_emsgsize_and_consumes_nothing)
{
	char buf[64] = "five";

	ASSERT_EQ(0, SEND(buf, 5, -1));
	ASSERT_EQ(-EMSGSIZE, RECV(buf, 4, -1));
	memset(buf, 0, sizeof(buf));
	ASSERT_EQ(5, RECV(buf, 5, -1));
	ASSERT_STREQ("five", buf);
}

TEST_F(message, an_empty_message_is_no_end)
{
	char c;

	ASSERT_EQ(0, SEND(NULL, 0, -1));
	ASSERT_EQ(0, RECV(&c, 0, -1));
	ASSERT_EQ(-EAGAIN, RECV(&c, 1, 0));
}

TEST_F(message, a_full_ring_is_eagain_and_goes_on_when_drained)
{
	char buf[RING / 4 - 64];
	int i, n = 0;

	while (!SEND(&n, sizeof(n), 0))
		n++;
	/* 16 bytes stay free. */
	ASSERT_EQ(n, (RING - 16) / footprint(variant->flags, sizeof(n)));
	ASSERT_EQ(-EAGAIN, SEND(&n, sizeof(n), 0));
	for (i = 0; i < n; i++) {
		ASSERT_EQ(4, RECV(buf, sizeof(buf), -1));
		ASSERT_EQ(0, memcmp(&i, buf, 4));
	}
	ASSERT_EQ(0, SEND(buf, sizeof(buf), -1));
}

TEST_F(message, send_times_out)
{
	char buf[900] = { 0 };
	uint64_t begin;

	while (!SEND(buf, sizeof(buf), 0))
		;
	begin = now_ns();
	ASSERT_EQ(-ETIMEDOUT, SEND(buf, sizeof(buf), 30));
	ASSERT_GE(now_ns() - begin, 30000000);
}

TEST_F(message, recv_times_out)
{
	uint64_t begin = now_ns();
	char c;

	ASSERT_EQ(-ETIMEDOUT, RECV(&c, 1, 30));
	ASSERT_GE(now_ns() - begin, 30000000);
}

static void nothing(int signal)
{
}

TEST_F(message, a_signal_is_eintr)
{
	struct sigaction action = { .sa_handler = nothing };
	pid_t self_pid = getpid(), pid;
	char c = 0;

	sigaction(SIGUSR1, &action, NULL);
	pid = fork_bound();
	if (!pid) {
		wait_for_sleep(self_pid);
		while (getppid() == self_pid) {
			kill(self_pid, SIGUSR1);
			usleep(20000);
		}
		_exit(0);
	}
	ASSERT_EQ(-EINTR, RECV(&c, 1, -1));
	ASSERT_EQ(-EINTR, RECV(&c, 1, 100000));
	while (SEND(&c, 1, 0) != -EAGAIN)
		;
	ASSERT_EQ(-EINTR, SEND(&c, 1, -1));
	ASSERT_EQ(-EINTR, SEND(&c, 1, 100000));
	kill(pid, SIGKILL);
	reap(pid);
}

TEST_HARNESS_MAIN
