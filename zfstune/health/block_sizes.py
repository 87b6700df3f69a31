"""Find files whose blocks have another size than their dataset's recordsize.

A file's block size is fixed once the file grows beyond one block: a new recordsize is
for new files (zfs_grow_blocksize() in module/os/linux/zfs/zfs_znode_os.c). So a database
that is older than its profile still reads and writes records of the old size, although
every property is right.
"""

from __future__ import annotations

from zfstune.health.findings import Finding
from zfstune.values.size import format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zfstune.values.state import FileSample, FileSize

__all__ = ["is_stale", "stale_blocks"]

# A plain cp, a receive and a rewrite all leave the old size: a cloned block has the size
# of its source (zfs_clone_range() in module/zfs/zfs_vnops.c), a received block that of
# the stream (module/zfs/dmu_recv.c), a rewritten one its own (man/man8/zfs-rewrite.8).
REMEDY = (
    "stop the programs that use the files, then `zfstune retune DATASET`, or dump and "
    "restore with the application; plain cp may clone blocks, and zfs send, zfs receive "
    "and zfs rewrite keep their size"
)


def is_stale(file: FileSize, record_bytes: int) -> bool:
    """Tell whether a file would have blocks of another size if it were written anew.

    A file of one block that is smaller than a record may still grow to a whole record.
    """
    if file.block_bytes > record_bytes:
        return True
    return file.block_bytes < record_bytes and file.size_bytes > file.block_bytes


def stale_blocks(sample: FileSample, record_bytes: int) -> Iterator[Finding]:
    """Report how many files of a sample have blocks of another size.

    Args:
        sample: Some of the dataset's files, or all.
        record_bytes: The dataset's recordsize in force.
    """
    stale = [file for file in sample.files if is_stale(file, record_bytes)]
    if not stale:
        return
    sizes = " and ".join(_sizes(stale))
    total = format_size(sum(file.size_bytes for file in stale), exact=False)
    largest = max(stale, key=lambda file: file.size_bytes)
    looked = "" if sample.complete else "looked at "
    count = len(sample.files)
    note = (
        f"{len(stale)} of {count} file{'s' * (count != 1)} {looked}({total}) "
        f"{'has' if len(stale) == 1 else 'have'} blocks of {sizes}, and "
        f"recordsize is {format_size(record_bytes)}: {largest.path}"
    )
    if len(stale) > 1:
        note += " is the largest"
    yield Finding("stale-blocks", note, REMEDY, "recordsize", str(record_bytes))


def _sizes(stale: Iterable[FileSize]) -> list[str]:
    """Name the two commonest block sizes; rare ones belong to files of one block."""
    count: dict[int, int] = {}
    for file in stale:
        count[file.block_bytes] = count.get(file.block_bytes, 0) + 1
    most = sorted(count, key=lambda size: (-count[size], size))
    named = [format_size(size, exact=False) for size in most[:2]]
    return named if len(most) <= len(named) else [*named, "other sizes"]
