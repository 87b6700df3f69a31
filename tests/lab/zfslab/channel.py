"""What host and agent say to each other: tests/lab/guest/agent is the other end."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

HEADER_BYTES = 5
KINDS = b"roexf"
MAX_STATUS = 255


class ProtocolError(Exception):
    """The guest said something that no agent says."""


@dataclass(frozen=True, slots=True)
class Request:
    """One command for the guest; without argv it only syncs the work tree."""

    token: str
    argv: Sequence[str]
    cwd: str
    env: Mapping[str, str]
    archive: str | None = None
    delete: Sequence[str] = ()

    def encode(self) -> bytes:
        """Return the line to send; the first newline ends what came before.

        An argument may hold bytes that are no UTF-8: they pass as surrogates.
        """
        fields: dict[str, Any] = {
            "token": self.token,
            "argv": list(self.argv),
            "cwd": self.cwd,
            "env": dict(self.env),
            "archive": self.archive,
            "delete": list(self.delete),
        }
        return b"\n" + json.dumps(fields).encode("ascii") + b"\n"


@dataclass(frozen=True, slots=True)
class Frame:
    """A piece of the answer: its kind (a letter) and its bytes."""

    kind: str
    payload: bytes


@dataclass(slots=True)
class Decoder:
    """Frames out of a stream of bytes, from the token of our request on.

    Whatever comes before the token belongs to a request whose host has gone.
    """

    token: str
    _pending: bytearray = field(default_factory=bytearray)
    begun: bool = False

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Take some bytes in and yield the frames that are complete."""
        self._pending += data
        if not self.begun:
            mark = f"\nbegin {self.token}\n".encode("ascii")
            at = self._pending.find(mark)
            if at < 0:
                # Keep what may be the first half of the mark.
                del self._pending[: -len(mark)]
                return
            del self._pending[: at + len(mark)]
            self.begun = True
        while len(self._pending) >= HEADER_BYTES:
            kind = self._pending[0]
            if kind not in KINDS:
                raise ProtocolError(f"unknown frame {bytes(self._pending[:16])!r}")
            end = HEADER_BYTES + int.from_bytes(self._pending[1:HEADER_BYTES], "big")
            if len(self._pending) < end:
                return
            frame = Frame(chr(kind), bytes(self._pending[HEADER_BYTES:end]))
            del self._pending[:end]
            yield frame


def exit_status(frame: Frame) -> int:
    """Return the status in an 'x' frame: 0 to 255, anything else is no status."""
    text = frame.payload.decode("ascii", "replace")
    if frame.kind != "x" or not text.isdecimal() or int(text) > MAX_STATUS:
        raise ProtocolError(f"no exit status in {frame!r}")
    return int(text)
