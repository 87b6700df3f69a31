/*
 * The image provider: snapshots, holds and bookmarks, many in one transaction.
 */
#include <errno.h>
#include <string.h>

#include "image.h"

/* ZAP_MAXNAMELEN and ZAP_MAXVALUELEN, include/sys/zap.h */
enum { MOST_NAME = 256, MOST_VALUE = 8192 };

/* zfs_check_userprops(): nothing below checks a snapshot's properties */
static int
check_user_properties(nvlist_t *props)
{
	const struct nvp *nvp = &image->nvp;
	NVP_CONST char *text;

	for (nvpair_t *pair = props == NULL ? NULL :
	    nvp->nvlist_next_nvpair(props, NULL); pair != NULL;
	    pair = nvp->nvlist_next_nvpair(props, pair)) {
		const char *name = nvp->nvpair_name(pair);
		if (!zpool.zfs_prop_user(name) ||
		    nvp->nvpair_value_string(pair, &text) != 0)
			return (EINVAL);
		if (strlen(name) >= MOST_NAME)
			return (ENAMETOOLONG);
		if (strlen(text) >= MOST_VALUE)
			return (E2BIG);
	}
	return (0);
}

/* zfs_ioc_snapshot(): EXDEV where two snapshots are of the same dataset */
static int
check_snapshots(nvlist_t *snaps, nvlist_t *props)
{
	const struct nvp *nvp = &image->nvp;
	int error = check_user_properties(props);

	if (error == 0)
		error = image_check_pool(snaps);

	for (nvpair_t *pair = nvp->nvlist_next_nvpair(snaps, NULL);
	    pair != NULL && error == 0;
	    pair = nvp->nvlist_next_nvpair(snaps, pair)) {
		const char *name = nvp->nvpair_name(pair);
		const char *at_sign = strchr(name, '@');
		if (at_sign == NULL ||
		    zpool.zfs_component_namecheck(at_sign + 1, NULL, NULL) != 0)
			return (EINVAL);
		for (nvpair_t *other = nvp->nvlist_next_nvpair(snaps, pair);
		    other != NULL;
		    other = nvp->nvlist_next_nvpair(snaps, other)) {
			if (strncmp(name, nvp->nvpair_name(other),
			    (size_t)(at_sign - name) + 1) == 0)
				return (EXDEV);
		}
	}
	return (error);
}

int
image_lzc_snapshot(nvlist_t *snaps, nvlist_t *props, nvlist_t **errors)
{
	int error = check_snapshots(snaps, props);

	if (error == 0)
		error = image_new_errors(errors);
	return (error != 0 ? error :
	    zpool.dsl_dataset_snapshot(snaps, props, *errors));
}

int
image_lzc_destroy_snaps(nvlist_t *snaps, boolean_t defer, nvlist_t **errors)
{
	int error = image_check_pool(snaps);

	if (error == 0)
		error = image_new_errors(errors);
	return (error != 0 ? error :
	    zpool.dsl_destroy_snapshots_nvl(snaps, defer, *errors));
}

/*
 * zfs_ioc_hold().  libzpool has no descriptors that end a hold: its
 * zfs_onexit_add_cb() forgets the callback.  But it notes in the pool which
 * holds are temporary, and ends those when it opens the pool the next time
 * (dsl_pool_clean_tmp_userrefs() in module/zfs/dsl_pool.c).
 */
int
image_lzc_hold(nvlist_t *holds, int cleanup_fd, nvlist_t **errors)
{
	uint64_t minor = cleanup_fd == -1 ? 0 : 1;
	const struct nvp *nvp = &image->nvp;
	NVP_CONST char *hold;
	int error = image_check_pool(holds);

	for (nvpair_t *pair = nvp->nvlist_next_nvpair(holds, NULL);
	    pair != NULL && error == 0;
	    pair = nvp->nvlist_next_nvpair(holds, pair)) {
		error = nvp->nvpair_value_string(pair, &hold);
		if (error == 0 && hold[0] == '\0')
			error = EINVAL;
	}
	if (error == 0)
		error = image_new_errors(errors);
	return (error != 0 ? error :
	    zpool.dsl_dataset_user_hold(holds, minor, *errors));
}

int
image_lzc_release(nvlist_t *holds, nvlist_t **errors)
{
	int error = image_check_pool(holds);

	if (error == 0)
		error = image_new_errors(errors);
	return (error != 0 ? error :
	    zpool.dsl_dataset_user_release(holds, *errors));
}

int
image_lzc_get_holds(const char *snapshot, nvlist_t **holds)
{
	int error = image_new_errors(holds);

	return (error != 0 ? error :
	    zpool.dsl_dataset_get_holds(snapshot, *holds));
}

int
image_lzc_bookmark(nvlist_t *bookmarks, nvlist_t **errors)
{
	int error = image_check_pool(bookmarks);

	if (error == 0)
		error = image_new_errors(errors);
	return (error != 0 ? error :
	    zpool.dsl_bookmark_create(bookmarks, *errors));
}

int
image_lzc_get_bookmarks(const char *dataset, nvlist_t *props,
    nvlist_t **bookmarks)
{
	int error = image_new_errors(bookmarks);

	return (error != 0 ? error :
	    zpool.dsl_get_bookmarks(dataset, props, *bookmarks));
}

int
image_lzc_destroy_bookmarks(nvlist_t *bookmarks, nvlist_t **errors)
{
	int error = image_check_pool(bookmarks);

	if (error == 0)
		error = image_new_errors(errors);
	return (error != 0 ? error :
	    zpool.dsl_bookmark_destroy(bookmarks, *errors));
}
