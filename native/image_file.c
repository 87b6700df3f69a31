/* Asks the file of an image why it takes no more data. */
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "image.h"

/* OpenZFS writes at most 16 MiB at once (SPA_MAXBLOCKSIZE). */
enum { WRITE_MOST = 16 << 20 };
enum { TRY_BYTES = 1 << 20 };

/*
 * Ask for room in the first hole of the file.  fallocate() sets space aside
 * there and changes no data, whatever OpenZFS writes meanwhile.
 */
static int
try_hole(int fd, off_t size)
{
	off_t hole = lseek(fd, 0, SEEK_HOLE);

	if (hole < 0 || hole >= size)
		return (0);
	off_t end = lseek(fd, hole, SEEK_DATA);
	off_t room = (end < 0 ? size : end) - hole;
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE, hole,
	    room < TRY_BYTES ? room : TRY_BYTES) == 0 ||
	    errno == EOPNOTSUPP || errno == EINTR)
		return (0);
	return (errno);
}

static int
why_unwritable(int fd)
{
	struct stat st;
	struct statvfs fs;
	struct rlimit limit;
	int error;

	if (fstat(fd, &st) != 0)
		return (errno);
	if (getrlimit(RLIMIT_FSIZE, &limit) == 0 &&
	    limit.rlim_cur < (rlim_t)st.st_size)
		return (EFBIG);
	if ((error = try_hole(fd, st.st_size)) != 0)
		return (error);
	if (fstatvfs(fd, &fs) == 0 &&
	    fs.f_bavail < WRITE_MOST / (fs.f_frsize == 0 ? 1 : fs.f_frsize))
		return (ENOSPC);
	return (0);
}

/*
 * OpenZFS suspends the pool when a write fails, and drops its errno: find it
 * again.  0 where the file shows no reason.
 */
int
image_why_unwritable(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return (errno);
	int error = why_unwritable(fd);
	(void) close(fd);
	return (error);
}
