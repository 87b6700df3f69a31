/*
 * The image provider: calls that change one dataset, channel programs, history.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "image.h"

enum { CI_DATASET = 1 << 16 };	/* DS_FLAG_CI_DATASET: names ignore case */
/* the kernel's zfs_lua_max_instrlimit and zfs_lua_max_memlimit */
enum { MOST_INSTRUCTIONS = 100 * 1000 * 1000, MOST_MEMORY = 100 << 20 };

/* The kernel checks the name in each ioctl: zfsdev_ioctl_common(). */
static int
check_name(const char *name)
{
	return (zpool.dataset_namecheck(name, NULL, NULL) != 0 ? EINVAL : 0);
}

/*
 * Set the properties of a dataset that has just been created, or destroy it
 * again: zfs_ioc_create().
 */
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

/* The key of a new dataset, or NULL: its parent's, if it is encrypted at all */
struct own_key {
	uint8_t *bytes;
	uint_t size;
};

/*
 * Create a dataset, encrypted as `props` say; OpenZFS takes those properties
 * out of the list.
 */
static int
create_encrypted(const char *name, int type, uint64_t flags, nvlist_t *props,
    const struct own_key *key, create_func_t *func, void *spec)
{
	void *crypto;
	int error = image_crypto_params(NO_CRYPTO_COMMAND, props, key->bytes,
	    key->size, &crypto);

	if (error == 0) {
		error = zpool.dmu_objset_create(name, type, flags, crypto, func,
		    spec);
		zpool.dsl_crypto_params_free(crypto,
		    error != 0 ? B_TRUE : B_FALSE);
	}
	return (error);
}

static int
create_filesystem(const char *name, nvlist_t *props, const struct own_key *key)
{
	struct fs_spec spec;
	int error = image_fill_fs_spec(&image->nvp, name, props, &spec);

	return (error != 0 ? error : create_encrypted(name, OST_ZFS,
	    spec.casesensitivity == FS_INSENSITIVE ? CI_DATASET : 0, props, key,
	    image_lay_out_filesystem, &spec));
}

static int
create_volume(const char *name, nvlist_t *props, const struct own_key *key)
{
	const struct nvp *nvp = &image->nvp;
	struct volume_spec spec;

	if (nvp->nvlist_lookup_uint64(props, "volsize", &spec.bytes) != 0)
		return (EINVAL);
	if (nvp->nvlist_lookup_uint64(props, "volblocksize",
	    &spec.block_bytes) != 0)
		spec.block_bytes = zpool.zfs_prop_default_numeric(
		    zpool.zfs_name_to_prop("volblocksize"));
	int error = image_check_volblocksize(name, spec.block_bytes);
	if (error != 0)
		return (error);
	if (spec.bytes == 0 || spec.bytes % spec.block_bytes != 0)
		return (EINVAL);
	/* These two lie inside the volume and cannot be set as properties. */
	(void) nvp->nvlist_remove_all(props, "volsize");
	(void) nvp->nvlist_remove_all(props, "volblocksize");
	return (create_encrypted(name, OST_ZVOL, 0, props, key,
	    image_lay_out_volume, &spec));
}

int
image_lzc_create(const char *name, enum lzc_dataset_type type, nvlist_t *props,
    uint8_t *key, uint_t key_bytes)
{
	struct own_key own = { key, key_bytes };
	nvlist_t *copy = NULL;
	int error = strpbrk(name, "@%") != NULL ? EINVAL : check_name(name);

	if (error == 0)
		error = image->nvp.nvlist_dup(props, &copy, 0);
	if (error == 0)
		error = type == LZC_DATSET_TYPE_ZVOL ?
		    create_volume(name, copy, &own) :
		    create_filesystem(name, copy, &own);
	if (error == 0)
		error = finish_create(name, copy);
	image->nvp.nvlist_free(copy);
	return (error);
}

int
image_lzc_clone(const char *name, const char *origin, nvlist_t *props)
{
	int error = strpbrk(name, "@%") != NULL ? EINVAL : check_name(name);

	if (error == 0)
		error = check_name(origin);
	if (error == 0)
		error = zpool.clone_dataset(name, origin);
	return (error != 0 ? error : finish_create(name, props));
}

int
image_lzc_promote(const char *name, char *conflict, int size)
{
	char in_the_way[DATASET_NAME_SIZE] = "";
	int error = strchr(name, '%') != NULL ? EINVAL : check_name(name);

	if (error == 0)
		error = zpool.dsl_dataset_promote(name, in_the_way);
	if (error == EEXIST)
		(void) snprintf(conflict, (size_t)size, "%s", in_the_way);
	return (error);
}

int
image_lzc_rename(const char *from, const char *to)
{
	const char *at_sign = strchr(from, '@');
	char dataset[DATASET_NAME_SIZE];
	objset_t *os;

	if (check_name(from) != 0 || check_name(to) != 0 ||
	    strchr(from, '%') != NULL || strchr(to, '%') != NULL)
		return (EINVAL);
	int error = zpool.dmu_objset_hold(from, image_tag, &os);
	if (error != 0)
		return (error);
	zpool.dmu_objset_rele(os, image_tag);
	if (at_sign == NULL)
		return (zpool.dsl_dir_rename(from, to));
	size_t len = (size_t)(at_sign - from);
	if (len >= sizeof (dataset) || strncmp(from, to, len + 1) != 0)
		return (EXDEV);
	(void) snprintf(dataset, sizeof (dataset), "%.*s", (int)len, from);
	return (zpool.dsl_dataset_rename_snapshot(dataset, at_sign + 1,
	    to + len + 1, B_FALSE));
}

/* zfs_ioc_destroy(): the hidden child of a broken receive goes with it. */
int
image_lzc_destroy(const char *name)
{
	char hidden[DATASET_NAME_SIZE + sizeof ("/%recv")];
	int error = strchr(name, '@') != NULL ? EINVAL : check_name(name);

	if (error == 0)
		error = zpool.dsl_destroy_head(name);
	if (error == EEXIST) {
		(void) snprintf(hidden, sizeof (hidden), "%s/%%recv", name);
		error = zpool.dsl_destroy_head(hidden);
		error = error == 0 ? zpool.dsl_destroy_head(name) :
		    error == ENOENT ? EEXIST : error;
	}
	return (error);
}

int
image_lzc_rollback_to(const char *name, const char *snapshot)
{
	nvlist_t *result = NULL;
	int error = check_name(snapshot);

	if (error == 0)
		error = image_new_errors(&result);
	if (error == 0)
		error = zpool.dsl_dataset_rollback(name, snapshot, NULL,
		    result);
	image->nvp.nvlist_free(result);
	return (error);
}

int
image_log(const struct lzc *z, const char *message)
{
	spa_t *spa;
	int error = zpool.spa_open(image_pool_name, &spa, image_tag);

	(void) z;
	if (error == 0) {
		error = zpool.spa_history_log(spa, message);
		zpool.spa_close(spa, image_tag);
	}
	return (error);
}

/* zfs_ioc_channel_program(): the arguments are passed as a pair of a list. */
static int
run_program(const char *pool, const char *program, boolean_t sync,
    uint64_t instructions, uint64_t memory, nvlist_t *args, nvlist_t **out)
{
	const struct nvp *nvp = &image->nvp;
	nvlist_t *boxed = NULL;
	int error = instructions == 0 || instructions > MOST_INSTRUCTIONS ||
	    memory == 0 || memory > MOST_MEMORY ? EINVAL : 0;

	if (strcmp(pool, image_pool_name) != 0)
		error = ENOENT;
	if (error == 0)
		error = nvp->nvlist_alloc(&boxed, 1, 0);
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

int
image_lzc_channel_program(const char *pool, const char *program,
    uint64_t instructions, uint64_t memory, nvlist_t *args, nvlist_t **out)
{
	return (run_program(pool, program, B_TRUE, instructions, memory, args,
	    out));
}

int
image_lzc_channel_program_nosync(const char *pool, const char *program,
    uint64_t instructions, uint64_t memory, nvlist_t *args, nvlist_t **out)
{
	return (run_program(pool, program, B_FALSE, instructions, memory, args,
	    out));
}
