/* Checks the records of a stream before libzpool meets them. */
#include <string.h>

#include "stream_check.h"

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

/* Only a stream of this machine's byte order comes here. */
static uint32_t
get32(const uint8_t *bytes)
{
	return (stream_get32(bytes, HOST_IS_BIG));
}

static uint64_t
get64(const uint8_t *bytes)
{
	return (stream_get64(bytes, HOST_IS_BIG));
}

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
	uint32_t bonus_bytes = get32(r + 28), raw_bytes = get32(r + 36);
	uint8_t shift = r[48], levels = r[49];
	uint64_t taken = DNODE_CORE + POINTER *
	    (pointers(slots, get32(r + 20), bonus_bytes) +
	    ((r[35] & OBJECT_SPILL) != 0 ? 1 : 0));

	return (raw_bytes >= bonus_bytes && raw_bytes % 8 == 0 &&
	    raw_bytes + taken <= slots * SLOT &&
	    (shift == 0 || (shift >= LEAST_INDIRECT_SHIFT &&
	    shift <= MOST_INDIRECT_SHIFT)) &&
	    levels != 0 && levels <= MOST_LEVELS &&
	    r[50] != 0 && r[50] <= MOST_POINTERS &&
	    get64(r + 56) <= MOST_OFFSET / block_bytes);
}

static bool
check_object(struct stream_check *c, const uint8_t *r, uint64_t *payload)
{
	uint64_t object = get64(r + 8);
	uint32_t bonus_type = get32(r + 20), bonus_bytes = get32(r + 28);
	uint32_t raw_bytes = get32(r + 36);
	uint32_t slots = r[34] != 0 ? r[34] : 1;
	uint64_t block_bytes = get32(r + 24);

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
		c->most_offset = get64(r + 56) * block_bytes;
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
	uint64_t length = get64(r + 32), stored = get64(r + 96);
	uint8_t compression = r[50];
	bool packed = compression != 0;

	if (!take_block(c, get64(r + 8), get64(r + 24), length))
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
	uint32_t length = get32(r + 48), stored = get32(r + 52);

	*payload = (uint64_t)(stored + 7) / 8 * 8;
	return (!c->raw && stored != 0 && stored <= MOST_EMBEDDED &&
	    stored <= length && is_compression(c, r[40]) && r[41] == 0 &&
	    take_block(c, get64(r + 8), get64(r + 16), get64(r + 24)) &&
	    length == c->block_bytes);
}

static bool
check_spill(const struct stream_check *c, const uint8_t *r, uint64_t *payload)
{
	uint64_t length = get64(r + 16), stored = get64(r + 40);

	*payload = stored != 0 ? stored : length;
	return (get64(r + 8) == c->object && c->object != 0 &&
	    is_block(c, length) && (c->raw ?
	    is_stored(c, r[33], stored, length) : stored == 0));
}

bool
stream_check(struct stream_check *c, const uint8_t *record,
    uint64_t *payload_bytes)
{
	*payload_bytes = 0;
	switch (get32(record)) {
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
		return (is_object(get64(record + 8), 1));
	default:
		return (true);
	}
}
