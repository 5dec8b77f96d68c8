// SPDX-License-Identifier: GPL-2.0-only
/*
 * Others who take part in a program: a thread that repeats a call, a child that
 * was forked, and helpers that endpoints are passed to, one of them in user and
 * pid namespaces of its own.  See module.h.
 */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "module.h"

#define HELPERS 2
#define REPEATS 200

/**
 * struct request - what a helper is to do with the endpoint it gets
 * @like: what it is
 * @program: the calls
 */
struct request {
	struct file like;
	struct program program;
};

static struct {
	sem_t go;
	pthread_t thread;
	struct call call;
	sem_t done;
	bool busy;
	bool stop;
} racer;

static int helper[HELPERS]; /* a socket to each */
static bool helping; /* in a helper, or a child: nobody else takes part */
static __thread bool racing;

/* Whether a signal to the process comes here. */
bool tasks_alone(void)
{
	return !racing;
}

static void count_others(uint64_t n)
{
	__atomic_add_fetch(&shared->others, n, __ATOMIC_RELAXED);
}

/* A thread -------------------------------------------------------------- */

static void *race(void *unused)
{
	struct program p = { .n = 1 };
	uint32_t i;

	racing = true;
	arena = arena_new();
	for (;;) {
		while (sem_wait(&racer.go))
			;
		p.call[0] = racer.call;
		for (i = 0; i < REPEATS; i++) {
			if (__atomic_load_n(&racer.stop, __ATOMIC_ACQUIRE))
				break;
			run_call(&p, 0);
		}
		count_others(i);
		sem_post(&racer.done);
	}
	return unused;
}

static void racer_end(void)
{
	struct timespec until;

	if (!racer.busy)
		return;
	__atomic_store_n(&racer.stop, true, __ATOMIC_RELEASE);
	/* It may be asleep in a call, without a time-out. */
	for (;;) {
		pthread_kill(racer.thread, SIGUSR2);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 500000;
		if (until.tv_nsec >= 1000000000) {
			until.tv_nsec -= 1000000000;
			until.tv_sec++;
		}
		if (!sem_timedwait(&racer.done, &until))
			break;
	}
	racer.busy = false;
}

/* The next call is repeated while the program goes on behind it. */
uint32_t task_race(const struct program *p, uint32_t at)
{
	struct call c;

	if (helping || racing || at + 1 >= p->n)
		return 0;
	c = p->call[at + 1];
	switch (call_op(&c)) {
	case OP_CLOSE: /* a number that is another's by then */
	case OP_DUP:
	case OP_MUNMAP:
	case OP_MREMAP:
	case OP_PIN:
	case OP_FORK:
	case OP_KILL:
	case OP_RACE:
	case OP_HELP:
		return 0;
	default:
		break;
	}
	racer_end();
	racer.call = c;
	racer.stop = false;
	racer.busy = true;
	sem_post(&racer.go);
	return 1;
}

/* A child --------------------------------------------------------------- */

static void child_end(void)
{
	if (!objects.child)
		return;
	while (waitpid(objects.child, NULL, 0) < 0 && errno == EINTR)
		;
	objects.child = 0;
}

static void run_calls(const struct program *p, uint32_t at, uint32_t end)
{
	uint32_t made = 0;

	while (at < end) {
		at += run_call(p, at);
		made++;
	}
	count_others(made);
}

/* The next calls are a child's; it may die without closing anything. */
uint32_t task_fork(const struct program *p, uint32_t at)
{
	const struct call *c = &p->call[at];
	uint32_t n = 1 + c->a % 4;

	if (helping || racing || at + 1 >= p->n)
		return 0;
	if (at + 1 + n > p->n)
		n = p->n - at - 1;
	child_end();
	if (c->a & 0x20)
		maps_inherit();
	objects.child = fork();
	if (objects.child > 0)
		return n;
	if (objects.child < 0) {
		objects.child = 0;
		return 0;
	}
	helping = true;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	cover_stop();
	alarm_off(); /* it is not inherited */
	run_calls(p, at + 1, at + 1 + n);
	if (c->a & 0x40)
		raise(SIGKILL);
	_exit(0);
}

uint32_t task_kill(void)
{
	if (objects.child)
		kill(objects.child, SIGKILL);
	return 0;
}

/* Helpers --------------------------------------------------------------- */

/* A message with a request, and the descriptor of an endpoint. */
struct parcel {
	struct msghdr msg;
	struct iovec iov;
	struct request request;
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr header;
	} control;
};

static void parcel_make(struct parcel *p)
{
	memset(p, 0, sizeof(*p));
	p->iov.iov_base = &p->request;
	p->iov.iov_len = sizeof(p->request);
	p->msg.msg_iov = &p->iov;
	p->msg.msg_iovlen = 1;
	p->msg.msg_control = &p->control;
	p->msg.msg_controllen = sizeof(p->control);
	p->control.header.cmsg_len = CMSG_LEN(sizeof(int));
	p->control.header.cmsg_level = SOL_SOCKET;
	p->control.header.cmsg_type = SCM_RIGHTS;
}

static void help(int via)
{
	struct program *program;
	struct parcel parcel;
	char done = 0;
	ssize_t n;

	alarm_off(); /* it is not inherited */
	do {
		parcel_make(&parcel);
		do {
			n = recvmsg(via, &parcel.msg, MSG_CMSG_CLOEXEC);
		} while (n < 0 && errno == EINTR);
		if (n <= 0)
			break;
		program = &parcel.request.program;
		objects.file[0] = parcel.request.like;
		memcpy(&objects.file[0].fd, CMSG_DATA(&parcel.control.header),
		       sizeof(int));
		run_calls(program, 0, program->n);
		objects_drop(program->call[0].a & 0x80);
	} while (send(via, &done, 1, 0) == 1);
	_exit(0);
}

static int helper_start(bool foreign)
{
	int via[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, via))
		abort();
	fflush(stdout);
	if (fork()) {
		close(via[1]);
		return via[0];
	}
	close(via[0]);
	helping = true;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	cover_stop();
	/* The next child is in the namespace. */
	if (foreign && !unshare(CLONE_NEWUSER | CLONE_NEWPID)) {
		if (fork()) {
			close(via[1]);
			for (;;)
				pause();
		}
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	}
	help(via[1]);
	return -1;
}

static void helper_end(uint32_t i)
{
	ssize_t n;
	char done;

	if (!(objects.helped & 1U << i))
		return;
	do {
		n = recv(helper[i], &done, 1, 0);
	} while (n < 0 && errno == EINTR);
	if (n != 1)
		wrong("a helper died");
	objects.helped &= ~(1U << i);
}

/* The next calls are a helper's, with an endpoint of ours. */
uint32_t task_help(const struct program *p, uint32_t at)
{
	const struct call *c = &p->call[at];
	struct file *file = file_of(c);
	struct parcel parcel;
	uint32_t n = 1 + c->a % 4;
	uint32_t i = c->b % HELPERS;

	if (helping || racing || !file || at + 1 >= p->n)
		return 0;
	if (at + 1 + n > p->n)
		n = p->n - at - 1;
	helper_end(i);
	parcel_make(&parcel);
	parcel.request.like = *file;
	parcel.request.program.n = n;
	memcpy(parcel.request.program.call, &p->call[at + 1],
	       n * sizeof(p->call[0]));
	memcpy(CMSG_DATA(&parcel.control.header), &file->fd, sizeof(int));
	if (sendmsg(helper[i], &parcel.msg, MSG_DONTWAIT) < 0)
		return 0;
	objects.helped |= 1U << i;
	return n;
}

/* ----------------------------------------------------------------------- */

void tasks_prepare(void)
{
	sigset_t all, before;
	uint32_t i;

	for (i = 0; i < HELPERS; i++)
		helper[i] = helper_start(i);
	/* Only what is sent to the thread itself interrupts it. */
	sigfillset(&all);
	sigdelset(&all, SIGUSR2);
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGBUS);
	sem_init(&racer.go, 0, 0);
	sem_init(&racer.done, 0, 0);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&racer.thread, NULL, race, NULL))
		abort();
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void tasks_end(void)
{
	uint32_t i;

	racer_end();
	child_end();
	for (i = 0; i < HELPERS; i++)
		helper_end(i);
}
