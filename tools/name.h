/* SPDX-License-Identifier: MIT */
/*
 * Channels with a name: what their commands share.
 */
#ifndef FASTIPC_TOOL_NAME_H
#define FASTIPC_TOOL_NAME_H

#include <stdbool.h>
#include <sys/stat.h>

#include "tool.h"

/**
 * struct looked - what looking at a name shows
 * @st: owner, mode
 * @open: it could be opened; if not, the rest is nothing
 * @set_up: likewise
 * @info: as nobody's endpoint sees it
 * @stat: as end 0 would see it
 */
struct looked {
	struct stat st;
	bool open;
	bool set_up;
	struct fastipc_info info;
	struct fastipc_stat stat;
};

/* The directory of names without a slash. */
const char *names_directory(void);

/* Look at a name below a directory, and disturb nobody: 0, or -errno. */
int name_look(int dir, const char *name, struct looked *l);

/* "rw-r-----", of at least 10 bytes */
void name_mode(char *text, mode_t mode);

/* Why a name cannot be used */
noreturn void fail_name(int error, const char *name);

#endif /* FASTIPC_TOOL_NAME_H */
