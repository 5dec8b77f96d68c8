/* SPDX-License-Identifier: MIT */
/*
 * What the files of the library share: the handle, and the calls between them.
 * Private; the public face is fastipc.h.
 *
 * A handle is mapped at its first use, so that a pair can be made before fork(2)
 * and each process map only its own end.
 */
#ifndef FASTIPC_LIB_HANDLE_H
#define FASTIPC_LIB_HANDLE_H

#include <pthread.h>

#include "fastipc.h"
#include "ring.h"

/* No generation; 0 would be what a forked child reads. */
#define FASTIPC_UNMAPPED UINT64_MAX

/**
 * struct fastipc - one end
 * @ready: the process's generation once it is mapped, else FASTIPC_UNMAPPED
 * @birth: generation of the process that made the handle
 * @fd: the endpoint
 * @info: geometry and rights
 * @tx: for sending
 * @rx: for receiving
 * @reserved: bytes reserved, or -1
 * @takes: how many messages may be taken and not done
 * @taken: how many are
 * @spin_ns: how long to look on before sleeping; 0: not
 * @map_lock: guards mapping
 */
struct fastipc {
	uint64_t ready;
	uint64_t birth;
	int fd;
	struct fastipc_info info;
	struct fastipc_producer tx;
	struct fastipc_consumer rx;
	ssize_t reserved;
	uint32_t takes;
	uint32_t taken;
	uint64_t spin_ns;
	pthread_mutex_t map_lock;
};

/**
 * struct fastipc_limit - how long a call may wait, over all its waits
 * @ms: milliseconds; 0: not at all; -1: no limit
 * @end: CLOCK_MONOTONIC, in nanoseconds; 0 until the first wait
 */
struct fastipc_limit {
	int ms;
	uint64_t end;
};

/* channel.c */
extern const volatile uint64_t *fastipc_generation_;
int fastipc_map_(struct fastipc *f);

/* wait.c */
void fastipc_wake_(struct fastipc *f, uint32_t flags);
int fastipc_wait_space_(struct fastipc *f, size_t len,
			struct fastipc_limit *limit);
int fastipc_wait_message_(struct fastipc *f, uint32_t wake, size_t *len,
			  struct fastipc_limit *limit);

/*
 * Before anything else: 0 if @f is this process's and mapped.  After fork(2)
 * the child's generation page reads 0, which no handle has.
 */
static inline int fastipc_ready_(struct fastipc *f)
{
	if (__builtin_expect(f && __atomic_load_n(&f->ready,
						  __ATOMIC_ACQUIRE) ==
					     *fastipc_generation_,
			     1))
		return 0;
	return fastipc_map_(f);
}

#endif /* FASTIPC_LIB_HANDLE_H */
