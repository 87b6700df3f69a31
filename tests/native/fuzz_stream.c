/*
 * Hostile streams for the code that reads them, from a fixed seed, so that a
 * failure can be repeated.
 *
 *	fuzz_stream stream|faults SEED ITERATIONS SECONDS
 *
 * It ends after so many streams or seconds, whichever comes first, and prints
 * how many streams were accepted and refused.  The sanitizers or valgrind find
 * memory errors and leaks; a check of its own that fails ends in abort().
 *
 * Half of the changed streams get right checksums again, so that what lies
 * behind the check meets them, too.  `faults` makes each allocation of native/
 * fail in its turn (ld --wrap).
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "fuzz.h"
#include "parts.h"
#include "zt.h"

enum { MOST = 1 << 20, MOST_RECORDS = 64 };

static uint8_t stream[MOST];
static size_t stream_len, starts[MOST_RECORDS], records;
static bool big;

static long countdown = LONG_MAX, allocations;

static bool
fails(void)
{
	allocations++;
	return (countdown != 0 && --countdown == 0);
}

void *__real_calloc(size_t, size_t);
void *__real_realloc(void *, size_t);
void *__wrap_calloc(size_t, size_t);
void *__wrap_realloc(void *, size_t);

void *
__wrap_calloc(size_t count, size_t size)
{
	return (fails() ? NULL : __real_calloc(count, size));
}

void *
__wrap_realloc(void *old, size_t size)
{
	return (fails() ? NULL : __real_realloc(old, size));
}

static void
set(size_t place, uint64_t n, size_t width)
{
	for (size_t i = 0; i < width; i++)
		stream[place + (big ? width - 1 - i : i)] =
		    (uint8_t)(n >> (8 * i));
}

static uint8_t *
start(uint32_t type, size_t payload)
{
	CHECK(records < MOST_RECORDS &&
	    stream_len + STREAM_RECORD_SIZE + payload <= MOST);
	size_t place = starts[records++] = stream_len;
	memset(stream + place, 0, STREAM_RECORD_SIZE);
	set(place, type, 4);
	stream_len += STREAM_RECORD_SIZE;
	for (size_t i = 0; i < payload; i++)
		stream[stream_len++] = below(3) == 0 ? (uint8_t)any() : 0;
	return (stream + place);
}

static void
object(uint64_t object, bool raw)
{
	uint32_t bonus = below(5) * 40;
	uint32_t stored = raw && bonus != 0 ? 320 : (bonus + 7) / 8 * 8;
	size_t place = stream_len;

	(void) start(DRR_OBJECT, stored);
	set(place + 8, object, 8);
	set(place + 16, 19, 4);
	set(place + 20, 44, 4);
	set(place + 28, bonus, 4);
	if (raw && bonus != 0)
		set(place + 36, 320, 4);
}

static uint64_t
block(uint64_t object, uint64_t offset, bool raw)
{
	uint32_t length = 512 << below(6);
	uint32_t stored = raw ? length / 2 : length;
	size_t place = stream_len;

	uint8_t *bytes = start(DRR_WRITE, stored);
	set(place + 8, object, 8);
	set(place + 24, offset, 8);
	set(place + 32, length, 8);
	if (raw) {
		bytes[50] = 15;
		set(place + 96, stored, 8);
	}
	return (offset + length);
}

static void
numbered(uint32_t type, uint64_t a, uint64_t b, uint64_t c, size_t payload)
{
	size_t place = stream_len;

	(void) start(type, payload);
	set(place + 8, a, 8);
	set(place + 16, b, 8);
	set(place + 24, c, 8);
}

static void
new_stream(void)
{
	bool raw = below(3) == 0;
	uint64_t next = 1;

	big = below(4) == 0;
	stream_len = records = 0;
	uint32_t payload = below(3) * 8;
	(void) start(DRR_BEGIN, payload);
	set(4, payload, 4);
	set(8, 0x2F5bacbacULL, 8);
	set(16, 1 | (uint64_t)(1 << 19 | (raw ? 1 << 24 : 0)) << 2, 8);
	set(32, 2, 4);
	for (uint32_t n = below(5); n > 0; n--) {
		uint64_t offset = 0;
		if (raw && below(2) == 0)
			numbered(DRR_OBJECT_RANGE, next, 32, 0, 0);
		numbered(DRR_FREEOBJECTS, next, 3, 0, 0);
		object(next, raw);
		for (uint32_t blocks = below(4); blocks > 0; blocks--) {
			offset = block(next, offset + 512 * below(20), raw);
			if (below(4) == 0)
				numbered(DRR_FREE, next, offset, 512, 0);
		}
		if (below(3) == 0)
			numbered(DRR_SPILL, next, 512, 0, 512);
		next += 1 + below(40);
	}
	(void) start(DRR_END, 0);
}

/* Put the checksums in, as dump_record() in module/zfs/dmu_send.c does. */
static void
put_sums(void)
{
	struct stream_sum sum = { 0 };

	for (size_t i = 0; i < records; i++) {
		size_t at = starts[i], after = at + STREAM_RECORD_SIZE;
		size_t end = i + 1 < records ? starts[i + 1] : stream_len;
		if (i + 1 == records) {
			for (size_t n = 0; n < 4; n++)
				set(at + 8 + 8 * n, sum.word[n], 8);
		}
		stream_add(&sum, big, stream + at, STREAM_CHECKSUM);
		for (size_t n = 0; n < 4 && i > 0; n++)
			set(at + STREAM_CHECKSUM + 8 * n, sum.word[n], 8);
		stream_add(&sum, big, stream + at + STREAM_CHECKSUM,
		    STREAM_RECORD_SIZE - STREAM_CHECKSUM);
		stream_add(&sum, big, stream + after, end - after);
	}
}

static void
mutate(void)
{
	static const uint8_t edges[] = { 0, 1, 7, 8, 0x7f, 0x80, 0xff };

	for (uint32_t n = 1 + below(3); n > 0; n--) {
		/* The fields stand in the first bytes of a record. */
		size_t place = below(4) == 0 ? below((uint32_t)stream_len) :
		    starts[below((uint32_t)records)] + below(72);
		stream[place] = below(2) == 0 ? (uint8_t)any() :
		    edges[below(sizeof (edges))];
	}
}

/*
 * Feed the first bytes of the stream in pieces, each a block of its own, so that
 * the sanitizers see a read of one byte too many.
 */
static int
feed(size_t len)
{
	struct zt_content *content;
	struct zt_buf data = { 0 }, parts = { 0 };
	char why[128] = "";
	size_t given = 0, got = 0;
	int error = zt_content_open(&content);

	if (error != 0)
		return (error);
	while (error == 0 && given < len) {
		size_t n = below(8) == 0 ? below(64) : below(20000);
		n = n > len - given ? len - given : n;
		uint8_t *piece = malloc(n == 0 ? 1 : n);
		CHECK(piece != NULL);
		memcpy(piece, stream + given, n);
		error = zt_content_feed(content, piece, n, &data, &parts, why,
		    sizeof (why));
		free(piece);
		given += n;
		got += data.len;
		if (error == 0)
			check_parts(&data, &parts);
		CHECK(error == 0 || error == ENOMEM || why[0] != '\0');
	}
	/* A grain may hold no more than one sector of the stream. */
	CHECK(got <= 9 * len);
	if (error == 0)
		error = zt_content_end(content, why, sizeof (why));
	zt_content_close(content);
	zt_buf_free(&data);
	zt_buf_free(&parts);
	return (error);
}

static void
fuzz_stream(void)
{
	new_stream();
	put_sums();
	CHECK(feed(stream_len) == 0);
	mutate();
	if (below(2) == 0)
		put_sums();
	size_t len = below(8) == 0 ? below((uint32_t)stream_len + 1) :
	    stream_len;
	int error = feed(len);
	if (error == 0)
		accepted++;
	else
		refused++;
	CHECK(error == 0 || error == EINVAL || error == ENOTSUP ||
	    error == EBADMSG);
}

static void
fuzz_faults(void)
{
	new_stream();
	put_sums();
	uint64_t seed = state;
	countdown = 0;
	allocations = 0;
	CHECK(feed(stream_len) == 0);
	accepted++;
	for (long n = allocations; n > 0; n--) {
		state = seed;
		countdown = n;
		CHECK(feed(stream_len) == ENOMEM);
		refused++;
	}
	countdown = 0;
}

int
main(int argc, char **argv)
{
	void (*fuzz)(void) = NULL;

	if (argc == 5 && strcmp(argv[1], "stream") == 0)
		fuzz = fuzz_stream;
	else if (argc == 5 && strcmp(argv[1], "faults") == 0)
		fuzz = fuzz_faults;
	if (fuzz == NULL) {
		(void) fprintf(stderr, "usage: fuzz_stream stream|faults "
		    "SEED ITERATIONS SECONDS\n");
		return (2);
	}
	run(fuzz, argv);
	return (0);
}
