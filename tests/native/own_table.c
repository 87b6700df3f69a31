/*
 * What a call of stream_thread() has open, and what is left after many of them.
 * /dev/null stands for /dev/zfs.  It prints a line for a thread, and one for the
 * main thread: how many descriptors the call had, whether the other end of its
 * pipe was among them, and how many more the process has afterwards.
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "stream_thread.h"

enum { CALLS = 100 };

struct call {
	struct lzc *z;
	int ends[2];
	int open;
	bool other_end;
};

/* Count the descriptors of this thread, but for the one that this takes. */
static int
descriptors(void)
{
	DIR *folder = opendir("/proc/thread-self/fd");
	int count = 0;

	while (readdir(folder) != NULL)
		count++;
	(void) closedir(folder);
	return (count - 3);	/* ".", "..", and the folder itself */
}

static void
look(void *argument)
{
	struct call *call = argument;

	call->open = descriptors();
	call->other_end = fcntl(call->ends[1], F_GETFD) >= 0;
}

static void *
calls(void *argument)
{
	struct call *call = argument;

	for (int i = 0; i < CALLS; i++)
		stream_thread(call->z, call->ends[0], look, call);
	return (NULL);
}

int
main(void)
{
	struct lzc z = { .fd = open("/dev/null", O_RDWR) };
	struct call call = { .z = &z };
	pthread_t thread;

	if (pipe(call.ends) != 0)
		return (1);
	int before = descriptors();
	if (pthread_create(&thread, NULL, calls, &call) != 0 ||
	    pthread_join(thread, NULL) != 0)
		return (1);
	(void) printf("%d %d %d\n", call.open, call.other_end,
	    descriptors() - before);
	(void) calls(&call);
	(void) printf("%d %d %d\n", call.open - before, call.other_end,
	    descriptors() - before);
	return (0);
}
