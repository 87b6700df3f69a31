/*
 * nvlists, to and from one flat buffer.
 *
 * C gives Python JSON, which Python's json module reads at C speed; to walk the
 * pairs from Python would cost a call each (pyzfs: 14 s for 280,000 pairs).
 * Python gives C a form with types, since the kernel wants each number in its
 * own width:
 *
 *	list  = { pair } 0x00
 *	pair  = type:u8  name:string  value
 *	value = nothing			BOOLEAN
 *	      | i64			any integer, BYTE, BOOLEAN_VALUE, HRTIME
 *	      | string			STRING
 *	      | list			NVLIST
 *	      | count:u32 { value }	any array, of values as above
 *	string = length:u32 bytes	without a NUL inside or behind
 *
 * all little-endian, types numbered as in libnvpair's data_type_t.  A buffer
 * that is not exactly one such list is refused with EINVAL.
 */
#ifndef ZT_NVL_H
#define	ZT_NVL_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"

#ifndef ZT_REAL_HEADERS		/* set where a test compiles the real ones */
typedef struct nvlist nvlist_t;
typedef struct nvpair nvpair_t;
typedef unsigned int uint_t;
typedef unsigned char uchar_t;
typedef long long hrtime_t;
typedef enum { B_FALSE, B_TRUE } boolean_t;
typedef int data_type_t;
#endif

/*
 * The nvpair_* readers take const pointers since OpenZFS 2.2; the ABI is the
 * same.  The test that compares these prototypes with the headers of 2.1
 * defines the macros without const.
 */
#ifndef NVP_CONST
#define	NVP_CONST	const
#define	NVP_STRINGS	const char *const *
#define	NVP_NVLISTS	const nvlist_t *const *
#endif

/* the numbers: X(tag, C type, name in libnvpair, signedness in JSON) */
#define	NVP_NUMBERS(X)							\
	X(BYTE, uchar_t, byte, uint)					\
	X(INT8, int8_t, int8, int)					\
	X(UINT8, uint8_t, uint8, uint)					\
	X(INT16, int16_t, int16, int)					\
	X(UINT16, uint16_t, uint16, uint)				\
	X(INT32, int32_t, int32, int)					\
	X(UINT32, uint32_t, uint32, uint)				\
	X(INT64, int64_t, int64, int)					\
	X(UINT64, uint64_t, uint64, uint)

#define	NVP_FUNCTIONS(X)						\
	X(int, nvlist_alloc, (nvlist_t **, uint_t, int))		\
	X(void, nvlist_free, (nvlist_t *))				\
	X(int, nvlist_size, (nvlist_t *, size_t *, int))		\
	X(int, nvlist_pack, (nvlist_t *, char **, size_t *, int, int))	\
	X(int, nvlist_unpack, (char *, size_t, nvlist_t **, int))	\
	X(nvpair_t *, nvlist_next_nvpair,				\
	    (nvlist_t *, NVP_CONST nvpair_t *))				\
	X(NVP_CONST char *, nvpair_name, (NVP_CONST nvpair_t *))	\
	X(data_type_t, nvpair_type, (NVP_CONST nvpair_t *))		\
	X(int, nvlist_dup, (NVP_CONST nvlist_t *, nvlist_t **, int))	\
	X(int, nvlist_remove_all, (nvlist_t *, const char *))		\
	X(int, nvlist_add_nvpair, (nvlist_t *, nvpair_t *))		\
	X(int, nvlist_lookup_uint64,					\
	    (NVP_CONST nvlist_t *, const char *, uint64_t *))		\
	X(int, nvlist_lookup_string, (NVP_CONST nvlist_t *,		\
	    const char *, NVP_CONST char **))				\
	X(int, nvlist_lookup_nvlist,					\
	    (nvlist_t *, const char *, nvlist_t **))			\
	X(int, nvlist_add_boolean, (nvlist_t *, const char *))		\
	X(int, nvlist_add_boolean_value,				\
	    (nvlist_t *, const char *, boolean_t))			\
	X(int, nvlist_add_string,					\
	    (nvlist_t *, const char *, const char *))			\
	X(int, nvlist_add_nvlist,					\
	    (nvlist_t *, const char *, NVP_CONST nvlist_t *))		\
	X(int, nvlist_add_hrtime, (nvlist_t *, const char *, hrtime_t))	\
	X(int, nvlist_add_boolean_array, (nvlist_t *, const char *,	\
	    NVP_CONST boolean_t *, uint_t))				\
	X(int, nvlist_add_string_array, (nvlist_t *, const char *,	\
	    NVP_STRINGS, uint_t))					\
	X(int, nvlist_add_nvlist_array, (nvlist_t *, const char *,	\
	    NVP_NVLISTS, uint_t))					\
	X(int, nvpair_value_boolean_value,				\
	    (NVP_CONST nvpair_t *, boolean_t *))			\
	X(int, nvpair_value_string,					\
	    (NVP_CONST nvpair_t *, NVP_CONST char **))			\
	X(int, nvpair_value_nvlist, (nvpair_t *, nvlist_t **))		\
	X(int, nvpair_value_hrtime, (nvpair_t *, hrtime_t *))		\
	X(int, nvpair_value_boolean_array,				\
	    (nvpair_t *, boolean_t **, uint_t *))			\
	X(int, nvpair_value_string_array,				\
	    (nvpair_t *, NVP_CONST char ***, uint_t *))			\
	X(int, nvpair_value_nvlist_array,				\
	    (nvpair_t *, nvlist_t ***, uint_t *))

/*
 * data_type_t of include/sys/nvpair.h: append-only, part of the stream format
 */
enum {
	T_END = 0,
	T_BOOLEAN, T_BYTE, T_INT16, T_UINT16, T_INT32, T_UINT32, T_INT64,
	T_UINT64, T_STRING, T_BYTE_ARRAY, T_INT16_ARRAY, T_UINT16_ARRAY,
	T_INT32_ARRAY, T_UINT32_ARRAY, T_INT64_ARRAY, T_UINT64_ARRAY,
	T_STRING_ARRAY, T_HRTIME, T_NVLIST, T_NVLIST_ARRAY, T_BOOLEAN_VALUE,
	T_INT8, T_UINT8, T_BOOLEAN_ARRAY, T_INT8_ARRAY, T_UINT8_ARRAY,
};

/* The deepest nesting of lists, in both directions; ZFS nests a handful. */
enum { NVL_DEPTH_MAX = 32 };

/*
 * The native encoding of a packed list (NV_ENCODE_NATIVE), which nvl.c checks
 * and nvl_packed.c reads: nvpair_t in include/sys/nvpair.h, nvs_native_* in
 * module/nvpair/nvpair.c.
 *
 * The list begins with a head: encoding, byte order, two unused bytes, version,
 * flags.  The pairs follow as they lie in memory.  Each begins with a head: its
 * size, the size of its name (16 bits, two bytes unused), the number of its
 * values and their type.  Its name and its values follow, each padded to 8
 * bytes; an array of strings begins with room for as many pointers.  The pairs
 * of an embedded list lie behind the pair that holds it.  A size of zero ends a
 * list.
 */
enum { NVL_NATIVE = 0, NVL_LIST_HEAD = 12, NVL_PAIR_HEAD = 16 };

/* libnvpair.so.3: one soname and one ABI in OpenZFS 2.1 to 2.4 */
struct nvp {
	void *library;
#define	NVP_MEMBER(ret, name, args)	ret (*name) args;
	NVP_FUNCTIONS(NVP_MEMBER)
#undef	NVP_MEMBER
#define	NVP_MEMBERS(tag, type, name, sign)				\
	int (*nvlist_add_##name)(nvlist_t *, const char *, type);	\
	int (*nvlist_add_##name##_array)(nvlist_t *, const char *,	\
	    NVP_CONST type *, uint_t);					\
	int (*nvpair_value_##name)(NVP_CONST nvpair_t *, type *);	\
	int (*nvpair_value_##name##_array)(nvpair_t *, type **, uint_t *);
	NVP_NUMBERS(NVP_MEMBERS)
#undef	NVP_MEMBERS
};

/*
 * libnvpair brings a dozen libraries along (Kerberos, by way of libtirpc), and
 * nothing here calls them: to bind all of their symbols at the start, and to
 * unmap them at the end, would take longer than the work of a short command.
 */
#define	LIBRARY_FLAGS	(RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE)

/* Where one of these fails, it leaves nothing to free. */
int nvp_open(struct nvp *, char *why, size_t why_size);
void nvp_close(struct nvp *);

int nvl_from_flat(const struct nvp *, const uint8_t *, size_t, nvlist_t **);
void nvl_to_json(const struct nvp *, nvlist_t *, struct zt_buf *);
void nvl_packed_to_json(const char *packed, size_t, struct zt_buf *);

int nvl_pack(const struct nvp *, nvlist_t *, char **, size_t *);
int nvl_unpack(const struct nvp *, char *, size_t, nvlist_t **);

#endif
