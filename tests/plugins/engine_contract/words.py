"""What the tests of the contract say for short."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine
    from zfstune.values.errors import BatchError, EngineError

MIB = 1 << 20


def names_below(engine: Engine, root: str) -> list[str]:
    """Give the datasets below `root`, without it."""
    return [d.name[len(root) :] for d in engine.datasets(root)[1:]]


def shorts(engine: Engine, dataset: str) -> list[str]:
    """Give the snapshots of a dataset, oldest first."""
    return [s.short_name for s in engine.snapshots(dataset)]


def refused(error: BatchError) -> dict[str, type[EngineError]]:
    """Give what a batch was refused for, by target."""
    return {failure.target: type(failure) for failure in error.failures}
