/* SPDX-License-Identifier: MIT */
/*
 * Files and standard input, by lines or by bytes.  What is read beyond what was
 * asked for is buffered; a reader that sends before it waits for more asks how
 * much that is.  Fails (tool.h) if it cannot read.
 */
#ifndef FASTIPC_TOOL_INPUT_H
#define FASTIPC_TOOL_INPUT_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct input - a file that is read
 * @name: for messages
 * @fd: of the file
 * @buf: what was read and is not used is from @begin to @end
 * @cap: bytes of @buf
 * @begin: see @buf
 * @end: see @buf
 * @seen: up to here there is no newline
 */
struct input {
	const char *name;
	int fd;
	char *buf;
	size_t cap;
	size_t begin;
	size_t end;
	size_t seen;
};

/* Open a file, "-" is standard input; its lines are up to @longest bytes. */
void input_open(struct input *in, const char *name, size_t longest);

void input_close(struct input *in);

/* How much there is without reading */
static inline size_t input_buffered(const struct input *in)
{
	return in->end - in->begin;
}

/* Read more into the buffer, unless it is full; false at the end of the file. */
bool input_fill(struct input *in);

/*
 * The next line without its newline, if all of it is in the buffer, else NULL.
 * Valid until input_fill().
 */
char *input_line(struct input *in, size_t *len);

/* Read so many bytes; fewer only at the end of the file. */
size_t input_read(struct input *in, void *to, size_t len);

#endif /* FASTIPC_TOOL_INPUT_H */
