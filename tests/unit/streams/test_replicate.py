"""Replication of one dataset: it converges wherever it was killed, and loses nothing."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from stream_engine import Killed
from two_pools import run, two_pools
from zfstune.streams.base import read_mark
from zfstune.streams.replicate import replicate
from zfstune.values.errors import EngineError, PlanError
from zfstune.values.marks import REPLICA_PROPERTY

if TYPE_CHECKING:
    from stream_engine import StreamEngine

SOURCE, TARGET = "tank/a", "back/a"


@pytest.fixture
def sides() -> tuple[StreamEngine, StreamEngine]:
    """Make two pools, the first with a dataset of three snapshots."""
    return two_pools()


def guids(engine: StreamEngine, name: str) -> list[int]:
    """Return the guids of a dataset's snapshots."""
    return [snapshot.guid for snapshot in engine.taken[name]]


def based(tank: StreamEngine) -> list[tuple[int, bool]]:
    """Return the guid of each of zfstune's bookmarks, and whether it is tentative."""
    marks = map(read_mark, tank.marks[SOURCE].values())
    return sorted((mark.snapshot, mark.tentative) for mark in marks if mark is not None)


def test_all_snapshots_arrive(sides: tuple[StreamEngine, StreamEngine]) -> None:
    """A new target is inert and marked; one confirmed bookmark keeps the base."""
    tank, back = sides
    done: list[str] = []
    plan = run(tank, back, on_step=lambda step: done.append(step.describe()))
    assert guids(back, TARGET) == guids(tank, SOURCE)
    assert done == [step.describe() for step in plan.datasets[0].transfer.steps]
    assert len(done) == 3
    assert back.local[TARGET] == {
        "readonly": "on",
        "canmount": "noauto",
        "exec": "off",
        "setuid": "off",
        "devices": "off",
        "sharenfs": "off",
        "sharesmb": "off",
        REPLICA_PROPERTY: back.local[TARGET][REPLICA_PROPERTY],
    }
    assert based(tank) == [(guids(tank, SOURCE)[-1], False)]
    assert not run(tank, back).pending


def test_the_base_may_be_pruned(sides: tuple[StreamEngine, StreamEngine]) -> None:
    """The bookmark is base enough, and moves on with each run."""
    tank, back = sides
    run(tank, back)
    tank.taken[SOURCE].clear()
    tank.take(f"{SOURCE}@4")
    plan = run(tank, back)
    (step,) = plan.datasets[0].transfer.steps
    assert step.describe().startswith(f"incremental {SOURCE}@4 from {SOURCE}#zfstune-base-")
    assert step.describe().endswith(f" -> {TARGET}@4")
    assert back.shorts(TARGET) == ["1", "2", "3", "4"]
    assert based(tank) == [(guids(tank, SOURCE)[-1], False)]


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("calls", range(9))
def test_killed_before_any_call(
    sides: tuple[StreamEngine, StreamEngine], side: int, calls: int
) -> None:
    """The next run finishes, even if all older snapshots were pruned meanwhile.

    What had arrived is never sent again, and no bookmark is left behind.
    """
    tank, back = sides
    sides[side].left = calls
    with suppress(Killed):
        run(tank, back)
    sides[side].left = None
    assert tank.held == set()
    arrived = guids(back, TARGET) if TARGET in back.taken else []
    kept = {guid for guid, _ in based(tank)}
    assert not arrived or arrived[-1] in kept | {*guids(tank, SOURCE)}
    del tank.taken[SOURCE][:-1]
    tank.take(f"{SOURCE}@4")
    run(tank, back)
    received = guids(back, TARGET)
    assert received[: len(arrived)] == arrived
    assert received[-2:] == guids(tank, SOURCE)
    assert based(tank) == [(received[-1], False)]
    assert "receive_resume_token" not in back.local[TARGET]


def test_a_target_that_went_its_own_way(sides: tuple[StreamEngine, StreamEngine]) -> None:
    """It is refused with the names of all that is in the way; nothing changes."""
    tank, back = sides
    run(tank, back)
    back.take(f"{TARGET}@own")
    tank.take(f"{SOURCE}@4")
    tank.left = back.left = 0
    with pytest.raises(PlanError, match="snapshots of its own: back/a@own") as caught:
        run(tank, back)
    assert "--keep-aside" in caught.value.hint
    assert "--lose back/a@own" in caught.value.hint


def test_kept_aside(sides: tuple[StreamEngine, StreamEngine]) -> None:
    """The old target keeps its own snapshot and no mark; the new one has the history."""
    tank, back = sides
    run(tank, back)
    back.take(f"{TARGET}@own")
    tank.take(f"{SOURCE}@4")
    plan = run(tank, back, keep_aside=True)
    assert plan.datasets[0].aside.startswith(f"{TARGET}-aside-")
    assert back.shorts(plan.datasets[0].aside) == ["own"]
    assert back.local[plan.datasets[0].aside][REPLICA_PROPERTY] == "aside"
    assert guids(back, TARGET) == guids(tank, SOURCE)
    assert len(plan.datasets[0].transfer.steps) == 1
    assert based(tank) == [(guids(tank, SOURCE)[-1], False)]


def test_only_what_is_named_is_lost(sides: tuple[StreamEngine, StreamEngine]) -> None:
    """All that goes has to be named, snapshots and changes; nothing else may be."""
    tank, back = sides
    run(tank, back)
    back.take(f"{TARGET}@own")
    back.written[TARGET] = 7
    tank.take(f"{SOURCE}@4")
    for lose in ([f"{TARGET}@own"], ["written"], [f"{TARGET}@own", "written", "back/a@1"]):
        with pytest.raises(PlanError):
            run(tank, back, lose=lose)
        assert back.shorts(TARGET) == ["1", "2", "3", "own"]
    plan = run(tank, back, lose=["written", f"{TARGET}@own"])
    assert {*plan.datasets[0].losing} == {"written", f"{TARGET}@own"}
    assert guids(back, TARGET) == guids(tank, SOURCE)


def test_another_snapshot_arrives(sides: tuple[StreamEngine, StreamEngine]) -> None:
    """The guid that arrived is compared; the base is not confirmed."""
    tank, back = sides
    plain = back.take

    def take(name: str, guid: int = 0) -> None:
        plain(name, guid + 1000)

    back.take = take  # type: ignore[method-assign]
    with pytest.raises(EngineError, match="it is another snapshot than 'tank/a@1'"):
        run(tank, back)
    assert based(tank) == [(guid, True) for guid in guids(tank, SOURCE)]


def test_a_clone_stays_one(sides: tuple[StreamEngine, StreamEngine]) -> None:
    """Where the target's side has a copy of the origin, it is the clone's origin."""
    tank, back = sides
    run(tank, back)
    tank.add("tank/clone", "x")
    tank.origins["tank/clone"] = f"{SOURCE}@2"
    plan = replicate("tank/clone", "back/clone", engine=tank.zfs, target_engine=back.zfs)
    assert back.origins == {"back/clone": f"{TARGET}@2"}
    assert plan.datasets[0].transfer.unshared == ""
