"""A pool in a file goes there and back between the image engine and the kernel."""

from __future__ import annotations

import os
import pwd
import re
import subprocess
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import zfstune
from file_pool import MIB, FilePool, differences, fill, hashes, properties
from zfstune.engine.image import ImageEngine, create_image
from zfstune.errors import Busy, EngineError, RefusedValue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zfstune.engine import Engine

    Command = Callable[..., str]

SIZE_BYTES = 512 << 20
RELEASE = os.environ["ZFSTUNE_LAB_RELEASE"]
PROFILES = ("postgres", "logs", "images")
ALICE = pwd.getpwnam("alice").pw_uid


@pytest.fixture
def pool(command: Command) -> Iterator[FilePool]:
    """Give the name of a pool, and files for it, with nothing there yet."""

    def run(*argv: str | Path, check: bool = True) -> str:
        return command(*map(str, argv), check=check)

    made = FilePool(run)
    yield made
    made.drop()


def change_what_the_kernel_wrote(image: Engine, name: str, datasets: list[str]) -> None:
    """Snapshot, destroy, create, clone, rename and hold."""
    image.take_snapshots([f"{dataset}@image" for dataset in datasets])
    image.destroy_snapshots([f"{name}/data/logs@kernel"])
    image.create(f"{name}/new", properties={"mountpoint": "/new", "quota": "20M"})
    image.clone(f"{name}/data/images@kernel", f"{name}/clone")
    image.set(f"{name}/clone", {"mountpoint": "/clone"})
    image.rename(f"{name}/v", f"{name}/w")
    image.hold([f"{name}/w@kernel"], "keep")


def test_there_and_back_and_there(pool: FilePool, command: Command, engine: Engine) -> None:
    """Made in a file, filled by the kernel, changed in the file, whole for the kernel."""
    name = pool.name
    with create_image(pool.file, size_bytes=SIZE_BYTES, pool=name) as image:
        zfstune.apply(*PROFILES, pool=name, engine=image)
        image.create(f"{name}/v", volume=True, properties={"volsize": "16M"})
        zfstune.snapshot(f"{name}/data", recursive=True, engine=image)
        read = properties(image, name)

    pool.take()
    assert differences(properties(engine, name), read) == {}
    mounts = {n: m.path for n, m in engine.mounts().items() if n.startswith(name)}
    assert f"{name}/data/postgres/backups" in mounts
    written = [f"{name}/data/{short}" for short in ("postgres/wal", "logs", "images")]
    mounted = {dataset: mounts[dataset] for dataset in written}
    for path in mounted.values():
        fill(Path(path))
    subprocess.run(["udevadm", "settle"], check=True)
    block = os.urandom(MIB)
    device = Path(f"/dev/zvol/{name}/v")
    with device.open("r+b") as volume:
        volume.seek(2 * MIB)
        volume.write(block)
        volume.flush()
        os.fsync(volume.fileno())
    command("zfs", "snapshot", "-r", f"{name}@kernel")
    before = {n: hashes(Path(path)) for n, path in mounted.items()}
    assert all(len(found) > 12 for found in before.values())
    pool.check()
    pool.give()

    with ImageEngine(pool.file) as image:
        shorts = {s.name for d in mounted for s in image.snapshots(d)}
        assert shorts > {f"{n}@kernel" for n in mounted}
        change_what_the_kernel_wrote(image, name, list(mounted))
    pool.check_exported()

    pool.take()
    assert {n: hashes(Path(path)) for n, path in mounted.items()} == before
    wal = Path(mounted[f"{name}/data/postgres/wal"])
    assert os.getxattr(wal / "large é", "user.zt") == b"value" * 40
    for short in ("kernel", "image"):
        snapshot = wal / ".zfs" / "snapshot" / short
        assert hashes(snapshot) == before[f"{name}/data/postgres/wal"]
    assert hashes(pool.root / "clone") == before[f"{name}/data/images"]
    fill(pool.root / "new")
    with pytest.raises(OSError, match="quota"):
        (pool.root / "new" / "over").write_bytes(os.urandom(32 * MIB))
    subprocess.run(["udevadm", "settle"], check=True)
    with Path(f"/dev/zvol/{name}/w").open("rb") as volume:
        volume.seek(2 * MIB)
        assert volume.read(MIB) == block
    assert engine.holds(f"{name}/w@kernel").keys() == {"keep"}
    history = command("zpool", "history", name)
    assert f"zfstune rename {name}/v {name}/w" in history
    pool.check()


def test_what_is_fixed_at_creation(pool: FilePool, engine: Engine) -> None:
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


def test_space_is_accounted_from_the_first_byte(pool: FilePool, command: Command) -> None:
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


def make_with_the_kernel(pool: FilePool, command: Command) -> None:
    """Make a pool with all features of this release, and all kinds of things in it."""
    name = pool.name
    pool.file.touch()
    os.truncate(pool.file, SIZE_BYTES)
    options = ("-o", "ashift=12", "-O", "compression=lz4", "-O", "xattr=sa")
    command("zpool", "create", *options, "-R", str(pool.root), name, str(pool.file))
    key = pool.folder / "key"
    key.write_bytes(b"k" * 32)
    locked = (
        "-o",
        "encryption=on",
        "-o",
        "keyformat=raw",
        "-o",
        f"keylocation=file://{key}",
    )
    command("zfs", "create", *locked, f"{name}/locked")
    command("zfs", "create", "-o", "dnodesize=auto", "-o", "quota=100M", f"{name}/a")
    command("zfs", "create", "-o", "recordsize=1M", f"{name}/a/b")
    command("zfs", "create", "-s", "-V", "64M", "-o", "volblocksize=16K", f"{name}/v")
    if RELEASE == "trixie-backports":
        command("zfs", "set", "defaultuserquota=10M", f"{name}/a")
    fill(pool.root / name / "a")
    fill(pool.root / name / "locked")
    command("zfs", "snapshot", "-r", f"{name}@s")
    command("zfs", "set", "org.x:y=z", f"{name}/a@s")
    command("zfs", "clone", f"{name}/a@s", f"{name}/clone")
    command("zfs", "bookmark", f"{name}/a@s", f"{name}/a#m")
    command("zfs", "hold", "keep", f"{name}/a/b@s")


def test_a_kernel_s_pool_in_a_file(
    pool: FilePool, command: Command, engine: Engine
) -> None:
    """Made with all features of this release, it is read as the kernel reads it."""
    name = pool.name
    make_with_the_kernel(pool, command)
    files = hashes(pool.root / name / "a")
    command("zfs", "unmount", f"{name}/locked")
    command("zfs", "unload-key", f"{name}/locked")
    read = properties(engine, name)
    snapshots = engine.snapshots(f"{name}/a", properties=True)
    with pytest.raises(Busy, match="kernel has its pool imported"):
        ImageEngine(pool.file)
    pool.give()

    with ImageEngine(pool.file) as image:
        assert differences(properties(image, name), read) == {}
        again = image.snapshots(f"{name}/a", properties=True)
        assert [(s.name, s.guid, s.createtxg) for s in again] == [
            (s.name, s.guid, s.createtxg) for s in snapshots
        ]
        assert again[0].local("org.x:y") == "z"
        assert image.holds(f"{name}/a/b@s").keys() == {"keep"}
        assert image.bookmarks(f"{name}/a").keys() == {f"{name}/a#m"}
        with pytest.raises(EngineError):
            image.create(f"{name}/locked/child")
        image.take_snapshots([f"{name}/locked@image"])
        image.create(f"{name}/a/new")
        if RELEASE == "trixie-backports":
            assert image.dataset(f"{name}/a/new").value("defaultuserquota") == str(10 * MIB)
            image.set(f"{name}/a", {"defaultuserquota": "20M", "defaultgroupquota": "1G"})
        image.promote(f"{name}/clone")
        image.set(f"{name}/v", {"volsize": "80M"})
        image.rename(f"{name}/a/b", f"{name}/b")
        image.release([f"{name}/b@s"], "keep")
        image.destroy_snapshots([f"{name}/b@s"])
        changed = properties(image, name)
    pool.check_exported()

    pool.take()
    command("zfs", "load-key", f"{name}/locked")
    command("zfs", "mount", f"{name}/locked")
    assert differences(properties(engine, name), changed).keys() == {
        f"{name}/locked keystatus"
    }
    assert hashes(pool.root / name / "a") == files
    assert len(hashes(pool.root / name / "locked")) == len(files)
    pool.check()


@pytest.mark.parametrize(
    ("vdevs", "words"),
    [
        ("{0} {1}", "more devices"),
        ("mirror {0} {1}", "more devices"),
        ("{0} cache {1}", ""),
        ("{0} log {1}", "more devices"),
    ],
)
def test_a_pool_of_more_than_one_file(
    pool: FilePool, command: Command, vdevs: str, words: str
) -> None:
    """It is refused where the rest of it would be opened by name, or left out."""
    files = [pool.file, pool.folder / "other"]
    for file in files:
        file.touch()
        os.truncate(file, 128 * MIB)
    command("zpool", "create", pool.name, *vdevs.format(*files).split())
    pool.give()
    if not words:
        with ImageEngine(pool.file) as image:
            assert image.pools() == (pool.name,)
    for file in files[bool(not words) :]:
        with pytest.raises(RefusedValue, match=words or "holds no pool"):
            ImageEngine(file)
    pool.take()
    assert "ONLINE" in command("zpool", "list", "-H", "-o", "health", pool.name)


def test_a_destroyed_pool_stays_destroyed(pool: FilePool, command: Command) -> None:
    """As `zpool import` without -D, it holds no pool."""
    create_image(pool.file, size_bytes=SIZE_BYTES, pool=pool.name).close()
    pool.take()
    command("zpool", "destroy", pool.name)
    with pytest.raises(RefusedValue, match="holds no pool"):
        ImageEngine(pool.file)
    found = command("zpool", "import", "-D", "-d", str(pool.folder), check=False)
    assert re.search(rf"pool: {pool.name}", found)
