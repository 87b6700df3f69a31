"""The benchmarks of record sizes: what they take and refuse, and a part of them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from devices import ENDS_BYTES, clear, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Command = Callable[..., str]

pytestmark = pytest.mark.one_release

ROOT = Path(__file__).parents[2]


@pytest.fixture
def device(command: Command, tmp_path: Path) -> Iterator[str]:
    """Give a device that holds nothing: a file behind a loop device."""
    command("modprobe", "loop")
    file = tmp_path / "device"
    with file.open("wb") as out:
        out.truncate(512 << 20)
    loop = command("losetup", "--find", "--show", "--partscan", str(file)).strip()
    yield loop
    command("losetup", "--detach", loop)


def test_a_device_that_may_be_taken(device: str) -> None:
    """It is empty, and named in full."""
    assert refusal(device) == ""
    assert "not named in full" in refusal(device.removeprefix("/dev/"))
    assert "no block device" in refusal("/dev/null")
    assert "No such file" in refusal("/dev/nosuch")


def test_a_device_in_a_pool(device: str, command: Command) -> None:
    """It is in use; a destroyed pool leaves its labels; cleared, the device is empty."""
    command("zpool", "create", "-m", "none", "zt-taken", device)
    assert refusal(device) != ""
    command("zpool", "destroy", "zt-taken")
    assert refusal(device) != ""
    clear(device)
    assert refusal(device) == ""


@pytest.mark.parametrize("at", [1080, 4096, ENDS_BYTES, (512 << 20) - 512])
def test_a_device_that_holds_something(device: str, at: int) -> None:
    """Where a file system, a volume group or a partition table lies, anything is enough."""
    where = at if at != ENDS_BYTES else ENDS_BYTES - 1
    with Path(device).open("r+b") as file:
        file.seek(where)
        file.write(b"\x53")
    assert "it holds something" in refusal(device)


def test_a_device_that_is_mounted(device: str, command: Command, tmp_path: Path) -> None:
    """The mountpoint is named."""
    command("mkfs.ext4", "-q", device)
    folder = tmp_path / "mounted"
    folder.mkdir()
    command("mount", device, str(folder))
    try:
        assert refusal(device) == f"it is mounted on {folder}"
    finally:
        command("umount", str(folder))


def test_a_part_of_the_suite(device: str, tmp_path: Path) -> None:
    """A pool is made on the device, a profile's choice holds, and nothing is left."""
    words = (
        "--device",
        device,
        "--ashift",
        "12",
        "--size",
        "1M",
        "--workloads",
        "postgres",
    )
    argv = (sys.executable, "-m", "pytest", str(ROOT / "benchmarks/recordsize"), *words)
    done = subprocess.run(
        (*argv, "-k", "choice", "--rootdir", str(ROOT), "-c", str(ROOT / "pyproject.toml")),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\| single +\| 12 +\| postgres +\| 8K lz4 .* holds", done.stdout)
    (saved,) = (tmp_path / ".benchmarks").rglob("*.json")
    assert "write_amplification" in saved.read_text()
    assert refusal(device) == ""
