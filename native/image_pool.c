/* Makes a pool in a plain file, and imports it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image.h"

enum { IMPORT_NORMAL = 0 };	/* ZFS_IMPORT_NORMAL */

/*
 * The features of OpenZFS 2.1 (cmd/zpool/compatibility.d/openzfs-2.1-linux), so
 * that each release from 2.1 on opens each image.
 */
static const char *const features[] = {
	"allocation_classes", "async_destroy", "bookmark_v2",
	"bookmark_written", "bookmarks", "device_rebuild", "device_removal",
	"draid", "edonr", "embedded_data", "empty_bpobj", "enabled_txg",
	"encryption", "extensible_dataset", "filesystem_limits", "hole_birth",
	"large_blocks", "large_dnode", "livelist", "log_spacemap",
	"lz4_compress", "multi_vdev_crash_dump", "obsolete_counts",
	"project_quota", "redacted_datasets", "redaction_bookmarks",
	"resilver_defer", "sha512", "skein", "spacemap_histogram",
	"spacemap_v2", "userobj_accounting", "zpool_checkpoint",
	"zstd_compress",
};

/* Make a root vdev with a copy of one child. */
static int
root_vdev(const struct nvp *nvp, nvlist_t *child, nvlist_t **root)
{
	int error = nvp->nvlist_alloc(root, 1, 0);

	if (error == 0)
		error = nvp->nvlist_add_string(*root, "type", "root");
	if (error == 0)
		error = nvp->nvlist_add_nvlist_array(*root, "children",
		    (NVP_NVLISTS)&child, 1);
	return (error);
}

static int
file_vdev(const struct nvp *nvp, const char *path, uint64_t ashift,
    nvlist_t **leaf)
{
	int error = nvp->nvlist_alloc(leaf, 1, 0);

	if (error == 0)
		error = nvp->nvlist_add_string(*leaf, "type", "file");
	if (error == 0)
		error = nvp->nvlist_add_string(*leaf, "path", path);
	if (error == 0)
		error = nvp->nvlist_add_uint64(*leaf, "ashift", ashift);
	if (error == 0)
		error = nvp->nvlist_add_uint64(*leaf, "is_log", 0);
	return (error);
}

/* Without feature@ properties, spa_create() enables no feature at all. */
static int
feature_props(const struct nvp *nvp, nvlist_t **props)
{
	char name[64];
	int error = nvp->nvlist_alloc(props, 1, 0);

	for (size_t i = 0; i < sizeof (features) / sizeof (features[0]); i++) {
		(void) snprintf(name, sizeof (name), "feature@%s", features[i]);
		if (error == 0)
			error = nvp->nvlist_add_uint64(*props, name, 0);
	}
	return (error);
}

/* Make an empty file as long as the pool; refuse a file that holds anything. */
static int
stretch(const char *path, uint64_t bytes)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return (errno);
	if (!S_ISREG(st.st_mode) || st.st_size != 0)
		return (EEXIST);
	return (truncate(path, (off_t)bytes) == 0 ? 0 : errno);
}

/* Make a pool in the empty file at `path`, an absolute name. */
int
image_create_pool(const struct nvp *nvp, const char *path, const char *pool,
    uint64_t bytes, uint64_t ashift)
{
	nvlist_t *leaf = NULL, *root = NULL, *props = NULL;
	int error = zpool.pool_namecheck(pool, NULL, NULL) != 0 ? EINVAL :
	    stretch(path, bytes);

	if (error == 0)
		error = file_vdev(nvp, path, ashift, &leaf);
	if (error == 0)
		error = root_vdev(nvp, leaf, &root);
	if (error == 0)
		error = feature_props(nvp, &props);
	if (error == 0)
		error = zpool.spa_create(pool, root, props, NULL, NULL);
	if (error == 0)
		error = image_fill_pool_root(pool);
	nvp->nvlist_free(leaf);
	nvp->nvlist_free(root);
	nvp->nvlist_free(props);
	return (error);
}

/*
 * The label was good, so the pool behind it is damaged: EUCLEAN.  OpenZFS
 * returns one of these errno values, depending on where it met the damage.
 */
static int
import_error(int error)
{
	return (error == ENXIO || error == EIO || error == EINVAL ||
	    error == ENOENT || error == EBADE || error == EBADR ||
	    error == EOVERFLOW || error == EDOM || error == EEXIST ?
	    EUCLEAN : error);
}

/* Import the pool that a label describes, from the path where it is now. */
static int
import_label(const struct nvp *nvp, nvlist_t *label, nvlist_t *tree,
    uint64_t guid, const char *path, char *pool)
{
	nvlist_t *config = NULL, *root = NULL;
	int error = nvp->nvlist_add_string(tree, "path", path);

	if (error == 0)
		error = root_vdev(nvp, tree, &root);
	if (error == 0)
		error = nvp->nvlist_add_uint64(root, "id", 0);
	if (error == 0)
		error = nvp->nvlist_add_uint64(root, "guid", guid);
	if (error == 0)
		error = nvp->nvlist_dup(label, &config, 0);
	if (error == 0)
		error = nvp->nvlist_add_nvlist(config, "vdev_tree", root);
	if (error == 0)
		error = import_error(zpool.spa_import(pool, config, NULL,
		    IMPORT_NORMAL));
	nvp->nvlist_free(config);
	nvp->nvlist_free(root);
	return (error);
}

/*
 * Import the pool in a file.  A label holds the configuration of its own
 * top-level vdev, and the pool of an image has only one: below a root vdev, it
 * is the configuration that spa_import() takes.
 */
int
image_import_pool(const struct nvp *nvp, const struct image_args *args,
    char *pool, size_t pool_size, char *why, size_t why_size)
{
	nvlist_t *label = NULL, *tree = NULL;
	NVP_CONST char *name;
	uint64_t guid;
	int fd = open(args->path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return (errno);
	int error = image_find_label(nvp, fd, &label);
	(void) close(fd);
	if (error == 0)
		error = image_check_user(nvp, label, args->take_over_from, why,
		    why_size);
	if (error == 0) {
		(void) nvp->nvlist_lookup_string(label, "name", &name);
		(void) nvp->nvlist_lookup_uint64(label, "pool_guid", &guid);
		(void) nvp->nvlist_lookup_nvlist(label, "vdev_tree", &tree);
		(void) snprintf(pool, pool_size, "%s", name);
		error = import_label(nvp, label, tree, guid, args->path, pool);
	}
	if (error == 0)
		error = image_fill_pool_root(pool);
	nvp->nvlist_free(label);
	return (error);
}
