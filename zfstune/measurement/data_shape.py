"""Data that compresses as real data does: at each record size, and not all of it alike.

A file is made of units of 4K. Each unit holds bytes of its own, bytes that it shares with a
unit in the other half of its record, for each record size from 8K on, and a repetition of
its first bytes. So a larger record holds more that is there twice, as in real files, also
after pages were written over: the shared bytes belong to the place, the others to the page
and its writing. lz4 finds nothing that lies 64K back or farther (its offsets have 16 bits),
so two units that share bytes are at most 60K apart: in records beyond 64K they lie around
the middle.
A page has a share of bytes of its own that follows a distribution, since sectors round up
each record: half the pages at 30 % and half at 70 % are not all at 50 %.
"""

from __future__ import annotations

from hashlib import shake_128
from math import ceil

from zfstune.values.errors import InvalidValue
from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["UNIT_BYTES", "Corpus", "DataShape"]

UNIT_BYTES = 4096
# The unit of the distribution: a page of the databases that most depends on it.
_PAGE_BYTES = 8192
_LARGEST_BYTES = 1 << 20
# How far apart units may be that share bytes.
_FARTHEST = 15
# A shared part is a sixth of a unit or more: lz4 overlooks short ones.
_SPLIT = 6
_REPEATED_BYTES = 64
_BITS = 8


@frozen
class DataShape:
    """How compressible data is.

    Attributes:
        fractions: Compressed size over size by lz4, by the record size in bytes: powers of
            two from 4K to 1M, in this order; what is missing is as its neighbour.
        spread: The fractions of pages of 8K at equal shares, smallest first; empty: all
            pages are alike.
        symbols: How many values a byte has, from 2 to 256: with fewer of them, zstd finds
            more than lz4 does.
        source: Whose data it is like, and where that was measured.
    """

    fractions: Mapping[int, float]
    spread: tuple[float, ...]
    symbols: int
    source: str

    def __post_init__(self) -> None:
        """Refuse a shape that no data has."""
        right = (
            self.fractions
            and all(0 < part <= 1 for part in (*self.fractions.values(), *self.spread))
            and 2 <= self.symbols <= 1 << _BITS  # noqa: PLR2004 (one value says nothing)
        )
        if not right:
            raise InvalidValue(
                "cannot make such data: fractions are above 0 and at most 1, and a byte "
                "has 2 to 256 values"
            )

    def fraction(self, record_bytes: int) -> float:
        """Return the fraction at a record size, or at the nearest smaller one."""
        known = sorted(self.fractions)
        at_most = [size for size in known if size <= record_bytes]
        return self.fractions[at_most[-1] if at_most else known[0]]


@frozen
class _Share:
    """Bytes that the units of each pair share.

    Attributes:
        half: Units of half a record.
        pairs: How many pairs a record has.
        size: The bytes of a pair.
        repeated: Units after which they are there once more, a power of two; 0: nowhere.
    """

    half: int
    pairs: int
    size: float
    repeated: int


class Corpus:
    """Endless files of a shape; the same seed gives the same bytes.

    Args:
        shape: How compressible they are.
        seed: Any number.
    """

    def __init__(self, shape: DataShape, seed: int) -> None:
        self._seed = seed
        self._own, self._shared = shape.fraction(UNIT_BYTES) * UNIT_BYTES, _shares(shape)
        mean = sum(shape.spread) / len(shape.spread) if shape.spread else 1.0
        self._scales = tuple(part / mean for part in shape.spread) or (1.0,)
        step = (1 << _BITS) / shape.symbols
        self._symbols = bytes(int(int(value / step) * step) for value in range(1 << _BITS))

    def read(self, file: int, offset: int, size: int, generation: int = 0) -> bytes:
        """Return bytes of a file.

        Args:
            file: Number of the file.
            offset: Where they begin.
            size: How many they are.
            generation: How often this place was written over.
        """
        first, last = offset // UNIT_BYTES, (offset + size - 1) // UNIT_BYTES
        units = b"".join(
            self._unit(file, index, generation) for index in range(first, last + 1)
        )
        start = offset - first * UNIT_BYTES
        return units[start : start + size]

    def _unit(self, file: int, index: int, generation: int) -> bytes:
        page = index * UNIT_BYTES // _PAGE_BYTES
        draw = shake_128(b"s%d.%d.%d" % (self._seed, file, page)).digest(4)
        scale = self._scales[int.from_bytes(draw, "big") % len(self._scales)]
        parts, own = [], self._own
        for share in self._shared:
            pair = _pair_of(index, share.half, share.pairs)
            if pair is None:
                continue
            part = min(share.size, own)
            own -= part
            block = (index & ~share.repeated) // (2 * share.half)
            place = (share.half, share.repeated, block, pair)
            key = b"b%d.%d.%d.%d.%d.%d" % (self._seed, file, *place)
            parts.append(shake_128(key).digest(round(part * scale)))
        key = b"u%d.%d.%d.%d" % (self._seed, file, index, generation)
        # The shared bytes stand first: lz4 looks less and less closely at what it finds
        # incompressible, and begins anew after a repetition, which ends the unit before.
        parts.append(shake_128(key).digest(max(round(own * scale), _REPEATED_BYTES)))
        text = b"".join(parts)[:UNIT_BYTES].translate(self._symbols)
        rest = UNIT_BYTES - len(text)
        return text + (text[-_REPEATED_BYTES:] * (rest // _REPEATED_BYTES + 1))[:rest]


def _pair_of(index: int, half: int, pairs: int) -> int | None:
    """Return the number of the pair that a unit belongs to in its record, if to any.

    Args:
        index: Number of the unit.
        half: Units of half a record.
        pairs: How many pairs a record has: the last units of its first half with the
            first ones of its second half.
    """
    place = index % (2 * half) - (half - pairs)
    return place % pairs if 0 <= place < 2 * pairs else None


def _shares(shape: DataShape) -> tuple[_Share, ...]:
    """Return what the units of a record share, by record size."""
    own = shape.fraction(UNIT_BYTES) * UNIT_BYTES
    wanted: list[_Share] = []
    smaller = shape.fraction(UNIT_BYTES)
    record = 2 * UNIT_BYTES
    while record <= _LARGEST_BYTES:
        half = record // 2 // UNIT_BYTES
        shared = max(smaller - shape.fraction(record), 0.0) * record
        # Few units share much rather than many a little.
        pairs = min(half, _FARTHEST, max(ceil(_SPLIT * shared / own), 1))
        wanted.append(_Share(half, pairs, shared / pairs, 0))
        smaller = min(smaller, shape.fraction(record))
        record *= 2
    large = [share for share in wanted if share.half > _FARTHEST]
    # Around the middle of each larger record, some bytes are left for it.
    left = own - max(share.size for share in large)
    found: list[_Share] = []
    for share in wanted[: -len(large)]:
        taken = min(share.size, max(left, 0.0))
        left -= taken
        found = _repeating(found, share.half, (share.size - taken) * share.pairs)
        found.append(_Share(share.half, share.pairs, taken, 0))
    return tuple(share for share in (*found, *large) if share.size)


def _repeating(shares: list[_Share], half: int, missing: float) -> list[_Share]:
    """Have what pairs share repeated in both halves of a record, for so many bytes."""
    found = []
    for share in shares:
        part = 0.0
        if share.pairs == share.half and not share.repeated:
            # Each two units have one copy of it, and each four will have.
            part = min(share.size, missing / (half / 2))
            missing -= part * (half / 2)
        if part:
            found.append(_Share(share.half, share.pairs, part, half))
        if share.size > part:
            found.append(_Share(share.half, share.pairs, share.size - part, share.repeated))
    return found
