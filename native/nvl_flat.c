/* Reads the flat form of nvl.h into an nvlist. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nvl.h"

enum { UNIQUE_NAME = 1 };	/* NV_UNIQUE_NAME */

struct reader {
	const struct nvp *nvp;
	const uint8_t *next;
	const uint8_t *end;
	int depth;
};

static int read_list(struct reader *, nvlist_t **);

static int
read_number(struct reader *r, size_t width, uint64_t *value)
{
	if ((size_t)(r->end - r->next) < width)
		return (EINVAL);
	*value = 0;
	for (size_t i = 0; i < width; i++)
		*value |= (uint64_t)r->next[i] << (8 * i);
	r->next += width;
	return (0);
}

/* The caller frees the text. */
static int
read_string(struct reader *r, char **text)
{
	uint64_t len;

	if (read_number(r, 4, &len) != 0 || len > (size_t)(r->end - r->next) ||
	    memchr(r->next, '\0', len) != NULL)
		return (EINVAL);
	if ((*text = malloc(len + 1)) == NULL)
		return (ENOMEM);
	memcpy(*text, r->next, len);
	(*text)[len] = '\0';
	r->next += len;
	return (0);
}

/*
 * Read an array's length; EINVAL where its elements, `width` bytes or more,
 * cannot fit.
 */
static int
read_count(struct reader *r, size_t width, uint_t *count)
{
	uint64_t n;

	if (read_number(r, 4, &n) != 0 ||
	    n > (size_t)(r->end - r->next) / width)
		return (EINVAL);
	*count = (uint_t)n;
	return (0);
}

#define	DEFINE_NUMBER(tag, type, name, sign)				\
static int								\
read_##name(struct reader *r, nvlist_t *to, const char *key)		\
{									\
	uint64_t n;							\
	int error = read_number(r, 8, &n);				\
									\
	if (error != 0 || (uint64_t)(type)n != n)			\
		return (EINVAL);					\
	return (r->nvp->nvlist_add_##name(to, key, (type)n));		\
}									\
									\
static int								\
read_##name##_array(struct reader *r, nvlist_t *to, const char *key)	\
{									\
	uint_t count;							\
	int error = read_count(r, 8, &count);				\
	if (error != 0)							\
		return (error);						\
	type *array = calloc((size_t)count + 1, sizeof (type));		\
	if (array == NULL)						\
		return (ENOMEM);					\
	for (uint_t i = 0; i < count && error == 0; i++) {		\
		uint64_t n;						\
		error = read_number(r, 8, &n);				\
		if (error == 0 && (uint64_t)(type)n != n)		\
			error = EINVAL;					\
		if (error == 0)						\
			array[i] = (type)n;				\
	}								\
	if (error == 0)							\
		error = r->nvp->nvlist_add_##name##_array(to, key,	\
		    array, count);					\
	free(array);							\
	return (error);							\
}
NVP_NUMBERS(DEFINE_NUMBER)
#undef	DEFINE_NUMBER

static int
read_boolean_array(struct reader *r, nvlist_t *to, const char *key)
{
	uint_t count;
	int error = read_count(r, 8, &count);

	if (error != 0)
		return (error);
	boolean_t *array = calloc((size_t)count + 1, sizeof (*array));
	if (array == NULL)
		return (ENOMEM);
	for (uint_t i = 0; i < count && error == 0; i++) {
		uint64_t n;
		error = read_number(r, 8, &n);
		if (error == 0 && n > 1)
			error = EINVAL;
		if (error == 0)
			array[i] = n != 0 ? B_TRUE : B_FALSE;
	}
	if (error == 0)
		error = r->nvp->nvlist_add_boolean_array(to, key, array, count);
	free(array);
	return (error);
}

static int
read_string_array(struct reader *r, nvlist_t *to, const char *key)
{
	uint_t count;
	int error = read_count(r, 4, &count);

	if (error != 0)
		return (error);
	char **array = calloc((size_t)count + 1, sizeof (*array));
	if (array == NULL)
		return (ENOMEM);
	for (uint_t i = 0; i < count && error == 0; i++)
		error = read_string(r, &array[i]);
	if (error == 0)
		error = r->nvp->nvlist_add_string_array(to, key,
		    (NVP_STRINGS)array, count);
	for (uint_t i = 0; i < count; i++)
		free(array[i]);
	free(array);
	return (error);
}

static int
read_nvlist_array(struct reader *r, nvlist_t *to, const char *key)
{
	uint_t count;
	int error = read_count(r, 1, &count);

	if (error != 0)
		return (error);
	nvlist_t **array = calloc((size_t)count + 1, sizeof (*array));
	if (array == NULL)
		return (ENOMEM);
	for (uint_t i = 0; i < count && error == 0; i++)
		error = read_list(r, &array[i]);
	if (error == 0)
		error = r->nvp->nvlist_add_nvlist_array(to, key,
		    (NVP_NVLISTS)array, count);
	for (uint_t i = 0; i < count; i++)
		r->nvp->nvlist_free(array[i]);	/* may be NULL */
	free(array);
	return (error);
}

static int
read_value(struct reader *r, int type, nvlist_t *to, const char *key)
{
	const struct nvp *nvp = r->nvp;
	nvlist_t *list = NULL;
	char *text = NULL;
	uint64_t n;
	int error;

	switch (type) {
	case T_BOOLEAN:
		return (nvp->nvlist_add_boolean(to, key));
	case T_BOOLEAN_VALUE:
		if (read_number(r, 8, &n) != 0 || n > 1)
			return (EINVAL);
		return (nvp->nvlist_add_boolean_value(to, key,
		    n != 0 ? B_TRUE : B_FALSE));
	case T_HRTIME:
		if (read_number(r, 8, &n) != 0)
			return (EINVAL);
		return (nvp->nvlist_add_hrtime(to, key, (hrtime_t)n));
	case T_STRING:
		if ((error = read_string(r, &text)) == 0)
			error = nvp->nvlist_add_string(to, key, text);
		free(text);
		return (error);
	case T_NVLIST:
		if ((error = read_list(r, &list)) == 0)
			error = nvp->nvlist_add_nvlist(to, key, list);
		nvp->nvlist_free(list);
		return (error);
#define	CASE(tag, ctype, name, sign)					\
	case T_##tag: return (read_##name(r, to, key));			\
	case T_##tag##_ARRAY: return (read_##name##_array(r, to, key));
	NVP_NUMBERS(CASE)
#undef	CASE
	case T_BOOLEAN_ARRAY: return (read_boolean_array(r, to, key));
	case T_STRING_ARRAY: return (read_string_array(r, to, key));
	case T_NVLIST_ARRAY: return (read_nvlist_array(r, to, key));
	default: return (EINVAL);
	}
}

static int
read_pairs(struct reader *r, nvlist_t *to)
{
	for (;;) {
		uint64_t type;
		char *key = NULL;
		int error = read_number(r, 1, &type);
		if (error != 0 || type == T_END)
			return (error);
		if ((error = read_string(r, &key)) == 0)
			error = read_value(r, (int)type, to, key);
		free(key);
		if (error != 0)
			return (error);
	}
}

static int
read_list(struct reader *r, nvlist_t **list)
{
	*list = NULL;
	if (r->depth == NVL_DEPTH_MAX)
		return (EINVAL);
	int error = r->nvp->nvlist_alloc(list, UNIQUE_NAME, 0);
	if (error != 0)
		return (error);
	r->depth++;
	error = read_pairs(r, *list);
	r->depth--;
	if (error != 0) {
		r->nvp->nvlist_free(*list);
		*list = NULL;
	}
	return (error);
}

int
nvl_from_flat(const struct nvp *nvp, const uint8_t *flat, size_t len,
    nvlist_t **list)
{
	struct reader r = { nvp, flat, flat + len, 0 };
	int error = read_list(&r, list);

	if (error == 0 && r.next != r.end) {
		nvp->nvlist_free(*list);
		*list = NULL;
		error = EINVAL;
	}
	return (error);
}
