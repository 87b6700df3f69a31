/*
 * libzpool: the kernel's own DMU, DSL and ZIO code, built for user space (zdb
 * and ztest run on it).  No package ships its headers, so the functions that
 * are called here are declared here.  Each prototype was read in OpenZFS
 * 2.1.11, 2.2.7, 2.3.2 and 2.4.4.  Functions that differ between these releases
 * follow the list.
 */
#ifndef ZT_LIBZPOOL_H
#define	ZT_LIBZPOOL_H

#include "lzc.h"

typedef struct objset objset_t;
typedef struct dmu_tx dmu_tx_t;
typedef struct dsl_pool dsl_pool_t;
typedef struct dsl_dataset dsl_dataset_t;
typedef struct spa spa_t;
typedef struct vdev vdev_t;
typedef struct sa_handle sa_handle_t;

struct sa_attr_reg {		/* sa_attr_reg_t, include/sys/sa.h */
	const char *name;	/* NULL ends a table */
	uint16_t length;
	int byteswap;
	uint16_t attr;
};

struct sa_bulk_attr {		/* sa_bulk_attr_t, include/sys/sa.h */
	void *data;
	void (*locator)(void **, uint32_t *, uint32_t, boolean_t, void *);
	uint16_t length;
	uint16_t attr;
	void *private_addr;
	uint16_t private_buftype;
	uint16_t private_size;
};

struct file_info {		/* zfs_file_info_t, include/sys/dmu.h */
	uint64_t user;
	uint64_t group;
	uint64_t project;
	uint64_t generation;
};

struct object_info {		/* dmu_object_info_t, include/sys/dmu.h */
	uint32_t data_block_size;
	uint32_t metadata_block_size;
	uint32_t type;
	uint32_t bonus_type;
	uint8_t rest[240];
};

struct objset_stats {		/* dmu_objset_stats_t, include/sys/dmu.h */
	uint64_t num_clones;
	uint64_t creation_txg;
	uint64_t guid;
	int32_t type;
	uint8_t is_snapshot;
	uint8_t inconsistent;
	uint8_t redacted;
	uint8_t rest[993];	/* 288 bytes in all so far: leave room */
};

/* dmu_send_outparams_t, include/sys/dmu_send.h */
struct send_out {
	int (*func)(objset_t *, void *, int, void *);
	void *arg;
	boolean_t dryrun;
};

struct zfs_file {		/* zfs_file_t, as user space has it */
	int fd;
	int dump_fd;
};

typedef void create_func_t(objset_t *, void *, void *cred, dmu_tx_t *);
typedef int file_info_func_t(int bonustype, const void *, struct file_info *);

#define	ZPOOL_FUNCTIONS(X)						\
	X(void, kernel_init, (int mode))				\
	X(int, spa_create, (const char *, nvlist_t *, nvlist_t *,	\
	    nvlist_t *, void *))					\
	X(int, spa_import, (char *, nvlist_t *, nvlist_t *, uint64_t))	\
	X(int, spa_export, (const char *, nvlist_t **, boolean_t,	\
	    boolean_t))							\
	X(int, spa_get_stats, (const char *, nvlist_t **, char *, size_t)) \
	X(int, spa_open, (const char *, spa_t **, const void *))	\
	X(void, spa_close, (spa_t *, const void *))			\
	X(int, spa_history_log, (spa_t *, const char *))		\
	X(dsl_pool_t *, spa_get_dsl, (spa_t *))				\
	X(uint64_t, spa_guid, (spa_t *))				\
	X(vdev_t *, spa_lookup_by_guid, (spa_t *, uint64_t, boolean_t))	\
	X(void, spa_vdev_state_enter, (spa_t *, int locks))		\
	X(int, spa_vdev_state_exit, (spa_t *, vdev_t *, int error))	\
	X(int, vdev_label_read_bootenv, (vdev_t *, nvlist_t *))		\
	X(int, vdev_label_write_bootenv, (vdev_t *, nvlist_t *))	\
	X(int, spa_wait, (const char *, uint_t, boolean_t *))		\
	X(int, spa_wait_tag,						\
	    (const char *, uint_t, uint64_t, boolean_t *))		\
	X(int, spa_checkpoint, (const char *))				\
	X(int, spa_checkpoint_discard, (const char *))			\
	X(int, spa_scan, (spa_t *, uint_t))				\
	X(int, spa_scan_stop, (spa_t *))				\
	X(int, spa_scrub_pause_resume, (spa_t *, uint_t))		\
	X(int, spa_vdev_initialize,					\
	    (spa_t *, nvlist_t *, uint64_t, nvlist_t *))		\
	X(int, spa_vdev_trim, (spa_t *, nvlist_t *, uint64_t, uint64_t,	\
	    boolean_t, boolean_t, nvlist_t *))				\
	X(boolean_t, spa_feature_is_enabled, (spa_t *, int))		\
	X(int, zfeature_lookup_name, (const char *, int *))		\
	X(int, pool_namecheck, (const char *, int *, char *))		\
	X(int, entity_namecheck, (const char *, int *, char *))		\
	X(int, dataset_namecheck, (const char *, int *, char *))	\
	X(int, zfs_component_namecheck, (const char *, int *, char *))	\
	X(int, zfs_name_to_prop, (const char *))			\
	X(int, zfs_prop_get_type, (int))				\
	X(boolean_t, zfs_prop_user, (const char *))			\
	X(boolean_t, zfs_prop_inheritable, (int))			\
	X(uint64_t, zfs_prop_default_numeric, (int))			\
	X(int, zfs_prop_index_to_string, (int, uint64_t, const char **)) \
	X(int, dmu_objset_create, (const char *, int, uint64_t, void *,	\
	    create_func_t *, void *))					\
	X(int, dmu_objset_hold, (const char *, const void *, objset_t **)) \
	X(void, dmu_objset_rele, (objset_t *, const void *))		\
	X(int, dmu_objset_own, (const char *, int, boolean_t, boolean_t, \
	    const void *, objset_t **))					\
	X(int, dmu_objset_own_obj, (dsl_pool_t *, uint64_t, int,	\
	    boolean_t, boolean_t, const void *, objset_t **))		\
	X(void, dmu_objset_disown, (objset_t *, boolean_t, const void *)) \
	X(uint64_t, dmu_objset_id, (objset_t *))			\
	X(int, dmu_objset_type, (objset_t *))				\
	X(int, zfs_obj_to_stats, (objset_t *, uint64_t,			\
	    struct object_stat *, char *, int))				\
	X(int, dmu_object_next, (objset_t *, uint64_t *, boolean_t,	\
	    uint64_t))							\
	X(int, dmu_diff, (const char *, const char *, struct zfs_file *, \
	    int64_t *))							\
	X(dsl_pool_t *, dmu_objset_pool, (objset_t *))			\
	X(void, dmu_objset_stats, (objset_t *, nvlist_t *))		\
	X(void, dmu_objset_fast_stat, (objset_t *, void *))		\
	X(void, dmu_objset_register_type, (int, file_info_func_t *))	\
	X(boolean_t, dmu_objset_projectquota_enabled, (objset_t *))	\
	X(int, dmu_snapshot_list_next, (objset_t *, int, char *,	\
	    uint64_t *, uint64_t *, boolean_t *))			\
	X(int, dmu_dir_list_next, (objset_t *, int, char *, uint64_t *,	\
	    uint64_t *))						\
	X(int, dmu_object_info, (objset_t *, uint64_t, void *))		\
	X(int, dmu_object_claim, (objset_t *, uint64_t, int, int, int,	\
	    int, dmu_tx_t *))						\
	X(int, dmu_free_long_range, (objset_t *, uint64_t, uint64_t,	\
	    uint64_t))							\
	X(dmu_tx_t *, dmu_tx_create, (objset_t *))			\
	X(int, dmu_read, (objset_t *, uint64_t, uint64_t, uint64_t,	\
	    void *, uint32_t))						\
	X(void, dmu_tx_hold_bonus, (dmu_tx_t *, uint64_t))		\
	X(void, dmu_tx_hold_write, (dmu_tx_t *, uint64_t, uint64_t, int)) \
	X(void, dmu_tx_hold_zap, (dmu_tx_t *, uint64_t, int, const char *)) \
	X(int, dmu_tx_assign, (dmu_tx_t *, uint64_t))			\
	X(void, dmu_tx_abort, (dmu_tx_t *))				\
	X(void, dmu_tx_commit, (dmu_tx_t *))				\
	X(uint64_t, dmu_tx_get_txg, (dmu_tx_t *))			\
	X(void, txg_wait_synced, (dsl_pool_t *, uint64_t))		\
	X(int, zap_create_claim, (objset_t *, uint64_t, int, int, int,	\
	    dmu_tx_t *))						\
	X(uint64_t, zap_create, (objset_t *, int, int, int, dmu_tx_t *)) \
	X(uint64_t, zap_create_norm, (objset_t *, int flags, int, int, int, \
	    dmu_tx_t *))						\
	X(int, zap_add, (objset_t *, uint64_t, const char *, int,	\
	    uint64_t, const void *, dmu_tx_t *))			\
	X(int, zap_update, (objset_t *, uint64_t, const char *, int,	\
	    uint64_t, const void *, dmu_tx_t *))			\
	X(int, zap_lookup, (objset_t *, uint64_t, const char *, uint64_t, \
	    uint64_t, void *))						\
	X(int, sa_setup, (objset_t *, uint64_t,				\
	    const struct sa_attr_reg *, int, uint16_t **))		\
	X(int, sa_handle_get, (objset_t *, uint64_t, void *, int,	\
	    sa_handle_t **))						\
	X(void, sa_handle_destroy, (sa_handle_t *))			\
	X(int, sa_replace_all_by_template, (sa_handle_t *,		\
	    struct sa_bulk_attr *, int, dmu_tx_t *))			\
	X(int, dsl_pool_hold, (const char *, const void *, dsl_pool_t **)) \
	X(void, dsl_pool_rele, (dsl_pool_t *, const void *))		\
	X(int, dsl_dataset_snapshot, (nvlist_t *, nvlist_t *, nvlist_t *)) \
	X(int, dsl_dataset_promote, (const char *, char *))		\
	X(int, dsl_dataset_rename_snapshot, (const char *, const char *, \
	    const char *, boolean_t))					\
	X(int, dsl_dir_rename, (const char *, const char *))		\
	X(int, dsl_dataset_rollback, (const char *, const char *, void *, \
	    nvlist_t *))						\
	X(int, dsl_destroy_head, (const char *))			\
	X(int, dsl_destroy_snapshots_nvl, (nvlist_t *, boolean_t,	\
	    nvlist_t *))						\
	X(int, dsl_dataset_user_hold, (nvlist_t *, uint64_t, nvlist_t *)) \
	X(int, dsl_dataset_user_release, (nvlist_t *, nvlist_t *))	\
	X(int, dsl_dataset_get_holds, (const char *, nvlist_t *))	\
	X(int, dsl_bookmark_create, (nvlist_t *, nvlist_t *))		\
	X(int, dsl_bookmark_destroy, (nvlist_t *, nvlist_t *))		\
	X(int, dsl_get_bookmarks, (const char *, nvlist_t *, nvlist_t *)) \
	X(int, dsl_prop_get_all, (objset_t *, nvlist_t **))		\
	X(void, dsl_prop_nvlist_add_uint64, (nvlist_t *, int, uint64_t)) \
	X(int, dsl_prop_get_integer, (const char *, const char *,	\
	    uint64_t *, char *))					\
	X(int, dsl_props_set, (const char *, int, nvlist_t *))		\
	X(int, dsl_prop_inherit, (const char *, const char *, int))	\
	X(boolean_t, dsl_prop_get_hasrecvd, (const char *))		\
	X(int, dsl_prop_set_hasrecvd, (const char *))			\
	X(int, dsl_prop_get_received, (const char *, nvlist_t **))	\
	X(int, dsl_dir_set_quota, (const char *, int, uint64_t))	\
	X(int, dsl_dir_set_reservation, (const char *, int, uint64_t))	\
	X(int, dsl_dataset_set_refquota, (const char *, int, uint64_t))	\
	X(int, dsl_dataset_set_refreservation, (const char *, int,	\
	    uint64_t))							\
	X(int, dsl_dataset_set_compression, (const char *, int, uint64_t)) \
	X(int, dsl_dir_activate_fs_ss_limit, (const char *))		\
	X(int, dsl_crypto_can_set_keylocation, (const char *, const char *)) \
	X(int, dsl_crypto_params_create_nvlist, (int command, nvlist_t *, \
	    nvlist_t *, void **))					\
	X(void, dsl_crypto_params_free, (void *, boolean_t))		\
	X(int, spa_keystore_load_wkey, (const char *, void *, boolean_t)) \
	X(int, spa_keystore_unload_wkey, (const char *))		\
	X(int, spa_keystore_change_key, (const char *, void *))		\
	X(int, dsl_dataset_hold, (dsl_pool_t *, const char *, const void *, \
	    dsl_dataset_t **))						\
	X(int, dsl_dataset_hold_obj, (dsl_pool_t *, uint64_t,		\
	    const void *, dsl_dataset_t **))				\
	X(void, dsl_dataset_fast_stat, (dsl_dataset_t *, void *))	\
	X(uint64_t, dsl_get_creation, (dsl_dataset_t *))		\
	X(void, dsl_dataset_rele, (dsl_dataset_t *, const void *))	\
	X(int, dsl_dataset_space_wouldfree, (dsl_dataset_t *,		\
	    dsl_dataset_t *, uint64_t *, uint64_t *, uint64_t *))	\
	X(int, dmu_send, (const char *, const char *, boolean_t,	\
	    boolean_t, boolean_t, boolean_t, boolean_t, uint64_t,	\
	    uint64_t, const char *, int, int64_t *, struct send_out *))	\
	X(int, dmu_redact_snap, (const char *, nvlist_t *, const char *)) \
	X(int, dmu_send_estimate_fast, (dsl_dataset_t *,		\
	    dsl_dataset_t *, void *, boolean_t, boolean_t, uint64_t *))	\
	X(int, dmu_recv_stream, (void *, int64_t *))			\
	X(int, dmu_recv_end, (void *, void *))				\
	X(int, zcp_eval, (const char *, const char *, boolean_t,	\
	    uint64_t, uint64_t, nvpair_t *, nvlist_t *))

/* 2.4 renamed it and kept its arguments: see load_functions(). */
typedef int clone_func_t(const char *clone, const char *origin);

/* 2.2 put `heal` before `resumable`. */
typedef int recv_begin_21_t(char *, char *, void *begin, boolean_t force,
    boolean_t resumable, nvlist_t *, nvlist_t *, char *origin, void *cookie,
    struct zfs_file *, int64_t *);
typedef int recv_begin_t(const char *, const char *, void *begin,
    boolean_t force, boolean_t heal, boolean_t resumable, nvlist_t *,
    nvlist_t *, const char *origin, void *cookie, struct zfs_file *,
    int64_t *);

/* 2.4 appended flags. */
typedef void write_21_t(objset_t *, uint64_t object, uint64_t offset,
    uint64_t size, const void *data, dmu_tx_t *);
typedef void write_24_t(objset_t *, uint64_t object, uint64_t offset,
    uint64_t size, const void *data, dmu_tx_t *, uint32_t flags);

struct libzpool {
	void *library;
	unsigned int minor;	/* of the release 2.x */
#define	ZPOOL_MEMBER(ret, name, args)	ret (*name) args;
	ZPOOL_FUNCTIONS(ZPOOL_MEMBER)
#undef	ZPOOL_MEMBER
	clone_func_t *clone_dataset;
	union {
		recv_begin_21_t *v21;	/* up to minor 1 */
		recv_begin_t *v22;
	} recv_begin;
	union {
		write_21_t *v21;	/* up to minor 3 */
		write_24_t *v24;
	} write;
	const struct sa_attr_reg *attr_table;
	uint32_t *max_recordsize;
};

/*
 * There is one in a process: libzpool keeps its pools, threads and caches in
 * globals, so a second copy of this table would have nothing of its own.
 */
extern struct libzpool zpool;

/*
 * Find libzpool and start it.  `file_info` tells the accounting of space by
 * user who owns an object: a kernel registers zpl_get_file_info() for that,
 * which libzpool lacks.
 */
int libzpool_start(file_info_func_t *file_info, char *why, size_t why_size);

/* dmu_objset_type_t */
enum { OST_ZFS = 2, OST_ZVOL = 3 };

/* dmu_object_type_t: part of the on-disk format */
enum {
	OT_NONE = 0,
	OT_PLAIN_FILE = 19,
	OT_DIRECTORY_CONTENTS = 20,
	OT_MASTER_NODE = 21,
	OT_UNLINKED_SET = 22,
	OT_ZVOL = 23,
	OT_ZVOL_PROP = 24,
	OT_SA = 44,
	OT_SA_MASTER_NODE = 45,
};

enum { TX_WAIT = 1 };		/* TXG_WAIT, since 2.4 DMU_TX_WAIT */

/* zprop_source_t, include/sys/fs/zfs.h */
enum {
	SRC_NONE = 0x1,
	SRC_LOCAL = 0x8,
	SRC_INHERITED = 0x10,
	SRC_RECEIVED = 0x20
};

enum { ZPL_VERSION = 5 };		/* include/sys/fs/zfs.h */
enum { OLD_MAX_BLOCK = 128 << 10 };	/* SPA_OLD_MAXBLOCKSIZE */
enum { MAX_BLOCK = 16 << 20 };		/* SPA_MAXBLOCKSIZE */
enum fs_case { FS_SENSITIVE, FS_INSENSITIVE, FS_MIXED };	/* zfs_case_t */

#endif
