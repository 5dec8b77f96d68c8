// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two users, and two containers, with names: who sees, makes, opens, changes and removes
 * one, and with what errno not.
 */
#include "kselftest_harness.h"

#include <dirent.h>
#include <grp.h>

#include "fastipc_test.h"
#include "name.h"

#define OWNER  1000
#define OTHER  1001
#define PARAMETER "/sys/module/fastipc/parameters/userns_mounts"

/* What a user gets when it does something: 0, or -errno. */
static int as(uid_t uid, int (*body)(void))
{
	pid_t pid = fork_bound();

	if (!pid) {
		if (setgroups(0, NULL) || setgid(uid) || setuid(uid))
			_exit(126);
		umask(0);
		_exit(-body());
	}
	return -reap(pid);
}

static int opened(const char *name, int flags)
{
	int fd = name_open(name, flags);

	return fd < 0 ? fd : close(fd);
}

static int make_it(void)
{
	int fd = name_make("a", 4096, FASTIPC_SEALED | FASTIPC_KEEP);

	return fd < 0 ? fd : fchmod(fd, 0600);
}

static int open_to_read(void)
{
	return opened("a", O_RDONLY);
}

static int open_to_write(void)
{
	return opened("a", O_WRONLY);
}

static int open_for_both(void)
{
	return opened("a", O_RDWR);
}

static int look(void)
{
	struct stat st;

	return stat("a", &st) ? -errno : 0;
}

static int list(void)
{
	DIR *dir = opendir(".");
	int n = 0;

	if (!dir)
		return -errno;
	while (readdir(dir))
		n++;
	return n - 2 - 1; /* one besides . and .. */
}

static int remove_it(void)
{
	return unlink("a") ? -errno : 0;
}

static int rename_it(void)
{
	return rename("a", "b") ? -errno : 0;
}

static int change_mode(void)
{
	return chmod("a", 0666) ? -errno : 0;
}

static int change_owner(void)
{
	return chown("a", OTHER, OTHER) ? -errno : 0;
}

static int take_name(void)
{
	return opened("a", O_RDWR | O_CREAT | O_EXCL);
}

static int make_another(void)
{
	return opened("b", O_RDWR | O_CREAT);
}

FIXTURE(user)
{
};

FIXTURE_SETUP(user)
{
	ASSERT_EQ(0, names_mount("mode=1777"));
	ASSERT_EQ(0, as(OWNER, make_it));
}

FIXTURE_TEARDOWN(user)
{
}

TEST_F(user, owns_what_it_makes)
{
	struct stat st;

	ASSERT_EQ(0, stat("a", &st));
	EXPECT_EQ(OWNER, st.st_uid);
	EXPECT_EQ(OWNER, st.st_gid);
	EXPECT_EQ(0, as(OWNER, open_for_both));
	EXPECT_EQ(0, as(OWNER, change_mode));
	EXPECT_EQ(0, as(OWNER, remove_it));
}

TEST_F(user, is_kept_out_by_the_mode)
{
	EXPECT_EQ(0, as(OTHER, look));
	EXPECT_EQ(0, as(OTHER, list));
	EXPECT_EQ(-EACCES, as(OTHER, open_to_read));
	EXPECT_EQ(-EACCES, as(OTHER, open_to_write));
	EXPECT_EQ(-EACCES, as(OTHER, open_for_both));
}

TEST_F(user, may_receive_if_it_may_read)
{
	ASSERT_EQ(0, chmod("a", 0604));
	EXPECT_EQ(0, as(OTHER, open_to_read));
	EXPECT_EQ(-EACCES, as(OTHER, open_to_write));
	EXPECT_EQ(-EACCES, as(OTHER, open_for_both));
}

TEST_F(user, may_send_if_it_may_write)
{
	ASSERT_EQ(0, chmod("a", 0602));
	EXPECT_EQ(-EACCES, as(OTHER, open_to_read));
	EXPECT_EQ(0, as(OTHER, open_to_write));
	EXPECT_EQ(-EACCES, as(OTHER, open_for_both));
}

TEST_F(user, may_not_change_what_is_anothers)
{
	ASSERT_EQ(0, chmod("a", 0666));
	EXPECT_EQ(-EPERM, as(OTHER, change_mode));
	EXPECT_EQ(-EPERM, as(OTHER, change_owner));
	EXPECT_EQ(-EPERM, as(OTHER, remove_it));
	EXPECT_EQ(-EPERM, as(OTHER, rename_it));
	EXPECT_EQ(-EEXIST, as(OTHER, take_name));
}

TEST_F(user, may_not_make_names_where_it_may_not_write)
{
	ASSERT_EQ(0, chmod(".", 0755));
	EXPECT_EQ(-EACCES, as(OTHER, make_another));
	ASSERT_EQ(0, chmod("a", 0666));
	EXPECT_EQ(0, as(OTHER, open_for_both));
}

TEST_F(user, sees_no_name_where_it_may_not_look)
{
	ASSERT_EQ(0, chmod("a", 0666));
	ASSERT_EQ(0, chmod(".", 0700));
	EXPECT_EQ(-EACCES, as(OTHER, list));
	EXPECT_EQ(-EACCES, as(OTHER, look));
	EXPECT_EQ(-EACCES, as(OTHER, open_for_both));
}

static int no_matter;

static int send_what_was_opened(void)
{
	return raw_send(no_matter, "x", 1, 0) == 1 ? 0 : -errno;
}

/* As with any file: the mode counts when it is opened. */
TEST_F(user, keeps_what_it_has_open)
{
	ASSERT_EQ(0, chmod("a", 0602));
	no_matter = name_open("a", O_WRONLY);
	ASSERT_EQ(0, chmod("a", 0));
	EXPECT_EQ(0, as(OTHER, send_what_was_opened));
	close(no_matter);
}

/* Of who opened it, whoever uses it then. */
TEST_F(user, is_known_to_the_receiver)
{
	struct fastipc_recv recv;
	int fd, r = name_end("a", O_RDONLY, 1);
	char c;

	ASSERT_EQ(0, chmod("a", 0666));
	fd = name_open("a", O_WRONLY);
	no_matter = fd;
	ASSERT_EQ(0, as(OTHER, send_what_was_opened));
	ASSERT_EQ(1, raw_recv(r, &recv, &c, 1, 0));
	EXPECT_EQ(0, recv.stamp.uid);
	close(fd);
	close(r);
}

static int create_it(void)
{
	struct fastipc_options options = { .size = sizeof(options),
					   .flags = FASTIPC_KEEP,
					   .ring_bytes = 4096 };
	struct fastipc *f;
	int ret = fastipc_create(&f, "a", O_RDWR, &options);

	if (!ret)
		fastipc_close(f);
	return ret;
}

/* Where all may make names, it may be made by who wants to be mistaken for another. */
TEST_F(user, does_not_create_what_is_a_strangers)
{
	ASSERT_EQ(0, chmod("a", 0666));
	EXPECT_EQ(-EACCES, as(OTHER, create_it));
	EXPECT_EQ(0, as(OWNER, create_it));
	/* Nor does root. */
	EXPECT_EQ(-EACCES, create_it());
	ASSERT_EQ(0, chmod(".", 0755));
	EXPECT_EQ(0, as(OTHER, create_it));
}

#define NOBODY 65534 /* overflowuid */

/* Containers ---------------------------------------------------------------- */

static bool allow_mounts(bool allowed)
{
	int fd = open(PARAMETER, O_WRONLY);
	bool good = write(fd, allowed ? "1" : "0", 1) == 1;

	close(fd);
	return good;
}

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool good = write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	close(fd);
	return good;
}

/* Root in namespaces of its own, as a rootless container is: 0, or -errno. */
static int enter(void)
{
	char map[32];
	uid_t uid = getuid();

	/* Or /proc/self is root's, since this was. */
	if (prctl(PR_SET_DUMPABLE, 1) ||
	    unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID))
		return -errno;
	snprintf(map, sizeof(map), "0 %d 1", uid);
	if (!write_file("/proc/self/setgroups", "deny") ||
	    !write_file("/proc/self/uid_map", map) ||
	    !write_file("/proc/self/gid_map", map))
		return -EIO;
	return 0;
}

static int mount_inside(const char *options)
{
	return mount("fastipcfs", "/mnt", "fastipcfs", 0, options) ? -errno : 0;
}

static int mount_in_container(void)
{
	return enter() ?: mount_inside(NULL);
}

static int make_inside(void)
{
	struct stat st;
	int ret = enter() ?: mount_inside("max_bytes=1M,mode=700");

	if (ret || chdir("/mnt"))
		return ret ?: -errno;
	ret = name_make("inside", 4096, FASTIPC_KEEP);
	if (ret < 0)
		return ret;
	if (fstat(ret, &st) || st.st_uid)
		return -ERANGE;
	if (stat("/mnt/a", &st) != -1 || errno != ENOENT)
		return -EEXIST;
	return raw_attach(ret, 0);
}

/* The user is the same, in there and out here: so it may open its own. */
static int open_inside(void)
{
	return enter() ?: opened(NAMES "/a", O_RDWR);
}

static int give_away(void)
{
	return enter() ?: mount_inside("uid=1001");
}

TEST_F(user, of_a_container_may_not_mount)
{
	EXPECT_EQ(-EPERM, as(OWNER, mount_in_container));
}

FIXTURE(container)
{
};

FIXTURE_SETUP(container)
{
	ASSERT_EQ(0, names_mount("mode=1777"));
	ASSERT_EQ(0, as(OWNER, make_it));
	ASSERT_TRUE(allow_mounts(true));
}

FIXTURE_TEARDOWN(container)
{
	ASSERT_TRUE(allow_mounts(false));
}

TEST_F(container, may_mount_if_allowed)
{
	EXPECT_EQ(0, as(OWNER, mount_in_container));
}

TEST_F(container, sees_only_its_own)
{
	EXPECT_EQ(0, as(OWNER, make_inside));
	EXPECT_EQ(0, as(OTHER, make_inside));
	EXPECT_EQ(-1, access("inside", F_OK));
}

TEST_F(container, opens_what_its_user_may)
{
	EXPECT_EQ(0, as(OWNER, open_inside));
	EXPECT_EQ(-EACCES, as(OTHER, open_inside));
}

TEST_F(container, cannot_give_its_mount_to_somebody_else)
{
	EXPECT_EQ(-EINVAL, as(OWNER, give_away));
}

/* In the pid namespace that enter() made: what it is told of a stranger out here. */
static int meet_the_host(void)
{
	struct fastipc_info info = { .size = sizeof(info) };
	struct fastipc_recv recv;
	int fd = name_end(NAMES "/a", O_RDWR, 1);
	char c;

	if (fd < 0)
		return fd;
	if (raw_ioctl(fd, FASTIPC_INFO, &info) ||
	    raw_recv(fd, &recv, &c, 1, 0) != 1)
		return -ENODATA;
	if (info.peer_state != FASTIPC_PEER_ATTACHED || info.peer_pid ||
	    info.peer_uid != NOBODY || info.peer_gid != NOBODY ||
	    !(info.flags & FASTIPC_FOREIGN))
		return -EBADE;
	return recv.stamp.pid || recv.stamp.uid != NOBODY ||
			       recv.stamp.gid != NOBODY ?
		       -EBADMSG :
		       0;
}

static int meet_inside(void)
{
	int ret = enter();
	pid_t pid;

	if (ret)
		return ret;
	/* Not fork_bound(): in there the parent has no pid. */
	pid = fork();
	if (!pid)
		_exit(-meet_the_host());
	return -reap(pid);
}

TEST_F(container, learns_no_id_of_the_host)
{
	int fd = name_end("a", O_RDWR, 0);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(1, raw_send(fd, "x", 1, 0));
	EXPECT_EQ(0, as(OWNER, meet_inside));
	close(fd);
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
