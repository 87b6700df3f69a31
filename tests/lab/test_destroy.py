"""Destroying what is mounted: all of it or, where one is in use, nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import zfstune

if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine

pytestmark = pytest.mark.one_release


def test_in_use_and_then_not(dataset: str, engine: Engine) -> None:
    """What was unmounted is mounted again; a snapshot that was looked into is no hurdle."""
    below, clone = f"{dataset}/below", f"{dataset}-clone"
    engine.create(below)
    engine.mount(below)
    Path(f"/{below}/file").write_text("text")
    zfstune.snapshot(dataset, recursive=True, name="one", engine=engine)
    assert Path(f"/{below}/.zfs/snapshot/one/file").read_text() == "text"
    engine.clone(f"{below}@one", clone)
    engine.mount(clone)
    before = engine.mounts()
    lose = ("datasets", "snapshots", "clones")
    with subprocess.Popen(["sleep", "600"], cwd=f"/{dataset}") as busy:
        with pytest.raises(zfstune.Busy):
            zfstune.destroy(dataset, lose=lose, engine=engine)
        busy.kill()
    assert engine.mounts() == before
    assert Path(f"/{below}/file").read_text() == "text"
    plan = zfstune.destroy(dataset, lose=lose, engine=engine)
    assert {victim.name for victim in plan.victims} == {dataset, below, clone}
    assert not any(engine.exists(name) for name in (dataset, below, clone))
