"""Scratch datasets are removed: at the end, on Ctrl-C, and by the next run after a kill."""

from __future__ import annotations

from pathlib import Path

import pytest

from mounting_engine import MountingEngine
from zfstune.measurement.scratch import scratch_in

OWN = {"tank", "tank/db"}


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


def test_remounted(engine: MountingEngine) -> None:
    """It is unmounted and mounted again, with its files, between two steps of a run."""
    calls: list[str] = []
    with (
        scratch_in(engine.seam, "tank", 5000) as scratch,
        scratch.dataset({}) as (name, path),
    ):
        (Path(path) / "data.0").write_bytes(b"x")
        engine.before = calls.append
        scratch.remount(name)
        engine.before = lambda _: None
        assert (Path(path) / "data.0").read_bytes() == b"x"
    assert calls == ["unmount", "mount"]
