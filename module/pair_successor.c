// SPDX-License-Identifier: GPL-2.0-only
/*
 * Going on at an end that another process had mapped.  See pair_successor.h.
 */
#include "consume.h"
#include "pair_successor.h"
#include "produce.h"

/* Might somebody write the pages of an end without a map? */
static bool pair_pinned(struct fastipc_endpoint *endpoint)
{
	struct pair_end *self = self_of(endpoint);

	return fastipc_region_pinned(&self->control_region) ||
	       (!pair_is_sealed(endpoint) &&
		fastipc_region_pinned(&self->ring.data));
}

/*
 * The words that are the kernel's, in the control page of an end that a process
 * had mapped: whatever that one wrote there, from here on they are true.
 */
static void pair_restate(struct fastipc_endpoint *endpoint)
{
	struct pair_end *self = self_of(endpoint);
	struct fastipc_control *control = self->control;

	fastipc_wait_restate(&endpoint->wait[FASTIPC_RECEIVING]);
	fastipc_wait_restate(&endpoint->wait[FASTIPC_SENDING]);
	spin_lock(&pair_of(endpoint)->lock);
	fastipc_ring_end_again(&control->recv, &self->ended[FASTIPC_RECEIVING]);
	fastipc_ring_end_again(&control->send, &self->ended[FASTIPC_SENDING]);
	spin_unlock(&pair_of(endpoint)->lock);
	pair_wake(self, FASTIPC_RECEIVING, false);
	pair_wake(self, FASTIPC_SENDING, false);
}

/* A process goes on where another stopped, if it can: 0, or why not. */
int pair_inherit(struct fastipc_endpoint *endpoint)
{
	struct fastipc_ring *ring = &other_of(endpoint)->ring;
	struct pair_end *self = self_of(endpoint);
	u64 taken;
	int ret;

	if (pair_pinned(endpoint))
		return -EBUSY;
	pair_restate(endpoint);
	/* In a direct pair its own library looks at the positions. */
	if (!pair_is_sealed(endpoint))
		return 0;
	ret = fastipc_ring_sent_again(&self->ring, self->control) ?:
		      fastipc_ring_consume_check(ring, self->control, &taken);
	if (ret == -EBADMSG)
		pair_poison(endpoint, FASTIPC_RECEIVING, taken);
	return ret;
}

/* A process had the end mapped: go on where it stopped, if that can be. */
int pair_produce_succeed(struct fastipc_endpoint *endpoint, u64 era)
{
	struct fastipc_ring *ring = &self_of(endpoint)->ring;
	int ret;

	if (pair_pinned(endpoint))
		return -EBUSY;
	ret = fastipc_ring_produce_resume(ring, self_of(endpoint)->control,
					  other_of(endpoint)->control);
	if (ret == -EBADMSG)
		pair_poison(endpoint, FASTIPC_SENDING, ring->position);
	if (!ret)
		WRITE_ONCE(ring->produced_era, era);
	return ret;
}

/* The same for receiving. */
int pair_consume_succeed(struct fastipc_endpoint *endpoint, u64 era)
{
	struct fastipc_ring *ring = &other_of(endpoint)->ring;
	int ret;

	if (pair_pinned(endpoint))
		return -EBUSY;
	ret = fastipc_ring_consume_resume(ring, self_of(endpoint)->control);
	if (ret == -EBADMSG)
		pair_poison(endpoint, FASTIPC_RECEIVING, ring->taken);
	if (ret)
		return ret;
	WRITE_ONCE(ring->consumed_era, era);
	return 0;
}
