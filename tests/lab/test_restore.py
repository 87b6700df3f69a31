"""Files brought back out of snapshots by the kernel, with all that belongs to them."""

from __future__ import annotations

import os
import struct
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import zfstune

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine

    Command = Callable[..., str]

K = 1024


def access_list(user: int) -> bytes:
    """Give a POSIX access list, as include/uapi/linux/posix_acl_xattr.h lays it out."""
    entries = ((1, 6, -1), (2, 4, user), (4, 5, -1), (16, 5, -1), (32, 0, -1))
    return b"\2\0\0\0" + b"".join(struct.pack("<HHi", *entry) for entry in entries)


def fill(folder: Path) -> None:
    """Make a folder with a bit of everything that a snapshot keeps."""
    deep = folder / "deep\n\udcff"
    deep.mkdir(parents=True)
    file = folder / "file"
    with file.open("wb") as opened:
        opened.write(os.urandom(200 * K))
        opened.seek(8 << 20)
        opened.write(os.urandom(200 * K))
    os.chown(file, 1234, 4321)
    file.chmod(0o4750)
    os.setxattr(file, "user.note", b"text\0")
    os.setxattr(file, "trusted.note", b"x" * 5000)
    os.setxattr(file, "system.posix_acl_access", access_list(77))
    os.setxattr(folder, "system.posix_acl_default", access_list(99))
    (deep / "again").hardlink_to(file)
    (folder / "link").symlink_to("nowhere")
    os.chown(folder / "link", 7, 8, follow_symlinks=False)
    os.mkfifo(folder / "pipe")
    os.mknod(folder / "null", 0o600 | 0o020000, os.makedev(1, 3))
    (folder / "fixed").write_text("fixed")
    for name in ("file", "fixed", "deep\n\udcff", "."):
        os.utime(folder / name, ns=(1_000_000_001, 1_234_567_890_123_456_789))
    subprocess.run(["chattr", "+i", folder / "fixed"], check=True)


def facts(folder: Path) -> dict[str, object]:
    """Give what must be the same, by path below a folder."""
    found: dict[str, object] = {}
    for path in (folder, *folder.rglob("*")):
        about = path.lstat()
        plain = not path.is_symlink()
        extended = {
            name: os.getxattr(path, name, follow_symlinks=False)
            for name in os.listxattr(path, follow_symlinks=False)
        }
        found[os.fspath(path.relative_to(folder))] = (
            *(about.st_mode, about.st_uid, about.st_gid, about.st_mtime_ns, about.st_rdev),
            *(about.st_nlink, extended),
            path.read_bytes() if plain and path.is_file() else b"",
            subprocess.run(
                ["lsattr", "-d", path], capture_output=True, check=False
            ).stdout.split(b" ")[0]
            if plain and (path.is_file() or path.is_dir())
            else b"",
        )
    return found


def test_a_folder_comes_back(dataset: str, engine: Engine, command: Command) -> None:
    """All that belongs to it is as it was; what stood in the way is kept."""
    engine.set(dataset, {"acltype": "posix", "xattr": "sa"})
    engine.remount(dataset)
    folder = Path(f"/{dataset}/data")
    fill(folder)
    before = facts(folder)
    engine.take_snapshots([f"{dataset}@one"])
    command("chattr", "-i", str(folder / "fixed"))
    (folder / "file").write_text("changed")
    (folder / "more").write_text("made since")
    changed = facts(folder)
    done = zfstune.restore(f"{dataset}@one", "data", engine=engine)
    assert facts(folder) == before
    assert facts(Path(done.plan.aside)) == changed
    engine.sync(dataset.partition("/")[0])
    assert (folder / "file").stat().st_blocks * 512 < 4 << 20  # the hole is one
    again = zfstune.restore(f"{dataset}@one", f"/{dataset}/data", engine=engine)
    assert (again.done, again.plan.same) == (False, True)
    assert set(folder.parent.iterdir()) == {folder, Path(done.plan.aside)}
    command("chattr", "-i", str(folder / "fixed"))


def test_one_file_and_its_folder(dataset: str, engine: Engine, command: Command) -> None:
    """A file of a folder that is gone; a snapshot that was not looked into before."""
    folder = Path(f"/{dataset}/a/b")
    folder.mkdir(parents=True)
    folder.chmod(0o710)
    (folder / "file").write_text("old")
    engine.take_snapshots([f"{dataset}@one"])
    command("rm", "-r", f"/{dataset}/a")
    done = subprocess.run(
        ["zfstune", "restore", f"{dataset}@one", "a/b/file"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"restore /{dataset}/a/b/file from {dataset}@one: 3 bytes\n"
        f"  make the folder /{dataset}/a\n  make the folder /{dataset}/a/b\n"
        f"restored /{dataset}/a/b/file\n"
    )
    assert (folder / "file").read_text() == "old"
    assert folder.stat().st_mode & 0o777 == 0o710


def test_another_place(dataset: str, engine: Engine, tmp_path: Path) -> None:
    """On another filesystem, and beside a dataset that is mounted below."""
    below = f"{dataset}/below"
    engine.create(below)
    engine.mount(below)
    Path(f"/{dataset}/file").write_text("text")
    engine.take_snapshots([f"{dataset}@one"])
    zfstune.restore(f"{dataset}@one", "file", to=str(tmp_path), engine=engine)
    assert (tmp_path / "file").read_text() == "text"
    whole = zfstune.restore(f"{dataset}@one", ".", to=str(tmp_path), engine=engine)
    assert any(below in caution for caution in whole.plan.cautions)
    assert list(Path(f"{whole.plan.target}/below").iterdir()) == []
    Path(f"/{dataset}/below/x").write_text("stays")
    with pytest.raises(zfstune.PlanError, match="something is mounted"):
        zfstune.restore(f"{dataset}@one", "below", engine=engine)
    with pytest.raises(zfstune.NotFound, match="does not have") as caught:
        zfstune.restore(f"{dataset}@one", "below/x", engine=engine)
    assert f"{below}@one" in caught.value.hint
    assert Path(f"/{dataset}/below/x").read_text() == "stays"
