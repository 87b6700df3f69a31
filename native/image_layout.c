/*
 * Lays out the objects of a new filesystem or volume.
 *
 * zfs_create_fs() and zvol_create_cb() are in the kernel's module and not in
 * libzpool, so this file writes the objects that they would, in the on-disk
 * format of include/sys/zfs_znode.h, zfs_sa.h and zfs_acl.h.  A kernel mounts
 * the result.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "image.h"

/* zpl_attr_t: the order of zfs_attr_table */
enum {
	ZPL_ATIME, ZPL_MTIME, ZPL_CTIME, ZPL_CRTIME, ZPL_GEN, ZPL_MODE,
	ZPL_SIZE, ZPL_PARENT, ZPL_LINKS, ZPL_XATTR, ZPL_RDEV, ZPL_FLAGS,
	ZPL_UID, ZPL_GID, ZPL_PAD, ZPL_ZNODE_ACL, ZPL_DACL_COUNT, ZPL_SYMLINK,
	ZPL_SCANSTAMP, ZPL_DACL_ACES, ZPL_DXATTR, ZPL_PROJID,
};

/* z_pflags */
#define	ACL_TRIVIAL		0x4ULL
#define	ACL_AUTO_INHERIT	0x40ULL
#define	NO_EXECS_DENIED		0x100ULL
#define	ARCHIVE			0x0000000800000000ULL
#define	AV_MODIFIED		0x0000040000000000ULL
#define	PROJID			0x0000800000000000ULL

/* Access masks of NFSv4 (RFC 7530, 6.2.1.3), as a directory uses them. */
enum {
	LIST = 0x1, ADD_FILE = 0x2, ADD_DIRECTORY = 0x4, READ_XATTR = 0x8,
	WRITE_XATTR = 0x10, TRAVERSE = 0x20, DELETE_CHILD = 0x40,
	READ_ATTRIBUTES = 0x80, WRITE_ATTRIBUTES = 0x100, READ_ACL = 0x20000,
	WRITE_ACL = 0x40000, WRITE_OWNER = 0x80000, SYNCHRONIZE = 0x100000,
};
enum {
	FOR_EVERYBODY = READ_ACL | READ_ATTRIBUTES | READ_XATTR | SYNCHRONIZE,
	FOR_OWNER = WRITE_ATTRIBUTES | WRITE_XATTR | WRITE_ACL | WRITE_OWNER,
};

struct ace {			/* zfs_ace_hdr_t */
	uint16_t type;		/* 0: allow */
	uint16_t flags;		/* owner@, group@ or everyone@ */
	uint32_t mask;
};

#define	NEW_OBJECT		UINT64_MAX
#define	SA_MAGIC		0x2F505AU
#define	BONUS_BYTES		320	/* of 512 where dnodesize=legacy */
#define	WRONG_PARENT		1033	/* ZFS_ERR_WRONG_PARENT */
#define	TEXT_TO_UPPER		0x2	/* U8_TEXTPREP_TOUPPER */
#define	ROOT_MODE		0755U

/*
 * Half a filesystem must never reach the disk, and these calls are made inside
 * the transaction that would take it there: the only way back is to end the
 * process.  The engine sees it die and quotes this line.
 */
static void
must(int error, const char *what)
{
	if (error != 0) {
		(void) fprintf(stderr, "cannot lay out a dataset: %s: %s\n",
		    what, strerror(error));
		abort();
	}
}
#define	MUST(call)	must((call), #call)

/*
 * Tell who owns an object, for the accounting of space by user.  OpenZFS calls
 * this while it syncs an object, with the object's bonus buffer; in a kernel,
 * zpl_get_file_info() does it.
 */
int
image_file_info(int bonustype, const void *bonus, struct file_info *info)
{
	struct { uint32_t magic; uint16_t layout; } header;
	uint64_t fields[7];	/* mode size gen uid gid parent flags */

	if (bonustype != OT_SA)
		return (ENOENT);
	memset(info, 0, sizeof (*info));
	if (bonus == NULL)
		return (EEXIST);	/* the owner has not changed */
	memcpy(&header, bonus, sizeof (header));
	if (header.magic != SA_MAGIC)
		return (0);		/* allocated, but not filled in yet */
	/* The header's length in words is above the ten bits of layout. */
	const char *attributes =
	    (const char *)bonus + ((header.layout >> 10) << 3);
	memcpy(fields, attributes, sizeof (fields));
	info->generation = fields[2];
	info->user = fields[3];
	info->group = fields[4];
	if (fields[6] & PROJID)
		memcpy(&info->project, attributes + 128, sizeof (uint64_t));
	return (0);
}

static uint32_t
access_mask(unsigned int rwx)
{
	return (FOR_EVERYBODY | (rwx & 4 ? LIST : 0) |
	    (rwx & 2 ? ADD_FILE | ADD_DIRECTORY | DELETE_CHILD : 0) |
	    (rwx & 1 ? TRAVERSE : 0));
}

/* Fill in the root directory as a kernel does: empty, owned by root. */
static void
fill_root(objset_t *os, uint64_t root, const uint16_t *table, dmu_tx_t *tx)
{
	struct timespec ts;
	(void) clock_gettime(CLOCK_REALTIME, &ts);
	uint64_t now[2] = { (uint64_t)ts.tv_sec, (uint64_t)ts.tv_nsec };
	uint64_t mode = S_IFDIR | ROOT_MODE, entries = 2, links = 2, nobody = 0;
	uint64_t generation = zpool.dmu_tx_get_txg(tx), aces = 3;
	uint64_t flags = ARCHIVE | AV_MODIFIED | ACL_TRIVIAL |
	    ACL_AUTO_INHERIT | NO_EXECS_DENIED;
	struct ace acl[] = {
		{ 0, 0x1000, access_mask(ROOT_MODE >> 6 & 7) | FOR_OWNER },
		{ 0, 0x2040, access_mask(ROOT_MODE >> 3 & 7) },
		{ 0, 0x4000, access_mask(ROOT_MODE & 7) },
	};
	boolean_t project = zpool.dmu_objset_projectquota_enabled(os);
	if (project)
		flags |= PROJID;

	/* The order on disk, which image_file_info() and kernels rely on. */
	const struct { int attr; void *data; uint16_t length; } attributes[] = {
		{ ZPL_MODE, &mode, 8 }, { ZPL_SIZE, &entries, 8 },
		{ ZPL_GEN, &generation, 8 }, { ZPL_UID, &nobody, 8 },
		{ ZPL_GID, &nobody, 8 }, { ZPL_PARENT, &root, 8 },
		{ ZPL_FLAGS, &flags, 8 }, { ZPL_ATIME, now, 16 },
		{ ZPL_MTIME, now, 16 }, { ZPL_CTIME, now, 16 },
		{ ZPL_CRTIME, now, 16 }, { ZPL_LINKS, &links, 8 },
		{ ZPL_PROJID, &nobody, 8 }, { ZPL_DACL_COUNT, &aces, 8 },
		{ ZPL_DACL_ACES, acl, sizeof (acl) },
	};
	enum { COUNT = sizeof (attributes) / sizeof (attributes[0]) };
	struct sa_bulk_attr bulk[COUNT];
	int used = 0;
	memset(bulk, 0, sizeof (bulk));
	for (size_t i = 0; i < COUNT; i++) {
		if (attributes[i].attr == ZPL_PROJID && !project)
			continue;
		bulk[used].attr = table[attributes[i].attr];
		bulk[used].data = attributes[i].data;
		bulk[used].length = attributes[i].length;
		used++;
	}
	sa_handle_t *handle;
	MUST(zpool.sa_handle_get(os, root, NULL, 0, &handle));
	MUST(zpool.sa_replace_all_by_template(handle, bulk, used, tx));
	zpool.sa_handle_destroy(handle);
}

/* Return how names in a directory are compared: z_norm in zfs_create_fs(). */
static int
name_flags(const struct fs_spec *spec)
{
	return ((int)spec->normalization |
	    (spec->casesensitivity != FS_SENSITIVE ? TEXT_TO_UPPER : 0));
}

/*
 * dmu_objset_create() calls this within the transaction that makes the dataset.
 */
void
image_lay_out_filesystem(objset_t *os, void *arg, void *cred, dmu_tx_t *tx)
{
	const struct fs_spec *spec = arg;
	const struct { const char *name; uint64_t value; } master[] = {
		{ "normalization", spec->normalization },
		{ "utf8only", spec->utf8only },
		{ "casesensitivity", spec->casesensitivity },
		{ "VERSION", spec->version },
	};
	uint16_t *table;	/* belongs to the object set */
	int attributes = 0;

	(void) cred;
	MUST(zpool.zap_create_claim(os, MASTER_NODE, OT_MASTER_NODE, OT_NONE, 0,
	    tx));
	for (size_t i = 0; i < sizeof (master) / sizeof (master[0]); i++)
		MUST(zpool.zap_add(os, MASTER_NODE, master[i].name, 8, 1,
		    &master[i].value, tx));
	uint64_t registry = zpool.zap_create(os, OT_SA_MASTER_NODE, OT_NONE, 0,
	    tx);
	MUST(zpool.zap_add(os, MASTER_NODE, "SA_ATTRS", 8, 1, &registry, tx));
	uint64_t queue = zpool.zap_create(os, OT_UNLINKED_SET, OT_NONE, 0, tx);
	MUST(zpool.zap_add(os, MASTER_NODE, "DELETE_QUEUE", 8, 1, &queue, tx));
	while (zpool.attr_table[attributes].name != NULL)
		attributes++;
	MUST(zpool.sa_setup(os, registry, zpool.attr_table, attributes,
	    &table));
	for (size_t i = 0; i < DEFAULT_QUOTAS; i++) {
		if (spec->default_quotas[i] != 0)
			MUST(zpool.zap_add(os, MASTER_NODE,
			    image_default_quotas[i], 8, 1,
			    &spec->default_quotas[i], tx));
	}
	uint64_t root = zpool.zap_create_norm(os, name_flags(spec),
	    OT_DIRECTORY_CONTENTS, OT_SA, BONUS_BYTES, tx);
	fill_root(os, root, table, tx);
	MUST(zpool.zap_add(os, MASTER_NODE, "ROOT", 8, 1, &root, tx));
}

void
image_lay_out_volume(objset_t *os, void *arg, void *cred, dmu_tx_t *tx)
{
	const struct volume_spec *spec = arg;

	(void) cred;
	MUST(zpool.dmu_object_claim(os, VOLUME_DATA, OT_ZVOL,
	    (int)spec->block_bytes, OT_NONE, 0, tx));
	MUST(zpool.zap_create_claim(os, VOLUME_PROPS, OT_ZVOL_PROP, OT_NONE, 0,
	    tx));
	MUST(zpool.zap_update(os, VOLUME_PROPS, "size", 8, 1, &spec->bytes,
	    tx));
}

/* Take a value out of `props`, or else from the parent. */
static int
take_fixed(const struct nvp *nvp, objset_t *parent, nvlist_t *props,
    const char *name, uint64_t *value)
{
	if (nvp->nvlist_lookup_uint64(props, name, value) == 0)
		return (nvp->nvlist_remove_all(props, name));
	return (image_lookup(parent, name, 0, value));
}

/* Read what creation fixes: zfs_fill_zplprops() in module/zfs/zfs_ioctl.c. */
int
image_fill_fs_spec(const struct nvp *nvp, const char *name, nvlist_t *props,
    struct fs_spec *spec)
{
	char parent[DATASET_NAME_SIZE];
	const char *slash = strrchr(name, '/');
	objset_t *os;

	if (slash == NULL || (size_t)(slash - name) >= sizeof (parent))
		return (slash == NULL ? EINVAL : ENAMETOOLONG);
	(void) snprintf(parent, sizeof (parent), "%.*s", (int)(slash - name),
	    name);
	memset(spec, 0, sizeof (*spec));
	spec->version = ZPL_VERSION;
	int error = zpool.dmu_objset_hold(parent, image_tag, &os);
	if (error != 0)
		return (error);
	if (zpool.dmu_objset_type(os) != OST_ZFS)
		error = WRONG_PARENT;
	(void) nvp->nvlist_lookup_uint64(props, "version", &spec->version);
	if (error == 0 && spec->version != ZPL_VERSION)
		error = ENOTSUP;	/* only the newest is written here */
	if (error == 0)
		error = take_fixed(nvp, os, props, "normalization",
		    &spec->normalization);
	if (error == 0)
		error = take_fixed(nvp, os, props, "utf8only", &spec->utf8only);
	if (error == 0)
		error = take_fixed(nvp, os, props, "casesensitivity",
		    &spec->casesensitivity);
	for (size_t i = 0; i < DEFAULT_QUOTAS && zpool.minor >= 4; i++) {
		if (error == 0)
			error = take_fixed(nvp, os, props,
			    image_default_quotas[i], &spec->default_quotas[i]);
	}
	zpool.dmu_objset_rele(os, image_tag);
	if (spec->normalization != 0)
		spec->utf8only = 1;
	return (error);
}

/* Lay out an empty filesystem in a transaction of its own. */
static int
fill(objset_t *os)
{
	struct fs_spec spec = { .version = ZPL_VERSION };
	dmu_tx_t *tx = zpool.dmu_tx_create(os);

	/* master node, registry with its two, delete queue, root */
	for (int i = 0; i < 6; i++)
		zpool.dmu_tx_hold_zap(tx, NEW_OBJECT, B_TRUE, NULL);
	zpool.dmu_tx_hold_bonus(tx, NEW_OBJECT);
	int error = zpool.dmu_tx_assign(tx, TX_WAIT);
	if (error != 0) {
		zpool.dmu_tx_abort(tx);
		return (error);
	}
	uint64_t txg = zpool.dmu_tx_get_txg(tx);
	image_lay_out_filesystem(os, &spec, NULL, tx);
	zpool.dmu_tx_commit(tx);
	zpool.txg_wait_synced(zpool.dmu_objset_pool(os), txg);
	return (0);
}

/*
 * Lay out the pool's own filesystem, if it is empty.  In user space
 * spa_create() leaves it so, and a process that was killed right after that
 * leaves it to the next one that opens the pool.
 */
int
image_fill_pool_root(const char *pool)
{
	uint64_t root;
	objset_t *os;
	int error = zpool.dmu_objset_hold(pool, image_tag, &os);

	if (error != 0)
		return (error);
	error = zpool.dmu_objset_type(os) != OST_ZFS ? 0 :
	    zpool.zap_lookup(os, MASTER_NODE, "ROOT", 8, 1, &root);
	zpool.dmu_objset_rele(os, image_tag);
	if (error != ENOENT)	/* damage: the calls that read it will tell */
		return (0);
	if ((error = image_own_filesystem(pool, &os)) == 0) {
		error = fill(os);
		image_disown_filesystem(os);
	}
	return (error);
}
