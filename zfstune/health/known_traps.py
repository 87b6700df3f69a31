"""The faults that releases of OpenZFS are known for, with the release that mends each.

A row is here if somebody could lose data, time or a machine by it. The releases are read
from the tags: the first one of each series that has the fixing commit. A distributor may
have taken a fix over; where its changelog says so, `built` has the version. Faults of
libzfs do not bite zfstune, but they bite its users, who run the zfs command as well.
"""

from __future__ import annotations

from zfstune.health.concerns import (
    block_cloning,
    bookmarks,
    cloning_on_large_pools,
    cloning_with_pruned_dedup,
    dedup,
    encryption,
    everything,
    filesystems,
    holes_of_dirty_files,
    large_dnodes,
    large_records,
    posix_acls,
    pruned_dedup,
    raidz,
    received_properties,
    redaction,
    spilled_attributes,
    using_draid,
    using_old_large_dnodes,
    volumes,
    volumes_on_blk_mq,
    with_new_shrinkers,
)
from zfstune.health.trap import ADVICE, DANGER, FAULT, NOTE, Trap

__all__ = ["TRAPS"]

_ISSUES = "https://github.com/openzfs/zfs/issues/"
_COMMITS = "https://github.com/openzfs/zfs/commit/"

TRAPS = (
    Trap(
        name="dedup-zeroes",
        severity=DANGER,
        since=((2, 4, 0),),
        fixed=((2, 4, 4),),
        what="writes to a dataset with dedup can be stored as zeroes, without an error: "
        "two writers of one block race for its entry in the deduplication table",
        remedy="zfs set dedup=off on the datasets below; blocks that were written so far "
        "stay as they are, so compare files with a copy from elsewhere",
        source=f"{_ISSUES}18366",
        concerns=dedup,
    ),
    Trap(
        name="clone-then-truncate",
        severity=DANGER,
        since=((2, 2, 0),),
        fixed=((2, 3, 7), (2, 4, 2)),
        what="a file that was truncated, and then got blocks by cloning (cp --reflink, "
        "copy_file_range), can read as zeroes until it is written to disk",
        remedy="set the module parameter zfs_bclone_enabled to 0",
        source=f"{_ISSUES}18421",
        concerns=block_cloning,
    ),
    Trap(
        name="freed-after-clone",
        severity=DANGER,
        since=((2, 3, 7), (2, 4, 2)),
        fixed=((2, 3, 9), (2, 4, 4)),
        what="a range that was cloned into a file and then freed, by a truncation or a "
        "hole, can read as the old content instead of zeroes until it is written to disk",
        remedy="set the module parameter zfs_bclone_enabled to 0",
        source=f"{_ISSUES}18724",
        concerns=block_cloning,
    ),
    Trap(
        name="early-block-cloning",
        severity=DANGER,
        since=((2, 2, 0),),
        fixed=((2, 2, 4), (2, 3, 0)),
        what="cloned blocks can be lost or read wrong: after a crash, where one is "
        "overwritten in the same transaction group, and where files are mapped into memory",
        remedy="set the module parameter zfs_bclone_enabled to 0; 2.2.0 has none, so "
        "update",
        source=f"{_ISSUES}15933, 15603, 15653, 16052",
        concerns=block_cloning,
    ),
    Trap(
        name="holes-in-dirty-files",
        severity=DANGER,
        since=((2, 1, 0),),
        fixed=((2, 1, 14), (2, 2, 2), (2, 3, 0)),
        what="a program that looks for holes in a file that is just being written (as cp "
        "does) can see one where there is data, and copy zeroes",
        remedy="set the module parameter zfs_dmu_offset_next_sync to 0",
        source=f"{_ISSUES}15526",
        concerns=holes_of_dirty_files,
        built=("2.1.11-1+deb12u1",),
    ),
    Trap(
        name="mapped-and-read",
        severity=DANGER,
        since=((2, 1, 0),),
        fixed=((2, 1, 12), (2, 2, 0)),
        what="a read() of a page that another process is just faulting in through mmap() "
        "can return data that is not there yet",
        remedy="",
        source=f"{_COMMITS}89cd2197b9",
        concerns=filesystems,
    ),
    Trap(
        name="unsynced-volumes",
        severity=DANGER,
        since=((2, 2, 7), (2, 3, 0)),
        fixed=((2, 2, 8), (2, 3, 2)),
        what="a flush of a volume is not heard, so that a guest's synced writes of the "
        "last seconds are lost in a power cut",
        remedy="zfs set sync=always on the volumes below",
        source="https://github.com/openzfs/zfs/pull/17131",
        concerns=volumes,
    ),
    Trap(
        name="unsynced-volumes-blk-mq",
        severity=DANGER,
        since=((2, 2, 0),),
        fixed=((2, 2, 9), (2, 3, 5), (2, 4, 0)),
        what="with zvol_use_blk_mq=1 a flush or a discard of a volume is taken for a read, "
        "so that synced writes of the last seconds are lost in a power cut",
        remedy="set the module parameter zvol_use_blk_mq to 0 and import the pool anew",
        source=f"{_ISSUES}17761",
        concerns=volumes_on_blk_mq,
    ),
    Trap(
        name="draid-cleared-disk",
        severity=DANGER,
        since=((2, 1, 0),),
        fixed=((2, 2, 10), (2, 3, 7), (2, 4, 2)),
        what="a faulted disk of a draid that is cleared while distributed spares stand in "
        "for others gets wrong data, and too many of them lose some",
        remedy="do not clear a faulted disk of a draid: replace it, and scrub",
        source=f"{_COMMITS}b403040c4c",
        concerns=using_draid,
    ),
    Trap(
        name="redacted-last-block",
        severity=DANGER,
        since=((2, 1, 0),),
        fixed=((2, 3, 8), (2, 4, 3)),
        what="an incremental send from a redaction bookmark can leave out the last block "
        "of a file, which reads as zeroes where it is received",
        remedy="send in full instead of from a redaction bookmark",
        source=f"{_COMMITS}e78a51dd6f",
        concerns=redaction,
        in_images=True,
    ),
    Trap(
        name="pruned-dedup-clones",
        severity=DANGER,
        since=((2, 3, 0),),
        fixed=((2, 3, 8), (2, 4, 3)),
        what="a block that is both deduplicated and cloned can be freed twice once `zpool "
        "ddtprune` has removed its entry",
        remedy="do not run zpool ddtprune, and leave dedup_table_quota at none",
        source=f"{_ISSUES}18520",
        concerns=cloning_with_pruned_dedup,
    ),
    Trap(
        name="old-large-dnodes-receive",
        severity=DANGER,
        since=((2, 1, 0),),
        fixed=(),
        what="an incremental receive into a filesystem of version 4 or lower whose dnodes "
        "are large can free content that is still needed",
        remedy="send the filesystem in full to a new one of version 5",
        source=f"{_COMMITS}ffde77051c",
        concerns=using_old_large_dnodes,
        in_images=True,
    ),
    Trap(
        name="larger-sectors-receive",
        severity=DANGER,
        since=((2, 1, 0),),
        fixed=((2, 1, 2), (2, 2, 0)),
        what="a compressed stream that is received on a pool with larger sectors than its "
        "source's can be stored wrong",
        remedy="send without -c to this host, and scrub what was received",
        source=f"{_ISSUES}12770",
        concerns=everything,
        in_images=True,
    ),
    Trap(
        name="encrypted-plain-send",
        severity=FAULT,
        since=((2, 1, 0),),
        fixed=((2, 2, 8), (2, 3, 3), (2, 4, 0)),
        what="a send of an encrypted dataset that is not raw can fail with checksum errors "
        "that are none, or panic; the data is sound",
        remedy="send encrypted datasets raw, as zfstune does unless --no-raw is given",
        source=f"{_ISSUES}12014",
        concerns=encryption,
        in_images=True,
    ),
    Trap(
        name="raw-receive-blocks",
        severity=FAULT,
        since=((2, 1, 0),),
        fixed=((2, 1, 13), (2, 2, 0)),
        what="a raw receive panics where a file's number is used anew with another size of "
        "indirect blocks",
        remedy="",
        source=f"{_ISSUES}15039",
        concerns=encryption,
        in_images=True,
    ),
    Trap(
        name="cloning-on-large-devices",
        severity=FAULT,
        since=((2, 2, 0),),
        fixed=((2, 2, 9), (2, 3, 5), (2, 4, 0)),
        what="block cloning overwrites a little of the kernel's memory where a device has "
        "more than 64 TiB",
        remedy="set the module parameter zfs_bclone_enabled to 0",
        source=f"{_ISSUES}17915",
        concerns=cloning_on_large_pools,
    ),
    Trap(
        name="unmount-panic",
        severity=FAULT,
        since=((2, 1, 15), (2, 2, 0)),
        fixed=((2, 2, 8), (2, 3, 2), (2, 4, 0)),
        what="the kernel can panic when a filesystem is unmounted while memory is short",
        remedy="",
        source=f"{_ISSUES}16770, 17121",
        concerns=with_new_shrinkers,
    ),
    Trap(
        name="pruned-dedup-leak",
        severity=ADVICE,
        since=((2, 3, 0),),
        fixed=((2, 3, 9), (2, 4, 0)),
        what="`zpool ddtprune` can leave space behind that nothing frees any more",
        remedy="do not run zpool ddtprune, and leave dedup_table_quota at none",
        source=f"{_ISSUES}17982",
        concerns=pruned_dedup,
    ),
    Trap(
        name="large-blocks-sent-back",
        severity=NOTE,
        since=((2, 1, 0),),
        fixed=((2, 4, 1),),
        what="a copy whose source has no block above 128K yet cannot be sent back once it "
        "has one itself; the receive is refused, and nothing is lost",
        remedy="write one file with a large block to the source before its first send",
        source=f"{_ISSUES}18105",
        concerns=large_records,
        in_images=True,
    ),
    Trap(
        name="embedded-data-sends",
        severity=NOTE,
        since=((2, 3, 0),),
        fixed=(),
        what="`zfs send -e` can lose extended attributes and ACLs that need a block of "
        "their own; zfstune never sends so, other tools may",
        remedy="leave -e out of the options of other tools",
        source=f"{_ISSUES}18239",
        concerns=spilled_attributes,
    ),
    Trap(
        name="stale-acls",
        severity=NOTE,
        since=((2, 1, 0),),
        fixed=((2, 3, 9), (2, 4, 4)),
        what="after a rollback in place, or a receive into a mounted filesystem, files can "
        "keep the ACLs that they had before until they are read anew",
        remedy="unmount and mount the filesystem after a rollback",
        source=f"{_COMMITS}f63a554741",
        concerns=posix_acls,
    ),
    Trap(
        name="snapshot-mount-deadlock",
        severity=NOTE,
        since=((2, 1, 0),),
        fixed=((2, 4, 2),),
        what="a receive or a rollback can hang for ever if somebody enters .zfs/snapshot "
        "of the same filesystem at that moment",
        remedy="keep programs that walk through .zfs away from filesystems that receive",
        source=f"{_COMMITS}9bf1a720f6",
        concerns=filesystems,
    ),
    Trap(
        name="export-with-open-volume",
        severity=NOTE,
        since=((2, 2, 7), (2, 3, 0)),
        fixed=((2, 4, 4),),
        what="`zpool export` hangs while a volume of the pool is open, without a word",
        remedy="close its volumes before a pool is exported",
        source=f"{_COMMITS}0bb41751f2",
        concerns=volumes,
    ),
    Trap(
        name="raidz-expansion-crash",
        severity=NOTE,
        since=((2, 3, 0),),
        fixed=(),
        what="a crash in the first moments of a raidz expansion can leave a pool that does "
        "not import",
        remedy="have a copy of the pool before `zpool attach` to a raidz",
        source=f"{_ISSUES}18920",
        concerns=raidz,
    ),
    Trap(
        name="reallocating-receive-slow",
        severity=NOTE,
        since=((2, 1, 0),),
        fixed=(),
        what="an incremental receive can crawl at a few KB/s where the size of dnodes was "
        "changed on the source: the pool is synced once for each file whose dnode has "
        "another size than its predecessor's",
        remedy="leave dnodesize as it is once a dataset is replicated, or send it in full "
        "after a change",
        source=f"{_ISSUES}11353",
        concerns=large_dnodes,
        in_images=True,
    ),
    Trap(
        name="excluded-property-received",
        severity=NOTE,
        since=((2, 1, 0),),
        fixed=((2, 3, 9), (2, 4, 4)),
        what="`zfs receive -x` takes the property that it is to leave out at every second "
        "incremental receive; zfstune receives without libzfs, other tools do not",
        remedy="let other tools set the property (`zfs receive -o`) instead of leaving it "
        "out, or send without properties",
        source=f"{_ISSUES}18737",
        concerns=received_properties,
        in_library=True,
    ),
    Trap(
        name="resumed-send-without-base",
        severity=NOTE,
        since=((2, 1, 0),),
        fixed=((2, 3, 9), (2, 4, 4)),
        what="`zfs send -t` reads memory that it has freed where the bookmark that its "
        "stream begins at is gone: it can crash, or tell a wrong reason; zfstune sends "
        "without libzfs, and asks for this command only on hosts without zfstune",
        remedy="look for the bookmark with `zfs list -t bookmark`; if it is gone, `zfs "
        "receive -A` on the target gives the part of the stream up",
        source=f"{_ISSUES}18870",
        concerns=bookmarks,
        in_library=True,
    ),
    Trap(
        name="raw-receive-with-holds",
        severity=NOTE,
        since=((2, 1, 0),),
        fixed=(),
        what="`zfs receive` aborts once it has received what `zfs send -w -h` wrote of an "
        "encrypted dataset; zfstune receives without libzfs",
        remedy="leave -h out of the options of other tools, or give `zfs send` -p as well",
        source=f"{_ISSUES}10787",
        concerns=encryption,
        in_library=True,
    ),
)
