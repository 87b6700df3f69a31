/*
 * The image provider: writes and reads of bare objects, as a program would make
 * them of files.  No filesystem of an image is mounted, so a measurement comes
 * this way: through the DMU, where records are read, compressed and written.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "image.h"

enum operation_kind { MAKE_OBJECT, WRITE_BYTES, READ_BYTES };

struct operation {		/* zfstune/values/object_operations.py */
	uint64_t kind;
	uint64_t object;
	uint64_t offset;
	uint64_t bytes;		/* of a new object, the size of its blocks */
};

#define	MOST_OBJECT	(1ULL << 48)	/* DN_MAX_OBJECT */
#define	MOST_OFFSET	(1ULL << 62)	/* no sum overflows off_t */
#define	NEW_OBJECT	UINT64_MAX	/* DMU_NEW_OBJECT */

/* DMU_READ_NO_PREFETCH, which 2.4 moved: include/sys/dmu.h */
static uint32_t
no_prefetch(void)
{
	return (zpool.minor >= 4 ? 1 << 3 : 1 << 0);
}

/* Read all of `size` bytes; `*end` tells whether there was not even one. */
static int
read_all(int fd, void *data, size_t size, boolean_t *end)
{
	uint8_t *next = data;
	size_t left = size;

	*end = B_FALSE;
	while (left > 0) {
		ssize_t n = read(fd, next, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return (errno);
		if (n == 0) {
			*end = left == size ? B_TRUE : B_FALSE;
			return (*end ? 0 : EINVAL);
		}
		next += n;
		left -= (size_t)n;
	}
	return (0);
}

static int
assign(dmu_tx_t *tx)
{
	int error = zpool.dmu_tx_assign(tx, TX_WAIT);

	if (error != 0)
		zpool.dmu_tx_abort(tx);
	return (error);
}

static int
make_object(objset_t *os, const char *name, const struct operation *op)
{
	struct object_info info;

	if (op->bytes < 512 || op->bytes > *zpool.max_recordsize ||
	    op->bytes % 512 != 0)
		return (EINVAL);
	/* dmu_object_claim() has ENOSPC for a number that is taken. */
	int error = zpool.dmu_object_info(os, op->object, &info);
	if (error != ENOENT)
		return (error == 0 ? EEXIST : error);
	if (op->bytes > OLD_MAX_BLOCK &&
	    (error = image_check_feature(name, "large_blocks")) != 0)
		return (error);
	dmu_tx_t *tx = zpool.dmu_tx_create(os);
	zpool.dmu_tx_hold_bonus(tx, NEW_OBJECT);
	error = assign(tx);
	if (error != 0)
		return (error);
	error = zpool.dmu_object_claim(os, op->object, OT_PLAIN_FILE,
	    (int)op->bytes, OT_NONE, 0, tx);
	zpool.dmu_tx_commit(tx);
	return (error);
}

/*
 * Refuse objects that were not made here: those of a filesystem have
 * attributes.  An object whose block is no power of two has one block, and
 * OpenZFS ends the process on an access behind it
 * (dmu_buf_hold_array_by_dnode() in module/zfs/dmu.c).
 */
static int
check_range(objset_t *os, const struct operation *op)
{
	struct object_info info;
	int error = zpool.dmu_object_info(os, op->object, &info);

	if (error != 0)
		return (error);
	uint64_t block = info.data_block_size;
	if (info.type != OT_PLAIN_FILE || info.bonus_type != OT_NONE ||
	    op->bytes == 0 || op->bytes > MAX_BLOCK ||
	    op->offset > MOST_OFFSET ||
	    ((block & (block - 1)) != 0 && op->offset + op->bytes > block))
		return (EINVAL);
	return (0);
}

static int
write_bytes(objset_t *os, const struct operation *op, const void *data)
{
	dmu_tx_t *tx = zpool.dmu_tx_create(os);

	zpool.dmu_tx_hold_write(tx, op->object, op->offset, (int)op->bytes);
	int error = assign(tx);
	if (error != 0)
		return (error);
	if (zpool.minor >= 4)
		zpool.write.v24(os, op->object, op->offset, op->bytes, data, tx,
		    0);
	else
		zpool.write.v21(os, op->object, op->offset, op->bytes, data,
		    tx);
	zpool.dmu_tx_commit(tx);
	return (0);
}

static int
carry_out(objset_t *os, const char *name, int fd, const struct operation *op,
    void *data)
{
	boolean_t end;

	if (op->object == 0 || op->object >= MOST_OBJECT)
		return (EINVAL);
	if (op->kind == MAKE_OBJECT)
		return (make_object(os, name, op));
	if (op->kind != WRITE_BYTES && op->kind != READ_BYTES)
		return (EINVAL);
	int error = check_range(os, op);
	if (error != 0)
		return (error);
	if (op->kind == READ_BYTES)
		return (zpool.dmu_read(os, op->object, op->offset, op->bytes,
		    data, no_prefetch()));
	error = read_all(fd, data, op->bytes, &end);
	if (error == 0 && end)
		error = EINVAL;
	return (error != 0 ? error : write_bytes(os, op, data));
}

int
image_exercise(const struct lzc *z, const char *name, int fd, uint64_t *count)
{
	struct operation op;
	boolean_t end = B_FALSE;
	objset_t *os;

	(void) z;
	*count = 0;
	int error = image_own_filesystem(name, &os);
	if (error != 0)
		return (error);
	void *data = malloc(MAX_BLOCK);
	if (data == NULL)
		error = ENOMEM;
	while (error == 0) {
		error = read_all(fd, &op, sizeof (op), &end);
		if (error != 0 || end)
			break;
		error = carry_out(os, name, fd, &op, data);
		*count += error == 0;
	}
	free(data);
	image_disown_filesystem(os);
	return (error);
}
