"""Free so much and no more: what goes first, and where it stops."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_engine import FakeEngine
from zfstune.errors import PolicyError
from zfstune.freeing import FreeTarget, keep_others, least_valuable_first
from zfstune.names import SNAPSHOT_PROPERTY
from zfstune.policy_text import parse_policy
from zfstune.pruning import prune
from zfstune.retention import decide
from zfstune.state import LOCAL, NONE, Dataset, PropertyValue, Snapshot

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
MEGABYTE = 1 << 20
OWN = {
    SNAPSHOT_PROPERTY: PropertyValue("auto", LOCAL),
    "userrefs": PropertyValue("0", NONE),
}


def taken(txg: int, age: int, dataset: str = "tank/a") -> Snapshot:
    """Give a snapshot of ours of that age."""
    name = f"{dataset}@zfstune-20260101T000000Z-{txg}"
    return Snapshot(name, txg, txg, 0, OWN, SECONDS - age)


class Filled(FakeEngine):
    """A pool of 100 megabytes, each snapshot one of them; a run frees one more."""

    def __init__(self, *snapshots: Snapshot, used: int = 90) -> None:
        super().__init__("tank", *{s.dataset for s in snapshots})
        self.taken = {s.name: s for s in snapshots}
        self.used = used

    def dataset(self, name: str) -> Dataset:
        """Give one dataset with what it uses and has left."""
        found = super().dataset(name)
        sizes = {"used": self.used, "available": 100 - self.used}
        shown = {n: PropertyValue(str(m * MEGABYTE), NONE) for n, m in sizes.items()}
        return Dataset(name, "filesystem", 1, 1, {**found.properties, **shown})

    def reclaim_size(self, first: str, last: str) -> int:
        """Give a megabyte a snapshot; what they share needs both to go."""
        numbers = [int(name.rpartition("-")[2]) for name in (first, last)]
        return (2 * (numbers[1] - numbers[0]) + 1) * MEGABYTE


def filled(count: int, used: int = 90) -> Filled:
    """Give a pool whose one dataset has snapshots an hour apart."""
    snapshots = [taken(txg, (count - txg) * 3600) for txg in range(1, count + 1)]
    return Filled(*snapshots, used=used)


@pytest.mark.parametrize(
    ("text", "missing"), [("20M", 10), ("20%", 10), ("10%", 0), ("5M", 0), ("99%", 89)]
)
def test_what_is_missing(text: str, missing: int) -> None:
    """A size is meant absolutely, a part is one of what the pool can hold."""
    target = FreeTarget.parse(text)
    assert target.missing(90 * MEGABYTE, 10 * MEGABYTE) // MEGABYTE == missing


@pytest.mark.parametrize("text", ["", "%", "0%", "100%", "-5%", "20 percent", "0", "-1G"])
def test_nonsense_is_refused(text: str) -> None:
    """Neither a size nor a part of the pool."""
    with pytest.raises(PolicyError, match="free-target"):
        FreeTarget.parse(text)


def test_stops_when_there_is_enough() -> None:
    """Of what the policy lets go, only so many go that the target is reached."""
    engine = filled(20)
    dry = prune("tank/a", keep=5, free_target="17M", dry_run=True, engine=engine.seam)
    going = {s.createtxg for s in dry.plan.victims}
    assert dry.plan.reclaims
    freed = dry.plan.reclaims["tank/a"] // MEGABYTE
    assert 7 <= freed <= 9
    assert going < set(range(1, 16))
    kept = [d for d in dry.plan.decisions if "not needed to have 17M free" in d.reasons]
    assert len(kept) == 15 - len(going)
    assert all(not d.spared for d in kept)
    done = prune("tank/a", keep=5, free_target="17M", engine=engine.seam)
    assert {int(name.rpartition("-")[2]) for name in done.destroyed} == going


def test_a_target_that_is_met_destroys_nothing() -> None:
    """With room enough, the policy lets go in vain."""
    engine = filled(20, used=50)
    assert prune("tank/a", keep=5, free_target="20%", engine=engine.seam).destroyed == ()


def test_never_more_than_the_policy_lets_go() -> None:
    """A target that cannot be reached takes all that may go, and nothing else."""
    engine = filled(20)
    pruned = prune("tank/a", keep=5, free_target="99%", engine=engine.seam)
    assert len(pruned.destroyed) == 15
    engine = filled(20)
    pruned = prune("tank/a", keep=1, min_keep=8, free_target="99%", engine=engine.seam)
    assert len(pruned.destroyed) == 12


def test_min_keep_holds_without_a_target() -> None:
    """Whatever a policy says, the newest so many stay."""
    engine = filled(20)
    assert len(prune("tank/a", keep=1, min_keep=18, engine=engine.seam).destroyed) == 2
    with pytest.raises(PolicyError, match="never negative"):
        prune("tank/a", keep=1, min_keep=-1, engine=engine.seam)


def test_the_least_valuable_go_first() -> None:
    """Those with others of about their age; the last of a year stays to the end."""
    ages = [365 * 86400, 40_000, 36_000, 7_200, 7_190, 7_180, 0]
    listing = [taken(txg, age) for txg, age in enumerate(ages, 1)]
    policy = parse_policy("keep=1")
    order = [s.createtxg for s in least_valuable_first(decide(listing, policy))]
    assert order[:4] == [5, 4, 3, 6]
    assert set(order[4:]) == {1, 2}


@given(st.lists(st.integers(0, 10**7), max_size=25), st.integers(0, 5), st.integers(0, 25))
def test_order_holds_each_victim_once(ages: list[int], keep: int, cut: int) -> None:
    """The order is one of the victims, and keeping the others adds to what stays."""
    listing = [taken(n, age, f"tank/{'ab'[n % 2]}") for n, age in enumerate(ages, 1)]
    policy = parse_policy(f"keep={keep}", allow_zero=True)
    decisions = decide(listing, policy)
    order = [s.name for s in least_valuable_first(decisions)]
    assert sorted(order) == sorted(d.snapshot.name for d in decisions if not d.keep)
    going = set(order[:cut])
    fewer = keep_others(decisions, going, FreeTarget(1))
    assert {d.snapshot.name for d in fewer if not d.keep} == going
    assert [d.snapshot for d in fewer] == [d.snapshot for d in decisions]
