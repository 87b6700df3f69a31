/* Python's calls for streams, their sizes, and channel programs. */
#include <errno.h>
#include <string.h>

#include "buf.h"
#include "zt_impl.h"

static const char *
or_null(const char *text)
{
	return (*text == '\0' ? NULL : text);
}

int
zt_send(struct zt *zt, int fd, const char *snapshot, const char *base,
    int flags, uint64_t object, uint64_t offset, const char *redaction)
{
	return (zt->z.lzc_send_resume_redacted(snapshot, or_null(base), fd,
	    (enum lzc_send_flags)flags, object, offset, or_null(redaction)));
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

int
zt_heal(struct zt *zt, int fd, const char *snapshot, int raw,
    const uint8_t *header, size_t size, struct zt_buf *errors)
{
	union { uint64_t align; uint8_t bytes[STREAM_HEADER]; } begin;
	nvlist_t *list = NULL;

	if (zt->z.lzc_receive_with_heal == NULL)
		return (zt_why_missing(zt));
	if (size != sizeof (begin.bytes))
		return (EINVAL);
	memcpy(begin.bytes, header, size);
	int error = zt->z.lzc_receive_with_heal(snapshot, NULL, NULL, NULL, 0,
	    NULL, B_FALSE, B_TRUE, B_FALSE, raw ? B_TRUE : B_FALSE, fd,
	    (const struct dmu_replay_record *)(const void *)&begin, -1, NULL,
	    NULL, NULL, &list);
	return (zt_give_errors(zt, error, list, errors));
}

int
zt_receive(struct zt *zt, int fd, const char *snapshot, const char *origin,
    int force, int raw, int resumable, const uint8_t *header, size_t size,
    const uint8_t *received_flat, size_t received_size,
    const uint8_t *local_flat, size_t local_size, struct zt_buf *errors)
{
	const struct nvp *nvp = &zt->z.nvp;
	nvlist_t *received = NULL, *local = NULL, *list = NULL;
	/*
	 * The record holds 64-bit numbers, and Python's bytes may lie anywhere.
	 */
	union { uint64_t align; uint8_t bytes[STREAM_HEADER]; } begin;

	if (size != sizeof (begin.bytes))
		return (EINVAL);
	memcpy(begin.bytes, header, size);
	int error = list_or_null(nvp, received_flat, received_size, &received);
	if (error == 0)
		error = list_or_null(nvp, local_flat, local_size, &local);
	if (error == 0)
		error = zt->z.lzc_receive_with_cmdprops(snapshot, received,
		    local, NULL, 0, or_null(origin), force ? B_TRUE : B_FALSE,
		    resumable ? B_TRUE : B_FALSE, raw ? B_TRUE : B_FALSE, fd,
		    (const struct dmu_replay_record *)(const void *)&begin, -1,
		    NULL, NULL, NULL, &list);
	nvp->nvlist_free(received);
	nvp->nvlist_free(local);
	return (zt_give_errors(zt, error, list, errors));
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
	int error = nvl_from_flat(&zt->z.nvp, flat, size, &args);

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
