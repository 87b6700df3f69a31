/*
 * The decoders of untrusted bytes, as libFuzzer calls them: it makes inputs that
 * reach lines which none before has reached.  DECODER says which one:
 *
 *	flat	nvl_from_flat(), and what it accepts there and back
 *	packed	nvl_packed_to_json(), and nvl_unpack() of the same bytes
 *	stream	zt_content_feed(), in pieces; the first byte has the options
 *	records	stream_check(), after the features of a stream, beside
 *		stream_read_record()
 *
 * With REPLAY there is a main() that tries the files of its arguments once,
 * which takes no libFuzzer.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "nvl.h"
#include "stream_check.h"
#include "stream_content.h"
#include "stream_field.h"
#include "zt.h"

#define	CHECK(condition)						\
	do {								\
		if (!(condition)) {					\
			(void) fprintf(stderr, "%s:%d: not so: %s\n",	\
			    __FILE__, __LINE__, #condition);		\
			abort();					\
		}							\
	} while (0)

#include "parts.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
void decode_flat(const uint8_t *, size_t);
void decode_packed(const uint8_t *, size_t);
void decode_stream(const uint8_t *, size_t);
void decode_records(const uint8_t *, size_t);

static struct nvp nvp;

static struct zt_buf
json_of(nvlist_t *list)
{
	struct zt_buf out = { 0 };

	nvl_to_json(&nvp, list, &out);
	return (out);
}

static struct zt_buf
json_directly(const char *packed, size_t len)
{
	struct zt_buf out = { 0 };

	nvl_packed_to_json(packed, len, &out);
	return (out);
}

static void
check_same(struct zt_buf *one, struct zt_buf *other)
{
	CHECK(one->error == 0 && other->error == 0);
	CHECK(one->len == other->len);
	CHECK(memcmp(one->data, other->data, one->len) == 0);
}

void
decode_flat(const uint8_t *bytes, size_t size)
{
	nvlist_t *list;
	char *packed = NULL;
	size_t len;
	int error = nvl_from_flat(&nvp, bytes, size, &list);

	if (error != 0) {
		CHECK(error == EINVAL && list == NULL);
		return;
	}
	CHECK(nvl_pack(&nvp, list, &packed, &len) == 0);
	struct zt_buf before = json_of(list);
	struct zt_buf direct = json_directly(packed, len);
	check_same(&before, &direct);
	zt_buf_free(&before);
	zt_buf_free(&direct);
	nvp.nvlist_free(list);
	free(packed);
}

static bool
is_refusal(int error)
{
	return (error == 0 || error == EINVAL || error == ENOTSUP);
}

void
decode_packed(const uint8_t *bytes, size_t size)
{
	nvlist_t *list;
	/* libnvpair takes it as its own to write to. */
	char *copy = malloc(size == 0 ? 1 : size);

	CHECK(copy != NULL);
	memcpy(copy, bytes, size);
	struct zt_buf direct = json_directly(copy, size);
	CHECK(is_refusal(direct.error));
	if (nvl_unpack(&nvp, copy, size, &list) == 0) {
		struct zt_buf out = json_of(list);
		CHECK(is_refusal(out.error));
		zt_buf_free(&out);
		nvp.nvlist_free(list);
	}
	zt_buf_free(&direct);
	free(copy);
}

/* The first byte says whether checksums count, and how long the pieces are. */
static int trusting;

bool __real_stream_sum_is(const struct stream_sum *, bool, const uint8_t *);
bool __wrap_stream_sum_is(const struct stream_sum *, bool, const uint8_t *);

bool
__wrap_stream_sum_is(const struct stream_sum *sum, bool big, const uint8_t *at)
{
	return (trusting || __real_stream_sum_is(sum, big, at));
}

void
decode_stream(const uint8_t *bytes, size_t size)
{
	struct zt_content *content;
	struct zt_buf data = { 0 }, parts = { 0 };
	char why[128] = "";
	int error;

	if (size == 0)
		return;
	trusting = bytes[0] & 1;
	size_t most = bytes[0] < 2 ? SIZE_MAX : bytes[0];
	bytes++, size--;
	CHECK(zt_content_open(&content) == 0);
	for (error = 0; error == 0 && size != 0; ) {
		size_t n = size < most ? size : most;
		error = zt_content_feed(content, bytes, n, &data, &parts, why,
		    sizeof (why));
		if (error == 0)
			check_parts(&data, &parts);
		bytes += n, size -= n;
	}
	if (error == 0)
		error = zt_content_end(content, why, sizeof (why));
	CHECK(error == 0 || why[0] != '\0');
	CHECK(error == 0 || error == EINVAL || error == ENOTSUP ||
	    error == EBADMSG);
	zt_content_close(content);
	zt_buf_free(&data);
	zt_buf_free(&parts);
}

/* What is checked for libzpool and what is read for a digest have one form. */
static void
check_alike(const uint8_t *record, const struct stream_check *state,
    uint64_t payload)
{
	const struct stream_kind kind = { state->big_endian, state->raw };
	struct stream_record r;
	const char *why;

	if (stream_read_record(record, &kind, &r, &why) == 0) {
		CHECK(r.payload == payload);
		return;
	}
	/* What a digest does not take, or no payload follows. */
	CHECK(r.type != DRR_OBJECT && r.type != DRR_SPILL);
	CHECK(r.type != DRR_WRITE || (!kind.raw && r.compression != 0));
}

void
decode_records(const uint8_t *bytes, size_t size)
{
	uint8_t begin[STREAM_RECORD_SIZE] = { 0 };
	struct stream_check state;
	uint64_t payload;

	/* The input begins with the magic and the version of a first record. */
	if (size < 2 * sizeof (uint64_t))
		return;
	memcpy(begin + AT_BEGIN_MAGIC, bytes, 2 * sizeof (uint64_t));
	bytes += 2 * sizeof (uint64_t), size -= 2 * sizeof (uint64_t);
	(void) stream_check_begin(&state, begin);
	while (size >= STREAM_RECORD_SIZE) {
		const uint8_t *record = bytes;

		if (!stream_check(&state, record, &payload))
			return;
		CHECK(payload <= STREAM_MOST_BLOCK);
		check_alike(record, &state, payload);
		bytes += STREAM_RECORD_SIZE, size -= STREAM_RECORD_SIZE;
		if (payload > size)
			return;
		bytes += payload, size -= payload;
	}
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char why[256];

	(void) argc, (void) argv;
	if (nvp_open(&nvp, why, sizeof (why)) != 0) {
		(void) fprintf(stderr, "%s\n", why);
		exit(2);
	}
	return (0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	DECODER(bytes, size);
	return (0);
}

#ifdef REPLAY
int
main(int argc, char **argv)
{
	static uint8_t room[1 << 20];

	(void) LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++) {
		FILE *file = fopen(argv[i], "rb");
		CHECK(file != NULL);
		size_t size = fread(room, 1, sizeof (room), file);
		(void) fclose(file);
		/* A block of its own, where a byte too many is seen. */
		uint8_t *exact = malloc(size == 0 ? 1 : size);
		CHECK(exact != NULL);
		memcpy(exact, room, size);
		(void) LLVMFuzzerTestOneInput(exact, size);
		free(exact);
	}
	(void) printf("%d\n", argc - 1);
	return (0);
}
#endif
