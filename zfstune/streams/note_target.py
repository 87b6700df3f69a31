"""Note on a source where a target is, so that lists, checks and prune can name it."""

from __future__ import annotations

from zfstune.values.replication_marks import target_property

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine
    from zfstune.streams.side import Side

__all__ = ["note_target", "place_of"]


def place_of(target: str, sending: Side, receiving: Side) -> str:
    """Write the place of a target, as in ``tank/copy`` or ``host:tank/copy``.

    A target in an image that its source is not in has the image's path instead of a
    host; it begins with a slash, as no host does.
    """
    where = receiving.host
    if not where and receiving.file != sending.file:
        where = receiving.file
    return f"{where}:{target}" if where else target


def note_target(engine: Engine, source: str, identity: int, place: str) -> None:
    """Note the place of a target on its source, unless it stands there already.

    Raises:
        EngineError: ZFS refused.
    """
    note = target_property(identity)
    if engine.dataset(source).local(note) != place:
        engine.set(source, {note: place})
