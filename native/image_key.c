/* The image provider: the keys of encrypted datasets. */
#include <errno.h>
#include <string.h>

#include "image.h"

/* lzc_create() and the like in libzfs_core.c: the key is an argument apart */
int
image_crypto_params(uint64_t command, nvlist_t *props, uint8_t *key,
    uint_t key_bytes, void **params)
{
	const struct nvp *nvp = &image->nvp;
	nvlist_t *hidden = NULL;
	int error = 0;

	if (key != NULL) {
		error = nvp->nvlist_alloc(&hidden, 1, 0);
		if (error == 0)
			error = nvp->nvlist_add_uint8_array(hidden, "wkeydata",
			    key, key_bytes);
	}
	if (error == 0)
		error = zpool.dsl_crypto_params_create_nvlist((int)command,
		    props, hidden, params);
	nvp->nvlist_free(hidden);
	return (error);
}

static int
check_dataset(const char *name)
{
	return (strpbrk(name, "@%") != NULL ||
	    zpool.dataset_namecheck(name, NULL, NULL) != 0 ? EINVAL : 0);
}

/* zfs_ioc_load_key() */
int
image_lzc_load_key(const char *name, boolean_t noop, uint8_t *key,
    uint_t key_bytes)
{
	void *params;
	int error = key == NULL ? EINVAL : check_dataset(name);

	if (error == 0)
		error = image_crypto_params(NO_CRYPTO_COMMAND, NULL, key,
		    key_bytes, &params);
	if (error != 0)
		return (error);
	error = zpool.spa_keystore_load_wkey(name, params, noop);
	zpool.dsl_crypto_params_free(params, error != 0 ? B_TRUE : noop);
	return (error);
}

int
image_lzc_unload_key(const char *name)
{
	int error = check_dataset(name);

	return (error != 0 ? error : zpool.spa_keystore_unload_wkey(name));
}

/* zfs_ioc_change_key() */
int
image_lzc_change_key(const char *name, uint64_t command, nvlist_t *props,
    uint8_t *key, uint_t key_bytes)
{
	void *params;
	int error = check_dataset(name);

	if (error == 0)
		error = image_crypto_params(command, props, key, key_bytes,
		    &params);
	if (error != 0)
		return (error);
	error = zpool.spa_keystore_change_key(name, params);
	zpool.dsl_crypto_params_free(params, error != 0 ? B_TRUE : B_FALSE);
	return (error);
}
