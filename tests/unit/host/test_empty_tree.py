"""All that is in a folder goes, and the folder stays."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from zfstune.host.empty_tree import empty_tree

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_all_goes(tmp_path: Path) -> None:
    """Files, links and folders go; what a link leads to stays."""
    top, outside = tmp_path / "top", tmp_path / "outside"
    (top / "a" / "b").mkdir(parents=True)
    outside.mkdir()
    (outside / "kept").touch()
    (top / "a" / "file").touch()
    (top / "link").symlink_to(outside)
    fd = os.open(top, os.O_RDONLY)
    try:
        assert empty_tree(fd)
    finally:
        os.close(fd)
    assert list(top.iterdir()) == []
    assert (outside / "kept").exists()


def test_mount_points_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of another filesystem is emptied and stays, with the folders above it."""
    (tmp_path / "a" / "mounted" / "inner").mkdir(parents=True)
    (tmp_path / "a" / "file").touch()
    mounted = (tmp_path / "a" / "mounted").stat().st_ino
    real = os.stat

    def stat(name: str, **more: object) -> os.stat_result:
        facts = real(name, **more)  # type: ignore[arg-type]
        if facts.st_ino != mounted:
            return facts
        return os.stat_result([*facts[:2], facts.st_dev + 1, *facts[3:]])

    monkeypatch.setattr(os, "stat", stat)
    fd = os.open(tmp_path, os.O_RDONLY)
    try:
        assert not empty_tree(fd)
    finally:
        os.close(fd)
    monkeypatch.undo()
    assert [str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*")] == ["a", "a/mounted"]
