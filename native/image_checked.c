/*
 * The image provider: a thread between a stream and libzpool, which checks each
 * record and passes it on with its payload.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "image.h"

enum { PART = 64 << 10, PIPE = 1 << 20 };

/* Wait for more of the stream.  False: nobody takes it any more. */
static bool
await(const struct checked *c)
{
	struct pollfd ends[] = {
		{ c->source, POLLIN, 0 },
		{ c->into, 0, 0 },	/* only that its reader is gone */
	};

	while (poll(ends, 2, -1) < 0)
		if (errno != EINTR)
			return (false);
	return (ends[1].revents == 0);
}

static bool
pass_on(const struct checked *c, const uint8_t *bytes, size_t size)
{
	while (size != 0) {
		ssize_t n = write(c->into, bytes, size);
		if (n < 0 && errno != EINTR)
			return (false);
		bytes += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	return (true);
}

static bool
take(const struct checked *c, uint8_t *bytes, size_t size)
{
	while (size != 0) {
		if (!await(c))
			return (false);
		ssize_t n = read(c->source, bytes, size);
		if (n == 0 || (n < 0 && errno != EINTR))
			return (false);
		bytes += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	return (true);
}

/* Some files cannot be spliced from. */
static bool
copy_payload(const struct checked *c, uint64_t size)
{
	uint8_t part[PART];

	while (size != 0) {
		size_t n = size < PART ? (size_t)size : PART;
		if (!take(c, part, n) || !pass_on(c, part, n))
			return (false);
		size -= n;
	}
	return (true);
}

static bool
move_payload(const struct checked *c, uint64_t size)
{
	while (size != 0) {
		if (!await(c))
			return (false);
		ssize_t n = splice(c->source, NULL, c->into, NULL,
		    (size_t)size, SPLICE_F_MOVE);
		if (n < 0 && errno == EINVAL)
			return (copy_payload(c, size));
		if (n == 0 || (n < 0 && errno != EINTR))
			return (false);
		size -= n > 0 ? (uint64_t)n : 0;
	}
	return (true);
}

/*
 * Pass on the attributes that lie outside of an object.  OpenZFS stores a block
 * of zeros as a hole, and dbuf_write_ready() asserts that these are none.
 */
static bool
move_spill(struct checked *c, uint64_t size)
{
	uint8_t part[PART];
	uint8_t any = 0;

	while (size != 0) {
		size_t n = size < PART ? (size_t)size : PART;
		if (!take(c, part, n))
			return (false);
		for (size_t i = 0; i < n; i++)
			any |= part[i];
		size -= n;
		if (size == 0 && any == 0) {
			c->is_false = B_TRUE;
			return (false);
		}
		if (!pass_on(c, part, n))
			return (false);
	}
	return (true);
}

static void *
run(void *argument)
{
	struct checked *c = argument;
	uint8_t record[STREAM_RECORD_SIZE];
	uint64_t payload;
	uint32_t type = DRR_BEGIN;

	if (!move_payload(c, c->begin_payload))
		type = DRR_END;
	while (type != DRR_END && take(c, record, sizeof (record))) {
		if (!stream_check(&c->state, record, &payload)) {
			c->is_false = B_TRUE;
			break;
		}
		memcpy(&type, record, sizeof (type));
		if (!pass_on(c, record, sizeof (record)) ||
		    !(type == DRR_SPILL ? move_spill(c, payload) :
		    move_payload(c, payload)))
			break;
	}
	(void) close(c->into);	/* the stream ends here */
	return (NULL);
}

int
image_start_checking(struct checked *c, int source, uint64_t features,
    uint32_t begin_payload)
{
	sigset_t all, before;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return (errno);
	/* A user without root may have no room left for a larger pipe. */
	(void) fcntl(ends[1], F_SETPIPE_SZ, PIPE);
	c->source = source;
	c->out = ends[0];
	c->into = ends[1];
	c->begin_payload = begin_payload;
	c->is_false = B_FALSE;
	stream_check_begin(&c->state, features);
	/* Signals are for other threads, and SIGPIPE for none. */
	(void) sigfillset(&all);
	(void) pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&c->thread, NULL, run, c);
	(void) pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0) {
		(void) close(ends[0]);
		(void) close(ends[1]);
	}
	return (error);
}

boolean_t
image_end_checking(struct checked *c)
{
	(void) close(c->out);	/* what the thread waits for ends with it */
	(void) pthread_join(c->thread, NULL);
	return (c->is_false);
}
