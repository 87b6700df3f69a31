/*
 * The records of a send stream, as include/sys/zfs_ioctl.h lays them out
 * (dmu_replay_record_t), read field by field: a stream may come from a machine
 * of either byte order, and it is untrusted.
 */
#ifndef ZT_STREAM_RECORD_H
#define	ZT_STREAM_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	STREAM_RECORD_SIZE = 312,
	STREAM_CHECKSUM = 280,		/* each record but BEGIN ends with it */
	STREAM_CRYPT_SIZE = 36,		/* salt, iv and mac, side by side */
	STREAM_MOST_BLOCK = 16 << 20,	/* SPA_MAXBLOCKSIZE */
	STREAM_MOST_HEADER = 16 << 20,	/* an nvlist behind BEGIN */
};

#define	STREAM_MAGIC		0x2F5bacbacULL	/* DMU_BACKUP_MAGIC */

/* DMU_BACKUP_FEATURE_*, include/sys/zfs_ioctl.h */
#define	FEATURE_DEDUP		(1ULL << 0)
#define	FEATURE_DEDUPPROPS	(1ULL << 1)
#define	FEATURE_SA_SPILL	(1ULL << 2)
#define	FEATURE_EMBED_DATA	(1ULL << 16)
#define	FEATURE_LZ4		(1ULL << 17)
#define	FEATURE_LARGE_BLOCKS	(1ULL << 19)
#define	FEATURE_RESUMING	(1ULL << 20)
#define	FEATURE_REDACTED	(1ULL << 21)
#define	FEATURE_COMPRESSED	(1ULL << 22)
#define	FEATURE_LARGE_DNODE	(1ULL << 23)
#define	FEATURE_RAW		(1ULL << 24)
#define	FEATURE_ZSTD		(1ULL << 25)
#define	FEATURE_SWITCH_LARGE	(1ULL << 27)
#define	FEATURE_LONGNAME	(1ULL << 28)
#define	FEATURE_LARGE_MICROZAP	(1ULL << 29)

enum stream_type {
	DRR_BEGIN, DRR_OBJECT, DRR_FREEOBJECTS, DRR_WRITE, DRR_FREE, DRR_END,
	DRR_WRITE_BYREF, DRR_SPILL, DRR_WRITE_EMBEDDED, DRR_OBJECT_RANGE,
	DRR_REDACT,
};

enum { OBJECT_TYPE_SA = 44 };	/* DMU_OT_SA */

/* One record; a field that its type lacks is 0. */
struct stream_record {
	enum stream_type type;
	uint64_t payload;		/* bytes that follow the record */
	uint64_t object;		/* or the first of a range */
	uint64_t offset;
	uint64_t length;		/* logical bytes, or objects of a range */
	uint64_t max_block;		/* of the rest, raw streams alone */
	uint64_t toguid;
	uint32_t content_type;		/* of the object, or of the dataset */
	uint32_t bonus_type;
	uint32_t bonus_bytes;
	uint32_t geometry;		/* of the object's tree */
	uint32_t compression;
	uint32_t byteswap;		/* its payload has the other order */
	uint8_t crypt[STREAM_CRYPT_SIZE];
};

/* What the first record says of all others. */
struct stream_kind {
	bool big_endian;
	bool raw;
};

/* fletcher-4, over numbers in the byte order of the stream */
struct stream_sum {
	uint64_t word[4];
	uint8_t part[4];		/* of a number that is cut in two */
	size_t parts;
};

/*
 * Read a record.  An error comes with its reason: EINVAL for bytes that are no
 * stream, ENOTSUP for a stream that does not hold all of a snapshot's content
 * as it is.
 */
int stream_read_begin(const uint8_t *bytes, struct stream_kind *,
    struct stream_record *, const char **why);
int stream_read_record(const uint8_t *bytes, const struct stream_kind *,
    struct stream_record *, const char **why);

void stream_add(struct stream_sum *, bool big_endian, const uint8_t *bytes,
    size_t size);
/* Does a checksum in the stream, of four numbers, have the value so far? */
bool stream_sum_is(const struct stream_sum *, bool big_endian,
    const uint8_t *bytes);
bool stream_no_sum(const uint8_t *bytes);
/* Add a whole record.  False: it has a checksum, and that is another one. */
bool stream_add_record(struct stream_sum *, bool big_endian,
    const uint8_t *record);
void stream_put_sum(const struct stream_sum *, bool big_endian, uint8_t *bytes);

#endif
