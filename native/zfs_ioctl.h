/* Calls on /dev/zfs, with nvlists in and out. */
#ifndef ZT_ZFS_IOCTL_H
#define	ZT_ZFS_IOCTL_H

#include "lzc.h"
#include "zfs_cmd.h"

int zfs_cmd_init(struct zfs_cmd *, const char *name);
int zfs_ioctl(const struct lzc *, unsigned long request, struct zfs_cmd *,
    nvlist_t *src, nvlist_t **dst);
int zfs_ioctl_packed(const struct lzc *, unsigned long request,
    struct zfs_cmd *, nvlist_t *src, char **dst);

#endif
