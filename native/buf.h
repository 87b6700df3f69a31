/*
 * A growing run of bytes, and JSON written into it.
 *
 * An error (ENOMEM, or EINVAL where JSON cannot hold a value) sticks: writers
 * go on without checking, and the caller looks at `error` once, at the end.
 */
#ifndef ZT_BUF_H
#define	ZT_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "buf.cdef.h"

/*
 * Make room for a short document, so that what comes of a change can be told
 * though memory has become short by then.  Return an errno.
 */
int buf_reserve(struct zt_buf *);

void buf_put(struct zt_buf *, const void *, size_t);
void buf_putc(struct zt_buf *, char);
void buf_fail(struct zt_buf *, int);

void json_string(struct zt_buf *, const char *);
void json_uint(struct zt_buf *, uint64_t);
void json_int(struct zt_buf *, int64_t);
void json_boolean(struct zt_buf *, bool);

#endif
