// SPDX-License-Identifier: MIT
/*
 * tree.c - copy files through a pair, from one process to another.
 *
 * Shows a stream of messages without a copy in between: the sender has read(2)
 * put the bytes of a file straight into shared memory (fastipc_reserve(),
 * fastipc_commit()), the receiver has write(2) take them from there
 * (fastipc_take(), fastipc_done()).  A file is a message with its name, and then
 * messages with its bytes.  What the receiver must check, it copies first: the
 * sender could still change it.
 *
 * The sender ends in order, so the receiver knows that it has had everything.
 * If either dies, or fails, the other gets ECONNRESET: nobody is left behind,
 * and no signal needs handling.
 */
#include <err.h>
#include <errno.h>
#include <fastipc.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RING_BYTES (1024 * 1024)
#define MB	   1e6

static const char usage[] =
	"Usage: tree LIST FOLDER\n"
	"Copy the regular files that LIST names, one a line, below FOLDER: one process\n"
	"reads, another writes, and between them lies a fastipc pair.\n";

/* Tags of messages.  What fastipc_commit() sends has tag 0. */
enum { TAG_BYTES, TAG_FILE };

/**
 * struct file_header - a message that announces a file
 * @size: its bytes, which follow in messages of their own
 * @mode: its permissions
 * @name: its name, up to the end of the message
 */
struct file_header {
	uint64_t size;
	uint32_t mode;
	char name[PATH_MAX];
};

#define HEADER_BYTES offsetof(struct file_header, name)

/**
 * struct receiver - what the receiving process has
 * @dir: descriptor of the folder to write below
 * @header: of the file that is being written
 * @fd: of that file, or -1
 * @left: bytes of it that are still to come
 * @files: files so far
 * @bytes: bytes so far
 * @begin: when the stream began, in seconds
 * @said: when progress was last shown, in seconds
 */
struct receiver {
	int dir;
	struct file_header header;
	int fd;
	uint64_t left;
	unsigned long files;
	uint64_t bytes;
	double begin;
	double said;
};

static void check(const char *call, int ret)
{
	if (ret < 0)
		errx(1, "%s: %s", call, strerror(-ret));
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* The sending process ------------------------------------------------------- */

static void send_header(struct fastipc *out, char *name, const struct stat *st)
{
	struct file_header header = { .size = st->st_size,
				      .mode = st->st_mode };
	struct iovec iov[] = { { &header, HEADER_BYTES },
			       { name, strlen(name) } };
	struct fastipc_out message = { .iov = iov,
				       .iovcnt = 2,
				       .tag = TAG_FILE };

	check("fastipc_sendmsg", fastipc_sendmsg(out, &message, 0));
}

static void send_file(struct fastipc *out, char *name, size_t limit)
{
	struct stat st;
	void *payload;
	uint64_t left;
	size_t max;
	ssize_t n;
	int fd;

	fd = open(name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		err(1, "%s", name);
	send_header(out, name, &st);
	for (left = st.st_size; left; left -= n) {
		max = left < limit ? left : limit;
		check("fastipc_reserve",
		      fastipc_reserve(out, max, &payload, 0));
		n = read(fd, payload, max);
		if (n < 0)
			err(1, "%s", name);
		if (!n)
			errx(1, "%s: got shorter meanwhile", name);
		check("fastipc_commit", fastipc_commit(out, n, 0));
	}
	close(fd);
}

static void send_files(struct fastipc *out, FILE *list)
{
	struct fastipc_info info;
	size_t capacity = 0;
	char *name = NULL;
	struct stat st;
	ssize_t n;

	check("fastipc_info", fastipc_info(out, &info));
	while ((n = getline(&name, &capacity, list)) > 0) {
		if (name[n - 1] == '\n')
			name[n - 1] = 0;
		if (lstat(name, &st))
			err(1, "%s", name);
		if (S_ISREG(st.st_mode))
			send_file(out, name, info.max_message);
	}
	if (ferror(list))
		err(1, "list");
	free(name);
}

/* The receiving process ------------------------------------------------------ */

/* The name made relative; a name that leads out of the folder is refused. */
static const char *safe_name(const char *name)
{
	const char *part = name;

	while (*part) {
		if (!strncmp(part, "..", 2) && (part[2] == '/' || !part[2]))
			errx(1, "%s: refused", name);
		part += strcspn(part, "/");
		part += strspn(part, "/");
	}
	name += strspn(name, "/");
	if (!*name)
		errx(1, "a file without a name: refused");
	return name;
}

static void make_parents(int dir, const char *name)
{
	char path[PATH_MAX];
	char *slash;

	snprintf(path, sizeof(path), "%s", name);
	for (slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		if (mkdirat(dir, path, 0777) && errno != EEXIST)
			err(1, "%s", path);
		*slash = '/';
	}
}

static void end_file(struct receiver *r)
{
	if (r->left)
		errx(1, "%s: %llu bytes are missing", r->header.name,
		     (unsigned long long)r->left);
	if (r->fd >= 0 && close(r->fd))
		err(1, "%s", r->header.name);
	r->fd = -1;
}

static void begin_file(struct receiver *r, const struct fastipc_msg *msg)
{
	const char *name;

	end_file(r);
	if (msg->len < HEADER_BYTES || msg->len >= sizeof(r->header))
		errx(1, "a header of %zu bytes", msg->len);
	memcpy(&r->header, msg->data, msg->len);
	((char *)&r->header)[msg->len] = 0;
	name = safe_name(r->header.name);
	r->fd = openat(r->dir, name,
		       O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		       0600);
	if (r->fd < 0 && errno == ENOENT) {
		make_parents(r->dir, name);
		r->fd = openat(r->dir, name,
			       O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	}
	if (r->fd < 0 || fchmod(r->fd, r->header.mode & 0777))
		err(1, "%s", name);
	r->left = r->header.size;
	r->files++;
}

static void write_bytes(struct receiver *r, const struct fastipc_msg *msg)
{
	const char *data = msg->data;
	size_t left = msg->len;
	ssize_t n;

	if (left > r->left)
		errx(1, "%s: more bytes than announced", r->header.name);
	while (left) {
		n = write(r->fd, data, left);
		if (n < 0)
			err(1, "%s", r->header.name);
		data += n;
		left -= n;
	}
	r->left -= msg->len;
	r->bytes += msg->len;
}

static void show_progress(struct receiver *r)
{
	double t = now();

	if (t - r->said < 1)
		return;
	r->said = t;
	fprintf(stderr, "  %.0f s: %lu files, %.1f MB\n", t - r->begin,
		r->files, r->bytes / MB);
}

static void receive_files(struct fastipc *in, struct receiver *r)
{
	struct fastipc_msg msg;
	int ret;

	r->begin = now();
	r->said = r->begin;
	while (!(ret = fastipc_take(in, &msg, 0))) {
		if (msg.tag == TAG_FILE)
			begin_file(r, &msg);
		else
			write_bytes(r, &msg);
		check("fastipc_done", fastipc_done(in, &msg));
		show_progress(r);
	}
	if (ret != -EPIPE)
		check("fastipc_take", ret);
	end_file(r);
}

/* Both ------------------------------------------------------------------------- */

static pid_t start_sender(struct fastipc *end[2], FILE *list)
{
	struct fastipc *out;
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid)
		return pid;
	close(fastipc_fd(end[0]));
	check("fastipc_adopt", fastipc_adopt(&out, fastipc_fd(end[1])));
	send_files(out, list);
	fastipc_close(out);
	exit(0);
}

int main(int argc, char **argv)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .ring_bytes = RING_BYTES };
	struct receiver r = { .fd = -1 };
	struct fastipc *end[2];
	double seconds;
	bool help;
	int status;
	FILE *list;
	pid_t pid;

	if (argc != 3) {
		help = argc == 2 && !strcmp(argv[1], "--help");
		fputs(usage, help ? stdout : stderr);
		return help ? 0 : 2;
	}
	list = fopen(argv[1], "re");
	if (!list)
		err(1, "%s", argv[1]);
	if (mkdir(argv[2], 0777) && errno != EEXIST)
		err(1, "%s", argv[2]);
	r.dir = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r.dir < 0)
		err(1, "%s", argv[2]);

	check("fastipc_pair", fastipc_pair(end, &options));
	pid = start_sender(end, list);
	fastipc_close(end[1]);
	receive_files(end[0], &r);
	fastipc_close(end[0]);
	seconds = now() - r.begin;
	if (waitpid(pid, &status, 0) != pid || status)
		errx(1, "the sender failed");
	printf("%lu files, %.1f MB in %.1f s: %.0f MB/s\n", r.files,
	       r.bytes / MB, seconds, r.bytes / MB / seconds);
	return 0;
}
