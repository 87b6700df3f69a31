"""Find datasets whose snapshots are late, or tear a database from its log."""

from __future__ import annotations

from zfstune.health.findings import Finding
from zfstune.retention.rule_kinds import Blocks, Every, Grid
from zfstune.schedules.policy_fit import mismatch, policy_command
from zfstune.values.duration import about
from zfstune.values.frozen import frozen
from zfstune.values.marks import is_auto_name
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from zfstune.retention.policy import Followed, Group, Policy
    from zfstune.schedules.cadence import Cadence
    from zfstune.values.state import Dataset, Snapshot

__all__ = ["Due", "dues_of", "fresh", "late_after", "log_pairs", "torn", "unkept"]

# The names of a database's log, beside its data or below it.
_LOGS = ("wal", "log", "redo")
_DATA = "data"


def late_after(period_seconds: int) -> int:
    """Return the age in seconds beyond which the newest snapshot is late.

    Half a period more than the period leaves room for a timer's jitter and for the
    time that a run takes.
    """
    return period_seconds * 3 // 2


def fresh(
    dataset: Dataset, dues: Iterable[Due], snapshots: Iterable[Snapshot], now: int
) -> Iterator[Finding]:
    """Report that the newest snapshot of a dataset is older than it may be.

    A rule that keeps one snapshot an hour is worth nothing while none is taken. The
    newest snapshot may be one and a half periods old.

    Args:
        dataset: The dataset, with its time of creation: a new one may have none yet.
        dues: The result of :func:`dues_of` for it.
        snapshots: The snapshots of the dataset, with their times of creation.
        now: The time, in seconds since 1970.
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
            "check that the job which takes the snapshots runs, or take one now: "
            f"zfstune snapshot {for_shell(dataset.name)}",
        )


@frozen
class Due:
    """How often a snapshot should be taken whose name fits a scope.

    Attributes:
        covers: Tells whether a snapshot of that short name counts.
        seconds: The time between two snapshots.
        why: A clause that names the schedule or policy.
    """

    covers: Callable[[str], bool]
    seconds: int
    why: str


def dues_of(
    followed: Followed | None, cadence: Cadence | None, scheduled_on: str
) -> Iterator[Due]:
    """Derive how often snapshots should be taken.

    A schedule says so itself. Without one, the shortest period of a policy does; rules
    that only count snapshots, or only keep recent ones, have no period.

    Args:
        followed: The policy in force, if any.
        cadence: The schedule in force, if any.
        scheduled_on: Name of the dataset that the schedule was set on.
    """
    if cadence is not None:
        every = f"every {about(cadence.seconds)}"
        why = f"the schedule on {scheduled_on} takes a snapshot {every}"
        yield Due(is_auto_name, cadence.seconds, why)
    if followed is None:
        return
    policy = followed.policy
    for group, test in zip(policy.groups, policy.tests, strict=True):
        period = _period(group)
        if period is None or (group.own and cadence is not None):
            continue
        scope = "" if group.own else f" of '{group.match or group.regex}'"
        why = (
            f"the policy on {followed.set_on} keeps a snapshot{scope} every {about(period)}"
        )
        yield Due(test, period, why)


def unkept(
    dataset: str, cadence: Cadence | None, policy: Policy | None
) -> Iterator[Finding]:
    """Report a policy that does not fit the schedule whose snapshots it thins out.

    Args:
        dataset: Name of the dataset on which either was set.
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
    """Return the shortest period, in seconds, of a group's rules."""
    periods: list[int] = []
    for rule in group.rules:
        if isinstance(rule, Every):
            periods.append(rule.longest_seconds)
        elif isinstance(rule, Blocks):
            periods.append(rule.seconds)
        elif isinstance(rule, Grid):
            periods.append(rule.steps[0].seconds)
    return min(periods, default=None)


def log_pairs(datasets: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Find each log among the datasets of a profile, and the data that it belongs to.

    A log is a dataset called ``wal``, ``log`` or ``redo``; its data is the dataset called
    ``data`` beside it, else its parent.

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
    """Report data whose newest snapshot has no snapshot of the log of the same instant.

    Snapshots that are taken together have the same transaction group. A database that is
    restored without the log of the same instant may not start, or start and be wrong.

    Args:
        log: Name of the log's dataset.
        data: Name of the data's dataset.
        snapshots: Lists the snapshots of a dataset, oldest first.
        covers: Tells whether a snapshot of the data counts, by its short name; those
            taken by hand may be of the data alone on purpose.
    """
    covered = [s for s in snapshots(data) if covers(s.short_name)]
    if not covered:
        return
    newest = covered[-1]
    instants = {s.createtxg for s in snapshots(log)}
    if newest.createtxg in instants:
        return
    whole = next((s for s in reversed(covered) if s.createtxg in instants), None)
    if whole is None:
        note = f"none of its snapshots has a snapshot of {log} from the same instant"
    else:
        note = (
            f"its newest snapshot with a snapshot of {log} from the same instant is "
            f"{whole.name}"
        )
    common = data if log.startswith(f"{data}/") else data.rpartition("/")[0]
    yield Finding("torn-snapshots", note, f"zfstune snapshot -r {for_shell(common)}")
