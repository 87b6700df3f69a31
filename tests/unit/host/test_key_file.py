"""The file of a key: read once, in bounds, and only where it is a file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from zfstune.host.key_file import read_key
from zfstune.values.errors import InvalidValue

if TYPE_CHECKING:
    from pathlib import Path


def test_the_key_is_the_content_of_the_file(tmp_path: Path) -> None:
    """Bytes come as they are, newlines too; the file may be a link."""
    file = tmp_path / "key"
    file.write_bytes(b"\n" * 32)
    link = tmp_path / "link"
    link.symlink_to(file)
    for path in (file, link):
        assert read_key(f"file://{path}").wrapping("raw") == b"\n" * 32


@pytest.mark.parametrize("location", ["prompt", "none", "", "https://x/key", "/etc/key"])
def test_a_location_without_a_file(location: str) -> None:
    """Nothing is asked for and nothing is fetched: the caller has to have the key."""
    with pytest.raises(InvalidValue, match="names no file") as caught:
        read_key(location)
    assert "keylocation=file:///PATH" in caught.value.hint


def test_what_is_no_plain_file(tmp_path: Path) -> None:
    """A pipe nobody writes to does not hang; a device, a folder, a gap are refused."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"x" * 4097)
    for path, reason in (
        (tmp_path / "pipe", "no regular file"),
        ("/dev/zero", "no regular file"),
        (tmp_path, "no regular file"),
        (tmp_path / "none", "no such file"),
        (tmp_path / "large", "more than 4096 bytes"),
    ):
        with pytest.raises(InvalidValue, match=reason):
            read_key(f"file://{path}")
