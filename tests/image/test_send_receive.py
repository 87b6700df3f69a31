"""Streams and packages between real pools in files, by way of files, pipes and objects."""

from __future__ import annotations

import gzip
import io
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

import zfstune
from made_files import received, with_files
from zfstune.engine.image import ImageEngine, create_image
from zfstune.values.errors import (
    EngineError,
    InvalidName,
    InvalidValue,
    NotFound,
    PlanError,
    ZfstuneError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SIZE_BYTES = 128 << 20
ROOT = "tank/a"
BEHIND_HEADER = 312
Pools = tuple[ImageEngine, ImageEngine]


@pytest.fixture
def pools(tmp_path: Path) -> Iterator[Pools]:
    """Make two pools, the first with a tree: a child, a volume and a clone."""
    with (
        create_image(tmp_path / "tank", size_bytes=SIZE_BYTES) as tank,
        create_image(tmp_path / "back", size_bytes=SIZE_BYTES, pool="back") as back,
    ):
        tank.create(ROOT, properties={"compression": "zstd", "own:mark": "kept"})
        tank.take_snapshots([f"{ROOT}@1"])
        tank.create(f"{ROOT}/child")
        tank.create(f"{ROOT}/volume", volume=True, properties={"volsize": "4M"})
        tank.take_snapshots([f"{name}@2" for name in (ROOT, f"{ROOT}/child")])
        tank.take_snapshots([f"{ROOT}/volume@2"])
        tank.clone(f"{ROOT}@2", f"{ROOT}/clone")
        take_all(tank, "3")
        yield tank, back


def take_all(engine: ImageEngine, short: str) -> None:
    """Take a snapshot of the whole tree at once."""
    engine.take_snapshots([f"{d.name}@{short}" for d in engine.datasets(ROOT)])


def guids(engine: ImageEngine, name: str) -> list[int]:
    """Return the guids of a dataset's snapshots, oldest first."""
    return [snapshot.guid for snapshot in engine.snapshots(name)]


def tree(engine: ImageEngine, root: str) -> dict[str, list[int]]:
    """Return the guids of the snapshots of each dataset, by name below the root."""
    found = {d.name[len(root) :]: guids(engine, d.name) for d in engine.datasets(root)}
    return dict(sorted(found.items()))


def sent(engine: ImageEngine, snapshot: str, **how: object) -> bytes:
    """Give a stream as bytes."""
    sink = io.BytesIO()
    zfstune.send(snapshot, sink, engine=engine, **how)  # type: ignore[arg-type]
    return sink.getvalue()


def test_a_tree_there_and_back(pools: Pools) -> None:
    """All snapshots arrive, the clone stays one, and all of it is inert."""
    tank, back = pools
    stream = sent(tank, f"{ROOT}@3", recursive=True, every=True)
    plan = zfstune.receive("back/b", io.BytesIO(stream), engine=back)
    assert len(plan.steps) == 8
    assert tree(back, "back/b") == tree(tank, ROOT)
    assert back.dataset("back/b/clone").value("origin") == "back/b@2"
    for dataset in back.datasets("back/b"):
        assert dataset.local("readonly") == "on"
    assert back.dataset("back/b").value("compression") != "zstd"
    assert back.dataset("back/b/volume").local("volmode") == "none"
    # What broke off or is sent anew is passed over, and incrementals go on.
    again = zfstune.receive("back/b", io.BytesIO(stream), engine=back)
    assert not again.pending
    take_all(tank, "4")
    tank.create(f"{ROOT}/late")
    take_all(tank, "5")
    stream = sent(tank, f"{ROOT}@5", base="@3", recursive=True, every=True)
    zfstune.receive("back/b", io.BytesIO(stream), engine=back)
    assert tree(back, "back/b") == tree(tank, ROOT)
    assert all(not tank.holds(f"{ROOT}@{short}") for short in "135")


def test_only_the_newest_and_what_its_clones_need(pools: Pools) -> None:
    """Without --every, one snapshot of each dataset, and the origins of clones."""
    tank, back = pools
    stream = sent(tank, f"{ROOT}@3", recursive=True)
    plan = zfstune.receive("back/b", io.BytesIO(stream), engine=back)
    assert [s.sent.removeprefix(ROOT) for s in plan.steps] == [
        "@2",
        "@3",
        "/child@3",
        "/clone@3",
        "/volume@3",
    ]
    assert back.dataset("back/b/clone").value("origin") == "back/b@2"


def test_properties(pools: Pools) -> None:
    """They are taken as received ones, by word, and only those that are harmless."""
    tank, back = pools
    tank.set(
        ROOT,
        {
            "mountpoint": "/etc",
            "quota": "100M",
            "sharenfs": "on",
            "exec": "on",
            "atime": "off",
            "org.zfstune:policy": "hourly=1",
        },
    )
    stream = sent(tank, f"{ROOT}@3", properties=True)
    for name, taken in (("back/with", True), ("back/without", False)):
        zfstune.receive(
            name, io.BytesIO(stream), engine=back, take_properties=taken, without=["atime"]
        )
        got = back.dataset(name)
        found = {n: v.value for n, v in got.properties.items() if v.source == "received"}
        assert found == ({"compression": "zstd", "own:mark": "kept"} if taken else {})
        assert got.value("quota") == "0"
        assert got.value("mountpoint") != "/etc"
        assert (got.local("exec"), got.local("sharenfs")) == ("off", "off")


def test_choices_for_a_tree(pools: Pools) -> None:
    """A value that is inherited is set once; any other on each dataset that can have it."""
    tank, back = pools
    stream = sent(tank, f"{ROOT}@3", recursive=True)
    chosen = {"readonly": "off", "canmount": "on"}
    zfstune.receive("back/b", io.BytesIO(stream), engine=back, properties=chosen)
    assert back.dataset("back/b").local("readonly") == "off"
    assert back.dataset("back/b/child").local("readonly") is None
    assert back.dataset("back/b/child").value("readonly") == "off"
    assert back.dataset("back/b/child").local("canmount") == "on"


@pytest.mark.parametrize(
    ("keep", "name"), [("path", "back/x/deep/er/a"), ("last", "back/x/a"), ("target", None)]
)
def test_where_a_tree_lands(pools: Pools, keep: str, name: str | None) -> None:
    """As with -d, which makes what is missing between, with -e, and with neither."""
    tank, back = pools
    tank.create("tank/deep/er", parents=True)
    tank.rename(ROOT, "tank/deep/er/a")
    stream = sent(tank, "tank/deep/er/a@3", recursive=True)
    back.create("back/x")
    target = "back/x" if name else "back/x/new"
    plan = zfstune.receive(target, io.BytesIO(stream), engine=back, keep=keep, dry_run=True)
    assert names(back) == ["back", "back/x"]
    zfstune.receive(target, io.BytesIO(stream), engine=back, keep=keep)
    root = name or target
    assert sorted(tree(back, root)) == ["", "/child", "/clone", "/volume"]
    assert plan.parents == (("back/x/deep", "back/x/deep/er") if keep == "path" else ())
    for parent in plan.parents:
        assert back.dataset(parent).value("canmount") == "off"


def names(engine: ImageEngine) -> list[str]:
    """Return the names of all datasets of the second pool."""
    return [dataset.name for dataset in engine.datasets("back")]


def test_one_snapshot_under_another_name(pools: Pools) -> None:
    """The target may be a snapshot; a package of several has names of its own."""
    tank, back = pools
    zfstune.receive("back/b@mine", io.BytesIO(sent(tank, f"{ROOT}@1")), engine=back)
    assert [s.short_name for s in back.snapshots("back/b")] == ["mine"]
    both = sent(tank, f"{ROOT}@2", every=True)
    with pytest.raises(InvalidName, match="several snapshots"):
        zfstune.receive("back/c@mine", io.BytesIO(both), engine=back)
    assert not back.exists("back/c")


def test_bases(pools: Pools) -> None:
    """A snapshot, a bookmark or the origin; what is none is refused."""
    tank, back = pools
    zfstune.receive("back/b", io.BytesIO(sent(tank, f"{ROOT}@1")), engine=back)
    tank.bookmark(f"{ROOT}@1", f"{ROOT}#one")
    tank.destroy_snapshots([f"{ROOT}@1"])
    zfstune.receive(
        "back/b", io.BytesIO(sent(tank, f"{ROOT}@3", base="#one", every=True)), engine=back
    )
    assert guids(back, "back/b")[1:] == guids(tank, ROOT)
    stream = sent(tank, f"{ROOT}/clone@3", base=f"{ROOT}@2")
    zfstune.receive("back/clone", io.BytesIO(stream), engine=back)
    assert back.dataset("back/clone").value("origin") == "back/b@2"
    for base in ("@none", "@3", "tank/other@1"):
        with pytest.raises(PlanError, match="cannot send"):
            sent(tank, f"{ROOT}@2", base=base)
    with pytest.raises(PlanError, match="no such snapshot"):
        sent(tank, f"{ROOT}@1", recursive=True)
    with pytest.raises(PlanError, match="base of a tree"):
        sent(tank, f"{ROOT}@3", base="#one", recursive=True)
    tank.take_snapshots([f"{ROOT}@4"])
    with pytest.raises(PlanError, match="tank/a/child, tank/a/clone, tank/a/volume"):
        sent(tank, f"{ROOT}@4", recursive=True)


def test_nothing_is_lost(pools: Pools) -> None:
    """What the target has alone is named, and stays."""
    tank, back = pools
    zfstune.receive("back/b", io.BytesIO(sent(tank, f"{ROOT}@1")), engine=back)
    back.take_snapshots(["back/b@own"])
    back.create("back/empty")
    before = tree(back, "back")
    incremental = sent(tank, f"{ROOT}@2", base="@1")
    cases = (
        ("back/b", incremental, "back/b@own"),
        ("back/b", sent(tank, f"{ROOT}@2"), "back/b@1, back/b@own"),
        ("back/empty", sent(tank, f"{ROOT}@2"), "no snapshot"),
        ("back/none", incremental, "no such dataset"),
        ("back/none", sent(tank, f"{ROOT}/clone@3", base=f"{ROOT}@2"), "is a clone"),
        ("back/b", sent(tank, f"{ROOT}@3", base="@2"), "none of its snapshots"),
        ("back/no/parent", sent(tank, f"{ROOT}@1"), "'back/no' does not exist"),
        ("back", sent(tank, f"{ROOT}@1"), "it exists"),
    )
    for target, stream, reason in cases:
        with pytest.raises(PlanError, match=reason):
            zfstune.receive(target, io.BytesIO(stream), engine=back)
    assert tree(back, "back") == before


def test_a_stream_that_breaks_off(pools: Pools, tmp_path: Path) -> None:
    """It is kept, its rest completes it, and so does a copy of the part (send --saved)."""
    tank, back = pools
    stream = with_files(sent(tank, f"{ROOT}@1"), {"big": [(0, os.urandom(4 << 20))]})
    received(tank, tmp_path, "tank/files@1", stream)
    whole = sent(tank, "tank/files@1")
    with pytest.raises(EngineError, match="ended early") as caught:
        zfstune.receive("back/b", io.BytesIO(whole[: 3 << 20]), engine=back)
    token = back.dataset("back/b").value("receive_resume_token") or ""
    assert token
    assert f"--resume {token}" in caught.value.hint
    with pytest.raises(PlanError, match="part of this very stream"):
        zfstune.receive("back/b", io.BytesIO(whole), engine=back)
    saved, rest = io.BytesIO(), io.BytesIO()
    zfstune.send_saved("back/b", saved, engine=back)
    with pytest.raises(EngineError, match="ended early"):
        zfstune.receive("back/copy", io.BytesIO(saved.getvalue()), engine=back)
    assert zfstune.send_resumed(token, rest, engine=tank) == "tank/files@1"
    assert len(rest.getvalue()) < len(whole) - (2 << 20)
    with pytest.raises(PlanError, match="its beginning is not here"):
        zfstune.receive("back/other", io.BytesIO(rest.getvalue()), engine=back)
    zfstune.receive("back/b", io.BytesIO(rest.getvalue()), engine=back)
    assert zfstune.compare("tank/files@1", "back/b@1", engine=tank, other_engine=back).equal
    token = back.dataset("back/copy").value("receive_resume_token") or ""
    with (tmp_path / "rest").open("w+b", buffering=0) as file:
        zfstune.send_resumed(token, file, engine=tank)
        file.seek(0)
        zfstune.receive("back/copy", file, engine=back)
    assert zfstune.compare(
        "tank/files@1", "back/copy@1", engine=tank, other_engine=back
    ).equal
    with pytest.raises(NotFound, match="no receive broke off"):
        zfstune.send_saved("back/b", io.BytesIO(), engine=back)


def test_files_of_all_kinds(pools: Pools, tmp_path: Path) -> None:
    """A file, one that packs, a socket, a pipe; what is open for text is refused."""
    tank, back = pools
    counted: list[int] = []
    file = tmp_path / "stream"
    openers: list[Callable[[str], Any]] = [
        lambda mode: file.open(mode, buffering=0),
        file.open,
        lambda mode: gzip.open(file, mode),  # noqa: SIM115 (the caller closes it)
    ]
    for opener in openers:
        with opener("wb") as sink:
            zfstune.send(f"{ROOT}@1", sink, engine=tank)
        with opener("rb") as source:
            zfstune.receive("back/b", source, engine=back, on_bytes=counted.append)
        clear(back)
    ours, theirs = socket.socketpair()
    ours.settimeout(30)  # which makes its descriptor one that does not wait
    with ours, theirs:
        sending = threading.Thread(target=send_and_close, args=(tank, ours))
        sending.start()
        theirs.settimeout(30)
        zfstune.receive("back/b", theirs, engine=back)
        sending.join()
    clear(back)
    assert sum(counted) == 2 * len(sent(tank, f"{ROOT}@1")) + len(
        gzip.decompress(file.read_bytes())
    )
    with pytest.raises(InvalidValue, match="for text"):
        zfstune.send(f"{ROOT}@1", io.StringIO(), engine=tank)  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match="for text"):
        zfstune.receive("back/b", io.StringIO("text"), engine=back)  # type: ignore[arg-type]


def send_and_close(engine: ImageEngine, sink: socket.socket) -> None:
    """Send into a socket, and end what the other side reads."""
    with sink:
        zfstune.send(f"{ROOT}@1", sink, engine=engine)


def clear(engine: ImageEngine) -> None:
    """Destroy what was received."""
    engine.destroy_snapshots([s.name for s in engine.snapshots("back/b")])
    engine.destroy("back/b")


def test_a_file_that_fails(pools: Pools) -> None:
    """Its own error is told, and not that the stream ended early."""
    tank, back = pools

    class Failing(io.BytesIO):
        def read1(self, size: int | None = -1, /) -> bytes:
            if self.tell() > BEHIND_HEADER:
                raise OSError(5, "the tape is torn")
            return super().read1(size and 400)

        def write(self, part: object, /) -> int:
            raise OSError(28, "the tape is full", part)

    with pytest.raises(OSError, match="torn"):
        zfstune.receive("back/b", Failing(sent(tank, f"{ROOT}@1")), engine=back)
    with pytest.raises(OSError, match="full"):
        zfstune.send(f"{ROOT}@1", Failing(), engine=tank)


@pytest.mark.parametrize("option", [[], ["-n"]])
def test_interrupted(tmp_path: Path, option: list[str]) -> None:
    """Ctrl-C ends a receive whose sender stalls, within a second, and says how to go on."""
    image = tmp_path / "tank"
    with create_image(image, size_bytes=SIZE_BYTES) as tank:
        tank.create(ROOT)
        tank.take_snapshots([f"{ROOT}@1"])
        stream = with_files(sent(tank, f"{ROOT}@1"), {"big": [(0, os.urandom(8 << 20))]})
        received(tank, tmp_path, "tank/files@1", stream)
        stream = sent(tank, "tank/files@1")
    argv = [sys.executable, "-m", "zfstune", "--image", str(image), "receive", "tank/b"]
    child = subprocess.Popen(
        [*argv, *option], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=False
    )
    assert child.stdin is not None
    child.stdin.write(stream[: 6 << 20])
    child.stdin.flush()
    time.sleep(2)
    child.send_signal(signal.SIGINT)
    began = time.monotonic()
    _, err = child.communicate(timeout=20)
    assert time.monotonic() - began < 5  # a second on a machine that is not busy
    assert child.returncode == 128 + signal.SIGINT
    with ImageEngine(image) as tank:
        if option:
            assert not tank.exists("tank/b")
            return
        token = tank.dataset("tank/b").value("receive_resume_token")
        assert f"--resume {token}" in err.decode()


def test_refused_before_anything_is_made(pools: Pools) -> None:
    """Bytes that are no stream, and what is packed, say what they are."""
    _, back = pools
    for data, reason in (
        (b"", "empty"),
        (b"text" * 100, "no stream of"),
        (gzip.compress(b"x" * 1000) + bytes(400), "packed by gzip"),
    ):
        with pytest.raises(ZfstuneError, match=reason):
            zfstune.receive("back/b", io.BytesIO(data), engine=back)
    assert names(back) == ["back"]
