"""Look at some of a user's files, and say how compressible they are."""

from __future__ import annotations

import os
import stat
from random import Random

from zfstune.host.compressors import compressed_size
from zfstune.measurement.data_shape import UNIT_BYTES, DataShape
from zfstune.values.errors import ZfstuneError
from zfstune.values.size import format_size
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["take_sample"]

_PIECE_BYTES = 1 << 20
_MOST_PIECES = 32
_MOST_FILES = 100_000
_PAGE_BYTES = 8192
_ZSTD_RECORD = 128 << 10
_SHARES = 16
_BITS = 8


def take_sample(path: str, seed: int) -> DataShape:
    """Measure how compressible a file is, or the files below a folder.

    Pieces of 1M at random places are compressed, 32M at the most, at each record size.
    The data that is made after this shape has none of the user's bytes.

    Args:
        path: The file or folder; no link is followed below it.
        seed: The same seed chooses the same places.

    Raises:
        ZfstuneError: It cannot be read, or holds no data.
    """
    pieces = _pieces(path, Random(seed))  # noqa: S311 (it need not be hard to guess)
    total = sum(map(len, pieces))
    if total < UNIT_BYTES:
        raise ZfstuneError(f"cannot sample '{shown(path)}': it holds no data to speak of")
    fractions = {}
    size = UNIT_BYTES
    while size <= _PIECE_BYTES:
        fractions[size] = _fraction(pieces, size, "lz4")
        size *= 2
    zstd = _fraction(pieces, _ZSTD_RECORD, "zstd-3")
    gain = min(zstd / fractions[_ZSTD_RECORD], 1.0)
    return DataShape(
        fractions=fractions,
        spread=_spread(pieces),
        # Bytes of fewer values are what zstd's entropy coder packs, and lz4 does not.
        symbols=min(max(round(2 ** (_BITS * gain)), 2), 1 << _BITS),
        source=f"a sample of {format_size(total, exact=False)} of {shown(path)}",
    )


def _fraction(pieces: list[bytes], record: int, compression: str) -> float:
    """Return compressed size over size at a record size."""
    total = made = 0
    for data in _records(pieces, record):
        total += len(data)
        made += min(compressed_size(compression, data) or len(data), len(data))
    return made / total


def _spread(pieces: list[bytes]) -> tuple[float, ...]:
    """Return the fractions of pages at equal shares, smallest first."""
    each = sorted(
        min((compressed_size("lz4", data) or len(data)) / len(data), 1.0)
        for data in _records(pieces, _PAGE_BYTES)
    )
    places = ((2 * share + 1) * len(each) // (2 * _SHARES) for share in range(_SHARES))
    return tuple(each[place] for place in places)


def _records(pieces: list[bytes], record: int) -> Iterator[bytes]:
    for piece in pieces:
        for start in range(0, len(piece), record):
            yield piece[start : start + record]


def _pieces(path: str, random: Random) -> list[bytes]:
    """Read pieces at random places of random files."""
    try:
        files = list(_files(path))
        places = [
            (name, offset)
            for name, size in files
            for offset in range(0, size, _PIECE_BYTES)
        ]
        chosen = random.sample(places, min(len(places), _MOST_PIECES))
        return [_read(name, offset) for name, offset in chosen]
    except OSError as error:
        where = shown(str(error.filename or path))
        raise ZfstuneError(f"cannot sample '{where}': {error.strerror}") from None


def _files(path: str) -> Iterator[tuple[str, int]]:
    """Return the plain files at or below a path, with their sizes."""
    facts = os.stat(path)
    if stat.S_ISREG(facts.st_mode):
        yield path, facts.st_size
        return
    count = 0
    for folder, _, names in os.walk(path, onerror=_raise):
        for name in names:
            full = os.path.join(folder, name)
            facts = os.lstat(full)
            if stat.S_ISREG(facts.st_mode) and facts.st_size:
                yield full, facts.st_size
                count += 1
        if count >= _MOST_FILES:
            return


def _raise(error: OSError) -> None:
    raise error


def _read(name: str, offset: int) -> bytes:
    fd = os.open(name, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        return os.pread(fd, _PIECE_BYTES, offset)
    finally:
        os.close(fd)
