"""A filesystem whose objects change at random, and the streams that make each change.

What the objects hold is kept beside the pools, so that their digests are known without
reading any of them. Objects come and go, are made anew under old numbers with dnodes and
blocks of other sizes, are cut short, get holes, and gain or lose a spill block.
"""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from made_files import (
    CTIME,
    FILE_NUMBERS,
    REGULAR,
    attributes,
    records,
    root_attributes,
)
from made_stream import (
    ATTRIBUTES_HEADER,
    FILE,
    LARGE_BLOCKS,
    OBJECT,
    SA,
    WRITE,
    MadeStream,
    slow_digest,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGE_DNODES = 1 << 23
TO_END = (1 << 64) - 1
SLOT_BYTES, FIRST_BONUS_BYTES = 512, 320
SLOTS = (1, 1, 2, 4)
BLOCKS = (512, 1536, 4096, 131_072, 1 << 20)
APART = max(SLOTS)
PLACES = range(FILE_NUMBERS, FILE_NUMBERS + 16 * APART, APART)
MOST_BLOCKS = 6
GENERATION = 24  # the place of that attribute, before those that made_files names


@dataclass
class Object:
    """One object.

    Attributes:
        block: The size of its blocks.
        slots: How many places of dnodes it takes.
        bonus: Its attributes.
        spill: More of them; empty: it has no spill block.
        blocks: Its blocks by offset; those that are missing are holes.
        changed: The offsets whose blocks the next stream has.
        holes: The ranges that are freed by it, before blocks are written.
        fresh: Whether the object is made by it.
        touched: Whether the next stream has it.
    """

    block: int
    slots: int
    bonus: bytes
    spill: bytes = b""
    blocks: dict[int, bytes] = field(default_factory=dict)
    changed: set[int] = field(default_factory=set)
    holes: list[tuple[int, int]] = field(default_factory=list)
    fresh: bool = True
    touched: bool = True

    @property
    def end(self) -> int:
        """The end of its last block."""
        return max((offset + self.block for offset in self.blocks), default=0)


class ChangingObjects:
    """The objects of a filesystem.

    Args:
        empty: The full stream of an empty filesystem, with which all begins.
        seed: Another one makes other changes.
    """

    def __init__(self, empty: bytes, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 (content)
        self._fixed: dict[int, dict[str, object]] = {}
        self._objects: dict[int, Object] = {}
        self._freed: set[int] = set()
        self._like = attributes(root_attributes(empty), REGULAR)
        self._generation = 1000
        for kind, head, payload in records(empty):
            [number] = struct.unpack_from("<Q", head, 8)
            if kind == OBJECT:
                kinds = struct.unpack_from("<IIII", head, 16)
                made: dict[str, object] = {"kind": kinds[0], "bonus_type": kinds[1]}
                self._fixed[number] = {**made, "bonus": payload[: kinds[3]], "data": []}
            elif kind == WRITE:
                [offset] = struct.unpack_from("<Q", head, 24)
                self._fixed[number]["data"].append((offset, payload))  # type: ignore[attr-defined]

    def change(self) -> None:
        """Make some changes at random."""
        for _ in range(self._chance.randint(6, 14)):
            place = self._chance.choice(PLACES)
            there = self._objects.get(place)
            if there is None or self._chance.random() < 0.3:
                self._make(place)
            elif self._chance.random() < 0.25:
                del self._objects[place]
                self._freed.add(place)
            else:
                self._alter(there)

    def _make(self, number: int) -> None:
        """Make an object, maybe in the place of another one."""
        slots = self._chance.choice(SLOTS)
        most = FIRST_BONUS_BYTES + (slots - 1) * SLOT_BYTES
        more = self._chance.randrange(0, most - len(self._like) - 127, 8)
        bonus = bytearray(self._like + self._chance.randbytes(more))
        # A receive tells by the generation whether this is the object that was there.
        self._generation += 1
        struct.pack_into("<Q", bonus, GENERATION, self._generation)
        made = Object(self._chance.choice(BLOCKS), slots, bytes(bonus))
        self._spill(made)
        for _ in range(self._chance.randrange(MOST_BLOCKS)):
            self._write(made)
        self._objects[number] = made

    def _alter(self, there: Object) -> None:
        """Change an object that stays."""
        there.touched = True
        kind = self._chance.randrange(4)
        if kind == 0:
            self._spill(there)
        elif kind == 1:
            self._free(there, self._offset(there), TO_END)
        elif kind == 2:
            offset = self._offset(there)
            self._free(there, offset, there.block * self._chance.randint(1, 3))
        else:
            changed = bytearray(there.bonus)
            changed[CTIME : CTIME + 16] = self._chance.randbytes(16)
            there.bonus = bytes(changed)
        for _ in range(self._chance.randrange(3)):
            self._write(there)

    def _offset(self, there: Object) -> int:
        return there.block * self._chance.randrange(MOST_BLOCKS)

    def _free(self, there: Object, offset: int, length: int) -> None:
        there.holes.append((offset, length))
        for other in [o for o in there.blocks if offset <= o < offset + length]:
            del there.blocks[other]
            there.changed.discard(other)

    def _write(self, there: Object) -> None:
        """Write a block with some bytes in it."""
        data = bytearray(there.block)
        size = self._chance.randint(1, min(300, there.block))
        place = self._chance.randrange(there.block - size + 1)
        data[place : place + size] = self._chance.randbytes(size)
        offset = self._offset(there)
        # Only an object of one block may have one of an odd size.
        offset = 0 if there.block & (there.block - 1) else offset
        there.blocks[offset] = bytes(data)
        there.changed.add(offset)

    def _spill(self, there: Object) -> None:
        sizes = (0, 512, 1024, 16_384)
        size = self._chance.choice(sizes)
        made = ATTRIBUTES_HEADER + self._chance.randbytes(size)
        there.spill = made[:size]

    def stream(self, *, base: int, guid: int) -> bytes:
        """Give the changes since the last call as an incremental stream."""
        made = MadeStream(features=LARGE_BLOCKS | LARGE_DNODES, base=base, guid=guid)
        for number in PLACES:
            there = self._objects.get(number)
            if there is None and number in self._freed:
                made.free_objects(number, APART)
            elif there is not None and there.touched:
                self._add(made, number, there)
        self._freed = set()
        return made.end()

    def _add(self, made: MadeStream, number: int, there: Object) -> None:
        made.object(
            number,
            there.bonus,
            block=there.block,
            slots=there.slots,
            spills=bool(there.spill),
        )
        # Of a new object all that is not written is a hole since the base.
        made.free(number, 0 if there.fresh else there.end, TO_END)
        for offset, length in there.holes:
            made.free(number, offset, length)
        for offset in sorted(there.changed):
            made.write(number, offset, there.blocks[offset])
        if there.spill:
            made.spill(number, there.spill)
        if there.fresh and there.slots < APART:
            made.free_objects(number + there.slots, APART - there.slots)
        there.fresh = there.touched = False
        there.changed, there.holes = set(), []

    @property
    def digest(self) -> str:
        """The digest of the content, as docs/reference/content-digest.md has it."""
        found = dict(self._fixed)
        for number, there in self._objects.items():
            described: dict[str, object] = {"kind": FILE, "bonus_type": SA}
            described |= {"bonus": there.bonus, "data": [*_pieces(there)]}
            if there.spill:
                described["spill"] = there.spill
            found[number] = described
        return slow_digest(found)


def _pieces(there: Object) -> Iterator[tuple[int, bytes]]:
    """Yield the part of each block that is not zero."""
    for offset, data in there.blocks.items():
        begun = data.lstrip(b"\0")
        yield offset + len(data) - len(begun), begun.rstrip(b"\0")
