"""Scenarios of OpenZFS' own tests for streams that stand nowhere else here.

The others are in the table of tests/lab/rsend.md, which tests/packaging/test_rsend.py
holds to the tests that it names.
"""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.values.errors import EngineError, PlanError, RefusedValue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zfstune.engine.protocol import Engine

    Command = Callable[..., str]

KIB, MIB = 1 << 10, 1 << 20
MICROZAP = Path("/sys/module/zfs/parameters/zap_micro_max_size")


@pytest.fixture(scope="module")
def back(make_pool: Callable[..., str]) -> str:
    """Make a second pool."""
    return make_pool()


@pytest.fixture
def copy(back: str) -> str:
    """Give a name for a copy."""
    return f"{back}/{secrets.token_hex(4)}"


@pytest.fixture
def source(pool: str, command: Command) -> str:
    """Make a filesystem with large records."""
    name = f"{pool}/{secrets.token_hex(4)}"
    command("zfs", "create", "-o", "recordsize=1M", "-o", "compression=off", name)
    return name


def write(dataset: str, name: str, size_bytes: int) -> Path:
    """Write a file of random bytes."""
    path = Path(f"/{dataset}/{name}")
    path.write_bytes(os.urandom(size_bytes))
    return path


def replicate(engine: Engine, source: str, copy: str) -> None:
    """Send what is new, and see that the newest snapshots hold the same."""
    zfstune.replicate(source, copy, engine=engine)
    newest = engine.snapshots(source)[-1]
    there = f"{copy}@{newest.short_name}"
    assert engine.snapshot(there).guid == newest.guid
    assert zfstune.compare(newest.name, there, engine=engine).equal


def take(engine: Engine, dataset: str) -> None:
    """Take a snapshot with a name of its own."""
    engine.take_snapshots([f"{dataset}@{secrets.token_hex(4)}"])


@pytest.mark.parametrize("active_at_first", [True, False])
def test_large_blocks_that_are_gone(
    source: str,
    copy: str,
    engine: Engine,
    command: Command,
    active_at_first: bool,  # noqa: FBT001 (a parameter)
) -> None:
    """A dataset that once held a large block is sent, and comes back after a failover.

    send_large_blocks_initial, send_large_blocks_incremental and
    send_large_blocks_reverse: the stream says that it may hold large blocks, and holds
    none. Before 2.4.1 the way back is closed (openzfs/zfs#18105).
    """
    if not active_at_first:
        take(engine, source)
        replicate(engine, source, copy)
    large = write(source, "large", 2 * MIB)
    command("zpool", "sync")
    large.unlink()
    take(engine, source)
    replicate(engine, source, copy)
    zfstune.failover(copy, engine=engine, properties={"mountpoint": f"/{copy}"})
    write(copy, "small", 100 * KIB)
    take(engine, copy)
    zfstune.failover(source, standby=True, engine=engine)
    if engine.limits.release < (2, 4, 1):
        with pytest.raises(RefusedValue, match="blocks above 128K") as raised:
            replicate(engine, copy, source)
        assert "2.4.1" in raised.value.hint
        return
    replicate(engine, copy, source)


@contextmanager
def large_microzaps() -> Iterator[None]:
    """Let directories grow into large microzaps for a while."""
    before = MICROZAP.read_text("ascii")
    MICROZAP.write_text(str(MIB), "ascii")
    try:
        yield
    finally:
        MICROZAP.write_text(before, "ascii")


def test_large_microzaps(
    source: str, copy: str, back: str, engine: Engine, command: Command
) -> None:
    """A directory of many files arrives, and from there in a third place.

    send_large_microzap_incremental and send_large_microzap_transitive.
    """
    third = f"{back}/{secrets.token_hex(4)}"
    if not MICROZAP.exists():
        assert "large_microzap" not in engine.pool(back).features
        return
    with large_microzaps():
        for number in range(3000):
            Path(f"/{source}/{number:03}").touch()
        command("zpool", "sync")
        take(engine, source)
        replicate(engine, source, copy)
        zfstune.replicate(copy, third, engine=engine)
        write(source, "more", KIB)
        take(engine, source)
        replicate(engine, source, copy)
        replicate(engine, copy, third)


def test_names_that_are_long(source: str, copy: str, engine: Engine) -> None:
    """A name of more than 255 bytes arrives where the release has such names.

    send-c_longname.
    """
    features = engine.pool(source.partition("/")[0]).features
    if "longname" not in features:
        with pytest.raises(OSError, match="too long"):
            Path(f"/{source}/{'n' * 300}").touch()
        return
    engine.set(source, {"longname": "on"})
    for name in ("n" * 300, "\u00e9" * 400):
        Path(f"/{source}/{name}").write_bytes(os.urandom(KIB))
    take(engine, source)
    replicate(engine, source, copy)


def test_a_pool_without_features(
    source: str,
    make_pool: Callable[..., str],
    engine: Engine,
) -> None:
    """It cannot take records as they are compressed; that is said, and leaves nothing.

    send-c_recv_lz4_disabled.
    """
    engine.set(source, {"compression": "lz4", "recordsize": "128K"})
    Path(f"/{source}/text").write_text("the same again and again\n" * 10_000, "ascii")
    take(engine, source)
    old = make_pool(options=("-d",))
    with pytest.raises(EngineError) as raised:
        zfstune.replicate(source, f"{old}/copy", engine=engine)
    assert raised.value.hint
    assert [d.name for d in engine.datasets(old)] == [old]


def test_from_a_pool_without_features(
    copy: str, make_pool: Callable[..., str], engine: Engine, command: Command
) -> None:
    """Its records are sent as they are, and arrive; a base needs bookmarks, as is said.

    send-c_lz4_disabled.
    """
    source = f"{make_pool(options=('-d',))}/old"
    command("zfs", "create", "-o", "compression=gzip", source)
    Path(f"/{source}/text").write_text("the same again and again\n" * 10_000, "ascii")
    take(engine, source)
    with pytest.raises(EngineError) as raised:
        zfstune.replicate(source, copy, engine=engine)
    assert "zpool upgrade" in raised.value.hint
    send_by_file(engine, source, copy)


def send_by_file(engine: Engine, source: str, copy: str) -> None:
    """Send the newest snapshot by way of a file, and see that it arrived."""
    newest = engine.snapshots(source)[-1]
    with TemporaryFile() as file:
        zfstune.send(newest.name, file, engine=engine)
        file.seek(0)
        zfstune.receive(copy, file, engine=engine)
    there = f"{copy}@{newest.short_name}"
    assert zfstune.compare(newest.name, there, engine=engine).equal


def test_a_pool_that_is_read_only(
    make_pool: Callable[..., str], copy: str, engine: Engine, command: Command
) -> None:
    """What is there can be sent.

    rsend_014_pos.
    """
    name = make_pool()
    command("zfs", "create", f"{name}/tree")
    write(f"{name}/tree", "file", MIB)
    take(engine, f"{name}/tree")
    folder = command("zpool", "list", "-vPH", "-o", "name", name).splitlines()[1].split()[0]
    command("zpool", "export", name)
    command("zpool", "import", "-d", folder, "-o", "readonly=on", name)
    try:
        send_by_file(engine, f"{name}/tree", copy)
    finally:
        command("zpool", "export", name)
        command("zpool", "import", "-d", folder, name)


def test_a_base_that_is_the_snapshot_itself(source: str, engine: Engine) -> None:
    """Neither that nor an order that is reversed reaches the kernel.

    rsend_016_neg and send_invalid.
    """
    take(engine, source)
    take(engine, source)
    first, second = (s.name for s in engine.snapshots(source))
    for snapshot, base in ((first, first), (first, second)):
        with (
            Path("/dev/null").open("wb") as sink,
            pytest.raises(PlanError) as raised,
        ):
            zfstune.send(snapshot, sink, base=base, engine=engine)
        assert base.partition("@")[2] in str(raised.value)
