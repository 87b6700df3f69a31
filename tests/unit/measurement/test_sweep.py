"""What a killed measurement leaves is found and removed, and nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mounting_engine import MountingEngine
from zfstune.measurement.scratch import scratch_in
from zfstune.measurement.sweep import (
    note_scratch,
    remove_scratch,
    scratch_left,
    sweep_scratch,
)
from zfstune.values.errors import Busy
from zfstune.values.marks import SCRATCH_PREFIX, SCRATCH_PROPERTY

if TYPE_CHECKING:
    from pathlib import Path

OWN = {"tank", "tank/db"}
LEFT = f"tank/{SCRATCH_PREFIX}0000"
GONE = "00000000-0000-0000-0000-000000000000.1.1"


@pytest.fixture
def engine(tmp_path: Path) -> MountingEngine:
    """Give an engine with a pool that holds a dataset of somebody's."""
    return MountingEngine(tmp_path)


def leave(engine: MountingEngine, parent: str, mark: str) -> None:
    """Leave what a measurement that was killed leaves."""
    engine.create(parent, properties={SCRATCH_PROPERTY: mark} if mark else {})
    engine.create(f"{parent}/run")
    engine.mount(f"{parent}/run")
    engine.take_snapshots([f"{parent}/run@counted"])
    note_scratch(parent)


def test_the_next_run_sweeps(engine: MountingEngine) -> None:
    """What a process left that is gone is removed, with its mounts and snapshots."""
    leave(engine, LEFT, GONE)
    assert sweep_scratch(engine.seam, "tank") == (LEFT,)
    assert set(engine.marks) == OWN
    assert (engine.mounted, engine.taken) == ({}, {})
    assert sweep_scratch(engine.seam, "tank") == ()


@pytest.mark.parametrize(
    ("parent", "mark"),
    [
        (LEFT, ""),  # somebody's own dataset of that name
        ("tank/other", GONE),
        (f"tank/db/{SCRATCH_PREFIX}0000", GONE),
    ],
)
def test_what_is_never_swept(engine: MountingEngine, parent: str, mark: str) -> None:
    """It takes the name, the place and the mark together."""
    leave(engine, parent, mark)
    before = dict(engine.marks)
    assert sweep_scratch(engine.seam, "tank") == ()
    assert engine.marks == before


def test_a_measurement_that_runs(engine: MountingEngine) -> None:
    """Another measurement on the pool is left alone, and this one is refused."""
    with scratch_in(engine.seam, "tank", 5000) as scratch:
        with pytest.raises(
            Busy, match=f"another measurement is at work in {scratch.parent}"
        ):
            sweep_scratch(engine.seam, "tank")
        assert scratch.parent in engine.marks


def test_a_measurement_of_another_namespace(engine: MountingEngine, notes: Path) -> None:
    """Its process cannot be seen, as in another container; what it holds can be."""
    with scratch_in(engine.seam, "tank", 5000) as scratch:
        engine.marks[scratch.parent][SCRATCH_PROPERTY] = GONE
        assert len(list(notes.iterdir())) == 1
        assert list(scratch_left(engine.seam, {"tank"})) == []
        with pytest.raises(Busy):
            sweep_scratch(engine.seam, "tank")
        assert scratch.parent in engine.marks


def test_found_by_its_note(engine: MountingEngine, notes: Path) -> None:
    """A killed measurement is found by the note it left, and both go."""
    assert list(scratch_left(engine.seam, {"tank"})) == []
    leave(engine, LEFT, GONE)
    assert list(scratch_left(engine.seam, {"other"})) == []
    assert list(scratch_left(engine.seam, {"tank"})) == [LEFT]
    remove_scratch(engine.seam, LEFT)
    assert set(engine.marks) == OWN
    assert not notes.exists()


def test_the_mark_decides(engine: MountingEngine, notes: Path) -> None:
    """A note about a dataset without a mark, or about none, destroys nothing."""
    leave(engine, LEFT, "")
    note_scratch(f"tank/{SCRATCH_PREFIX}1111")
    (notes / "db").write_text("tank")
    assert list(scratch_left(engine.seam, {"tank"})) == []
    assert sweep_scratch(engine.seam, "tank") == ()
    assert LEFT in engine.marks
    assert [path.name for path in notes.iterdir()] == ["db"]


def test_one_that_runs_is_not_left_behind(engine: MountingEngine, notes: Path) -> None:
    """It has a note while it runs, which is no leftover, and none at its end."""
    with scratch_in(engine.seam, "tank", 5000):
        assert len(list(notes.iterdir())) == 1
        assert list(scratch_left(engine.seam, {"tank"})) == []
    assert not notes.exists()


def test_without_a_place_for_notes(engine: MountingEngine, notes: Path) -> None:
    """Where no note can be written, a measurement runs all the same."""
    notes.write_text("a file is in the way")
    with scratch_in(engine.seam, "tank", 5000) as scratch:
        assert scratch.parent in engine.marks
    assert set(engine.marks) == OWN
