"""A send into a pipe that the caller reads; test_relay.py has the rest."""

from __future__ import annotations

import errno
import os

import pytest

from zfstune.engine._errno import engine_error
from zfstune.engine.sent import sent
from zfstune.engine.write_all import write_all
from zfstune.values.errors import EngineError


def test_all_that_was_sent() -> None:
    """The reader gets it, and the end."""
    with sent(lambda fd: write_all(fd, b"a stream")) as fd:
        assert os.read(fd, 100) == b"a stream"
        assert os.read(fd, 100) == b""


def test_a_send_that_fails() -> None:
    """Its error is raised by the block, which has seen the stream end."""

    def send(fd: int) -> None:
        write_all(fd, b"part")
        raise engine_error("send", "tank/a@1", errno.EACCES)

    got: list[bytes] = []
    with pytest.raises(EngineError, match="cannot send 'tank/a@1'"), sent(send) as fd:
        got += iter(lambda: os.read(fd, 100), b"")
    assert got == [b"part"]


def test_a_reader_that_has_enough() -> None:
    """A send that loses its reader has not failed."""
    ended: list[str] = []

    def send(fd: int) -> None:
        try:
            write_all(fd, bytes(5 << 20))
        finally:
            ended.append("send")

    with sent(send) as fd:
        os.read(fd, 1)
    assert ended == ["send"]
