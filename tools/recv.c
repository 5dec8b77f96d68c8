// SPDX-License-Identifier: MIT
/*
 * fastipc recv: messages to standard output or files.
 */
#include <endian.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>

#include "files.h"
#include "output.h"
#include "signals.h"
#include "tool.h"
#include "traffic.h"

#define BATCH	      16    /* messages in hand, what an end allows */
#define RELEASE_BYTES 65536 /* so many bytes are given back at once */

static const char usage[] =
	"Usage: fastipc recv [OPTION...] [NAME]\n"
	"Receive messages until the sender ends, and write them to standard output.\n"
	"NAME is that of a channel, if no end is inherited, nor given by --fd.\n"
	"\n"
	"  --lines    each with a newline behind it (default)\n"
	"  --size     just their bytes\n"
	"  --prefix   write each behind its length: 32 bits, little-endian\n"
	"  --files    write the files that 'send --files' sends, not standard output\n"
	"  -C DIR     with --files: below DIR (default: here)\n"
	"  --now      only what has been sent\n"
	"  --fd N     the end is descriptor N (default: what FASTIPC_FD says)\n"
	"  --json     at the end, sum up as JSON on standard error\n"
	"  --help     show this\n"
	"\n"
	"If the sender vanished and did not end in order, the exit status is 1.\n";

/**
 * struct receiver - what is received, and how
 * @f: the end
 * @mode: what a message is
 * @fd: from --fd, or -1
 * @dir: from -C, or NULL
 * @now: do not wait
 * @json: sum up at the end
 */
struct receiver {
	struct fastipc *f;
	enum mode mode;
	int fd;
	const char *dir;
	bool now;
	bool json;
};

static void put(struct receiver *r, const struct fastipc_msg *msg)
{
	uint32_t len = htole32(msg->len);

	if (r->mode == FILES) {
		files_take(msg);
		return;
	}
	if (r->mode == PREFIX)
		output_put(&len, sizeof(len));
	output_put(msg->data, msg->len);
	if (r->mode == LINES)
		output_put("\n", 1);
	traffic_add(1, msg->len);
}

/*
 * Write these, and give them back, many small ones at once.  None is given back
 * before it is written: so none is lost, however this process ends.
 */
static void put_all(struct receiver *r, struct fastipc_msg *msg, unsigned int n)
{
	unsigned int i, first = 0;
	size_t bytes = 0;
	int ret;

	for (i = 0; i < n; i++) {
		put(r, &msg[i]);
		bytes += msg[i].len;
		if (bytes < RELEASE_BYTES && i + 1 < n)
			continue;
		output_flush();
		ret = fastipc_donev(r->f, msg + first, i + 1 - first, 0);
		if (ret < 0)
			fail_errno(-ret, "cannot receive");
		first = i + 1;
		bytes = 0;
	}
}

/* Until the sender's end: why it ended, -EPIPE if in order; or -EAGAIN */
static int receive(struct receiver *r)
{
	struct fastipc_msg msg[BATCH];
	int n;

	for (;;) {
		n = fastipc_takev(r->f, msg, BATCH,
				  r->now ? FASTIPC_NOWAIT : 0);
		if (n > 0)
			put_all(r, msg, n);
		else if (n != -EINTR)
			return n;
		signals_look();
	}
}

static void parse_options(struct receiver *r, int argc, char **argv)
{
	enum { FD = MODES, NOW, JSON, HELP };
	static const struct option options[] = {
		{ "lines", no_argument, NULL, LINES },
		{ "size", no_argument, NULL, SIZE },
		{ "prefix", no_argument, NULL, PREFIX },
		{ "files", no_argument, NULL, FILES },
		{ "now", no_argument, NULL, NOW },
		{ "fd", required_argument, NULL, FD },
		{ "json", no_argument, NULL, JSON },
		{ "help", no_argument, NULL, HELP },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "C:", options, NULL)) != -1) {
		switch (option) {
		case LINES:
		case SIZE:
		case PREFIX:
		case FILES:
			choose_mode(&r->mode, option);
			break;
		case 'C':
			r->dir = optarg;
			break;
		case FD:
			r->fd = parse_fd("--fd", optarg);
			break;
		case NOW:
			r->now = true;
			break;
		case JSON:
			r->json = true;
			break;
		case HELP:
			show_usage();
		default:
			fail_option();
		}
	}
	if (!r->mode)
		r->mode = LINES;
	if (optind + 1 < argc)
		fail_usage("takes one NAME, and got '%s' too",
			   argv[optind + 1]);
	if (r->dir && r->mode != FILES)
		fail_usage("-C goes with --files");
}

static int recv_main(int argc, char **argv)
{
	struct receiver r = { .fd = -1 };
	int ret;

	parse_options(&r, argc, argv);
	r.f = open_end(r.fd, O_RDONLY, argc, argv);
	check_no_arguments(argc, argv);
	if (r.mode == FILES)
		files_begin(r.dir ? r.dir : ".");
	signals_catch();
	traffic_begin(command->name, r.json, r.mode != FILES);
	ret = receive(&r);
	if (ret == -ECONNRESET)
		fail("the sender vanished: what came may be incomplete");
	if (ret != -EPIPE && ret != -EAGAIN)
		fail_errno(-ret, "cannot receive");
	if (r.mode == FILES)
		files_end();
	fastipc_close(r.f);
	traffic_end(true);
	return STATUS_OK;
}

const struct command recv_command = {
	.name = "recv",
	.summary = "receive what 'send' or another program sends",
	.usage = usage,
	.failure = STATUS_FAILURE,
	.main = recv_main,
};
