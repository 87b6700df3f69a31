#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "buf.h"
#include "list.h"
#include "zt.h"

struct zt {
	struct lzc z;
};

void
zt_buf_free(struct zt_buf *buf)
{
	free(buf->data);
	memset(buf, 0, sizeof (*buf));
}

static void
nvpair_close(struct lzc *z)
{
	nvp_close(&z->nvp);
}

/* libnvpair alone: the codec works where no kernel module does. */
static int
nvpair_open(struct lzc *z, const struct image_args *args, char *why,
    size_t why_size)
{
	(void) args;
	z->close = nvpair_close;
	return (nvp_open(&z->nvp, why, why_size));
}

static int
open_with(struct zt **out, provider_t *provider, const struct image_args *args,
    char *why, size_t why_size)
{
	struct zt *zt = calloc(1, sizeof (*zt));
	int error = ENOMEM;

	why[0] = '\0';
	if (zt != NULL &&
	    (error = provider(&zt->z, args, why, why_size)) != 0) {
		free(zt);
		zt = NULL;
	}
	*out = zt;
	return (error);
}

int
zt_open(struct zt **zt, char *why, size_t why_size)
{
	return (open_with(zt, kernel_open, NULL, why, why_size));
}

int
zt_open_nvpair(struct zt **zt, char *why, size_t why_size)
{
	return (open_with(zt, nvpair_open, NULL, why, why_size));
}

int
zt_open_image(struct zt **zt, const char *path, const char *create_pool,
    uint64_t bytes, uint64_t ashift, char *why, size_t why_size)
{
	struct image_args args = { path, create_pool, bytes, ashift };

	return (open_with(zt, embedded_open, &args, why, why_size));
}

void
zt_close(struct zt *zt)
{
	zt->z.close(&zt->z);
	free(zt);
}

unsigned int
zt_minor(struct zt *zt)
{
	return (zt->z.minor);
}

uint64_t
zt_max_recordsize(struct zt *zt)
{
	return (zt->z.max_recordsize);
}

/*
 * Write `list` (NULL is an empty one) as JSON and free it.  Half a document helps
 * nobody: what could not be written in full is taken back.
 */
static int
give_json(struct zt *zt, nvlist_t *list, struct zt_buf *out)
{
	if (list == NULL)
		buf_put(out, "{}", 2);
	else
		nvl_to_json(&zt->z.nvp, list, out);
	zt->z.nvp.nvlist_free(list);
	if (out->error != 0)
		out->len = 0;
	return (out->error);
}

/*
 * End a call that gives a list of errors: written as JSON whether or not the
 * call failed, since it says which of many targets were at fault.
 */
static int
give_errors(struct zt *zt, int error, nvlist_t *list, struct zt_buf *errors)
{
	int bad = give_json(zt, list, errors);

	return (error != 0 ? error : bad);
}

int
zt_nvlist_encode(struct zt *zt, const uint8_t *flat, size_t size,
    struct zt_buf *packed)
{
	nvlist_t *list;
	size_t len;
	int error = nvl_from_flat(&zt->z.nvp, flat, size, &list);

	if (error != 0)
		return (error);
	error = nvl_pack(&zt->z.nvp, list, &packed->data, &len);
	if (error == 0)
		packed->len = packed->size = len;
	zt->z.nvp.nvlist_free(list);
	return (error);
}

int
zt_nvlist_decode(struct zt *zt, const char *packed, size_t size,
    struct zt_buf *out)
{
	nvlist_t *list;
	/* nvlist_unpack reads only, though its prototype does not say so */
	int error = nvl_unpack(&zt->z.nvp, (char *)(uintptr_t)packed, size,
	    &list);

	return (error != 0 ? error : give_json(zt, list, out));
}

int
zt_pool_configs(struct zt *zt, struct zt_buf *out)
{
	nvlist_t *list = NULL;
	int error = zt->z.pool_configs(&zt->z, &list);

	return (give_errors(zt, error, list, out));
}

int
zt_pool_config(struct zt *zt, const char *pool, struct zt_buf *out)
{
	nvlist_t *list = NULL;
	int error = zt->z.pool_config(&zt->z, pool, &list);

	return (give_errors(zt, error, list, out));
}

int
zt_pool_props(struct zt *zt, const char *pool, struct zt_buf *out)
{
	nvlist_t *list = NULL;
	int error = zt->z.pool_props(&zt->z, pool, &list);

	return (give_errors(zt, error, list, out));
}

int
zt_stats(struct zt *zt, const char *name, struct zt_buf *out)
{
	return (list_one(&zt->z, name, out));
}

int
zt_list_named(struct zt *zt, const uint8_t *flat, size_t size, int props,
    struct zt_buf *out)
{
	nvlist_t *names;
	int error = nvl_from_flat(&zt->z.nvp, flat, size, &names);

	if (error != 0)
		return (error);
	error = list_named(&zt->z, names, props ? B_TRUE : B_FALSE, out);
	zt->z.nvp.nvlist_free(names);
	return (error);
}

int
zt_list_datasets(struct zt *zt, const char *root, struct zt_buf *out)
{
	return (list_tree(&zt->z, root, out));
}

int
zt_list_snapshots(struct zt *zt, const char *dataset, int props,
    struct zt_buf *out)
{
	return (list_snapshots(&zt->z, dataset, props ? B_TRUE : B_FALSE, out));
}

int
zt_create(struct zt *zt, const char *name, int volume, const uint8_t *flat,
    size_t size)
{
	nvlist_t *props;
	int error = nvl_from_flat(&zt->z.nvp, flat, size, &props);

	if (error != 0)
		return (error);
	error = zt->z.lzc_create(name,
	    volume ? LZC_DATSET_TYPE_ZVOL : LZC_DATSET_TYPE_ZFS, props, NULL, 0);
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
	int error = nvl_from_flat(&zt->z.nvp, flat, size, &props);

	if (error != 0)
		return (error);
	error = zt->z.set(&zt->z, name, props, &list);
	zt->z.nvp.nvlist_free(props);
	return (give_errors(zt, error, list, errors));
}

int
zt_inherit(struct zt *zt, const char *name, const char *prop, int received)
{
	return (zt->z.inherit(&zt->z, name, prop,
	    received ? B_TRUE : B_FALSE));
}

int
zt_snapshot(struct zt *zt, const uint8_t *flat, size_t size,
    const uint8_t *props_flat, size_t props_size, struct zt_buf *errors)
{
	const struct nvp *nvp = &zt->z.nvp;
	nvlist_t *snaps = NULL, *props = NULL, *list = NULL;
	int error = nvl_from_flat(nvp, flat, size, &snaps);

	if (error == 0)
		error = nvl_from_flat(nvp, props_flat, props_size, &props);
	if (error == 0)
		error = zt->z.lzc_snapshot(snaps, props, &list);
	nvp->nvlist_free(snaps);
	nvp->nvlist_free(props);
	return (give_errors(zt, error, list, errors));
}

int
zt_destroy_snaps(struct zt *zt, const uint8_t *flat, size_t size, int defer,
    struct zt_buf *errors)
{
	nvlist_t *snaps, *list = NULL;
	int error = nvl_from_flat(&zt->z.nvp, flat, size, &snaps);

	if (error != 0)
		return (error);
	error = zt->z.lzc_destroy_snaps(snaps, defer ? B_TRUE : B_FALSE, &list);
	zt->z.nvp.nvlist_free(snaps);
	return (give_errors(zt, error, list, errors));
}

/* Calls of the shape (list of targets in, list of errors out). */
static int
call_batch(struct zt *zt, int (*call)(nvlist_t *, nvlist_t **),
    const uint8_t *flat, size_t size, struct zt_buf *errors)
{
	nvlist_t *targets, *list = NULL;
	int error = nvl_from_flat(&zt->z.nvp, flat, size, &targets);

	if (error != 0)
		return (error);
	error = call(targets, &list);
	zt->z.nvp.nvlist_free(targets);
	return (give_errors(zt, error, list, errors));
}

int
zt_hold(struct zt *zt, const uint8_t *flat, size_t size, struct zt_buf *errors)
{
	nvlist_t *holds, *list = NULL;
	int error = nvl_from_flat(&zt->z.nvp, flat, size, &holds);

	if (error != 0)
		return (error);
	/* no cleanup descriptor: the hold outlives this process */
	error = zt->z.lzc_hold(holds, -1, &list);
	zt->z.nvp.nvlist_free(holds);
	return (give_errors(zt, error, list, errors));
}

int
zt_release(struct zt *zt, const uint8_t *flat, size_t size,
    struct zt_buf *errors)
{
	return (call_batch(zt, zt->z.lzc_release, flat, size, errors));
}

int
zt_bookmark(struct zt *zt, const uint8_t *flat, size_t size,
    struct zt_buf *errors)
{
	return (call_batch(zt, zt->z.lzc_bookmark, flat, size, errors));
}

int
zt_destroy_bookmarks(struct zt *zt, const uint8_t *flat, size_t size,
    struct zt_buf *errors)
{
	return (call_batch(zt, zt->z.lzc_destroy_bookmarks, flat, size, errors));
}

int
zt_get_holds(struct zt *zt, const char *snapshot, struct zt_buf *out)
{
	nvlist_t *list = NULL;
	int error = zt->z.lzc_get_holds(snapshot, &list);

	return (give_errors(zt, error, list, out));
}

int
zt_get_bookmarks(struct zt *zt, const char *dataset, struct zt_buf *out)
{
	const struct nvp *nvp = &zt->z.nvp;
	nvlist_t *props = NULL, *list = NULL;
	int error = nvp->nvlist_alloc(&props, 1, 0);

	if (error == 0)
		error = nvp->nvlist_add_boolean(props, "createtxg");
	if (error == 0)
		error = zt->z.lzc_get_bookmarks(dataset, props, &list);
	nvp->nvlist_free(props);
	return (give_errors(zt, error, list, out));
}

int
zt_log(struct zt *zt, const char *message)
{
	return (zt->z.log(&zt->z, message));
}

int
zt_mount(const char *dataset, const char *path, unsigned long flags,
    const char *options)
{
	return (mount(dataset, path, "zfs", flags, options) == 0 ? 0 : errno);
}

int
zt_unmount(const char *path, int flags)
{
	return (umount2(path, flags) == 0 ? 0 : errno);
}
