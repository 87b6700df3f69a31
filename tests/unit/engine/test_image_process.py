"""The caller's side of an image's process: calls, answers, and its end."""

from __future__ import annotations

import errno
import os
import signal
import socket
import struct
import subprocess
import threading
from typing import TYPE_CHECKING, Any

import pytest

from zfstune.engine._image_messages import (
    MOST_BODY_BYTES,
    ImageDone,
    ImageReady,
    ImageRefused,
    ImageRequest,
    read_image_request,
    write_image_answer,
)
from zfstune.engine._image_process import ImageBinding
from zfstune.engine._image_worker import read_message
from zfstune.values.errors import ImageDied, InvalidValue, ZfsUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator


class Child:
    """A process that has ended, or ends when it is waited for."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.killed = False
        self.lingers = False

    def wait(self, timeout: float | None = None) -> int:
        """Return its status."""
        if self.lingers and not self.killed:
            assert timeout is not None, "nobody may wait for it without an end"
            raise subprocess.TimeoutExpired("child", timeout)
        return self.status

    def kill(self) -> None:
        """Note that it was killed."""
        self.killed = True


@pytest.fixture
def made() -> Iterator[tuple[Any, socket.socket]]:
    """Yield a binding with a child that only has a socket, and that socket."""
    binding: Any = ImageBinding.__new__(ImageBinding)
    binding._interrupted = False
    own_end, child_end = socket.socketpair()
    binding._path, binding._owner, binding._verb = "/a.zpool", os.getpid(), "go on with"
    binding._lock, binding._socket, binding._death = threading.Lock(), own_end, None
    binding._output = os.memfd_create("words")
    binding._child = Child(0)
    with child_end:
        yield binding, child_end
        binding.close()


def zt_destroy(*_: object) -> int:
    """Stand for a function of the extension, of which only the name is used."""
    return 0


def zt_list_snapshots(*_: object) -> int:
    """Stand for a function that lists."""
    return 0


def answer(child: socket.socket, written: ImageDone | ImageRefused) -> None:
    """Answer as the child of a binding does."""
    child.sendall(write_image_answer(written))


def test_a_call_and_its_answer(made: tuple[Any, socket.socket]) -> None:
    """A call goes to the child with the name of its function, and its answer comes back."""
    binding, child = made
    answer(child, ImageDone(16))
    assert binding.call(zt_destroy, "tank/a") == 16
    request = read_image_request(*read_message(child))
    assert request == ImageRequest("call", "zt_destroy", ("tank/a",))


def test_a_call_that_was_not_made(made: tuple[Any, socket.socket]) -> None:
    """The reason why a call was not made comes back with its hint; later calls work."""
    binding, child = made
    answer(child, ImageRefused("cannot pass a value to ZFS", "try another"))
    with pytest.raises(InvalidValue, match="cannot pass a value to ZFS") as caught:
        binding.call(zt_destroy, "tank/a\0")
    assert caught.value.hint == "try another"
    answer(child, ImageDone(0))
    assert binding.call(zt_destroy, "tank/a") == 0


@pytest.mark.parametrize(
    ("status", "said", "words"),
    [
        (-signal.SIGABRT, b"ASSERT at zio.c:1\n", "OpenZFS stopped: ASSERT at zio.c:1"),
        (-signal.SIGKILL, b"", "ended with signal 9 and printed nothing"),
        (3, b"", "ended with status 3 and printed nothing"),
        (100 + errno.ENOSPC, b"noise", "no space on the file system of '/a.zpool'"),
    ],
)
def test_an_end_is_explained(
    made: tuple[Any, socket.socket], status: int, said: bytes, words: str
) -> None:
    """The error quotes the child's output or the file's errno, each time the same."""
    binding, child = made
    binding._child.status = status
    os.write(binding._output, said)
    child.close()
    for _ in range(2):
        with pytest.raises(ImageDied, match=words) as caught:
            binding.call(zt_destroy, "tank/a")
        assert str(caught.value).startswith("cannot go on with image '/a.zpool': ")


@pytest.mark.parametrize(
    "sent",
    [
        b"\xff" * 8,
        struct.pack("<II", 2, MOST_BODY_BYTES + 1) + b"[]",
        struct.pack("<II", 2, 0) + b"{}",
        write_image_answer(ImageReady(3, 1, 1 << 20)),
        write_image_answer(ImageDone(0, b"[[1]]")),
        write_image_answer(ImageDone(0, b"[" * 100_000)),
    ],
    ids=["no header", "too long", "no answer", "opened again", "no row", "deep"],
)
def test_nonsense_ends_the_process(made: tuple[Any, socket.socket], sent: bytes) -> None:
    """A process that breaks the rules is killed, and each later call says why."""
    binding, child = made
    child.sendall(sent)
    for _ in range(2):
        with pytest.raises(ImageDied, match="its process answered nonsense: ") as caught:
            binding.read(zt_list_snapshots, "tank/a", 0)
        assert "use it only if you trust its maker" in caught.value.hint
    assert binding._child.killed


def test_a_process_that_lets_go_and_stays(made: tuple[Any, socket.socket]) -> None:
    """A process that closes its socket and does not end is killed after some time."""
    binding, child = made
    binding._child.status, binding._child.lingers = -signal.SIGKILL, True
    child.close()
    with pytest.raises(ImageDied, match="ended with signal 9"):
        binding.call(zt_destroy, "tank/a")
    assert binding._child.killed


def test_an_export_that_failed(made: tuple[Any, socket.socket]) -> None:
    """Closing says that the rest could not be written, and closes all the same."""
    binding, child = made
    binding._child.status = 100 + errno.EDQUOT
    with pytest.raises(ImageDied, match="cannot close image"):
        binding.close()
    assert read_image_request(*read_message(child)).method == "close"
    with pytest.raises(ZfsUnavailable, match="was closed"):
        binding.call(zt_destroy, "tank/a")


def test_a_fork_has_no_engine(made: tuple[Any, socket.socket]) -> None:
    """A forked process is refused: it would take the other process's answers."""
    binding, _ = made
    binding._owner = os.getppid()
    with pytest.raises(ZfsUnavailable, match="this process was forked from that one"):
        binding.call(zt_destroy, "tank/a")
    binding._owner = os.getpid()
