/* Python's calls without a ZFS: mounts, names, and limits on this process. */
#include <errno.h>
#include <linux/fs.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
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

/* By its number: an older C library has no renameat2(). */
int
zt_exchange_names(int directory, const char *name, int other_directory,
    const char *other_name)
{
	return (syscall(SYS_renameat2, directory, name, other_directory,
	    other_name, RENAME_EXCHANGE) == 0 ? 0 : errno);
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
