"""Golden images in real pools in files: disks, exports, and runs that are killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

import zfstune
from made_files import received, sent, with_files
from zfstune import golden
from zfstune.clones.survey import find_image
from zfstune.engine.image import ImageEngine, create_image
from zfstune.streams.digest import digest
from zfstune.values.errors import Damaged, EngineError, NoSpace, NotFound
from zfstune.values.marks import PROFILE_PROPERTY, STAMP_PROPERTY, is_managed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MIB = 1 << 20


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """Give a disk of 24 MiB, with 4 MiB of data in places of its own."""
    path, noise = tmp_path / "disk.raw", random.Random(4711)  # noqa: S311 (the same in each run)
    with path.open("wb") as file:
        file.truncate(24 * MIB)
        for offset in (0, 5 * MIB + 512, 13 * MIB, 23 * MIB):
            os.pwrite(file.fileno(), noise.randbytes(MIB), offset)
    return path


@pytest.fixture
def back(tmp_path: Path) -> Iterator[ImageEngine]:
    """Give a second pool, with larger sectors."""
    file = tmp_path / "back.zpool"
    with create_image(file, size_bytes=256 * MIB, ashift=13, pool="back") as opened:
        yield opened


@pytest.fixture
def system(engine: ImageEngine, tmp_path: Path) -> str:
    """Give an image of a filesystem with files."""
    engine.create("tank/empty")
    engine.take_snapshots(["tank/empty@0"])
    empty = sent(engine, tmp_path, "tank/empty@0", compressed=False)
    files = {"a": [(0, b"a" * 100_000)], "b": [(4096, b"b" * 5000)]}
    received(engine, tmp_path, "tank/node@golden", with_files(empty, files, block=8192))
    golden.create("tank/node@golden", engine=engine)
    return "tank/node"


def test_a_disk_takes_the_space_of_its_data(
    engine: ImageEngine, disk: Path, tmp_path: Path
) -> None:
    """And comes back byte for byte, as sparse as it was."""
    golden.create("tank/disk", disk=str(disk), engine=engine)
    volume = engine.dataset("tank/disk")
    assert (volume.kind, volume.value("volsize")) == ("volume", str(24 * MIB))
    assert volume.value("refreservation") == "0"
    assert 4 * MIB < int(volume.value("referenced") or 0) < 5 * MIB
    golden.export_disk("tank/disk", str(tmp_path / "back.raw"), engine=engine)
    assert (tmp_path / "back.raw").read_bytes() == disk.read_bytes()
    assert (tmp_path / "back.raw").stat().st_blocks * 512 < 6 * MIB


@pytest.mark.parametrize("block", ["4K", "128K"])
def test_the_size_of_blocks_changes_nothing(
    engine: ImageEngine, disk: Path, tmp_path: Path, block: str
) -> None:
    """A part of a block at the end of the disk is filled up."""
    os.truncate(disk, 24 * MIB - 1)
    properties = {"volblocksize": block, "compression": "zstd"}
    golden.create("tank/disk", disk=str(disk), properties=properties, engine=engine)
    assert engine.dataset("tank/disk").local("compression") == "zstd"
    golden.export_disk("tank/disk", str(tmp_path / "back.raw"), engine=engine)
    assert (tmp_path / "back.raw").read_bytes() == disk.read_bytes() + b"\0"


def test_a_disk_without_room_leaves_nothing(tmp_path: Path, disk: Path) -> None:
    """The error says that the pool is full."""
    noise = random.Random(1)  # noqa: S311 (the same in each run)
    with disk.open("wb") as file:
        for _ in range(100):
            file.write(noise.randbytes(MIB))
    with create_image(tmp_path / "small", size_bytes=64 * MIB) as engine:
        with pytest.raises(NoSpace):
            golden.create("tank/disk", disk=str(disk), engine=engine)
        assert [dataset.name for dataset in engine.datasets("tank")] == ["tank"]


def test_an_export_is_restored_in_another_pool(
    engine: ImageEngine, back: ImageEngine, system: str, disk: Path, tmp_path: Path
) -> None:
    """Both kinds: the content is the same, the guid too, and clones are made of it."""
    golden.create("tank/disk", disk=str(disk), engine=engine)
    for name in (system, "tank/disk"):
        folder = str(tmp_path / name.replace("/", "-"))
        golden.export(name, folder, engine=engine)
        target = name.replace("tank", "back")
        golden.restore(folder, target, engine=back)
        one, other = find_image(engine, name, "read"), find_image(back, target, "read")
        assert one.seal == other.seal
        assert other.state == "sealed"
        assert digest(engine, one.snapshot).text == digest(back, other.snapshot).text
        done = golden.stamp(target, f"{target}-x", keep_identity=True, engine=back)
        assert done.left == {}
    assert back.dataset("back/node").local("canmount") == "noauto"
    assert back.dataset("back/disk").local("volmode") == "none"


def test_content_that_is_not_the_original_goes(
    engine: ImageEngine, back: ImageEngine, system: str, tmp_path: Path
) -> None:
    """Somebody put the digest of another image into the manifest."""
    folder = tmp_path / "out"
    manifest = golden.export(system, str(folder), engine=engine)
    text = (folder / "manifest.json").read_text()
    changed = text.replace(manifest.digest[-8:], "0" * 8)
    (folder / "manifest.json").write_text(changed)
    with pytest.raises(Damaged, match="its content is not that of the original"):
        golden.restore(str(folder), "back/x", engine=back)
    assert [dataset.name for dataset in back.datasets("back")] == ["back"]


def test_a_clone_is_nobodys(engine: ImageEngine, system: str) -> None:
    """The marks and properties of the origin stay with it."""
    engine.set(system, {PROFILE_PROPERTY: "postgres", "compression": "gzip"})
    zfstune.clone(f"{system}@golden", "tank/x", engine=engine)
    clone = engine.dataset("tank/x")
    assert is_managed(engine.dataset(system))
    assert not is_managed(clone)
    assert clone.local("compression") is None
    assert clone.value("readonly") == "off"
    assert clone.value("origin") == f"{system}@golden"


def test_prune_leaves_an_image(engine: ImageEngine, system: str) -> None:
    """Whatever rule is given, for its snapshot is none that zfstune takes by the clock."""
    zfstune.prune(system, keep=1, engine=engine)
    assert find_image(engine, system, "read").state == "sealed"


def test_a_hundred_clones(engine: ImageEngine, system: str) -> None:
    """In one call, each of the same snapshot."""
    engine.create("tank/nodes")
    names = [f"tank/nodes/{number}" for number in range(100)]
    zfstune.clone(f"{system}@golden", *names, engine=engine)
    assert len(find_image(engine, system, "read").clones) == 100


@pytest.mark.parametrize("verb", ["create", "restore"])
def test_it_converges_wherever_it_is_killed(
    file: Path, engine: ImageEngine, disk: Path, tmp_path: Path, verb: str
) -> None:
    """At random moments: there is a whole image, one to be held, or nothing."""
    golden.create("tank/disk", disk=str(disk), engine=engine)
    golden.export("tank/disk", str(tmp_path / "out"), engine=engine)
    engine.close()
    words = {
        "create": ["create", "tank/new", "--disk", str(disk)],
        "restore": ["restore", str(tmp_path / "out"), "tank/new"],
    }[verb]
    argv = [sys.executable, "-m", "zfstune", "--image", str(file), "golden", *words]
    moments = random.Random(verb)  # noqa: S311 (no secret)
    for _ in range(6):
        child = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
        time.sleep(moments.uniform(0.3, 1.2))
        child.send_signal(signal.SIGKILL)
        child.wait()
        with ImageEngine(file) as opened:
            with suppress(NotFound):
                assert find_image(opened, "tank/new", "read").state in {"sealed", "unheld"}
                opened.holds("tank/new@golden")
            names = {dataset.name for dataset in opened.datasets("tank")}
            assert names <= {"tank", "tank/disk", "tank/new"}
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    with ImageEngine(file) as opened:
        assert find_image(opened, "tank/new", "read").state == "sealed"
        one, other = (
            digest(opened, f"tank/{name}@golden").value for name in ("disk", "new")
        )
        assert one == other


def test_a_held_image_cannot_be_destroyed(engine: ImageEngine, system: str) -> None:
    """By anybody who does not release it."""
    with pytest.raises((EngineError, zfstune.BatchError)):
        engine.destroy_snapshots([f"{system}@golden"])


def test_places_by_name_and_clones_that_are_not_finished(
    engine: ImageEngine, system: str, tmp_path: Path
) -> None:
    """Each clone has a mountpoint of its own; a list tells which are not finished yet."""
    engine.create("tank/nodes")
    names = ("tank/nodes/a", "tank/nodes/b")
    properties = {"mountpoint": "/srv/{}", "atime": "off"}
    zfstune.clone(f"{system}@golden", *names, properties=properties, engine=engine)
    places = [engine.dataset(name).local("mountpoint") for name in names]
    assert places == ["/srv/a", "/srv/b"]
    (image,) = golden.images(engine=engine)
    assert (image.clones, image.unfinished) == (names, ())
    mark = f"{image.seal.guid} unfinished"
    engine.set("tank/nodes/b", {STAMP_PROPERTY: mark})
    assert golden.images(engine=engine)[0].unfinished == ("tank/nodes/b",)
    assert golden.images(system, engine=engine)[0].unfinished == ("tank/nodes/b",)
    done = golden.stamp(
        system, *names[1:], properties=properties, keep_identity=True, engine=engine
    )
    assert done.done == ("tank/nodes/b",)
    assert engine.dataset("tank/nodes/b").local("mountpoint") == "/srv/b"
    assert golden.images(engine=engine)[0].unfinished == ()
