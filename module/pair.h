/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DOC: pair.h - the kind "pair": two ends, a ring from each to the other
 *
 * Owns both rings and both control pages: making, mapping and showing them.  Who is at
 * an end, and how it ends, is in pair_ends.h.
 *
 * Locks: pair->lock guards who is attached and how a direction ended; a wait
 * queue's lock is taken under it, never the other way round.  A ring that
 * breaks its rules is poisoned: its victim gets -EBADMSG from then on, and
 * everything else goes on.
 */
#ifndef FASTIPC_PAIR_H
#define FASTIPC_PAIR_H

#include "channel.h"

extern const struct fastipc_kind_ops fastipc_pair_ops;

#endif /* FASTIPC_PAIR_H */
