/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An attacker, with raw maps, and its victim: what the tests of hostile peers
 * share.  Include fastipc_test.h first.
 */
#ifndef FASTIPC_TEST_HOSTILE_H
#define FASTIPC_TEST_HOSTILE_H

#define RING 4096
#define WORD(len) (FASTIPC_WORD_COMMIT | (len))

/* clang-format off */
static const uint64_t odd_values[] = {
	0, 1, 2, 7, 8, 15, 16, 17, 31, 32, 255, 256, 1007, 1008, 1009, 1023,
	1024, 4079, 4080, 4081, 4095, 4096, 4097, 8191, 8192, 65535, 65536,
	0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff, 0x100000000,
	0x100000010, 0x7ffffffffffffff0, 0x7fffffffffffffff,
	0x8000000000000000, 0x8000000000000001, 0x8000000000000010,
	0xfffffffffffffff0, 0xffffffffffffffff
};
/* clang-format on */

#define NR_ODD (sizeof(odd_values) / sizeof(odd_values[0]))

/**
 * struct duel - a pair, of which one end is hostile
 * @end: 0 the attacker's, never used through the library; 1 the victim's
 * @fd: the attacker's
 * @evil: its maps
 * @victim: end[1]
 * @kernel: the victim knows only the kernel's calls, else uses the library
 * @flags: of the pair
 * @limit: the longest message
 */
struct duel {
	struct fastipc *end[2];
	int fd;
	struct mapped evil;
	struct fastipc *victim;
	bool kernel;
	uint32_t flags;
	size_t limit;
};

/* 0, or -errno. */
static inline int duel_begin(struct duel *d, uint32_t flags, bool kernel)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .ring_bytes = RING,
					   .flags = flags };
	int ret = fastipc_pair(d->end, &options);

	if (ret)
		return ret;
	d->fd = fastipc_fd(d->end[0]);
	d->victim = d->end[1];
	d->kernel = kernel;
	d->flags = flags;
	/* What nothing was sent in maps the victim's end, if it does at all. */
	ret = kernel ? 0 : fastipc_flush(d->victim);
	ret = ret ? ret : raw_map_end(d->fd, &d->evil);
	d->limit = d->evil.info.max_message;
	return ret;
}

/* The attacker vanishes. */
static inline void duel_lose(struct duel *d)
{
	raw_unmap_end(&d->evil);
	fastipc_close(d->end[0]);
	d->end[0] = NULL;
}

static inline void duel_end(struct duel *d)
{
	if (d->end[0])
		duel_lose(d);
	fastipc_close(d->victim);
}

static inline int victim_send(struct duel *d, const void *buf, size_t len,
			      int timeout_ms)
{
	return any_send(d->victim, d->kernel, buf, len, timeout_ms);
}

static inline ssize_t victim_recv(struct duel *d, void *buf, size_t cap,
				  int timeout_ms)
{
	return any_recv(d->victim, d->kernel, buf, cap, timeout_ms);
}

/* Both sorts of pair, and both sorts of victim */
#define VARIANTS_OF_VICTIM(type)                                \
	FIXTURE_VARIANT(type)                                   \
	{                                                       \
		uint32_t flags;                                 \
		bool kernel;                                    \
	};                                                      \
	FIXTURE_VARIANT_ADD(type, direct) { 0, 0 };             \
	FIXTURE_VARIANT_ADD(type, direct_rw) { 0, 1 };          \
	FIXTURE_VARIANT_ADD(type, sealed) { FASTIPC_SEALED, 0 }; \
	FIXTURE_VARIANT_ADD(type, sealed_rw) { FASTIPC_SEALED, 1 }

#endif /* FASTIPC_TEST_HOSTILE_H */
