/* A pool in a plain file: made, and found again by its label. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libzpool.h"

/*
 * vdev_label_t, include/sys/vdev_impl.h: four copies of 256 KiB, two at each end
 * of the device; in each, behind 16 KiB of padding, 112 KiB with a packed nvlist
 * and a checksum in their last 40 bytes.
 */
enum {
	LABEL_BYTES = 256 << 10,
	LABEL_LIST_OFFSET = 16 << 10,
	LABEL_LIST_BYTES = (112 << 10) - 40,
};

enum { IMPORT_NORMAL = 0 };	/* ZFS_IMPORT_NORMAL */

/*
 * The features of OpenZFS 2.1 (cmd/zpool/compatibility.d/openzfs-2.1-linux), so
 * that every release which this project knows opens every image.
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

/* A root vdev with one child; the child stays the caller's. */
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

/* Without feature@ properties, spa_create() makes a pool that has none at all. */
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

/* Make a pool in a file that exists already and is `path`, an absolute one. */
int
image_create(const struct nvp *nvp, const char *path, const char *pool,
    uint64_t bytes, uint64_t ashift)
{
	nvlist_t *leaf = NULL, *root = NULL, *props = NULL;
	int error = truncate(path, (off_t)bytes) == 0 ? 0 : errno;

	if (error == 0)
		error = file_vdev(nvp, path, ashift, &leaf);
	if (error == 0)
		error = root_vdev(nvp, leaf, &root);
	if (error == 0)
		error = feature_props(nvp, &props);
	if (error == 0)
		error = zpool.spa_create(pool, root, props, NULL, NULL);
	if (error == 0)
		error = fs_fill_pool_root(pool);
	nvp->nvlist_free(leaf);
	nvp->nvlist_free(root);
	nvp->nvlist_free(props);
	return (error);
}

/* Read one label; ENXIO where there is none. */
static int
read_label(const struct nvp *nvp, int fd, off_t at, nvlist_t **label)
{
	char *packed = malloc(LABEL_LIST_BYTES);
	int error = ENXIO;

	*label = NULL;
	if (packed == NULL)
		return (ENOMEM);
	if (pread(fd, packed, LABEL_LIST_BYTES, at + LABEL_LIST_OFFSET) ==
	    LABEL_LIST_BYTES &&
	    nvl_unpack(nvp, packed, LABEL_LIST_BYTES, label) == 0)
		error = 0;
	free(packed);
	return (error);
}

/* The newest of the four labels that hold a pool. */
static int
newest_label(const struct nvp *nvp, int fd, nvlist_t **newest)
{
	struct stat st;
	uint64_t best = 0;

	*newest = NULL;
	if (fstat(fd, &st) != 0)
		return (errno);
	if (!S_ISREG(st.st_mode) || st.st_size < 4 * LABEL_BYTES)
		return (ENXIO);
	/* the size counts in whole labels: vdev_label_offset() */
	off_t size = st.st_size - st.st_size % LABEL_BYTES;
	const off_t places[] = { 0, LABEL_BYTES, size - 2 * LABEL_BYTES,
	    size - LABEL_BYTES };
	for (size_t i = 0; i < sizeof (places) / sizeof (places[0]); i++) {
		nvlist_t *label, *tree;
		NVP_CONST char *name;
		uint64_t txg, guid;
		if (read_label(nvp, fd, places[i], &label) != 0)
			continue;
		if (nvp->nvlist_lookup_uint64(label, "txg", &txg) == 0 &&
		    nvp->nvlist_lookup_uint64(label, "pool_guid", &guid) == 0 &&
		    nvp->nvlist_lookup_string(label, "name", &name) == 0 &&
		    nvp->nvlist_lookup_nvlist(label, "vdev_tree", &tree) == 0 &&
		    txg != 0 && (*newest == NULL || txg > best)) {
			nvp->nvlist_free(*newest);
			*newest = label;
			best = txg;
			continue;
		}
		nvp->nvlist_free(label);
	}
	return (*newest == NULL ? ENXIO : 0);
}

/*
 * Open the pool in a file.  A label holds the configuration of its own top-level
 * vdev, and of an image's pool there is one: put under a root, it is the
 * configuration that spa_import() wants.
 */
int
image_import(const struct nvp *nvp, const char *path, char *pool,
    size_t pool_size, char *why, size_t why_size)
{
	nvlist_t *label = NULL, *tree, *config = NULL, *root = NULL;
	NVP_CONST char *name;
	uint64_t guid;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return (errno);
	int error = newest_label(nvp, fd, &label);
	(void) close(fd);
	if (error != 0) {
		(void) snprintf(why, why_size, "it holds no pool");
		return (error);
	}
	(void) nvp->nvlist_lookup_string(label, "name", &name);
	(void) nvp->nvlist_lookup_uint64(label, "pool_guid", &guid);
	(void) nvp->nvlist_lookup_nvlist(label, "vdev_tree", &tree);
	if ((size_t)snprintf(pool, pool_size, "%s", name) >= pool_size)
		error = ENAMETOOLONG;
	/* the file may have moved */
	if (error == 0)
		error = nvp->nvlist_add_string(tree, "path", path);
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
		error = zpool.spa_import(pool, config, NULL, IMPORT_NORMAL);
	nvp->nvlist_free(label);
	nvp->nvlist_free(config);
	nvp->nvlist_free(root);
	return (error);
}
