/*
 * The content of a snapshot out of the records of its stream: what the objects
 * hold, whatever blocks it lies in.  docs/reference/content-digest.md describes the form.
 */
#include <errno.h>
#include <string.h>

#include "stream_content.h"

static int
refuse(struct stream_content *c, int error, const char *reason)
{
	c->why = reason;
	return (error);
}

/* Say that the data which was written last belongs to a part. */
static void
end_part(struct stream_content *c, uint64_t number, uint64_t kind)
{
	struct part part = { number, kind, c->data->len };
	struct zt_buf *parts = c->parts;

	if (parts->len != 0 && parts->error == 0) {
		struct part last;
		char *place = parts->data + parts->len - sizeof (last);
		memcpy(&last, place, sizeof (last));
		if (last.number == number && last.kind == kind) {
			memcpy(place, &part, sizeof (part));
			return;
		}
	}
	buf_put(parts, &part, sizeof (part));
}

/* The form is little-endian, wherever it is made. */
static void
put(struct stream_content *c, uint64_t n, size_t width)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < width; i++)
		bytes[i] = (uint8_t)(n >> (8 * i));
	buf_put(c->data, bytes, width);
}

static void
attributes(struct stream_content *c)
{
	end_part(c, c->object, PART_ATTRIBUTES);
}

static bool
is_zero(const uint8_t *grain)
{
	static const uint8_t zero[8];

	return (memcmp(grain, zero, sizeof (zero)) == 0 &&
	    memcmp(grain, grain + sizeof (zero), GRAIN - sizeof (zero)) == 0);
}

/* A grain of zeros is a hole, whether the stream has it or not. */
static void
put_grain(struct stream_content *c, uint64_t offset, const uint8_t *grain)
{
	if (is_zero(grain))
		return;
	put(c, offset, 8);
	buf_put(c->data, grain, GRAIN);
	end_part(c, c->object, PART_DATA);
}

static void
flush_grain(struct stream_content *c)
{
	if (c->grain_open)
		put_grain(c, c->grain_at, c->grain);
	c->grain_open = false;
}

static void
add_data(struct stream_content *c, const uint8_t *bytes, size_t size)
{
	while (size != 0) {
		size_t inside = c->at % GRAIN;
		uint64_t start = c->at - inside;
		size_t n = GRAIN - inside < size ? GRAIN - inside : size;

		if (c->grain_open && c->grain_at != start)
			flush_grain(c);
		if (n == GRAIN) {
			put_grain(c, start, bytes);
		} else {
			if (!c->grain_open)
				memset(c->grain, 0, sizeof (c->grain));
			c->grain_open = true;
			c->grain_at = start;
			memcpy(c->grain + inside, bytes, n);
			if (inside + n == GRAIN)
				flush_grain(c);
		}
		c->at += n;
		bytes += n;
		size -= n;
	}
}

/* A spill block has no length of its own: zeros at its end are no content. */
static void
end_object(struct stream_content *c)
{
	if (!c->in_object)
		return;
	flush_grain(c);
	if (c->spilled) {
		size_t len = c->spill.len;
		while (!c->kind.raw && len != 0 && c->spill.data[len - 1] == 0)
			len--;
		put(c, DRR_SPILL, 4);
		put(c, len, 4);
		buf_put(c->data, c->spill.data, len);
		attributes(c);
	}
	c->spill.len = 0;
	end_part(c, c->object,
	    PART_END | (uint64_t)c->object_type << PART_TYPE_SHIFT);
	c->in_object = c->spilled = false;
}

/* What a raw record says of the ciphertext that follows it. */
static void
put_raw(struct stream_content *c, struct zt_buf *into)
{
	const struct stream_record *r = &c->record;
	const uint64_t fields[] = { r->length, r->compression, r->byteswap };
	struct zt_buf *data = c->data;

	c->data = into;
	for (size_t i = 0; i < sizeof (fields) / sizeof (fields[0]); i++)
		put(c, fields[i], 8);
	buf_put(into, r->crypt, sizeof (r->crypt));
	c->data = data;
}

static int
start_object(struct stream_content *c)
{
	const struct stream_record *r = &c->record;

	end_object(c);
	if (r->object < c->next_object || r->object == UINT64_MAX)
		return (refuse(c, EINVAL, "its objects are out of order"));
	c->object = r->object;
	c->object_type = r->content_type;
	c->next_object = r->object + 1;
	c->next_offset = 0;
	c->in_object = true;
	c->ranged = false;
	put(c, DRR_OBJECT, 4);
	put(c, r->content_type, 4);
	put(c, r->bonus_type, 4);
	put(c, r->bonus_bytes, 4);
	if (c->kind.raw) {
		put(c, r->geometry, 4);
		put(c, r->byteswap, 4);
		put(c, r->max_block, 8);
	}
	attributes(c);
	c->wanted = r->bonus_bytes;
	c->state = IN_BONUS;
	return (0);
}

/*
 * In a raw stream each block of objects has a record before the first of them:
 * it counts as a part of that one.
 */
static int
start_range(struct stream_content *c)
{
	const struct stream_record *r = &c->record;

	end_object(c);
	if (r->object < c->next_object || (c->ranged &&
	    r->object <= c->range_first) || r->object == UINT64_MAX)
		return (refuse(c, EINVAL, "its objects are out of order"));
	c->object = c->range_first = r->object;
	c->ranged = true;
	put(c, DRR_OBJECT_RANGE, 4);
	put(c, r->object, 8);
	put_raw(c, c->data);
	attributes(c);
	/* The next record may be that of the same object. */
	end_part(c, r->object, PART_END | (uint64_t)OT_DNODE << PART_TYPE_SHIFT);
	return (0);
}

static int
start_write(struct stream_content *c)
{
	const struct stream_record *r = &c->record;

	if (!c->in_object || r->object != c->object ||
	    r->offset < c->next_offset)
		return (refuse(c, EINVAL, "its blocks are out of order"));
	c->next_offset = r->offset + r->length;
	c->at = r->offset;
	c->wanted = c->left;
	c->state = IN_DATA;
	if (c->kind.raw) {
		put(c, r->offset, 8);
		put(c, r->payload, 8);
		put_raw(c, c->data);
		end_part(c, c->object, PART_DATA);
	}
	return (0);
}

static int
start_spill(struct stream_content *c)
{
	if (!c->in_object || c->record.object != c->object || c->spilled)
		return (refuse(c, EINVAL, "its attributes are out of order"));
	c->spilled = true;
	c->wanted = c->left;
	c->state = IN_SPILL;
	if (c->kind.raw)
		put_raw(c, &c->spill);
	return (0);
}

/*
 * A full stream has records of holes too, for a receiver that takes it as a
 * clone (dump_free() in module/zfs/dmu_send.c).  One over blocks that came
 * before would take content away, which no sender does.
 */
static int
pass_free(struct stream_content *c)
{
	const struct stream_record *r = &c->record;

	if (c->in_object && r->object == c->object &&
	    r->offset < c->next_offset)
		return (refuse(c, EINVAL, "its blocks are out of order"));
	return (0);
}

int
stream_content_start(struct stream_content *c, const uint8_t *bytes)
{
	struct stream_record *r = &c->record;
	int error = c->begun ?
	    stream_read_record(bytes, &c->kind, r, &c->why) :
	    stream_read_begin(bytes, &c->kind, r, &c->why);

	if (error != 0)
		return (error);
	c->left = r->payload;
	c->wanted = 0;
	c->state = IN_NOTHING;
	switch (r->type) {
	case DRR_BEGIN:
		c->begun = true;
		put(c, r->content_type, 8);
		end_part(c, r->toguid, PART_BEGIN |
		    (c->kind.raw ? PART_RAW : 0) |
		    (c->kind.big_endian ? PART_BIG_ENDIAN : 0));
		return (0);
	case DRR_OBJECT:
		return (start_object(c));
	case DRR_OBJECT_RANGE:
		return (start_range(c));
	case DRR_WRITE:
		return (start_write(c));
	case DRR_SPILL:
		return (start_spill(c));
	case DRR_FREE:
		return (pass_free(c));
	case DRR_END:
		end_object(c);
		c->state = AT_END;
		return (0);
	default:
		return (0);
	}
}

void
stream_content_add(struct stream_content *c, const uint8_t *bytes,
    size_t size)
{
	size_t n = size < c->wanted ? size : (size_t)c->wanted;

	c->left -= size;
	c->wanted -= n;
	if (n == 0)
		return;
	if (c->state == IN_SPILL) {
		buf_put(&c->spill, bytes, n);
		if (c->spill.error != 0)
			buf_fail(c->data, c->spill.error);
	} else if (c->state == IN_DATA && !c->kind.raw) {
		add_data(c, bytes, n);
	} else {
		buf_put(c->data, bytes, n);
		end_part(c, c->object, c->state == IN_DATA ? PART_DATA :
		    PART_ATTRIBUTES);
	}
}
