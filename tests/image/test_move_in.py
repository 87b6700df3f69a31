"""A move as OpenZFS's own code sees it: properties, marks, and the plan of apply."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import zfstune
from mounted_image import MountedImage
from zfstune.datasets import move_in as module
from zfstune.values.errors import PlanError
from zfstune.values.marks import MOVING_PROPERTY
from zfstune.values.mountpoint import mount_blocker

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "tank/shop"


class _Renaming(MountedImage):
    """Mounts by renaming: a filesystem's files lie where it is mounted, or in a store."""

    def _store(self, name: str) -> Path:
        return Path(f"{self.file}-{name.replace('/', '-')}")

    def mount(self, name: str, *, hide: bool = True) -> str:
        assert not hide
        assert mount_blocker(self.dataset(name)) is None
        path = Path(super().mount(name, hide=hide))
        store = self._store(name)
        store.mkdir(exist_ok=True)
        path.mkdir(exist_ok=True)
        path.rmdir()  # fails where it would hide something
        shutil.move(store, path)
        return str(path)

    def unmount(self, name: str, *, force: bool = False) -> None:
        path = Path(self.table[name].path)
        super().unmount(name, force=force)
        shutil.move(path, self._store(name))
        path.mkdir()


@pytest.fixture
def pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Renaming]:
    """Give a pool `tank` with `tank/shop` not there yet."""
    monkeypatch.setattr(module, "users_of", lambda *_: {})
    engine = _Renaming.make(tmp_path / "x.zpool", size_bytes=1 << 30)
    assert isinstance(engine, _Renaming)
    yield engine
    engine.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a directory of an application."""
    folder = tmp_path / "srv" / "shop"
    folder.mkdir(parents=True)
    (folder / "a").write_text("a")
    return folder


def test_a_move_and_a_second_apply(pool: _Renaming, folder: Path) -> None:
    """The dataset is managed like any other: nothing is pending, and nothing is left."""
    seen: list[str | None] = []

    def look(step: str) -> None:
        if step == "tuned":
            made = pool.dataset(NAME)
            seen.extend([made.value("recordsize"), made.value("canmount")])

    zfstune.move_in("git", folder, at=NAME, owner=False, on_step=look, engine=pool)
    assert seen == [pool.dataset(NAME).value("recordsize"), "noauto"]
    made = pool.dataset(NAME)
    assert made.value("mountpoint") == f"{folder}"
    assert made.value("canmount") == "on"
    assert made.local(MOVING_PROPERTY) is None
    assert (folder / "a").read_text() == "a"
    assert not zfstune.apply("git", at=NAME, owner=False, engine=pool).changed
    assert not zfstune.verify(NAME, owner=False, files=0, engine=pool).pending


@pytest.mark.parametrize("step", ["made", "copied", "unmounted", "set aside", "mounted"])
def test_it_goes_on(pool: _Renaming, folder: Path, step: str) -> None:
    """The note on the dataset is enough to go on from any step."""

    def stop(done: str) -> None:
        if done == step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        zfstune.move_in("git", folder, at=NAME, owner=False, on_step=stop, engine=pool)
    assert pool.dataset(NAME).local(MOVING_PROPERTY)
    zfstune.move_in("git", folder, at=NAME, owner=False, engine=pool)
    assert (folder / "a").read_text() == "a"
    assert pool.mounts()[NAME].path == f"{folder}"


@pytest.mark.parametrize("where", ["source", "copy", "same size and time"])
def test_a_copy_that_is_not_like_its_source(
    pool: _Renaming, folder: Path, where: str
) -> None:
    """What was written between the copy and the swap, on either side, stops the move."""

    def write(done: str) -> None:
        if done != "copied":
            return
        if where == "source":
            (folder / "new").write_text("late")
        elif where == "copy":
            [made] = [p for p in folder.parent.iterdir() if p.name.startswith(".zfs")]
            (made / "a").write_text("X")
        else:
            was = (folder / "a").stat()
            (folder / "a").write_text("b")
            os.utime(folder / "a", ns=(was.st_atime_ns, was.st_mtime_ns))

    with pytest.raises(PlanError, match="not like it"):
        zfstune.move_in("git", folder, at=NAME, owner=False, on_step=write, engine=pool)
    assert (folder / "a").exists()
    assert folder.stat().st_dev == folder.parent.stat().st_dev


def test_no_room(pool: _Renaming, folder: Path) -> None:
    """A directory that is larger than the space that is left is refused."""
    (folder / "large").write_bytes(b"x" * (20 << 20))
    pool.set("tank", {"quota": "10M"})
    with pytest.raises(PlanError, match=r"it takes 20.*, and .* are left"):
        zfstune.move_in("git", folder, at=NAME, engine=pool)
    assert not pool.exists(NAME)
