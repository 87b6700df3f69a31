"""What is read of an installation: versions, programs, services, swaps, the clock."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from zfstune.host import zfs_installation as installed

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("content", "version"),
    [
        (b"\x7fELF..\0zfs-2.3.2-2\0more", "2.3.2-2"),
        (b"\0zfs-2.1.11-1+deb12u1\0", "2.1.11-1+deb12u1"),
        (b"\0zfs-2.1.11", ""),  # cut off
        (b"\0zfs-2.1\0", ""),
        (b"", ""),
        (b"nothing", ""),
    ],
)
def test_the_library(tmp_path: Path, content: bytes, version: str) -> None:
    """Its own text tells the version, as `zfs version` prints it."""
    (tmp_path / "libzfs.so.6").write_bytes(content)
    assert installed.library_version([os.fspath(tmp_path)]) == version


def test_no_library(tmp_path: Path) -> None:
    """A folder that is not there holds none."""
    assert installed.library_version([f"{tmp_path}/no"]) == ""


def test_programs(tmp_path: Path) -> None:
    """A program counts where it can be run."""
    for name, mode in (("ssh", 0o755), ("exportfs", 0o644)):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(mode)
    found = installed.find_programs(("ssh", "exportfs"), ["/nowhere", f"{tmp_path}"])
    assert found == {"ssh": f"{tmp_path}/ssh", "exportfs": ""}


def test_running(tmp_path: Path) -> None:
    """A program is missed only where a system runs whose processes can all be seen."""
    proc, run = tmp_path / "proc", tmp_path / "run"
    (proc / "12").mkdir(parents=True)
    (proc / "12" / "comm").write_text("zed\n")
    asked = ("zed", "chronyd")
    assert installed.running_among(asked, f"{proc}", f"{run}") is None
    (run / "systemd" / "system").mkdir(parents=True)
    assert installed.running_among(asked, f"{proc}", f"{run}") == frozenset({"zed"})
    assert installed.running_among(asked, "/nowhere", f"{run}") == frozenset()
    (run / "systemd" / "container").touch()
    assert installed.running_among(asked, f"{proc}", f"{run}") is None


def test_swaps(tmp_path: Path) -> None:
    """The table has a line of headings and then a path in each line."""
    table = tmp_path / "swaps"
    table.write_text("Filename Type Size\n/dev/zd0 partition 1\n/swap\\040file file 2\n")
    assert installed.swaps(f"{table}") == ("/dev/zd0", "/swap\\040file")
    assert installed.swaps("/nowhere") == ()


def test_this_machine() -> None:
    """What every machine can tell of itself."""
    assert installed.memory_bytes() > 1 << 20
    assert installed.zfs_parameters(["no_such_parameter"]) == {}
    assert installed.has_zone_data() is True
