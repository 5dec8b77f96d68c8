/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory with store buffers, for the models beside it.
 *
 * TSO, as on x86: a store goes to the end of its process's buffer and from
 * there to memory at any later time, in order; a load takes the newest store in
 * its own buffer, else memory; a fence waits until the buffer is empty.
 *
 * Whoever includes this has defined ADDRESSES, BUFFERS (processes that have a
 * buffer are the first ones declared) and CAPACITY (stores between two fences),
 * and runs drain() for each buffer.
 */

#define me		_pid

typedef buffer {
	byte stores;
	byte address[CAPACITY];
	byte value[CAPACITY]
}

byte mem[ADDRESSES];
buffer buf[BUFFERS];
hidden byte i;

inline put(where, what)
{
	buf[me].stores < CAPACITY ->
	buf[me].address[buf[me].stores] = where;
	buf[me].value[buf[me].stores] = what;
	buf[me].stores++
}

inline store(where, what)
{
	d_step { put(where, what) }
}

inline load(result, where)
{
	d_step {
		result = mem[where];
		i = 0;
		do
		:: i < buf[me].stores ->
			if
			:: buf[me].address[i] == where ->
				result = buf[me].value[i]
			:: else
			fi;
			i++
		:: else -> break
		od
	}
}

#define FENCE	(buf[me].stores == 0)

/* The oldest store of a buffer reaches memory. */
inline drain(who)
{
	d_step {
		buf[who].stores ->
		mem[buf[who].address[0]] = buf[who].value[0];
		buf[who].stores--;
		i = 0;
		do
		:: i < CAPACITY - 1 ->
			buf[who].address[i] = buf[who].address[i + 1];
			buf[who].value[i] = buf[who].value[i + 1];
			i++
		:: else -> break
		od;
		buf[who].address[i] = 0;
		buf[who].value[i] = 0
	}
}
