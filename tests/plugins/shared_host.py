"""A host with one pool, and a zfstune in it that serves several connections at once.

Only one process at a time has a pool in a file open, so all connections end in this one.
"""

from __future__ import annotations

import socket
import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from fake_ssh import fake_host
from zfstune.streams.local_side import LocalSide
from zfstune.streams.remote.fields import BadMessageError
from zfstune.streams.remote.serve import Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from zfstune.engine.protocol import Engine
    from zfstune.streams.remote.grant import Grant

__all__ = ["SharedHost", "shared_host"]

# Passes bytes between its stdin and stdout and the process that has the pool.
_BETWEEN = """#!{python}
import os, socket, threading
host = socket.socket(socket.AF_UNIX)
host.connect("{path}")
def there():
    while part := os.read(0, 1 << 16):
        host.sendall(part)
    host.shutdown(socket.SHUT_WR)
threading.Thread(target=there, daemon=True).start()
while part := host.recv(1 << 16):
    rest = memoryview(part)
    while rest:
        rest = rest[os.write(1, rest):]
"""


class SharedHost:
    """The host.

    Attributes:
        ssh: The program in ssh's place, which leads to it.
        opened: How many connections there were.
    """

    def __init__(self, folder: Path, engine: Engine, grant: Grant | None) -> None:
        self._engine = engine
        self._grant = grant
        self.ssh = fake_host(folder, zfstune=False)
        self.opened = 0
        path = str(folder / "pool")
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(path)
        self.listening.listen()
        program = folder / "zfstune"
        program.write_text(_BETWEEN.format(python=sys.executable, path=path))
        program.chmod(0o755)
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def _start(self, work: object, *args: object) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listening.accept()
                self.opened += 1
                self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        number = client.fileno()
        with client, suppress(OSError, BadMessageError):
            side, grant = LocalSide(self._engine), self._grant
            Server(side, grant, number, number, "1.0", on_fault=print).run()

    def settle(self) -> None:
        """Wait until all connections have ended."""
        for thread in self._threads[1:]:
            thread.join(20)
            assert not thread.is_alive()


@contextmanager
def shared_host(
    folder: Path, engine: Engine, grant: Grant | None = None
) -> Iterator[SharedHost]:
    """Serve an engine during a block."""
    host = SharedHost(folder, engine, grant)
    try:
        yield host
    finally:
        host.listening.shutdown(socket.SHUT_RDWR)
        host.listening.close()
        host.settle()
