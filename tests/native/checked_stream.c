/*
 *	checked_stream BYTES <STREAM
 *
 * Read a stream by way of the thread that checks its records, as libzpool does:
 * to its end, or until BYTES were read.  It prints how many bytes came after the
 * record that begins the stream, and whether the stream was false.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "image.h"
#include "stream_field.h"

#define	FEATURES(info)	((info) >> 2 & 0x3fffffff)

int
main(int argc, char **argv)
{
	size_t most = argc == 2 ? strtoul(argv[1], NULL, 10) : 0, count = 0;
	uint8_t record[STREAM_RECORD_SIZE], part[1000];
	struct checked checked;
	uint32_t payload;
	uint64_t info;
	ssize_t n = 1;

	(void) signal(SIGPIPE, SIG_IGN);
	if (read(STDIN_FILENO, record, sizeof (record)) != sizeof (record))
		return (2);
	payload = own32(record + AT_BEGIN_PAYLOAD);
	info = own64(record + AT_BEGIN_VERSION);
	if (image_start_checking(&checked, STDIN_FILENO, FEATURES(info),
	    payload) != 0)
		return (2);
	while (count < most && n > 0) {
		size_t left = most - count;
		/* A pipe gives what it has by then, which may be less. */
		n = read(checked.out, part,
		    left < sizeof (part) ? left : sizeof (part));
		count += n > 0 ? (size_t)n : 0;
	}
	boolean_t is_false = image_end_checking(&checked);
	(void) printf("%zu %d\n", count, is_false);
	return (n < 0);
}
