// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fence between a store and the look at ->want, on real processors.
 *
 * Two threads on two processors, in millions of rounds.  In each, one does what
 * the library does: publish and ask whether to wake (or release, and ask), and
 * the other, at the same moment, what fastipc_ring_arm() and the look behind it
 * do in the module: set ->want, full fence, look.  At least one of them must see
 * the other's store, or a task would sleep for ever.
 *
 * With FASTIPC_NO_FENCE the ring.h that was included has lost its fence, and
 * both must be seen to miss: else this machine, or this test, shows nothing.
 *
 * Then the same while ->alert is clear: whoever publishes has no fence, and the
 * sleeper sets ->alert and runs a barrier on the other's processor (membarrier(2),
 * which does what fastipc_endpoint_barrier() does).  Without the barrier they must
 * miss each other.
 */
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>

#include "rig.h"

#ifdef FASTIPC_NO_FENCE
#define FENCED false
#define TESTS  2
#else
#define FENCED true
#define TESTS  6
#endif
#define ENOUGH	100 /* misses: the point is made */
#define ROUNDS	5000000
#define SECONDS 30 /* at most; a busy machine gets fewer rounds done */

/* What one thread writes, on a line of its own. */
struct __attribute__((aligned(128))) side {
	unsigned long begun; /* rounds that it is ready for */
	unsigned long done;  /* rounds that it is done with */
	bool saw;	     /* the other's store, in that round */
};

static struct bench {
	struct rig *r;
	struct side waker, sleeper;
	const __u64 *want; /* that the waker looks at */
	bool over;
	/* One round of each side. */
	bool (*wake)(struct rig *r, unsigned long round);
	bool (*sleep)(struct rig *r, unsigned long round);
	/* Afterwards, while the other side rests. */
	void (*reset)(struct rig *r, unsigned long round);
} bench;

static int cpus[2];

/* The first two processors that we may use. */
static bool find_cpus(void)
{
	cpu_set_t set;
	int i, n = 0;

	if (sched_getaffinity(0, sizeof(set), &set))
		return false;
	for (i = 0; i < CPU_SETSIZE && n < 2; i++)
		if (CPU_ISSET(i, &set))
			cpus[n++] = i;
	return n == 2;
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		exit(2);
}

static void until(const unsigned long *count, unsigned long least)
{
	unsigned int spins = 0;

	while (__atomic_load_n(count, __ATOMIC_ACQUIRE) < least)
		if (++spins % 4096 == 0)
			sched_yield();
}

static void advance(unsigned long *count, unsigned long to)
{
	__atomic_store_n(count, to, __ATOMIC_RELEASE);
}

/* For so long, and a little longer by chance. */
static void linger(unsigned int turns, unsigned int *x)
{
	turns += next_random(x) % 16;
	while (turns--)
		__asm__ volatile("" ::: "memory");
}

static void *sleeper_thread(void *arg)
{
	unsigned int x = 3;
	unsigned long round;

	(void)arg;
	pin(cpus[1]);
	for (round = 1;; round++) {
		advance(&bench.sleeper.begun, round);
		until(&bench.waker.begun, round);
		if (__atomic_load_n(&bench.over, __ATOMIC_RELAXED))
			return NULL;
		linger(0, &x);
		bench.sleeper.saw = bench.sleep(bench.r, round);
		advance(&bench.sleeper.done, round);
		until(&bench.waker.done, round);
		bench.reset(bench.r, round);
	}
}

static int test(struct rig *r, bool misses_expected)
{
	unsigned long round, misses = 0, wakes = 0, sights = 0;
	/* The waker's delay, so that it is first as often as the sleeper. */
	unsigned int delay = 0;
	time_t late = time(NULL) + SECONDS;
	pthread_t thread;
	unsigned int x = 7;
	cpu_set_t before;

	bench.r = r;
	memset(&bench.waker, 0, sizeof(bench.waker));
	memset(&bench.sleeper, 0, sizeof(bench.sleeper));
	bench.over = false;
	sched_getaffinity(0, sizeof(before), &before);
	check(!pthread_create(&thread, NULL, sleeper_thread, NULL));
	pin(cpus[0]);
	for (round = 1;
	     round <= ROUNDS && misses < (misses_expected ? ENOUGH : 1);
	     round++) {
		until(&bench.sleeper.begun, round);
		/* In our cache: so the look is done before the store is. */
		__atomic_load_n(bench.want, __ATOMIC_RELAXED);
		advance(&bench.waker.begun, round);
		linger(delay, &x);
		bench.waker.saw = bench.wake(r, round);
		advance(&bench.waker.done, round);
		until(&bench.sleeper.done, round);
		wakes += bench.waker.saw;
		sights += bench.sleeper.saw;
		misses += !bench.waker.saw && !bench.sleeper.saw;
		if (bench.sleeper.saw && !bench.waker.saw && delay < 1000)
			delay++;
		else if (bench.waker.saw && !bench.sleeper.saw && delay)
			delay--;
		if (round % 4096 == 0 && time(NULL) > late)
			break;
	}
	__atomic_store_n(&bench.over, true, __ATOMIC_RELAXED);
	advance(&bench.waker.begun, ~0UL);
	pthread_join(thread, NULL);
	sched_setaffinity(0, sizeof(before), &before);
	printf("# %lu rounds: %lu would wake, %lu saw it themselves, %lu neither\n",
	       round - 1, wakes, sights, misses);
	/* Rounds in which the same side was always first prove nothing. */
	check(wakes && sights);
	check(misses_expected ? misses > 0 : misses == 0);
	return 0;
}

/* A message, and who waits for it ----------------------------------------- */

static bool publish(struct rig *r, unsigned long round)
{
	if (fastipc_producer_fits(&r->p, 0) <= 0)
		exit(2);
	fastipc_producer_publish(&r->p, 0, round, false);
	return must_wake_consumer(&r->p);
}

static bool sleep_to_receive(struct rig *r, unsigned long round)
{
	size_t len;

	(void)round;
	__atomic_store_n(&r->consumer_page->recv.want, 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return fastipc_consumer_look(&r->c, &len) > 0;
}

static void take_it(struct rig *r, unsigned long round)
{
	(void)round;
	__atomic_store_n(&r->consumer_page->recv.want, 0, __ATOMIC_RELAXED);
	fastipc_consumer_take(&r->c, 0);
	fastipc_consumer_release(&r->c, r->c.position);
}

static int test_message(struct rig *r)
{
	bench.want = &r->consumer_page->recv.want;
	bench.wake = publish;
	bench.sleep = sleep_to_receive;
	bench.reset = take_it;
	return test(r, !FENCED);
}

/* Space, and who waits for it --------------------------------------------- */

#define PART (RING / 4) /* four of them fill a ring */

static bool release(struct rig *r, unsigned long round)
{
	fastipc_consumer_release(&r->c, round * PART);
	return must_wake_producer(&r->c);
}

static bool sleep_to_send(struct rig *r, unsigned long round)
{
	__atomic_store_n(&r->producer_page->send.want, round * PART,
			 __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return fastipc_producer_fits(&r->p, PART - 32) > 0;
}

static void send_it(struct rig *r, unsigned long round)
{
	(void)round;
	__atomic_store_n(&r->producer_page->send.want, 0, __ATOMIC_RELAXED);
	fastipc_producer_released(&r->p, r->consumer_page->released);
	r->p.position += PART;
}

static int test_space(struct rig *r)
{
	bench.want = &r->producer_page->send.want;
	bench.wake = release;
	bench.sleep = sleep_to_send;
	bench.reset = send_it;
	r->p.position = RING; /* as if it were full */
	return test(r, !FENCED);
}

#ifndef FASTIPC_NO_FENCE
/* The same without a fence ------------------------------------------------ */

static bool barriers;

static void alert(struct fastipc_waitline *line)
{
	__atomic_store_n(&line->alert, 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (barriers &&
	    syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0))
		exit(2);
}

static bool alert_to_receive(struct rig *r, unsigned long round)
{
	size_t len;

	(void)round;
	__atomic_store_n(&r->consumer_page->recv.want, 1, __ATOMIC_RELAXED);
	alert(&r->consumer_page->recv);
	return fastipc_consumer_look(&r->c, &len) > 0;
}

static void take_it_calmly(struct rig *r, unsigned long round)
{
	take_it(r, round);
	__atomic_store_n(&r->consumer_page->recv.alert, 0, __ATOMIC_RELAXED);
}

static bool alert_to_send(struct rig *r, unsigned long round)
{
	__atomic_store_n(&r->producer_page->send.want, round * PART,
			 __ATOMIC_RELAXED);
	alert(&r->producer_page->send);
	return fastipc_producer_fits(&r->p, PART - 32) > 0;
}

static void send_it_calmly(struct rig *r, unsigned long round)
{
	send_it(r, round);
	__atomic_store_n(&r->producer_page->send.alert, 0, __ATOMIC_RELAXED);
}

static int test_calm(struct rig *r)
{
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED,
		    0, 0))
		exit(2);
	r->consumer_page->recv.alert = 0;
	bench.want = &r->consumer_page->recv.want;
	bench.wake = publish;
	bench.sleep = alert_to_receive;
	bench.reset = take_it_calmly;
	return test(r, !barriers);
}

static int test_calm_space(struct rig *r)
{
	r->producer_page->send.alert = 0;
	bench.want = &r->producer_page->send.want;
	bench.wake = release;
	bench.sleep = alert_to_send;
	bench.reset = send_it_calmly;
	r->p.position = RING;
	return test(r, !barriers);
}
#endif

int main(void)
{
	int i;

	printf("TAP version 13\n1..%d\n", TESTS);
	if (!find_cpus()) {
		for (i = 1; i <= TESTS; i++)
			printf("ok %d # SKIP one processor\n", i);
		return 0;
	}
#ifdef FASTIPC_NO_FENCE
	run("without its fence, publishing misses a sleeper", test_message);
	run("without its fence, releasing misses a sleeper", test_space);
#else
	run("publishing, or the sleeper, sees the other", test_message);
	run("releasing, or the sleeper, sees the other", test_space);
	run("without a barrier, publishing calmly misses a sleeper", test_calm);
	run("without a barrier, releasing calmly misses one", test_calm_space);
	barriers = true;
	run("publishing calmly, or who runs a barrier, sees the other",
	    test_calm);
	run("releasing calmly, or who runs a barrier, sees the other",
	    test_calm_space);
#endif
	return failed;
}
