/* SPDX-License-Identifier: MIT */
/*
 * What receiving and exchanging share.
 */
#ifndef FASTIPC_LIB_RECV_H
#define FASTIPC_LIB_RECV_H

#include "wait.h"

int fastipc_may_receive_(struct fastipc *f, int flags);
ssize_t fastipc_copy_out_(struct fastipc *f, size_t len, void *buf, size_t cap);

#endif /* FASTIPC_LIB_RECV_H */
