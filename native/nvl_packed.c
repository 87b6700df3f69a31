/*
 * Writes a packed nvlist as JSON without unpacking it into an nvlist: two
 * allocations for each pair took most of a listing's time in user space.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "buf.h"
#include "nvl.h"

enum { NVLIST_SIZE = 24 };	/* sizeof (nvlist_t): a pair has room for it */

struct packed {
	const char *next;
	const char *end;
	struct zt_buf *out;
	int depth;
};

struct pair {
	int type;
	uint32_t count;
	const char *name;
	const char *values;
	const char *end;
};

static void write_list(struct packed *);

/*
 * Read the next pair; false at the end of a list, and where the rest is no
 * pair.
 */
static bool
next_pair(struct packed *p, struct pair *pair)
{
	int32_t size, count, type;
	int16_t name_size;
	size_t left = (size_t)(p->end - p->next);

	if (left < sizeof (size)) {
		buf_fail(p->out, EINVAL);
		return (false);
	}
	memcpy(&size, p->next, sizeof (size));
	if (size == 0) {
		p->next += sizeof (size);
		return (false);
	}
	if (size < NVL_PAIR_HEAD || (size_t)size > left) {
		buf_fail(p->out, EINVAL);
		return (false);
	}
	memcpy(&name_size, p->next + 4, sizeof (name_size));
	memcpy(&count, p->next + 8, sizeof (count));
	memcpy(&type, p->next + 12, sizeof (type));
	pair->type = type;
	pair->count = (uint32_t)count;
	pair->name = p->next + NVL_PAIR_HEAD;
	pair->end = p->next + size;
	if (count < 0 || name_size < 1 || name_size > size - NVL_PAIR_HEAD ||
	    pair->name[name_size - 1] != '\0') {
		buf_fail(p->out, EINVAL);
		return (false);
	}
	/* A pair without values may end right behind its name. */
	int32_t skip = (NVL_PAIR_HEAD + name_size + 7) / 8 * 8;
	pair->values = skip < size ? p->next + skip : pair->end;
	p->next = pair->end;
	return (true);
}

/* Tell whether a pair is long enough for its values of `width` bytes each. */
static bool
holds(const struct pair *pair, size_t width)
{
	return (pair->count <= (size_t)(pair->end - pair->values) / width);
}

/*
 * Return the place behind the string that begins here, or NULL if it has no
 * end.
 */
static const char *
string_end(const struct pair *pair, const char *string)
{
	const char *nul = memchr(string, '\0', (size_t)(pair->end - string));

	return (nul == NULL ? NULL : nul + 1);
}

/* Values are aligned to 4 bytes only, so each is copied out. */
#define	DEFINE_NUMBERS(name, type, write)				\
static void								\
write_##name(struct zt_buf *out, const struct pair *pair)		\
{									\
	if (!holds(pair, sizeof (type))) {				\
		buf_fail(out, EINVAL);					\
		return;							\
	}								\
	for (uint32_t i = 0; i < pair->count; i++) {			\
		type value;						\
		memcpy(&value, pair->values + i * sizeof (type),	\
		    sizeof (type));					\
		if (i != 0)						\
			buf_putc(out, ',');				\
		write(out, value);					\
	}								\
}
#define	DEFINE_NUMBER(tag, type, name, sign)				\
	DEFINE_NUMBERS(name, type, json_##sign)
NVP_NUMBERS(DEFINE_NUMBER)
DEFINE_NUMBERS(hrtime, int64_t, json_int)
DEFINE_NUMBERS(truth, uint32_t, json_boolean)	/* boolean_t, an enum */
#undef	DEFINE_NUMBER
#undef	DEFINE_NUMBERS

static void
write_strings(struct zt_buf *out, const struct pair *pair)
{
	const char *string = pair->values;

	if (pair->type == T_STRING_ARRAY) {
		if (!holds(pair, 8)) {
			buf_fail(out, EINVAL);
			return;
		}
		string += pair->count * (size_t)8;
	}
	for (uint32_t i = 0; i < pair->count; i++) {
		const char *next = string_end(pair, string);
		if (next == NULL) {
			buf_fail(out, EINVAL);
			return;
		}
		if (i != 0)
			buf_putc(out, ',');
		json_string(out, string);
		string = next;
	}
}

static void
write_lists(struct packed *p, const struct pair *pair)
{
	size_t width = NVLIST_SIZE + (pair->type == T_NVLIST_ARRAY ? 8 : 0);

	if (!holds(pair, width)) {
		buf_fail(p->out, EINVAL);
		return;
	}
	for (uint32_t i = 0; i < pair->count && p->out->error == 0; i++) {
		if (i != 0)
			buf_putc(p->out, ',');
		write_list(p);
	}
}

static void
write_values(struct packed *p, const struct pair *pair)
{
	switch (pair->type) {
#define	CASE(tag, type, name, sign)					\
	case T_##tag: case T_##tag##_ARRAY:				\
		write_##name(p->out, pair);				\
		break;
	NVP_NUMBERS(CASE)
#undef	CASE
	case T_HRTIME:
		write_hrtime(p->out, pair);
		break;
	case T_BOOLEAN_VALUE: case T_BOOLEAN_ARRAY:
		write_truth(p->out, pair);
		break;
	case T_STRING: case T_STRING_ARRAY:
		write_strings(p->out, pair);
		break;
	case T_NVLIST: case T_NVLIST_ARRAY:
		write_lists(p, pair);
		break;
	default:	/* DOUBLE, which exists in user space alone */
		buf_fail(p->out, ENOTSUP);
	}
}

static bool
is_array(int type)
{
	return ((type >= T_BYTE_ARRAY && type <= T_STRING_ARRAY) ||
	    type == T_NVLIST_ARRAY ||
	    (type >= T_BOOLEAN_ARRAY && type <= T_UINT8_ARRAY));
}

static void
write_pair(struct packed *p, const struct pair *pair)
{
	json_string(p->out, pair->name);
	buf_putc(p->out, ':');
	if (is_array(pair->type)) {
		buf_putc(p->out, '[');
		write_values(p, pair);
		buf_putc(p->out, ']');
	} else if (pair->type == T_BOOLEAN && pair->count == 0) {
		buf_put(p->out, "null", 4);
	} else if (pair->count == 1) {
		write_values(p, pair);
	} else {
		buf_fail(p->out, EINVAL);
	}
}

static void
write_list(struct packed *p)
{
	struct pair pair;
	bool first = true;

	if (++p->depth > NVL_DEPTH_MAX)
		buf_fail(p->out, EINVAL);
	buf_putc(p->out, '{');
	while (p->out->error == 0 && next_pair(p, &pair)) {
		if (!first)
			buf_putc(p->out, ',');
		first = false;
		write_pair(p, &pair);
	}
	buf_putc(p->out, '}');
	p->depth--;
}

void
nvl_packed_to_json(const char *packed, size_t len, struct zt_buf *out)
{
	static const uint16_t order = 1;
	struct packed p = { packed + NVL_LIST_HEAD, packed + len, out, 0 };

	if (len < NVL_LIST_HEAD)
		buf_fail(out, EINVAL);
	else if (packed[0] != NVL_NATIVE || packed[1] != *(const char *)&order)
		buf_fail(out, ENOTSUP);
	else
		write_list(&p);
}
