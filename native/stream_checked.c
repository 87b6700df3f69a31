/*
 * A thread between a stream and what receives it, which checks each record and
 * passes it on with its payload.
 *
 * libzpool is built with assertions, and a false record ends its process.  A
 * kernel has few of them: there, a block that is longer than it says overflows
 * its buffer (flush_write_batch_impl() in module/zfs/dmu_recv.c).
 *
 * One of these assertions is wrong: it wants whole blocks, and a sender that
 * cuts large ones leaves a short last one.  For libzpool it is filled up with
 * zeros: how long a file is, its attributes say.  Such a stream gets other
 * checksums on the way, and its own are checked here.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "stream_checked.h"
#include "stream_descriptors.h"
#include "stream_field.h"

enum { PART = 64 << 10, PIPE = 1 << 20 };

/* Wait for more of the stream.  False: nobody takes it any more. */
static bool
await(const struct stream_checked *c)
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
pass_on(struct stream_checked *c, const uint8_t *bytes, size_t size)
{
	if (c->fills)
		stream_add(&c->left, c->state.big_endian, bytes, size);
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
take(const struct stream_checked *c, uint8_t *bytes, size_t size)
{
	while (size != 0) {
		if (!await(c))
			return (false);
		ssize_t n = read(c->source, bytes, size);
		if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
			return (false);
		bytes += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	return (true);
}

static bool
take_payload(struct stream_checked *c, uint8_t *bytes, size_t size)
{
	if (!take(c, bytes, size))
		return (false);
	if (c->fills)
		stream_add(&c->came, c->state.big_endian, bytes, size);
	return (true);
}

/* Some files cannot be spliced from. */
static bool
copy_payload(struct stream_checked *c, uint64_t size)
{
	uint8_t part[PART];

	while (size != 0) {
		size_t n = size < PART ? (size_t)size : PART;
		if (!take_payload(c, part, n) || !pass_on(c, part, n))
			return (false);
		size -= n;
	}
	return (true);
}

static bool
move_payload(struct stream_checked *c, uint64_t size)
{
	if (c->fills)
		return (copy_payload(c, size));
	while (size != 0) {
		if (!await(c))
			return (false);
		ssize_t n = splice(c->source, NULL, c->into, NULL,
		    (size_t)size, SPLICE_F_MOVE);
		if (n < 0 && errno == EINVAL)
			return (copy_payload(c, size));
		if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
			return (false);
		size -= n > 0 ? (uint64_t)n : 0;
	}
	return (true);
}

/*
 * Pass on the attributes of a file.  OpenZFS stores a block of zeros as a hole,
 * and dbuf_write_ready() asserts that those outside of an object are none.
 */
static bool
move_attributes(struct stream_checked *c, bool outside, uint64_t size)
{
	uint8_t part[PART];
	bool is_hole = outside;
	bool begun = c->state.raw;

	while (size != 0) {
		size_t n = size < PART ? (size_t)size : PART;
		if (!take_payload(c, part, n))
			return (false);
		for (size_t i = 0; is_hole && i < n; i++)
			is_hole = part[i] == 0;
		size -= n;
		if ((!begun && !stream_check_attributes(part, n)) ||
		    (size == 0 && is_hole)) {
			c->error = EBADMSG;
			return (false);
		}
		begun = true;
		if (!pass_on(c, part, n))
			return (false);
	}
	return (true);
}

/* Take a record, with a look at its checksums where new ones will be made. */
static bool
take_record(struct stream_checked *c, uint8_t *record)
{
	const bool big = c->state.big_endian;

	if (!take(c, record, STREAM_RECORD_SIZE))
		return (false);
	if (!c->fills)
		return (true);
	/* The last record has the sum of all records before it, too. */
	if ((get32(record, big) == DRR_END &&
	    !stream_sum_is(&c->came, big, record + AT_END_SUM)) ||
	    !stream_add_record(&c->came, big, record))
		c->error = EBADE;
	return (c->error == 0);
}

static bool
pass_record(struct stream_checked *c, uint8_t *record)
{
	const bool big = c->state.big_endian;

	if (!c->fills)
		return (pass_on(c, record, STREAM_RECORD_SIZE));
	if (get32(record, big) == DRR_END)
		stream_put_sum(&c->left, big, record + AT_END_SUM);
	if (!pass_on(c, record, STREAM_CHECKSUM))
		return (false);
	stream_put_sum(&c->left, big, record + STREAM_CHECKSUM);
	return (pass_on(c, record + STREAM_CHECKSUM,
	    STREAM_RECORD_SIZE - STREAM_CHECKSUM));
}

static bool
fill(struct stream_checked *c, uint64_t size)
{
	const uint8_t zeros[512] = { 0 };

	while (size != 0) {
		size_t n = size < sizeof (zeros) ? (size_t)size :
		    sizeof (zeros);
		if (!pass_on(c, zeros, n))
			return (false);
		size -= n;
	}
	return (true);
}

/* Pass on a record with what follows it. */
static bool
move_record(struct stream_checked *c, uint8_t *record, uint64_t payload)
{
	const bool big = c->state.big_endian;
	uint64_t missing = 0;

	if (c->fills)
		missing = stream_check_missing(&c->state, record);
	if (missing != 0)
		put64(record + AT_WRITE_LENGTH, big, payload + missing);
	if (!pass_record(c, record))
		return (false);
	if (get32(record, big) == DRR_SPILL)
		return (move_attributes(c, true, payload));
	if (get32(record, big) == DRR_OBJECT && !c->state.raw &&
	    get32(record + AT_OBJECT_BONUS_TYPE, big) == OBJECT_TYPE_SA)
		return (move_attributes(c, false, payload));
	return (move_payload(c, payload) && fill(c, missing));
}

static void
check(struct stream_checked *c)
{
	uint8_t record[STREAM_RECORD_SIZE];
	uint64_t payload;

	if (!move_payload(c, c->begin_payload))
		return;
	while (take_record(c, record)) {
		if (!stream_check(&c->state, record, &payload)) {
			c->error = EBADMSG;
			return;
		}
		if (!move_record(c, record, payload) ||
		    get32(record, c->state.big_endian) == DRR_END)
			return;
	}
}

static void *
run(void *argument)
{
	struct stream_checked *c = argument;

	if (c->is_apart)
		c->is_apart = stream_own_descriptors(c->source, c->into, -1);
	(void) sem_post(&c->started);
	check(c);
	(void) close(c->into);	/* the stream ends here */
	return (NULL);
}

/*
 * Leave the thread as the only one that can write.  A kernel's call may outlive
 * this process, and ends once it finds the stream's end.
 */
static void
leave_to_thread(const struct stream_checked *c)
{
	(void) close(c->into);
}

int
stream_checked_begin(struct stream_checked *c, int source,
    const uint8_t *first_record, bool kernel)
{
	sigset_t all, before;
	int ends[2];

	c->begin_payload = stream_check_begin(&c->state, first_record);
	/* dmu_recv_begin() in module/zfs/dmu_recv.c allocates any number. */
	if (c->begin_payload > STREAM_MOST_HEADER)
		return (EINVAL);
	if (pipe2(ends, O_CLOEXEC) != 0)
		return (errno);
	/* A user without root may have no room left for a larger pipe. */
	(void) fcntl(ends[1], F_SETPIPE_SZ, PIPE);
	c->source = source;
	c->out = ends[0];
	c->into = ends[1];
	c->error = 0;
	c->is_apart = kernel;
	c->fills = !kernel && !c->state.raw &&
	    (c->state.features & FEATURE_LARGE_BLOCKS) == 0;
	memset(&c->came, 0, sizeof (c->came));
	stream_add(&c->came, c->state.big_endian, first_record,
	    STREAM_RECORD_SIZE);
	c->left = c->came;
	(void) sem_init(&c->started, 0, 0);
	/* Signals are for other threads, and SIGPIPE for none. */
	(void) sigfillset(&all);
	(void) pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&c->thread, NULL, run, c);
	(void) pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0) {
		(void) close(ends[0]);
		(void) close(ends[1]);
		(void) sem_destroy(&c->started);
		return (error);
	}
	while (sem_wait(&c->started) != 0)
		continue;	/* a signal came */
	if (c->is_apart)
		leave_to_thread(c);
	return (0);
}

int
stream_checked_end(struct stream_checked *c)
{
	(void) close(c->out);	/* what the thread waits for ends with it */
	(void) pthread_join(c->thread, NULL);
	(void) sem_destroy(&c->started);
	return (c->error);
}
