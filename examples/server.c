// SPDX-License-Identifier: MIT
/*
 * server io_uring|epoll - a thread that serves a thousand ends, of which ten are busy
 *
 * A child has the other ends.  Those that are busy ask again and again, and compare
 * each answer; the others are silent.  What the server waits with wakes it only for
 * ends that have something, and how often it was woken is counted: silent ends cost
 * nothing.
 */
#include <err.h>
#include <errno.h>
#include <liburing.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fastipc_uring.h>

#define ENDS   1000
#define BUSY   10
#define ROUNDS 200 /* questions to each of those */

static struct fastipc *end[ENDS];

/* What the server did. */
static struct {
	int open;
	long answered;
	long woken; /* by an event, of whatever end */
} did = { .open = ENDS };

static void must(int ret, const char *what)
{
	if (ret < 0)
		errx(1, "%s: %s", what, strerror(-ret));
}

/* The clients -------------------------------------------------------------- */

/* Ask, and wait for the answer, in one system call. */
static void ask(struct fastipc *f, int number)
{
	char question[32], reply[32];
	int len = snprintf(question, sizeof(question), "question %d", number);
	ssize_t n =
		fastipc_exchange(f, question, len, reply, sizeof(reply), -1);

	must(n, "fastipc_exchange");
	if (n != len || memcmp(question, reply, len))
		errx(1, "that is no answer to question %d", number);
}

static int clients(const int *fd)
{
	struct fastipc *busy[BUSY];
	int i, round;

	for (i = 0; i < BUSY; i++)
		must(fastipc_adopt(&busy[i], fd[i * (ENDS / BUSY)]),
		     "fastipc_adopt");
	for (round = 0; round < ROUNDS; round++)
		for (i = 0; i < BUSY; i++)
			ask(busy[i], round);
	for (i = 0; i < BUSY; i++)
		fastipc_close(busy[i]);
	/* The silent ones end with the process. */
	return 0;
}

/* Make the ends, and a child that has the others. */
static pid_t start(void)
{
	const struct fastipc_options small = { .size = sizeof(small),
					       .ring_bytes = 4096 };
	struct rlimit files = { 3 * ENDS, 3 * ENDS };
	struct fastipc *pair[2];
	static int other[ENDS];
	pid_t pid;
	int i;

	if (setrlimit(RLIMIT_NOFILE, &files))
		err(1, "setrlimit");
	for (i = 0; i < ENDS; i++) {
		must(fastipc_pair(pair, &small), "fastipc_pair");
		end[i] = pair[0];
		other[i] = dup(fastipc_fd(pair[1]));
		fastipc_close(pair[1]);
	}
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	for (i = 0; i < ENDS; i++)
		close(pid ? other[i] : fastipc_fd(end[i]));
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(clients(other));
	}
	return pid;
}

/* The server ----------------------------------------------------------------- */

static void answer(struct fastipc *f, const void *question, size_t len)
{
	must(fastipc_send(f, question, len, FASTIPC_NOWAIT), "fastipc_send");
	did.answered++;
}

/* There will be no more from it, for this reason. */
static void finish(struct fastipc *f, int why)
{
	if (why != -EPIPE && why != -ECONNRESET)
		must(why, "receiving");
	fastipc_close(f);
	did.open--;
}

/* In place, without a system call, until there is nothing: then a wait is in the ring. */
static void serve_in_place(struct io_uring *ring, struct fastipc *f)
{
	struct fastipc_msg msg;
	int ret;

	for (;;) {
		ret = fastipc_take_or_wait(ring, f, &msg, (uintptr_t)f);
		if (ret == 1) {
			answer(f, msg.data, msg.len);
			must(fastipc_done(f, &msg), "fastipc_done");
		} else if (ret == -ENOBUFS) {
			must(io_uring_submit(ring), "io_uring_submit");
		} else {
			break;
		}
	}
	if (ret)
		finish(f, ret);
}

static void serve_by_uring(void)
{
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	int i;

	must(io_uring_queue_init(256, &ring, 0), "io_uring_queue_init");
	for (i = 0; i < ENDS; i++)
		serve_in_place(&ring, end[i]);
	while (did.open) {
		must(io_uring_submit_and_wait(&ring, 1), "io_uring_submit");
		while (!io_uring_peek_cqe(&ring, &cqe)) {
			must(cqe->res, "waiting");
			did.woken++;
			serve_in_place(&ring, io_uring_cqe_get_data(cqe));
			io_uring_cqe_seen(&ring, cqe);
		}
	}
	io_uring_queue_exit(&ring);
}

/* The same by copies; with EPOLLET until there is nothing. */
static void serve(struct fastipc *f)
{
	char text[32];
	ssize_t n;

	while ((n = fastipc_recv(f, text, sizeof(text), FASTIPC_NOWAIT)) >= 0)
		answer(f, text, n);
	/* Closing it takes it out of the set: nobody else has this file. */
	if (n != -EAGAIN)
		finish(f, n);
}

static void serve_by_epoll(void)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET }, found[64];
	int epoll = epoll_create1(EPOLL_CLOEXEC), i, n;

	if (epoll < 0)
		err(1, "epoll_create1");
	for (i = 0; i < ENDS; i++) {
		event.data.ptr = end[i];
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, fastipc_fd(end[i]), &event))
			err(1, "epoll_ctl");
	}
	while (did.open) {
		n = epoll_wait(epoll, found, 64, -1);
		if (n < 0)
			err(1, "epoll_wait");
		for (i = 0; i < n; i++) {
			did.woken++;
			serve(found[i].data.ptr);
		}
	}
	close(epoll);
}

int main(int argc, char **argv)
{
	bool epoll = argc == 2 && !strcmp(argv[1], "epoll");
	int status;
	pid_t pid;

	if (!epoll && (argc != 2 || strcmp(argv[1], "io_uring"))) {
		fprintf(stderr, "usage: server io_uring|epoll\n");
		return 2;
	}
	pid = start();
	if (epoll)
		serve_by_epoll();
	else
		serve_by_uring();
	if (waitpid(pid, &status, 0) != pid || status)
		errx(1, "the clients failed");
	printf("%s: %d ends, %d of them busy: %ld questions answered, woken for %ld events\n",
	       argv[1], ENDS, BUSY, did.answered, did.woken);
	/* An event for each question, and for each end's end, at most. */
	return did.answered != BUSY * ROUNDS ||
	       did.woken > BUSY * ROUNDS + 2 * ENDS;
}
