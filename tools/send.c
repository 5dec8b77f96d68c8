// SPDX-License-Identifier: MIT
/*
 * fastipc send: messages from standard input or files.
 */
#include <endian.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "input.h"
#include "signals.h"
#include "tool.h"
#include "traffic.h"

#define BATCH 64 /* lines that are sent at once */

static const char usage[] =
	"Usage: fastipc send [OPTION...] [NAME] [FILE...]\n"
	"Send messages made of the FILEs, '-' or none is standard input.\n"
	"NAME is that of a channel, if no end is inherited, nor given by --fd.\n"
	"\n"
	"  --lines    each line is a message, without its newline (default)\n"
	"  --size N   messages of N bytes, the last of a FILE may be shorter\n"
	"  --prefix   in the input each message stands behind its length: 32 bits,\n"
	"             little-endian\n"
	"  --files    the FILEs with their names and permissions; without FILEs those\n"
	"             that standard input names, one a line\n"
	"  --fd N     the end is descriptor N (default: what FASTIPC_FD says)\n"
	"  --json     at the end, sum up as JSON on standard error\n"
	"  --help     show this\n"
	"\n"
	"N may end in K or M.\n";

/**
 * struct sender - what is sent, and how
 * @f: the end
 * @limit: bytes of the longest message
 * @mode: what a message is
 * @size: of each message, for SIZE
 * @fd: from --fd, or -1
 * @json: sum up at the end
 * @n: lines that wait to be sent
 * @iov: these
 * @out: these
 */
struct sender {
	struct fastipc *f;
	size_t limit;
	enum mode mode;
	size_t size;
	int fd;
	bool json;
	unsigned int n;
	struct iovec iov[BATCH];
	struct fastipc_out out[BATCH];
};

/* Lines ---------------------------------------------------------------------- */

static void send_batch(struct sender *s)
{
	unsigned int done, i;
	size_t bytes;
	int ret;

	for (done = 0; done < s->n; done += ret) {
		do
			ret = fastipc_sendv(s->f, s->out + done, s->n - done,
					    0);
		while (!sent(ret));
		bytes = 0;
		for (i = done; i < done + ret; i++)
			bytes += s->iov[i].iov_len;
		traffic_add(ret, bytes);
		signals_look();
	}
	s->n = 0;
}

static void add_line(struct sender *s, const struct input *in, char *line,
		     size_t len)
{
	if (len > s->limit) {
		send_batch(s);
		fail("%s: a line of more than %zu bytes", in->name, s->limit);
	}
	s->iov[s->n] = (struct iovec){ line, len };
	s->out[s->n] =
		(struct fastipc_out){ .iov = &s->iov[s->n], .iovcnt = 1 };
	s->n++;
	if (s->n == BATCH)
		send_batch(s);
}

static void send_lines(struct sender *s, struct input *in)
{
	size_t len;
	char *line;

	for (;;) {
		while ((line = input_line(in, &len)))
			add_line(s, in, line, len);
		send_batch(s);
		if (input_buffered(in) > s->limit || !input_fill(in))
			break;
	}
	/* A last one without a newline, or one that is too long. */
	len = input_buffered(in);
	if (len)
		add_line(s, in, in->buf + in->begin, len);
	send_batch(s);
}

/* Bytes ---------------------------------------------------------------------- */

static void *reserve(struct sender *s, size_t len)
{
	void *payload;

	while (!sent(fastipc_reserve(s->f, len, &payload, 0)))
		;
	return payload;
}

/* @more: the next message is here already, so this one may wait for it */
static void commit(struct sender *s, size_t len, bool more)
{
	while (!sent(fastipc_commit(s->f, len, more ? FASTIPC_MORE : 0)))
		;
	traffic_add(1, len);
	/* Not between this and the next: what waits for that was counted. */
	if (!more)
		signals_look();
}

static void send_blocks(struct sender *s, struct input *in)
{
	size_t n;

	for (;;) {
		n = input_read(in, reserve(s, s->size), s->size);
		if (!n)
			break;
		commit(s, n, input_buffered(in) >= s->size);
	}
	fastipc_discard(s->f);
}

/* Whether all of a message with its length is here */
static bool prefixed_is_here(const struct input *in)
{
	uint32_t len;

	if (input_buffered(in) < sizeof(len))
		return false;
	memcpy(&len, in->buf + in->begin, sizeof(len));
	return input_buffered(in) - sizeof(len) >= le32toh(len);
}

static void send_prefixed(struct sender *s, struct input *in)
{
	uint32_t len;
	size_t n;

	while ((n = input_read(in, &len, sizeof(len))) == sizeof(len)) {
		len = le32toh(len);
		if (len > s->limit) {
			fastipc_flush(s->f);
			fail("%s: a message of %u bytes, the limit is %zu",
			     in->name, len, s->limit);
		}
		n = input_read(in, reserve(s, len), len);
		if (n < len)
			break;
		commit(s, len, prefixed_is_here(in));
	}
	if (n)
		fail("%s: ends within a message", in->name);
}

/* Files ---------------------------------------------------------------------- */

static void send_listed_files(struct sender *s)
{
	struct input in;
	size_t len;
	char *name;

	input_open(&in, "-", PATH_MAX);
	do {
		while ((name = input_line(&in, &len))) {
			name[len] = 0;
			files_send(s->f, name, s->limit);
		}
	} while (input_fill(&in));
	/* A last one without a newline */
	len = input_buffered(&in);
	if (len >= PATH_MAX)
		fail_errno(ENAMETOOLONG, "%s", in.name);
	if (len) {
		name = in.buf + in.begin;
		name[len] = 0;
		files_send(s->f, name, s->limit);
	}
	input_close(&in);
}

/* The command ------------------------------------------------------------------ */

static void parse_options(struct sender *s, int argc, char **argv)
{
	enum { FD = MODES, JSON, HELP };
	static const struct option options[] = {
		{ "lines", no_argument, NULL, LINES },
		{ "size", required_argument, NULL, SIZE },
		{ "prefix", no_argument, NULL, PREFIX },
		{ "files", no_argument, NULL, FILES },
		{ "fd", required_argument, NULL, FD },
		{ "json", no_argument, NULL, JSON },
		{ "help", no_argument, NULL, HELP },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case LINES:
		case SIZE:
		case PREFIX:
		case FILES:
			choose_mode(&s->mode, option);
			if (option == SIZE)
				s->size = parse_bytes("--size", optarg,
						      FASTIPC_RING_MAX / 4);
			break;
		case FD:
			s->fd = parse_fd("--fd", optarg);
			break;
		case JSON:
			s->json = true;
			break;
		case HELP:
			show_usage();
		default:
			fail_option();
		}
	}
}

static void send_file(struct sender *s, const char *name)
{
	struct input in;

	if (s->mode == FILES) {
		files_send(s->f, name, s->limit);
		return;
	}
	input_open(&in, name, s->limit);
	if (s->mode == SIZE)
		send_blocks(s, &in);
	else if (s->mode == PREFIX)
		send_prefixed(s, &in);
	else
		send_lines(s, &in);
	input_close(&in);
}

static int send_main(int argc, char **argv)
{
	struct sender s = { .fd = -1 };
	struct fastipc_info info;
	int i, ret;

	parse_options(&s, argc, argv);
	s.f = open_end(s.fd, O_WRONLY, argc, argv);
	ret = fastipc_info(s.f, &info);
	if (ret)
		fail_errno(-ret, "cannot ask about the end");
	s.limit = info.max_message;
	if (s.size > s.limit)
		fail("--size %zu is more than the limit, %zu bytes", s.size,
		     s.limit);
	signals_catch();
	traffic_begin(command->name, s.json, false);
	for (i = optind; i < argc; i++)
		send_file(&s, argv[i]);
	if (optind == argc && s.mode == FILES)
		send_listed_files(&s);
	else if (optind == argc)
		send_file(&s, "-");
	fastipc_close(s.f);
	traffic_end(true);
	return STATUS_OK;
}

const struct command send_command = {
	.name = "send",
	.summary = "send lines, blocks or files",
	.usage = usage,
	.failure = STATUS_FAILURE,
	.main = send_main,
};
