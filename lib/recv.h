/* SPDX-License-Identifier: MIT */
/*
 * What receiving and exchanging share.
 */
#ifndef FASTIPC_LIB_RECV_H
#define FASTIPC_LIB_RECV_H

#include "wait.h"

int fastipc_may_receive_(struct fastipc *f, int flags);

#endif /* FASTIPC_LIB_RECV_H */
