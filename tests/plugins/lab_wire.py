"""The network between two guests of the lab: frames that a thread of the host passes on."""

from __future__ import annotations

import selectors
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Wire"]

_MOST_FRAME_BYTES = 1 << 17
# A guest that does not take a frame within this time loses it, as on any network.
_PATIENCE_S = 5.0
_FAREWELL = b"end"  # shorter than any frame


class Wire:
    """A network of two ends that can stand still at any byte, or be cut.

    Args:
        folder: A folder with a short name, for a socket's path has at most 107 bytes.
    """

    def __init__(self, folder: Path) -> None:
        # Of each end: the socket that a guest reads, and the one that it sends to.
        self.ends = [(folder / f"guest{n}", folder / f"wire{n}") for n in (0, 1)]
        kind = socket.AF_UNIX, socket.SOCK_DGRAM
        self._sockets = [socket.socket(*kind) for _ in self.ends]
        for end, (_, path) in zip(self._sockets, self.ends, strict=True):
            end.bind(str(path))
            end.settimeout(_PATIENCE_S)
        self._lock = threading.Lock()
        self._left_bytes: int | None = None
        self._is_cut = False
        self._standing = threading.Event()
        self._moving = threading.Event()
        self._moving.set()
        self._thread = threading.Thread(target=self._relay, daemon=True)
        self._thread.start()

    def stand_still_after(self, count_bytes: int) -> None:
        """Pass so many bytes, both ways taken together, and then keep what comes."""
        with self._lock:
            self._left_bytes = count_bytes

    def wait_for_stop(self, seconds: float) -> bool:
        """Wait until nothing moves; return whether that came about in time."""
        return self._standing.wait(seconds)

    def move(self) -> None:
        """Pass on what was kept, and all that comes from now on."""
        with self._lock:
            self._left_bytes = None
            self._standing.clear()
            self._moving.set()

    def cut(self) -> None:
        """Lose all that comes, and tell nobody."""
        self._is_cut = True
        self.move()

    def mend(self) -> None:
        """Undo a cut."""
        self._is_cut = False

    def close(self) -> None:
        """End the thread."""
        self.move()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(_FAREWELL, str(self.ends[0][1]))
        self._thread.join(30)
        for end in self._sockets:
            end.close()

    def _relay(self) -> None:
        with selectors.DefaultSelector() as waiting:
            for number, end in enumerate(self._sockets):
                waiting.register(end, selectors.EVENT_READ, number)
            while True:
                for key, _ in waiting.select():
                    number = int(key.data)
                    frame = self._sockets[number].recv(_MOST_FRAME_BYTES)
                    if frame == _FAREWELL:
                        return
                    self._count(len(frame))
                    self._moving.wait()
                    if not self._is_cut:
                        self._pass_on(number, frame)

    def _pass_on(self, number: int, frame: bytes) -> None:
        # Nobody is there while a guest is off, and a frame may be lost.
        with suppress(OSError):
            self._sockets[number].sendto(frame, str(self.ends[1 - number][0]))

    def _count(self, count_bytes: int) -> None:
        with self._lock:
            if self._left_bytes is None:
                return
            self._left_bytes -= count_bytes
            if self._left_bytes <= 0:
                self._moving.clear()
                self._standing.set()
