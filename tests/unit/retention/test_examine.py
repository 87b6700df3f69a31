"""Each victim is read before it goes, however many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from filled_pool import filled
from heirs import NOW, Heirs
from zfstune.retention import examine
from zfstune.retention.decision import FUTURE
from zfstune.retention.destroy import MADE_ANEW
from zfstune.retention.prune import prune
from zfstune.snapshots.list import Notes
from zfstune.values.frozen import replace
from zfstune.values.marks import KEPT_PROPERTY, POLICY_PROPERTY, SNAPSHOT_PROPERTY
from zfstune.values.replication_marks import BaseMark, target_property
from zfstune.values.state import LOCAL, RECEIVED, Bookmark, PropertyValue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from zfstune.retention.plan import PrunePlan
    from zfstune.values.state import Snapshot


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be noon."""
    monkeypatch.setattr(examine, "_now", lambda: NOW)


class Counting(Heirs):
    """An engine that notes how many snapshots were read at once."""

    def __init__(self, *datasets: str) -> None:
        super().__init__(*datasets)
        self.read: list[int] = []

    def find_snapshots(self, names: Iterable[str], **asked: bool) -> dict[str, Snapshot]:
        """Note and read."""
        names = list(names)
        if asked.get("properties"):
            self.read.append(len(names))
        return super().find_snapshots(names, **asked)


def plan(engine: Heirs, policy: str = "keep=1") -> PrunePlan:
    """Return what a prune would do."""
    options = {"force": True, "dry_run": True, "engine": engine.seam}
    return prune("tank/a", policy=policy, **options).plan  # type: ignore[arg-type]


def test_all_of_2500_victims_are_read() -> None:
    """Three calls read them, and each obstacle among them is found."""
    engine = Counting("tank", "tank/a")
    engine.take("tank/a", [number / 3600 for number in range(2501)])
    names = [s.name for s in engine.snapshots("tank/a")]
    held = names[::97]
    for name in held:
        found = engine.taken[name]
        userrefs = PropertyValue("1", found.properties["userrefs"].source)
        engine.taken[name] = replace(
            found, properties={**found.properties, "userrefs": userrefs}
        )
    found_plan = plan(engine)
    assert engine.read == [1000, 1000, 500]
    assert [d.snapshot.name for d in found_plan.spared] == sorted(
        (n for n in held if n != names[-1]), key=names.index, reverse=True
    )
    assert len(found_plan.victims) == 2500 - len(found_plan.spared)


def test_a_clone_that_was_made_after_the_listing_is_seen() -> None:
    """The listing shows no clone; the victim that is read anew has one."""
    engine = Counting("tank", "tank/a")
    engine.take("tank/a", [1, 2, 3])
    first, second, _ = (s.name for s in engine.snapshots("tank/a"))

    def clone(call: str) -> None:
        if call == "find_snapshots":
            engine.taken[first] = replace(engine.taken[first], clones=1)

    engine.before = clone
    found = plan(engine)
    assert [s.name for s in found.victims] == [second]
    [spared] = found.spared
    assert (spared.snapshot.name, spared.reasons) == (first, ("a clone hangs on it",))
    engine.before = lambda _: None
    pruned = prune("tank/a", policy="keep=1", engine=engine.seam)
    assert pruned.destroyed == (second,)
    assert first in engine.taken


@pytest.mark.parametrize(
    ("source", "policy", "goes"),
    [
        (LOCAL, "keep=1", True),
        (RECEIVED, "keep=1", False),  # it came with a stream
        ("", "keep=1", False),
        (RECEIVED, "match=zfstune-* keep=1", True),
        ("", "regex=zfstune-.* keep=1", True),
        ("", "match=other keep=1; keep=1", False),
    ],
)
def test_only_our_own_or_what_is_named(source: str, policy: str, goes: bool) -> None:  # noqa: FBT001
    """Without a glob, a victim needs zfstune's property, set on the snapshot itself."""
    engine = Heirs("tank", "tank/a")
    engine.take("tank/a", [0, 1], marked=False)
    oldest = engine.snapshots("tank/a")[0].name
    found = engine.taken[oldest]
    if source:
        mark = {SNAPSHOT_PROPERTY: PropertyValue("auto", source)}
        engine.taken[oldest] = replace(found, properties={**found.properties, **mark})
    made = plan(engine, policy)
    assert [s.name for s in made.victims] == ([oldest] if goes else [])
    assert len(made.spared) == (not goes)
    if not goes:
        assert "zfstune did not make it here" in made.spared[0].reasons[0]


def test_what_was_made_anew_stays() -> None:
    """A snapshot with another guid than the listed one is another snapshot."""
    engine = Heirs("tank", "tank/a")
    engine.take("tank/a", [0, 1])
    oldest = engine.snapshots("tank/a")[0].name

    def make_anew(call: str) -> None:
        if call == "find_snapshots":
            engine.taken[oldest] = replace(engine.taken[oldest], guid=999)

    engine.before = make_anew
    made = plan(engine)
    assert made.victims == ()
    assert [d.reasons for d in made.spared] == [(MADE_ANEW,)]


def test_what_somebody_destroyed_meanwhile_is_not_told() -> None:
    """A snapshot that is gone by now is neither a victim nor spared."""
    engine = Heirs("tank", "tank/a")
    engine.take("tank/a", [0, 1, 2])
    oldest = engine.snapshots("tank/a")[0].name
    engine.before = lambda call: call == "find_snapshots" and engine.taken.pop(oldest, None)  # type: ignore[assignment]
    made = plan(engine)
    assert oldest not in {d.snapshot.name for d in made.decisions}
    assert len(made.victims) == 1
    assert made.spared == ()


def test_a_kept_snapshot_is_not_read() -> None:
    """A run in which nothing goes reads nothing beyond the listing."""
    engine = Counting("tank", "tank/a")
    engine.take("tank/a", range(5))
    assert plan(engine, "keep=5").victims == ()
    assert engine.read == []


def test_a_plan_that_is_shown_tells_of_clones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a plan that is shown asks for the clones of the snapshots that stay."""
    asked: list[object] = []
    listings = Notes.listings

    def noting(self: Notes, *rest: Any, clones: bool, **more: Any) -> Any:
        asked.append(clones)
        return listings(self, *rest, clones=clones, **more)

    monkeypatch.setattr(Notes, "listings", noting)
    engine = Heirs("tank", "tank/a")
    engine.take("tank/a", [0, 1])
    plan(engine)
    prune("tank/a", keep=1, engine=engine.seam)
    assert asked == [True, False]


def test_only_a_snapshot_made_anew_makes_notes_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The notes of a dataset are dropped for a wrong guid, and for nothing else."""
    forgotten: list[str] = []
    monkeypatch.setattr(Notes, "forget", lambda _, dataset: forgotten.append(dataset))
    engine = Heirs("tank", "tank/a")
    engine.take("tank/a", [0, 1, 2, 3])
    cloned, anew, _, _ = (s.name for s in engine.snapshots("tank/a"))
    engine.taken[cloned] = replace(engine.taken[cloned], clones=1)
    plan(engine)
    assert forgotten == []

    def make_anew(call: str) -> None:
        if call == "find_snapshots":
            engine.taken[anew] = replace(engine.taken[anew], guid=999)

    engine.before = make_anew
    plan(engine)
    assert forgotten == ["tank/a"]


@pytest.mark.parametrize("recursive", [True, False])
def test_the_count_of_the_last_prune_is_read_once(*, recursive: bool) -> None:
    """A dataset that was read on the way is not read again; of others one mark is read."""
    engine = Heirs("tank", "tank/a")
    engine.take("tank/a", range(8))
    engine.marks["tank/a"][KEPT_PROPERTY] = "40"
    calls: list[str] = []
    engine.before = calls.append
    made = prune(
        "tank/a",
        policy="keep=6",
        recursive=recursive,
        dry_run=True,
        engine=engine.seam,
    ).plan
    [alarm] = made.alarms
    assert alarm == (
        "'tank/a' has 8 snapshots in scope, and the last prune left 40: somebody "
        "destroyed most of them, or the listing is incomplete"
    )
    looks = [call for call in calls if call == "dataset"]
    assert len(looks) == 2


def test_a_dataset_whose_count_cannot_be_read_fails_alone() -> None:
    """Without the count of the last prune there is no plan for a dataset, but a reason."""
    engine = Heirs("tank", "tank/a", "tank/c")
    for dataset in ("tank/a", "tank/c"):
        engine.take(dataset, range(8))

    def fail(call: str) -> None:
        if call == "find_snapshots":
            engine.unreadable = ("dataset", "tank/c")

    engine.before = fail
    made = prune("tank/a", "tank/c", policy="keep=6", dry_run=True, engine=engine.seam).plan
    assert {d.snapshot.dataset for d in made.decisions} == {"tank/a"}
    assert list(made.policies) == ["tank/a"]
    assert [(name, type(error).__name__) for name, error in made.failed.items()] == [
        ("tank/c", "Damaged")
    ]


def test_counts_are_read_of_the_datasets_behind_one_that_fails() -> None:
    """The alarms of a dataset do not depend on whether another one can be read."""
    engine = Heirs("tank", "tank/a", "tank/c")
    for dataset in ("tank/a", "tank/c"):
        engine.take(dataset, range(8))
        engine.marks[dataset][KEPT_PROPERTY] = "40"

    def fail(call: str) -> None:
        if call == "find_snapshots":
            engine.unreadable = ("dataset", "tank/a")

    engine.before = fail
    made = prune("tank/a", "tank/c", policy="keep=6", dry_run=True, engine=engine.seam).plan
    assert list(made.failed) == ["tank/a"]
    [alarm] = made.alarms
    assert alarm.startswith("'tank/c' has 8 snapshots in scope, and the last prune left 40")


def test_a_count_that_another_program_wrote_is_none() -> None:
    """A text that is no number is taken for no count, and raises no alarm."""
    engine = Heirs("tank", "tank/a")
    engine.take("tank/a", range(8))
    engine.marks["tank/a"][KEPT_PROPERTY] = "many"
    made = prune("tank/a", policy="keep=6", dry_run=True, engine=engine.seam).plan
    assert (made.alarms, made.failed) == ((), {})


def test_what_a_prune_read_is_noted_for_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the engine gives numbers, the second prune reads no snapshot that stays."""
    monkeypatch.setenv("ZFSTUNE_CACHE", str(tmp_path))
    engine = Heirs("tank", "tank/a")
    engine.take("tank/a", [0, 1, 2])
    short = {s.short_name: s.guid for s in engine.snapshots("tank/a")}
    engine.numbers["tank/a"] = short
    calls: list[str] = []
    engine.before = calls.append
    for found in (["find_snapshots"], []):
        calls.clear()
        assert prune("tank/a", keep=3, engine=engine.seam).destroyed == ()
        assert [call for call in calls if call == "find_snapshots"] == found
    assert len(list(tmp_path.iterdir())) == 1


def test_a_count_asks_neither_for_alarms_nor_for_what_it_frees() -> None:
    """A count of the call needs no counts of earlier prunes; only a plan foretells."""
    engine = Heirs("tank", "tank/a")
    engine.take("tank/a", [0, 1, 2])
    engine.marks["tank/a"][KEPT_PROPERTY] = "40"
    calls: list[str] = []
    engine.before = calls.append
    shown = prune("tank/a", keep=1, dry_run=True, engine=engine.seam).plan
    assert calls.count("dataset") == 2  # for the listing, and for the marks of replication
    assert (shown.reclaims, shown.alarms, shown.remember) == ({"tank/a": 2 << 20}, (), {})
    plans: list[PrunePlan] = []
    prune("tank/a", keep=1, engine=engine.seam, show=plans.append)
    assert [(len(each.victims), each.reclaims) for each in plans] == [(2, None)]


def test_a_victim_from_the_future_stays() -> None:
    """A count is decided without times; a victim that is dated after now stays."""
    engine = Heirs("tank", "tank/a")
    engine.take("tank/a", [0, 1, 2])
    oldest, second, _ = (s.name for s in engine.snapshots("tank/a"))
    late = replace(engine.taken[oldest], creation=int(NOW.timestamp()) + 7200)
    engine.taken[oldest] = late
    plans: list[PrunePlan] = []
    prune("tank/a", keep=1, engine=engine.seam, show=plans.append)
    kept = [d for d in plans[0].decisions if d.snapshot.name == oldest]
    assert [(d.keep, d.reasons, d.spared) for d in kept] == [(True, (FUTURE,), False)]
    assert [s.name for s in plans[0].victims] == [second]


def test_a_free_target_stops_a_prune() -> None:
    """Of all victims only so many go as the target needs; the others are told."""
    engine = filled(20)
    plans: list[PrunePlan] = []
    prune("tank/a", keep=5, free_target="17M", engine=engine.seam, show=plans.append)
    [made] = plans
    assert 0 < len(made.victims) < 15
    spare = [d for d in made.decisions if "free-target=17M is" in " ".join(d.reasons)]
    assert len(spare) + len(made.victims) == 15
    assert len(made.decisions) == 20


def bookmarked(engine: Heirs, dataset: str) -> Iterator[Bookmark]:
    """Make the bookmark of a target that has the newest snapshot of a dataset."""
    newest = engine.snapshots(dataset)[-1]
    name = BaseMark(5, newest.guid).on(dataset)
    yield Bookmark(name, newest.guid, newest.createtxg, 0)


def test_a_target_without_a_bookmark_spares_its_source_alone() -> None:
    """Bookmarks are asked for where a target is noted, and the others are pruned."""
    engine = Heirs("tank", "tank/a", "tank/b")
    for name in ("tank/a", "tank/b"):
        engine.take(name, [0, 1, 2])
    engine.marks["tank/a"][target_property(5)] = "host:copy"
    calls: list[str] = []
    engine.before = calls.append
    shown = prune("tank/a", "tank/b", keep=1, dry_run=True, engine=engine.seam).plan
    assert calls.count("bookmarks") == 1
    assert {d.snapshot.dataset for d in shown.spared} == {"tank/a"}
    assert {s.dataset for s in shown.victims} == {"tank/b"}
    engine.kept["tank/a"] = {each.name: each for each in bookmarked(engine, "tank/a")}
    shown = prune("tank/a", "tank/b", keep=1, dry_run=True, engine=engine.seam).plan
    assert len(shown.victims) == 4


@pytest.mark.parametrize("policy", ["match=* keep=1", "match=* keep=1 unreplicated"])
def test_a_dataset_whose_targets_cannot_be_read_is_left(policy: str) -> None:
    """Nobody knows what they need; the other datasets are pruned."""
    engine = Heirs("tank", "tank/a", "tank/b")
    for name in ("tank/a", "tank/b"):
        engine.take(name, [0, 1, 2])
        engine.marks[name] |= {POLICY_PROPERTY: policy}
        engine.marks[name][target_property(5)] = "host:copy"
        engine.kept[name] = {each.name: each for each in bookmarked(engine, name)}
    engine.unreadable = ("bookmarks", "tank/a")
    pruned = prune("tank/a", "tank/b", engine=engine.seam, force=True)
    assert pruned.failed.keys() == {"tank/a"}
    assert {name.partition("@")[0] for name in pruned.destroyed} == {"tank/b"}
