/*
 * The provider for a pool in a plain file.  It fills the same table as the
 * kernel's provider, over libzpool.
 *
 * In the kernel, the ioctl layer (module/zfs/zfs_ioctl.c) receives
 * libzfs_core's calls, checks them and calls the functions that libzpool has as
 * well.  libzpool lacks that layer, so the files of this provider make its
 * checks, each beside the call that it guards.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "image.h"

/*
 * libzpool does not tell its patch release, but the properties that it knows
 * do: redundant_metadata=some came with 2.1.7, prefetch with 2.2.4.
 */
static unsigned int
least_patch(void)
{
	int id = zpool.zfs_name_to_prop("redundant_metadata");
	const char *word;

	if (zpool.minor == 1 &&
	    zpool.zfs_prop_index_to_string(id, 2, &word) == 0)
		return (7);
	if (zpool.minor == 2 && zpool.zfs_name_to_prop("prefetch") >= 0)
		return (4);
	return (0);
}

/*
 * The last change is on disk when this returns, since an export waits for it.
 * The library is left running, because the process ends next: kernel_fini()
 * would wait 1.5 s for its threads, which is most of the time that a short use
 * of an image takes.
 */
void
image_close(struct lzc *z)
{
	if (image != NULL) {
		(void) zpool.spa_export(image_pool_name, NULL, B_FALSE,
		    B_FALSE);
		image = NULL;
	}
	nvp_close(&z->nvp);
}

/* Open the pool in a file, or make one there.  A process can open one only. */
int
image_open(struct lzc *z, const struct image_args *args, char *why,
    size_t why_size)
{
	int error;

	z->fd = -1;
	if ((error = nvp_open(&z->nvp, why, why_size)) != 0)
		return (error);
	if ((error = libzpool_start(image_file_info, why, why_size)) != 0) {
		nvp_close(&z->nvp);
		return (error);
	}
	if (args->create_pool != NULL) {
		(void) snprintf(image_pool_name, sizeof (image_pool_name), "%s",
		    args->create_pool);
		error = image_create_pool(&z->nvp, args->path,
		    args->create_pool, args->bytes, args->ashift);
	} else {
		error = image_import_pool(&z->nvp, args, image_pool_name,
		    sizeof (image_pool_name), why, why_size);
	}
	if (error != 0) {
		nvp_close(&z->nvp);
		return (error);
	}
#define	FILL(ret, name, args)	z->name = image_##name;
	LZC_CALLS(FILL)
	OWN_CALLS(FILL)
#undef	FILL
	z->minor = zpool.minor;
	z->patch = least_patch();
	z->max_recordsize = *zpool.max_recordsize;
	image = z;
	return (0);
}
