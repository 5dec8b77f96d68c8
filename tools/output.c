// SPDX-License-Identifier: MIT
/*
 * Writing.  See output.h.
 */
#include <string.h>
#include <unistd.h>

#include "output.h"
#include "signals.h"
#include "tool.h"

#define BUFFER_BYTES (128 << 10)
#define DIRECT_BYTES 4096 /* as many are written from where they are at once */

/* Not stdio's: that may lose what it holds when a signal interrupts it. */
static struct output {
	size_t used;
	char buf[BUFFER_BYTES];
} output;

int write_all(int fd, const void *data, size_t len)
{
	size_t done;
	ssize_t n;

	for (done = 0; done < len; done += n) {
		n = write(fd, (const char *)data + done, len - done);
		if (n >= 0)
			continue;
		if (errno != EINTR)
			return errno;
		n = 0;
		if (signals_overdue())
			signals_look();
	}
	return 0;
}

static void write_out(const void *data, size_t len)
{
	int error = write_all(STDOUT_FILENO, data, len);

	if (error)
		fail_errno(error, "standard output");
}

void output_flush(void)
{
	size_t used = output.used;

	output.used = 0;
	write_out(output.buf, used);
}

void output_put(const void *data, size_t len)
{
	if (len > sizeof(output.buf) - output.used || len >= DIRECT_BYTES)
		output_flush();
	if (len >= DIRECT_BYTES) {
		write_out(data, len);
		return;
	}
	memcpy(output.buf + output.used, data, len);
	output.used += len;
}
