"""One engine, many threads: right results, and the interpreter goes on meanwhile."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from zfstune.engine.open import open_engine
from zfstune.values.errors import AlreadyExists, BatchError, Busy, ZfsUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine

THREADS = 8
SECONDS = 4


def churn(engine: Engine, root: str, until: float) -> int:
    """Change and read a tree of its own until the time is up; count the rounds."""
    engine.create(root)
    rounds = 0
    while time.monotonic() < until or rounds < 2:
        child, snapshot = f"{root}/{rounds}", f"{root}/{rounds}@a"
        engine.create(child, properties={"recordsize": "8K", "org.x:round": str(rounds)})
        assert engine.mount(child) == f"/{child}"
        engine.take_snapshots([snapshot], properties={"org.x:y": root})
        engine.hold([snapshot], "tag")
        with pytest.raises(BatchError) as caught:
            engine.destroy_snapshots([snapshot])
        assert [f.target for f in caught.value.failures] == [snapshot]
        with pytest.raises(Busy):
            engine.destroy(child)
        with pytest.raises(AlreadyExists):
            engine.create(child)
        assert engine.holds(snapshot).keys() == {"tag"}
        assert engine.snapshot(snapshot).local("org.x:y") == root
        assert engine.dataset(child).local("org.x:round") == str(rounds)
        assert engine.dataset(child).local("recordsize") == "8192"
        assert [s.name for s in engine.snapshots(child)] == [snapshot]
        engine.set(child, {"atime": "off"})
        engine.inherit(child, "atime")
        assert engine.mounts()[child].path == f"/{child}"
        engine.release([snapshot], "tag")
        if rounds % 2:
            engine.destroy_snapshots([snapshot])
            engine.destroy(child)
        rounds += 1
    return rounds


def test_threads_share_an_engine(
    pool: str, engine: Engine, command: Callable[..., str]
) -> None:
    """Eight threads with mixed calls each get their own results and errors."""
    until = time.monotonic() + SECONDS
    roots = [f"{pool}/t{i}" for i in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as executor:
        rounds = dict(
            zip(
                roots,
                executor.map(lambda root: churn(engine, root, until), roots),
                strict=True,
            )
        )
    names = command("zfs", "list", "-Ho", "name", "-r", "-t", "all", pool).split()
    expected = {pool, *roots}
    for root, count in rounds.items():
        for i in range(0, count, 2):
            expected |= {f"{root}/{i}", f"{root}/{i}@a"}
    assert set(names) == expected


def test_a_call_lets_other_threads_go_on(
    pool: str, engine: Engine, command: Callable[..., str]
) -> None:
    """While one thread waits in the kernel, another counts in Python."""
    command("zpool", "sync", pool)
    engine.create(f"{pool}/gil")
    done = threading.Event()
    waited: list[float] = []

    def wait_in_the_kernel() -> None:
        # each of these waits for a transaction group to reach the disk
        begin = time.monotonic()
        for i in range(10):
            engine.take_snapshots([f"{pool}/gil@{i}"])
        waited.append(time.monotonic() - begin)
        done.set()

    thread = threading.Thread(target=wait_in_the_kernel)
    thread.start()
    ticks, longest, last = 0, 0.0, time.monotonic()
    while not done.is_set():
        time.sleep(0.001)
        now = time.monotonic()
        longest, last, ticks = max(longest, now - last), now, ticks + 1
    thread.join()
    # one call that kept the lock would show as a pause of a tenth of the whole
    assert ticks > 10
    assert longest < waited[0] / 2


def test_a_closed_engine_says_so() -> None:
    """Closing while others hold it is safe; every later call is refused by name."""
    engine = open_engine()
    pools = engine.pools()
    engine.close()
    engine.close()
    for call in (engine.pools, lambda: engine.exists(pools[0]), engine.__enter__().pools):
        with pytest.raises(ZfsUnavailable, match="closed"):
            call()
