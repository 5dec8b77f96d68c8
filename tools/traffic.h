/* SPDX-License-Identifier: MIT */
/*
 * What went through: shown on a terminal while it goes, and summed up at the end.
 * Only "send" and "recv" begin it; without that nothing is ever shown.
 */
#ifndef FASTIPC_TOOL_TRAFFIC_H
#define FASTIPC_TOOL_TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>

/*
 * From here on; @name: the command's; @json: sum up as JSON; @writes: data goes to
 * standard output
 */
void traffic_begin(const char *name, bool json, bool writes);

/* So many messages and bytes went through. */
void traffic_add(size_t messages, size_t bytes);

/* Take what is shown off the terminal. */
void traffic_clear(void);

/* The end of it; @orderly: as it should be */
void traffic_end(bool orderly);

#endif /* FASTIPC_TOOL_TRAFFIC_H */
