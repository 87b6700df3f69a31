/* The objects of a snapshot: what lies behind one, and which have changed. */
#ifndef ZT_OBJECT_H
#define	ZT_OBJECT_H

#include "lzc.h"

/* Write [path, generation, mode, links, ctime in s, and in ns]. */
void object_put_stats(const char *path, const struct object_stat *,
    struct zt_buf *);

/*
 * Write the numbers of the objects that `snapshot` has changed or made since
 * `base`, and of those that it has no more, in a list.
 */
int object_list_changed(const struct lzc *, const char *base,
    const char *snapshot, struct zt_buf *);

#endif
