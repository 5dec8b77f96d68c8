/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: args.h - the structures of ioctls, in and out
 *
 * Each begins with its size, as the caller knows it, and flags.  One of exactly the
 * kernel's size, which is nearly every one, is copied word by word, in line; an older
 * or newer one by args.c.  All sizes are multiples of 8.
 *
 * Locks: none, and none may be held.
 */
#ifndef FASTIPC_ARGS_H
#define FASTIPC_ARGS_H

#include <linux/types.h>
#include <linux/uaccess.h>

int fastipc_args_get_other(void *to, u32 size, u32 least,
			   const void __user *from);
int fastipc_args_put_other(void __user *to, const void *from, size_t size);
int fastipc_args_probe(void __user *user, const void *copy, size_t size);

/**
 * fastipc_args_get() - copy in a structure that begins with its size and flags
 * @to: filled in; what the caller does not know is zero
 * @size: of @to, bytes, a constant
 * @least: its size when first published
 * @flags: those that are known
 * @from: there
 *
 * Return: how many bytes of @to the caller knows; -EFAULT; -EINVAL for an unknown
 * flag, or a size below the one first published; -E2BIG if it says something
 * unknown, or is longer than a page.
 */
static __always_inline int fastipc_args_get(void *to, u32 size, u32 least,
					    u32 flags, const void __user *from)
{
	const u64 __user *words = from;
	u64 *word = to;
	int ret = size;
	u32 i;

	if (!user_read_access_begin(words, size))
		return -EFAULT;
	unsafe_get_user(word[0], words, fault);
	if (unlikely(*(u32 *)to != size)) {
		user_read_access_end();
		ret = fastipc_args_get_other(to, size, least, from);
	} else {
#pragma GCC unroll 16
		for (i = 1; i < size / sizeof(*word); i++)
			unsafe_get_user(word[i], &words[i], fault);
		user_read_access_end();
	}
	if (ret >= 0 && ((u32 *)to)[1] & ~flags)
		ret = -EINVAL;
	return ret;
fault:
	user_read_access_end();
	return -EFAULT;
}

/**
 * fastipc_args_put() - copy a structure out
 * @to: there
 * @from: what
 * @size: of @from, bytes, a constant
 * @known: how many of them the caller knows
 *
 * Return: 0 or -EFAULT.
 */
static __always_inline int fastipc_args_put(void __user *to, const void *from,
					    u32 size, u32 known)
{
	u64 __user *words = to;
	const u64 *word = from;
	u32 i;

	if (known != size)
		return fastipc_args_put_other(to, from, known);
	if (!user_write_access_begin(words, size))
		return -EFAULT;
#pragma GCC unroll 16
	for (i = 0; i < size / sizeof(*word); i++)
		unsafe_put_user(word[i], &words[i], fault);
	user_write_access_end();
	return 0;
fault:
	user_write_access_end();
	return -EFAULT;
}

#endif /* FASTIPC_ARGS_H */
