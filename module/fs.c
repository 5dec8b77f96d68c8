// SPDX-License-Identifier: GPL-2.0-only
/*
 * fastipcfs.  See fs.h.
 *
 * A name holds its inode until it is removed, and an open file does; the inode holds the
 * channel as long as it has a name.  Opening a name makes an endpoint that is no end yet
 * (endpoint.c).
 */
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/fs_parser.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/statfs.h>

#include "channel.h"
#include "compat.h"
#include "endpoint.h"
#include "fs.h"

static bool userns_mounts;
module_param(userns_mounts, bool, 0644);
MODULE_PARM_DESC(userns_mounts,
		 "fastipcfs may be mounted in user namespaces (default no)");

/**
 * struct fastipc_mount - options and contents of a mount
 * @space: bytes of its channels
 * @mode: of the directory
 * @uid: its owner
 * @gid: likewise
 * @set: which options were given, by enum fs_option
 */
struct fastipc_mount {
	struct fastipc_space space;
	umode_t mode;
	kuid_t uid;
	kgid_t gid;
	unsigned int set;
};

static struct fastipc_mount *mount_of(const struct super_block *sb)
{
	return sb->s_fs_info;
}

/* Inodes ------------------------------------------------------------------ */

/*
 * The channel without its name: for those who have it open.  Others may hold the inode,
 * who need no permission for that (O_PATH); what it cost its owner is given back.
 */
static void fs_forget(struct inode *inode)
{
	struct fastipc_channel *channel;

	spin_lock(&inode->i_lock);
	channel = inode->i_private;
	inode->i_private = NULL;
	spin_unlock(&inode->i_lock);
	if (channel)
		fastipc_channel_put(channel);
}

static void fs_evict_inode(struct inode *inode)
{
	truncate_inode_pages_final(&inode->i_data);
	clear_inode(inode);
	fs_forget(inode);
}

static int fs_getattr(struct mnt_idmap *idmap, const struct path *path,
		      struct kstat *stat, u32 mask, unsigned int flags)
{
	struct inode *inode = d_inode(path->dentry);
	const struct fastipc_channel *channel;
	int ret = simple_getattr(idmap, path, stat, mask, flags);

	/* For du(1): what the channel takes. */
	spin_lock(&inode->i_lock);
	channel = inode->i_private;
	if (!ret && channel)
		stat->blocks = READ_ONCE(channel->bytes) >> 9;
	spin_unlock(&inode->i_lock);
	return ret;
}

static const struct inode_operations fs_name_iops = {
	.getattr = fs_getattr,
};

static struct inode *fs_new_inode(struct super_block *sb)
{
	struct inode *inode = new_inode(sb);

	if (inode) {
		inode->i_ino = get_next_ino();
		simple_inode_init_ts(inode);
	}
	return inode;
}

/* open(2) with O_CREAT, mknod(2): a channel that is not set up. */
static int fs_make(struct mnt_idmap *idmap, struct inode *dir,
		   struct dentry *dentry, umode_t mode)
{
	struct fastipc_channel *channel = fastipc_channel_new();
	struct inode *inode;

	if (IS_ERR(channel))
		return PTR_ERR(channel);
	inode = fs_new_inode(dir->i_sb);
	if (!inode) {
		fastipc_channel_put(channel);
		return -ENOMEM;
	}
	inode_init_owner(idmap, inode, dir, S_IFIFO | (mode & 07777));
	channel->space = &mount_of(dir->i_sb)->space;
	channel->mapping = &inode->i_data;
	inode->i_private = channel;
	inode->i_op = &fs_name_iops;
	inode->i_fop = &fastipc_endpoint_fops;
	d_instantiate(dentry, inode);
	dget(dentry); /* until it is removed */
	fastipc_touch(dir);
	return 0;
}

static int fs_create(struct mnt_idmap *idmap, struct inode *dir,
		     struct dentry *dentry, umode_t mode, bool excl)
{
	return fs_make(idmap, dir, dentry, mode);
}

static int fs_unlink(struct inode *dir, struct dentry *dentry)
{
	int ret = simple_unlink(dir, dentry);

	fs_forget(d_inode(dentry));
	return ret;
}

static int fs_rename(struct mnt_idmap *idmap, struct inode *from_dir,
		     struct dentry *from, struct inode *to_dir,
		     struct dentry *to, unsigned int flags)
{
	struct inode *replaced = d_inode(to);
	int ret = simple_rename(idmap, from_dir, from, to_dir, to, flags);

	if (!ret && replaced && !(flags & RENAME_EXCHANGE))
		fs_forget(replaced);
	return ret;
}

static const struct inode_operations fs_dir_iops = {
	.lookup = simple_lookup,
	.create = fs_create,
	.unlink = fs_unlink,
	.rename = fs_rename,
};

/* Mounts ------------------------------------------------------------------ */

static int fs_statfs(struct dentry *dentry, struct kstatfs *buf)
{
	struct fastipc_space *space = &mount_of(dentry->d_sb)->space;
	u64 used, max;

	spin_lock(&space->lock);
	used = space->used;
	max = space->max;
	spin_unlock(&space->lock);
	buf->f_type = dentry->d_sb->s_magic;
	buf->f_bsize = PAGE_SIZE;
	buf->f_namelen = NAME_MAX;
	if (max) {
		buf->f_blocks = max >> PAGE_SHIFT;
		buf->f_bfree = max > used ? (max - used) >> PAGE_SHIFT : 0;
		buf->f_bavail = buf->f_bfree;
	}
	return 0;
}

enum fs_option { OPTION_MAX_BYTES, OPTION_MODE, OPTION_UID, OPTION_GID };

static int fs_show_options(struct seq_file *m, struct dentry *root)
{
	const struct fastipc_mount *mount = mount_of(root->d_sb);

	seq_printf(m, ",max_bytes=%llu", READ_ONCE(mount->space.max));
	seq_printf(m, ",mode=%o", mount->mode);
	seq_printf(m, ",uid=%u",
		   from_kuid_munged(current_user_ns(), mount->uid));
	seq_printf(m, ",gid=%u",
		   from_kgid_munged(current_user_ns(), mount->gid));
	return 0;
}

static const struct super_operations fs_super_ops = {
	.statfs = fs_statfs,
	.drop_inode = generic_delete_inode,
	.evict_inode = fs_evict_inode,
	.show_options = fs_show_options,
};

static const struct fs_parameter_spec fs_parameters[] = {
	fsparam_string("max_bytes", OPTION_MAX_BYTES),
	fsparam_u32oct("mode", OPTION_MODE),
	fsparam_u32("uid", OPTION_UID),
	fsparam_u32("gid", OPTION_GID),
	{}
};

static int fs_parse_param(struct fs_context *fc, struct fs_parameter *param)
{
	struct fastipc_mount *mount = fc->s_fs_info;
	struct fs_parse_result result;
	char *end;
	int option = fs_parse(fc, fs_parameters, param, &result);

	if (option < 0)
		return option;
	switch (option) {
	case OPTION_MAX_BYTES:
		mount->space.max = memparse(param->string, &end);
		if (*end || end == param->string)
			return invalfc(fc, "max_bytes=%s is no size",
				       param->string);
		break;
	case OPTION_MODE:
		if (result.uint_32 & ~07777)
			return invalfc(fc, "mode=%o is no mode",
				       result.uint_32);
		mount->mode = result.uint_32;
		break;
	case OPTION_UID:
		mount->uid = make_kuid(current_user_ns(), result.uint_32);
		if (!uid_valid(mount->uid) ||
		    !kuid_has_mapping(fc->user_ns, mount->uid))
			return invalfc(fc, "uid=%u is nobody here",
				       result.uint_32);
		break;
	case OPTION_GID:
		mount->gid = make_kgid(current_user_ns(), result.uint_32);
		if (!gid_valid(mount->gid) ||
		    !kgid_has_mapping(fc->user_ns, mount->gid))
			return invalfc(fc, "gid=%u is no group here",
				       result.uint_32);
		break;
	}
	mount->set |= 1 << option;
	return 0;
}

static int fs_fill_super(struct super_block *sb, struct fs_context *fc)
{
	const struct fastipc_mount *mount = mount_of(sb);
	struct inode *root;

	sb->s_magic = FASTIPC_FS_MAGIC;
	sb->s_iflags |= SB_I_NOEXEC | SB_I_NODEV;
	sb->s_blocksize = PAGE_SIZE;
	sb->s_blocksize_bits = PAGE_SHIFT;
	sb->s_maxbytes = MAX_LFS_FILESIZE;
	sb->s_time_gran = 1;
	sb->s_op = &fs_super_ops;
	root = fs_new_inode(sb);
	if (!root)
		return -ENOMEM;
	root->i_mode = S_IFDIR | mount->mode;
	root->i_uid = mount->uid;
	root->i_gid = mount->gid;
	set_nlink(root, 2);
	root->i_op = &fs_dir_iops;
	root->i_fop = &simple_dir_operations;
	sb->s_root = d_make_root(root);
	return sb->s_root ? 0 : -ENOMEM;
}

static int fs_get_tree(struct fs_context *fc)
{
	if (fc->user_ns != &init_user_ns && !READ_ONCE(userns_mounts)) {
		errorfc(fc, "the parameter userns_mounts is 0");
		return -EPERM;
	}
	return get_tree_nodev(fc, fs_fill_super);
}

/* "mount -o remount": of a mount that is in use only the limit can change. */
static int fs_reconfigure(struct fs_context *fc)
{
	struct fastipc_mount *mount = mount_of(fc->root->d_sb);
	const struct fastipc_mount *new = fc->s_fs_info;

	if (!(new->set & 1 << OPTION_MAX_BYTES))
		return 0;
	spin_lock(&mount->space.lock);
	WRITE_ONCE(mount->space.max, new->space.max);
	spin_unlock(&mount->space.lock);
	return 0;
}

static void fs_free_context(struct fs_context *fc)
{
	/* Unless it has become a mount's. */
	kfree(fc->s_fs_info);
}

static const struct fs_context_operations fs_context_ops = {
	.free = fs_free_context,
	.parse_param = fs_parse_param,
	.get_tree = fs_get_tree,
	.reconfigure = fs_reconfigure,
};

static int fs_init_context(struct fs_context *fc)
{
	struct fastipc_mount *mount = kzalloc(sizeof(*mount), GFP_KERNEL);

	if (!mount)
		return -ENOMEM;
	spin_lock_init(&mount->space.lock);
	/* As tmpfs: what the rings are in is memory that cannot be swapped. */
	mount->space.max = (u64)totalram_pages() * PAGE_SIZE / 2;
	mount->mode = 01777;
	mount->uid = make_kuid(fc->user_ns, 0);
	mount->gid = make_kgid(fc->user_ns, 0);
	fc->s_fs_info = mount;
	fc->ops = &fs_context_ops;
	return 0;
}

static void fs_kill_super(struct super_block *sb)
{
	struct fastipc_mount *mount = mount_of(sb);

	kill_litter_super(sb);
	kfree(mount);
}

static struct file_system_type fs_type = {
	.owner = THIS_MODULE,
	.name = "fastipcfs",
	.init_fs_context = fs_init_context,
	.parameters = fs_parameters,
	.kill_sb = fs_kill_super,
	.fs_flags = FS_USERNS_MOUNT,
};
MODULE_ALIAS_FS("fastipcfs");

int fastipc_fs_register(void)
{
	return register_filesystem(&fs_type);
}

void fastipc_fs_unregister(void)
{
	unregister_filesystem(&fs_type);
}
