"""Files brought back: nothing is overwritten, and no kill at any call loses anything."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mounted_folder import MountedFolder
from zfstune.engine.exchange import exchange_names
from zfstune.snapshots import restore, restore_folder
from zfstune.snapshots.restore import restore_path
from zfstune.values.errors import NotFound, NotSupported, PlanError
from zfstune.values.frozen import replace
from zfstune.values.state import Dataset, Mount, PropertyValue

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.snapshots.restore_plan import PathPlan, RestoredPath

SNAPSHOT = "tank/home@monday"


@pytest.fixture
def home(tmp_path: Path) -> MountedFolder:
    """Give a dataset with a snapshot of a folder with two files."""
    engine = MountedFolder(tmp_path)
    inside = engine.take("monday") / "ann"
    inside.mkdir()
    (inside / "a").write_text("old a")
    (inside / "b").hardlink_to(inside / "a")
    os.utime(inside / "a", ns=(5, 6))
    os.utime(inside, ns=(7, 8))
    return engine


def listed(folder: Path) -> list[str]:
    """List the names in a folder."""
    return sorted(path.name for path in folder.iterdir())


def back(
    home: MountedFolder, path: str, *, to: str | None = None, dry_run: bool = False
) -> RestoredPath:
    """Restore from the snapshot."""
    return restore_path(SNAPSHOT, path, to=to, dry_run=dry_run, engine=home.seam)


def test_a_file_that_was_deleted(home: MountedFolder) -> None:
    """It comes back with its folder; a dry run makes nothing, a second run nothing more."""
    plan = back(home, "ann/a", dry_run=True).plan
    assert plan.makes == (f"{home.path}/ann",)
    assert not (home.path / "ann").exists()
    shown: list[PathPlan] = []
    done = restore_path(SNAPSHOT, "ann/a", engine=home.seam, show=shown.append)
    assert (done.done, done.plan, shown) == (True, plan, [plan])
    assert (home.path / "ann" / "a").read_text() == "old a"
    assert (home.path / "ann" / "a").stat().st_mtime_ns == 6
    again = back(home, f"{home.path}/ann/a")
    assert (again.done, again.plan.same) == (False, True)
    assert listed(home.path / "ann") == ["a"]


def test_what_is_there_is_kept(home: MountedFolder) -> None:
    """A file or folder in the way gets another name, and the plan says which."""
    (home.path / "ann").mkdir()
    (home.path / "ann" / "a").write_text("new a")
    first = back(home, "ann/a").plan
    assert first.aside.startswith(f"{home.path}/ann/a.before-restore-")
    assert (home.path / first.aside).read_text() == "new a"
    second = back(home, "ann").plan
    assert (home.path / second.aside / Path(first.aside).name).exists()
    assert listed(home.path / "ann") == ["a", "b"]
    assert (home.path / "ann/a").stat().st_nlink == 2
    assert (home.path / "ann").stat().st_mtime_ns == 8


def test_to_another_folder(home: MountedFolder, tmp_path: Path) -> None:
    """The dataset itself stays as it is; all of it goes by the dataset's last name."""
    (tmp_path / "out").mkdir()
    done = back(home, "ann/b", to=str(tmp_path / "out"))
    assert done.plan.target == str(tmp_path / "out" / "b")
    assert (tmp_path / "out" / "b").read_text() == "old a"
    whole = back(home, ".", to=str(tmp_path / "out"))
    assert whole.plan.target == str(tmp_path / "out" / "home")
    assert (tmp_path / "out" / "home" / "ann" / "a").read_text() == "old a"
    assert listed(home.path) == [".zfs"]
    with pytest.raises(PlanError, match="all of 'tank/home'"):
        back(home, ".")
    with pytest.raises(PlanError, match="it is gone"):
        back(home, "ann", to=str(tmp_path / "nosuch"))


def test_a_link_to_the_mountpoint(home: MountedFolder, tmp_path: Path) -> None:
    """A path through a link outside is understood; one that lies elsewhere is not."""
    (tmp_path / "short").symlink_to(home.path)
    assert back(home, str(tmp_path / "short/ann/a")).done
    with pytest.raises(PlanError, match="does not lie in"):
        back(home, str(tmp_path / "elsewhere"))
    with pytest.raises(PlanError, match="leads out"):
        back(home, f"{home.path}/../x")


def test_no_mount_is_moved(home: MountedFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that something is mounted in is not put aside."""
    (home.path / "ann" / "mnt").mkdir(parents=True)
    seen: list[str] = []

    def mounted(path: str) -> tuple[str, ...]:
        seen.append(path)
        return (f"{path}/mnt",)

    monkeypatch.setattr(restore, "mount_points_at", mounted)
    with pytest.raises(PlanError, match="something is mounted at"):
        back(home, "ann")
    assert seen == [f"{home.path}/ann"]
    assert (home.path / "ann" / "mnt").exists()


def test_datasets_below_are_named(
    home: MountedFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their files are in snapshots of their own; so are access lists a kernel hides."""
    path = f"{home.path}/ann/below"
    home.table["tank/home/below"] = Mount("tank/home/below", path, 0, 0, 0o755)
    values = {"acltype": PropertyValue("nfsv4", "local")}
    monkeypatch.setattr(
        home, "dataset", lambda name: Dataset(name, "filesystem", 1, 1, values)
    )
    monkeypatch.setattr(restore, "gives_access_lists", lambda _: False)
    below, lists = back(home, "ann", dry_run=True).plan.cautions
    assert "'tank/home/below' is mounted" in below
    assert "NFSv4" in lists
    monkeypatch.setattr(restore, "gives_access_lists", lambda _: True)
    assert back(home, "ann/a", dry_run=True).plan.cautions == ()


def test_where_no_files_can_be_read(
    home: MountedFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An image, a volume, what is not mounted or hidden: each has its own words."""
    with pytest.raises(NotFound, match="no snapshot of that name"):
        restore_path("tank/home@tuesday", "a", engine=home.seam)
    home.table["tank/home"] = replace(home.table["tank/home"], hidden=True)
    with pytest.raises(PlanError, match="mounted over"):
        back(home, "ann")
    home.table.clear()
    with pytest.raises(PlanError, match="not mounted"):
        back(home, "ann")
    monkeypatch.setattr(home, "dataset", lambda name: Dataset(name, "volume", 1, 1))
    with pytest.raises(PlanError, match="is a volume"):
        back(home, "ann")
    monkeypatch.setattr(home, "file", "x.zpool", raising=False)
    with pytest.raises(NotSupported, match="no kernel has its files mounted") as caught:
        back(home, "ann")
    assert "zfstune rollback tank/home@monday" in caught.value.hint


def test_an_error_of_the_system_is_told(
    home: MountedFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names the file, and nothing of the copy is left."""

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("zfstune.host.copy_tree.write_attributes", refuse)
    with pytest.raises(PlanError) as caught:
        back(home, "ann")
    assert str(caught.value) == "cannot restore 'ann/a': Operation not permitted"
    assert caught.value.hint.startswith("nothing has been overwritten")
    assert listed(home.path) == [".zfs"]


def killed_after(
    calls: int,
    work: Callable[[], object],
    monkeypatch: pytest.MonkeyPatch,
    *,
    exchanges: bool,
) -> bool:
    """Do work in a child process that dies before a call to the system; tell whether."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    left = iter(range(calls))

    def mortal(call: Callable[..., object]) -> Callable[..., object]:
        def count(*given: object, **named: object) -> object:
            if next(left, None) is None:
                os._exit(9)
            return call(*given, **named)

        return count

    for name in ("mkdir", "link", "rename", "unlink", "rmdir", "pwrite", "utime"):
        monkeypatch.setattr(os, name, mortal(getattr(os, name)))
    if exchanges:
        monkeypatch.setattr(restore_folder, "exchange_names", mortal(exchange_names))
    status = 1
    try:
        work()
        status = 0
    finally:
        os._exit(status)


def texts(folder: Path) -> list[str]:
    """Give the content of all files below a folder, but for the snapshots."""
    return [
        file.read_text()
        for file in folder.rglob("*")
        if file.is_file() and ".zfs" not in file.relative_to(folder).parts
    ]


@pytest.mark.parametrize("path", ["ann", "ann/a"])
@pytest.mark.parametrize("exchange", ["at once", "in steps"])
def test_killed_before_any_call(
    home: MountedFolder, monkeypatch: pytest.MonkeyPatch, exchange: str, path: str
) -> None:
    """What stood in the way is there after each kill, and the next run completes it."""
    if exchange == "in steps":
        monkeypatch.setattr(restore_folder, "exchange_names", lambda *_: False)
    deaths = 0
    while True:
        (home.path / "ann").mkdir()
        (home.path / "ann" / "a").write_text(f"new {deaths}")
        exchanges = exchange == "at once"
        died = killed_after(
            deaths, lambda: back(home, path), monkeypatch, exchanges=exchanges
        )
        assert f"new {deaths}" in texts(home.path)
        back(home, path)
        assert back(home, path).plan.same
        assert f"new {deaths}" in texts(home.path)
        assert not [n for n in listed(home.path) if n.startswith(".zfstune")]
        assert not [n for n in listed(home.path / "ann") if n.startswith(".zfstune")]
        (home.path / "ann").rename(home.path / f"done {deaths}")
        if not died:
            break
        deaths += 1
    assert deaths > 5
