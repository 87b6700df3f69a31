/* A table of descriptors for one thread alone. */
#ifndef ZT_STREAM_DESCRIPTORS_H
#define	ZT_STREAM_DESCRIPTORS_H

#include <stdbool.h>

/*
 * Have this thread share no descriptors with others, and close in its own table
 * all but `one` and `other`, and but those of the device that `device` is open
 * on; -1: none.  False: nothing was changed.
 */
bool stream_own_descriptors(int one, int other, int device);

#endif
