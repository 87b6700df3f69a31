"""Mounts that are refused before the kernel is asked."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from zfstune.engine import _mount
from zfstune.values.errors import Busy, PlanError
from zfstune.values.state import Dataset, PropertyValue

if TYPE_CHECKING:
    from pathlib import Path


def dataset(**properties: str) -> Dataset:
    """Return a filesystem with these properties."""
    values = {name: PropertyValue(value) for name, value in properties.items()}
    return Dataset("tank/a", "filesystem", 1, 1, values)


def test_files_are_not_covered_without_overlay(tmp_path: Path) -> None:
    """With overlay=off a directory that lists anything is refused; with on it is not."""
    (tmp_path / "folder").mkdir()
    place, path = os.open(tmp_path, os.O_PATH), str(tmp_path)
    try:
        _mount._check_empty(dataset(overlay="on"), place, path, path, hide=True)
        _mount._check_empty(dataset(overlay="on"), place, path, path, hide=False)
        with pytest.raises(Busy, match="overlay is off"):
            _mount._check_empty(dataset(overlay="off"), place, path, path, hide=True)
        (tmp_path / "folder" / "file").touch()
        _mount._check_empty(dataset(overlay="on"), place, path, path, hide=True)
        with pytest.raises(PlanError, match="would hide its content") as caught:
            _mount._check_empty(dataset(overlay="on"), place, path, path, hide=False)
    finally:
        os.close(place)
    assert "(folder/file)" in caught.value.message
    assert f"mv -T {path} {path}.before-zfs" in caught.value.hint


def test_a_comma_is_no_mountpoint(tmp_path: Path) -> None:
    """A mountpoint with a comma is refused: what follows would be a mount option."""
    path = tmp_path / "a,ro"
    with pytest.raises(PlanError, match=f"cannot mount 'tank/a': a comma in '{path}'"):
        _mount._mount_at(dataset(), str(path), readonly_pool=False)
