/* Checks the records of a stream before a kernel or libzpool meets them. */
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
	POINTER_SHIFT = 7,
	MOST_POINTERS = 3,
	MOST_LEVELS = 12,		/* well above what 2^64 bytes take */
	MOST_EMBEDDED = 112,		/* BPE_PAYLOAD_SIZE */
};
enum { LEAST_INDIRECT_SHIFT = 12, MOST_INDIRECT_SHIFT = 17 };
enum { OT_NONE = 0, OT_NUMTYPES = 54, OT_NEWTYPE = 0x80, MOST_OT = 0xff };
enum { OBJECT_SPILL = 1 << 2 };
enum { SA_MAGIC = 0x2f505a, SA_LAYOUT = 4, SA_HEADER = 8 };
/* include/sys/zio.h: of what an object may have of its own */
enum { CHECKSUM_LEGACY_FUNCTIONS = 9, COMPRESS_LEGACY_FUNCTIONS = 15 };
/* enum zio_compress, include/sys/zio_compress.h */
enum { COMPRESS_OFF = 2, COMPRESS_EMPTY = 4, COMPRESS_LZ4 = 15,
	COMPRESS_ZSTD = 16 };

static uint32_t
n32(const struct stream_check *c, const uint8_t *bytes)
{
	return (get32(bytes, c->big_endian));
}

static uint64_t
n64(const struct stream_check *c, const uint8_t *bytes)
{
	return (get64(bytes, c->big_endian));
}

uint32_t
stream_check_begin(struct stream_check *c, const uint8_t *record)
{
	memset(c, 0, sizeof (*c));
	c->big_endian = get64(record + AT_BEGIN_MAGIC, true) == STREAM_MAGIC;
	/* The two lowest bits tell a package from a stream; 30 are features. */
	c->features = n64(c, record + AT_BEGIN_VERSION) >> 2 & 0x3fffffff;
	c->raw = (c->features & FEATURE_RAW) != 0;
	return (n32(c, record + AT_BEGIN_PAYLOAD));
}

static bool
is_object(uint64_t number, uint64_t slots)
{
	return (number != 0 && number < MOST_OBJECTS &&
	    number + slots <= MOST_OBJECTS);
}

/*
 * Is it a type that dmu_ot[] has, or one that says itself what it is?  A kernel
 * looks a spill block's type up unseen: receive_spill() in
 * module/zfs/dmu_recv.c.
 */
static bool
is_type(uint32_t type)
{
	return (type < OT_NUMTYPES ||
	    (type <= MOST_OT && (type & OT_NEWTYPE) != 0));
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

	if (bonus_type == OBJECT_TYPE_SA)
		return (1);
	return (most < MOST_POINTERS ? most : MOST_POINTERS);
}

/*
 * Has a tree room for its last block?  dnode_new_blkid() asserts that one with
 * a given number of levels needs no more of them.
 */
static bool
is_tall_enough(uint64_t blocks, uint8_t levels, uint8_t indirect_shift,
    uint64_t max_block)
{
	for (uint8_t level = 1; level < levels && blocks <= max_block; level++)
		blocks <<= indirect_shift - POINTER_SHIFT;
	return (blocks > max_block);
}

/* What a raw stream says of the object's tree, and of its whole bonus area. */
static bool
is_raw_object(const struct stream_check *c, const uint8_t *r, uint32_t slots,
    uint64_t block_bytes)
{
	uint32_t bonus_bytes = n32(c, r + AT_OBJECT_BONUS_BYTES);
	uint32_t raw_bytes = n32(c, r + AT_OBJECT_RAW_BYTES);
	uint8_t shift = r[AT_OBJECT_INDIRECT_SHIFT];
	uint8_t levels = r[AT_OBJECT_LEVELS];
	uint64_t max_block = n64(c, r + AT_OBJECT_MAX_BLOCK);
	uint32_t own_pointers = pointers(slots,
	    n32(c, r + AT_OBJECT_BONUS_TYPE), bonus_bytes);
	uint64_t taken = DNODE_CORE + POINTER * (own_pointers +
	    ((r[AT_OBJECT_FLAGS] & OBJECT_SPILL) != 0 ? 1 : 0));

	/* fletcher_4_native() asserts whole words, as senders have them. */
	return (raw_bytes >= bonus_bytes && raw_bytes % 8 == 0 &&
	    raw_bytes + taken <= slots * SLOT &&
	    shift >= LEAST_INDIRECT_SHIFT && shift <= MOST_INDIRECT_SHIFT &&
	    levels != 0 && levels <= MOST_LEVELS &&
	    r[AT_OBJECT_POINTERS] != 0 &&
	    r[AT_OBJECT_POINTERS] <= MOST_POINTERS &&
	    max_block <= MOST_OFFSET / block_bytes &&
	    is_tall_enough(own_pointers, levels, shift, max_block));
}

/* Of the objects whose OBJECT records came last; NULL: not of them. */
static struct stream_object *
announced(struct stream_check *c, uint64_t object)
{
	for (uint32_t i = 0; object != 0 && i < STREAM_OBJECTS; i++)
		if (c->objects[i].object == object)
			return (&c->objects[i]);
	return (NULL);
}

static void
announce(struct stream_check *c, uint64_t object, uint64_t block_bytes,
    uint64_t most_offset)
{
	c->objects[c->oldest] =
	    (struct stream_object) { object, block_bytes, most_offset, 0 };
	c->oldest = (c->oldest + 1) % STREAM_OBJECTS;
	c->last_object = object;
}

static bool
check_object(struct stream_check *c, const uint8_t *r, uint64_t *payload)
{
	uint64_t object = n64(c, r + AT_OBJECT);
	uint32_t bonus_type = n32(c, r + AT_OBJECT_BONUS_TYPE);
	uint32_t bonus_bytes = n32(c, r + AT_OBJECT_BONUS_BYTES);
	uint32_t raw_bytes = n32(c, r + AT_OBJECT_RAW_BYTES);
	uint32_t slots = r[AT_OBJECT_SLOTS] != 0 ? r[AT_OBJECT_SLOTS] : 1;
	uint64_t block_bytes = n32(c, r + AT_OBJECT_BLOCK_BYTES);
	uint64_t most_offset = MOST_OFFSET;

	/* objlist_insert() asserts that each has a higher number. */
	if (!is_object(object, slots) || object <= c->last_object ||
	    slots > MOST_SLOTS || !is_type(n32(c, r + AT_OBJECT_TYPE)) ||
	    !is_type(bonus_type) ||
	    (slots > 1 && (c->features & FEATURE_LARGE_DNODE) == 0) ||
	    !is_block(c, block_bytes) ||
	    bonus_bytes > slots * SLOT - DNODE_CORE - POINTER)
		return (false);
	/* dmu_object_set_checksum() and dmu_object_set_compress() assert it. */
	if (r[AT_OBJECT_CHECKSUM] >= CHECKSUM_LEGACY_FUNCTIONS ||
	    r[AT_OBJECT_COMPRESSION] >= COMPRESS_LEGACY_FUNCTIONS)
		return (false);
	/* dnode_allocate() asserts that these two go together. */
	if (bonus_bytes == 0 ?
	    bonus_type != OT_NONE && bonus_type != OBJECT_TYPE_SA :
	    bonus_type == OT_NONE)
		return (false);
	if (c->raw ? !is_raw_object(c, r, slots, block_bytes) : raw_bytes != 0)
		return (false);
	/* Blocks of another size than a power of two have no second one. */
	if ((block_bytes & (block_bytes - 1)) != 0)
		most_offset = 0;
	else if (c->raw)
		most_offset = n64(c, r + AT_OBJECT_MAX_BLOCK) * block_bytes;
	announce(c, object, block_bytes, most_offset);
	*payload = raw_bytes != 0 ? raw_bytes : (bonus_bytes + 7) / 8 * 8;
	return (true);
}

/*
 * Is this a place for a block of an object?  A sender that is to send no large
 * blocks cuts them into ones of 128K, and a block that is no multiple of that
 * has a short last one: do_dump() in module/zfs/dmu_send.c.
 */
static bool
take_block(struct stream_check *c, uint64_t object, uint64_t offset,
    uint64_t length, bool is_cut)
{
	struct stream_object *of = announced(c, object);

	/* objlist_exists() asserts that objects come in order. */
	if (of == NULL || object < c->last_written ||
	    offset % of->block_bytes != 0 ||
	    offset < of->next_offset || offset > of->most_offset)
		return (false);
	if (length != of->block_bytes) {
		if (!is_cut || of->block_bytes != MOST_OLD_BLOCK ||
		    offset == 0 || length == 0 || length % SECTOR != 0 ||
		    length > of->block_bytes)
			return (false);
		of->most_offset = offset;
	}
	of->next_offset = offset + of->block_bytes;
	c->last_written = object;
	return (true);
}

static bool
check_write(struct stream_check *c, const uint8_t *r, uint64_t *payload)
{
	uint64_t length = n64(c, r + AT_WRITE_LENGTH);
	uint64_t stored = n64(c, r + AT_WRITE_STORED);
	uint8_t compression = r[AT_WRITE_COMPRESSION];
	bool packed = compression != 0;

	if (!is_type(n32(c, r + AT_WRITE_TYPE)) ||
	    !take_block(c, n64(c, r + AT_OBJECT), n64(c, r + AT_WRITE_OFFSET),
	    length, !packed && (c->features & FEATURE_LARGE_BLOCKS) == 0))
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
	uint32_t length = n32(c, r + AT_EMBEDDED_BYTES);
	uint32_t stored = n32(c, r + AT_EMBEDDED_STORED);

	*payload = (uint64_t)(stored + 7) / 8 * 8;
	return (!c->raw && stored != 0 && stored <= MOST_EMBEDDED &&
	    stored <= length && is_compression(c, r[AT_EMBEDDED_COMPRESSION]) &&
	    r[AT_EMBEDDED_TYPE] == 0 && take_block(c, n64(c, r + AT_OBJECT),
	    n64(c, r + AT_EMBEDDED_OFFSET), n64(c, r + AT_EMBEDDED_LENGTH),
	    false) && length == n64(c, r + AT_EMBEDDED_LENGTH));
}

static bool
check_spill(struct stream_check *c, const uint8_t *r, uint64_t *payload)
{
	uint64_t length = n64(c, r + AT_SPILL_LENGTH);
	uint64_t stored = n64(c, r + AT_SPILL_STORED);

	*payload = stored != 0 ? stored : length;
	return (announced(c, n64(c, r + AT_OBJECT)) != NULL &&
	    is_type(n32(c, r + AT_SPILL_TYPE)) && is_block(c, length) &&
	    (c->raw ? is_stored(c, r[AT_SPILL_COMPRESSION], stored, length) :
	    stored == 0));
}

/* An object that the stream has just made is not one that is to go. */
static bool
frees_others(const struct stream_check *c, uint64_t first, uint64_t count)
{
	for (uint32_t i = 0; i < STREAM_OBJECTS; i++)
		if (c->objects[i].object >= first &&
		    c->objects[i].object - first < count &&
		    c->objects[i].object != 0)
			return (false);
	return (true);
}

bool
stream_check(struct stream_check *c, const uint8_t *record,
    uint64_t *payload_bytes)
{
	*payload_bytes = 0;
	switch (n32(c, record)) {
	case DRR_OBJECT:
		return (check_object(c, record, payload_bytes));
	case DRR_WRITE:
		return (check_write(c, record, payload_bytes));
	case DRR_WRITE_EMBEDDED:
		return (check_embedded(c, record, payload_bytes));
	case DRR_SPILL:
		return (check_spill(c, record, payload_bytes));
	case DRR_FREEOBJECTS:
		return (frees_others(c, n64(c, record + AT_OBJECT),
		    n64(c, record + AT_RANGE_LENGTH)));
	case DRR_FREE:
	case DRR_REDACT:
		return (is_object(n64(c, record + AT_OBJECT), 1));
	default:
		return (true);
	}
}

/* zpl_get_file_info() of OpenZFS 2.1 panics where this does not hold. */
bool
stream_check_attributes(const uint8_t *bytes, size_t size)
{
	uint16_t layout;

	if (size < SA_HEADER)
		return (false);
	bool big = get32(bytes, true) == SA_MAGIC;
	if (get32(bytes, big) == 0)	/* of a file that is being made */
		return (true);
	memcpy(&layout, bytes + SA_LAYOUT, sizeof (layout));
	if (big != HOST_IS_BIG)
		layout = __builtin_bswap16(layout);
	/* SA_HDR_SIZE() */
	uint32_t header_bytes = (layout >> 10 & 0x3f) << 3;
	return (get32(bytes, big) == SA_MAGIC && header_bytes >= SA_HEADER &&
	    header_bytes <= size);
}

uint64_t
stream_check_missing(struct stream_check *c, const uint8_t *record)
{
	const struct stream_object *of;

	if (n32(c, record) != DRR_WRITE ||
	    (of = announced(c, n64(c, record + AT_OBJECT))) == NULL)
		return (0);
	return (of->block_bytes - n64(c, record + AT_WRITE_LENGTH));
}
