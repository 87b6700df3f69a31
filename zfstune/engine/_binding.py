"""The opened extension: calls that return an errno, and text that C wrote.

No cdata leaves this module. cffi releases the GIL around every call.
"""

from __future__ import annotations

import errno
import os

from zfstune import _zfs
from zfstune.engine import _nvlist
from zfstune.values.errors import InvalidValue, ZfsUnavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, Self

    from zfstune.values.property_table import Release

    # C takes an nvlist, encoded or not, and a key as bytes and a size.
    Argument = str | int | Mapping[str, Any] | bytes | bytearray

__all__ = ["Binding"]

ffi, lib = _zfs.ffi, _zfs.lib

_MESSAGE_BYTES = 512
_NAME_BYTES = 256  # ZFS_MAX_DATASET_NAME_LEN

_HINTS = {
    errno.ENOENT: "load it with `modprobe zfs`; on Debian it comes with zfs-dkms",
    errno.ELIBACC: "install OpenZFS's libraries; on Debian they come with zfsutils-linux",
    errno.EACCES: "let this user open /dev/zfs: its mode is 0666 on a stock system",
    errno.ENXIO: "load the module with `modprobe zfs`",
}


class Binding:
    """One opened ZFS. Threads may share it; each call is independent."""

    def __init__(self, opener: str = "zt_open", *args: Any) -> None:
        out = ffi.new("struct zt **")
        message = ffi.new("char[]", _MESSAGE_BYTES)
        error = getattr(lib, opener)(out, *args, message, _MESSAGE_BYTES)
        if error:
            reason = _text(message) or os.strerror(error)
            if args:  # an image: the caller knows the meaning of the errno for a file
                raise OSError(error, reason)
            raise ZfsUnavailable(f"cannot use ZFS: {reason}", hint=_HINTS.get(error, ""))
        self._zt: Any = ffi.gc(out[0], lib.zt_close)

    @classmethod
    def of_image(
        cls, path: str, *, create: tuple[str, int, int] | None, take_over_from: str = ""
    ) -> Binding:
        """Open the pool in a file; this process can then open no other.

        Args:
            path: The file, which exists; an absolute name.
            create: Name, bytes and ashift of a pool to make in it first.
            take_over_from: The host that had the file open and no longer has.

        Raises:
            OSError: The file holds no pool, or there is no libzpool (ELIBACC, ELIBBAD).
        """
        pool, size_bytes, ashift = create or ("", 0, 0)
        return cls(
            "zt_open_image",
            _bytes(path),
            _bytes(pool) if pool else ffi.NULL,
            size_bytes,
            ashift,
            _bytes(take_over_from) if take_over_from else ffi.NULL,
        )

    def image_limits(self) -> tuple[Release, int]:
        """Return the release of libzpool and its largest recordsize in bytes.

        libzpool does not tell its release: the third number is the lowest that fits
        the properties it knows.
        """
        release = (2, lib.zt_minor(self._handle), lib.zt_patch(self._handle))
        return release, lib.zt_max_recordsize(self._handle)

    def close(self) -> None:
        """Close the libraries and the device; later calls raise.

        Where another thread is in a call, the handle stays open until that returns.
        """
        self._zt = None

    @property
    def _handle(self) -> Any:
        if self._zt is None:
            raise ZfsUnavailable(
                "cannot use ZFS: this engine was closed",
                hint="zfstune.open() opens another",
            )
        return self._zt

    def call(self, function: Callable[..., int], *args: Argument) -> int:
        """Call a function that returns only an errno."""
        return function(self._handle, *_passed(args))

    def read(self, function: Callable[..., int], *args: str | int) -> tuple[int, Any]:
        """Call a function that writes JSON; return its errno and what it wrote or None."""
        return self._filled(function, *map(_argument, args))

    def change(self, function: Callable[..., int], *args: Argument) -> tuple[int, Any]:
        """Call a function that takes nvlists and writes JSON; return the same as read()."""
        return self._filled(function, *_passed(args))

    def stream(self, function: Callable[..., int], fd: int, *args: str | int) -> int:
        """Call a function that reads or writes a descriptor and leaves it open."""
        return function(self._handle, fd, *map(_argument, args))

    def stream_change(
        self, function: Callable[..., int], fd: int, *args: str | int | bytes
    ) -> tuple[int, Any]:
        """Call stream()'s kind of function that writes JSON; return the same as read()."""
        return self._filled(function, fd, *_passed(args))

    def promote(self, name: str) -> tuple[int, str]:
        """Promote a clone; on EEXIST the text names the snapshot in the way."""
        conflict = ffi.new("char[]", _NAME_BYTES)
        error = lib.zt_promote(self._handle, _bytes(name), conflict, _NAME_BYTES)
        return error, _text(conflict)

    def pack(self, values: Mapping[str, Any]) -> bytes:
        """Pack an nvlist as libnvpair does for the kernel."""
        flat = _nvlist.encode(values)
        with _Buffer() as buffer:
            error = lib.zt_nvlist_encode(self._handle, flat, len(flat), buffer.struct)
            return buffer.checked(error)

    def unpack(self, packed: bytes) -> Any:
        """Read an nvlist that libnvpair or the kernel packed.

        Raises:
            OSError: The bytes are not a packed nvlist.
        """
        with _Buffer() as buffer:
            error = lib.zt_nvlist_decode(self._handle, packed, len(packed), buffer.struct)
            return self._taken(buffer.checked(error))

    def _filled(self, function: Callable[..., int], *args: Any) -> tuple[int, Any]:
        with _Buffer() as buffer:
            error = function(self._handle, *args, buffer.struct)
            text = buffer.copy()
        # A listing that failed leaves an incomplete document behind.
        complete = text and (not error or text.startswith(b"{"))
        return error, self._taken(text) if complete else None

    def _taken(self, text: bytes) -> Any:
        """Read what C wrote."""
        return _nvlist.decode(text)


class _Buffer:
    """A buffer that C fills; it is freed when the block ends."""

    def __enter__(self) -> Self:
        self.struct = ffi.new("struct zt_buf *")
        return self

    def __exit__(self, *exc: object) -> None:
        lib.zt_buf_free(self.struct)

    def copy(self) -> bytes:
        """Return the bytes that C wrote."""
        if self.struct.data == ffi.NULL:
            return b""
        return bytes(ffi.buffer(self.struct.data, self.struct.len))

    def checked(self, error: int) -> bytes:
        """Return the bytes that C wrote, or raise the errno that it returned."""
        if error:
            raise OSError(error, os.strerror(error))
        return self.copy()


def _passed(args: Iterable[Argument]) -> list[Any]:
    """Return the arguments as C takes them: bytes and nvlists are followed by a size."""
    passed: list[Any] = []
    for arg in args:
        if isinstance(arg, (str, int)):
            passed.append(_argument(arg))
        elif isinstance(arg, bytearray):  # a key, of which no copy is made
            passed += [ffi.from_buffer("uint8_t[]", arg), len(arg)]
        else:
            flat = arg if isinstance(arg, bytes) else _nvlist.encode(arg)
            passed += [flat, len(flat)]
    return passed


def _argument(value: str | int) -> bytes | int:
    return _bytes(value) if isinstance(value, str) else value


def _bytes(text: str) -> bytes:
    if "\0" in text:  # C would read only the part before the NUL, which is another name
        raise InvalidValue(f"cannot pass {text!r} to ZFS: it contains a NUL")
    return text.encode("utf-8", "surrogateescape")


def _text(chars: Any) -> str:
    raw: bytes = ffi.string(chars)
    return raw.decode("utf-8", "surrogateescape")
