"""A stream goes from a send to a receive, and the cause of a failure is what is told."""

from __future__ import annotations

import errno
import os
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
