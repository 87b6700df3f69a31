/* libzpool, found and started. */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libzpool.h"

enum { READ_WRITE = 3 };	/* SPA_MODE_READ | SPA_MODE_WRITE */
/* An eighth of the memory, within these; 256 MiB are too few for 20,000 snapshots. */
enum { ARC_LEAST = 256 << 20, ARC_MOST = 1 << 30 };

struct libzpool zpool;

/*
 * The soname went up with 2.3 and 2.4 and not with 2.2, which is known by a
 * function that 2.1 did not export.
 */
static const struct {
	const char *soname;
	unsigned int minor;
} known[] = {
	{ "libzpool.so.7", 4 },
	{ "libzpool.so.6", 3 },
	{ "libzpool.so.5", 2 },
};

static int
find_library(char *why, size_t why_size)
{
	for (size_t i = 0; i < sizeof (known) / sizeof (known[0]); i++) {
		zpool.library = dlopen(known[i].soname, RTLD_NOW | RTLD_LOCAL);
		if (zpool.library == NULL)
			continue;
		zpool.minor = known[i].minor;
		if (zpool.minor == 2 &&
		    dlsym(zpool.library, "get_receive_resume_token") == NULL)
			zpool.minor = 1;
		return (0);
	}
	(void) snprintf(why, why_size,
	    "no libzpool is installed that this knows (libzpool.so.5 to .7)");
	return (ELIBACC);
}

/* Through memcpy: C has no cast from an object's pointer to a function's. */
static int
find(const char *symbol, void *slot, char *why, size_t why_size)
{
	void *found = dlsym(zpool.library, symbol);

	if (found == NULL) {
		(void) snprintf(why, why_size, "libzpool has no %s", symbol);
		return (ELIBBAD);
	}
	memcpy(slot, &found, sizeof (found));
	return (0);
}

static int
load_functions(char *why, size_t why_size)
{
#define	NEED(member, symbol)						\
	if (find(symbol, &zpool.member, why, why_size) != 0)		\
		return (ELIBBAD);
#define	NEED_FUNCTION(ret, name, args)	NEED(name, #name)
	ZPOOL_FUNCTIONS(NEED_FUNCTION)
	NEED(clone_dataset, zpool.minor >= 4 ?
	    "dsl_dataset_clone" : "dmu_objset_clone")
	NEED(recv_begin, "dmu_recv_begin")
	NEED(attr_table, "zfs_attr_table")
	NEED(max_recordsize, "zfs_max_recordsize")
#undef	NEED_FUNCTION
#undef	NEED
	return (0);
}

static uint64_t
cache_bytes(void)
{
	uint64_t bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) *
	    (uint64_t)sysconf(_SC_PAGESIZE) / 8;

	return (bytes < ARC_LEAST ? ARC_LEAST :
	    bytes > ARC_MOST ? ARC_MOST : bytes);
}

/*
 * Distributions build libzpool for ztest: with debugging on, with a cache as
 * large as half of the memory, and with a pool cache below /etc.  The first is
 * switched off as far as a variable does it, the others bounded and kept out.
 */
static int
tune(char *why, size_t why_size)
{
	int *flags = dlsym(zpool.library, "zfs_flags");
	char **config_path = dlsym(zpool.library, "spa_config_path");
	/* unsigned long up to 2.1, uint64_t since: one width where this runs */
	uint64_t *arc_min = dlsym(zpool.library, "zfs_arc_min");
	uint64_t *arc_max = dlsym(zpool.library, "zfs_arc_max");
	static char nowhere[] = "/dev/null/none";

	if (flags == NULL || config_path == NULL || arc_min == NULL ||
	    arc_max == NULL) {
		(void) snprintf(why, why_size, "libzpool cannot be tuned");
		return (ELIBBAD);
	}
	*flags = 0;
	*config_path = nowhere;
	/*
	 * A maximum below the minimum is not taken. In user space OpenZFS plays at
	 * being short of memory (arc_available_memory() in module/os/linux/zfs/
	 * arc_os.c), so that the cache always sinks to its minimum.
	 */
	*arc_max = cache_bytes();
	*arc_min = *arc_max / 4 * 3;
	return (0);
}

int
libzpool_start(file_info_func_t *file_info, char *why, size_t why_size)
{
	int error;

	if (zpool.library != NULL) {
		(void) snprintf(why, why_size,
		    "this process has an image open already");
		return (EBUSY);
	}
	if ((error = find_library(why, why_size)) != 0 ||
	    (error = load_functions(why, why_size)) != 0 ||
	    (error = tune(why, why_size)) != 0)
		return (error);
	/* before kernel_init: a pool that a kernel wrote to asserts without it */
	zpool.dmu_objset_register_type(OST_ZFS, file_info);
	zpool.kernel_init(READ_WRITE);
	return (0);
}
