"""Two images whose calls can be cut short: the stream, the worker, or the whole process."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from zfstune.engine.image import ImageEngine
from zfstune.values.errors import ZfstuneError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from zfstune.engine.protocol import Engine

# The calls that change a pool, and those that carry a stream.
STEPS = frozenset(
    (
        "abort_receive",
        "bookmark_all",
        "create",
        "destroy_bookmarks",
        "destroy_snapshots",
        "holding",
        "inherit",
        "promote",
        "receive",
        "rename",
        "send",
        "send_resumed",
        "set",
        "take_snapshots",
    )
)
CUT, WORKER, PROCESS = "cut", "worker", "process"


class EndedError(BaseException):
    """Stands for the end of the process: nothing after it reaches a pool."""


@dataclass
class Fate:
    """What befalls one run.

    Attributes:
        kind: `CUT`: a stream ends early; `WORKER`: the process of an image is killed;
            `PROCESS`: this process is, and with it those of both images.
        steps: How many steps are made before.
        bytes: Where that step receives a stream, it happens after so many bytes of it.
    """

    kind: str = ""
    steps: int = 0
    bytes: int = 0


@dataclass
class Host:
    """The process that has both images open.

    Attributes:
        fate: What befalls it.
        engines: Its engines.
        ended: Whether it was killed.
        struck: Whether its fate has befallen it.
    """

    fate: Fate = field(default_factory=Fate)
    engines: list[MortalEngine] = field(default_factory=list)
    ended: bool = False
    struck: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def is_due(self) -> bool:
        """Count a step; tell whether this is the one."""
        with self._lock:
            self.fate.steps -= 1
            return bool(self.fate.kind) and self.fate.steps == -1

    def strike(self, engine: MortalEngine) -> None:
        """Kill what is to be killed."""
        self.struck = True
        self.ended = self.fate.kind == PROCESS
        for one in self.engines if self.ended else [engine]:
            one.kill()

    def revive(self) -> None:
        """Open again what was killed."""
        self.fate, self.ended, self.struck = Fate(), False, False
        for engine in self.engines:
            engine.revive()


class MortalEngine:
    """An image as an engine, whose steps are counted; it has the calls of Engine."""

    def __init__(self, file: Path, host: Host) -> None:
        self.engine = ImageEngine(file)
        self._path = file
        self._host = host
        host.engines.append(self)

    @property
    def zfs(self) -> Engine:
        """The same, for a type checker."""
        return cast("Engine", self)

    def kill(self) -> None:
        """Kill the process that has the pool."""
        child = self.engine._zfs._child
        child.kill()
        child.wait()

    def revive(self) -> None:
        """Open the image again if its process is dead."""
        if self.engine._zfs._child.poll() is not None:
            with suppress(ZfstuneError):
                self.engine.close()
            self.engine = ImageEngine(self._path)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.engine, name)
        if not callable(value):
            return value

        def call(*args: Any, **how: Any) -> Any:
            if self._host.ended:
                raise EndedError
            try:
                return self._made(name, value, args, how)
            except ZfstuneError:
                if self._host.ended:
                    raise EndedError from None
                raise

        return call

    def _made(
        self, name: str, value: Callable[..., Any], args: tuple[Any, ...], how: Any
    ) -> Any:
        if name not in STEPS or not self._host.is_due():
            return value(*args, **how)
        fate = self._host.fate
        if name == "receive":
            snapshot, fd = args
            return self._receive(value, snapshot, fd, how)
        if fate.kind != CUT:
            self._host.strike(self)
            if self._host.ended:
                raise EndedError
        return value(*args, **how)

    def _receive(
        self, value: Callable[..., Any], snapshot: str, fd: int, how: dict[str, Any]
    ) -> Any:
        """Receive the beginning of a stream, and then what befalls the run."""
        read_end, write_end = os.pipe()

        def pump() -> None:
            left = self._host.fate.bytes
            with suppress(BrokenPipeError):
                while left and (part := os.read(fd, left)):
                    left -= os.write(write_end, part)
            if left == 0:
                self._host.struck = True
                if self._host.fate.kind != CUT:
                    self._host.strike(self)
            os.close(write_end)

        thread = threading.Thread(target=pump)
        thread.start()
        try:
            return value(snapshot, read_end, **how)
        finally:
            os.close(read_end)
            thread.join()
