// SPDX-License-Identifier: MIT
/* hello.c - a pair, a child, and one message from the parent to it. */
#include <err.h>
#include <fastipc.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void check(const char *call, int ret)
{
	if (ret < 0)
		errx(1, "%s: %s", call, strerror(-ret));
}

int main(void)
{
	struct fastipc *end[2], *mine;
	char text[64];
	int n, status;

	check("fastipc_pair", fastipc_pair(end, NULL));
	switch (fork()) {
	case -1:
		err(1, "fork");
	case 0: /* the child: end 1 */
		close(fastipc_fd(end[0]));
		check("fastipc_adopt",
		      fastipc_adopt(&mine, fastipc_fd(end[1])));
		n = fastipc_recv(mine, text, sizeof(text), 0);
		check("fastipc_recv", n);
		printf("the child got: %.*s\n", n, text);
		return 0;
	}
	fastipc_close(end[1]);
	check("fastipc_send", fastipc_send(end[0], "hello", 5, 0));
	return wait(&status) < 0 || status;
}
