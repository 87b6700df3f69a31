/*
 * The layout of zfs_cmd_t that native/ mirrors, against the module's own source.
 * OURS is a header that includes ours without the numbers of the ioctls, which the
 * real headers define, too.
 */
#include <sys/types.h>
#include <sys/zfs_ioctl.h>

#define	zfs_cmd	mirrored
#include OURS
#undef	zfs_cmd

#define	SAME(member, real)						\
	_Static_assert(offsetof(struct mirrored, member) ==		\
	    offsetof(zfs_cmd_t, real), "offset of " #real);		\
	_Static_assert(sizeof (((struct mirrored *)0)->member) ==	\
	    sizeof (((zfs_cmd_t *)0)->real), "size of " #real);

_Static_assert(sizeof (struct mirrored) == sizeof (zfs_cmd_t), "size");
SAME(name, zc_name)
SAME(src, zc_nvlist_src)
SAME(src_size, zc_nvlist_src_size)
SAME(dst, zc_nvlist_dst)
SAME(dst_size, zc_nvlist_dst_size)
SAME(dst_filled, zc_nvlist_dst_filled)
SAME(history, zc_history)
SAME(value, zc_value)
SAME(string, zc_string)
SAME(guid, zc_guid)
SAME(conf, zc_nvlist_conf)
SAME(conf_size, zc_nvlist_conf_size)
SAME(cookie, zc_cookie)
SAME(obj, zc_obj)
SAME(stats, zc_objset_stats)
SAME(stats.num_clones, zc_objset_stats.dds_num_clones)
SAME(stats.creation_txg, zc_objset_stats.dds_creation_txg)
SAME(stats.guid, zc_objset_stats.dds_guid)
SAME(stats.type, zc_objset_stats.dds_type)
SAME(stats.is_snapshot, zc_objset_stats.dds_is_snapshot)
SAME(stats.inconsistent, zc_objset_stats.dds_inconsistent)
SAME(stats.redacted, zc_objset_stats.dds_redacted)
SAME(stats.origin, zc_objset_stats.dds_origin)
SAME(flags, zc_flags)
SAME(simple, zc_simple)
