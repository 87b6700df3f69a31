"""File systems on devices: told apart by their first bytes, renewed by their own tools."""

from __future__ import annotations

import stat
import subprocess
from typing import TYPE_CHECKING

import pytest

from zfstune.host import file_systems
from zfstune.host.file_systems import find_file_system, give_new_uuid
from zfstune.values.errors import EngineError

if TYPE_CHECKING:
    from pathlib import Path

MIB = 1 << 20


def head(*parts: tuple[int, bytes]) -> bytes:
    """Give the first bytes of a device."""
    data = bytearray(4096)
    for offset, part in parts:
        data[offset : offset + len(part)] = part
    return bytes(data)


SIGNED = (510, b"\x55\xaa")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (head((0x438, b"\x53\xef")), "ext"),
        (head((0x438, b"\x53\xef"), SIGNED), "ext"),  # a boot sector is before it
        (head((0, b"XFSB")), "xfs"),
        (head(SIGNED, (54, b"FAT16   ")), "vfat"),
        (head(SIGNED, (82, b"FAT32   ")), "vfat"),
        (head(SIGNED), "partitions"),
        (head(SIGNED, (512, b"EFI PART")), "partitions"),
        (head(), ""),
        (b"", ""),
    ],
)
def test_what_is_on_a_device(data: bytes, kind: str) -> None:
    """By the marks that libblkid goes by."""
    assert find_file_system(data) == kind


def test_an_ext_file_system_gets_another_uuid(tmp_path: Path) -> None:
    """By tune2fs; all else of it stays."""
    disk = tmp_path / "disk"
    with disk.open("wb") as file:
        file.truncate(8 * MIB)
    subprocess.run(["/usr/sbin/mkfs.ext4", "-q", str(disk)], check=True)
    before = disk.read_bytes()[0x468:0x478]
    assert give_new_uuid(str(disk), "tank/v") == "ext"
    assert disk.read_bytes()[0x468:0x478] != before


@pytest.mark.parametrize(
    ("data", "reason"),
    [(head(SIGNED), "it has partitions"), (head(), "zfstune knows no file system on it")],
)
def test_what_cannot_be_changed(tmp_path: Path, data: bytes, reason: str) -> None:
    """It is said, and not passed over."""
    disk = tmp_path / "disk"
    disk.write_bytes(data)
    with pytest.raises(EngineError, match=f"cannot change the UUID on 'tank/v': {reason}"):
        give_new_uuid(str(disk), "tank/v")
    with pytest.raises(EngineError, match="No such file"):
        give_new_uuid(str(tmp_path / "none"), "tank/v")


def test_a_tool_that_fails_or_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its last words are the reason."""
    tool = tmp_path / "tune2fs"
    tool.write_text("#!/bin/sh\necho first >&2; echo 'is mounted' >&2; exit 1\n")
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    disk = tmp_path / "disk"
    disk.write_bytes(head((0x438, b"\x53\xef")))
    monkeypatch.setattr(file_systems, "_PATH", f"{tmp_path}:/bin")
    with pytest.raises(EngineError, match="tune2fs: is mounted"):
        give_new_uuid(str(disk), "tank/v")
    monkeypatch.setattr(file_systems, "_PATH", str(tmp_path / "none"))
    with pytest.raises(EngineError, match="tune2fs is not installed"):
        give_new_uuid(str(disk), "tank/v")
