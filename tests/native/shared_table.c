/*
 * Threads that share one opened ZFS, as threads of Python share an engine: each
 * lists, asks for a pool and makes calls that have a stream, at the same time as
 * the others.  ioctl is wrapped (ld --wrap), and the kernel behind it keeps no
 * state, so a race that is found is one of the code in native/.  With RACE there is
 * one here, for the test to see that it would be found.  It prints how many
 * answers were not those that a thread alone gets.
 */
#include <pthread.h>
#include <stdarg.h>

#include "../../native/kernel.c"

#include "stream_thread.h"

enum { THREADS = 4, ROUNDS = 50, CHILDREN = 3, PAD = 20000 };

static struct lzc z;
static char *expected;	/* written before the threads begin */
static pthread_barrier_t begin;
#ifdef RACE
static int asked;
#endif

int __wrap_ioctl(int, unsigned long, ...);

/* Give the list `{used: 7, pad: "xx..."}`, whose first buffer may be too small. */
static int
give(struct zfs_cmd *cmd, size_t size)
{
	char pad[PAD + 1], *packed;
	nvlist_t *list;
	size_t len;
	int error = 0;

	memset(pad, 'x', size);
	pad[size] = '\0';
	if (z.nvp.nvlist_alloc(&list, 1, 0) != 0 ||
	    z.nvp.nvlist_add_uint64(list, "used", 7) != 0 ||
	    z.nvp.nvlist_add_string(list, "pad", pad) != 0 ||
	    nvl_pack(&z.nvp, list, &packed, &len) != 0)
		abort();
	if (cmd->dst_size >= len)
		memcpy((void *)(uintptr_t)cmd->dst, packed, len);
	else
		error = ENOMEM;
	cmd->dst_size = len;
	cmd->dst_filled = 1;
	free(packed);
	z.nvp.nvlist_free(list);
	return (error);
}

/* tank has the children tank/0 to tank/2, and each of them as many snapshots. */
static int
next(struct zfs_cmd *cmd, char mark)
{
	size_t len = strlen(cmd->name);

	if (cmd->cookie == CHILDREN || (mark == '/' && strcmp(cmd->name, "tank")))
		return (ESRCH);
	cmd->name[len] = mark;
	cmd->name[len + 1] = (char)('0' + cmd->cookie++);
	cmd->name[len + 2] = '\0';
	return (0);
}

static int
answer(unsigned long request, struct zfs_cmd *cmd)
{
	int error = 0;

	if (request == ZFS_IOC_OBJSET_ZPLPROPS)
		return (ENOENT);
	if (request == ZFS_IOC_POOL_STATS)
		return (give(cmd, PAD));
	if (request == ZFS_IOC_DATASET_LIST_NEXT)
		error = next(cmd, '/');
	else if (request == ZFS_IOC_SNAPSHOT_LIST_NEXT)
		error = next(cmd, '@');
	if (error != 0)
		return (error);
	cmd->stats.guid = 5;
	cmd->stats.creation_txg = 10 + cmd->cookie;
	cmd->stats.type = LZC_DATSET_TYPE_ZFS;
	return (cmd->dst != 0 ? give(cmd, 1) : 0);
}

int
__wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;

	(void) fd;
	va_start(args, request);
	errno = answer(request, va_arg(args, struct zfs_cmd *));
	va_end(args);
	return (errno == 0 ? 0 : -1);
}

/* Ask for all that is listed, as one text that ends with a zero. */
static void
ask(void *argument)
{
	struct zt_buf *out = argument;
	nvlist_t *config = NULL;

	if (list_tree(&z, "tank", out) != 0 ||
	    list_snapshots(&z, "tank/1", B_TRUE, out) != 0 ||
	    list_snapshots(&z, "tank/2", B_FALSE, out) != 0 ||
	    kernel_pool_config(&z, "tank", &config) != 0)
		abort();
	nvl_to_json(&z.nvp, config, out);
	z.nvp.nvlist_free(config);
	buf_putc(out, '\0');
}

static void *
work(void *argument)
{
	int *wrong = argument, ends[2];

	if (pipe(ends) != 0)
		abort();
	(void) pthread_barrier_wait(&begin);
	for (int i = 0; i < ROUNDS; i++) {
		struct zt_buf out = { 0 };

#ifdef RACE
		asked++;
#endif
		if (i % 2 == 0)
			ask(&out);
		else
			stream_thread(&z, ends[0], ask, &out);
		if (out.error != 0 || strcmp(out.data, expected) != 0)
			(*wrong)++;
		zt_buf_free(&out);
	}
	(void) close(ends[0]);
	(void) close(ends[1]);
	return (NULL);
}

int
main(void)
{
	pthread_t threads[THREADS];
	int wrong[THREADS] = { 0 }, sum = 0;
	struct zt_buf alone = { 0 };
	char why[256];

	if (nvp_open(&z.nvp, why, sizeof (why)) != 0)
		return (2);
	z.fd = open("/dev/null", O_RDWR);	/* stands for /dev/zfs */
	z.stats = kernel_stats;
	z.next_child = kernel_next_child;
	z.next_snapshot = kernel_next_snapshot;
	z.let_go = kernel_let_go;
	ask(&alone);
	expected = alone.data;
	(void) pthread_barrier_init(&begin, NULL, THREADS);
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, work, &wrong[i]) != 0)
			return (2);
	for (int i = 0; i < THREADS; i++) {
		(void) pthread_join(threads[i], NULL);
		sum += wrong[i];
	}
	(void) printf("%d of %d, %zu bytes each\n", sum, THREADS * ROUNDS,
	    strlen(expected));
	zt_buf_free(&alone);
	nvp_close(&z.nvp);
	return (0);
}
