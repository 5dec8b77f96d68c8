// SPDX-License-Identifier: MIT
/*
 * Making a channel, mapping an end, passing it on, ending it.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "handle.h"

#define DEVICE		"/dev/fastipc"
#define TAKES		16
#define SPIN_US		50
#define SPIN_US_MAX	1000
#define PREFAULT_BYTES	(4 << 20) /* rings up to this: no faults later */
#define OPTIONS_SIZE_V0 32

_Static_assert(sizeof(struct fastipc_options) == OPTIONS_SIZE_V0,
	       "struct fastipc_options grew: keep taking the old size");

int fastipc_version(void)
{
	return FASTIPC_VERSION_NUMBER;
}

/* Which process this is ---------------------------------------------------- */

/*
 * A page that the kernel wipes in a forked child: one load tells a handle's
 * process from its children.  0 until the first handle; never 0 afterwards, but
 * in a child that has made none of its own.
 */
static const uint64_t no_generation;
static volatile uint64_t *generation;
const volatile uint64_t *fastipc_generation_ = &no_generation;
static uint64_t last_generation;
static pthread_mutex_t generation_lock = PTHREAD_MUTEX_INITIALIZER;

static int generation_begin(uint64_t *birth)
{
	int ret = 0;
	void *page;

	pthread_mutex_lock(&generation_lock);
	if (!generation) {
		page = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (page == MAP_FAILED ||
		    madvise(page, sysconf(_SC_PAGESIZE), MADV_WIPEONFORK)) {
			ret = -ENOMEM;
			goto out;
		}
		generation = page;
	}
	if (!*generation)
		*generation = ++last_generation;
	fastipc_generation_ = generation;
	*birth = *generation;
out:
	pthread_mutex_unlock(&generation_lock);
	return ret;
}

static bool is_mine(const struct fastipc *f)
{
	return f->birth == *fastipc_generation_;
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

static void unmap(struct fastipc *f)
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

	f->tx.own = map_area(fd, info->control_bytes, rw, info->own_control);
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
	if (info->rights & FASTIPC_MAY_SEND) {
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
		if (fastipc_consumer_must_wake(&f->rx))
			fastipc_wake_(f, FASTIPC_SYNC_WAKE_SEND);
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
		unmap(f);
	return ret;
}

/* The slow part of fastipc_ready_(). */
int fastipc_map_(struct fastipc *f)
{
	int ret = 0;

	if (!f || !is_mine(f))
		return -EINVAL;
	pthread_mutex_lock(&f->map_lock);
	if (f->ready == FASTIPC_UNMAPPED) {
		ret = map_through(f);
		if (!ret)
			__atomic_store_n(&f->ready, f->birth, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&f->map_lock);
	return ret;
}

/* Handles ---------------------------------------------------------------- */

/* Take what the caller knows; refuse what this library does not. */
static int read_options(struct fastipc_options *to,
			const struct fastipc_options *from)
{
	const char *tail = (const char *)from;
	size_t i;

	memset(to, 0, sizeof(*to));
	if (!from)
		return 0;
	if (from->size < OPTIONS_SIZE_V0)
		return -EINVAL;
	for (i = sizeof(*to); i < from->size; i++)
		if (tail[i])
			return -E2BIG;
	memcpy(to, from, sizeof(*to));
	if (to->spin_us < -1 || to->spin_us > SPIN_US_MAX)
		return -EINVAL;
	return 0;
}

static bool one_cpu(void)
{
	cpu_set_t set;

	return !sched_getaffinity(0, sizeof(set), &set) && CPU_COUNT(&set) == 1;
}

static int handle_new(struct fastipc **out, int fd,
		      const struct fastipc_options *options)
{
	struct fastipc *f = calloc(1, sizeof(*f));
	int ret = -ENOMEM;

	if (!f)
		return ret;
	ret = generation_begin(&f->birth);
	if (ret)
		goto err_free;
	f->info.size = sizeof(f->info);
	if (ioctl(fd, FASTIPC_INFO, &f->info)) {
		ret = -errno;
		goto err_free;
	}
	f->ready = FASTIPC_UNMAPPED;
	f->fd = fd;
	f->reserved = -1;
	f->takes = options->takes ? options->takes : TAKES;
	if (options->spin_us >= 0 && !one_cpu())
		f->spin_ns = (options->spin_us ? options->spin_us : SPIN_US) *
			     1000ULL;
	pthread_mutex_init(&f->map_lock, NULL);
	*out = f;
	return 0;

err_free:
	free(f);
	return ret;
}

static void handle_free(struct fastipc *f)
{
	pthread_mutex_destroy(&f->map_lock);
	free(f);
}

static uint64_t ring_bytes(uint64_t wanted)
{
	uint64_t bytes = sysconf(_SC_PAGESIZE);

	while (wanted && bytes < wanted && bytes <= FASTIPC_RING_MAX)
		bytes *= 2;
	return wanted ? bytes : 0;
}

int fastipc_pair(struct fastipc *end[2], const struct fastipc_options *options)
{
	struct fastipc_setup setup = { .size = sizeof(setup),
				       .kind = FASTIPC_KIND_PAIR };
	struct fastipc_peer peer = { .size = sizeof(peer),
				     .flags = O_RDWR | O_CLOEXEC };
	struct fastipc_options o;
	int fd[2], ret;

	ret = read_options(&o, options);
	if (ret)
		return ret;
	fd[0] = open(DEVICE, O_RDWR | O_CLOEXEC);
	if (fd[0] < 0)
		return -errno;
	setup.ring_bytes = ring_bytes(o.ring_bytes);
	setup.max_message = o.max_message;
	if (ioctl(fd[0], FASTIPC_SETUP, &setup)) {
		ret = -errno;
		goto err_close0;
	}
	fd[1] = ioctl(fd[0], FASTIPC_PEER, &peer);
	if (fd[1] < 0) {
		ret = -errno;
		goto err_close0;
	}
	ret = handle_new(&end[0], fd[0], &o);
	if (ret)
		goto err_close1;
	ret = handle_new(&end[1], fd[1], &o);
	if (ret)
		goto err_handle0;
	return 0;

err_handle0:
	handle_free(end[0]);
err_close1:
	close(fd[1]);
err_close0:
	close(fd[0]);
	return ret;
}

int fastipc_adopt(struct fastipc **f, int fd)
{
	struct fastipc_attach attach = { .size = sizeof(attach),
					 .end = FASTIPC_END_ANY };
	const struct fastipc_options defaults = { 0 };
	struct fastipc *new;
	int ret;

	ret = handle_new(&new, fd, &defaults);
	if (ret)
		return ret;
	/* An end that is over may still have messages. */
	if (ioctl(fd, FASTIPC_ATTACH, &attach) && errno != EPIPE &&
	    errno != ECONNRESET) {
		ret = -errno;
		goto err_free;
	}
	ret = fastipc_map_(new);
	if (ret)
		goto err_free;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	*f = new;
	return 0;

err_free:
	handle_free(new);
	return ret;
}

int fastipc_peer(struct fastipc **f, const struct fastipc *from, int oflags)
{
	struct fastipc_peer peer = { .size = sizeof(peer) };
	const struct fastipc_options defaults = { 0 };
	int fd, ret;

	if (!from || !is_mine(from) || oflags & ~(O_ACCMODE | O_NONBLOCK))
		return -EINVAL;
	peer.flags = oflags | O_CLOEXEC;
	fd = ioctl(from->fd, FASTIPC_PEER, &peer);
	if (fd < 0)
		return -errno;
	ret = handle_new(f, fd, &defaults);
	if (ret)
		close(fd);
	return ret;
}

int fastipc_fd(const struct fastipc *f)
{
	return f ? f->fd : -EINVAL;
}

int fastipc_shutdown(struct fastipc *f, int how)
{
	struct fastipc_shutdown down = { .size = sizeof(down), .how = how };

	if (!f || !is_mine(f) || how & ~(FASTIPC_SHUT_SEND | FASTIPC_SHUT_RECV))
		return -EINVAL;
	return ioctl(f->fd, FASTIPC_SHUTDOWN, &down) ? -errno : 0;
}

void fastipc_close(struct fastipc *f)
{
	struct fastipc_shutdown down = { .size = sizeof(down),
					 .how = FASTIPC_SHUT_ON_CLOSE };

	if (!f)
		return;
	if (is_mine(f)) {
		ioctl(f->fd, FASTIPC_SHUTDOWN, &down);
		if (f->ready != FASTIPC_UNMAPPED)
			unmap(f);
		close(f->fd);
	}
	handle_free(f);
}

int fastipc_info(const struct fastipc *f, struct fastipc_info *info)
{
	if (!f || !is_mine(f))
		return -EINVAL;
	info->size = sizeof(*info);
	info->flags = 0;
	return ioctl(f->fd, FASTIPC_INFO, info) ? -errno : 0;
}

int fastipc_stat(const struct fastipc *f, struct fastipc_stat *stat)
{
	if (!f || !is_mine(f))
		return -EINVAL;
	stat->size = sizeof(*stat);
	stat->flags = 0;
	return ioctl(f->fd, FASTIPC_STAT, stat) ? -errno : 0;
}
