/*
 * What the files of the image provider share: the provider that fills the table
 * of lzc.h for a pool in a plain file, over libzpool.  Each part names the file
 * that defines it.
 */
#ifndef ZT_IMAGE_H
#define	ZT_IMAGE_H

#include <pthread.h>

#include "libzpool.h"
#include "stream_check.h"

/* image_state.c: the image that this process has open */
extern const struct lzc *image;
extern char image_pool_name[DATASET_NAME_SIZE];

/* Names this provider wherever OpenZFS asks who holds something. */
extern const char image_tag[];

/* Make an empty list of errors for the caller. */
int image_new_errors(nvlist_t **errors);

/* Check the targets of a call on many, as libzfs_core and the kernel do. */
int image_check_pool(nvlist_t *targets);

/* ENOTSUP where the pool of `name` has not enabled a feature. */
int image_check_feature(const char *name, const char *feature);

/* The table's calls, each in the file that it belongs to. */
#define	IMAGE_CALL(ret, name, args)	ret image_##name args;
LZC_CALLS(IMAGE_CALL)
OWN_CALLS(IMAGE_CALL)
#undef	IMAGE_CALL

/*
 * image_props.c: `source` is a zprop_source_t, of which image_set_from() takes
 * SRC_LOCAL and SRC_RECEIVED; `errors` gets the errno of each property that
 * could not be set
 */
int image_set_from(const char *name, int source, nvlist_t *props,
    nvlist_t *errors);
int image_unset(const char *name, int source, const char *prop);

/*
 * image_arrival.c: the properties of a dataset that is being received, those
 * that are set at once or, with `delayed`, those that wait for its data; what
 * came in the stream, and what the caller sets or excludes (or NULL)
 */
int image_arrive(const char *name, nvlist_t *received, nvlist_t *local,
    boolean_t delayed, nvlist_t *errors);

/*
 * image_key.c: what OpenZFS needs to encrypt a dataset; `key` is NULL for a
 * command that has none
 */
enum { NO_CRYPTO_COMMAND = 0 };	/* DCP_CMD_NONE */
int image_crypto_params(uint64_t command, nvlist_t *props, uint8_t *key,
    uint_t key_bytes, void **params);

/* image_pool.c */
int image_create_pool(const struct nvp *, const char *path, const char *pool,
    uint64_t bytes, uint64_t ashift);
int image_import_pool(const struct nvp *, const struct image_args *, char *pool,
    size_t pool_size, char *why, size_t why_size);

/* image_label.c */
int image_find_label(const struct nvp *, int fd, nvlist_t **label);
int image_check_user(const struct nvp *, nvlist_t *label,
    const char *take_over_from, char *why, size_t why_size);

/* The numbers of the objects that a filesystem, or a volume, begins with. */
enum { MASTER_NODE = 1, VOLUME_DATA = 1, VOLUME_PROPS = 2 };
enum { DEFAULT_QUOTAS = 6 };

/* image_layout.c: the layout of a new filesystem or volume */
struct fs_spec {
	uint64_t version;
	uint64_t normalization;
	uint64_t utf8only;
	uint64_t casesensitivity;	/* enum fs_case */
	uint64_t default_quotas[DEFAULT_QUOTAS];
};

struct volume_spec {
	uint64_t bytes;
	uint64_t block_bytes;
};

int image_fill_fs_spec(const struct nvp *, const char *name, nvlist_t *props,
    struct fs_spec *);
/* Their `arg` is a struct fs_spec, and a struct volume_spec. */
create_func_t image_lay_out_filesystem;
create_func_t image_lay_out_volume;
file_info_func_t image_file_info;
int image_fill_pool_root(const char *pool);

/* image_inside.c */
extern const char *const image_default_quotas[DEFAULT_QUOTAS];
boolean_t image_is_default_quota(const char *prop);
int image_lookup(objset_t *, const char *key, uint64_t missing,
    uint64_t *value);
int image_own_filesystem(const char *name, objset_t **);
void image_disown_filesystem(objset_t *);
int image_set_default_quota(const char *name, const char *prop,
    uint64_t value);
int image_set_version(const char *name, uint64_t wanted);
int image_check_volblocksize(const char *name, uint64_t bytes);
int image_set_volsize(const char *name, uint64_t bytes);
int image_add_number(const struct nvp *, nvlist_t *props, const char *name,
    uint64_t value);
int image_add_inside(const struct nvp *, objset_t *, boolean_t snapshot,
    nvlist_t *props);

/* image_confine.c */
int image_confine(void);

/* image_file.c */
int image_why_unwritable(const char *path);

#endif
