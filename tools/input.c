// SPDX-License-Identifier: MIT
/*
 * Reading.  See input.h.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "input.h"
#include "signals.h"
#include "tool.h"

#define BUFFER_BYTES (128 << 10)
#define DIRECT_BYTES 4096 /* as many are read to where they shall go at once */

void input_open(struct input *in, const char *name, size_t longest)
{
	memset(in, 0, sizeof(*in));
	in->name = name;
	if (!strcmp(name, "-")) {
		in->name = "standard input";
		in->fd = STDIN_FILENO;
	} else {
		/* Of a FIFO this waits. */
		while ((in->fd = open(name, O_RDONLY | O_CLOEXEC)) < 0 &&
		       errno == EINTR)
			signals_look();
	}
	if (in->fd < 0)
		fail_errno(errno, "%s", name);
	in->cap = longest < BUFFER_BYTES ? BUFFER_BYTES : longest + 1;
	in->buf = malloc(in->cap);
	if (!in->buf)
		fail_errno(ENOMEM, "%s", name);
}

void input_close(struct input *in)
{
	if (in->fd != STDIN_FILENO)
		close(in->fd);
	free(in->buf);
}

static size_t read_once(struct input *in, void *to, size_t len)
{
	ssize_t n;

	while ((n = read(in->fd, to, len)) < 0 && errno == EINTR)
		signals_look();
	if (n < 0)
		fail_errno(errno, "%s", in->name);
	return n;
}

bool input_fill(struct input *in)
{
	size_t n;

	if (in->begin) {
		n = input_buffered(in);
		memmove(in->buf, in->buf + in->begin, n);
		in->seen -= in->begin;
		in->begin = 0;
		in->end = n;
	}
	n = read_once(in, in->buf + in->end, in->cap - in->end);
	in->end += n;
	return n;
}

char *input_line(struct input *in, size_t *len)
{
	char *line = in->buf + in->begin;
	char *newline;

	newline = memchr(in->buf + in->seen, '\n', in->end - in->seen);
	if (!newline) {
		in->seen = in->end;
		return NULL;
	}
	*len = newline - line;
	in->begin += *len + 1;
	in->seen = in->begin;
	return line;
}

size_t input_read(struct input *in, void *to, size_t len)
{
	size_t done, n;

	for (done = 0; done < len; done += n) {
		n = len - done;
		if (!input_buffered(in) && n >= DIRECT_BYTES) {
			n = read_once(in, (char *)to + done, n);
			if (!n)
				break;
			continue;
		}
		if (!input_buffered(in) && !input_fill(in))
			break;
		if (n > input_buffered(in))
			n = input_buffered(in);
		memcpy((char *)to + done, in->buf + in->begin, n);
		in->begin += n;
	}
	in->seen = in->begin;
	return done;
}
