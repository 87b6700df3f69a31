"""Whether snapshots are as fresh as a policy takes them to be, and whole."""

from __future__ import annotations

from zfstune.health.findings import Finding
from zfstune.retention.policy import Blocks, Every, Grid
from zfstune.schedules.policy_fit import mismatch, policy_command
from zfstune.values.duration import about
from zfstune.values.frozen import frozen
from zfstune.values.marks import is_auto_name
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from zfstune.retention.policy import Group, Policy
    from zfstune.schedules.cadence import Cadence
    from zfstune.values.state import Dataset, Snapshot

__all__ = ["Due", "dues_of", "fresh", "late_after", "log_pairs", "torn", "unkept"]

# What a database's log is called, beside its data or below it.
_LOGS = ("wal", "log", "redo")
_DATA = "data"


def late_after(period_seconds: int) -> int:
    """Give the age in seconds beyond which the newest snapshot is late.

    Half a period more than the period leaves room for a timer's jitter and for the
    time that a run takes.
    """
    return period_seconds * 3 // 2


def fresh(
    dataset: Dataset, dues: Iterable[Due], snapshots: Iterable[Snapshot], now: int
) -> Iterator[Finding]:
    """Say where the newest snapshot is older than it may be.

    A rule for one snapshot an hour is worth nothing where none is taken: the newest
    that it speaks of may be one and a half of its periods old.

    Args:
        dataset: With its own time of creation: a new one may have none yet.
        dues: What :func:`dues_of` gave for it.
        snapshots: Those of the dataset, with their times of creation.
        now: Seconds since 1970.
    """
    snapshots = list(snapshots)
    born = int(dataset.value("creation") or 0)
    for due in dues:
        times = [s.creation or 0 for s in snapshots if due.covers(s.short_name)]
        if now - max([born, *times]) <= late_after(due.seconds):
            continue
        if times:
            note = f"the newest snapshot is {about(now - max(times))} old"
        else:
            note = "no snapshot was ever taken"
        yield Finding(
            "stale-snapshots",
            f"{note}, and {due.why}",
            "see that what takes them runs, or: "
            f"zfstune snapshot {for_shell(dataset.name)}",
        )


@frozen
class Due:
    """How often there should be a snapshot of some name.

    Attributes:
        covers: Tells whether one of that short name counts.
        seconds: The time between two.
        why: Who says so.
    """

    covers: Callable[[str], bool]
    seconds: int
    why: str


def dues_of(
    policy: Policy | None, stored_on: str, cadence: Cadence | None, scheduled_on: str
) -> Iterator[Due]:
    """Give how often snapshots should be taken.

    A schedule says it outright. Without one, a policy does by the shortest of its
    periods; rules that only count, or only look back, say nothing of it.

    Args:
        policy: The one in force, if any.
        stored_on: Where it was set.
        cadence: The schedule in force, if any.
        scheduled_on: Where it was set.
    """
    if cadence is not None:
        why = f"the schedule on {scheduled_on} takes one every {about(cadence.seconds)}"
        yield Due(is_auto_name, cadence.seconds, why)
    if policy is None:
        return
    for group, test in zip(policy.groups, policy.tests, strict=True):
        period = _period(group)
        if period is None or (group.own and cadence is not None):
            continue
        which = "" if group.own else f" of '{group.match or group.regex}'"
        why = f"the policy on {stored_on} keeps one{which} every {about(period)}"
        yield Due(test, period, why)


def unkept(
    dataset: str, cadence: Cadence | None, policy: Policy | None
) -> Iterator[Finding]:
    """Say where a policy does not fit the schedule whose snapshots it is to thin out.

    Args:
        dataset: The one on which either was set.
        cadence: The schedule in force, if any.
        policy: The policy in force, if any.
    """
    if cadence is not None and policy is not None:
        fault = mismatch(cadence, policy)
        if fault:
            yield Finding(
                "unkept-snapshots", fault, policy_command(dataset, cadence, policy)
            )


def _period(group: Group) -> int | None:
    """Give the shortest time, in seconds, between two snapshots that rules keep."""
    found: list[int] = []
    for rule in group.rules:
        if isinstance(rule, Every):
            found.append(rule.longest_seconds)
        elif isinstance(rule, Blocks):
            found.append(rule.seconds)
        elif isinstance(rule, Grid):
            found.append(rule.steps[0].seconds)
    return min(found, default=None)


def log_pairs(datasets: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Give each log among the datasets of a profile, and the data that it belongs to.

    A log is a dataset called ``wal``, ``log`` or ``redo``; its data is the one called
    ``data`` beside it, else the one it lies in.

    Args:
        datasets: Full names.
    """
    known = list(datasets)
    for name in known:
        parent, _, last = name.rpartition("/")
        if last in _LOGS:
            beside = f"{parent}/{_DATA}"
            data = beside if beside in known else parent
            if data in known:
                yield name, data


def torn(
    log: str,
    data: str,
    snapshots: Callable[[str], Sequence[Snapshot]],
    covers: Callable[[str], bool] = is_auto_name,
) -> Iterator[Finding]:
    """Say where the newest snapshot of data lacks one of its log of the same instant.

    Snapshots taken together have one transaction group. Data restored without the
    log of that very instant may not start, or may start and be wrong.

    Args:
        log: Name of the log's dataset.
        data: Name of the data's dataset.
        snapshots: Gives those of either, oldest first.
        covers: Which of the data's count; those taken by hand may be of anything.
    """
    ours = [s for s in snapshots(data) if covers(s.short_name)]
    if not ours:
        return
    newest = ours[-1]
    instants = {s.createtxg for s in snapshots(log)}
    if newest.createtxg in instants:
        return
    whole = next((s for s in reversed(ours) if s.createtxg in instants), None)
    if whole is None:
        note = f"no snapshot of it has one of {log} from the same instant"
    else:
        note = (
            f"its newest snapshot with one of {log} from the same instant is {whole.name}"
        )
    common = data if log.startswith(f"{data}/") else data.rpartition("/")[0]
    yield Finding("torn-snapshots", note, f"zfstune snapshot -r {for_shell(common)}")
