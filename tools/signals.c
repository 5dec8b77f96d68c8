// SPDX-License-Identifier: MIT
/*
 * Ending by a signal.  See signals.h.
 */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "signals.h"
#include "tool.h"

#define PATIENCE 1 /* seconds */

/* By the handlers: the first that came, and whether that was a while ago */
static volatile sig_atomic_t caught, overdue;

/* Without SA_RESTART: what waits is interrupted. */
static void handle(int number, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler };

	sigfillset(&action.sa_mask);
	sigaction(number, &action, NULL);
}

/* Again and again, until the process has seen it. */
static void late(int number)
{
	(void)number;
	overdue = true;
	alarm(PATIENCE);
}

static void come(int number)
{
	if (caught)
		return;
	caught = number;
	/* Not earlier: an alarm may be what the process was started with. */
	handle(SIGALRM, late);
	alarm(PATIENCE);
}

void signals_catch(void)
{
	/* SIGPIPE: standard output has nobody to read it any more. */
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	struct sigaction action;
	sigset_t set;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(signals); i++)
		if (!sigaction(signals[i], NULL, &action) &&
		    action.sa_handler != SIG_IGN)
			handle(signals[i], come);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

void signals_look(void)
{
	if (!caught)
		return;
	clean_up();
	die_of(caught);
}

bool signals_overdue(void)
{
	return overdue;
}

void die_of(int number)
{
	sigset_t set;

	signal(number, SIG_DFL);
	raise(number);
	sigemptyset(&set);
	sigaddset(&set, number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	/* The first process of a container does not die of it. */
	_exit(128 + number);
}
