/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is known of a pair by those who outlive its users: each sender notes a
 * number before it sends and after, each receiver what came.  Shared memory; a
 * process killed between any two instructions leaves it true.  Include
 * fastipc_test.h first.
 *
 * An end has lives: processes that follow each other.  A message says of which
 * life of the sending end it is, and its number, which goes on over the lives.
 */
#ifndef FASTIPC_TEST_KILL_LEDGER_H
#define FASTIPC_TEST_KILL_LEDGER_H

#define LIVES	32
#define LENGTHS 509
#define LONGEST (8 + LENGTHS)

/**
 * struct sender_life - what one process has sent
 * @first: the number that it begins with
 * @intended: the last number that it was about to send
 * @confirmed: the last one that the receiver may rely on
 * @withheld: the first number of a batch that nothing shows; 0 unless the
 *	process is surely between two calls
 * @kept: the kernel has that batch, and the next sender may show it
 */
struct sender_life {
	volatile uint64_t first;
	volatile uint64_t intended;
	volatile uint64_t confirmed;
	volatile uint64_t withheld;
	volatile bool kept;
};

/**
 * struct ledger - one pair's
 * @sender: the lives of the sending end
 * @lives: how many there were, with the one that lives
 * @drained: the last number of which drain said that it was received
 * @received: the last message that was noted, as id_of() gives it
 * @window: how many more the receiving end may have taken when it dies
 * @replied: the last reply that the client noted; exchanges only
 * @began: by end: the life is at work
 * @complaint: what went wrong first
 */
struct ledger {
	struct sender_life sender[LIVES];
	volatile uint32_t lives;
	volatile uint64_t drained;
	volatile uint64_t received;
	volatile uint32_t window;
	volatile uint64_t replied;
	volatile bool began[2];
	char complaint[160];
};

#define COMPLAIN(ledger, ...)                                               \
	do {                                                                \
		if (!(ledger)->complaint[0])                                \
			snprintf((ledger)->complaint,                       \
				 sizeof((ledger)->complaint), __VA_ARGS__); \
	} while (0)

/* Messages ---------------------------------------------------------------- */

static inline uint64_t id_of(unsigned int life, uint64_t number)
{
	return (uint64_t)life << 48 | number;
}

static inline unsigned int life_of(uint64_t id)
{
	return id >> 48;
}

static inline uint64_t number_of(uint64_t id)
{
	return id & ((1ULL << 48) - 1);
}

static inline size_t length_of(uint64_t number)
{
	return 8 + number % LENGTHS;
}

/* Its bytes, into a buffer of LONGEST: the length. */
static inline size_t compose(void *buf, unsigned int life, uint64_t number)
{
	uint64_t id = id_of(life, number);
	size_t len = length_of(number);

	memset(buf, (char)number, len);
	memcpy(buf, &id, sizeof(id));
	return len;
}

/* The id of a message, or 0 if it is none that anybody composed. */
static inline uint64_t recognize(const void *data, size_t len)
{
	const char *byte = data;
	uint64_t id;
	size_t i;

	if (len < sizeof(id))
		return 0;
	memcpy(&id, data, sizeof(id));
	if (life_of(id) >= LIVES || len != length_of(number_of(id)))
		return 0;
	for (i = sizeof(id); i < len; i++)
		if (byte[i] != (char)number_of(id))
			return 0;
	return id;
}

/* Sending ------------------------------------------------------------------ */

/* A life begins after all that its predecessor may have sent. */
static inline void sender_begins(struct ledger *ledger)
{
	unsigned int life = ledger->lives;
	uint64_t last = life ? ledger->sender[life - 1].intended : 0;

	ledger->sender[life].first = last + 1;
	ledger->sender[life].intended = last;
	ledger->sender[life].confirmed = last;
	ledger->lives = life + 1;
}

/* Receiving ---------------------------------------------------------------- */

/*
 * Of the numbers of a life from one on, which did not come: how many should
 * have.  Those after what was confirmed may be missing; a batch that was
 * withheld comes as a whole or not at all.
 */
static inline uint64_t owed(const struct sender_life *life, uint64_t from)
{
	uint64_t end = life->confirmed;

	if (life->withheld && from > life->withheld)
		end = life->intended;
	return end >= from ? end - from + 1 : 0;
}

/*
 * A message came, or with id 0 the end: how many before it were owed and did
 * not come; -1 if it should not have come itself.
 */
static inline int64_t missing(const struct ledger *ledger, uint64_t id)
{
	unsigned int last = id ? life_of(id) : ledger->lives, k;
	uint64_t from = number_of(ledger->received) + 1, lost = 0;

	if (id && (last < life_of(ledger->received) || last >= ledger->lives ||
		   number_of(id) < from))
		return -1;
	for (k = life_of(ledger->received); k < last; k++) {
		if (from < ledger->sender[k].first)
			from = ledger->sender[k].first;
		lost += owed(&ledger->sender[k], from);
		if (from <= ledger->sender[k].intended)
			from = ledger->sender[k].intended + 1;
	}
	/* Whoever sent this has sent all before it. */
	return id ? lost + number_of(id) - from : lost;
}

/* May a message come that was withheld when its sender died? */
static inline bool may_show(const struct ledger *ledger, uint64_t id)
{
	const struct sender_life *life = &ledger->sender[life_of(id)];
	uint64_t withheld = life->withheld;

	if (!withheld || number_of(id) < withheld)
		return true;
	return life->kept && life_of(id) + 1 < ledger->lives;
}

#endif /* FASTIPC_TEST_KILL_LEDGER_H */
