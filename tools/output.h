/* SPDX-License-Identifier: MIT */
/*
 * Standard output of "recv".  What is put waits in a buffer until that is full or
 * flushed.  Fails (tool.h) if it cannot be written.
 */
#ifndef FASTIPC_TOOL_OUTPUT_H
#define FASTIPC_TOOL_OUTPUT_H

#include <stddef.h>

void output_put(const void *data, size_t len);

/* Write all that was put. */
void output_flush(void);

/*
 * Write all of it to a descriptor: 0, or an errno.  A signal (signals.h) ends the
 * command only if nothing can be written for a while.
 */
int write_all(int fd, const void *data, size_t len);

#endif /* FASTIPC_TOOL_OUTPUT_H */
