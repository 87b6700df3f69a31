/* One ioctl on /dev/zfs, asked again until its answer fits. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "zfs_ioctl.h"

/*
 * A dataset's properties take 4 to 8 KiB; for a larger list the kernel wants
 * more.
 */
enum { DST_FIRST = 16 << 10 };

/*
 * Where the kernel wants more room, it returns ENOMEM and the size, and has not
 * moved on; but it may have written over name and cursor, so both are put back
 * before it is asked again.  The same goes for a signal that stopped a step of
 * a listing (zfs_ioc_snapshot_list_next).
 */
int
zfs_ioctl_packed(const struct lzc *z, unsigned long request,
    struct zfs_cmd *cmd, nvlist_t *src, char **dst)
{
	char name[sizeof (cmd->name)];
	uint64_t cookie = cmd->cookie;
	size_t room = DST_FIRST, src_size = 0;
	char *in = NULL, *out = NULL;
	int error = 0;

	(void) strcpy(name, cmd->name);
	if (src != NULL)
		error = nvl_pack(&z->nvp, src, &in, &src_size);
	while (error == 0) {
		cmd->src = (uintptr_t)in;
		cmd->src_size = src_size;
		if (dst != NULL) {
			free(out);
			if ((out = malloc(room)) == NULL) {
				error = ENOMEM;
				break;
			}
			cmd->dst = (uintptr_t)out;
			cmd->dst_size = room;
		}
		cmd->dst_filled = 0;	/* the kernel only ever sets it */
		error = ioctl(z->fd, request, cmd) == 0 ? 0 : errno;
		if (error == ENOMEM && dst != NULL && cmd->dst_size > room)
			room = cmd->dst_size;
		else if (error != EINTR)
			break;
		(void) strcpy(cmd->name, name);
		cmd->cookie = cookie;
		error = 0;
	}
	/*
	 * An error may come with a list that names the property at fault.  The
	 * kernel also sets dst_filled where the list did not fit and nothing
	 * was written (put_nvlist in module/zfs/zfs_ioctl.c).
	 */
	if (dst != NULL) {
		if (!cmd->dst_filled || cmd->dst_size > room) {
			free(out);
			out = NULL;
		}
		*dst = out;
	}
	free(in);
	return (error);
}

int
zfs_ioctl(const struct lzc *z, unsigned long request, struct zfs_cmd *cmd,
    nvlist_t *src, nvlist_t **dst)
{
	char *packed = NULL;
	int error = zfs_ioctl_packed(z, request, cmd, src,
	    dst == NULL ? NULL : &packed);

	if (dst != NULL)
		*dst = NULL;
	if (packed != NULL) {
		int bad = nvl_unpack(&z->nvp, packed, cmd->dst_size, dst);
		if (error == 0)
			error = bad;
	}
	free(packed);
	return (error);
}

int
zfs_cmd_init(struct zfs_cmd *cmd, const char *name)
{
	memset(cmd, 0, sizeof (*cmd));
	if (strlen(name) >= DATASET_NAME_SIZE)
		return (ENAMETOOLONG);
	(void) strcpy(cmd->name, name);
	return (0);
}
