"""Disks in files: their blocks without zeros, whatever the parts that hold them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.clones.read_disk import _in_blocks, open_disk
from zfstune.values.errors import InvalidValue, PlanError

if TYPE_CHECKING:
    from pathlib import Path

BLOCK = 4096
MIB = 1 << 20


def content(path: Path, form: str | None = None) -> tuple[int, dict[int, bytes]]:
    """Read the size and the blocks of a disk."""
    with open_disk(str(path), form) as disk:
        return disk.size_bytes, dict(disk.blocks(BLOCK))


def test_a_raw_disk(tmp_path: Path) -> None:
    """Holes and written zeros alike are left out; the end is filled up."""
    path = tmp_path / "disk.raw"
    with path.open("wb") as file:
        file.truncate(3 * MIB + 100)
        os.pwrite(file.fileno(), b"a" * 10, MIB + 5)
        os.pwrite(file.fileno(), bytes(BLOCK), 2 * MIB)
        os.pwrite(file.fileno(), b"z", 3 * MIB + 99)
    size, blocks = content(path)
    assert size == 3 * MIB + 100
    assert blocks == {
        MIB: bytes(5) + b"a" * 10 + bytes(BLOCK - 15),
        3 * MIB: bytes(99) + b"z" + bytes(BLOCK - 100),
    }


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 40))),
    st.integers(1, 600),
    st.sampled_from([8, 16, 64]),
)
def test_parts_become_blocks(gaps: list[tuple[int, int]], size: int, block: int) -> None:
    """Any parts in order are cut so that no byte is lost, moved or made up."""
    disk, parts, at = bytearray(2000), [], 0
    for number, (gap, length) in enumerate(gaps):
        at += gap
        data = bytes([number % 255 + 1]) * length
        parts.append((at, data))
        disk[at : at + length] = data
        at += length
    disk = disk[:size] + bytes(len(disk) - size)
    found = bytearray(len(disk) + block)
    offsets = []
    for offset, data in _in_blocks(parts, block, size):
        assert len(data) == block
        assert offset % block == 0
        offsets.append(offset)
        found[offset : offset + block] = data
    assert offsets == sorted(set(offsets))
    assert found[: len(disk)] == disk


@pytest.mark.parametrize(
    ("begin", "name"), [(b"KDMV", "VMDK"), (b"vhdxfile", "VHDX"), (b"\x1f\x8b", "packed")]
)
def test_other_formats_are_no_disks(tmp_path: Path, begin: bytes, name: str) -> None:
    """Unless somebody says that it is a raw disk that begins so."""
    path = tmp_path / "disk"
    path.write_bytes(begin + bytes(5000))
    with pytest.raises(InvalidValue, match=name) as caught:
        content(path)
    assert "qemu-img convert -O raw" in caught.value.hint
    assert content(path, "raw")[0] == len(begin) + 5000


def test_what_is_no_file(tmp_path: Path) -> None:
    """A folder, a pipe, nothing, and nothing in it; none of them is waited for."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").touch()
    for name, reason in (
        ("", "it is no plain file"),
        ("pipe", "it is no plain file"),
        ("empty", "it is empty"),
    ):
        with pytest.raises(InvalidValue, match=reason):
            content(tmp_path / name)
    with pytest.raises(PlanError, match="No such file"):
        content(tmp_path / "none")
