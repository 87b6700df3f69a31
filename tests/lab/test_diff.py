"""The changes between two snapshots of real files, as `zfs diff` tells them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from zfstune.snapshots.changes import ADDED, MODIFIED, REMOVED, RENAMED
from zfstune.snapshots.diff import diff

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from zfstune.engine.protocol import Engine
    from zfstune.snapshots.changes import PathChange

    Command = Callable[..., str]

pytestmark = pytest.mark.one_release

SIGNS = {ADDED: "+", REMOVED: "-", MODIFIED: "M", RENAMED: "R"}
KINDS = {"file": "F", "directory": "/", "link": "@", "pipe": "|"}


def as_zfs_diff(changes: Iterable[PathChange], mountpoint: str) -> set[str]:
    """Give the lines that `zfs diff -FH` prints."""
    lines = set()
    for change in changes:
        words = [SIGNS[change.kind], KINDS[change.what]]
        paths = [change.old_path, change.path] if change.old_path else [change.path]
        words += [f"{mountpoint}{path}" for path in paths]
        if change.links:
            words.append(f"({change.links:+})")
        lines.add("\t".join(words))
    return lines


def before(folder: Path) -> None:
    """Write files for the first snapshot."""
    for name in ("same", "changed", "goes", "renamed", "linked", "unlinked", "reused"):
        (folder / name).write_bytes(name.encode() * 1000)
    os.link(folder / "unlinked", folder / "second name")
    (folder / "full").mkdir()
    (folder / "full" / "inside").touch()
    (folder / "moved").mkdir()
    (folder / "soft").symlink_to("same")


def after(folder: Path) -> None:
    """Change them for the second one."""
    (folder / "changed").write_bytes(b"other")
    (folder / "goes").unlink()
    (folder / "renamed").rename(folder / "full" / "new name")
    os.link(folder / "linked", folder / "one more")
    (folder / "second name").unlink()
    (folder / "reused").unlink()
    (folder / "full" / "inside").chmod(0o600)
    (folder / "moved").rename(folder / "has moved")
    (folder / "soft").unlink()
    os.mkfifo(folder / "made")
    many = folder / "many"
    many.mkdir()
    for number in range(300):
        (many / str(number)).touch()


@pytest.mark.parametrize("xattr", ["sa", "on"])
def test_it_is_what_zfs_diff_says(
    engine: Engine, pool: str, command: Command, tmp_path: Path, xattr: str
) -> None:
    """Each kind of change, and no other line; attributes are a change to their file."""
    name = f"{pool}/{xattr}"
    command("zfs", "create", "-o", f"mountpoint={tmp_path}", "-o", f"xattr={xattr}", name)
    try:
        before(tmp_path)
        engine.take_snapshots([f"{name}@1"])
        after(tmp_path)
        engine.take_snapshots([f"{name}@2"])
        os.setxattr(tmp_path / "same", "user.note", b"text")
        engine.take_snapshots([f"{name}@3"])
        (found,) = diff(f"{name}@1", "@2", engine=engine).datasets
        told = command("zfs", "diff", "-FH", f"{name}@1", f"{name}@2").splitlines()
        assert as_zfs_diff(found.paths, str(tmp_path)) == {
            line.replace(r"\0040", " ") for line in told
        }
        assert len(found.paths) > 310
        (found,) = diff(f"{name}@2", "@3", engine=engine).datasets
        assert [(c.kind, c.what, c.path) for c in found.paths] == [
            (MODIFIED, "file", "/same")
        ]
    finally:
        command("zfs", "destroy", "-r", name)
