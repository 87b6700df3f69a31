"""Streams that arrive damaged, or find no room: what has come is kept, and goes on."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

import pytest

import zfstune
from made_files import (
    FILE_NUMBERS,
    REGULAR,
    attributes,
    changed_file,
    received,
    records,
    root_attributes,
    sent,
    with_files,
)
from made_package import named
from made_stream import ATTRIBUTES, BEGIN, LARGE_BLOCKS, WRITE, MadeStream
from zfstune.engine.image import create_image
from zfstune.values.errors import (
    EngineError,
    NoSpace,
    NotSupported,
    PlanError,
    RefusedValue,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from zfstune.engine.image import ImageEngine

MIB = 1 << 20
DEDUPLICATED = 1 << 0
SOURCE = "tank/files"


@pytest.fixture(scope="module")
def pools(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[ImageEngine, ImageEngine]]:
    """Make two pools, the first with a dataset of two snapshots, of which one is marked."""
    folder = tmp_path_factory.mktemp("pools")
    size = 512 << 20
    with (
        create_image(folder / "tank", size_bytes=size) as tank,
        create_image(folder / "back", size_bytes=size, pool="back") as back,
    ):
        tank.create("tank/empty")
        tank.take_snapshots(["tank/empty@0"])
        empty = sent(tank, folder, "tank/empty@0", compressed=False)
        files = {"file": [(0, os.urandom(2 * MIB))]}
        received(tank, folder, f"{SOURCE}@1", with_files(empty, files, guid=1))
        bonus = attributes(root_attributes(empty), REGULAR)
        pieces = [(n * 4096, os.urandom(4096)) for n in range(0, 512, 2)]
        change = {"end": 2 * MIB, "guid": 2, "base": 1}
        made = changed_file(FILE_NUMBERS, bonus, pieces, **change)
        received(tank, folder, f"{SOURCE}@2", made.end())
        tank.bookmark(f"{SOURCE}@1", f"{SOURCE}#1")
        yield tank, back


def written(engine: ImageEngine, snapshot: str, **how: str) -> bytes:
    """Give a stream as bytes."""
    sink = io.BytesIO()
    zfstune.send(snapshot, sink, engine=engine, **how)  # type: ignore[arg-type]
    return sink.getvalue()


def with_one_bit_changed(stream: bytes) -> bytes:
    """Damage a block in the second half of a stream."""
    place = 0
    for kind, head, payload in records(stream):
        place += len(head)
        if kind == WRITE and place > len(stream) // 2:
            break
        place += len(payload) if kind != BEGIN else 0
    damaged = bytearray(stream)
    damaged[place + 5000] ^= 1
    return bytes(damaged)


@pytest.mark.parametrize("base", ["", "@1", "#1"])
def test_a_damaged_stream_goes_on(
    pools: tuple[ImageEngine, ImageEngine], base: str
) -> None:
    """One bit is noticed; what came before it stays, and the rest completes it."""
    tank, back = pools
    copy = f"back/copy{len(base)}{base[:1] == '#'}"
    if base:
        zfstune.receive(copy, io.BytesIO(written(tank, f"{SOURCE}@1")), engine=back)
    snapshot = f"{SOURCE}@2" if base else f"{SOURCE}@1"
    whole = written(tank, snapshot, base=base)
    with pytest.raises(RefusedValue, match="the stream is damaged") as caught:
        zfstune.receive(copy, io.BytesIO(with_one_bit_changed(whole)), engine=back)
    token = back.dataset(copy).value("receive_resume_token") or ""
    assert f"--resume {token}" in caught.value.hint
    rest = io.BytesIO()
    zfstune.send_resumed(token, rest, engine=tank)
    assert len(rest.getvalue()) < len(whole) * 3 // 4
    zfstune.receive(copy, io.BytesIO(rest.getvalue()), engine=back)
    arrived = back.snapshots(copy)[-1].name
    assert zfstune.compare(snapshot, arrived, engine=tank, other_engine=back).equal
    assert not back.dataset(copy).value("receive_resume_token")


def test_a_part_of_an_incremental_is_passed_on(
    pools: tuple[ImageEngine, ImageEngine],
) -> None:
    """Where the base is there already, the part is kept as the first one was."""
    tank, back = pools
    for copy in ("back/one", "back/two"):
        zfstune.receive(copy, io.BytesIO(written(tank, f"{SOURCE}@1")), engine=back)
    whole = written(tank, f"{SOURCE}@2", base="@1")
    with pytest.raises(EngineError, match="ended early"):
        zfstune.receive("back/one", io.BytesIO(whole[:MIB]), engine=back)
    part = io.BytesIO()
    zfstune.send_saved("back/one", part, engine=back)
    with pytest.raises(EngineError, match="ended early"):
        zfstune.receive("back/two", io.BytesIO(part.getvalue()), engine=back)
    for copy in ("back/one", "back/two"):
        token = back.dataset(copy).value("receive_resume_token") or ""
        rest = io.BytesIO()
        zfstune.send_resumed(token, rest, engine=tank)
        zfstune.receive(copy, io.BytesIO(rest.getvalue()), engine=back)
        assert zfstune.compare(
            f"{SOURCE}@2", f"{copy}@2", engine=tank, other_engine=back
        ).equal


def test_no_room(pools: tuple[ImageEngine, ImageEngine]) -> None:
    """It is said; what has come waits, and once there is room the rest completes it."""
    tank, back = pools
    back.create("back/small", properties={"quota": "1M"})
    whole = written(tank, f"{SOURCE}@1")
    with pytest.raises(NoSpace):
        zfstune.receive("back/small/copy", io.BytesIO(whole), engine=back)
    token = back.dataset("back/small/copy").value("receive_resume_token") or ""
    back.set("back/small", {"quota": "none"})
    rest = io.BytesIO()
    zfstune.send_resumed(token, rest, engine=tank)
    zfstune.receive("back/small/copy", io.BytesIO(rest.getvalue()), engine=back)
    assert zfstune.compare(
        f"{SOURCE}@1", "back/small/copy@1", engine=tank, other_engine=back
    ).equal


def test_the_size_that_is_foretold(pools: tuple[ImageEngine, ImageEngine]) -> None:
    """It is that of the stream as it is sent, whether blocks are compressed or not."""
    tank, _ = pools
    for snapshot, base in ((f"{SOURCE}@1", ""), (f"{SOURCE}@2", f"{SOURCE}@1")):
        size = tank.send_size(snapshot, base=base)
        length = len(written(tank, snapshot, base=base))
        assert 0.8 * length < size < 1.25 * length


def test_a_deduplicated_stream(pools: tuple[ImageEngine, ImageEngine]) -> None:
    """No release takes one any more, and the error says what to do."""
    _, back = pools
    made = MadeStream(features=LARGE_BLOCKS | DEDUPLICATED)
    made.object(FILE_NUMBERS, ATTRIBUTES)
    stream = named(made.end())
    with pytest.raises(PlanError, match="is deduplicated") as caught:
        zfstune.receive("back/d", io.BytesIO(stream), engine=back)
    assert "zstream redup FILE | zfstune receive back/d" in caught.value.hint
    assert not back.exists("back/d")


def test_a_stream_of_the_other_byte_order(
    pools: tuple[ImageEngine, ImageEngine],
) -> None:
    """Libzpool does not take it, a kernel does, and the error says so."""
    _, back = pools
    made = MadeStream(features=LARGE_BLOCKS, order=">")
    made.object(FILE_NUMBERS, ATTRIBUTES)
    with pytest.raises(NotSupported, match="a machine of another byte order") as caught:
        zfstune.receive("back/be", io.BytesIO(named(made.end())), engine=back)
    assert "a kernel has imported" in caught.value.hint
    assert not back.exists("back/be")


def test_a_rest_that_begins_elsewhere(pools: tuple[ImageEngine, ImageEngine]) -> None:
    """It is told, with the command that sends the right one; what waits there stays."""
    tank, back = pools

    def receive(stream: bytes) -> str:
        with pytest.raises(EngineError) as caught:
            zfstune.receive("back/late", io.BytesIO(stream), engine=back)
        token = back.dataset("back/late").value("receive_resume_token") or ""
        assert f"--resume {token}" in caught.value.hint
        assert f"`zfstune --image {back.file} receive --abort" in caught.value.hint
        return str(caught.value) if "does not begin" in caught.value.reason else token

    def rest(token: str) -> bytes:
        sink = io.BytesIO()
        zfstune.send_resumed(token, sink, engine=tank)
        return sink.getvalue()

    early = rest(receive(written(tank, f"{SOURCE}@1")[: MIB // 2]))
    late = rest(receive(early[:MIB]))
    assert "does not begin where the part that waits there ends" in receive(early)
    zfstune.receive("back/late", io.BytesIO(late), engine=back)
    assert back.snapshot("back/late@1").guid == 1


def test_streams_one_behind_the_other(
    pools: tuple[ImageEngine, ImageEngine], tmp_path: Path
) -> None:
    """Of a file the first one is received, and the plan tells that there is more."""
    tank, back = pools
    file, alone = tmp_path / "both", tmp_path / "alone"
    with file.open("wb") as both, alone.open("wb") as one:
        zfstune.send(f"{SOURCE}@1", both, engine=tank)
        zfstune.send(f"{SOURCE}@1", one, engine=tank)
        zfstune.send(f"{SOURCE}@2", both, engine=tank, base="@1")
    for path, more in ((file, True), (alone, False)):
        copy = f"back/{path.name}"
        with path.open("rb", buffering=0) as source:
            assert zfstune.receive(copy, source, engine=back).more == more
        assert [s.short_name for s in back.snapshots(copy)] == ["1"]
        with path.open("rb", buffering=0) as source:  # it is there already
            plan = zfstune.receive(copy, source, engine=back)
        assert (plan.pending, plan.more) == (False, more)
