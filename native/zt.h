/*
 * The functions that Python calls, one for each operation, so that it crosses
 * the boundary once.  "zt" stands for zfstune.  cffi reads the declarations in
 * zt.cdef.h as well, so C and Python cannot disagree about them.
 */
#ifndef ZT_H
#define	ZT_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "zt.cdef.h"

#endif
