// SPDX-License-Identifier: MIT
/*
 * Which process a handle belongs to, and its maps.
 */
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "map.h"

#define PREFAULT_BYTES (4 << 20) /* rings up to this: no faults later */

/* Which process this is ---------------------------------------------------- */

/*
 * A page that the kernel wipes in a forked child: one load tells a handle's
 * process from its children.  0 until the first handle; never 0 afterwards, but
 * in a child that has made none of its own.  No locks: fork(2) would copy them
 * as they are.
 */
static const uint64_t no_generation;
const volatile uint64_t *fastipc_generation_ = &no_generation;
static uint64_t *generation;
static uint64_t last_generation;

/* Note in @birth which process makes a handle: 0, or -ENOMEM. */
int fastipc_born_(uint64_t *birth)
{
	uint64_t *page = __atomic_load_n(&generation, __ATOMIC_ACQUIRE);
	uint64_t *none = NULL;
	uint64_t zero = 0, next;

	if (!page) {
		page = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (page == MAP_FAILED)
			return -ENOMEM;
		if (madvise(page, sysconf(_SC_PAGESIZE), MADV_WIPEONFORK)) {
			munmap(page, sysconf(_SC_PAGESIZE));
			return -ENOMEM;
		}
		if (!__atomic_compare_exchange_n(&generation, &none, page,
						 false, __ATOMIC_ACQ_REL,
						 __ATOMIC_ACQUIRE)) {
			/* Another thread was first. */
			munmap(page, sysconf(_SC_PAGESIZE));
			page = none;
		}
	}
	if (!__atomic_load_n(page, __ATOMIC_RELAXED)) {
		next = __atomic_add_fetch(&last_generation, 1,
					  __ATOMIC_RELAXED);
		__atomic_compare_exchange_n(page, &zero, next, false,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	}
	__atomic_store_n(&fastipc_generation_, page, __ATOMIC_RELEASE);
	*birth = __atomic_load_n(page, __ATOMIC_RELAXED);
	return 0;
}

/* Maps ------------------------------------------------------------------- */

static void *map_area(int fd, uint64_t bytes, int prot, uint64_t offset)
{
	int flags = MAP_SHARED;
	void *p;

	if (bytes <= 2 * PREFAULT_BYTES)
		flags |= MAP_POPULATE;
	p = mmap(NULL, bytes, prot, flags, fd, offset);
	return p == MAP_FAILED ? NULL : p;
}

static void unmap_area(const void *p, uint64_t bytes)
{
	if (p)
		munmap((void *)p, bytes);
}

/* Undo fastipc_map_(); also after it failed half-way. */
void fastipc_unmap_(struct fastipc *f)
{
	unmap_area(f->tx.data, 2 * f->info.ring_bytes);
	unmap_area(f->rx.data, 2 * f->info.ring_bytes);
	unmap_area(f->tx.peer, f->info.control_bytes);
	unmap_area(f->tx.own, f->info.control_bytes);
	memset(&f->tx, 0, sizeof(f->tx));
	memset(&f->rx, 0, sizeof(f->rx));
}

/* Map all that this end may, and begin where its predecessor stopped. */
static int map_all(struct fastipc *f, int fd)
{
	const int rw = PROT_READ | PROT_WRITE;
	struct fastipc_info *info = &f->info;
	uint32_t flags;

	/* Who neither receives nor sends through memory has nothing to write there. */
	f->tx.own = map_area(fd, info->control_bytes,
			     fastipc_is_sealed_(f) && !(info->rights &
							FASTIPC_MAY_RECV) ?
				     PROT_READ :
				     rw,
			     info->own_control);
	if (!f->tx.own)
		return -errno;
	f->tx.peer = map_area(fd, info->control_bytes, PROT_READ,
			      info->peer_control);
	if (!f->tx.peer)
		return -errno;
	f->rx.own = f->tx.own;
	f->rx.peer = f->tx.peer;
	f->tx.bytes = info->ring_bytes;
	f->rx.bytes = info->ring_bytes;
	f->tx.max_message = info->max_message;
	f->rx.max_message = info->max_message;
	if (fastipc_is_sealed_(f))
		f->rx.stamp_bytes = FASTIPC_STAMP_BYTES;
	if (info->rights & FASTIPC_MAY_SEND && !fastipc_is_sealed_(f)) {
		f->tx.data =
			map_area(fd, 2 * info->ring_bytes, rw, info->send_ring);
		if (!f->tx.data)
			return -errno;
		fastipc_producer_resume(&f->tx);
	}
	if (info->rights & FASTIPC_MAY_RECV) {
		f->rx.data = map_area(fd, 2 * info->ring_bytes, PROT_READ,
				      info->recv_ring);
		if (!f->rx.data)
			return -errno;
		fastipc_consumer_resume(&f->rx);
		flags = fastipc_consumer_sync(&f->rx);
		if (flags)
			fastipc_wake_(f, flags);
	}
	return 0;
}

static int map_through(struct fastipc *f)
{
	struct fastipc_map map = { .size = sizeof(map) };
	int fd, ret;

	if (f->info.rights == (FASTIPC_MAY_SEND | FASTIPC_MAY_RECV)) {
		ret = map_all(f, f->fd);
	} else {
		/* mmap(2) refuses what a one-way endpoint needs. */
		fd = ioctl(f->fd, FASTIPC_MAP, &map);
		if (fd < 0)
			return -errno;
		ret = map_all(f, fd);
		close(fd);
	}
	if (ret)
		fastipc_unmap_(f);
	return ret;
}

/* The slow part of fastipc_ready_(). */
int fastipc_map_(struct fastipc *f)
{
	int ret = 0;

	if (!fastipc_is_mine_(f))
		return -EINVAL;
	pthread_mutex_lock(&f->map_lock);
	if (f->ready == FASTIPC_UNMAPPED) {
		ret = map_through(f);
		fastipc_reserved_(f, -1);
		if (!ret)
			__atomic_store_n(&f->ready, f->birth, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&f->map_lock);
	return ret;
}
