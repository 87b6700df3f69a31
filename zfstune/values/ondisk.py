"""The space that a block takes on disk: the arithmetic of ZFS, without a disk.

A block has three sizes, each rounded in its own way: the size of its data (lsize), the
size after compression (psize), and the size allocated for that, parity and padding
included (asize). The rules are those of zio_write_compress() in module/zfs/zio.c and of
the asize functions of module/zfs/vdev_raidz.c and vdev_draid.c, written anew;
tests/lab/test_ondisk.py compares them with real pools. Up to OpenZFS 2.2 a block whose
size is no power of two may be a sector smaller than computed here.

Metadata is left out: indirect blocks and dnodes are shared by all writes of a
transaction group, so their cost for each write depends on the other writes.
"""

from __future__ import annotations

from itertools import pairwise

from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.values.state import Vdev

__all__ = [
    "Overwrite",
    "allocated_bytes",
    "charged_bytes",
    "device_bytes",
    "overwrite",
    "packed_bytes",
    "sector_step_bytes",
    "stored_bytes",
]

# include/sys/spa.h
_SECTOR_BYTES = 512  # 1 << SPA_MINBLOCKSHIFT
_EMBEDDED_BYTES = 112  # BPE_PAYLOAD_SIZE
_REFERENCE_BLOCK_BYTES = 128 << 10  # vdev_set_deflate_ratio() in module/zfs/vdev.c


@frozen
class Overwrite:
    """The cost of a write into the middle of a file, in bytes.

    Attributes:
        written_bytes: Bytes written to the devices, all copies and parity included.
        read_bytes: Bytes read first, if the rest of the records is not in memory.
    """

    written_bytes: int
    read_bytes: int


def packed_bytes(block_bytes: int, ratio: float) -> int:
    """Compute the size of a block after compression at a given ratio, in bytes."""
    return -int(-block_bytes // max(ratio, 1.0))


def stored_bytes(
    block_bytes: int, packed: int | None, *, ashift: int, embedded: bool = True
) -> int:
    """Compute the size that a block is stored in (its psize).

    Args:
        block_bytes: The size of its data: the recordsize or, for a file of one block,
            the size of the file.
        packed: The size after compression, header included; 0 for a block of zeroes,
            None without compression.
        ashift: The smallest ashift of the pool's vdevs.
        embedded: The pool has the feature embedded_data.

    Returns:
        Bytes; 0 for a hole, and for data that fits into the pointer to the block.
    """
    size = _up(block_bytes, _SECTOR_BYTES)
    if packed is None:
        return size
    if not packed:
        return 0
    if packed <= _EMBEDDED_BYTES and embedded:
        return 0
    sector = 1 << ashift
    # Compression has to save an eighth, and in whole sectors.
    most = size - size // 8
    stored = _up(packed, sector)
    return stored if packed <= most - most % sector and stored < size else size


def allocated_bytes(vdev: Vdev, stored: int) -> int:
    """Compute the space allocated for a stored size, parity and padding included.

    Args:
        vdev: The top-level vdev that the block lies on.
        stored: The stored size, from :func:`stored_bytes`.

    Returns:
        Bytes of one copy: a mirror counts one of its sides, as ZFS does.
    """
    sectors = -(-stored >> vdev.ashift)
    if vdev.parity:
        columns = vdev.width - vdev.parity
        if vdev.kind.startswith("draid"):  # whole rows
            sectors = -(-sectors // columns) * vdev.width
        else:
            sectors += vdev.parity * -(-sectors // columns)
            sectors = _up(sectors, vdev.parity + 1)
    return sectors << vdev.ashift


def device_bytes(vdev: Vdev, stored: int) -> int:
    """Compute the bytes written to all devices of a vdev, each side of a mirror counted."""
    sides = len(vdev.devices) if vdev.kind == "mirror" else 1
    return allocated_bytes(vdev, stored) * max(sides, 1)


def charged_bytes(vdev: Vdev, stored: int) -> int:
    """Compute the space that ``zfs list`` and ``du`` print for a stored size.

    They subtract parity at the rate of a block of 128K: on raidz and draid a small
    block is printed larger than its data.
    """
    sectors = allocated_bytes(vdev, _REFERENCE_BLOCK_BYTES) // _SECTOR_BYTES
    bytes_per_sector = _REFERENCE_BLOCK_BYTES // sectors
    return allocated_bytes(vdev, stored) // _SECTOR_BYTES * bytes_per_sector


def sector_step_bytes(vdev: Vdev) -> int:
    """Compute what one sector of data more takes at the most, as ``zfs list`` counts it.

    On raidz it may bring parity and padding along, on draid a whole row.
    """
    charges = [
        charged_bytes(vdev, sectors << vdev.ashift) for sectors in range(2 * vdev.width + 1)
    ]
    return max(more - less for less, more in pairwise(charges))


def overwrite(
    vdev: Vdev, record_bytes: int, write_bytes: int, *, ratio: float | None = None
) -> Overwrite:
    """Compute the cost of an aligned write at a random place of a large file.

    Args:
        vdev: The vdev that holds the file.
        record_bytes: The file's record size.
        write_bytes: Size of the write, a power of two.
        ratio: The compression ratio of the data; None: it is not compressed.

    Returns:
        Bytes of data, without metadata and the log of synchronous writes.
    """
    packed = None if ratio is None else packed_bytes(record_bytes, ratio)
    stored = stored_bytes(record_bytes, packed, ashift=vdev.ashift, embedded=False)
    records = max(1, write_bytes // record_bytes)
    read = stored if write_bytes < record_bytes else 0
    return Overwrite(device_bytes(vdev, stored) * records, read)


def _up(size: int, step: int) -> int:
    """Round a size up to a multiple of a step."""
    return -(-size // step) * step
