// SPDX-License-Identifier: MIT
/*
 * fastipc: messages between the commands of a shell.  Which command it is.
 */
#include <stdio.h>
#include <string.h>

#include "tool.h"

static const struct command *const commands[] = {
	&run_command,  &send_command,	&recv_command,
	&info_command, &create_command, &ls_command,
	&stat_command, &rm_command,	&bench_command,
};

const struct command *command;

static void show_help(FILE *to)
{
	size_t i;

	fputs("Usage: fastipc COMMAND [OPTION...] [ARGUMENT...]\n"
	      "Messages between processes, from the shell.\n\n",
	      to);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(to, "  %-6s %s\n", commands[i]->name,
			commands[i]->summary);
	fputs("\n'fastipc COMMAND --help' says more; 'fastipc --version' which version.\n",
	      to);
}

static int show_version(void)
{
	int version = fastipc_version();

	printf("fastipc %d.%d.%d\n", version / 10000, version / 100 % 100,
	       version % 100);
	return fflush(stdout) ? STATUS_FAILURE : STATUS_OK;
}

static int start(const struct command *it, int argc, char **argv)
{
	char name[32];

	/* getopt_long() names it so. */
	snprintf(name, sizeof(name), "fastipc %s", it->name);
	argv[0] = name;
	command = it;
	return it->main(argc, argv);
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc > 1) {
		for (i = 0; i < ARRAY_SIZE(commands); i++)
			if (!strcmp(argv[1], commands[i]->name))
				return start(commands[i], argc - 1, argv + 1);
		if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))
			return show_version();
		if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help")) {
			show_help(stdout);
			return fflush(stdout) ? STATUS_FAILURE : STATUS_OK;
		}
		fprintf(stderr, "fastipc: no command '%s'\n", argv[1]);
	}
	show_help(stderr);
	return STATUS_USAGE;
}
