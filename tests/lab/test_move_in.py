"""A directory that becomes a dataset, on a real kernel: whole, and after any kill."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import zfstune
from moving_engine import STEPS
from zfstune.values.marks import MOVING_PROPERTY

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine

    Command = Callable[..., str]

pytestmark = pytest.mark.one_release

KILLED = 9


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a directory with all that a copy could lose."""
    folder = tmp_path / "pgdata"
    (folder / "wal").mkdir(parents=True)
    (folder / "base").mkdir()
    (folder / "wal" / "0001").write_bytes(os.urandom(300_000))
    (folder / "base" / "1").write_bytes(b"table")
    os.link(folder / "base" / "1", folder / "base" / "same")
    with (folder / "sparse").open("wb") as file:
        file.truncate(8 << 20)
        file.seek(4 << 20)
        file.write(b"middle")
    (folder / "link").symlink_to("base/1")
    os.mkfifo(folder / "pipe")
    os.setxattr(folder / "base" / "1", "trusted.note", b"kept")
    os.chown(folder / "base", 12, 34)
    folder.chmod(0o750)
    return folder


def state(folder: Path) -> tuple[object, ...]:
    """Give what has to be the same behind a move."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return (
        [(str(p.relative_to(folder)), p.read_bytes()) for p in files],
        (folder / "base" / "1").stat().st_nlink,
        (folder / "base").stat().st_uid,
        str((folder / "link").readlink()),
        (folder / "pipe").is_fifo(),
        os.getxattr(folder / "base" / "1", "trusted.note"),
        folder.stat().st_mode & 0o7777,
    )


def killed_at(step: str, folder: Path, name: str) -> int:
    """Move the folder in a process that ends without a word behind a step."""

    def stop(done: str) -> None:
        if done == step:
            os._exit(KILLED)

    child = os.fork()
    if child == 0:
        try:
            zfstune.move_in("git", folder, at=name, owner=False, on_step=stop)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_whole_move(dataset: str, engine: Engine, folder: Path) -> None:
    """The plan changes nothing; then data, attributes and children are in their places."""
    name = f"{dataset}/pg"
    before = state(folder)
    planned = zfstune.move_in("postgres", folder, at=name, dry_run=True, engine=engine)
    assert (planned.done, planned.plan.files) == (False, 6)
    assert not engine.exists(name)
    moved = zfstune.move_in("postgres", folder, at=name, owner=False, engine=engine)
    assert state(folder) == before
    aside = Path(moved.plan.aside)
    assert state(aside) == before
    assert engine.mounts()[name].path == f"{folder}"
    assert engine.mounts()[f"{name}/wal"].path == f"{folder}/wal"
    assert engine.dataset(f"{name}/data").value("recordsize") == "8192"
    assert engine.dataset(name).local(MOVING_PROPERTY) is None
    assert engine.dataset(name).value("canmount") == "on"
    assert (folder / "sparse").stat().st_blocks * 512 < 1 << 20
    assert [p.name for p in folder.parent.iterdir() if p.name.startswith(".zfs")] == []
    assert not zfstune.verify(name, owner=False, files=0, engine=engine).pending
    for child in ("wal", "data", "backups"):
        engine.unmount(f"{name}/{child}")
    engine.unmount(name)


def test_refused_while_in_use(dataset: str, engine: Engine, folder: Path) -> None:
    """An open file, a working folder and a mount below are named, and nothing is made."""
    name = f"{dataset}/busy"
    sleeper = subprocess.Popen(["sleep", "1000"], cwd=folder / "base")
    try:
        with pytest.raises(zfstune.PlanError, match=rf"in use by sleep \({sleeper.pid}\)"):
            zfstune.move_in("git", folder, at=name, engine=engine)
    finally:
        sleeper.kill()
        sleeper.wait()
    subprocess.run(["mount", "-t", "tmpfs", "x", folder / "wal"], check=True)
    try:
        with pytest.raises(zfstune.PlanError, match="mounted below it"):
            zfstune.move_in("git", folder, at=name, engine=engine)
    finally:
        subprocess.run(["umount", folder / "wal"], check=True)
    assert not engine.exists(name)


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_each_step(dataset: str, engine: Engine, folder: Path, step: str) -> None:
    """After a kill the data is whole at one of two names; the next run ends the move."""
    name = f"{dataset}/git"
    before = state(folder)
    status = killed_at(step, folder, name)
    assert status == KILLED
    aside = folder.with_name("pgdata.before-zfs")
    assert state(aside if aside.exists() else folder) == before
    if step != "done":
        zfstune.move_in("git", folder, at=name, owner=False, engine=engine)
    assert state(folder) == state(aside) == before
    assert engine.mounts()[name].path == f"{folder}"
    assert engine.dataset(name).local(MOVING_PROPERTY) is None
    engine.unmount(name)


def test_changed_after_the_kill(dataset: str, engine: Engine, folder: Path) -> None:
    """What was written to the directory since counts, not the copy of before."""
    name = f"{dataset}/later"
    assert killed_at("unmounted", folder, name) == KILLED
    (folder / "base" / "2").write_bytes(b"new")
    (folder / "base" / "same").unlink()
    before = [sorted(p.name for p in folder.rglob("*"))]
    zfstune.move_in("git", folder, at=name, owner=False, engine=engine)
    assert [sorted(p.name for p in folder.rglob("*"))] == before
    engine.unmount(name)


def test_the_command(dataset: str, engine: Engine, folder: Path) -> None:
    """The plan is printed; the end says where the old directory is."""
    name = f"{dataset}/by-command"
    words = [sys.executable, "-m", "zfstune", "apply", "git", "--at", name, "--no-owner"]
    words += ["--move-in", f"{folder}"]
    done = subprocess.run([*words, "-n"], check=True, capture_output=True, text=True)
    assert done.stdout.startswith(f"move {folder} into {name}: 6 files, ")
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    assert f"kept at {folder}.before-zfs" in done.stdout
    again = subprocess.run(words, capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert (
        "a filesystem is mounted there" in again.stderr or "exists already" in again.stderr
    )
    assert engine.dataset(name).value("mountpoint") == f"{folder}"
    engine.unmount(name)
