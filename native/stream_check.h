/*
 * What a record of a stream must be like so that libzpool can take it.  A kernel
 * refuses most false records, or makes do with them; libzpool is built with
 * assertions, and ends its process.
 */
#ifndef ZT_STREAM_CHECK_H
#define	ZT_STREAM_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "stream_record.h"

/* The state between two records of a stream in this machine's byte order. */
struct stream_check {
	uint64_t features;	/* of the first record */
	bool raw;
	uint64_t object;	/* that the last OBJECT record was about; 0: none */
	uint64_t block_bytes;	/* of its blocks */
	uint64_t most_offset;	/* where its last block may begin */
	uint64_t next_offset;	/* where its next block may begin at least */
};

void stream_check_begin(struct stream_check *, uint64_t features);
/*
 * Take a record other than the first.  False: no sender writes such a one.  Of
 * a type that is unknown here, nothing is said but that no payload follows.
 */
bool stream_check(struct stream_check *, const uint8_t *record,
    uint64_t *payload_bytes);

#endif
