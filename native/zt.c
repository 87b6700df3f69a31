/* Python's calls that open a ZFS and read it, and the end of each call. */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "buf.h"
#include "object.h"
#include "zt_impl.h"

enum { CALL_UNAVAILABLE = 1029 };	/* ZFS_ERR_IOC_CMD_UNAVAIL */

/* It is the running release that lacks it, or else images do. */
int
zt_why_missing(const struct zt *zt)
{
	return (zt->z.minor != 0 ? ENOSYS : CALL_UNAVAILABLE);
}

static void
nvpair_close(struct lzc *z)
{
	nvp_close(&z->nvp);
}

/*
 * Open libnvpair alone: nvlists can be read and written without a kernel
 * module.
 */
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
    uint64_t bytes, uint64_t ashift, const char *take_over_from, char *why,
    size_t why_size)
{
	struct image_args args = { path, create_pool, bytes, ashift,
	    take_over_from };

	return (open_with(zt, image_open, &args, why, why_size));
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

unsigned int
zt_patch(struct zt *zt)
{
	return (zt->z.patch);
}

uint64_t
zt_max_recordsize(struct zt *zt)
{
	return (zt->z.max_recordsize);
}

int
zt_give_json(struct zt *zt, nvlist_t *list, struct zt_buf *out)
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

int
zt_give_errors(struct zt *zt, int error, nvlist_t *list, struct zt_buf *errors)
{
	int bad = zt_give_json(zt, list, errors);

	return (error != 0 ? error : bad);
}

/*
 * Any signal cancels a channel program that changes something, half way or
 * before it began (zcp_eval_sig() in module/zfs/zcp.c).  A caller that meant to
 * handle the signal and go on would be left with half a change, and a caller
 * that gets many signals would never finish.  So signals wait: such programs
 * are short.
 */
int
zt_signals_wait(sigset_t *before)
{
	sigset_t all;

	sigfillset(&all);
	return (pthread_sigmask(SIG_SETMASK, &all, before));
}

void
zt_signals_come(const sigset_t *before)
{
	pthread_sigmask(SIG_SETMASK, before, NULL);
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
	(void) zt;
	nvl_packed_to_json(packed, size, out);
	return (out->error);
}

int
zt_pool_configs(struct zt *zt, struct zt_buf *out)
{
	nvlist_t *list = NULL;
	int error = zt->z.pool_configs(&zt->z, &list);

	return (zt_give_errors(zt, error, list, out));
}

int
zt_pool_config(struct zt *zt, const char *pool, struct zt_buf *out)
{
	nvlist_t *list = NULL;
	int error = zt->z.pool_config(&zt->z, pool, &list);

	return (zt_give_errors(zt, error, list, out));
}

int
zt_pool_props(struct zt *zt, const char *pool, struct zt_buf *out)
{
	nvlist_t *list = NULL;
	int error = zt->z.pool_props(&zt->z, pool, &list);

	return (zt_give_errors(zt, error, list, out));
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
zt_object_stats(struct zt *zt, const char *snapshot, uint64_t object,
    struct zt_buf *out)
{
	return (zt->z.object_stats(&zt->z, snapshot, object, out));
}

int
zt_changed_objects(struct zt *zt, const char *base, const char *snapshot,
    struct zt_buf *out)
{
	return (object_list_changed(&zt->z, base, snapshot, out));
}

int
zt_exercise(struct zt *zt, int fd, const char *name, struct zt_buf *out)
{
	uint64_t count = 0;
	int error = buf_reserve(out);

	if (error == 0)
		error = zt->z.exercise(&zt->z, name, fd, &count);
	json_uint(out, count);
	return (error != 0 ? error : out->error);
}

int
zt_log(struct zt *zt, const char *message)
{
	return (zt->z.log(&zt->z, message));
}
