"""Scratch datasets are removed: at the end, on Ctrl-C, and by the next run after a kill."""

from __future__ import annotations

from pathlib import Path

import pytest

from mounting_engine import MountingEngine
from zfstune.measurement.scratch import PARENT_PREFIX, scratch_in, sweep_scratch
from zfstune.values.errors import Busy
from zfstune.values.marks import SCRATCH_PROPERTY

OWN = {"tank", "tank/db"}
LEFT = f"tank/{PARENT_PREFIX}0000"
GONE = "00000000-0000-0000-0000-000000000000.1.1"


@pytest.fixture
def engine(tmp_path: Path) -> MountingEngine:
    """Give an engine with a pool that holds a dataset of somebody's."""
    return MountingEngine(tmp_path)


def test_made_and_removed(engine: MountingEngine) -> None:
    """A dataset lies below a marked parent with a quota, and both go with the block."""
    with scratch_in(engine.seam, "tank", 5000) as scratch:
        parent = engine.marks[scratch.parent]
        assert parent["quota"] == "5000"
        assert (parent["canmount"], parent["exec"]) == ("off", "off")
        assert parent["mountpoint"] == f"/run/zfstune-measure/{scratch.parent[5:]}"
        with scratch.dataset({"recordsize": "8192"}) as (name, path):
            assert name.startswith(f"{scratch.parent}/")
            assert engine.marks[name] == {"recordsize": "8192", "canmount": "noauto"}
            assert Path(path).is_dir()
            engine.take_snapshots([f"{name}@counted"])
        assert set(engine.marks) == OWN | {scratch.parent}
        assert not Path(path).exists()
    assert set(engine.marks) == OWN
    assert engine.taken == {}


@pytest.mark.parametrize("call", ["create", "mount", "take_snapshots", "sync"])
def test_removed_after_a_stop(engine: MountingEngine, call: str) -> None:
    """Wherever Ctrl-C comes, also within a call, nothing is left."""

    def stop(name: str) -> None:
        if name == call:
            engine.before = lambda _: None
            raise KeyboardInterrupt

    def work() -> None:
        with scratch_in(engine.seam, "tank", 5000) as scratch:
            engine.before = stop
            with scratch.dataset({}) as (name, _):
                engine.take_snapshots([f"{name}@counted"])
                engine.sync("tank")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert set(engine.marks) == OWN


def leave(engine: MountingEngine, parent: str, mark: str) -> None:
    """Leave what a measurement that was killed leaves."""
    engine.create(parent, properties={SCRATCH_PROPERTY: mark} if mark else {})
    engine.create(f"{parent}/run")
    engine.mount(f"{parent}/run")
    engine.take_snapshots([f"{parent}/run@counted"])


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
        (f"tank/db/{PARENT_PREFIX}0000", GONE),
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
