/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Taking over an end of a named channel (module/pair_successor.c, region.c), as a
 * model for SPIN: a producer that stays, and, one after the other, the consumers of an
 * end with FASTIPC_KEEP, each with a control page of its own.  doc/protocol.rst states
 * the steps, in "Successors with a name"; sleeping and waking among living ends is in
 * wake.pml, what is said there about "timeout" holds here.
 *
 * Modelled: death of a consumer before any instruction, or in a sleep; ->released,
 * ->taken and ->seen; which page the producer's map shows, and the fault that changes
 * it; ->want and ->alert in each page, and the barrier of a sleeper; the wake, which
 * finds whoever is at the end by then; a predecessor's pin.
 *
 * Memory is that of memory.pml, and as in kernel.pml taking a lock is no fence.  Nor is
 * a fault, or losing a page from a map: an interrupt does that on x86, but not on
 * every machine.
 *
 * A producer that is succeeded waits for ->released as a consumer does for the word:
 * that is the same model.  Not modelled: weaker memory than that; space; the walk to
 * where a dead producer stopped; time-outs, pollers; hostile words but those by a pin
 * (keep_hostile_test has them); several that attach at once, which channel->lock keeps
 * apart.
 *
 * Scenes:
 *	KERNEL		the producer sends by system calls, and maps nothing
 *	PINNED		the first consumer wrote its page for ever
 *	LIVES=3		two are succeeded
 *
 * Mistakes, each of which the checker must find:
 *	NO_BARRIER		none, once the page is gone from the producer's map
 *	BARRIER_FIRST		it runs while the producer may still see the old page
 *	UNMAP_FIRST		the page is taken from the map, then replaced
 *	NO_PAGE_LOCK		a fault maps what it had found, and nobody waits for it
 *	FRESH_CALM		->alert is clear in a fresh page
 *	SAME_PAGE		the successor gets its predecessor's page (PINNED)
 *	PEER_BEFORE_FENCE	a sender looks who is there before the fence (KERNEL)
 *	TAKEN_AFTER_READ	a message is read before ->taken says so
 *	GOES_ON_AT_TAKEN	what was taken counts as received
 *	FORGETS_SEEN		only the last one's ->taken counts (LIVES=3)
 */

#ifndef LIVES
#define LIVES		2
#endif
#ifndef MESSAGES
#define MESSAGES	2
#endif

/* Processes that have a store buffer, in the order of their declaration. */
#define PRODUCER	0
#define CONSUMER	1
#ifdef PINNED
#define BUFFERS		3
#else
#define BUFFERS		2
#endif

/* Addresses: the ring, what the kernel guards by locks, and each page. */
#define WORD(position)	(position)
#define REGION		(MESSAGES)	/* region->at[0]: the page */
#define ENDPOINT	(MESSAGES + 1)	/* pair_end.endpoint: whose life */
#define QUEUE(life)	(MESSAGES + 2 + (life))	/* queue.lock: 1 if held */
#define PAGE(page)	(MESSAGES + 2 + LIVES + 4 * (page))
#define WANT(page)	(PAGE(page))
#define CALM(page)	(PAGE(page) + 1)	/* ->alert, inverted */
#define RELEASED(page)	(PAGE(page) + 2)
#define TAKEN(page)	(PAGE(page) + 3)
#define ADDRESSES	(MESSAGES + 2 + 5 * LIVES)

#define CAPACITY	6

#include "memory.pml"

/* There is room for what is stored in one step; and a lock is free as well. */
#define ROOM(n)		(buf[me].stores + (n) <= CAPACITY)
#define FREE(lock, n)	(!mem[lock] && ROOM(n))

/* In nobody's memory: ghosts, for the assertions. */
bool was_read[MESSAGES];
bool done[MESSAGES];		/* and then ->released was moved beyond it */

/* The producer's map, and page locks ---------------------------------------- */

#define NONE		LIVES

byte mapped = NONE;	/* which page the producer sees */
bool locked[LIVES];		/* lock_page() */

/* fastipc_region_fault(), and the end of the fault that maps and unlocks it */
inline fault()
{
	do
	:: mapped != NONE -> break
	:: else ->
		load(found, REGION);
#ifdef NO_PAGE_LOCK
		mapped = found
#else
		d_step { !locked[found] -> locked[found] = true };
		d_step {
			if
			:: mem[REGION] == found -> mapped = found
			:: else
			fi;
			locked[found] = false
		}
#endif
	od;
	found = 0
}

/* A load through the map. */
#define SEE(result, which) \
	do \
	:: true -> \
		fault(); \
		if \
		:: d_step { \
			mapped != NONE -> \
			result = mem[which(mapped)] \
		   }; \
		   break \
		:: mapped == NONE \
		fi \
	od

/* module/wait.c ------------------------------------------------------------- */

#ifdef SAME_PAGE
#define PAGE_OF(life)	0
#else
#define PAGE_OF(life)	(life)
#endif

bool queued;			/* the sleeper; false: it may run */
byte want[LIVES];		/* the kernel's copy */
bool alert[LIVES];		/* likewise */
bool settled[LIVES];
bool bound[LIVES];		/* ->line is there */

/* wait_disarm(), without wait_calm() */
inline disarm(life, page)
{
	want[life] = 0;
	put(WANT(page), 0)
}

/* SYNC(WAKE_RECV): pair_wake(), fastipc_wait_wake(); who is there by now? */
inline wake()
{
	load(life, ENDPOINT);
	d_step {
		FREE(QUEUE(life), 2) ->
		mem[QUEUE(life)] = 1;
		if
		:: want[life] ->
			disarm(life, PAGE_OF(life));
			queued = false
		:: else
		fi;
		put(QUEUE(life), 0)
	};
	life = 0
}

/* SYNC(CALM_RECV): fastipc_wait_calm(); the same when nobody waits any more */
inline calm()
{
	load(life, ENDPOINT);
	d_step {
		FREE(QUEUE(life), 2) ->
		mem[QUEUE(life)] = 1;
		if
		:: bound[life] && !want[life] && alert[life] ->
			alert[life] = false;
			put(CALM(PAGE_OF(life)), 1)
		:: else
		fi;
		put(QUEUE(life), 0)
	};
	life = 0
}

/* The producer ------------------------------------------------------------------ */

active proctype producer()
{
	byte position, value, life, found;

	do
	:: position < MESSAGES ->
		store(WORD(position), 1);
		position++;
#ifdef KERNEL
		/* pair_produce_end(), fastipc_wait_served() */
#ifdef PEER_BEFORE_FENCE
		load(life, ENDPOINT);
		FENCE;
#else
		FENCE;
		load(life, ENDPOINT);
#endif
		value = want[life];
		life = 0;
		if
		:: value -> value = 0; wake()
		:: else
		fi
#else
		/* fastipc_producer_must_wake() */
		SEE(value, CALM);
		if
		:: value
		:: else ->
			FENCE;
			SEE(value, WANT);
			if
			:: value -> value = 0; wake(); if :: calm() :: true fi
			:: !value -> calm()
			:: !value
			fi
		fi;
		value = 0
#endif
	:: else -> break
	od;
	position = 0;
	value = 0
}

/* The consumers ------------------------------------------------------------------- */

/* Before any instruction, but for the last one. */
#define MAY_DIE \
	if \
	:: life + 1 < LIVES -> goto dies \
	:: true \
	fi

/* fastipc_endpoint_barrier() of the producer */
#define BARRIER		(buf[PRODUCER].stores == 0)

/* pair_wait(), fastipc_wait_sleep() */
inline sleep()
{
	do
	:: true ->
		d_step {
			FREE(QUEUE(life), 3) ->
			mem[QUEUE(life)] = 1;
			queued = true;
			want[life] = 1;
			put(WANT(PAGE_OF(life)), 1);
			if
			:: !alert[life] ->
				alert[life] = true;
				settled[life] = false;
				put(CALM(PAGE_OF(life)), 0)
			:: else
			fi;
			put(QUEUE(life), 0)
		};
		FENCE;			/* fastipc_ring_arm_fence() */
		if
		:: !settled[life] ->
			BARRIER;
			/* There is one sleeper: nobody cleared it meanwhile. */
			settled[life] = true
		:: else
		fi;
		load(value, WORD(position));
		if
		:: value -> break
		:: else
		fi;
		if
		:: !queued
		:: life + 1 < LIVES -> break	/* a signal that kills */
		:: timeout && !mem[WORD(position)] -> goto rests
		fi
	od;
	value = 0;
	if
	:: queued ->
		d_step {
			FREE(QUEUE(life), 2) ->
			mem[QUEUE(life)] = 1;
			if
			:: queued -> queued = false; disarm(life, PAGE_OF(life))
			:: else
			fi;
			put(QUEUE(life), 0)
		}
	:: else
	fi
}

/* Whoever is told that a message comes for the first time can trust it. */
inline read_message()
{
	d_step {
		assert(position < seen || !was_read[position]);
		was_read[position] = true
	}
}

/* fastipc_take(), fastipc_done() */
inline receive()
{
#ifdef TAKEN_AFTER_READ
	read_message();
	MAY_DIE;
	store(TAKEN(PAGE_OF(life)), position + 1);
#else
	store(TAKEN(PAGE_OF(life)), position + 1);
	MAY_DIE;
	read_message();
#endif
	MAY_DIE;
	d_step {
		ROOM(1) ->
		done[position] = true;
		put(RELEASED(PAGE_OF(life)), position + 1)
	};
	position++
}

/* The last close: pair_detach() */
inline detach()
{
	/* Before a map's pages are gone, what was stored has left the buffer. */
	FENCE;
	d_step {
		FREE(QUEUE(life), 2) ->
		mem[QUEUE(life)] = 1;
		queued = false;
		bound[life] = false;
		disarm(life, PAGE_OF(life));
		put(QUEUE(life), 0)
	}
}

/* pair_consume_again() */
inline consume_again()
{
	d_step {
		position = mem[RELEASED(PAGE_OF(life))];
		value = mem[TAKEN(PAGE_OF(life))];
#ifdef GOES_ON_AT_TAKEN
		position = value;
#endif
#ifdef FORGETS_SEEN
		seen = value;
#else
		seen = (value > seen -> value : seen);
#endif
		value = 0;
		assert(!position || done[position - 1])
	}
}

inline unmap()
{
	d_step {
		if
		:: mapped == life -> mapped = NONE
		:: else
		fi
	}
}

/* fastipc_region_replace() */
inline replace()
{
#ifdef UNMAP_FIRST
	unmap();
#endif
	store(REGION, life + 1);
	d_step { !locked[life] -> locked[life] = true };
	d_step { FENCE -> locked[life] = false };	/* a store, behind that */
#ifdef BARRIER_FIRST
	BARRIER;
#endif
#ifndef UNMAP_FIRST
	unmap()
#endif
}

/* pair_take_over(), pair_occupy() */
inline take_over()
{
	consume_again();
#ifndef SAME_PAGE
	d_step {			/* fastipc_ring_control() */
		ROOM(3) ->
#ifdef FRESH_CALM
		put(CALM(life + 1), 1);
#endif
		put(RELEASED(life + 1), position);
		put(TAKEN(life + 1), position)
	};
	replace();
#endif
#if !defined(NO_BARRIER) && !defined(BARRIER_FIRST)
	BARRIER;
#endif
	d_step {			/* fastipc_wait_bind() */
		FREE(QUEUE(life + 1), 2) ->
		mem[QUEUE(life + 1)] = 1;
		bound[life + 1] = true;
		alert[life + 1] = true;
		settled[life + 1] = true;
		put(CALM(PAGE_OF(life + 1)), 0);
		put(QUEUE(life + 1), 0)
	};
	store(ENDPOINT, life + 1)
}

active proctype consumer()
{
	byte position, value, life, seen;

	d_step { bound[0] = true; alert[0] = true; settled[0] = true };
	do
	:: true ->
		do
		:: position < MESSAGES ->
			MAY_DIE;
			load(value, WORD(position));
			if
			:: value -> value = 0; receive()
			:: else -> sleep()
			fi;
		:: else -> goto rests
		od;
dies:		detach();
		take_over();
		life++
	od;
rests:	position = 0
}

#ifdef PINNED
/* The first consumer's, that is dead by now. */
active proctype pin()
{
	if
	:: mem[ENDPOINT] ->
		store(WANT(0), 0);
		store(CALM(0), 1);
		store(RELEASED(0), MESSAGES);
		store(TAKEN(0), 0)
	:: timeout
	fi
}
#endif

/* Memory -------------------------------------------------------------------- */

active proctype memory()
{
end:	do
	:: drain(0)
	:: drain(1)
#if BUFFERS > 2
	:: drain(2)
#endif
	od
}
