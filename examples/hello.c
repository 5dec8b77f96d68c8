// SPDX-License-Identifier: MIT
/* hello.c - a pair, a child, and one message from the parent to it. */
#include <err.h>
#include <fastipc.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	struct fastipc *end[2], *mine;
	int status, ret = fastipc_pair(end, NULL);
	char text[64];

	if (ret)
		errx(1, "fastipc_pair: %s", strerror(-ret));
	if (!fork()) {
		/* The child keeps end 1, and lets go of end 0. */
		close(fastipc_fd(end[0]));
		ret = fastipc_adopt(&mine, fastipc_fd(end[1]));
		if (!ret)
			ret = fastipc_recv(mine, text, sizeof(text), 0);
		printf("the child got: %.*s\n", ret < 0 ? 0 : ret, text);
		return ret < 0;
	}
	fastipc_close(end[1]);
	ret = fastipc_send(end[0], "hello", 5, 0);
	return ret || wait(&status) < 0 || status;
}
