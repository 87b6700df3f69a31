"""Streams out and in again, and channel programs."""

from __future__ import annotations

import fcntl
import os
import secrets
import select
import signal
import threading
from typing import TYPE_CHECKING

import pytest

from engine_contract.words import MIB, names_below, shorts
from zfstune.values.errors import (
    EngineError,
    NotFound,
    PlanError,
    RefusedValue,
)
from zfstune.values.state import Partial
from zfstune.values.stream_record import parse_header

if TYPE_CHECKING:
    from pathlib import Path

    from zfstune.engine.protocol import Engine


def sent(engine: Engine, file: Path, snapshot: str, *, base: str = "") -> Path:
    """Send a snapshot to a file."""
    with file.open("wb") as stream:
        engine.send(snapshot, stream.fileno(), base=base)
    return file


def received(engine: Engine, file: Path, snapshot: str, **how: object) -> None:
    """Receive a snapshot from a file."""
    with file.open("rb") as stream:
        engine.receive(snapshot, stream.fileno(), **how)  # type: ignore[arg-type]


def test_streams(engine: Engine, tree: str, tmp_path: Path) -> None:
    """In full, then what came after a snapshot or a bookmark; guids tell they are one."""
    engine.create(f"{tree}/a/b", parents=True)
    source, copy = f"{tree}/a", f"{tree}/copy"
    for short in "123":
        engine.take_snapshots([f"{source}@{short}"])
    engine.bookmark(f"{source}@2", f"{source}#2")
    file = tmp_path / "stream"
    received(engine, sent(engine, file, f"{source}@1"), f"{copy}@1")
    sent(engine, file, f"{source}@2", base=f"{source}@1")
    received(engine, file, f"{copy}@2")
    with pytest.raises(EngineError):
        received(engine, file, f"{copy}@2")
    sent(engine, file, f"{source}@3", base=f"{source}#2")
    received(engine, file, f"{copy}@other")
    ours, theirs = engine.snapshots(source), engine.snapshots(copy)
    assert [s.guid for s in theirs] == [s.guid for s in ours]
    assert [s.short_name for s in theirs] == ["1", "2", "other"]
    received(engine, file, f"{tree}/clone@3", origin=f"{copy}@2")
    assert engine.dataset(f"{tree}/clone").value("origin") == f"{copy}@2"
    assert engine.send_size(f"{source}@3") > 0
    plain = engine.send_size(f"{source}@3", compressed=False)
    assert plain >= engine.send_size(f"{source}@3")
    assert engine.send_size(f"{source}@3", base=f"{source}@2") >= 0
    assert engine.reclaim_size(f"{source}@1", f"{source}@3") >= 0


def test_a_stream_from_one_call_to_another(engine: Engine, tree: str) -> None:
    """A send feeds a receive of the same engine, however long the stream."""
    engine.create(f"{tree}/v", volume=True, properties={"volsize": "16M"})
    engine.take_snapshots([f"{tree}/v@s"])
    out, into = os.pipe()
    failures: list[BaseException] = []

    def take() -> None:
        try:
            engine.receive(f"{tree}/w@s", out)
        except BaseException as error:  # noqa: BLE001 (raised below)
            failures.append(error)
        finally:
            os.close(out)

    thread = threading.Thread(target=take)
    thread.start()
    try:
        engine.send(f"{tree}/v@s", into)
    finally:
        os.close(into)
        thread.join()
    assert failures == []
    assert engine.snapshot(f"{tree}/w@s").guid == engine.snapshot(f"{tree}/v@s").guid


def _with_header(stream: bytes, at: int, byte: int) -> bytes:
    return stream[:at] + bytes([byte]) + stream[at + 1 :]


def test_streams_that_are_refused(engine: Engine, tree: str, tmp_path: Path) -> None:
    """Cut short, damaged, no stream at all, nowhere to go: the error says which."""
    source = f"{tree}/a"
    engine.create(source)
    for short in "12":
        engine.take_snapshots([f"{source}@{short}"])
    file = sent(engine, tmp_path / "stream", f"{source}@1")
    whole = file.read_bytes()
    later = sent(engine, file, f"{source}@2", base=f"{source}@1").read_bytes()
    engine.create(f"{tree}/taken")
    for data, to, how in (
        (whole, f"{tree}/taken@1", {}),
        (whole, f"{tree}/none/x@1", {}),
        (whole[:-8], f"{tree}/x@1", {}),
        (whole[:100], f"{tree}/x@1", {}),
        (b"", f"{tree}/x@1", {}),
        (b"no stream at all" * 100, f"{tree}/x@1", {}),
        # the kind of the stream, and that of the record, which the kernel lets pass
        (_with_header(whole, 16, whole[16] & ~3), f"{tree}/x@1", {}),
        (_with_header(whole, 16, whole[16] | 3), f"{tree}/x@1", {}),
        (_with_header(whole, 0, 1), f"{tree}/x@1", {}),
        (whole[:400] + bytes([whole[400] ^ 1]) + whole[401:], f"{tree}/x@1", {}),
        (later, f"{tree}/x@2", {"origin": f"{source}@2"}),
        (later, f"{tree}/taken@2", {}),
        (later, f"{tree}/x@2", {}),
    ):
        file.write_bytes(data)
        with pytest.raises(EngineError) as caught:
            received(engine, file, to, **how)
        assert caught.value.operation == "receive"
        parsed = parse_header(data[:312])
        is_none = len(data) >= 312 and (parsed is None or parsed.package)
        assert ("is no stream" in caught.value.reason) == is_none
        assert not engine.exists(f"{tree}/x")
    for snapshot, base in (
        (f"{source}@none", ""),
        (f"{source}@1", f"{source}@2"),
        (f"{source}@1", f"{tree}/taken@none"),
        (f"{source}@1", f"{source}#none"),
    ):
        with pytest.raises(EngineError):
            sent(engine, file, snapshot, base=base)
    assert names_below(engine, tree) == ["/a", "/taken"]


def test_a_broken_receive_goes_on(engine: Engine, tree: str, tmp_path: Path) -> None:
    """What has arrived stays; the token gives the rest, or the dataset goes."""
    source, copy = f"{tree}/a", f"{tree}/copy"
    engine.create(source)
    engine.take_snapshots([f"{source}@1"])
    file = sent(engine, tmp_path / "stream", f"{source}@1")
    whole = file.read_bytes()
    for name in (copy, f"{tree}/other"):
        file.write_bytes(whole[: len(whole) - 400])
        with pytest.raises(EngineError):
            received(engine, file, f"{name}@1", resumable=True)
    token = engine.dataset(copy).value("receive_resume_token")
    assert token is not None
    assert token.startswith("1-")
    snapshot = engine.snapshot(f"{source}@1")
    assert engine.read_token(token) == Partial(snapshot.name, snapshot.guid)
    with file.open("wb") as stream:
        assert engine.send_resumed(token, stream.fileno()) == f"{source}@1"
    received(engine, file, f"{copy}@1", resumable=True)
    assert engine.snapshot(f"{copy}@1").guid == engine.snapshot(f"{source}@1").guid
    assert not engine.dataset(copy).value("receive_resume_token")
    engine.abort_receive(f"{tree}/other")
    assert names_below(engine, tree) == ["/a", "/copy"]
    # one on top of what is there waits in a hidden child, and goes with its parent
    engine.take_snapshots([f"{source}@2"])
    whole = sent(engine, file, f"{source}@2", base=f"{source}@1").read_bytes()
    file.write_bytes(whole[:-400])
    with pytest.raises(EngineError):
        received(engine, file, f"{copy}@2", resumable=True)
    assert names_below(engine, tree) == ["/a", "/copy"]
    with pytest.raises(NotFound, match="no receive broke off there"):
        engine.abort_receive(copy)
    with pytest.raises(NotFound, match="does not exist"):
        engine.abort_receive(f"{tree}/none")
    assert [s.short_name for s in engine.snapshots(copy)] == ["1"]
    engine.destroy_snapshots([f"{copy}@1"])
    engine.destroy(copy)
    assert names_below(engine, tree) == ["/a"]


def test_force_names_what_it_destroys(
    engine: Engine, pair: tuple[str, str], tmp_path: Path
) -> None:
    """Snapshots newer than the base go only where the caller names each of them."""
    source, copy = pair
    file = sent(engine, tmp_path / "stream", f"{source}@2", base=f"{source}@1")
    for short in ("own", "other"):
        engine.take_snapshots([f"{copy}@{short}"])
    for losing in ([], [f"{copy}@own"], [f"{source}@2"]):
        with pytest.raises(PlanError, match=r"would destroy.*@other") as caught:
            received(engine, file, f"{copy}@2", force=True, losing=losing)
        assert ("@own" in str(caught.value)) == (f"{copy}@own" not in losing)
        assert shorts(engine, copy) == ["1", "own", "other"]
    losing = [f"{copy}@own", f"{copy}@other"]
    received(engine, file, f"{copy}@2", force=True, losing=losing)
    assert shorts(engine, copy) == ["1", "2"]
    # a full stream replaces all that is there
    full = sent(engine, file, f"{source}@1")
    with pytest.raises(PlanError, match=r"@1.*@2"):
        received(engine, full, f"{copy}@1", force=True)
    assert shorts(engine, copy) == ["1", "2"]
    # nothing but what was written is in the way, or nothing at all is there
    engine.set(source, {"org.x:y": "z"})
    engine.take_snapshots([f"{source}@3"])
    sent(engine, file, f"{source}@3", base=f"{source}@2")
    received(engine, file, f"{copy}@3", force=True)
    received(engine, sent(engine, file, f"{source}@1"), f"{copy}-new@1", force=True)
    assert shorts(engine, f"{copy}-new") == ["1"]


def test_a_send_that_nobody_reads_can_be_interrupted(engine: Engine, tree: str) -> None:
    """Ctrl-C ends it although the pipe is full, and the engine goes on."""
    name = f"{tree}/v"
    engine.create(name, volume=True, properties={"volsize": "16M"})
    engine.take_snapshots([f"{name}@s"])
    out, into = os.pipe()
    fcntl.fcntl(into, fcntl.F_SETPIPE_SZ, 4096)
    try:
        while select.select([], [into], [], 0)[1]:  # so that nothing of it fits
            os.write(into, b"x" * 4096)
        main = threading.main_thread().ident
        assert main is not None
        timer = threading.Timer(0.5, signal.pthread_kill, (main, signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            engine.send(f"{name}@s", into)
        timer.join()
    finally:
        os.close(into)
        os.close(out)
    assert engine.exists(f"{name}@s")
    engine.destroy_snapshots([f"{name}@s"])  # nothing sends it any more


def test_programs(engine: Engine, tree: str) -> None:
    """Values go in and come out; mistakes, limits and sync are told apart."""
    pool = tree.partition("/")[0]
    program = "args = ...; return {n = args.n + 1, s = args.s .. '!', t = args.t[2]}"
    given = {"n": 41, "s": "é", "t": {"2": "two"}}
    with pytest.raises(EngineError):
        engine.run_program(pool, "return 1 +", {})
    assert engine.run_program(pool, program.replace("t[2]", "t['2']"), given) == {
        "n": 42,
        "s": "é!",
        "t": "two",
    }
    take = "args = ...; return zfs.sync.snapshot(args.name)"
    assert engine.run_program(pool, take, {"name": f"{tree}@p"}) == 0
    assert shorts(engine, tree) == ["p"]
    with pytest.raises(EngineError):
        engine.run_program(pool, take, {"name": f"{tree}@q"}, sync=False)
    with pytest.raises(EngineError, match="instructions"):
        engine.run_program(pool, "while true do end", {}, instructions=1000)
    for instructions, memory_bytes in ((0, MIB), (1000, 0), (1000, 101 * MIB)):
        with pytest.raises(RefusedValue):
            engine.run_program(
                pool, "return 1", instructions=instructions, memory_bytes=memory_bytes
            )
    with pytest.raises(NotFound):
        engine.run_program(f"zt{secrets.token_hex(4)}", "return 1", {})
    assert shorts(engine, tree) == ["p"]
