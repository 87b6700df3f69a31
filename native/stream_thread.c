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
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "stream_thread.h"

struct job {
	const struct lzc *z;
	int fd;
	void (*work)(void *);
	void *argument;
};

static bool
is_zfs(const struct lzc *z, int fd)
{
	struct stat device, found;

	return (fstat(z->fd, &device) == 0 && fstat(fd, &found) == 0 &&
	    S_ISCHR(found.st_mode) && found.st_rdev == device.st_rdev);
}

/*
 * Take a table of descriptors for this thread alone, and close what the call
 * does not need in it.  Where either is impossible, the table stays shared.
 */
static void
own_descriptors(const struct job *job)
{
	DIR *folder = opendir("/proc/thread-self/fd");
	const struct dirent *entry;

	if (folder == NULL)
		return;
	if (unshare(CLONE_FILES) == 0) {
		while ((entry = readdir(folder)) != NULL) {
			char *end;
			int fd = (int)strtol(entry->d_name, &end, 10);

			if (end != entry->d_name && *end == '\0' &&
			    fd != job->fd && fd != dirfd(folder) &&
			    !is_zfs(job->z, fd))
				(void) close(fd);
		}
	}
	(void) closedir(folder);
}

static void *
run(void *argument)
{
	struct job *job = argument;

	own_descriptors(job);
	job->work(job->argument);
	return (NULL);
}

void
stream_thread(const struct lzc *z, int fd, void (*work)(void *), void *argument)
{
	struct job job = { z, fd, work, argument };
	sigset_t all, before;
	pthread_t thread;

	/*
	 * A signal ends the call in the main thread, which its caller may rely
	 * on.  An image's process has one end alone, and a filter that knows no
	 * unshare(2).
	 */
	if (z->minor != 0 || syscall(SYS_gettid) == getpid()) {
		work(argument);
		return;
	}
	(void) sigfillset(&all);
	(void) pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&thread, NULL, run, &job);
	(void) pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error == 0)
		(void) pthread_join(thread, NULL);
	else
		work(argument);
}
