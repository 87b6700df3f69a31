/*
 * The image provider: sets properties as the kernel's ioctl layer does.
 * libzpool stores them, but lacks the checks and side effects of
 * zfs_set_prop_nvlist(), zfs_check_settable() and zfs_prop_set_special() in
 * module/zfs/zfs_ioctl.c.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "image.h"

enum { BADPROP = 1044 };	/* ZFS_ERR_BADPROP */
enum { PROP_NUMBER, PROP_STRING, PROP_INDEX };	/* zprop_type_t */

/* values of enum zio_compress and zio_checksum, include/sys/zio.h */
enum { COMPRESS_MASK = 0x7f, COMPRESS_LZ4 = 15, COMPRESS_ZSTD = 16 };
enum { CHECKSUM_MASK = 0xff };

/* The property has no setter of its own: it goes with the batch. */
enum { GENERIC = -1 };

static const char *
checksum_feature(uint64_t value)
{
	switch (value & CHECKSUM_MASK) {
	case 11: return ("sha512");
	case 12: return ("skein");
	case 13: return ("edonr");
	case 14: return ("blake3");
	default: return (NULL);
	}
}

/* Return the feature that a value needs, or NULL. */
static const char *
needed_feature(const char *prop, uint64_t value)
{
	if (strcmp(prop, "compression") == 0) {
		uint64_t algorithm = value & COMPRESS_MASK;
		return (algorithm == COMPRESS_LZ4 ? "lz4_compress" :
		    algorithm == COMPRESS_ZSTD ? "zstd_compress" : NULL);
	}
	if (strcmp(prop, "recordsize") == 0)
		return (value > OLD_MAX_BLOCK ? "large_blocks" : NULL);
	if (strcmp(prop, "dnodesize") == 0)
		return (value != 0 ? "large_dnode" : NULL);
	if (strcmp(prop, "checksum") == 0 || strcmp(prop, "dedup") == 0)
		return (checksum_feature(value));
	return (NULL);
}

/* The part of zfs_check_settable() that looks at the pool. */
static int
check_number(const char *name, const char *prop, uint64_t value)
{
	const char *feature = needed_feature(prop, value);

	if (strcmp(prop, "recordsize") == 0 &&
	    (value > *zpool.max_recordsize || value > MAX_BLOCK))
		return (ERANGE);
	return (feature == NULL ? 0 : image_check_feature(name, feature));
}

/*
 * zfs_prop_set_special(), which runs for an inherit as well, with the value 0
 */
static int
set_special(const char *name, const char *prop, int source, uint64_t value)
{
	int error = 0;

	if (strcmp(prop, "quota") == 0)
		return (zpool.dsl_dir_set_quota(name, source, value));
	if (strcmp(prop, "reservation") == 0)
		return (zpool.dsl_dir_set_reservation(name, source, value));
	if (strcmp(prop, "refquota") == 0)
		return (zpool.dsl_dataset_set_refquota(name, source, value));
	if (strcmp(prop, "refreservation") == 0)
		return (zpool.dsl_dataset_set_refreservation(name, source,
		    value));
	if (strcmp(prop, "volsize") == 0)
		return (image_set_volsize(name, value));
	if (strcmp(prop, "version") == 0)
		return (image_set_version(name, value));
	if (image_is_default_quota(prop))
		return (image_set_default_quota(name, prop, value));
	if (strcmp(prop, "longname") == 0)
		error = image_check_feature(name, "longname");
	else if (strcmp(prop, "compression") == 0)
		error = zpool.dsl_dataset_set_compression(name, source, value);
	else if ((strcmp(prop, "filesystem_limit") == 0 ||
	    strcmp(prop, "snapshot_limit") == 0) && value != UINT64_MAX)
		error = zpool.dsl_dir_activate_fs_ss_limit(name);
	return (error != 0 ? error : GENERIC);
}

/* Check a property, and set it if it has a setter of its own. */
static int
set_property(const struct nvp *nvp, const char *name, int source,
    nvpair_t *pair)
{
	const char *prop = nvp->nvpair_name(pair);
	int id = zpool.zfs_name_to_prop(prop);
	bool snapshot = strchr(name, '@') != NULL;
	NVP_CONST char *text;
	const char *word;
	uint64_t value;

	if (id < 0) {
		if (!zpool.zfs_prop_user(prop) ||
		    nvp->nvpair_value_string(pair, &text) != 0)
			return (EINVAL);
		return (GENERIC);
	}
	if (snapshot)
		return (EINVAL);
	if (zpool.zfs_prop_get_type(id) == PROP_STRING) {
		if (nvp->nvpair_value_string(pair, &text) != 0)
			return (EINVAL);
		if (strcmp(prop, "keylocation") != 0)
			return (GENERIC);
		int error = zpool.dsl_crypto_can_set_keylocation(name, text);
		return (error != 0 ? error : GENERIC);
	}
	if (nvp->nvpair_value_uint64(pair, &value) != 0)
		return (EINVAL);
	if (zpool.zfs_prop_get_type(id) == PROP_INDEX &&
	    zpool.zfs_prop_index_to_string(id, value, &word) != 0)
		return (BADPROP);
	int error = check_number(name, prop, value);
	return (error != 0 ? error : set_special(name, prop, source, value));
}

/* Name a property in the list of errors, and make its error the call's. */
static void
blame(const struct nvp *nvp, nvlist_t *errors, const char *prop, int error,
    int *result)
{
	*result = nvp->nvlist_add_int32(errors, prop, error) != 0 ? ENOMEM :
	    error;
}

/*
 * Set a batch in one transaction or, where that fails, each property by itself.
 */
static int
set_batch(const struct nvp *nvp, const char *name, int source, nvlist_t *batch,
    nvlist_t *errors)
{
	int result = 0;

	if (nvp->nvlist_next_nvpair(batch, NULL) == NULL ||
	    zpool.dsl_props_set(name, source, batch) == 0)
		return (0);
	for (nvpair_t *pair = nvp->nvlist_next_nvpair(batch, NULL);
	    pair != NULL; pair = nvp->nvlist_next_nvpair(batch, pair)) {
		nvlist_t *single = NULL;
		int error = nvp->nvlist_alloc(&single, 1, 0);
		if (error == 0)
			error = nvp->nvlist_add_nvpair(single, pair);
		if (error == 0)
			error = zpool.dsl_props_set(name, source, single);
		nvp->nvlist_free(single);
		if (error != 0)
			blame(nvp, errors, nvp->nvpair_name(pair), error,
			    &result);
	}
	return (result);
}

/*
 * Set as many properties as possible; `errors` names the others.  There are two
 * passes, because a quota may have to wait for a reservation that comes after
 * it in the list.
 */
int
image_set_from(const char *name, int source, nvlist_t *props, nvlist_t *errors)
{
	const struct nvp *nvp = &image->nvp;
	nvlist_t *batch = NULL, *retry = NULL;
	int result = nvp->nvlist_alloc(&batch, 1, 0);

	if (result == 0)
		result = nvp->nvlist_alloc(&retry, 1, 0);
	for (nvlist_t *pass = props; pass != NULL && result == 0;
	    pass = pass == props ? retry : NULL) {
		for (nvpair_t *pair = nvp->nvlist_next_nvpair(pass, NULL);
		    pair != NULL; pair = nvp->nvlist_next_nvpair(pass, pair)) {
			int error = set_property(nvp, name, source, pair);
			if (error == GENERIC)
				error = nvp->nvlist_add_nvpair(batch, pair);
			else if (error != 0 && pass == props)
				error = nvp->nvlist_add_nvpair(retry, pair);
			if (error != 0)
				blame(nvp, errors, nvp->nvpair_name(pair),
				    error, &result);
		}
	}
	if (batch != NULL) {
		int error = set_batch(nvp, name, source, batch, errors);
		if (error != 0)
			result = error;
	}
	nvp->nvlist_free(batch);
	nvp->nvlist_free(retry);
	return (result);
}

int
image_set(const struct lzc *z, const char *name, nvlist_t *props,
    nvlist_t **errors)
{
	int error = z->nvp.nvlist_alloc(errors, 1, 0);

	return (error != 0 ? error :
	    image_set_from(name, SRC_LOCAL, props, *errors));
}

/*
 * Take a value away.  What counts then depends on `source`: the parent's value
 * (SRC_INHERITED), a received one before that (SRC_NONE), or a local one, where
 * it is the received value that is taken away (SRC_NONE | SRC_RECEIVED).
 */
int
image_unset(const char *name, int source, const char *prop)
{
	int id = zpool.zfs_name_to_prop(prop), error = GENERIC;

	if (id < 0 ? !zpool.zfs_prop_user(prop) :
	    source == SRC_INHERITED && !zpool.zfs_prop_inheritable(id))
		return (EINVAL);
	if (strcmp(prop, "volsize") == 0 || strcmp(prop, "version") == 0)
		return (EINVAL);
	if (id >= 0 && strcmp(prop, "keylocation") == 0) {
		error = zpool.dsl_crypto_can_set_keylocation(name, "");
		if (error == 0)
			error = GENERIC;
	} else if (id >= 0 && zpool.zfs_prop_get_type(id) != PROP_STRING) {
		error = set_special(name, prop, source, 0);
	}
	return (error != GENERIC ? error :
	    zpool.dsl_prop_inherit(name, prop, source));
}

/* zfs_ioc_inherit_prop(); with `received`, the received value comes back */
int
image_inherit(const struct lzc *z, const char *name, const char *prop,
    boolean_t received)
{
	(void) z;
	return (image_unset(name, received ? SRC_NONE : SRC_INHERITED, prop));
}
