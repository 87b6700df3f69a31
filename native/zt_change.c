/* Python's calls that change one dataset. */
#include "buf.h"
#include "zt_impl.h"

int
zt_create(struct zt *zt, const char *name, int volume, const uint8_t *key,
    size_t key_size, const uint8_t *flat, size_t size)
{
	nvlist_t *props;
	int error = nvl_from_flat(&zt->z.nvp, flat, size, &props);

	if (error != 0)
		return (error);
	error = zt->z.lzc_create(name,
	    volume ? LZC_DATSET_TYPE_ZVOL : LZC_DATSET_TYPE_ZFS, props,
	    zt_key(key, key_size), (uint_t)key_size);
	zt->z.nvp.nvlist_free(props);
	return (error);
}

int
zt_clone(struct zt *zt, const char *name, const char *origin,
    const uint8_t *flat, size_t size)
{
	nvlist_t *props;
	int error = nvl_from_flat(&zt->z.nvp, flat, size, &props);

	if (error != 0)
		return (error);
	error = zt->z.lzc_clone(name, origin, props);
	zt->z.nvp.nvlist_free(props);
	return (error);
}

int
zt_promote(struct zt *zt, const char *name, char *conflict, size_t size)
{
	return (zt->z.lzc_promote(name, conflict, (int)size));
}

int
zt_rename(struct zt *zt, const char *from, const char *to)
{
	return (zt->z.lzc_rename(from, to));
}

int
zt_destroy(struct zt *zt, const char *name)
{
	return (zt->z.lzc_destroy(name));
}

int
zt_rollback(struct zt *zt, const char *name, const char *snapshot)
{
	return (zt->z.lzc_rollback_to(name, snapshot));
}

int
zt_set(struct zt *zt, const char *name, const uint8_t *flat, size_t size,
    struct zt_buf *errors)
{
	nvlist_t *props, *list = NULL;
	int error = buf_reserve(errors);

	if (error == 0)
		error = nvl_from_flat(&zt->z.nvp, flat, size, &props);
	if (error != 0)
		return (error);
	error = zt->z.set(&zt->z, name, props, &list);
	zt->z.nvp.nvlist_free(props);
	return (zt_give_errors(zt, error, list, errors));
}

int
zt_inherit(struct zt *zt, const char *name, const char *prop, int received)
{
	return (zt->z.inherit(&zt->z, name, prop,
	    received ? B_TRUE : B_FALSE));
}
