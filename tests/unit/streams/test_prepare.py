"""The plan of a replication is made of both ends, and bad choices end there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from two_pools import run, two_pools
from zfstune.streams.replicate import replicate
from zfstune.values.errors import NotFound, PlanError

if TYPE_CHECKING:
    from stream_engine import StreamEngine

SOURCE, TARGET = "tank/a", "back/a"


@pytest.fixture
def sides() -> tuple[StreamEngine, StreamEngine]:
    """Make two pools, the first with a dataset of three snapshots."""
    return two_pools()


def test_a_dry_run_changes_nothing(sides: tuple[StreamEngine, StreamEngine]) -> None:
    """The plan is the same, and neither side gets a call that changes it."""
    tank, back = sides
    tank.left = back.left = 0
    assert len(run(tank, back, dry_run=True).datasets[0].transfer.steps) == 3
    assert TARGET not in back.taken


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"keep_aside": True, "lose": ["written"]}, "at once"),
        ({"properties": {"compression": "nosuch"}}, "compression"),
        ({"without": ["nosuch"]}, "nosuch"),
    ],
)
def test_choices_that_cannot_be(
    sides: tuple[StreamEngine, StreamEngine], how: dict[str, object], words: str
) -> None:
    """They are refused before anything changes."""
    tank, back = sides
    tank.left = back.left = 0
    with pytest.raises(Exception, match=words):
        run(tank, back, **how)


def test_properties_of_a_target_that_exists(
    sides: tuple[StreamEngine, StreamEngine],
) -> None:
    """They are for a new target: one that exists keeps its own, run after run."""
    tank, back = sides
    run(tank, back, properties={"compression": "zstd"})
    assert back.local[TARGET]["compression"] == "zstd"
    tank.take(f"{SOURCE}@4")
    plan = run(tank, back, properties={"compression": "lz4"}, without=["readonly"])
    assert plan.datasets[0].arrival is None
    assert back.local[TARGET]["compression"] == "zstd"
    assert back.local[TARGET]["readonly"] == "on"


def test_places_that_cannot_be(sides: tuple[StreamEngine, StreamEngine]) -> None:
    """A dataset is not sent to itself, into a missing parent or as a pool."""
    tank, back = sides
    for source, target, words in (
        (SOURCE, SOURCE, "to itself"),
        (SOURCE, "tank/none/a", "'tank/none' does not exist"),
        (SOURCE, "none", "a receive makes no pool"),
        ("tank/none", "tank/b", "'tank/none': it does not exist"),
    ):
        with pytest.raises((NotFound, PlanError), match=words):
            replicate(source, target, engine=tank.zfs)
        with pytest.raises(
            (NotFound, PlanError), match=words
        ):  # the same engine, given twice
            replicate(source, target, engine=tank.zfs, target_engine=tank.zfs)
    back.available = 100
    with pytest.raises(PlanError, match="has 100 available"):
        run(tank, back)


@pytest.mark.parametrize(
    ("target", "how", "words"),
    [
        ("tank", {"recursive": True}, "the source lies in the target tree"),
        ("tank", {"keep_aside": True}, "the source lies in the target tree"),
        ("tank/a/b", {"recursive": True}, "the target lies in the source tree"),
        ("tank/b", {"exclude": ["b"]}, "cannot exclude 'b': no dataset of 'tank/a' has"),
    ],
)
def test_one_as_a_part_of_the_other(
    sides: tuple[StreamEngine, StreamEngine],
    target: str,
    how: dict[str, Any],
    words: str,
) -> None:
    """Nothing is renamed, and no tree is sent into itself."""
    tank, _ = sides
    tank.left = 0
    with pytest.raises(PlanError, match=words):
        replicate(SOURCE, target, engine=tank.zfs, target_engine=tank.zfs, **how)


def test_losses_by_their_short_names(sides: tuple[StreamEngine, StreamEngine]) -> None:
    """The part of the name from the @ on is enough, with it or without."""
    tank, back = sides
    run(tank, back)
    for number, lose in enumerate(("own", "@own", f"{TARGET}@own")):
        back.take(f"{TARGET}@own")
        tank.take(f"{SOURCE}@more{number}")
        run(tank, back, lose=[lose])
        assert "own" not in back.shorts(TARGET)
