// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/fastipc.  See dev.h.
 */
#include <linux/miscdevice.h>

#include "dev.h"
#include "endpoint.h"

static struct miscdevice fastipc_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "fastipc",
	.mode = 0660,
	.fops = &fastipc_endpoint_fops,
};

int fastipc_dev_register(void)
{
	return misc_register(&fastipc_device);
}

void fastipc_dev_unregister(void)
{
	misc_deregister(&fastipc_device);
}
