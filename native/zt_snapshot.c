/* Python's calls on many snapshots, holds or bookmarks at once. */
#include "buf.h"
#include "zt_impl.h"

int
zt_snapshot(struct zt *zt, const uint8_t *flat, size_t size,
    const uint8_t *props_flat, size_t props_size, struct zt_buf *errors)
{
	const struct nvp *nvp = &zt->z.nvp;
	nvlist_t *snaps = NULL, *props = NULL, *list = NULL;
	int error = buf_reserve(errors);

	if (error == 0)
		error = nvl_from_flat(nvp, flat, size, &snaps);
	if (error == 0)
		error = nvl_from_flat(nvp, props_flat, props_size, &props);
	if (error == 0)
		error = zt->z.lzc_snapshot(snaps, props, &list);
	nvp->nvlist_free(snaps);
	nvp->nvlist_free(props);
	return (zt_give_errors(zt, error, list, errors));
}

/*
 * The kernel destroys snapshots by a channel program, which a signal would
 * cancel.
 */
static int
destroy_unbroken(struct zt *zt, nvlist_t *snaps, boolean_t defer,
    nvlist_t **list)
{
	sigset_t before;
	int error = zt_signals_wait(&before);

	if (error != 0)
		return (error);
	error = zt->z.lzc_destroy_snaps(snaps, defer, list);
	zt_signals_come(&before);
	return (error);
}

int
zt_destroy_snaps(struct zt *zt, const uint8_t *flat, size_t size, int defer,
    struct zt_buf *errors)
{
	nvlist_t *snaps, *list = NULL;
	int error = buf_reserve(errors);

	if (error == 0)
		error = nvl_from_flat(&zt->z.nvp, flat, size, &snaps);
	if (error != 0)
		return (error);
	error = destroy_unbroken(zt, snaps, defer ? B_TRUE : B_FALSE, &list);
	zt->z.nvp.nvlist_free(snaps);
	return (zt_give_errors(zt, error, list, errors));
}

/* Make a call that takes a list of targets and gives a list of errors. */
static int
call_batch(struct zt *zt, int (*call)(nvlist_t *, nvlist_t **),
    const uint8_t *flat, size_t size, struct zt_buf *errors)
{
	nvlist_t *targets, *list = NULL;
	int error = buf_reserve(errors);

	if (error == 0)
		error = nvl_from_flat(&zt->z.nvp, flat, size, &targets);
	if (error != 0)
		return (error);
	error = call(targets, &list);
	zt->z.nvp.nvlist_free(targets);
	return (zt_give_errors(zt, error, list, errors));
}

int
zt_hold(struct zt *zt, const uint8_t *flat, size_t size, int cleanup_fd,
    struct zt_buf *errors)
{
	nvlist_t *holds, *list = NULL;
	int error = buf_reserve(errors);

	if (error == 0)
		error = nvl_from_flat(&zt->z.nvp, flat, size, &holds);
	if (error != 0)
		return (error);
	error = zt->z.lzc_hold(holds, cleanup_fd, &list);
	zt->z.nvp.nvlist_free(holds);
	return (zt_give_errors(zt, error, list, errors));
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
	return (call_batch(zt, zt->z.lzc_destroy_bookmarks, flat, size,
	    errors));
}

int
zt_get_holds(struct zt *zt, const char *snapshot, struct zt_buf *out)
{
	nvlist_t *list = NULL;
	int error = zt->z.lzc_get_holds(snapshot, &list);

	return (zt_give_errors(zt, error, list, out));
}

int
zt_get_bookmarks(struct zt *zt, const char *dataset, struct zt_buf *out)
{
	/* Those of a redaction come only where they are asked for. */
	static const char *const names[] = { "guid", "createtxg", "creation",
	    "ivsetguid", "referenced", "redact_snaps", "redact_complete" };
	const struct nvp *nvp = &zt->z.nvp;
	nvlist_t *props = NULL, *list = NULL;
	int error = nvp->nvlist_alloc(&props, 1, 0);

	for (size_t i = 0; error == 0 && i < sizeof (names) / sizeof (names[0]);
	    i++)
		error = nvp->nvlist_add_boolean(props, names[i]);
	if (error == 0)
		error = zt->z.lzc_get_bookmarks(dataset, props, &list);
	nvp->nvlist_free(props);
	return (zt_give_errors(zt, error, list, out));
}
