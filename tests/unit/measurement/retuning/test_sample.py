"""Whether compression of today would store a file otherwise."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from zfstune.measurement.retuning.find import found
from zfstune.measurement.retuning.sample import is_stored_otherwise
from zfstune.values.frozen import replace

if TYPE_CHECKING:
    from pathlib import Path

SIZE = 1 << 20


@pytest.mark.parametrize(
    ("data", "used", "compressed", "otherwise"),
    [
        (b"text" * (SIZE // 4), SIZE, True, True),  # whole, and it would shrink
        (os.urandom(SIZE), SIZE, True, False),
        (b"text" * (SIZE // 4), SIZE // 2, True, False),  # it has shrunk
        (b"text" * (SIZE // 4), SIZE // 2, False, True),  # shrunk, and it would be whole
        (b"text" * (SIZE // 4), SIZE, False, False),
    ],
)
def test_space_tells(
    tmp_path: Path, data: bytes, used: int, *, compressed: bool, otherwise: bool
) -> None:
    """The space that a file takes, and a sample of it, tell what can be told."""
    (tmp_path / "file").write_bytes(data)
    root = os.open(tmp_path, os.O_RDONLY)
    file = replace(found((tmp_path / "file").stat(), ("file",)), used_bytes=used)
    assert is_stored_otherwise(root, file, compressed=compressed) is otherwise
    double = replace(file, used_bytes=used * 2)
    assert is_stored_otherwise(root, double, compressed=compressed, copies=2) is otherwise
    gone = replace(file, inode=file.inode + 1)
    assert not is_stored_otherwise(root, gone, compressed=compressed)
    os.close(root)


def test_holes_are_no_compression(tmp_path: Path) -> None:
    """A file with a hole takes less than its length without compression."""
    (tmp_path / "file").touch()
    os.truncate(tmp_path / "file", SIZE)
    root = os.open(tmp_path, os.O_RDONLY)
    file = found((tmp_path / "file").stat(), ("file",))
    assert not is_stored_otherwise(root, file, compressed=False)
    os.close(root)
