"""Which snapshots to keep: snapshots and a policy in, decisions with reasons out.

Scope is decided by name: without ``match``, the names that ``zfstune snapshot``
gives; with it, the names that the glob matches whole, never a part of them. A
name proves nothing about who made a snapshot. The caller therefore asks
ZFS again just before it destroys: without ``match`` each victim must carry
zfstune's own user property, set on the snapshot itself, and in any case the guid
that was listed.

Order is ``createtxg``, which no clock can disturb and two snapshots of one
dataset never share. Rules that speak of time go by ``creation``; where the time is
known, a snapshot that is dated after now stays and is never the newest, for nothing
can be said of its age. A rule that only counts is decided without times; what it lets
go is read again before it is destroyed, and stays if it turns out to be dated so.
"""

from __future__ import annotations

from collections import Counter
from operator import attrgetter

from zfstune.retention.policy import YEAR_10000, Last, Policy
from zfstune.retention.rules import Members, inf, keep, newest_expires
from zfstune.values.errors import PolicyError
from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
    from datetime import datetime, tzinfo

    from zfstune.retention.periods import Calendar
    from zfstune.retention.policy import Group
    from zfstune.retention.rules import Otherwise
    from zfstune.values.state import Snapshot

__all__ = [
    "DEFAULT_BATCH",
    "FUTURE",
    "Decision",
    "Policy",
    "clones_on",
    "decide",
    "interleave",
    "is_future",
    "runs",
]

# Measured on OpenZFS 2.1 to 2.4: from 25 snapshots a call on, the cost of each is
# flat, and only the time that one call holds the pool still grows.
DEFAULT_BATCH = 50
# Datasets that take turns: among 1,000 of 50 each, a snapshot took half as long again.
_IN_TURN = 10

_TWICE = "listed twice, as two different snapshots"
FUTURE = "dated after now"
_NEWEST = "the newest"
_UNDATED = "its time of creation is not known"


@frozen
class Decision:
    """What is to become of one snapshot, and why.

    Attributes:
        snapshot: The snapshot.
        keep: False: it is to be destroyed.
        reasons: At least one; all that keep it, or all that let it go.
        spared: The policy would let it go; it stays because something hangs on it.
        expires: When the policy would let it go, in seconds since 1970, if the
            policy stays and snapshots are taken as before: one a period for the
            rules that go by period, as many a day as so far for a count; at the
            latest, for a grid. None: never, or nobody can tell.
    """

    snapshot: Snapshot
    keep: bool
    reasons: tuple[str, ...]
    spared: bool = False
    expires: int | None = None


def decide(
    snapshots: Iterable[Snapshot],
    policy: Policy,
    now: datetime | None = None,
    tz: tzinfo | None = None,
) -> tuple[Decision, ...]:
    """Decide on each snapshot; those of different datasets are judged apart.

    Args:
        snapshots: In any order; a snapshot given twice counts once. Where
            ``policy.needs_time`` they carry their ``creation``; one that does not
            stays.
        policy: What to keep.
        now: An aware time. It may be left out where ``policy.needs_time`` is false;
            then nothing counts as dated after now.
        tz: The zone that ``policy.tz`` names; default: UTC.

    Returns:
        One decision a snapshot: datasets by name, in each the newest first by
        ``(createtxg, name)``.

    Raises:
        PolicyError: The policy asks for the time, and `now` is missing or naive.
    """
    listing = list(snapshots)
    unique: Collection[Snapshot] = {s.name: s for s in listing}.values()
    twice: set[str] = set()
    if len(unique) < len(listing):
        unique = {(s.name, s.guid): s for s in listing}.values()
        listed = Counter([s.name for s in unique])
        twice = {name for name, times in listed.items() if times > 1}
    of_dataset: dict[str, list[Snapshot]] = {}
    for snapshot in unique:
        of_dataset.setdefault(snapshot.name.partition("@")[0], []).append(snapshot)
    judge = _Judge(policy, now, tz)
    decisions: list[Decision] = []
    for _, ours in sorted(of_dataset.items()):
        ours.sort(key=_age, reverse=True)
        decisions += judge.dataset(ours, twice)
    return tuple(decisions)


_age = attrgetter("createtxg", "name")


class _Judge:
    """Applies one policy at one time to one dataset after the other."""

    def __init__(self, policy: Policy, now: datetime | None, tz: tzinfo | None) -> None:
        # Many datasets have snapshots of one name, taken at one instant.
        self._groups: list[tuple[Group, Callable[[str], bool], dict[str, bool]]] = [
            (group, test, {})
            for group, test in zip(policy.groups, policy.tests, strict=True)
        ]
        self._outside = "; ".join(group.outside() for group in policy.groups)
        self._needs_time = policy.needs_time
        self._timed = now is not None
        self._now = 0
        self._calendar: Callable[[str], Calendar] = _no_calendar
        if now is None and not self._needs_time:
            return
        if now is None or now.utcoffset() is None:
            raise PolicyError(
                "cannot decide by age: the time now is missing, or has no zone"
            )
        from datetime import UTC  # noqa: PLC0415 (loaded by whoever has a time)

        from zfstune.retention.periods import (  # noqa: PLC0415 (a count alone needs none)
            calendars,
        )

        self._now = int(now.timestamp())
        self._calendar = calendars(tz or UTC)

    def dataset(self, ours: Sequence[Snapshot], twice: Container[str]) -> list[Decision]:
        """Decide on the snapshots of one dataset, newest first."""
        fixed = {at: _TWICE for at, s in enumerate(ours) if s.name in twice}
        times = self._times(ours, fixed) if self._timed else {}
        shorts = [s.name.partition("@")[2] for s in ours]
        kept: dict[int, list[tuple[str, float]]] = {}
        let_go: dict[int, list[tuple[Sequence[Otherwise], int]]] = {}
        for group, test, known in self._groups:
            for short in shorts:
                if short not in known:
                    known[short] = test(short)
            places = [at for at, short in enumerate(shorts) if known[short]]
            if fixed:
                places = [at for at in places if at not in fixed]
            if not places:
                continue
            members = self._members(places, times, shorts)
            _apply(group, members, kept, let_go)
        decisions = []
        for at, snapshot in enumerate(ours):
            if at in kept:
                decisions.append(_keep(snapshot, kept[at]))
            elif at in let_go:
                decisions.append(_let_go(snapshot, let_go[at]))
            else:
                reasons = (fixed.get(at, self._outside), *clones_on(snapshot))
                decisions.append(Decision(snapshot, keep=True, reasons=reasons))
        return decisions

    def _times(self, ours: Sequence[Snapshot], fixed: dict[int, str]) -> dict[int, int]:
        """Read the times of creation; note down what stays for want of a usable one."""
        times: dict[int, int] = {}
        now = self._now
        for at, snapshot in enumerate(ours):
            created = snapshot.creation
            if created is not None and not is_future(snapshot, now):
                times[at] = created
            elif created is not None:
                fixed.setdefault(at, FUTURE)
            elif self._needs_time:
                fixed.setdefault(at, _UNDATED)
        return times

    def _members(
        self, places: list[int], times: dict[int, int], shorts: list[str]
    ) -> Members:
        own = [times[at] for at in places if at in times]
        if len(own) < len(places):
            own = []  # nor does any rule ask for them
        # Oldest first; of one second, the one of the earlier transaction group.
        ascending = sorted(range(len(own) - 1, -1, -1), key=own.__getitem__)
        # Positions count from the newest; of a name that stands twice either will do,
        # since neither goes.
        named = {short: at for at, short in enumerate(shorts)} if self._timed else {}
        return Members(places, own, ascending, named, self._now, self._calendar)


def _apply(
    group: Group,
    members: Members,
    kept: dict[int, list[tuple[str, float]]],
    let_go: dict[int, list[tuple[Sequence[Otherwise], int]]],
) -> None:
    """Gather what the rules of one group say, by place in the dataset."""
    places = members.places
    if not all(isinstance(rule, Last) for rule in group.rules):
        # Whatever the clock says: a rule of time alone would leave nothing of a
        # dataset whose snapshots stopped.
        until = newest_expires(members) if members.times else inf
        # that another comes ends it, unless a rule keeps it for longer
        kept.setdefault(places[0], []).append((_NEWEST, -until))
    otherwise = []
    for rule in group.rules:
        of_rule, why_not = keep(rule, members)
        otherwise.append(why_not)
        for position, reason in of_rule.items():
            kept.setdefault(places[position], []).append(reason)
    for position, place in enumerate(places):
        if place not in kept:
            let_go.setdefault(place, []).append((otherwise, position))


def _keep(snapshot: Snapshot, why: list[tuple[str, float]]) -> Decision:
    until = why[0][1] if len(why) == 1 else max([end for _, end in why])
    if until < 0:  # kept as the newest alone
        until = -until
    reasons = (*[reason for reason, _ in why], *clones_on(snapshot))
    # for ever, where no calendar has the date
    expires = None if until >= YEAR_10000 else int(until)
    return Decision(snapshot, keep=True, reasons=reasons, expires=expires)


def _let_go(snapshot: Snapshot, why: list[tuple[Sequence[Otherwise], int]]) -> Decision:
    if snapshot.clones:
        return Decision(snapshot, keep=True, reasons=clones_on(snapshot), spared=True)
    reasons = [of_rule(at) for otherwise, at in why for of_rule in otherwise]
    return Decision(snapshot, keep=False, reasons=tuple(reasons))


def is_future(snapshot: Snapshot, now: int) -> bool:
    """Tell whether a snapshot is known to be dated after now: nobody knows its age."""
    return snapshot.creation is not None and snapshot.creation > now


def clones_on(snapshot: Snapshot) -> tuple[str, ...]:
    """Say that a snapshot has clones, where it has."""
    if not snapshot.clones:
        return ()
    return ("a clone hangs on it" if snapshot.clones == 1 else "clones hang on it",)


def _no_calendar(kind: str) -> Calendar:
    raise PolicyError(f"cannot decide by '{kind}': no zone was given")


def runs(decisions: Iterable[Decision]) -> list[tuple[str, str]]:
    """Give the runs of neighbours that are to go, by name, each oldest to newest.

    A block is kept by neighbours in a row, so what a run frees is known exactly
    (dsl_dataset_space_wouldfree() in module/zfs/dsl_dataset.c), and what several
    free is the sum. Two runs always have a snapshot between them that stays.

    Args:
        decisions: Those on all snapshots of the datasets.
    """
    found: list[tuple[str, str]] = []
    last = None
    for decision in decisions:
        snapshot = decision.snapshot
        if decision.keep:
            last = None
        elif last is not None and last.dataset == snapshot.dataset:
            found[-1] = (snapshot.name, found[-1][1])
        else:
            found.append((snapshot.name, snapshot.name))
        if not decision.keep:
            last = snapshot
    return found


def interleave(
    victims: Mapping[str, Iterable[Snapshot]], batch: int = DEFAULT_BATCH
) -> list[list[Snapshot]]:
    """Deal the victims of many datasets out into batches, one call to ZFS each.

    The cost of destroying a snapshot grows with the number of its neighbours in
    the same dataset, so each batch takes from several datasets in turn; and each
    dataset of a call is opened for it, so they are no more than a few, as long as
    those have more to give. Within a dataset the oldest go first, so that an
    interrupted prune leaves the newest.

    Args:
        victims: Dataset to the snapshots of it that are to go.
        batch: The most snapshots in one call.

    Returns:
        Batches of at most `batch`, each victim in exactly one of them.

    Raises:
        PolicyError: `batch` is smaller than one.
    """
    if batch < 1:
        msg = f"cannot use policy 'batch={batch}': a call takes at least one snapshot"
        raise PolicyError(msg)
    queues = [
        sorted(victims[dataset], key=lambda s: (s.createtxg, s.name), reverse=True)
        for dataset in sorted(victims)
    ]
    dealt: list[Snapshot] = []
    for at in range(0, len(queues), _IN_TURN):
        turn = queues[at : at + _IN_TURN]
        while turn := [queue for queue in turn if queue]:
            dealt.extend(queue.pop() for queue in turn)
    return [dealt[at : at + batch] for at in range(0, len(dealt), batch)]
