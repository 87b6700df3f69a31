"""What the kernel refuses of a stream, and how zfstune says it, on real streams."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from zfstune.engine._binding import lib
from zfstune.engine.kernel import KernelEngine
from zfstune.values.errors import BatchError, Busy, EngineError, RefusedValue

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine

FROM_IVSET_GUID_MISMATCH = 1035
STREAM_LARGE_BLOCK_MISMATCH = 1041


def refused(engine: Engine, file: Path, snapshot: str, *, raw: bool = False) -> EngineError:
    """Give the error with which a stream is refused."""
    with file.open("rb") as stream, pytest.raises(EngineError) as caught:
        engine.receive(snapshot, stream.fileno(), raw=raw)
    return caught.value


def send(file: Path, *words: str) -> Path:
    """Send with the zfs command, whose streams may lack what ours have."""
    with file.open("wb") as stream:
        subprocess.run(("zfs", "send", *words), stdout=stream, check=True)
    return file


def receive(file: Path, name: str) -> None:
    """Receive with the zfs command."""
    with file.open("rb") as stream:
        subprocess.run(("zfs", "receive", "-u", name), stdin=stream, check=True)


@pytest.fixture
def encrypted(dataset: str, command: Callable[..., str]) -> str:
    """Give an encrypted filesystem with a snapshot."""
    name = f"{dataset}/enc"
    key = "zfs create -o encryption=on -o keyformat=passphrase -o keylocation=prompt"
    command("sh", "-c", f"yes 12345678 | head -2 | {key} {name}")
    Path(f"/{name}/file").write_bytes(os.urandom(1 << 20))
    command("zfs", "snapshot", f"{name}@1")
    return name


def test_an_empty_snapshot_in_the_way_of_a_raw_stream(
    engine: Engine, encrypted: str, tmp_path: Path
) -> None:
    """Newer by nothing, it still stands in the way, and the error says that it may."""
    copy = f"{encrypted}-copy"
    file = tmp_path / "stream"
    receive(send(file, "-w", f"{encrypted}@1"), copy)
    engine.take_snapshots([f"{copy}@own"])
    engine.take_snapshots([f"{encrypted}@2"])
    send(file, "-w", "-i", "@1", f"{encrypted}@2")
    error = refused(engine, file, f"{copy}@2", raw=True)
    assert (type(error), error.errno) == (Busy, errno.ETXTBSY)
    assert "newer snapshot, even an empty one" in error.reason
    with file.open("rb") as stream:
        engine.receive(
            f"{copy}@2", stream.fileno(), raw=True, force=True, losing=[f"{copy}@own"]
        )
    assert [s.short_name for s in engine.snapshots(copy)] == ["1", "2"]


def test_a_base_that_did_not_come_raw(
    engine: Engine, encrypted: str, tmp_path: Path
) -> None:
    """A raw incremental needs a base that came raw, and the error says so."""
    file = tmp_path / "stream"
    copy = f"{encrypted}/copy"
    receive(send(file, f"{encrypted}@1"), copy)
    Path(f"/{encrypted}/file").write_bytes(os.urandom(1 << 20))
    engine.take_snapshots([f"{encrypted}@2"])
    send(file, "-w", "-i", "@1", f"{encrypted}@2")
    error = refused(engine, file, f"{copy}@2", raw=True)
    assert (type(error), error.errno) == (RefusedValue, FROM_IVSET_GUID_MISMATCH)
    assert "not received raw" in error.reason


def test_blocks_that_were_split(engine: Engine, dataset: str, tmp_path: Path) -> None:
    """On what came with large blocks, a stream without them is refused with the reason."""
    source, copy = f"{dataset}/source", f"{dataset}/copy"
    file = tmp_path / "stream"
    engine.create(source, properties={"recordsize": "1M", "compression": "off"})
    engine.mount(source)
    Path(f"/{source}/file").write_bytes(os.urandom(4 << 20))
    engine.take_snapshots([f"{source}@1"])
    receive(send(file, "-L", f"{source}@1"), copy)
    Path(f"/{source}/file").write_bytes(os.urandom(4 << 20))
    engine.take_snapshots([f"{source}@2"])
    send(file, "-i", "@1", f"{source}@2")
    error = refused(engine, file, f"{copy}@2")
    assert (type(error), error.errno) == (RefusedValue, STREAM_LARGE_BLOCK_MISMATCH)
    assert "blocks above 128K" in error.reason


def test_somebody_in_the_snapshot_folder(engine: Engine, dataset: str) -> None:
    """A snapshot that is in use below .zfs is said to be; it goes once nobody is there."""
    engine.mount(dataset)
    Path(f"/{dataset}/file").write_text("x", encoding="utf-8")
    engine.take_snapshots([f"{dataset}@used"])
    engine.take_snapshots([f"{dataset}@held"])
    engine.hold([f"{dataset}@held"], "tag")
    folder = f"/{dataset}/.zfs/snapshot/used"
    with Path(folder, "file").open(encoding="utf-8"):
        with pytest.raises(BatchError) as caught:
            engine.destroy_snapshots([f"{dataset}@used", f"{dataset}@held"])
        reasons = {f.target.rpartition("@")[2]: f.reason for f in caught.value.failures}
        assert reasons["held"] == "it is held by 'tag'"
        assert reasons["used"] == f"its files are in use at {folder}"
    engine.destroy_snapshots([f"{dataset}@used"])
    engine.release([f"{dataset}@held"], "tag")


def test_the_kernel_takes_no_number_for_a_user_property(
    engine: Engine, dataset: str
) -> None:
    """Only a pool made elsewhere has one: the ioctl refuses it."""
    assert isinstance(engine, KernelEngine)
    found = engine._zfs.change(lib.zt_set, dataset, {"org.x:y": 48})
    assert found == (errno.EINVAL, {"org.x:y": errno.EINVAL})
    assert engine.dataset(dataset).value("org.x:y") is None
