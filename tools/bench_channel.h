/* SPDX-License-Identifier: MIT */
/*
 * The channels that "bench" compares.  Everybody does the same work: all of a
 * payload is written by the sender, and all of it is read and checked by the
 * receiver; fastipc's streams do that in place, the others in a buffer of their
 * own.  No messages are batched.
 */
#ifndef FASTIPC_TOOL_BENCH_CHANNEL_H
#define FASTIPC_TOOL_BENCH_CHANNEL_H

#include <fastipc.h>
#include <stddef.h>
#include <stdint.h>

#define SMALL 64
#define LARGE 16384

/**
 * struct channel - between two processes, of whatever kind
 * @end: fastipc: both ends, until the fork
 * @own: fastipc: the end of this process
 * @fd: the others: for [parent, child], [to receive from, to send to]
 * @in: the others: this process receives from it
 * @out: the others: this process sends to it
 * @buf: the others, and round trips: for one payload
 */
struct channel {
	struct fastipc *end[2];
	struct fastipc *own;
	int fd[2][2];
	int in;
	int out;
	uint64_t buf[LARGE / sizeof(uint64_t)];
};

/**
 * struct contender - one kind of channel
 * @name: for the table
 * @make: before the fork
 * @choose: after it: become the parent (0) or the child (1)
 * @send: send a payload of a number, or why not (-EPIPE: the other has ended)
 * @recv: receive the payload of a number, or why not
 * @exchange: send the payload of a number and receive one, or why not
 */
struct contender {
	const char *name;
	void (*make)(struct channel *c);
	void (*choose)(struct channel *c, int side);
	int (*send)(struct channel *c, uint64_t number, size_t len);
	int (*recv)(struct channel *c, uint64_t number, size_t len);
	int (*exchange)(struct channel *c, uint64_t out, uint64_t in,
			size_t len);
};

#define CONTENDERS 4

/* The first is what the others are compared with. */
extern const struct contender contenders[CONTENDERS];

/* Fail if a call did. */
void check(const char *call, int ret);

/* Let go of a channel that was made and chosen. */
void channel_close(struct channel *c);

#endif /* FASTIPC_TOOL_BENCH_CHANNEL_H */
