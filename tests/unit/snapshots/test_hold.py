"""Snapshots held and released: one wrong name changes none."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import pytest

from fake_engine import FakeEngine
from zfstune.engine._errno import engine_error
from zfstune.snapshots.hold import hold_snapshots, release_snapshots
from zfstune.values.errors import InvalidName, InvalidValue, NotFound, PlanError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zfstune.values.state import Snapshot


class HoldingEngine(FakeEngine):
    """An engine with holds.

    Attributes:
        tags: Snapshot to its tags.
    """

    def __init__(self) -> None:
        super().__init__("tank", "tank/a", "tank/a/b")
        self.take_snapshots(["tank/a@1", "tank/a/b@1"])
        self.tags: dict[str, set[str]] = {name: set() for name in self.taken}
        self.calls.clear()

    def snapshot(self, name: str) -> Snapshot:
        """Give one snapshot."""
        if name not in self.taken:
            raise engine_error("read", name, errno.ENOENT)
        return self.taken[name]

    def holds(self, snapshot: str) -> set[str]:
        """Give the tags of a snapshot."""
        return self.tags[snapshot]

    def hold(self, snapshots: Iterable[str], tag: str) -> None:
        """Hold snapshots."""
        for name in snapshots:
            self.tags[name].add(tag)

    def release(self, snapshots: Iterable[str], tag: str) -> None:
        """End holds."""
        for name in snapshots:
            self.tags[name].remove(tag)


@pytest.fixture
def engine() -> HoldingEngine:
    """Give such an engine."""
    return HoldingEngine()


def test_held_and_released(engine: HoldingEngine) -> None:
    """Once more changes nothing; with those below, all of them."""
    one = hold_snapshots("keep", "tank/a@1", engine=engine.seam)
    assert (one.change, one.already) == (("tank/a@1",), ())
    both = hold_snapshots("keep", "tank/a@1", recursive=True, engine=engine.seam)
    assert (both.change, both.already) == (("tank/a/b@1",), ("tank/a@1",))
    assert engine.tags == {"tank/a@1": {"keep"}, "tank/a/b@1": {"keep"}}
    again = hold_snapshots("keep", "tank/a@1", engine=engine.seam)
    assert again.change == ()
    done = release_snapshots("keep", "tank/a@1", recursive=True, engine=engine.seam)
    assert done.change == ("tank/a@1", "tank/a/b@1")
    assert engine.tags == {"tank/a@1": set(), "tank/a/b@1": set()}


def test_a_dry_run_changes_nothing(engine: HoldingEngine) -> None:
    """It gives the same plan."""
    plan = hold_snapshots("keep", "tank/a@1", dry_run=True, engine=engine.seam)
    assert plan.change == ("tank/a@1",)
    assert engine.tags["tank/a@1"] == set()
    engine.tags["tank/a@1"].add("keep")
    release_snapshots("keep", "tank/a@1", dry_run=True, engine=engine.seam)
    assert engine.tags["tank/a@1"] == {"keep"}


def test_one_wrong_name_changes_none(engine: HoldingEngine) -> None:
    """Tags and names have their form, and all snapshots are of one pool."""
    for verb in (hold_snapshots, release_snapshots):
        with pytest.raises(NotFound):
            verb("keep", "tank/a@1", "tank/a@2", engine=engine.seam)
        with pytest.raises(InvalidName):
            verb("keep", "tank/a", engine=engine.seam)
        with pytest.raises(InvalidValue, match="of several pools"):
            verb("keep", "tank/a@1", "other/a@1", engine=engine.seam)
        with pytest.raises(InvalidValue, match="none is named"):
            verb("keep", engine=engine.seam)
    with pytest.raises(InvalidName):
        hold_snapshots(".mine", "tank/a@1", engine=engine.seam)
    with pytest.raises(PlanError):
        release_snapshots("keep", "tank/a@1", engine=engine.seam)
    assert engine.tags["tank/a@1"] == set()
