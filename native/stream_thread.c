/*
 * A thread for a call in which the kernel reads or writes a stream.
 *
 * Such a call can outlive its process.  Where a kill comes while the kernel
 * makes a thread for the call, SPL forgets the kill and tries again
 * (spl_kthread_create() in module/os/linux/spl/spl-thread.c clears
 * TIF_SIGPENDING), and a process that is dying takes no second one.  Then only
 * the other end of the stream can end the call.  Linux closes the descriptors
 * of a process once no thread that shares them is left, and the call is in one
 * of those: a process with both ends of a pipe waits for itself, and its pool is
 * busy until the machine is booted again.
 *
 * So the call has a thread that shares no descriptors with the others.  Its own
 * are the stream and /dev/zfs; all others go when their threads are killed, and
 * the other end with them.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "stream_descriptors.h"
#include "stream_thread.h"

struct job {
	const struct lzc *z;
	int fd;
	void (*work)(void *);
	void *argument;
	bool done;
};

static void *
run(void *argument)
{
	struct job *job = argument;

	if ((job->done = stream_own_descriptors(job->fd, -1, job->z->fd)))
		job->work(job->argument);
	return (NULL);
}

void
stream_thread(const struct lzc *z, int fd, void (*work)(void *), void *argument)
{
	struct job job = { z, fd, work, argument, false };
	sigset_t all, before;
	pthread_t thread;

	/*
	 * A signal ends the call in the main thread, which its caller may rely
	 * on.  An image's process has one end alone, and a filter that knows no
	 * unshare(2).
	 */
	if (z->minor == 0 && syscall(SYS_gettid) != getpid()) {
		(void) sigfillset(&all);
		(void) pthread_sigmask(SIG_SETMASK, &all, &before);
		int error = pthread_create(&thread, NULL, run, &job);
		(void) pthread_sigmask(SIG_SETMASK, &before, NULL);
		if (error == 0)
			(void) pthread_join(thread, NULL);
	}
	/* Where a thread or a table cannot be had, the call is made here. */
	if (!job.done)
		work(argument);
}
