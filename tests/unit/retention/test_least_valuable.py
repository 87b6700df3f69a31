"""Free targets: which victims go first, and where the prune stops."""

from __future__ import annotations

from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filled_pool import MEGABYTE, filled, taken
from zfstune.retention.decision import Decision, decide
from zfstune.retention.free_target import FreeTarget
from zfstune.retention.least_valuable import keep_others, least_valuable_first
from zfstune.retention.policy_text import parse_policy
from zfstune.retention.prune import prune
from zfstune.values.errors import PolicyError
from zfstune.values.frozen import replace


def test_stops_when_there_is_enough() -> None:
    """Only so many victims go that the target is reached."""
    engine = filled(20)
    dry = prune("tank/a", keep=5, free_target="17M", dry_run=True, engine=engine.seam)
    going = {s.createtxg for s in dry.plan.victims}
    assert dry.plan.reclaims
    freed = dry.plan.reclaims["tank/a"] // MEGABYTE
    assert 7 <= freed <= 9
    assert going < set(range(1, 16))
    kept = [
        d
        for d in dry.plan.decisions
        if "free-target=17M is reached without destroying it" in d.reasons
    ]
    assert len(kept) == 15 - len(going)
    assert all(not d.spared for d in kept)
    done = prune("tank/a", keep=5, free_target="17M", engine=engine.seam)
    assert {int(name.rpartition("-")[2]) for name in done.destroyed} == going


def test_a_target_that_is_met_destroys_nothing() -> None:
    """Where there is room enough, no victim goes."""
    engine = filled(20, used=50)
    assert prune("tank/a", keep=5, free_target="20%", engine=engine.seam).destroyed == ()


def test_never_more_than_the_policy_lets_go() -> None:
    """A target that cannot be reached takes all victims, and nothing else."""
    engine = filled(20)
    pruned = prune("tank/a", keep=5, free_target="99%", engine=engine.seam)
    assert len(pruned.destroyed) == 15
    engine = filled(20)
    pruned = prune("tank/a", keep=1, min_keep=8, free_target="99%", engine=engine.seam)
    assert len(pruned.destroyed) == 12


def test_min_keep_holds_without_a_target() -> None:
    """The newest so many stay, whatever a policy says."""
    engine = filled(20)
    assert len(prune("tank/a", keep=1, min_keep=18, engine=engine.seam).destroyed) == 2
    with pytest.raises(PolicyError, match="never negative"):
        prune("tank/a", keep=1, min_keep=-1, engine=engine.seam)


def test_the_least_valuable_go_first() -> None:
    """Victims with neighbours of about their age go first; a year's last stays longest."""
    ages = [365 * 86400, 40_000, 36_000, 7_200, 7_190, 7_180, 0]
    listing = [taken(txg, age) for txg, age in enumerate(ages, 1)]
    policy = parse_policy("keep=1")
    order = [s.createtxg for s in least_valuable_first(decide(listing, policy))]
    assert order[:4] == [5, 4, 3, 6]
    assert set(order[4:]) == {1, 2}


@given(st.lists(st.integers(0, 10**7), max_size=25), st.integers(0, 5), st.integers(0, 25))
def test_order_holds_each_victim_once(ages: list[int], keep: int, cut: int) -> None:
    """The order holds exactly the victims, and keeping the others only adds."""
    listing = [taken(n, age, f"tank/{'ab'[n % 2]}") for n, age in enumerate(ages, 1)]
    policy = parse_policy(f"keep={keep}", allow_zero=True)
    decisions = decide(listing, policy)
    order = [s.name for s in least_valuable_first(decisions)]
    assert sorted(order) == sorted(d.snapshot.name for d in decisions if not d.keep)
    going = set(order[:cut])
    fewer = keep_others(decisions, going, FreeTarget(1))
    assert {d.snapshot.name for d in fewer if not d.keep} == going
    assert [d.snapshot for d in fewer] == [d.snapshot for d in decisions]


def brute(ages: dict[int, int], going: set[int]) -> list[int]:
    """Order victims by the rule as it is written: take the least loss, again and again."""
    there = dict(ages)
    order = []
    now = min(ages.values(), default=0)
    while going:

        def weight(txg: int) -> tuple[float, int]:
            younger = [other for other in there if other > txg]
            older = [other for other in there if other < txg]
            far = 60 + there[max(older) if older else txg] - now
            near = 60 + (there[min(younger)] - now if younger else 0)
            return log(max(far / near, 1)), txg

        least = min(going, key=weight)
        order.append(least)
        going = going - {least}
        del there[least]
    return order


@given(
    st.lists(st.integers(0, 10**6), min_size=1, max_size=12, unique=True),
    st.sets(st.integers(0, 11)),
)
def test_each_that_goes_is_weighed_among_those_left(
    ages: list[int], keep: set[int]
) -> None:
    """Losses are computed anew with each victim, as if for all of them."""
    known = dict(enumerate(sorted(ages, reverse=True), 1))
    decisions = [
        Decision(taken(txg, age), keep=txg in keep, reasons=("r",))
        for txg, age in sorted(known.items(), reverse=True)
    ]
    order = [s.createtxg for s in least_valuable_first(decisions)]
    assert order == brute(known, set(known) - keep)


def test_a_neighbour_that_went_makes_the_next_one_dear() -> None:
    """Of three victims close together one goes, then others before a second one."""
    ages = {5: 0, 4: 10_000, 3: 10_100, 2: 10_200, 1: 20_000}
    decisions = [
        Decision(taken(txg, age), keep=txg in {1, 5}, reasons=("r",))
        for txg, age in ages.items()
    ]
    order = [s.createtxg for s in least_valuable_first(decisions)]
    assert order == brute(ages, {2, 3, 4}) == [3, 2, 4]


def test_the_newest_is_weighed_anew_as_well() -> None:
    """If the neighbour of the newest snapshot went, its gap reaches further back."""
    ages = {4: 0, 3: 10, 2: 400, 1: 500}
    decisions = [
        Decision(taken(txg, age), keep=txg == 1, reasons=("r",))
        for txg, age in ages.items()
    ]
    order = [s.createtxg for s in least_valuable_first(decisions)]
    assert order == brute(ages, {2, 3, 4}) == [4, 3, 2]
    alone = [
        Decision(taken(txg, age), keep=False, reasons=("r",))
        for txg, age in ((3, 0), (2, 1000), (1, 1100))
    ]
    order = [s.createtxg for s in least_valuable_first(alone)]
    assert order == brute({3: 0, 2: 1000, 1: 1100}, {1, 2, 3})


def test_datasets_are_weighed_apart() -> None:
    """A neighbour in another dataset does not count; all victims are in one order."""
    near = [taken(number, age) for number, age in ((3, 0), (2, 100), (1, 200))]
    far = [
        taken(number, age, "tank/b") for number, age in ((6, 0), (5, 90_000), (4, 10**6))
    ]
    decisions = [
        Decision(s, keep=s.createtxg in {1, 3, 4, 6}, reasons=("r",)) for s in near + far
    ]
    assert [s.createtxg for s in least_valuable_first(decisions)] == [2, 5]


def test_of_the_same_loss_the_oldest_goes_first() -> None:
    """Between two datasets alike, the transaction group decides."""
    rows = [
        taken(number + 3 * place, age, f"tank/{'ba'[place]}")
        for place in (0, 1)
        for number, age in ((3, 0), (2, 100), (1, 200))
    ]
    decisions = [Decision(s, keep=s.createtxg % 3 != 2, reasons=("r",)) for s in rows]
    assert [s.createtxg for s in least_valuable_first(decisions)] == [2, 5]


def test_an_unknown_time_is_taken_for_young() -> None:
    """A snapshot without a time counts as just taken, and causes no traceback."""
    undated = replace(taken(2, 0), creation=None)
    rows = [taken(3, 0), undated, taken(1, 10**6)]
    decisions = [Decision(s, keep=False, reasons=("r",)) for s in rows]
    assert sorted(s.createtxg for s in least_valuable_first(decisions)) == [1, 2, 3]
    assert least_valuable_first([]) == []


def test_what_is_not_needed_says_so() -> None:
    """A victim that is not needed stays for that reason alone, and is not spared."""
    decisions = [
        Decision(taken(2, 10), keep=True, reasons=("kept",)),
        Decision(taken(1, 20), keep=False, reasons=("gone",)),
    ]
    kept, other = keep_others(decisions, (), FreeTarget(percent=20))
    assert kept == decisions[0]
    assert (other.keep, other.spared) == (True, False)
    assert other.reasons == ("free-target=20% is reached without destroying it",)
    assert keep_others(decisions, {decisions[1].snapshot.name}, FreeTarget(1)) == tuple(
        decisions
    )
