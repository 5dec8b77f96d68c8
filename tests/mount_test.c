// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mounts of fastipcfs: options, good ones and one bad one each; what cannot be made there.
 */
#include "kselftest_harness.h"

#include <sys/vfs.h>

#include "fastipc_test.h"
#include "name.h"

/* What /proc/mounts says of it, behind the type. */
static bool options_are(const char *expected)
{
	char line[1024], *options = NULL;
	FILE *f = fopen("/proc/mounts", "r");

	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, NAMES " fastipcfs "))
			options = strstr(line, "rw");
	if (f)
		fclose(f);
	if (options && strstr(options, expected))
		return true;
	fprintf(stderr, "# %s", options ? options : "none\n");
	return false;
}

TEST(mounts_with_options)
{
	struct stat st;

	ASSERT_EQ(0, names_mount("max_bytes=1m,mode=750,uid=5,gid=6"));
	ASSERT_EQ(0, stat(NAMES, &st));
	EXPECT_EQ(S_IFDIR | 0750, st.st_mode);
	EXPECT_EQ(5, st.st_uid);
	EXPECT_EQ(6, st.st_gid);
	EXPECT_TRUE(options_are("max_bytes=1048576,mode=750,uid=5,gid=6"));
}

TEST(mounts_with_defaults)
{
	struct statfs fs;
	struct stat st;

	ASSERT_EQ(0, names_mount(NULL));
	ASSERT_EQ(0, stat(NAMES, &st));
	EXPECT_EQ(S_IFDIR | 01777, st.st_mode);
	EXPECT_EQ(0, st.st_uid);
	ASSERT_EQ(0, statfs(NAMES, &fs));
	EXPECT_EQ(FASTIPC_FS_MAGIC, fs.f_type);
	EXPECT_EQ(255, fs.f_namelen);
	/* Half of the memory. */
	EXPECT_GT(fs.f_blocks, 0);
	EXPECT_LE(fs.f_blocks, sysconf(_SC_PHYS_PAGES));
}

TEST(mounts_without_a_limit)
{
	struct statfs fs;

	ASSERT_EQ(0, names_mount("max_bytes=0"));
	ASSERT_GE(name_make("a", 1 << 20, 0), 0);
	ASSERT_EQ(0, statfs(NAMES, &fs));
	EXPECT_EQ(0, fs.f_blocks);
}

/* One bad value each. */
TEST(refuses_a_size_that_is_none)
{
	EXPECT_EQ(-EINVAL, names_mount("max_bytes=many"));
}

TEST(refuses_a_size_with_more_behind_it)
{
	EXPECT_EQ(-EINVAL, names_mount("max_bytes=1Mx"));
}

TEST(refuses_no_size)
{
	EXPECT_EQ(-EINVAL, names_mount("max_bytes="));
}

TEST(refuses_a_mode_with_other_bits)
{
	EXPECT_EQ(-EINVAL, names_mount("mode=10777"));
}

TEST(refuses_a_mode_that_is_no_number)
{
	EXPECT_EQ(-EINVAL, names_mount("mode=rwx"));
}

TEST(refuses_a_user_that_cannot_be)
{
	EXPECT_EQ(-EINVAL, names_mount("uid=4294967295"));
}

TEST(refuses_a_group_that_cannot_be)
{
	EXPECT_EQ(-EINVAL, names_mount("gid=4294967295"));
}

TEST(refuses_an_unknown_option)
{
	EXPECT_EQ(-EINVAL, names_mount("colour=blue"));
}

TEST(changes_its_limit_by_remount)
{
	ASSERT_EQ(0, names_mount("max_bytes=16K,mode=700"));
	ASSERT_GE(name_make("a", 4096, 0), 0);
	EXPECT_EQ(-ENOSPC, name_make("b", 4096, 0));
	ASSERT_EQ(0, mount(NULL, NAMES, NULL, MS_REMOUNT, "max_bytes=32K"));
	ASSERT_EQ(0, unlink("b"));
	EXPECT_GE(name_make("b", 4096, 0), 0);
	EXPECT_TRUE(options_are("max_bytes=32768,mode=700"));
	/* Less than there is: nothing more. */
	ASSERT_EQ(0, mount(NULL, NAMES, NULL, MS_REMOUNT, "max_bytes=16K"));
	EXPECT_EQ(-ENOSPC, name_make("c", 4096, 0));
	/* What is not said stays. */
	ASSERT_EQ(0, mount(NULL, NAMES, NULL, MS_REMOUNT, ""));
	EXPECT_TRUE(options_are("max_bytes=16384,mode=700"));
}

TEST(is_one_directory_of_names)
{
	ASSERT_EQ(0, names_mount(NULL));
	ASSERT_EQ(0, close(name_make("a", 4096, 0)));
	EXPECT_EQ(-1, mkdir("d", 0700));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, symlink("a", "s"));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, link("a", "l"));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, mkfifo("f", 0600));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(-1, open(".", O_RDWR | O_TMPFILE, 0600));
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_EQ(-1, rmdir("a"));
	EXPECT_EQ(ENOTDIR, errno);
}

TEST(tells_when_names_came_and_went)
{
	struct stat was, is;

	ASSERT_EQ(0, names_mount(NULL));
	ASSERT_EQ(0, stat(".", &was));
	usleep(20000);
	ASSERT_EQ(0, close(name_make("a", 4096, 0)));
	ASSERT_EQ(0, stat(".", &is));
	EXPECT_TRUE(memcmp(&was.st_mtim, &is.st_mtim, sizeof(is.st_mtim)));
	was = is;
	usleep(20000);
	ASSERT_EQ(0, unlink("a"));
	ASSERT_EQ(0, stat(".", &is));
	EXPECT_TRUE(memcmp(&was.st_mtim, &is.st_mtim, sizeof(is.st_mtim)));
}

TEST(are_apart_from_each_other)
{
	ASSERT_EQ(0, names_mount(NULL));
	ASSERT_EQ(0, close(name_make("a", 4096, 0)));
	ASSERT_EQ(0, mount("fastipcfs", "/mnt", "fastipcfs", 0, NULL));
	EXPECT_EQ(-1, access("/mnt/a", F_OK));
	EXPECT_EQ(-1, rename("a", "/mnt/a"));
	EXPECT_EQ(EXDEV, errno);
}

TEST_NOTHING_IS_LEFT()
TEST_HARNESS_MAIN
