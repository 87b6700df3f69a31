"""Read which targets a dataset is replicated to, by the marks on the dataset itself."""

from __future__ import annotations

from zfstune.retention.known_targets import known_targets
from zfstune.values.replication_marks import noted_places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine
    from zfstune.retention.known_targets import KnownTarget
    from zfstune.values.state import Dataset

__all__ = ["read_noted_targets", "read_targets"]


def read_targets(engine: Engine, dataset: Dataset) -> tuple[KnownTarget, ...]:
    """List the targets that a dataset is replicated to.

    Args:
        engine: Asked for the bookmarks of the dataset.
        dataset: The dataset with its properties.
    """
    return known_targets(dataset, engine.bookmarks(dataset.name).values())


def read_noted_targets(engine: Engine, dataset: Dataset) -> tuple[KnownTarget, ...]:
    """List them as well, but ask for nothing where no property tells of a target."""
    return read_targets(engine, dataset) if noted_places(dataset) else ()
