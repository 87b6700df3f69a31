"""A stream goes from a send to a receive, and the cause of a failure is what is told."""

from __future__ import annotations

import errno
import os
import threading
import time
from contextlib import nullcontext, suppress
from pathlib import Path

import pytest

from zfstune.engine._errno import engine_error
from zfstune.engine.relay import relay
from zfstune.values.errors import EngineError


def write(fd: int, data: bytes) -> None:
    """Write all of it."""
    while data:
        data = data[os.write(fd, data) :]


def read(fd: int) -> bytes:
    """Read to the end."""
    parts = []
    while part := os.read(fd, 1 << 20):
        parts.append(part)
    return b"".join(parts)


def test_all_of_it_arrives() -> None:
    """More than a pipe holds goes through, and the end is seen."""
    data = os.urandom(5 << 20)
    got: list[bytes] = []
    descriptors = Path("/proc/self/fd")
    before = len([*descriptors.iterdir()])
    relay(lambda fd: write(fd, data), lambda fd: got.append(read(fd)))
    assert got == [data]
    assert len([*descriptors.iterdir()]) == before


def test_a_send_that_fails_is_the_cause() -> None:
    """The receive only knows that the stream ended early."""

    def send(fd: int) -> None:
        write(fd, b"part")
        raise engine_error("send", "tank/a@1", errno.EACCES)

    def receive(fd: int) -> None:
        assert read(fd) == b"part"
        raise engine_error("receive", "back/a@1", errno.EINVAL)

    with pytest.raises(EngineError, match="cannot send 'tank/a@1'"):
        relay(send, receive)


def test_a_receive_that_fails_is_the_cause() -> None:
    """The send only knows that its reader has gone."""

    def send(fd: int) -> None:
        try:
            write(fd, bytes(5 << 20))
        except BrokenPipeError:
            raise engine_error("send", "tank/a@1", errno.EPIPE) from None

    def receive(fd: int) -> None:
        os.read(fd, 10)
        raise engine_error("receive", "back/a@1", errno.ENOSPC)

    with pytest.raises(EngineError, match="cannot receive 'back/a@1'"):
        relay(send, receive)


def test_a_send_that_only_lost_its_reader() -> None:
    """A pipe that was closed on it is no cause, whoever found it closed."""

    def receive(fd: int) -> None:
        os.read(fd, 10)
        raise engine_error("receive", "back/a@1", errno.ENOSPC)

    with pytest.raises(EngineError, match="cannot receive 'back/a@1'"):
        relay(lambda fd: write(fd, bytes(5 << 20)), receive)


def test_a_send_that_says_something_else_of_a_lost_reader() -> None:
    """The reader's error is the cause, whatever the kernel calls the end of the send."""

    def send(fd: int) -> None:
        with suppress(BrokenPipeError):
            while True:
                os.write(fd, b"\0" * 4096)
        raise EngineError(operation="send", target="tank@a", reason="interrupted")

    def receive(fd: int) -> None:
        assert os.read(fd, 1)
        raise EngineError(operation="receive", target="back", reason="the host is gone")

    with pytest.raises(EngineError, match="the host is gone"):
        relay(send, receive)


def test_a_send_that_fails_after_its_stream() -> None:
    """It is told, though the receive was content."""

    def send(fd: int) -> None:
        write(fd, b"all")
        raise engine_error("send", "tank/a@1", errno.EIO)

    with pytest.raises(EngineError, match="cannot send"):
        relay(send, read)


def test_an_interruption_ends_both() -> None:
    """Ctrl-C in the receive closes the pipe, and so ends the send."""
    ended: list[str] = []

    def send(fd: int) -> None:
        try:
            write(fd, bytes(5 << 20))
        except BrokenPipeError:
            ended.append("send")

    def receive(fd: int) -> None:
        os.read(fd, 10)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        relay(send, receive)
    assert ended == ["send"]


@pytest.mark.parametrize("stop", ["ctrl-c", "stopped"])
def test_a_send_that_does_not_notice(stop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that has nothing to write is not waited for, once nobody waits for its stream."""
    monkeypatch.setattr("zfstune.engine.sent._PATIENCE_S", 0.01)
    let_go, ended = threading.Event(), threading.Event()

    def send(fd: int) -> None:
        os.write(fd, b"begin")
        let_go.wait()
        ended.set()

    def receive(fd: int) -> None:
        os.read(fd, 10)
        if stop == "ctrl-c":
            raise KeyboardInterrupt

    try:
        with pytest.raises(KeyboardInterrupt) if stop == "ctrl-c" else nullcontext():
            relay(send, receive, stopped=lambda: stop == "stopped")
        assert not ended.is_set()
    finally:
        let_go.set()
    assert ended.wait(10)


@pytest.mark.parametrize("most", [700, 1 << 20])
def test_bytes_are_counted(most: int) -> None:
    """Each byte once, in parts no larger than asked for; nothing is left behind."""
    data = os.urandom(3 << 20)
    got: list[bytes] = []
    counts: list[int] = []
    before = len([*Path("/proc/self/fd").iterdir()]), threading.active_count()
    relay(
        lambda fd: write(fd, data),
        lambda fd: got.append(read(fd)),
        passed=counts.append,
        most_bytes=most,
    )
    assert got == [data]
    assert sum(counts) == len(data)
    assert max(counts) <= most
    assert (len([*Path("/proc/self/fd").iterdir()]), threading.active_count()) == before


@pytest.mark.parametrize("stalled", ["send", "receive"])
def test_cut_off(stalled: str) -> None:
    """A stop ends both within a moment, also where one of them stands still."""
    stop = threading.Event()
    got: list[bytes] = []
    let_go = threading.Event()

    def send(fd: int) -> None:
        if stalled == "send":
            os.write(fd, b"begin")
            let_go.wait(5)
        else:
            with pytest.raises(BrokenPipeError):
                write(fd, bytes(64 << 20))

    def receive(fd: int) -> None:
        if stalled == "receive":
            let_go.wait(5)
        got.append(read(fd))
        let_go.set()

    timers = [threading.Timer(0.1, stop.set), threading.Timer(0.4, let_go.set)]
    for timer in timers:
        timer.start()
    begun = time.monotonic()
    relay(send, receive, passed=lambda _: None, stopped=stop.is_set)
    assert time.monotonic() - begun < 3
    assert len(got[0]) < 64 << 20


def test_a_counter_that_fails_ends_the_stream() -> None:
    """Its error is raised, once both have ended."""

    def passed(_: int) -> None:
        raise KeyError("counter")

    def send(fd: int) -> None:
        with pytest.raises(BrokenPipeError):
            write(fd, bytes(64 << 20))

    with pytest.raises(KeyError, match="counter"):
        relay(send, read, passed=passed)


def test_a_counted_receive_that_fails_early() -> None:
    """The send ends, although the receive has read nothing."""

    def send(fd: int) -> None:
        with pytest.raises(BrokenPipeError):
            write(fd, bytes(64 << 20))

    def receive(_: int) -> None:
        raise engine_error("receive", "back/a@1", errno.ENOSPC)

    with pytest.raises(EngineError, match="cannot receive"):
        relay(send, receive, passed=lambda _: None)
