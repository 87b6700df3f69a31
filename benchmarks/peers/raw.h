/*
 * What the C programs beside this file share: the ioctls that zfstune makes, with
 * nothing around them.  They are its yardstick, so they call what it calls, in the
 * same order, and keep nothing from one call to the next.
 */
#ifndef PEERS_RAW_H
#define	PEERS_RAW_H

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <libnvpair.h>
#include <libzfs_core.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define	ZT_REAL_HEADERS
#include "../../native/zfs_cmd.h"

struct snap {
	uint64_t createtxg;
	uint64_t guid;
	uint64_t clones;
	const char *dataset;
	char name[256];
};

struct snaps {
	struct snap *of;
	size_t count;
	size_t room;
};

static int zfs_fd = -1;

static inline void
raw_open(void)
{
	if ((zfs_fd = open("/dev/zfs", O_RDWR | O_CLOEXEC)) < 0)
		err(1, "/dev/zfs");
	if ((errno = libzfs_core_init()) != 0)
		err(1, "libzfs_core_init");
}

/*
 * One ioctl on `name`; gives the errno.  With `out`, room for a property list that
 * grows where the kernel asks for more.
 */
static inline int
raw_ioctl(unsigned long request, struct zfs_cmd *cmd, const char *name,
    uint64_t cookie, int simple, nvlist_t **out)
{
	size_t room = 16 << 10;
	char *dst = NULL;
	int error;

	for (;;) {
		memset(cmd, 0, sizeof (*cmd));
		(void) strcpy(cmd->name, name);
		cmd->cookie = cookie;
		cmd->simple = simple;
		if (out != NULL) {
			if ((dst = realloc(dst, room)) == NULL)
				err(1, NULL);
			cmd->dst = (uintptr_t)dst;
			cmd->dst_size = room;
		}
		error = ioctl(zfs_fd, request, cmd) == 0 ? 0 : errno;
		if (error != ENOMEM || out == NULL || cmd->dst_size <= room)
			break;
		room = cmd->dst_size;
	}
	if (out != NULL && error == 0)
		error = nvlist_unpack(dst, cmd->dst_size, out, 0);
	free(dst);
	return (error);
}

static inline int
by_createtxg(const void *a, const void *b)
{
	const struct snap *x = a, *y = b;

	return ((x->createtxg > y->createtxg) - (x->createtxg < y->createtxg));
}

static inline void
add_snap(struct snaps *all, const char *dataset, const struct zfs_cmd *cmd)
{
	if (all->count == all->room) {
		all->room = all->room == 0 ? 64 : 2 * all->room;
		all->of = realloc(all->of, all->room * sizeof (*all->of));
		if (all->of == NULL)
			err(1, NULL);
	}
	struct snap *snap = &all->of[all->count++];
	snap->createtxg = cmd->stats.creation_txg;
	snap->guid = cmd->stats.guid;
	snap->clones = cmd->stats.num_clones;
	snap->dataset = dataset;
	(void) strcpy(snap->name, cmd->name);
}

/* The snapshots of a dataset, oldest first, behind those that `all` has. */
static inline void
list_snaps(const char *dataset, struct snaps *all)
{
	struct zfs_cmd cmd;
	size_t first = all->count;
	uint64_t cookie = 0;
	int simple = 1, error;

	while ((error = raw_ioctl(ZFS_IOC_SNAPSHOT_LIST_NEXT, &cmd, dataset,
	    cookie, simple, NULL)) == 0) {
		if (simple && cmd.stats.creation_txg == 0) {
			/* OpenZFS 2.1 gives names alone: the longer way */
			simple = 0;
			cookie = 0;
			continue;
		}
		add_snap(all, dataset, &cmd);
		cookie = cmd.cookie;
	}
	if (error != ESRCH)
		errx(1, "%s: %s", dataset, strerror(error));
	qsort(all->of + first, all->count - first, sizeof (*all->of),
	    by_createtxg);
}

#endif
