"""Streams between the kernel and an image: what arrives is what was sent."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from image_pool import MIB, SIZE_BYTES, Pool, fill, hashes
from zfstune.engine.image import create_image
from zfstune.values.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zfstune.engine.protocol import Engine

    Command = Callable[..., str]


@pytest.fixture
def other(command: Command) -> Iterator[Pool]:
    """Give the name of a pool, and a file for it that is not there yet."""
    made = Pool(command)
    yield made
    made.drop()


@pytest.fixture
def source(dataset: str, engine: Engine) -> str:
    """Give a filesystem of the kernel's with two snapshots and changes between them."""
    folder = Path(f"/{dataset}")
    fill(folder)
    engine.take_snapshots([f"{dataset}@1"])
    (folder / "d1" / "f1").unlink()
    (folder / "later").write_bytes(os.urandom(MIB))
    with (folder / "large é").open("r+b") as file:
        file.seek(MIB // 2)
        file.write(os.urandom(100_000))
    engine.take_snapshots([f"{dataset}@2"])
    return dataset


def stream(engine: Engine, file: Path, snapshot: str, base: str = "") -> bytes:
    """Send to a file; give what is in it."""
    with file.open("wb") as sink:
        engine.send(snapshot, sink.fileno(), base=base)
    return file.read_bytes()


def receive(engine: Engine, file: Path, snapshot: str) -> None:
    """Receive from a file."""
    with file.open("rb") as taken:
        engine.receive(snapshot, taken.fileno())


def test_raw_of_what_has_no_key(source: str, engine: Engine, tmp_path: Path) -> None:
    """It is the plain stream: data embedded in pointers, too, would cost attributes."""
    plain, raw = tmp_path / "plain", tmp_path / "raw"
    stream(engine, plain, f"{source}@1")
    with raw.open("wb") as sink:
        engine.send(f"{source}@1", sink.fileno(), raw=True)
    assert raw.read_bytes() == plain.read_bytes()
    size = engine.send_size(f"{source}@1", raw=True)
    assert size == engine.send_size(f"{source}@1")


def test_large_blocks_that_the_sender_cuts(
    pool: str, engine: Engine, other: Pool, command: Command, tmp_path: Path
) -> None:
    """A plain `zfs send` cuts a block of 200K into 128K and 72K: both engines take it."""
    source, file = f"{pool}/large", tmp_path / "stream"
    engine.create(source, properties={"recordsize": "1M", "compression": "off"})
    content = os.urandom(200_000)
    Path(engine.mount(source), "file").write_bytes(content)
    engine.take_snapshots([f"{source}@1"])
    command("sh", "-c", f"zfs send {source}@1 >{file}")
    receive(engine, file, f"{pool}/by-kernel@1")
    with create_image(other.file, size_bytes=SIZE_BYTES, pool=other.name) as image:
        receive(image, file, f"{other.name}/copy@1")
        stream(image, file, f"{other.name}/copy@1")
    receive(engine, file, f"{pool}/by-image@1")
    for name in ("by-kernel", "by-image"):
        assert Path(engine.mount(f"{pool}/{name}"), "file").read_bytes() == content


def test_there_and_back(
    source: str, other: Pool, engine: Engine, command: Command, tmp_path: Path
) -> None:
    """In full and the rest, into an image and on from it, into the kernel again."""
    file = tmp_path / "stream"
    inside = f"{other.name}/copy"
    with create_image(other.file, size_bytes=SIZE_BYTES, pool=other.name) as image:
        first = stream(engine, file, f"{source}@1")
        receive(image, file, f"{inside}@1")
        rest = stream(engine, file, f"{source}@2", f"{source}@1")
        receive(image, file, f"{inside}@2")
        guids = [s.guid for s in engine.snapshots(source)]
        assert [s.guid for s in image.snapshots(inside)] == guids
        size = image.send_size(f"{inside}@2")
        # the name aside, the image sends what the kernel sent
        for base, theirs in (("", first), (f"{inside}@1", rest)):
            ours = stream(image, file, f"{inside}@{2 if base else 1}", base)
            assert abs(len(ours) - len(theirs)) < 4096
        whole = stream(image, file, f"{inside}@2")
        assert 0.5 * len(whole) < size < 2 * len(whole)
    receive(engine, file, f"{source}-back@2")
    engine.mount(f"{source}-back")
    assert engine.snapshot(f"{source}-back@2").guid == guids[1]
    files = hashes(Path(f"/{source}"))
    assert hashes(Path(f"/{source}-back")) == files

    other.take()
    assert hashes(other.root / inside) == files
    assert (other.root / inside / ".zfs" / "snapshot" / "1" / "d1" / "f1").exists()
    with (other.root / inside / "more").open("wb") as more:
        more.write(os.urandom(MIB))
    other.check()
    command("zfs", "destroy", "-r", f"{source}-back")


def test_what_the_command_sends(source: str, other: Pool, tmp_path: Path) -> None:
    """`zfs send` with and without -Lc is taken, a package of streams refused.

    With -e as well OpenZFS 2.3 and 2.4 send streams without the file's attributes.
    """
    file = tmp_path / "stream"
    with create_image(other.file, size_bytes=SIZE_BYTES, pool=other.name) as image:
        for number, options in enumerate(([], ["-L", "-c"])):
            with file.open("wb") as sink:
                argv = ["zfs", "send", *options, f"{source}@2"]
                subprocess.run(argv, stdout=sink, check=True)
            receive(image, file, f"{other.name}/{number}@2")
        with file.open("wb") as sink:
            subprocess.run(["zfs", "send", "-R", f"{source}@2"], stdout=sink, check=True)
        with pytest.raises(EngineError):
            receive(image, file, f"{other.name}/package@2")
        assert not image.exists(f"{other.name}/package")
    other.take()
    for number in range(2):
        assert hashes(other.root / other.name / str(number)) == hashes(Path(f"/{source}"))
    other.check()


def test_the_command_takes_what_an_image_sends(
    source: str, other: Pool, engine: Engine, command: Command, tmp_path: Path
) -> None:
    """`zfs recv` makes of it what it was."""
    file = tmp_path / "stream"
    with create_image(other.file, size_bytes=SIZE_BYTES, pool=other.name) as image:
        stream(engine, file, f"{source}@2")
        receive(image, file, f"{other.name}/a@2")
        image.clone(f"{other.name}/a@2", f"{other.name}/b")
        image.take_snapshots([f"{other.name}/b@3"])
        stream(image, file, f"{other.name}/b@3")
    with file.open("rb") as taken:
        subprocess.run(["zfs", "recv", f"{source}-b"], stdin=taken, check=True)
    assert hashes(Path(f"/{source}-b")) == hashes(Path(f"/{source}"))
    command("zfs", "destroy", "-r", f"{source}-b")
