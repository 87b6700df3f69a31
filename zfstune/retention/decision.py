"""Decide which snapshots a policy keeps: each decision has its reasons.

Scope is decided by name: the names that ``zfstune snapshot`` gives, or with ``match`` or
``regex`` the names that the expression matches whole, never a part of them. A name
proves nothing about who made a snapshot. So before anything is destroyed,
:mod:`zfstune.retention.examine` reads each victim again, and
:mod:`zfstune.retention.destroy` checks the guid that was listed.

Snapshots are ordered by ``createtxg``, which no clock can disturb and two snapshots of
one dataset never share. Rules that speak of time go by ``creation``. Where the time is
known, a snapshot that is dated after now stays and is never the newest, for nothing
can be said of its age. A rule that only counts is decided without times: the snapshots
that it lets go are read again before they are destroyed, and a snapshot that is dated
after now stays then.
"""

from __future__ import annotations

from collections import Counter
from operator import attrgetter
from types import MappingProxyType

from zfstune.retention.known_targets import NOWHERE
from zfstune.retention.policy import Policy
from zfstune.retention.rule_kinds import YEAR_10000, Last
from zfstune.retention.rules import FOREVER, KeptUntil, Members, keep, newest_expires
from zfstune.values.errors import PolicyError
from zfstune.values.frozen import frozen
from zfstune.values.marks import CHECKPOINT_PROPERTY, SNAPSHOT_PROPERTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
    from datetime import datetime, tzinfo

    from zfstune.retention.known_targets import Replicated
    from zfstune.retention.periods import Calendar
    from zfstune.retention.policy import Group
    from zfstune.retention.rules import WhyNot
    from zfstune.values.state import Snapshot

__all__ = [
    "CHECKPOINT",
    "DEFAULT_BATCH",
    "FOREIGN",
    "FUTURE",
    "Decision",
    "Policy",
    "clones_on",
    "decide",
    "interleave",
    "is_future",
    "is_spared_checkpoint",
    "runs",
    "spare",
]

# Measured on OpenZFS 2.1 to 2.4: from 25 snapshots a call on, the cost of each snapshot
# no longer falls, and only the time that one call holds the pool still grows.
DEFAULT_BATCH = 50
# The number of datasets that take turns: where 1,000 datasets with 50 snapshots each took
# turns, a snapshot took half as long again.
_IN_TURN = 10

_TWICE = "ZFS listed this name twice, for two different snapshots"
FUTURE = "dated after now"
FOREIGN = (
    f"it has no {SNAPSHOT_PROPERTY} of its own: zfstune did not make it here; "
    "match=zfstune-* is the rule for those of a copy"
)
CHECKPOINT = "it is of a checkpoint: `zfstune checkpoint drop` destroys it"
_NEWEST = "the newest"
_NOTHING: Mapping[str, Replicated] = MappingProxyType({})
_UNDATED = "its time of creation is not known"


def is_spared_checkpoint(snapshot: Snapshot, policy: Policy) -> bool:
    """Tell whether a snapshot is of a checkpoint, and no pattern speaks of those.

    Args:
        snapshot: The snapshot, read with its properties.
        policy: The policy that lets it go.
    """
    mark = snapshot.local(CHECKPOINT_PROPERTY)
    return mark is not None and not policy.names_checkpoints(snapshot.short_name)


@frozen
class Decision:
    """The decision to keep or to destroy one snapshot, with its reasons.

    Attributes:
        snapshot: The snapshot.
        keep: Whether it is kept; otherwise it is to be destroyed.
        reasons: All the reasons that keep it, or all that let it go; at least one.
        spared: Whether it is kept although the policy lets it go, since a clone or a
            hold needs it.
        expires: When the policy would let it go, in seconds since 1970, if the
            policy stays and snapshots are taken as before: one a period for the
            rules that go by period, as many a day as so far for a count. A grid may
            let it go sooner. None: never, or nobody can tell.
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
    replicated: Mapping[str, Replicated] = _NOTHING,
) -> tuple[Decision, ...]:
    """Decide on each snapshot, for each dataset on its own.

    Args:
        snapshots: In any order; a snapshot given twice counts once. Where
            ``policy.needs_time`` they carry their ``creation``; one without it stays.
        policy: What to keep.
        now: An aware time. It may be left out where ``policy.needs_time`` is false;
            then nothing counts as dated after now.
        tz: The zone that ``policy.tz`` names; default: UTC.
        replicated: For ``policy.needs_targets``: the part of each dataset's snapshots
            that all of its targets have; a dataset that is missing was never replicated.

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
    judge = _Judge(policy, now, tz, replicated)
    decisions: list[Decision] = []
    for _, in_dataset in sorted(of_dataset.items()):
        in_dataset.sort(key=_order_taken, reverse=True)
        decisions += judge.dataset(in_dataset, twice)
    return tuple(decisions)


_order_taken = attrgetter("createtxg", "name")


class _Judge:
    """Applies one policy at one time to one dataset after the other."""

    def __init__(
        self,
        policy: Policy,
        now: datetime | None,
        tz: tzinfo | None,
        replicated: Mapping[str, Replicated],
    ) -> None:
        # Many datasets have snapshots of the same name, taken at one instant: each name
        # is tested once.
        self._groups: list[tuple[Group, Callable[[str], bool], dict[str, bool]]] = [
            (group, test, {})
            for group, test in zip(policy.groups, policy.tests, strict=True)
        ]
        self._outside = "; ".join(group.outside() for group in policy.groups)
        self._needs_targets = policy.needs_targets
        self._replicated = replicated
        self._needs_time = policy.needs_time
        self._timed = now is not None
        self._now = 0
        self._calendar: Callable[[str], Calendar] = _no_calendar
        if now is None and not self._needs_time:
            return
        if now is None or now.utcoffset() is None:
            raise PolicyError(
                "cannot decide by age: the current time is missing, or has no time zone"
            )
        from datetime import UTC  # noqa: PLC0415 (the caller's time has loaded it)

        from zfstune.retention.periods import (  # noqa: PLC0415 (a count alone needs none)
            calendars,
        )

        self._now = int(now.timestamp())
        self._calendar = calendars(tz or UTC)

    def dataset(
        self, snapshots: Sequence[Snapshot], twice: Container[str]
    ) -> list[Decision]:
        """Decide on the snapshots of one dataset, newest first."""
        fixed = {place: _TWICE for place, s in enumerate(snapshots) if s.name in twice}
        times = self._times(snapshots, fixed) if self._timed else {}
        shorts = [s.name.partition("@")[2] for s in snapshots]
        kept: dict[int, list[KeptUntil]] = {}
        let_go: dict[int, list[tuple[Sequence[WhyNot], int]]] = {}
        for group, test, known in self._groups:
            for short in shorts:
                if short not in known:
                    known[short] = test(short)
            places = [place for place, short in enumerate(shorts) if known[short]]
            if fixed:
                places = [place for place in places if place not in fixed]
            if not places:
                continue
            members = self._members(snapshots, places, times, shorts)
            _apply(group, members, kept, let_go)
        decisions = []
        for place, snapshot in enumerate(snapshots):
            if place in kept:
                decisions.append(_keep(snapshot, kept[place]))
            elif place in let_go:
                decisions.append(_let_go(snapshot, let_go[place]))
            else:
                reasons = (fixed.get(place, self._outside), *clones_on(snapshot))
                decisions.append(Decision(snapshot, keep=True, reasons=reasons))
        return decisions

    def _times(
        self, snapshots: Sequence[Snapshot], fixed: dict[int, str]
    ) -> dict[int, int]:
        """Read the times of creation; add to `fixed` the snapshots without a usable one."""
        times: dict[int, int] = {}
        now = self._now
        for place, snapshot in enumerate(snapshots):
            created = snapshot.creation
            if created is not None and not is_future(snapshot, now):
                times[place] = created
            elif created is not None:
                fixed.setdefault(place, FUTURE)
            elif self._needs_time:
                fixed.setdefault(place, _UNDATED)
        return times

    def _members(
        self,
        snapshots: Sequence[Snapshot],
        places: list[int],
        times: dict[int, int],
        shorts: list[str],
    ) -> Members:
        created = [times[place] for place in places if place in times]
        if len(created) < len(places):
            created = []  # the policy only counts, so no rule needs them
        # Oldest first; within one second, the earlier transaction group first.
        ascending = sorted(range(len(created) - 1, -1, -1), key=created.__getitem__)
        # Places count from the newest. Of two snapshots with one name either will do,
        # since neither goes.
        named = {short: place for place, short in enumerate(shorts)} if self._timed else {}
        txgs = [snapshots[p].createtxg for p in places] if self._needs_targets else ()
        return Members(
            places,
            created,
            ascending,
            named,
            self._now,
            self._calendar,
            txgs,
            self._replicated.get(snapshots[0].dataset, NOWHERE),
        )


def _apply(
    group: Group,
    members: Members,
    kept: dict[int, list[KeptUntil]],
    let_go: dict[int, list[tuple[Sequence[WhyNot], int]]],
) -> None:
    """Apply the rules of one group, and note the answers by place in the dataset."""
    places = members.places
    if not all(isinstance(rule, Last) for rule in group.rules):
        # The newest stays whatever the clock says: a rule that goes by time alone would
        # leave nothing of a dataset of which no snapshots are taken any more.
        until = newest_expires(members) if members.times else FOREVER
        newest = KeptUntil(_NEWEST, until, newest_only=True)
        kept.setdefault(places[0], []).append(newest)
    why_not = []
    for rule in group.rules:
        kept_by_rule, why_rule_does_not = keep(rule, members)
        why_not.append(why_rule_does_not)
        for position, reason in kept_by_rule.items():
            kept.setdefault(places[position], []).append(reason)
    for position, place in enumerate(places):
        if place not in kept:
            let_go.setdefault(place, []).append((why_not, position))


def _keep(snapshot: Snapshot, kept: list[KeptUntil]) -> Decision:
    # As the newest alone, it goes once another is taken; a rule may keep it for longer.
    by_rule = [each.until for each in kept if not each.newest_only]
    until = max(by_rule) if by_rule else min([each.until for each in kept])
    reasons = (*[each.reason for each in kept], *clones_on(snapshot))
    # A date that no calendar has any more is as good as never.
    expires = None if until >= YEAR_10000 else int(until)
    return Decision(snapshot, keep=True, reasons=reasons, expires=expires)


def _let_go(snapshot: Snapshot, why_not: list[tuple[Sequence[WhyNot], int]]) -> Decision:
    if snapshot.clones:
        return Decision(snapshot, keep=True, reasons=clones_on(snapshot), spared=True)
    reasons = [of_rule(position) for rules, position in why_not for of_rule in rules]
    return Decision(snapshot, keep=False, reasons=tuple(reasons))


def is_future(snapshot: Snapshot, now: int) -> bool:
    """Tell whether a snapshot is known to be dated after now, so that it has no age."""
    return snapshot.creation is not None and snapshot.creation > now


def clones_on(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the reason to keep a snapshot that has clones; empty where it has none."""
    if not snapshot.clones:
        return ()
    return ("a clone hangs on it" if snapshot.clones == 1 else "clones hang on it",)


def spare(victim: Snapshot, reason: str) -> Decision:
    """Keep a victim after all."""
    return Decision(victim, keep=True, reasons=(reason,), spared=True)


def _no_calendar(kind: str) -> Calendar:
    raise PolicyError(f"cannot decide by '{kind}': no time zone was given")


def runs(decisions: Iterable[Decision]) -> list[tuple[str, str]]:
    """Find the neighbours in a row that are all to go.

    A block is kept by neighbours in a row, so ZFS knows exactly how much a run frees
    (dsl_dataset_space_wouldfree() in module/zfs/dsl_dataset.c). Several runs free the
    sum, since a snapshot that stays lies between any two.

    Args:
        decisions: The decisions on all snapshots of the datasets.

    Returns:
        The oldest and the newest snapshot of each run, by name.
    """
    going: list[tuple[str, str]] = []
    last = None
    for decision in decisions:
        snapshot = decision.snapshot
        if decision.keep:
            last = None
        elif last is not None and last.dataset == snapshot.dataset:
            going[-1] = (snapshot.name, going[-1][1])
        else:
            going.append((snapshot.name, snapshot.name))
        if not decision.keep:
            last = snapshot
    return going


def interleave(
    victims: Mapping[str, Iterable[Snapshot]], batch: int = DEFAULT_BATCH
) -> list[list[Snapshot]]:
    """Deal the victims of many datasets out into batches, one call to ZFS each.

    The cost of destroying a snapshot grows with the number of its neighbours in
    the same dataset, so each batch takes from several datasets in turn. Each dataset
    of a call is opened for it, so only a few take turns, until they have no more to
    give. Within a dataset the oldest go first, so that an interrupted prune leaves the
    newest.

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
    for start in range(0, len(queues), _IN_TURN):
        turn = queues[start : start + _IN_TURN]
        while turn := [queue for queue in turn if queue]:
            dealt.extend(queue.pop() for queue in turn)
    return [dealt[start : start + batch] for start in range(0, len(dealt), batch)]
