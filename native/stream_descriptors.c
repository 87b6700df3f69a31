/*
 * A table of descriptors for one thread alone.
 *
 * The table comes first: a descriptor that is opened before stays open in the
 * one that was shared.
 */
#include <dirent.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stream_descriptors.h"

struct kept {
	int one, other;
	bool has_device;
	dev_t device;
};

static void
close_others(const struct kept *kept, int fd)
{
	struct stat found;

	if (fd == kept->one || fd == kept->other || fstat(fd, &found) != 0)
		return;
	if (!kept->has_device || !S_ISCHR(found.st_mode) ||
	    found.st_rdev != kept->device)
		(void) close(fd);
}

bool
stream_own_descriptors(int one, int other, int device)
{
	struct kept kept = { one, other, device >= 0, 0 };
	const struct dirent *entry;
	struct stat found;
	DIR *folder;

	if (kept.has_device) {
		if (fstat(device, &found) != 0)
			return (false);
		kept.device = found.st_rdev;
	}
	if (unshare(CLONE_FILES) != 0)
		return (false);
	if ((folder = opendir("/proc/thread-self/fd")) == NULL) {
		/* There is no room for one more, or no /proc. */
		for (long fd = sysconf(_SC_OPEN_MAX) - 1; fd >= 0; fd--)
			close_others(&kept, (int)fd);
		return (true);
	}
	while ((entry = readdir(folder)) != NULL) {
		char *end;
		int fd = (int)strtol(entry->d_name, &end, 10);

		if (end != entry->d_name && *end == '\0' && fd != dirfd(folder))
			close_others(&kept, fd);
	}
	(void) closedir(folder);
	return (true);
}
