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
 * struct fastipc_spin - looking on before sleeping, in one direction
 * @now_ns: how long it is worth while, by how it went lately
 * @unspun: how often it was not
 */
struct fastipc_spin {
	uint64_t now_ns;
	uint32_t unspun;
};

/**
 * struct fastipc - one end
 * @ready: the process's generation once it is mapped, else FASTIPC_UNMAPPED
 * @birth: generation of the process that made the handle
 * @fd: the endpoint
 * @info: geometry and rights
 * @takes: how many messages may be taken and not done
 * @spin_ns: how long to look on before sleeping, at most; 0: not
 * @map_lock: guards mapping
 * @tx: for sending
 * @puttable: longer than any message that may be put into a mapped ring now; 0 if
 *	none may, or bytes are reserved
 * @reserved: bytes reserved, or -1
 * @staging: sealed: where a message is built
 * @staging_bytes: its size
 * @tx_spin: when waiting for space
 * @rx: for receiving
 * @taken: how many messages are taken
 * @rx_spin: when waiting for a message
 *
 * What the sending and what the receiving thread write lies on lines of its own;
 * "make lint" looks at that.
 */
struct fastipc {
	uint64_t ready;
	uint64_t birth;
	int fd;
	struct fastipc_info info;
	uint32_t takes;
	uint64_t spin_ns;
	pthread_mutex_t map_lock;
	struct fastipc_producer tx __attribute__((aligned(64)));
	uint64_t puttable;
	ssize_t reserved;
	void *staging;
	size_t staging_bytes;
	struct fastipc_spin tx_spin;
	struct fastipc_consumer rx __attribute__((aligned(64)));
	uint32_t taken;
	struct fastipc_spin rx_spin;
};

static inline bool fastipc_is_sealed_(const struct fastipc *f)
{
	return f->info.flags & FASTIPC_SEALED;
}

/* Bytes are reserved; -1: not, or no more. */
static inline void fastipc_reserved_(struct fastipc *f, ssize_t bytes)
{
	f->reserved = bytes;
	f->puttable = bytes < 0 && f->tx.data ? f->tx.max_message + 1 : 0;
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
