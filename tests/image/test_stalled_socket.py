"""Streams by sockets with a timeout, whose other end goes silent."""

from __future__ import annotations

import io
import os
import socket
from typing import TYPE_CHECKING

import pytest

import zfstune
from made_files import received, with_files
from zfstune.engine.image import create_image
from zfstune.values.errors import EngineError

if TYPE_CHECKING:
    from pathlib import Path


def test_the_other_end_goes_silent(tmp_path: Path) -> None:
    """A receive keeps what came and says how to go on; a send ends."""
    sink = io.BytesIO()
    with create_image(tmp_path / "tank", size_bytes=128 << 20) as tank:
        tank.create("tank/a")
        tank.take_snapshots(["tank/a@1"])
        zfstune.send("tank/a@1", sink, engine=tank)
        stream = with_files(sink.getvalue(), {"big": [(0, os.urandom(4 << 20))]})
        received(tank, tmp_path, "tank/files@1", stream)
        sink = io.BytesIO()
        zfstune.send("tank/files@1", sink, engine=tank)
        ours, theirs = socket.socketpair()
        with ours, theirs:
            theirs.settimeout(0.2)
            with pytest.raises(EngineError, match="timeout of the socket") as stopped:
                zfstune.send("tank/files@1", theirs, engine=tank)
            assert stopped.value.target == "the stream"
            theirs.shutdown(socket.SHUT_WR)
            while os.read(ours.fileno(), 1 << 20):
                pass
            ours.sendall(sink.getvalue()[: 64 << 10])
            with pytest.raises(EngineError, match="timeout of the socket") as stopped:
                zfstune.receive("tank/b", theirs, engine=tank)
        assert not tank.snapshots("tank/b")
        token = tank.dataset("tank/b").value("receive_resume_token")
        assert token
        assert f"--resume {token}" in stopped.value.hint
