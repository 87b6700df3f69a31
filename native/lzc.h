/*
 * One ZFS, as a table of functions: libzfs_core's own, in its own shapes, and
 * the few that libzfs_core lacks.  A provider fills all of it: kernel.c for the
 * running kernel, image.c for a pool in a plain file.
 */
#ifndef ZT_LZC_H
#define	ZT_LZC_H

#include "nvl.h"

#ifndef ZT_REAL_HEADERS
/* include/libzfs_core.h */
enum lzc_dataset_type {
	LZC_DATSET_TYPE_ZFS = 2,
	LZC_DATSET_TYPE_ZVOL
};
enum lzc_send_flags {
	LZC_SEND_FLAG_EMBED_DATA = 1 << 0,
	LZC_SEND_FLAG_LARGE_BLOCK = 1 << 1,
	LZC_SEND_FLAG_COMPRESS = 1 << 2,
	LZC_SEND_FLAG_RAW = 1 << 3,
	LZC_SEND_FLAG_SAVED = 1 << 4,
};
#endif

/*
 * include/sys/zfs_ioctl.h: the first record of a stream, with this many bytes
 */
struct dmu_replay_record;
enum { STREAM_HEADER = 312 };

/*
 * The calls of libzfs_core.  From this list come the members of the table, what
 * kernel.c looks up in the library, and the prototypes and the table of the
 * image provider, which defines image_<call> for each: a new call is added here
 * first.
 */
#define	LZC_CALLS(X)							\
	X(int, lzc_create, (const char *, enum lzc_dataset_type,	\
	    nvlist_t *, uint8_t *, uint_t))				\
	X(int, lzc_clone, (const char *, const char *, nvlist_t *))	\
	X(int, lzc_promote, (const char *, char *, int))		\
	X(int, lzc_rename, (const char *, const char *))		\
	X(int, lzc_destroy, (const char *))				\
	X(int, lzc_rollback_to, (const char *, const char *))		\
	X(int, lzc_snapshot, (nvlist_t *, nvlist_t *, nvlist_t **))	\
	X(int, lzc_destroy_snaps,					\
	    (nvlist_t *, boolean_t, nvlist_t **))			\
	X(int, lzc_hold, (nvlist_t *, int, nvlist_t **))		\
	X(int, lzc_release, (nvlist_t *, nvlist_t **))			\
	X(int, lzc_get_holds, (const char *, nvlist_t **))		\
	X(int, lzc_bookmark, (nvlist_t *, nvlist_t **))			\
	X(int, lzc_get_bookmarks, (const char *, nvlist_t *, nvlist_t **)) \
	X(int, lzc_destroy_bookmarks, (nvlist_t *, nvlist_t **))	\
	X(int, lzc_load_key,						\
	    (const char *, boolean_t, uint8_t *, uint_t))		\
	X(int, lzc_unload_key, (const char *))				\
	X(int, lzc_change_key,						\
	    (const char *, uint64_t, nvlist_t *, uint8_t *, uint_t))	\
	X(int, lzc_send_resume_redacted, (const char *, const char *, int, \
	    enum lzc_send_flags, uint64_t, uint64_t, const char *))	\
	X(int, lzc_send_space_resume_redacted, (const char *,		\
	    const char *, enum lzc_send_flags, uint64_t, uint64_t,	\
	    uint64_t, const char *, int, uint64_t *))			\
	X(int, lzc_redact, (const char *, const char *, nvlist_t *))	\
	X(int, lzc_receive_with_cmdprops, (const char *, nvlist_t *,	\
	    nvlist_t *, uint8_t *, uint_t, const char *, boolean_t,	\
	    boolean_t, boolean_t, int, const struct dmu_replay_record *, \
	    int, uint64_t *, uint64_t *, uint64_t *, nvlist_t **))	\
	X(int, lzc_snaprange_space,					\
	    (const char *, const char *, uint64_t *))			\
	X(int, lzc_sync, (const char *, nvlist_t *, nvlist_t **))	\
	X(int, lzc_wait, (const char *, uint_t, boolean_t *))		\
	X(int, lzc_wait_tag,						\
	    (const char *, uint_t, uint64_t, boolean_t *))		\
	X(int, lzc_wait_fs, (const char *, uint_t, boolean_t *))	\
	X(int, lzc_reopen, (const char *, boolean_t))			\
	X(int, lzc_initialize,						\
	    (const char *, uint_t, nvlist_t *, nvlist_t **))		\
	X(int, lzc_trim, (const char *, uint_t, uint64_t, boolean_t,	\
	    nvlist_t *, nvlist_t **))					\
	X(int, lzc_pool_checkpoint, (const char *))			\
	X(int, lzc_pool_checkpoint_discard, (const char *))		\
	X(int, lzc_get_bootenv, (const char *, nvlist_t **))		\
	X(int, lzc_set_bootenv, (const char *, const nvlist_t *))	\
	X(int, lzc_channel_program, (const char *, const char *,	\
	    uint64_t, uint64_t, nvlist_t *, nvlist_t **))		\
	X(int, lzc_channel_program_nosync, (const char *, const char *,	\
	    uint64_t, uint64_t, nvlist_t *, nvlist_t **))

/*
 * Calls that came with 2.2 and with 2.3: members of the table that are NULL
 * where the library lacks them, and in an image.
 */
#define	LZC_CALLS_2_2(X)						\
	X(int, lzc_receive_with_heal, (const char *, nvlist_t *,	\
	    nvlist_t *, uint8_t *, uint_t, const char *, boolean_t,	\
	    boolean_t, boolean_t, boolean_t, int,			\
	    const struct dmu_replay_record *, int, uint64_t *,		\
	    uint64_t *, uint64_t *, nvlist_t **))			\
	X(int, lzc_get_vdev_prop, (const char *, nvlist_t *, nvlist_t **)) \
	X(int, lzc_set_vdev_prop, (const char *, nvlist_t *, nvlist_t **))

#define	LZC_CALLS_2_3(X)						\
	X(int, lzc_pool_prefetch, (const char *, uint_t))		\
	X(int, lzc_ddt_prune, (const char *, uint_t, uint64_t))

#define	LZC_LATER_CALLS(X)						\
	LZC_CALLS_2_2(X)						\
	LZC_CALLS_2_3(X)

/* What kernel.c needs of the library around those calls. */
#define	LZC_FUNCTIONS(X)						\
	X(int, libzfs_core_init, (void))				\
	X(void, libzfs_core_fini, (void))				\
	LZC_CALLS(X)

enum { DATASET_NAME_SIZE = 256 };	/* ZFS_MAX_DATASET_NAME_LEN */

/*
 * How much is read of each dataset or snapshot.  In a listing, FAST gives
 * nothing but names before OpenZFS 2.2; STATS opens each snapshot; PROPS
 * collects all properties as well.
 */
enum depth { DEPTH_FAST, DEPTH_STATS, DEPTH_PROPS };

/* A dataset or snapshot as a listing meets it; the caller frees its props. */
struct entry {
	char name[DATASET_NAME_SIZE];
	uint64_t cursor;	/* where a listing goes on; 0 to begin */
	uint64_t guid;
	uint64_t createtxg;
	uint64_t creation;	/* 0 where only its properties have it */
	uint64_t clones;
	int type;		/* dmu_objset_type_t: 2 filesystem, 3 volume */
	int damage;		/* errno of reading it in a listing, or 0 */
	struct zt_buf props;	/* JSON, empty where nobody asked for them */
	void *held;		/* the provider's own, until let_go() */
};

/* What lies behind an object: zfs_stat_t, include/sys/zfs_stat.h. */
struct object_stat {
	uint64_t generation;	/* the transaction group that made the file */
	uint64_t mode;
	uint64_t links;
	uint64_t ctime[2];
};

struct lzc;

/*
 * The calls that libzfs_core lacks.  A provider defines kernel_<call> or
 * image_<call> for each.
 *
 * The next_* calls return ESRCH at the end.  next_child() goes past a child
 * that cannot be read: it gives the name and, as `damage`, the errno.  let_go()
 * ends a listing, complete or not: it releases what the provider held from step
 * to step.  `received` of inherit() goes back to the value that a stream
 * brought.  next_object() finds the first object after `*object`, and ESRCH at
 * the end.  diff() writes a dmu_diff_record_t for each run of changed objects.
 * exercise() carries out operations on bare objects that come from a descriptor;
 * the kernel has ENOTSUP for it.
 * scrub() takes a pool_scan_func_t and a pool_scrub_cmd_t; unlike lzc_scrub(),
 * it is there in 2.1.
 */
#define	OWN_CALLS(X)							\
	X(int, stats, (const struct lzc *, enum depth, struct entry *))	\
	X(int, next_child, (const struct lzc *, const char *parent,	\
	    struct entry *))						\
	X(int, next_snapshot, (const struct lzc *, const char *dataset,	\
	    enum depth, struct entry *))				\
	X(void, let_go, (struct entry *))				\
	X(int, pool_configs, (const struct lzc *, nvlist_t **))		\
	X(int, pool_config,						\
	    (const struct lzc *, const char *pool, nvlist_t **))	\
	X(int, pool_props,						\
	    (const struct lzc *, const char *pool, nvlist_t **))	\
	X(int, set, (const struct lzc *, const char *, nvlist_t *props,	\
	    nvlist_t **errors))						\
	X(int, inherit, (const struct lzc *, const char *,		\
	    const char *property, boolean_t received))			\
	X(int, scrub, (const struct lzc *, const char *pool,		\
	    unsigned int func, unsigned int command))			\
	X(int, object_stats, (const struct lzc *, const char *snapshot,	\
	    uint64_t object, struct zt_buf *out))			\
	X(int, next_object, (const struct lzc *, const char *snapshot,	\
	    uint64_t *object))						\
	X(int, diff, (const struct lzc *, const char *base,		\
	    const char *snapshot, int fd))				\
	X(int, exercise, (const struct lzc *, const char *name, int fd,	\
	    uint64_t *count))						\
	X(int, log, (const struct lzc *, const char *message))		\
	X(void, close, (struct lzc *))

struct lzc {
	struct nvp nvp;
	void *library;
	int fd;			/* /dev/zfs */
#define	LZC_MEMBER(ret, name, args)	ret (*name) args;
	LZC_FUNCTIONS(LZC_MEMBER)
	LZC_LATER_CALLS(LZC_MEMBER)
	OWN_CALLS(LZC_MEMBER)
#undef	LZC_MEMBER

	/* 0 from the kernel's provider: /sys/module/zfs says it */
	unsigned int minor;		/* of the release 2.x */
	unsigned int patch;		/* 2.x.y is at least this */
	uint64_t max_recordsize;	/* in bytes */
};

struct image_args {
	const char *path;		/* absolute */
	const char *create_pool;	/* make this pool; NULL: import one */
	uint64_t bytes;
	uint64_t ashift;
	const char *take_over_from;	/* the host that had it open, or NULL */
};

/* A provider fills the table or, on an error, leaves nothing behind. */
typedef int provider_t(struct lzc *, const struct image_args *, char *why,
    size_t why_size);

provider_t kernel_open;	/* the arguments are NULL */
provider_t image_open;

#endif
