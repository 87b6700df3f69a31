"""The calls that zfstune makes to ZFS.

:class:`Engine` is the seam: everything above this package works on an engine and on the
values of :mod:`zfstune.values.state`. :func:`zfstune.engine.open.open_engine` opens one.
"""

from __future__ import annotations

from zfstune.engine.protocol_datasets import DatasetCalls
from zfstune.engine.protocol_keys import KeyCalls
from zfstune.engine.protocol_mounts import MountCalls
from zfstune.engine.protocol_pools import PoolCalls
from zfstune.engine.protocol_snapshots import SnapshotCalls
from zfstune.engine.protocol_streams import StreamCalls
from zfstune.values.errors import Busy, EngineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol, Self

    from zfstune.values.state import Limits
else:
    Protocol = object  # only a type checker looks at it; see zfstune/values/frozen.py

__all__ = ["Engine", "InUse", "ProgramError", "UnreadError", "declared_calls"]


class ProgramError(EngineError):
    """A channel program could not run, or not to its end.

    The same change may still be possible without a program.
    """


class InUse(Busy):
    """The files of a snapshot are in use, or it is only mounted below ``.zfs``.

    :meth:`Engine.destroy_snapshots` unmounts it first, where that can be done.
    """


class UnreadError(EngineError):
    """The reader of a stream has closed it before its end: the send is not the cause."""


class Engine(
    DatasetCalls, SnapshotCalls, StreamCalls, PoolCalls, KeyCalls, MountCalls, Protocol
):
    """The calls that zfstune makes to ZFS.

    Property values are text, the way ``zfs get -p`` prints them (``8192``, ``lz4``); a
    call also takes ``8K``. A call that fails raises a subclass of
    :class:`~zfstune.values.errors.EngineError`, or
    :class:`~zfstune.values.errors.BatchError` where it takes many targets. Values are
    checked before ZFS sees them (:class:`~zfstune.values.errors.InvalidValue`).
    """

    def __enter__(self) -> Self:
        """Return the engine itself."""

    def __exit__(self, *exc: object) -> None:
        """Close the engine."""

    @property
    def file(self) -> str:
        """The path of the file that an image is in; empty: the running kernel's ZFS."""

    @property
    def limits(self) -> Limits:
        """Limits that follow from the running release."""

    def close(self) -> None:
        """Close the engine; it takes no more calls."""


def declared_calls() -> dict[str, Callable[..., Any]]:
    """Return the calls that Engine declares, by name."""
    return {
        name: declared
        for part in reversed(Engine.__mro__)
        for name, declared in vars(part).items()
        if callable(declared) and not name.startswith("_")
    }
