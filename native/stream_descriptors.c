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

bool
stream_own_descriptors(int kept, int kept_too, int device)
{
	struct stat wanted, found;
	const struct dirent *entry;
	DIR *folder;

	if ((device >= 0 && fstat(device, &wanted) != 0) ||
	    unshare(CLONE_FILES) != 0 ||
	    (folder = opendir("/proc/thread-self/fd")) == NULL)
		return (false);
	while ((entry = readdir(folder)) != NULL) {
		char *end;
		int fd = (int)strtol(entry->d_name, &end, 10);

		if (end == entry->d_name || *end != '\0' || fd == kept ||
		    fd == kept_too || fd == dirfd(folder) ||
		    fstat(fd, &found) != 0)
			continue;
		if (device < 0 || !S_ISCHR(found.st_mode) ||
		    found.st_rdev != wanted.st_rdev)
			(void) close(fd);
	}
	(void) closedir(folder);
	return (true);
}
