/*
 *	checked_stream BYTES [apart] <STREAM
 *
 * Read a stream by way of the thread that checks its records, as a receive does:
 * to its end, or until BYTES were read.  With `apart`, as for a kernel, that
 * thread has descriptors of its own.  It prints how many bytes came after the
 * record that begins the stream, and whether the stream was false.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "stream_checked.h"
#include "stream_record.h"

int
main(int argc, char **argv)
{
	size_t most = argc > 1 ? strtoul(argv[1], NULL, 10) : 0, count = 0;
	bool apart = argc > 2;
	uint8_t record[STREAM_RECORD_SIZE], part[1000];
	struct stream_checked checked;
	ssize_t n = 1;

	(void) signal(SIGPIPE, SIG_IGN);
	if (read(STDIN_FILENO, record, sizeof (record)) != sizeof (record))
		return (2);
	if (stream_checked_begin(&checked, STDIN_FILENO, record, apart) != 0)
		return (2);
	while (count < most && n > 0) {
		size_t left = most - count;
		/* A pipe gives what it has by then, which may be less. */
		n = read(checked.out, part,
		    left < sizeof (part) ? left : sizeof (part));
		count += n > 0 ? (size_t)n : 0;
	}
	bool is_false = stream_checked_end(&checked) == EBADMSG;
	(void) printf("%zu %d\n", count, is_false);
	return (n < 0);
}
