/* SPDX-License-Identifier: MIT */
/*
 * How files go through an end, for "send --files" and "recv --files": a message
 * with the tag FILES_NAME begins a file, messages with FILES_DATA are its bytes.
 * A file ends where the next begins, and the last with the stream: so it is
 * complete only if that ended in order.
 */
#ifndef FASTIPC_TOOL_FILES_H
#define FASTIPC_TOOL_FILES_H

#include <fastipc.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>

/* FILES_DATA is the tag of what fastipc_commit() sends. */
enum { FILES_DATA, FILES_NAME };

/**
 * struct files_name - a message that begins a file
 * @mode: its permissions
 * @name: its name, up to the end of the message
 */
struct files_name {
	uint32_t mode;
	char name[PATH_MAX];
};

#define FILES_NAME_BYTES offsetof(struct files_name, name)

/* Send one file; @limit: bytes of the longest message */
void files_send(struct fastipc *f, const char *name, size_t limit);

/**
 * struct files - files that are received
 * @dir: descriptor of the folder to write below
 * @fd: of the file that is being written, or -1
 * @begun: its name, and what it is to be like
 */
struct files {
	int dir;
	int fd;
	struct files_name begun;
};

/* Write below this folder. */
void files_begin(struct files *files, const char *dir);

/* Take a message from a sender that nobody trusts. */
void files_take(struct files *files, const struct fastipc_msg *msg);

/* The stream has ended in order. */
void files_end(struct files *files);

#endif /* FASTIPC_TOOL_FILES_H */
