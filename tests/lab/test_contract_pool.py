"""What the engine says of pools, against ``zpool`` and against how they were made."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from zfstune.values.errors import BatchError, EngineError, NotFound, ReadOnly
from zfstune.values.state import Vdev

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine
    from zfstune.values.state import PoolInfo

# An out-of-the-way ashift shows that it is read and not assumed.
ASHIFT = 13


def described(pool: PoolInfo) -> list[tuple[str, str, int, int, int]]:
    """Give kind, role, leaves, width and parity of each vdev."""
    return [(v.kind, v.role, len(v.devices), v.width, v.parity) for v in pool.vdevs]


F = "FILE"
MIRROR = ("mirror", F, F)
MORE = ("cache", F, "spare", F)
LAYOUTS = {
    "one file": ((F,), [("file", "normal", 1, 1, 0)], False),
    "two files": ((F, F), [("file", "normal", 1, 1, 0)] * 2, False),
    "mirror": (MIRROR, [("mirror", "normal", 2, 1, 0)], True),
    "raidz1": (("raidz1", F, F, F), [("raidz1", "normal", 3, 3, 1)], True),
    "raidz2": (("raidz2", F, F, F, F), [("raidz2", "normal", 4, 4, 2)], True),
    "draid": (
        ("draid1:2d:5c:1s", F, F, F, F, F),
        [("draid1", "normal", 5, 3, 1)],
        True,
    ),
    "everything": (
        (*MIRROR, *MIRROR, "log", F, "special", *MIRROR, "dedup", *MIRROR, *MORE),
        [
            ("mirror", "normal", 2, 1, 0),
            ("mirror", "normal", 2, 1, 0),
            ("file", "log", 1, 1, 0),
            ("mirror", "special", 2, 1, 0),
            ("mirror", "dedup", 2, 1, 0),
        ],
        True,
    ),
    "special without a mirror": (
        (*MIRROR, "special", F),
        [("mirror", "normal", 2, 1, 0), ("file", "special", 1, 1, 0)],
        False,
    ),
}


def assert_volumes_alike(engine: Engine, command: Callable[..., str], pool: str) -> None:
    """See that block size and reservation are those that `zfs create -V` chooses."""
    for i, block in enumerate((None, "4K", "128K")):
        properties = {"volsize": "1M", **({"volblocksize": block} if block else {})}
        options = ("-o", f"volblocksize={block}") if block else ()
        ours, twin = f"{pool}/ours{i}", f"{pool}/twin{i}"
        engine.create(ours, volume=True, properties=properties)
        command("zfs", "create", "-V", "1M", *options, twin)
        words = ("zfs", "get", "-Hpo", "value", "volblocksize,refreservation")
        found, expected = (
            [int(value) for value in command(*words, name).split()] for name in (ours, twin)
        )
        if not block and engine.limits.release >= (2, 4):
            # it has forgotten that raidz pads small blocks, too: volume.py
            assert found[0] >= expected[0]
            continue
        assert found[0] == expected[0], block
        # 2.1 multiplies before it divides
        assert abs(found[1] - expected[1]) < 256, block


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_pool_facts(
    layout: tuple[tuple[str, ...], list[tuple[str, str, int, int, int]], bool],
    make_pool: Callable[..., str],
    engine: Engine,
    command: Callable[..., str],
) -> None:
    """Vdevs, roles, redundancy, ashift, sizes, features and volumes' reservations."""
    words, expected, redundant = layout
    options = ("-o", f"ashift={ASHIFT}")
    name = make_pool(*words, options=options, size_bytes=128 << 20)
    found = engine.pool(name)
    order = [row[1] for row in described(found)]
    assert sorted(described(found)) == sorted(expected), order
    assert found.redundant is redundant
    assert found.ashift == ASHIFT
    assert {v.ashift for v in found.vdevs} == {ASHIFT}
    assert name in engine.pools()

    def of_zpool(prop: str) -> str:
        return command("zpool", "get", "-Hpo", "value", prop, name).strip()

    assert str(found.guid) == of_zpool("guid")
    # zpool counts raw space of every class, as the vdev tree does; usage moves on
    assert str(found.size_bytes) == of_zpool("size")
    assert abs(found.free_bytes - int(of_zpool("free"))) < 4 << 20
    assert (found.readonly, found.suspended, found.altroot) == (False, False, "")
    lines = command("zpool", "get", "-Hpo", "property,value", "all", name).splitlines()
    features = dict(line.split("\t") for line in lines if line.startswith("feature@"))
    assert found.features == {
        feature.removeprefix("feature@")
        for feature, state in features.items()
        if state != "disabled"
    }
    devices = command("zpool", "list", "-HPv", "-o", "name", name)
    for vdev in found.vdevs:
        assert isinstance(vdev, Vdev)
        assert all(device in devices for device in vdev.devices)
    if len(found.vdevs) == 1:
        assert_volumes_alike(engine, command, name)
    command("zpool", "destroy", "-f", name)


def test_disks_tell_whether_they_spin(engine: Engine, command: Callable[..., str]) -> None:
    """A disk's queue says whether it spins; a file's vdev does not know."""
    disk = Path(os.environ["ZFSTUNE_LAB_DISKS"].split()[0])
    name = "ztdisk"
    command("zpool", "create", "-f", name, str(disk))
    try:
        spins = Path(f"/sys/class/block/{disk.resolve().name}/queue/rotational")
        (vdev,) = engine.pool(name).vdevs
        assert vdev.kind == "disk"
        assert vdev.rotational is (spins.read_text(encoding="ascii").strip() == "1")
        assert engine.pool(name).rotational is vdev.rotational
    finally:
        command("zpool", "destroy", "-f", name)


def test_a_removed_log_leaves_no_vdev(
    make_pool: Callable[..., str], engine: Engine, command: Callable[..., str]
) -> None:
    """The hole that a removed log leaves is no vdev."""
    name = make_pool(F, "log", F, F, size_bytes=128 << 20)
    log = next(v for v in engine.pool(name).vdevs if v.role == "log")
    command("zpool", "remove", name, log.devices[0])
    assert sorted(v.role for v in engine.pool(name).vdevs) == ["log", "normal"]
    command("zpool", "destroy", "-f", name)


def test_a_pool_without_features(make_pool: Callable[..., str], engine: Engine) -> None:
    """A pool of the oldest sort has no features, and is read all the same."""
    name = make_pool(options=("-d",), size_bytes=128 << 20)
    assert engine.pool(name).features == frozenset()
    assert engine.dataset(name).value("recordsize") == "131072"


def test_a_readonly_import(
    make_pool: Callable[..., str], engine: Engine, command: Callable[..., str]
) -> None:
    """A pool imported read-only is read, mounts read-only, and refuses each change."""
    name = make_pool(size_bytes=128 << 20)
    engine.create(f"{name}/a")
    engine.take_snapshots([f"{name}/a@s"])
    (vdev,) = engine.pool(name).vdevs
    folder = str(Path(vdev.devices[0]).parent)
    command("zpool", "export", name)
    command("zpool", "import", "-d", folder, "-o", "readonly=on", "-N", name)
    assert engine.pool(name).readonly
    assert [d.name for d in engine.datasets(name)] == [name, f"{name}/a"]
    assert [s.name for s in engine.snapshots(f"{name}/a")] == [f"{name}/a@s"]
    engine.mount(f"{name}/a")
    with pytest.raises(OSError, match="Read-only"):
        Path(f"/{name}/a/file").touch()
    changes: tuple[Callable[[], None], ...] = (
        lambda: engine.create(f"{name}/b"),
        lambda: engine.set(f"{name}/a", {"atime": "off"}),
        lambda: engine.inherit(f"{name}/a", "atime"),
        lambda: engine.destroy(f"{name}/a"),
        lambda: engine.take_snapshots([f"{name}/a@t"]),
        lambda: engine.destroy_snapshots([f"{name}/a@s"]),
        lambda: engine.rename(f"{name}/a", f"{name}/b"),
        lambda: engine.clone(f"{name}/a@s", f"{name}/b"),
        lambda: engine.promote(f"{name}/a"),
        lambda: engine.rollback(f"{name}/a@s"),
        lambda: engine.hold([f"{name}/a@s"], "tag"),
        lambda: engine.release([f"{name}/a@s"], "tag"),
        lambda: engine.bookmark(f"{name}/a@s", f"{name}/a#b"),
        lambda: engine.destroy_bookmarks([f"{name}/a#b"]),
    )
    for change in changes:
        with pytest.raises((ReadOnly, BatchError), match="read-only") as caught:
            change()
        assert isinstance(caught.value, EngineError)
    assert engine.mounts()[f"{name}/a"].path == f"/{name}/a"
    engine.unmount(f"{name}/a")


def test_an_unknown_pool(engine: Engine) -> None:
    """Each reading call says that the pool does not exist."""
    for read in (engine.pool, engine.dataset, engine.datasets, engine.snapshots):
        with pytest.raises(NotFound):
            read("nopool")
