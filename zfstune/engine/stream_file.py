"""What callers give as a stream: a descriptor, a socket, or any file for bytes."""

from __future__ import annotations

import fcntl
import io
import os
import socket
import stat

from zfstune.engine._errno import engine_error
from zfstune.values.errors import EngineError, InvalidValue
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO, Any

    # A file that is open for bytes, a socket, or a descriptor.
    Stream = IO[bytes] | socket.socket | int

__all__ = [
    "Stream",
    "descriptor_of",
    "has_an_end",
    "patience_of",
    "stalled",
    "stream_error",
]

_HINT = "open the file for bytes: `open(path, 'rb')` or `open(path, 'wb')`"


def descriptor_of(stream: Any, *, writing: bool = False) -> int | None:
    """Return the descriptor of a stream whose bytes are those of the descriptor.

    Many a file has the descriptor of another one, whose bytes it unpacks or keeps back:
    such a file is read and written by its methods, and has None here.

    Args:
        stream: What a caller gave as a stream.
        writing: Whether it is to be written to.

    Raises:
        InvalidValue: It is no file, or one that is closed or open the other way.
    """
    cannot = f"cannot {'write' if writing else 'read'} the stream"
    if isinstance(stream, (io.FileIO, socket.socket)):
        fd = -1 if getattr(stream, "closed", False) else stream.fileno()
    elif isinstance(stream, int) and not isinstance(stream, bool):
        fd = stream
    elif callable(getattr(stream, "write" if writing else "read", None)):
        if getattr(stream, "closed", False):
            raise InvalidValue(f"{cannot}: its file is closed")
        if isinstance(stream, io.BufferedReader if writing else io.BufferedWriter):
            raise _open_the_other_way(cannot, writing=writing)
        return None
    else:
        raise InvalidValue(
            f"{cannot}: {shown(repr(stream))} is neither a file nor a descriptor",
            hint=_HINT,
        )
    try:
        mode = os.fstat(fd).st_mode
        access = fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE
    except (OSError, OverflowError):
        raise InvalidValue(f"{cannot}: its descriptor is closed") from None
    if stat.S_ISDIR(mode):
        raise InvalidValue(f"{cannot}: it is a folder", hint=_HINT)
    if access == (os.O_RDONLY if writing else os.O_WRONLY):
        raise _open_the_other_way(cannot, writing=writing)
    return fd


def has_an_end(source: Stream) -> bool:
    """Tell whether a source is a plain file, so that nobody waits in vain at its end."""
    fd = descriptor_of(source)
    return fd is not None and stat.S_ISREG(os.fstat(fd).st_mode)


def patience_of(stream: Stream) -> float | None:
    """Return how many seconds a socket is to be waited for at a time; None: no limit.

    A socket with a timeout of 0 does not wait by itself, so its caller waits elsewhere,
    and here it is waited for like any other.
    """
    return (stream.gettimeout() or None) if isinstance(stream, socket.socket) else None


def stalled(patience_s: float, *, writing: bool = False) -> EngineError:
    """Return the error for a socket that gave, or took, nothing within its timeout."""
    return EngineError(
        operation="write" if writing else "read",
        target="the stream",
        reason=f"the other end {'took' if writing else 'sent'} nothing for "
        f"{patience_s:g} s, the timeout of the socket",
        hint="a longer one is set by its settimeout(); settimeout(None) waits for ever",
    )


def stream_error(error: OSError, *, writing: bool = False) -> EngineError:
    """Return the error for a descriptor that takes, or gives, no more of a stream."""
    number = error.errno or 0
    if writing:
        return engine_error("send", "the stream", number)
    return EngineError(operation="read", target="the stream", reason=os.strerror(number))


def _open_the_other_way(cannot: str, *, writing: bool) -> InvalidValue:
    way = "reading" if writing else "writing"
    return InvalidValue(f"{cannot}: it is open for {way} only", hint=_HINT)
