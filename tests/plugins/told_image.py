"""An image whose process is in a stranger's hands: it answers whatever bytes it is told."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from zfstune.engine._image_messages import (
    HEADER_BYTES,
    ImageDone,
    ImageReady,
    ImageRefused,
    ImageUnopened,
    NonsenseError,
    lengths,
    read_image_request,
    write_image_answer,
    write_image_request,
)
from zfstune.engine._image_process import ImageBinding
from zfstune.engine._shared_calls import ZfsEngine
from zfstune.engine.image import ImageEngine
from zfstune.values.errors import ZfstuneError
from zfstune.values.properties import DEFAULT_LIMITS

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "ASKED",
    "READS",
    "TOLD",
    "WRITINGS",
    "ask",
    "hear_answers",
    "hear_writing",
    "told",
]

_ENOUGH = 4  # answers for the calls of one method of the engine


class _Socket:
    """An end of a connection from which given bytes come."""

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)

    def sendall(self, data: bytes) -> None:
        """Lose it."""

    def recv(self, count: int) -> bytes:
        """Give the next bytes."""
        part, self._data = self._data[:count], self._data[count:]
        return bytes(part)

    def close(self) -> None:
        """Do nothing."""


class _Child:
    """A process that ends when it is waited for."""

    def wait(self, timeout: float | None = None) -> int:
        """Return a status."""
        del timeout
        return 1

    def kill(self) -> None:
        """Do nothing."""


def told(data: bytes) -> Any:
    """Give an engine whose image's process writes these bytes."""
    binding: Any = ImageBinding.__new__(ImageBinding)
    binding._interrupted, binding._output, binding._death = False, None, None
    binding._path, binding._owner, binding._verb = "/a.zpool", os.getpid(), "go on with"
    binding._lock, binding._socket, binding._child = (
        threading.Lock(),
        _Socket(data),
        _Child(),
    )
    engine = ImageEngine.__new__(ImageEngine)
    ZfsEngine.__init__(engine, binding, DEFAULT_LIMITS)
    return engine


READS: tuple[Callable[[Any], object], ...] = (
    lambda e: e.pools(),
    lambda e: e.pool("tank"),
    lambda e: e.activity("tank"),
    lambda e: e.exists("tank/a"),
    lambda e: [x.damaged or dict(x.properties) for x in e.datasets("tank")],
    lambda e: dict(e.dataset("tank/a").properties),
    lambda e: dict(e.snapshot("tank/a@s").properties),
    lambda e: e.snapshots("tank/a", dated=True),
    lambda e: [dict(each.properties) for each in e.snapshots("tank/a", properties=True)],
    lambda e: [
        dict(each.properties)
        for each in e.find_snapshots(["tank/a@s"], properties=True).values()
    ],
    lambda e: e.holds("tank/a@s"),
    lambda e: e.bookmarks("tank/a"),
    lambda e: e.object_stats("tank/a@s", 7),
    lambda e: e.changed_objects("tank/a@s", "tank/a@t"),
    lambda e: e.reclaim_size("tank/a@s", "tank/a@t"),
    lambda e: e.boot_environment("tank"),
    lambda e: e.device_properties("tank", "/x"),
    lambda e: e.wait("tank", "scrub"),
    lambda e: e.run_program("tank", "return 1"),
    lambda e: e.take_snapshots(["tank/a@s"]),
    lambda e: e.hold(["tank/a@s"], "t"),
    lambda e: e.release(["tank/a@s"], "t"),
    lambda e: e.set("tank/a", {"org.x:y": "z"}),
    lambda e: e.trim("tank"),
    lambda e: e.promote("tank/a"),
    lambda e: e.destroy_exactly({"tank/a@s": 7}),
)

_PROPERTIES = b'{"used":{"value":7},"org.x:y":{"value":"z","source":"tank/a"}}'
_STATS = b"[" + b",".join([b"7"] * 20) + b"]"
_CONFIG = (
    b'{"pool_guid":1,"feature_stats":{"com.x:y":1},"vdev_tree":{"type":"root","vdev_stats":'
    + _STATS
    + b',"scan_stats":[1,1],"children":[{"type":"raidz","nparity":1,"ashift":12,"children":'
    b'[{"type":"file","path":"/x","guid":5,"vdev_stats":' + _STATS + b"}]}]}}"
)
_BOOKMARK = (
    b'{"m":{"guid":{"value":1},"createtxg":{"value":2},"creation":{"value":3},'
    b'"redact_snaps":{"value":[4]},"redact_complete":{"value":true}}}'
)
WRITINGS = (
    b"{}",
    b"[]",
    b"7",
    b'{"return":{"a":1}}',
    b'{"tank/a@s":2}',
    b'{"return":{"tank/a@s":2}}',
    b'{"tank":{"12":5}}',
    b'[["tank/a",2,12,8,0,0,' + _PROPERTIES + b'],["tank/b",2,1,1,0,0,5]]',
    b'["tank/a",2,12,8,0,0,' + _PROPERTIES + b"]",
    b'["tank/a@s",2,12,8,0,0,' + _PROPERTIES + b"]",
    b'[["s",2,12,8,9,0,null],["\\udcff",2,18446744073709551615,8,9,0,null]]',
    b'[["tank/a@s",2,12,8,0,0,{"clones":{"value":{"tank/c":null}}}]]',
    b'["/a/b",6,16877,2,1796103105,977193030]',
    b"[1,2,3]",
    _BOOKMARK,
    _CONFIG,
)


# Whole answers, and what a caller asks.
TOLD = (
    write_image_answer(ImageDone(0, b"{}")) * 2,
    write_image_answer(ImageDone(0, b"7")) + write_image_answer(ImageDone(2)),
    write_image_answer(ImageDone(0, b'["a",2,12,8,0,0]'))
    + write_image_answer(ImageRefused("cannot", "hint")),
    write_image_answer(ImageDone(0, b"[1]"))
    + write_image_answer(ImageReady(1, 11, 1 << 20)),
    write_image_answer(ImageDone(0, b"[]")) + write_image_answer(ImageUnopened(5, "host")),
)
ASKED = (
    write_image_request("call", "zt_destroy", ("tank/\udcff", 7, b"\0\1")),
    write_image_request("open", args=(1, "/a", "", 0, 0, "host", 8000)),
    write_image_request("close"),
)


def _taken(read: Callable[[Any], object], data: bytes) -> bool:
    try:
        read(told(data))
    except ZfstuneError:
        return False
    return True


def hear_answers(data: bytes) -> None:
    """Make each reading call on an image that answers these bytes.

    Raises:
        NonsenseError: No call takes them.
    """
    if not sum(_taken(read, data) for read in READS):  # each of them is made
        raise NonsenseError("no call takes it")


def hear_writing(written: bytes) -> None:
    """Make each reading call on an image whose functions write these bytes.

    Raises:
        NonsenseError: No call takes them.
    """
    given, nothing = (
        write_image_answer(ImageDone(0, written)),
        write_image_answer(ImageDone(0, b"{}")),
    )
    with suppress(NonsenseError):
        hear_answers(write_image_answer(ImageDone(0, _CONFIG)) + given)
    hear_answers(given + nothing * _ENOUGH)


def ask(data: bytes) -> None:
    """Read bytes as the process of an image reads what its caller wrote.

    Raises:
        NonsenseError: It is no request.
    """
    request = read_image_request(*_parts(data.ljust(HEADER_BYTES, b"\0")))
    again = write_image_request(request.method, request.function, request.args)
    assert read_image_request(*_parts(again)) == request


def _parts(message: bytes) -> tuple[bytes, bytes]:
    head, _ = lengths(message[:HEADER_BYTES])
    rest = message[HEADER_BYTES:]
    return rest[:head], rest[head:]
