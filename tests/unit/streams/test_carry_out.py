"""A run of a tree: few changes of the pool, failures alone, and no loss when killed."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from stream_engine import Killed
from two_pools import run, run_tree, two_pools
from zfstune.streams.base import read_mark
from zfstune.streams.pace import Pace
from zfstune.streams.steps import Full, Move, Placeholder
from zfstune.values.errors import BatchError, Damaged, EngineError, NoSpace, NotSupported
from zfstune.values.marks import TAKEN_PROPERTY

if TYPE_CHECKING:
    from stream_engine import StreamEngine


@pytest.fixture
def sides() -> tuple[StreamEngine, StreamEngine]:
    """Make two pools, the first with a tree of twenty datasets."""
    tank, back = two_pools()
    for number in range(20):
        tank.add(f"tank/a/{number}", "1")
    return tank, back


def guids(engine: StreamEngine, name: str) -> list[int]:
    """Return the guids of a dataset's snapshots."""
    return [snapshot.guid for snapshot in engine.taken[name]]


def test_few_changes_for_many_datasets(sides: tuple[StreamEngine, StreamEngine]) -> None:
    """Beside the streams themselves, their number does not grow with the datasets."""
    tank, back = sides
    run_tree(tank, back)
    for name in tank.taken:
        tank.take(f"{name}@new")
    tank.calls.clear()
    run_tree(tank, back)
    changes = [call for call in tank.calls if call]
    assert changes == ["bookmark_all", "holding", "bookmark_all", "destroy_bookmarks"]
    assert all(len(tank.marks[f"tank/a/{number}"]) == 1 for number in range(20))
    tank.calls.clear()
    assert not run_tree(tank, back).pending
    assert tank.calls == []


@pytest.mark.parametrize("jobs", [1, 7])
def test_a_snapshot_that_is_gone(
    sides: tuple[StreamEngine, StreamEngine], jobs: int
) -> None:
    """It fails its own dataset; the others arrive, and bookmarks are made for those."""
    tank, back = sides
    real = tank.bookmark_all

    def pruned(sources: dict[str, str]) -> None:
        tank.taken["tank/a/7"].clear()
        real(sources)

    tank.bookmark_all = pruned  # type: ignore[method-assign,assignment]
    with pytest.raises(BatchError, match="tank/a/7") as caught:
        run_tree(tank, back, pace=Pace(jobs))
    assert len(caught.value.failures) == 1
    assert sorted(back.taken) == sorted(
        ["back", "back/a", *(f"back/a/{n}" for n in range(20) if n != 7)]
    )


def test_a_snapshot_that_is_gone_before_the_hold(
    sides: tuple[StreamEngine, StreamEngine],
) -> None:
    """The same, a moment later."""
    tank, back = sides
    real = tank.bookmark_all

    def pruned(sources: dict[str, str]) -> None:
        real(sources)
        tank.taken["tank/a/7"].clear()

    tank.bookmark_all = pruned  # type: ignore[method-assign,assignment]
    with pytest.raises(BatchError, match="tank/a/7@1") as caught:
        run_tree(tank, back)
    assert len(caught.value.failures) == 1
    assert "back/a/7" not in back.taken
    assert back.shorts("back/a/8") == ["1"]
    assert tank.held == set()


def test_those_that_need_it_fail_with_it(sides: tuple[StreamEngine, StreamEngine]) -> None:
    """A parent or an origin that does not arrive is named; sisters arrive."""
    tank, back = sides
    tank.add("tank/a/5/child", "1")
    tank.add("tank/a/clone", "1")
    tank.origins["tank/a/clone"] = "tank/a/5@1"
    broken(back, "back/a/5", EngineError)
    with pytest.raises(BatchError) as caught:
        run_tree(tank, back)
    assert sorted(failure.reason for failure in caught.value.failures) == [
        "'tank/a/5' has to arrive before it, and failed",
        "'tank/a/5' has to arrive before it, and failed",
        "it broke",
    ]
    assert back.shorts("back/a/6") == ["1"]


def broken(
    back: StreamEngine, name: str, kind: type[EngineError], times: int = 1 << 20
) -> list[str]:
    """Let the receives of a dataset fail so many times; give the list of all receives."""
    real, seen = back.receive, []

    def receive(snapshot: str, fd: int, **how: object) -> None:
        seen.append(snapshot)
        if snapshot.startswith(f"{name}@") and seen.count(snapshot) <= times:
            raise kind(operation="receive", target=snapshot, reason="it broke")
        real(snapshot, fd, **how)  # type: ignore[arg-type]

    back.receive = receive  # type: ignore[method-assign]
    return seen


def test_tried_again(
    sides: tuple[StreamEngine, StreamEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What broke off is planned anew and tried again, as often as allowed."""
    monkeypatch.setattr("zfstune.streams.carry_out._FIRST_WAIT_S", 0.001)
    tank, back = sides
    seen = broken(back, "back/a/5", EngineError, times=2)
    with pytest.raises(BatchError, match="it broke"):
        run_tree(tank, back, pace=Pace(retries=1))
    assert seen.count("back/a/5@1") == 2
    run_tree(tank, back, pace=Pace(retries=1))
    assert back.shorts("back/a/5") == ["1"]
    marks = map(read_mark, tank.marks["tank/a/5"].values())
    assert [mark.tentative for mark in marks if mark] == [False]
    seen = broken(back, "back/a", NoSpace)
    tank.take("tank/a@4")
    with pytest.raises(NoSpace):
        run(tank, back, pace=Pace(retries=5))
    assert len(seen) == 1


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("calls", [0, 1, 2, 3, 5, 8, 13, 20, 21, 22, 23, 24])
def test_killed_before_any_call(
    sides: tuple[StreamEngine, StreamEngine], side: int, calls: int
) -> None:
    """Each dataset that had arrived goes on from there, though its snapshot is pruned."""
    tank, back = sides
    run_tree(tank, back, pace=Pace(1))
    for name in [n for n in tank.taken if n.startswith("tank/a")]:
        tank.take(f"{name}@new")
    sides[side].left = calls
    with suppress(Killed):
        run_tree(tank, back, pace=Pace(1))
    sides[side].left = None
    assert tank.held == set()
    for name in [n for n in tank.taken if n.startswith("tank/a")]:
        arrived = guids(back, f"back{name[4:]}")
        kept = {mark.guid for mark in tank.marks[name].values()}
        assert arrived[-1] in kept
        tank.taken[name].clear()
        tank.take(f"{name}@last")
    run_tree(tank, back)
    for name in [n for n in tank.taken if n.startswith("tank/a")]:
        assert guids(back, f"back{name[4:]}")[-1:] == guids(tank, name)
        assert len(tank.marks[name]) == 1


def test_the_steps_are_told(sides: tuple[StreamEngine, StreamEngine]) -> None:
    """Streams, placeholders and names, each as it is done."""
    tank, back = sides
    tank.add("tank/a/none")
    tank.add("tank/a/none/x", "1")
    told: list[object] = []
    run_tree(tank, back, on_step=told.append)
    assert Placeholder("back/a/none", "tank/a/none") in told
    assert len([step for step in told if isinstance(step, Full)]) == 22
    tank.rename("tank/a/7", "tank/a/seven")
    back.take("back/a@own")
    tank.take("tank/a@4")
    told.clear()
    plan = run_tree(tank, back, on_step=told.append, keep_aside=True)
    names = [step.new for step in told if isinstance(step, Move)]
    assert names[:2] == ["back/a/seven", plan.datasets[0].aside]
    assert "back/a/none" in names


def test_verified(
    sides: tuple[StreamEngine, StreamEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest snapshot is compared on both sides, and a difference told in each run."""
    tank, back = sides
    asked: list[str] = []

    def digest(
        _: object, snapshot: str, *, raw: bool, stopped: object, on_bytes: object
    ) -> str:
        asked.append(snapshot)
        assert not raw
        assert not stopped()  # type: ignore[operator]
        on_bytes(5)  # type: ignore[operator]
        return "x" if snapshot == "back/a/7@1" else "y"

    monkeypatch.setattr("zfstune.streams.local_side.LocalSide.digest", digest)
    with pytest.raises(
        BatchError, match="its content is not that of 'tank/a/7@1'"
    ) as caught:
        run_tree(tank, back, verify=True)
    assert isinstance(caught.value.failures[0], Damaged)
    assert "zfstune compare tank/a/7@1 back/a/7@1" in caught.value.hint
    assert sorted(name for name in asked if name.endswith("/a@3")) == [
        "back/a@3",
        "tank/a@3",
    ]
    asked.clear()
    with pytest.raises(BatchError) as again:
        run_tree(tank, back, verify=True)
    assert [error.target for error in again.value.failures] == ["back/a/7@1"]
    assert {"tank/a@3", "back/a@3"} < {*asked}


def test_all_at_one_instant(sides: tuple[StreamEngine, StreamEngine]) -> None:
    """One call takes the snapshots, which are sent at once; a dry run takes none."""
    tank, back = sides
    run_tree(tank, back, snapshot="x", dry_run=True)
    assert tank.shorts("tank/a") == ["1", "2", "3"]
    run_tree(tank, back, snapshot="x", exclude=["*/7"])
    assert [call for call in tank.calls if call].count("take_snapshots") == 1
    assert back.shorts("back/a")[-1] == back.shorts("back/a/8")[-1] == "x"
    assert tank.shorts("tank/a/7") == ["1"]
    run_tree(tank, back, snapshot="")
    assert back.shorts("back/a/8")[-1].startswith("zfstune-2")


def test_a_property_that_is_refused(
    sides: tuple[StreamEngine, StreamEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told, and no stream waits for it."""
    tank, back = sides
    run_tree(tank, back)
    tank.local["tank/a"]["compression"] = "zstd"
    tank.take("tank/a@4")

    def refused(name: str, properties: object) -> None:
        assert name == "back/a"
        assert properties
        raise NotSupported(operation="set", target=name, reason="there is no zstd")

    monkeypatch.setattr(back, "set", refused)
    with pytest.raises(BatchError, match="there is no zstd") as caught:
        run_tree(tank, back, take_properties=True)
    assert list(caught.value.done) == ["tank/a@4"]
    assert back.shorts("back/a")[-1] == "4"


@pytest.mark.parametrize("calls", range(10))
def test_killed_while_properties_change(
    sides: tuple[StreamEngine, StreamEngine], calls: int
) -> None:
    """The next run goes on, and takes no value of its own for one of the target's."""
    tank, back = sides
    tank.local["tank/a"] |= {"compression": "zstd", "atime": "off"}
    run(tank, back, take_properties=True)
    tank.local["tank/a"] = {"compression": "lz4", "copies": "2"}
    tank.take("tank/a@4")
    back.left = calls
    with suppress(Killed):
        run(tank, back, take_properties=True)
    back.left = None
    run(tank, back, take_properties=True)
    own = {n: back.local["back/a"].get(n) for n in ("compression", "atime", "copies")}
    assert own == {"compression": "lz4", "atime": None, "copies": "2"}
    assert back.shorts("back/a")[-1] == "4"
    assert not run(tank, back, take_properties=True).pending
    tank.local["tank/a"] = {}
    run(tank, back, take_properties=True)
    assert {"compression", "copies", TAKEN_PROPERTY}.isdisjoint(back.local["back/a"])
