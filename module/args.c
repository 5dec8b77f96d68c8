// SPDX-License-Identifier: GPL-2.0-only
/*
 * The structures of ioctls, in and out.  See args.h.
 */
#include <linux/minmax.h>
#include <linux/mm.h>

#include "args.h"

/**
 * fastipc_args_probe() - can results be written where arguments were read?
 * @user: there
 * @copy: what was read
 * @size: bytes, a multiple of 4, at most a page
 *
 * So that nothing is received for a caller who cannot be told.
 *
 * Return: 0 or -EFAULT.
 */
int fastipc_args_probe(void __user *user, const void *copy, size_t size)
{
	const u32 *from = copy;
	u32 __user *to = user;
	size_t last = size / sizeof(*from) - 1;

	return put_user(from[0], to) || put_user(from[last], to + last) ?
		       -EFAULT :
		       0;
}

/*
 * One that is older or newer than the kernel's.  Not longer than a page, so that
 * nobody makes the kernel read gigabytes of zeroes.
 */
int fastipc_args_get_other(void *to, u32 size, u32 least,
			   const void __user *from)
{
	u32 given;
	int ret;

	if (get_user(given, (const u32 __user *)from))
		return -EFAULT;
	if (given < least)
		return -EINVAL;
	if (given > PAGE_SIZE)
		return -E2BIG;
	ret = copy_struct_from_user(to, size, from, given);
	return ret ?: min(given, size);
}

int fastipc_args_put_other(void __user *to, const void *from, size_t size)
{
	return copy_to_user(to, from, size) ? -EFAULT : 0;
}
