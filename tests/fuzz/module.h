/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fuzzer of the kernel module: what its parts share.
 *
 * A program is up to 24 calls, 16 bytes each, over a handful of endpoints, maps
 * and other tasks.  Any bytes are a program: what a field names is found by
 * counting among what is there, so that most calls reach something, and a changed
 * byte changes one thing.  One execution is one program, from its first call to
 * the last close of what it opened.  Programs that reach new edges of the module
 * (KCOV) are kept and mutated.
 *
 * module_fuzz.c    options, replaying, fuzzing
 * module_watch.c   workers, and the watchdog over them
 * module_corpus.c  files of programs, trimming, the smallest set
 * module_program.c making, changing, printing and reading programs
 * module_cover.c   what the kernel tells: KCOV, its log, the module's counters
 * module_run.c     a program's objects, from the first call to the last close
 * module_tasks.c   others who take part: a thread, a child, helpers
 * module_ioctl.c   the module's own calls, and what they may answer
 * module_args.c    what they take
 * module_uring.c   the same calls, submitted to io_uring
 * module_file.c    what any file can do: read, write, poll, signals
 * module_memory.c  maps, and what a hostile process writes there
 */
#ifndef FASTIPC_FUZZ_MODULE_H
#define FASTIPC_FUZZ_MODULE_H

#include <errno.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <linux/fastipc.h>

#define PAGE	    4096UL
#define CALLS_MAX   24
#define FDS_MAX	    8
#define MAPS_MAX    8
#define WORKERS_MAX 8

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/**
 * struct call - one call of a program; any values are legal
 * @op: what (enum op), modulo the number of ops
 * @slot: which object, low three bits; how long to wait, high three
 * @a: flags, or a choice
 * @b: how: COMPAT, SUBMITTED, and a choice in the low bits
 * @c: a length: a choice in the low four bits, and a number; of an open: NAMED
 * @d: a pointer: a choice in the low four bits; the size of the structure: in
 *	the high four
 * @value: whatever takes 64 bits
 */
struct call {
	uint8_t op;
	uint8_t slot;
	uint8_t a;
	uint8_t b;
	uint16_t c;
	uint16_t d;
	uint64_t value;
};

#define CALL_COMPAT(c)	  (((c)->b & 0xf8) == 0xd8) /* as a 32-bit process */
#define CALL_SUBMITTED(c) (((c)->b & 0xf8) == 0xc8) /* by io_uring */
#define CALL_NAMED(c)	  (((c)->c & 0xffc0) == 0x5540) /* not the device */

struct program {
	uint32_t n;
	struct call call[CALLS_MAX];
};

/* clang-format off */
enum op {
	OP_OPEN, OP_SETUP, OP_PEER, OP_ATTACH, OP_INFO, OP_MAP, OP_SEND,
	OP_RECV, OP_SYNC, OP_STAT, OP_SHUTDOWN,
	OP_READ, OP_WRITE, OP_POLL, OP_EPOLL, OP_FCNTL, OP_DUP, OP_CLOSE,
	OP_SHOW, OP_NAME,
	OP_MMAP, OP_MUNMAP, OP_MPROTECT, OP_MREMAP, OP_PIN,
	OP_STORE, OP_PUBLISH, OP_CONSUME,
	OP_FORK, OP_KILL, OP_RACE, OP_HELP,
	OPS
};
/* clang-format on */

/* module_program.c */
uint64_t random_next(uint64_t *state);
uint64_t mix(uint64_t value);
uint64_t odd_value(uint64_t choice);
enum op call_op(const struct call *c);
const char *op_name(enum op op);
void program_make(struct program *p, uint64_t *seed);
void program_mutate(struct program *p, const struct program *other,
		    uint64_t *seed);
void program_print(const struct program *p, FILE *to);
/* The next one of a file; false at the end, or if it is none. */
bool program_read(struct program *p, FILE *from);

/* module_cover.c */
#define EDGES	 0x10000  /* that is, different hashes of edges */
#define TEXT_MAX 0x100000 /* bytes of the module's text */

/**
 * struct cover - what all workers reached, in shared memory
 * @edge: by hash; what a call answers counts as an edge too
 * @block: by where in the module's text it is
 */
struct cover {
	uint8_t edge[EDGES];
	uint8_t block[TEXT_MAX];
	uint32_t edges;
	uint32_t blocks;
};

bool cover_open(void);
void cover_stop(void);
void cover_run_begin(void);
void cover_call_begin(void);
void cover_call_end(enum op op, long result);
/* Did this run reach an edge that nobody had? */
bool cover_news(void);
/* Are those of the last cover_remember() among the edges of this run? */
void cover_remember(void);
bool cover_reaches_again(void);
void cover_run_edges(uint64_t *bits);
int kernel_log_open(void);
bool kernel_log_complains(int fd);
long module_counter(const char *name);

/* module_run.c */
struct map {
	char *at;
	size_t len;
	uint64_t ring;	   /* bytes of it */
	uint32_t endpoint; /* a number of ours */
	uint8_t area;	   /* 0 own control, 1 peer's, 2 send, 3 receive */
};

struct file {
	int fd;
	uint32_t endpoint;
	uint32_t ring;
	uint32_t limit; /* of a message */
	bool is_map;	/* of FASTIPC_MAP */
	bool named;
};

/**
 * struct objects - what the calls of a program work on
 * @file: fd is -1 if there is none
 * @map: at is NULL if there is none
 * @endpoints: numbers given so far
 * @helped: helpers that owe an answer, a bit each
 * @child: or 0
 */
struct objects {
	struct file file[FDS_MAX];
	struct map map[MAPS_MAX];
	uint32_t endpoints;
	uint32_t helped;
	pid_t child;
};

/* Memory for arguments, below 4 GiB: one for each thread. */
struct arena {
	char *args;	/* a page, then one that is not there */
	char *items;	/* arrays */
	char *buf;	/* BUF_BYTES, then a page that is not there */
	char *cold;	/* COLD_BYTES that come only when touched */
	char *readonly; /* a page */
};

#define BUF_BYTES  (64UL << 10)
#define COLD_BYTES (32UL << 10)

/**
 * struct landing - where to go on after a bad access to a map
 * @env: of sigsetjmp()
 * @ready: else a bad access is a bug of ours
 */
struct landing {
	sigjmp_buf env;
	volatile bool ready;
};

extern struct objects objects;
extern __thread struct arena *arena;
extern __thread struct landing landing;

void run_prepare(void);
void run_program(const struct program *p);
/* How many calls of @p were used up by the one at @at. */
uint32_t run_call(const struct program *p, uint32_t at);
/* Close what is open, the last first or the first; and drop the maps. */
void objects_drop(bool backwards);
/* Keep a new file if there is a place, and the caller may change the table. */
long objects_keep(long fd, struct file like);
struct arena *arena_new(void);
/* Something that must not be; it is a failure of the whole run. */
void wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A result, or -errno. */
long answer(long ret);

/* Until alarm_off() a signal comes every 200 us, then every 20 ms. */
void alarm_on(void);
void alarm_off(void);

struct file *file_of(const struct call *c);
struct map *map_of(const struct call *c);
bool waits_for_signal(const struct call *c);
uint64_t timeout_of(const struct call *c);
uint64_t length_of(const struct call *c, uint64_t limit);
char *pointer_of(const struct call *c, uint64_t len);

/* module_tasks.c; the last four return how many calls they used up. */
void tasks_prepare(void);
void tasks_end(void);
/* Whether the caller may change the tables of objects. */
bool tasks_alone(void);
uint32_t task_fork(const struct program *p, uint32_t at);
uint32_t task_kill(void);
uint32_t task_race(const struct program *p, uint32_t at);
uint32_t task_help(const struct program *p, uint32_t at);

/* module_file.c: one of a few names, each worker's own; and remove them all. */
const char *name_of(const struct call *c);
void names_drop(void);

/* What a call does: a result, or -errno. */
long run_ioctl(const struct call *c);
long run_file(const struct call *c);
long run_memory(const struct call *c);
void maps_drop(void);
void maps_inherit(void);

/* module_args.c */
long call_ioctl(const struct call *c, int fd, unsigned long number, void *arg,
		uint32_t size, uint32_t least);
/* At most @n pieces for @len bytes, the last as long as is left. */
void fill_iovec(const struct call *c, struct iovec *iov, int n, uint64_t len);
void fill_data(const struct call *c, const struct file *file, bool recv,
	       bool iov, bool array, __u64 *data, __u64 *len);
void fill_recv(const struct call *c, const struct file *file,
	       struct fastipc_recv *recv);

/* module_uring.c: a result, or -errno */
long uring_command(const struct call *c, int fd, unsigned long number,
		   void *arg);
long uring_move(const struct call *c, int fd, const struct iovec *iov, int n,
		bool in);

/* module_corpus.c */
#define CORPUS_MAX 4096
#define SAVED_MAX  120 /* of the smallest set */

struct corpus {
	uint32_t n;
	struct program program[CORPUS_MAX];
};

/* Text; or as it lies in memory, as a worker leaves it in a hurry. */
bool corpus_load(struct corpus *corpus, const char *path);
void corpus_add(struct corpus *corpus, const struct program *p);
const struct program *corpus_any(const struct corpus *corpus, uint64_t *seed);
void corpus_trim(struct program *p);
uint32_t corpus_minimise(const struct corpus *corpus, const char *path);

/* module_watch.c */

/**
 * struct worker - what the watchdog sees of one
 * @pid: its process, or 0
 * @beat: programs begun
 * @now: the one that runs
 */
struct worker {
	pid_t pid;
	uint64_t beat;
	struct program now;
};

/**
 * struct shared - what all processes share
 * @others: calls made by threads, children and helpers
 * @saved: programs of the smallest set
 * @wrong: answers that no document allows, and bytes that should not change
 * @failed: of a worker or the kernel
 */
struct shared {
	struct cover cover;
	struct corpus corpus;
	struct worker worker[WORKERS_MAX];
	uint64_t programs;
	uint64_t calls;
	uint64_t others;
	uint32_t saved;
	uint32_t wrong;
	bool failed;
};

typedef void (*work_fn)(struct worker *self, uint32_t number);

extern struct shared *shared;
extern const char *out_dir;

uint64_t now_ms(void);
void report(uint64_t begin);
/* The run has failed: keep what all workers run now, as a reproducer. */
void crash_save(const char *why);
/* Have @n do it, until all have ended. */
void workers_run(work_fn work, uint32_t n, bool tell);

#endif /* FASTIPC_FUZZ_MODULE_H */
