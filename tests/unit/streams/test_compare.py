"""Two sides that are read side by side."""

from __future__ import annotations

import errno
import os
import select
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from made_stream import MadeStream, raw_stream
from sending_engine import SendingEngine
from zfstune.streams.compare import compare, compare_with_stream
from zfstune.values.errors import EngineError, InvalidValue, PlanError

if TYPE_CHECKING:
    from pathlib import Path

    from zfstune.streams.progress import SendProgress


def stream(*bonuses: bytes, size: int = 4096) -> bytes:
    """Give a stream with an object for each bonus, and data in each."""
    made = MadeStream()
    for number, bonus in enumerate(bonuses):
        made.object(number, bonus)
        made.write(number, 0, b"x" * size)
    return made.end()


SAME = stream(b"a", b"b", b"c")
LONG = stream(*(b"%d" % n for n in range(300)), size=16384)


def test_equal_and_different() -> None:
    """Equal streams are equal; else each object is named, by path where there is one."""
    engine = SendingEngine({"a@1": SAME, "b@1": SAME, "c@1": stream(b"a", b"B", b"C")})
    assert compare("a@1", "b@1", engine=engine.seam).equal
    found = compare("a@1", "c@1", engine=engine.seam)
    assert not found.equal
    assert [(d.number, d.differs, d.path) for d in found.differences] == [
        (1, ("attributes",), None),
        (2, ("attributes",), "/a@1/2"),
    ]
    assert (found.first, found.second, found.unlisted) == ("a@1", "c@1", 0)
    blind = compare("a@1", "c@1", engine=engine.seam, paths=False)
    assert [d.path for d in blind.differences] == [None, None]


def test_progress(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Bytes of both sides are counted, of the lengths that are expected of them."""
    monkeypatch.setattr("zfstune.streams.meter._EVERY_S", 0)
    engine = SendingEngine({"a@1": LONG, "b@1": LONG})
    told: list[SendProgress] = []
    how: dict[str, Any] = {"engine": engine.seam, "on_progress": told.append}
    assert compare("a@1", "b@1", **how).equal
    assert {each.total_bytes for each in told} == {2 * len(LONG)}
    counts = [each.done_bytes for each in told]
    assert counts == sorted(counts)
    assert counts[-1] == 2 * len(LONG)
    told.clear()
    file = tmp_path / "stream"
    file.write_bytes(LONG)
    with file.open("rb") as source:
        assert compare_with_stream("a@1", source.fileno(), **how).equal
    assert (told[-1].done_bytes, told[-1].total_bytes) == (2 * len(LONG), 2 * len(LONG))


def test_sides_of_any_length() -> None:
    """One side may end long before the other; what is not listed is counted."""
    engine = SendingEngine({"a@1": SAME, "long@1": LONG})
    for first, second in (("a@1", "long@1"), ("long@1", "a@1")):
        found = compare(first, second, engine=engine.seam, most=10)
        assert len(found.differences) + found.unlisted == 300
        assert len(found.differences) == 10
    assert threading.active_count() == 1


@pytest.mark.parametrize(
    "broken", [(b"", errno.ENOENT), (SAME[:700], errno.EIO), (LONG, errno.EIO)]
)
def test_a_side_that_fails(broken: tuple[bytes, int]) -> None:
    """The error is the sender's, on either side, and the other side's send ends."""
    engine = SendingEngine({"good@1": LONG, "bad@1": broken})
    for first, second in (("good@1", "bad@1"), ("bad@1", "good@1")):
        with pytest.raises(EngineError, match="'bad@1'"):
            compare(first, second, engine=engine.seam)
    assert threading.active_count() == 1


def test_a_stream_that_is_cut_or_raw(tmp_path: Path) -> None:
    """A stream of either kind is no match for a snapshot."""
    engine = SendingEngine({"a@1": LONG})
    file = tmp_path / "stream"
    for data, kind in (
        (SAME[:-1], InvalidValue),
        (b"", InvalidValue),
        (raw_stream(), PlanError),
    ):
        file.write_bytes(data)
        with file.open("rb") as source, pytest.raises(kind, match="it"):
            compare_with_stream("a@1", source.fileno(), "it", engine=engine.seam)
    assert threading.active_count() == 1


def test_raw_where_a_key_is_missing() -> None:
    """Both sides are sent raw, or none."""
    locked = SendingEngine(
        {"a@1": raw_stream(), "b@1": raw_stream(first_mac=2)},
        encryption="on",
        keystatus="unavailable",
    )
    assert compare("a@1", "a@1", engine=locked.seam).equal
    found = compare("a@1", "b@1", engine=locked.seam)
    assert [d.what for d in found.differences] == ["block of objects"] * 2
    assert {raw for _, raw in locked.sent} == {True}
    plain = SendingEngine({"c@1": SAME}, encryption="off")
    with pytest.raises(PlanError, match="not loaded"):
        compare("a@1", "c@1", engine=locked.seam, other_engine=plain.seam)
    assert plain.sent == []
    with pytest.raises(PlanError, match="ciphertext"):
        compare("a@1", "c@1", engine=locked.seam, other_engine=plain.seam, raw=True)


class StalledEngine(SendingEngine):
    """An engine whose sends stop half way, until nobody reads any more."""

    def send(self, snapshot: str, fd: int, *, raw: bool, compressed: bool) -> None:
        """Write a part of the stream, and wait."""
        super().send(snapshot, fd, raw=raw, compressed=compressed)
        waiting = select.poll()
        waiting.register(fd, 0)  # poll() tells of a closed pipe without being asked to
        waiting.poll()


def interrupt(*_: object) -> None:
    """Do what Ctrl-C does."""
    raise KeyboardInterrupt


def test_ctrl_c_ends_a_stalled_comparison() -> None:
    """An interruption ends both sides within a second, and no thread is left."""
    engine = StalledEngine({"a@1": LONG[:5000], "b@1": SAME[:700]})
    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    begun = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            compare("a@1", "b@1", engine=engine.seam)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - begun < 5  # a second, and a busy machine
    assert threading.active_count() == 1


def test_nothing_stays_open() -> None:
    """After equal, different and failed comparisons no descriptor is left."""
    engine = SendingEngine({"a@1": SAME, "b@1": LONG, "bad@1": (SAME, errno.EIO)})
    before = os.listdir("/proc/self/fd")  # noqa: PTH208 (names are all it takes)
    compare("a@1", "b@1", engine=engine.seam)
    with pytest.raises(EngineError):
        compare("a@1", "bad@1", engine=engine.seam)
    assert len(os.listdir("/proc/self/fd")) == len(before)  # noqa: PTH208 (as above)
