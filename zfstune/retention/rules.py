"""The snapshots of one dataset that each rule of a policy keeps.

A rule sees the snapshots in its scope. For each snapshot that it keeps, it gives the
reason and the time until which it does; for the others, the reason why not. The rules
for calendar periods keep

- the first snapshot of each period that has one,
- between two such firsts that lie more than a period and a quarter apart, also the
  last before the younger one: it stands for the period that a timer's jitter, or
  a machine that was switched off, left without a snapshot.

So two neighbours that a rule keeps are at most a period and a quarter apart, or as
far apart as they were when taken. And since no rule depends on a snapshot that an
earlier run may have destroyed, many prunes leave the same snapshots as one.
"""

from __future__ import annotations

from bisect import bisect_left

from zfstune.retention.rule_kinds import (
    PERIODS,
    Blocks,
    Every,
    Grid,
    Last,
    Never,
    NewerThan,
    Unreplicated,
    Within,
)
from zfstune.values.duration import format_duration
from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from zfstune.retention.known_targets import Replicated
    from zfstune.retention.periods import Calendar
    from zfstune.retention.rule_kinds import Rule

__all__ = ["FOREVER", "KeptUntil", "Members", "keep", "newest_expires"]

FOREVER = float("inf")

# A gap of more than five quarters of a period is filled.
_GAP = (5, 4)


@frozen
class KeptUntil:
    """The reason why a snapshot is kept, and the end of that reason.

    Attributes:
        reason: The reason, in words.
        until: The first second since 1970 at which it no longer holds;
            :data:`FOREVER` where that never comes, or nobody can tell.
        newest_only: Whether it holds only until another snapshot is taken. The end of
            a rule's reason, where there is one, counts instead.
    """

    reason: str
    until: float
    newest_only: bool = False


if TYPE_CHECKING:
    # The members that a rule keeps, by their position among all members.
    KeptMembers = dict[int, KeptUntil]
    # Gives the reason why a rule does not keep the member at a position.
    WhyNot = Callable[[int], str]


@frozen
class Members:
    """The snapshots that a group of rules speaks of, and the facts that rules need.

    Attributes:
        places: The place of each member in its dataset, newest first by createtxg.
        times: The creation of each member in seconds since 1970; empty where no rule
            needs it.
        ascending: Positions in `times`, oldest first; within one second by createtxg.
        named: The place in the dataset of each short name.
        now: Seconds since 1970.
        calendar: Gives the calendar of a kind.
        createtxgs: The transaction group of each member; empty where no rule needs it.
        replicated: The part of the dataset's snapshots that all targets have.
    """

    places: Sequence[int]
    times: Sequence[int]
    ascending: Sequence[int]
    named: Mapping[str, int]
    now: int
    calendar: Callable[[str], Calendar]
    createtxgs: Sequence[int]
    replicated: Replicated

    @property
    def pace(self) -> float:
        """Seconds between two snapshots, on average; infinite where unknown."""
        times = self.times
        if len(times) < 2:  # noqa: PLR2004 (a distance takes two)
            return FOREVER
        oldest, newest = self.ascending[0], self.ascending[-1]
        return (times[newest] - times[oldest]) / (len(times) - 1) or FOREVER


def keep(rule: Rule, members: Members) -> tuple[KeptMembers, WhyNot]:
    """Apply one rule: a member is kept, or there is a reason why not."""
    if isinstance(rule, Last):
        return _last(rule, members)
    if isinstance(rule, Every):
        return _every(rule, members)
    if isinstance(rule, Within):
        return _within(rule, members)
    if isinstance(rule, NewerThan):
        return _newer_than(rule, members)
    if isinstance(rule, Grid):
        return _grid(rule, members)
    if isinstance(rule, Blocks):
        return _blocks(rule, members)
    if isinstance(rule, Unreplicated):
        return _unreplicated(rule, members)
    assert isinstance(rule, Never)  # noqa: S101 (for the type checker: there is no other)
    return _all("the rule `never` keeps every snapshot", members)


def newest_expires(members: Members) -> float:
    """Return the time of the next snapshot, if they are taken at the same pace."""
    return members.times[members.ascending[-1]] + members.pace


def _all(reason: str, members: Members) -> tuple[KeptMembers, WhyNot]:
    kept = dict.fromkeys(range(len(members.places)), KeptUntil(reason, FOREVER))
    return kept, _no_reason


def _no_reason(_: int) -> str:
    """Stand for the reasons of a rule that keeps every member."""
    return ""


def _last(rule: Last, members: Members) -> tuple[KeptMembers, WhyNot]:
    count = rule.count
    if count is None:
        return _all("keep=unlimited keeps every snapshot", members)
    pace = members.pace
    newest = members.times[members.ascending[-1]] if members.times else 0
    kept = {
        position: KeptUntil(
            f"number {position + 1} of the newest {count}",
            newest + (count - position) * pace,
        )
        for position in range(min(count, len(members.places)))
    }
    if count:
        return kept, lambda position: f"number {position + 1}, beyond the newest {count}"
    return kept, lambda _: "keep=0 keeps no snapshot"


def _every(rule: Every, members: Members) -> tuple[KeptMembers, WhyNot]:
    noun = PERIODS[rule.period]
    calendar = members.calendar(rule.period)
    ascending, times = members.ascending, members.times
    in_order = [times[position] for position in ascending]
    out_of = "" if rule.count is None else f" of {rule.count}"
    begins_in = _period_begins(members, calendar)
    kept: KeptMembers = {}
    units = 0
    end = len(in_order)
    younger = None
    while end and (rule.count is None or units < rule.count):
        start, until = calendar.period(in_order[end - 1])
        first = bisect_left(in_order, start, 0, end)
        goes = FOREVER if rule.count is None else begins_in(rule.count - units)
        gap = 0 if younger is None else younger - in_order[first]
        if end - 1 > first and gap * _GAP[1] > (until - start) * _GAP[0]:
            units += 1
            reason = f"stands in for a {noun} without a snapshot, number {units}{out_of}"
            kept[ascending[end - 1]] = KeptUntil(reason, goes)
        units += 1
        reason = f"first of its {noun}, number {units}{out_of}"
        kept[ascending[first]] = KeptUntil(reason, goes)
        younger = in_order[first]
        end = first
    oldest = in_order[end] if end < len(in_order) else 0
    not_first = f"not the first of its {noun}"
    beyond = f"beyond the newest {noun if rule.count == 1 else f'{rule.count} {noun}s'}"
    return kept, lambda position: not_first if times[position] >= oldest else beyond


def _period_begins(members: Members, calendar: Calendar) -> Callable[[int], float]:
    """Return a function from a number of periods to the time when the last one begins.

    Periods count from the period of the newest member.
    """
    newest, _ = calendar.period(members.times[members.ascending[-1]])
    current, _ = calendar.period(members.now)
    # The next snapshot lies in the current period, which has begun already.
    ahead = int(newest != current)

    def begins_in(periods: int) -> float:
        try:
            return max(members.now, calendar.later(current, periods - ahead))
        except (OverflowError, ValueError):  # beyond the year 9999
            return FOREVER

    return begins_in


def _within(rule: Within, members: Members) -> tuple[KeptMembers, WhyNot]:
    since = members.now - rule.seconds
    words = f"{format_duration(rule.seconds)} old"
    reason = f"at most {words}"
    kept = {
        position: KeptUntil(reason, float(time + rule.seconds + 1))
        for position, time in enumerate(members.times)
        if time >= since
    }
    return kept, lambda _: f"more than {words}"


def _newer_than(rule: NewerThan, members: Members) -> tuple[KeptMembers, WhyNot]:
    if rule.time is not None:
        time = rule.time
        kept = {
            position: KeptUntil("not older than the time of newer-than", FOREVER)
            for position, created in enumerate(members.times)
            if created >= time
        }
        return kept, lambda _: "older than the time of newer-than"
    place = members.named.get(rule.name)
    if place is None:
        return _all(f"newer-than keeps all: there is no snapshot @{rule.name}", members)
    kept = {
        position: KeptUntil(f"not older than @{rule.name}", FOREVER)
        for position, own_place in enumerate(members.places)
        if own_place <= place
    }
    return kept, lambda _: f"older than @{rule.name}"


def _grid(rule: Grid, members: Members) -> tuple[KeptMembers, WhyNot]:
    times, ascending = members.times, members.ascending
    whole = sum(step.seconds * step.times for step in rule.steps)
    newest = times[ascending[-1]] if ascending else 0
    in_order = [times[position] for position in ascending]
    kept: KeptMembers = {}
    end = len(in_order)
    younger_edge = 0
    for step in rule.steps:
        last_edge = younger_edge + step.seconds * step.times
        # Go from one snapshot to the next: there may be millions of empty spans.
        while end and newest - in_order[end - 1] < last_edge:
            age = newest - in_order[end - 1]
            passed = (age - younger_edge) // step.seconds
            # The span holds the ages below older_edge.
            older_edge = younger_edge + (passed + 1) * step.seconds
            first = bisect_left(in_order, newest - older_edge + 1, 0, end)
            until = end if step.keep is None else min(end, first + step.keep)
            reason = f"in the grid's span that ends {format_duration(older_edge)} back"
            for position in ascending[first:until]:
                kept[position] = KeptUntil(reason, float(times[position] + whole + 1))
            end = first
        younger_edge = last_edge
    beyond = f"beyond the grid of {format_duration(whole)}"
    full = "its span of the grid is full"
    return kept, lambda position: full if newest - times[position] < whole else beyond


def _blocks(rule: Blocks, members: Members) -> tuple[KeptMembers, WhyNot]:
    named = f"block of {format_duration(rule.seconds)}"
    reason = f"the oldest in its {named}, counted from 1970"
    kept: KeptMembers = {}
    claimed: set[int] = set()
    for position in members.ascending:
        time = members.times[position]
        age = members.now - time
        if age > rule.within or (rule.beyond and age <= rule.beyond):
            continue
        block = time // rule.seconds
        if block not in claimed:
            claimed.add(block)
            kept[position] = KeptUntil(reason, float(time + rule.within + 1))
    return kept, lambda _: f"not the oldest in its {named}, or outside the ages of the rule"


def _unreplicated(rule: Unreplicated, members: Members) -> tuple[KeptMembers, WhyNot]:
    arrived, label = members.replicated.createtxg, members.replicated.label
    if not arrived:
        return _all(f"unreplicated keeps all: {label}", members)
    lacking = KeptUntil(f"not yet replicated to {label}", FOREVER)
    kept = {
        position: lacking
        for position, createtxg in enumerate(members.createtxgs)
        if createtxg > arrived
    }
    if rule.and_base and arrived in members.createtxgs:
        base = members.createtxgs.index(arrived)
        kept[base] = KeptUntil(f"the newest snapshot that {label} has", FOREVER)
    return kept, lambda _: "replicated"
