"""Errors that a newcomer meets first say what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.values.text import for_shell

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from zfstune.engine.image import ImageEngine

MIB = 1 << 20


def hint_of(call: Callable[[], object]) -> str:
    """Give the hint of the error that a call ends with."""
    with pytest.raises(zfstune.ZfstuneError) as caught:
        call()
    return caught.value.hint


def test_files(engine: ImageEngine, file: Path, tmp_path: Path) -> None:
    """A file that is missing, too small, there already, or in a folder that is not."""
    missing = tmp_path / "a file"
    command = f"`zfstune image create {for_shell(str(missing))} --size 1G`"
    assert command in hint_of(lambda: zfstune.open(missing))
    assert "--size 1G" in hint_of(lambda: zfstune.open(missing, create_bytes=MIB))
    again = hint_of(lambda: zfstune.open(file, create_bytes=256 * MIB))
    assert f"`zfstune image info {for_shell(str(file))}`" in again
    nowhere = tmp_path / "no" / "x.zpool"
    assert "directory" in hint_of(lambda: zfstune.open(nowhere, create_bytes=256 * MIB))
    assert hint_of(lambda: zfstune.open(tmp_path)) == "name a file in it"
    missing.write_bytes(bytes(MIB))
    assert "image create" in hint_of(lambda: zfstune.open(missing))
    assert engine.pool("tank").name == "tank"


def test_values_and_names(engine: ImageEngine, tmp_path: Path) -> None:
    """A value has the nearest one that is taken; a list that is empty says of what."""
    for text, near in (("9K", "8K"), ("1000000", "512K"), ("3", "512"), ("20M", "16M")):
        wrong = {"recordsize": text}
        hint = hint_of(lambda given=wrong: engine.create("tank/a", properties=given))  # type: ignore[misc]
        assert hint == f"write recordsize={near}"
    assert "zfstune list" in hint_of(lambda: zfstune.destroy(engine=engine))
    assert "zfstune list" in hint_of(lambda: zfstune.hold("x", engine=engine))
    two = hint_of(lambda: zfstune.destroy("tank/a", "other/b", engine=engine))
    assert "one pool after the other" in two
    elsewhere = hint_of(lambda: zfstune.apply("git", root="a/b", pool="c", engine=engine))
    assert "c/data" in elsewhere
    moved = hint_of(
        lambda: zfstune.move_in("git", str(tmp_path), at="tank/git", engine=engine)
    )
    assert "zfstune apply PROFILE --at tank/git" in moved
