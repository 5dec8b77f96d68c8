// SPDX-License-Identifier: MIT
/*
 * Progress and summary.  See traffic.h.
 */
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "traffic.h"

#define SHOW_EVERY 0.25 /* seconds */

/**
 * struct traffic - what went through
 * @name: of the command
 * @messages: so far
 * @bytes: so far
 * @begin: when it began, in seconds
 * @shown: when it was last shown, in seconds
 * @terminal: standard error is one
 * @json: sum up at the end
 * @visible: something is on the terminal
 */
static struct traffic {
	const char *name;
	uint64_t messages;
	uint64_t bytes;
	double begin;
	double shown;
	bool terminal;
	bool json;
	bool visible;
} traffic;

void traffic_begin(const char *name, bool json, bool writes)
{
	traffic.name = name;
	traffic.json = json;
	/* Not among what is written to the same terminal. */
	traffic.terminal = isatty(STDERR_FILENO) &&
			   !(writes && isatty(STDOUT_FILENO));
	traffic.begin = now(CLOCK_MONOTONIC);
	traffic.shown = traffic.begin;
}

static void show(double seconds)
{
	fprintf(stderr, "\r\033[K%s: %.1f MB, %llu messages, %.1f MB/s",
		traffic.name, traffic.bytes / 1e6,
		(unsigned long long)traffic.messages,
		traffic.bytes / 1e6 / seconds);
	traffic.visible = true;
}

void traffic_add(size_t messages, size_t bytes)
{
	double t;

	traffic.messages += messages;
	traffic.bytes += bytes;
	if (!traffic.terminal)
		return;
	t = now(CLOCK_MONOTONIC_COARSE);
	if (t - traffic.shown < SHOW_EVERY)
		return;
	traffic.shown = t;
	show(t - traffic.begin);
}

void traffic_clear(void)
{
	if (traffic.visible)
		fputs("\r\033[K", stderr);
	traffic.visible = false;
}

void traffic_end(bool orderly)
{
	traffic_clear();
	if (traffic.json)
		fprintf(stderr,
			"{\"messages\":%llu,\"bytes\":%llu,\"seconds\":%.6f,\"orderly\":%s}\n",
			(unsigned long long)traffic.messages,
			(unsigned long long)traffic.bytes,
			now(CLOCK_MONOTONIC) - traffic.begin,
			orderly ? "true" : "false");
	traffic.json = false;
}
