"""A pool in a file goes there and back between the image engine and the kernel."""

from __future__ import annotations

import os
import pwd
import subprocess
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import zfstune
from image_pool import MIB, SIZE_BYTES, Pool, differences, fill, hashes, properties
from zfstune.engine.image import ImageEngine, create_image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zfstune.engine.protocol import Engine

    Command = Callable[..., str]

RELEASE = os.environ["ZFSTUNE_LAB_RELEASE"]
PROFILES = ("postgres", "logs", "images")
ALICE = pwd.getpwnam("alice").pw_uid


@pytest.fixture
def pool(command: Command) -> Iterator[Pool]:
    """Give the name of a pool, and a file for it that is not there yet."""
    made = Pool(command)
    yield made
    made.drop()


def write_volume(device: Path, block: bytes) -> None:
    """Write to a volume, and wait until that is on disk."""
    subprocess.run(["udevadm", "settle"], check=True)
    with device.open("r+b") as volume:
        volume.seek(2 * MIB)
        volume.write(block)
        volume.flush()
        os.fsync(volume.fileno())


def read_volume(device: Path) -> bytes:
    """Read what was written to a volume."""
    subprocess.run(["udevadm", "settle"], check=True)
    with device.open("rb") as volume:
        volume.seek(2 * MIB)
        return volume.read(MIB)


def change(image: ImageEngine, name: str, written: list[str]) -> None:
    """Change, without a kernel, what one has filled."""
    found = {s.name for dataset in written for s in image.snapshots(dataset)}
    assert found > {f"{dataset}@kernel" for dataset in written}
    image.take_snapshots([f"{dataset}@image" for dataset in written])
    image.destroy_snapshots([f"{name}/data/logs@kernel"])
    image.create(f"{name}/new", properties={"mountpoint": "/new", "quota": "20M"})
    image.clone(f"{name}/data/images@kernel", f"{name}/clone")
    image.set(f"{name}/clone", {"mountpoint": "/clone"})
    image.rename(f"{name}/v", f"{name}/w")
    image.hold([f"{name}/w@kernel"], "keep")


def test_there_and_back_and_there(pool: Pool, command: Command, engine: Engine) -> None:
    """Made in a file, filled by the kernel, changed in the file, whole for the kernel."""
    name = pool.name
    with create_image(pool.file, size_bytes=SIZE_BYTES, pool=name) as image:
        zfstune.apply(*PROFILES, pool=name, engine=image)
        image.create(f"{name}/v", volume=True, properties={"volsize": "16M"})
        zfstune.snapshot(f"{name}/data", recursive=True, engine=image)
        read = properties(image, name)

    pool.take()
    assert differences(properties(engine, name), read) == {}
    mounts = {n: Path(m.path) for n, m in engine.mounts().items() if n.startswith(name)}
    assert f"{name}/data/postgres/backups" in mounts
    written = [f"{name}/data/{short}" for short in ("postgres/wal", "logs", "images")]
    for dataset in written:
        fill(mounts[dataset])
    block = os.urandom(MIB)
    write_volume(Path(f"/dev/zvol/{name}/v"), block)
    command("zfs", "snapshot", "-r", f"{name}@kernel")
    before = {dataset: hashes(mounts[dataset]) for dataset in written}
    assert all(len(found) > 12 for found in before.values())
    pool.check()
    pool.give()

    with ImageEngine(pool.file) as image:
        change(image, name, written)
    pool.check_exported()

    pool.take()
    assert {dataset: hashes(mounts[dataset]) for dataset in written} == before
    wal = mounts[written[0]]
    assert os.getxattr(wal / "large é", "user.zt") == b"value" * 40
    for short in ("kernel", "image"):
        assert hashes(wal / ".zfs" / "snapshot" / short) == before[written[0]]
    assert hashes(pool.root / "clone") == before[f"{name}/data/images"]
    fill(pool.root / "new")
    with pytest.raises(OSError, match="quota"):
        (pool.root / "new" / "over").write_bytes(os.urandom(32 * MIB))
    assert read_volume(Path(f"/dev/zvol/{name}/w")) == block
    assert engine.holds(f"{name}/w@kernel").keys() == {"keep"}
    history = command("zpool", "history", name)
    assert f"zfstune rename {name}/v {name}/w" in history
    pool.check()


def test_what_is_fixed_at_creation(pool: Pool, engine: Engine) -> None:
    """The kernel sees it, goes by it, and hands it on to children as the image does."""
    name = pool.name
    fixed = ("normalization", "utf8only", "casesensitivity", "version")
    wanted = {
        "plain": {},
        "utf8": {"utf8only": "on"},
        "norm": {"normalization": "formD"},
        "ci": {"casesensitivity": "insensitive"},
        "mixed": {"casesensitivity": "mixed", "normalization": "formKC"},
        "norm/off": {"normalization": "none", "utf8only": "off"},
    }
    with create_image(pool.file, size_bytes=SIZE_BYTES, pool=name) as image:
        for short, given in wanted.items():
            image.create(f"{name}/{short}", properties=given)
            image.create(f"{name}/{short}/child")
        read = {d.name: [d.value(p) for p in fixed] for d in image.datasets(name)}
    assert read[f"{name}/norm/child"] == ["formD", "on", "sensitive", "5"]
    assert read[f"{name}/norm/off/child"] == ["none", "off", "sensitive", "5"]
    assert read[f"{name}/ci/child"] == ["none", "off", "insensitive", "5"]
    pool.take()
    assert {d.name: [d.value(p) for p in fixed] for d in engine.datasets(name)} == read
    for short in wanted:
        engine.create(f"{name}/{short}/kernel")
        made = engine.dataset(f"{name}/{short}/kernel")
        assert [made.value(p) for p in fixed] == read[f"{name}/{short}/child"]
    root = pool.root / name
    for short in ("utf8", "utf8/child", "norm/child", "mixed/child"):
        with pytest.raises(OSError, match="Invalid or incomplete multibyte"):
            (root / short / "\udcff").touch()
    (root / "plain" / "\udcff").touch()
    composed = unicodedata.normalize("NFC", "é")
    for short, found in (("norm/child", True), ("plain", False)):
        (root / short / composed).touch()
        assert (root / short / unicodedata.normalize("NFD", "é")).exists() == found
    for short, found in (("ci", True), ("ci/child", True), ("plain", False)):
        (root / short / "Name").touch()
        assert (root / short / "nAME").exists() == found
    pool.check()


def test_space_is_accounted_from_the_first_byte(pool: Pool, command: Command) -> None:
    """By user, group and project, also across snapshots that no kernel had seen."""
    name = pool.name
    with create_image(pool.file, size_bytes=SIZE_BYTES, pool=name) as image:
        image.create(f"{name}/a", properties={"compression": "off"})
        image.take_snapshots([f"{name}/a@before"])
    pool.take()
    folder = pool.root / name / "a"
    (folder / "alice").write_bytes(os.urandom(2 * MIB))
    os.chown(folder / "alice", ALICE, ALICE)
    (folder / "root").write_bytes(os.urandom(MIB))
    (folder / "project").mkdir()
    command("zfs", "project", "-s", "-p", "77", str(folder / "project"))
    (folder / "project" / "x").write_bytes(os.urandom(MIB))
    command("zpool", "sync", name)

    def space(verb: str, *options: str) -> dict[str, tuple[int, int]]:
        columns = ("-Hp", "-o", "name,used,objused", *options)
        lines = command("zfs", verb, *columns, f"{name}/a").splitlines()
        fields = [line.split("\t") for line in lines]
        return {f[0]: (int(f[1]), int(f[2])) for f in fields}

    for verb in ("userspace", "groupspace"):
        found = space(verb, "-n")
        assert 2 * MIB <= found[str(ALICE)][0] < 2.2 * MIB
        assert found[str(ALICE)][1] == 1
        # two files, a folder, and the root that the image engine made
        assert 2 * MIB <= found["0"][0] < 2.4 * MIB
        assert found["0"][1] == 4
    found = space("projectspace")
    assert MIB <= found["77"][0] < 1.2 * MIB
    assert found["77"][1] == 2
    assert found["0"][1] == 3
    os.unlink(folder / "alice")  # noqa: PTH108 (beside its chown)
    command("zpool", "sync", name)
    assert str(ALICE) not in space("userspace", "-n")
    pool.check()
