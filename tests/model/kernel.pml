/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel as producer and consumer of a ring (module/pair_send.c,
 * pair_recv.c, pair_successor.c, produce.c, consume.c), as a model for SPIN: several
 * senders and several receivers in one direction, and their store buffers.  Sleep and wake of processes that map the ring, and
 * deaths, are in wake.pml; what is said there about "timeout" holds here.
 *
 * Modelled: ring->producer; batches that are withheld, and who shows them; the
 * claim; receivers that fail and consume nothing; those that do not wait;
 * fastipc_wait_served(); the looks; SHUTDOWN beside a sender; and what the
 * scenes add.
 *
 * Memory is that of memory.pml, but taking a lock is no fence here: it waits
 * only until the last holder's stores are there.  So whatever is right needs no
 * fence but those that are written down.  What only holders of a lock see is
 * written at once: nobody takes the lock before the stores of the last one, its
 * unlock behind them, are in memory.
 *
 * Not modelled: weaker memory than that; who attaches and maps when, but for
 * the scenes; messages of several lengths; memory that has to be waited for;
 * time-outs; O_ASYNC; hostile peers.  ->want in the page and the kernel's copy
 * are one word, so are ->taken in the page and in the ring.
 *
 * Scenes; without any, one sender and two receivers, that may fail:
 *	POLLER		one of the receivers never waits, but is in epoll,
 *			edge-triggered
 *	SIGNAL		a signal may come whenever the first receiver sleeps
 *	BATCH		two senders that withhold what they like, one receiver
 *	END		SHUTDOWN(SHUT_SEND) beside a sender that withholds what
 *			it likes; one receiver
 *	DRAIN		SYNC(WAIT_DONE) beside a sender; one receiver
 *	RESUME		a process had the receiving end mapped, and died with
 *			messages taken, not released
 *	LOOK_FIRST	whoever receives then looks, and waits, before he tries
 *			(RESUME)
 *	LOOK_IGNORES_CLAIM	is no mistake, only a busy loop
 *
 * Mistakes, each of which the checker must find:
 *	NO_SEND_FENCE		none between publishing and the look at want
 *	NO_RECV_FENCE		none between releasing and the look at want
 *	WANT_BEFORE_PUBLISH	looks at want, publishes, wakes if it was set
 *	NO_UNCLAIM_WAKE		who unclaims wakes nobody
 *	CLAIM_TELLS_NOBODY	contended is not set by a claim that failed; who
 *				sleeps has its look (POLLER)
 *	LOOK_TELLS_NOBODY	contended is not set by a look that failed
 *	NO_CLAIM		receives in spite of another's claim
 *	DISARM_ALWAYS		a sleeper that leaves clears want in spite of a
 *				poller, or of others that sleep (POLLER,
 *				SIGNAL)
 *	NO_FLUSH		sleeps without showing what is withheld (BATCH)
 *	WAKE_BEFORE_FLUSH	wakes, then shows (BATCH)
 *	FLUSH_BEFORE_END	shows what is withheld, then ends sending (END)
 *	POISON_IF_BEYOND	who waits takes a position that another sender
 *				made possible for a lie (DRAIN)
 *	POSITION_AFTER_WORD	->position is stored after the word (DRAIN)
 *	PEER_BEFORE_FENCE	looks for the peer's endpoint before the fence
 *	WAKE_IF_RECEIVED	wakes senders only for a message (RESUME)
 *	LOOK_IGNORES_ERA	who looks does not see that a process was there
 *				(RESUME LOOK_FIRST)
 */

#ifdef BATCH
#define SENDERS		2
#define SLOTS		3	/* one of them is for the zero behind */
#else
#define SENDERS		1
#define SLOTS		2
#endif
#if defined(BATCH) || defined(END) || defined(DRAIN) || defined(RESUME) || \
	defined(POLLER)
#define RECEIVERS	1
#else
#define RECEIVERS	2
#endif
#ifndef MESSAGES
#define MESSAGES	3
#endif

/* Processes that have a store buffer, in the order of their declaration. */
#define BESIDE		(SENDERS + RECEIVERS)
#if defined(POLLER) || defined(END) || defined(DRAIN)
#define BUFFERS		(BESIDE + 1)
#else
#define BUFFERS		BESIDE
#endif

/* Directions: the receivers', and the senders'. */
#define RECV		0
#define SEND		1

/* Addresses. */
#define WORD(position)	((position) % SLOTS)
#define RELEASED	(SLOTS)
#define TAKEN		(SLOTS + 1)
#define POSITION	(SLOTS + 2)
#define PRODUCER	(SLOTS + 3)	/* ring->producer: 1 if held */
#define RING		(SLOTS + 4)	/* ring->lock: 1 if held */
#define PEER		(SLOTS + 5)	/* pair_end.endpoint: 1 if it is */
#define WANT(line)	(SLOTS + 6 + (line))
#define QUEUE(line)	(SLOTS + 8 + (line))	/* queue.lock: 1 if held */
#define ENDED(line)	(SLOTS + 10 + (line))
#define CLAIMED		(SLOTS + 12)
#define ADDRESSES	(SLOTS + 13)

/* What a try, or a look, says. */
#define NOTHING		0
#define DONE		1
#define FAILED		2
#define OVER		3

#define CAPACITY	7	/* no more lie between two fences */

#include "memory.pml"

/* There is room for what is stored in one step; and a lock is free as well. */
#define ROOM(n)		(buf[me].stores + (n) <= CAPACITY)
#define FREE(lock, n)	(!mem[lock] && ROOM(n))

/* Guarded by ring->producer. */
byte batch;		/* 0, or 1 + the position of the first withheld */
/* Guarded by ring->lock. */
bool contended;

/* For the assertions, and to steer: in nobody's memory. */
byte todo = MESSAGES;
byte got;		/* messages */
bool over;		/* a receiver was told that there will be no more */
byte consumers;		/* receivers that have the claim, or believe so */

#define MESSAGE_THERE	mem[WORD(mem[TAKEN])]

/* module/wait.c ----------------------------------------------------------- */

bool queued[BUFFERS];	/* sleeps; false: it may run */
bool watched;		/* a poller is in the receivers' queue */
bool ready;		/* it was woken */

#define LINE(who)	((who) < SENDERS || (who) == BESIDE -> SEND : RECV)

/* fastipc_wait_wake() */
inline wake(line, always)
{
	d_step {
		FREE(QUEUE(line), 2) ->
		if
		:: mem[WANT(line)] || always ->
			put(WANT(line), 0);
			i = 0;
			do
			:: i < BUFFERS ->
				queued[i] = queued[i] && LINE(i) != line;
				i++
			:: else -> break
			od;
			ready = ready || (watched && line == RECV)
		:: else
		fi;
		mem[QUEUE(line)] = 1;
		put(QUEUE(line), 0)
	}
}

/* fastipc_wait_served(), in two parts: the fence and the look at want */
#define WANTED(line, reached) \
	(mem[WANT(line)] && mem[WANT(line)] <= (reached))

inline wake_if_wanted(line)
{
	if
	:: wanted -> wanted = false; wake(line, false)
	:: else
	fi
}

/* With the lock: queue, or watch, and wait_arm() */
inline arm(line, position, is_queued)
{
	d_step {
		FREE(QUEUE(line), 2) ->
		mem[QUEUE(line)] = 1;
		queued[me] = is_queued;
		if
		:: !mem[WANT(line)] || position < mem[WANT(line)] ->
			put(WANT(line), position)
		:: else
		fi;
		put(QUEUE(line), 0)
	}
	FENCE				/* fastipc_ring_arm_fence() */
}

/* The end of fastipc_wait_sleep() */
inline unqueue(line)
{
	d_step {
		FREE(QUEUE(line), 2) ->
		if
		:: queued[me] ->
			mem[QUEUE(line)] = 1;
			queued[me] = false;
			/* waitqueue_active() */
			was = watched && line == RECV;
			i = 0;
			do
			:: i < BUFFERS ->
				was = was || (queued[i] && LINE(i) == line);
				i++
			:: else -> break
			od;
#ifdef DISARM_ALWAYS
			was = false;
#endif
			if
			:: !was && mem[WANT(line)] -> put(WANT(line), 0)
			:: else
			fi;
			put(QUEUE(line), 0);
			was = false
		:: else			/* a waker took it off the queue */
		fi
	}
}

/* Sending: module/pair_send.c --------------------------------------------- */

#define FITS		(position - released + 2 <= SLOTS)
#define SPACE_WANT	(position + 2 - SLOTS)

/* Sleeps rightly only while there is something for the receivers to do. */
#define SPACE_IN_VAIN	(mem[RELEASED] < SPACE_WANT && MESSAGE_THERE && \
			 !mem[ENDED(SEND)])

/* pair_produce_end() */
inline serve_receivers()
{
#ifdef PEER_BEFORE_FENCE
	wanted = mem[PEER];
	d_step { FENCE -> wanted = wanted && WANTED(RECV, 255) }
#elif defined(NO_SEND_FENCE)
	wanted = WANTED(RECV, 255);
#else
	d_step { FENCE -> wanted = mem[PEER] && WANTED(RECV, 255) }
#endif
	wake_if_wanted(RECV)
}

/* fastipc_ring_flush() */
inline flush()
{
	if
	:: batch -> put(WORD(batch - 1), batch); batch = 0; shown = true
	:: else
	fi
}

/* fastipc_ring_publish() */
inline publish()
{
	assert(!over);
	put(WORD(position + 1), 0);
#ifndef POSITION_AFTER_WORD
	put(POSITION, position + 1);
#endif
	if
	:: more && !batch -> batch = position + 1
	:: else -> put(WORD(position), position + 1)
	fi;
#ifdef POSITION_AFTER_WORD
	put(POSITION, position + 1);
#endif
	if
	:: more
	:: else -> flush(); shown = true
	fi
}

/* pair_send_try(): DONE, NOTHING (no space) or OVER */
inline send_try()
{
	d_step {
		FREE(PRODUCER, 0) ->
		mem[PRODUCER] = 1;
		position = mem[POSITION];
		ended = mem[ENDED(SEND)]
	}
#ifdef WANT_BEFORE_PUBLISH
	d_step { FENCE -> wanted = WANTED(RECV, 255) }
#elif defined(WAKE_BEFORE_FLUSH)
	if
	:: more
	:: else -> serve_receivers()
	fi;
#endif
	d_step {
		ROOM(5) ->
		released = mem[RELEASED];
		assert(released <= position);
		if
		:: ended -> ret = OVER
		:: !ended && FITS -> publish(); ret = DONE
		:: else ->
			ret = NOTHING;
#ifndef NO_FLUSH
			flush()
#endif
		fi;
		ended = false;
		released = 0;
		put(PRODUCER, 0)
	}
	if
	:: shown ->
		shown = false;
#ifdef WANT_BEFORE_PUBLISH
		wake_if_wanted(RECV)
#elif !defined(WAKE_BEFORE_FLUSH)
		serve_receivers()
#endif
	:: else
	fi
}

/* pair_send_look() */
inline send_look()
{
	ret = mem[ENDED(SEND)];
	load(released, POSITION);
	d_step {
		ret = ret || released != position;
		released = mem[RELEASED];
		ret = ret || released > position || FITS;
		released = 0
	}
}

/* pair_send_wait(): fastipc_wait_sleep() */
inline send_wait()
{
	do
	:: true ->
		arm(SEND, SPACE_WANT, true);
		send_look();
		if
		:: ret -> break
		:: else
		fi;
		if
		:: !queued[me]
		:: timeout && SPACE_IN_VAIN -> goto rests
		fi;
		send_look();
		if
		:: ret -> break
		:: else
		fi
	od;
	unqueue(SEND)
}

active [SENDERS] proctype sender()
{
	byte position, released, ret;
	bool ended, more, shown, wanted, was;

	do
	:: d_step { todo -> todo-- };
#if defined(BATCH) || defined(END)
		if
		:: more = true
		:: more = false
		fi;
#endif
		do
		:: true ->
			send_try();
			if
			:: ret == DONE -> break
			:: ret == OVER -> goto rests
			:: ret == NOTHING -> send_wait()
			:: ret == NOTHING -> goto rests	/* O_NONBLOCK */
			fi
		od
	:: !todo -> goto rests
	od;
rests:	position = 0
}

/* Receiving: module/pair_recv.c ------------------------------------------- */

/* Nothing is there, nor will be, so it sleeps rightly. */
#define MESSAGE_IN_VAIN	(!MESSAGE_THERE && !mem[ENDED(RECV)])

/* fastipc_ring_claim() */
inline claim()
{
	d_step {
		FREE(RING, 2) ->
		mem[RING] = 1;
		mine = !mem[CLAIMED];
#ifdef NO_CLAIM
		mine = true;
#endif
#ifndef CLAIM_TELLS_NOBODY
		contended = contended || !mine;
#endif
		put(CLAIMED, 1);
		consumers = consumers + mine;
		assert(consumers <= 1);
		taken = (mine -> mem[TAKEN] : 0);
		put(RING, 0)
	}
}

/* fastipc_ring_unclaim() */
inline unclaim()
{
	d_step {
		FREE(RING, 2) ->
		mem[RING] = 1;
		consumers--;
		was = contended;
		contended = false;
		put(CLAIMED, 0);
		put(RING, 0)
	}
}

/* pair_recv_claimed(), fastipc_ring_release() */
inline recv_claimed()
{
#ifdef RESUME
	if
	:: resumed
	:: else ->			/* pair_consume_resume() */
		resumed = true;
		store(RELEASED, taken)
	fi;
#endif
#ifdef END
	ended = mem[ENDED(RECV)];
#endif
	value = mem[WORD(taken)];
	if
	:: value -> d_step { ret = FAILED; value = 0; ended = false }
	:: value ->
		d_step {
			/* The payload: the word stands for it. */
			ROOM(2) ->
			assert(value == mem[WORD(taken)]);
			assert(value == taken + 1 && taken == got);
			got++;
			value = 0;
			taken++;
			put(TAKEN, taken);
			put(RELEASED, taken);
			ended = false;
			ret = DONE
		}
	:: else ->
		d_step {
			ret = (ended -> OVER : NOTHING);
			over = over || ended;
			ended = false
		}
	fi
}

/* pair_recv_try(): DONE, NOTHING, FAILED or OVER */
inline recv_try()
{
	claim();
	if
	:: mine ->
		mine = false;
		recv_claimed();
		unclaim();
#ifdef NO_UNCLAIM_WAKE
		was = false;
#endif
		if
		:: was ->
			was = false;
			d_step { FENCE -> wanted = WANTED(RECV, 255) };
			wake_if_wanted(RECV)
		:: else
		fi;
		d_step {
#ifndef NO_RECV_FENCE
			FENCE ->
#endif
			wanted = WANTED(SEND, taken);
#ifdef WAKE_IF_RECEIVED
			wanted = wanted && ret == DONE
#endif
		}
		wake_if_wanted(SEND);
		taken = 0
	:: else -> ret = NOTHING
	fi
}

/* fastipc_ring_is_claimed() */
inline look_claimed()
{
	load(value, CLAIMED);
	if
	:: value ->
		d_step {
			FREE(RING, 1) ->
			mem[RING] = 1;
			value = mem[CLAIMED];
#ifndef LOOK_TELLS_NOBODY
			contended = contended || value;
#endif
#ifdef LOOK_IGNORES_CLAIM
			value = false;
#endif
			put(RING, 0)
		}
	:: else
	fi
}

#ifdef RESUME
bool resumed;		/* ring->consumed_era is right; guarded by the claim */
#endif

/* pair_recv_look(); for pollers pair_glance_recv() */
inline recv_look()
{
	look_claimed();
	if
	:: value -> d_step { value = 0; ret = 0 }
	:: else ->
#ifdef END
		ret = mem[ENDED(RECV)];
#else
		ret = 0;
#endif
		load(taken, TAKEN);
		d_step { ret = ret || mem[WORD(taken)]; taken = 0 }
#if defined(RESUME) && !defined(LOOK_IGNORES_ERA)
		ret = ret || !resumed	/* pair_abandoned() */
#endif
	fi
}

/* fastipc_wait_sleep() */
inline recv_wait()
{
	do
	:: true ->
		arm(RECV, 1, true);
		recv_look();
		if
		:: ret -> break
		:: else
		fi;
		if
		:: !queued[me]
#ifdef SIGNAL
		:: me == SENDERS -> ret = OVER; break	/* it has come */
#endif
		:: timeout && MESSAGE_IN_VAIN -> goto rests
		fi;
		recv_look();
		if
		:: ret -> break
		:: else
		fi
	od;
	unqueue(RECV)
}

#ifdef RESUME
#define MAY_STOP	(got && resumed)
/* A process takes messages, and dies.  It has no other instruction left. */
inline predecessor()
{
	do
	:: load(taken, TAKEN);
		load(value, WORD(taken));
		if
		:: value ->
			d_step { assert(value == got + 1); got++ };
			store(TAKEN, got)
		:: else -> break
		fi
	:: break
	od;
	FENCE;
	d_step { value = 0; taken = 0 };
	wake(SEND, false)		/* pair_unmapped() */
}
#else
#define MAY_STOP	got
#endif

active [RECEIVERS] proctype receiver()
{
	byte taken, value, ret;
	bool ended, mine, wanted, was;

	store(PEER, 1);			/* pair_attach() */
#ifdef RESUME
	predecessor();
#endif
#ifdef LOOK_FIRST
	recv_wait();			/* poll(2), SYNC(WAIT_RECV) */
#endif
	do
	:: true ->
		recv_try();
		if
		:: ret == DONE || ret == FAILED
		:: ret == NOTHING ->
			recv_wait();
			if
			:: ret == OVER -> goto rests
			:: else
			fi
		:: ret == OVER ->
			assert(got == mem[POSITION]);
			goto rests
		fi
	:: MAY_STOP -> goto rests	/* receives no more */
	od;
rests:	skip
}

/* Beside them ------------------------------------------------------------- */

#ifdef POLLER
/* epoll with EPOLLET, and FASTIPC_RECV that does not wait */
active proctype poller()
{
	byte taken, value, ret;
	bool ended, mine, wanted, was;

	store(PEER, 1);			/* pair_attach() */
	watched = true;			/* epoll_ctl(2): endpoint_poll() */
	arm(RECV, 1, false);
	recv_look();
	ready = ready || ret;
	do
	:: ready ->			/* epoll_wait(2) */
		ready = false;
		arm(RECV, 1, false);
		recv_look();
		if
		:: ret ->
			do
			:: true ->
				recv_try();
				if
				:: ret == NOTHING -> break
				:: ret == OVER -> goto rests
				:: else
				fi
			od
		:: else
		fi
	:: timeout && MESSAGE_IN_VAIN -> goto rests
	od;
rests:	skip
}
#endif

#ifdef END
/* pair_shutdown(), while there is another sender */
active proctype shutter()
{
	bool shown, wanted;

#ifndef FLUSH_BEFORE_END
	store(ENDED(SEND), 1);
	wake(SEND, true);
#endif
	/* pair_flush() */
	d_step { FREE(PRODUCER, 2) -> mem[PRODUCER] = 1 };
	d_step { flush(); put(PRODUCER, 0) };
	if
	:: shown -> serve_receivers()
	:: else
	fi;
#ifdef FLUSH_BEFORE_END
	store(ENDED(SEND), 1);
	wake(SEND, true);
#endif
	store(ENDED(RECV), 1);
	wake(RECV, true)
}
#endif

#ifdef DRAIN
/* pair_wait() with pair_look_send(), for all to be received */
inline done_look()
{
	load(released, RELEASED);
	if
	:: released > position ->
		load(value, POSITION);
#ifdef POISON_IF_BEYOND
		value = position;
#endif
		assert(value != position);	/* else pair_poison() */
		d_step { value = 0; ret = DONE }
	:: else -> ret = (released == position)
	fi;
	released = 0
}

active proctype drainer()
{
	byte position, released, value, ret;
	bool was;

	load(position, POSITION);
	do
	:: position ->
		arm(SEND, position, true);
		done_look();
		if
		:: ret -> break
		:: else
		fi;
		if
		:: !queued[me]
		:: timeout && mem[RELEASED] < position && MESSAGE_THERE ->
			goto rests
		fi;
		done_look();
		if
		:: ret -> break
		:: else
		fi
	:: !position -> goto rests
	od;
	unqueue(SEND);
rests:	position = 0
}
#endif

/* Memory ------------------------------------------------------------------ */

active proctype memory()
{
end:	do
	:: drain(0)
	:: drain(1)
#if BUFFERS > 2
	:: drain(2)
#endif
#if BUFFERS > 3
	:: drain(3)
#endif
	od
}
