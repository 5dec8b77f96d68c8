// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several callers ask the kernel for space at one end while its honest peer
 * releases without a pause: whatever one of them read before another, nobody
 * may take it for a lie (EBADMSG).
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#include <pthread.h>

#define LAP	1048576 /* bytes of the ring, released in each round */
#define NEED	100
#define SECONDS 2

/* Direct: both ends are this process's. ----------------------------------- */

struct direct {
	int fd; /* of the sending end */
	struct fastipc_control *consumer;
	uint64_t position; /* where the sender stands, in this round */
	pthread_barrier_t barrier;
	uint64_t end;
	volatile int error;
	unsigned long calls;
};

/* Release a bit: whether there was something left to release. */
static bool release(struct direct *d)
{
	__u64 *released = &d->consumer->released;
	__u64 old = __atomic_load_n(released, __ATOMIC_RELAXED);
	int i;

	for (i = 0; i < 4 && old < d->position; i++)
		__atomic_compare_exchange_n(released, &old, old + 16, false,
					    __ATOMIC_RELEASE, __ATOMIC_RELAXED);
	return old < d->position;
}

/* Who asks also releases between two questions: two CPUs are enough. */
static void *ask(void *arg)
{
	struct direct *d = arg;
	unsigned long calls = 0;
	int ret;

	do {
		do {
			ret = raw_sync_send(d->fd, d->position, NEED, 0);
			if (ret && ret != -EAGAIN)
				d->error = ret;
			calls++;
		} while (release(d) && !d->error);
		/* A lap further for everybody, once nobody is in a call. */
		if (pthread_barrier_wait(&d->barrier)) {
			d->position += LAP;
			if (!d->error && now_ns() > d->end)
				d->error = 1;
		}
		pthread_barrier_wait(&d->barrier);
	} while (!d->error);
	__atomic_add_fetch(&d->calls, calls, __ATOMIC_RELAXED);
	return NULL;
}

TEST(two_who_ask_while_space_is_released)
{
	struct direct d = { .position = LAP,
			    .end = now_ns() + SECONDS * 1000000000ULL };
	struct mapped sender, consumer;
	pthread_t thread[2];
	int fd[2], i;

	ASSERT_EQ(0, raw_pair(fd, LAP));
	ASSERT_EQ(0, raw_map_end(fd[0], &sender));
	ASSERT_EQ(0, raw_map_end(fd[1], &consumer));
	d.fd = fd[0];
	d.consumer = consumer.own;
	ASSERT_EQ(0, pthread_barrier_init(&d.barrier, NULL, 2));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, ask, &d));
	for (i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	TH_LOG("%lu calls", d.calls);
	/* 1: time was up. */
	ASSERT_EQ(1, d.error);
	ASSERT_EQ(0, raw_sync_send(fd[0], d.position - LAP, NEED, 0));
	raw_unmap_end(&sender);
	raw_unmap_end(&consumer);
	close(fd[0]);
	close(fd[1]);
}

/* Sealed: the kernel knows where the sender stands. ----------------------- */

static void write_until(int fd, uint64_t end)
{
	char buf[500] = { 0 };

	while (now_ns() < end)
		if (write(fd, buf, 1 + now_ns() % sizeof(buf)) < 0)
			_exit(1);
	_exit(0);
}

/* Another one sends and the messages are received, while this one waits. */
static void ask_until(int fd, uint32_t wait, uint64_t end)
{
	struct fastipc_sync sync;
	int ret;

	while (now_ns() < end) {
		sync = (struct fastipc_sync){
			.size = sizeof(sync),
			.flags = wait,
			.need = wait == FASTIPC_SYNC_WAIT_SEND ? NEED : 0,
			.timeout_ns = 1000000
		};
		ret = raw_ioctl(fd, FASTIPC_SYNC, &sync);
		if (ret && ret != -ETIMEDOUT)
			_exit(-ret);
	}
	_exit(0);
}

FIXTURE(sealed)
{
	struct fastipc *end[2];
};

FIXTURE_VARIANT(sealed)
{
	uint32_t wait;
};

FIXTURE_VARIANT_ADD(sealed, wait_send) { FASTIPC_SYNC_WAIT_SEND };
FIXTURE_VARIANT_ADD(sealed, wait_done) { FASTIPC_SYNC_WAIT_DONE };

FIXTURE_SETUP(sealed)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .ring_bytes = 4096,
					   .flags = FASTIPC_SEALED };

	ASSERT_EQ(0, fastipc_pair(self->end, &options));
}

FIXTURE_TEARDOWN(sealed)
{
	fastipc_close(self->end[0]);
	fastipc_close(self->end[1]);
}

TEST_F(sealed, one_who_asks_while_another_sends)
{
	uint64_t end = now_ns() + SECONDS * 1000000000ULL;
	int fd = fastipc_fd(self->end[0]);
	unsigned long n = 0;
	char buf[500];
	pid_t pid[2];

	pid[0] = fork_bound();
	if (!pid[0])
		write_until(fd, end);
	pid[1] = fork_bound();
	if (!pid[1])
		ask_until(fd, variant->wait, end);
	while (now_ns() < end || n == 0)
		n += fastipc_recv_timed(self->end[1], buf, sizeof(buf), 0,
					10) > 0;
	/* Whoever sleeps for space gets it. */
	while (fastipc_recv_timed(self->end[1], buf, sizeof(buf), 0, 500) > 0)
		n++;
	TH_LOG("%lu messages", n);
	ASSERT_EQ(0, reap(pid[1]));
	ASSERT_EQ(0, reap(pid[0]));
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
