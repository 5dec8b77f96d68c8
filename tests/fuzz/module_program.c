// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs as data: making, changing, printing and reading.  See module.h.
 *
 * A file of programs is text: a line for each call, its op and seven numbers in
 * hexadecimal, and an empty line behind each program.  Lines with # say something.
 */
#include "module.h"

/* How often each op is chosen, in some unit; expensive ones seldom. */
static const struct {
	const char *name;
	unsigned int weight;
} ops[OPS] = {
	[OP_OPEN] = { "open", 12 },
	[OP_SETUP] = { "setup", 12 },
	[OP_PEER] = { "peer", 14 },
	[OP_ATTACH] = { "attach", 8 },
	[OP_INFO] = { "info", 6 },
	[OP_MAP] = { "map", 8 },
	[OP_SEND] = { "send", 60 },
	[OP_RECV] = { "recv", 60 },
	[OP_SYNC] = { "sync", 40 },
	[OP_STAT] = { "stat", 4 },
	[OP_SHUTDOWN] = { "shutdown", 10 },
	[OP_READ] = { "read", 24 },
	[OP_WRITE] = { "write", 24 },
	[OP_POLL] = { "poll", 12 },
	[OP_EPOLL] = { "epoll", 14 },
	[OP_FCNTL] = { "fcntl", 12 },
	[OP_DUP] = { "dup", 4 },
	[OP_CLOSE] = { "close", 10 },
	[OP_SHOW] = { "show", 1 },
	[OP_NAME] = { "name", 6 },
	[OP_MMAP] = { "mmap", 32 },
	[OP_MUNMAP] = { "munmap", 20 },
	[OP_MPROTECT] = { "mprotect", 5 },
	[OP_MREMAP] = { "mremap", 5 },
	[OP_STORE] = { "store", 40 },
	[OP_PUBLISH] = { "publish", 14 },
	[OP_CONSUME] = { "consume", 10 },
	[OP_PIN] = { "pin", 3 },
	[OP_FORK] = { "fork", 1 },
	[OP_KILL] = { "kill", 2 },
	[OP_RACE] = { "race", 7 },
	[OP_HELP] = { "help", 5 },
};

/* clang-format off */
static const uint64_t odd_values[] = {
	0, 1, 2, 7, 8, 15, 16, 17, 31, 32, 48, 63, 64, 128, 255, 256, 960,
	1007, 1008, 1009, 1023, 1024, 2048, 4032, 4064, 4079, 4080, 4081, 4095,
	4096, 4097, 8176, 8191, 8192, 16384, 65520, 65536, 131072, 0x3fffffff,
	0x40000000, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff,
	0x100000000, 0x100000010, 1ULL << 40, 0x7ffffffffffffff0,
	0x7fffffffffffffff, 0x8000000000000000, 0x8000000000000001,
	0x8000000000000010, 0x80000000000003f0, 0x8000000000001000,
	0x80000000ffffffff, 0x8000000100000010, 0xfffffffffffffff0,
	0xffffffffffffffff
};
/* clang-format on */

uint64_t odd_value(uint64_t choice)
{
	return odd_values[choice % COUNT(odd_values)];
}

/* Numbers that differ, from one that says nothing. */
uint64_t mix(uint64_t value)
{
	value ^= value >> 33;
	value *= 0xff51afd7ed558ccdULL;
	value ^= value >> 33;
	value *= 0xc4ceb9fe1a85ec53ULL;
	return value ^ value >> 33;
}

/* xorshift64*: the state is never 0. */
uint64_t random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}

static uint64_t below(uint64_t *seed, uint64_t n)
{
	return random_next(seed) % n;
}

enum op call_op(const struct call *c)
{
	return c->op % OPS;
}

const char *op_name(enum op op)
{
	return ops[op].name;
}

static enum op random_op(uint64_t *seed)
{
	static unsigned int total;
	unsigned int i, at;

	if (!total)
		for (i = 0; i < OPS; i++)
			total += ops[i].weight;
	at = below(seed, total);
	for (i = 0; at >= ops[i].weight; i++)
		at -= ops[i].weight;
	return i;
}

static struct call random_call(uint64_t *seed, enum op op)
{
	uint64_t bits = random_next(seed);
	struct call c = { op,	      bits,	  bits >> 8, bits >> 16,
			  bits >> 24, bits >> 40, 0 };

	bits = random_next(seed);
	switch (bits & 3) {
	case 0:
		c.value = odd_value(bits >> 2);
		break;
	case 1:
		c.value = odd_value(bits >> 2) + (bits >> 60) - 8;
		break;
	case 2:
		c.value = random_next(seed);
		break;
	default:
		c.value = random_next(seed) >> (bits >> 2) % 64;
		break;
	}
	return c;
}

/* Most begin with a pair, and half of those with maps. */
void program_make(struct program *p, uint64_t *seed)
{
	uint32_t n = 4 + below(seed, CALLS_MAX - 3);

	memset(p, 0, sizeof(*p));
	if (below(seed, 16)) {
		p->call[p->n++] = random_call(seed, OP_OPEN);
		p->call[p->n++] = random_call(seed, OP_SETUP);
		p->call[p->n++] = random_call(seed, OP_PEER);
	}
	/* Or with a name, and one or two who have it open. */
	if (!below(seed, 4)) {
		uint64_t name = below(seed, 3);

		for (p->n = 0; p->n < 3; p->n++) {
			p->call[p->n] = random_call(seed, p->n == 1 ? OP_SETUP :
								      OP_OPEN);
			p->call[p->n].a &= 0x0f;
			p->call[p->n].c = 0x5540;
			p->call[p->n].value = name;
		}
	}
	if (n > 7 && below(seed, 2)) {
		uint8_t slot = below(seed, 2);

		for (uint8_t area = 0; area < 4; area++) {
			struct call c = random_call(seed, OP_MMAP);

			c.slot = slot;
			c.a = area;
			c.b &= 0x03;
			p->call[p->n++] = c;
		}
	}
	while (p->n < n)
		p->call[p->n++] = random_call(seed, random_op(seed));
}

static void insert(struct program *p, uint32_t at, struct call c)
{
	if (p->n == CALLS_MAX)
		p->n--;
	memmove(&p->call[at + 1], &p->call[at], (p->n - at) * sizeof(c));
	p->call[at] = c;
	p->n++;
}

static void change_field(struct call *c, uint64_t *seed)
{
	uint8_t *byte = (uint8_t *)c + below(seed, sizeof(*c));

	switch (below(seed, 6)) {
	case 0:
		*byte = random_next(seed);
		break;
	case 1:
		*byte ^= 1 << below(seed, 8);
		break;
	case 2:
		*byte += below(seed, 9) - 4;
		break;
	case 3:
		c->value = odd_value(random_next(seed));
		break;
	case 4:
		c->value += (below(seed, 5) - 2) * 16;
		break;
	default:
		c->slot = random_next(seed);
		break;
	}
}

static void mutate_once(struct program *p, const struct program *other,
			uint64_t *seed)
{
	uint32_t at = below(seed, p->n), n;

	switch (below(seed, 10)) {
	case 0:
		p->call[at] = random_call(seed, random_op(seed));
		break;
	case 1:
	case 2:
		n = below(seed, p->n < CALLS_MAX ? p->n + 1 : CALLS_MAX);
		insert(p, n, random_call(seed, random_op(seed)));
		break;
	case 3:
		if (p->n == 1)
			break;
		p->n--;
		memmove(&p->call[at], &p->call[at + 1],
			(p->n - at) * sizeof(p->call[0]));
		break;
	case 4: /* once more, later or here */
		n = below(seed, p->n < CALLS_MAX ? p->n + 1 : CALLS_MAX);
		insert(p, n, p->call[at]);
		break;
	case 5: { /* begin as this one, end as another */
		uint32_t from = below(seed, other->n);

		n = other->n - from;
		if (n > CALLS_MAX - at)
			n = CALLS_MAX - at;
		memcpy(&p->call[at], &other->call[from],
		       n * sizeof(p->call[0]));
		p->n = at + n;
		break;
	}
	case 6: {
		uint32_t to = below(seed, p->n);
		struct call c = p->call[at];

		p->call[at] = p->call[to];
		p->call[to] = c;
		break;
	}
	default:
		change_field(&p->call[at], seed);
		break;
	}
}

void program_mutate(struct program *p, const struct program *other,
		    uint64_t *seed)
{
	uint32_t i, n = 1 + below(seed, 4);

	for (i = 0; i < n; i++)
		mutate_once(p, other, seed);
	/* What is kept is short, and a channel costs more than a call. */
	n = below(seed, 4) == 0 ? 12 + below(seed, CALLS_MAX - 11) : 0;
	while (p->n < n)
		p->call[p->n++] = random_call(seed, random_op(seed));
}

void program_print(const struct program *p, FILE *to)
{
	uint32_t i;

	for (i = 0; i < p->n; i++) {
		const struct call *c = &p->call[i];

		fprintf(to, "%-8s %02x %02x %02x %04x %04x %llx\n",
			op_name(call_op(c)), c->slot, c->a, c->b, c->c, c->d,
			(unsigned long long)c->value);
	}
	fprintf(to, "\n");
}

static bool call_read(struct call *c, const char *line)
{
	unsigned int slot, a, b, len, pointer;
	unsigned long long value;
	char name[16];
	uint8_t op = 0;

	if (sscanf(line, "%15s %x %x %x %x %x %llx", name, &slot, &a, &b, &len,
		   &pointer, &value) != 7)
		return false;
	while (op < OPS && strcmp(name, op_name(op)))
		op++;
	*c = (struct call){ op, slot, a, b, len, pointer, value };
	return op < OPS;
}

bool program_read(struct program *p, FILE *from)
{
	char line[256];

	memset(p, 0, sizeof(*p));
	while (fgets(line, sizeof(line), from)) {
		if (*line == '#')
			continue;
		if (*line == '\n') {
			if (p->n)
				break;
			continue;
		}
		if (p->n == CALLS_MAX || !call_read(&p->call[p->n++], line))
			return false;
	}
	return p->n;
}
