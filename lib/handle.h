/* SPDX-License-Identifier: MIT */
/*
 * What the files of the library share: the handle, and the system call that
 * wakes and waits.  Private; the public face is fastipc.h.
 */
#ifndef FASTIPC_LIB_HANDLE_H
#define FASTIPC_LIB_HANDLE_H

#include <pthread.h>
#include <sys/ioctl.h>

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
 * @staging: sealed: where a message is built
 * @staging_bytes: its size
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
	void *staging;
	size_t staging_bytes;
	uint32_t takes;
	uint32_t taken;
	uint64_t spin_ns;
	pthread_mutex_t map_lock;
};

static inline bool fastipc_is_sealed_(const struct fastipc *f)
{
	return f->info.flags & FASTIPC_SEALED;
}

/* FASTIPC_SYNC: 0, or -errno. */
static inline int fastipc_sync_(const struct fastipc *f,
				struct fastipc_sync *sync)
{
	sync->size = sizeof(*sync);
	return ioctl(f->fd, FASTIPC_SYNC, sync) ? -errno : 0;
}

/* Wake the peer, or calm it; that cannot fail on a descriptor that is an endpoint. */
static inline void fastipc_wake_(const struct fastipc *f, uint32_t flags)
{
	struct fastipc_sync sync = { .flags = flags };

	fastipc_sync_(f, &sync);
}

#endif /* FASTIPC_LIB_HANDLE_H */
