/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The module's calls as they are, without the library: a result, or -errno; and an
 * end mapped and used by hand.
 */
#ifndef FASTIPC_TEST_RAW_H
#define FASTIPC_TEST_RAW_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fastipc.h"

#define DEVICE "/dev/fastipc"

/* Raw calls: a result, or -errno. ------------------------------------------ */

static inline int raw_ioctl(int fd, unsigned long command, void *arg)
{
	int ret = ioctl(fd, command, arg);

	return ret < 0 ? -errno : ret;
}

static inline int raw_open(int flags)
{
	int fd = open(DEVICE, flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static inline int raw_setup(int fd, uint64_t ring_bytes, uint64_t max_message)
{
	struct fastipc_setup setup = {
		.size = sizeof(setup),
		.kind = FASTIPC_KIND_PAIR,
		.ring_bytes = ring_bytes,
		.max_message = max_message,
	};

	return raw_ioctl(fd, FASTIPC_SETUP, &setup);
}

static inline int raw_peer(int fd, int flags)
{
	struct fastipc_peer peer = { .size = sizeof(peer),
				     .flags = flags | O_CLOEXEC };

	return raw_ioctl(fd, FASTIPC_PEER, &peer);
}

static inline int raw_info(int fd, struct fastipc_info *info)
{
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	return raw_ioctl(fd, FASTIPC_INFO, info);
}

static inline int raw_stat(int fd, struct fastipc_stat *stat)
{
	memset(stat, 0, sizeof(*stat));
	stat->size = sizeof(*stat);
	return raw_ioctl(fd, FASTIPC_STAT, stat);
}

static inline int raw_map(int fd)
{
	struct fastipc_map map = { .size = sizeof(map) };

	return raw_ioctl(fd, FASTIPC_MAP, &map);
}

static inline int raw_shutdown(int fd, int how)
{
	struct fastipc_shutdown down = { .size = sizeof(down), .how = how };

	return raw_ioctl(fd, FASTIPC_SHUTDOWN, &down);
}

/* FASTIPC_SYNC, all of it */
static inline int sync_with(int fd, uint32_t flags, uint64_t position,
			    uint64_t need, uint64_t timeout_ns)
{
	struct fastipc_sync sync = { .size = sizeof(sync),
				     .flags = flags,
				     .position = position,
				     .need = need,
				     .timeout_ns = timeout_ns };

	return raw_ioctl(fd, FASTIPC_SYNC, &sync);
}

/* wake or wait for a message */
static inline int raw_sync(int fd, uint32_t flags, uint64_t timeout_ns)
{
	return sync_with(fd, flags, 0, 0, timeout_ns);
}

/* wait for space */
static inline int raw_sync_send(int fd, uint64_t position, uint64_t need,
				uint64_t timeout_ns)
{
	return sync_with(fd, FASTIPC_SYNC_WAIT_SEND, position, need,
			 timeout_ns);
}

/* A pair by raw calls, with FASTIPC_SEALED or 0; fd[0] is end 0. */
static inline int raw_pair_of(int fd[2], uint64_t ring_bytes, uint32_t flags)
{
	struct fastipc_setup setup = { .size = sizeof(setup),
				       .flags = flags,
				       .kind = FASTIPC_KIND_PAIR,
				       .ring_bytes = ring_bytes };
	int ret;

	fd[0] = raw_open(O_RDWR);
	if (fd[0] < 0)
		return fd[0];
	ret = raw_ioctl(fd[0], FASTIPC_SETUP, &setup);
	if (ret)
		return ret;
	fd[1] = raw_peer(fd[0], O_RDWR);
	return fd[1] < 0 ? fd[1] : 0;
}

static inline int raw_pair(int fd[2], uint64_t ring_bytes)
{
	return raw_pair_of(fd, ring_bytes, 0);
}

/*
 * Have one message sent; no waiting.  -EUCLEAN: what the call answered is not what
 * its result means.
 */
static inline int raw_send(int fd, const void *buf, size_t len, uint32_t flags)
{
	struct fastipc_send send = { .size = sizeof(send),
				     .flags = flags,
				     .data = (uintptr_t)buf,
				     .len = len };
	struct fastipc_send before = send;
	int ret = raw_ioctl(fd, FASTIPC_SEND, &send);

	before.sent = ret > 0 ? ret : 0;
	return memcmp(&send, &before, sizeof(send)) ? -EUCLEAN : ret;
}

/*
 * Receive one message; its length is in @recv->len.  -EUCLEAN: the call failed, and
 * changed its structure.
 */
static inline int raw_recv(int fd, struct fastipc_recv *recv, void *buf,
			   size_t cap, uint64_t timeout_ns)
{
	const struct fastipc_recv before = { .size = sizeof(before),
					     .data = (uintptr_t)buf,
					     .len = cap,
					     .timeout_ns = timeout_ns };
	int ret;

	*recv = before;
	ret = raw_ioctl(fd, FASTIPC_RECV, recv);
	if (ret < 0 && memcmp(recv, &before, sizeof(before)))
		return -EUCLEAN;
	return ret;
}

/* An end, mapped by hand. ------------------------------------------------- */

struct mapped {
	struct fastipc_info info;
	struct fastipc_control *own;	    /* read-write */
	const struct fastipc_control *peer; /* read-only */
	char *send;			    /* read-write, twice; or NULL */
	const char *recv;		    /* read-only, twice */
};

static inline void *map_at(int fd, uint64_t offset, uint64_t bytes, int prot)
{
	return mmap(NULL, bytes, prot, MAP_SHARED, fd, offset);
}

/* Map all of an O_RDWR end: 0, or -errno. */
static inline int raw_map_end(int fd, struct mapped *m)
{
	const int rw = PROT_READ | PROT_WRITE;
	struct fastipc_info *info = &m->info;
	int ret = raw_info(fd, info);

	if (ret)
		return ret;
	m->own = map_at(fd, info->own_control, info->control_bytes, rw);
	m->peer =
		map_at(fd, info->peer_control, info->control_bytes, PROT_READ);
	m->send = NULL;
	if (!(info->flags & FASTIPC_SEALED))
		m->send = map_at(fd, info->send_ring, 2 * info->ring_bytes, rw);
	m->recv = map_at(fd, info->recv_ring, 2 * info->ring_bytes, PROT_READ);
	if (m->own == MAP_FAILED || m->peer == MAP_FAILED ||
	    m->send == MAP_FAILED || m->recv == MAP_FAILED)
		return -errno;
	return 0;
}

static inline void raw_unmap_end(struct mapped *m)
{
	munmap(m->own, m->info.control_bytes);
	munmap((void *)m->peer, m->info.control_bytes);
	if (m->send)
		munmap(m->send, 2 * m->info.ring_bytes);
	munmap((void *)m->recv, 2 * m->info.ring_bytes);
}

/* Publish by hand at a position; no wake. */
static inline void raw_publish(struct mapped *m, uint64_t position,
			       uint64_t word)
{
	struct fastipc_record *r;

	r = (void *)(m->send + (position & (m->info.ring_bytes - 1)));
	__atomic_store_n(&r->word, word, __ATOMIC_RELEASE);
}

/* The kernel as producer and consumer ------------------------------------- */

/* Whether there is nothing to receive at an end that nobody has mapped. */
static inline bool nothing_at(int fd)
{
	struct fastipc_recv recv;
	char c;

	return raw_recv(fd, &recv, &c, 1, 0) == -EAGAIN;
}

/* Send one byte after the other until there is no space: how many. */
static inline int fill_ring(int fd)
{
	int n = 0;

	while (raw_send(fd, "f", 1, 0) == 1)
		n++;
	return n;
}

/* Map an end's own control page, and so the end: its address, or NULL. */
static inline struct fastipc_control *raw_map_control(int fd)
{
	struct fastipc_info info;
	void *p;

	if (raw_info(fd, &info))
		return NULL;
	p = map_at(fd, info.own_control, info.control_bytes,
		   PROT_READ | PROT_WRITE);
	return p == MAP_FAILED ? NULL : p;
}

#endif /* FASTIPC_TEST_RAW_H */
