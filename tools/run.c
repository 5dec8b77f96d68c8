// SPDX-License-Identifier: MIT
/*
 * fastipc run: two commands, with a pair between them.
 */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "signals.h"
#include "tool.h"

#define RING_BYTES (1024 * 1024)
#define END_FD	   3  /* of the end, in a command that does not use stdio */
#define OWN_FD	   10 /* the tool's own descriptors are from here on */

static const char usage[] =
	"Usage: fastipc run [OPTION...] 'COMMAND-A' 'COMMAND-B'\n"
	"Run two shell commands, each with one end of a new pair.\n"
	"\n"
	"  --stdio              the end is standard input and standard output, for\n"
	"                       programs that know only bytes; else it is descriptor 3,\n"
	"                       and FASTIPC_FD says so\n"
	"  --sealed             the kernel copies each message (default with --stdio)\n"
	"  --direct             messages go from memory to memory (default without)\n"
	"  --ring BYTES         of the ring of each direction (default 1M)\n"
	"  --max-message BYTES  the longest message (default: what fits, about a\n"
	"                       quarter of the ring)\n"
	"  --json               at the end, sum up as JSON on standard error\n"
	"  --help               show this\n"
	"\n"
	"BYTES may end in K or M.  The exit status is B's if that is not 0, else A's;\n"
	"128 + N if signal N ended it; 125 if fastipc itself failed.\n";

/**
 * struct run - the two commands, and what is between them
 * @options: of the pair
 * @stdio: the ends are the commands' standard input and output
 * @json: sum up at the end
 * @mask: signals that were blocked before the tool blocked its own
 * @child: the commands
 * @child.pid: 0 once it has ended
 * @child.fd: its end, or -1 once the tool has let go of it
 * @child.status: exit status, or 128 and the signal's number
 */
struct run {
	struct fastipc_options options;
	bool stdio;
	bool json;
	sigset_t mask;
	struct child {
		pid_t pid;
		int fd;
		int status;
	} child[2];
};

/* Options -------------------------------------------------------------------- */

static void parse_options(struct run *run, int argc, char **argv)
{
	enum { STDIO, SEALED, DIRECT, RING, MAX_MESSAGE, JSON, HELP };
	static const struct option options[] = {
		{ "stdio", no_argument, NULL, STDIO },
		{ "sealed", no_argument, NULL, SEALED },
		{ "direct", no_argument, NULL, DIRECT },
		{ "ring", required_argument, NULL, RING },
		{ "max-message", required_argument, NULL, MAX_MESSAGE },
		{ "json", no_argument, NULL, JSON },
		{ "help", no_argument, NULL, HELP },
		{ 0 },
	};
	struct fastipc_options *pair = &run->options;
	bool sealed = false, direct = false;
	int option;

	/* What follows COMMAND-A is no option. */
	while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		switch (option) {
		case STDIO:
			run->stdio = true;
			break;
		case SEALED:
			sealed = true;
			break;
		case DIRECT:
			direct = true;
			break;
		case RING:
			pair->ring_bytes =
				parse_bytes("--ring", optarg, FASTIPC_RING_MAX);
			break;
		case MAX_MESSAGE:
			pair->max_message = parse_bytes("--max-message", optarg,
							FASTIPC_RING_MAX / 4);
			break;
		case JSON:
			run->json = true;
			break;
		case HELP:
			show_usage();
		default:
			fail_option();
		}
	}
	if (argc - optind != 2)
		fail_usage("takes two commands, and got %d", argc - optind);
	if (sealed && direct)
		fail_usage("--sealed and --direct exclude each other");
	if (run->stdio)
		pair->flags |= FASTIPC_STREAM;
	if (sealed || (run->stdio && !direct))
		pair->flags |= FASTIPC_SEALED;
	if (!pair->ring_bytes) {
		pair->ring_bytes = 4 * (pair->max_message + 64);
		if (pair->ring_bytes < RING_BYTES)
			pair->ring_bytes = RING_BYTES;
	}
}

/* The pair --------------------------------------------------------------------- */

static void make_pair(struct run *run)
{
	struct fastipc *end[2];
	int i, ret;

	ret = fastipc_pair(end, &run->options);
	if (ret == -EINVAL)
		fail_usage("messages of that length need a larger --ring");
	if (ret)
		fail_pair(-ret);
	for (i = 0; i < 2; i++) {
		/* Out of the way of what the commands get. */
		run->child[i].fd =
			fcntl(fastipc_fd(end[i]), F_DUPFD_CLOEXEC, OWN_FD);
		if (run->child[i].fd < 0)
			fail_pair(errno);
		fastipc_close(end[i]);
	}
}

/* Let go of an end; @orderly: it was used up in order. */
static void end_close(struct child *child, bool orderly)
{
	struct fastipc_attach attach = { .size = sizeof(attach),
					 .end = FASTIPC_END_ANY };
	struct fastipc_shutdown down = { .size = sizeof(down),
					 .how = FASTIPC_SHUT_ON_CLOSE };

	if (child->fd < 0)
		return;
	/*
	 * The end is the tool's then, and not of a command that has died.  If
	 * that fails, it is over, or in use by what the command left behind,
	 * and not for the tool to end.
	 */
	if (orderly && !ioctl(child->fd, FASTIPC_ATTACH, &attach))
		ioctl(child->fd, FASTIPC_SHUTDOWN, &down);
	close(child->fd);
	child->fd = -1;
}

/* The commands ----------------------------------------------------------------- */

/* 0, or an errno; whatever fails after the fork is seen too. */
static int start(struct run *run, struct child *child, char *text)
{
	char *const argv[] = { "sh", "-c", "--", text, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int ret;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&attr, &run->mask);
	if (run->stdio) {
		posix_spawn_file_actions_adddup2(&actions, child->fd,
						 STDIN_FILENO);
		posix_spawn_file_actions_adddup2(&actions, child->fd,
						 STDOUT_FILENO);
	} else {
		posix_spawn_file_actions_adddup2(&actions, child->fd, END_FD);
	}
	ret = posix_spawn(&child->pid, "/bin/sh", &actions, &attr, argv,
			  environ);
	if (ret)
		child->pid = 0;
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return ret;
}

static void reap(struct child *child, int flags)
{
	int status;

	if (!child->pid || waitpid(child->pid, &status, flags) != child->pid)
		return;
	child->pid = 0;
	child->status = WIFEXITED(status) ? WEXITSTATUS(status) :
					    128 + WTERMSIG(status);
	end_close(child, !child->status);
}

static void start_both(struct run *run, char **text)
{
	char number[16];
	int i, ret;

	if (!run->stdio) {
		snprintf(number, sizeof(number), "%d", END_FD);
		if (setenv("FASTIPC_FD", number, 1))
			fail_errno(errno, "FASTIPC_FD");
	}
	for (i = 0; i < 2; i++) {
		ret = start(run, &run->child[i], text[i]);
		if (!ret)
			continue;
		/* The other is alone: it must not wait for ever. */
		end_close(&run->child[0], false);
		end_close(&run->child[1], false);
		if (run->child[0].pid)
			kill(run->child[0].pid, SIGTERM);
		reap(&run->child[0], 0);
		fail_errno(ret, "cannot start '%s'", text[i]);
	}
	for (i = 0; i < 2 && !run->stdio; i++)
		end_close(&run->child[i], false);
}

/* Signals ---------------------------------------------------------------------- */

/* The tool takes these when it likes to, unless they were ignored before. */
static void block_signals(struct run *run, sigset_t *set)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action;
	size_t i;

	sigemptyset(set);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		if (!sigaction(signals[i], NULL, &action) &&
		    action.sa_handler != SIG_IGN)
			sigaddset(set, signals[i]);
	/* Ignored, children would vanish unseen. */
	signal(SIGCHLD, SIG_DFL);
	sigaddset(set, SIGCHLD);
	sigprocmask(SIG_BLOCK, set, &run->mask);
}

static void pass_on(const struct run *run, int number)
{
	int i;

	for (i = 0; i < 2; i++)
		if (run->child[i].pid)
			kill(run->child[i].pid, number);
}

/* Wait for both commands; whether SIGINT came. */
static bool wait_for_both(struct run *run, const sigset_t *set)
{
	bool interrupted = false;
	int number;

	while (run->child[0].pid || run->child[1].pid) {
		number = sigwaitinfo(set, NULL);
		if (number == SIGCHLD) {
			reap(&run->child[0], WNOHANG);
			reap(&run->child[1], WNOHANG);
		} else if (number == SIGINT) {
			/* From the terminal, and so to the commands too. */
			interrupted = true;
		} else if (number > 0) {
			pass_on(run, number);
		}
	}
	return interrupted;
}

static int run_main(int argc, char **argv)
{
	struct run run = { .options.size = sizeof(run.options) };
	const struct child *a = &run.child[0], *b = &run.child[1];
	double begin = now(CLOCK_MONOTONIC);
	bool interrupted;
	sigset_t set;

	parse_options(&run, argc, argv);
	make_pair(&run);
	block_signals(&run, &set);
	start_both(&run, argv + optind);
	interrupted = wait_for_both(&run, &set);
	if (run.json)
		fprintf(stderr, "{\"a\":%d,\"b\":%d,\"seconds\":%.6f}\n",
			a->status, b->status, now(CLOCK_MONOTONIC) - begin);
	if (interrupted)
		die_of(SIGINT);
	return b->status ? b->status : a->status;
}

const struct command run_command = {
	.name = "run",
	.summary = "run two commands, with a pair between them",
	.usage = usage,
	.failure = STATUS_RUN_FAILURE,
	.main = run_main,
};
