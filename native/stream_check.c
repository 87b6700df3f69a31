/* Checks the records of a stream before libzpool meets them. */
#include <string.h>

#include "stream_check.h"
#include "stream_field.h"

#define	MOST_OBJECTS	(1ULL << 48)	/* DN_MAX_OBJECT */
#define	MOST_OFFSET	(1ULL << 62)
enum {
	SECTOR = 512,			/* SPA_MINBLOCKSIZE */
	MOST_OLD_BLOCK = 128 << 10,	/* SPA_OLD_MAXBLOCKSIZE */
	MOST_SLOTS = 32,
	SLOT = 512,
	/* a dnode without the area of its pointers and its bonus */
	DNODE_CORE = 64,
	POINTER = 128,
	MOST_POINTERS = 3,
	MOST_LEVELS = 12,		/* well above what 2^64 bytes take */
	MOST_EMBEDDED = 112,		/* BPE_PAYLOAD_SIZE */
};
enum { LEAST_INDIRECT_SHIFT = 12, MOST_INDIRECT_SHIFT = 17 };
enum { OT_NONE = 0, OT_SA = 44 };
enum { OBJECT_SPILL = 1 << 2 };
/* enum zio_compress, include/sys/zio_compress.h */
enum { COMPRESS_OFF = 2, COMPRESS_EMPTY = 4, COMPRESS_LZ4 = 15,
	COMPRESS_ZSTD = 16 };

void
stream_check_begin(struct stream_check *c, uint64_t features)
{
	memset(c, 0, sizeof (*c));
	c->features = features;
	c->raw = (features & FEATURE_RAW) != 0;
}

static bool
is_object(uint64_t number, uint64_t slots)
{
	return (number != 0 && number < MOST_OBJECTS &&
	    number + slots <= MOST_OBJECTS);
}

/* Is a size one of a block that this stream may have? */
static bool
is_block(const struct stream_check *c, uint64_t bytes)
{
	return (bytes != 0 && bytes % SECTOR == 0 &&
	    bytes <= STREAM_MOST_BLOCK && (bytes <= MOST_OLD_BLOCK || c->raw ||
	    (c->features & FEATURE_LARGE_BLOCKS) != 0));
}

static bool
is_compression(const struct stream_check *c, uint8_t compression)
{
	if (compression == COMPRESS_LZ4)
		return ((c->features & FEATURE_LZ4) != 0);
	if (compression == COMPRESS_ZSTD)
		return ((c->features & FEATURE_ZSTD) != 0);
	return (compression > COMPRESS_OFF && compression < COMPRESS_LZ4 &&
	    compression != COMPRESS_EMPTY);
}

/* Are the bytes of a block on disk, as BP_GET_PSIZE() has them, possible? */
static bool
is_stored(const struct stream_check *c, uint8_t compression, uint64_t stored,
    uint64_t length)
{
	if (stored == 0 || stored % SECTOR != 0 || stored > length)
		return (false);
	return (is_compression(c, compression) ||
	    (c->raw && compression == COMPRESS_OFF && stored == length));
}

/* How many pointers dnode_allocate() gives a dnode besides its bonus. */
static uint32_t
pointers(uint32_t slots, uint32_t bonus_type, uint32_t bonus_bytes)
{
	uint32_t most = 1 +
	    (slots * SLOT - DNODE_CORE - POINTER - bonus_bytes) / POINTER;

	if (bonus_type == OT_SA)
		return (1);
	return (most < MOST_POINTERS ? most : MOST_POINTERS);
}

/* What a raw stream says of the object's tree, and of its whole bonus area. */
static bool
is_raw_object(const uint8_t *r, uint32_t slots, uint64_t block_bytes)
{
	uint32_t bonus_bytes = own32(r + AT_OBJECT_BONUS_BYTES);
	uint32_t raw_bytes = own32(r + AT_OBJECT_RAW_BYTES);
	uint8_t shift = r[AT_OBJECT_INDIRECT_SHIFT];
	uint8_t levels = r[AT_OBJECT_LEVELS];
	uint64_t taken = DNODE_CORE + POINTER *
	    (pointers(slots, own32(r + AT_OBJECT_BONUS_TYPE), bonus_bytes) +
	    ((r[AT_OBJECT_FLAGS] & OBJECT_SPILL) != 0 ? 1 : 0));

	/* fletcher_4_native() asserts whole words, as senders have them. */
	return (raw_bytes >= bonus_bytes && raw_bytes % 8 == 0 &&
	    raw_bytes + taken <= slots * SLOT &&
	    (shift == 0 || (shift >= LEAST_INDIRECT_SHIFT &&
	    shift <= MOST_INDIRECT_SHIFT)) &&
	    levels != 0 && levels <= MOST_LEVELS &&
	    r[AT_OBJECT_POINTERS] != 0 &&
	    r[AT_OBJECT_POINTERS] <= MOST_POINTERS &&
	    own64(r + AT_OBJECT_MAX_BLOCK) <= MOST_OFFSET / block_bytes);
}

static bool
check_object(struct stream_check *c, const uint8_t *r, uint64_t *payload)
{
	uint64_t object = own64(r + AT_OBJECT);
	uint32_t bonus_type = own32(r + AT_OBJECT_BONUS_TYPE);
	uint32_t bonus_bytes = own32(r + AT_OBJECT_BONUS_BYTES);
	uint32_t raw_bytes = own32(r + AT_OBJECT_RAW_BYTES);
	uint32_t slots = r[AT_OBJECT_SLOTS] != 0 ? r[AT_OBJECT_SLOTS] : 1;
	uint64_t block_bytes = own32(r + AT_OBJECT_BLOCK_BYTES);

	if (!is_object(object, slots) || slots > MOST_SLOTS ||
	    (slots > 1 && (c->features & FEATURE_LARGE_DNODE) == 0) ||
	    !is_block(c, block_bytes) ||
	    bonus_bytes > slots * SLOT - DNODE_CORE - POINTER)
		return (false);
	/* dnode_allocate() asserts that these two go together. */
	if (bonus_bytes == 0 ? bonus_type != OT_NONE && bonus_type != OT_SA :
	    bonus_type == OT_NONE)
		return (false);
	if (c->raw ? !is_raw_object(r, slots, block_bytes) : raw_bytes != 0)
		return (false);
	c->object = object;
	c->block_bytes = block_bytes;
	/* Blocks of another size than a power of two have no second one. */
	c->most_offset = (block_bytes & (block_bytes - 1)) != 0 ? 0 :
	    MOST_OFFSET;
	if (c->raw && c->most_offset != 0)
		c->most_offset = own64(r + AT_OBJECT_MAX_BLOCK) * block_bytes;
	c->next_offset = 0;
	*payload = raw_bytes != 0 ? raw_bytes : (bonus_bytes + 7) / 8 * 8;
	return (true);
}

/* Is this a place for a block of the current object? */
static bool
take_block(struct stream_check *c, uint64_t object, uint64_t offset,
    uint64_t length)
{
	if (object != c->object || object == 0 || length != c->block_bytes ||
	    offset % length != 0 || offset < c->next_offset ||
	    offset > c->most_offset)
		return (false);
	c->next_offset = offset + length;
	return (true);
}

static bool
check_write(struct stream_check *c, const uint8_t *r, uint64_t *payload)
{
	uint64_t length = own64(r + AT_WRITE_LENGTH);
	uint64_t stored = own64(r + AT_WRITE_STORED);
	uint8_t compression = r[AT_WRITE_COMPRESSION];
	bool packed = compression != 0;

	if (!take_block(c, own64(r + AT_OBJECT), own64(r + AT_WRITE_OFFSET),
	    length))
		return (false);
	*payload = packed ? stored : length;
	if (!packed)
		return (!c->raw);
	return ((c->raw || (c->features & FEATURE_COMPRESSED) != 0) &&
	    is_stored(c, compression, stored, length));
}

static bool
check_embedded(struct stream_check *c, const uint8_t *r, uint64_t *payload)
{
	uint32_t length = own32(r + AT_EMBEDDED_BYTES);
	uint32_t stored = own32(r + AT_EMBEDDED_STORED);

	*payload = (uint64_t)(stored + 7) / 8 * 8;
	return (!c->raw && stored != 0 && stored <= MOST_EMBEDDED &&
	    stored <= length && is_compression(c, r[AT_EMBEDDED_COMPRESSION]) &&
	    r[AT_EMBEDDED_TYPE] == 0 && take_block(c, own64(r + AT_OBJECT),
	    own64(r + AT_EMBEDDED_OFFSET), own64(r + AT_EMBEDDED_LENGTH)) &&
	    length == c->block_bytes);
}

static bool
check_spill(const struct stream_check *c, const uint8_t *r, uint64_t *payload)
{
	uint64_t length = own64(r + AT_SPILL_LENGTH);
	uint64_t stored = own64(r + AT_SPILL_STORED);

	*payload = stored != 0 ? stored : length;
	return (own64(r + AT_OBJECT) == c->object && c->object != 0 &&
	    is_block(c, length) && (c->raw ?
	    is_stored(c, r[AT_SPILL_COMPRESSION], stored, length) :
	    stored == 0));
}

bool
stream_check(struct stream_check *c, const uint8_t *record,
    uint64_t *payload_bytes)
{
	*payload_bytes = 0;
	switch (own32(record)) {
	case DRR_OBJECT:
		return (check_object(c, record, payload_bytes));
	case DRR_WRITE:
		return (check_write(c, record, payload_bytes));
	case DRR_WRITE_EMBEDDED:
		return (check_embedded(c, record, payload_bytes));
	case DRR_SPILL:
		return (check_spill(c, record, payload_bytes));
	case DRR_FREE:
	case DRR_REDACT:
		return (is_object(own64(record + AT_OBJECT), 1));
	default:
		return (true);
	}
}
