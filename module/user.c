// SPDX-License-Identifier: GPL-2.0-only
/*
 * Users, and what they may still do.  See user.h.
 */
#include <linux/capability.h>
#include <linux/jiffies.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

#include "user.h"

#define BARRIERS_PER_SECOND 1000
#define BARRIERS_AT_ONCE    100

/* Limits.  Read without a lock: who is charged meanwhile may get by with the old ones. */
static unsigned int user_channels = 4096;
module_param(user_channels, uint, 0644);
MODULE_PARM_DESC(user_channels,
		 "channels that a user may have (without CAP_SYS_RESOURCE)");
static unsigned long long user_bytes;
module_param(user_bytes, ullong, 0644);
MODULE_PARM_DESC(user_bytes,
		 "bytes in them (if 0 at load: a quarter of the memory)");

/**
 * struct fastipc_user - one user
 * @ref: held by channels and endpoints
 * @all: in the list of all users; guarded by users_lock
 * @uid: who
 * @lock: guards the rest
 * @channels: that this user made
 * @bytes: in channels that this user set up
 * @barriers: that may still be run at once
 * @refilled: when that was last counted, in jiffies
 */
struct fastipc_user {
	struct kref ref;
	struct list_head all;
	kuid_t uid;
	spinlock_t lock; /* the rest */
	unsigned int channels;
	u64 bytes;
	unsigned int barriers;
	unsigned long refilled;
};

static DEFINE_MUTEX(users_lock);
static LIST_HEAD(users);

/* What depends on the machine; before anybody can open anything. */
void fastipc_users_init(void)
{
	if (!user_bytes)
		user_bytes = (u64)totalram_pages() * PAGE_SIZE / 4;
}

static kuid_t user_of(const struct cred *cred)
{
	struct user_namespace *ns = cred->user_ns;

	if (ns == &init_user_ns)
		return cred->euid;
	while (ns->parent != &init_user_ns)
		ns = ns->parent;
	return ns->owner;
}

static struct fastipc_user *user_new(kuid_t uid)
{
	struct fastipc_user *user = kzalloc(sizeof(*user), GFP_KERNEL_ACCOUNT);

	if (!user)
		return NULL;
	kref_init(&user->ref);
	spin_lock_init(&user->lock);
	user->uid = uid;
	user->barriers = BARRIERS_AT_ONCE;
	user->refilled = jiffies;
	list_add(&user->all, &users);
	return user;
}

/* The user whom these credentials stand for, with a reference; or NULL: no memory. */
struct fastipc_user *fastipc_user_get(const struct cred *cred)
{
	kuid_t uid = user_of(cred);
	struct fastipc_user *user;

	mutex_lock(&users_lock);
	list_for_each_entry(user, &users, all)
		if (uid_eq(user->uid, uid)) {
			kref_get(&user->ref);
			goto out;
		}
	user = user_new(uid);
out:
	mutex_unlock(&users_lock);
	return user;
}

/* One reference more. */
void fastipc_user_hold(struct fastipc_user *user)
{
	kref_get(&user->ref);
}

/* Called with users_lock, which it drops. */
static void user_free(struct kref *ref)
{
	struct fastipc_user *user = container_of(ref, struct fastipc_user, ref);

	list_del(&user->all);
	mutex_unlock(&users_lock);
	kfree(user);
}

void fastipc_user_put(struct fastipc_user *user)
{
	kref_put_mutex(&user->ref, user_free, &users_lock);
}

static bool user_over(const struct fastipc_user *user, unsigned int channels,
		      u64 bytes)
{
	unsigned long long most = READ_ONCE(user_bytes);

	if (channels && user->channels >= READ_ONCE(user_channels))
		return true;
	return bytes && (user->bytes > most || bytes > most - user->bytes);
}

/**
 * fastipc_user_charge() - a user gets more
 * @user: who
 * @channels: how many more, 0 or 1
 * @bytes: how many more
 *
 * Whoever calls and has CAP_SYS_RESOURCE in the first user namespace gets more than the
 * limit allows.
 *
 * Return: 0, or -EDQUOT.
 */
int fastipc_user_charge(struct fastipc_user *user, unsigned int channels,
			u64 bytes)
{
	unsigned long flags;
	bool exempt = false;
	bool over;

	for (;;) {
		spin_lock_irqsave(&user->lock, flags);
		over = !exempt && user_over(user, channels, bytes);
		if (!over) {
			user->channels += channels;
			user->bytes += bytes;
		}
		spin_unlock_irqrestore(&user->lock, flags);
		if (!over)
			return 0;
		/* Asked only then: it is noted that it was needed. */
		if (!capable(CAP_SYS_RESOURCE))
			return -EDQUOT;
		exempt = true;
	}
}

/* What was charged is given back. */
void fastipc_user_uncharge(struct fastipc_user *user, unsigned int channels,
			   u64 bytes)
{
	unsigned long flags;

	spin_lock_irqsave(&user->lock, flags);
	user->channels -= channels;
	user->bytes -= bytes;
	spin_unlock_irqrestore(&user->lock, flags);
}

/* Pay for a barrier to come: whether there is one left. */
bool fastipc_user_pays(struct fastipc_user *user)
{
	unsigned long flags, now = jiffies, passed;
	unsigned int more;
	bool paid;

	spin_lock_irqsave(&user->lock, flags);
	passed = min_t(unsigned long, now - user->refilled, HZ);
	more = passed * BARRIERS_PER_SECOND / HZ;
	if (more) {
		user->barriers = min_t(unsigned int, user->barriers + more,
				       BARRIERS_AT_ONCE);
		user->refilled = now;
	}
	paid = user->barriers;
	user->barriers -= paid;
	spin_unlock_irqrestore(&user->lock, flags);
	return paid;
}
