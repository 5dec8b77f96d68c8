// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module: what is registered at load, the parameters under
 * /sys/module/fastipc/parameters, and the re-check that looks for lost wakes.
 *
 * The module cannot be removed while an endpoint, a map file or a map lives: each
 * holds a file, and each file holds the module; nor while a mount does.
 */
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/workqueue.h>

#include "channel.h"
#include "dev.h"
#include "fs.h"
#include "region.h"
#include "user.h"
#include "wait.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/* Counters, to be read: what is alive now, and what must stay 0. */
static int show_channels(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%d\n", fastipc_nr_channels());
}

static int show_endpoints(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%d\n", fastipc_nr_endpoints());
}

static int show_bytes(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%llu\n", fastipc_region_bytes());
}

static int show_late_wakes(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%llu\n", fastipc_late_wakes());
}

static const struct kernel_param_ops channels_ops = { .get = show_channels };
static const struct kernel_param_ops endpoints_ops = { .get = show_endpoints };
static const struct kernel_param_ops bytes_ops = { .get = show_bytes };
static const struct kernel_param_ops late_wakes_ops = { .get = show_late_wakes };

module_param_cb(channels, &channels_ops, NULL, 0444);
MODULE_PARM_DESC(channels, "channels alive (read-only)");
module_param_cb(endpoints, &endpoints_ops, NULL, 0444);
MODULE_PARM_DESC(endpoints, "endpoints alive (read-only)");
module_param_cb(bytes, &bytes_ops, NULL, 0444);
MODULE_PARM_DESC(bytes, "bytes in rings and control pages (read-only)");
module_param_cb(late_wakes, &late_wakes_ops, NULL, 0444);
MODULE_PARM_DESC(late_wakes, "lost wakes that the re-check found (read-only)");

static bool recheck;
module_param(recheck, bool, 0444);
MODULE_PARM_DESC(recheck, "look for lost wakes once a second (debugging)");

static void recheck_all(struct work_struct *work);
static DECLARE_DELAYED_WORK(recheck_work, recheck_all);

static void recheck_all(struct work_struct *work)
{
	fastipc_channels_recheck();
	schedule_delayed_work(&recheck_work, HZ);
}

static int __init fastipc_init(void)
{
	int ret;

	fastipc_users_init();
	ret = fastipc_fs_register();
	if (ret)
		return ret;
	ret = fastipc_dev_register();
	if (ret) {
		fastipc_fs_unregister();
		return ret;
	}
	if (recheck)
		schedule_delayed_work(&recheck_work, HZ);
	return 0;
}

static void __exit fastipc_exit(void)
{
	cancel_delayed_work_sync(&recheck_work);
	fastipc_dev_unregister();
	fastipc_fs_unregister();
}

module_init(fastipc_init);
module_exit(fastipc_exit);

MODULE_AUTHOR("The fastipc authors");
MODULE_DESCRIPTION("Messages between processes on one machine");
MODULE_LICENSE("GPL");
MODULE_VERSION(FASTIPC_VERSION);
