"""Checkpoint and rollback where filesystems are mounted, busy or encrypted."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import zfstune

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine

    Command = Callable[..., str]

pytestmark = pytest.mark.one_release


def test_busy_filesystems_go_back_in_place(
    dataset: str, engine: Engine, command: Command, tmp_path: Path
) -> None:
    """Children too, with a file open and a shell in the way; what was lost is kept."""
    child, volume = f"{dataset}/child", f"{dataset}/volume"
    command("zfs", "create", child)
    command("zfs", "create", "-s", "-V", "8M", volume)
    file = Path(f"/{child}/file")
    file.write_text("old")
    zfstune.checkpoint("one", dataset, engine=engine)
    file.write_text("new, and longer")
    Path(f"/{child}/more").write_text("made since")
    engine.take_snapshots([f"{child}@later"])
    mounts = engine.mounts()
    with (
        file.open(encoding="utf-8"),
        subprocess.Popen(["sleep", "60"], cwd=f"/{child}") as busy,
    ):
        with pytest.raises(zfstune.PlanError, match=f"snapshots: {child}@later"):
            zfstune.rollback("one", dataset, engine=engine)
        done = zfstune.rollback("one", dataset, lose=["snapshots"], engine=engine)
        busy.kill()
    assert done.done == (dataset, child, volume)
    assert file.read_text() == "old"
    assert not Path(f"/{child}/more").exists()
    after = engine.mounts()
    assert [after[name].path for name in (dataset, child)] == [
        mounts[name].path for name in (dataset, child)
    ]
    kept = f"{done.escape}/{child}"
    command("zfs", "set", f"mountpoint={tmp_path}/kept", kept)
    command("zfs", "mount", kept) if kept not in engine.mounts() else None
    assert (tmp_path / "kept/file").read_text() == "new, and longer"
    assert (tmp_path / "kept/more").read_text() == "made since"
    command("zfs", "destroy", "-r", done.escape)
    assert zfstune.rollback("one", dataset, engine=engine).done == done.done


def test_the_script_that_runs_it(dataset: str) -> None:
    """A script that was made since the checkpoint does not vanish below its shell."""
    for line in (f"checkpoint one {dataset}", f"rollback one {dataset}"):
        subprocess.run(["zfstune", *line.split()], check=True)
    script = Path(f"/{dataset}/test.sh")
    script.write_text(f"cd /\nzfstune rollback one {dataset} $@\nexit $?\n")
    done = subprocess.run(
        ["/bin/sh", script], capture_output=True, text=True, check=False, cwd="/"
    )
    assert done.returncode == 1
    assert f"script: {script}" in done.stderr
    assert "--lose script" in done.stderr
    assert script.exists()
    done = subprocess.run(
        ["/bin/sh", script, "--lose", "script"], capture_output=True, text=True, check=False
    )
    assert f"rolled back: {dataset}\n" in done.stdout
    assert not script.exists()


def test_encrypted(dataset: str, engine: Engine, command: Command, tmp_path: Path) -> None:
    """What is kept aside of an encrypted dataset is encrypted too."""
    secret = f"{dataset}/secret"
    key = tmp_path / "key"
    key.write_bytes(os.urandom(32))
    options = ("encryption=on", "keyformat=raw", f"keylocation=file://{key}")
    command("zfs", "create", *(w for o in options for w in ("-o", o)), secret)
    Path(f"/{secret}/file").write_text("old")
    zfstune.checkpoint("one", secret, engine=engine)
    Path(f"/{secret}/file").write_text("new")
    done = zfstune.rollback("one", secret, engine=engine)
    assert Path(f"/{secret}/file").read_text() == "old"
    kept = engine.dataset(f"{done.escape}/{secret}")
    assert kept.value("encryption") not in (None, "off")
