/*
 * What holds for the parts of any stream.  CHECK comes from the file that
 * includes this one.
 */
#ifndef ZT_PARTS_H
#define	ZT_PARTS_H

#include <string.h>

#include "stream_content.h"

/* The parts are whole, in order, of known kinds, and cover all of the data. */
static void
check_parts(const struct zt_buf *data, const struct zt_buf *parts)
{
	uint64_t end = 0;

	CHECK(parts->len % sizeof (struct part) == 0);
	for (size_t i = 0; i < parts->len; i += sizeof (struct part)) {
		struct part part;
		memcpy(&part, parts->data + i, sizeof (part));
		CHECK(part.end >= end && (part.kind & 0xff) <= PART_END);
		end = part.end;
	}
	CHECK(end == data->len);
}

#endif
