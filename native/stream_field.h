/*
 * Where the fields of a record lie (dmu_replay_record_t in
 * include/sys/zfs_ioctl.h), and how its numbers are read, which have no
 * alignment.
 */
#ifndef ZT_STREAM_FIELD_H
#define	ZT_STREAM_FIELD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
	AT_BEGIN_PAYLOAD = 4,
	AT_BEGIN_MAGIC = 8,
	AT_BEGIN_VERSION = 16,
	AT_BEGIN_CONTENT_TYPE = 32,
	AT_BEGIN_TOGUID = 40,
	AT_BEGIN_FROMGUID = 48,
	AT_OBJECT = 8,			/* or the first of a range */
	AT_OBJECT_TYPE = 16,
	AT_OBJECT_BONUS_TYPE = 20,
	AT_OBJECT_BLOCK_BYTES = 24,
	AT_OBJECT_BONUS_BYTES = 28,
	AT_OBJECT_CHECKSUM = 32,
	AT_OBJECT_COMPRESSION = 33,
	AT_OBJECT_SLOTS = 34,
	AT_OBJECT_FLAGS = 35,
	AT_OBJECT_RAW_BYTES = 36,
	AT_OBJECT_INDIRECT_SHIFT = 48,
	AT_OBJECT_LEVELS = 49,
	AT_OBJECT_POINTERS = 50,
	AT_OBJECT_MAX_BLOCK = 56,
	AT_WRITE_TYPE = 16,
	AT_WRITE_OFFSET = 24,
	AT_WRITE_LENGTH = 32,
	AT_WRITE_FLAGS = 49,
	AT_WRITE_COMPRESSION = 50,
	AT_WRITE_STORED = 96,
	AT_WRITE_CRYPT = 104,
	AT_EMBEDDED_OFFSET = 16,
	AT_EMBEDDED_LENGTH = 24,
	AT_EMBEDDED_COMPRESSION = 40,
	AT_EMBEDDED_TYPE = 41,
	AT_EMBEDDED_BYTES = 48,
	AT_EMBEDDED_STORED = 52,
	AT_SPILL_LENGTH = 16,
	AT_SPILL_FLAGS = 32,
	AT_SPILL_COMPRESSION = 33,
	AT_SPILL_STORED = 40,
	AT_SPILL_CRYPT = 48,
	AT_SPILL_TYPE = 84,
	AT_RANGE_LENGTH = 16,
	AT_RANGE_CRYPT = 32,
	AT_RANGE_FLAGS = 68,
	AT_FREE_OFFSET = 16,
	AT_END_SUM = 8,
	AT_END_TOGUID = 40,
};

#define	HOST_IS_BIG	(__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

static inline uint32_t
get32(const uint8_t *bytes, bool big_endian)
{
	uint32_t n;

	memcpy(&n, bytes, sizeof (n));
	return (big_endian == HOST_IS_BIG ? n : __builtin_bswap32(n));
}

static inline uint64_t
get64(const uint8_t *bytes, bool big_endian)
{
	uint64_t n;

	memcpy(&n, bytes, sizeof (n));
	return (big_endian == HOST_IS_BIG ? n : __builtin_bswap64(n));
}

static inline void
put64(uint8_t *bytes, bool big_endian, uint64_t n)
{
	n = big_endian == HOST_IS_BIG ? n : __builtin_bswap64(n);
	memcpy(bytes, &n, sizeof (n));
}

#endif
