// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arguments of the module's calls: structures of the right size and of others,
 * payloads in one piece and in several, arrays.  See module.h.
 */
#include <sys/ioctl.h>

#include "module.h"

#define IA32_IOCTL 54
#define GUARD	   64 /* bytes behind an argument that must stay */
#define ITEMS	   6

/* As a 32-bit process makes it: the numbers of its system calls are others. */
static long compat_ioctl(long fd, unsigned long number, void *arg)
{
	long ret = IA32_IOCTL;

	asm volatile("int $0x80"
		     : "+a"(ret)
		     : "b"(fd), "c"(number), "d"(arg)
		     : "r8", "r9", "r10", "r11", "memory", "cc");
	return (int)ret;
}

static long make_ioctl(const struct call *c, int fd, unsigned long number,
		       void *arg)
{
	if (CALL_COMPAT(c))
		return compat_ioctl(fd, number, arg);
	if (CALL_SUBMITTED(c) &&
	    (number == FASTIPC_SEND || number == FASTIPC_RECV))
		return uring_command(c, fd, number, arg);
	return answer(ioctl(fd, number, arg));
}

/* Arguments ------------------------------------------------------------- */

/* What the caller says is the structure's size. */
static uint32_t size_given(const struct call *c, uint32_t size, uint32_t least)
{
	switch (c->d >> 12) {
	case 11:
		return least;
	case 12:
		return size + 8; /* a tail of zeroes */
	case 13:
		return (c->d >> 4 & 7) == 0 ? 0 : least - 4 + (c->a & 4);
	case 14:
		return (c->d >> 4 & 7) == 0 ? PAGE : size + 16;
	case 15:
		return (c->d >> 4 & 7) == 0 ? c->value : size;
	default:
		return size;
	}
}

/*
 * One call: @arg is of @size today, @least at first; what comes back is there
 * again.  Nothing behind what the caller gave may change.
 */
long call_ioctl(const struct call *c, int fd, unsigned long number, void *arg,
		uint32_t size, uint32_t least)
{
	uint32_t given = size_given(c, size, least);
	uint32_t room = given < PAGE - GUARD ? given : PAGE - GUARD;
	char *at = arena->args, *guard;
	long ret;
	int i;

	/* Behind the structure lies more, or nothing. */
	if ((c->d & 0x0c00) == 0x0c00)
		at += PAGE - room;
	guard = at + room;
	memset(at, 0, room);
	memcpy(at, arg, size < room ? size : room);
	if (room >= 4)
		memcpy(at, &given, sizeof(given));
	if (c->d >> 12 == 14 && room > size)
		at[room - 1] = c->value;
	if (guard + GUARD <= arena->args + PAGE)
		memset(guard, 0xa5, GUARD);
	if ((c->d & 0x0ff0) == 0x0ff0)
		return make_ioctl(c, fd, number, pointer_of(c, size));
	ret = make_ioctl(c, fd, number, at);
	for (i = 0; guard + GUARD <= arena->args + PAGE && i < GUARD; i++)
		if (guard[i] != (char)0xa5) {
			wrong("ioctl %lu wrote byte %d behind %u",
			      number & 0xff, i, given);
			break;
		}
	memcpy(arg, at, size < room ? size : room);
	return ret;
}

void fill_iovec(const struct call *c, struct iovec *iov, int n, uint64_t len)
{
	for (; n > 0; n--, iov++) {
		uint64_t part = n > 1 ? mix(c->value + n) % (len + 1) : len;

		iov->iov_base = pointer_of(c, part);
		iov->iov_len = part;
		len -= part;
	}
}

/* The same, as a 32-bit process has them. */
static void shrink_iovec(struct iovec *iov, int n)
{
	uint32_t *half = (uint32_t *)iov;
	int i;

	for (i = 0; i < n; i++) {
		half[2 * i] = (uintptr_t)iov[i].iov_base;
		half[2 * i + 1] = iov[i].iov_len;
	}
}

/* @n messages, or buffers for them, in the arena. */
static void fill_items(const struct call *c, const struct file *file, bool recv)
{
	struct fastipc_recv_item *in = (void *)arena->items;
	struct fastipc_send_item *out = (void *)arena->items;
	int i;

	memset(arena->items, 0, PAGE);
	for (i = 0; i < ITEMS; i++) {
		uint64_t bits = mix(c->value + i);
		struct call one = *c;
		uint64_t len;

		one.c = bits;
		/* One of them may be special. */
		if (i != (c->c & 7))
			one.d &= ~0x000f;
		len = length_of(&one, recv ? file->ring / 4 : file->limit);
		if (recv) {
			in[i].data = (uintptr_t)pointer_of(&one, len);
			in[i].len = len;
			in[i].flags = bits >> 60 == 15 ? bits >> 50 & 3 : 0;
		} else {
			out[i].data = (uintptr_t)pointer_of(&one, len);
			out[i].len = len;
			out[i].tag = bits;
			out[i].flags = bits >> 60 == 15 ? bits >> 50 & 3 : 0;
		}
	}
}

/* data and len of SEND and RECV, which begin in the same way. */
void fill_data(const struct call *c, const struct file *file, bool recv,
	       bool pieces, bool array, __u64 *data, __u64 *len)
{
	uint64_t limit = recv ? file->ring / 4 : file->limit;

	*len = length_of(c, limit);
	if (array) {
		fill_items(c, file, recv);
		*len = *len % 64 < 8 ? *len % 8 : *len % (ITEMS + 1);
		*data = (uintptr_t)arena->items;
		if ((c->d & 15) == 14)
			*data = (uintptr_t)pointer_of(c, PAGE);
	} else if (pieces) {
		struct iovec *iov = (void *)(arena->items + PAGE / 2);
		int n = c->value % 7;

		fill_iovec(c, iov, n, *len);
		if (CALL_COMPAT(c))
			shrink_iovec(iov, n);
		*data = (uintptr_t)iov;
		*len = (c->d & 0x0f00) == 0x0f00 ? c->value : (uint64_t)n;
	} else {
		*data = (uintptr_t)pointer_of(c, *len);
	}
}

void fill_recv(const struct call *c, const struct file *file,
	       struct fastipc_recv *recv)
{
	static const uint8_t flags[] = { 0, 0, 0, 1, 2, 2, 1, 0 };
	bool odd = (c->a & 0xf8) == 0xf8;

	*recv = (struct fastipc_recv){ .size = sizeof(*recv),
				       .flags = odd ? c->value :
						      flags[c->a & 7],
				       .reserved = odd ? c->value >> 40 : 0 };
	fill_data(c, file, true, recv->flags & FASTIPC_RECV_IOV,
		  recv->flags & FASTIPC_RECV_ARRAY, &recv->data, &recv->len);
}
