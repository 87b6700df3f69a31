/*
 * The kernel's provider and the listings, on a kernel that is made up here.
 *
 *	fake_kernel CASE
 *
 * ioctl is wrapped (ld --wrap), so that events which a real kernel shows once a year
 * come each time: a list that grows between two calls, a dataset that goes away in
 * between, an answer that does not fit.  It prints "errno json"; "-" stands for no
 * list at all.
 */
#include <stdarg.h>
#include <stdbool.h>

#include "../../native/kernel.c"

#include "buf.h"
#include "list.h"

static struct lzc z;
static int calls;

static void
give(struct zfs_cmd *cmd, nvlist_t *list)
{
	char *packed;
	size_t len;

	if (nvl_pack(&z.nvp, list, &packed, &len) != 0)
		abort();
	if (cmd->dst_size >= len)
		memcpy((void *)(uintptr_t)cmd->dst, packed, len);
	cmd->dst_size = len;
	cmd->dst_filled = 1;
	free(packed);
}

/* Give a list with one number, padded by `size` bytes. */
static void
give_number(struct zfs_cmd *cmd, const char *key, size_t size)
{
	nvlist_t *list;
	char *pad = malloc(size + 1);

	if (pad == NULL || z.nvp.nvlist_alloc(&list, 1, 0) != 0 ||
	    z.nvp.nvlist_add_uint64(list, key, 7) != 0)
		abort();
	memset(pad, 'x', size);
	pad[size] = '\0';
	if (size != 0 && z.nvp.nvlist_add_string(list, "pad", pad) != 0)
		abort();
	give(cmd, list);
	z.nvp.nvlist_free(list);
	free(pad);
}

/* The list is too large at first, and the kernel wrote over name and cursor. */
static int
grows(unsigned long request, struct zfs_cmd *cmd)
{
	(void) request;
	if (strcmp(cmd->name, "tank") != 0 || cmd->cookie != 0 ||
	    cmd->dst_filled != 0)
		return (EFAULT);
	give_number(cmd, "grown", 20000);
	(void) strcpy(cmd->name, "tank/child");
	cmd->cookie = 99;
	return (calls == 1 ? ENOMEM : 0);
}

/* The list is too large, and the dataset is gone when asked again. */
static int
goes_away(unsigned long request, struct zfs_cmd *cmd)
{
	if (calls > 1)
		return (ENOENT);
	return (grows(request, cmd));
}

/* The change failed, and the list that says why does not fit. */
static int
errors_do_not_fit(unsigned long request, struct zfs_cmd *cmd)
{
	(void) request;
	give_number(cmd, "quota", 20000);
	return (ERANGE);
}

static int
errors_fit(unsigned long request, struct zfs_cmd *cmd)
{
	(void) request;
	give_number(cmd, "quota", 0);
	return (ERANGE);
}

static int
gives_garbage(unsigned long request, struct zfs_cmd *cmd)
{
	(void) request;
	memset((void *)(uintptr_t)cmd->dst, 0xff, 64);
	cmd->dst_size = 64;
	cmd->dst_filled = 1;
	return (0);
}

/* A name longer than any release allows, with properties to lose. */
static int
overlong_name(unsigned long request, struct zfs_cmd *cmd)
{
	(void) request;
	give_number(cmd, "used", 0);
	memset(cmd->name, 'a', 300);
	cmd->name[300] = '\0';
	return (0);
}

/* tank with $ORIGIN, a (with a child and two snapshots) and c. */
static bool fast_has_txg;
static const char *vanished = "";

static const char *const children[][2] = {
	{ "tank", "tank/$ORIGIN" }, { "tank", "tank/a" }, { "tank", "tank/c" },
	{ "tank/a", "tank/a/%recv" }, { "tank/a", "tank/a/b" },
};

static int
next_child(struct zfs_cmd *cmd)
{
	size_t count = sizeof (children) / sizeof (children[0]);

	if (strcmp(cmd->name, vanished) == 0)
		return (ESRCH);
	for (uint64_t i = cmd->cookie; i < count; i++) {
		if (strcmp(cmd->name, children[i][0]) == 0) {
			(void) strcpy(cmd->name, children[i][1]);
			cmd->cookie = i + 1;
			return (0);
		}
	}
	return (ESRCH);
}

static int
a_pool(unsigned long request, struct zfs_cmd *cmd)
{
	int error = 0;

	if (request == ZFS_IOC_OBJSET_ZPLPROPS)
		return (ENOENT);
	if (request == ZFS_IOC_DATASET_LIST_NEXT) {
		error = next_child(cmd);
	} else if (request == ZFS_IOC_SNAPSHOT_LIST_NEXT) {
		if (cmd->cookie == 2)
			return (ESRCH);
		(void) strcat(cmd->name, cmd->cookie == 0 ? "@1" : "@2");
		cmd->cookie++;
	}
	if (error != 0)
		return (error);
	if (!cmd->simple || fast_has_txg) {
		cmd->stats.guid = UINT64_MAX;
		cmd->stats.creation_txg = 10 + cmd->cookie;
		cmd->stats.type = 2;
	}
	if (!cmd->simple && cmd->dst != 0)
		give_number(cmd, "used", 0);
	return (0);
}

static int
suspended(unsigned long request, struct zfs_cmd *cmd)
{
	static int listed;

	if (request == ZFS_IOC_DATASET_LIST_NEXT && ++listed > 2)
		return (EAGAIN);
	return (a_pool(request, cmd));
}

/*
 * The properties of tank/a cannot be read (its name and number are there), nor
 * what is below tank/c; with `root`, those of tank neither.
 */
static int
damaged_pool(unsigned long request, struct zfs_cmd *cmd, bool root)
{
	bool below_c = request == ZFS_IOC_DATASET_LIST_NEXT &&
	    strcmp(cmd->name, "tank/c") == 0;
	int error;

	if (below_c)
		return (EBADE);
	if (root && request == ZFS_IOC_OBJSET_STATS &&
	    strcmp(cmd->name, "tank") == 0)
		return (EIO);
	error = a_pool(request, cmd);
	if (error == 0 && request == ZFS_IOC_DATASET_LIST_NEXT &&
	    strcmp(cmd->name, "tank/a") == 0) {
		cmd->dst_filled = 0;
		return (EIO);
	}
	return (error);
}

static int
damaged(unsigned long request, struct zfs_cmd *cmd)
{
	return (damaged_pool(request, cmd, false));
}

static int
damaged_root(unsigned long request, struct zfs_cmd *cmd)
{
	return (damaged_pool(request, cmd, true));
}

/* The cursor does not move on with this error: it would come for ever. */
static int
stands_still(unsigned long request, struct zfs_cmd *cmd)
{
	if (request != ZFS_IOC_DATASET_LIST_NEXT)
		return (a_pool(request, cmd));
	(void) strcpy(cmd->name, "tank/a");
	return (EIO);
}

static int (*kernel)(unsigned long, struct zfs_cmd *);

int __wrap_ioctl(int, unsigned long, ...);

int
__wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;

	(void) fd;
	calls++;
	va_start(args, request);
	errno = kernel(request, va_arg(args, struct zfs_cmd *));
	va_end(args);
	return (errno == 0 ? 0 : -1);
}

static int
answer(int error, nvlist_t *list)
{
	struct zt_buf out = { 0 };

	if (list != NULL)
		nvl_to_json(&z.nvp, list, &out);
	else
		buf_putc(&out, '-');
	z.nvp.nvlist_free(list);
	(void) printf("%d %.*s\n", error, (int)out.len, out.data);
	zt_buf_free(&out);
	return (0);
}

static int
show(int error, struct zt_buf *out)
{
	(void) printf("%d %.*s\n", error, (int)out->len, out->data);
	zt_buf_free(out);
	return (0);
}

static int
run(const char *name)
{
	struct zt_buf out = { 0 };
	nvlist_t *list = NULL;
	int error;

#define	IS(text)	(strcmp(name, text) == 0)
	if (IS("grows") || IS("goes-away") || IS("garbage")) {
		kernel = IS("grows") ? grows :
		    IS("garbage") ? gives_garbage : goes_away;
		error = kernel_pool_config(&z, "tank", &list);
		return (answer(error, list));
	}
	if (IS("errors-fit") || IS("errors-do-not-fit")) {
		nvlist_t *props;
		kernel = IS("errors-fit") ? errors_fit : errors_do_not_fit;
		if (z.nvp.nvlist_alloc(&props, 1, 0) != 0)
			abort();
		error = kernel_set(&z, "tank", props, &list);
		z.nvp.nvlist_free(props);
		return (answer(error, list));
	}
	if (IS("overlong")) {
		kernel = overlong_name;
		return (show(list_one(&z, "tank", &out), &out));
	}
	if (IS("long-name")) {
		char longest[257];
		memset(longest, 'a', sizeof (longest));
		longest[256] = '\0';
		kernel = a_pool;
		error = list_one(&z, longest, &out);
		return (calls != 0 ? 1 : show(error, &out));
	}
	kernel = IS("suspended") ? suspended :
	    IS("damaged") ? damaged :
	    IS("damaged-root") ? damaged_root :
	    IS("stands-still") ? stands_still : a_pool;
	fast_has_txg = !IS("snapshots-2.1");
	if (IS("vanished"))
		vanished = "tank/a";
	if (IS("snapshots-2.1") || IS("snapshots"))
		error = list_snapshots(&z, "tank/a", B_FALSE, &out);
	else if (IS("snapshots-props"))
		error = list_snapshots(&z, "tank/a", B_TRUE, &out);
	else
		error = list_tree(&z, "tank", &out);
	return (show(error, &out));
}

int
main(int argc, char **argv)
{
	char why[256];
	int status;

	if (argc != 2 || nvp_open(&z.nvp, why, sizeof (why)) != 0)
		return (2);
	z.fd = -1;
	z.stats = kernel_stats;
	z.next_child = kernel_next_child;
	z.next_snapshot = kernel_next_snapshot;
	z.let_go = kernel_let_go;
	status = run(argv[1]);
	nvp_close(&z.nvp);
	return (status);
}
