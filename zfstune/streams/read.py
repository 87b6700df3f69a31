"""Read the two ends of a replication from their engines."""

from __future__ import annotations

from zfstune.streams.ends import end_of, missing_end
from zfstune.values.errors import NotFound
from zfstune.values.frozen import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine
    from zfstune.streams.ends import End
    from zfstune.values.state import Snapshot

__all__ = ["origin_copies", "read_end", "with_properties"]


def read_end(engine: Engine, name: str) -> End:
    """Read what one side has of a dataset, which need not exist.

    Raises:
        InvalidName: No dataset can have that name.
        EngineError: It cannot be read.
    """
    try:
        dataset = engine.dataset(name)
    except NotFound:
        return missing_end(name)
    encrypted = dataset.value("encryption") not in (None, "off")
    origin = dataset.value("origin")
    token = dataset.value("receive_resume_token")
    return end_of(
        dataset,
        # Only of an encrypted snapshot a property is needed: the number of its IVs.
        engine.snapshots(name, properties=encrypted),
        engine.bookmarks(name).values(),
        origin=engine.snapshot(origin) if origin else None,
        partial=engine.read_token(token) if token else None,
    )


def with_properties(engine: Engine, end: End) -> End:
    """Return an end whose snapshots have all of their properties, which is slow to read.

    They tell whether snapshots that are in the way hold any change.
    """
    return replace(end, snapshots=tuple(engine.snapshots(end.name, properties=True)))


def origin_copies(engine: Engine, source: End, target: str) -> dict[int, Snapshot]:
    """Find a copy of a clone's origin in the pool of its target, by guid.

    Args:
        engine: The target's engine.
        source: The dataset to send; only a clone has an origin to look for.
        target: Name of the dataset that receives.
    """
    if source.origin is None:
        return {}
    pool = target.partition("/")[0]
    for dataset in engine.datasets(pool):
        if dataset.damaged:
            continue
        for snapshot in engine.snapshots(dataset.name):
            if snapshot.guid == source.origin.guid:
                return {snapshot.guid: engine.snapshot(snapshot.name)}
    return {}
