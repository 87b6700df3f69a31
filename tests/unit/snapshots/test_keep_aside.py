"""Copies of the files that a rollback loses: their places, and failures to copy."""

from __future__ import annotations

import errno
import os
import re
from typing import TYPE_CHECKING

import pytest

from fake_engine import FakeEngine
from zfstune.engine._errno import engine_error
from zfstune.snapshots.keep_aside import keep_aside
from zfstune.snapshots.rewind_plan import (
    ESCAPE,
    FOLDER,
    Rewind,
    RewindPlan,
)
from zfstune.values.errors import PlanError
from zfstune.values.frozen import replace
from zfstune.values.marks import CHECKPOINT_PROPERTY
from zfstune.values.state import NONE, PropertyValue

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TOP = re.compile(r"tank/zfstune-escape/one-\d{8}T\d{6}Z")
PLAN = RewindPlan(
    "one",
    tuple(Rewind(name, f"{name}@checkpoint-one") for name in ("tank/a", "tank/b")),
    escape="tank/zfstune-escape",
)


class SendingEngine(FakeEngine):
    """An engine that sends a few bytes for each dataset, and receives them as clones.

    Attributes:
        idle: Datasets to which nothing was written since the checkpoint.
        refuses: An errno with which each send ends before its first byte; 0: none.
        received: Dataset to the bytes that came and the snapshot that it is a clone of.
    """

    def __init__(self) -> None:
        super().__init__("tank", "tank/a", "tank/b")
        names = [rewind.snapshot for rewind in PLAN.rewinds]
        self.idle: set[str] = set()
        self.refuses = 0
        self.received: dict[str, tuple[bytes, str]] = {}
        self.take_snapshots(names)

    def take_snapshots(
        self, names: Iterable[str], *, properties: Mapping[str, str] | None = None
    ) -> None:
        """Take snapshots that know how much was written before them."""
        names = list(names)
        super().take_snapshots(names, properties=properties)
        for name in names:
            written = "0" if name.partition("@")[0] in self.idle else "512"
            shown = {**self.taken[name].properties, "written": PropertyValue(written, NONE)}
            self.taken[name] = replace(self.taken[name], properties=shown)

    def create(self, name: str, *, properties: Mapping[str, str]) -> None:
        """Create a dataset."""
        self.marks[name] = dict(properties)

    def send(self, snapshot: str, into: int, *, base: str) -> None:
        """Send the name of a snapshot, more often than a pipe holds."""
        assert base == f"{snapshot.partition('@')[0]}@checkpoint-one"
        if self.refuses:
            raise engine_error("send", snapshot, self.refuses)
        os.write(into, snapshot.encode() * 10_000)

    def receive(self, snapshot: str, source: int, *, origin: str) -> None:
        """Read until the end; a stream that is empty is an error."""
        received = b""
        while some := os.read(source, 1 << 16):
            received += some
        if not received:
            raise engine_error("receive", snapshot, errno.EINVAL)
        self.received[snapshot.partition("@")[0]] = (received, origin)


def test_each_dataset_that_changed_is_copied_into_a_clone() -> None:
    """The folders that are made for copies have the mark by which a drop knows them."""
    engine = SendingEngine()
    top, unchanged = keep_aside(engine.seam, PLAN)
    assert TOP.fullmatch(top)
    assert unchanged == ()
    assert {name: origin for name, (_, origin) in engine.received.items()} == {
        f"{top}/{name}": f"{name}@checkpoint-one" for name in ("tank/a", "tank/b")
    }
    made = {n: m for n, m in engine.marks.items() if n.startswith("tank/zfstune-escape")}
    assert set(made) == {"tank/zfstune-escape", top, f"{top}/tank"}
    assert {mark[CHECKPOINT_PROPERTY] for mark in made.values()} == {FOLDER}
    assert made["tank/zfstune-escape"]["mountpoint"] == "none"
    escapes = [s for s in engine.taken.values() if s.short_name.startswith("escape-")]
    assert {s.local(CHECKPOINT_PROPERTY) for s in escapes} == {ESCAPE}


def test_a_dataset_that_did_not_change_is_not_copied() -> None:
    """Where no dataset changed, not even a folder is made."""
    engine = SendingEngine()
    engine.idle = {"tank/b"}
    top, unchanged = keep_aside(engine.seam, PLAN)
    assert unchanged == ("tank/b",)
    assert list(engine.received) == [f"{top}/tank/a"]
    engine = SendingEngine()
    engine.idle = {"tank/a", "tank/b"}
    assert keep_aside(engine.seam, PLAN) == ("", ("tank/a", "tank/b"))
    assert set(engine.marks) == {"tank", "tank/a", "tank/b"}


def test_a_sender_that_fails_gives_the_reason() -> None:
    """The receiver fails as well, for want of a stream, but its error is not reported."""
    engine = SendingEngine()
    engine.refuses = errno.ENOSPC
    with pytest.raises(
        PlanError, match="cannot copy the files that 'tank/a' would lose"
    ) as refused:
        keep_aside(engine.seam, PLAN)
    assert "nothing was rolled back" in refused.value.hint
    assert refused.value.__cause__ is not None
    assert "cannot send 'tank/a@" in str(refused.value.__cause__)


def test_a_receiver_that_fails_ends_the_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pipe is closed on the sender, so that no thread is left."""

    def refuse(snapshot: str, _: int, *, origin: str) -> None:
        assert origin == "tank/a@checkpoint-one"
        raise engine_error("receive", snapshot, errno.EDQUOT)

    engine = SendingEngine()
    monkeypatch.setattr(engine, "receive", refuse)
    with pytest.raises(
        PlanError, match="cannot copy the files that 'tank/a' would lose"
    ) as refused:
        keep_aside(engine.seam, PLAN)
    assert "cannot receive" in str(refused.value.__cause__)
