"""Leases on real files: who has a file open, by whatever way, is known."""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from zfstune.host.lease import give_back_lease, lease_is_whole, take_lease

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Iterator[int]:
    """Give a file that nobody else has open."""
    (tmp_path / "file").write_bytes(b"text")
    descriptor = os.open(tmp_path / "file", os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def test_nobody_has_it_open(file: int) -> None:
    """A lease is given, is whole, and can be given back twice."""
    take_lease(file)
    assert lease_is_whole(file)
    give_back_lease(file)
    assert not lease_is_whole(file)
    give_back_lease(file)


@pytest.mark.parametrize("mode", ["rb", "r+b"])
def test_somebody_reads_or_writes(file: int, tmp_path: Path, mode: str) -> None:
    """An open file is no file to take a lease on, by another name too."""
    os.link(tmp_path / "file", tmp_path / "other")
    with (tmp_path / "other").open(mode), pytest.raises(BlockingIOError):
        take_lease(file)
    take_lease(file)


def test_somebody_has_it_mapped(file: int, tmp_path: Path) -> None:
    """A mapping outlives its descriptor, and counts."""
    with (tmp_path / "file").open("rb") as other:
        mapped = mmap.mmap(other.fileno(), 0, prot=mmap.PROT_READ)
    with mapped, pytest.raises(BlockingIOError):
        take_lease(file)
    take_lease(file)


def test_who_opens_it_waits(file: int, tmp_path: Path) -> None:
    """An open() waits for the lease, breaks it, and ends nobody by a signal."""
    take_lease(file)
    script = "import sys; open(sys.argv[1]).read(); print('read')"
    other = subprocess.Popen(
        [sys.executable, "-c", script, tmp_path / "file"], stdout=subprocess.PIPE
    )
    while lease_is_whole(file):
        assert other.poll() is None
        time.sleep(0.01)
    give_back_lease(file)
    assert other.communicate()[0] == b"read\n"


def test_other_threads_live(file: int, tmp_path: Path) -> None:
    """The signal of a broken lease does no harm in another thread either."""
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    take_lease(file)
    with pytest.raises(BlockingIOError):
        os.open(tmp_path / "file", os.O_RDONLY | os.O_NONBLOCK)
    assert not lease_is_whole(file)
    stop.set()
    thread.join()
