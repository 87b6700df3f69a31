/* What the files share whose functions Python calls. */
#ifndef ZT_IMPL_H
#define	ZT_IMPL_H

#include <signal.h>

#include "list.h"
#include "zt.h"

/* One opened ZFS, as Python holds it. */
struct zt {
	struct lzc z;
};

/*
 * Write `list` (NULL is an empty one) as JSON and free it.  A document that
 * could not be written in full is taken back.
 */
int zt_give_json(struct zt *, nvlist_t *, struct zt_buf *out);

/*
 * End a call that has a list of errors.  The list is written as JSON even where
 * the call failed, since it names the targets at fault.
 */
int zt_give_errors(struct zt *, int error, nvlist_t *, struct zt_buf *errors);

/* Return the errno for a call that the table lacks. */
int zt_why_missing(const struct zt *);

/* Return a key as libzfs_core takes it, which only reads it: NULL is none. */
uint8_t *zt_key(const uint8_t *key, size_t size);

/* Hold signals back from this thread, and let them come as `before` says. */
int zt_signals_wait(sigset_t *before);
void zt_signals_come(const sigset_t *before);

#endif
