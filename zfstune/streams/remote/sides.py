"""The sides of one run: engines of this host, and other hosts, each connected to once."""

from __future__ import annotations

from contextlib import ExitStack, closing

from zfstune.engine.open import open_engine
from zfstune.streams.local_side import LocalSide
from zfstune.streams.remote.connect import connect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Self

    from zfstune.engine.protocol import Engine
    from zfstune.streams.side import Side
    from zfstune.values.state import Partial

__all__ = ["Sides"]


class Sides:
    """Opens sides, and closes with the ``with`` block what it opened.

    Args:
        engine: The engine of this host; None: the running kernel's, opened on first use.
        ssh_options: Options as for ``ssh -o``.
    """

    def __init__(self, engine: Engine | None, ssh_options: Iterable[str] = ()) -> None:
        self._engine = engine
        self._ssh_options = tuple(ssh_options)
        self._opened: dict[str, Side] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        raised: Any = exc
        self._stack.__exit__(*raised)  # an engine puts near names into hints then

    def on(self, host: str, other: Engine | None = None) -> Side:
        """Return the side of a host; empty: this one. Two calls return the same.

        Args:
            host: The host.
            other: An engine of this host to use in place of the first one.
        """
        if not host and other not in (None, self._engine):
            return LocalSide(other)
        if host not in self._opened:
            self._opened[host] = self._connected(host) if host else LocalSide(self._here())
        return self._opened[host]

    def _connected(self, host: str) -> Side:
        side = connect(host, self._ssh_options, self._read_token)
        return self._stack.enter_context(closing(side))

    def _here(self) -> Engine:
        if self._engine is None:
            self._engine = self._stack.enter_context(open_engine())
        return self._engine

    def _read_token(self, token: str) -> Partial:
        return self._here().read_token(token)
