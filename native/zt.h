/*
 * What Python calls: one coarse function an operation, each crossing the
 * boundary once.  The declarations are in zt.cdef.h, which cffi reads too, so
 * the two cannot disagree.
 */
#ifndef ZT_H
#define	ZT_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "zt.cdef.h"

#endif
