/* Writes an nvlist as JSON. */
#include <errno.h>
#include <stdbool.h>

#include "buf.h"
#include "nvl.h"

#define	WRITE_ARRAY(b, count, write_one)				\
	do {								\
		buf_putc(b, '[');					\
		for (uint_t i = 0; i < (count); i++) {			\
			if (i != 0)					\
				buf_putc(b, ',');			\
			write_one;					\
		}							\
		buf_putc(b, ']');					\
	} while (0)

static int
json_boxed(const struct nvp *nvp, nvpair_t *pair, struct zt_buf *b)
{
	boolean_t *truths;
	NVP_CONST char **texts;
	nvlist_t **lists;
	uint_t n;
	int error;

	switch (nvp->nvpair_type(pair)) {
	case T_BOOLEAN_ARRAY:
		error = nvp->nvpair_value_boolean_array(pair, &truths, &n);
		if (error == 0)
			WRITE_ARRAY(b, n, json_boolean(b, truths[i]));
		return (error);
	case T_STRING_ARRAY:
		error = nvp->nvpair_value_string_array(pair, &texts, &n);
		if (error == 0)
			WRITE_ARRAY(b, n, json_string(b, texts[i]));
		return (error);
	case T_NVLIST_ARRAY:
		error = nvp->nvpair_value_nvlist_array(pair, &lists, &n);
		if (error == 0)
			WRITE_ARRAY(b, n, nvl_to_json(nvp, lists[i], b));
		return (error);
	default:	/* DOUBLE, which exists in user space alone */
		return (ENOTSUP);
	}
}

#define	DEFINE_NUMBER(tag, type, name, sign)				\
static int								\
json_##name(const struct nvp *nvp, nvpair_t *pair, struct zt_buf *b)	\
{									\
	type value;							\
	int error = nvp->nvpair_value_##name(pair, &value);		\
									\
	if (error == 0)							\
		json_##sign(b, value);					\
	return (error);							\
}									\
									\
static int								\
json_##name##_array(const struct nvp *nvp, nvpair_t *pair,		\
    struct zt_buf *b)							\
{									\
	type *array;							\
	uint_t n;							\
	int error = nvp->nvpair_value_##name##_array(pair, &array, &n);	\
									\
	if (error == 0)							\
		WRITE_ARRAY(b, n, json_##sign(b, array[i]));		\
	return (error);							\
}
NVP_NUMBERS(DEFINE_NUMBER)
#undef	DEFINE_NUMBER

static int
json_value(const struct nvp *nvp, nvpair_t *pair, struct zt_buf *b)
{
	NVP_CONST char *text;
	nvlist_t *list;
	boolean_t truth;
	hrtime_t time;
	int error;

	switch (nvp->nvpair_type(pair)) {
	case T_BOOLEAN:
		buf_put(b, "null", 4);
		return (0);
	case T_BOOLEAN_VALUE:
		error = nvp->nvpair_value_boolean_value(pair, &truth);
		if (error == 0)
			json_boolean(b, truth);
		return (error);
	case T_HRTIME:
		error = nvp->nvpair_value_hrtime(pair, &time);
		if (error == 0)
			json_int(b, time);
		return (error);
	case T_STRING:
		error = nvp->nvpair_value_string(pair, &text);
		if (error == 0)
			json_string(b, text);
		return (error);
	case T_NVLIST:
		error = nvp->nvpair_value_nvlist(pair, &list);
		if (error == 0)
			nvl_to_json(nvp, list, b);
		return (error);
#define	CASE(tag, type, name, sign)					\
	case T_##tag: return (json_##name(nvp, pair, b));		\
	case T_##tag##_ARRAY: return (json_##name##_array(nvp, pair, b));
	NVP_NUMBERS(CASE)
#undef	CASE
	default:
		return (json_boxed(nvp, pair, b));
	}
}

void
nvl_to_json(const struct nvp *nvp, nvlist_t *list, struct zt_buf *b)
{
	bool first = true;

	buf_putc(b, '{');
	for (nvpair_t *pair = nvp->nvlist_next_nvpair(list, NULL);
	    pair != NULL && b->error == 0;
	    pair = nvp->nvlist_next_nvpair(list, pair)) {
		if (!first)
			buf_putc(b, ',');
		first = false;
		json_string(b, nvp->nvpair_name(pair));
		buf_putc(b, ':');
		int error = json_value(nvp, pair, b);
		if (error != 0)
			buf_fail(b, error);
	}
	buf_putc(b, '}');
}
