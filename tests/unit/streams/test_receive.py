"""The order of the steps of a receive; tests/image receives into real pools."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, cast

import pytest

from made_package import named, one, package
from stream_engine import StreamEngine
from zfstune.streams.receive import receive
from zfstune.values.errors import EngineError, PlanError
from zfstune.values.stream_record import RECORD_BYTES

if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine


PART = "receive_resume_token"


class Recorded(StreamEngine):
    """An engine that notes what it is to receive, and reads it as the kernel does."""

    def __init__(self) -> None:
        super().__init__("back")
        self.calls: list[str] = []
        self.fails = False
        self.token = ""

    @property
    def engine(self) -> Engine:
        """The same, for a type checker."""
        return cast("Engine", self)

    def datasets(self, root: str, *, recursive: bool = True) -> list[Any]:
        """Return a dataset, and all below it."""
        return super().datasets(root) if recursive else [self.dataset(root)]

    def create(self, name: str, *, properties: Any = None) -> None:
        """Note a new dataset."""
        self.calls.append(f"create {name} {properties}")
        self.add(name)

    def receive(self, snapshot: str, fd: int, *, header: bytes = b"", **how: Any) -> None:
        """Note a snapshot, and read its stream."""
        assert how["resumable"]
        assert len(header) == RECORD_BYTES
        self.calls.append(f"receive {snapshot}")
        if self.fails:
            raise EngineError(operation="receive", target=snapshot, reason="torn")
        rest = io.FileIO(fd, closefd=False)
        size = len(one(1)) - RECORD_BYTES
        assert len(rest.read(size) or b"") == size
        dataset = snapshot.partition("@")[0]
        if dataset not in self.taken:
            self.add(dataset)
        self.take(snapshot, int.from_bytes(header[40:48], "little"))


@pytest.fixture
def back() -> Recorded:
    """Give a pool without datasets."""
    return Recorded()


def test_a_package(back: Recorded) -> None:
    """Each stream is received, or passed over where it is there."""
    told: list[str] = []
    plan = receive(
        "back/b",
        io.BytesIO(package(named(one(1)), named(one(2), b"tank/a/c@2"))),
        engine=back.engine,
        on_step=lambda step: told.append(step.describe()),
    )
    assert back.calls == ["receive back/b@2", "receive back/b/c@2"]
    assert told == list(plan.lines())
    assert told == ["full tank/a@2 -> back/b@2", "full tank/a/c@2 -> back/b/c@2"]
    again = receive("back/b", io.BytesIO(package(named(one(1)))), engine=back.engine)
    assert again.steps[0].describe().startswith("skip tank/a@2")
    assert len(back.calls) == 2


def test_a_plan_changes_nothing(back: Recorded) -> None:
    """It reads all, and says what would be made."""
    stream = io.BytesIO(named(one(1)))
    plan = receive("back/b", stream, engine=back.engine, dry_run=True)
    assert back.calls == []
    assert plan.parents == ()
    back.add("back/b")
    stream = io.BytesIO(named(one(1), b"tank/x/y/a@1"))
    plan = receive("back/b", stream, engine=back.engine, keep="path", dry_run=True)
    assert plan.parents == ("back/b/x", "back/b/x/y")
    assert back.calls == []


def test_parents_of_a_path(back: Recorded) -> None:
    """They are made, and cannot be mounted; any other parent has to be there."""
    back.add("back/b")
    stream = named(one(1), b"tank/x/a@1")
    receive("back/b", io.BytesIO(stream), engine=back.engine, keep="path")
    assert back.calls == [
        "create back/b/x {'canmount': 'off'}",
        "receive back/b/x/a@1",
    ]
    for target, keep in (("back/no/b", "target"), ("back/no", "path")):
        with pytest.raises(PlanError, match="'back/no' does not exist"):
            receive(target, io.BytesIO(stream), engine=back.engine, keep=keep)
    with pytest.raises(PlanError, match="makes no pool"):
        receive("other", io.BytesIO(stream), engine=back.engine)


def test_clones_of_what_lies_elsewhere(back: Recorded) -> None:
    """Their origin is looked for in the whole pool, once."""
    back.add("back/far")
    back.take("back/far@o", 99)
    clone = bytearray(named(one(5), b"tank/a@5"))
    clone[36] = 1  # DRR_FLAG_CLONE
    clone[48] = 99
    plan = receive("back/b", io.BytesIO(clone), engine=back.engine)
    assert plan.steps[0].describe() == (
        "clone tank/a@5 -> back/b@5 as a clone of back/far@o"
    )


def test_a_stream_that_breaks_off(back: Recorded) -> None:
    """The error says how to go on, where something was kept."""
    back.fails = True
    with pytest.raises(EngineError, match="torn") as caught:
        receive("back/b", io.BytesIO(named(one(1))), engine=back.engine)
    assert caught.value.hint == ""
    back.add("back/b")
    back.take("back/b@0", 7)
    back.local["back/b"][PART] = '{"toname": "tank/a@2", "toguid": 1}'
    rest = bytearray(named(one(1)))
    rest[18] |= 1 << 6  # DMU_BACKUP_FEATURE_RESUMING
    with pytest.raises(EngineError, match="torn") as caught:
        receive("back/b", io.BytesIO(rest), engine=back.engine)
    assert "zfstune send --resume" in caught.value.hint
