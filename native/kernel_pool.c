/* The kernel's provider: calls for whole pools. */
#include "kernel.h"
#include "zfs_ioctl.h"

static int
pool_ioctl(const struct lzc *z, unsigned long request, const char *pool,
    nvlist_t **out)
{
	struct zfs_cmd cmd;
	int error = zfs_cmd_init(&cmd, pool);

	return (error != 0 ? error : zfs_ioctl(z, request, &cmd, NULL, out));
}

int
kernel_pool_configs(const struct lzc *z, nvlist_t **out)
{
	return (pool_ioctl(z, ZFS_IOC_POOL_CONFIGS, "", out));
}

int
kernel_pool_config(const struct lzc *z, const char *pool, nvlist_t **out)
{
	return (pool_ioctl(z, ZFS_IOC_POOL_STATS, pool, out));
}

int
kernel_pool_props(const struct lzc *z, const char *pool, nvlist_t **out)
{
	return (pool_ioctl(z, ZFS_IOC_POOL_GET_PROPS, pool, out));
}

int
kernel_scrub(const struct lzc *z, const char *pool, unsigned int func,
    unsigned int command)
{
	struct zfs_cmd cmd;
	int error = zfs_cmd_init(&cmd, pool);

	if (error != 0)
		return (error);
	cmd.cookie = func;
	cmd.flags = command;
	return (zfs_ioctl(z, ZFS_IOC_POOL_SCAN, &cmd, NULL, NULL));
}
