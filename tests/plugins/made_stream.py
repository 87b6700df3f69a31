"""Send streams that are made up, record by record, and the digest of their content.

The digest is computed here from docs/reference/content-digest.md and not from the code,
slowly and with all of a stream in memory: what it says of a stream, the C code must say
too.
"""

from __future__ import annotations

import struct
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC = 0x2F5BACBAC
BEGIN, OBJECT, FREEOBJECTS, WRITE, FREE, END = range(6)
BYREF, SPILL, EMBEDDED, RANGE, REDACT = range(6, 11)
LARGE_BLOCKS, RAW = 1 << 19, 1 << 24
FILE, SA = 19, 44
RECORD_BYTES = 312
GRAIN = 4096
# What the attributes of a file begin with (sa_hdr_phys_t), and room for the usual ones.
ATTRIBUTES_HEADER = struct.pack("<IHH", 0x2F505A, 1 << 10 | 2, 0)
ATTRIBUTES = ATTRIBUTES_HEADER.ljust(168, b"\1")
# DRR_FLAG_FREERECORDS and DRR_FLAG_SPILL_BLOCK, and DRR_OBJECT_SPILL
FLAGS, OBJECT_SPILLS = 4 | 8, 4
GUID = 0x00345678_90ABCDEF
MASK = (1 << 64) - 1


class MadeStream:
    """A stream that grows by records, with the checksums that a sender puts in."""

    def __init__(
        self,
        *,
        order: str = "<",
        features: int = LARGE_BLOCKS,
        kind: int = 2,
        base: int = 0,
        header: int = 1,
        guid: int = GUID,
        payload: bytes = b"",
    ) -> None:
        self.order = order
        self._guid = guid
        self.data = bytearray()
        self._sums = [0, 0, 0, 0]
        version = header | features << 2
        fields = (MAGIC, version, 0, kind, FLAGS, guid, base)
        self.record(BEGIN, "QQQIIQQ", *fields, payload=payload, length=len(payload))

    def _add(self, data: bytes) -> None:
        a, b, c, d = self._sums
        for (word,) in struct.iter_unpack(f"{self.order}I", data[: len(data) // 4 * 4]):
            a += word
            b += a
            c += b
            d += c
        self._sums = [a & MASK, b & MASK, c & MASK, d & MASK]
        self.data += data

    def record(
        self, kind: int, form: str, *fields: object, payload: bytes = b"", length: int = 0
    ) -> None:
        """Add a record of any kind, with the fields that follow its first eight bytes."""
        packed = struct.pack(f"{self.order}II{form}", kind, length, *fields)
        if kind == BEGIN:
            self._add(packed.ljust(RECORD_BYTES, b"\0"))
        else:
            self._add(packed.ljust(RECORD_BYTES - 32, b"\0"))
            self._add(struct.pack(f"{self.order}4Q", *self._sums))
        self._add(payload)

    def begin_again(self, data: bytes) -> None:
        """Put another first record, with its payload, in the place of all so far."""
        self.data.clear()
        self._sums = [0, 0, 0, 0]
        self._add(data)

    def object(
        self,
        number: int,
        bonus: bytes = b"",
        *,
        kind: int = FILE,
        bonus_type: int = SA,
        block: int = 4096,
        slots: int = 1,
        spills: bool = False,
        packed: int = 0,
    ) -> None:
        """Add an object with its attributes."""
        flags = OBJECT_SPILLS if spills else 0
        sizes = (block, len(bonus))
        fields = (number, kind, bonus_type, *sizes, 0, packed, slots, flags, 0, self._guid)
        padded = bonus.ljust((len(bonus) + 7) // 8 * 8, b"\0")
        self.record(OBJECT, "QIIIIBBBBIQ", *fields, payload=padded)

    def write(self, number: int, offset: int, data: bytes, *, kind: int = FILE) -> None:
        """Add a block."""
        fields = (number, kind, 0, offset, len(data), self._guid)
        self.record(WRITE, "QIIQQQ", *fields, payload=data)

    def spill(self, number: int, data: bytes) -> None:
        """Add the attributes that have no room in the object itself."""
        fields = (number, len(data), self._guid, SA)
        self.record(SPILL, "QQQ52xI", *fields, payload=data)

    def free(self, number: int, offset: int, length: int) -> None:
        """Add a hole."""
        self.record(FREE, "QQQQ", number, offset, length, self._guid)

    def free_objects(self, first: int, count: int) -> None:
        """Add objects that are not there."""
        self.record(FREEOBJECTS, "QQQ", first, count, self._guid)

    def end(self) -> bytes:
        """Add the last record; give the stream."""
        self.record(END, "4QQ", *self._sums, self._guid)
        return bytes(self.data)


def payload_bytes(record: bytes) -> int:
    """Return how much follows a record of a stream in little-endian order."""
    kind, length = struct.unpack_from("<II", record)
    if kind == BEGIN:
        return int(length)
    if kind == OBJECT:
        bonus, raw = struct.unpack_from("<I4xI", record, 28)
        return int(raw or (bonus + 7) // 8 * 8)
    if kind == WRITE:
        return int(struct.unpack_from("<Q", record, 96 if record[50] else 32)[0])
    if kind == SPILL:
        length, stored = struct.unpack_from("<Q16xQ", record, 16)
        return int(stored or length)
    if kind == EMBEDDED:
        return int((struct.unpack_from("<I", record, 52)[0] + 7) // 8 * 8)
    return 0


def raw_stream(*, first_mac: int = 1) -> bytes:
    """Give a raw stream: two blocks of objects, an object, a block, attributes."""
    made = MadeStream(features=LARGE_BLOCKS | RAW)
    crypt = bytes(range(36))
    for first in (0, 32):
        made.record(RANGE, "QQQ35sB", first, 32, 0, crypt[:35], first_mac)
    bonus = (33, 19, 44, 4096, 168, 0, 0, 1, 0, 320, 0, 17, 2, 1, 9)
    made.record(OBJECT, "QIIIIBBBBIQBBB5xQ", *bonus, payload=b"b" * 320)
    write = (33, 19, 0, 0, 4096, 0, 8, 0, 15, bytes(40), 1024, crypt)
    made.record(WRITE, "QIIQQQBBB5x40sQ36s", *write, payload=b"c" * 1024)
    spill = (33, 512, 0, 0, 2, 512, crypt, 44)
    made.record(SPILL, "QQQBB6xQ36sI", *spill, payload=b"s" * 512)
    return made.end()


def slow_digest(objects: dict[int, dict[str, object]], *, volume: bool = False) -> str:
    """Compute the digest of objects: number to type, bonus type, bonus, spill and data.

    The data are pairs of an offset and bytes, in any order and split anywhere.
    """
    whole = sha256(b"zfstune-content-1\n" + struct.pack("<Q", 3 if volume else 2))
    for number in sorted(objects):
        made = objects[number]
        bonus: bytes = made.get("bonus", b"")  # type: ignore[assignment]
        attributes = struct.pack(
            "<4I", OBJECT, made.get("kind", FILE), made.get("bonus_type", SA), len(bonus)
        )
        attributes += bonus
        if "spill" in made:
            spill: bytes = made["spill"]  # type: ignore[assignment]
            spill = spill.rstrip(b"\0")
            attributes += struct.pack("<2I", SPILL, len(spill)) + spill
        content = b"".join(
            struct.pack("<Q", offset) + grain
            for offset, grain in _grains(made.get("data", []))  # type: ignore[arg-type]
        )
        whole.update(struct.pack("<Q", number))
        whole.update(sha256(attributes).digest() + sha256(content).digest())
    return f"zfstune-content-1:{whole.hexdigest()}"


def _grains(pieces: list[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    grains: dict[int, bytearray] = {}
    for offset, data in pieces:
        for place, byte in enumerate(data, offset):
            if byte:
                start = place - place % GRAIN
                grains.setdefault(start, bytearray(GRAIN))[place - start] = byte
    for start in sorted(grains):
        yield start, bytes(grains[start])
