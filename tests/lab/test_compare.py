"""The content of a copy against that of its source, on a kernel with real files."""

from __future__ import annotations

import os
import struct
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from zfstune.streams.compare import compare, compare_with_stream
from zfstune.streams.digest import digest
from zfstune.values.errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine
    from zfstune.streams.comparison import Comparison

    Command = Callable[..., str]

pytestmark = pytest.mark.one_release

MIB = 1 << 20
MANY = 1500
ACCESS = "system.posix_acl_access"
USER_OBJ, USER, GROUP_OBJ, MASK, OTHER = 0x01, 0x02, 0x04, 0x10, 0x20
ANYBODY = 0xFFFFFFFF


def access_list(users: int) -> bytes:
    """Give an access list in the kernel's form; a long one lies in a spill block."""
    entries = [(USER_OBJ, 6, ANYBODY)]
    entries += [(USER, 4, 2000 + number) for number in range(users)]
    entries += [(GROUP_OBJ, 4, ANYBODY), (MASK, 6, ANYBODY), (OTHER, 0, ANYBODY)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *e) for e in entries)


def fill(folder: Path, engine: Engine, dataset: str) -> None:
    """Write files of each kind that a stream has in a form of its own."""
    many = folder / "many"
    many.mkdir()
    (folder / "empty").touch()
    for number in range(MANY):
        os.link(folder / "empty", many / f"a file with a name of some length {number}")
    (folder / "random").write_bytes(os.urandom(400_017))
    (folder / "zeros").write_bytes(bytes(MIB))
    (folder / "small").write_bytes(b"small")
    with (folder / "sparse").open("wb") as sparse:
        sparse.seek(64 * MIB)
        sparse.write(os.urandom(9000))
    (folder / "shrinks").write_bytes(os.urandom(300_000))
    (folder / "goes").write_bytes(os.urandom(50_000))
    os.link(folder / "random", folder / "also random")
    (folder / "soft").symlink_to("random")
    os.mkfifo(folder / "fifo")
    listed = folder / "listed"
    listed.write_bytes(b"x" * 5000)
    os.setxattr(listed, ACCESS, access_list(60))
    os.setxattr(listed, "user.large", os.urandom(20_000))
    os.setxattr(folder / "small", "user.tiny", b"value")
    engine.set(dataset, {"xattr": "dir", "dnodesize": "auto", "recordsize": "128K"})
    engine.remount(dataset)
    beside = folder / "beside"
    beside.write_bytes(os.urandom(200_000))
    os.setxattr(beside, "user.in-a-directory", b"v" * 3000)
    os.setxattr(beside, ACCESS, access_list(60))
    engine.set(dataset, {"recordsize": "1M"})
    engine.remount(dataset)
    (folder / "huge").write_bytes(os.urandom(MIB + MIB // 8))


def change(folder: Path) -> None:
    """Change files in a way that an incremental stream has records for."""
    with (folder / "random").open("r+b") as file:
        file.seek(100_005)
        file.write(os.urandom(70_000))
    os.truncate(folder / "shrinks", 12_345)
    os.truncate(folder / "sparse", 64 * MIB + 10)
    (folder / "goes").unlink()
    os.setxattr(folder / "listed", "user.large", b"short")
    for number in range(0, MANY, 3):
        (folder / "many" / f"a file with a name of some length {number}").unlink()


def write(device: Path, offset: int, data: bytes) -> None:
    """Write to a volume, and wait until that is on disk."""
    subprocess.run(["udevadm", "settle"], check=True)
    with device.open("r+b") as volume:
        volume.seek(offset)
        volume.write(data)
        volume.flush()
        os.fsync(volume.fileno())


def copy(engine: Engine, source: str, target: str, base: str = "", **how: bool) -> None:
    """Send a snapshot into another dataset."""
    with (Path("/dev/shm") / "compare.stream").open("w+b") as file:  # noqa: S108
        raw = how.get("raw", False)
        engine.send(source, file.fileno(), base=base, raw=raw)
        file.seek(0)
        engine.receive(target, file.fileno(), raw=raw)


@pytest.fixture(scope="module")
def pools(make_pool: Callable[..., str]) -> tuple[str, str]:
    """Give two pools that lay out the same content in other ways."""
    return (
        make_pool(options=("-o", "ashift=9", "-O", "compression=off")),
        make_pool(options=("-o", "ashift=12", "-O", "compression=zstd")),
    )


@pytest.fixture(scope="module")
def source(pools: tuple[str, str], engine: Engine) -> str:
    """Give a filesystem with two snapshots, and changes between them."""
    name = f"{pools[0]}/source"
    # without large dnodes, so that a long access list takes a spill block
    properties = {"recordsize": "8K", "xattr": "sa", "acltype": "posix"}
    engine.create(name, properties={**properties, "dnodesize": "legacy"})
    folder = Path(engine.mount(name))
    fill(folder, engine, name)
    engine.take_snapshots([f"{name}@1"])
    change(folder)
    engine.take_snapshots([f"{name}@2"])
    return name


def compared(engine: Engine, first: str, second: str, **how: Any) -> Comparison:
    """Compare two snapshots of the kernel's."""
    return compare(first, second, engine=engine, **how)


def test_a_copy(
    source: str, pools: tuple[str, str], engine: Engine, command: Command
) -> None:
    """A copy has the content of its source, and one flipped byte is found by its path."""
    target = f"{pools[1]}/target"
    copy(engine, f"{source}@1", f"{target}@1")
    copy(engine, f"{source}@2", f"{target}@2", base=f"{source}@1")
    for short in "12":
        found = compared(engine, f"{source}@{short}", f"{target}@{short}")
        assert found.equal, found
        assert found.differences == ()

    # without -L large blocks are cut; the stream is another one, the content the same
    command("sh", "-c", f"zfs send {source}@2 >/dev/shm/compare.stream")
    with Path("/dev/shm/compare.stream").open("rb") as file:  # noqa: S108
        assert compare_with_stream(f"{target}@2", file.fileno(), engine=engine).equal

    clone = f"{pools[1]}/clone"
    properties = {"atime": "off", "acltype": "posix", "xattr": "sa"}
    engine.clone(f"{target}@2", clone, properties=properties)
    folder = Path(engine.mount(clone))
    with (folder / "beside").open("r+b") as file:
        file.seek(150_000)
        byte = file.read(1)
        file.seek(150_000)
        file.write(bytes([byte[0] ^ 1]))
    engine.take_snapshots([f"{clone}@2"])
    found = compared(engine, f"{source}@2", f"{clone}@2")
    [content] = [d for d in found.differences if "content" in d.differs]
    assert (content.number, content.path) == ((folder / "beside").stat().st_ino, "/beside")
    assert {d.path for d in found.differences} <= {"/beside", None}

    os.setxattr(folder / "listed", ACCESS, access_list(61))
    engine.take_snapshots([f"{clone}@3"])
    found = compared(engine, f"{target}@2", f"{clone}@3")
    assert ("/listed", ("attributes",)) in {(d.path, d.differs) for d in found.differences}


def test_volumes(pools: tuple[str, str], engine: Engine) -> None:
    """A volume's copy is the same until one byte of it changes."""
    name, target = f"{pools[0]}/volume", f"{pools[1]}/volume"
    engine.create(name, volume=True, properties={"volsize": "8M", "volblocksize": "8K"})
    write(Path(f"/dev/zvol/{name}"), 0, os.urandom(MIB) + bytes(MIB) + os.urandom(MIB // 8))
    engine.take_snapshots([f"{name}@1"])
    copy(engine, f"{name}@1", f"{target}@1")
    assert compared(engine, f"{name}@1", f"{target}@1").equal
    write(Path(f"/dev/zvol/{name}"), MIB // 2, b"\1" * 512)
    engine.take_snapshots([f"{name}@2"])
    found = compared(engine, f"{name}@2", f"{target}@1")
    assert [(d.number, d.what, d.differs) for d in found.differences] == [
        (1, "data of the volume", ("content",))
    ]


def test_encrypted(
    source: str, pools: tuple[str, str], engine: Engine, command: Command, tmp_path: Path
) -> None:
    """A raw copy is compared as ciphertext where no key is there, and as content else."""
    key = tmp_path / "key"
    key.write_bytes(os.urandom(32))
    options = ("encryption=on", "keyformat=raw", f"keylocation=file://{key}")
    secret, target = f"{pools[0]}/secret", f"{pools[1]}/secret"
    command("zfs", "create", *(w for o in options for w in ("-o", o)), secret)
    folder = Path(f"/{secret}")
    (folder / "file").write_bytes(os.urandom(200_000))
    os.setxattr(folder / "file", "user.x", os.urandom(9000))
    engine.take_snapshots([f"{secret}@1"])
    copy(engine, f"{secret}@1", f"{target}@1", raw=True)
    found = compared(engine, f"{secret}@1", f"{target}@1")
    assert found.equal, found
    assert found.to_dict()["raw"] is True
    assert compared(engine, f"{secret}@1", f"{target}@1", raw=True).equal

    command("zfs", "load-key", "-L", f"file://{key}", target)
    found = compared(engine, f"{secret}@1", f"{target}@1")
    assert found.equal
    assert found.to_dict()["raw"] is False
    copy(engine, f"{secret}@1", f"{pools[1]}/plain@1")
    plain = digest(engine, f"{pools[1]}/plain@1")
    assert plain.text == digest(engine, f"{target}@1").text
    assert plain.text != digest(engine, f"{target}@1", raw=True).text

    command("zfs", "unload-key", target)
    with pytest.raises(PlanError, match="is not encrypted"):
        compared(engine, f"{target}@1", f"{source}@1")
