"""What the labels of a file say: whose it is, and whether it is whole."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from zfstune.engine.image import ImageEngine, create_image
from zfstune.values.errors import Busy, Damaged, EngineError, RefusedValue

if TYPE_CHECKING:
    from pathlib import Path

MIB = 1 << 20
SIZE = 128 * MIB
LABEL = 256 << 10
OTHER_HOST = "0xbeef0001"

# A process that is killed leaves its pool marked as open, as a host that crashes does.
CRASH = """
import os, signal, sys
import zfstune
engine = zfstune.open(image=sys.argv[1], create_bytes=128 << 20)
engine.create("tank/a")
os.kill(engine._zfs._child.pid, signal.SIGKILL)
engine._zfs._child.wait()
os._exit(0)
"""


def crash(file: Path, host_id: str) -> None:
    """Leave an image behind as a host does that stops while it has it open."""
    # libspl takes its host's id from there first: lib/libspl/os/linux/gethostid.c
    env = {**os.environ, "ZFS_HOSTID": host_id}
    subprocess.run([sys.executable, "-c", CRASH, str(file)], check=True, env=env)


@pytest.fixture
def other_hosts(file: Path) -> str:
    """Give the name of another host that had the image open when it stopped."""
    crash(file, OTHER_HOST)
    return os.uname().nodename  # which the label has beside the id


def test_another_hosts_image_is_not_opened(file: Path, other_hosts: str) -> None:
    """The error names the host and the danger, and nothing is written."""
    before = file.read_bytes()
    for name in ("", "another-host"):
        with pytest.raises(Busy, match=f"host '{other_hosts}' has its pool open") as caught:
            ImageEngine(file, take_over_from=name)
        assert "two hosts at once destroy a pool" in caught.value.hint
        assert f"--take-over-from {other_hosts}" in caught.value.hint
    assert file.read_bytes() == before


def test_taken_over(file: Path, other_hosts: str) -> None:
    """Who names the host gets the pool; exported since, it is anybody's."""
    with ImageEngine(file, take_over_from=other_hosts) as engine:
        assert engine.exists("tank/a")
    with ImageEngine(file) as engine:
        assert engine.exists("tank/a")


def test_the_command_takes_over(file: Path, other_hosts: str) -> None:
    """The hint is an option as it stands."""
    zfstune = [sys.executable, "-m", "zfstune"]
    refused = subprocess.run(
        [*zfstune, "--image", file, "list"], capture_output=True, text=True, check=False
    )
    assert refused.returncode == 1
    option = refused.stderr.rstrip().rpartition(": ")[2].split()
    assert option == ["--take-over-from", other_hosts]
    for words in (["--image", str(file), *option, "list"], ["image", "info", str(file)]):
        done = subprocess.run([*zfstune, *words], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr


def test_ones_own_crash_needs_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same host opens what it had open itself."""
    monkeypatch.setenv("ZFS_HOSTID", OTHER_HOST)
    crash(file, OTHER_HOST)
    with ImageEngine(file) as engine:
        assert engine.exists("tank/a")


def test_an_exported_image_is_anybodys(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has it open, wherever it was made."""
    create_image(file, size_bytes=SIZE).close()
    monkeypatch.setenv("ZFS_HOSTID", OTHER_HOST)
    with ImageEngine(file) as engine:
        assert engine.exists("tank")


def refusal(file: Path) -> EngineError:
    """Give the error of opening a file, which leaves the file as it was."""
    before = file.stat().st_size, file.read_bytes()
    with pytest.raises(EngineError) as caught:
        ImageEngine(file)
    assert (file.stat().st_size, file.read_bytes()) == before
    return caught.value


@pytest.mark.parametrize("left", [SIZE - 1, SIZE - LABEL, SIZE // 2, 5 * MIB, 2 * MIB])
def test_a_file_that_is_cut_off(file: Path, left: int) -> None:
    """It is said to be that, wherever it ends behind its first labels."""
    create_image(file, size_bytes=SIZE).close()
    os.truncate(file, left)
    error = refusal(file)
    assert isinstance(error, RefusedValue)
    assert "cut off: the file is shorter than its pool" in error.reason


def test_damaged_labels(file: Path) -> None:
    """Without one good label, what is left of them says that there was a pool."""
    create_image(file, size_bytes=SIZE).close()
    with file.open("r+b") as raw:
        for offset in (0, LABEL, SIZE - 2 * LABEL, SIZE - LABEL):
            raw.seek(offset + (16 << 10))
            raw.write(os.urandom(112 << 10))
    error = refusal(file)
    assert isinstance(error, Damaged)
    assert error.reason == "its labels are damaged"


def test_a_damaged_pool(file: Path) -> None:
    """Good labels with nothing behind them: the pool is damaged, not missing."""
    create_image(file, size_bytes=SIZE).close()
    with file.open("r+b") as raw:
        raw.seek(4 * MIB)
        raw.write(os.urandom(SIZE - 5 * MIB))
    error = refusal(file)
    assert isinstance(error, Damaged)
    assert error.reason == "its pool is damaged"
