/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sleep, wake and close of a direct pair, as a model for SPIN: one direction,
 * with a producer and a consumer that run at the same time as their store
 * buffers.  doc/protocol.rst states the steps; each step here names the
 * function that it stands for.
 *
 * Modelled: a ring of a few slots with the zero behind each message; waiting
 * for messages and for space; the fences; alerting, and the barrier that a sleeper
 * runs on the other side's processors; the wait queues' locks; SHUTDOWN;
 * close, and death before any instruction of user space or in a sleep, with or
 * without another process that holds the same file.
 *
 * Memory is that of memory.pml.  Taking a lock is a fence too; dropping it is a
 * store.  What only the scheduler, epoll and the queue's list know (queued,
 * watched, ready) is written at once: other locks guard it.
 *
 * Not modelled: weaker memory than TSO; the pair's other direction, so neither
 * fastipc_exchange(); messages of several lengths; several messages taken at
 * once; time-outs, and signals that do not kill; hostile peers; the re-check;
 * attaching; a successor that maps the end again; the kernel as producer and
 * consumer (kernel.pml).  ->want in the page and the kernel's copy are one
 * word; so are ->sent and the producer's position, and, without WATCHER,
 * ->taken and the consumer's.
 *
 * SPIN reports a process that sleeps for ever as an invalid end state.  One
 * that sleeps rightly, as what it waits for is not there when nothing moves any
 * more, leaves by its "timeout".
 *
 * Other scenes:
 *	POLLER		both ends use edge-triggered epoll instead of SYNC(WAIT)
 *	WATCHER		beside the consumer another thread of its process is in
 *			poll(2); nobody dies
 *	SLOTS=3		the ring holds two messages instead of one
 *	STICKY		->alert may be cleared; without, it stays set, and whoever
 *			publishes always fences
 *	BEGINS_CALM	a channel begins with ->alert cleared
 *	MESSAGES=2	for scenes that are large
 *
 * Mistakes, each of which the checker must find:
 *	NO_PRODUCER_FENCE	none between publish and the look at recv.want
 *	NO_CONSUMER_FENCE	none between release and the look at send.want
 *	NO_BARRIER		a sleeper that alerts runs none on the other side
 *	BARRIER_FIRST		it does, and alerts then
 *	BARRIER_AT_SELF		it runs it on its own processors
 *	BARRIER_BY_ONE		one that finds it alert believes that whoever did so
 *				has run the barrier (WATCHER)
 *	SETTLES_ALL		whoever has run one speaks for whoever alerted later
 *				(WATCHER; takes 5 GiB)
 *	CLEAR_WANTED		alert is cleared though somebody waits
 *	NO_SLEEPER_FENCE	none between setting want and the look
 *	NO_RECHECK		looks before it sets want, not afterwards
 *	CLEAR_AFTER_WAKE	wakes, drops the lock, then clears want
 *	DISARM_ALWAYS		a sleeper that leaves clears want in spite of a
 *				poller (WATCHER)
 *	ARM_IF_NOTHING		poll sets want only if it found nothing (POLLER)
 *	NO_UNMAP_WAKE		no wake when the last map goes
 *	NO_END_WAKE		no wake when a direction ends
 *	END_AFTER_WORD		the end is read after the word
 *	ZERO_AFTER_WORD		the zero behind is stored after the word
 */

#ifndef SLOTS
#define SLOTS		2	/* one of them is for the zero behind */
#endif
#ifndef MESSAGES
#define MESSAGES	3
#endif

/* Processes that have a store buffer, in the order of their declaration. */
#define PRODUCER	0
#define CONSUMER	1
#ifdef WATCHER
#define BESIDE		2
#define BUFFERS		3
#else
#define BUFFERS		2
#endif

/* Directions: the consumer's, and the producer's. */
#define RECV		0
#define SEND		1

/* Addresses. */
#define WORD(position)	((position) % SLOTS)
#define RELEASED	(SLOTS)
#define TAKEN		(SLOTS + 1)	/* for WATCHER */
#define WANT(line)	(SLOTS + 2 + (line))
#define LOCK(line)	(SLOTS + 4 + (line))	/* queue.lock: 1 if held */
#define ENDED(line)	(SLOTS + 6 + (line))	/* the kernel's own word */
#define HINT(line)	(SLOTS + 8 + (line))	/* ->ended in the page */
#define ALERT(line)	(SLOTS + 10 + (line))

/* What is in there.  Memory begins with zeroes, and a channel alert. */
#ifdef BEGINS_CALM
#define ALERTED		1
#else
#define ALERTED		0
#endif
#define CALM		(1 - ALERTED)
#define ADDRESSES	(SLOTS + 12)

/* What a look says. */
#define NOTHING		0
#define THERE		1
#define OVER		2

/* Memory ------------------------------------------------------------------ */

#define CAPACITY	4	/* stores that wait at once */

#include "memory.pml"

inline spin_lock(line)
{
	d_step { FENCE && !mem[LOCK(line)] -> mem[LOCK(line)] = 1 }
}

inline spin_unlock(line)
{
	store(LOCK(line), 0)
}

/* For the assertions, and to steer: in nobody's memory. */
byte published;		/* messages; also the producer's position */
byte got;		/* messages; also the consumer's position */
bool left[2];		/* this end has begun to end the other's direction */
bool killed[2];		/* SIGKILL has come */

/* module/wait.c ----------------------------------------------------------- */

bool settled[2] = true;	/* since it became alert, a barrier has run */
bit alerts[2];		/* how often it did, modulo 2 */
bool queued[2];		/* the sleeper of a direction; false: it may run */
bool watched[2];	/* a poller is in a direction's queue */
bool ready[2];		/* it was woken */

/* __wake_up_locked() */
inline wake_all(line)
{
	d_step {
		queued[line] = false;
		ready[line] = ready[line] || watched[line]
	}
}

/*
 * wait_calm(): with the lock held, if nobody waits; or not, as the clock and the
 * bucket may have it.
 */
inline calm(line)
{
#ifndef STICKY
	skip
#else
	if
	:: mem[ALERT(line)] == ALERTED -> store(ALERT(line), CALM)
	:: true
	fi
#endif
}

/* wait_disarm() */
inline disarm(line)
{
	if
	:: mem[WANT(line)] ->
		store(WANT(line), 0);
		calm(line)
	:: else
	fi
}

/* SYNC(CALM_*): pair_calm(), fastipc_wait_calm() */
inline sync_calm(line)
{
	kernel = true;
	spin_lock(line);
	if
#ifdef CLEAR_WANTED
	:: true -> calm(line)
#else
	:: !mem[WANT(line)] -> calm(line)
	:: else
#endif
	fi;
	spin_unlock(line);
	kernel = false
}

/* fastipc_wait_wake() */
inline wake(line)
{
	spin_lock(line);
#ifdef CLEAR_AFTER_WAKE
	wake_all(line);
	spin_unlock(line);
	store(WANT(line), 0)
#else
	disarm(line);
	wake_all(line);
	spin_unlock(line)
#endif
}

/*
 * fastipc_endpoint_barrier(): smp_call_function_many() on the other side's mm.  What
 * it interrupts has no store in its buffer afterwards, and what it loads then it
 * loads afterwards.
 */
#ifdef BARRIER_AT_SELF
#define BARRIER(line)	FENCE
#else
#define BARRIER(line)	(buf[(line == RECV -> PRODUCER : CONSUMER)].stores == 0)
#endif

/* wait_arm() with the lock held, fastipc_ring_arm_fence(), wait_settle() */
inline arm(line, want)
{
	if
	:: !mem[WANT(line)] || want < mem[WANT(line)] ->
		store(WANT(line), want)
	:: else
	fi;
#ifdef BARRIER_FIRST
	BARRIER(line);
#endif
	if
	:: mem[ALERT(line)] == CALM ->
		store(ALERT(line), ALERTED);
		settled[line] = false;
		alerts[line] = 1 - alerts[line];
		unsettled = true
#ifdef BARRIER_BY_ONE
	:: else -> unsettled = false
#else
	:: else -> unsettled = !settled[line]
#endif
	fi;
	seen = alerts[line];
	spin_unlock(line);
#ifndef NO_SLEEPER_FENCE
	FENCE;
#endif
	if
	:: unsettled ->
#if !defined(NO_BARRIER) && !defined(BARRIER_FIRST)
		BARRIER(line);
#endif
		spin_lock(line);
		if			/* meanwhile cleared, and set again? */
#ifdef SETTLES_ALL
		:: true -> settled[line] = true
#else
		:: alerts[line] == seen -> settled[line] = true
#endif
		:: else
		fi;
		spin_unlock(line);
		unsettled = false
	:: else
	fi;
	seen = 0
}

/* fastipc_wait_poll() */
inline wait_poll(line, want, at)
{
#ifdef ARM_IF_NOTHING
	look(line, at);
	if
	:: ret
	:: else ->
#endif
	spin_lock(line);
	arm(line, want);
	look(line, at)
#ifdef ARM_IF_NOTHING
	fi
#endif
}

/*
 * fastipc_wait_sleep().  The kernel has one more full fence in it, in
 * set_current_state() under the lock; the model does without.
 */
inline wait_sleep(line, want, at, in_vain)
{
	do
	:: true ->
		spin_lock(line);
		queued[line] = true;
		arm(line, want);
#ifndef NO_RECHECK
		look(line, at);
		if
		:: ret -> break
		:: else
		fi;
#endif
		if			/* signal_pending() */
		:: killed[me] -> break
		:: else
		fi;
		if			/* schedule_hrtimeout() */
		:: !queued[line] || killed[me]
		:: timeout && in_vain -> goto rests
		fi;
		look(line, at);
		if
		:: ret -> break
		:: else
		fi
	od;
	if
	:: !queued[line]		/* a waker took it off the queue */
	:: else ->
		spin_lock(line);
		queued[line] = false;
#ifdef DISARM_ALWAYS
		disarm(line);
#else
		if
		:: watched[line]
		:: else -> disarm(line)
		fi;
#endif
		spin_unlock(line)
	fi
}

/* module/pair.c, module/ring.c -------------------------------------------- */

/* fastipc_ring_fits(), fastipc_ring_want(), fastipc_ring_want_max() */
#define FITS(released)	(published - (released) + 2 <= SLOTS)
#define SPACE_WANT	(published + 2 - SLOTS)
#define LIMIT_WANT	((published + 2 > SLOTS) * SPACE_WANT + \
			 (published + 2 <= SLOTS))

/*
 * pair_look_recv() at the word, pair_look_send() at ->released; for pollers,
 * pair_glance_recv() and pair_glance_send().
 */
inline look(line, at)
{
#ifdef END_AFTER_WORD
	load(value, at);
	load(ret, ENDED(line));
#else
	load(ret, ENDED(line));
	load(value, at);
#endif
	d_step {
		if
		:: line == RECV && value -> ret = THERE
		:: line == SEND && !ret && FITS(value) -> ret = THERE
		:: else -> ret = (ret -> OVER : NOTHING)
		fi;
		value = 0
	}
}

/* SYNC(WAIT_*) with no time: only the first look of pair_wait() */
inline sync_look(line, at)
{
	kernel = true;
	look(line, at);
	kernel = false
}

/* SYNC(WAIT_*): pair_wait() */
inline sync_wait(line, want, at, in_vain)
{
	kernel = true;
	look(line, at);
	if
	:: ret
	:: else -> wait_sleep(line, want, at, in_vain)
	fi;
	kernel = false
}

/* SYNC(WAKE_*): pair_wake() */
inline sync_wake(line)
{
	kernel = true;
	wake(line);
	kernel = false
}

/*
 * pair_end_direction(), fastipc_ring_end().  Nobody else here takes pair->lock,
 * so only its fence is left.
 */
inline end_direction(line)
{
	FENCE;
	store(ENDED(line), 1);
	store(HINT(line), 1);
#ifdef NO_END_WAKE
	FENCE
#else
	wake(line)
#endif
}

/*
 * exit(2), exec(2), or munmap(2) and close(2).  Before a map's pages are gone,
 * what was stored through it has left the buffer.
 */
inline leave(line)
{
	FENCE;
#ifndef NO_UNMAP_WAKE
	wake(line);			/* pair_unmapped() */
#endif
	if
	:: true ->			/* the last close: pair_detach() */
		left[me] = true;
		end_direction(line)
	:: true				/* another process holds the file */
	fi
}

/* fs/eventpoll.c, fs/select.c --------------------------------------------- */

/* poll_wait(), and taking the entry out again */
inline watch(line, yes)
{
	spin_lock(line);
	watched[line] = yes;
	spin_unlock(line)
}

/* epoll_ctl(2) with EPOLLET: endpoint_poll() */
inline epoll_add(line, want, at)
{
	kernel = true;
	watch(line, true);
	wait_poll(line, want, at);
	if
	:: ret -> ready[line] = true
	:: else
	fi;
	kernel = false
}

/* epoll_wait(2): polls again what was woken, and returns if it is ready */
inline epoll_wait(line, want, at, in_vain)
{
	kernel = true;
	do
	:: ready[line] ->
		ready[line] = false;
		wait_poll(line, want, at);
		if
		:: ret -> break
		:: else
		fi
	:: !ready[line] && killed[me] -> break
	:: timeout && in_vain -> goto rests
	od;
	kernel = false
}

/* The producer ------------------------------------------------------------ */

#define SPACE_IN_VAIN	(mem[RELEASED] < SPACE_WANT && !mem[ENDED(SEND)])

active proctype producer()
{
	byte known;		/* ->released, when last looked at */
	byte value, ret;
	bit seen;
	bool unsettled;
	bool ended;
	bool kernel;		/* in a system call, behind which it dies */

	{
#ifdef POLLER
	epoll_add(SEND, LIMIT_WANT, RELEASED);
	epoll_wait(SEND, LIMIT_WANT, RELEASED, SPACE_IN_VAIN);
#endif
	do
	:: published < MESSAGES ->
		/* space_for(), fastipc_wait_space_(), wait_for() */
		do
		:: true ->
			load(ended, HINT(SEND));
			if
			:: ended ->
				sync_look(SEND, RELEASED);
				if
				:: ret == OVER -> goto over
				:: else
				fi
			:: else
			fi;
			/* fastipc_producer_fits() */
			if
			:: FITS(known) -> break
			:: else
			fi;
			load(value, RELEASED);
			d_step {
				assert(known <= value && value <= published);
				known = value;
				value = 0
			}
			if
			:: FITS(known) -> break
			:: else
			fi;
#ifdef POLLER
			epoll_wait(SEND, LIMIT_WANT, RELEASED, SPACE_IN_VAIN)
#else
			sync_wait(SEND, SPACE_WANT, RELEASED, SPACE_IN_VAIN);
			if
			:: ret == OVER -> goto over
			:: else
			fi
#endif
		od;
		/* fastipc_producer_publish() */
#ifdef ZERO_AFTER_WORD
		skip;
		d_step { put(WORD(published), published + 1); published++ };
		store(WORD(published), 0);
#else
		store(WORD(published + 1), 0);
		d_step { put(WORD(published), published + 1); published++ };
#endif
		/* fastipc_producer_must_wake() */
		load(ret, ALERT(RECV));
		if
		:: ret == ALERTED ->
#ifndef NO_PRODUCER_FENCE
			FENCE;
#endif
			load(ret, WANT(RECV));
			if
			:: ret -> sync_wake(RECV)
#ifdef STICKY
			:: !ret -> sync_calm(RECV)
#endif
			:: !ret
			fi
		:: else
		fi
	:: else -> goto sent
	od;
over:	assert(left[CONSUMER]);
sent:	if
	:: true -> goto rests		/* lives on, or is stopped */
	:: true ->			/* SHUTDOWN: pair_shutdown() */
		kernel = true;
		left[me] = true;
		end_direction(RECV);
		goto rests
	:: true				/* fastipc_close() */
	fi
	} unless {
		killed[me] && !kernel
	};
	leave(RECV);
rests:	skip
}

/* The consumer ------------------------------------------------------------ */

#define MESSAGE_IN_VAIN	(!mem[WORD(got)] && !mem[ENDED(RECV)])

active proctype consumer()
{
	byte value, ret;
	bit seen;
	bool unsettled;
	bool ended;
	bool kernel;		/* in a system call, behind which it dies */

	{
#ifdef POLLER
	epoll_add(RECV, 1, WORD(got));
	epoll_wait(RECV, 1, WORD(got), MESSAGE_IN_VAIN);
#endif
	do
	:: true ->
		/* message_at() */
		do
		:: true ->
			load(value, WORD(got));
			if
			:: value -> break
			:: else
			fi;
			/* fastipc_wait_message_(), wait_for() */
			load(ended, HINT(RECV));
#ifndef END_AFTER_WORD
			load(value, WORD(got));
			if
			:: value -> break
			:: else
			fi;
#endif
			if
			:: ended ->
				sync_look(RECV, WORD(got));
				if
				:: ret == OVER -> goto over
				:: else
				fi
			:: else
			fi;
#ifdef POLLER
			epoll_wait(RECV, 1, WORD(got), MESSAGE_IN_VAIN)
#else
			sync_wait(RECV, 1, WORD(got), MESSAGE_IN_VAIN);
			if
			:: ret == OVER -> goto over
			:: else
			fi
#endif
		od;
		/* copy_out(), fastipc_consumer_take() */
		assert(value == got + 1);
		d_step { value = 0; got++ };
#ifdef WATCHER
		store(TAKEN, got);
#endif
		/* The payload: the word stands for it. */
		load(value, WORD(got - 1));
		d_step { assert(value == got); value = 0 };
		/* fastipc_consumer_release(), fastipc_consumer_must_wake() */
		store(RELEASED, got);
		load(ret, ALERT(SEND));
		if
		:: ret == ALERTED ->
#ifndef NO_CONSUMER_FENCE
			FENCE;
#endif
			load(ret, WANT(SEND));
			if
			:: ret && ret <= got -> sync_wake(SEND)
#ifdef STICKY
			:: !ret -> sync_calm(SEND)
#endif
			:: !ret || ret > got
			fi
		:: else
		fi
	:: got -> goto rests		/* receives no more, or is stopped */
	od;
over:	assert(left[PRODUCER] && got == published);
	goto rests
	} unless {
		killed[me] && !kernel
	};
	leave(SEND);
rests:	skip
}

#ifdef WATCHER
/* Waits in poll(2) for POLLIN, while the consumer receives. */
#define GLANCE_IN_VAIN	(!mem[WORD(mem[TAKEN])] && !mem[ENDED(RECV)])

active proctype watcher()
{
	byte taken, value, ret;
	bit seen;
	bool unsettled;

	watch(RECV, true);
	do
	:: true ->
		/* fastipc_wait_poll() with pair_glance_recv() */
		spin_lock(RECV);
		arm(RECV, 1);
		load(ret, ENDED(RECV));
		load(taken, TAKEN);
		load(value, WORD(taken));
		if
		:: ret || value -> break
		:: else -> taken = 0
		fi;
		if
		:: ready[RECV] -> ready[RECV] = false
		:: timeout && GLANCE_IN_VAIN -> goto rests
		fi
	od;
	watch(RECV, false);
rests:	skip
}
#endif

/* Memory and fate --------------------------------------------------------- */

active proctype memory()
{
end:	do
	:: drain(PRODUCER)
	:: drain(CONSUMER)
#ifdef WATCHER
	:: drain(BESIDE)
#endif
	od
}

#ifndef WATCHER
active proctype fate()
{
	if
	:: killed[PRODUCER] = true
	:: true
	fi;
	if
	:: killed[CONSUMER] = true
	:: true
	fi
}
#endif
