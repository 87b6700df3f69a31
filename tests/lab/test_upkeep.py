"""Calls for whole pools on a kernel, beside zpool and OpenZFS's own binding."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import libzfs_core as lzc
import pytest
from libzfs_core import exceptions as theirs

from zfstune.values.errors import Busy, NotFound, NotSupported

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine

MIB = 1 << 20
SPELL = b"a block that is easy to find.   "


def device_of(engine: Engine, pool: str) -> str:
    """Return the path of the pool's one device."""
    (vdev,) = engine.pool(pool).vdevs
    (device,) = vdev.devices
    return device


def ring(_number: int, _frame: object) -> None:
    """Raise what ends a wait."""
    raise TimeoutError


def test_a_signal_ends_a_wait(engine: Engine, pool: str) -> None:
    """What its handler raises comes out at once, and the activity goes on."""
    engine.initialize(pool)
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    begun = time.monotonic()
    try:
        with pytest.raises(TimeoutError):
            engine.wait(pool, "initialize")
    finally:
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - begun < 5
    engine.initialize(pool, "cancel")


def test_pyzfs_sees_the_same_checkpoint(engine: Engine, pool: str) -> None:
    """One checkpoint for both; either discards the other's."""
    name = pool.encode()
    engine.pool_checkpoint(pool)
    with pytest.raises(theirs.CheckpointExists):
        lzc.lzc_pool_checkpoint(name)
    lzc.lzc_pool_checkpoint_discard(name)
    engine.wait(pool, "discard")
    with pytest.raises(NotFound, match="no checkpoint"):
        engine.discard_pool_checkpoint(pool)
    lzc.lzc_pool_checkpoint(name)
    with pytest.raises(Busy, match="has a checkpoint"):
        engine.pool_checkpoint(pool)
    engine.discard_pool_checkpoint(pool)
    engine.wait(pool, "discard")


def test_zpool_shows_what_was_done(
    engine: Engine, pool: str, command: Callable[..., str]
) -> None:
    """The status tells of the scrub, and the history of each call."""
    engine.sync(pool, force=True)
    engine.scrub(pool)
    engine.wait(pool, "scrub")
    engine.reopen(pool, restart_scrub=False)
    assert "scrub repaired 0B" in command("zpool", "status", pool)
    history = command("zpool", "history", pool)
    assert f"zfstune scrub {pool}" in history
    assert f"zfstune reopen -n {pool}" in history


def test_calls_of_later_releases(
    engine: Engine, pool: str, command: Callable[..., str]
) -> None:
    """Where the module lacks one, that is said; else zpool sees the same."""
    device = device_of(engine, pool)
    calls: tuple[tuple[tuple[int, int], Callable[[], object]], ...] = (
        ((2, 2), lambda: engine.set_device_properties(pool, device, {"org.x:y": "z"})),
        ((2, 2), lambda: engine.device_properties(pool, device)),
        ((2, 3), lambda: engine.prefetch(pool)),
        ((2, 3), lambda: engine.prune_dedup(pool, percent=10)),
    )
    for since, call in calls:
        if engine.limits.release >= since:
            call()
        else:
            with pytest.raises(NotSupported, match="this release of the module"):
                call()
    if engine.limits.release >= (2, 2):
        words = ("zpool", "get", "-H", "-o", "value", "org.x:y", pool, device)
        assert command(*words).strip() == "z"
        assert engine.device_properties(pool, device)["org.x:y"] == "z"


def test_a_damaged_snapshot_is_healed(
    engine: Engine,
    make_pool: Callable[..., str],
    command: Callable[..., str],
    tmp_path: Path,
) -> None:
    """Blocks that were overwritten behind the pool's back come back from a stream."""
    pool = make_pool(size_bytes=128 * MIB)
    device, name = device_of(engine, pool), f"{pool}/a"
    engine.create(name, properties={"compression": "off", "recordsize": "128K"})
    engine.mount(name)
    text = SPELL * (MIB // len(SPELL))
    Path(f"/{name}/file").write_bytes(text)
    engine.take_snapshots([f"{name}@1"])
    with (tmp_path / "stream").open("wb") as stream:
        engine.send(f"{name}@1", stream.fileno())
    command("zpool", "export", pool)
    raw = Path(device).read_bytes()
    assert raw.count(SPELL) >= len(text) // len(SPELL)
    Path(device).write_bytes(raw.replace(SPELL, SPELL[::-1]))
    command("zpool", "import", "-d", device, pool)
    with pytest.raises(OSError, match=os.strerror(5)):
        Path(f"/{name}/file").read_bytes()
    with (tmp_path / "stream").open("rb") as stream:
        if engine.limits.release < (2, 2):
            with pytest.raises(NotSupported, match="this release of the module"):
                engine.heal(f"{name}@1", stream.fileno())
            return
        engine.heal(f"{name}@1", stream.fileno())
    assert Path(f"/{name}/file").read_bytes() == text
