"""The content of snapshots in images: equal, or the objects that differ are named."""

from __future__ import annotations

import json
import os
import random
import struct
import threading
from typing import TYPE_CHECKING

import pytest

from made_files import (
    FILE_NUMBERS,
    REGULAR,
    attributes,
    changed_file,
    received,
    records,
    sent,
    with_data,
    with_files,
)
from made_stream import raw_stream
from zfstune.cli.main import main
from zfstune.engine.image import create_image
from zfstune.streams.compare import compare, compare_with_stream
from zfstune.streams.digest import digest, digest_stream
from zfstune.values.errors import InvalidValue, NotFound, NotSupported, PlanError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from zfstune.engine.protocol import Engine

MIB = 1 << 20
DIFFERENT = 4
SOURCE, COPY = "one/compact/source", "two/packed/copy"
NOISE = random.Random(5).randbytes(300_000)  # noqa: S311 (content to compare)
FILES = {
    "random": [(0, NOISE)],
    "zeros": [(0, bytes(MIB))],
    "sparse": [(24 * MIB + 100, NOISE[:5000])],
    "small": [(0, b"small")],
    "empty": [],
}
Pair = tuple["Engine", "Engine"]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Give two pools that lay out the same content in other ways."""
    folder = tmp_path_factory.mktemp("pair")
    with (
        create_image(folder / "one", size_bytes=1 << 30, pool="one", ashift=9) as one,
        create_image(folder / "two", size_bytes=1 << 30, pool="two", ashift=13) as two,
    ):
        one.create("one/compact", properties={"compression": "off"})
        two.create("two/packed", properties={"compression": "gzip-9"})
        one.create("one/empty")
        one.take_snapshots(["one/empty@0"])
        yield one, two


@pytest.fixture(scope="module")
def empty(pair: Pair, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Give the stream of an empty filesystem."""
    folder = tmp_path_factory.mktemp("empty")
    return sent(pair[0], folder, "one/empty@0", compressed=False)


@pytest.fixture(scope="module")
def copied(pair: Pair, empty: bytes, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """Give both pools the same files, with other record sizes, and zeros or holes."""
    folder = tmp_path_factory.mktemp("copied")
    spilled = NOISE[:900].ljust(1024, b"\0")
    how = {"links": {"also random": "random"}, "many": 1500, "spilled": spilled}
    written = with_files(empty, FILES, block=4096, zeros=True, **how)  # type: ignore[arg-type]
    received(pair[0], folder, f"{SOURCE}@1", written)
    holes = with_files(empty, FILES, block=128 << 10, **how)  # type: ignore[arg-type]
    received(pair[1], folder, f"{COPY}@1", holes)
    return pair


def test_other_records_other_disks(copied: Pair, tmp_path: Path) -> None:
    """Files have one digest on both sides, though their streams differ in length."""
    one, two = copied
    streams = [
        sent(one, tmp_path, f"{SOURCE}@1", compressed=False),
        sent(two, tmp_path, f"{COPY}@1", compressed=False),
    ]
    assert len(streams[0]) > len(streams[1]) + MIB
    found = compare(f"{SOURCE}@1", f"{COPY}@1", engine=one, other_engine=two)
    assert found.equal
    assert found.differences == ()
    assert {d.text for d in found.digests} == {digest(one, f"{SOURCE}@1").text}
    assert found.digests[0].count == len(FILES) + 1 + 1500 + 6


def flipped(name: str, place: int) -> dict[str, list[tuple[int, bytes]]]:
    """Give the files with one bit changed."""
    [(start, data)] = FILES[name]
    changed = bytearray(data)
    changed[place] ^= 1
    return {**FILES, name: [(start, bytes(changed))]}


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("random", 0),
        ("random", 299_999),
        ("zeros", 700_000),
        ("sparse", 4000),
        ("small", 3),
    ],
)
def test_one_flipped_bit(
    copied: Pair, empty: bytes, tmp_path: Path, name: str, place: int
) -> None:
    """One bit is found wherever it is, and the object's path is named."""
    one, two = copied
    how = {"links": {"also random": "random"}, "many": 1500}
    spilled = NOISE[:900].ljust(1024, b"\0")
    stream = with_files(empty, flipped(name, place), spilled=spilled, **how)  # type: ignore[arg-type]
    bad = f"two/packed/{name}-{place}@1"
    received(two, tmp_path, bad, stream)
    found = compare(f"{SOURCE}@1", bad, engine=one, other_engine=two)
    assert not found.equal
    [difference] = found.differences
    assert difference.number == FILE_NUMBERS + list(FILES).index(name)
    assert difference.differs == ("content",)
    paths = {"/random", "/also random"} if name == "random" else {f"/{name}"}
    assert difference.path in paths


def test_attributes_and_files_that_are_missing(
    copied: Pair, empty: bytes, tmp_path: Path
) -> None:
    """Other attributes, directories and files are each said to differ, and counted."""
    one, two = copied
    spilled = NOISE[:901].ljust(1024, b"\0")
    stream = with_files(empty, FILES, many=1498, spilled=spilled)
    received(two, tmp_path, "two/packed/less@1", stream)
    found = compare(f"{SOURCE}@1", "two/packed/less@1", engine=one, other_engine=two)
    rows = {(d.path or d.what, d.differs) for d in found.differences}
    # the first file has two names in one of them, of which either may be given
    [attributes_of] = [path for path, differs in rows if differs == ("attributes",)]
    assert attributes_of in {"/random", "/also random"}
    assert rows - {(attributes_of, ("attributes",))} == {
        ("/", ("content",)),  # the second name is not there
        ("/many", ("content",)),
        ("/many/f1498", ("only in the first",)),
        ("/many/f1499", ("only in the first",)),
    }
    back = compare("two/packed/less@1", f"{SOURCE}@1", engine=two, other_engine=one, most=2)
    assert (len(back.differences), back.unlisted) == (2, 3)
    last = compare(
        "two/packed/less@1", f"{SOURCE}@1", engine=two, other_engine=one
    ).differences[-1]
    assert (last.path, last.differs) == ("/many/f1499", ("only in the second",))


def test_sent_and_changed(copied: Pair, empty: bytes, tmp_path: Path) -> None:
    """A copy over real streams, with a change and a removal, is as a full one would be."""
    one, two = copied
    like = next(
        payload[:176]
        for kind, head, payload in records(empty)
        if kind == 1 and struct.unpack_from("<Q", head, 8) == (34,)
    )
    plain = with_files(empty, FILES, guid=0x77)
    received(one, tmp_path, "one/compact/moves@1", plain)
    blocks = [(8192, NOISE[:4096]), (98304, NOISE[98304:100_000].ljust(4096, b"\0"))]
    bonus = attributes(like, REGULAR)
    made = changed_file(FILE_NUMBERS, bonus, blocks, end=102_400, guid=0x78, base=0x77)
    made.free_objects(FILE_NUMBERS + 1, 1)
    received(one, tmp_path, "one/compact/moves@2", made.end())
    for short, base in (("1", ""), ("2", "one/compact/moves@1")):
        stream = sent(one, tmp_path, f"one/compact/moves@{short}", base)
        received(two, tmp_path, f"two/packed/moved@{short}", stream)
        found = compare(
            f"one/compact/moves@{short}",
            f"two/packed/moved@{short}",
            engine=one,
            other_engine=two,
        )
        assert found.equal
    found = compare(
        "one/compact/moves@1", "two/packed/moved@2", engine=one, other_engine=two
    )
    assert [(d.path, d.differs) for d in found.differences] == [
        ("/random", ("content",)),
        ("/zeros", ("only in the first",)),
    ]


def test_volumes(pair: Pair, tmp_path: Path) -> None:
    """A volume's content does not depend on its blocks; its data are named so."""
    one, two = pair
    one.create("one/v", volume=True, properties={"volsize": "8M"})
    one.take_snapshots(["one/v@0"])
    blank = sent(one, tmp_path, "one/v@0", compressed=False)
    data = [(0, NOISE), (4 * MIB, NOISE[:70_000])]
    received(one, tmp_path, "one/compact/v@1", with_data(blank, data, block=8192))
    received(two, tmp_path, "two/packed/v@1", with_data(blank, data, block=65536))
    assert compare("one/compact/v@1", "two/packed/v@1", engine=one, other_engine=two).equal
    found = compare("one/compact/v@1", "one/v@0", engine=one)
    assert [(d.number, d.what, d.differs) for d in found.differences] == [
        (1, "data of the volume", ("content",))
    ]
    assert not compare("one/v@0", "one/empty@0", engine=one).equal


def test_a_stream_in_place_of_a_snapshot(copied: Pair, tmp_path: Path) -> None:
    """A stream is compared with a snapshot, unless it does not hold all of it."""
    one, two = copied
    file = tmp_path / "stream"

    def against(stream: bytes) -> bool:
        file.write_bytes(stream)
        with file.open("rb") as source:
            return compare_with_stream(
                f"{SOURCE}@1", source.fileno(), "it", engine=one
            ).equal

    plain = sent(two, tmp_path, f"{COPY}@1", compressed=False)
    assert against(plain)
    with pytest.raises(InvalidValue, match="cannot read stream 'it': it ends too early"):
        against(plain[:-400])
    with pytest.raises(InvalidValue, match="it is empty"):
        against(b"")
    packed = sent(two, tmp_path, f"{COPY}@1")
    with pytest.raises(NotSupported, match="it is compressed"):
        against(packed)
    file.write_bytes(plain)
    with file.open("rb") as source:
        found = digest_stream(source.fileno(), objects=True)
    assert found.text == digest(one, f"{SOURCE}@1").text
    assert len(found.objects) == found.count


def test_what_is_not_there(copied: Pair) -> None:
    """A snapshot that does not exist is said so, on either side."""
    one, two = copied
    for first, second in ((f"{SOURCE}@9", f"{COPY}@1"), (f"{SOURCE}@1", f"{COPY}@9")):
        with pytest.raises(NotFound, match="@9"):
            compare(first, second, engine=one, other_engine=two)
        with pytest.raises(NotFound, match="@9"):
            compare(first, second, engine=one, other_engine=two, raw=True)
    with pytest.raises(NotFound):
        digest(one, f"{SOURCE}@9")
    assert (
        getattr(one.object_stats(f"{SOURCE}@1", FILE_NUMBERS + 3), "path", None) == "/small"
    )
    for number in (0, 1, 33, 9999, (1 << 64) - 1):
        assert one.object_stats(f"{SOURCE}@1", number) is None
    with pytest.raises(NotFound):
        one.object_stats(f"{SOURCE}@9", FILE_NUMBERS)


def test_no_descriptor_and_no_thread_is_left(copied: Pair, tmp_path: Path) -> None:
    """Comparisons, refused ones too, leave nothing open."""
    one, two = copied
    file = tmp_path / "raw"
    file.write_bytes(b"no stream at all" * 100)
    before = len(os.listdir("/proc/self/fd")), threading.active_count()  # noqa: PTH208
    for _ in range(3):
        compare(f"{SOURCE}@1", f"{COPY}@1", engine=one, other_engine=two)
        with file.open("rb") as source, pytest.raises(InvalidValue):
            compare_with_stream(f"{SOURCE}@1", source.fileno(), engine=one)
    after = len(os.listdir("/proc/self/fd")), threading.active_count()  # noqa: PTH208
    assert after == before


def test_the_command(
    empty: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command says the same in words, as JSON and by its status."""
    one, two = tmp_path / "one.zpool", tmp_path / "two.zpool"
    file = tmp_path / "file.stream"
    for image, files in ((one, FILES), (two, flipped("small", 2))):
        with create_image(image, size_bytes=128 << 20) as engine:
            received(engine, tmp_path, "tank/a@1", with_files(empty, files))
            received(engine, tmp_path, "tank/b@1", with_files(empty, FILES, zeros=True))
            file.write_bytes(sent(engine, tmp_path, "tank/a@1", compressed=False))

    def run(*words: str) -> tuple[int, str]:
        status = main(["--image", str(one), "compare", *words])
        return status, capsys.readouterr().out

    status, out = run("tank/a@1", "tank/b@1")
    assert status == 0
    assert out.splitlines()[0] == "tank/a@1 and tank/b@1 have the same content"
    status, text = run("tank/a@1")
    assert (status, text) == (0, out.splitlines()[1] + "\n")
    status, out = run("tank/a@1", "tank/a@1", "--other-image", str(two), "--json")
    assert status == DIFFERENT
    said = json.loads(out)
    assert said["equal"] is False
    assert said["differences"] == [
        {
            "object": FILE_NUMBERS + 3,
            "what": "file",
            "differs": ["content"],
            "path": "/small",
        }
    ]
    for words in (("tank/a@1", str(file)), (str(file), "tank/a@1")):
        status, out = run(*words)
        assert status == DIFFERENT
        assert f"object {FILE_NUMBERS + 3} (file) /small: content" in out
    assert run(str(file), "--json")[0] == 0
    assert run(str(file), str(file))[0] == 2
    assert run("tank/a@1", "--other-image", str(two))[0] == 2
    assert run("tank/a@1", str(tmp_path / "none"))[0] == 1


def test_a_stream_of_our_own_send(
    copied: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A compressed one is refused with the option that makes one to compare."""
    image, file = tmp_path / "one.zpool", tmp_path / "file.stream"
    stream = sent(copied[1], tmp_path, f"{COPY}@1", compressed=False)
    with create_image(image, size_bytes=128 << 20) as engine:
        engine.create("tank/packed", properties={"compression": "lz4"})
        received(engine, tmp_path, "tank/packed/a@1", stream)

    def run(*words: str) -> int:
        return main(["--image", str(image), *words])

    assert run("send", "tank/packed/a@1", "--output", str(file)) == 0
    assert run("compare", "tank/packed/a@1", str(file)) == 1
    assert "zfstune send --no-compressed" in capsys.readouterr().err
    file.unlink()
    plain = ("--no-compressed", "--output", str(file))
    assert run("send", "tank/packed/a@1", *plain) == 0
    assert run("compare", "tank/packed/a@1", str(file)) == 0


def test_ciphertext_is_no_content(copied: Pair, tmp_path: Path) -> None:
    """A raw stream is not compared with plain content."""
    file = tmp_path / "raw"
    file.write_bytes(raw_stream())
    with file.open("rb") as source, pytest.raises(PlanError, match="is ciphertext"):
        compare_with_stream(f"{SOURCE}@1", source.fileno(), engine=copied[0])
