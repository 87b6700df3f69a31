/*
 * Python's calls that bring a send stream into the form in which two snapshots
 * are compared, and that reckon the checksums of one that is made here.  The
 * stream comes in pieces of any size.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "stream_content.h"
#include "stream_field.h"
#include "zt.h"

struct zt_content {
	struct stream_content c;
	struct stream_sum sum;
	uint8_t header[STREAM_RECORD_SIZE];
	size_t have;		/* bytes of the header */
};

static int
refuse(struct zt_content *z, int error, const char *reason)
{
	z->c.why = reason;
	return (error);
}

static int
damaged(struct zt_content *z)
{
	return (refuse(z, EBADMSG, "it is damaged: a checksum is wrong"));
}

/*
 * Check the sum of all bytes before the one that ends a record, as
 * receive_read_record() in module/zfs/dmu_recv.c does: a sender that reckons no
 * sums leaves zeros.  The last record has the sum of the records before it, too.
 */
static int
check_sum(struct zt_content *z)
{
	bool big = z->c.kind.big_endian;
	enum stream_type type = z->c.record.type;

	if (type == DRR_END && !stream_no_sum(z->header + AT_END_SUM) &&
	    !stream_sum_is(&z->sum, big, z->header + AT_END_SUM))
		return (damaged(z));
	bool is_right = stream_add_record(&z->sum, big, z->header);
	return (type == DRR_BEGIN || is_right ? 0 : damaged(z));
}

/* Take bytes of a record; with the last of them it is read. */
static int
add_header(struct zt_content *z, const uint8_t *bytes, size_t size)
{
	memcpy(z->header + z->have, bytes, size);
	z->have += size;
	if (z->have < sizeof (z->header))
		return (0);
	z->have = 0;
	int error = stream_content_start(&z->c, z->header);
	return (error != 0 ? error : check_sum(z));
}

static int
feed(struct zt_content *z, const uint8_t *bytes, size_t size)
{
	struct stream_content *c = &z->c;
	int error = 0;

	while (size != 0 && error == 0) {
		size_t n = size;

		if (c->state == AT_END)
			return (refuse(z, EINVAL, "bytes follow its end"));
		if (c->state == IN_RECORD) {
			if (n > sizeof (z->header) - z->have)
				n = sizeof (z->header) - z->have;
			error = add_header(z, bytes, n);
		} else {
			if (n > c->left)
				n = (size_t)c->left;
			stream_add(&z->sum, c->kind.big_endian, bytes, n);
			stream_content_add(c, bytes, n);
		}
		if (c->state != AT_END && z->have == 0 && c->left == 0)
			c->state = IN_RECORD;
		bytes += n;
		size -= n;
	}
	if (error == 0)
		error = c->data->error != 0 ? c->data->error : c->parts->error;
	return (error);
}

static int
say(struct zt_content *z, int error, char *why, size_t why_size)
{
	(void) snprintf(why, why_size, "%s", z->c.why == NULL ? "" : z->c.why);
	return (error);
}

int
zt_content_open(struct zt_content **content)
{
	*content = calloc(1, sizeof (**content));
	return (*content == NULL ? ENOMEM : 0);
}

int
zt_content_feed(struct zt_content *content, const uint8_t *piece, size_t size,
    struct zt_buf *data, struct zt_buf *parts, char *why, size_t why_size)
{
	data->len = parts->len = 0;
	content->c.data = data;
	content->c.parts = parts;
	int error = feed(content, piece, size);
	content->c.data = content->c.parts = NULL;
	return (say(content, error, why, why_size));
}

int
zt_content_end(struct zt_content *content, char *why, size_t why_size)
{
	int error = 0;

	if (!content->c.begun && content->have == 0)
		error = refuse(content, EINVAL, "it is empty");
	else if (content->c.state != AT_END)
		error = refuse(content, EINVAL, "it ends too early");
	return (say(content, error, why, why_size));
}

void
zt_content_close(struct zt_content *content)
{
	zt_buf_free(&content->c.spill);
	free(content);
}

void
zt_stream_sum(uint64_t *words, const uint8_t *piece, size_t size)
{
	struct stream_sum sum = { 0 };

	memcpy(sum.word, words, sizeof (sum.word));
	stream_add(&sum, false, piece, size);
	memcpy(words, sum.word, sizeof (sum.word));
}
