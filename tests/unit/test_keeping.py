"""What single rules keep, where their arithmetic could go wrong."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from zfstune.keeping import Members, keep
from zfstune.periods import calendars
from zfstune.policy import Grid, Step

NOW = int(datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp())


def members(ages: list[int]) -> Members:
    """Give snapshots of those ages, taken in the order of their times."""
    times = sorted((NOW - age for age in ages), reverse=True)
    ascending = sorted(range(len(times) - 1, -1, -1), key=times.__getitem__)
    return Members(range(len(times)), times, ascending, {}, NOW, calendars(UTC))


def written_out(steps: list[Step], ages: list[int]) -> set[int]:
    """Give the ages that zrepl's arithmetic keeps, span by span."""
    newest = min(ages)
    kept = set()
    edge = newest
    for step in steps:
        for _ in range(step.times):
            inside = sorted(a for a in ages if edge <= a < edge + step.seconds)[::-1]
            kept |= set(inside if step.keep is None else inside[: step.keep])
            edge += step.seconds
    return kept


_steps = st.lists(
    st.builds(Step, st.integers(1, 6), st.integers(1, 50), st.none() | st.integers(1, 3)),
    min_size=1,
    max_size=4,
).map(lambda steps: sorted(steps, key=lambda step: step.seconds))


@given(_steps, st.sets(st.integers(0, 400), min_size=1, max_size=40))
def test_a_grid_is_its_spans(steps: list[Step], ages: set[int]) -> None:
    """Going from snapshot to snapshot keeps what going from span to span does."""
    found = members(sorted(ages))
    kept, why_not = keep(Grid(tuple(steps)), found)
    assert {NOW - found.times[at] for at in kept} == written_out(steps, sorted(ages))
    whole = sum(step.times * step.seconds for step in steps)
    for at, time in enumerate(found.times):
        full = found.times[0] - time < whole
        if at not in kept:
            assert why_not(at).startswith("its part of the grid" if full else "beyond")
        else:
            assert kept[at][1] == time + whole + 1


def test_a_grid_of_many_spans_costs_as_little_as_its_snapshots() -> None:
    """Ten thousand million seconds are no list of so many spans."""
    found = members([0, 1, 10**8, 10**8 + 1])
    kept, _ = keep(Grid((Step(10**10, 1), Step(10**15, 10**3))), found)
    assert set(kept) == {0, 1, 2, 3}
    assert kept[3][0] == "in the grid, 100000002s back"
