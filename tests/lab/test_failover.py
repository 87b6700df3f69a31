"""Roles changed between two pools of a kernel: what is mounted, and what is in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.streams.steps import Full
from zfstune.values.errors import Busy, PlanError
from zfstune.values.key import Key

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine

    Command = Callable[..., str]

pytestmark = pytest.mark.one_release


def files(engine: Engine, name: str) -> set[str]:
    """Give the names in the root of a mounted filesystem."""
    return {path.name for path in Path(engine.mounts()[name].path).iterdir()}


def test_over_and_back(
    dataset: str, make_pool: Callable[..., str], engine: Engine, command: Command
) -> None:
    """What takes over is mounted and written to, and what stands by is neither."""
    copy = f"{make_pool()}/copy"
    folder = Path("/") / dataset

    def send(source: str, target: str, *, keep_aside: bool = False) -> None:
        there = engine.exists(target)
        plan = zfstune.replicate(source, target, engine=engine, keep_aside=keep_aside)
        steps = plan.datasets[0].transfer.steps
        assert steps
        assert not (there and any(isinstance(step, Full) for step in steps))
        sent, received = (engine.snapshots(name)[-1] for name in (source, target))
        assert sent.guid == received.guid
        assert zfstune.compare(sent.name, received.name, engine=engine).equal

    (folder / "one").write_bytes(b"1")
    engine.take_snapshots([f"{dataset}@1"])
    send(dataset, copy)
    (folder / "never-arrived").write_bytes(b"2")
    zfstune.failover(copy, engine=engine, properties={"mountpoint": f"{folder}-copy"})
    assert engine.mounts()[copy].path == f"{folder}-copy"
    (Path(f"{folder}-copy") / "two").write_bytes(b"2")
    engine.take_snapshots([f"{copy}@2"])
    with pytest.raises(PlanError, match="taken over"):
        zfstune.replicate(dataset, copy, engine=engine)

    with (folder / "one").open("rb"), pytest.raises(Busy):
        zfstune.failover(dataset, standby=True, engine=engine)
    assert engine.dataset(dataset).value("readonly") == "off"
    zfstune.failover(dataset, standby=True, engine=engine)
    assert dataset not in engine.mounts()
    with pytest.raises(PlanError, match="bytes were written"):
        zfstune.replicate(copy, dataset, engine=engine)
    send(copy, dataset, keep_aside=True)

    zfstune.failover(copy, standby=True, engine=engine)
    command("zfs", "mount", copy)
    with pytest.raises(OSError, match="Read-only"):
        (Path(f"{folder}-copy") / "three").write_bytes(b"3")
    command("zfs", "unmount", copy)
    zfstune.failover(dataset, engine=engine)
    assert files(engine, dataset) == {"one", "two"}
    (folder / "three").write_bytes(b"3")
    engine.take_snapshots([f"{dataset}@3"])
    send(dataset, copy)


def test_a_raw_pair_over_and_back(
    dataset: str, make_pool: Callable[..., str], engine: Engine
) -> None:
    """Streams take no key, from a bookmark either; what takes over is mounted with it."""
    source, copy, key = f"{dataset}/secret", f"{make_pool()}/secret", Key("correct horse")
    own = {"encryption": "on", "keyformat": "passphrase", "pbkdf2iters": "100000"}
    engine.create(source, properties=own, key=key)
    engine.mount(source)
    (Path("/") / source / "one").write_bytes(b"1")
    engine.take_snapshots([f"{source}@1"])
    zfstune.replicate(source, copy, engine=engine)
    plan = zfstune.failover(copy, engine=engine, dry_run=True)
    assert "zfs load-key" in plan.changes[0].blocked
    engine.load_key(copy, key)
    zfstune.failover(copy, engine=engine)
    assert files(engine, copy) == {"one"}
    (Path(engine.mounts()[copy].path) / "two").write_bytes(b"2")
    engine.take_snapshots([f"{copy}@2"])
    engine.destroy_snapshots([f"{copy}@1"])
    engine.unmount(copy)
    engine.unload_key(copy)
    zfstune.failover(source, standby=True, engine=engine)
    engine.take_snapshots([f"{source}@own"])
    plan_back = zfstune.replicate(copy, source, engine=engine, keep_aside=True)
    (step,) = plan_back.datasets[0].transfer.steps
    assert step.describe().startswith(f"raw incremental {copy}@2 from {copy}#")
    zfstune.failover(copy, standby=True, engine=engine)
    if engine.dataset(source).value("keystatus") != "available":
        engine.load_key(source, key)
    zfstune.failover(source, engine=engine)
    assert files(engine, source) == {"one", "two"}
    engine.take_snapshots([f"{source}@3"])
    (step,) = zfstune.replicate(source, copy, engine=engine).datasets[0].transfer.steps
    assert step.describe().startswith(f"raw incremental {source}@3 from")
