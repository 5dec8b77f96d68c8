/* SPDX-License-Identifier: MIT */
/*
 * Signals that shall end "send" and "recv": these end at a point of their own
 * choice, leave nothing half done behind, and then die of the signal, so that
 * whoever waits for them sees that.
 *
 * A signal interrupts what waits, which then looks for it.  Whatever it is too
 * early for, because the wait has not yet begun, is interrupted again, once a
 * second.
 */
#ifndef FASTIPC_TOOL_SIGNALS_H
#define FASTIPC_TOOL_SIGNALS_H

#include <stdbool.h>
#include <stdnoreturn.h>

/* From here on they wait to be looked for, unless they are ignored. */
void signals_catch(void);

/* If one has come: clean up, and die of it. */
void signals_look(void);

/* Whether one came a second ago: too long for what waits to be finished. */
bool signals_overdue(void);

/* Die of a signal. */
noreturn void die_of(int number);

#endif /* FASTIPC_TOOL_SIGNALS_H */
