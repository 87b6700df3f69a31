"""What lz4, zstd and gzip make of data, by this host's own libraries.

The kernel brings its own copies, of other versions: sizes differ by a few bytes a record.
"""

from __future__ import annotations

import zlib
from functools import cache

from zfstune.values.errors import ZfstuneError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["compressed_size", "knows"]

_DECLARED = """
int LZ4_compress_default(const char *source, char *target, int size, int room);
int LZ4_compressBound(int size);
size_t ZSTD_compress(void *target, size_t room, const void *source, size_t size, int level);
size_t ZSTD_compressBound(size_t size);
unsigned ZSTD_isError(size_t code);
"""
_LZ4, _ZSTD = "liblz4.so.1", "libzstd.so.1"
_PACKAGES = {_LZ4: "liblz4-1", _ZSTD: "libzstd1"}
# What the names without a number mean: include/sys/zio_compress.h
_GZIP_LEVEL, _ZSTD_LEVEL = 6, 3


def compressed_size(compression: str, data: bytes) -> int | None:
    """Return the size that an algorithm makes of data, without OpenZFS's header.

    Args:
        compression: As the property takes it.
        data: One record.

    Returns:
        Bytes; None: ``off``, or an algorithm that :func:`knows` does not.

    Raises:
        ZfstuneError: The library is not installed.
    """
    name, _, level = compression.partition("-")
    if name in ("lz4", "on"):
        return _lz4(data)
    if name == "zstd":
        return _zstd(data, _zstd_level(level))
    if name == "gzip":
        return len(zlib.compress(data, int(level or _GZIP_LEVEL)))
    return None


def knows(compression: str) -> bool:
    """Tell whether sizes can be told here: not those of ``lzjb`` and ``zle``."""
    return compression.partition("-")[0] in ("off", "on", "lz4", "zstd", "gzip")


def _zstd_level(text: str) -> int:
    """Read the level: 3, empty, fast or fast-10."""
    if text.startswith("fast"):
        return -int(text.removeprefix("fast").removeprefix("-") or 1)
    return int(text or _ZSTD_LEVEL)


def _lz4(data: bytes) -> int:
    ffi, library = _library(_LZ4)
    room = library.LZ4_compressBound(len(data))
    target = ffi.new("char[]", room)
    size: int = library.LZ4_compress_default(ffi.from_buffer(data), target, len(data), room)
    return size


def _zstd(data: bytes, level: int) -> int:
    ffi, library = _library(_ZSTD)
    room = library.ZSTD_compressBound(len(data))
    target = ffi.new("char[]", room)
    size: int = library.ZSTD_compress(target, room, ffi.from_buffer(data), len(data), level)
    if library.ZSTD_isError(size):
        raise ZfstuneError(f"cannot compress with zstd at level {level}")
    return size


@cache
def _library(name: str) -> tuple[Any, Any]:
    import cffi  # noqa: PLC0415 (slow, and few runs compress)

    ffi = cffi.FFI()
    ffi.cdef(_DECLARED)
    try:
        return ffi, ffi.dlopen(name)
    except OSError:
        raise ZfstuneError(
            f"cannot open library '{name}': it is not installed",
            hint=f"apt install {_PACKAGES[name]}",
        ) from None
