/*
 * Memory that is short: malloc, calloc and realloc of native/ are wrapped
 * (ld --wrap), and so are the calls of libnvpair that allocate.  Of those that
 * one thread makes, the one of number `countdown` fails, and with `lasting` each
 * one after it.
 */
#ifndef ZT_FAULTY_H
#define	ZT_FAULTY_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>

#include "nvl.h"

/* Where it is counted, memory that stands in the place of other memory. */
#ifndef FAULTY_MADE
#define	FAULTY_MADE(old, new)		(new)
#endif

/* libnvpair's own functions */
static struct nvp real;

static _Thread_local long countdown = LONG_MAX;	/* allocations until one fails */
static _Thread_local bool lasting;			/* do the later ones fail, too? */
static _Thread_local long allocations;

static bool
fails(void)
{
	allocations++;
	if (countdown == 0)
		return (lasting);
	return (--countdown == 0);
}

void *__real_malloc(size_t);
void *__real_calloc(size_t, size_t);
void *__real_realloc(void *, size_t);
void *__wrap_malloc(size_t);
void *__wrap_calloc(size_t, size_t);
void *__wrap_realloc(void *, size_t);

void *
__wrap_malloc(size_t size)
{
	return (fails() ? NULL : FAULTY_MADE(NULL, __real_malloc(size)));
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return (fails() ? NULL : FAULTY_MADE(NULL,
	    __real_calloc(count, size)));
}

void *
__wrap_realloc(void *old, size_t size)
{
	return (fails() ? NULL : FAULTY_MADE(old,
	    __real_realloc(old, size)));
}

#define	FAULTY(name, params, args)					\
static int								\
faulty_##name params							\
{									\
	return (fails() ? ENOMEM : real.name args);			\
}
#define	FAULTY_FUNCTIONS(X)						\
	X(nvlist_alloc, (nvlist_t **l, uint_t f, int k), (l, f, k))	\
	X(nvlist_pack, (nvlist_t *l, char **b, size_t *s, int e, int k),	\
	    (l, b, s, e, k))						\
	X(nvlist_unpack, (char *b, size_t s, nvlist_t **l, int k),	\
	    (b, s, l, k))						\
	X(nvlist_dup, (NVP_CONST nvlist_t *l, nvlist_t **o, int k),	\
	    (l, o, k))							\
	X(nvlist_add_nvpair, (nvlist_t *l, nvpair_t *p), (l, p))	\
	X(nvlist_add_boolean, (nvlist_t *l, const char *n), (l, n))	\
	X(nvlist_add_boolean_value,					\
	    (nvlist_t *l, const char *n, boolean_t v), (l, n, v))	\
	X(nvlist_add_string,						\
	    (nvlist_t *l, const char *n, const char *v), (l, n, v))	\
	X(nvlist_add_nvlist,						\
	    (nvlist_t *l, const char *n, const nvlist_t *v), (l, n, v))	\
	X(nvlist_add_hrtime,						\
	    (nvlist_t *l, const char *n, hrtime_t v), (l, n, v))	\
	X(nvlist_add_boolean_array, (nvlist_t *l, const char *n,	\
	    const boolean_t *v, uint_t c), (l, n, v, c))		\
	X(nvlist_add_string_array, (nvlist_t *l, const char *n,		\
	    NVP_STRINGS v, uint_t c), (l, n, v, c))			\
	X(nvlist_add_nvlist_array, (nvlist_t *l, const char *n,		\
	    NVP_NVLISTS v, uint_t c), (l, n, v, c))
FAULTY_FUNCTIONS(FAULTY)
#define	FAULTY_NUMBER(tag, type, name, sign)				\
	FAULTY(nvlist_add_##name,					\
	    (nvlist_t *l, const char *n, type v), (l, n, v))		\
	FAULTY(nvlist_add_##name##_array, (nvlist_t *l, const char *n,	\
	    const type *v, uint_t c), (l, n, v, c))
NVP_NUMBERS(FAULTY_NUMBER)

static void
make_faulty(struct nvp *nvp)
{
#define	USE(name, params, args)		nvp->name = faulty_##name;
	FAULTY_FUNCTIONS(USE)
#define	USE_NUMBER(tag, type, name, sign)				\
	nvp->nvlist_add_##name = faulty_nvlist_add_##name;		\
	nvp->nvlist_add_##name##_array = faulty_nvlist_add_##name##_array;
	NVP_NUMBERS(USE_NUMBER)
}

#endif
