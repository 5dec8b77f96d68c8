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
#include <poll.h>
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
	char question[32], answer[32];
	int len = snprintf(question, sizeof(question), "question %d", number);
	ssize_t n =
		fastipc_exchange(f, question, len, answer, sizeof(answer), -1);

	must(n, "fastipc_exchange");
	if (n != len || memcmp(question, answer, len))
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

/* Answer all there is: false once the end is over. */
static bool serve(struct fastipc *f)
{
	char text[32];
	ssize_t n;

	did.woken++;
	while ((n = fastipc_recv(f, text, sizeof(text), FASTIPC_NOWAIT)) >= 0) {
		must(fastipc_send(f, text, n, FASTIPC_NOWAIT), "fastipc_send");
		did.answered++;
	}
	if (n == -EAGAIN)
		return true;
	if (n != -EPIPE && n != -ECONNRESET)
		must(n, "fastipc_recv");
	did.open--;
	return false;
}

static struct io_uring_sqe *next(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe) {
		must(io_uring_submit(ring), "io_uring_submit");
		sqe = io_uring_get_sqe(ring);
	}
	if (!sqe)
		errx(1, "the ring takes nothing");
	return sqe;
}

static void wait_for(struct io_uring *ring, unsigned int i)
{
	struct io_uring_sqe *sqe = next(ring);

	fastipc_prep_wait_multishot(sqe, fastipc_fd(end[i]), POLLIN);
	io_uring_sqe_set_data64(sqe, i);
}

/* The wait has the end's file: without it, closing the handle ends it. */
static void finish(struct io_uring *ring, unsigned int i)
{
	struct io_uring_sqe *sqe = next(ring);

	io_uring_prep_poll_remove(sqe, i);
	io_uring_sqe_set_data64(sqe, ENDS);
	fastipc_close(end[i]);
	end[i] = NULL;
}

static void completed(struct io_uring *ring, const struct io_uring_cqe *cqe)
{
	/* What was finished may still be said something of. */
	if (cqe->user_data == ENDS || !end[cqe->user_data])
		return;
	must(cqe->res, "waiting");
	if (!serve(end[cqe->user_data]))
		finish(ring, cqe->user_data);
	else if (!(cqe->flags & IORING_CQE_F_MORE))
		wait_for(ring, cqe->user_data);
}

static void serve_by_uring(void)
{
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	unsigned int i;

	must(io_uring_queue_init(2 * ENDS, &ring, 0), "io_uring_queue_init");
	for (i = 0; i < ENDS; i++)
		wait_for(&ring, i);
	while (did.open) {
		must(io_uring_submit_and_wait(&ring, 1), "io_uring_submit");
		while (!io_uring_peek_cqe(&ring, &cqe)) {
			completed(&ring, cqe);
			io_uring_cqe_seen(&ring, cqe);
		}
	}
	io_uring_queue_exit(&ring);
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
		for (i = 0; i < n; i++)
			/* Closing it takes it out: nobody else has this file. */
			if (!serve(found[i].data.ptr))
				fastipc_close(found[i].data.ptr);
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
