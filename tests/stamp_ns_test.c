// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stamps and INFO across user and pid namespaces: a pair that was made inside
 * speaks the language of inside; who receives elsewhere is told its own, or that
 * it cannot be.
 */
#include "kselftest_harness.h"
#include "fastipc_test.h"

#include <grp.h>

#define UID_INSIDE 5 /* what root outside is called inside */
#define GID_INSIDE 7
#define UID	   1000 /* has no name inside */
#define GID	   1001
#define OVERFLOW   65534 /* overflowuid, overflowgid */

/* By then the others have done their part, or failed. */
#define SOON_NS 10000000000ULL

static int write_map(pid_t pid, const char *name, int inside)
{
	char path[64], line[32];
	int fd, n, ret;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	n = snprintf(line, sizeof(line), "%d 0 1", inside);
	fd = open(path, O_WRONLY);
	ret = fd < 0 || write(fd, line, n) != n ? -errno : 0;
	close(fd);
	return ret;
}

static bool stamped(const struct fastipc_stamp *stamp, uint32_t pid,
		    uint32_t uid, uint32_t gid)
{
	if (stamp->pid == pid && stamp->uid == uid && stamp->gid == gid)
		return true;
	fprintf(stderr, "# pid %u uid %u gid %u\n", stamp->pid, stamp->uid,
		stamp->gid);
	return false;
}

/* The pair's maker, process 1 of its namespace, at end 0. */
static int inside(int fd, int ready)
{
	struct fastipc_setup setup = { .size = sizeof(setup),
				       .flags = FASTIPC_SEALED,
				       .kind = FASTIPC_KIND_PAIR };
	struct fastipc_recv recv;
	struct fastipc_info info;
	char c = 0;

	if (getpid() != 1 || geteuid() != UID_INSIDE)
		return 10;
	if (raw_ioctl(fd, FASTIPC_SETUP, &setup) || write(ready, &c, 1) != 1)
		return 11;
	if (raw_recv(fd, &recv, &c, 1, SOON_NS) != 1)
		return 12;
	/* Somebody from outside, whose user has no name here. */
	if (!stamped(&recv.stamp, 0, OVERFLOW, OVERFLOW))
		return 13;
	if (raw_info(fd, &info) || info.peer_pid || info.peer_uid != OVERFLOW ||
	    info.peer_gid != OVERFLOW || info.flags & FASTIPC_FOREIGN)
		return 14;
	return raw_send(fd, "i", 1, 0) == 1 ? 0 : 15;
}

/* Makes the namespaces, and becomes the parent of process 1. */
static int enter(int fd, int ready, int go)
{
	char c = 0;
	pid_t pid;

	if (unshare(CLONE_NEWUSER | CLONE_NEWPID))
		return 1;
	if (write(ready, &c, 1) != 1 || read(go, &c, 1) != 1)
		return 2;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(inside(fd, ready));
	}
	return reap(pid);
}

/* At end 1, outside, a user whom the pair's maker cannot name. */
static int outside(int from)
{
	struct fastipc_recv recv;
	struct fastipc_info info;
	struct fastipc_msg msg;
	struct fastipc *me;
	char c;
	int fd;

	if (setgroups(0, NULL) || setresgid(GID, GID, GID) ||
	    setresuid(UID, UID, UID))
		return 20;
	fd = raw_peer(from, O_RDWR);
	if (fd < 0 || raw_send(fd, "o", 1, 0) != 1)
		return 21;
	/* First from process 1 inside: root here, and not whom it is there. */
	if (raw_recv(fd, &recv, &c, 1, SOON_NS) != 1 || c != 'i')
		return 22;
	if (!stamped(&recv.stamp, 0, 0, 0))
		return 23;
	/* Then through the same end from a process outside. */
	if (raw_recv(fd, &recv, &c, 1, SOON_NS) != 1 || c != 'p')
		return 24;
	if (!stamped(&recv.stamp, 0, 0, 0))
		return 25;
	/* INFO is in the language of whoever asks. */
	if (raw_info(fd, &info) || info.peer_uid || info.peer_gid ||
	    info.peer_pid != getppid() || !(info.flags & FASTIPC_FOREIGN))
		return 26;
	/* What the map shows are numbers of inside: the library gives none. */
	if (fastipc_adopt(&me, fd) || fastipc_take(me, &msg, 0) ||
	    msg.seq != 3 || msg.pid || msg.uid != (uid_t)-1 ||
	    msg.gid != (gid_t)-1)
		return 27;
	return 0;
}

TEST(a_pair_made_in_namespaces)
{
	int fd = raw_open(O_RDWR), ready[2], go[2];
	struct fastipc_info info;
	pid_t in, out;
	char c = 0;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(go));
	in = fork_bound();
	if (!in)
		_exit(enter(fd, ready[1], go[0]));
	close(ready[1]);
	ASSERT_EQ(1, read(ready[0], &c, 1));
	ASSERT_EQ(0, write_map(in, "uid_map", UID_INSIDE));
	ASSERT_EQ(0, write_map(in, "gid_map", GID_INSIDE));
	ASSERT_EQ(1, write(go[1], &c, 1));
	/* SETUP was called. */
	ASSERT_EQ(1, read(ready[0], &c, 1));
	out = fork_bound();
	if (!out)
		_exit(outside(fd));
	EXPECT_EQ(0, reap(in));
	ASSERT_EQ(0, raw_info(fd, &info));
	ASSERT_EQ(out, info.peer_pid);
	ASSERT_EQ(UID, info.peer_uid);
	ASSERT_EQ(GID, info.peer_gid);
	ASSERT_EQ(1, raw_send(fd, "p", 1, 0));
	ASSERT_EQ(1, raw_send(fd, "q", 1, 0));
	ASSERT_EQ(0, reap(out));
	close(fd);
	close(ready[0]);
	close(go[0]);
	close(go[1]);
}

TEST_NOTHING_IS_LEFT()

TEST_HARNESS_MAIN
