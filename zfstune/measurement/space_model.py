"""What OpenZFS makes of a record: compressed, rounded up to sectors, with parity.

The rules are those of ``zio_write_compress()`` and ``zio_compress_data()`` in
module/zfs/zio.c and zio_compress.c, ``vdev_raidz_asize()`` in vdev_raidz.c and
``vdev_draid_psize_to_asize()`` in vdev_draid.c, the same from OpenZFS 2.1 to 2.4 for data
that compresses at all.
"""

from __future__ import annotations

from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.values.state import Vdev

__all__ = ["Layout", "header_bytes", "layout_of", "record_length", "stored_bytes"]

# BPE_PAYLOAD_SIZE, include/sys/spa.h: so much fits into a block pointer.
_EMBEDDED_BYTES = 112
_LEAST_BLOCK = 512  # SPA_MINBLOCKSIZE
# Space is counted as if all blocks were of this size: vdev_set_deflate_ratio(), vdev.c
_TYPICAL_BYTES = 128 << 10


@frozen
class Layout:
    """How a vdev lays out a block.

    Attributes:
        sector_bytes: Its sector.
        copies: How many devices hold the same: of a mirror.
        kind: ``raidz``, ``draid``, or empty.
        width: Devices of a stripe, parity included.
        parity: Devices of a stripe that hold parity.
    """

    sector_bytes: int
    copies: int = 1
    kind: str = ""
    width: int = 1
    parity: int = 0

    def allocated_bytes(self, stored: int) -> int:
        """Return the space that a stored block takes, parity and padding included."""
        if not self.kind:
            return stored
        sectors = -(-stored // self.sector_bytes)
        data = self.width - self.parity
        if self.kind == "draid":
            return -(-sectors // data) * self.width * self.sector_bytes
        sectors += self.parity * -(-sectors // data)
        unit = self.parity + 1
        return -(-sectors // unit) * unit * self.sector_bytes

    def counted_bytes(self, stored: int) -> int:
        """Return the space as ``zfs list`` and ``st_blocks`` count it.

        They divide by what a block of 128K takes, so that parity does not show there.
        """
        typical = self.allocated_bytes(_TYPICAL_BYTES) // _LEAST_BLOCK
        return self.allocated_bytes(stored) // _LEAST_BLOCK * (_TYPICAL_BYTES // typical)

    def written_bytes(self, stored: int) -> int:
        """Return what all devices together write for a stored block, without padding."""
        if not self.kind:
            return stored * self.copies
        if self.kind == "draid":  # the rest of a row is written as zeros
            return self.allocated_bytes(stored)
        sectors = -(-stored // self.sector_bytes)
        rows = -(-sectors // (self.width - self.parity))
        return (sectors + self.parity * rows) * self.sector_bytes


def layout_of(vdevs: tuple[Vdev, ...]) -> Layout:
    """Return the layout of the first vdev that holds data."""
    vdev = next(vdev for vdev in vdevs if vdev.role == "normal")
    sector = 1 << vdev.ashift
    for kind in ("raidz", "draid"):
        if vdev.kind.startswith(kind):
            return Layout(sector, kind=kind, width=vdev.width, parity=vdev.parity)
    mirrored = vdev.kind == "mirror"
    return Layout(sector, copies=len(vdev.devices) if mirrored else 1)


def header_bytes(compression: str) -> int:
    """Return the bytes that OpenZFS puts before compressed data."""
    if compression.startswith("zstd"):
        return 8  # zfs_zstdhdr_t: its size, version and level
    return 4 if compression in ("lz4", "on") else 0  # lz4: its size


def record_length(file_bytes: int, recordsize_bytes: int) -> int:
    """Return the length of a file's records: a small file has one of its own length."""
    if file_bytes > recordsize_bytes:
        return recordsize_bytes
    return -(-file_bytes // _LEAST_BLOCK) * _LEAST_BLOCK


def stored_bytes(
    record_bytes: int, compressed_bytes: int | None, compression: str, sector_bytes: int
) -> int:
    """Return the bytes that a record is stored in, without parity.

    Args:
        record_bytes: Its length.
        compressed_bytes: What the algorithm makes of it; None: it is not compressed.
        compression: The algorithm, for its header.
        sector_bytes: The sector of the vdev.
    """
    raw = -(-record_bytes // sector_bytes) * sector_bytes
    if compressed_bytes is None:
        return raw
    size = compressed_bytes + header_bytes(compression)
    if size <= _EMBEDDED_BYTES:
        return 0
    most = record_bytes - record_bytes // 8
    if size > most:
        return raw
    return min(-(-size // sector_bytes) * sector_bytes, raw)
