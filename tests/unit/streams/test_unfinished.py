"""Targets that were put aside by a run that was killed before it had replaced them."""

from __future__ import annotations

from contextlib import suppress
from itertools import count

import pytest

from stream_ends import snap
from stream_engine import Killed, StreamEngine
from two_pools import run, run_tree
from zfstune.streams.ends import End
from zfstune.streams.steps import Full, Incremental, Move
from zfstune.streams.tree import pair_up
from zfstune.streams.unfinished import aside_of, find_unfinished
from zfstune.values.errors import PlanError
from zfstune.values.frozen import replace
from zfstune.values.marks import REPLICA_PROPERTY
from zfstune.values.replication_marks import read_replica

ASIDE = "b/a-aside-20300101T000000Z"
INNER = "b/a/x-aside-20300101T000000Z"


def end(name: str, *guids: int) -> End:
    """Make a dataset with snapshots."""
    taken = tuple(snap(guid, dataset=name) for guid in guids)
    return End(name, exists=True, guid=1, kind="filesystem", snapshots=taken)


def names(ends: tuple[End, ...]) -> list[str]:
    """Return the names of datasets."""
    return [each.name for each in ends]


def test_names() -> None:
    """The time is a part of the last name; nothing else makes a dataset one aside."""
    assert aside_of(ASIDE) == "b/a"
    assert aside_of(INNER) == "b/a/x"
    for name in ("b/a", "b/a-aside", "b/a-aside-", f"{ASIDE}/x", "-aside-x"):
        assert aside_of(name) == ""


def test_one_whose_place_is_free() -> None:
    """It is found by the base; what lies below it gets its names back."""
    sources = [end("t", 1, 2), end("t/x", 3)]
    found = find_unfinished(sources, [], [end(ASIDE, 1, 9), end(f"{ASIDE}/x", 3)], "b/a")
    assert (names(found.targets), found.moves) == (["b/a/x"], ())
    assert found.targets[0].snapshots[0].name == "b/a/x@3"
    assert found.asides["b/a"].name == ASIDE
    assert found.returning == {"b/a": (Move(f"{ASIDE}/x", "b/a/x"),)}


def test_one_that_is_done_with() -> None:
    """Without the base it has no place to give up, and stays as it is."""
    there = [end("b/a", 1, 2), end("b/a/x", 3), end(INNER, 8)]
    found = find_unfinished([end("t", 1, 2), end("t/x", 3)], there, [end(ASIDE, 9)], "b/a")
    assert names(found.targets) == ["b/a", "b/a/x", INNER]
    assert (found.asides, found.returning) == ({}, {})
    # nor has one of a dataset that the source does not have
    assert find_unfinished([end("t", 1)], [end(INNER, 1)], [], "b/a").asides == {}


def test_one_within_the_tree() -> None:
    """What has its name back stays, and what lies further below goes along."""
    sources = [end("t", 1), end("t/x", 2, 3), end("t/x/y", 4), end("t/x/z", 5)]
    there = [end("b/a", 1), end("b/a/x", 2, 3), end("b/a/x/z", 5), end(INNER, 2)]
    there += [end(f"{INNER}/y", 4), end(f"{INNER}/y/w", 6), end(f"{INNER}/z", 7)]
    found = find_unfinished(sources, there, [], "b/a")
    assert sorted(names(found.targets)) == sorted(
        ["b/a", "b/a/x", "b/a/x/y", "b/a/x/y/w", "b/a/x/z", f"{INNER}/z"]
    )
    assert found.returning == {"b/a/x": (Move(f"{INNER}/y", "b/a/x/y"),)}


def test_a_copy_whose_name_is_taken() -> None:
    """It comes back beside a dataset that is no copy, and is the one that goes on."""
    sources = [end("t", 1, 2), end("t/x", 3, 4), end("t/z", 5)]
    copy = replace(end(f"{ASIDE}/x", 3), guid=0xC0)
    there = [end("b/a", 2), end("b/a/x", 9), replace(end("b/a/z", 8), guid=7)]
    beside = [end(ASIDE, 1), copy, end(f"{ASIDE}/x/w", 6), end(f"{ASIDE}/y", 5)]
    found = find_unfinished(sources, there, [*beside, end(f"{ASIDE}/z", 6)], "b/a")
    # what is no copy either stays where it is
    moved = "b/a/x-moved-c0"
    moves = (Move(f"{ASIDE}/x", moved), Move(f"{ASIDE}/y", "b/a/y"))
    assert found.returning == {"b/a": moves}
    tree = ["b/a", "b/a/x", moved, f"{moved}/w", "b/a/y", "b/a/z"]
    assert sorted(names(found.targets)) == sorted(tree)
    paired = pair_up(sources, found.targets, "b/a")
    assert [pair.target.name for pair in paired.pairs] == ["b/a", moved, "b/a/y"]
    # one whose place another copy has by now stays, too, as does one with no free name
    for taken in ([end("b/a/x", 3)], [end("b/a/x", 9), end(moved, 9)]):
        found = find_unfinished(sources, [end("b/a", 2), *taken], beside[:2], "b/a")
        assert found.returning == {"b/a": ()}


def test_one_that_nothing_newer_is_to_replace() -> None:
    """It gets its own name back, with all below it, and those below are looked at next."""
    inner = f"{ASIDE}/x-aside-20300101T000000Z"
    sources = [end("t", 1), end("t/x", 2, 3)]
    found = find_unfinished(sources, [], [end(ASIDE, 1, 9), end(inner, 2)], "b/a")
    assert found.moves == (Move(ASIDE, "b/a"),)
    assert names(found.targets) == ["b/a"]
    assert {name: e.name for name, e in found.asides.items()} == {"b/a/x": INNER}


@pytest.mark.parametrize(
    ("places", "mark"),
    [
        ({5: "b/a"}, "plain:0000000000000005"),
        ({5: "far:b/a", 6: "b/x"}, "plain:0000000000000005"),
        ({}, ""),
        ({5: "far:b/a", 6: "b/a"}, ""),
        ({6: "b/x"}, ""),
    ],
)
def test_it_gets_its_mark_back(places: dict[int, str], mark: str) -> None:
    """By the number in the source's note of its place; without one, it is only renamed."""
    source = replace(end("t", 1), places=places)
    aside = replace(end(ASIDE, 1), aside=True)
    found = find_unfinished([source], [], [aside], "b/a")
    assert found.moves == (Move(ASIDE, "b/a", mark=mark),)
    (target,) = found.targets
    assert not target.aside
    assert target.replica == read_replica(mark)
    # A run that was killed before it had marked it has nothing to give back.
    found = find_unfinished([source], [], [replace(aside, aside=False)], "b/a")
    assert found.moves == (Move(ASIDE, "b/a"),)


def test_back_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a target as before, with its number."""
    monkeypatch.setattr("zfstune.streams.decide.utc_stamp", lambda _: "20300101T000000Z")
    tank, back = two_trees()
    before = back.local["back/a"][REPLICA_PROPERTY]
    back.left = 2  # it is renamed and marked
    with suppress(Killed):
        run(tank, back, keep_aside=True)
    back.left = None
    back.forget("back/a")  # and its receive had yet to begin
    aside = "back/a-aside-20300101T000000Z"
    assert back.local[aside][REPLICA_PROPERTY] == "aside"
    del tank.taken["tank/a"][:]  # nothing newer is to be sent
    tank.take("tank/a@1", back.taken[aside][0].guid)
    back.taken[aside].pop()
    run(tank, back)
    assert back.local["back/a"][REPLICA_PROPERTY] == before
    assert aside not in back.taken
    assert not run(tank, back).pending


def two_trees() -> tuple[StreamEngine, StreamEngine]:
    """Make a tree and its copy, of which two datasets have gone their own way."""
    StreamEngine._numbers = count(1)
    tank, back = StreamEngine("tank"), StreamEngine("back")
    for name in ("tank/a", "tank/a/x", "tank/a/x/y"):
        tank.add(name, "1")
    run_tree(tank, back)
    for name in ("back/a", "back/a/x"):
        back.take(f"{name}@own")
    for name in ("tank/a", "tank/a/x", "tank/a/x/y"):
        tank.taken[name].clear()  # the base is a bookmark
        tank.take(f"{name}@2")
        tank.take(f"{name}@3")
    return tank, back


@pytest.mark.parametrize("side", ["tank", "back"])
@pytest.mark.parametrize("calls", range(26))
def test_killed_at_any_call(side: str, calls: int) -> None:
    """The next runs complete what was begun, without a full stream and unasked."""
    tank, back = two_trees()
    engine = tank if side == "tank" else back
    engine.left = calls
    with suppress(Killed):
        run_tree(tank, back, keep_aside=True)
    engine.left = None
    begun = any("-aside-" in name for name in back.taken)
    for _ in range(3):
        told: list[object] = []
        plan = run_tree(tank, back, on_step=told.append, keep_aside=True)
        assert not any(isinstance(step, Full) for step in told)
        if not plan.pending:
            break
        assert [*plan.lines()]
    assert not plan.pending
    for name in ("back/a", "back/a/x", "back/a/x/y"):
        assert back.shorts(name) == ["1", "2", "3"]
        assert name not in back.origins
    asides = [name for name in back.taken if "-aside-" in name]
    assert sorted(back.shorts(name) for name in asides) == [["own"], ["own"]]
    assert begun or side == "tank" or calls < 10


def test_a_root_goes_on_without_being_asked_again() -> None:
    """The consent was given when it was begun; then the base is that of the one aside."""
    tank, back = two_trees()
    back.left = next(
        left for left in range(1, 20) if _aside_after(left) and not _root_after(left)
    )
    with suppress(Killed):
        run(tank, back, keep_aside=True)
    back.left = None
    assert "back/a" not in back.taken
    (aside,) = [n for n in back.taken if aside_of(n) == "back/a"]
    plan = run(tank, back)
    first = plan.datasets[0].transfer.steps[0]
    assert isinstance(first, Incremental)
    assert first.origin == f"{aside}@1"
    assert "back/a/x/y" in back.taken
    assert back.shorts(aside) == ["own"]


def _killed_after(left: int) -> StreamEngine:
    tank, back = two_trees()
    back.left = left
    with suppress(Killed):
        run(tank, back, keep_aside=True)
    return back


def _aside_after(left: int) -> bool:
    return any(aside_of(name) == "back/a" for name in _killed_after(left).taken)


def _root_after(left: int) -> bool:
    return "back/a" in _killed_after(left).taken


def test_a_target_that_is_away_for_good() -> None:
    """One that was destroyed is sent anew; nothing beside it is touched."""
    tank, back = two_trees()
    for name in ("back/a/x/y", "back/a/x", "back/a"):
        back.forget(name)
    back.add("back/a-aside-mine", "1")
    with suppress(PlanError):
        run_tree(tank, back)
    assert back.shorts("back/a") == ["2", "3"]
    assert back.shorts("back/a-aside-mine") == ["1"]
