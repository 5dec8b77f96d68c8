// SPDX-License-Identifier: MIT
/*
 * kill.c - kill the sender in mid-stream, and lose nothing.
 *
 * A child sends numbered messages as fast as it can and notes, in memory shared
 * with its parent, how many it began to send and how many it has sent.  The
 * parent receives, kills the child with SIGKILL after a moment, and goes on
 * receiving.  Every message that was sent must arrive, in order and whole; at
 * most the one that the child was just sending may come besides; then comes
 * ECONNRESET, because the child did not say that it was done.
 */
#include <err.h>
#include <errno.h>
#include <fastipc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECONDS	   0.5
#define WORDS	   8  /* of a message: its number, all over */
#define LOOK_EVERY 64 /* messages between two looks at the clock */

static const char usage[] =
	"Usage: kill\n"
	"Kill the sending process in mid-stream: all that it had sent arrives, then\n"
	"ECONNRESET.\n";

/**
 * struct notes - what the sender notes for the one who will bury it
 * @begun: messages that it began to send
 * @sent: messages of which fastipc_send() said that they are sent
 */
struct notes {
	uint64_t begun;
	uint64_t sent;
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

static void send_for_ever(struct fastipc *out, struct notes *notes)
{
	uint64_t message[WORDS], number;
	int i;

	for (number = 0;; number++) {
		for (i = 0; i < WORDS; i++)
			message[i] = number;
		__atomic_store_n(&notes->begun, number + 1, __ATOMIC_RELEASE);
		check("fastipc_send",
		      fastipc_send(out, message, sizeof(message), 0));
		__atomic_store_n(&notes->sent, number + 1, __ATOMIC_RELEASE);
	}
}

static pid_t start_sender(struct fastipc *end[2], struct notes *notes)
{
	struct fastipc *out;
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid)
		return pid;
	close(fastipc_fd(end[0]));
	check("fastipc_adopt", fastipc_adopt(&out, fastipc_fd(end[1])));
	send_for_ever(out, notes);
	exit(1);
}

/* Receive one message, which must be this one: whether there was one. */
static bool receive(struct fastipc *in, uint64_t number, int *error)
{
	uint64_t message[WORDS];
	ssize_t n;
	int i;

	n = fastipc_recv(in, message, sizeof(message), 0);
	if (n < 0) {
		*error = -n;
		return false;
	}
	if (n != sizeof(message))
		errx(1, "a message of %zd bytes", n);
	for (i = 0; i < WORDS; i++)
		if (message[i] != number)
			errx(1, "got %llu where %llu was due",
			     (unsigned long long)message[i],
			     (unsigned long long)number);
	return true;
}

/* See that it was our signal that the child died of. */
static void bury(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		err(1, "waitpid");
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		errx(1, "the child ended by itself");
}

static void show(const char *what, uint64_t value)
{
	printf("  %-34s %12llu\n", what, (unsigned long long)value);
}

int main(int argc, char **argv)
{
	uint64_t received = 0, received_before;
	struct fastipc *end[2];
	struct notes *notes;
	int error = 0;
	bool help;
	double stop;
	pid_t pid;

	if (argc > 1) {
		help = !strcmp(argv[1], "--help");
		fputs(usage, help ? stdout : stderr);
		return help ? 0 : 2;
	}
	notes = mmap(NULL, sizeof(*notes), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (notes == MAP_FAILED)
		err(1, "mmap");
	check("fastipc_pair", fastipc_pair(end, NULL));
	pid = start_sender(end, notes);
	fastipc_close(end[1]);

	stop = now() + SECONDS;
	while (received % LOOK_EVERY || now() < stop) {
		if (!receive(end[0], received, &error))
			errx(1, "the stream broke: %s", strerror(error));
		received++;
	}
	received_before = received;
	if (kill(pid, SIGKILL))
		err(1, "kill");
	while (receive(end[0], received, &error))
		received++;
	bury(pid);

	show("the sender had sent", notes->sent);
	show("the sender had begun to send", notes->begun);
	show("received before the kill", received_before);
	show("received after that", received - received_before);
	if (received < notes->sent || received > notes->begun)
		errx(1, "%llu received in all: wrong",
		     (unsigned long long)received);
	if (error != ECONNRESET)
		errx(1, "then: %s, not ECONNRESET", strerror(error));
	printf("%llu messages sent, %llu arrived, in order; then ECONNRESET\n",
	       (unsigned long long)notes->sent, (unsigned long long)received);
	fastipc_close(end[0]);
	return 0;
}
