"""The sides of one run: each opened once, and closed at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_engine import StreamEngine
from zfstune.streams.local_side import LocalSide
from zfstune.streams.remote import sides
from zfstune.streams.remote.sides import Sides

if TYPE_CHECKING:
    import pytest


class Far:
    """A side that notes its end."""

    closed = 0

    def close(self) -> None:
        """Note it."""
        self.closed += 1


def test_each_is_opened_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that is both source and target is connected to once; no engine is needed."""
    far = Far()
    asked: list[tuple[object, ...]] = []

    def connect(*words: object) -> Far:
        asked.append(words)
        return far

    monkeypatch.setattr(sides, "connect", connect)
    monkeypatch.setattr(sides, "open_engine", None)
    with Sides(None, ["Port=2"]) as opened:
        assert opened.on("far") is opened.on("far")
    assert [words[:2] for words in asked] == [("far", ("Port=2",))]
    assert far.closed == 1


def test_this_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine that was given is used, or the kernel's is opened, and closed."""
    tank = StreamEngine("tank")
    with Sides(tank.zfs) as opened:
        assert isinstance(opened.on(""), LocalSide)
        assert opened.on("") is opened.on("")
    monkeypatch.setattr(sides, "open_engine", lambda: tank)
    with Sides(None) as opened:
        assert opened.on("").guid is not None
