/* Python's calls for the keys of encrypted datasets. */
#include "zt_impl.h"

uint8_t *
zt_key(const uint8_t *key, size_t size)
{
	return (size == 0 ? NULL : (uint8_t *)(uintptr_t)key);
}

int
zt_load_key(struct zt *zt, const char *name, int noop, const uint8_t *key,
    size_t key_size)
{
	return (zt->z.lzc_load_key(name, noop ? B_TRUE : B_FALSE,
	    zt_key(key, key_size), (uint_t)key_size));
}

int
zt_unload_key(struct zt *zt, const char *name)
{
	return (zt->z.lzc_unload_key(name));
}

int
zt_change_key(struct zt *zt, const char *name, uint64_t command,
    const uint8_t *key, size_t key_size, const uint8_t *flat, size_t size)
{
	nvlist_t *props;
	int error = nvl_from_flat(&zt->z.nvp, flat, size, &props);

	if (error != 0)
		return (error);
	error = zt->z.lzc_change_key(name, command, props,
	    zt_key(key, key_size), (uint_t)key_size);
	zt->z.nvp.nvlist_free(props);
	return (error);
}
