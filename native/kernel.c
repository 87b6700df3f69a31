/*
 * The provider for the running kernel: libzfs_core where it has the call, an
 * ioctl on /dev/zfs where it does not.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "kernel.h"
#include "list.h"
#include "object.h"
#include "zfs_ioctl.h"

/*
 * Add one property in the form that the kernel uses, without a source.  `props`
 * is an object that was written whole, so its closing brace comes off first.
 */
static void
add_property(struct zt_buf *props, const char *name, uint64_t value)
{
	props->len--;
	if (props->data[props->len - 1] != '{')
		buf_putc(props, ',');
	json_string(props, name);
	buf_put(props, ":{\"value\":", 10);
	json_uint(props, value);
	buf_put(props, "}}", 2);
}

/*
 * Add the values that the kernel does not give as properties.  A filesystem
 * keeps the values it was created with (utf8only and others) in its own blocks,
 * and its state is in the statistics: libzfs asks for both apart, too
 * (get_numeric_property in lib/libzfs/libzfs_dataset.c).
 */
static int
add_more(const struct lzc *z, const struct zfs_cmd *stats, struct zt_buf *props)
{
	struct zfs_cmd cmd;
	nvlist_t *zpl = NULL;
	int error;

	if (stats->stats.inconsistent)
		add_property(props, "inconsistent", 1);
	if (stats->stats.redacted)
		add_property(props, "redacted", 1);
	if (stats->stats.type != LZC_DATSET_TYPE_ZFS)
		return (0);
	if ((error = zfs_cmd_init(&cmd, stats->name)) != 0)
		return (error);
	/* ENOENT while it is being received, EACCES where its key is missing */
	if (zfs_ioctl(z, ZFS_IOC_OBJSET_ZPLPROPS, &cmd, NULL, &zpl) == 0 &&
	    zpl != NULL) {
		for (nvpair_t *pair = z->nvp.nvlist_next_nvpair(zpl, NULL);
		    pair != NULL;
		    pair = z->nvp.nvlist_next_nvpair(zpl, pair)) {
			uint64_t value;
			if (z->nvp.nvpair_value_uint64(pair, &value) == 0)
				add_property(props, z->nvp.nvpair_name(pair),
				    value);
		}
	}
	z->nvp.nvlist_free(zpl);
	return (0);
}

static void
keep_entry(const struct zfs_cmd *cmd, struct entry *e)
{
	(void) strcpy(e->name, cmd->name);
	e->cursor = cmd->cookie;
	e->guid = cmd->stats.guid;
	e->createtxg = cmd->stats.creation_txg;
	e->clones = cmd->stats.num_clones;
	e->type = cmd->stats.type;
}

/* The kernel collects properties only where it is given a buffer for them. */
static int
read_entry(const struct lzc *z, unsigned long request, struct zfs_cmd *cmd,
    enum depth depth, struct entry *e)
{
	char *packed = NULL;
	int error = zfs_ioctl_packed(z, request, cmd, NULL,
	    depth == DEPTH_PROPS ? &packed : NULL);

	e->props.len = 0;
	if (error == 0 && strlen(cmd->name) >= sizeof (e->name))
		error = ENAMETOOLONG;
	if (error == 0 && packed != NULL) {
		nvl_packed_to_json(packed, cmd->dst_size, &e->props);
		/* A snapshot has its filesystem's: no call for each. */
		if (e->props.error == 0 && !cmd->stats.is_snapshot)
			error = add_more(z, cmd, &e->props);
		if (error == 0)
			error = e->props.error;
	}
	free(packed);
	if (error != 0)
		return (error);
	keep_entry(cmd, e);
	return (0);
}

static int
kernel_stats(const struct lzc *z, enum depth depth, struct entry *e)
{
	struct zfs_cmd cmd;
	int error = zfs_cmd_init(&cmd, e->name);

	return (error != 0 ? error :
	    read_entry(z, ZFS_IOC_OBJSET_STATS, &cmd, depth, e));
}

static int
list_next(const struct lzc *z, unsigned long request, const char *parent,
    enum depth depth, struct zfs_cmd *cmd, struct entry *e)
{
	int error = zfs_cmd_init(cmd, parent);

	if (error != 0)
		return (error);
	cmd->cookie = e->cursor;
	cmd->simple = depth == DEPTH_FAST;
	return (read_entry(z, request, cmd, depth, e));
}

/*
 * Where a child cannot be read, the kernel has still written its name and moved
 * the cursor on.  Where the parent cannot be read, the name is still the
 * parent's (zfs_ioc_dataset_list_next in module/zfs/zfs_ioctl.c).
 */
static int
kernel_next_child(const struct lzc *z, const char *parent, struct entry *e)
{
	struct zfs_cmd cmd;
	size_t len = strlen(parent);
	int error = list_next(z, ZFS_IOC_DATASET_LIST_NEXT, parent,
	    DEPTH_PROPS, &cmd, e);

	if (!list_is_damage(error) || cmd.cookie == e->cursor ||
	    strlen(cmd.name) >= sizeof (e->name) ||
	    strncmp(cmd.name, parent, len) != 0 || cmd.name[len] != '/' ||
	    cmd.name[len + 1] == '\0')
		return (error);
	keep_entry(&cmd, e);
	e->props.len = 0;
	e->damage = error;
	return (0);
}

static int
kernel_next_snapshot(const struct lzc *z, const char *dataset,
    enum depth depth, struct entry *e)
{
	struct zfs_cmd cmd;

	return (list_next(z, ZFS_IOC_SNAPSHOT_LIST_NEXT, dataset, depth, &cmd,
	    e));
}

/* What `zfs diff` asks about an object. */
static int
kernel_object_stats(const struct lzc *z, const char *snapshot, uint64_t object,
    struct zt_buf *out)
{
	struct zfs_cmd cmd;
	int error = zfs_cmd_init(&cmd, snapshot);

	if (error != 0)
		return (error);
	cmd.obj = object;
	error = zfs_ioctl(z, ZFS_IOC_OBJ_TO_STATS, &cmd, NULL, NULL);
	if (error != 0)
		return (error);
	if (memchr(cmd.value, '\0', sizeof (cmd.value)) == NULL)
		return (ENAMETOOLONG);
	object_put_stats(cmd.value, &cmd.stat, out);
	return (out->error);
}

static int
kernel_next_object(const struct lzc *z, const char *snapshot, uint64_t *object)
{
	struct zfs_cmd cmd;
	int error = zfs_cmd_init(&cmd, snapshot);

	if (error != 0)
		return (error);
	cmd.obj = *object;
	error = zfs_ioctl(z, ZFS_IOC_NEXT_OBJ, &cmd, NULL, NULL);
	if (error == 0)
		*object = cmd.obj;
	return (error);
}

static int
kernel_diff(const struct lzc *z, const char *base, const char *snapshot, int fd)
{
	struct zfs_cmd cmd;
	int error = zfs_cmd_init(&cmd, snapshot);

	if (error != 0)
		return (error);
	if (strlen(base) >= sizeof (cmd.value))
		return (ENAMETOOLONG);
	strcpy(cmd.value, base);
	cmd.cookie = (uint64_t)fd;
	return (zfs_ioctl(z, ZFS_IOC_DIFF, &cmd, NULL, NULL));
}

/* A kernel takes data through the files of what it mounts. */
static int
kernel_exercise(const struct lzc *z, const char *name, int fd, uint64_t *count)
{
	(void) z, (void) name, (void) fd;
	*count = 0;
	return (ENOTSUP);
}

/* Nothing is held between the steps of a listing: the cursor is a number. */
static void
kernel_let_go(struct entry *e)
{
	(void) e;
}

static int
kernel_set(const struct lzc *z, const char *name, nvlist_t *props,
    nvlist_t **errors)
{
	struct zfs_cmd cmd;
	int error = zfs_cmd_init(&cmd, name);

	return (error != 0 ? error :
	    zfs_ioctl(z, ZFS_IOC_SET_PROP, &cmd, props, errors));
}

static int
kernel_inherit(const struct lzc *z, const char *name, const char *property,
    boolean_t received)
{
	struct zfs_cmd cmd;
	int error = zfs_cmd_init(&cmd, name);

	if (error != 0)
		return (error);
	if (strlen(property) >= sizeof (cmd.value))
		return (ENAMETOOLONG);
	(void) strcpy(cmd.value, property);
	cmd.cookie = received;
	return (zfs_ioctl(z, ZFS_IOC_INHERIT_PROP, &cmd, NULL, NULL));
}

/*
 * The kernel accepts one line after each change, from the thread that made the
 * change (zfs_allow_log_key in module/zfs/zfs_ioctl.c).  It remembers the pool.
 */
static int
kernel_log(const struct lzc *z, const char *message)
{
	struct zfs_cmd cmd;
	nvlist_t *args = NULL;
	int error = z->nvp.nvlist_alloc(&args, 1, 0);

	memset(&cmd, 0, sizeof (cmd));
	if (error == 0)
		error = z->nvp.nvlist_add_string(args, "message", message);
	if (error == 0)
		error = zfs_ioctl(z, ZFS_IOC_LOG_HISTORY, &cmd, args, NULL);
	z->nvp.nvlist_free(args);
	return (error);
}

/* Refuse a release whose layout of zfs_cmd_t is not known. */
static int
check_release(char *why, size_t why_size)
{
	FILE *f = fopen("/sys/module/zfs/version", "re");
	char version[64] = "";
	unsigned int major, minor;

	if (f == NULL) {
		(void) snprintf(why, why_size, "the zfs module is not loaded");
		return (ENOENT);
	}
	if (fgets(version, sizeof (version), f) == NULL)
		version[0] = '\0';
	(void) fclose(f);
	version[strcspn(version, "\n")] = '\0';
	if (sscanf(version, "%u.%u", &major, &minor) != 2 || major != 2 ||
	    minor < 1 || minor > 4) {
		(void) snprintf(why, why_size,
		    "the zfs module is of release '%s', known are 2.1 to 2.4",
		    version);
		return (ENOTSUP);
	}
	return (0);
}

static int
load_library(struct lzc *z, char *why, size_t why_size)
{
	z->library = dlopen("libzfs_core.so.3", LIBRARY_FLAGS);
	if (z->library == NULL) {
		(void) snprintf(why, why_size, "%s", dlerror());
		return (ELIBACC);
	}
#define	LOAD(ret, name, args)						\
	*(void **)&z->name = dlsym(z->library, #name);			\
	if (z->name == NULL) {						\
		(void) snprintf(why, why_size,				\
		    "libzfs_core.so.3 has no %s", #name);		\
		return (ELIBBAD);					\
	}
	LZC_FUNCTIONS(LOAD)
#undef	LOAD
#define	LOAD_IF_THERE(ret, name, args)					\
	*(void **)&z->name = dlsym(z->library, #name);
	LZC_LATER_CALLS(LOAD_IF_THERE)
#undef	LOAD_IF_THERE
	return (0);
}

static int
open_device(struct lzc *z, char *why, size_t why_size)
{
	int error;

	z->fd = open("/dev/zfs", O_RDWR | O_CLOEXEC);
	error = z->fd < 0 ? errno : z->libzfs_core_init();
	if (error != 0) {
		if (z->fd >= 0)
			(void) close(z->fd);
		z->fd = -1;
		(void) snprintf(why, why_size, "/dev/zfs: %s", strerror(error));
	}
	return (error);
}

static void
kernel_close(struct lzc *z)
{
	if (z->fd >= 0) {
		z->libzfs_core_fini();
		(void) close(z->fd);
		z->fd = -1;
	}
	if (z->library != NULL)
		(void) dlclose(z->library);
	z->library = NULL;
	nvp_close(&z->nvp);
}

int
kernel_open(struct lzc *z, const struct image_args *args, char *why,
    size_t why_size)
{
	int error;

	(void) args;
	z->fd = -1;
	if ((error = check_release(why, why_size)) != 0 ||
	    (error = nvp_open(&z->nvp, why, why_size)) != 0 ||
	    (error = load_library(z, why, why_size)) != 0 ||
	    (error = open_device(z, why, why_size)) != 0) {
		kernel_close(z);
		return (error);
	}
#define	FILL(ret, name, args)	z->name = kernel_##name;
	OWN_CALLS(FILL)
#undef	FILL
	return (0);
}
