/* A growing run of bytes, and JSON written into it. */
#include <errno.h>
#include <string.h>

#include "buf.h"

enum { FIRST_SIZE = 4096 };

void
zt_buf_free(struct zt_buf *buf)
{
	free(buf->data);
	memset(buf, 0, sizeof (*buf));
}

void
buf_fail(struct zt_buf *b, int error)
{
	if (b->error == 0)
		b->error = error;
}

/* Have room for so many bytes behind those that are there. */
static void
make_room(struct zt_buf *b, size_t len)
{
	size_t size = b->size == 0 ? FIRST_SIZE : b->size;

	if (b->error != 0 || len <= b->size - b->len)
		return;
	while (size - b->len < len) {
		if (size > SIZE_MAX / 2) {
			buf_fail(b, ENOMEM);
			return;
		}
		size *= 2;
	}
	char *data = realloc(b->data, size);
	if (data == NULL) {
		buf_fail(b, ENOMEM);
		return;
	}
	b->data = data;
	b->size = size;
}

int
buf_reserve(struct zt_buf *b)
{
	make_room(b, FIRST_SIZE);
	return (b->error);
}

void
buf_put(struct zt_buf *b, const void *bytes, size_t len)
{
	make_room(b, len);
	if (b->error != 0)
		return;
	if (len != 0)
		memcpy(b->data + b->len, bytes, len);
	b->len += len;
}

void
buf_putc(struct zt_buf *b, char c)
{
	buf_put(b, &c, 1);
}

void
json_uint(struct zt_buf *b, uint64_t n)
{
	char digits[20];	/* UINT64_MAX has twenty */
	size_t first = sizeof (digits);

	do {
		digits[--first] = (char)('0' + n % 10);
		n /= 10;
	} while (n != 0);
	buf_put(b, digits + first, sizeof (digits) - first);
}

void
json_int(struct zt_buf *b, int64_t n)
{
	if (n < 0)
		buf_putc(b, '-');
	/* Negating INT64_MIN overflows; in unsigned arithmetic it wraps. */
	json_uint(b, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
}

void
json_boolean(struct zt_buf *b, bool value)
{
	if (value)
		buf_put(b, "true", 4);
	else
		buf_put(b, "false", 5);
}

/*
 * Return the length of the UTF-8 character that begins here, or 0 where none
 * does.  This is as strict as Python's own decoder (no overlong forms, no
 * surrogates, nothing above U+10FFFF), so that Python decodes whatever passes
 * here.
 */
static size_t
utf8_length(const unsigned char *s)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t len;

	if (s[0] >= 0xc2 && s[0] <= 0xdf) {
		len = 2;
	} else if (s[0] >= 0xe0 && s[0] <= 0xef) {
		len = 3;
		if (s[0] == 0xe0)
			low = 0xa0;
		if (s[0] == 0xed)
			high = 0x9f;
	} else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		len = 4;
		if (s[0] == 0xf0)
			low = 0x90;
		if (s[0] == 0xf4)
			high = 0x8f;
	} else {
		return (0);
	}
	if (s[1] < low || s[1] > high)
		return (0);
	for (size_t i = 2; i < len; i++) {
		if (s[i] < 0x80 || s[i] > 0xbf)
			return (0);
	}
	return (len);
}

/*
 * Bytes that are not UTF-8 become the lone surrogates of Python's
 * surrogateescape (PEP 383), so that os.fsencode() turns them back into the
 * same bytes: ZFS keeps user properties and names as bytes and promises no
 * encoding.
 */
void
json_string(struct zt_buf *b, const char *text)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *s = (const unsigned char *)text;

	buf_putc(b, '"');
	while (*s != '\0') {
		const unsigned char *run = s;
		while (*s >= 0x20 && *s < 0x80 && *s != '"' && *s != '\\')
			s++;
		buf_put(b, run, (size_t)(s - run));
		if (*s == '\0')
			break;
		size_t len = *s >= 0x80 ? utf8_length(s) : 0;
		if (len != 0) {
			buf_put(b, s, len);
			s += len;
			continue;
		}
		bool raw = *s >= 0x80;
		char escape[6] = { '\\', 'u', raw ? 'd' : '0', raw ? 'c' : '0',
		    hex[*s >> 4], hex[*s & 15] };
		buf_put(b, escape, sizeof (escape));
		s++;
	}
	buf_putc(b, '"');
}
