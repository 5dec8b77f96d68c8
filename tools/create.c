// SPDX-License-Identifier: MIT
/*
 * fastipc create, fastipc rm: names that come and go.
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>

#include "name.h"

static const char create_usage[] =
	"Usage: fastipc create [OPTION...] NAME...\n"
	"Make channels with a name, below /run/fastipc or $FASTIPC_DIR if it has no slash.\n"
	"\n"
	"  --keep               an end that closes can be opened again\n"
	"  --mode MODE          who may receive (r) and send (w), octal (default 600)\n"
	"  --direct             messages that the sender can still write\n"
	"  --stream             for programs that know only bytes\n"
	"  --fenced             nobody who runs is interrupted\n"
	"  --ring BYTES         of the ring of each direction (default 64K)\n"
	"  --max-message BYTES  the longest message (default: about a quarter of the\n"
	"                       ring)\n"
	"  --help               show this\n"
	"\n"
	"BYTES may end in K or M.\n";

static mode_t parse_mode(const char *text)
{
	char *end;
	unsigned long mode = strtoul(text, &end, 8);

	if (*text < '0' || *text > '7' || *end || mode > 0777)
		fail_usage("--mode takes an octal number up to 777, not '%s'",
			   text);
	return mode;
}

static int create_main(int argc, char **argv)
{
	enum { KEEP, MODE, DIRECT, STREAM, FENCED, RING, MAX, HELP };
	static const struct option options[] = {
		{ "keep", no_argument, NULL, KEEP },
		{ "mode", required_argument, NULL, MODE },
		{ "direct", no_argument, NULL, DIRECT },
		{ "stream", no_argument, NULL, STREAM },
		{ "fenced", no_argument, NULL, FENCED },
		{ "ring", required_argument, NULL, RING },
		{ "max-message", required_argument, NULL, MAX },
		{ "help", no_argument, NULL, HELP },
		{ 0 },
	};
	struct fastipc_options o = { .size = sizeof(o) };
	int option, ret, i;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case KEEP:
			o.flags |= FASTIPC_KEEP;
			break;
		case MODE:
			o.mode = parse_mode(optarg);
			break;
		case DIRECT:
			o.flags |= FASTIPC_DIRECT;
			break;
		case STREAM:
			o.flags |= FASTIPC_STREAM;
			break;
		case FENCED:
			o.flags |= FASTIPC_FENCED;
			break;
		case RING:
			o.ring_bytes =
				parse_bytes("--ring", optarg, FASTIPC_RING_MAX);
			break;
		case MAX:
			o.max_message = parse_bytes("--max-message", optarg,
						    FASTIPC_RING_MAX / 4);
			break;
		case HELP:
			show_usage();
		default:
			fail_option();
		}
	}
	if (optind == argc)
		fail_usage("which NAME?");
	for (i = optind; i < argc; i++) {
		ret = fastipc_create(NULL, argv[i], O_RDWR | O_EXCL, &o);
		if (ret == -ENOENT)
			fail("'%s': no such directory (is fastipcfs mounted?)",
			     argv[i]);
		if (ret == -EINVAL)
			fail("'%s': no name, or messages too long for the ring",
			     argv[i]);
		if (ret)
			fail_name(-ret, argv[i]);
	}
	return STATUS_OK;
}

const struct command create_command = {
	.name = "create",
	.summary = "make channels with a name",
	.usage = create_usage,
	.failure = STATUS_FAILURE,
	.main = create_main,
};

static const char rm_usage[] =
	"Usage: fastipc rm NAME...\n"
	"Remove names of channels.  Who has one open goes on.\n"
	"\n"
	"  --help     show this\n";

static int rm_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int option, ret, i;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'h')
			show_usage();
		fail_option();
	}
	if (optind == argc)
		fail_usage("which NAME?");
	for (i = optind; i < argc; i++) {
		ret = fastipc_unlink(argv[i]);
		if (ret)
			fail_name(-ret, argv[i]);
	}
	return STATUS_OK;
}

const struct command rm_command = {
	.name = "rm",
	.summary = "remove names",
	.usage = rm_usage,
	.failure = STATUS_FAILURE,
	.main = rm_main,
};
