// SPDX-License-Identifier: MIT
/*
 * fastipc, a pipe, and a SOCK_SEQPACKET socket.  See bench_channel.h.
 */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench_channel.h"
#include "tool.h"

#define BUFFER_BYTES (128 << 10) /* of the rings, and of each pipe */

void check(const char *call, int ret)
{
	if (ret < 0)
		fail_errno(-ret, "%s", call);
}

/* Payloads ------------------------------------------------------------------- */

static void fill(uint64_t *payload, uint64_t number, size_t len)
{
	size_t i;

	for (i = 0; i < len / sizeof(*payload); i++)
		payload[i] = number + i;
}

static void verify(const uint64_t *payload, uint64_t number, size_t len)
{
	uint64_t wrong = 0;
	size_t i;

	for (i = 0; i < len / sizeof(*payload); i++)
		wrong |= payload[i] ^ (number + i);
	if (wrong)
		fail("message %llu has a wrong payload",
		     (unsigned long long)number);
}

/* fastipc -------------------------------------------------------------------- */

static void pair_make(struct channel *c, uint32_t flags)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .ring_bytes = BUFFER_BYTES,
					   .flags = flags };
	int ret = fastipc_pair(c->end, &options);

	if (ret)
		fail_pair(-ret);
}

static void direct_make(struct channel *c)
{
	pair_make(c, 0);
}

static void sealed_make(struct channel *c)
{
	pair_make(c, FASTIPC_SEALED);
}

static void pair_choose(struct channel *c, int side)
{
	if (side == 0) {
		fastipc_close(c->end[1]);
		c->own = c->end[0];
		return;
	}
	close(fastipc_fd(c->end[0]));
	check("fastipc_adopt", fastipc_adopt(&c->own, fastipc_fd(c->end[1])));
}

static int pair_send(struct channel *c, uint64_t number, size_t len)
{
	void *payload;
	int ret;

	ret = fastipc_reserve(c->own, len, &payload, 0);
	if (ret)
		return ret;
	fill(payload, number, len);
	return fastipc_commit(c->own, len, 0);
}

static int pair_recv(struct channel *c, uint64_t number, size_t len)
{
	struct fastipc_msg msg;
	int ret;

	ret = fastipc_take(c->own, &msg, 0);
	if (ret)
		return ret;
	if (msg.len != len)
		fail("a message of %zu bytes", msg.len);
	verify(msg.data, number, len);
	return fastipc_done(c->own, &msg);
}

static int pair_exchange(struct channel *c, uint64_t out, uint64_t in,
			 size_t len)
{
	ssize_t n;

	fill(c->buf, out, len);
	n = fastipc_exchange(c->own, c->buf, len, c->buf, sizeof(c->buf), -1);
	if (n < 0)
		return n;
	if ((size_t)n != len)
		fail("a message of %zd bytes", n);
	verify(c->buf, in, len);
	return 0;
}

/* Pipe and socket ------------------------------------------------------------ */

static void pipe_make(struct channel *c)
{
	int i, fd[2];

	for (i = 0; i < 2; i++) {
		if (pipe2(fd, O_CLOEXEC) ||
		    fcntl(fd[1], F_SETPIPE_SZ, BUFFER_BYTES) < 0)
			fail_errno(errno, "pipe");
		c->fd[i][0] = fd[0];
		c->fd[!i][1] = fd[1];
	}
}

static void socket_make(struct channel *c)
{
	int i, fd[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd))
		fail_errno(errno, "socketpair");
	for (i = 0; i < 2; i++) {
		c->fd[i][0] = fd[i];
		c->fd[i][1] = dup(fd[i]);
		if (c->fd[i][1] < 0)
			fail_errno(errno, "dup");
	}
}

static void fd_choose(struct channel *c, int side)
{
	c->in = c->fd[side][0];
	c->out = c->fd[side][1];
	close(c->fd[!side][0]);
	close(c->fd[!side][1]);
}

static int fd_send(struct channel *c, uint64_t number, size_t len)
{
	const char *data = (const char *)c->buf;
	ssize_t n;

	fill(c->buf, number, len);
	while (len) {
		n = write(c->out, data, len);
		if (n < 0)
			return -errno;
		data += n;
		len -= n;
	}
	return 0;
}

static int fd_recv(struct channel *c, uint64_t number, size_t len)
{
	size_t got;
	ssize_t n;

	for (got = 0; got < len; got += n) {
		n = read(c->in, (char *)c->buf + got, len - got);
		if (n < 0)
			return -errno;
		if (!n)
			return -EPIPE;
	}
	verify(c->buf, number, len);
	return 0;
}

static int fd_exchange(struct channel *c, uint64_t out, uint64_t in, size_t len)
{
	int ret = fd_send(c, out, len);

	return ret ? ret : fd_recv(c, in, len);
}

void channel_close(struct channel *c)
{
	fastipc_close(c->own);
	if (!c->own) {
		close(c->in);
		close(c->out);
	}
}

const struct contender contenders[CONTENDERS] = {
	{ "direct", direct_make, pair_choose, pair_send, pair_recv,
	  pair_exchange },
	{ "sealed", sealed_make, pair_choose, pair_send, pair_recv,
	  pair_exchange },
	{ "pipe", pipe_make, fd_choose, fd_send, fd_recv, fd_exchange },
	{ "SEQPACKET", socket_make, fd_choose, fd_send, fd_recv, fd_exchange },
};
