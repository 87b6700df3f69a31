"""Filesystems with files in them, for images, which nobody can mount here.

An image receives a stream that is made up: that of an empty filesystem, which the image
engine made, with files and directories added to it.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from made_stream import (
    ATTRIBUTES_HEADER,
    BEGIN,
    FILE,
    FREE,
    FREEOBJECTS,
    GUID,
    OBJECT,
    RECORD_BYTES,
    WRITE,
    MadeStream,
    payload_bytes,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from zfstune.engine.protocol import Engine

DIRECTORY, ROOT = 20, 34
# DMU_OST_ZVOL; ZVOL_OBJ, and its type DMU_OT_ZVOL: include/sys/dmu.h, zvol.h
OF_VOLUME, VOLUME_OBJECT, VOLUME_KIND = 3, 1, 23
IS_FILE, IS_DIRECTORY = 8 << 60, 4 << 60
REGULAR, FOLDER = 0o100644, 0o40755
# Where mode, parent and the time of the last change stand among the attributes:
# fill_root() in native/image_layout.c.
MODE, PARENT, CTIME = 8, 48, 96
ATTRIBUTES_BYTES = 176
FILE_NUMBERS = 128  # the first of them
MIB = 1 << 20

Pieces = list[tuple[int, bytes]]


def sent(engine: Engine, folder: Path, snapshot: str, base: str = "", **how: Any) -> bytes:
    """Give the stream of a snapshot."""
    file = folder / "stream"
    with file.open("wb") as sink:
        engine.send(snapshot, sink.fileno(), base=base, **how)
    return file.read_bytes()


def received(
    engine: Engine, folder: Path, snapshot: str, stream: bytes, **how: Any
) -> None:
    """Receive a stream."""
    file = folder / "stream"
    file.write_bytes(stream)
    with file.open("rb") as source:
        engine.receive(snapshot, source.fileno(), **how)


def records(stream: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Give kind, record and payload of each record of a stream of this machine."""
    place = 0
    while place < len(stream):
        head = stream[place : place + RECORD_BYTES]
        [kind] = struct.unpack_from("<I", head)
        payload = payload_bytes(head)
        place += RECORD_BYTES
        yield kind, head, stream[place : place + payload]
        place += payload


def table(entries: Mapping[str, int]) -> bytes:
    """Give a directory's contents, as the smallest kind of ZAP has them."""
    head = struct.pack("<QQQ", (1 << 63) + 3, 0x5EED, 0).ljust(64, b"\0")
    rows = [struct.pack("<QIH50s", n, 0, 0, name.encode()) for name, n in entries.items()]
    whole = head + b"".join(rows)
    return whole.ljust((len(whole) + 511) // 512 * 512, b"\0")


def attributes(like: bytes, mode: int, parent: int = ROOT) -> bytes:
    """Give the attributes of the root directory with another mode and parent."""
    made = bytearray(like)
    struct.pack_into("<Q", made, MODE, mode)
    struct.pack_into("<Q", made, PARENT, parent)
    return bytes(made)


def root_attributes(empty: bytes) -> bytes:
    """Give the attributes of the root directory in the stream of an empty filesystem."""
    return next(
        payload[:ATTRIBUTES_BYTES]
        for kind, head, payload in records(empty)
        if kind == OBJECT and struct.unpack_from("<Q", head, 8) == (ROOT,)
    )


def blocks(pieces: Pieces, block: int, *, zeros: bool) -> Iterator[tuple[int, bytes]]:
    """Give the blocks of a file; those of zeros alone on request."""
    end = max((offset + len(data) for offset, data in pieces), default=0)
    whole = bytearray((end + block - 1) // block * block)
    for offset, data in pieces:
        whole[offset : offset + len(data)] = data
    for offset in range(0, len(whole), block):
        part = bytes(whole[offset : offset + block])
        if zeros or any(part):
            yield offset, part


def with_files(
    empty: bytes,
    files: Mapping[str, Pieces],
    *,
    links: Mapping[str, str] | None = None,
    many: int = 0,
    spilled: bytes = b"",
    block: int = 4096,
    zeros: bool = False,
    guid: int = GUID,
) -> bytes:
    """Give the stream of an empty filesystem with files in it.

    Args:
        empty: The stream of the empty filesystem.
        files: Name to contents; their numbers follow from their order.
        links: Second names, to the first ones.
        many: A directory ``many`` with so many empty files.
        spilled: More attributes of the first file, which get the header of attributes.
        block: The recordsize.
        zeros: Write blocks of zeros, too.
        guid: The guid of the snapshot.
    """
    made = MadeStream(guid=guid)
    numbers = {name: FILE_NUMBERS + place for place, name in enumerate(files)}
    folder = FILE_NUMBERS + len(files)
    entries = {name: IS_FILE | number for name, number in numbers.items()}
    entries |= {name: IS_FILE | numbers[old] for name, old in (links or {}).items()}
    if many:
        entries["many"] = IS_DIRECTORY | folder
    root = b""
    for kind, head, payload in records(empty):
        [number] = struct.unpack_from("<Q", head, 8)
        if kind in (BEGIN, FREE, FREEOBJECTS) or (kind == WRITE and number == ROOT):
            continue
        if kind == OBJECT:
            kinds = struct.unpack_from("<III", head, 16)
            size = len(table(entries)) if number == ROOT else kinds[2]
            bonus = payload[: struct.unpack_from("<I", head, 28)[0]]
            made.object(number, bonus, kind=kinds[0], bonus_type=kinds[1], block=size)
            if number == ROOT:
                root = bonus
                made.write(number, 0, table(entries), kind=DIRECTORY)
        elif kind == WRITE:
            [place] = struct.unpack_from("<Q", head, 24)
            made.write(number, place, payload, kind=struct.unpack_from("<I", head, 16)[0])
    bonus = attributes(root, REGULAR)
    for name, number in numbers.items():
        spills = bool(spilled) and number == FILE_NUMBERS
        made.object(number, bonus, block=block, spills=spills)
        for place, part in blocks(files[name], block, zeros=zeros):
            made.write(number, place, part)
        if spills:
            made.spill(number, ATTRIBUTES_HEADER + spilled[len(ATTRIBUTES_HEADER) :])
    if many:
        _add_many(made, root, folder, many)
    return made.end()


def _add_many(made: MadeStream, root: bytes, folder: int, many: int) -> None:
    """Add a directory and its files; `root` has the attributes of the one above it."""
    contents = table({f"f{n}": IS_FILE | (folder + 1 + n) for n in range(many)})
    bonus = attributes(root, FOLDER)
    made.object(folder, bonus, kind=DIRECTORY, block=len(contents))
    made.write(folder, 0, contents, kind=DIRECTORY)
    for number in range(folder + 1, folder + 1 + many):
        made.object(number, attributes(root, REGULAR, folder))


def with_data(empty: bytes, data: Pieces, *, block: int, guid: int = GUID) -> bytes:
    """Give the stream of an empty volume with data in it."""
    made = MadeStream(kind=OF_VOLUME, guid=guid)
    for kind, head, payload in records(empty):
        [number] = struct.unpack_from("<Q", head, 8)
        if kind == OBJECT:
            content, bonus_type, size = struct.unpack_from("<III", head, 16)
            is_data = content == VOLUME_KIND
            size = block if is_data else size
            made.object(number, payload, kind=content, bonus_type=bonus_type, block=size)
            if is_data:
                for place, part in blocks(data, block, zeros=False):
                    made.write(number, place, part, kind=VOLUME_KIND)
        elif kind == WRITE:
            [place] = struct.unpack_from("<Q", head, 24)
            made.write(number, place, payload, kind=struct.unpack_from("<I", head, 16)[0])
    return made.end()


def changed_file(
    number: int, like: bytes, pieces: Pieces, *, end: int, guid: int, base: int
) -> MadeStream:
    """Begin an incremental stream that writes blocks of a file and cuts it at its end."""
    made = MadeStream(guid=guid, base=base)
    made.object(number, like, kind=FILE)
    made.free(number, end, (1 << 64) - 1)
    for offset, data in pieces:
        made.write(number, offset, data)
    return made


def changed_files(engine: Engine, folder: Path, first: str, second: str) -> None:
    """Make a dataset with two snapshots: then `first` has other bytes, `second` is gone.

    Beside it, a dataset ``empty`` is made.
    """
    none = f"{first.partition('/')[0]}/empty@0"
    engine.create(none.partition("@")[0])
    engine.take_snapshots([none])
    empty = sent(engine, folder, none, compressed=False)
    files = {"first": [(0, b"one" * 5000)], "second": [(0, b"two" * 5000)]}
    received(engine, folder, first, with_files(empty, files, guid=GUID))
    later = bytearray(attributes(root_attributes(empty), REGULAR))
    struct.pack_into("<Q", later, CTIME, 1 << 31)
    made = changed_file(
        *(FILE_NUMBERS, bytes(later), [(0, b"new!" * 1024)]),
        end=15_000,
        guid=GUID + 1,
        base=GUID,
    )
    made.free_objects(FILE_NUMBERS + 1, 1)
    received(engine, folder, second, made.end())
