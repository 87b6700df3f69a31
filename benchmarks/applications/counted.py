"""What an application costs on a dataset in bytes, counted on a kernel's pool."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import zfstune

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zfstune.engine.protocol import Engine

POOL = "ztapps"
SIZES = ("8K", "16K", "32K", "128K")
COMPRESSIONS = ("lz4", "zstd")
# 1 is what the results were made with; 0.1 shows that all of it runs.
SCALE = float(os.environ.get("BENCH_SCALE", "1"))
ROUNDS = 4
_GROUP_S = Path("/sys/module/zfs/parameters/zfs_txg_timeout")


@dataclass(frozen=True)
class Cost:
    """What a transaction cost on a dataset.

    Attributes:
        application: The application and its schema.
        recordsize_bytes: The record size.
        compression: As the property takes it.
        transactions: How many were counted.
        written_bytes: What the devices wrote for all of them, with log and metadata.
        pinned_bytes: What a snapshot from before keeps after them.
        allocated_bytes: What the data took before them.
        logical_bytes: The same before compression.
    """

    application: str
    recordsize_bytes: int
    compression: str
    transactions: int
    written_bytes: int
    pinned_bytes: int
    allocated_bytes: int
    logical_bytes: int


def scaled(count: int) -> int:
    """Return a size, smaller where that was asked for."""
    return max(round(count * SCALE), 1)


def run(*argv: str | Path, user: str | None = None, stdin: str = "") -> str:
    """Run a command that must succeed; give what it printed."""
    done = subprocess.run(
        [str(word) for word in argv],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    )
    if done.returncode:
        message = f"{argv[0]} ended with {done.returncode}: {done.stderr or done.stdout}"
        raise SystemExit(message)
    return done.stdout


@contextmanager
def pool_on(device: str) -> Iterator[Engine]:
    """Make a pool with sectors of 4K on a device, for a block.

    Transaction groups end when they are forced, and no clock adds others.
    """
    usual = _GROUP_S.read_text()
    run("zpool", "create", "-f", "-o", "ashift=12", "-O", "atime=off", POOL, device)
    try:
        _GROUP_S.write_text("600")
        with zfstune.open() as engine:
            yield engine
    finally:
        _GROUP_S.write_text(usual)
        run("zpool", "destroy", "-f", POOL)


class InPool:
    """Datasets of a pool, on which the applications work.

    Args:
        engine: Where the pool is.

    Attributes:
        candidates: The properties of the datasets to try.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.candidates = [
            {"recordsize": size, "compression": compression}
            for compression in COMPRESSIONS
            for size in SIZES
        ]

    @contextmanager
    def dataset(self, name: str, **properties: str) -> Iterator[Path]:
        """Make a dataset for a block; give where it is mounted."""
        full = f"{POOL}/{name}"
        self._engine.create(full, properties=properties)
        try:
            yield Path(self._engine.mount(full))
        finally:
            self._engine.unmount(full, force=True)
            self._drop_snapshots(full)
            self._engine.destroy(full)
            self._engine.wait(POOL, "free")

    def count(
        self,
        application: str,
        transactions: int,
        work: Callable[[int, int], None],
        processes: Callable[[], list[int]],
        files: Path,
    ) -> Iterator[Cost]:
        """Count what transactions cost on the dataset ``data``.

        Args:
            application: As the table calls it.
            transactions: How many in all.
            work: Does so many of them, with a seed, and has the application write its
                pages back; called for each round, after which a transaction group is
                forced.
            processes: Not needed here.
            files: Not needed here.
        """
        del processes, files
        engine, full = self._engine, f"{POOL}/data"
        each = -(-transactions // ROUNDS)
        work(each, 0)  # what was read into memory, and the first growth of files
        engine.sync(POOL)
        engine.take_snapshots([f"{full}@before"])
        for _ in range(3):  # deferred frees of what was there before
            engine.sync(POOL, force=True)
        facts = engine.dataset(full)
        before = engine.activity(POOL).written_bytes
        for number in range(ROUNDS):
            work(each, number + 1)
            engine.sync(POOL)
        written = engine.activity(POOL).written_bytes - before
        yield Cost(
            application=application,
            recordsize_bytes=int(facts.value("recordsize") or 0),
            compression=str(facts.value("compression")),
            transactions=each * ROUNDS,
            written_bytes=written,
            pinned_bytes=int(engine.dataset(full).value("usedbysnapshots") or 0),
            allocated_bytes=int(facts.value("referenced") or 0),
            logical_bytes=int(facts.value("logicalreferenced") or 0),
        )
        self._drop_snapshots(full)

    def _drop_snapshots(self, name: str) -> None:
        taken = [each.name for each in self._engine.snapshots(name)]
        self._engine.destroy_snapshots(taken)
