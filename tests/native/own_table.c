/*
 * What a call of stream_thread() has open, and what is left after many of them.
 * /dev/null stands for /dev/zfs.  It prints a line for a thread, one for a thread
 * of a process that may open no more, and one for the main thread: how many descriptors the call had, whether the other end of its
 * pipe was among them, and how many more the process has afterwards.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "stream_thread.h"

enum { CALLS = 100, MOST = 64 };

struct call {
	struct lzc *z;
	int ends[2];
	int open;
	bool other_end;
};

/* Count the descriptors of this thread. */
static int
descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < MOST; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return (count);
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

static bool
in_a_thread(struct call *call)
{
	int before = descriptors();
	pthread_t thread;

	if (pthread_create(&thread, NULL, calls, call) != 0 ||
	    pthread_join(thread, NULL) != 0)
		return (false);
	(void) printf("%d %d %d\n", call->open, call->other_end,
	    descriptors() - before);
	return (true);
}

int
main(void)
{
	struct lzc z = { .fd = open("/dev/null", O_RDWR) };
	struct call call = { .z = &z };

	if (pipe(call.ends) != 0 || !in_a_thread(&call))
		return (1);
	int before = descriptors();
	/* No descriptor is free below the last of those that are open. */
	struct rlimit usual, none;
	if (getrlimit(RLIMIT_NOFILE, &usual) != 0)
		return (1);
	none = usual;
	none.rlim_cur = (rlim_t)before;
	if (setrlimit(RLIMIT_NOFILE, &none) != 0 || !in_a_thread(&call) ||
	    setrlimit(RLIMIT_NOFILE, &usual) != 0)
		return (1);
	(void) calls(&call);
	(void) printf("%d %d %d\n", call.open - before, call.other_end,
	    descriptors() - before);
	return (0);
}
