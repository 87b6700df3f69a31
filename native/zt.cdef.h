/*
 * Every int that is returned is 0 or an errno value (from 1024 on, OpenZFS's
 * own ZFS_ERR_*).  `flat` is an nvlist in the form of nvl.h.  An out buffer is
 * filled with JSON text; the caller frees it with zt_buf_free(), after an error
 * too.  All calls may be made from any thread, but zt_log() must come from the
 * thread that made the change.
 */
struct zt;		/* one opened ZFS */

/*
 * Open the ZFS of the running kernel, libnvpair alone (for nvlists), or the
 * pool in the file at `path`.  On an error `why` is the reason, empty where the
 * errno says it all.
 */
int zt_open(struct zt **zt, char *why, size_t why_size);
int zt_open_nvpair(struct zt **zt, char *why, size_t why_size);
int zt_open_image(struct zt **zt, const char *path, const char *create_pool,
    uint64_t bytes, uint64_t ashift, const char *take_over_from, char *why,
    size_t why_size);
void zt_close(struct zt *zt);

/* For an image, the release of libzpool and its largest recordsize; else 0. */
unsigned int zt_minor(struct zt *zt);
unsigned int zt_patch(struct zt *zt);
uint64_t zt_max_recordsize(struct zt *zt);

/*
 * Let the kernel kill this process when its parent, whose id is `parent`, ends.
 */
int zt_end_with(int parent);

/*
 * Give up what an image's process never needs; before it starts other threads.
 */
int zt_confine(void);

/* Return the errno of writing to a file that exists; 0 where it takes more. */
int zt_why_unwritable(const char *path);

int zt_nvlist_encode(struct zt *zt, const uint8_t *flat, size_t size,
    struct zt_buf *packed);
int zt_nvlist_decode(struct zt *zt, const char *packed, size_t size,
    struct zt_buf *out);

int zt_pool_configs(struct zt *zt, struct zt_buf *out);
int zt_pool_config(struct zt *zt, const char *pool, struct zt_buf *out);
int zt_pool_props(struct zt *zt, const char *pool, struct zt_buf *out);

int zt_stats(struct zt *zt, const char *name, struct zt_buf *out);
int zt_list_named(struct zt *zt, const uint8_t *flat, size_t size, int props,
    struct zt_buf *out);
int zt_list_datasets(struct zt *zt, const char *root, struct zt_buf *out);
int zt_list_snapshots(struct zt *zt, const char *dataset, int props,
    struct zt_buf *out);

/* An empty `key` says that there is none. */
int zt_create(struct zt *zt, const char *name, int volume,
    const uint8_t *key, size_t key_size, const uint8_t *flat, size_t size);
int zt_clone(struct zt *zt, const char *name, const char *origin,
    const uint8_t *flat, size_t size);
int zt_promote(struct zt *zt, const char *name, char *conflict, size_t size);
int zt_rename(struct zt *zt, const char *from, const char *to);
int zt_destroy(struct zt *zt, const char *name);
int zt_rollback(struct zt *zt, const char *name, const char *snapshot);

int zt_set(struct zt *zt, const char *name, const uint8_t *flat, size_t size,
    struct zt_buf *errors);
int zt_inherit(struct zt *zt, const char *name, const char *prop,
    int received);

/*
 * Keys, which wrap the key of the blocks.  With `noop` the key is only checked;
 * `command` is a dcp_cmd_t.
 */
int zt_load_key(struct zt *zt, const char *name, int noop,
    const uint8_t *key, size_t key_size);
int zt_unload_key(struct zt *zt, const char *name);
int zt_change_key(struct zt *zt, const char *name, uint64_t command,
    const uint8_t *key, size_t key_size, const uint8_t *flat, size_t size);

int zt_snapshot(struct zt *zt, const uint8_t *flat, size_t size,
    const uint8_t *props, size_t props_size, struct zt_buf *errors);
int zt_destroy_snaps(struct zt *zt, const uint8_t *flat, size_t size,
    int defer, struct zt_buf *errors);
/*
 * A hold of zt_hold() ends with the descriptor `cleanup_fd`, which is /dev/zfs
 * opened with O_EXCL.  In an image any number stands for it: the hold ends when
 * the file is opened again.  With -1 it ends when it is released.
 */
int zt_hold(struct zt *zt, const uint8_t *flat, size_t size, int cleanup_fd,
    struct zt_buf *errors);
int zt_release(struct zt *zt, const uint8_t *flat, size_t size,
    struct zt_buf *errors);
int zt_get_holds(struct zt *zt, const char *snapshot, struct zt_buf *out);
int zt_bookmark(struct zt *zt, const uint8_t *flat, size_t size,
    struct zt_buf *errors);
int zt_get_bookmarks(struct zt *zt, const char *dataset, struct zt_buf *out);
int zt_destroy_bookmarks(struct zt *zt, const uint8_t *flat, size_t size,
    struct zt_buf *errors);

/*
 * Pools.  The numbers are those of enumerations of include/sys/fs/zfs.h; a
 * device is named by its guid, and 0 is none.  A wait ends with EINTR where a
 * signal comes.
 */
int zt_sync(struct zt *zt, const char *pool, const uint8_t *flat, size_t size);
int zt_wait(struct zt *zt, const char *pool, unsigned int activity,
    uint64_t device, struct zt_buf *out);
int zt_wait_fs(struct zt *zt, const char *name, unsigned int activity,
    struct zt_buf *out);
int zt_reopen(struct zt *zt, const char *pool, int scrub_restart);
int zt_pool_checkpoint(struct zt *zt, const char *pool, int discard);
int zt_initialize(struct zt *zt, const char *pool, unsigned int command,
    const uint8_t *flat, size_t size, struct zt_buf *errors);
int zt_trim(struct zt *zt, const char *pool, unsigned int command,
    uint64_t rate, int secure, const uint8_t *flat, size_t size,
    struct zt_buf *errors);
int zt_scrub(struct zt *zt, const char *pool, unsigned int func,
    unsigned int command);
int zt_get_bootenv(struct zt *zt, const char *pool, struct zt_buf *out);
int zt_set_bootenv(struct zt *zt, const char *pool, const uint8_t *flat,
    size_t size);
int zt_prefetch(struct zt *zt, const char *pool, unsigned int table);
int zt_ddt_prune(struct zt *zt, const char *pool, unsigned int unit,
    uint64_t amount);
int zt_get_vdev_prop(struct zt *zt, const char *pool, const uint8_t *flat,
    size_t size, struct zt_buf *out);
int zt_set_vdev_prop(struct zt *zt, const char *pool, const uint8_t *flat,
    size_t size, struct zt_buf *errors);

/*
 * Streams.  An empty `base`, `origin` or `redaction` means none; flags are
 * lzc_send_flags; a send resumes at (object, offset), both 0 at the start.
 * `redaction` and `bookmark` are the short names of bookmarks.
 *
 * The caller of zt_receive() has read the first record of the stream and passes
 * it as `header`.  `received` are properties that came with the stream, `local`
 * those that are set here or, as bare names, excluded; of each an empty buffer
 * stands for none at all, which an empty list does not.  The call succeeds if
 * the snapshot was received: `errors` has the errno of each property that was
 * not set.
 */
int zt_send(struct zt *zt, int fd, const char *snapshot, const char *base,
    int flags, uint64_t object, uint64_t offset, const char *redaction);
int zt_send_space(struct zt *zt, const char *snapshot, const char *base,
    int flags, const char *redaction, struct zt_buf *out);
int zt_redact(struct zt *zt, const char *snapshot, const char *bookmark,
    const uint8_t *flat, size_t size);
int zt_heal(struct zt *zt, int fd, const char *snapshot, int raw,
    const uint8_t *header, size_t size, struct zt_buf *errors);
int zt_receive(struct zt *zt, int fd, const char *snapshot,
    const char *origin, int force, int raw, int resumable,
    const uint8_t *header, size_t size, const uint8_t *received,
    size_t received_size, const uint8_t *local, size_t local_size,
    struct zt_buf *errors);
int zt_snaprange_space(struct zt *zt, const char *first, const char *last,
    struct zt_buf *out);
int zt_channel_program(struct zt *zt, const char *pool, const char *program,
    int sync, uint64_t instructions, uint64_t memory, const uint8_t *flat,
    size_t size, struct zt_buf *out);

/*
 * Read a full stream, piece by piece, and give the content of its snapshot in
 * `data`, and in `parts` what belongs to which object: for each part three
 * numbers of 64 bits, which stream_content.h names.  Both are emptied by the
 * next call.  On an error `why` is the reason, empty where memory is short.
 */
struct zt_content;
int zt_content_open(struct zt_content **content);
int zt_content_feed(struct zt_content *content, const uint8_t *piece,
    size_t size, struct zt_buf *data, struct zt_buf *parts, char *why,
    size_t why_size);
int zt_content_end(struct zt_content *content, char *why, size_t why_size);
void zt_content_close(struct zt_content *content);

/*
 * Add bytes to the fletcher-4 sum of a stream that is being made, in
 * little-endian numbers.  The size is a multiple of 4.
 */
void zt_stream_sum(uint64_t *words, const uint8_t *piece, size_t size);

/*
 * Give [path, generation, mode, links, ctime in s, and in ns] of an object of a
 * filesystem's snapshot; a file with several links has the path of one of them.
 */
int zt_object_stats(struct zt *zt, const char *snapshot, uint64_t object,
    struct zt_buf *out);

/* Give the numbers of the objects that differ between two snapshots. */
int zt_changed_objects(struct zt *zt, const char *base, const char *snapshot,
    struct zt_buf *out);

/*
 * Carry out operations on bare objects of a filesystem of an image, as they
 * come from `fd`; `out` gets how many were.  image_exercise.c has their form.
 */
int zt_exercise(struct zt *zt, int fd, const char *name, struct zt_buf *out);

int zt_log(struct zt *zt, const char *message);

int zt_mount(const char *dataset, const char *path, unsigned long flags,
    const char *options);
int zt_unmount(const char *path, int flags);
int zt_exchange_names(int directory, const char *name, int other_directory,
    const char *other_name);
