"""The block size of a volume, and the space it reserves so that no write fails.

``zfs create -V`` sets ``refreservation`` to that space; the kernel does not, so a volume
created through libzfs_core alone is a sparse one. The arithmetic is that of
zvol_volsize_to_reservation() in lib/libzfs/libzfs_dataset.c, written anew.
"""

from __future__ import annotations

from zfstune.values.ondisk import allocated_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from zfstune.values.state import Vdev

__all__ = ["default_block_bytes", "reservation_bytes"]

# include/sys/spa.h, include/sys/dnode.h
_RECORD_BYTES = 128 << 10  # SPA_OLD_MAXBLOCKSIZE: the unit that space is accounted in
_SECTOR_BYTES = 512  # 1 << SPA_MINBLOCKSHIFT
_INDIRECT_BYTES = 128 << 10  # 1 << DN_MAX_INDBLKSHIFT
_POINTERS_PER_INDIRECT = 1024  # DNODES_PER_LEVEL
_METADNODE_LEVELS = 7  # L0 to L6
_MOST_COPIES = 3  # SPA_DVAS_PER_BP
_UINT64_MAX = (1 << 64) - 1


def default_block_bytes(least_bytes: int, vdevs: Iterable[Vdev]) -> int:
    """Choose the block size of a volume for which the caller gave none.

    On raidz and draid a block that is smaller than the least allocation wastes the
    rest. ``zfs create -V`` enlarges it by the same rule (default_volblocksize() in
    cmd/zfs/zfs_main.c), which in 2.4 leaves raidz out.

    Args:
        least_bytes: The release's default, which is never made smaller.
        vdevs: The pool's top-level vdevs.
    """
    allocation = max((_least_bytes(v) for v in vdevs if v.role == "normal"), default=0)
    block = least_bytes
    while block * 2 <= allocation:
        block *= 2
    return block


def _least_bytes(vdev: Vdev) -> int:
    """Compute the least that a vdev allocates without waste, parity left out."""
    if not vdev.parity:
        sectors = 1
    elif vdev.kind.startswith("draid"):  # a whole row
        sectors = vdev.width - vdev.parity
    else:
        sectors = 2 if vdev.parity == 1 else 4
    return sectors << vdev.ashift


def reservation_bytes(
    volsize_bytes: int, volblocksize_bytes: int, *, copies: int, vdevs: Iterable[Vdev]
) -> int:
    """Compute the ``refreservation`` of a volume that is not sparse, in bytes.

    Args:
        volsize_bytes: Size of the volume.
        volblocksize_bytes: Its block size.
        copies: The ``copies`` property.
        vdevs: The pool's top-level vdevs: with parity, small blocks take more space
            than the 128 KiB records that ZFS accounts by.
    """
    blocks = volsize_bytes // volblocksize_bytes
    data = _charged_bytes(blocks, volblocksize_bytes, vdevs) * copies
    indirects = _METADNODE_LEVELS
    level = blocks
    while level > 1:
        level = -(-level // _POINTERS_PER_INDIRECT)
        indirects += level
    return data + indirects * min(_MOST_COPIES, copies + 1) * _INDIRECT_BYTES


def _charged_bytes(blocks: int, block_bytes: int, vdevs: Iterable[Vdev]) -> int:
    most = 0
    for vdev in vdevs:
        if not vdev.parity:
            continue
        allocated = allocated_bytes(vdev, block_bytes)
        per_record = allocated_bytes(vdev, _RECORD_BYTES)
        # The division comes before the multiplication, for the same rounding as in libzfs.
        charged = blocks * allocated // (per_record // _SECTOR_BYTES)
        most = max(most, min(charged * (_RECORD_BYTES // _SECTOR_BYTES), _UINT64_MAX))
    return most or blocks * block_bytes
