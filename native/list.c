/*
 * Listings: the whole loop runs here, and Python gets one buffer for all rows.
 */
#include <errno.h>
#include <string.h>

#include "buf.h"
#include "list.h"

/* Write [name, type, guid, createtxg, creation, clones, properties]. */
static void
put_row(const char *name, const struct entry *e, struct zt_buf *out)
{
	buf_putc(out, '[');
	json_string(out, name);
	buf_putc(out, ',');
	json_int(out, e->type);
	buf_putc(out, ',');
	json_uint(out, e->guid);
	buf_putc(out, ',');
	json_uint(out, e->createtxg);
	buf_putc(out, ',');
	json_uint(out, e->creation);
	buf_putc(out, ',');
	json_uint(out, e->clones);
	buf_putc(out, ',');
	if (e->damage != 0)
		json_int(out, e->damage);
	else if (e->props.len == 0)
		buf_put(out, "null", 4);
	else
		buf_put(out, e->props.data, e->props.len);
	buf_putc(out, ']');
}

/* End a listing, complete or not. */
static void
finish(const struct lzc *z, struct entry *e)
{
	z->let_go(e);
	zt_buf_free(&e->props);
}

static int
stats(const struct lzc *z, const char *name, enum depth depth, struct entry *e)
{
	if (strlen(name) >= sizeof (e->name))
		return (ENAMETOOLONG);
	(void) strcpy(e->name, name);
	return (z->stats(z, depth, e));
}

int
list_one(const struct lzc *z, const char *name, struct zt_buf *out)
{
	struct entry e = { 0 };
	int error = stats(z, name, DEPTH_PROPS, &e);

	if (error == 0)
		put_row(e.name, &e, out);
	zt_buf_free(&e.props);
	return (error != 0 ? error : out->error);
}

/* List the given names, without those that do not exist. */
int
list_named(const struct lzc *z, nvlist_t *names, boolean_t props,
    struct zt_buf *out)
{
	const struct nvp *nvp = &z->nvp;
	enum depth depth = props ? DEPTH_PROPS : DEPTH_STATS;
	struct entry e = { 0 };
	int error = 0;

	buf_putc(out, '[');
	for (nvpair_t *pair = nvp->nvlist_next_nvpair(names, NULL);
	    pair != NULL && error == 0;
	    pair = nvp->nvlist_next_nvpair(names, pair)) {
		error = stats(z, nvp->nvpair_name(pair), depth, &e);
		if (error == ENOENT) {
			error = 0;
			continue;
		}
		if (error != 0)
			break;
		if (out->len > 1)
			buf_putc(out, ',');
		put_row(e.name, &e, out);
		error = out->error;
	}
	buf_putc(out, ']');
	zt_buf_free(&e.props);
	return (error != 0 ? error : out->error);
}

/* ECKSUM is EBADE, EFRAGS is EBADR: include/os/linux/spl/sys/errno.h */
boolean_t
list_is_damage(int error)
{
	return (error == EIO || error == EBADE || error == EBADR ||
	    error == EINVAL || error == ENXIO || error == EOVERFLOW ?
	    B_TRUE : B_FALSE);
}

/* Write a row for a dataset that is damaged, so that the listing goes on. */
static int
put_damaged(const char *name, int error, struct zt_buf *out)
{
	struct entry e = { .damage = error };

	if (!list_is_damage(error))
		return (error);
	if (out->len > 1)
		buf_putc(out, ',');
	put_row(name, &e, out);
	return (out->error);
}

/* The kernel nests datasets at most 50 deep, so this recursion is as deep. */
static int
list_below(const struct lzc *z, const char *parent, struct zt_buf *out)
{
	struct entry e = { 0 };
	int error;

	for (;;) {
		e.damage = 0;
		if ((error = z->next_child(z, parent, &e)) != 0)
			break;
		/* The pool's own datasets (pool/$ORIGIN) are not listed. */
		if (strpbrk(e.name, "$%") != NULL)
			continue;
		buf_putc(out, ',');
		put_row(e.name, &e, out);
		if ((error = out->error) != 0 ||
		    (error = list_below(z, e.name, out)) != 0)
			break;
	}
	finish(z, &e);
	return (error == ESRCH || error == 0 ? 0 :
	    put_damaged(parent, error, out));
}

int
list_tree(const struct lzc *z, const char *root, struct zt_buf *out)
{
	int error;

	buf_putc(out, '[');
	if ((error = list_one(z, root, out)) != 0 &&
	    (error = put_damaged(root, error, out)) != 0)
		return (error);
	if ((error = list_below(z, root, out)) != 0)
		return (error);
	buf_putc(out, ']');
	return (out->error);
}

static int
snapshots(const struct lzc *z, const char *dataset, enum depth depth,
    struct zt_buf *out)
{
	struct entry e = { 0 };
	size_t skip = strlen(dataset) + 1;
	int error;

	buf_putc(out, '[');
	while ((error = z->next_snapshot(z, dataset, depth, &e)) == 0) {
		if (e.createtxg == 0 && depth == DEPTH_FAST) {
			error = EAGAIN;
			break;
		}
		if (out->len > 1)
			buf_putc(out, ',');
		put_row(e.name + skip, &e, out);
		if ((error = out->error) != 0)
			break;
	}
	buf_putc(out, ']');
	finish(z, &e);
	return (error == ESRCH ? out->error : error);
}

/*
 * In the fast form, OpenZFS 2.1 gives nothing but the name
 * (zfs_ioc_snapshot_list_next in module/zfs/zfs_ioctl.c): list again, with the
 * statistics of each snapshot.
 */
int
list_snapshots(const struct lzc *z, const char *dataset, boolean_t props,
    struct zt_buf *out)
{
	int error = snapshots(z, dataset, props ? DEPTH_PROPS : DEPTH_FAST,
	    out);

	if (error == EAGAIN && !props) {
		out->len = 0;
		error = snapshots(z, dataset, DEPTH_STATS, out);
	}
	return (error);
}
