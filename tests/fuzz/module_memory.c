// SPDX-License-Identifier: GPL-2.0-only
/*
 * Maps, and what a process writes there: as the library does, or as no library
 * would.  See module.h.
 *
 * All maps lie in a window of ours, each in a place of its own: whatever happens
 * to a map, nothing else of this process is hit, and one munmap(2) clears all.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "module.h"

#define WINDOW ((char *)0x100000000000UL)
#define PLACE  (16UL << 20) /* the upper half is where a map may be moved */

/* A pipe that holds the pages of a map, until what holds them is closed. */
static int pinned[2] = { -1, -1 };

static void pins_drop(void)
{
	if (pinned[0] < 0)
		return;
	close(pinned[0]);
	close(pinned[1]);
	pinned[0] = -1;
}

void maps_drop(void)
{
	size_t i;

	pins_drop();
	for (i = 0; i < MAPS_MAX; i++)
		if (objects.map[i].at)
			break;
	if (i < MAPS_MAX)
		munmap(WINDOW, MAPS_MAX * PLACE);
}

/* Let a child have them, which the module does not want. */
void maps_inherit(void)
{
	size_t i;

	for (i = 0; i < MAPS_MAX; i++)
		if (objects.map[i].at)
			madvise(objects.map[i].at, objects.map[i].len,
				MADV_DOFORK);
}

/* Where the areas are: the same for all endpoints. */
static uint64_t offset_of(int fd, unsigned int area)
{
	static uint64_t offset[4];
	struct fastipc_info info = { .size = sizeof(info) };

	if (!offset[1] && !ioctl(fd, FASTIPC_INFO, &info)) {
		offset[0] = info.own_control;
		offset[2] = info.send_ring;
		offset[3] = info.recv_ring;
		offset[1] = info.peer_control;
	}
	return offset[area];
}

static long call_mmap(const struct call *c, const struct file *file)
{
	unsigned int area = c->a & 3, i = 0;
	bool own = area == 0 || area == 2;
	size_t len = area < 2 ? PAGE : 2 * file->ring;
	int prot = own ? PROT_READ | PROT_WRITE : PROT_READ;
	int flags = MAP_SHARED;
	uint64_t offset = offset_of(file->fd, area);
	char *hint = NULL, *at;

	if ((c->b & 3) == 3)
		flags |= MAP_POPULATE;
	if ((c->b & 0x1c) == 0x1c)
		len = (c->value & 7) * PAGE + (c->value >> 60);
	switch (c->a >> 4) {
	case 13:
		prot = c->value & 7;
		break;
	case 14:
		flags ^= MAP_SHARED | MAP_PRIVATE;
		break;
	case 15:
		offset = c->value & ~(PAGE - 1);
		break;
	default:
		break;
	}
	if (tasks_alone()) {
		while (i < MAPS_MAX && objects.map[i].at)
			i++;
		if (i == MAPS_MAX)
			return -ENOSPC;
		hint = WINDOW + i * PLACE;
	}
	at = mmap(hint, len, prot, flags, file->fd, offset);
	if (at == MAP_FAILED)
		return -errno;
	if (at != hint) /* of a thread that does it again and again */
		return answer(munmap(at, len));
	objects.map[i] =
		(struct map){ at, len, file->ring, file->endpoint, area };
	return 0;
}

/* All of a map, or a page of it; then the rest stays. */
static void part_of(const struct call *c, const struct map *map, char **at,
		    size_t *len)
{
	*at = map->at;
	*len = map->len;
	if (c->a & 0x80 && map->len > PAGE) {
		*at += c->value % (map->len / PAGE) * PAGE;
		*len = PAGE;
	}
}

static long call_munmap(const struct call *c, struct map *map)
{
	uint32_t endpoint = map->endpoint;
	size_t len, i;
	char *at;

	if (!(c->a & 0x40)) {
		part_of(c, map, &at, &len);
		if (munmap(at, len))
			return -errno;
		if (len == map->len)
			map->at = NULL;
		return 0;
	}
	/* The whole endpoint: then the kernel may move its messages again. */
	for (i = 0; i < MAPS_MAX; i++) {
		map = &objects.map[i];
		if (!map->at || map->endpoint != endpoint)
			continue;
		munmap(map->at, map->len);
		map->at = NULL;
	}
	return 0;
}

static long call_mprotect(const struct call *c, const struct map *map)
{
	static const int prots[] = { PROT_READ, PROT_READ | PROT_WRITE,
				     PROT_NONE, PROT_READ | PROT_EXEC };
	size_t len;
	char *at;

	part_of(c, map, &at, &len);
	return answer(mprotect(at, len, prots[c->a & 3]));
}

/* To another place, or longer or shorter where it is. */
static long call_mremap(const struct call *c, struct map *map)
{
	char *place = WINDOW + (map - objects.map) * PLACE;
	char *away = map->at == place ? place + PLACE / 2 : place;
	int flags = MREMAP_MAYMOVE | MREMAP_FIXED;
	size_t len = map->len;
	void *at;

	if (c->a & 1)
		flags |= MREMAP_DONTUNMAP;
	if (c->a & 2) {
		flags = 0;
		len = (c->value % 4 + 1) * PAGE;
	}
	/* From nothing: a second map of the same. */
	at = mremap(map->at, (c->a & 0xc) == 0xc ? 0 : map->len, len, flags,
		    away);
	if (at == MAP_FAILED)
		return -errno;
	map->at = at;
	map->len = len;
	return 0;
}

/* Words ----------------------------------------------------------------- */

static volatile uint64_t *word_of(const struct call *c, const struct map *map)
{
	/* sent, released, taken; want and ended, receiving and sending; arm */
	static const uint16_t fields[] = { 0,	0,   128, 136, 128, 136,
					   256, 264, 384, 392, 320, 448 };
	uint64_t at;

	if (map->area < 2)
		at = c->c & 0x8000 ? c->c % (PAGE / 8) * 8 :
				     fields[c->c % COUNT(fields)];
	else
		at = (uint64_t)c->c * 16 % map->len + (c->d & 0x100 ? 8 : 0);
	return (volatile uint64_t *)(map->at + at);
}

/* The value itself, or the word of a message, or not far from what is there. */
static void store(const struct call *c, const struct map *map)
{
	volatile uint64_t *word = word_of(c, map);

	switch (c->a & 3) {
	case 0:
		*word = c->value;
		break;
	case 1:
		*word = FASTIPC_WORD_COMMIT | c->value % (map->ring / 4);
		break;
	case 2:
		*word += (int64_t)(c->value % 513 - 256) * 16;
		break;
	default:
		*word = c->value % (4 * map->ring) & ~15ULL;
		break;
	}
}

static const struct map *map_beside(const struct map *map, unsigned int area)
{
	size_t i;

	for (i = 0; i < MAPS_MAX; i++)
		if (objects.map[i].at && objects.map[i].area == area &&
		    objects.map[i].endpoint == map->endpoint)
			return &objects.map[i];
	return NULL;
}

/* As lib/ring.h, but without looking whether there is space. */
static void publish(const struct call *c, const struct map *map)
{
	const struct map *own = map_beside(map, 0);
	const struct map *ring = map_beside(map, 2);
	volatile struct fastipc_control *control;
	uint64_t at, next, len = length_of(c, map->ring / 4 - 16);

	if (!own || !ring)
		return;
	control = (void *)own->at;
	at = control->sent;
	next = at + FASTIPC_FOOTPRINT(len);
	*(volatile uint64_t *)(ring->at + (next & (ring->ring - 16))) = 0;
	__atomic_store_n((uint64_t *)(ring->at + (at & (ring->ring - 16))),
			 FASTIPC_WORD_COMMIT | len, __ATOMIC_RELEASE);
	control->sent = next;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void consume(const struct call *c, const struct map *map)
{
	const struct map *own = map_beside(map, 0);
	const struct map *ring = map_beside(map, 3);
	volatile struct fastipc_control *control;
	uint64_t at, word;

	if (!own || !ring)
		return;
	control = (void *)own->at;
	at = control->taken;
	at &= ring->ring - 16;
	word = __atomic_load_n((uint64_t *)(ring->at + at), __ATOMIC_ACQUIRE);
	if (!word)
		return;
	/* Whether it is sealed is not known here: it may be wrong. */
	at = control->taken;
	at += c->a & 1 ? FASTIPC_SEALED_FOOTPRINT(word & FASTIPC_WORD_LEN) :
			 FASTIPC_FOOTPRINT(word & FASTIPC_WORD_LEN);
	control->taken = at;
	if (!(c->a & 0x80))
		__atomic_store_n(&control->released, at, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static long call_touch(const struct call *c, const struct map *map)
{
	/* No signal mask to be restored: SA_NODEFER. */
	if (sigsetjmp(landing.env, 0)) {
		landing.ready = false;
		return -EFAULT;
	}
	landing.ready = true;
	switch (call_op(c)) {
	case OP_STORE:
		store(c, map);
		break;
	case OP_PUBLISH:
		publish(c, map);
		break;
	default:
		consume(c, map);
		break;
	}
	landing.ready = false;
	return 0;
}

/* Pins ------------------------------------------------------------------ */

static long call_pin(const struct call *c, const struct map *map)
{
	struct iovec iov = { map->at, map->len };

	pins_drop();
	if (c->a & 1)
		return 0;
	if (pipe2(pinned, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	return answer(vmsplice(pinned[1], &iov, 1, SPLICE_F_NONBLOCK));
}

long run_memory(const struct call *c)
{
	struct map *map = map_of(c);
	struct file *file;

	if (call_op(c) == OP_MMAP) {
		file = file_of(c);
		return file ? call_mmap(c, file) : -EBADF;
	}
	if (!map)
		return -ENOENT;
	switch (call_op(c)) {
	case OP_MUNMAP:
		return call_munmap(c, map);
	case OP_MPROTECT:
		return call_mprotect(c, map);
	case OP_MREMAP:
		return call_mremap(c, map);
	case OP_PIN:
		return call_pin(c, map);
	default:
		return call_touch(c, map);
	}
}
