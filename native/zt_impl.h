/* What the files of the Python-facing floor share. */
#ifndef ZT_IMPL_H
#define	ZT_IMPL_H

#include <signal.h>

#include "list.h"
#include "zt.h"

struct zt {
	struct lzc z;
};

/*
 * Write `list` (NULL is an empty one) as JSON and free it.  Half a document helps
 * nobody: what could not be written in full is taken back.
 */
int zt_give_json(struct zt *, nvlist_t *, struct zt_buf *out);

/*
 * End a call that gives a list of errors: written as JSON whether or not the
 * call failed, since it says which of many targets were at fault.
 */
int zt_give_errors(struct zt *, int error, nvlist_t *, struct zt_buf *errors);

/* Hold signals back from this thread; on an error they come as before. */
int zt_signals_wait(sigset_t *before);
void zt_signals_come(const sigset_t *before);

#endif
