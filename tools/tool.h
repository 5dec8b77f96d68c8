/* SPDX-License-Identifier: MIT */
/*
 * What the files of the fastipc command share: how its commands are found, how
 * they fail, and how they find their end.
 */
#ifndef FASTIPC_TOOL_H
#define FASTIPC_TOOL_H

#include <errno.h>
#include <fastipc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdnoreturn.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Exit statuses */
enum {
	STATUS_OK = 0,
	STATUS_FAILURE = 1,
	STATUS_USAGE = 2,
	STATUS_RUN_FAILURE = 125, /* of "run": its own, not its commands' */
};

/**
 * struct command - one of the tool's commands
 * @name: what the user types
 * @summary: a line of the tool's help
 * @usage: the command's help
 * @failure: exit status if it fails
 * @main: the command; @argv[0] is its full name; returns the exit status
 */
struct command {
	const char *name;
	const char *summary;
	const char *usage;
	int failure;
	int (*main)(int argc, char **argv);
};

extern const struct command run_command, send_command, recv_command,
	info_command, bench_command, create_command, ls_command, stat_command,
	rm_command;

/* What a message is: of "send" and "recv", whose first options these are. */
enum mode { UNCHOSEN, LINES, SIZE, PREFIX, FILES, MODES };

/* The command that runs. */
extern const struct command *command;

/* Before the command ends without success: leave nothing half done behind. */
void clean_up(void);

/*
 * "fastipc COMMAND: message", and the command's failure as exit status; or what
 * signals_look() does, if it finds a signal: that explains what fails after it.
 */
noreturn void fail(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* the same with ": " and what an errno means */
noreturn void fail_errno(int error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* "fastipc COMMAND: message", where to find help, and exit status 2 */
noreturn void fail_usage(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* After getopt_long() has said what is wrong: where to find help, and 2 */
noreturn void fail_option(void);

/* --help: the command's, and exit status 0 */
noreturn void show_usage(void);

/* What getopt_long() left must be nothing. */
void check_no_arguments(int argc, char **argv);

/* Choose a mode, once. */
void choose_mode(enum mode *mode, enum mode option);

/* A number of an option; with K or M: times 1024 or 1024^2. */
uint64_t parse_bytes(const char *option, const char *text, uint64_t max);

/* A descriptor's number */
int parse_fd(const char *option, const char *text);

/*
 * The end: of descriptor @fd, or if that is -1 the one inherited, or if there is none that
 * of the name that is the next argument: opened O_RDONLY or O_WRONLY.
 */
struct fastipc *open_end(int fd, int oflags, int argc, char **argv);

/* Why there is no pair */
noreturn void fail_pair(int error);

/* Why there is no end to use; ENOENT: none was named */
noreturn void fail_end(int error);

/* Fails unless a call that sends succeeded; false: interrupted, call again. */
bool sent(int ret);

/* Flush standard output; fails if not all could be written. */
void flush_stdout(void);

#endif /* FASTIPC_TOOL_H */
