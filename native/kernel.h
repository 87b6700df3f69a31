/*
 * What the files of the kernel's provider share: the calls of the table that
 * kernel_pool.c defines.
 */
#ifndef ZT_KERNEL_H
#define	ZT_KERNEL_H

#include "lzc.h"

int kernel_pool_configs(const struct lzc *, nvlist_t **);
int kernel_pool_config(const struct lzc *, const char *pool, nvlist_t **);
int kernel_pool_props(const struct lzc *, const char *pool, nvlist_t **);
int kernel_scrub(const struct lzc *, const char *pool, unsigned int func,
    unsigned int command);

#endif
