/*
 * Listings as JSON rows [name, type, guid, createtxg, creation or 0, clones,
 * properties or null].  Names of snapshots come without their dataset.  Where a
 * dataset of a tree cannot be read, an errno stands in place of its properties;
 * where the datasets below it cannot be listed, a second row of the same name
 * says so.
 */
#ifndef ZT_LIST_H
#define	ZT_LIST_H

#include "lzc.h"

/* Tell whether an errno means damage on disk. */
boolean_t list_is_damage(int error);

int list_one(const struct lzc *, const char *name, struct zt_buf *);
int list_named(const struct lzc *, nvlist_t *names, boolean_t props,
    struct zt_buf *);
int list_tree(const struct lzc *, const char *root, struct zt_buf *);
int list_snapshots(const struct lzc *, const char *dataset, boolean_t props,
    struct zt_buf *);

#endif
