// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/fastipc_bare: wakes the other side and waits, in one ioctl, with what the
 * kernel offers every driver, and moves no message: what a blocked round trip of
 * any such device costs at least.  Only for the gate.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/wait.h>

static DECLARE_WAIT_QUEUE_HEAD(left);
static DECLARE_WAIT_QUEUE_HEAD(right);
static int turn;

/* _IO('B', side): whose turn it was, 0 or 1; 2: side 1 comes, and waits for its first. */
static long bare_ioctl(struct file *file, unsigned int number,
		       unsigned long arg)
{
	unsigned int side = _IOC_NR(number);

	if (number != _IO('B', side) || side > 2)
		return -ENOTTY;
	if (side != 2) {
		WRITE_ONCE(turn, !side);
		wake_up_interruptible(side ? &left : &right);
	}
	if (side)
		return wait_event_interruptible(right, READ_ONCE(turn));
	return wait_event_interruptible(left, !READ_ONCE(turn));
}

static const struct file_operations bare_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = bare_ioctl,
};

static struct miscdevice bare_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "fastipc_bare",
	.fops = &bare_fops,
};
module_misc_device(bare_device);

MODULE_DESCRIPTION("The least that a blocked round trip costs");
MODULE_LICENSE("GPL");
