"""The thread that ends an image's process where nothing else can."""

from __future__ import annotations

import errno
import socket
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from zfstune.engine import _image_watcher
from zfstune.engine._image_watcher import Watcher, unwritable_errno

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUSPENDED = (
    b"WARNING: Pool 'tank' has encountered an uncorrectable I/O failure and has been "
)


class Ended(BaseException):
    """The process would have ended with this status."""


@pytest.fixture
def watcher(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Watcher, Path]]:
    """Yield a watcher that was not started, and the file that it takes for stderr."""
    log = tmp_path / "stderr"
    log.touch()

    def end(status: int) -> None:
        raise Ended(status)

    with log.open("rb") as stderr, socket.socket() as connection:
        monkeypatch.setattr(_image_watcher, "_STDERR", stderr.fileno())
        monkeypatch.setattr("os._exit", end)
        yield Watcher(connection, 1, "/a.zpool"), log


def writes(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """Let each write to the file fail with this errno."""
    monkeypatch.setattr(
        _image_watcher, "lib", SimpleNamespace(zt_why_unwritable=lambda _: code)
    )


@pytest.mark.parametrize(
    ("status", "code"), [(0, 0), (1, 0), (2, 0), (-9, 0), (100, 0), (128, 28), (233, 133)]
)
def test_the_status_of_a_process_has_the_errno(status: int, code: int) -> None:
    """A status has the errno of the file; lower ones and signals have none."""
    assert unwritable_errno(status) == code


@pytest.mark.parametrize("code", [errno.ENOSPC, 0])
def test_a_pool_that_suspends(
    watcher: tuple[Watcher, Path], monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """The process ends with the file's errno, or EIO, once OpenZFS suspends the pool."""
    watching, log = watcher
    writes(monkeypatch, code)
    watching._look()
    log.write_bytes(SUSPENDED)  # the message arrives in two parts
    watching._look()
    log.write_bytes(SUSPENDED + b"suspended.\n")
    with pytest.raises(Ended) as caught:
        watching._look()
    assert unwritable_errno(caught.value.args[0]) == (code or errno.EIO)


def test_a_call_that_lasts(
    watcher: tuple[Watcher, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """During a long call the file is tested, at growing intervals."""
    watching, _ = watcher
    now = 1000.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    writes(monkeypatch, errno.EDQUOT)
    watching._look()  # no call is under way
    watching.begin()
    now += 1.9
    watching._look()
    now += 0.2
    with pytest.raises(Ended) as caught:
        watching._look()
    assert unwritable_errno(caught.value.args[0]) == errno.EDQUOT
    watching._look()  # it asks again after four seconds
    watching.end()
    now += 100
    watching._look()


def test_a_write_that_is_tried_again_for_ever(
    watcher: tuple[Watcher, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is looked for once a second, and not while a stream is sent."""
    watching, _ = watcher
    now = 1000.0
    asked: list[float] = []

    def is_stuck() -> bool:
        asked.append(now)
        if now < 1002:
            raise FileNotFoundError
        return True

    monkeypatch.setattr("time.monotonic", lambda: now)
    monkeypatch.setattr(watching._progress, "is_stuck", is_stuck)
    watching._look()
    now += 0.9
    watching._look()
    now += 0.1
    watching._look()
    assert asked == [1000, 1001]
    now += 1
    with watching.sending(), watching.sending():
        watching._look()
    now += 1
    with pytest.raises(Ended) as caught:
        watching._look()
    assert unwritable_errno(caught.value.args[0]) == errno.EIO
    assert asked == [1000, 1001, 1003]


def test_memory_that_stays_short(
    watcher: tuple[Watcher, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long call ends where there is none for seconds; a short lack is waited out."""
    watching, _ = watcher
    now, has_memory = 1000.0, False
    monkeypatch.setattr("time.monotonic", lambda: now)
    monkeypatch.setattr(_image_watcher, "_has_memory", lambda: has_memory)
    writes(monkeypatch, 0)

    def look(moment: float) -> None:
        nonlocal now
        now = moment
        watching._look()

    look(1000.0)  # no call is under way
    watching.begin()
    look(1001.9)
    look(1002.1)
    look(1004.0)
    has_memory = True
    look(1004.2)
    has_memory = False
    look(1004.3)
    look(1006.2)
    with pytest.raises(Ended) as caught:
        look(1006.4)
    assert unwritable_errno(caught.value.args[0]) == errno.ENOMEM


@pytest.mark.parametrize("error", [MemoryError, RuntimeError("can't allocate read lock")])
def test_a_look_that_lacks_memory_itself(
    watcher: tuple[Watcher, Path], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """The thread goes on: without it, nobody would end the process."""
    watching, _ = watcher

    def look() -> None:
        raise error

    monkeypatch.setattr(watching._progress, "is_stuck", look)
    watching._look()


@pytest.mark.parametrize("error", [OSError(errno.ENOMEM, "none"), MemoryError()])
def test_whether_there_is_memory(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """It is asked for, and given back."""
    assert _image_watcher._has_memory()

    def mapping(*_: object) -> None:
        raise error

    monkeypatch.setattr("mmap.mmap", mapping)
    assert not _image_watcher._has_memory()
