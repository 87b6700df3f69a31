/* Calls on /dev/zfs, with nvlists in and out. */
#ifndef ZT_ZFS_IOCTL_H
#define	ZT_ZFS_IOCTL_H

#include "lzc.h"
#include "zfs_cmd.h"

/* Make an argument for the dataset or pool `name`; ENAMETOOLONG is possible. */
int zfs_cmd_init(struct zfs_cmd *, const char *name);

/*
 * Make one ioctl, with the nvlist `src` as its input and `*dst` as its output.
 * Either may be NULL; `*dst` is NULL where the kernel gave none, and may be
 * there although the call failed.  The caller frees it: as an nvlist, or by
 * free() where it stays packed (cmd->dst_size bytes).
 */
int zfs_ioctl(const struct lzc *, unsigned long request, struct zfs_cmd *,
    nvlist_t *src, nvlist_t **dst);
int zfs_ioctl_packed(const struct lzc *, unsigned long request,
    struct zfs_cmd *, nvlist_t *src, char **dst);

#endif
