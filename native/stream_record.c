/* Reads the records of a send stream, and their checksums. */
#include <errno.h>
#include <string.h>

#include "stream_field.h"
#include "stream_record.h"

enum { SUBSTREAM = 1, COMPOUND = 2 };

/* Those that change nothing in how a record is read. */
#define	FEATURES_KNOWN							\
	(FEATURE_SA_SPILL | FEATURE_EMBED_DATA | FEATURE_LZ4 |		\
	FEATURE_LARGE_BLOCKS | FEATURE_COMPRESSED | FEATURE_LARGE_DNODE | \
	FEATURE_RAW | FEATURE_ZSTD | FEATURE_SWITCH_LARGE |		\
	FEATURE_LONGNAME | FEATURE_LARGE_MICROZAP)

enum { FLAG_BYTESWAP = 1 << 1 };	/* DRR_RAW_BYTESWAP */
enum { MOST_BONUS = 16 << 10 };		/* DNODE_MAX_SIZE */

static void
add_words(uint64_t *sum, bool big_endian, const uint8_t *bytes, size_t size)
{
	uint64_t a = sum[0], b = sum[1], c = sum[2], d = sum[3];

	for (size_t i = 0; i + 4 <= size; i += 4) {
		a += get32(bytes + i, big_endian);
		b += a;
		c += b;
		d += c;
	}
	sum[0] = a, sum[1] = b, sum[2] = c, sum[3] = d;
}

void
stream_add(struct stream_sum *sum, bool big_endian, const uint8_t *bytes,
    size_t size)
{
	while (sum->parts != 0 && size != 0) {
		sum->part[sum->parts++] = *bytes++;
		size--;
		if (sum->parts == sizeof (sum->part)) {
			add_words(sum->word, big_endian, sum->part,
			    sizeof (sum->part));
			sum->parts = 0;
		}
	}
	size_t whole = size - size % 4;
	/* Two loops, so that the compiler makes a fast one of each. */
	if (big_endian)
		add_words(sum->word, true, bytes, whole);
	else
		add_words(sum->word, false, bytes, whole);
	for (size_t i = whole; i < size; i++)
		sum->part[sum->parts++] = bytes[i];
}

bool
stream_sum_is(const struct stream_sum *sum, bool big_endian,
    const uint8_t *bytes)
{
	for (size_t i = 0; i < 4; i++) {
		if (get64(bytes + 8 * i, big_endian) != sum->word[i])
			return (false);
	}
	return (true);
}

void
stream_put_sum(const struct stream_sum *sum, bool big_endian, uint8_t *bytes)
{
	for (size_t i = 0; i < 4; i++)
		put64(bytes + 8 * i, big_endian, sum->word[i]);
}

bool
stream_no_sum(const uint8_t *bytes)
{
	static const uint8_t zero[32];

	return (memcmp(bytes, zero, sizeof (zero)) == 0);
}

bool
stream_add_record(struct stream_sum *sum, bool big_endian,
    const uint8_t *record)
{
	const uint8_t *own = record + STREAM_CHECKSUM;

	stream_add(sum, big_endian, record, STREAM_CHECKSUM);
	bool is_right = stream_no_sum(own) ||
	    stream_sum_is(sum, big_endian, own);
	stream_add(sum, big_endian, own, STREAM_RECORD_SIZE - STREAM_CHECKSUM);
	return (is_right);
}

static int
refuse(int error, const char *reason, const char **why)
{
	*why = reason;
	return (error);
}

int
stream_read_begin(const uint8_t *bytes, struct stream_kind *kind,
    struct stream_record *r, const char **why)
{
	memset(r, 0, sizeof (*r));
	if (get64(bytes + AT_BEGIN_MAGIC, false) == STREAM_MAGIC)
		kind->big_endian = false;
	else if (get64(bytes + AT_BEGIN_MAGIC, true) == STREAM_MAGIC)
		kind->big_endian = true;
	else
		return (refuse(EINVAL, "it is no stream of zfs send", why));
	bool big = kind->big_endian;
	uint64_t version = get64(bytes + AT_BEGIN_VERSION, big);
	uint64_t features = version >> 2;
	if (get32(bytes, big) != DRR_BEGIN)
		return (refuse(EINVAL, "it is no stream of zfs send", why));
	if ((version & 3) == COMPOUND)
		return (refuse(ENOTSUP, "it is a package of streams, as `zfs "
		    "send -R` and -p write it", why));
	if ((version & 3) != SUBSTREAM)
		return (refuse(EINVAL, "it is no stream of zfs send", why));
	if ((features & FEATURE_REDACTED) != 0)
		return (refuse(ENOTSUP, "it is redacted, so a part of the "
		    "content is missing", why));
	if ((features & FEATURE_RESUMING) != 0)
		return (refuse(ENOTSUP, "it is the rest of a stream that was "
		    "interrupted", why));
	if ((features & (FEATURE_DEDUP | FEATURE_DEDUPPROPS)) != 0)
		return (refuse(ENOTSUP, "it is deduplicated, as old releases "
		    "sent it with -D", why));
	if ((features & ~FEATURES_KNOWN) != 0)
		return (refuse(ENOTSUP, "it has a feature that is unknown to "
		    "zfstune", why));
	if (get64(bytes + AT_BEGIN_FROMGUID, big) != 0)
		return (refuse(ENOTSUP, "it is incremental, so it holds "
		    "changes alone", why));
	kind->raw = (features & FEATURE_RAW) != 0;
	r->type = DRR_BEGIN;
	r->payload = get32(bytes + AT_BEGIN_PAYLOAD, big);
	r->content_type = get32(bytes + AT_BEGIN_CONTENT_TYPE, big);
	r->toguid = get64(bytes + AT_BEGIN_TOGUID, big);
	if (r->payload > STREAM_MOST_HEADER || r->payload % 4 != 0)
		return (refuse(EINVAL, "its first record has a false length",
		    why));
	return (0);
}

static int
read_object(const uint8_t *bytes, const struct stream_kind *kind,
    struct stream_record *r, const char **why)
{
	bool big = kind->big_endian;
	uint32_t raw_bonus = get32(bytes + AT_OBJECT_RAW_BYTES, big);

	r->content_type = get32(bytes + AT_OBJECT_TYPE, big);
	r->bonus_type = get32(bytes + AT_OBJECT_BONUS_TYPE, big);
	r->bonus_bytes = get32(bytes + AT_OBJECT_BONUS_BYTES, big);
	if (r->bonus_bytes > MOST_BONUS || raw_bonus > MOST_BONUS ||
	    (!kind->raw && raw_bonus != 0))
		return (refuse(EINVAL, "an object has a false length", why));
	r->payload = (r->bonus_bytes + 7) / 8 * 8;
	if (kind->raw) {
		/* All of the bonus area is encrypted: its length is content. */
		if (raw_bonus != 0)
			r->payload = r->bonus_bytes = raw_bonus;
		r->byteswap = bytes[AT_OBJECT_FLAGS] & FLAG_BYTESWAP;
		r->geometry = (uint32_t)bytes[AT_OBJECT_INDIRECT_SHIFT] << 16 |
		    (uint32_t)bytes[AT_OBJECT_LEVELS] << 8 |
		    bytes[AT_OBJECT_POINTERS];
		r->max_block = get64(bytes + AT_OBJECT_MAX_BLOCK, big);
	}
	return (0);
}

static int
read_write(const uint8_t *bytes, const struct stream_kind *kind,
    struct stream_record *r, const char **why)
{
	bool big = kind->big_endian;

	r->offset = get64(bytes + AT_WRITE_OFFSET, big);
	r->length = r->payload = get64(bytes + AT_WRITE_LENGTH, big);
	r->compression = bytes[AT_WRITE_COMPRESSION];
	if (r->compression != 0)
		r->payload = get64(bytes + AT_WRITE_STORED, big);
	if (r->length == 0 || r->length > STREAM_MOST_BLOCK ||
	    r->payload > r->length || r->payload == 0 ||
	    r->offset + r->length < r->offset)
		return (refuse(EINVAL, "a block has a false length", why));
	if (!kind->raw && r->compression != 0)
		return (refuse(ENOTSUP, "it is compressed, as `zfs send -c` "
		    "writes it", why));
	if (kind->raw) {
		r->byteswap = bytes[AT_WRITE_FLAGS] & FLAG_BYTESWAP;
		memcpy(r->crypt, bytes + AT_WRITE_CRYPT, sizeof (r->crypt));
	}
	return (0);
}

static int
read_spill(const uint8_t *bytes, const struct stream_kind *kind,
    struct stream_record *r, const char **why)
{
	bool big = kind->big_endian;
	uint64_t stored = get64(bytes + AT_SPILL_STORED, big);

	r->length = get64(bytes + AT_SPILL_LENGTH, big);
	r->payload = stored != 0 ? stored : r->length;
	if (r->length == 0 || r->length > STREAM_MOST_BLOCK ||
	    r->payload > r->length || (!kind->raw && stored != 0))
		return (refuse(EINVAL, "attributes have a false length", why));
	if (kind->raw) {
		r->byteswap = bytes[AT_SPILL_FLAGS] & FLAG_BYTESWAP;
		r->compression = bytes[AT_SPILL_COMPRESSION];
		memcpy(r->crypt, bytes + AT_SPILL_CRYPT, sizeof (r->crypt));
	}
	return (0);
}

static int
read_fields(const uint8_t *bytes, const struct stream_kind *kind,
    struct stream_record *r, const char **why)
{
	bool big = kind->big_endian;

	switch (r->type) {
	case DRR_OBJECT:
		return (read_object(bytes, kind, r, why));
	case DRR_WRITE:
		return (read_write(bytes, kind, r, why));
	case DRR_SPILL:
		return (read_spill(bytes, kind, r, why));
	case DRR_OBJECT_RANGE:
		if (!kind->raw)
			return (refuse(EINVAL, "a record is out of place",
			    why));
		r->length = get64(bytes + AT_RANGE_LENGTH, big);
		r->byteswap = bytes[AT_RANGE_FLAGS] & FLAG_BYTESWAP;
		memcpy(r->crypt, bytes + AT_RANGE_CRYPT, sizeof (r->crypt));
		return (0);
	case DRR_FREE:
		r->offset = get64(bytes + AT_FREE_OFFSET, big);
		return (0);
	case DRR_FREEOBJECTS:
		return (0);
	case DRR_END:
		r->toguid = get64(bytes + AT_END_TOGUID, big);
		return (0);
	case DRR_WRITE_EMBEDDED:
		return (refuse(ENOTSUP, "it has blocks embedded in pointers, "
		    "as `zfs send -e` writes it", why));
	case DRR_REDACT:
		return (refuse(ENOTSUP, "it is redacted, so a part of the "
		    "content is missing", why));
	case DRR_WRITE_BYREF:
		return (refuse(ENOTSUP, "it is deduplicated, as old releases "
		    "sent it with -D", why));
	case DRR_BEGIN:
	default:
		return (refuse(EINVAL, "a record is of no known type", why));
	}
}

int
stream_read_record(const uint8_t *bytes, const struct stream_kind *kind,
    struct stream_record *r, const char **why)
{
	memset(r, 0, sizeof (*r));
	r->type = (enum stream_type)get32(bytes, kind->big_endian);
	r->object = get64(bytes + AT_OBJECT, kind->big_endian);
	int error = read_fields(bytes, kind, r, why);
	/* Only raw blocks lie on disk in sectors, not in words of 8 bytes. */
	if (error == 0 && r->payload % (kind->raw ? 4 : 8) != 0)
		return (refuse(EINVAL, "a record has a false length", why));
	return (error);
}
