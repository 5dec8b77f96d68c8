// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs that are kept: files of them, trimming to what is needed, and the
 * smallest set that reaches all.  See module.h.
 */
#include "module.h"

void corpus_add(struct corpus *corpus, const struct program *p)
{
	uint32_t i = __atomic_fetch_add(&corpus->n, 1, __ATOMIC_RELAXED);

	/* Full: then the older ones make place. */
	corpus->program[i % CORPUS_MAX] = *p;
}

static uint32_t corpus_size(const struct corpus *corpus)
{
	return corpus->n < CORPUS_MAX ? corpus->n : CORPUS_MAX;
}

/* The first byte of one in memory is how many calls it has. */
static bool any_read(struct program *p, FILE *f)
{
	int first = fgetc(f);

	if (first == EOF)
		return false;
	ungetc(first, f);
	if (first <= CALLS_MAX && first != '\n')
		return fread(p, sizeof(*p), 1, f) == 1;
	return program_read(p, f);
}

bool corpus_load(struct corpus *corpus, const char *path)
{
	struct program p;
	FILE *f = fopen(path, "re");
	bool good;

	if (!f)
		return false;
	while (any_read(&p, f))
		corpus_add(corpus, &p);
	good = feof(f);
	fclose(f);
	return good;
}

static bool forks(const struct program *p)
{
	uint32_t i;

	for (i = 0; i < p->n; i++)
		if (call_op(&p->call[i]) == OP_FORK)
			return true;
	return false;
}

const struct program *corpus_any(const struct corpus *corpus, uint64_t *seed)
{
	uint32_t n = corpus_size(corpus);
	const struct program *p;
	uint64_t bits;

	do {
		bits = random_next(seed);
		/* The younger ones are further from what is known. */
		if (bits & 1 && n > 16)
			p = &corpus->program[n - 1 - (bits >> 8) % (n / 4)];
		else
			p = &corpus->program[(bits >> 8) % n];
		/* A fork costs as much as ten others. */
	} while (bits & 6 && forks(p));
	return p;
}

/*
 * Leave out whatever the edges that it was the first to reach do not need.  What
 * it reached by chance is not reached again: then all of it stays.
 */
void corpus_trim(struct program *p)
{
	struct program shorter;
	uint32_t i;

	cover_remember();
	for (i = p->n; i-- && p->n > 1;) {
		shorter = *p;
		shorter.n--;
		memmove(&shorter.call[i], &shorter.call[i + 1],
			(shorter.n - i) * sizeof(p->call[0]));
		run_program(&shorter);
		if (cover_reaches_again())
			*p = shorter;
	}
}

/* How many edges of @bits are not in @have. */
static uint32_t gain(const uint64_t *bits, const uint64_t *have)
{
	uint32_t i, n = 0;

	for (i = 0; i < EDGES / 64; i++)
		n += __builtin_popcountll(bits[i] & ~have[i]);
	return n;
}

/*
 * Save those that together reach what all reach, the best first; how many.  What
 * was not reached in each of two runs was luck.
 */
uint32_t corpus_minimise(const struct corpus *corpus, const char *path)
{
	uint32_t n = corpus_size(corpus);
	uint64_t(*bits)[EDGES / 64] = calloc(n, sizeof(*bits));
	uint64_t have[EDGES / 64] = { 0 }, again[EDGES / 64];
	uint32_t i, j, best, most, saved;
	FILE *f = fopen(path, "we");

	if (!bits || !f)
		abort();
	for (i = 0; i < n; i++) {
		run_program(&corpus->program[i]);
		cover_run_edges(bits[i]);
		memset(again, 0, sizeof(again));
		run_program(&corpus->program[i]);
		cover_run_edges(again);
		for (j = 0; j < EDGES / 64; j++)
			bits[i][j] &= again[j];
	}
	for (saved = 0; saved < SAVED_MAX; saved++) {
		for (best = 0, most = 0, i = 0; i < n; i++) {
			uint32_t more = gain(bits[i], have);

			if (more > most) {
				most = more;
				best = i;
			}
		}
		if (!most)
			break;
		for (i = 0; i < EDGES / 64; i++)
			have[i] |= bits[best][i];
		program_print(&corpus->program[best], f);
	}
	free(bits);
	fclose(f);
	return saved;
}
