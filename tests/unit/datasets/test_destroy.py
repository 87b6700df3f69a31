"""Destruction carried out: unmounted first, nothing that was made since, no two pools."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import pytest

from fake_engine import FakeEngine
from zfstune.datasets.destroy import destroy_named
from zfstune.engine._errno import engine_error
from zfstune.values.errors import (
    Busy,
    EngineError,
    InvalidValue,
    NotFound,
    PlanError,
)
from zfstune.values.state import Mount, Snapshot

if TYPE_CHECKING:
    from zfstune.datasets.destroy_plan import DestroyPlan

ALL = ("datasets", "snapshots")


class DestroyingEngine(FakeEngine):
    """An engine that destroys datasets and unmounts them, but for one that is in use."""

    in_use = ""

    def __init__(self) -> None:
        super().__init__("tank", "tank/a", "tank/a/b", "tank/c")
        self.paths = {"tank/a": "/a", "tank/a/b": "/a/b", "tank/c": "/c"}
        for dataset in ("tank/a", "tank/a/b", "tank/c"):
            self.take_snapshots([f"{dataset}@1"])
        self.calls.clear()

    def mounts(self) -> dict[str, Mount]:
        """Give the mounts."""
        return {n: Mount(n, path, 0, 0, 0o755) for n, path in self.paths.items()}

    def snapshot(self, name: str) -> Snapshot:
        """Give one snapshot."""
        if name not in self.taken:
            raise engine_error("read", name, errno.ENOENT)
        return self.taken[name]

    def unmount(self, name: str) -> None:
        """Unmount, or find it in use."""
        if name == self.in_use:
            raise engine_error("unmount", name, errno.EBUSY)
        self.calls.append(("unmount", (name,)))
        del self.paths[name]

    def mount(self, name: str) -> None:
        """Mount it again."""
        self.calls.append(("mount", (name,)))

    def destroy(self, name: str) -> None:
        """Destroy one dataset."""
        self.calls.append(("destroy dataset", (name,)))
        del self.marks[name]


@pytest.fixture
def engine() -> DestroyingEngine:
    """Give such an engine."""
    return DestroyingEngine()


def test_all_is_unmounted_before_anything_goes(engine: DestroyingEngine) -> None:
    """The plan is shown first; each dataset goes with its snapshots."""
    shown: list[DestroyPlan] = []
    plan = destroy_named("tank/a", lose=ALL, engine=engine.seam, show=shown.append)
    assert shown == [plan]
    assert engine.calls == [
        ("unmount", ("tank/a/b",)),
        ("unmount", ("tank/a",)),
        ("destroy", ("tank/a/b@1",)),
        ("destroy dataset", ("tank/a/b",)),
        ("destroy", ("tank/a@1",)),
        ("destroy dataset", ("tank/a",)),
    ]
    assert sorted(engine.marks) == ["tank", "tank/c"]


def test_one_that_is_in_use_stops_it_all(engine: DestroyingEngine) -> None:
    """Nothing is destroyed, and what was unmounted is mounted again."""
    engine.in_use = "tank/a"
    with pytest.raises(Busy):
        destroy_named("tank/a", lose=ALL, engine=engine.seam)
    assert engine.calls == [("unmount", ("tank/a/b",)), ("mount", ("tank/a/b",))]


def test_without_consent_nothing_happens(engine: DestroyingEngine) -> None:
    """A dry run needs none, and a run needs all."""
    plan = destroy_named("tank/a", dry_run=True, engine=engine.seam)
    assert set(plan.losses) == set(ALL)
    with pytest.raises(PlanError, match="would be lost"):
        destroy_named("tank/a", lose=["datasets"], engine=engine.seam)
    assert engine.calls == []


def test_what_was_made_since_the_plan_stops_it(engine: DestroyingEngine) -> None:
    """Nobody consented to lose a snapshot or a dataset that the plan did not name."""

    def take(_: DestroyPlan) -> None:
        engine.take_snapshots(["tank/a/b@race"])

    with pytest.raises(PlanError, match="'tank/a/b@race' was made after"):
        destroy_named("tank/a", lose=ALL, engine=engine.seam, show=take)
    with pytest.raises(PlanError, match="'tank/a/new' was made after"):
        destroy_named(
            "tank/a",
            lose=ALL,
            engine=engine.seam,
            show=lambda _: engine.marks.update({"tank/a/new": {}}),
        )

    def anew(_: DestroyPlan) -> None:
        del engine.taken["tank/c@1"]
        engine.take_snapshots(["tank/c@1"])

    with pytest.raises(PlanError, match="'tank/c@1' was made after"):
        destroy_named("tank/c@1", lose=ALL, engine=engine.seam, show=anew)
    assert not [call for call, _ in engine.calls if call.startswith("destroy")]


def test_no_snapshot_that_took_a_name_since_goes(engine: DestroyingEngine) -> None:
    """The program that destroys compares the guids, after all other looks at them."""
    engine.programs = 0
    other = Snapshot("tank/c@1", guid=77, createtxg=77, clones=0)

    def replace(call: str) -> None:
        if call == "destroy_exactly":
            engine.taken["tank/c@1"] = other

    engine.before = replace
    with pytest.raises(EngineError, match="'tank/c@1'"):
        destroy_named("tank/c@1", lose=ALL, engine=engine.seam)
    assert engine.taken["tank/c@1"] == other


def test_snapshots_alone_and_those_below(engine: DestroyingEngine) -> None:
    """The datasets stay, mounted as they were."""
    plan = destroy_named("tank/a@1", recursive=True, lose=ALL, engine=engine.seam)
    assert plan.snapshots == ("tank/a@1", "tank/a/b@1")
    assert engine.calls == [("destroy", plan.snapshots)]
    assert list(engine.taken) == ["tank/c@1"]


def test_names_that_are_not_there(engine: DestroyingEngine) -> None:
    """One wrong name stops all; two pools are two commands."""
    for names in (("tank/c", "tank/x"), ("tank/c@2",), ("tank/c", "tank/x@1")):
        with pytest.raises(NotFound):
            destroy_named(*names, lose=ALL, engine=engine.seam)
    for several in (("tank/c", "other/c"), ()):
        with pytest.raises(InvalidValue):
            destroy_named(*several, lose=ALL, engine=engine.seam)
    assert engine.calls == []
