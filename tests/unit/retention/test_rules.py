"""Single rules, where their arithmetic could go wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.retention.known_targets import NOWHERE, Replicated
from zfstune.retention.periods import calendars
from zfstune.retention.rule_kinds import (
    Blocks,
    Every,
    Grid,
    Last,
    NewerThan,
    Step,
    Unreplicated,
    Within,
)
from zfstune.retention.rules import FOREVER, Members, keep, newest_expires
from zfstune.values.frozen import replace

if TYPE_CHECKING:
    from zfstune.retention.rule_kinds import Rule

NOW = int(datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp())


def members(ages: list[int], names: str = "") -> Members:
    """Return snapshots of those ages, taken in the order of their times, newest first."""
    times = sorted((NOW - age for age in ages), reverse=True)
    ascending = sorted(range(len(times) - 1, -1, -1), key=times.__getitem__)
    named = {name: place for place, name in enumerate(names)}
    return Members(
        range(len(times)), times, ascending, named, NOW, calendars(UTC), (), NOWHERE
    )


def written_out(steps: list[Step], ages: list[int]) -> set[int]:
    """Return the ages that zrepl's arithmetic keeps, span by span."""
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
            assert why_not(at).startswith("its span of the grid" if full else "beyond")
        else:
            assert kept[at].until == time + whole + 1


def test_a_grid_of_many_spans_costs_as_little_as_its_snapshots() -> None:
    """A grid of ten thousand million spans makes no list of them."""
    found = members([0, 1, 10**8, 10**8 + 1])
    kept, _ = keep(Grid((Step(10**10, 1), Step(10**15, 10**3))), found)
    assert set(kept) == {0, 1, 2, 3}
    assert kept[3].reason == "in the grid's span that ends 100000002s back"


def asked(rule: Rule, ages: list[int], names: str = "") -> tuple[dict[int, str], list[str]]:
    """Return the ages that a rule keeps with the reasons, and the reasons of the others."""
    found = members(ages, names)
    kept, why_not = keep(rule, found)
    others = [why_not(n) for n in range(len(found.times)) if n not in kept]
    return {NOW - found.times[n]: each.reason for n, each in kept.items()}, others


def test_newer_than_a_snapshot_keeps_that_one() -> None:
    """The snapshot and all later ones stay, by the order of transaction groups."""
    kept, others = asked(NewerThan("c"), [10, 20, 30, 40], "abcd")
    assert set(kept) == {10, 20, 30}
    assert set(kept.values()) == {"not older than @c"}
    assert others == ["older than @c"]
    kept, others = asked(NewerThan("a"), [10, 20, 30, 40], "abcd")
    assert set(kept) == {10}
    kept, others = asked(NewerThan("gone"), [10, 20], "ab")
    assert set(kept) == {10, 20}
    assert set(kept.values()) == {"newer-than keeps all: there is no snapshot @gone"}


def test_newer_than_an_instant_keeps_that_second() -> None:
    """A snapshot of that very second stays, and one of a second earlier goes."""
    kept, others = asked(NewerThan(time=NOW - 20), [10, 20, 21])
    assert set(kept) == {10, 20}
    assert others == ["older than the time of newer-than"]


def test_within_keeps_what_is_just_so_old() -> None:
    """A snapshot of just that age stays, and goes a second later."""
    found = members([59, 60, 61])
    kept, why_not = keep(Within(60), found)
    assert {NOW - found.times[n] for n in kept} == {59, 60}
    assert all(each.until == found.times[n] + 61 for n, each in kept.items())
    assert why_not(2) == "more than 1m old"


@pytest.mark.parametrize("count", [0, 1, 2, 3, 9])
def test_the_newest_so_many(count: int) -> None:
    """A count keeps that many from the newest on, and gives the number of each."""
    kept, others = asked(Last(count), [10, 20, 30])
    assert set(kept) == set([10, 20, 30][:count])
    for number, age in enumerate(kept, 1):
        assert kept[age] == f"number {number} of the newest {count}"
    if count == 0:
        assert others == ["keep=0 keeps no snapshot"] * 3
    else:
        assert others == [
            f"number {n}, beyond the newest {count}" for n in range(count + 1, 4)
        ]


def test_a_count_ends_after_as_many_more() -> None:
    """At the same pace, the oldest of three goes when the next one is taken."""
    found = members([0, 100, 200])
    kept, _ = keep(Last(3), found)
    ends = {NOW - found.times[n]: each.until - NOW for n, each in kept.items()}
    assert ends == {0: 300, 100: 200, 200: 100}
    kept, _ = keep(Last(3), members([0]))
    assert kept[0].until == FOREVER
    kept, _ = keep(Last(None), found)
    assert {each.until for each in kept.values()} == {FOREVER}


def test_blocks_keep_the_oldest_of_each() -> None:
    """Blocks count from 1970; the upper age is included, the lower one is not."""
    start = NOW // 100 * 100
    ages = [NOW - (start - n) for n in (0, 1, 99, 100, 101, 199, 200, 201)]
    kept, others = asked(Blocks(100, within=10**6), ages)
    assert {NOW - age - start for age in kept} == {0, -100, -200, -201}
    assert (
        others
        == ["not the oldest in its block of 100s, or outside the ages of the rule"] * 4
    )
    near = [50, 100, 101, 150]
    assert set(asked(Blocks(1, within=100), near)[0]) == {50, 100}
    assert set(asked(Blocks(1, within=200, beyond=100), near)[0]) == {101, 150}
    found = members([50])
    assert keep(Blocks(1, within=100), found)[0][0].until == found.times[0] + 101


def test_one_a_period_and_one_for_a_period_that_has_none() -> None:
    """The first of each day stays, and the last before the end of a gap in days."""
    noon = NOW // 86400 * 86400 + 43200
    times = [noon - days * 86400 + hour * 3600 for days, hour in
             ((4, 0), (4, 5), (2, 0), (2, 1), (1, 0), (0, 0))]  # fmt: skip
    kept, others = asked(Every("daily", 9), [NOW - t for t in times])
    assert {(noon - (NOW - age)) // 3600: why for age, why in kept.items()} == {
        0: "first of its day, number 1 of 9",
        24: "first of its day, number 2 of 9",
        48: "first of its day, number 3 of 9",
        91: "stands in for a day without a snapshot, number 4 of 9",
        96: "first of its day, number 5 of 9",
    }
    assert others == ["not the first of its day"]
    kept, others = asked(Every("daily", 2), [NOW - t for t in times])
    assert {(noon - (NOW - age)) // 3600 for age in kept} == {0, 24}
    assert others == ["beyond the newest 2 days"] * 4


def test_a_gap_of_a_period_and_a_quarter_is_none() -> None:
    """Thirty hours between two firsts of days are jitter; a second more is a gap."""
    noon = NOW // 86400 * 86400
    first = "first of its day, number {}"
    none = "stands in for a day without a snapshot, number 2"
    for more, reasons in (
        (0, [first.format(1), first.format(2)]),
        (1, [first.format(1), none, first.format(3)]),
    ):
        times = [noon - 7 * 3600 - more, noon - 2 * 3600, noon + 23 * 3600]
        found = members([NOW - t for t in times])
        kept, _ = keep(Every("daily", None), found)
        assert [kept[position].reason for position in sorted(kept)] == reasons
        assert {each.until for each in kept.values()} == {FOREVER}


def test_the_newest_is_that_until_another_comes() -> None:
    """The next snapshot is expected at the pace so far; a single one has no pace."""
    assert newest_expires(members([0, 50, 100])) == NOW + 50
    assert newest_expires(members([7])) == FOREVER
    assert newest_expires(members([7, 7])) == FOREVER


def test_what_a_target_lacks_stays() -> None:
    """The base itself may go, for a bookmark keeps its place, unless the rule keeps it."""
    three = replace(members([0, 10, 20]), createtxgs=(30, 20, 10))
    until_20 = replace(three, replicated=Replicated(20, "'host:b'"))
    kept, why_not = keep(Unreplicated(), until_20)
    assert {at: reason.reason for at, reason in kept.items()} == {
        0: "not yet replicated to 'host:b'"
    }
    assert why_not(1) == "replicated"
    kept, _ = keep(Unreplicated(and_base=True), until_20)
    assert {at: reason.reason for at, reason in kept.items()} == {
        0: "not yet replicated to 'host:b'",
        1: "the newest snapshot that 'host:b' has",
    }
    gone = replace(three, replicated=Replicated(15, "'host:b'"))
    assert keep(Unreplicated(and_base=True), gone)[0].keys() == {0, 1}
    assert {reason.until for reason in kept.values()} == {FOREVER}


def test_where_nothing_is_known_to_have_arrived_all_stay() -> None:
    """Nobody knows which snapshots a first stream needs."""
    kept, _ = keep(Unreplicated(), members([0, 10, 20]))
    assert [kept[at].reason for at in range(3)] == [
        "unreplicated keeps all: it was not replicated yet"
    ] * 3
