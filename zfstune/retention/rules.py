"""What each rule of a policy keeps of the snapshots of one dataset.

A rule sees the snapshots in its scope and answers for each it keeps why, and until
when; and why not for the others. The rules for calendar periods keep

- the first snapshot of each period that has one,
- between two such firsts that lie more than a period and a quarter apart, also the
  last before the younger one: it stands for the period that a timer's jitter, or
  somebody who switched the machine off, left without.

So two neighbours that a rule keeps are at most a period and a quarter apart, or as
far apart as they were when taken; and since nothing here depends on a snapshot
that an earlier run may have destroyed, what many prunes leave is what one would.
"""

from __future__ import annotations

from zfstune.retention.policy import (
    PERIODS,
    Blocks,
    Every,
    Grid,
    Last,
    Never,
    NewerThan,
    Within,
)
from zfstune.values.duration import format_duration
from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from zfstune.retention.periods import Calendar
    from zfstune.retention.policy import Rule

    # Position among the members to the reason and the second of the end (inf: none
    # can be told).
    Kept = dict[int, tuple[str, float]]
    # The reason why the member at a position is not kept.
    Otherwise = Callable[[int], str]

__all__ = ["Members", "inf", "keep", "newest_expires"]

inf = float("inf")  # for less than importing math costs

# A gap of more periods than this, as a fraction, is filled.
_GAP = (5, 4)


@frozen
class Members:
    """The snapshots that a group of rules speaks of, and what the rules ask for.

    Attributes:
        places: Place of each in its dataset, newest first by createtxg.
        times: Its creation in seconds since 1970; empty where no rule asks.
        ascending: Positions in `times` by time, of one second the older first.
        named: Place in the dataset by short name.
        now: Seconds since 1970.
        calendar: Gives the calendar of a kind.
    """

    places: Sequence[int]
    times: Sequence[int]
    ascending: Sequence[int]
    named: Mapping[str, int]
    now: int
    calendar: Callable[[str], Calendar]

    @property
    def pace(self) -> float:
        """Seconds between two snapshots, on average; infinite where unknown."""
        times = self.times
        if len(times) < 2:  # noqa: PLR2004 (a distance takes two)
            return inf
        oldest, newest = self.ascending[0], self.ascending[-1]
        return (times[newest] - times[oldest]) / (len(times) - 1) or inf


def keep(rule: Rule, members: Members) -> tuple[Kept, Otherwise]:
    """Ask one rule; each member is kept, or has a reason not to be."""
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
    assert isinstance(rule, Never)  # noqa: S101 (for the type checker: there is no other)
    return _all("nothing is ever to go", members)


def newest_expires(members: Members) -> float:
    """Give when the newest is no longer that, if snapshots go on at their pace."""
    return members.times[members.ascending[-1]] + members.pace


def _all(reason: str, members: Members) -> tuple[Kept, Otherwise]:
    return dict.fromkeys(range(len(members.places)), (reason, inf)), _never_asked


def _never_asked(_: int) -> str:
    return ""


def _last(rule: Last, members: Members) -> tuple[Kept, Otherwise]:
    count = rule.count
    if count is None:
        return _all("the newest are kept without limit", members)
    pace = members.pace
    newest = members.times[members.ascending[-1]] if members.times else 0
    kept = {
        at: (f"number {at + 1} of the newest {count}", newest + (count - at) * pace)
        for at in range(min(count, len(members.places)))
    }
    if count:
        return kept, lambda at: f"number {at + 1}, beyond the newest {count}"
    return kept, lambda _: "none is to be kept"


def _every(rule: Every, members: Members) -> tuple[Kept, Otherwise]:
    from bisect import bisect_left  # noqa: PLC0415 (a count needs none)

    noun = PERIODS[rule.period]
    calendar = members.calendar(rule.period)
    ascending, times = members.ascending, members.times
    in_order = [times[at] for at in ascending]
    of = "" if rule.count is None else f" of {rule.count}"
    ends = _ending(members, calendar)
    kept: Kept = {}
    units = 0
    end = len(in_order)
    younger = None
    while end and (rule.count is None or units < rule.count):
        start, until = calendar.period(in_order[end - 1])
        first = bisect_left(in_order, start, 0, end)
        goes = inf if rule.count is None else ends(rule.count - units)
        gap = 0 if younger is None else younger - in_order[first]
        if end - 1 > first and gap * _GAP[1] > (until - start) * _GAP[0]:
            units += 1
            reason = f"stands for a {noun} that has none, number {units}{of}"
            kept[ascending[end - 1]] = reason, goes
        units += 1
        kept[ascending[first]] = f"first of its {noun}, number {units}{of}", goes
        younger = in_order[first]
        end = first
    oldest = in_order[end] if end < len(in_order) else 0
    not_first = f"not the first of its {noun}"
    beyond = f"beyond the newest {rule.count} {noun}s"
    return kept, lambda at: not_first if times[at] >= oldest else beyond


def _ending(members: Members, calendar: Calendar) -> Callable[[int], float]:
    """Give what tells when so many more periods than the newest's have begun."""
    newest, _ = calendar.period(members.times[members.ascending[-1]])
    current, _ = calendar.period(members.now)
    # the next snapshot begins a period that has begun already
    ahead = int(newest != current)

    def ends(more: int) -> float:
        try:
            return max(members.now, calendar.later(current, more - ahead))
        except (OverflowError, ValueError):  # beyond the year 9999
            return inf

    return ends


def _within(rule: Within, members: Members) -> tuple[Kept, Otherwise]:
    since = members.now - rule.seconds
    words = f"{format_duration(rule.seconds)} old"
    reason = f"at most {words}"
    kept = {
        at: (reason, float(time + rule.seconds + 1))
        for at, time in enumerate(members.times)
        if time >= since
    }
    return kept, lambda _: f"more than {words}"


def _newer_than(rule: NewerThan, members: Members) -> tuple[Kept, Otherwise]:
    if rule.time is not None:
        time = rule.time
        kept = {
            at: ("not older than the time given", inf)
            for at, created in enumerate(members.times)
            if created >= time
        }
        return kept, lambda _: "older than the time given"
    place = members.named.get(rule.name)
    if place is None:
        return _all(f"there is no @{rule.name} to be newer than", members)
    kept = {
        at: (f"not older than @{rule.name}", inf)
        for at, own in enumerate(members.places)
        if own <= place
    }
    return kept, lambda _: f"older than @{rule.name}"


def _grid(rule: Grid, members: Members) -> tuple[Kept, Otherwise]:
    from bisect import bisect_left  # noqa: PLC0415 (a count needs none)

    times, ascending = members.times, members.ascending
    whole = sum(step.seconds * step.times for step in rule.steps)
    newest = times[ascending[-1]] if ascending else 0
    in_order = [times[at] for at in ascending]
    kept: Kept = {}
    end = len(in_order)
    younger_edge = 0
    for step in rule.steps:
        last_edge = younger_edge + step.seconds * step.times
        # From one snapshot to the next: there may be millions of empty spans.
        while end and newest - in_order[end - 1] < last_edge:
            age = newest - in_order[end - 1]
            passed = (age - younger_edge) // step.seconds
            # ages below older_edge, which is exclusive
            older_edge = younger_edge + (passed + 1) * step.seconds
            first = bisect_left(in_order, newest - older_edge + 1, 0, end)
            until = end if step.keep is None else min(end, first + step.keep)
            for at in ascending[first:until]:
                reason = f"in the grid, {format_duration(older_edge)} back"
                kept[at] = reason, float(times[at] + whole + 1)
            end = first
        younger_edge = last_edge
    beyond = f"beyond the grid of {format_duration(whole)}"
    return (
        kept,
        lambda at: "its part of the grid is full" if newest - times[at] < whole else beyond,
    )


def _blocks(rule: Blocks, members: Members) -> tuple[Kept, Otherwise]:
    reason = f"the oldest of its {format_duration(rule.seconds)} since 1970"
    kept: Kept = {}
    claimed: set[int] = set()
    for at in members.ascending:
        time = members.times[at]
        age = members.now - time
        if age > rule.within or (rule.beyond and age <= rule.beyond):
            continue
        block = time // rule.seconds
        if block not in claimed:
            claimed.add(block)
            kept[at] = reason, float(time + rule.within + 1)
    return kept, lambda _: f"not the oldest of its {format_duration(rule.seconds)} in time"
