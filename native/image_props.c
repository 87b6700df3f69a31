/*
 * Setting properties as the kernel's ioctl layer does: libzpool has what stores
 * them, and not the checks and side effects of zfs_set_prop_nvlist(),
 * zfs_check_settable() and zfs_prop_set_special() in module/zfs/zfs_ioctl.c.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "libzpool.h"

static const char tag[] = "zfstune";

enum { BADPROP = 1044 };	/* ZFS_ERR_BADPROP */
enum { PROP_NUMBER, PROP_STRING, PROP_INDEX };	/* zprop_type_t */
enum { OLD_MAX_BLOCK = 128 << 10 };	/* SPA_OLD_MAXBLOCKSIZE */
enum { MAX_BLOCK = 16 << 20 };		/* SPA_MAXBLOCKSIZE */

/* values of enum zio_compress and zio_checksum, include/sys/zio.h */
enum { COMPRESS_MASK = 0x7f, COMPRESS_LZ4 = 15, COMPRESS_ZSTD = 16 };
enum { CHECKSUM_MASK = 0xff };

/* Go on with the batch: the property needs no treatment of its own. */
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

/* The feature that a value needs, NULL: none. */
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
	if (strcmp(prop, "longname") == 0)
		return ("longname");
	return (NULL);
}

static int
check_feature(const char *name, const char *feature)
{
	spa_t *spa;
	int id;

	if (zpool.zfeature_lookup_name(feature, &id) != 0)
		return (ENOTSUP);
	int error = zpool.spa_open(name, &spa, tag);
	if (error != 0)
		return (error);
	error = zpool.spa_feature_is_enabled(spa, id) ? 0 : ENOTSUP;
	zpool.spa_close(spa, tag);
	return (error);
}

static int
set_number(const char *name, const char *prop, uint64_t value)
{
	const char *feature = needed_feature(prop, value);

	if (strcmp(prop, "recordsize") == 0 &&
	    (value > *zpool.max_recordsize || value > MAX_BLOCK))
		return (ERANGE);
	if (feature != NULL) {
		int error = check_feature(name, feature);
		if (error != 0)
			return (error);
	}
	if (strcmp(prop, "quota") == 0)
		return (zpool.dsl_dir_set_quota(name, SRC_LOCAL, value));
	if (strcmp(prop, "reservation") == 0)
		return (zpool.dsl_dir_set_reservation(name, SRC_LOCAL, value));
	if (strcmp(prop, "refquota") == 0)
		return (zpool.dsl_dataset_set_refquota(name, SRC_LOCAL, value));
	if (strcmp(prop, "refreservation") == 0)
		return (zpool.dsl_dataset_set_refreservation(name, SRC_LOCAL,
		    value));
	if (strcmp(prop, "volsize") == 0)
		return (volume_set_size(name, value));
	if (strcmp(prop, "version") == 0)
		return (ENOTSUP);	/* 5 from birth, and there is no 6 */
	int error = 0;
	if (strcmp(prop, "compression") == 0)
		error = zpool.dsl_dataset_set_compression(name, SRC_LOCAL,
		    value);
	else if ((strcmp(prop, "filesystem_limit") == 0 ||
	    strcmp(prop, "snapshot_limit") == 0) && value != UINT64_MAX)
		error = zpool.dsl_dir_activate_fs_ss_limit(name);
	return (error != 0 ? error : GENERIC);
}

/* Check one property and set it where it is special. */
static int
set_one(const struct nvp *nvp, const char *name, nvpair_t *pair)
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
	return (set_number(name, prop, value));
}

/*
 * As many as can be are set; `errors` names the others.  What is not special goes
 * in one transaction.
 */
int
image_set(const struct lzc *z, const char *name, nvlist_t *props,
    nvlist_t **errors)
{
	const struct nvp *nvp = &z->nvp;
	nvlist_t *batch = NULL;
	int result = nvp->nvlist_alloc(errors, 1, 0);

	if (result == 0)
		result = nvp->nvlist_dup(props, &batch, 0);
	if (result != 0)
		return (result);
	for (nvpair_t *pair = nvp->nvlist_next_nvpair(props, NULL);
	    pair != NULL; pair = nvp->nvlist_next_nvpair(props, pair)) {
		const char *prop = nvp->nvpair_name(pair);
		int error = set_one(nvp, name, pair);
		if (error == GENERIC)
			continue;
		(void) nvp->nvlist_remove_all(batch, prop);
		if (error != 0) {
			(void) nvp->nvlist_add_int32(*errors, prop, error);
			result = error;
		}
	}
	if (nvp->nvlist_next_nvpair(batch, NULL) != NULL) {
		int error = zpool.dsl_props_set(name, SRC_LOCAL, batch);
		if (error != 0)
			result = error;
	}
	nvp->nvlist_free(batch);
	return (result);
}

/* { name: { "value": value } }, the form of a property in the kernel's lists */
static int
add_number(const struct nvp *nvp, nvlist_t *props, const char *name,
    uint64_t value)
{
	nvlist_t *one = NULL;
	int error = nvp->nvlist_alloc(&one, 1, 0);

	if (error == 0)
		error = nvp->nvlist_add_uint64(one, "value", value);
	if (error == 0)
		error = nvp->nvlist_add_nvlist(props, name, one);
	nvp->nvlist_free(one);
	return (error);
}

/*
 * What lies inside a dataset and not in its properties: the size of a volume
 * (zvol_get_stats() in module/zfs/zvol.c), what was fixed when a filesystem was
 * made (zfs_ioc_objset_zplprops() in module/zfs/zfs_ioctl.c).
 */
int
image_add_stats(const struct nvp *nvp, objset_t *os, nvlist_t *props)
{
	static const struct { const char *name; const char *key; } fixed[] = {
		{ "version", "VERSION" },
		{ "normalization", "normalization" },
		{ "utf8only", "utf8only" },
		{ "casesensitivity", "casesensitivity" },
	};
	struct object_info info;
	uint64_t value;
	int error = 0;

	if (zpool.dmu_objset_type(os) == OST_ZVOL) {
		error = zpool.zap_lookup(os, VOLUME_PROPS, "size", 8, 1, &value);
		if (error == 0)
			error = add_number(nvp, props, "volsize", value);
		if (error == 0)
			error = zpool.dmu_object_info(os, VOLUME_DATA, &info);
		if (error == 0)
			error = add_number(nvp, props, "volblocksize",
			    info.data_block_size);
		return (error);
	}
	for (size_t i = 0; i < sizeof (fixed) / sizeof (fixed[0]); i++) {
		if (error == 0 && zpool.zap_lookup(os, MASTER_NODE,
		    fixed[i].key, 8, 1, &value) == 0)
			error = add_number(nvp, props, fixed[i].name, value);
	}
	return (error);
}
