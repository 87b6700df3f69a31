"""What the three functions ask an engine for; tests/image sends with real pools."""

from __future__ import annotations

import io
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import pytest

from stream_engine import StreamEngine
from zfstune.streams import send as sending
from zfstune.streams.send import send, send_resumed, send_saved
from zfstune.values.errors import EngineError, InvalidName, PlanError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zfstune.engine.protocol import Engine


class Recorded(StreamEngine):
    """An engine that writes its calls into the stream."""

    def __init__(self) -> None:
        super().__init__("tank")
        self.add("tank/a", "1", "2")
        self.kept: list[str] = []

    def datasets(self, root: str, *, recursive: bool = True) -> list[Any]:
        """Return the one dataset, or all below it."""
        assert root == "tank/a"
        return [self.dataset(name) for name in ("tank/a", "tank/a/b")[: 1 + recursive]]

    def send(
        self,
        snapshot: str,
        fd: int,
        *,
        base: str = "",
        raw: bool = False,
        compressed: bool = True,
        **_: Any,
    ) -> None:
        """Write the call."""
        assert self.kept or not base
        how = "" if compressed else " unpacked"
        os.write(fd, f"<{snapshot} {base} {raw}{how}>".encode())

    def send_resumed(self, token: str, fd: int) -> str:
        """Write the call."""
        os.write(fd, token.encode())
        return "tank/a@1"

    def send_saved(self, name: str, fd: int) -> None:
        """Write the call."""
        os.write(fd, name.encode())

    def send_size(
        self, snapshot: str, *, base: str = "", raw: bool = False, compressed: bool = True
    ) -> int:
        """Give a size."""
        return len(snapshot + base) + raw + (not compressed) * 100

    @contextmanager
    def holding(self, snapshots: Any, tag: str) -> Iterator[None]:
        """Note what is held."""
        assert tag.startswith("zfstune-send-")
        self.kept = list(snapshots)
        try:
            yield
        finally:
            self.kept = []


@pytest.fixture
def engine() -> Recorded:
    """Give an engine with one dataset."""
    return Recorded()


def as_engine(engine: Recorded) -> Engine:
    """Give the same, for a type checker."""
    return cast("Engine", engine)


def test_one_stream(engine: Recorded) -> None:
    """It is the engine's, and nothing is held for it."""
    sink = io.BytesIO()
    send("tank/a@2", sink, engine=as_engine(engine))
    assert sink.getvalue() == b"<tank/a@2  False>"


def test_a_package(engine: Recorded) -> None:
    """Its streams stand between the records of a package, all held meanwhile."""
    sink = io.BytesIO()
    send("tank/a@2", sink, engine=as_engine(engine), every=True)
    data = sink.getvalue()
    assert data[624:-312] == b"<tank/a@1  False><tank/a@2 tank/a@1 False>"
    assert engine.kept == []


def test_a_plan_has_sizes(engine: Recorded) -> None:
    """Without a sink nothing is sent."""
    plan = send("tank/a@2", None, engine=as_engine(engine), every=True)
    assert [step.bytes for step in plan.steps] == [8, 16]


def test_blocks_that_are_unpacked(engine: Recorded) -> None:
    """The streams and their sizes are those without compression."""
    sink = io.BytesIO()
    send("tank/a@2", sink, engine=as_engine(engine), compressed=False)
    assert sink.getvalue() == b"<tank/a@2  False unpacked>"
    plan = send("tank/a@2", None, engine=as_engine(engine), compressed=False)
    assert [step.bytes for step in plan.steps] == [108]


def test_parts(engine: Recorded) -> None:
    """The rest of a stream, and the part that was kept."""
    sink = io.BytesIO()
    assert send_resumed("token", sink, engine=as_engine(engine)) == "tank/a@1"
    send_saved("tank/a", sink, engine=as_engine(engine))
    assert sink.getvalue() == b"tokentank/a"


def test_what_cannot_be_sent(engine: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is none, and a list that no receive takes."""
    with pytest.raises(InvalidName):
        send("tank/a", io.BytesIO(), engine=as_engine(engine))
    monkeypatch.setattr(sending, "MOST_LIST_BYTES", 10)
    sink = io.BytesIO()
    with pytest.raises(PlanError, match="no receive takes a list"):
        send("tank/a@2", sink, engine=as_engine(engine), properties=True)
    assert sink.getvalue() == b""


def test_a_send_that_fails(engine: Recorded) -> None:
    """The holds end, and the package has no end either."""
    sink = io.BytesIO()

    def fails(*_: Any, **__: Any) -> None:
        raise EngineError(operation="send", target="tank/a@1", reason="it is torn")

    engine.send = fails  # type: ignore[method-assign]  # the next send fails
    with pytest.raises(EngineError, match="torn"):
        send("tank/a@2", sink, engine=as_engine(engine), every=True)
    assert engine.kept == []
    assert len(sink.getvalue()) == 624
