// SPDX-License-Identifier: MIT
/*
 * fastipc ls, fastipc stat: channels with a name, and what there is to know of them.
 */
#include <dirent.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "name.h"

/* Waiting in the ring of an end, in bytes */
static unsigned long long waiting(const struct looked *l, int end)
{
	return end ? l->stat.peer_sent - l->stat.released :
		     l->stat.sent - l->stat.peer_released;
}

static const char *ends(const struct looked *l)
{
	static const char *const texts[] = { "-", "0", "1", "0,1" };

	return texts[l->info.attached & 3];
}

static const char *kind(const struct looked *l)
{
	return !l->open ? "?" : l->set_up ? "pair" : "-";
}

/* As a JSON string: names may hold any byte but '/' and 0. */
static void put_json_string(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else if ((unsigned char)*text < 0x20)
			printf("\\u%04x", *text);
		else
			putchar(*text);
	}
	putchar('"');
}

static void put_json(const char *name, const struct looked *l)
{
	const char *const attached[] = { "[]", "[0]", "[1]", "[0,1]" };

	printf("{\"name\":");
	put_json_string(name);
	printf(",\"mode\":\"%03o\",\"uid\":%u,\"gid\":%u", l->st.st_mode & 0777,
	       l->st.st_uid, l->st.st_gid);
	if (l->set_up) {
		printf(",\"kind\":\"pair\",\"sealed\":%s,\"stream\":%s,\"fenced\":%s,\"keep\":%s",
		       l->info.flags & FASTIPC_SEALED ? "true" : "false",
		       l->info.flags & FASTIPC_STREAM ? "true" : "false",
		       l->info.flags & FASTIPC_FENCED ? "true" : "false",
		       l->info.flags & FASTIPC_KEEP ? "true" : "false");
		printf(",\"ends\":%s,\"waiting_to_1\":%llu,\"waiting_to_0\":%llu",
		       attached[l->info.attached & 3], waiting(l, 0),
		       waiting(l, 1));
		printf(",\"ring_bytes\":%llu,\"max_message\":%llu,\"bytes\":%llu",
		       l->info.ring_bytes, l->info.max_message, l->stat.bytes);
	}
	putchar('}');
}

static const char *user_name(uid_t uid, char *number)
{
	const struct passwd *user = getpwuid(uid);

	sprintf(number, "%u", uid);
	return user ? user->pw_name : number;
}

static const char *group_name(gid_t gid, char *number)
{
	const struct group *group = getgrgid(gid);

	sprintf(number, "%u", gid);
	return group ? group->gr_name : number;
}

/* The only option of both, but --help */
static bool parse_json(int argc, char **argv)
{
	enum { JSON, HELP };
	static const struct option options[] = {
		{ "json", no_argument, NULL, JSON },
		{ "help", no_argument, NULL, HELP },
		{ 0 },
	};
	bool json = false;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case JSON:
			json = true;
			break;
		case HELP:
			show_usage();
		default:
			fail_option();
		}
	}
	return json;
}

/* ls ----------------------------------------------------------------------------- */

static const char ls_usage[] =
	"Usage: fastipc ls [OPTION...] [DIR]\n"
	"List the channels of DIR, by default of $FASTIPC_DIR or /run/fastipc.\n"
	"\n"
	"  --json     show them as JSON\n"
	"  --help     show this\n"
	"\n"
	"ENDS are those that somebody has.  WAITING are bytes sent and not received, to\n"
	"end 1 and to end 0; BYTES the memory that the channel takes.  KIND is '-' if it\n"
	"is not set up, '?' if you may not open it.\n";

static void put_line(const char *name, const struct looked *l)
{
	char mode[10], uid[16], gid[16], depth[48] = "-", bytes[24] = "-";

	name_mode(mode, l->st.st_mode);
	if (l->set_up) {
		snprintf(depth, sizeof(depth), "%llu/%llu", waiting(l, 0),
			 waiting(l, 1));
		snprintf(bytes, sizeof(bytes), "%llu", l->stat.bytes);
	}
	printf("%-4s %s %-8s %-8s %-4s %13s %9s %s\n", kind(l), mode,
	       user_name(l->st.st_uid, uid), group_name(l->st.st_gid, gid),
	       l->set_up ? ends(l) : "-", depth, bytes, name);
}

static void list(int dir, struct dirent **names, int n, bool json)
{
	struct looked l;
	int i, shown = 0;

	if (json)
		putchar('[');
	else
		printf("%-4s %-9s %-8s %-8s %-4s %13s %9s %s\n", "KIND", "MODE",
		       "OWNER", "GROUP", "ENDS", "WAITING", "BYTES", "NAME");
	for (i = 0; i < n; i++) {
		/* One that has gone meanwhile is not there. */
		if (*names[i]->d_name == '.' ||
		    name_look(dir, names[i]->d_name, &l))
			continue;
		if (json && shown++)
			putchar(',');
		if (json)
			put_json(names[i]->d_name, &l);
		else
			put_line(names[i]->d_name, &l);
	}
	if (json)
		puts("]");
}

static int ls_main(int argc, char **argv)
{
	const char *path = names_directory();
	struct dirent **names;
	struct statfs fs;
	int dir, n;
	bool json;

	json = parse_json(argc, argv);
	if (optind < argc)
		path = argv[optind++];
	check_no_arguments(argc, argv);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || fstatfs(dir, &fs))
		fail_errno(errno, "%s", path);
	if ((uint32_t)fs.f_type != FASTIPC_FS_MAGIC)
		fail("%s is no mount of fastipcfs", path);
	n = scandirat(dir, ".", &names, NULL, alphasort);
	if (n < 0)
		fail_errno(errno, "%s", path);
	list(dir, names, n, json);
	flush_stdout();
	while (n--)
		free(names[n]);
	free(names);
	close(dir);
	return STATUS_OK;
}

const struct command ls_command = {
	.name = "ls",
	.summary = "list channels with a name",
	.usage = ls_usage,
	.failure = STATUS_FAILURE,
	.main = ls_main,
};

/* stat --------------------------------------------------------------------------- */

static const char stat_usage[] =
	"Usage: fastipc stat [OPTION...] NAME...\n"
	"Show what there is to know of channels, and disturb nobody.\n"
	"\n"
	"  --json     show it as JSON, a line each\n"
	"  --help     show this\n";

static void put_text(const char *name, const struct looked *l)
{
	char mode[10], uid[16], gid[16];

	name_mode(mode, l->st.st_mode);
	printf("%-13s %s\n", "name", name);
	printf("%-13s %s %s %s\n", "mode", mode, user_name(l->st.st_uid, uid),
	       group_name(l->st.st_gid, gid));
	if (!l->set_up) {
		printf("%-13s %s\n", "kind",
		       l->open ? "not set up" : "no permission to look");
		return;
	}
	printf("%-13s %s%s%s%s pair\n", "kind",
	       l->info.flags & FASTIPC_SEALED ? "sealed" : "direct",
	       l->info.flags & FASTIPC_STREAM ? " stream" : "",
	       l->info.flags & FASTIPC_FENCED ? " fenced" : "",
	       l->info.flags & FASTIPC_KEEP ? " keep" : "");
	printf("%-13s %s\n", "ends", ends(l));
	printf("%-13s %llu\n", "waiting_to_1", waiting(l, 0));
	printf("%-13s %llu\n", "waiting_to_0", waiting(l, 1));
	printf("%-13s %llu\n", "ring_bytes", l->info.ring_bytes);
	printf("%-13s %llu\n", "max_message", l->info.max_message);
	printf("%-13s %llu\n", "bytes", l->stat.bytes);
}

/* A name as the library finds it. */
static void look_at(const char *name, struct looked *l)
{
	const char *path = strchr(name, '/') ? "." : names_directory();
	int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int ret = dir < 0 ? -errno : name_look(dir, name, l);

	if (dir >= 0)
		close(dir);
	if (ret)
		fail_name(-ret, name);
}

static int stat_main(int argc, char **argv)
{
	struct looked l;
	bool json;
	int i;

	json = parse_json(argc, argv);
	if (optind == argc)
		fail_usage("which NAME?");
	for (i = optind; i < argc; i++) {
		look_at(argv[i], &l);
		if (json) {
			put_json(argv[i], &l);
			putchar('\n');
		} else {
			put_text(argv[i], &l);
		}
	}
	flush_stdout();
	return STATUS_OK;
}

const struct command stat_command = {
	.name = "stat",
	.summary = "show what there is to know of a channel",
	.usage = stat_usage,
	.failure = STATUS_FAILURE,
	.main = stat_main,
};
