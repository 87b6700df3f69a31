"""A host with zfstune, made of a thread: its server, and sessions with it over pipes."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from zfstune.streams.local_side import LocalSide
from zfstune.streams.remote.failures import lost_error
from zfstune.streams.remote.fields import BadMessageError
from zfstune.streams.remote.serve import Server
from zfstune.streams.remote.served_side import ServedSide
from zfstune.streams.remote.session import ClientSession
from zfstune.streams.remote.ssh import RemoteCommand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zfstune.streams.remote.grant import Grant
    from zfstune.values.errors import EngineError

__all__ = ["HOST", "Piped", "ServedPool"]

HOST = "far"


class Piped(RemoteCommand):
    """A command that is no process: the other ends of its pipes are in this one."""

    def __init__(self) -> None:
        self.host = HOST
        self.source, self.into = os.pipe()
        self.out, self.sink = os.pipe()
        self.ended = False

    def close(self, *, at_once: bool = False) -> None:  # noqa: ARG002 (as of its base)
        """Close this side's ends of the pipes."""
        if not self.ended:
            self.ended = True
            os.close(self.into)
            os.close(self.out)

    def failure(self, prefix: str = "") -> EngineError:
        """Give the error for a connection that ended."""
        return lost_error(HOST, f"{prefix}it hung up")


class ServedPool:
    """An engine that is served to as many sessions as are opened.

    Attributes:
        opened: How many sessions were.
        broken: The faults for which the server ended a session.
        faults: The exceptions of calls that are faults of zfstune's.
    """

    def __init__(self, engine: Any, grant: Grant | None = None) -> None:
        self.engine = engine
        self.grant = grant
        self.opened = 0
        self.broken: list[str] = []
        self.faults: list[Exception] = []
        self._threads: list[threading.Thread] = []

    def piped(self) -> Piped:
        """Open a connection, and read the greeting."""
        self.opened += 1
        command = Piped()
        thread = threading.Thread(target=self._serve, args=(command,))
        self._threads.append(thread)
        thread.start()
        while os.read(command.out, 1) != b"\n":
            pass
        return command

    def session(self) -> ClientSession:
        """Open a session."""
        return ClientSession(self.piped())

    def side(self, *_: object) -> ServedSide:
        """Open a side."""
        return ServedSide(self.session(), self.session)

    def join(self) -> None:
        """Wait until all sessions have ended."""
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()

    def _serve(self, command: Piped) -> None:
        side, ends = LocalSide(self.engine), (command.source, command.sink)
        try:
            Server(side, self.grant, *ends, "1.0", on_fault=self.faults.append).run()
        except BadMessageError as error:
            self.broken.append(error.reason)
        finally:
            os.close(command.source)
            with suppress(OSError):
                os.close(command.sink)


@contextmanager
def served_side(engine: Any, grant: Grant | None = None) -> Iterator[ServedSide]:
    """Serve an engine during a block."""
    pool = ServedPool(engine, grant)
    side = pool.side()
    try:
        yield side
    finally:
        side.close()
        pool.join()
