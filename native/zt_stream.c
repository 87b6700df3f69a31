/* Python's calls for streams, their sizes, and channel programs. */
#include <errno.h>
#include <string.h>

#include "buf.h"
#include "stream_checked.h"
#include "stream_thread.h"
#include "zt_impl.h"

static const char *
or_null(const char *text)
{
	return (*text == '\0' ? NULL : text);
}

struct send_call {
	const struct lzc *z;
	const char *snapshot, *base, *redaction;
	int fd, flags, error;
	uint64_t object, offset;
};

static void
send_stream(void *argument)
{
	struct send_call *call = argument;

	call->error = call->z->lzc_send_resume_redacted(call->snapshot,
	    or_null(call->base), call->fd, (enum lzc_send_flags)call->flags,
	    call->object, call->offset, or_null(call->redaction));
}

int
zt_send(struct zt *zt, int fd, const char *snapshot, const char *base,
    int flags, uint64_t object, uint64_t offset, const char *redaction)
{
	struct send_call call = {
		.z = &zt->z, .snapshot = snapshot, .base = base,
		.redaction = redaction, .fd = fd, .flags = flags,
		.object = object, .offset = offset
	};

	stream_thread(&zt->z, fd, send_stream, &call);
	return (call.error);
}

int
zt_send_space(struct zt *zt, const char *snapshot, const char *base, int flags,
    const char *redaction, struct zt_buf *out)
{
	uint64_t bytes = 0;
	int error = zt->z.lzc_send_space_resume_redacted(snapshot,
	    or_null(base), (enum lzc_send_flags)flags, 0, 0, 0,
	    or_null(redaction), -1, &bytes);

	json_uint(out, bytes);
	return (error != 0 ? error : out->error);
}

/* Read a list that may be missing, which an empty buffer stands for. */
static int
list_or_null(const struct nvp *nvp, const uint8_t *flat, size_t size,
    nvlist_t **list)
{
	*list = NULL;
	return (size == 0 ? 0 : nvl_from_flat(nvp, flat, size, list));
}

int
zt_redact(struct zt *zt, const char *snapshot, const char *bookmark,
    const uint8_t *flat, size_t size)
{
	nvlist_t *snapshots;
	int error = nvl_from_flat(&zt->z.nvp, flat, size, &snapshots);

	if (error != 0)
		return (error);
	error = zt->z.lzc_redact(snapshot, bookmark, snapshots);
	zt->z.nvp.nvlist_free(snapshots);
	return (error);
}

struct receive_call {
	const struct lzc *z;
	const char *snapshot, *origin;
	nvlist_t *received, *local, *errors;
	boolean_t force, resumable, raw;
	int fd, error;
	/*
	 * The record holds 64-bit numbers, and Python's bytes may lie anywhere.
	 */
	union { uint64_t align; uint8_t bytes[STREAM_HEADER]; } begin;
};

static const struct dmu_replay_record *
first_record(const struct receive_call *call)
{
	return ((const struct dmu_replay_record *)(const void *)&call->begin);
}

/*
 * Do a call that receives, and have each record of its stream checked before.
 * Where a stream is ended on the way, the call knows nothing of the reason.
 */
static int
receive_checked(struct receive_call *call, void (*work)(void *))
{
	struct stream_checked checked;
	bool is_kernel = call->z->minor == 0;
	int error = stream_checked_begin(&checked, call->fd, call->begin.bytes,
	    is_kernel);

	if (error != 0)
		return (error);
	call->fd = checked.out;
	stream_thread(call->z, call->fd, work, call);
	error = stream_checked_end(&checked);
	return (error != 0 && call->error != 0 ? error : call->error);
}

static void
heal_snapshot(void *argument)
{
	struct receive_call *call = argument;

	call->error = call->z->lzc_receive_with_heal(call->snapshot, NULL,
	    NULL, NULL, 0, NULL, B_FALSE, B_TRUE, B_FALSE, call->raw, call->fd,
	    first_record(call), -1, NULL, NULL, NULL, &call->errors);
}

int
zt_heal(struct zt *zt, int fd, const char *snapshot, int raw,
    const uint8_t *header, size_t size, struct zt_buf *errors)
{
	struct receive_call call = {
		.z = &zt->z, .snapshot = snapshot, .fd = fd,
		.raw = raw ? B_TRUE : B_FALSE
	};

	if (zt->z.lzc_receive_with_heal == NULL)
		return (zt_why_missing(zt));
	if (size != sizeof (call.begin.bytes))
		return (EINVAL);
	memcpy(call.begin.bytes, header, size);
	if ((call.error = buf_reserve(errors)) == 0)
		call.error = receive_checked(&call, heal_snapshot);
	return (zt_give_errors(zt, call.error, call.errors, errors));
}

static void
receive_stream(void *argument)
{
	struct receive_call *call = argument;

	call->error = call->z->lzc_receive_with_cmdprops(call->snapshot,
	    call->received, call->local, NULL, 0, or_null(call->origin),
	    call->force, call->resumable, call->raw, call->fd,
	    first_record(call), -1, NULL, NULL, NULL, &call->errors);
}

int
zt_receive(struct zt *zt, int fd, const char *snapshot, const char *origin,
    int force, int raw, int resumable, const uint8_t *header, size_t size,
    const uint8_t *received_flat, size_t received_size,
    const uint8_t *local_flat, size_t local_size, struct zt_buf *errors)
{
	const struct nvp *nvp = &zt->z.nvp;
	struct receive_call call = {
		.z = &zt->z, .snapshot = snapshot, .origin = origin, .fd = fd,
		.force = force ? B_TRUE : B_FALSE,
		.resumable = resumable ? B_TRUE : B_FALSE,
		.raw = raw ? B_TRUE : B_FALSE
	};

	if (size != sizeof (call.begin.bytes))
		return (EINVAL);
	memcpy(call.begin.bytes, header, size);
	call.error = buf_reserve(errors);
	if (call.error == 0)
		call.error = list_or_null(nvp, received_flat, received_size,
		    &call.received);
	if (call.error == 0)
		call.error = list_or_null(nvp, local_flat, local_size,
		    &call.local);
	if (call.error == 0)
		call.error = receive_checked(&call, receive_stream);
	nvp->nvlist_free(call.received);
	nvp->nvlist_free(call.local);
	return (zt_give_errors(zt, call.error, call.errors, errors));
}

int
zt_snaprange_space(struct zt *zt, const char *first, const char *last,
    struct zt_buf *out)
{
	uint64_t bytes = 0;
	int error = zt->z.lzc_snaprange_space(first, last, &bytes);

	json_uint(out, bytes);
	return (error != 0 ? error : out->error);
}

int
zt_channel_program(struct zt *zt, const char *pool, const char *program,
    int sync, uint64_t instructions, uint64_t memory, const uint8_t *flat,
    size_t size, struct zt_buf *out)
{
	nvlist_t *args, *list = NULL;
	sigset_t before;
	int error = buf_reserve(out);

	if (error == 0)
		error = nvl_from_flat(&zt->z.nvp, flat, size, &args);
	if (error != 0)
		return (error);
	if (sync)
		error = zt_signals_wait(&before);
	if (error == 0) {
		error = (sync ? zt->z.lzc_channel_program :
		    zt->z.lzc_channel_program_nosync)(pool, program,
		    instructions, memory, args, &list);
		if (sync)
			zt_signals_come(&before);
	}
	zt->z.nvp.nvlist_free(args);
	return (zt_give_errors(zt, error, list, out));
}
