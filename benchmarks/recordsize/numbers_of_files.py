"""How well the files of this system pack, for the profiles that speak of such files."""

from __future__ import annotations

import os
import sysconfig
from functools import lru_cache
from pathlib import Path
from random import Random

from zfstune.host.compressors import compressed_size
from zfstune.values.ondisk import stored_bytes

__all__ = ["OF_FILES", "times"]

# A part of a profile's reason: kind of files, compression, record size, how many times.
OF_FILES = {
    "2.7 times with zstd at 128K, 1.9 at 16K": (
        ("programs", "zstd-3", 128 << 10, 2.7),
        ("programs", "zstd-3", 16 << 10, 1.9),
    ),
    "2.7 times, against 2.0 with lz4": (
        ("programs", "zstd-3", 128 << 10, 2.7),
        ("programs", "lz4", 128 << 10, 2.0),
    ),
    "2.4 times on small text": (("texts", "zstd-3", 128 << 10, 2.4),),
    "against 1.9 with lz4": (("texts", "lz4", 128 << 10, 1.9),),
    "2.0 times at 16K and 2.4 at 128K": (
        ("texts", "zstd-3", 16 << 10, 2.0),
        ("texts", "zstd-3", 128 << 10, 2.4),
    ),
}
_HEADERS = {"lz4": 4, "zstd-3": 8}  # what OpenZFS puts before compressed data
_ASHIFT = 12
_MOST_BYTES = 24 << 20


def times(kind: str, compression: str, recordsize_bytes: int) -> float:
    """Return how many times the files of a kind shrink, in whole sectors of 4K."""
    size = stored = 0
    for path in _programs() if kind == "programs" else _texts():
        data = path.read_bytes()
        record = min(len(data), recordsize_bytes)
        for start in range(0, len(data), max(record, 1)):
            block = data[start : start + record].ljust(record, b"\0")
            packed = compressed_size(compression, block)
            if packed is not None:
                packed += _HEADERS[compression]
            stored += stored_bytes(record, packed, ashift=_ASHIFT)
        size += len(data)
        if size > _MOST_BYTES:
            break
    return size / stored


@lru_cache
def _programs() -> list[Path]:
    return _shuffled(path for path in Path("/usr/bin").iterdir() if _is_program(path))


@lru_cache
def _texts() -> list[Path]:
    root = sysconfig.get_paths()["stdlib"]
    return _shuffled(
        Path(folder, name)
        for folder, _, names in os.walk(root)
        for name in names
        if name.endswith(".py") and "test" not in folder and "-packages" not in folder
    )


def _is_program(path: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def _shuffled(paths: object) -> list[Path]:
    found = sorted(paths)  # type: ignore[call-overload]
    Random(1).shuffle(found)  # noqa: S311 (it need not be hard to guess)
    return list(found)
