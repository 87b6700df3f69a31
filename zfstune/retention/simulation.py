"""What a policy would leave of snapshots that are yet to be taken."""

from __future__ import annotations

from itertools import pairwise

from zfstune.retention.decision import decide
from zfstune.retention.policy import (
    YEAR_10000,
    Blocks,
    Every,
    Grid,
    Group,
    NewerThan,
    Policy,
)
from zfstune.values.duration import DAY, HOUR, about, format_duration
from zfstune.values.errors import PolicyError
from zfstune.values.frozen import frozen
from zfstune.values.state import Snapshot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, tzinfo

    from zfstune.retention.policy import Rule

__all__ = ["Band", "Simulation", "simulate", "timeline"]

# A year of one every 5 minutes; more says no more.
_MOST = 110_000
# What a rule of these leaves depends on when prune ran.
_UNSTEADY = (Blocks, Grid)
_PRUNES = 1000
# Half a minute's worth: so many snapshots are looked at in all these prunes.
_MOST_DECISIONS = 1_000_000
_BANDS = (HOUR, DAY, 7 * DAY, 30 * DAY, 91 * DAY, 365 * DAY)


@frozen
class Band:
    """The snapshots of an age.

    Attributes:
        older_seconds: At least so old.
        younger_seconds: And younger than so; None: however old.
        count: How many there would be.
        worst_gap_seconds: The longest time between two that touches the band, or from
            its youngest to now.
    """

    older_seconds: int
    younger_seconds: int | None
    count: int
    worst_gap_seconds: int


@frozen
class Simulation:
    """What would be there in the end.

    Attributes:
        every_seconds: A snapshot was taken so often.
        end: When that is, in seconds since 1970.
        taken: How many were taken.
        times: Those of the snapshots that are left, oldest first.
    """

    every_seconds: int
    end: int
    taken: int
    times: tuple[int, ...]

    @property
    def worst_gap_seconds(self) -> int:
        """The longest time between two neighbours."""
        return max((b - a for a, b in pairwise(self.times)), default=0)

    @property
    def bands(self) -> tuple[Band, ...]:
        """The snapshots by age, youngest first; bands that nothing reaches left out."""
        found = []
        edges = (0, *_BANDS)
        oldest = self.end - self.times[0] if self.times else -1
        for at, older in enumerate(edges):
            younger = edges[at + 1] if at + 1 < len(edges) else None
            if older > oldest:
                break
            ages = [self.end - time for time in self.times]
            ours = [a for a in ages if older <= a and (younger is None or a < younger)]
            gaps = [
                a - b
                for a, b in pairwise(ages)
                if a >= older and (younger is None or b < younger)
            ]
            found.append(Band(older, younger, len(ours), max(gaps, default=0)))
        return tuple(found)


def simulate(
    group: Group, every_seconds: int, start: datetime, until_seconds: int, tz: tzinfo
) -> Simulation:
    """Take snapshots that all are in the scope of some rules, and prune them.

    Args:
        group: The rules; their scope does not matter.
        every_seconds: Time between two snapshots.
        start: When the first is taken.
        until_seconds: For how long.
        tz: Where the calendar's periods begin.

    Raises:
        PolicyError: That would be no snapshot, or too many to look at; or the rules
            keep so many that pruning along the way takes more than a million decisions.
    """
    count, first = _checked_count(every_seconds, until_seconds), int(start.timestamp())
    if first + until_seconds >= YEAR_10000:
        raise PolicyError(
            f"cannot simulate {format_duration(until_seconds)}: no calendar goes so far",
            hint="take a shorter --until",
        )
    times = [first + number * every_seconds for number in range(count)]
    policy = Policy((Group(group.rules, match="*"),), allow_zero=True)
    steady = not any(isinstance(rule, _UNSTEADY) for rule in group.rules)
    chunk = count if steady else -(-count // _PRUNES)
    taken = [_taken(time, number) for number, time in enumerate(times)]

    def pruned(left: list[Snapshot], end: int) -> list[Snapshot]:
        now = start.fromtimestamp(times[end - 1], start.tzinfo)
        return [d.snapshot for d in decide(left, policy, now, tz) if d.keep]

    # Rules that keep everything would be asked about everything at each prune.
    if (
        not steady
        and _keep_more_before(group.rules)
        and pruned(taken, count) == taken[::-1]
    ):
        return Simulation(every_seconds, times[-1], count, tuple(times))
    left: list[Snapshot] = []
    decisions = 0
    for at in range(0, count, chunk):
        end = min(at + chunk, count)
        left += taken[at:end]
        decisions += len(left)
        if not steady and decisions > _MOST_DECISIONS:
            raise PolicyError(
                f"cannot simulate {format_duration(until_seconds)} of a snapshot every "
                f"{format_duration(every_seconds)}: the rules keep so many that it takes "
                f"more than {_MOST_DECISIONS} decisions",
                hint="take a longer --every or a shorter --until",
            )
        left = pruned(left, end)
    stay = tuple(sorted(snapshot.creation or 0 for snapshot in left))
    return Simulation(every_seconds, times[-1], count, stay)


def _checked_count(every_seconds: int, until_seconds: int) -> int:
    """Give how many snapshots are taken in that time, the first and the last included."""
    count = until_seconds // max(every_seconds, 1) + 1
    if every_seconds < 1 or not 1 < count <= _MOST:
        raise PolicyError(
            f"cannot simulate {format_duration(until_seconds)} of a snapshot every "
            f"{format_duration(every_seconds)}: that makes {count} of them, and 2 to "
            f"{_MOST} are looked at",
            hint="take a longer --every or a shorter --until",
        )
    return count


def _keep_more_before(rules: tuple[Rule, ...]) -> bool:
    """Tell whether rules that let nothing go in the end let nothing go before either.

    A grid sees ages alone, and before the end the same ages as far as they go, for the
    snapshots are taken at equal times. Blocks, calendars and instants see when each
    snapshot was taken, and keep it all the more while it is younger, unless they begin
    with some age. Counts and ages (``keep``, ``within``) go with either.
    """
    by_age = any(isinstance(rule, Grid) for rule in rules)
    by_time = any(isinstance(rule, (Blocks, Every, NewerThan)) for rule in rules)
    late = any(isinstance(rule, Blocks) and rule.beyond for rule in rules)
    return not late and not (by_age and by_time)


def timeline(simulation: Simulation) -> Iterator[str]:
    """Draw what would be there, a line for each band of ages."""
    bands = simulation.bands
    most = max((band.count for band in bands), default=1) or 1
    for band in bands:
        if band.younger_seconds is None:
            ages = f"{about(band.older_seconds)} and older"
        else:
            ages = f"up to {about(band.younger_seconds)}"
        bar = "#" * -(-band.count * 30 // most)
        gap = about(band.worst_gap_seconds)
        yield f"{ages:>14}  {band.count:>5}  worst gap {gap:>6}  {bar}".rstrip()


def _taken(time: int, number: int) -> Snapshot:
    at = number + 1
    return Snapshot(f"tank/simulated@{number}", at, at, creation=time)
