"""An image: calls that it refuses, and files that cannot become one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from scripted_binding import ScriptedBinding
from zfstune.engine import image
from zfstune.engine.image import create_image
from zfstune.values.errors import (
    AlreadyExists,
    InvalidName,
    InvalidValue,
    NotFound,
    NotSupported,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("call", ["mount", "remount", "unmount", "give"])
def test_nothing_of_an_image_is_mounted(call: str) -> None:
    """Calls that mount are refused, with the way to mount it."""
    engine = ScriptedBinding().engine()
    with pytest.raises(NotSupported, match="'tank/a': it lies in an image") as caught:
        getattr(engine, call)("tank/a")
    assert "zpool import -d" in caught.value.hint
    with pytest.raises(InvalidName):
        getattr(engine, call)("tank/a@1")


def test_questions_about_mounts_have_empty_answers() -> None:
    """Questions about mounts have empty answers, and their names are checked."""
    engine = ScriptedBinding().engine()
    assert engine.mounts() == {}
    assert engine.places(["/srv"]) == {}
    assert engine.snapshot_numbers(["tank/a"]) == {}
    with pytest.raises(InvalidName):
        engine.snapshot_numbers(["tank/a@1"])


def test_a_filesystem_of_an_older_version() -> None:
    """A filesystem of an older version is refused in an image."""
    binding = ScriptedBinding()
    binding.engine().create("tank/a", properties={"version": "5"})
    with pytest.raises(NotSupported, match="version 5 only"):
        binding.engine().create("tank/b", properties={"version": "4"})
    assert [args[0] for name, args in binding.asked if name == "zt_create"] == ["tank/a"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"size_bytes": (64 << 20) - 1}, "the smallest has 64M"),
        ({"size_bytes": 1 << 63}, "the size of an image"),
        ({"size_bytes": True}, "it must be a whole number"),
        ({"size_bytes": 64 << 20, "ashift": 17}, "it must be from 9 to 16"),
        ({"size_bytes": 64 << 20, "ashift": 8}, "it must be from 9 to 16"),
        ({"size_bytes": 64 << 20, "pool": "mirror"}, "mirror"),
    ],
)
def test_values_that_make_no_image(
    tmp_path: Path, values: dict[str, Any], words: str
) -> None:
    """Values that make no image are refused before a file is made."""
    file = tmp_path / "a.zpool"
    with pytest.raises(InvalidValue, match=words):
        create_image(file, **values)
    assert not file.exists()


def test_a_file_that_is_there_already(tmp_path: Path) -> None:
    """An existing file is not written to, and no folder is made for a new one."""
    file = tmp_path / "a.zpool"
    file.write_text("precious")
    with pytest.raises(AlreadyExists, match="cannot create image"):
        create_image(file, size_bytes=64 << 20)
    assert file.read_text() == "precious"
    with pytest.raises(NotFound, match="its directory does not exist"):
        create_image(tmp_path / "none" / "a.zpool", size_bytes=64 << 20)


def test_a_pool_that_could_not_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new file is removed if no pool can be made in it."""
    file = tmp_path / "a.zpool"

    def refuse(target: str, *, create: tuple[str, int, int]) -> None:
        assert file.stat().st_mode & 0o777 == 0o600
        assert (target, create) == (str(file), ("tank", 64 << 20, 12))
        raise KeyboardInterrupt

    monkeypatch.setattr(image, "ImageEngine", refuse)
    with pytest.raises(KeyboardInterrupt):
        create_image(file, size_bytes=64 << 20)
    assert not file.exists()
