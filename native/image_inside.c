/*
 * The image provider: values that lie inside a dataset and not among its
 * properties.  A filesystem keeps them in its master node, a volume beside its
 * data.
 */
#include <errno.h>
#include <string.h>

#include "image.h"

/* Since 2.4; an older libzpool knows no such property, and none gets here. */
const char *const image_default_quotas[DEFAULT_QUOTAS] = {
	"defaultuserquota", "defaultgroupquota", "defaultprojectquota",
	"defaultuserobjquota", "defaultgroupobjquota", "defaultprojectobjquota",
};

boolean_t
image_is_default_quota(const char *prop)
{
	for (size_t i = 0; i < DEFAULT_QUOTAS; i++) {
		if (strcmp(prop, image_default_quotas[i]) == 0)
			return (B_TRUE);
	}
	return (B_FALSE);
}

/*
 * zfs_get_zplprop(): a value that was never written has the default `missing`.
 */
int
image_lookup(objset_t *os, const char *key, uint64_t missing, uint64_t *value)
{
	int error = zpool.zap_lookup(os, MASTER_NODE, key, 8, 1, value);

	if (error != ENOENT)
		return (error);
	*value = missing;
	return (0);
}

/*
 * Own a filesystem, to write to it: by its object and not by its name, because
 * dmu_objset_own() would start an upgrade in another thread, which nothing here
 * waits for.
 */
int
image_own_filesystem(const char *name, objset_t **os)
{
	dsl_pool_t *dp;
	int error = zpool.dmu_objset_hold(name, image_tag, os);

	if (error != 0)
		return (error);
	uint64_t id = zpool.dmu_objset_id(*os);
	zpool.dmu_objset_rele(*os, image_tag);
	if ((error = zpool.dsl_pool_hold(name, image_tag, &dp)) != 0)
		return (error);
	error = zpool.dmu_objset_own_obj(dp, id, OST_ZFS, B_FALSE, B_TRUE,
	    image_tag, os);
	/* No transaction may wait while the pool is held. */
	zpool.dsl_pool_rele(dp, image_tag);
	return (error);
}

void
image_disown_filesystem(objset_t *os)
{
	zpool.dmu_objset_disown(os, B_TRUE, image_tag);
}

/* Change one number in a ZAP, and wait until it is on disk. */
static int
update(objset_t *os, uint64_t object, const char *key, uint64_t value)
{
	dmu_tx_t *tx = zpool.dmu_tx_create(os);

	zpool.dmu_tx_hold_zap(tx, object, B_TRUE, key);
	int error = zpool.dmu_tx_assign(tx, TX_WAIT);
	if (error != 0) {
		zpool.dmu_tx_abort(tx);
		return (error);
	}
	uint64_t txg = zpool.dmu_tx_get_txg(tx);
	error = zpool.zap_update(os, object, key, 8, 1, &value, tx);
	zpool.dmu_tx_commit(tx);
	zpool.txg_wait_synced(zpool.dmu_objset_pool(os), txg);
	return (error);
}

/* zfs_set_default_quota() in module/os/linux/zfs/zfs_vfsops.c; 0 is no quota */
int
image_set_default_quota(const char *name, const char *prop, uint64_t value)
{
	objset_t *os;
	int error = image_own_filesystem(name, &os);

	if (error == 0) {
		error = update(os, MASTER_NODE, prop, value);
		image_disown_filesystem(os);
	}
	return (error);
}

/*
 * zfs_set_version(), also in zfs_vfsops.c, without the upgrade: a filesystem
 * that is made here has the newest version.
 */
int
image_set_version(const char *name, uint64_t wanted)
{
	uint64_t version;
	objset_t *os;
	int error = zpool.dmu_objset_hold(name, image_tag, &os);

	if (error != 0)
		return (error);
	if (zpool.dmu_objset_type(os) != OST_ZFS)
		error = EINVAL;
	else
		error = image_lookup(os, "VERSION", ZPL_VERSION, &version);
	zpool.dmu_objset_rele(os, image_tag);
	if (error != 0 || wanted == version)
		return (error);
	return (wanted < version || wanted > ZPL_VERSION ? EINVAL : ENOTSUP);
}

/* Add { name: { "value": value } }, the kernel's form of a property. */
int
image_add_number(const struct nvp *nvp, nvlist_t *props, const char *name,
    uint64_t value)
{
	nvlist_t *property = NULL;
	int error = nvp->nvlist_alloc(&property, 1, 0);

	if (error == 0)
		error = nvp->nvlist_add_uint64(property, "value", value);
	if (error == 0)
		error = nvp->nvlist_add_nvlist(props, name, property);
	nvp->nvlist_free(property);
	return (error);
}

/*
 * zfs_ioc_objset_zplprops(): add all of them, or none where one cannot be read
 */
static int
add_zpl_stats(const struct nvp *nvp, objset_t *os, nvlist_t *props)
{
	const struct { const char *name, *key; uint64_t missing; } fixed[] = {
		{ "version", "VERSION", ZPL_VERSION },
		{ "normalization", "normalization", 0 },
		{ "utf8only", "utf8only", 0 },
		{ "casesensitivity", "casesensitivity", 0 },
	};
	uint64_t value;
	int error = 0;

	for (size_t i = 0; i < sizeof (fixed) / sizeof (fixed[0]); i++) {
		if (image_lookup(os, fixed[i].key, fixed[i].missing,
		    &value) != 0)
			return (0);
		if (error == 0)
			error = image_add_number(nvp, props, fixed[i].name,
			    value);
	}
	for (size_t i = 0; i < DEFAULT_QUOTAS && zpool.minor >= 4; i++) {
		if (error == 0 && image_lookup(os, image_default_quotas[i], 0,
		    &value) == 0)
			error = image_add_number(nvp, props,
			    image_default_quotas[i], value);
	}
	return (error);
}

/*
 * zvol_get_stats() in module/zfs/zvol.c; a snapshot has its filesystem's values
 */
int
image_add_inside(const struct nvp *nvp, objset_t *os, boolean_t snapshot,
    nvlist_t *props)
{
	struct object_info info;
	uint64_t value;

	if (zpool.dmu_objset_type(os) != OST_ZVOL)
		return (snapshot ? 0 : add_zpl_stats(nvp, os, props));
	int error = zpool.zap_lookup(os, VOLUME_PROPS, "size", 8, 1, &value);
	if (error == 0)
		error = zpool.dmu_object_info(os, VOLUME_DATA, &info);
	if (error == 0) {
		zpool.dsl_prop_nvlist_add_uint64(props,
		    zpool.zfs_name_to_prop("volsize"), value);
		zpool.dsl_prop_nvlist_add_uint64(props,
		    zpool.zfs_name_to_prop("volblocksize"),
		    info.data_block_size);
	}
	return (error);
}

/* zvol_check_volblocksize() in module/zfs/zvol.c */
int
image_check_volblocksize(const char *name, uint64_t bytes)
{
	if (bytes > OLD_MAX_BLOCK) {
		int error = image_check_feature(name, "large_blocks");
		if (error != 0)
			return (error);
		if (bytes > *zpool.max_recordsize)
			return (EDOM);
	}
	return (bytes < 512 || bytes > MAX_BLOCK || (bytes & (bytes - 1)) != 0 ?
	    EDOM : 0);
}

/* zvol_set_volsize() and zvol_update_volsize() in module/zfs/zvol.c */
int
image_set_volsize(const char *name, uint64_t bytes)
{
	struct object_info info;
	uint64_t readonly;
	objset_t *os;
	int error = zpool.dsl_prop_get_integer(name, "readonly", &readonly,
	    NULL);

	if (error == 0 && readonly != 0)
		error = EROFS;
	if (error == 0)
		error = zpool.dmu_objset_own(name, OST_ZVOL, B_FALSE, B_TRUE,
		    image_tag, &os);
	if (error != 0)
		return (error);
	error = zpool.dmu_object_info(os, VOLUME_DATA, &info);
	if (error == 0 && (bytes == 0 || bytes % info.data_block_size != 0))
		error = EINVAL;
	if (error == 0)
		error = update(os, VOLUME_PROPS, "size", bytes);
	if (error == 0)
		error = zpool.dmu_free_long_range(os, VOLUME_DATA, bytes,
		    UINT64_MAX);
	zpool.dmu_objset_disown(os, B_TRUE, image_tag);
	return (error);
}
