/* SPDX-License-Identifier: MIT */
/*
 * What sending and exchanging share.
 */
#ifndef FASTIPC_LIB_SEND_H
#define FASTIPC_LIB_SEND_H

#include "sealed.h"

int fastipc_may_send_(struct fastipc *f, size_t len, int flags);
int fastipc_space_(struct fastipc *f, size_t len, struct fastipc_limit *limit);

#endif /* FASTIPC_LIB_SEND_H */
