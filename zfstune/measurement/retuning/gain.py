"""What a new block size changes for files: space on disk, and the cost of a small write.

The arithmetic is that of :mod:`zfstune.values.ondisk`. The ratio at which the data
compresses is taken from the space that the file uses now, holes counted in; larger
records compress better than that, smaller ones worse.
"""

from __future__ import annotations

from zfstune.values.frozen import frozen
from zfstune.values.ondisk import charged_bytes, overwrite, packed_bytes, stored_bytes
from zfstune.values.size import format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from zfstune.measurement.retuning.found_file import FoundFile
    from zfstune.values.ondisk import Overwrite
    from zfstune.values.state import Vdev

__all__ = ["Gain", "Layout", "gains"]

_POINTER_BYTES = 128  # sizeof (blkptr_t)


@frozen
class Layout:
    """Where and how the files are written.

    Attributes:
        vdev: The vdev that the arithmetic is for.
        record_bytes: The recordsize of today.
        compressed: Whether compression is on today.
        copies: The ``copies`` property.
    """

    vdev: Vdev
    record_bytes: int
    compressed: bool
    copies: int = 1


@frozen
class Gain:
    """The files of one block size, and what changes for them.

    Attributes:
        block_bytes: Their block size now.
        files: How many they are.
        size_bytes: Their length together.
        used_bytes: The space that they take now.
        used_after_bytes: The space that they would take, by the arithmetic.
        write_bytes: A write of this size at a random, aligned place is what the two
            below are about: the smaller of the two block sizes.
        now: The cost of such a write now.
        afterwards: Its cost with the records of today.
        pointers_bytes: The pointers to their blocks now, before compression.
        pointers_after_bytes: The same with the records of today.
    """

    block_bytes: int
    files: int
    size_bytes: int
    used_bytes: int
    used_after_bytes: int
    write_bytes: int
    now: Overwrite
    afterwards: Overwrite
    pointers_bytes: int
    pointers_after_bytes: int

    def lines(self) -> list[str]:
        """Return what is gained, for people."""
        block, size, write = (
            format_size(n, exact=False)
            for n in (self.block_bytes, self.size_bytes, self.write_bytes)
        )
        pointers, later = (
            format_size(n, exact=False)
            for n in (self.pointers_bytes, self.pointers_after_bytes)
        )
        many = "file" if self.files == 1 else "files"
        costs = f"{_cost(self.now)} now, {_cost(self.afterwards)} afterwards"
        return [
            f"  {self.files} {many} in blocks of {block}, {size}",
            f"    a random write of {write}: {costs}",
            f"    pointers to blocks: {pointers} now, {later} afterwards",
        ]

    def to_dict(self) -> dict[str, object]:
        """Return the same in JSON's types."""
        return {
            "block_bytes": self.block_bytes,
            "files": self.files,
            "size_bytes": self.size_bytes,
            "used_bytes": self.used_bytes,
            "used_after_bytes": self.used_after_bytes,
            "random_write_bytes": self.write_bytes,
            "written_bytes": self.now.written_bytes,
            "written_after_bytes": self.afterwards.written_bytes,
            "read_bytes": self.now.read_bytes,
            "read_after_bytes": self.afterwards.read_bytes,
            "pointers_bytes": self.pointers_bytes,
            "pointers_after_bytes": self.pointers_after_bytes,
        }


def gains(files: Iterable[FoundFile], layout: Layout) -> tuple[Gain, ...]:
    """Compute the gain for files, grouped by their block size, the most space first."""
    by_block: dict[int, list[FoundFile]] = {}
    for file in files:
        by_block.setdefault(_power(file.block_bytes), []).append(file)
    rows = (_gain(block, group, layout) for block, group in by_block.items())
    return tuple(sorted(rows, key=lambda row: (-row.size_bytes, row.block_bytes)))


def _gain(block: int, files: list[FoundFile], layout: Layout) -> Gain:
    size = sum(file.size_bytes for file in files)
    used = sum(file.used_bytes for file in files)
    blocks = sum(-(-file.size_bytes // block) for file in files)
    records = sum(-(-file.size_bytes // layout.record_bytes) for file in files)
    ratio = _ratio(files, layout)
    write = min(block, layout.record_bytes)
    now, afterwards = (
        overwrite(layout.vdev, each, write, ratio=ratio)
        for each in (block, layout.record_bytes)
    )
    return Gain(
        block_bytes=block,
        files=len(files),
        size_bytes=size,
        used_bytes=used,
        used_after_bytes=sum(_used_after(file, layout) for file in files),
        write_bytes=write,
        now=now,
        afterwards=afterwards,
        pointers_bytes=blocks * _POINTER_BYTES,
        pointers_after_bytes=records * _POINTER_BYTES,
    )


def _ratio(files: list[FoundFile], layout: Layout) -> float | None:
    """Return the ratio at which the files are compressed; None: compression is off."""
    if not layout.compressed:
        return None
    used = sum(file.used_bytes for file in files)
    whole = sum(_whole(file, layout) for file in files)
    return max(1.0, whole / max(1, used))


def _whole(file: FoundFile, layout: Layout) -> int:
    """Compute the space of a file in its blocks of now, if none of them were packed."""
    return _space(file.size_bytes, file.block_bytes, 1.0, layout)


def _used_after(file: FoundFile, layout: Layout) -> int:
    """Compute the space that a file would take in records of today."""
    after = _space(file.size_bytes, layout.record_bytes, _ratio([file], layout), layout)
    if not layout.compressed:  # what is missing now is holes
        after = min(after, after * file.used_bytes // max(1, _whole(file, layout)))
    return after


def _space(size: int, block: int, ratio: float | None, layout: Layout) -> int:
    """Compute the space of a file; the end of its last block is zeros, which compress."""
    count, rest = divmod(size, block)
    if rest and ratio is None and count:
        count, rest = count + 1, 0
    return layout.copies * (
        count * _charged(block, ratio, layout) + _charged(rest, ratio, layout)
    )


def _charged(block: int, ratio: float | None, layout: Layout) -> int:
    packed = None if ratio is None else packed_bytes(block, ratio)
    stored = stored_bytes(block, packed, ashift=layout.vdev.ashift)
    return charged_bytes(layout.vdev, stored)


def _power(size: int) -> int:
    """Round a block size up to a power of two: a file of one block may have any."""
    return 1 << (size - 1).bit_length()


def _cost(cost: Overwrite) -> str:
    written = format_size(cost.written_bytes, exact=False)
    if not cost.read_bytes:
        return f"{written} written"
    read = format_size(cost.read_bytes, exact=False)
    return f"{written} written after {read} were read"
