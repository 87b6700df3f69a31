"""The first line that another host says: which zfstune is there, or which zfs."""

from __future__ import annotations

import re

from zfstune.streams.remote.fields import BadMessageError
from zfstune.values.frozen import frozen
from zfstune.values.text import shown

__all__ = [
    "MOST_GREETING_BYTES",
    "PROBE",
    "PROTOCOL",
    "Greeting",
    "greeting_line",
    "read_greeting",
]

# The number changes with any change to frames, requests or answers.
PROTOCOL = 3
MOST_GREETING_BYTES = 200

# What the other host is asked to run: zfstune, or, where only the zfs command is there, a
# program that lasts as long as the connection. A key with a forced command runs that.
PROBE = (
    "PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; export PATH; "
    "if command -v zfstune >/dev/null; then exec zfstune serve; fi; "
    "if command -v zfs >/dev/null; then echo zfs-alone; exec cat >/dev/null; fi; "
    "echo no-zfs"
)

_SERVE = re.compile(r"zfstune-serve (\d{1,9}) ([A-Za-z0-9.+-]{1,40})")


@frozen
class Greeting:
    """What is there.

    Attributes:
        kind: ``zfstune``, ``zfs-alone`` or ``no-zfs``.
        protocol: The number of the protocol that zfstune speaks there.
        version: The version of zfstune there.
    """

    kind: str
    protocol: int = 0
    version: str = ""


def greeting_line(version: str) -> bytes:
    """Return the line with which a zfstune that serves begins."""
    return f"zfstune-serve {PROTOCOL} {version}\n".encode("ascii")


def read_greeting(line: bytes) -> Greeting:
    """Read the line, without its end.

    Raises:
        BadMessageError: It is something else.
    """
    text = line.decode("ascii", "replace")
    if text in {"zfs-alone", "no-zfs"}:
        return Greeting(text)
    match = _SERVE.fullmatch(text)
    if match is None:
        raise BadMessageError(f"its first words are '{shown(text)}'")
    return Greeting("zfstune", int(match[1]), match[2])
