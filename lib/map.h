/* SPDX-License-Identifier: MIT */
/*
 * Which process a handle belongs to, and its maps.
 *
 * A handle is mapped at its first use, so that a pair can be made before fork(2)
 * and each process map only its own end.
 */
#ifndef FASTIPC_LIB_MAP_H
#define FASTIPC_LIB_MAP_H

#include "handle.h"

/* Where this process's number stands: the kernel wipes it in a forked child. */
extern const volatile uint64_t *fastipc_generation_;

int fastipc_born_(uint64_t *birth);
int fastipc_map_(struct fastipc *f);
void fastipc_unmap_(struct fastipc *f);

static inline bool fastipc_is_mine_(const struct fastipc *f)
{
	return f && f->birth == *fastipc_generation_;
}

/* Is @f this process's, and mapped already? */
static inline bool fastipc_is_ready_(const struct fastipc *f)
{
	return f && __atomic_load_n(&f->ready, __ATOMIC_ACQUIRE) ==
			    *fastipc_generation_;
}

/* Before anything else: 0 if @f is this process's and mapped. */
static inline int fastipc_ready_(struct fastipc *f)
{
	if (__builtin_expect(fastipc_is_ready_(f), 1))
		return 0;
	return fastipc_map_(f);
}

#endif /* FASTIPC_LIB_MAP_H */
