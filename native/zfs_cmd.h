/*
 * zfs_cmd_t, the argument of every ioctl on /dev/zfs, as far as this project
 * uses it.
 *
 * No -dev package has include/sys/zfs_ioctl.h, so the layout is mirrored here.
 * Its 13744 bytes and the offsets of the members below are the same in each
 * release from 2.1.0 to 2.4.4.  The ioctl number does not encode the size and
 * the kernel checks none, so kernel.c refuses a release outside that range.
 */
#ifndef ZT_ZFS_CMD_H
#define	ZT_ZFS_CMD_H

#include <stddef.h>
#include <stdint.h>

#include "lzc.h"

struct zfs_cmd {
	char name[4096];		/* zc_name */
	uint64_t src;			/* zc_nvlist_src, packed */
	uint64_t src_size;
	uint64_t dst;			/* zc_nvlist_dst, packed */
	uint64_t dst_size;		/* in: room; out: filled or needed */
	uint32_t dst_filled;
	uint32_t pad2;
	uint64_t history;
	char value[8192];		/* zc_value */
	char string[256];		/* zc_string, MAXNAMELEN */
	uint64_t guid;
	uint64_t conf;
	uint64_t conf_size;
	uint64_t cookie;		/* zc_cookie: cursor, or a flag */
	uint8_t unused1[12656 - 12624];
	uint64_t obj;			/* zc_obj */
	uint8_t unused4[12704 - 12664];
	struct {			/* dmu_objset_stats_t */
		uint64_t num_clones;
		uint64_t creation_txg;
		uint64_t guid;
		int32_t type;
		uint8_t is_snapshot;
		uint8_t inconsistent;
		uint8_t redacted;
		char origin[256];	/* ZFS_MAX_DATASET_NAME_LEN */
	} stats;
	uint8_t unused2[13652 - 12704 - 288];
	uint32_t flags;			/* zc_flags */
	uint8_t unused6[13668 - 13656];
	uint8_t simple;			/* zc_simple */
	uint8_t unused3[13696 - 13669];
	struct object_stat stat;	/* zc_stat */
	uint8_t unused5[13744 - 13736];
};

_Static_assert(sizeof (struct zfs_cmd) == 13744, "size of zfs_cmd_t");
#define	AT(member, offset)						\
	_Static_assert(offsetof(struct zfs_cmd, member) == (offset), #member)
AT(src, 4096);
AT(dst, 4112);
AT(dst_filled, 4128);
AT(value, 4144);
AT(string, 12336);
AT(guid, 12592);
AT(cookie, 12616);
AT(obj, 12656);
AT(stats, 12704);
AT(stats.type, 12728);
AT(flags, 13652);
AT(simple, 13668);
AT(stat, 13696);
#undef	AT

#ifndef ZT_REAL_HEADERS
/* enum zfs_ioc, include/sys/fs/zfs.h: append-only */
enum {
	ZFS_IOC_POOL_CONFIGS = 0x5a04,
	ZFS_IOC_POOL_STATS = 0x5a05,
	ZFS_IOC_POOL_SCAN = 0x5a07,
	ZFS_IOC_OBJSET_STATS = 0x5a12,
	ZFS_IOC_OBJSET_ZPLPROPS = 0x5a13,
	ZFS_IOC_DATASET_LIST_NEXT = 0x5a14,
	ZFS_IOC_SNAPSHOT_LIST_NEXT = 0x5a15,
	ZFS_IOC_SET_PROP = 0x5a16,
	ZFS_IOC_POOL_GET_PROPS = 0x5a27,
	ZFS_IOC_INHERIT_PROP = 0x5a2b,
	ZFS_IOC_NEXT_OBJ = 0x5a35,
	ZFS_IOC_DIFF = 0x5a36,
	ZFS_IOC_OBJ_TO_STATS = 0x5a38,
	ZFS_IOC_LOG_HISTORY = 0x5a3f,
};
#endif

#endif
