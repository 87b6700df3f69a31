/*
 * The provider for a pool in a plain file: the same table as the kernel's, over
 * libzpool.  What libzfs_core asks of the kernel, the kernel's ioctl layer asks
 * of the functions called here (module/zfs/zfs_ioctl.c); the checks that it adds
 * are made here, each beside the call it guards.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "libzpool.h"

static const char tag[] = "zfstune";

enum { CI_DATASET = 1 << 16 };	/* DS_FLAG_CI_DATASET: names ignore case */
enum { CASE_INSENSITIVE = 1 };	/* ZFS_CASE_INSENSITIVE */

/*
 * libzfs_core's functions carry no handle, and so cannot these: like libzpool,
 * the image is the process's.
 */
static const struct lzc *image;
static char image_pool[256];

/* An empty list of errors for the caller, where it asked for one. */
static int
new_errors(nvlist_t **errors)
{
	return (image->nvp.nvlist_alloc(errors, 1, 0));
}

/* All targets of one call lie in this pool: EXDEV else, as the kernel says. */
static int
check_pool(nvlist_t *targets)
{
	const struct nvp *nvp = &image->nvp;
	size_t len = strlen(image_pool);

	for (nvpair_t *pair = nvp->nvlist_next_nvpair(targets, NULL);
	    pair != NULL; pair = nvp->nvlist_next_nvpair(targets, pair)) {
		const char *name = nvp->nvpair_name(pair);
		if (strncmp(name, image_pool, len) != 0 ||
		    strchr("/@#", name[len]) == NULL)
			return (EXDEV);
	}
	return (0);
}

/* Creates, then sets, then takes back what could not be set: zfs_ioc_create(). */
static int
finish_create(const char *name, nvlist_t *props)
{
	nvlist_t *errors = NULL;
	int error = image_set(image, name, props, &errors);

	image->nvp.nvlist_free(errors);
	if (error != 0)
		(void) zpool.dsl_destroy_head(name);
	return (error);
}

static int
create_filesystem(const char *name, nvlist_t *props)
{
	struct fs_spec spec;
	int error = fs_spec_fill(&image->nvp, name, props, &spec);

	if (error != 0)
		return (error);
	return (zpool.dmu_objset_create(name, OST_ZFS,
	    spec.casesensitivity == CASE_INSENSITIVE ? CI_DATASET : 0, NULL,
	    fs_create, &spec));
}

static int
create_volume(const char *name, nvlist_t *props)
{
	const struct nvp *nvp = &image->nvp;
	struct volume_spec spec;

	if (nvp->nvlist_lookup_uint64(props, "volsize", &spec.bytes) != 0)
		return (EINVAL);
	if (nvp->nvlist_lookup_uint64(props, "volblocksize",
	    &spec.block_bytes) != 0)
		spec.block_bytes = zpool.zfs_prop_default_numeric(
		    zpool.zfs_name_to_prop("volblocksize"));
	if (spec.block_bytes < 512 || spec.block_bytes > (16 << 20) ||
	    (spec.block_bytes & (spec.block_bytes - 1)) != 0)
		return (EDOM);
	if (spec.bytes == 0 || spec.bytes % spec.block_bytes != 0)
		return (EINVAL);
	/* they live inside the volume and are no properties to be set on it */
	(void) nvp->nvlist_remove_all(props, "volsize");
	(void) nvp->nvlist_remove_all(props, "volblocksize");
	return (zpool.dmu_objset_create(name, OST_ZVOL, 0, NULL, volume_create,
	    &spec));
}

static int
embedded_create(const char *name, enum lzc_dataset_type type, nvlist_t *props,
    uint8_t *key, uint_t key_bytes)
{
	nvlist_t *left = NULL;
	int error = image->nvp.nvlist_dup(props, &left, 0);

	(void) key, (void) key_bytes;
	if (error == 0 && strpbrk(name, "@%") != NULL)
		error = EINVAL;
	if (error == 0)
		error = type == LZC_DATSET_TYPE_ZVOL ?
		    create_volume(name, left) : create_filesystem(name, left);
	if (error == 0)
		error = finish_create(name, left);
	image->nvp.nvlist_free(left);
	return (error);
}

static int
embedded_clone(const char *name, const char *origin, nvlist_t *props)
{
	int error = strchr(origin, '@') == NULL || strpbrk(name, "@%") != NULL ?
	    EINVAL : zpool.clone(name, origin);

	return (error != 0 ? error : finish_create(name, props));
}

static int
embedded_promote(const char *name, char *conflict, int size)
{
	char in_the_way[256] = "";
	int error = zpool.dsl_dataset_promote(name, in_the_way);

	if (error == EEXIST)
		(void) snprintf(conflict, (size_t)size, "%s", in_the_way);
	return (error);
}

static int
embedded_rename(const char *from, const char *to)
{
	const char *at = strchr(from, '@');
	char dataset[256];

	if (strchr(to, '%') != NULL)
		return (EINVAL);
	if (at == NULL)
		return (strchr(to, '@') != NULL ? EINVAL :
		    zpool.dsl_dir_rename(from, to));
	size_t len = (size_t)(at - from);
	if (strncmp(from, to, len + 1) != 0)
		return (EXDEV);
	(void) snprintf(dataset, sizeof (dataset), "%.*s", (int)len, from);
	return (zpool.dsl_dataset_rename_snapshot(dataset, at + 1,
	    to + len + 1, B_FALSE));
}

static int
embedded_destroy(const char *name)
{
	return (zpool.dsl_destroy_head(name));
}

static int
embedded_rollback_to(const char *name, const char *snapshot)
{
	nvlist_t *result = NULL;
	int error = new_errors(&result);

	if (error == 0)
		error = zpool.dsl_dataset_rollback(name, snapshot, NULL, result);
	image->nvp.nvlist_free(result);
	return (error);
}

/* One snapshot of a dataset a call: the kernel counts a second as EXDEV. */
static int
check_snapshots(nvlist_t *snaps)
{
	const struct nvp *nvp = &image->nvp;
	int error = check_pool(snaps);

	for (nvpair_t *one = nvp->nvlist_next_nvpair(snaps, NULL);
	    one != NULL && error == 0; one = nvp->nvlist_next_nvpair(snaps, one)) {
		const char *name = nvp->nvpair_name(one);
		const char *at = strchr(name, '@');
		if (at == NULL)
			return (EINVAL);
		for (nvpair_t *other = nvp->nvlist_next_nvpair(snaps, one);
		    other != NULL;
		    other = nvp->nvlist_next_nvpair(snaps, other)) {
			if (strncmp(name, nvp->nvpair_name(other),
			    (size_t)(at - name) + 1) == 0)
				return (EXDEV);
		}
	}
	return (error);
}

static int
embedded_snapshot(nvlist_t *snaps, nvlist_t *props, nvlist_t **errors)
{
	int error = check_snapshots(snaps);

	if (error == 0)
		error = new_errors(errors);
	return (error != 0 ? error :
	    zpool.dsl_dataset_snapshot(snaps, props, *errors));
}

static int
embedded_destroy_snaps(nvlist_t *snaps, boolean_t defer, nvlist_t **errors)
{
	int error = check_pool(snaps);

	if (error == 0)
		error = new_errors(errors);
	return (error != 0 ? error :
	    zpool.dsl_destroy_snapshots_nvl(snaps, defer, *errors));
}

static int
embedded_hold(nvlist_t *holds, int cleanup_fd, nvlist_t **errors)
{
	int error = check_pool(holds);

	(void) cleanup_fd;	/* nothing here ends with a descriptor */
	if (error == 0)
		error = new_errors(errors);
	return (error != 0 ? error :
	    zpool.dsl_dataset_user_hold(holds, 0, *errors));
}

static int
embedded_release(nvlist_t *holds, nvlist_t **errors)
{
	int error = check_pool(holds);

	if (error == 0)
		error = new_errors(errors);
	return (error != 0 ? error :
	    zpool.dsl_dataset_user_release(holds, *errors));
}

static int
embedded_get_holds(const char *snapshot, nvlist_t **holds)
{
	int error = new_errors(holds);

	return (error != 0 ? error :
	    zpool.dsl_dataset_get_holds(snapshot, *holds));
}

static int
embedded_bookmark(nvlist_t *bookmarks, nvlist_t **errors)
{
	int error = check_pool(bookmarks);

	if (error == 0)
		error = new_errors(errors);
	return (error != 0 ? error :
	    zpool.dsl_bookmark_create(bookmarks, *errors));
}

static int
embedded_get_bookmarks(const char *dataset, nvlist_t *props, nvlist_t **found)
{
	int error = new_errors(found);

	return (error != 0 ? error :
	    zpool.dsl_get_bookmarks(dataset, props, *found));
}

static int
embedded_destroy_bookmarks(nvlist_t *bookmarks, nvlist_t **errors)
{
	int error = check_pool(bookmarks);

	if (error == 0)
		error = new_errors(errors);
	return (error != 0 ? error :
	    zpool.dsl_bookmark_destroy(bookmarks, *errors));
}

/* zfs_ioc_objset_stats_impl() */
static int
embedded_stats(const struct lzc *z, enum depth depth, struct entry *e)
{
	struct objset_stats stats = { 0 };
	objset_t *os;
	int error = zpool.dmu_objset_hold(e->name, tag, &os);

	e->props = NULL;
	if (error != 0)
		return (error);
	zpool.dmu_objset_fast_stat(os, &stats);
	e->guid = stats.guid;
	e->createtxg = stats.creation_txg;
	e->clones = stats.num_clones;
	e->type = stats.type;
	if (depth == DEPTH_PROPS) {
		error = zpool.dsl_prop_get_all(os, &e->props);
		if (error == 0) {
			zpool.dmu_objset_stats(os, e->props);
			/* what is half received has nothing inside yet */
			if (!stats.inconsistent)
				error = image_add_stats(&z->nvp, os, e->props);
		}
	}
	zpool.dmu_objset_rele(os, tag);
	if (error != 0) {
		z->nvp.nvlist_free(e->props);
		e->props = NULL;
	}
	return (error);
}

/* zfs_ioc_dataset_list_next() and zfs_ioc_snapshot_list_next() */
static int
list_next(const struct lzc *z, const char *parent, char separator,
    enum depth depth, struct entry *e)
{
	objset_t *os;
	uint64_t id;
	int error, prefix;

	do {
		error = zpool.dmu_objset_hold(parent, tag, &os);
		if (error != 0)
			return (error == ENOENT ? ESRCH : error);
		prefix = snprintf(e->name, sizeof (e->name), "%s%c", parent,
		    separator);
		int room = (int)sizeof (e->name) - prefix;
		if (room <= 0)	/* a name of full length has nothing below it */
			error = ESRCH;
		else if (separator == '@')
			error = zpool.dmu_snapshot_list_next(os, room,
			    e->name + prefix, &id, &e->cursor, NULL);
		else
			error = zpool.dmu_dir_list_next(os, room,
			    e->name + prefix, &id, &e->cursor);
		zpool.dmu_objset_rele(os, tag);
		if (error != 0)
			return (error == ENOENT ? ESRCH : error);
		if (strpbrk(e->name + prefix, "$%") != NULL) {
			e->props = NULL;	/* the pool's own: the caller */
			return (0);		/* passes it over */
		}
		error = embedded_stats(z, depth, e);
	} while (error == ENOENT);	/* destroyed meanwhile: the next one */
	return (error);
}

static int
embedded_next_child(const struct lzc *z, const char *parent, struct entry *e)
{
	return (list_next(z, parent, '/', DEPTH_PROPS, e));
}

static int
embedded_next_snapshot(const struct lzc *z, const char *dataset,
    enum depth depth, struct entry *e)
{
	return (list_next(z, dataset, '@', depth, e));
}

static int
embedded_pool_configs(const struct lzc *z, nvlist_t **out)
{
	int error = z->nvp.nvlist_alloc(out, 1, 0);

	return (error != 0 ? error :
	    z->nvp.nvlist_add_boolean(*out, image_pool));
}

static int
embedded_pool_config(const struct lzc *z, const char *pool, nvlist_t **out)
{
	(void) z;
	return (zpool.spa_get_stats(pool, out, NULL, 0));
}

/* An image is never read-only and has no altroot: all of it is the default. */
static int
embedded_pool_props(const struct lzc *z, const char *pool, nvlist_t **out)
{
	(void) pool;
	return (z->nvp.nvlist_alloc(out, 1, 0));
}

/* zfs_ioc_inherit_prop(): with `received`, back to a received value */
static int
embedded_inherit(const struct lzc *z, const char *name, const char *property,
    boolean_t received)
{
	(void) z;
	if (zpool.zfs_name_to_prop(property) < 0 &&
	    !zpool.zfs_prop_user(property))
		return (EINVAL);
	return (zpool.dsl_prop_inherit(name, property,
	    received ? SRC_NONE : SRC_INHERITED));
}

static int
embedded_log(const struct lzc *z, const char *message)
{
	spa_t *spa;
	int error = zpool.spa_open(image_pool, &spa, tag);

	(void) z;
	if (error == 0) {
		error = zpool.spa_history_log(spa, message);
		zpool.spa_close(spa, tag);
	}
	return (error);
}

static void
fill_table(struct lzc *z)
{
	z->lzc_create = embedded_create;
	z->lzc_clone = embedded_clone;
	z->lzc_promote = embedded_promote;
	z->lzc_rename = embedded_rename;
	z->lzc_destroy = embedded_destroy;
	z->lzc_rollback_to = embedded_rollback_to;
	z->lzc_snapshot = embedded_snapshot;
	z->lzc_destroy_snaps = embedded_destroy_snaps;
	z->lzc_hold = embedded_hold;
	z->lzc_release = embedded_release;
	z->lzc_get_holds = embedded_get_holds;
	z->lzc_bookmark = embedded_bookmark;
	z->lzc_get_bookmarks = embedded_get_bookmarks;
	z->lzc_destroy_bookmarks = embedded_destroy_bookmarks;
	z->stats = embedded_stats;
	z->next_child = embedded_next_child;
	z->next_snapshot = embedded_next_snapshot;
	z->pool_configs = embedded_pool_configs;
	z->pool_config = embedded_pool_config;
	z->pool_props = embedded_pool_props;
	z->set = image_set;
	z->inherit = embedded_inherit;
	z->log = embedded_log;
}

/* The last change is on disk before this returns: an export waits for it. */
static void
embedded_close(struct lzc *z)
{
	if (image != NULL) {
		(void) zpool.spa_export(image_pool, NULL, B_FALSE, B_FALSE);
		image = NULL;
		libzpool_stop();
	}
	nvp_close(&z->nvp);
}

/*
 * Open the pool in `path`, an absolute name; with `create_pool`, make one of that
 * name first, `bytes` long.  One a process.
 */
int
embedded_open(struct lzc *z, const struct image_args *args, char *why,
    size_t why_size)
{
	int error;

	z->fd = -1;
	if ((error = nvp_open(&z->nvp, why, why_size)) != 0)
		return (error);
	if ((error = libzpool_start(why, why_size)) != 0) {
		nvp_close(&z->nvp);
		return (error);
	}
	if (args->create_pool != NULL) {
		(void) snprintf(image_pool, sizeof (image_pool), "%s",
		    args->create_pool);
		error = image_create(&z->nvp, args->path, args->create_pool,
		    args->bytes, args->ashift);
	} else {
		error = image_import(&z->nvp, args->path, image_pool,
		    sizeof (image_pool), why, why_size);
	}
	if (error != 0) {
		libzpool_stop();
		nvp_close(&z->nvp);
		return (error);
	}
	fill_table(z);
	z->close = embedded_close;
	z->minor = zpool.minor;
	z->max_recordsize = *zpool.max_recordsize;
	image = z;
	return (0);
}
