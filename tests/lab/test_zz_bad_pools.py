"""Pools that are full, read-only or suspended: a clear error soon, and no harm done.

The last file of the suite, for what it does to pools.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.engine.suspended import suspended_pools
from zfstune.values.marks import SNAPSHOT_PROPERTY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zfstune.engine.protocol import Engine

    Command = Callable[..., str]

OWN = {SNAPSHOT_PROPERTY: "auto"}
# The command gives up 10 s after it began to wait; an emulated guest is slow.
GIVES_UP_S = 60


def fill(path: Path, megabytes: int) -> None:
    """Write what does not compress until nothing more fits."""
    try:
        with path.open("wb", buffering=0) as file:
            for _ in range(megabytes):
                file.write(os.urandom(1 << 20))
            os.fsync(file.fileno())
    except OSError:
        return
    pytest.fail(f"{megabytes} MiB fit into {path}")


class TestFull:
    """A pool without space takes nothing, and prune makes room."""

    def test_full_pool(
        self, make_pool: Callable[..., str], engine: Engine, command: Command
    ) -> None:
        """Apply and snapshot say that space is missing; prune still frees it."""
        pool = make_pool(size_bytes=64 << 20)
        command("zfs", "create", f"{pool}/data")
        for number in (1, 2, 3):
            Path(f"/{pool}/data/small").write_bytes(os.urandom(4 << 20))
            name = f"{pool}/data@zfstune-2026010{number}T000000Z"
            engine.take_snapshots([name], properties=OWN)
        fill(Path(f"/{pool}/data/big"), 128)
        command("zfs", "set", "reservation=none", pool)
        with pytest.raises(zfstune.NoSpace, match="no space is left") as refused:
            zfstune.apply("logs", root=f"{pool}/new", engine=engine)
        assert "destroying snapshots still works" in refused.value.hint
        pruned = zfstune.prune(f"{pool}/data", keep=1, engine=engine)
        assert len(pruned.destroyed) == 2
        command("zpool", "sync", pool)
        zfstune.apply("logs", root=f"{pool}/new", engine=engine)
        command("zpool", "destroy", "-f", pool)

    def test_full_quota(self, dataset: str, engine: Engine, command: Command) -> None:
        """Where a quota lets nothing be written, the step that could not be is named."""
        command("zfs", "set", "quota=8M", dataset)
        fill(Path(f"/{dataset}/big"), 32)
        command("zpool", "sync", dataset.partition("/")[0])
        with pytest.raises(zfstune.EngineError, match="quota") as refused:
            zfstune.apply("postgres", root=f"{dataset}/new", engine=engine)
        assert refused.value.operation == "mount"  # its directory cannot be made
        assert "run it again to go on" in refused.value.hint
        command("zfs", "set", "quota=none", dataset)
        zfstune.apply("postgres", root=f"{dataset}/new", engine=engine)
        assert not zfstune.plan("postgres", root=f"{dataset}/new", engine=engine).pending


def test_read_only_pool(
    make_pool: Callable[..., str], engine: Engine, command: Command
) -> None:
    """A pool that was imported read-only is read as usual; changes say what is wrong."""
    pool = make_pool(options=("-O", "mountpoint=none"))
    command("zfs", "create", f"{pool}/data")
    for number in (1, 2):
        name = f"{pool}/data@zfstune-2026010{number}T000000Z"
        engine.take_snapshots([name], properties=OWN)
    command("zpool", "export", pool)
    files = "/dev/shm/zfstune-lab"  # noqa: S108 (where conftest.py puts them)
    command("zpool", "import", "-d", files, "-o", "readonly=on", pool)
    with pytest.raises((zfstune.ReadOnly, zfstune.PlanError), match="read-only"):
        zfstune.apply("logs", pool=pool, engine=engine)
    with pytest.raises(zfstune.ReadOnly, match="read-only"):
        zfstune.snapshot(f"{pool}/data", engine=engine)
    with pytest.raises(zfstune.ReadOnly, match="read-only"):
        zfstune.prune(f"{pool}/data", keep=1, engine=engine)
    tried = zfstune.prune(f"{pool}/data", keep=1, dry_run=True, engine=engine)
    assert len(tried.plan.victims) == 1


def test_unknown_names(pool: str, engine: Engine) -> None:
    """A pool or dataset that is not there is named, and what is there is listed."""
    with pytest.raises(zfstune.NotFound, match="'nosuchpool'") as refused:
        zfstune.prune(keep=1, pool="nosuchpool", engine=engine)
    assert pool in refused.value.hint
    with pytest.raises(zfstune.NotFound, match="'nosuchpool'"):
        zfstune.snapshot("nosuchpool/data", engine=engine)
    with pytest.raises(zfstune.NotFound, match=f"'{pool}/none'"):
        zfstune.snapshot(f"{pool}/none", engine=engine)


def test_busy_dataset(dataset: str, engine: Engine) -> None:
    """A dataset with an open file is neither renamed nor destroyed, and stays mounted."""
    with Path(f"/{dataset}/open").open("w"):
        with pytest.raises(zfstune.Busy, match=f"'{dataset}'"):
            engine.rename(dataset, f"{dataset}-new")
        with pytest.raises(zfstune.Busy, match=f"'{dataset}'"):
            engine.destroy(dataset)
        assert engine.mounts()[dataset].path == f"/{dataset}"
    engine.destroy(dataset)
    assert not engine.exists(dataset)


class Device:
    """A device that can be made to fail and to work again."""

    def __init__(self, command: Command, file: Path) -> None:
        self.command = command
        self.name = f"zt{secrets.token_hex(4)}"
        self.loop = command("losetup", "--find", "--show", str(file)).strip()
        self.sectors = command("blockdev", "--getsz", self.loop).strip()
        command("dmsetup", "create", self.name, "--table", self.table("linear"))
        command("dmsetup", "mknodes")
        self.path = f"/dev/mapper/{self.name}"

    def table(self, kind: str) -> str:
        """Give a table that maps all to the file, or to errors."""
        where = f" {self.loop} 0" if kind == "linear" else ""
        return f"0 {self.sectors} {kind}{where}"

    def turn(self, kind: str) -> None:
        """Switch to another table while in use."""
        self.command("dmsetup", "suspend", "--noflush", "--nolockfs", self.name)
        self.command("dmsetup", "load", self.name, "--table", self.table(kind))
        self.command("dmsetup", "resume", self.name)

    def remove(self) -> None:
        """Take it down."""
        self.command("dmsetup", "remove", "--retry", self.name)
        self.command("losetup", "--detach", self.loop)


@pytest.fixture
def failing(command: Command, tmp_path: Path) -> Iterator[tuple[str, Device]]:
    """Give a pool on such a device; it works again when the test is over."""
    command("modprobe", "-a", "loop", "dm_mod")
    file = tmp_path / "device"
    with file.open("wb") as out:
        out.truncate(256 << 20)
    device = Device(command, file)
    pool = f"zt{secrets.token_hex(4)}"
    command("zpool", "create", "-f", "-O", "mountpoint=none", pool, device.path)
    command("zfs", "create", f"{pool}/data")
    for number in (1, 2, 3):
        name = f"{pool}/data@zfstune-2026010{number}T000000Z"
        command("zfs", "snapshot", "-o", f"{SNAPSHOT_PROPERTY}=auto", name)
    command("zpool", "sync", pool)
    yield pool, device
    device.turn("linear")
    command("zpool", "clear", pool)
    # what was under way ends first
    limit = time.monotonic() + GIVES_UP_S
    while pool in suspended_pools() and time.monotonic() < limit:
        time.sleep(0.2)
    command("zpool", "destroy", "-f", pool)
    device.remove()


def zfstune_command(*words: str) -> tuple[int, str, float]:
    """Run the command; give its status, what it said on stderr, and how long it took."""
    began = time.monotonic()
    done = subprocess.run(
        ["zfstune", *words], capture_output=True, text=True, check=False, timeout=120
    )
    return done.returncode, done.stderr, time.monotonic() - began


def test_pool_that_is_suspended(
    failing: tuple[str, Device], engine: Engine, command: Command
) -> None:
    """Each verb says at once that the pool is suspended; one that works goes on."""
    pool, device = failing
    device.turn("error")
    waiting = subprocess.Popen(["zfs", "set", "com.example:x=y", f"{pool}/data"])
    limit = time.monotonic() + GIVES_UP_S
    while pool not in suspended_pools() and time.monotonic() < limit:
        time.sleep(0.2)
    assert engine.pool(pool).suspended
    for call in (
        lambda: zfstune.plan("logs", pool=pool, engine=engine),
        lambda: zfstune.apply("logs", pool=pool, engine=engine),
        lambda: zfstune.snapshot(f"{pool}/data", engine=engine),
        lambda: zfstune.prune(f"{pool}/data", keep=1, engine=engine),
        lambda: zfstune.prune(keep=1, pool=pool, engine=engine),
        lambda: engine.datasets(pool),
        lambda: engine.snapshots(f"{pool}/data"),
    ):
        with pytest.raises(zfstune.PoolSuspended, match="is suspended") as refused:
            call()
        assert "zpool clear" in refused.value.hint
    assert pool in engine.pools()
    status, said, _ = zfstune_command("list", pool)
    assert status == 1
    assert "is suspended" in said
    device.turn("linear")
    command("zpool", "clear", pool)
    assert waiting.wait(GIVES_UP_S) == 0
    assert zfstune.snapshot(f"{pool}/data", engine=engine)


def test_pool_that_is_suspended_meanwhile(
    failing: tuple[str, Device], engine: Engine, command: Command
) -> None:
    """The command gives up after a while, says why, and its caller gets the status."""
    pool, device = failing
    device.turn("error")
    status, said, took = zfstune_command("prune", "--keep", "1", f"{pool}/data")
    assert status == 1
    assert f"cannot wait any longer for pool '{pool}'" in said
    assert f"hint: bring the devices back, run `zpool clear {pool}`" in said
    assert took < GIVES_UP_S
    device.turn("linear")
    command("zpool", "clear", pool)
    time.sleep(1)
    # killed: it does not go on once the pool is back
    left = len(engine.snapshots(f"{pool}/data"))
    time.sleep(2)
    assert len(engine.snapshots(f"{pool}/data")) == left
    zfstune.prune(f"{pool}/data", keep=1, engine=engine)
    assert len(engine.snapshots(f"{pool}/data")) == 1


def test_measurement_whose_pool_is_suspended(
    failing: tuple[str, Device], engine: Engine, command: Command
) -> None:
    """It gives up and says why; once the pool is back, a snapshot sweeps what is left."""
    pool, device = failing
    # the pool mounts nothing of its own, and the scratch datasets have a place for theirs
    words = ("logs", "--pool", pool, "--only-bytes", "--size", "1M", "--runs", "50")
    process = subprocess.Popen(
        ["zfstune", "measure", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )

    def scratch() -> list[str]:
        return [d.name for d in engine.datasets(pool) if "/zfstune-measure-" in d.name]

    limit = time.monotonic() + GIVES_UP_S
    while len(scratch()) < 2 and time.monotonic() < limit:
        time.sleep(0.1)
    device.turn("error")
    _, said = process.communicate(timeout=120)
    assert process.returncode == 1
    assert f"cannot wait any longer for pool '{pool}'" in said
    device.turn("linear")
    command("zpool", "clear", pool)
    limit = time.monotonic() + GIVES_UP_S
    while scratch() and time.monotonic() < limit:
        done = subprocess.run(
            ["zfstune", "snapshot", f"{pool}/data"], capture_output=True, check=True
        )
        time.sleep(1)  # until the killed process has gone, its datasets are its own
    assert b"which a measurement that was killed had left" in done.stderr
    assert scratch() == []
