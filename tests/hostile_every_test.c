// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hostile peer, word by word: whatever it may write, with whatever value, at
 * each step of the protocol; at rest, and while the victim works.  The victim gets
 * what was sent, nothing, EBADMSG for the direction that is broken, or wrong
 * payload; in time, in its own memory, and nobody else is concerned.
 *
 * End 0 is the attacker, with raw maps; end 1 is the victim.  EVERY=1 tries all
 * there is, which takes an hour; without it one in some.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"
#include "hostile.h"
#include "hostile_every.h"
#include "hostile_steps.h"
#include "hostile_ends.h"

#define STUCK 30 /* seconds, for what takes a few milliseconds */

/* For whoever finds this program stuck. */
static const struct step *current;
static struct trial trial;

static void show(const char *what)
{
	fprintf(stderr,
		"# %s: %s, %s %s, %s word %u = %llx; result %zd, victim at %llu and %llu\n",
		what, current->name, trial.d.flags ? "sealed" : "direct",
		trial.d.kernel ? "rw" : "library",
		trial.page == CONTROL ? "control" : "ring", trial.word,
		(unsigned long long)trial.value, trial.result,
		(unsigned long long)(trial.d.evil.peer ? victim_sent(&trial) :
							 0),
		(unsigned long long)(trial.d.evil.peer ? victim_taken(&trial) :
							 0));
}

static void stuck(int number)
{
	show("stuck");
	_exit(1);
}

/* Poked in its sleep ---------------------------------------------------------- */

/**
 * struct prod - who pokes the victim in its sleep
 * @thread: that
 * @line: where the kernel says that the victim sleeps
 * @done: the victim came back
 * @slept: it slept before it was poked
 */
struct prod {
	pthread_t thread;
	const struct fastipc_waitline *line;
	volatile bool done;
	bool slept;
};

static void *poke_sleeper(void *arg)
{
	struct prod *prod = arg;

	while (!prod->done && !prod->slept)
		prod->slept =
			__atomic_load_n(&prod->line->want, __ATOMIC_ACQUIRE);
	*word_of(&trial) = trial.value;
	raw_sync(trial.d.fd, FASTIPC_SYNC_WAKE_RECV | FASTIPC_SYNC_WAKE_SEND,
		 0);
	return NULL;
}

static bool act_asleep(struct trial *t, unsigned long *slept)
{
	const struct fastipc_control *victim = t->d.evil.peer;
	struct prod prod = {
		.line = current->line == SENDING ? &victim->send :
						   &victim->recv,
	};
	bool right;

	if (pthread_create(&prod.thread, NULL, poke_sleeper, &prod))
		return wrong(t, "no thread");
	right = current->act(t);
	prod.done = true;
	pthread_join(prod.thread, NULL);
	*slept += prod.slept;
	return right;
}

/* At rest --------------------------------------------------------------------- */

/* What follows from the rules alone. */
static bool as_predicted(struct trial *t, uint64_t released, uint64_t before)
{
	const uint64_t word = t->value;
	bool broken;

	if (current->act == recv_one && t->page == DATA &&
	    t->word == before % RING / 8) {
		if (!word)
			return t->result == -EAGAIN;
		broken = !(word & FASTIPC_WORD_COMMIT) ||
			 word & FASTIPC_WORD_FLAGS ||
			 (word & FASTIPC_WORD_LEN) > t->d.limit;
		return t->result ==
		       (broken ? -EBADMSG : (ssize_t)(word & FASTIPC_WORD_LEN));
	}
	if (current->prepare == fill && current->act == send_large &&
	    is_released(t)) {
		broken = word % 16 || word < released || word > before;
		return broken == t->broken[SENDING];
	}
	return true;
}

/* One word, one value, one step; @slept counts those that were asleep. */
static bool try(struct trial *t, unsigned long *slept)
{
	uint64_t released, before, old;
	bool right;

	t->aside = false;
	if (!current->prepare(t) || t->broken[SENDING] || t->broken[RECEIVING])
		return wrong(t, t->why ?: "broken before it was");
	released = t->d.evil.own->released;
	before = t->page == CONTROL ? victim_sent(t) : victim_taken(t);
	old = *word_of(t);
	if (current->sort == ASLEEP) {
		right = act_asleep(t, slept);
	} else {
		*word_of(t) = t->value;
		right = current->act(t);
	}
	if (!right || !canary_lives(t))
		return false;
	if (!as_predicted(t, released, before))
		return wrong(t, "not what the rules say");
	if (current->sort == USED_UP)
		return true;
	/* One word breaks one direction. */
	if (t->broken[SENDING] && !is_released(t))
		return wrong(t, "sending is broken, and should not be");
	if (t->broken[RECEIVING] && t->page == CONTROL)
		return wrong(t, "receiving is broken, and should not be");
	*word_of(t) = old;
	return settle(t) && goes_on(t);
}

/* Does somebody who tries one in so many try this? */
static bool chosen(unsigned long n, unsigned long every)
{
	return n * 2654435761UL % 4294967291UL % every == 0;
}

/* So many: all where it matters most. */
static unsigned long every_of(const struct trial *t)
{
	static const unsigned long every[] = { [NOW] = 16,
					       [USED_UP] = 40,
					       [ASLEEP] = 80 };
	unsigned long n = every[current->sort];
	const char *said = getenv("EVERY");

	if (said)
		return strtoul(said, NULL, 10);
	if (current->sort == NOW && matters(t))
		n = 1;
	/* On a kernel that is slow, one in more. */
	return n * (1000 / share_of(1000));
}

/* All the values that a word is given at a step. */
static bool try_values(struct trial *t, unsigned long *n, unsigned long *slept,
		       unsigned long *tried)
{
	unsigned long every = every_of(t);
	uint64_t value[NR_VALUES];
	unsigned int nr = values_of(t, value, matters(t)), i;

	for (i = 0; i < nr; i++) {
		if (!chosen(++*n, every))
			continue;
		t->value = value[i];
		alarm(STUCK);
		if (!try(t, slept))
			return false;
		alarm(0);
		++*tried;
		if ((current->sort == USED_UP || t->broken[SENDING] ||
		     t->broken[RECEIVING]) &&
		    trial_renew(t))
			return wrong(t, "no pair");
	}
	return true;
}

FIXTURE(every)
{
	struct counters before;
};

VARIANTS_OF_VICTIM(every);

FIXTURE_SETUP(every)
{
	self->before = counters_now();
	signal(SIGALRM, stuck);
	memset(&trial, 0, sizeof(trial));
	ASSERT_EQ(0, trial_begin(&trial, variant->flags, variant->kernel));
	ASSERT_EQ(0, fastipc_pair(trial.canary, NULL));
}

FIXTURE_TEARDOWN(every)
{
	duel_end(&trial.d);
	fastipc_close(trial.canary[0]);
	fastipc_close(trial.canary[1]);
	/* The attacker wakes nobody: that is counted. */
	self->before.late_wakes = module_counter("late_wakes");
	EXPECT_TRUE(counters_return_to(self->before));
}

TEST_F_TIMEOUT(every, word_at_every_step, 86400)
{
	unsigned long n = now_ns() / 1000, tried = 0, slept = 0, of = n,
		      asleep = 0;
	struct trial *t = &trial;
	int i, page;

	for (i = 0; i < NR_STEPS; i++) {
		unsigned long had = tried;

		current = &steps[i];
		if (current->library && variant->kernel)
			continue;
		for (page = CONTROL; page <= DATA; page++) {
			if (page == DATA && variant->flags)
				continue;
			t->page = page;
			for (t->word = 0; t->word < RING / 8; t->word++) {
				if (try_values(t, &n, &slept, &tried))
					continue;
				show(t->why);
				ASSERT_EQ(NULL, t->why);
			}
		}
		if (current->sort == ASLEEP)
			asleep += tried - had;
	}
	TH_LOG("%lu of %lu combinations; %lu of %lu sleepers were asleep",
	       tried, n - of, slept, asleep);
	ASSERT_LT(0, slept);
}

/* At work --------------------------------------------------------------------- */

static volatile bool racing;

/* Words that the victim reads now more often than others. */
static void *race(void *arg)
{
	struct trial t = trial; /* where and what it writes is its own */
	uint64_t value[NR_VALUES], x = now_ns() | 1;
	unsigned int nr = 0, n;

	for (n = 0; racing; n++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		if (n % 16 == 0)
			nr = values_of(&t, value, true);
		t.page = x & 1 && t.d.evil.send ? DATA : CONTROL;
		t.word = x >> 8 & (RING / 8 - 1);
		if (x & 2 && t.page == CONTROL)
			t.word &= 63;
		else if (x & 2)
			t.word = (victim_taken(&t) / 8 + t.word % 12) %
				 (RING / 8);
		if (x & 4 && t.page == CONTROL)
			t.word = offsetof(struct fastipc_control, released) / 8;
		*word_of(&t) = value[(x >> 32) % nr];
	}
	return NULL;
}

/* A step again and again, until something is broken or used up. */
static bool step_in_race(struct trial *t, unsigned long *acts)
{
	pthread_t thread;
	bool right = true;
	int i;

	racing = true;
	t->racing = true;
	if (pthread_create(&thread, NULL, race, NULL))
		return wrong(t, "no thread");
	alarm(STUCK);
	for (i = 0; i < 50 && right; i++) {
		right = current->prepare(t) && current->act(t) &&
			canary_lives(t);
		++*acts;
		if (t->broken[SENDING] || t->broken[RECEIVING] ||
		    current->sort == USED_UP)
			break;
	}
	alarm(0);
	racing = false;
	pthread_join(thread, NULL);
	t->racing = false;
	if (right && trial_renew(t))
		return wrong(t, "no pair");
	return right;
}

TEST_F_TIMEOUT(every, step_in_a_race, 86400)
{
	const char *said = getenv("RACE_MS");
	uint64_t ms = said ? strtoul(said, NULL, 10) : 60, end;
	unsigned long acts = 0, pairs = 0;
	struct trial *t = &trial;
	int i;

	for (i = 0; i < NR_STEPS; i++) {
		current = &steps[i];
		/* Without its maps it can write nothing. */
		if ((current->library && variant->kernel) ||
		    current->act == succeed_attacker ||
		    current->act == lose_attacker)
			continue;
		for (end = now_ns() + ms * 1000000; now_ns() < end; pairs++) {
			if (step_in_race(t, &acts))
				continue;
			show(t->why);
			ASSERT_EQ(NULL, t->why);
		}
	}
	TH_LOG("%lu acts, %lu pairs", acts, pairs);
}

TEST_HARNESS_MAIN
