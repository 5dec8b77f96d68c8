/* SPDX-License-Identifier: MIT */
/*
 * How files go through an end, for "send --files" and "recv --files": a message
 * with the tag FILES_NAME begins a file, messages with FILES_DATA are its bytes.
 * A file ends where the next begins, and the last with the stream: so it is
 * complete only if that ended in order.  It gets its name once it is complete.
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

/* Receive files, and write them below this folder. */
void files_begin(const char *dir);

/* Take a message from a sender that nobody trusts. */
void files_take(const struct fastipc_msg *msg);

/* The stream has ended in order. */
void files_end(void);

/* Remove what was received of a file, if one is not complete. */
void files_abandon(void);

#endif /* FASTIPC_TOOL_FILES_H */
