"""What is looked at before a run: who uses the dataset, and which files are stale."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from retuned_folder import NAME, FolderEngine
from zfstune.measurement.retuning import look_through as module
from zfstune.measurement.retuning.choice import Retuning
from zfstune.measurement.retuning.look_through import look_through, opened, refuse_users
from zfstune.values.errors import PlanError, PoolSuspended
from zfstune.values.state import PropertyValue, Snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from zfstune.measurement.retuning.retune_plan import RetunePlan


def planned(engine: FolderEngine, **choices: Any) -> RetunePlan:
    """Look through the folder."""
    with opened(engine.seam, NAME, idle=False) as (root, mount):
        return look_through(engine.seam, NAME, root, mount, Retuning(**choices))


def test_which_files(tmp_path: Path) -> None:
    """Old blocks count; with everything, each file that holds anything."""
    engine = FolderEngine(tmp_path, recordsize="8192")
    for name, size in (("small", 4096), ("large", 8193), ("empty", 0)):
        (tmp_path / name).write_bytes(os.urandom(size))
    plan = planned(engine)
    assert [file.path for file in plan.files] == ["large"]
    assert (plan.looked_at, plan.record_bytes, plan.left) == (3, 8192, ())
    assert plan.floor_bytes == (1 << 40) // 10
    plan = planned(engine, everything=True)
    assert [file.path for file in plan.files] == ["large", "small"]
    engine.properties["compression"] = "lz4"
    (tmp_path / "text").write_bytes(b"text" * 1024)
    plan = planned(engine, compression=True)
    assert [file.path for file in plan.files] == ["large", "text"]


def test_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest snapshot counts, that which a clone came from, too."""
    engine = FolderEngine(tmp_path, origin="tank/other@x")
    creation = {"tank/other@x": 5, f"{NAME}@a": 6, f"{NAME}@b": 7}

    def snapshot(name: str) -> Snapshot:
        properties = {"creation": PropertyValue(str(creation[name]))}
        return Snapshot(name, 1, 1, properties=properties)

    monkeypatch.setattr(engine, "snapshot", snapshot, raising=False)
    plan = planned(engine)
    assert (plan.history.snapshots, plan.history.newest_s) == (1, 5)
    engine.taken = {name: Snapshot(name, 1, n) for n, name in enumerate(creation) if n}
    plan = planned(engine)
    assert (plan.history.snapshots, plan.history.newest_s) == (3, 7)


def test_who_uses_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Applications and overlays are asked for by the dataset's device."""
    device = tmp_path.stat().st_dev
    root = os.open(tmp_path, os.O_RDONLY)
    running = {17: "mysqld"}
    monkeypatch.setattr(
        module, "programs_on", lambda asked, _: running if asked == device else {}
    )
    monkeypatch.setattr(
        module, "overlays_on", lambda asked: ("/a b",) if asked == device else ()
    )
    with pytest.raises(PlanError, match=r"mysql uses it \(process 17\)"):
        refuse_users(NAME, root)
    running.clear()
    with pytest.raises(PlanError, match="an overlay at '/a b' lies over it") as error:
        refuse_users(NAME, root)
    assert error.value.hint == "stop its container, or `umount '/a b'`"
    os.close(root)


def test_what_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A suspended pool, and access lists that nobody gives out."""
    engine = FolderEngine(tmp_path, acltype="nfsv4")
    monkeypatch.setattr(module, "gives_access_lists", lambda _: False)
    with pytest.raises(PlanError, match="acltype is nfsv4"):
        planned(engine)
    monkeypatch.setattr(module, "gives_access_lists", lambda _: True)
    assert planned(engine).looked_at == 0
    engine.suspended = True
    with pytest.raises(PoolSuspended):
        planned(engine)
