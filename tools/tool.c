// SPDX-License-Identifier: MIT
/*
 * Failing, numbers, and the command's end.  See tool.h.
 */
#include <ctype.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "name.h"
#include "signals.h"
#include "tool.h"
#include "traffic.h"

/* Failing --------------------------------------------------------------------  */

void clean_up(void)
{
	files_abandon();
	traffic_end(false);
}

static void say(const char *format, va_list args)
{
	signals_look();
	traffic_clear();
	fprintf(stderr, "fastipc %s: ", command->name);
	vfprintf(stderr, format, args);
}

static noreturn void leave(void)
{
	clean_up();
	exit(command->failure);
}

void fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
	fputc('\n', stderr);
	leave();
}

void fail_errno(int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
	fprintf(stderr, ": %s\n", strerror(error));
	leave();
}

void fail_option(void)
{
	fprintf(stderr, "Try 'fastipc %s --help'.\n", command->name);
	exit(STATUS_USAGE);
}

void fail_usage(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
	fputc('\n', stderr);
	fail_option();
}

void show_usage(void)
{
	fputs(command->usage, stdout);
	flush_stdout();
	exit(STATUS_OK);
}

/* Options -------------------------------------------------------------------- */

void check_no_arguments(int argc, char **argv)
{
	if (optind != argc)
		fail_usage("takes no arguments, and got '%s'", argv[optind]);
}

void choose_mode(enum mode *mode, enum mode option)
{
	if (*mode && *mode != option)
		fail_usage("one of --lines, --size, --prefix and --files");
	*mode = option;
}

uint64_t parse_bytes(const char *option, const char *text, uint64_t max)
{
	unsigned long long value;
	unsigned int shift = 0;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (*end == 'K')
		shift = 10;
	else if (*end == 'M')
		shift = 20;
	if (shift)
		end++;
	if (errno || !isdigit((unsigned char)*text) || *end || !value)
		fail_usage("%s takes a number of bytes, not '%s'", option,
			   text);
	if (value > max >> shift)
		fail_usage("%s %s is too large", option, text);
	return value << shift;
}

int parse_fd(const char *option, const char *text)
{
	char *end;
	long fd;

	errno = 0;
	fd = strtol(text, &end, 10);
	if (errno || !isdigit((unsigned char)*text) || *end || fd > INT_MAX)
		fail_usage("%s takes a descriptor's number, not '%s'", option,
			   text);
	return fd;
}

/* Pairs and ends ------------------------------------------------------------- */

void fail_pair(int error)
{
	switch (error) {
	case ENOENT:
		fail("no /dev/fastipc: is the module loaded?");
	case EACCES:
		fail("no permission for /dev/fastipc");
	default:
		fail_errno(error, "cannot make a pair");
	}
}

void fail_end(int error)
{
	switch (error) {
	case ENOENT:
		fail("no end: give a NAME, or use 'fastipc run' without --stdio, or --fd");
	case ENOTTY:
		fail("the descriptor is not of a fastipc end");
	case EOPNOTSUPP:
		fail("a stream has no messages: read and write it");
	case EBADF:
		fail("the descriptor is not open");
	case EINVAL:
		fail("FASTIPC_FD, or LISTEN_FDS, is not a number");
	case EBUSY:
		fail("another process uses this end");
	default:
		fail_errno(error, "cannot use the end");
	}
}

struct fastipc *open_end(int fd, int oflags, int argc, char **argv)
{
	const struct fastipc_options any = { .size = sizeof(any),
					     .end = FASTIPC_AS_ANY };
	struct fastipc_info info;
	struct fastipc *f;
	const char *name;
	int ret = fd < 0 ? fastipc_inherit(&f) : fastipc_adopt(&f, fd);

	if (fd < 0 && ret == -ENOENT && optind < argc) {
		name = argv[optind++];
		ret = fastipc_open(&f, name, oflags, &any);
		if (!ret)
			ret = fastipc_info(f, &info);
		if (!ret && info.flags & FASTIPC_STREAM)
			ret = -EOPNOTSUPP;
		if (ret)
			fail_name(-ret, name);
	} else if (ret) {
		fail_end(-ret);
	}
	return f;
}

bool sent(int ret)
{
	if (ret == -EINTR) {
		signals_look();
		return false;
	}
	if (ret == -EPIPE)
		fail("the receiver has ended");
	if (ret == -ECONNRESET)
		fail("the receiver vanished");
	if (ret < 0)
		fail_errno(-ret, "cannot send");
	return true;
}

void flush_stdout(void)
{
	if (fflush(stdout) || ferror(stdout))
		fail_errno(errno, "standard output");
}
