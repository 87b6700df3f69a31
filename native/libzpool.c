/* Finds libzpool and starts it. */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libzpool.h"

enum { READ_WRITE = 3 };	/* SPA_MODE_READ | SPA_MODE_WRITE */
/*
 * The cache gets an eighth of the memory, within these bounds; 256 MiB are too
 * few for 20,000 snapshots.
 */
enum { ARC_LEAST = 256 << 20, ARC_MOST = 1 << 30 };

struct libzpool zpool;

/*
 * The soname changed with 2.3 and with 2.4.  2.1 and 2.2 share one: 2.2 exports
 * a function that 2.1 does not.
 */
static const struct {
	const char *soname;
	unsigned int minor;
} known[] = {
	{ "libzpool.so.7", 4 },
	{ "libzpool.so.6", 3 },
	{ "libzpool.so.5", 2 },
};

/*
 * Is there no such library?  The loader has no errno: a library that is there,
 * and for which memory or descriptors are short, is told from that by its words.
 */
static bool
is_missing(const char *reason)
{
	return (strstr(reason, "No such file") != NULL);
}

static int
find_library(char *why, size_t why_size)
{
	char reason[256] = "";

	for (size_t i = 0; i < sizeof (known) / sizeof (known[0]); i++) {
		zpool.library = dlopen(known[i].soname, RTLD_NOW | RTLD_LOCAL);
		if (zpool.library == NULL) {
			const char *said = dlerror();
			if (reason[0] == '\0' && said != NULL &&
			    !is_missing(said))
				(void) snprintf(reason, sizeof (reason), "%s",
				    said);
			continue;
		}
		zpool.minor = known[i].minor;
		if (zpool.minor == 2 &&
		    dlsym(zpool.library, "get_receive_resume_token") == NULL)
			zpool.minor = 1;
		return (0);
	}
	if (reason[0] != '\0')
		(void) snprintf(why, why_size, "%s", reason);
	else
		(void) snprintf(why, why_size, "no libzpool is installed that "
		    "this knows (libzpool.so.5 to .7)");
	return (ELIBACC);
}

/* By memcpy: C has no cast from a pointer to an object to one to a function. */
static int
find(const char *symbol, void *slot, char *why, size_t why_size)
{
	void *address = dlsym(zpool.library, symbol);

	if (address == NULL) {
		(void) snprintf(why, why_size, "libzpool has no %s", symbol);
		return (ELIBBAD);
	}
	memcpy(slot, &address, sizeof (address));
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
	NEED(write, "dmu_write")
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
 * Distributions build libzpool for ztest: with debugging, with a cache of up to
 * half of the memory, and with a pool cache file in /etc.  Turn off the
 * debugging that a variable controls, bound the cache, and point the file
 * nowhere.
 */
static int
tune(char *why, size_t why_size)
{
	int *flags = dlsym(zpool.library, "zfs_flags");
	char **config_path = dlsym(zpool.library, "spa_config_path");
	/* unsigned long in 2.1, uint64_t since: the same width on LP64 */
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
	 * OpenZFS ignores a maximum below the minimum.  In user space it
	 * pretends at random to be short of memory (arc_available_memory() in
	 * module/os/linux/zfs/arc_os.c), so the cache always shrinks to its
	 * minimum: that is the size that counts.
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
	/*
	 * Before kernel_init(): without it, an assertion fails on a pool that a
	 * kernel wrote to.
	 */
	zpool.dmu_objset_register_type(OST_ZFS, file_info);
	zpool.kernel_init(READ_WRITE);
	return (0);
}
