/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: space.h - how many bytes a mount of fastipcfs may hold
 *
 * Owns that number and its limit, for all channels with a name in one mount.
 *
 * Locks: space->lock, an innermost one.
 */
#ifndef FASTIPC_SPACE_H
#define FASTIPC_SPACE_H

#include <linux/spinlock.h>
#include <linux/types.h>

/**
 * struct fastipc_space - bytes of a mount
 * @lock: guards the rest
 * @max: how many there may be; 0: no limit
 * @used: how many there are
 */
struct fastipc_space {
	spinlock_t lock; /* max, used */
	u64 max;
	u64 used;
};

/* Whether there are so many left; then they are used. */
static inline bool fastipc_space_take(struct fastipc_space *space, u64 bytes)
{
	bool fits;

	spin_lock(&space->lock);
	fits = !space->max ||
	       (space->used <= space->max && bytes <= space->max - space->used);
	if (fits)
		space->used += bytes;
	spin_unlock(&space->lock);
	return fits;
}

static inline void fastipc_space_give(struct fastipc_space *space, u64 bytes)
{
	spin_lock(&space->lock);
	space->used -= bytes;
	spin_unlock(&space->lock);
}

#endif /* FASTIPC_SPACE_H */
