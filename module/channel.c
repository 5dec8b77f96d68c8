// SPDX-License-Identifier: GPL-2.0-only
/*
 * Channels and endpoints: birth, references, death.  See channel.h.
 */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/pid.h>
#include <linux/slab.h>

#include "channel.h"
#include "user.h"

static DEFINE_MUTEX(fastipc_channels_lock);
static LIST_HEAD(fastipc_channels);
static atomic64_t last_channel;
static atomic64_t last_endpoint;
static atomic_t nr_channels;
static atomic_t nr_endpoints;

int fastipc_nr_channels(void)
{
	return atomic_read(&nr_channels);
}

int fastipc_nr_endpoints(void)
{
	return atomic_read(&nr_endpoints);
}

/**
 * fastipc_channel_new() - a channel, at the expense of who calls
 *
 * Return: the channel with one reference; or an ERR_PTR: -ENOMEM, -EDQUOT.
 */
struct fastipc_channel *fastipc_channel_new(void)
{
	struct fastipc_channel *channel;
	int ret = -ENOMEM;

	channel = kzalloc(sizeof(*channel), GFP_KERNEL_ACCOUNT);
	if (!channel)
		return ERR_PTR(ret);
	channel->user = fastipc_user_get(current_cred());
	if (!channel->user)
		goto err_free;
	ret = fastipc_user_charge(channel->user, 1, 0);
	if (ret)
		goto err_user;
	kref_init(&channel->ref);
	mutex_init(&channel->lock);
	init_waitqueue_head(&channel->set_up);
	channel->id = atomic64_inc_return(&last_channel);
	atomic_inc(&nr_channels);
	mutex_lock(&fastipc_channels_lock);
	list_add_tail(&channel->all, &fastipc_channels);
	mutex_unlock(&fastipc_channels_lock);
	return channel;

err_user:
	fastipc_user_put(channel->user);
err_free:
	kfree(channel);
	return ERR_PTR(ret);
}

void fastipc_channel_get(struct fastipc_channel *channel)
{
	kref_get(&channel->ref);
}

/* Called with fastipc_channels_lock, which it drops. */
static void channel_free(struct kref *ref)
{
	struct fastipc_channel *channel;

	channel = container_of(ref, struct fastipc_channel, ref);
	list_del(&channel->all);
	mutex_unlock(&fastipc_channels_lock);
	if (channel->ops)
		channel->ops->free(channel);
	fastipc_channel_uncharge(channel);
	fastipc_user_uncharge(channel->user, 1, 0);
	fastipc_user_put(channel->user);
	mutex_destroy(&channel->lock);
	kfree(channel);
	atomic_dec(&nr_channels);
}

void fastipc_channel_put(struct fastipc_channel *channel)
{
	/* The re-check walks the list without references. */
	kref_put_mutex(&channel->ref, channel_free, &fastipc_channels_lock);
}

/* SETUP is done: from here on the kind's table is called. */
void fastipc_channel_publish(struct fastipc_channel *channel,
			     const struct fastipc_kind_ops *ops)
{
	/* Pairs with fastipc_channel_ops(). */
	smp_store_release(&channel->ops, ops);
	/* Who waits for this in ATTACH. */
	wake_up(&channel->set_up);
}

/**
 * fastipc_channel_charge() - somebody is going to pay for a channel's memory
 * @channel: with its lock
 * @payer: who
 * @bytes: how many
 *
 * Return: 0, -EDQUOT: @payer has no more; -ENOSPC: the mount has no more.
 */
int fastipc_channel_charge(struct fastipc_channel *channel,
			   struct fastipc_user *payer, u64 bytes)
{
	int ret = fastipc_user_charge(payer, 0, bytes);

	if (ret)
		return ret;
	if (channel->space && !fastipc_space_take(channel->space, bytes)) {
		fastipc_user_uncharge(payer, 0, bytes);
		return -ENOSPC;
	}
	fastipc_user_hold(payer);
	channel->payer = payer;
	channel->bytes = bytes;
	return 0;
}

/* Give back what it was charged, if anything. */
void fastipc_channel_uncharge(struct fastipc_channel *channel)
{
	if (!channel->payer)
		return;
	if (channel->space)
		fastipc_space_give(channel->space, channel->bytes);
	fastipc_user_uncharge(channel->payer, 0, channel->bytes);
	fastipc_user_put(channel->payer);
	channel->payer = NULL;
	channel->bytes = 0;
}

void fastipc_channels_recheck(void)
{
	const struct fastipc_kind_ops *ops;
	struct fastipc_channel *channel;

	mutex_lock(&fastipc_channels_lock);
	list_for_each_entry(channel, &fastipc_channels, all) {
		ops = fastipc_channel_ops(channel);
		if (!ops)
			continue;
		/* Nobody succeeds meanwhile. */
		mutex_lock(&channel->lock);
		ops->recheck(channel);
		mutex_unlock(&channel->lock);
	}
	mutex_unlock(&fastipc_channels_lock);
}

/* Nobody waits before there is a kind. */
static void endpoint_peer_barrier(struct fastipc_endpoint *endpoint)
{
	fastipc_channel_ops(endpoint->channel)->peer_barrier(endpoint);
}

/**
 * fastipc_endpoint_new() - an endpoint for a file that is about to be made
 * @channel: a reference to it moves to the endpoint, if that is made
 * @rights: FMODE_READ, FMODE_WRITE
 *
 * Return: the endpoint with one reference, or NULL.
 */
struct fastipc_endpoint *fastipc_endpoint_new(struct fastipc_channel *channel,
					      fmode_t rights)
{
	struct fastipc_endpoint *endpoint;

	endpoint = kzalloc(sizeof(*endpoint), GFP_KERNEL_ACCOUNT);
	if (!endpoint)
		return NULL;
	endpoint->user = fastipc_user_get(current_cred());
	if (!endpoint->user) {
		kfree(endpoint);
		return NULL;
	}
	kref_init(&endpoint->ref);
	spin_lock_init(&endpoint->lock);
	fastipc_wait_init(&endpoint->wait[FASTIPC_RECEIVING],
			  endpoint_peer_barrier, endpoint);
	fastipc_wait_init(&endpoint->wait[FASTIPC_SENDING],
			  endpoint_peer_barrier, endpoint);
	endpoint->channel = channel;
	endpoint->id = atomic64_inc_return(&last_endpoint);
	endpoint->uid = current_euid();
	endpoint->gid = current_egid();
	endpoint->rights = rights & (FMODE_READ | FMODE_WRITE);
	atomic_inc(&nr_endpoints);
	return endpoint;
}

void fastipc_endpoint_get(struct fastipc_endpoint *endpoint)
{
	kref_get(&endpoint->ref);
}

static void endpoint_free(struct kref *ref)
{
	struct fastipc_endpoint *endpoint;

	endpoint = container_of(ref, struct fastipc_endpoint, ref);
	put_pid(endpoint->owner);
	put_pid(endpoint->runner);
	put_pid(endpoint->mapper);
	fastipc_user_put(endpoint->user);
	kfree(endpoint);
	atomic_dec(&nr_endpoints);
}

void fastipc_endpoint_put(struct fastipc_endpoint *endpoint)
{
	kref_put(&endpoint->ref, endpoint_free);
}

/* The file is gone, or never came: drop its reference and the channel's. */
void fastipc_endpoint_closed(struct fastipc_endpoint *endpoint)
{
	struct fastipc_channel *channel = endpoint->channel;

	fastipc_endpoint_put(endpoint);
	fastipc_channel_put(channel);
}
