/*
 * The image provider: calls for the whole pool.  They do what the functions of
 * module/zfs/zfs_ioctl.c do that have the same names there.
 */
#include <errno.h>
#include <string.h>

#include "image.h"

/* include/sys/fs/zfs.h */
enum { SCAN_NONE, SCAN_ERRORSCRUB = 3 };
enum { SCRUB_PAUSE = 1 };
enum { INITIALIZE_SUSPEND = 2, INITIALIZE_UNINIT, TRIM_SUSPEND = 2 };

enum { BOOTENV_NVLIST = 1 };	/* VB_NVLIST, include/sys/vdev_impl.h */
enum { LOCK_ALL = 0x7f };	/* SCL_ALL, include/sys/spa.h */

/* The kernel finds the pool by its name, and here there is only one. */
static int
open_pool(const char *pool, spa_t **spa)
{
	return (strcmp(pool, image_pool_name) != 0 ? ENOENT :
	    zpool.spa_open(pool, spa, image_tag));
}

/*
 * The one argument is "force", by which the kernel writes the labels as well.
 * Those of an image are written when it is closed.
 */
int
image_lzc_sync(const char *pool, nvlist_t *args, nvlist_t **out)
{
	spa_t *spa;
	nvpair_t *force = image->nvp.nvlist_next_nvpair(args, NULL);
	boolean_t forced = B_FALSE;
	int error = 0;

	(void) out;
	if (force != NULL)
		error = image->nvp.nvpair_value_boolean_value(force, &forced);
	if (error == 0)
		error = forced ? ENOSYS : open_pool(pool, &spa);
	if (error != 0)
		return (error);
	zpool.txg_wait_synced(zpool.spa_get_dsl(spa), 0);
	zpool.spa_close(spa, image_tag);
	return (0);
}

int
image_lzc_wait(const char *pool, uint_t activity, boolean_t *waited)
{
	return (zpool.spa_wait(pool, activity, waited));
}

int
image_lzc_wait_tag(const char *pool, uint_t activity, uint64_t tag,
    boolean_t *waited)
{
	return (zpool.spa_wait_tag(pool, activity, tag, waited));
}

/* Files are deleted in a filesystem that is mounted, and here none is. */
int
image_lzc_wait_fs(const char *name, uint_t activity, boolean_t *waited)
{
	objset_t *os;
	int error = zpool.dmu_objset_hold(name, image_tag, &os);

	(void) activity;
	*waited = B_FALSE;
	if (error == 0)
		zpool.dmu_objset_rele(os, image_tag);
	return (error);
}

/* Nothing comes to a file that was not there before. */
int
image_lzc_reopen(const char *pool, boolean_t scrub_restart)
{
	(void) pool, (void) scrub_restart;
	return (ENOSYS);
}

int
image_lzc_pool_checkpoint(const char *pool)
{
	return (zpool.spa_checkpoint(pool));
}

int
image_lzc_pool_checkpoint_discard(const char *pool)
{
	return (zpool.spa_checkpoint_discard(pool));
}

/* A guid of another type would fail an assertion. */
static int
check_guids(nvlist_t *vdevs)
{
	const struct nvp *nvp = &image->nvp;
	uint64_t guid;
	int error = 0;

	for (nvpair_t *pair = nvp->nvlist_next_nvpair(vdevs, NULL);
	    pair != NULL && error == 0;
	    pair = nvp->nvlist_next_nvpair(vdevs, pair))
		error = nvp->nvpair_value_uint64(pair, &guid);
	return (error);
}

/* The errors of the devices go below `name`; the kernel counts them alike. */
static int
give_device_errors(const char *name, int count, nvlist_t *devices,
    nvlist_t **errors)
{
	const struct nvp *nvp = &image->nvp;
	int error = 0;

	if (nvp->nvlist_next_nvpair(devices, NULL) != NULL) {
		error = image_new_errors(errors);
		if (error == 0)
			error = nvp->nvlist_add_nvlist(*errors, name, devices);
	}
	return (error != 0 ? error : count > 0 ? EINVAL : 0);
}

int
image_lzc_initialize(const char *pool, uint_t command, nvlist_t *vdevs,
    nvlist_t **errors)
{
	uint_t last = image->minor < 2 ? INITIALIZE_SUSPEND : INITIALIZE_UNINIT;
	nvlist_t *devices = NULL;
	spa_t *spa;
	int error = command > last ? EINVAL : check_guids(vdevs);

	if (error == 0)
		error = open_pool(pool, &spa);
	if (error != 0)
		return (error);
	error = image_new_errors(&devices);
	if (error == 0) {
		int count = zpool.spa_vdev_initialize(spa, vdevs, command,
		    devices);
		error = give_device_errors("initialize_vdevs", count, devices,
		    errors);
	}
	image->nvp.nvlist_free(devices);
	zpool.spa_close(spa, image_tag);
	return (error);
}

int
image_lzc_trim(const char *pool, uint_t command, uint64_t rate,
    boolean_t secure, nvlist_t *vdevs, nvlist_t **errors)
{
	nvlist_t *devices = NULL;
	spa_t *spa;
	int error = command > TRIM_SUSPEND ? EINVAL : check_guids(vdevs);

	if (error == 0)
		error = open_pool(pool, &spa);
	if (error != 0)
		return (error);
	error = image_new_errors(&devices);
	if (error == 0) {
		int count = zpool.spa_vdev_trim(spa, vdevs, command, rate,
		    B_FALSE, secure, devices);
		error = give_device_errors("trim_vdevs", count, devices,
		    errors);
	}
	image->nvp.nvlist_free(devices);
	zpool.spa_close(spa, image_tag);
	return (error);
}

/* zfs_ioc_pool_scan() */
int
image_scrub(const struct lzc *z, const char *pool, unsigned int func,
    unsigned int command)
{
	spa_t *spa;
	int error = open_pool(pool, &spa);

	if (error != 0)
		return (error);
	if (command == SCRUB_PAUSE)
		error = zpool.spa_scrub_pause_resume(spa, command);
	else if (func == SCAN_NONE)
		error = zpool.spa_scan_stop(spa);
	else if (func == SCAN_ERRORSCRUB && z->minor < 2)
		error = ENOTSUP;
	else
		error = zpool.spa_scan(spa, func);
	zpool.spa_close(spa, image_tag);
	return (error);
}

/* Call a function for the boot environment, which lies in the root vdev's care. */
static int
call_for_bootenv(const char *pool, int (*call)(vdev_t *, nvlist_t *),
    nvlist_t *env)
{
	spa_t *spa;
	int error = open_pool(pool, &spa);

	if (error != 0)
		return (error);
	zpool.spa_vdev_state_enter(spa, LOCK_ALL);
	vdev_t *root = zpool.spa_lookup_by_guid(spa, zpool.spa_guid(spa),
	    B_FALSE);
	error = root == NULL ? ENXIO : call(root, env);
	(void) zpool.spa_vdev_state_exit(spa, NULL, 0);
	zpool.spa_close(spa, image_tag);
	return (error);
}

int
image_lzc_get_bootenv(const char *pool, nvlist_t **env)
{
	int error = image_new_errors(env);

	return (error != 0 ? error :
	    call_for_bootenv(pool, zpool.vdev_label_read_bootenv, *env));
}

/* A version that is missing, or none of the known, would fail an assertion. */
int
image_lzc_set_bootenv(const char *pool, const nvlist_t *env)
{
	nvlist_t *copy = NULL;
	uint64_t version;
	int error = image->nvp.nvlist_dup((nvlist_t *)(uintptr_t)env, &copy, 0);

	if (error == 0)
		error = image->nvp.nvlist_lookup_uint64(copy, "version",
		    &version);
	if (error == 0 && version > BOOTENV_NVLIST)
		error = EINVAL;
	if (error == 0)
		error = call_for_bootenv(pool, zpool.vdev_label_write_bootenv,
		    copy);
	image->nvp.nvlist_free(copy);
	return (error);
}
