/*
 * The objects of a snapshot: what lies behind one, and which have changed.
 */
#include <errno.h>
#include <linux/memfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "buf.h"
#include "object.h"

struct diff_record {		/* dmu_diff_record_t, include/sys/dmu.h */
	uint64_t type;
	uint64_t first;
	uint64_t last;
};

enum { DDR_INUSE = 0x2, DDR_FREE = 0x4 };	/* diff_type_t */

void
object_put_stats(const char *path, const struct object_stat *stat,
    struct zt_buf *out)
{
	buf_putc(out, '[');
	json_string(out, path);
	buf_putc(out, ',');
	json_uint(out, stat->generation);
	buf_putc(out, ',');
	json_uint(out, stat->mode);
	buf_putc(out, ',');
	json_uint(out, stat->links);
	buf_putc(out, ',');
	json_uint(out, stat->ctime[0]);
	buf_putc(out, ',');
	json_uint(out, stat->ctime[1]);
	buf_putc(out, ']');
}

static void
put_number(uint64_t object, struct zt_buf *out)
{
	if (out->len > 1)
		buf_putc(out, ',');
	json_uint(out, object);
}

/*
 * A run of free numbers may be as long as all numbers there are: only those
 * count that the base has an object for.
 */
static int
put_freed(const struct lzc *z, const char *base, const struct diff_record *run,
    struct zt_buf *out)
{
	uint64_t object = run->first == 0 ? 0 : run->first - 1;
	int error;

	while ((error = z->next_object(z, base, &object)) == 0 &&
	    object <= run->last && out->error == 0)
		put_number(object, out);
	return (error == ESRCH ? 0 : error);
}

static int
put_run(const struct lzc *z, const char *base, const struct diff_record *run,
    struct zt_buf *out)
{
	if (run->type == DDR_FREE)
		return (put_freed(z, base, run, out));
	if (run->type != DDR_INUSE)
		return (EBADMSG);
	for (uint64_t object = run->first;
	    object <= run->last && out->error == 0; object++)
		put_number(object, out);
	return (0);
}

static int
put_runs(const struct lzc *z, const char *base, int fd, struct zt_buf *out)
{
	struct diff_record runs[1024];
	ssize_t size;

	if (lseek(fd, 0, SEEK_SET) != 0)
		return (errno);
	while ((size = read(fd, runs, sizeof (runs))) > 0) {
		for (size_t i = 0; i < (size_t)size / sizeof (runs[0]); i++) {
			int error = put_run(z, base, &runs[i], out);

			if (error != 0)
				return (error);
		}
	}
	return (size < 0 ? errno : out->error);
}

/*
 * The records go to a file in memory: OpenZFS writes them while it holds the
 * snapshot, and would wait for a reader of a pipe.
 */
int
object_list_changed(const struct lzc *z, const char *base,
    const char *snapshot, struct zt_buf *out)
{
	/* Kernels have had the call since 3.17, glibc since 2.27 only. */
	int fd = (int)syscall(SYS_memfd_create, "zfstune-diff", MFD_CLOEXEC);

	if (fd < 0)
		return (errno);
	int error = z->diff(z, base, snapshot, fd);

	buf_putc(out, '[');
	if (error == 0)
		error = put_runs(z, base, fd, out);
	buf_putc(out, ']');
	(void) close(fd);
	return (error);
}
