/*
 * prune POOL KEEP [DATASET...]: what zfstune.prune() asks of the kernel, and
 * nothing else.  Without datasets, those that carry zfstune's property.
 */
#include <stdio.h>

#include "raw.h"

enum { BATCH = 50 };

#define	MANAGED	"org.zfstune:profile"
#define	MADE	"org.zfstune:snapshot"

struct queue {
	struct snap *next;
	size_t left;
};

static const char **datasets;
static size_t dataset_count;

static void
read_pool(const char *pool)
{
	struct zfs_cmd cmd;
	nvlist_t *list;
	int error;

	if ((error = raw_ioctl(ZFS_IOC_POOL_STATS, &cmd, pool, 0, 0, &list)) != 0)
		errx(1, "%s: %s", pool, strerror(error));
	nvlist_free(list);
	if (raw_ioctl(ZFS_IOC_POOL_GET_PROPS, &cmd, pool, 0, 0, &list) == 0)
		nvlist_free(list);
}

/* Whether a property is set on this very dataset or snapshot. */
static int
is_local(nvlist_t *props, const char *prop, const char *name)
{
	nvlist_t *found;

	return (nvlist_lookup_nvlist(props, prop, &found) == 0 &&
	    nvlist_exists(found, "source") &&
	    strcmp(fnvlist_lookup_string(found, "source"), name) == 0);
}

static void
add_managed(nvlist_t *props, const char *name)
{
	if (is_local(props, MANAGED, name)) {
		datasets = realloc(datasets,
		    (dataset_count + 1) * sizeof (*datasets));
		if (datasets == NULL ||
		    (datasets[dataset_count++] = strdup(name)) == NULL)
			err(1, NULL);
	}
	nvlist_free(props);
}

static void
find_managed(const char *parent)
{
	struct zfs_cmd cmd;
	nvlist_t *props;
	uint64_t cookie = 0;

	while (raw_ioctl(ZFS_IOC_DATASET_LIST_NEXT, &cmd, parent, cookie, 0,
	    &props) == 0) {
		char name[256];

		cookie = cmd.cookie;
		if (strpbrk(cmd.name, "$%") != NULL) {
			nvlist_free(props);
			continue;
		}
		(void) strcpy(name, cmd.name);
		add_managed(props, name);
		find_managed(name);
	}
}

/* Whether a victim is zfstune's own, is the one listed and is held by nobody. */
static int
may_go(const struct snap *snap)
{
	struct zfs_cmd cmd;
	nvlist_t *props, *held;
	int fine;

	if (raw_ioctl(ZFS_IOC_OBJSET_STATS, &cmd, snap->name, 0, 0, &props) != 0)
		return (0);
	fine = cmd.stats.guid == snap->guid && is_local(props, MADE, snap->name) &&
	    (nvlist_lookup_nvlist(props, "userrefs", &held) != 0 ||
	    fnvlist_lookup_uint64(held, "value") == 0);
	nvlist_free(props);
	return (fine);
}

static void
log_history(nvlist_t *going)
{
	char line[64 << 10] = "prune";
	size_t at = strlen(line), size;
	struct zfs_cmd cmd;
	nvlist_t *args = fnvlist_alloc();
	nvpair_t *pair = NULL;

	while ((pair = nvlist_next_nvpair(going, pair)) != NULL)
		at += snprintf(line + at, sizeof (line) - at, " %s",
		    nvpair_name(pair));
	line[4000] = '\0';
	fnvlist_add_string(args, "message", line);
	memset(&cmd, 0, sizeof (cmd));
	cmd.src = (uintptr_t)fnvlist_pack(args, &size);
	cmd.src_size = size;
	(void) ioctl(zfs_fd, ZFS_IOC_LOG_HISTORY, &cmd);
	fnvlist_pack_free((char *)(uintptr_t)cmd.src, size);
	nvlist_free(args);
}

static void
destroy(struct snap **batch, size_t count)
{
	struct zfs_cmd cmd;
	nvlist_t *going = fnvlist_alloc(), *errors = NULL;
	int error;

	for (size_t i = 0; i < count; i++) {
		if (raw_ioctl(ZFS_IOC_OBJSET_STATS, &cmd, batch[i]->name, 0, 0,
		    NULL) == 0 && cmd.stats.guid == batch[i]->guid)
			fnvlist_add_boolean(going, batch[i]->name);
	}
	if ((error = lzc_destroy_snaps(going, B_FALSE, &errors)) != 0)
		errx(1, "destroy: %s", strerror(error));
	nvlist_free(errors);
	log_history(going);
	nvlist_free(going);
}

/* Deal the victims of all datasets out in turn, oldest first. */
static void
deal(struct queue *queues, size_t count)
{
	struct snap *batch[BATCH];
	size_t filled = 0, open;

	do {
		open = 0;
		for (size_t i = 0; i < count; i++) {
			if (queues[i].left == 0)
				continue;
			open++;
			queues[i].left--;
			batch[filled++] = queues[i].next++;
			if (filled == BATCH) {
				destroy(batch, filled);
				filled = 0;
			}
		}
	} while (open != 0);
	if (filled != 0)
		destroy(batch, filled);
}

int
main(int argc, char **argv)
{
	struct snaps *listed;
	struct queue *queues;
	struct zfs_cmd cmd;
	nvlist_t *list;
	size_t keep;

	if (argc < 3)
		errx(2, "usage: prune POOL KEEP [DATASET...]");
	keep = strtoul(argv[2], NULL, 10);
	raw_open();
	if (argc == 3) {
		if (raw_ioctl(ZFS_IOC_POOL_CONFIGS, &cmd, "", 0, 0, &list) == 0)
			nvlist_free(list);
	}
	read_pool(argv[1]);
	if (argc == 3) {
		if (raw_ioctl(ZFS_IOC_OBJSET_STATS, &cmd, argv[1], 0, 0,
		    &list) == 0)
			add_managed(list, argv[1]);
		find_managed(argv[1]);
	} else {
		datasets = (const char **)argv + 3;
		dataset_count = argc - 3;
	}
	listed = calloc(dataset_count, sizeof (*listed));
	queues = calloc(dataset_count, sizeof (*queues));
	if (listed == NULL || queues == NULL)
		err(1, NULL);
	for (size_t i = 0; i < dataset_count; i++)
		list_snaps(datasets[i], &listed[i]);
	for (size_t i = 0; i < dataset_count; i++) {
		struct snaps *of = &listed[i];
		size_t going = 0;

		for (size_t j = 0; j + keep < of->count; j++) {
			if (of->of[j].clones == 0 && may_go(&of->of[j]))
				of->of[going++] = of->of[j];
		}
		queues[i] = (struct queue){ of->of, going };
	}
	deal(queues, dataset_count);
	return (0);
}
