/*
 * What a record of a stream must be like so that a kernel and libzpool can take
 * it.  A kernel makes do with most false records, and some overflow its buffers;
 * libzpool is built with assertions, and ends its process.
 */
#ifndef ZT_STREAM_CHECK_H
#define	ZT_STREAM_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream_record.h"

/*
 * OBJECT records come before what they are about: one at a time, or, from
 * OpenZFS 0.8 and earlier, those of a whole block of dnodes.
 */
enum { STREAM_OBJECTS = 32 };

struct stream_object {
	uint64_t object;	/* 0: none */
	uint64_t block_bytes;
	uint64_t most_offset;	/* where its last block may begin */
	uint64_t next_offset;	/* where its next block may begin at least */
};

/* The state between two records of a stream. */
struct stream_check {
	uint64_t features;	/* of the first record */
	bool big_endian;
	bool raw;
	struct stream_object objects[STREAM_OBJECTS];
	uint64_t last_object;	/* of the OBJECT records */
	uint64_t last_written;	/* of the blocks */
	uint32_t oldest;	/* of the objects: the next one takes its place */
};

/* Begin a stream with its first record; give the bytes that follow that. */
uint32_t stream_check_begin(struct stream_check *, const uint8_t *record);
/*
 * Take a record other than the first.  False: no sender writes such a one.  Of
 * a type that is unknown here, nothing is said but that no payload follows.
 */
bool stream_check(struct stream_check *, const uint8_t *record,
    uint64_t *payload_bytes);
/*
 * Does a file's bonus, or the block of attributes outside of it, begin as
 * sa_hdr_phys_t (include/sys/sa_impl.h)?  Nobody can tell of a raw stream.
 */
bool stream_check_attributes(const uint8_t *bytes, size_t size);
/* Of a block that was taken last: how many bytes it lacks of a whole one. */
uint64_t stream_check_missing(struct stream_check *, const uint8_t *record);

#endif
