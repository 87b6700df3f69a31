"""The calls of an engine for whole pools."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Protocol

    from zfstune.values.state import PoolInfo
else:
    Protocol = object  # only a type checker looks at it; see zfstune/values/frozen.py

__all__ = ["PoolCalls"]


class PoolCalls(Protocol):
    """Calls for whole pools, and channel programs."""

    def pools(self) -> tuple[str, ...]:
        """Return the names of the imported pools, sorted."""

    def pool(self, name: str) -> PoolInfo:
        """Return the vdevs, features, space and health of a pool."""

    def run_program(
        self,
        pool: str,
        program: str,
        arguments: Mapping[str, object] | None = None,
        *,
        sync: bool = True,
        instructions: int = ...,
        memory_bytes: int = ...,
    ) -> object:
        """Run a channel program (man/man8/zfs-program.8); return its result."""
