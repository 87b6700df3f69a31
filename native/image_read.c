/* The image provider: reads one dataset, and lists. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "list.h"
#include "object.h"

enum { MOST_PATH = 1 << 20 };

/*
 * Add values that are no properties; a half received dataset has nothing
 * inside.
 */
static int
add_more(const struct nvp *nvp, objset_t *os, const struct objset_stats *stats,
    nvlist_t *props)
{
	int error = 0;

	if (stats->inconsistent)
		error = image_add_number(nvp, props, "inconsistent", 1);
	else
		error = image_add_inside(nvp, os, stats->is_snapshot, props);
	if (error == 0 && stats->redacted)
		error = image_add_number(nvp, props, "redacted", 1);
	return (error);
}

/* zfs_ioc_objset_stats_impl() */
int
image_stats(const struct lzc *z, enum depth depth, struct entry *e)
{
	struct objset_stats stats = { 0 };
	nvlist_t *props = NULL;
	objset_t *os;
	int error = zpool.dmu_objset_hold(e->name, image_tag, &os);

	e->props.len = 0;
	if (error != 0)
		return (error);
	zpool.dmu_objset_fast_stat(os, &stats);
	e->guid = stats.guid;
	e->createtxg = stats.creation_txg;
	e->clones = stats.num_clones;
	e->type = stats.type;
	if (depth == DEPTH_PROPS) {
		error = zpool.dsl_prop_get_all(os, &props);
		if (error == 0) {
			zpool.dmu_objset_stats(os, props);
			error = add_more(&z->nvp, os, &stats, props);
		}
		if (error == 0) {
			nvl_to_json(&z->nvp, props, &e->props);
			error = e->props.error;
		}
	}
	zpool.dmu_objset_rele(os, image_tag);
	z->nvp.nvlist_free(props);
	return (error);
}

/*
 * Read a snapshot in the kernel's short form (zfs_ioc_snapshot_list_next()
 * since 2.2): without opening its objset, which takes many times as long.
 * Holding `os` holds the pool's configuration, and OpenZFS asserts that nobody
 * holds it twice, so the snapshot is held by its number.
 */
static int
snapshot_stats(objset_t *os, uint64_t id, struct entry *e)
{
	struct objset_stats stats = { 0 };
	dsl_dataset_t *snapshot;
	int error = zpool.dsl_dataset_hold_obj(zpool.dmu_objset_pool(os), id,
	    image_tag, &snapshot);

	e->props.len = 0;
	if (error != 0)
		return (error);
	zpool.dsl_dataset_fast_stat(snapshot, &stats);
	e->creation = zpool.dsl_get_creation(snapshot);
	zpool.dsl_dataset_rele(snapshot, image_tag);
	e->guid = stats.guid;
	e->createtxg = stats.creation_txg;
	e->clones = stats.num_clones;
	e->type = 0;
	return (0);
}

void
image_let_go(struct entry *e)
{
	if (e->held != NULL)
		zpool.dmu_objset_rele(e->held, image_tag);
	e->held = NULL;
}

/*
 * Hold the parent of a listing.  Opening it takes longer than a step, so a fast
 * listing keeps it open (`held`) from one step to the next.
 */
static int
hold_parent(const char *parent, struct entry *e, objset_t **os)
{
	int error = 0;

	if (e->held == NULL) {
		error = zpool.dmu_objset_hold(parent, image_tag, os);
		e->held = error == 0 ? *os : NULL;
	}
	*os = e->held;
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
		error = hold_parent(parent, e, &os);
		if (error != 0)
			return (error == ENOENT ? ESRCH : error);
		prefix = snprintf(e->name, sizeof (e->name), "%s%c", parent,
		    separator);
		int room = (int)sizeof (e->name) - prefix;
		if (room <= 0)	/* nothing fits below a name of full length */
			error = ESRCH;
		else if (separator == '@')
			error = zpool.dmu_snapshot_list_next(os, room,
			    e->name + prefix, &id, &e->cursor, NULL);
		else
			error = zpool.dmu_dir_list_next(os, room,
			    e->name + prefix, &id, &e->cursor);
		if (depth == DEPTH_FAST) {
			if (error == 0)
				return (snapshot_stats(os, id, e));
		} else {
			image_let_go(e);
		}
		if (error != 0)
			return (error == ENOENT ? ESRCH : error);
		if (strpbrk(e->name + prefix, "$%") != NULL) {
			/* The pool's own dataset: the caller skips it. */
			e->props.len = 0;
			return (0);
		}
		error = image_stats(z, depth, e);
		if (separator == '/' && list_is_damage(error)) {
			e->props.len = 0;
			e->damage = error;
			return (0);
		}
	} while (error == ENOENT);	/* destroyed since: take the next */
	return (error);
}

int
image_next_child(const struct lzc *z, const char *parent, struct entry *e)
{
	return (list_next(z, parent, '/', DEPTH_PROPS, e));
}

int
image_next_snapshot(const struct lzc *z, const char *dataset,
    enum depth depth, struct entry *e)
{
	return (list_next(z, dataset, '@', depth, e));
}

/*
 * zfs_ioc_obj_to_stats().  OpenZFS writes the path from its end to its
 * beginning and does not check whether it fits, so there is room for any.
 */
int
image_object_stats(const struct lzc *z, const char *snapshot, uint64_t object,
    struct zt_buf *out)
{
	objset_t *os;
	struct object_stat stat;
	int error = zpool.dmu_objset_hold(snapshot, image_tag, &os);

	(void) z;
	if (error != 0)
		return (error);
	char *path = zpool.dmu_objset_type(os) == OST_ZFS ?
	    malloc(MOST_PATH) : NULL;
	if (path == NULL)
		error = EINVAL;
	else
		error = zpool.zfs_obj_to_stats(os, object, &stat, path,
		    MOST_PATH);
	zpool.dmu_objset_rele(os, image_tag);
	if (error == 0)
		object_put_stats(path, &stat, out);
	free(path);
	return (error != 0 ? error : out->error);
}

/* zfs_ioc_next_obj() */
int
image_next_object(const struct lzc *z, const char *snapshot, uint64_t *object)
{
	objset_t *os;
	int error = zpool.dmu_objset_hold(snapshot, image_tag, &os);

	(void) z;
	if (error != 0)
		return (error);
	error = zpool.dmu_object_next(os, object, B_FALSE, 0);
	zpool.dmu_objset_rele(os, image_tag);
	return (error);
}

/* zfs_ioc_diff() */
int
image_diff(const struct lzc *z, const char *base, const char *snapshot, int fd)
{
	struct zfs_file file = { fd, -1 };
	int64_t offset = 0;

	(void) z;
	return (zpool.dmu_diff(snapshot, base, &file, &offset));
}

int
image_pool_configs(const struct lzc *z, nvlist_t **out)
{
	int error = z->nvp.nvlist_alloc(out, 1, 0);

	return (error != 0 ? error :
	    z->nvp.nvlist_add_boolean(*out, image_pool_name));
}

int
image_pool_config(const struct lzc *z, const char *pool, nvlist_t **out)
{
	(void) z;
	return (zpool.spa_get_stats(pool, out, NULL, 0));
}

/*
 * An image is never read-only and has no altroot: its properties are defaults.
 */
int
image_pool_props(const struct lzc *z, const char *pool, nvlist_t **out)
{
	(void) pool;
	return (z->nvp.nvlist_alloc(out, 1, 0));
}
