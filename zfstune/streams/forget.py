"""Forget a target of replication: drop the bookmarks and the note that its source keeps.

A target that is gone for good would otherwise keep snapshots for ever: its bookmarks are
never renewed, so the rule ``unreplicated`` waits for it.
"""

from __future__ import annotations

from zfstune.engine.open import using
from zfstune.retention.read_targets import read_targets
from zfstune.values.errors import PlanError
from zfstune.values.frozen import frozen
from zfstune.values.replication_marks import target_property
from zfstune.values.text import for_shell, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine
    from zfstune.retention.known_targets import KnownTarget

__all__ = ["Forgotten", "forget_replica", "forget_target"]


@frozen
class Forgotten:
    """A target that is forgotten, or would be.

    Attributes:
        dataset: Name of the source.
        target: The target as it was known.
        bookmarks: Full names of the bookmarks that go, oldest snapshot first.
        note: The name of the property that goes; empty: there is none.
    """

    dataset: str
    target: KnownTarget
    bookmarks: tuple[str, ...]
    note: str

    def to_dict(self) -> dict[str, object]:
        """Return its values in JSON's types."""
        return {
            "dataset": self.dataset,
            "target": f"{self.target.identity:016x}",
            "place": self.target.place or None,
            "bookmarks": list(self.bookmarks),
            "property": self.note or None,
        }


def forget_replica(
    dataset: str, target: str, *, dry_run: bool = False, engine: Engine | None = None
) -> Forgotten:
    """Drop the bookmarks and the note that a source keeps for a target that is gone.

    If the target still exists, it may need a full stream again.

    Args:
        dataset: The source.
        target: The number of the target in base 16, or its place.
        dry_run: Change nothing.
        engine: Default: the running kernel's ZFS.

    Raises:
        PlanError: The source knows no such target, or several at that place.
        EngineError: ZFS refused.
        ZfsUnavailable: There is no ZFS here.
    """
    with using(engine) as zfs:
        return forget_target(zfs, dataset, target, dry_run=dry_run)


def forget_target(
    engine: Engine, dataset: str, wanted: str, *, dry_run: bool = False
) -> Forgotten:
    """Drop all that a source keeps for one target.

    The bookmarks go first. A run that is killed in between leaves the note, for which
    prune keeps all snapshots, and the next run completes it.

    Args:
        engine: The source's engine.
        dataset: The source.
        wanted: The number of the target in base 16, or its place.
        dry_run: Change nothing.

    Raises:
        PlanError: The source knows no such target, or several at that place.
        EngineError: ZFS refused.
    """
    source = engine.dataset(dataset)
    known = read_targets(engine, source)
    found = [t for t in known if wanted in (f"{t.identity:016x}", t.place)]
    if len(found) != 1:
        reason = "it has no such target"
        if found:
            numbers = ", ".join(f"{target.identity:016x}" for target in found)
            reason = f"several targets have been there: {numbers}"
        raise PlanError(
            f"cannot forget target '{shown(wanted)}' of '{dataset}': {reason}",
            hint=f"`zfstune replicas {for_shell(dataset)}` lists its targets",
        )
    (target,) = found
    note = target_property(target.identity)
    forgotten = Forgotten(
        dataset,
        target,
        tuple(bookmark.name for bookmark in target.bookmarks),
        note if source.local(note) is not None else "",
    )
    if not dry_run:
        if forgotten.bookmarks:
            engine.destroy_bookmarks(forgotten.bookmarks)
        if forgotten.note:
            engine.inherit(dataset, forgotten.note)
    return forgotten
