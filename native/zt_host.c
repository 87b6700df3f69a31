/* Python's calls without a ZFS: mounts, and limits on this process. */
#include <errno.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "image.h"
#include "zt.h"

int
zt_mount(const char *dataset, const char *path, unsigned long flags,
    const char *options)
{
	return (mount(dataset, path, "zfs", flags, options) == 0 ? 0 : errno);
}

int
zt_unmount(const char *path, int flags)
{
	return (umount2(path, flags) == 0 ? 0 : errno);
}

int
zt_end_with(int parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		return (errno);
	/* The parent may have ended before the kernel was asked to watch it. */
	return (getppid() == parent ? 0 : ESRCH);
}

int
zt_confine(void)
{
	return (image_confine());
}

int
zt_why_unwritable(const char *path)
{
	return (image_why_unwritable(path));
}
