/*
 * Hostile input for the nvlist code, from a fixed seed, so that a failure can be
 * repeated.
 *
 *	fuzz flat|packed|xdr|faults SEED ITERATIONS SECONDS
 *
 * It ends after so many documents or seconds, whichever comes first, and prints
 * how many documents were accepted and refused.  The sanitizers or valgrind find
 * memory errors and leaks; a check of its own that fails ends in abort().
 *
 * `faults` makes each allocation fail in its turn (faulty.h).
 */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "buf.h"
#include "faulty.h"
#include "fuzz.h"
#include "nvl.h"

static struct nvp nvp;

/* Documents in the flat form of nvl.h. */

static int encoding;	/* NV_ENCODE_NATIVE, NV_ENCODE_XDR */
static uint8_t flat[1 << 16];
static size_t flat_len;

static void
put(const void *bytes, size_t len)
{
	CHECK(flat_len + len <= sizeof (flat));
	memcpy(flat + flat_len, bytes, len);
	flat_len += len;
}

static void
put_le(uint64_t value, int width)
{
	for (int i = 0; i < width; i++) {
		uint8_t byte = (uint8_t)(value >> (8 * i));
		put(&byte, 1);
	}
}

static void
put_text(void)
{
	uint32_t len = below(8) == 0 ? below(300) : below(12);

	put_le(len, 4);
	for (uint32_t i = 0; i < len; i++)
		put_le(below(3) == 0 ? 1 + below(255) : 'a' + below(26), 1);
}

static void put_pairs(int depth);

/* Write a number in the range of its type, often one at the edges. */
static void
put_number(int bits, bool is_signed)
{
	uint64_t n = below(4) == 0 ? 0 - (uint64_t)below(2) : any();

	if (bits < 64) {
		n &= (1ULL << bits) - 1;
		if (is_signed && (n >> (bits - 1)) != 0)
			n |= ~0ULL << bits;
	}
	put_le(n, 8);
}

static void
put_value(int type, int depth)
{
	switch (type) {
	case T_BOOLEAN: break;
	case T_BOOLEAN_VALUE: put_le(below(2), 8); break;
	case T_HRTIME: put_le(any(), 8); break;
	case T_STRING: put_text(); break;
	case T_NVLIST: put_pairs(depth + 1); break;
#define	uint_SIGNED	false
#define	int_SIGNED	true
#define	NUMBER(tag, type, name, sign)					\
	case T_##tag:							\
		put_number((int)sizeof (type) * 8, sign##_SIGNED);	\
		break;
	NVP_NUMBERS(NUMBER)
	}
}

static int
member_type(int type)
{
	switch (type) {
#define	ARRAY(tag, type, name, sign)	case T_##tag##_ARRAY: return (T_##tag);
	NVP_NUMBERS(ARRAY)
	case T_BOOLEAN_ARRAY: return (T_BOOLEAN_VALUE);
	case T_STRING_ARRAY: return (T_STRING);
	case T_NVLIST_ARRAY: return (T_NVLIST);
	default: return (0);
	}
}

static void
put_pairs(int depth)
{
	uint32_t pairs = below(depth == 0 ? 12 : 4);

	for (uint32_t i = 0; i < pairs; i++) {
		int type = 1 + (int)below(T_UINT8_ARRAY);
		int member = member_type(type);
		if (depth >= 4 && (type == T_NVLIST || member == T_NVLIST))
			continue;
		put_le((uint64_t)type, 1);
		put_text();
		uint32_t count = member != 0 ? below(4) : 1;
		if (member != 0)
			put_le(count, 4);
		for (uint32_t j = 0; j < count; j++)
			put_value(member != 0 ? member : type, depth);
	}
	put_le(T_END, 1);
}

static void
new_document(void)
{
	do {
		flat_len = 0;
		put_pairs(0);
	} while (flat_len > sizeof (flat) / 8);
}

/*
 * Return a copy with some bytes changed, cut off or repeated.  It is exactly `*len`
 * bytes long, so that the sanitizers see a read of one byte too many.
 */
static uint8_t *
mutated(const void *bytes, size_t *len)
{
	static const uint8_t edges[] = { 0, 1, 0x7f, 0x80, 0xff, T_NVLIST,
	    T_NVLIST_ARRAY, T_STRING_ARRAY };
	size_t cut = below(4) == 0 ? below((uint32_t)*len + 1) : *len;
	uint8_t *copy = __real_malloc(cut + 1);

	CHECK(copy != NULL);
	memcpy(copy, bytes, cut);
	for (uint32_t n = below(4); n > 0 && cut > 0; n--) {
		uint8_t *at = copy + below((uint32_t)cut);
		size_t room = cut - (size_t)(at - copy);
		switch (below(4)) {
		case 0: *at ^= (uint8_t)(1U << below(8)); break;
		case 1: *at = edges[below(sizeof (edges))]; break;
		case 2: *at = (uint8_t)any(); break;
		default: memmove(at, copy, room < 16 ? room : 16); break;
		}
	}
	*len = cut;
	uint8_t *exact = __real_realloc(copy, cut == 0 ? 1 : cut);
	CHECK(exact != NULL);
	return (exact);
}

static struct zt_buf
json_of(nvlist_t *list)
{
	struct zt_buf out = { 0 };

	nvl_to_json(&nvp, list, &out);
	return (out);
}

/* Check that an accepted list gives the same JSON after libnvpair packed it. */
static void
check_round_trip(nvlist_t *list)
{
	char *packed = NULL;
	size_t len;
	nvlist_t *again;

	CHECK(nvl_pack(&nvp, list, &packed, &len) == 0);
	CHECK(nvl_unpack(&nvp, packed, len, &again) == 0);
	struct zt_buf before = json_of(list), after = json_of(again);
	struct zt_buf direct = { 0 };
	nvl_packed_to_json(packed, len, &direct);
	CHECK(direct.error == 0 && direct.len == before.len);
	CHECK(memcmp(before.data, direct.data, direct.len) == 0);
	zt_buf_free(&direct);
	CHECK(before.error == 0 && after.error == 0);
	CHECK(before.len == after.len);
	CHECK(memcmp(before.data, after.data, before.len) == 0);
	zt_buf_free(&before);
	zt_buf_free(&after);
	nvp.nvlist_free(again);
	free(packed);
}

static void
fuzz_flat(void)
{
	nvlist_t *list;
	int error;

	new_document();
	error = nvl_from_flat(&nvp, flat, flat_len, &list);
	CHECK(error == 0);
	check_round_trip(list);
	nvp.nvlist_free(list);

	size_t len = flat_len;
	uint8_t *bytes = mutated(flat, &len);
	if (below(64) == 0) {	/* now and then, no document at all */
		for (size_t i = 0; i < len; i++)
			bytes[i] = (uint8_t)any();
	}
	error = nvl_from_flat(&nvp, bytes, len, &list);
	if (error == 0) {
		accepted++;
		check_round_trip(list);
		nvp.nvlist_free(list);
	} else {
		refused++;
		CHECK(error == EINVAL && list == NULL);
	}
	free(bytes);
}

/* Mutate a list as the kernel packs it for an ioctl, or as it is on disk. */
static void
fuzz_packed(void)
{
	nvlist_t *list;
	char *packed = NULL;
	size_t len;

	new_document();
	CHECK(nvl_from_flat(&nvp, flat, flat_len, &list) == 0);
	CHECK(nvp.nvlist_pack(list, &packed, &len, encoding, 0) == 0);
	nvp.nvlist_free(list);
	uint8_t *bytes = mutated(packed, &len);
	struct zt_buf direct = { 0 };
	nvl_packed_to_json((char *)bytes, len, &direct);
	zt_buf_free(&direct);
	if (nvl_unpack(&nvp, (char *)bytes, len, &list) == 0) {
		accepted++;
		struct zt_buf out = json_of(list);
		zt_buf_free(&out);
		nvp.nvlist_free(list);
	} else {
		refused++;
	}
	free(bytes);
	free(packed);
}

/* Encode and decode a document as zt_nvlist_encode and zt_nvlist_decode do. */
static int
there_and_back(void)
{
	nvlist_t *list = NULL;
	struct zt_buf out = { 0 };
	char *packed = NULL;
	size_t len;
	int error = nvl_from_flat(&nvp, flat, flat_len, &list);

	if (error != 0)
		CHECK(list == NULL);
	if (error == 0 && (error = nvl_pack(&nvp, list, &packed, &len)) != 0)
		CHECK(packed == NULL);
	if (error == 0) {
		nvl_packed_to_json(packed, len, &out);
		error = out.error;
	}
	nvp.nvlist_free(list);
	free(packed);
	zt_buf_free(&out);
	return (error);
}

static void
fuzz_faults(void)
{
	new_document();
	countdown = LONG_MAX;
	allocations = 0;
	CHECK(there_and_back() == 0);
	accepted++;
	for (long n = allocations; n > 0; n--) {
		countdown = n;
		lasting = below(2) != 0;
		CHECK(there_and_back() == ENOMEM);
		refused++;
	}
	countdown = LONG_MAX;
}

int
main(int argc, char **argv)
{
	char why[256];
	void (*fuzz)(void) = NULL;

	if (argc == 5 && strcmp(argv[1], "flat") == 0)
		fuzz = fuzz_flat;
	else if (argc == 5 && strcmp(argv[1], "packed") == 0)
		fuzz = fuzz_packed;
	else if (argc == 5 && strcmp(argv[1], "xdr") == 0)
		fuzz = fuzz_packed, encoding = 1;
	else if (argc == 5 && strcmp(argv[1], "faults") == 0)
		fuzz = fuzz_faults;
	if (fuzz == NULL) {
		(void) fprintf(stderr,
		    "usage: fuzz flat|packed|xdr|faults SEED ITERATIONS SECONDS\n");
		return (2);
	}
	if (nvp_open(&real, why, sizeof (why)) != 0) {
		(void) fprintf(stderr, "%s\n", why);
		return (2);
	}
	nvp = real;
	if (fuzz == fuzz_faults)
		make_faulty(&nvp);
	run(fuzz, argv);
	nvp_close(&real);
	return (0);
}
