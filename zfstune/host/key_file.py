"""The file that holds the key of an encrypted dataset, as ``keylocation`` names it."""

from __future__ import annotations

import os
import stat

from zfstune.values.errors import InvalidValue
from zfstune.values.key import Key, wipe
from zfstune.values.text import shown

__all__ = ["read_key"]

_SCHEME = "file://"
# No key is longer, whatever its format.
_MOST_BYTES = 4096


def read_key(location: str) -> Key:
    """Read the key from the file that a ``keylocation`` names.

    A pipe or a device is refused, which could hang, or never end.

    Args:
        location: The property: ``file:///PATH``.

    Raises:
        InvalidValue: It names no file, or one that cannot be read or is too large.
    """
    path = location.removeprefix(_SCHEME)
    if path == location:
        raise InvalidValue(
            f"cannot read the key at '{shown(location)}': that names no file",
            hint="pass the key, or name its file with keylocation=file:///PATH",
        )
    try:
        return Key(_content(path))
    except OSError as error:
        reason = os.strerror(error.errno).lower() if error.errno else str(error)
        raise InvalidValue(f"cannot read the key in '{shown(path)}': {reason}") from None


def _content(path: str) -> bytearray:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("it is no regular file")
        buffer = bytearray(_MOST_BYTES + 1)
        length = os.readv(descriptor, [buffer])
        if length > _MOST_BYTES:
            wipe(buffer)
            raise OSError(f"it has more than {_MOST_BYTES} bytes")
        return buffer[:length]
    finally:
        os.close(descriptor)
