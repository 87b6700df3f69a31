/*
 * Compares the prototypes and numbers that native/ writes down with the headers of
 * libnvpair and libzfs_core, in the release that this is compiled on: 2.MINOR.
 */
#define	ZT_REAL_HEADERS
#include <libnvpair.h>
#include <libzfs_core.h>

#include "lzc.h"

#define	SAME(ret, name, args)						\
	_Static_assert(__builtin_types_compatible_p(			\
	    __typeof__(name), ret args), #name);
NVP_FUNCTIONS(SAME)
LZC_FUNCTIONS(SAME)
#if MINOR >= 2
LZC_CALLS_2_2(SAME)
#endif
#if MINOR >= 3
LZC_CALLS_2_3(SAME)
#endif

#define	SAME_NUMBER(tag, type, name, sign)				\
	SAME(int, nvlist_add_##name, (nvlist_t *, const char *, type))	\
	SAME(int, nvlist_add_##name##_array, (nvlist_t *, const char *,	\
	    NVP_CONST type *, uint_t))					\
	SAME(int, nvpair_value_##name, (NVP_CONST nvpair_t *, type *))	\
	SAME(int, nvpair_value_##name##_array,				\
	    (nvpair_t *, type **, uint_t *))				\
	_Static_assert((int)T_##tag == (int)DATA_TYPE_##tag, #tag);	\
	_Static_assert((int)T_##tag##_ARRAY ==				\
	    (int)DATA_TYPE_##tag##_ARRAY, #tag " array");
NVP_NUMBERS(SAME_NUMBER)

#define	SAME_TYPE(tag)							\
	_Static_assert((int)T_##tag == (int)DATA_TYPE_##tag, #tag);
SAME_TYPE(BOOLEAN)
SAME_TYPE(BOOLEAN_VALUE)
SAME_TYPE(BOOLEAN_ARRAY)
SAME_TYPE(STRING)
SAME_TYPE(STRING_ARRAY)
SAME_TYPE(NVLIST)
SAME_TYPE(NVLIST_ARRAY)
SAME_TYPE(HRTIME)
_Static_assert((int)T_END == (int)DATA_TYPE_UNKNOWN, "no type");

/* The types that nvl.h declares itself are as wide as the headers' own. */
_Static_assert(sizeof (boolean_t) == sizeof (int), "boolean_t");
_Static_assert(sizeof (hrtime_t) == sizeof (long long), "hrtime_t");
_Static_assert(sizeof (data_type_t) == sizeof (int), "data_type_t");
_Static_assert(__builtin_types_compatible_p(uint_t, unsigned int), "uint_t");
_Static_assert(__builtin_types_compatible_p(uchar_t, unsigned char),
    "uchar_t");
_Static_assert(B_TRUE == 1, "B_TRUE");
_Static_assert(NV_UNIQUE_NAME == 1, "nvl_flat.c");
_Static_assert((int)NV_ENCODE_NATIVE == (int)NVL_NATIVE, "nvl.h");
_Static_assert((int)ZFS_MAX_DATASET_NAME_LEN == (int)DATASET_NAME_SIZE, "lzc.h");
