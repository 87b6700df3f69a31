/* The image provider: calls that change one dataset, and channel programs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "libzpool.h"

static const char tag[] = "zfstune";

enum { CI_DATASET = 1 << 16 };	/* DS_FLAG_CI_DATASET: names ignore case */
enum { CASE_INSENSITIVE = 1 };	/* ZFS_CASE_INSENSITIVE */

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
	    EINVAL : zpool.clone_dataset(name, origin);

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
	int error = image_new_errors(&result);

	if (error == 0)
		error = zpool.dsl_dataset_rollback(name, snapshot, NULL, result);
	image->nvp.nvlist_free(result);
	return (error);
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

/* zfs_ioc_channel_program(): the arguments travel as one pair of a list. */
static int
run_program(const char *pool, const char *program, boolean_t sync,
    uint64_t instructions, uint64_t memory, nvlist_t *args, nvlist_t **out)
{
	const struct nvp *nvp = &image->nvp;
	nvlist_t *boxed = NULL;
	int error = nvp->nvlist_alloc(&boxed, 1, 0);

	if (error == 0)
		error = nvp->nvlist_add_nvlist(boxed, "arg", args);
	if (error == 0)
		error = image_new_errors(out);
	if (error == 0)
		error = zpool.zcp_eval(pool, program, sync, instructions,
		    memory, nvp->nvlist_next_nvpair(boxed, NULL), *out);
	nvp->nvlist_free(boxed);
	return (error);
}

static int
embedded_channel_program(const char *pool, const char *program,
    uint64_t instructions, uint64_t memory, nvlist_t *args, nvlist_t **out)
{
	return (run_program(pool, program, B_TRUE, instructions, memory, args,
	    out));
}

static int
embedded_channel_program_nosync(const char *pool, const char *program,
    uint64_t instructions, uint64_t memory, nvlist_t *args, nvlist_t **out)
{
	return (run_program(pool, program, B_FALSE, instructions, memory, args,
	    out));
}

void
embedded_fill_change(struct lzc *z)
{
	z->lzc_create = embedded_create;
	z->lzc_clone = embedded_clone;
	z->lzc_promote = embedded_promote;
	z->lzc_rename = embedded_rename;
	z->lzc_destroy = embedded_destroy;
	z->lzc_rollback_to = embedded_rollback_to;
	z->inherit = embedded_inherit;
	z->log = embedded_log;
	z->lzc_channel_program = embedded_channel_program;
	z->lzc_channel_program_nosync = embedded_channel_program_nosync;
	z->set = image_set;
}
