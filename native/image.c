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
enum { STATE_EXPORTED = 1 };	/* POOL_STATE_ACTIVE, POOL_STATE_EXPORTED */

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

/* Make `path` as long as wanted; one that holds anything is not ours to use. */
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

/* Make a pool in an empty file that is `path`, an absolute one. */
int
image_create(const struct nvp *nvp, const char *path, const char *pool,
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

/*
 * Whether a label is of a whole pool that can be opened: `zpool import` passes over
 * the others too (zpool_read_label() in lib/libzutil/zutil_import.c), destroyed
 * pools among them.
 */
static int
check_label(const struct nvp *nvp, nvlist_t *label)
{
	static const char *const numbers[] = { "txg", "state", "pool_guid",
	    "vdev_children" };
	uint64_t value[4];
	NVP_CONST char *name;
	nvlist_t *tree;

	for (size_t i = 0; i < sizeof (numbers) / sizeof (numbers[0]); i++) {
		if (nvp->nvlist_lookup_uint64(label, numbers[i], &value[i]) != 0)
			return (ENXIO);
	}
	return (value[0] == 0 || value[1] > STATE_EXPORTED ||
	    nvp->nvlist_lookup_string(label, "name", &name) != 0 ||
	    zpool.pool_namecheck(name, NULL, NULL) != 0 ||
	    nvp->nvlist_lookup_nvlist(label, "vdev_tree", &tree) != 0 ?
	    ENXIO : 0);
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
		nvlist_t *label;
		uint64_t txg;
		if (read_label(nvp, fd, places[i], &label) != 0)
			continue;
		if (check_label(nvp, label) == 0 &&
		    nvp->nvlist_lookup_uint64(label, "txg", &txg) == 0 &&
		    txg > best) {
			nvp->nvlist_free(*newest);
			*newest = label;
			best = txg;
		} else {
			nvp->nvlist_free(label);
		}
	}
	return (*newest == NULL ? ENXIO : 0);
}

/* EXDEV where a pool is more than this file: the label names devices to open. */
static int
check_alone(const struct nvp *nvp, nvlist_t *label, nvlist_t *tree)
{
	NVP_CONST char *type;
	uint64_t top_level;

	return (nvp->nvlist_lookup_uint64(label, "vdev_children",
	    &top_level) != 0 || top_level != 1 ||
	    nvp->nvlist_lookup_string(tree, "type", &type) != 0 ||
	    (strcmp(type, "file") != 0 && strcmp(type, "disk") != 0) ?
	    EXDEV : 0);
}

/*
 * EALREADY where the running kernel has imported the pool: it takes no lock on the
 * file, and two writers destroy a pool.
 */
static int
check_kernel(uint64_t guid)
{
	struct lzc kernel = { 0 };
	nvlist_t *pools = NULL, *config;
	uint64_t other;
	char why[256];
	int error = 0;

	if (kernel_open(&kernel, NULL, why, sizeof (why)) != 0)
		return (0);	/* no kernel module, no danger */
	const struct nvp *nvp = &kernel.nvp;
	if (kernel.pool_configs(&kernel, &pools) == 0) {
		for (nvpair_t *pair = nvp->nvlist_next_nvpair(pools, NULL);
		    pair != NULL; pair = nvp->nvlist_next_nvpair(pools, pair)) {
			if (nvp->nvpair_value_nvlist(pair, &config) == 0 &&
			    nvp->nvlist_lookup_uint64(config, "pool_guid",
			    &other) == 0 && other == guid)
				error = EALREADY;
		}
	}
	nvp->nvlist_free(pools);
	kernel.close(&kernel);
	return (error);
}

/* Open what a label describes, which is at `path` now. */
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
		error = zpool.spa_import(pool, config, NULL, IMPORT_NORMAL);
	nvp->nvlist_free(config);
	nvp->nvlist_free(root);
	return (error);
}

/*
 * Open the pool in a file.  A label holds the configuration of its own top-level
 * vdev, and of an image's pool there is one: put under a root, it is the
 * configuration that spa_import() wants.
 */
int
image_import(const struct nvp *nvp, const char *path, char *pool,
    size_t pool_size)
{
	nvlist_t *label = NULL, *tree = NULL;
	NVP_CONST char *name;
	uint64_t guid;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return (errno);
	int error = newest_label(nvp, fd, &label);
	(void) close(fd);
	if (error == 0) {
		(void) nvp->nvlist_lookup_string(label, "name", &name);
		(void) nvp->nvlist_lookup_uint64(label, "pool_guid", &guid);
		(void) nvp->nvlist_lookup_nvlist(label, "vdev_tree", &tree);
		(void) snprintf(pool, pool_size, "%s", name);
		error = check_alone(nvp, label, tree);
	}
	if (error == 0)
		error = check_kernel(guid);
	if (error == 0)
		error = import_label(nvp, label, tree, guid, path, pool);
	if (error == 0)
		error = fs_fill_pool_root(pool);
	nvp->nvlist_free(label);
	return (error);
}
