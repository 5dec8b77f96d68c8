/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One try of the attacker: a word of a page that it may write, a value, and what
 * the victim is doing then.  What the victim may be told, how the two get back
 * to honest traffic, and a pair beside them that must not notice.  Include
 * hostile.h first.
 */
#ifndef FASTIPC_TEST_HOSTILE_EVERY_H
#define FASTIPC_TEST_HOSTILE_EVERY_H

#include <pthread.h>

#define GUARD	  0xa5
#define NR_VALUES 80

enum page { CONTROL, DATA };
enum direction { SENDING, RECEIVING };

/**
 * struct trial - one try
 * @d: the pair
 * @canary: an honest pair
 * @canaries: messages through it
 * @sent: where the attacker's next message goes; direct pairs only
 * @page: the poked page
 * @word: number of its poked word
 * @value: what was put there
 * @racing: words change all the time: no outcome is certain
 * @may_end: somebody ended the pair
 * @broken: by direction of the victim: it was told EBADMSG
 * @aside: that was by a call that its library knows nothing of
 * @result: of the last call
 * @why: what went wrong
 */
struct trial {
	struct duel d;
	struct fastipc *canary[2];
	unsigned char canaries;
	uint64_t sent;
	enum page page;
	unsigned int word;
	uint64_t value;
	bool racing;
	bool may_end;
	bool broken[2];
	bool aside;
	ssize_t result;
	const char *why;
};

static inline bool wrong(struct trial *t, const char *why)
{
	t->why = why;
	return false;
}

/* The attacker ------------------------------------------------------------- */

static inline volatile uint64_t *word_of(const struct trial *t)
{
	const struct mapped *evil = &t->d.evil;

	return (uint64_t *)(t->page == CONTROL ? (char *)evil->own :
						 evil->send) +
	       t->word;
}

/* Where the victim stands. */
static inline uint64_t victim_sent(const struct trial *t)
{
	return __atomic_load_n(&t->d.evil.peer->sent, __ATOMIC_ACQUIRE);
}

static inline uint64_t victim_taken(const struct trial *t)
{
	return __atomic_load_n(&t->d.evil.peer->taken, __ATOMIC_ACQUIRE);
}

/* A payload is so many times the low byte of its length. */
static inline bool attacker_sends(struct trial *t, size_t len)
{
	struct mapped *evil = &t->d.evil;
	char *at;

	if (t->d.flags & FASTIPC_SEALED) {
		char buf[RING];

		memset(buf, len, len);
		return raw_send(t->d.fd, buf, len, 0) == 1;
	}
	at = evil->send + (t->sent & (RING - 1));
	memset(at + sizeof(struct fastipc_record), len, len);
	raw_publish(evil, t->sent + FASTIPC_FOOTPRINT(len), 0);
	raw_publish(evil, t->sent, WORD(len));
	t->sent += FASTIPC_FOOTPRINT(len);
	evil->own->sent = t->sent;
	return true;
}

/* All the victim sent is received. */
static inline void attacker_releases(struct trial *t)
{
	uint64_t sent = victim_sent(t);

	t->d.evil.own->taken = sent;
	__atomic_store_n(&t->d.evil.own->released, sent, __ATOMIC_RELEASE);
}

/* Lengths and words, and what is near a position. */
static inline unsigned int values_of(const struct trial *t, uint64_t *value,
				     bool all)
{
	const uint64_t near[] = { victim_sent(t), victim_taken(t),
				  t->d.evil.own->released };
	const int64_t off[] = { -RING, -16, -1, 0, 1, 16, RING };
	const uint64_t limit = t->d.limit;
	/* clang-format off */
	const uint64_t fixed[] = {
		1, WORD(8), near[0] + 16, UINT64_MAX, 0, 16, /* few: so far */
		2, 8, 15, 17, 31, 32, limit - 1, limit, limit + 1, RING - 16,
		RING, RING + 16, 0x7fffffff, 1ULL << 31, 0xffffffff,
		1ULL << 32, (1ULL << 32) + 16, WORD(0), WORD(1), WORD(limit),
		WORD(limit + 1), WORD(RING), WORD(1ULL << 31),
		WORD(0xffffffff), WORD(8) | 1ULL << 32, WORD(8) | 1ULL << 62,
		INT64_MAX, UINT64_MAX - 15,
	};
	/* clang-format on */	unsigned int n = 0, i, k;

	for (i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (all || i < 6)
			value[n++] = fixed[i];
	for (i = 0; all && i < 3; i++)
		for (k = 0; k < 7; k++)
			value[n++] = near[i] + off[k];
	return n;
}

/* Is it a word that the victim reads now, or else one of the many others? */
static inline bool matters(const struct trial *t)
{
	uint64_t at = t->word * 8;

	if (t->page == DATA)
		return ((at - victim_taken(t)) & (RING - 1)) < 96;
	return at == offsetof(struct fastipc_control, sent) ||
	       at == offsetof(struct fastipc_control, released) ||
	       at == offsetof(struct fastipc_control, taken) ||
	       at == offsetof(struct fastipc_control, recv.want) ||
	       at == offsetof(struct fastipc_control, recv.ended) ||
	       at == offsetof(struct fastipc_control, recv.alert) ||
	       at == offsetof(struct fastipc_control, send.want) ||
	       at == offsetof(struct fastipc_control, send.ended) ||
	       at == offsetof(struct fastipc_control, send.alert);
}

static inline bool is_released(const struct trial *t)
{
	return t->page == CONTROL &&
	       t->word == offsetof(struct fastipc_control, released) / 8;
}

/* The victim --------------------------------------------------------------- */

/* Whether a call's result, of at most so much, is one of those allowed. */
static inline bool judge(struct trial *t, enum direction line, ssize_t result,
			 ssize_t most)
{
	t->result = result;
	if (result == -EBADMSG)
		t->broken[line] = true;
	if (result > most)
		return wrong(t, "more than there may be");
	if (result >= 0 || result == -EAGAIN || result == -ETIMEDOUT ||
	    result == -EBADMSG)
		return true;
	if (t->may_end && (result == -EPIPE || result == -ECONNRESET))
		return true;
	return wrong(t, "an errno that says something else");
}

static inline bool sends(struct trial *t, size_t len, int timeout_ms)
{
	char buf[RING];

	memset(buf, len, len);
	return judge(t, SENDING, victim_send(&t->d, buf, len, timeout_ms), 0);
}

/* Nobody but the kernel writes a sealed ring: what comes is what was sent. */
static inline bool genuine(struct trial *t, const void *data, size_t len)
{
	const unsigned char *byte = data;
	unsigned char sum = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		sum |= byte[i] ^ (unsigned char)len;
		if (t->d.flags & FASTIPC_SEALED && sum)
			return wrong(t, "a sealed message that nobody sent");
	}
	return true;
}

static inline bool receives(struct trial *t, size_t cap, int timeout_ms)
{
	unsigned char buf[RING + 64];
	size_t i, most = cap < t->d.limit ? cap : t->d.limit;
	ssize_t ret;

	memset(buf, GUARD, sizeof(buf));
	ret = victim_recv(&t->d, buf, cap, timeout_ms);
	for (i = cap; i < cap + 64; i++)
		if (buf[i] != GUARD)
			return wrong(t, "written behind the buffer");
	if (ret == -EMSGSIZE && cap < t->d.limit) {
		t->result = ret;
		return true;
	}
	return judge(t, RECEIVING, ret, most) &&
	       (ret < 0 || genuine(t, buf, ret));
}

/*
 * Until there is nothing.  While the attacker lives it can have its old messages
 * received again; afterwards a ring has no more than this.
 */
static inline bool receives_all(struct trial *t)
{
	int n = 0;

	do {
		if (!receives(t, RING, 0))
			return false;
	} while (t->result >= 0 && n++ < RING / 16);
	return t->result < 0 || !t->may_end || wrong(t, "messages without end");
}

/* Back to honesty ---------------------------------------------------------- */

static inline int trial_begin(struct trial *t, uint32_t flags, bool kernel)
{
	t->sent = 0;
	t->may_end = false;
	t->aside = false;
	t->broken[SENDING] = false;
	t->broken[RECEIVING] = false;
	return duel_begin(&t->d, flags, kernel);
}

static inline int trial_renew(struct trial *t)
{
	uint32_t flags = t->d.flags;
	bool kernel = t->d.kernel;

	duel_end(&t->d);
	return trial_begin(t, flags, kernel);
}

static inline bool victim_flushes(struct trial *t)
{
	int ret;

	if (!t->d.kernel)
		ret = fastipc_flush(t->d.victim);
	else
		ret = raw_send(fastipc_fd(t->d.victim), NULL, 0,
			       FASTIPC_SEND_ARRAY);
	return judge(t, SENDING, ret, 0);
}

/* The attacker cleans up, and goes on where the victim is. */
static inline bool settle(struct trial *t)
{
	if (!victim_flushes(t))
		return false;
	if (t->d.flags & FASTIPC_SEALED) {
		if (!t->broken[RECEIVING] && !receives_all(t))
			return false;
	} else {
		t->sent = victim_taken(t);
		raw_publish(&t->d.evil, t->sent, 0);
		t->d.evil.own->sent = t->sent;
	}
	attacker_releases(t);
	return true;
}

/* A message each way; of a direction that is broken that is all one gets. */
static inline bool goes_on(struct trial *t)
{
	uint64_t before = victim_sent(t);

	if (t->aside && (t->broken[SENDING] || t->broken[RECEIVING]))
		return true;
	if (!sends(t, 9, 0))
		return false;
	if (t->result != (t->broken[SENDING] ? -EBADMSG : 0))
		return wrong(t, "afterwards nothing can be sent");
	if (!t->result && victim_sent(t) != before + footprint(t->d.flags, 9))
		return wrong(t, "afterwards it is somewhere else");
	attacker_releases(t);
	if (!attacker_sends(t, 11) || !receives(t, RING, 0))
		return wrong(t,
			     t->why ?: "afterwards the attacker cannot send");
	if (t->result != (t->broken[RECEIVING] ? -EBADMSG : 11))
		return wrong(t, "afterwards nothing can be received");
	return true;
}

/* Another pair, at any time. */
static inline bool canary_lives(struct trial *t)
{
	unsigned char c = ++t->canaries, got = 0;
	int out = c % 2;

	if (fastipc_send(t->canary[out], &c, 1, FASTIPC_NOWAIT) ||
	    fastipc_recv(t->canary[!out], &got, 1, FASTIPC_NOWAIT) != 1 ||
	    got != c)
		return wrong(t, "another pair does not get what is its own");
	return true;
}

#endif /* FASTIPC_TEST_HOSTILE_EVERY_H */
