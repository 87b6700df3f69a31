"""Pools that the kernel made, or took apart, opened as images."""

from __future__ import annotations

import os
import pwd
import re
from typing import TYPE_CHECKING

import pytest

from image_pool import MIB, SIZE_BYTES, Pool, differences, fill, hashes, properties
from zfstune.engine.image import ImageEngine, create_image
from zfstune.values.errors import Busy, NotPermitted, RefusedValue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zfstune.engine.protocol import Engine

    Command = Callable[..., str]

HAS_DEFAULT_QUOTAS = os.environ["ZFSTUNE_LAB_RELEASE"] == "trixie-backports"  # 2.4
PROFILES = ("postgres", "logs", "images")
ALICE = pwd.getpwnam("alice").pw_uid


@pytest.fixture
def pool(command: Command) -> Iterator[Pool]:
    """Give the name of a pool, and a file for it that is not there yet."""
    made = Pool(command)
    yield made
    made.drop()


def fill_pool(pool: Pool, command: Command) -> None:
    """Make what there is to be read: every kind of dataset, and one without its key."""
    name = pool.name
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
    if HAS_DEFAULT_QUOTAS:
        command("zfs", "set", "defaultuserquota=10M", f"{name}/a")
    fill(pool.root / name / "a")
    fill(pool.root / name / "locked")
    command("zfs", "snapshot", "-r", f"{name}@s")
    command("zfs", "set", "org.x:y=z", f"{name}/a@s")
    command("zfs", "clone", f"{name}/a@s", f"{name}/clone")
    command("zfs", "bookmark", f"{name}/a@s", f"{name}/a#m")
    command("zfs", "hold", "keep", f"{name}/a/b@s")
    command("zfs", "unmount", f"{name}/locked")
    command("zfs", "unload-key", f"{name}/locked")


def change(image: ImageEngine, name: str) -> None:
    """Change, without a kernel, what one has made."""
    with pytest.raises(NotPermitted, match="key"):
        image.create(f"{name}/locked/child")
    image.take_snapshots([f"{name}/locked@image"])
    image.create(f"{name}/a/new")
    if HAS_DEFAULT_QUOTAS:
        assert image.dataset(f"{name}/a/new").value("defaultuserquota") == str(10 * MIB)
        image.set(f"{name}/a", {"defaultuserquota": "20M", "defaultgroupquota": "1G"})
    image.promote(f"{name}/clone")
    image.set(f"{name}/v", {"volsize": "80M"})
    image.rename(f"{name}/a/b", f"{name}/b")
    image.release([f"{name}/b@s"], "keep")
    image.destroy_snapshots([f"{name}/b@s"])


def test_a_pool_of_the_kernel_s(pool: Pool, command: Command, engine: Engine) -> None:
    """Made with all features of this release, it is read as the kernel reads it."""
    name = pool.name
    pool.file.touch()
    os.truncate(pool.file, SIZE_BYTES)
    options = ("-o", "ashift=12", "-O", "compression=lz4", "-O", "xattr=sa")
    command("zpool", "create", *options, "-R", str(pool.root), name, str(pool.file))
    fill_pool(pool, command)
    files = hashes(pool.root / name / "a")
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
        change(image, name)
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
    pool: Pool, command: Command, vdevs: str, words: str
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


def test_a_destroyed_pool_stays_destroyed(pool: Pool, command: Command) -> None:
    """As `zpool import` without -D, it is not opened."""
    create_image(pool.file, size_bytes=SIZE_BYTES, pool=pool.name).close()
    pool.take()
    command("zpool", "destroy", pool.name)
    with pytest.raises(RefusedValue, match="its pool was destroyed"):
        ImageEngine(pool.file)
    found = command("zpool", "import", "-D", "-d", str(pool.folder), check=False)
    assert re.search(rf"pool: {pool.name}", found)
