"""Find a snapshot by its full name, and help where there is none of that name."""

from __future__ import annotations

from zfstune.values.errors import NotFound
from zfstune.values.names import check_snapshot
from zfstune.values.text import snapshot_hint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine
    from zfstune.values.state import Snapshot

__all__ = ["look_up"]


def look_up(engine: Engine, name: str, *, operation: str) -> Snapshot:
    """Return one snapshot with all its properties.

    Args:
        engine: Where it is.
        name: Its full name.
        operation: The verb for the error, as in ``restore from``.

    Raises:
        NotFound: There is no such dataset, or none of its snapshots has that name; the
            hint has the name that was most likely meant.
    """
    dataset, _, short = check_snapshot(name).partition("@")
    try:
        return engine.snapshot(name)
    except NotFound:
        names = [snapshot.short_name for snapshot in engine.snapshots(dataset)]
    raise NotFound(
        operation=operation,
        target=name,
        reason=f"'{dataset}' has no snapshot of that name",
        hint=snapshot_hint(dataset, short, names),
    )
