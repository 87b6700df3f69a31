/* A thread for a call in which the kernel reads or writes a stream. */
#ifndef STREAM_THREAD_H
#define	STREAM_THREAD_H

#include "lzc.h"

/*
 * Do `work`, and return once it is done.  It may use no descriptor but `fd` and
 * those of /dev/zfs: it runs in a thread that has no others, unless the main
 * thread asks, or the table is an image's.
 */
void stream_thread(const struct lzc *, int fd, void (*work)(void *),
    void *argument);

#endif
