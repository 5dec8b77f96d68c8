/* SPDX-License-Identifier: MIT */
/*
 * Options, and a handle for a descriptor: what making a channel has in common, with a
 * name or without.
 */
#ifndef FASTIPC_LIB_CHANNEL_H
#define FASTIPC_LIB_CHANNEL_H

#include "handle.h"

/* What the caller says, or defaults for NULL: 0, -EINVAL or -E2BIG. */
int fastipc_options_(struct fastipc_options *to,
		     const struct fastipc_options *from);

/* FASTIPC_SETUP as these options say. */
struct fastipc_setup fastipc_setup_(const struct fastipc_options *options);

/* A handle, not mapped yet, which the descriptor then belongs to: 0, or -errno. */
int fastipc_handle_(struct fastipc **out, int fd,
		    const struct fastipc_options *options);

#endif /* FASTIPC_LIB_CHANNEL_H */
