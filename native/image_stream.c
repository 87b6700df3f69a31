/*
 * The image provider: sends and receives streams, in the format of every other
 * ZFS.
 *
 * dmu_send() writes through a function.  dmu_recv_begin() takes the first
 * record from its caller, and the others are read from a descriptor.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image.h"

enum { RECORD_BEGIN = 0, HEADER_SUBSTREAM = 1 };
enum { STREAM_TRUNCATED = 1040 };	/* ZFS_ERR_*, include/sys/fs/zfs.h */

/*
 * dmu_recv_cookie_t (include/sys/dmu_recv.h) is part of no interface of libzpool
 * and has 256 bytes in 2.1.  dmu_recv_begin() clears all of it, so the second
 * half of this room tells of a release in which it has outgrown the first.
 */
enum { COOKIE_BYTES = 4096, COOKIE_MOST = COOKIE_BYTES / 2, COOKIE_GUARD = 0xa5 };

struct begin {			/* dmu_replay_record_t with drr_begin */
	uint32_t type;
	uint32_t payload_bytes;
	uint64_t magic;
	uint64_t version;	/* header type in 2 bits, then features */
	uint64_t creation_time;
	uint32_t objset_type;
	uint32_t flags;
	uint64_t toguid;
	uint64_t fromguid;
	char toname[256];	/* MAXNAMELEN */
};
_Static_assert(sizeof (struct begin) == STREAM_HEADER, "dmu_replay_record_t");

struct sink {
	int fd;
	int error;
};

static int
write_all(objset_t *os, void *data, int len, void *arg)
{
	struct sink *sink = arg;
	const char *next = data;

	(void) os;
	while (len > 0) {
		ssize_t n = write(sink->fd, next, (size_t)len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			/* dmu_send() turns each error of this into EINTR. */
			sink->error = errno;
			return (errno);
		}
		next += n;
		len -= (int)n;
	}
	return (0);
}

/* zfs_ioc_send_new() */
int
image_lzc_send_resume_redacted(const char *snapshot, const char *base, int fd,
    enum lzc_send_flags flags, uint64_t object, uint64_t offset,
    const char *redaction)
{
	struct sink sink = { fd, 0 };
	struct send_out out = { write_all, &sink, B_FALSE };
	int64_t written = 0;

	int error = zpool.dmu_send(snapshot, base,
	    (flags & LZC_SEND_FLAG_EMBED_DATA) != 0 ? B_TRUE : B_FALSE,
	    (flags & LZC_SEND_FLAG_LARGE_BLOCK) != 0 ? B_TRUE : B_FALSE,
	    (flags & LZC_SEND_FLAG_COMPRESS) != 0 ? B_TRUE : B_FALSE,
	    (flags & LZC_SEND_FLAG_RAW) != 0 ? B_TRUE : B_FALSE,
	    (flags & LZC_SEND_FLAG_SAVED) != 0 ? B_TRUE : B_FALSE,
	    object, offset, redaction, fd, &written, &out);
	return (sink.error != 0 ? sink.error : error);
}

static int
count_bytes(objset_t *os, void *data, int len, void *arg)
{
	uint64_t *bytes = arg;

	(void) os, (void) data;
	*bytes += (uint64_t)len;
	return (0);
}

/*
 * zfs_ioc_send_space(): the size of a stream, by metadata; where the base is a
 * bookmark, or the stream is redacted, by a dry run.  zt_send_space() asks for
 * no rest of a stream.
 */
int
image_lzc_send_space_resume_redacted(const char *snapshot, const char *base,
    enum lzc_send_flags flags, uint64_t object, uint64_t offset_in_object,
    uint64_t sent_bytes, const char *redaction, int fd, uint64_t *bytes)
{
	boolean_t raw = (flags & LZC_SEND_FLAG_RAW) != 0 ? B_TRUE : B_FALSE;
	boolean_t compressed = raw ||
	    (flags & LZC_SEND_FLAG_COMPRESS) != 0 ? B_TRUE : B_FALSE;
	dsl_dataset_t *to, *from = NULL;
	dsl_pool_t *pool;

	(void) object, (void) offset_in_object, (void) sent_bytes, (void) fd;
	*bytes = 0;
	if (redaction != NULL ||
	    (base != NULL && strchr(base, '#') != NULL)) {
		struct send_out out = { count_bytes, bytes, B_TRUE };
		int64_t offset = 0;
		/* No send of ours embeds data: see engine/_streams.py. */
		return (zpool.dmu_send(snapshot, base, B_FALSE, B_TRUE,
		    compressed, raw, B_FALSE, 0, 0, redaction, -1,
		    &offset, &out));
	}
	int error = zpool.dsl_pool_hold(snapshot, image_tag, &pool);
	if (error != 0)
		return (error);
	error = zpool.dsl_dataset_hold(pool, snapshot, image_tag, &to);
	if (error == 0) {
		if (base != NULL)
			error = zpool.dsl_dataset_hold(pool, base, image_tag,
			    &from);
		if (error == 0)
			error = zpool.dmu_send_estimate_fast(to, from, NULL,
			    compressed, B_FALSE, bytes);
		if (from != NULL)
			zpool.dsl_dataset_rele(from, image_tag);
		zpool.dsl_dataset_rele(to, image_tag);
	}
	zpool.dsl_pool_rele(pool, image_tag);
	return (error);
}

/* zfs_ioc_redact() */
int
image_lzc_redact(const char *snapshot, const char *bookmark, nvlist_t *snapshots)
{
	return (image->nvp.nvlist_next_nvpair(snapshots, NULL) == NULL ?
	    ENXIO : zpool.dmu_redact_snap(snapshot, snapshots, bookmark));
}

/* zfs_ioc_space_snaps() */
int
image_lzc_snaprange_space(const char *first, const char *last, uint64_t *bytes)
{
	dsl_dataset_t *from, *to;
	dsl_pool_t *pool;
	uint64_t compressed, uncompressed;

	if (strchr(first, '@') == NULL || strchr(last, '@') == NULL)
		return (EINVAL);
	int error = zpool.dsl_pool_hold(last, image_tag, &pool);
	if (error != 0)
		return (error);
	error = zpool.dsl_dataset_hold(pool, last, image_tag, &to);
	if (error == 0) {
		error = zpool.dsl_dataset_hold(pool, first, image_tag, &from);
		if (error == 0) {
			error = zpool.dsl_dataset_space_wouldfree(from, to,
			    bytes, &compressed, &uncompressed);
			zpool.dsl_dataset_rele(from, image_tag);
		}
		zpool.dsl_dataset_rele(to, image_tag);
	}
	zpool.dsl_pool_rele(pool, image_tag);
	return (error);
}

/*
 * Refuse a first record that would fail an assertion in libzpool: a stream is
 * untrusted.  Packages (zfs send -R, -p) are refused, since libzfs takes them
 * apart, and so are big-endian streams, whose fields would have to be swapped
 * to be checked.
 */
static int
check_begin(const struct begin *begin, boolean_t raw)
{
	boolean_t is_raw = (begin->version >> 2 & FEATURE_RAW) != 0;

	if (begin->type != RECORD_BEGIN || begin->magic != STREAM_MAGIC ||
	    (begin->version & 3) != HEADER_SUBSTREAM ||
	    begin->payload_bytes % (is_raw ? 4 : 8) != 0 ||
	    memchr(begin->toname, '\0', sizeof (begin->toname)) == NULL)
		return (EINVAL);
	return (is_raw && !raw ? EINVAL : 0);
}

static boolean_t
exists(const char *name)
{
	dsl_dataset_t *ds;
	dsl_pool_t *pool;
	int error = zpool.dsl_pool_hold(name, image_tag, &pool);

	if (error != 0)
		return (B_FALSE);
	error = zpool.dsl_dataset_hold(pool, name, image_tag, &ds);
	if (error == 0)
		zpool.dsl_dataset_rele(ds, image_tag);
	zpool.dsl_pool_rele(pool, image_tag);
	return (error == 0 ? B_TRUE : B_FALSE);
}

/*
 * drc_newfs of dmu_recv_begin(): the stream makes the dataset, rather than a
 * hidden child that takes its place at the end.
 */
static boolean_t
is_new(const char *dataset, const struct begin *begin)
{
	char hidden[DATASET_NAME_SIZE + sizeof ("/%recv")];

	if (!exists(dataset))
		return (B_TRUE);
	if ((begin->version >> 2 & FEATURE_RESUMING) == 0)
		return (B_FALSE);
	(void) snprintf(hidden, sizeof (hidden), "%s/%%recv", dataset);
	return (exists(hidden) ? B_FALSE : B_TRUE);
}

static int
begin_receive(char *dataset, const char *snapshot, struct begin *begin,
    const char *origin, boolean_t force, boolean_t resumable, nvlist_t *local,
    void *cookie, struct zfs_file *file, int64_t *offset)
{
	/* It takes the encryption of a new dataset out of `local`. */
	if (zpool.minor < 2)
		return (zpool.recv_begin.v21(dataset,
		    (char *)(uintptr_t)snapshot, begin, force, resumable, local,
		    NULL, (char *)(uintptr_t)origin, cookie, file, offset));
	return (zpool.recv_begin.v22(dataset, snapshot, begin, force, B_FALSE,
	    resumable, local, NULL, origin, cookie, file, offset));
}

/*
 * Receive what follows the first record.  The kernel sets properties before the
 * data, and sets the old ones again if that fails.  Nobody else uses an image,
 * so a dataset that was there before gets its properties after the data.
 */
static int
receive(char *dataset, const char *snapshot, struct begin *begin,
    const char *origin, boolean_t force, boolean_t resumable, int fd,
    nvlist_t *received, nvlist_t *local, nvlist_t *errors)
{
	/* The cookie points to the rest: all must live until dmu_recv_end(). */
	union { unsigned char room[COOKIE_BYTES]; uint64_t align; } cookie;
	int64_t offset = sizeof (*begin);
	boolean_t makes_it = is_new(dataset, begin);
	int unset = 0;

	memset(&cookie, COOKIE_GUARD, sizeof (cookie));
	struct zfs_file file = { fd, -1 };
	int error = begin_receive(dataset, snapshot, begin, origin, force,
	    resumable, local, &cookie, &file, &offset);

	for (size_t i = COOKIE_MOST; i < COOKIE_BYTES; i++)
		if (cookie.room[i] != COOKIE_GUARD)
			abort();
	if (error != 0)
		return (error);
	if (makes_it)
		unset = image_arrive(dataset, received, local, B_FALSE, errors);
	/*
	 * dmu_recv_stream() must run now: it cleans up on an error.  A dataset
	 * without its properties might be mounted, so it gets no data, either.
	 */
	if (unset != 0)
		file.fd = -1;
	error = zpool.dmu_recv_stream(&cookie, &offset);
	if (error == 0)
		error = zpool.dmu_recv_end(&cookie, NULL);
	if (unset != 0)
		error = unset;
	if (error == 0 && !makes_it)
		error = image_arrive(dataset, received, local, B_FALSE, errors);
	return (error != 0 ? error :
	    image_arrive(dataset, received, local, B_TRUE, errors));
}

/* zfs_ioc_recv_new() */
int
image_lzc_receive_with_cmdprops(const char *snapshot, nvlist_t *received,
    nvlist_t *local, uint8_t *key, uint_t key_bytes, const char *origin,
    boolean_t force, boolean_t resumable, boolean_t raw, int fd,
    const struct dmu_replay_record *header, int cleanup_fd,
    uint64_t *read_bytes, uint64_t *error_flags, uint64_t *action_handle,
    nvlist_t **errors)
{
	struct begin begin;
	char dataset[DATASET_NAME_SIZE];
	const char *at_sign = strchr(snapshot, '@');

	/* zt_receive() passes none of these. */
	(void) key, (void) key_bytes, (void) cleanup_fd, (void) read_bytes;
	(void) error_flags, (void) action_handle;
	if (at_sign == NULL || (size_t)(at_sign - snapshot) >= sizeof (dataset))
		return (EINVAL);
	(void) snprintf(dataset, sizeof (dataset), "%.*s",
	    (int)(at_sign - snapshot), snapshot);
	memcpy(&begin, (const void *)header, sizeof (begin));
	int error = check_begin(&begin, raw);
	if (error == 0)
		error = image_new_errors(errors);
	return (error != 0 ? error : receive(dataset, at_sign + 1, &begin,
	    origin, force, resumable, fd, received, local, *errors));
}
