/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A pair of which this process has mapped both ends: what the tests of SYNC
 * share.  Include fastipc_test.h first.
 */
#ifndef FASTIPC_TEST_BOTH_H
#define FASTIPC_TEST_BOTH_H

/* A pair with a page for each ring, both ends mapped by hand. */
struct both {
	int fd[2];
	struct mapped m[2];
};

/* A direct pair, or with FASTIPC_SEALED. */
static inline int both_open(struct both *p, uint32_t flags)
{
	int ret = raw_pair_of(p->fd, 4096, flags);

	if (!ret)
		ret = raw_map_end(p->fd[0], &p->m[0]);
	if (!ret)
		ret = raw_map_end(p->fd[1], &p->m[1]);
	return ret;
}

/* The last close of an end: in order, or as if its process had died. */
static inline void leave(struct both *p, int end, bool orderly)
{
	if (p->fd[end] < 0)
		return;
	raw_unmap_end(&p->m[end]);
	if (orderly)
		raw_shutdown(p->fd[end], FASTIPC_SHUT_ON_CLOSE);
	close(p->fd[end]);
	p->fd[end] = -1;
}

static inline void both_close(struct both *p)
{
	leave(p, 0, true);
	leave(p, 1, true);
}

#endif /* FASTIPC_TEST_BOTH_H */
