// SPDX-License-Identifier: MIT
/*
 * fastipc info: what there is to know about an end.
 *
 * By calls of the kernel alone: whoever uses the end is not disturbed, and a
 * stream can be asked too.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "tool.h"

static const char usage[] =
	"Usage: fastipc info [OPTION...]\n"
	"Show geometry, rights, the other end and counters of an end.\n"
	"\n"
	"  --fd N     the end is descriptor N (default: what FASTIPC_FD says)\n"
	"  --json     show them as JSON\n"
	"  --help     show this\n";

static const char *const peer_states[] = {
	[FASTIPC_PEER_VACANT] = "vacant",
	[FASTIPC_PEER_ATTACHED] = "attached",
	[FASTIPC_PEER_CLOSED] = "closed",
};

static const char *peer_state(const struct fastipc_info *info)
{
	return info->peer_state < ARRAY_SIZE(peer_states) ?
		       peer_states[info->peer_state] :
		       "unknown";
}

/* A number with a name of its own, in both outputs */
struct item {
	const char *name;
	unsigned long long value;
};

static void show_json(const struct fastipc_info *info, const struct item *items,
		      size_t n)
{
	size_t i;

	printf("{\"kind\":\"pair\",\"sealed\":%s,\"stream\":%s,\"fenced\":%s,\"keep\":%s",
	       info->flags & FASTIPC_SEALED ? "true" : "false",
	       info->flags & FASTIPC_STREAM ? "true" : "false",
	       info->flags & FASTIPC_FENCED ? "true" : "false",
	       info->flags & FASTIPC_KEEP ? "true" : "false");
	printf(",\"end\":%d", info->end);
	printf(",\"may_recv\":%s,\"may_send\":%s",
	       info->rights & FASTIPC_MAY_RECV ? "true" : "false",
	       info->rights & FASTIPC_MAY_SEND ? "true" : "false");
	printf(",\"peer_state\":\"%s\"", peer_state(info));
	for (i = 0; i < n; i++)
		printf(",\"%s\":%llu", items[i].name, items[i].value);
	puts("}");
}

static void show_text(const struct fastipc_info *info, const struct item *items,
		      size_t n)
{
	size_t i;

	printf("%-14s %s%s%s%s pair, end %d\n", "kind",
	       info->flags & FASTIPC_SEALED ? "sealed" : "direct",
	       info->flags & FASTIPC_STREAM ? " stream" : "",
	       info->flags & FASTIPC_FENCED ? " fenced" : "",
	       info->flags & FASTIPC_KEEP ? " keep" : "", (int)info->end);
	printf("%-14s%s%s\n", "rights",
	       info->rights & FASTIPC_MAY_RECV ? " recv" : "",
	       info->rights & FASTIPC_MAY_SEND ? " send" : "");
	printf("%-14s %s\n", "peer_state", peer_state(info));
	for (i = 0; i < n; i++)
		printf("%-14s %llu\n", items[i].name, items[i].value);
}

static void show(const struct fastipc_info *info,
		 const struct fastipc_stat *stat, bool json)
{
	const struct item items[] = {
		{ "endpoint", info->endpoint },
		{ "peer_endpoint", info->peer_endpoint },
		{ "peer_pid", info->peer_pid },
		{ "peer_uid", info->peer_uid },
		{ "peer_gid", info->peer_gid },
		{ "ring_bytes", info->ring_bytes },
		{ "max_message", info->max_message },
		{ "bytes", stat->bytes },
		{ "sent", stat->sent },
		{ "released", stat->released },
		{ "peer_sent", stat->peer_sent },
		{ "peer_released", stat->peer_released },
		{ "syncs", stat->syncs },
		{ "sleeps", stat->sleeps },
		{ "wakes", stat->wakes },
		{ "late_wakes", stat->late_wakes },
		{ "sends", stat->sends },
		{ "recvs", stat->recvs },
		{ "bounces", stat->bounces },
		{ "alerts", stat->alerts },
		{ "barriers", stat->barriers },
	};

	if (json)
		show_json(info, items, ARRAY_SIZE(items));
	else
		show_text(info, items, ARRAY_SIZE(items));
	flush_stdout();
}

static int info_main(int argc, char **argv)
{
	enum { FD, JSON, HELP };
	static const struct option options[] = {
		{ "fd", required_argument, NULL, FD },
		{ "json", no_argument, NULL, JSON },
		{ "help", no_argument, NULL, HELP },
		{ 0 },
	};
	struct fastipc_info info = { .size = sizeof(info) };
	struct fastipc_stat stat = { .size = sizeof(stat) };
	const char *number = getenv("FASTIPC_FD");
	int option, fd = -1;
	bool json = false;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case FD:
			fd = parse_fd("--fd", optarg);
			break;
		case JSON:
			json = true;
			break;
		case HELP:
			show_usage();
		default:
			fail_option();
		}
	}
	check_no_arguments(argc, argv);
	if (fd < 0 && !number)
		fail_end(ENOENT);
	if (fd < 0)
		fd = parse_fd("FASTIPC_FD", number);
	if (ioctl(fd, FASTIPC_INFO, &info) || ioctl(fd, FASTIPC_STAT, &stat))
		fail_end(errno);
	show(&info, &stat, json);
	return STATUS_OK;
}

const struct command info_command = {
	.name = "info",
	.summary = "show what there is to know about an end",
	.usage = usage,
	.failure = STATUS_FAILURE,
	.main = info_main,
};
