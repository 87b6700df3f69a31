"""A profile put on a mounted dataset with data: in place, and nothing is hidden."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import zfstune

if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine

pytestmark = pytest.mark.one_release


def test_in_place(dataset: str, engine: Engine) -> None:
    """Files stay where they are; a directory with files gets no dataset, others do."""
    folder = Path(f"/{dataset}")
    (folder / "wal").mkdir()
    (folder / "wal" / "0001").write_text("log")
    (folder / "data").mkdir()
    applied = zfstune.apply("postgres", at=dataset, owner=False, engine=engine)
    assert engine.dataset(dataset).value("recordsize") == "8192"
    assert (folder / "wal" / "0001").read_text() == "log"
    assert {name for name in engine.mounts() if name.startswith(dataset)} == {
        dataset,
        f"{dataset}/data",
        f"{dataset}/backups",
    }
    assert not engine.exists(f"{dataset}/wal")
    [left] = [w for w in applied.plan.warnings if w.dataset == f"{dataset}/wal"]
    assert "would hide its content" in left.message
    assert not zfstune.apply("postgres", at=dataset, owner=False, engine=engine).changed
    found = zfstune.verify(dataset, owner=False, files=0, engine=engine)
    assert not found.pending
    (folder / "wal").rename(folder / "wal.before-zfs")
    zfstune.apply("postgres", at=dataset, owner=False, engine=engine)
    assert engine.mounts()[f"{dataset}/wal"].path == f"/{dataset}/wal"
    engine.unmount(f"{dataset}/wal")
    engine.unmount(f"{dataset}/data")
    engine.unmount(f"{dataset}/backups")
    assert (folder / "wal.before-zfs" / "0001").read_text() == "log"
    plan = zfstune.unmanage(dataset, recursive=True, engine=engine)
    assert len(plan.datasets) == 4
