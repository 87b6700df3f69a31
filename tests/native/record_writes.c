/*
 * Preloaded into the process of an image: each write to a large file, and each
 * flush of it, is noted in the file that ZFSTUNE_RECORD names.  A note is a
 * letter, an offset and a length, and the bytes of a write.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { LARGE = 32 << 20 };

struct note {
	uint64_t letter;
	uint64_t offset;
	uint64_t length;
};

static int record = -1;

__attribute__((constructor))
static void
begin(void)
{
	const char *path = getenv("ZFSTUNE_RECORD");

	if (path != NULL)
		record = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC,
		    0600);
}

/* One write(2) for a note, so that notes of several threads do not mix. */
static void
put(int fd, char letter, off_t offset, const void *bytes, size_t length)
{
	struct note note = { (uint64_t)letter, (uint64_t)offset, length };
	struct iovec parts[] = {
		{ &note, sizeof (note) }, { (void *)(uintptr_t)bytes, length },
	};
	struct stat found;

	if (record < 0 || fstat(fd, &found) != 0 ||
	    !S_ISREG(found.st_mode) || found.st_size < LARGE)
		return;
	if (writev(record, parts, 2) != (ssize_t)(sizeof (note) + length))
		abort();
}

ssize_t
pwrite64(int fd, const void *bytes, size_t length, off_t offset)
{
	ssize_t (*real)(int, const void *, size_t, off_t);
	*(void **)&real = dlsym(RTLD_NEXT, "pwrite64");
	ssize_t n = real(fd, bytes, length, offset);

	if (n > 0)
		put(fd, 'W', offset, bytes, (size_t)n);
	return (n);
}

int
fsync(int fd)
{
	int (*real)(int);
	*(void **)&real = dlsym(RTLD_NEXT, "fsync");
	int error = real(fd);

	if (error == 0)
		put(fd, 'F', 0, NULL, 0);
	return (error);
}
