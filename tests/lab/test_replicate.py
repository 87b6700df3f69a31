"""Replication between two pools of a kernel: files arrive, and a broken stream goes on."""

from __future__ import annotations

import os
import secrets
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import zfstune
from zfstune.values.errors import EngineError, NotFound, PlanError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zfstune.engine.protocol import Engine

    Command = Callable[..., str]

pytestmark = pytest.mark.one_release

MIB = 1 << 20


@pytest.fixture(scope="module")
def back(make_pool: Callable[..., str]) -> str:
    """Make a second pool."""
    return make_pool()


@pytest.fixture
def target(back: str) -> str:
    """Name a dataset that is not there yet."""
    return f"{back}/{secrets.token_hex(4)}"


@pytest.fixture
def source(pool: str, engine: Engine) -> Iterator[tuple[str, Path]]:
    """Make a mounted filesystem; give its name and its folder."""
    name = f"{pool}/{secrets.token_hex(4)}"
    engine.create(name)
    yield name, Path(engine.mount(name))
    with suppress(EngineError):
        engine.unmount(name, force=True)


def content(command: Command, name: str) -> dict[str, bytes]:
    """Mount a copy, which nobody else does, and read its files."""
    command("zfs", "mount", name)
    folder = Path(command("zfs", "get", "-H", "-o", "value", "mountpoint", name).strip())
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    command("zfs", "unmount", name)
    return found


def test_files_arrive_and_the_base_may_go(
    source: tuple[str, Path], target: str, engine: Engine, command: Command
) -> None:
    """The copy has the files, is not mounted, and needs no snapshot of the source."""
    name, folder = source
    (folder / "one").write_bytes(os.urandom(MIB))
    engine.take_snapshots([f"{name}@1"])
    zfstune.replicate(name, target, engine=engine)
    assert target not in engine.mounts()
    assert content(command, target) == {"one": (folder / "one").read_bytes()}
    engine.destroy_snapshots([f"{name}@1"])
    (folder / "two").write_bytes(b"two")
    engine.take_snapshots([f"{name}@2"])
    plan = zfstune.replicate(name, target, engine=engine)
    assert "#zfstune-base-" in plan.datasets[0].transfer.steps[0].describe()
    assert content(command, target).keys() == {"one", "two"}
    got = command("zfs", "get", "-H", "-o", "source", "readonly,exec,sharenfs", target)
    assert got.split() == ["local"] * 3
    assert command("zfs", "holds", "-H", f"{name}@2") == ""


@pytest.mark.parametrize("first", [True, False])
def test_a_broken_stream_goes_on(
    source: tuple[str, Path], target: str, engine: Engine, command: Command, *, first: bool
) -> None:
    """The part that has arrived is not sent again, into a new target or an old one."""
    name, folder = source
    if not first:
        engine.take_snapshots([f"{name}@0"])
        zfstune.replicate(name, target, engine=engine)
    for number in range(8):
        (folder / str(number)).write_bytes(os.urandom(MIB))
    engine.take_snapshots([f"{name}@1"])
    base = [] if first else ["-i", f"{name}@0"]
    sending = subprocess.Popen(
        ["zfs", "send", "-Lc", *base, f"{name}@1"], stdout=subprocess.PIPE
    )
    assert sending.stdout is not None
    read_end, write_end = os.pipe()

    def feed() -> None:
        os.write(write_end, sending.stdout.read(5 * MIB))  # type: ignore[union-attr]
        os.close(write_end)

    feeder = threading.Thread(target=feed)
    feeder.start()
    with pytest.raises(EngineError, match="ended early"):
        engine.receive(f"{target}@1", read_end, resumable=True)
    feeder.join()
    sending.kill()
    sending.communicate()
    os.close(read_end)
    plan = zfstune.replicate(name, target, engine=engine)
    assert plan.datasets[0].transfer.steps[0].to_dict()["step"] == "resume"
    assert content(command, target).keys() == {str(number) for number in range(8)}


def test_a_partial_stream_is_given_up(
    source: tuple[str, Path], target: str, engine: Engine
) -> None:
    """Its snapshot is gone from the source: the part goes, and the target stays."""
    name, folder = source
    engine.take_snapshots([f"{name}@0"])
    zfstune.replicate(name, target, engine=engine)
    (folder / "file").write_bytes(os.urandom(8 * MIB))
    engine.take_snapshots([f"{name}@1"])
    stream = folder.parent / "stream"
    with stream.open("wb") as file:
        engine.send(f"{name}@1", file.fileno(), base=f"{name}@0")
    os.truncate(stream, 5 * MIB)
    with stream.open("rb") as file, pytest.raises(EngineError, match="ended early"):
        engine.receive(f"{target}@1", file.fileno(), resumable=True)
    stream.unlink()
    assert engine.dataset(target).value("receive_resume_token")
    engine.destroy_snapshots([f"{name}@1"])
    engine.take_snapshots([f"{name}@2"])
    plan = zfstune.replicate(name, target, engine=engine)
    assert [step.to_dict()["step"] for step in plan.datasets[0].transfer.steps] == [
        "abort",
        "incremental",
    ]
    assert [s.short_name for s in engine.snapshots(target)] == ["0", "2"]
    with pytest.raises(NotFound, match="no receive broke off there"):
        engine.abort_receive(target)


def test_a_target_that_was_written_to(
    source: tuple[str, Path], target: str, engine: Engine, command: Command
) -> None:
    """It is refused, kept aside with what was written, or loses that by name."""
    name, folder = source
    (folder / "one").write_bytes(b"1")
    engine.take_snapshots([f"{name}@1"])
    zfstune.replicate(name, target, engine=engine)
    command("zfs", "set", "readonly=off", target)
    command("zfs", "mount", target)
    (Path("/") / target / "own").write_bytes(b"own")
    command("zfs", "unmount", target)
    engine.take_snapshots([f"{name}@2"])
    with pytest.raises(PlanError, match="bytes were written to it after"):
        zfstune.replicate(name, target, engine=engine)
    plan = zfstune.replicate(name, target, engine=engine, keep_aside=True)
    assert content(command, plan.datasets[0].aside).keys() == {"one", "own"}
    assert content(command, target).keys() == {"one"}
    command("zfs", "set", "readonly=off", target)
    command("zfs", "mount", target)
    (Path("/") / target / "own").write_bytes(b"own")
    command("zfs", "unmount", target)
    engine.take_snapshots([f"{name}@3"])
    zfstune.replicate(name, target, engine=engine, lose=["written"])
    assert content(command, target).keys() == {"one"}
    assert [s.short_name for s in engine.snapshots(target)] == ["1", "2", "3"]
