"""Streams and channel programs: the calls of C, and refusals before them."""

from __future__ import annotations

import errno
import os
import struct
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from scripted_binding import ScriptedBinding, row
from zfstune.engine._nvlist import Int64
from zfstune.values.errors import (
    EngineError,
    InvalidName,
    InvalidValue,
    NotSupported,
    PlanError,
    RefusedValue,
)

if TYPE_CHECKING:
    from collections.abc import Callable

LARGE_AND_COMPRESSED, RAW = 2 | 4, 8
HEADER = struct.pack("<IIQQQIIQQ", 0, 0, 0x2F5BACBAC, 1, 5, 2, 0, 77, 0).ljust(312, b"\0")


@pytest.mark.parametrize(
    ("encryption", "raw", "flags"),
    [
        ("off", False, LARGE_AND_COMPRESSED),
        ("off", True, LARGE_AND_COMPRESSED),
        ("aes-256-gcm", False, LARGE_AND_COMPRESSED),
        ("aes-256-gcm", True, LARGE_AND_COMPRESSED | RAW),
    ],
)
def test_the_flags_of_a_send(encryption: str, raw: bool, flags: int) -> None:  # noqa: FBT001 (a table of rows)
    """A stream is raw only where its snapshot is encrypted."""
    binding = ScriptedBinding(
        zt_stats=(0, row("tank/a@1", encryption=encryption)), zt_send_space=(0, 4096)
    )
    assert binding.engine().send_size("tank/a@2", base="tank/a#1", raw=raw) == 4096
    assert binding.asked[-1] == ("zt_send_space", ("tank/a@2", "tank/a#1", flags, ""))


@pytest.mark.parametrize(
    ("compressed", "flags"), [(True, LARGE_AND_COMPRESSED), (False, 2)]
)
def test_a_send_may_unpack_its_blocks(compressed: bool, flags: int) -> None:  # noqa: FBT001 (a table of rows)
    """A plain stream still has large blocks: other ones would be cut."""
    binding = ScriptedBinding(zt_stats=(0, row("tank/a@1", encryption="off")), zt_send=0)
    with open(os.devnull, "wb") as sink:  # noqa: PTH123 (a device)
        binding.engine().send("tank/a@1", sink.fileno(), compressed=compressed)
    [passed] = [words for name, words in binding.asked if name == "zt_send"]
    assert passed[-4:] == (flags, 0, 0, "")


def test_a_base_is_a_snapshot_or_a_bookmark() -> None:
    """A base is a snapshot or a bookmark; a dataset is refused."""
    with pytest.raises(InvalidName):
        ScriptedBinding().engine().send_size("tank/a@2", base="tank/a")


def test_a_redaction_is_passed_by_its_short_name() -> None:
    """The kernel takes the part behind the mark, and looks in the snapshot's dataset."""
    binding = ScriptedBinding(zt_stats=(0, row("tank/a@1")), zt_send_space=(0, 1))
    engine = binding.engine()
    engine.redact("tank/a@1", "tank/a#mark", ["tank/b@1", "tank/c@1"])
    engine.send_size("tank/a@1", redaction="tank/a#mark")
    with open(os.devnull, "wb") as sink:  # noqa: PTH123 (a device)
        engine.send("tank/a@1", sink.fileno(), redaction="tank/a#mark")
    asked = dict(binding.asked)
    lacking = {"tank/b@1": None, "tank/c@1": None}
    assert asked["zt_redact"] == ("tank/a@1", "mark", lacking)
    assert asked["zt_send_space"][-1] == asked["zt_send"][-1] == "mark"
    assert binding.history() == ["zfstune redact tank/a@1 mark tank/b@1 tank/c@1"]


def received(data: bytes, call: Callable[[int], None]) -> None:
    """Let a call receive these bytes."""
    out, into = os.pipe()
    os.write(into, data)
    os.close(into)
    try:
        call(out)
    finally:
        os.close(out)


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (HEADER[:-1], EngineError, "the stream ended early"),
        (bytes(400), RefusedValue, "the data is no stream"),
    ],
)
def test_bytes_that_are_no_stream(data: bytes, kind: type[EngineError], words: str) -> None:
    """Bytes that are no stream are refused before the kernel sees them."""
    binding = ScriptedBinding()
    for call in (binding.engine().receive, binding.engine().heal):
        with pytest.raises(kind, match=words):
            received(data, partial(call, "tank/a@1"))
    assert binding.asked == []


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (errno.ENOTSUP, RefusedValue, "of another snapshot"),
        (errno.EBADE, RefusedValue, "damaged, or lacks a block"),
        (errno.ENOSYS, NotSupported, "an image"),
        (1029, NotSupported, "this release"),
    ],
)
def test_a_snapshot_that_is_not_healed(
    code: int, kind: type[EngineError], words: str
) -> None:
    """The reason is told, and the history has nothing of it."""
    binding = ScriptedBinding(zt_heal=(code, None))
    with pytest.raises(kind, match=words):
        received(HEADER, lambda fd: binding.engine().heal("tank/a@1", fd))
    assert binding.history() == []


def test_a_sound_stream_that_does_not_fit() -> None:
    """The kernel's EINVAL of a sound stream is told apart from that of no stream."""
    binding = ScriptedBinding(zt_receive=(errno.EINVAL, None))
    with pytest.raises(RefusedValue, match="does not fit"):
        received(HEADER, lambda fd: binding.engine().receive("tank/a@1", fd))
    assert binding.history() == []


@pytest.mark.parametrize(
    ("code", "brought_back"), [(0, []), (errno.EBADE, ["atime", "exec"])]
)
def test_a_failed_receive_brings_received_values_back(
    code: int, brought_back: list[str]
) -> None:
    """The kernel leaves the local value of a failed receive over the received one."""
    target = row("a")
    target[-1] |= {
        "atime": {"value": 0, "source": "$recvd"},
        "exec": {"value": 0, "source": "$recvd"},
        "sync": {"value": 1, "source": "tank/a"},
    }
    properties = {"atime": "on", "sync": "always", "setuid": "off"}
    binding = ScriptedBinding(zt_stats=(0, target), zt_receive=(code, None))
    engine = binding.engine()
    with pytest.raises(RefusedValue) if code else nullcontext():
        received(
            HEADER,
            lambda fd: engine.receive(
                "tank/a@1", fd, properties=properties, excluded=["exec"]
            ),
        )
    inherited = [args for name, args in binding.asked if name == "zt_inherit"]
    assert inherited == [("tank/a", prop, 1) for prop in brought_back]


def test_force_looks_at_the_victims_first() -> None:
    """A full stream replaces a dataset, so each of its snapshots must be named."""
    binding = ScriptedBinding(zt_list_snapshots=(0, [row("old")]))
    engine = binding.engine()
    with pytest.raises(PlanError, match="tank/a@old"):
        received(HEADER, lambda fd: engine.receive("tank/a@1", fd, force=True))
    received(
        HEADER,
        lambda fd: engine.receive("tank/a@1", fd, force=True, losing=["tank/a@old"]),
    )
    assert binding.history() == ["zfstune receive tank/a@1"]


def test_numbers_for_a_program_are_signed() -> None:
    """Numbers for a channel program are signed at any depth; a flag stays a flag."""
    binding = ScriptedBinding(zt_channel_program=(0, {"return": 3}))
    arguments = {"n": 1, "list": {"deep": 2, "flag": True, "text": "x"}}
    assert binding.engine().run_program("tank", "return 3", arguments) == 3
    passed: Any = binding.asked[0][1][-1]
    assert passed == arguments
    assert type(passed["n"]) is type(passed["list"]["deep"]) is Int64
    assert passed["list"]["flag"] is True


def test_arguments_without_an_end() -> None:
    """Arguments that are nested too deeply, or hold themselves, are refused."""
    endless: dict[str, object] = {}
    endless["again"] = endless
    with pytest.raises(InvalidValue, match="more than 20 levels"):
        ScriptedBinding().engine().run_program("tank", "", endless)


def test_the_error_of_a_program_has_its_words() -> None:
    """Lua's own message follows the reason."""
    out = {"error": "attempt to index nil"}
    binding = ScriptedBinding(zt_channel_program=(errno.ECHRNG, out))
    with pytest.raises(EngineError, match="the program failed: attempt to index nil"):
        binding.engine().run_program("tank", "x.y")
