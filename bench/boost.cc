// SPDX-License-Identifier: GPL-2.0-only
/*
 * boost::lockfree::spsc_queue, whose slots are within, in shared memory.
 */
#include <boost/lockfree/spsc_queue.hpp>
#include <new>

#include "native.h"

typedef boost::lockfree::spsc_queue<struct payload,
				    boost::lockfree::capacity<1024>>
	queue;

static void *boost_make(void)
{
	queue *q = (queue *)share(2 * sizeof(queue));

	new (&q[0]) queue;
	new (&q[1]) queue;
	return q;
}

static inline void boost_send(void *memory, int end, struct payload *p)
{
	while (!((queue *)memory)[end].push(*p))
		relax();
}

static inline void boost_recv(void *memory, int end, struct payload *p)
{
	while (!((queue *)memory)[!end].pop(*p))
		relax();
}

DEFINE_CONTENDER(boost, "boost spsc_queue");
