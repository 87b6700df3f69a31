"""Images that somebody changed who knows the format, and reckoned the checksums anew.

A change of a byte alone is found by a checksum before any code of OpenZFS looks at it.
So the labels and the uberblocks are signed again, and a block that is changed is written
to a place of its own, with the pointers to it changed up to the uberblock.
"""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING

from zfstune.values.fletcher4 import fletcher4

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

__all__ = ["FORGERIES", "forge", "resigned"]

KIB = 1 << 10
LABEL = 256 * KIB
# vdev_label_t, include/sys/vdev_impl.h: the configuration, and the ring of uberblocks
CONFIG_AT, CONFIG_BYTES = 16 * KIB, 112 * KIB
RING_AT, RING_BYTES = 128 * KIB, 128 * KIB
UBERBLOCK_BYTES = 4 * KIB  # of a pool with ashift 12
UBERBLOCK_MAGIC = 0x00BAB10C
ROOT_AT = 40  # ub_rootbp
START = 4 << 20  # VDEV_LABEL_START_SIZE: where a DVA's offset begins to count
SECTOR = 512
POINTER = 128  # sizeof (blkptr_t), whose words are named below
PLACE, KIND, BORN, SUM = (0, 1), 6, 10, slice(12, 16)
COMPRESSION, CHECKSUM = 32, 40  # their bits in the word KIND, eight each
EMBEDDED = 1 << 39
UNCOMPRESSED, LZ4, FLETCHER4 = 2, 15, 7
DNODE, DNODE_POINTERS = 512, 64
LEVEL, TYPE = 56, 48
DNODES, OBJSET = 10, 11  # DMU_OT_DNODE, DMU_OT_OBJSET
EDGES = (
    *(0, 1, 2, 7, 8, 255, 256, 511, 512, 4096, 1 << 31, (1 << 32) - 1, 1 << 32),
    *((1 << 63) - 1, 1 << 63, (1 << 64) - 1),
)


def resigned(block: bytes, offset: int) -> bytes:
    """Return a block of a label with its checksum right (ZIO_CHECKSUM_LABEL)."""
    body = block[:-32]
    digest = hashlib.sha256(body + struct.pack("<4Q", offset, 0, 0, 0)).digest()
    return body + struct.pack("<4Q", *struct.unpack(">4Q", digest))


def _labels(file: Path) -> list[int]:
    size = file.stat().st_size // LABEL * LABEL
    return [0, LABEL, size - 2 * LABEL, size - LABEL]


def _edited(block: bytes, random: Random, used: int) -> bytes:
    """Change some bytes, or numbers of 32 or 64 bits, in the part that is used."""
    new = bytearray(block)
    for _ in range(random.choice((1, 1, 2, 4))):
        size, form = random.choice(((1, "<B"), (4, ">I"), (4, "<I"), (8, "<Q"), (8, ">Q")))
        at = random.randrange(max(1, used // size)) * size
        number = random.choice((*EDGES, random.getrandbits(64)))
        struct.pack_into(form, new, at, number % (1 << 8 * size))
    return bytes(new[: len(block)])


def _used(block: bytes) -> int:
    return max(len(block.rstrip(b"\0")), 8)


def forge_config(file: Path, random: Random) -> None:
    """Change the configuration in all four labels alike."""
    with file.open("r+b") as raw:
        raw.seek(CONFIG_AT)
        block = raw.read(CONFIG_BYTES)
        new = _edited(block, random, _used(block[:-40]))
        for label in _labels(file):
            at = label + CONFIG_AT
            raw.seek(at)
            raw.write(resigned(new, at))


def _newest(ring: bytes) -> int:
    """Find the uberblock of the highest transaction group; give its place in the ring."""

    def group(at: int) -> int:
        magic, _, txg = struct.unpack_from("<3Q", ring, at)
        return txg if magic == UBERBLOCK_MAGIC else -1

    return max(range(0, len(ring), UBERBLOCK_BYTES), key=group)


def _change_uberblock(file: Path, change: Callable[[bytes], bytes]) -> None:
    """Leave one uberblock in each label, the newest, and change it."""
    with file.open("r+b") as raw:
        raw.seek(RING_AT)
        ring = raw.read(RING_BYTES)
        at = _newest(ring)
        new = change(ring[at : at + UBERBLOCK_BYTES])
        for label in _labels(file):
            raw.seek(label + RING_AT)
            raw.write(bytes(RING_BYTES))
            raw.seek(label + RING_AT + at)
            raw.write(resigned(new, label + RING_AT + at))


def forge_uberblock(file: Path, random: Random) -> None:
    """Change the newest uberblock."""
    _change_uberblock(file, lambda block: _edited(block, random, ROOT_AT + POINTER + 80))


def _unpacked(data: bytes, size: int) -> bytes:
    """Decompress a block of LZ4, as lz4_decompress_zfs() does."""
    (length,) = struct.unpack_from(">I", data)
    source, out, at = data[4 : 4 + length], bytearray(), 0
    while at < len(source):
        token, at = source[at], at + 1
        count, at = _length(source, token >> 4, at)
        out += source[at : at + count]
        at += count
        if at >= len(source):
            break
        (back,) = struct.unpack_from("<H", source, at)
        count, at = _length(source, token & 15, at + 2)
        for _ in range(count + 4):
            out.append(out[-back])
    return bytes(out[:size])


def _length(source: bytes, count: int, at: int) -> tuple[int, int]:
    if count == 15:
        while True:
            more, at = source[at], at + 1
            count += more
            if more != 255:
                break
    return count, at


class _Blocks:
    """The blocks of an image's file, to follow and to write anew."""

    def __init__(self, file: Path) -> None:
        self.data = bytearray(file.read_bytes())
        self.free = (len(self.data) - 2 * LABEL) // 2  # far behind what a small pool has

    def read(self, pointer: bytes) -> bytes | None:
        """Return what a block pointer points to; None: nothing that can be read here."""
        words = struct.unpack("<16Q", pointer)
        kind = words[KIND]
        if not words[BORN] or kind & EMBEDDED or words[1] >> 63:
            return None
        at = words[1] * SECTOR + START
        logical, physical = ((kind >> bit & 0xFFFF) + 1 for bit in (0, 16))
        data = bytes(self.data[at : at + physical * SECTOR])
        compression = kind >> COMPRESSION & 0x7F
        if compression == LZ4:
            return _unpacked(data, logical * SECTOR)
        return data if compression == UNCOMPRESSED else None

    def write(self, pointer: bytes, block: bytes) -> bytes:
        """Put a block at a place of its own; return the pointer to it."""
        words = list(struct.unpack("<16Q", pointer))
        at = self.free
        self.free += -(-len(block) // 4096) * 4096
        self.data[at : at + len(block)] = block
        sectors = len(block) // SECTOR
        words[0] = -(-sectors // 8) * 8  # the first disk, rounded up to 4K
        words[1] = (at - START) // SECTOR
        words[2:6] = [0] * 4
        kind = words[KIND] & ~(0x7F << COMPRESSION | 0xFF << CHECKSUM | 0xFFFFFFFF)
        kind |= UNCOMPRESSED << COMPRESSION | FLETCHER4 << CHECKSUM
        words[KIND] = kind | (sectors - 1) << 16 | (sectors - 1)
        words[SUM] = fletcher4(block)
        return struct.pack("<16Q", *words)


def _pointers(pointer: bytes, block: bytes) -> list[int]:
    """Find the block pointers in a block."""
    kind = struct.unpack("<16Q", pointer)[KIND]
    if kind >> LEVEL & 0x1F:
        return list(range(0, len(block), POINTER))
    if kind >> TYPE & 0xFF == OBJSET:
        return [at + DNODE_POINTERS for at in (0, DNODE * 2, DNODE * 3) if at < len(block)]
    if kind >> TYPE & 0xFF == DNODES:
        return [
            at + DNODE_POINTERS + number * POINTER
            for at in range(0, len(block), DNODE)
            if block[at]
            for number in range(min(block[at + 3], 3))
        ]
    return []


def _forged(blocks: _Blocks, pointer: bytes, random: Random, depth: int) -> bytes | None:
    """Change a block that a pointer leads to, so many steps away; return the pointer."""
    block = blocks.read(pointer)
    if block is None:
        return None
    below = _pointers(pointer, block) if depth else []
    random.shuffle(below)
    for at in below:
        new = _forged(blocks, block[at : at + POINTER], random, depth - 1)
        if new is not None:
            return blocks.write(pointer, block[:at] + new + block[at + POINTER :])
    return blocks.write(pointer, _edited(block, random, _used(block)))


def forge_block(file: Path, random: Random) -> None:
    """Change one block of the pool's own data."""
    blocks = _Blocks(file)

    def changed(uberblock: bytes) -> bytes:
        root = uberblock[ROOT_AT : ROOT_AT + POINTER]
        new = _forged(blocks, root, random, random.randrange(9))
        assert new is not None
        return uberblock[:ROOT_AT] + new + uberblock[ROOT_AT + POINTER :]

    ring = blocks.data[RING_AT : RING_AT + RING_BYTES]
    at = _newest(bytes(ring))
    before = blocks.free
    uberblock = changed(bytes(ring[at : at + UBERBLOCK_BYTES]))
    with file.open("r+b") as raw:
        raw.seek(before)
        raw.write(blocks.data[before : blocks.free])
    _change_uberblock(file, lambda _: uberblock)


def forge_noise(file: Path, random: Random) -> None:
    """Change bytes of one label, whose checksum is wrong then."""
    label = random.choice(_labels(file))
    with file.open("r+b") as raw:
        raw.seek(label)
        block = raw.read(LABEL)
        raw.seek(label)
        raw.write(_edited(block, random, LABEL))


FORGERIES: dict[str, Callable[[Path, Random], None]] = {
    "config": forge_config,
    "uberblock": forge_uberblock,
    "block": forge_block,
    "noise": forge_noise,
}
_KINDS = ("block", "block", "block", "block", "config", "config", "uberblock", "noise")


def forge(file: Path, random: Random) -> str:
    """Change an image in one of the ways; return which."""
    kind = random.choice(_KINDS)
    FORGERIES[kind](file, random)
    return kind
