"""A target that is gone is forgotten whole, and no other is touched."""

from __future__ import annotations

import pytest

import zfstune
from stream_engine import Killed, StreamEngine
from zfstune.streams.forget import forget_target
from zfstune.values.errors import PlanError


@pytest.fixture
def tank() -> StreamEngine:
    """Make a dataset with two targets and a bookmark of somebody else."""
    engine = StreamEngine("tank")
    engine.add("tank/a", "1")
    engine.bookmark("tank/a@1", "tank/a#mine")
    for place in ("tank/b", "tank/c"):
        zfstune.replicate("tank/a", place, engine=engine.zfs)
    return engine


def number_of(engine: StreamEngine, place: str) -> str:
    """Return the number of the target at a place."""
    (note,) = (n for n, where in engine.local["tank/a"].items() if where == place)
    return note.rpartition("-")[2]


@pytest.mark.parametrize("by_number", [True, False])
def test_all_that_is_kept_for_a_target_goes(tank: StreamEngine, by_number: bool) -> None:  # noqa: FBT001 (parametrized)
    """The plan says what goes; the other target and other bookmarks stay."""
    number = number_of(tank, "tank/b")
    wanted = number if by_number else "tank/b"
    planned = forget_target(tank.zfs, "tank/a", wanted, dry_run=True)
    (bookmark,) = planned.bookmarks
    assert bookmark in tank.marks["tank/a"]
    assert forget_target(tank.zfs, "tank/a", wanted) == planned
    assert planned.to_dict() == {
        "dataset": "tank/a",
        "target": number,
        "place": "tank/b",
        "bookmarks": [bookmark],
        "property": f"org.zfstune:replica-target-{number}",
    }
    assert len(tank.marks["tank/a"]) == 2
    assert list(tank.local["tank/a"].values()) == ["tank/c"]


def test_a_run_that_was_killed_is_completed(tank: StreamEngine) -> None:
    """The note goes last, so the next run finds the target."""
    tank.left = 1
    with pytest.raises(Killed):
        forget_target(tank.zfs, "tank/a", "tank/b")
    tank.left = None
    left = forget_target(tank.zfs, "tank/a", "tank/b")
    assert (left.bookmarks, bool(left.note)) == ((), True)
    assert list(tank.local["tank/a"].values()) == ["tank/c"]


def test_a_target_that_nobody_knows(tank: StreamEngine) -> None:
    """The error leads to the list; so does a place where several have been."""
    with pytest.raises(PlanError, match="of 'tank/a': it has no such target") as refused:
        forget_target(tank.zfs, "tank/a", "tank/d")
    assert refused.value.hint == "`zfstune replicas tank/a` lists its targets"
    for note in tank.local["tank/a"]:
        tank.local["tank/a"][note] = "tank/b"
    with pytest.raises(PlanError, match=r"several targets have been there: [0-9a-f]{16}, "):
        forget_target(tank.zfs, "tank/a", "tank/b")
