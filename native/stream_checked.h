/* A thread between a stream and what receives it, which checks each record. */
#ifndef ZT_STREAM_CHECKED_H
#define	ZT_STREAM_CHECKED_H

#include <pthread.h>
#include <semaphore.h>

#include "stream_check.h"
#include "stream_record.h"

struct stream_checked {
	int source;
	int out;			/* to read in the place of the source */
	int into;
	uint32_t begin_payload;
	int error;		/* why `out` ends early, as far as it is known */
	bool is_apart;		/* the thread has descriptors of its own */
	bool fills;		/* short blocks become whole ones */
	struct stream_check state;
	struct stream_sum came, left;	/* of a stream in which it does */
	sem_t started;
	pthread_t thread;
};

/*
 * Begin to check what follows the first record.  For a kernel, the thread has
 * descriptors of its own: see stream_thread.c.  For libzpool, all blocks of
 * `out` are whole.
 */
int stream_checked_begin(struct stream_checked *, int source,
    const uint8_t *first_record, bool kernel);
/*
 * To be called once `out` is not read any more.  EBADMSG: the stream was false,
 * and `out` ended before a false record; EBADE: likewise where it is damaged.
 */
int stream_checked_end(struct stream_checked *);

#endif
