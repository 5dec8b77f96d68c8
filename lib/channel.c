// SPDX-License-Identifier: MIT
/*
 * Making a channel, passing an end on, ending it.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "channel.h"
#include "map.h"

#define DEVICE		"/dev/fastipc"
#define TAKES		16
#define SPIN_US		50
#define SPIN_US_MAX	1000
#define OPTIONS_SIZE_V0 48

_Static_assert(sizeof(struct fastipc_options) == OPTIONS_SIZE_V0,
	       "struct fastipc_options grew: keep taking the old size");

int fastipc_version(void)
{
	return FASTIPC_VERSION_NUMBER;
}

/* Handles ---------------------------------------------------------------- */

/* Take what the caller knows; refuse what this library does not. */
int fastipc_options_(struct fastipc_options *to,
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
	if (to->spin_us < -1 || to->spin_us > SPIN_US_MAX ||
	    to->end > FASTIPC_AS_ANY ||
	    (to->flags & FASTIPC_SEALED && to->flags & FASTIPC_DIRECT))
		return -EINVAL;
	return 0;
}

static bool one_cpu(void)
{
	cpu_set_t set;

	return !sched_getaffinity(0, sizeof(set), &set) && CPU_COUNT(&set) == 1;
}

int fastipc_handle_(struct fastipc **out, int fd,
		    const struct fastipc_options *options)
{
	struct fastipc *f = aligned_alloc(_Alignof(struct fastipc), sizeof(*f));
	int ret = -ENOMEM;

	if (!f)
		return ret;
	memset(f, 0, sizeof(*f));
	ret = fastipc_born_(&f->birth);
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
	f->tx_spin.now_ns = f->spin_ns;
	f->rx_spin.now_ns = f->spin_ns;
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
	free(f->staging);
	free(f);
}

static uint64_t ring_bytes(uint64_t wanted)
{
	uint64_t bytes = sysconf(_SC_PAGESIZE);

	while (wanted && bytes < wanted && bytes <= FASTIPC_RING_MAX)
		bytes *= 2;
	return wanted ? bytes : 0;
}

struct fastipc_setup fastipc_setup_(const struct fastipc_options *options)
{
	return (struct fastipc_setup){
		.size = sizeof(struct fastipc_setup),
		.kind = FASTIPC_KIND_PAIR,
		.flags = options->flags & ~FASTIPC_DIRECT,
		.ring_bytes = ring_bytes(options->ring_bytes),
		.max_message = options->max_message,
	};
}

int fastipc_pair(struct fastipc *end[2], const struct fastipc_options *options)
{
	struct fastipc_setup setup;
	struct fastipc_peer peer = { .size = sizeof(peer),
				     .flags = O_RDWR | O_CLOEXEC };
	struct fastipc_options o;
	int fd[2], ret;

	ret = fastipc_options_(&o, options);
	if (ret)
		return ret;
	fd[0] = open(DEVICE, O_RDWR | O_CLOEXEC);
	if (fd[0] < 0)
		return -errno;
	setup = fastipc_setup_(&o);
	if (ioctl(fd[0], FASTIPC_SETUP, &setup)) {
		ret = -errno;
		goto err_close0;
	}
	fd[1] = ioctl(fd[0], FASTIPC_PEER, &peer);
	if (fd[1] < 0) {
		ret = -errno;
		goto err_close0;
	}
	ret = fastipc_handle_(&end[0], fd[0], &o);
	if (ret)
		goto err_close1;
	ret = fastipc_handle_(&end[1], fd[1], &o);
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

	ret = fastipc_handle_(&new, fd, &defaults);
	if (ret)
		return ret;
	/* Opened by its name, and nothing more: any end will do. */
	if (new->info.end == (uint32_t)FASTIPC_END_ANY) {
		new->info = (struct fastipc_info){ .size = sizeof(new->info) };
		if (ioctl(fd, FASTIPC_ATTACH, &attach) ||
		    ioctl(fd, FASTIPC_INFO, &new->info)) {
			ret = -errno;
			goto err_free;
		}
	}
	/*
	 * Whoever maps it speaks for it; FASTIPC_ATTACH before would take that
	 * from a process that has it mapped, which then cannot end in order.
	 */
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

	if (!fastipc_is_mine_(from) || oflags & ~(O_ACCMODE | O_NONBLOCK))
		return -EINVAL;
	peer.flags = oflags | O_CLOEXEC;
	fd = ioctl(from->fd, FASTIPC_PEER, &peer);
	if (fd < 0)
		return -errno;
	ret = fastipc_handle_(f, fd, &defaults);
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

	if (!fastipc_is_mine_(f) ||
	    how & ~(FASTIPC_SHUT_SEND | FASTIPC_SHUT_RECV))
		return -EINVAL;
	if (how & FASTIPC_SHUT_SEND && f->ready != FASTIPC_UNMAPPED)
		fastipc_flush(f);
	return ioctl(f->fd, FASTIPC_SHUTDOWN, &down) ? -errno : 0;
}

void fastipc_close(struct fastipc *f)
{
	struct fastipc_shutdown down = { .size = sizeof(down),
					 .how = FASTIPC_SHUT_ON_CLOSE };

	if (!f)
		return;
	if (fastipc_is_mine_(f)) {
		/* Who never used an end does not speak for it. */
		if (f->ready != FASTIPC_UNMAPPED) {
			fastipc_flush(f);
			ioctl(f->fd, FASTIPC_SHUTDOWN, &down);
		}
		fastipc_unmap_(f);
		close(f->fd);
	}
	handle_free(f);
}

int fastipc_info(const struct fastipc *f, struct fastipc_info *info)
{
	if (!fastipc_is_mine_(f))
		return -EINVAL;
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	return ioctl(f->fd, FASTIPC_INFO, info) ? -errno : 0;
}

int fastipc_stat(const struct fastipc *f, struct fastipc_stat *stat)
{
	if (!fastipc_is_mine_(f))
		return -EINVAL;
	stat->size = sizeof(*stat);
	stat->flags = 0;
	return ioctl(f->fd, FASTIPC_STAT, stat) ? -errno : 0;
}
