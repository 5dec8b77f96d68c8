/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: user.h - what a user has used up, over all its channels
 *
 * Owns one object for each user who has a channel or an endpoint: how many channels and
 * bytes are that user's, the limits of both (module parameters), and its bucket of
 * barriers: each interrupts processors that others run on.  A user is who owns the
 * outermost user namespace below the first, so that nobody gets more by making
 * namespaces; in the first one it is a uid.
 *
 * Locks: users_lock for the list of all, never under another lock of the module;
 * user->lock for what is used and what is left, the innermost.
 */
#ifndef FASTIPC_USER_H
#define FASTIPC_USER_H

#include <linux/cred.h>

struct fastipc_user;

void fastipc_users_init(void);
struct fastipc_user *fastipc_user_get(const struct cred *cred);
void fastipc_user_hold(struct fastipc_user *user);
void fastipc_user_put(struct fastipc_user *user);
int fastipc_user_charge(struct fastipc_user *user, unsigned int channels,
			u64 bytes);
void fastipc_user_uncharge(struct fastipc_user *user, unsigned int channels,
			   u64 bytes);
bool fastipc_user_pays(struct fastipc_user *user);

#endif /* FASTIPC_USER_H */
