"""Judge targets: whether the base of each is safe, whether it lags, whether it is inert."""

from __future__ import annotations

from zfstune.health.findings import Finding
from zfstune.health.freshness import late_after
from zfstune.values.duration import about
from zfstune.values.frozen import frozen
from zfstune.values.inert import INERT, lacking
from zfstune.values.marks import REPLICA_PROPERTY
from zfstune.values.replication_marks import read_replica
from zfstune.values.text import for_shell, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from zfstune.health.observation import ObservedTarget
    from zfstune.retention.known_targets import KnownTarget
    from zfstune.values.state import Dataset

__all__ = ["TargetCopy", "endangered", "is_open_copy", "open_copy", "replication_findings"]


@frozen
class TargetCopy:
    """The dataset at a target's place, where this host can read it.

    Attributes:
        identity: The number by which sources name it; 0: there is no such dataset.
        guids: The guids of its snapshots.
    """

    identity: int
    guids: frozenset[int]


def endangered(
    dataset: str, target: KnownTarget, copy: TargetCopy | None
) -> tuple[str, str]:
    """Say why the next stream to a target may lack its base, and the remedy.

    Args:
        dataset: Name of the source.
        target: The target as the source knows it.
        copy: The dataset at its place; None: this host cannot read it.

    Returns:
        A clause and a command; both empty where the base is safe.
    """
    label = target.label
    again = _replicate(dataset, target)
    number = for_shell(f"{target.identity:016x}")
    forget = f"zfstune replicas {for_shell(dataset)} --forget {number}"
    if copy is not None and not copy.identity:
        return f"its target {label} does not exist any more", forget
    if copy is not None and copy.identity != target.identity:
        return f"{label} is another dataset than its target of that name was", forget
    if not target.bookmarks:
        note = f"no bookmark keeps the base of {label}, so prune keeps all snapshots"
        return note, again
    if target.base is None:
        return f"the first stream to {label} is under way, or it broke off", again
    if copy is not None and not copy.guids & {mark.guid for mark in target.bookmarks}:
        note = f"{label} has lost the snapshot that the next stream begins with"
        return note, f"{again} -n" if again else ""
    return "", ""


def is_open_copy(dataset: Dataset) -> bool:
    """Tell whether a dataset is a copy that lacks some of what makes it inert."""
    replica = read_replica(dataset.local(REPLICA_PROPERTY) or "")
    return replica is not None and not replica.live and bool(lacking(dataset))


def open_copy(dataset: Dataset) -> Iterator[Finding]:
    """Report a copy that lacks some of what makes it inert."""
    if not is_open_copy(dataset):
        return
    names = lacking(dataset)
    found = ", ".join(f"{name}={shown(dataset.value(name) or '')}" for name in names)
    wanted = " ".join(f"{name}={INERT[dataset.kind][name][0]}" for name in names)
    note = f"it is a copy, and has {found}, which nobody has set on it"
    remedy = f"zfs set {wanted} {for_shell(dataset.name)}"
    yield Finding("not-inert", note, f"{remedy}; the next zfstune replicate does so, too")


def replication_findings(observed: ObservedTarget) -> Iterator[Finding]:
    """Report a base in danger, and a target that lags behind the schedule."""
    if observed.danger:
        yield Finding("endangered-base", observed.danger, observed.remedy)
        return
    seconds, interval = observed.lag.seconds, observed.interval_seconds
    if interval is None or seconds is None or seconds <= late_after(interval):
        return
    missing = observed.lag.snapshots
    lacks = "1 snapshot" if missing == 1 else f"{missing} snapshots"
    note = (
        f"{observed.target.label} is {about(seconds)} behind: it lacks {lacks}, and the "
        f"schedule takes one every {about(interval)}"
    )
    yield Finding("stale-replica", note, _replicate(observed.dataset, observed.target))


def _replicate(dataset: str, target: KnownTarget) -> str:
    """Write the command that replicates again; empty where the place is not known."""
    if not target.place:
        return ""
    return f"zfstune replicate {for_shell(dataset)} {for_shell(target.place)}"
