/*
 * The state between two records of a stream.  It holds one grain and one spill
 * block, so memory does not grow with the stream.
 */
#ifndef ZT_STREAM_CONTENT_H
#define	ZT_STREAM_CONTENT_H

#include "buf.h"
#include "stream_record.h"

/* What stands in `kind` of a part; engine/stream_content.py has them, too. */
enum part_kind { PART_BEGIN, PART_ATTRIBUTES, PART_DATA, PART_END };
enum { PART_RAW = 1 << 8, PART_BIG_ENDIAN = 1 << 9, PART_TYPE_SHIFT = 32 };
enum { OT_DNODE = 10 };		/* DMU_OT_DNODE: the type of a range */

enum { GRAIN = 4096 };

struct part {
	uint64_t number;	/* of the object; of the stream its guid */
	uint64_t kind;
	uint64_t end;		/* where in the data it ends */
};

enum stream_state {
	IN_RECORD, IN_BONUS, IN_DATA, IN_SPILL, IN_NOTHING, AT_END,
};

struct stream_content {
	enum stream_state state;
	struct stream_kind kind;
	struct stream_record record;
	const char *why;	/* the reason of an error */

	uint64_t left;		/* bytes of the payload that are to come */
	uint64_t wanted;	/* those of them that are content */
	uint64_t at;		/* offset in the object of the next byte */

	bool begun;
	bool in_object;
	uint64_t object;
	uint32_t object_type;
	uint64_t next_object;	/* the lowest number that may follow */
	uint64_t next_offset;
	bool ranged;		/* a range of objects waits for its first */
	uint64_t range_first;
	bool spilled;

	bool grain_open;
	uint64_t grain_at;
	uint8_t grain[GRAIN];
	struct zt_buf spill;

	/* the caller's, during a call */
	struct zt_buf *data;
	struct zt_buf *parts;
};

/* Take a record; its payload comes next, in pieces of any size. */
int stream_content_start(struct stream_content *, const uint8_t *record);
void stream_content_add(struct stream_content *, const uint8_t *bytes,
    size_t size);

#endif
