"""A directory that moves into a dataset: killed anywhere, its data stays whole."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from moving_engine import STEPS, MovingEngine
from zfstune.datasets import move_in as module
from zfstune.datasets.move_in import move_in
from zfstune.values.errors import PlanError
from zfstune.values.marks import MOVING_PROPERTY

if TYPE_CHECKING:
    from pathlib import Path

NAME = "tank/app"


class Killed(BaseException):
    """The end of a process, as far as a test can have one."""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MovingEngine:
    """Give a pool, and an apply that does nothing."""
    monkeypatch.setattr(module, "apply", lambda *_, **__: None)
    monkeypatch.setattr(module, "users_of", lambda *_: {})
    return MovingEngine(tmp_path / "store")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a directory with files and a hard link."""
    folder = tmp_path / "srv" / "app"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "a").write_text("a")
    (folder / "b").write_text("b")
    os.link(folder / "b", folder / "deep" / "b")
    folder.chmod(0o710)
    return folder


def content(folder: Path) -> dict[str, str]:
    """Give the files of a folder."""
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


def run(engine: MovingEngine, folder: Path, **more: Any) -> module.MovedIn:
    """Move the folder."""
    return move_in("git", folder, at=NAME, engine=engine.seam, **more)


def test_a_move(engine: MovingEngine, folder: Path) -> None:
    """Steps come in their order; both folders hold the same, and no note is left."""
    before = content(folder)
    steps: list[str] = []
    copied: list[int] = []
    moved = run(engine, folder, on_step=steps.append, passed=copied.append)
    assert tuple(steps) == STEPS
    assert sum(copied) == 2
    assert moved.done
    assert content(folder) == before == content(folder.with_name("app.before-zfs"))
    assert engine.sets[NAME] == {"mountpoint": f"{folder}", "canmount": "on"}
    assert sorted(p.name for p in folder.parent.iterdir()) == ["app", "app.before-zfs"]
    assert folder.stat().st_mode & 0o777 == 0o710
    assert (folder / "b").stat().st_ino == (folder / "deep" / "b").stat().st_ino


def test_a_dry_run(engine: MovingEngine, folder: Path) -> None:
    """The plan names the places, and nothing is made."""
    shown: list[object] = []
    moved = run(engine, folder, dry_run=True, show=shown.append)
    assert shown == [moved.plan]
    assert not moved.done
    assert moved.to_dict() == {
        "dataset": NAME,
        "from": f"{folder}",
        "temporary": f"{folder.parent}/.zfstune-moving-app",
        "aside": f"{folder}.before-zfs",
        "files": 3,
        "size_bytes": 3,
        "cautions": [],
        "done": False,
    }
    assert list(engine.sets) == ["tank"]
    assert [p.name for p in folder.parent.iterdir()] == ["app"]


@pytest.mark.parametrize("step", STEPS[:-1])
@pytest.mark.parametrize("again", [*STEPS, ""])
def test_killed_twice(engine: MovingEngine, folder: Path, step: str, again: str) -> None:
    """Two kills, at any two steps: the data is whole, and the third run ends the move."""
    before = content(folder)
    aside = folder.with_name("app.before-zfs")
    for where in (step, again):

        def stop(done: str, where: str = where) -> None:
            if done == where:
                raise Killed

        try:
            run(engine, folder, on_step=stop)
        except Killed:
            assert content(aside if aside.exists() else folder) == before
    if MOVING_PROPERTY in engine.sets[NAME]:
        run(engine, folder)
    assert content(folder) == content(aside) == before
    assert engine.mounted == {NAME: f"{folder}"}
    assert MOVING_PROPERTY not in engine.sets[NAME]
    assert sorted(p.name for p in folder.parent.iterdir()) == ["app", "app.before-zfs"]


@pytest.mark.parametrize("step", STEPS[:5])
def test_what_changed_after_a_kill_counts(
    engine: MovingEngine, folder: Path, step: str
) -> None:
    """The directory was in its place, so its state of now moves, not that of before."""

    def stop(done: str) -> None:
        if done == step:
            raise Killed

    with pytest.raises(Killed):
        run(engine, folder, on_step=stop)
    (folder / "b").write_text("newer")
    (folder / "deep" / "a").unlink()
    before = content(folder)
    run(engine, folder)
    assert content(folder) == before


@pytest.mark.parametrize("step", ["copied", "unmounted", "set aside"])
def test_what_changes_meanwhile_is_kept(
    engine: MovingEngine, folder: Path, step: str
) -> None:
    """A write during the move ends it, with the directory in its place."""
    aside = folder.with_name("app.before-zfs")

    def change(done: str) -> None:
        if done == step:
            ((aside if aside.exists() else folder) / "late").write_text("x")

    with pytest.raises(PlanError, match="in its place"):
        run(engine, folder, on_step=change)
    assert content(folder)["late"] == "x"
    run(engine, folder)
    assert content(folder)["late"] == "x"


@pytest.mark.parametrize("step", ["unmounted", "compared"])
def test_users_at_the_last_moment(
    engine: MovingEngine, folder: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """A program that appears behind the comparison stops the exchange, or undoes it."""
    before = content(folder)

    def appear(done: str) -> None:
        if done == step:
            monkeypatch.setattr(module, "users_of", lambda *_: {7: "vi"})

    with pytest.raises(PlanError, match=r"in use by vi \(7\)|at the last moment"):
        run(engine, folder, on_step=appear)
    assert content(folder) == before
    assert not folder.with_name("app.before-zfs").exists()


def test_refusals(engine: MovingEngine, folder: Path, tmp_path: Path) -> None:
    """What cannot move is named with the reason, before anything is made."""
    link = tmp_path / "link"
    link.symlink_to(folder)
    for path, reason in (
        ("relative", "name it by its path"),
        ("/", "name it by its path"),
        (f"{link}", "it is no folder"),
        (f"{folder}/b", "it is no folder"),
        (f"{folder}/no", "it is not there"),
        (f"{folder}/no/no", "it is gone"),
    ):
        with pytest.raises(PlanError, match=reason):
            move_in("git", path, at=NAME, engine=engine.seam)
    with pytest.raises(PlanError, match="is a pool itself"):
        move_in("git", folder, at="tank", engine=engine.seam)
    engine.sets[NAME] = {}
    with pytest.raises(PlanError, match="exists already"):
        run(engine, folder)
    engine.mountable = False
    with pytest.raises(PlanError, match="image cannot be mounted"):
        run(engine, folder)


def test_both_names_are_gone(engine: MovingEngine, folder: Path) -> None:
    """Nothing is done where somebody took the directory away; the error has the copy."""

    def stop(done: str) -> None:
        if done == "set aside":
            raise Killed

    with pytest.raises(Killed):
        run(engine, folder, on_step=stop)
    folder.with_name("app.before-zfs").rename(folder.parent / "elsewhere")
    with pytest.raises(PlanError, match="neither it nor") as caught:
        run(engine, folder)
    assert NAME in caught.value.hint


def test_a_name_aside_is_taken(engine: MovingEngine, folder: Path) -> None:
    """What has the name stays, and the directory gets another one."""
    taken = folder.with_name("app.before-zfs")
    taken.mkdir()
    moved = run(engine, folder)
    assert moved.plan.aside == f"{taken}-2"
    assert list(taken.iterdir()) == []


def test_something_was_written_to_the_new_place(engine: MovingEngine, folder: Path) -> None:
    """Files that came between the two names are not hidden: ZFS refuses the mount."""

    def stop(done: str) -> None:
        if done == "directory made":
            raise Killed

    with pytest.raises(Killed):
        run(engine, folder, on_step=stop)
    (folder / "stray").touch()
    with pytest.raises(Exception, match="hide files"):
        run(engine, folder)
    (folder / "stray").unlink()
    run(engine, folder)
    assert content(folder) == content(folder.with_name("app.before-zfs"))
