"""A copy that may have arrived without its mark, which nobody but the caller can tell.

The mark is a property that is set once the first stream has arrived, and may be refused
then. The source has begun to keep bookmarks for the copy under its number, all of them
tentative, since the receive ended with an error. A copy that another tool has made since,
under the same name, looks just like it.
"""

from __future__ import annotations

from zfstune.streams.base import find_base, read_mark
from zfstune.streams.raw_kind import came_raw
from zfstune.values.errors import PlanError
from zfstune.values.marks import REPLICA_PROPERTY
from zfstune.values.replication_marks import Replica
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.streams.ends import End

__all__ = ["unmarked"]


def unmarked(source: End, target: End, identity: int) -> PlanError | None:
    """Return the error for a target without a mark that may be a copy; None: it is none.

    Args:
        source: The source with its bookmarks.
        target: A dataset with snapshots that has no mark.
        identity: The number that a first stream to it would give it.
    """
    marks = [mark for mark in map(read_mark, source.bookmarks) if mark is not None]
    kept = [mark for mark in marks if mark.target == identity]
    base = find_base(source, target)
    if base is None or not all(mark.tentative for mark in kept):
        return None
    if base.sent.guid not in {mark.snapshot for mark in kept}:
        return None
    raw = came_raw(source, target, base)
    mark = Replica(identity, target.encrypted if raw is None else raw)
    number = for_shell(f"{identity:016x}")
    value = for_shell(f"{REPLICA_PROPERTY}={mark.text}")
    return PlanError(
        f"cannot send '{source.name}' to '{target.name}': it has no mark of a copy, though "
        "a first stream to it was begun: it arrived without, or another tool made it",
        hint=f"if it arrived by zfstune, mark it: `zfs set {value} "
        f"{for_shell(target.name)}`; if not, `zfstune replicas {for_shell(source.name)} "
        f"--forget {number}` has the source forget that stream",
    )
