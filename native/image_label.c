/*
 * Reads the labels of a pool in a plain file: is it whole, and who has it open?
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image.h"

/*
 * vdev_label_t, include/sys/vdev_impl.h: four copies of 256 KiB, two at each
 * end of the device; in each, behind 16 KiB of padding, 112 KiB with a packed
 * nvlist and a checksum in their last 40 bytes, then 128 KiB of uberblocks.
 */
enum {
	LABEL_BYTES = 256 << 10,
	LABEL_LIST_OFFSET = 16 << 10,
	LABEL_LIST_BYTES = (112 << 10) - 40,
	UBERBLOCKS_OFFSET = 128 << 10,
	UBERBLOCK_LEAST = 1 << 10,
	/* VDEV_LABEL_START_SIZE and VDEV_LABEL_END_SIZE: not used for data */
	NOT_DATA_BYTES = (4 << 20) + (512 << 10),
};

#define	UBERBLOCK_MAGIC	UINT64_C(0x00bab10c)

/* pool_state_t, include/sys/fs/zfs.h */
enum { STATE_ACTIVE, STATE_EXPORTED, STATE_DESTROYED };

/* Read the label at `offset`; ENXIO where there is none. */
static int
read_label(const struct nvp *nvp, int fd, off_t offset, nvlist_t **label)
{
	char *packed = malloc(LABEL_LIST_BYTES);
	int error = ENXIO;

	*label = NULL;
	if (packed == NULL)
		return (ENOMEM);
	if (pread(fd, packed, LABEL_LIST_BYTES, offset + LABEL_LIST_OFFSET) ==
	    LABEL_LIST_BYTES &&
	    nvl_unpack(nvp, packed, LABEL_LIST_BYTES, label) == 0)
		error = 0;
	free(packed);
	return (error);
}

/*
 * Check that a label belongs to a pool that can be imported.  `zpool import`
 * skips the other labels, too (zpool_read_label() in
 * lib/libzutil/zutil_import.c), among them those of destroyed pools.
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
		if (nvp->nvlist_lookup_uint64(label, numbers[i],
		    &value[i]) != 0)
			return (ENXIO);
	}
	if (value[1] == STATE_DESTROYED)
		return (EIDRM);
	return (value[0] == 0 || value[1] > STATE_EXPORTED ||
	    nvp->nvlist_lookup_string(label, "name", &name) != 0 ||
	    zpool.pool_namecheck(name, NULL, NULL) != 0 ||
	    nvp->nvlist_lookup_nvlist(label, "vdev_tree", &tree) != 0 ?
	    ENXIO : 0);
}

/* Tell whether a label has an uberblock, the trace of a pool. */
static boolean_t
has_uberblock(int fd, off_t offset)
{
	char *ring = malloc(LABEL_BYTES - UBERBLOCKS_OFFSET);
	boolean_t is_there = B_FALSE;
	uint64_t magic;

	if (ring == NULL)
		return (B_FALSE);
	if (pread(fd, ring, LABEL_BYTES - UBERBLOCKS_OFFSET,
	    offset + UBERBLOCKS_OFFSET) == LABEL_BYTES - UBERBLOCKS_OFFSET) {
		for (size_t i = 0; i < LABEL_BYTES - UBERBLOCKS_OFFSET;
		    i += UBERBLOCK_LEAST) {
			memcpy(&magic, ring + i, sizeof (magic));
			if (magic == UBERBLOCK_MAGIC ||
			    magic == __builtin_bswap64(UBERBLOCK_MAGIC))
				is_there = B_TRUE;
		}
	}
	free(ring);
	return (is_there);
}

/* ENODATA where the file is shorter than the pool. */
static int
check_length(const struct nvp *nvp, nvlist_t *label, off_t size)
{
	nvlist_t *tree;
	uint64_t data;

	return (nvp->nvlist_lookup_nvlist(label, "vdev_tree", &tree) == 0 &&
	    nvp->nvlist_lookup_uint64(tree, "asize", &data) == 0 &&
	    (size < NOT_DATA_BYTES || data > (uint64_t)size - NOT_DATA_BYTES) ?
	    ENODATA : 0);
}

/*
 * EXDEV where the pool has other devices: a label must not choose what we open.
 */
static int
check_alone(const struct nvp *nvp, nvlist_t *label)
{
	NVP_CONST char *type;
	nvlist_t *tree;
	uint64_t top_level;

	return (nvp->nvlist_lookup_uint64(label, "vdev_children",
	    &top_level) != 0 || top_level != 1 ||
	    nvp->nvlist_lookup_nvlist(label, "vdev_tree", &tree) != 0 ||
	    nvp->nvlist_lookup_string(tree, "type", &type) != 0 ||
	    (strcmp(type, "file") != 0 && strcmp(type, "disk") != 0) ?
	    EXDEV : 0);
}

/*
 * Find the newest of the four labels that belong to a pool.  ENXIO: there is no
 * pool; EBADE: there was one, and its labels are damaged; EIDRM: it was
 * destroyed.
 */
static int
newest_label(const struct nvp *nvp, int fd, off_t whole, nvlist_t **newest)
{
	uint64_t best = 0;
	int error = ENXIO;

	*newest = NULL;
	/* Labels lie on whole multiples of their size: vdev_label_offset(). */
	off_t size = whole - whole % LABEL_BYTES;
	const off_t places[] = { 0, LABEL_BYTES, size - 2 * LABEL_BYTES,
	    size - LABEL_BYTES };
	for (size_t i = 0; i < sizeof (places) / sizeof (places[0]); i++) {
		nvlist_t *label;
		uint64_t txg;
		if (read_label(nvp, fd, places[i], &label) != 0) {
			if (error == ENXIO && has_uberblock(fd, places[i]))
				error = EBADE;
			continue;
		}
		int bad = check_label(nvp, label);
		if (bad == EIDRM)
			error = bad;
		if (bad == 0 &&
		    nvp->nvlist_lookup_uint64(label, "txg", &txg) == 0 &&
		    txg > best) {
			nvp->nvlist_free(*newest);
			*newest = label;
			best = txg;
		} else {
			nvp->nvlist_free(label);
		}
	}
	return (*newest == NULL ? error : 0);
}

/*
 * Find the label of the pool in a file, which must be the pool's only device,
 * and whole.  The errno says what is wrong with it: ENXIO, EBADE, EIDRM, EXDEV,
 * ENODATA.
 */
int
image_find_label(const struct nvp *nvp, int fd, nvlist_t **label)
{
	struct stat st;

	*label = NULL;
	if (fstat(fd, &st) != 0)
		return (errno);
	if (!S_ISREG(st.st_mode) || st.st_size < 4 * LABEL_BYTES)
		return (ENXIO);
	int error = newest_label(nvp, fd, st.st_size, label);
	if (error == 0)
		error = check_alone(nvp, *label);
	if (error == 0)
		error = check_length(nvp, *label, st.st_size);
	if (error != 0) {
		nvp->nvlist_free(*label);
		*label = NULL;
	}
	return (error);
}

/*
 * As libzfs reads it (lib/libspl/os/linux/gethostid.c); 0 where there is none.
 */
static uint64_t
host_id(void)
{
	const char *given = getenv("ZFS_HOSTID");
	unsigned long id = 0;
	uint32_t stored = 0;
	FILE *f;

	if (given != NULL)
		return (strtoull(given, NULL, 0) & UINT32_MAX);
	if ((f = fopen("/proc/sys/kernel/spl/hostid", "re")) != NULL) {
		if (fscanf(f, "%lx", &id) != 1)
			id = 0;
		(void) fclose(f);
	}
	if (id == 0 && (f = fopen("/etc/hostid", "re")) != NULL) {
		if (fread(&stored, sizeof (stored), 1, f) == 1)
			id = stored;
		(void) fclose(f);
	}
	return (id & UINT32_MAX);
}

/*
 * EALREADY where the running kernel has imported the pool: the kernel takes no
 * lock on the file, and two writers destroy a pool.  ENOTUNIQ, with the reason
 * in `why`, where the kernel cannot be asked.  0 where no module is loaded.
 */
static int
check_kernel(uint64_t guid, char *why, size_t why_size)
{
	struct lzc kernel = { 0 };
	nvlist_t *pools = NULL, *config;
	struct stat st;
	uint64_t other;

	/* Without /sys, nothing tells whether the module is loaded. */
	if (stat("/sys/module", &st) == 0 &&
	    stat("/sys/module/zfs", &st) != 0 && errno == ENOENT)
		return (0);
	if (kernel_open(&kernel, NULL, why, why_size) != 0)
		return (ENOTUNIQ);
	const struct nvp *nvp = &kernel.nvp;
	int error = kernel.pool_configs(&kernel, &pools);
	if (error != 0) {
		(void) snprintf(why, why_size, "it does not list its pools: %s",
		    strerror(error));
		error = ENOTUNIQ;
	}
	for (nvpair_t *pair = pools == NULL ? NULL :
	    nvp->nvlist_next_nvpair(pools, NULL); pair != NULL;
	    pair = nvp->nvlist_next_nvpair(pools, pair)) {
		if (nvp->nvpair_value_nvlist(pair, &config) == 0 &&
		    nvp->nvlist_lookup_uint64(config, "pool_guid",
		    &other) == 0 && other == guid)
			error = EALREADY;
	}
	nvp->nvlist_free(pools);
	kernel.close(&kernel);
	return (error);
}

/*
 * Check that nobody else has the pool open.  A host that opens a pool writes
 * its name into the label, and the state there is active until the pool is
 * exported.  EREMOTEIO: another host has the pool open, and `why` is its name.
 * A caller who knows that it no longer does passes that name as
 * `take_over_from`.
 */
int
image_check_user(const struct nvp *nvp, nvlist_t *label,
    const char *take_over_from, char *why, size_t why_size)
{
	uint64_t state = STATE_ACTIVE, guid = 0, id = 0;
	NVP_CONST char *host;
	char name[128];

	(void) nvp->nvlist_lookup_uint64(label, "state", &state);
	(void) nvp->nvlist_lookup_uint64(label, "pool_guid", &guid);
	(void) nvp->nvlist_lookup_uint64(label, "hostid", &id);
	if (nvp->nvlist_lookup_string(label, "hostname", &host) == 0 &&
	    *host != '\0')
		(void) snprintf(name, sizeof (name), "%s", host);
	else
		(void) snprintf(name, sizeof (name), "%08lx",
		    (unsigned long)id);
	int error = check_kernel(guid, why, why_size);
	if (error == EALREADY || state == STATE_EXPORTED)
		return (error == EALREADY ? error : 0);
	if (take_over_from != NULL && strcmp(take_over_from, name) == 0)
		return (0);
	/* zfs_force_import_required() in cmd/zpool/zpool_main.c */
	if (id != host_id()) {
		(void) snprintf(why, why_size, "%s", name);
		return (EREMOTEIO);
	}
	return (error);
}
