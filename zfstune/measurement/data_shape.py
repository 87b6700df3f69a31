"""Data that compresses as real data does: at each record size, and not all of it alike.

A file is made of units of 4K. Each unit holds bytes of its own, bytes that a unit half a
record away holds too, for each record size from 8K on, and a repetition of its first bytes.
So a larger record holds more that is there twice, as in real files, also after pages were
written over: the shared bytes belong to the place, the others to the page and its writing.
A page has a share of bytes of its own that follows a distribution, since sectors round up
each record: half the pages at 30 % and half at 70 % are not all at 50 %.
"""

from __future__ import annotations

from hashlib import shake_128

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


class Corpus:
    """Endless files of a shape; the same seed gives the same bytes.

    Args:
        shape: How compressible they are.
        seed: Any number.
    """

    def __init__(self, shape: DataShape, seed: int) -> None:
        self._seed = seed
        self._own, self._shared = _segments(shape)
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
        parts = []
        for record, share in self._shared:
            half = record // 2 // UNIT_BYTES
            block, place = index // (2 * half), index % half
            key = b"b%d.%d.%d.%d.%d" % (self._seed, file, record, block, place)
            parts.append(shake_128(key).digest(round(share * scale)))
        key = b"u%d.%d.%d.%d" % (self._seed, file, index, generation)
        # The shared bytes stand first: lz4 looks less and less closely at what it finds
        # incompressible, and begins anew after a repetition, which ends the unit before.
        parts.append(shake_128(key).digest(max(round(self._own * scale), _REPEATED_BYTES)))
        text = b"".join(parts)[:UNIT_BYTES].translate(self._symbols)
        rest = UNIT_BYTES - len(text)
        return text + (text[-_REPEATED_BYTES:] * (rest // _REPEATED_BYTES + 1))[:rest]


def _segments(shape: DataShape) -> tuple[float, tuple[tuple[int, float], ...]]:
    """Return the bytes of a unit that are its own, and those shared by record size."""
    own = smaller = shape.fraction(UNIT_BYTES)
    shared = []
    record = 2 * UNIT_BYTES
    while record <= _LARGEST_BYTES:
        # Bytes that two halves of a record share take half their size in it.
        share = min(2 * max(smaller - shape.fraction(record), 0.0), own)
        if share:
            shared.append((record, share * UNIT_BYTES))
        own -= share
        smaller = min(smaller, shape.fraction(record))
        record *= 2
    return own * UNIT_BYTES, tuple(shared)
