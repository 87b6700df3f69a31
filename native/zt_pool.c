/* Python's calls that change a whole pool, or wait for what it does. */
#include "buf.h"
#include "zt_impl.h"

int
zt_sync(struct zt *zt, const char *pool, const uint8_t *flat, size_t size)
{
	nvlist_t *args;
	int error = nvl_from_flat(&zt->z.nvp, flat, size, &args);

	if (error != 0)
		return (error);
	error = zt->z.lzc_sync(pool, args, NULL);
	zt->z.nvp.nvlist_free(args);
	return (error);
}

int
zt_wait(struct zt *zt, const char *pool, unsigned int activity, uint64_t device,
    struct zt_buf *out)
{
	boolean_t waited = B_FALSE;
	int error = device == 0 ? zt->z.lzc_wait(pool, activity, &waited) :
	    zt->z.lzc_wait_tag(pool, activity, device, &waited);

	json_uint(out, waited ? 1 : 0);
	return (error != 0 ? error : out->error);
}

int
zt_wait_fs(struct zt *zt, const char *name, unsigned int activity,
    struct zt_buf *out)
{
	boolean_t waited = B_FALSE;
	int error = zt->z.lzc_wait_fs(name, activity, &waited);

	json_uint(out, waited ? 1 : 0);
	return (error != 0 ? error : out->error);
}

int
zt_reopen(struct zt *zt, const char *pool, int scrub_restart)
{
	return (zt->z.lzc_reopen(pool, scrub_restart ? B_TRUE : B_FALSE));
}

int
zt_pool_checkpoint(struct zt *zt, const char *pool, int discard)
{
	return (discard ? zt->z.lzc_pool_checkpoint_discard(pool) :
	    zt->z.lzc_pool_checkpoint(pool));
}

int
zt_initialize(struct zt *zt, const char *pool, unsigned int command,
    const uint8_t *flat, size_t size, struct zt_buf *errors)
{
	nvlist_t *devices, *list = NULL;
	int error = buf_reserve(errors);

	if (error == 0)
		error = nvl_from_flat(&zt->z.nvp, flat, size, &devices);
	if (error != 0)
		return (error);
	error = zt->z.lzc_initialize(pool, command, devices, &list);
	zt->z.nvp.nvlist_free(devices);
	return (zt_give_errors(zt, error, list, errors));
}

int
zt_trim(struct zt *zt, const char *pool, unsigned int command, uint64_t rate,
    int secure, const uint8_t *flat, size_t size, struct zt_buf *errors)
{
	nvlist_t *devices, *list = NULL;
	int error = buf_reserve(errors);

	if (error == 0)
		error = nvl_from_flat(&zt->z.nvp, flat, size, &devices);
	if (error != 0)
		return (error);
	error = zt->z.lzc_trim(pool, command, rate, secure ? B_TRUE : B_FALSE,
	    devices, &list);
	zt->z.nvp.nvlist_free(devices);
	return (zt_give_errors(zt, error, list, errors));
}

int
zt_scrub(struct zt *zt, const char *pool, unsigned int func,
    unsigned int command)
{
	return (zt->z.scrub(&zt->z, pool, func, command));
}

int
zt_get_bootenv(struct zt *zt, const char *pool, struct zt_buf *out)
{
	nvlist_t *list = NULL;
	int error = zt->z.lzc_get_bootenv(pool, &list);

	return (zt_give_errors(zt, error, list, out));
}

int
zt_set_bootenv(struct zt *zt, const char *pool, const uint8_t *flat,
    size_t size)
{
	nvlist_t *env;
	int error = nvl_from_flat(&zt->z.nvp, flat, size, &env);

	if (error != 0)
		return (error);
	error = zt->z.lzc_set_bootenv(pool, env);
	zt->z.nvp.nvlist_free(env);
	return (error);
}

int
zt_prefetch(struct zt *zt, const char *pool, unsigned int table)
{
	return (zt->z.lzc_pool_prefetch == NULL ? zt_why_missing(zt) :
	    zt->z.lzc_pool_prefetch(pool, table));
}

int
zt_ddt_prune(struct zt *zt, const char *pool, unsigned int unit,
    uint64_t amount)
{
	return (zt->z.lzc_ddt_prune == NULL ? zt_why_missing(zt) :
	    zt->z.lzc_ddt_prune(pool, unit, amount));
}

/* Make a call on the properties of a device. */
static int
call_vdev_prop(struct zt *zt,
    int (*call)(const char *, nvlist_t *, nvlist_t **), const char *pool,
    const uint8_t *flat, size_t size, struct zt_buf *out)
{
	nvlist_t *args, *list = NULL;
	int error = call == NULL ? zt_why_missing(zt) : buf_reserve(out);

	if (error == 0)
		error = nvl_from_flat(&zt->z.nvp, flat, size, &args);
	if (error != 0)
		return (error);
	error = call(pool, args, &list);
	zt->z.nvp.nvlist_free(args);
	return (zt_give_errors(zt, error, list, out));
}

int
zt_get_vdev_prop(struct zt *zt, const char *pool, const uint8_t *flat,
    size_t size, struct zt_buf *out)
{
	return (call_vdev_prop(zt, zt->z.lzc_get_vdev_prop, pool, flat, size,
	    out));
}

int
zt_set_vdev_prop(struct zt *zt, const char *pool, const uint8_t *flat,
    size_t size, struct zt_buf *errors)
{
	return (call_vdev_prop(zt, zt->z.lzc_set_vdev_prop, pool, flat, size,
	    errors));
}
