/*
 * The open image, and checks that several files of its provider make.
 *
 * libzfs_core's functions carry no handle, and so cannot the functions that
 * stand in for them here.  Like libzpool, the image belongs to the process.
 */
#include <errno.h>
#include <string.h>

#include "image.h"

const struct lzc *image;
char image_pool_name[DATASET_NAME_SIZE];

const char image_tag[] = "zfstune";

int
image_new_errors(nvlist_t **errors)
{
	return (image->nvp.nvlist_alloc(errors, 1, 0));
}

/* libzfs_core sends a call to the pool of its first target: spa_open(). */
int
image_check_pool(nvlist_t *targets)
{
	const struct nvp *nvp = &image->nvp;
	nvpair_t *pair = nvp->nvlist_next_nvpair(targets, NULL);
	const char *first = pair == NULL ? image_pool_name :
	    nvp->nvpair_name(pair);
	size_t len = strcspn(first, "/@#");

	if (strlen(image_pool_name) != len ||
	    strncmp(first, image_pool_name, len) != 0)
		return (ENOENT);
	for (; pair != NULL; pair = nvp->nvlist_next_nvpair(targets, pair)) {
		const char *name = nvp->nvpair_name(pair);
		if (strncmp(name, image_pool_name, len) != 0 ||
		    strcspn(name, "/@#") != len || name[len] == '\0')
			return (EXDEV);
		if (zpool.entity_namecheck(name, NULL, NULL) != 0)
			return (EINVAL);
	}
	return (0);
}

int
image_check_feature(const char *name, const char *feature)
{
	spa_t *spa;
	int id;

	if (zpool.zfeature_lookup_name(feature, &id) != 0)
		return (ENOTSUP);
	int error = zpool.spa_open(name, &spa, image_tag);
	if (error != 0)
		return (error);
	error = zpool.spa_feature_is_enabled(spa, id) ? 0 : ENOTSUP;
	zpool.spa_close(spa, image_tag);
	return (error);
}
