"""Simulate a policy: the snapshots that it would leave after months or years."""

from __future__ import annotations

from itertools import pairwise, zip_longest

from zfstune.retention.decision import decide
from zfstune.retention.known_targets import Replicated
from zfstune.retention.policy import Group, Policy
from zfstune.retention.rule_kinds import YEAR_10000, Blocks, Every, Grid, NewerThan
from zfstune.values.duration import DAY, HOUR, about, format_duration
from zfstune.values.errors import PolicyError
from zfstune.values.frozen import frozen
from zfstune.values.state import Snapshot
from zfstune.values.text import utc_instant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, tzinfo

    from zfstune.retention.rule_kinds import Rule

__all__ = ["Band", "Simulation", "simulate", "timeline"]

# A year of a snapshot every 5 minutes; a longer simulation shows nothing new.
_MOST = 110_000
# The result of these rules depends on the times of the prunes.
_UNSTEADY = (Blocks, Grid)
_PRUNES = 1000  # in a simulation of such rules
# So many decisions, in all prunes of a simulation, take half a minute.
_MOST_DECISIONS = 1_000_000
# Targets of replication have everything at once: a simulation knows of no lag.
_DATASET = "tank/simulated"
_ALL_THERE = {_DATASET: Replicated(_MOST, "")}
_BANDS = (HOUR, DAY, 7 * DAY, 30 * DAY, 91 * DAY, 365 * DAY)


@frozen
class Band:
    """The snapshots within a range of ages.

    Attributes:
        older_seconds: The lowest age.
        younger_seconds: The age at which the range ends, exclusive; None: it is open.
        count: The number of snapshots.
        worst_gap_seconds: The longest time between two neighbours that reaches into
            the range.
    """

    older_seconds: int
    younger_seconds: int | None
    count: int
    worst_gap_seconds: int


@frozen
class Simulation:
    """The snapshots at the end of a simulation.

    Attributes:
        every_seconds: The time between two snapshots when they were taken.
        end: When the last one was taken, in seconds since 1970.
        taken: The number of snapshots that were taken.
        times: The times of the snapshots that are left, oldest first.
    """

    every_seconds: int
    end: int
    taken: int
    times: tuple[int, ...]

    def __str__(self) -> str:
        oldest = about(self.end - self.times[0]) if self.times else "-"
        numbers = (
            f"{len(self.times)} of {self.taken} snapshots, the oldest {oldest} old, "
            f"worst gap {about(self.worst_gap_seconds)}"
        )
        return "\n".join([*timeline(self), numbers])

    def to_dict(self) -> dict[str, object]:
        """Return the result in the form of its JSON document."""
        return {
            "every_s": self.every_seconds,
            "end": utc_instant(self.end),
            "taken": self.taken,
            "left": len(self.times),
            "worst_gap_s": self.worst_gap_seconds,
            "times": [utc_instant(taken) for taken in self.times],
        }

    @property
    def worst_gap_seconds(self) -> int:
        """The longest time between two neighbours."""
        return max((b - a for a, b in pairwise(self.times)), default=0)

    @property
    def bands(self) -> tuple[Band, ...]:
        """The snapshots by age, youngest first, up to the age of the oldest."""
        bands = []
        edges = (0, *_BANDS)
        oldest = self.end - self.times[0] if self.times else -1
        for older, younger in zip_longest(edges, _BANDS):
            if older > oldest:
                break
            ages = [self.end - time for time in self.times]
            count = sum(older <= a and (younger is None or a < younger) for a in ages)
            gaps = [
                a - b
                for a, b in pairwise(ages)
                if a >= older and (younger is None or b < younger)
            ]
            bands.append(Band(older, younger, count, max(gaps, default=0)))
        return tuple(bands)


def simulate(
    group: Group, every_seconds: int, start: datetime, until_seconds: int, tz: tzinfo
) -> Simulation:
    """Take snapshots in the scope of a group of rules, and prune them.

    Args:
        group: The rules; their scope is ignored.
        every_seconds: Time between two snapshots.
        start: When the first is taken.
        until_seconds: How long snapshots are taken.
        tz: The zone in which the calendar's periods begin.

    Raises:
        PolicyError: That makes fewer than two snapshots or too many of them; or the
            rules keep so many that it takes more than a million decisions.
    """
    count, first = _checked_count(every_seconds, until_seconds), int(start.timestamp())
    if first + until_seconds >= YEAR_10000:
        raise PolicyError(
            f"cannot simulate {format_duration(until_seconds)}: that goes beyond the year "
            "9999",
            hint="take a shorter --until",
        )
    times = [first + number * every_seconds for number in range(count)]
    policy = Policy((Group(group.rules, match="*"),), allow_zero=True)
    steady = not any(isinstance(rule, _UNSTEADY) for rule in group.rules)
    chunk = count if steady else -(-count // _PRUNES)
    taken = [_taken(time, number) for number, time in enumerate(times)]

    def pruned(left: list[Snapshot], end: int) -> list[Snapshot]:
        now = start.fromtimestamp(times[end - 1], start.tzinfo)
        return [d.snapshot for d in decide(left, policy, now, tz, _ALL_THERE) if d.keep]

    # Rules that keep everything would be applied to everything at each prune.
    if (
        not steady
        and _keep_more_before(group.rules)
        and pruned(taken, count) == taken[::-1]
    ):
        return Simulation(every_seconds, times[-1], count, tuple(times))
    left: list[Snapshot] = []
    decisions = 0
    for begin in range(0, count, chunk):
        end = min(begin + chunk, count)
        left += taken[begin:end]
        decisions += len(left)
        if not steady and decisions > _MOST_DECISIONS:
            raise PolicyError(
                f"cannot simulate {format_duration(until_seconds)} of a snapshot every "
                f"{format_duration(every_seconds)}: the rules keep so many snapshots that "
                f"it takes more than {_MOST_DECISIONS} decisions",
                hint="take a longer --every or a shorter --until",
            )
        left = pruned(left, end)
    stay = tuple(sorted(snapshot.creation or 0 for snapshot in left))
    return Simulation(every_seconds, times[-1], count, stay)


def _checked_count(every_seconds: int, until_seconds: int) -> int:
    """Count the snapshots of that time, with the first and the last."""
    count = until_seconds // max(every_seconds, 1) + 1
    if every_seconds < 1 or not 1 < count <= _MOST:
        few = count < 2  # noqa: PLR2004 (a simulation has a first and a last snapshot)
        raise PolicyError(
            f"cannot simulate {format_duration(until_seconds)} of a snapshot every "
            f"{format_duration(every_seconds)}: that makes {count} "
            f"snapshot{'s' * (count != 1)}, and a simulation has 2 to {_MOST}",
            hint="take a shorter --every or a longer --until"
            if few
            else "take a longer --every or a shorter --until",
        )
    return count


def _keep_more_before(rules: tuple[Rule, ...]) -> bool:
    """Tell whether rules that keep every snapshot at the end kept each one before, too.

    A grid goes by ages alone. Snapshots are taken at equal times, so before the end it
    meets a part of the same ages. Blocks, calendars and instants go by the time when a
    snapshot was taken, and keep it all the more while it is younger, unless they begin
    at some age. Counts and ages (``keep``, ``within``) go with either.
    """
    by_age = any(isinstance(rule, Grid) for rule in rules)
    by_time = any(isinstance(rule, (Blocks, Every, NewerThan)) for rule in rules)
    late = any(isinstance(rule, Blocks) and rule.beyond for rule in rules)
    return not late and not (by_age and by_time)


def timeline(simulation: Simulation) -> Iterator[str]:
    """Draw the snapshots that are left, a line for each band of ages."""
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
    guid = createtxg = number + 1
    return Snapshot(f"{_DATASET}@{number}", guid, createtxg, creation=time)
