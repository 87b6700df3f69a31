"""Streams that are changed at random, record by record, as a hostile sender would."""

from __future__ import annotations

import struct
import time
from random import Random
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from lots import fuzz_seconds, seed, tally
from made_stream import BEGIN as FIRST
from made_stream import EMBEDDED, OBJECT, RECORD_BYTES, SPILL, WRITE
from zfstune.values.errors import ImageDied, ZfstuneError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zfstune.engine.protocol import Engine

    Record = tuple[bytearray, bytearray]

SEED = seed(20261201)
SECONDS = fuzz_seconds(12)
CHECKSUM = 280  # of a record, where it begins; zeros stand for none
FIELDS = range(8, 136)
# Lengths, offsets and types at the edge of what something can be.
EDGES = [0, 1, 8, 54, 255, 511, 512, 513, 4096, 131_072, 131_073, 1 << 20, 1 << 24]
EDGES += [1 << 31, (1 << 32) - 1, 1 << 40, 1 << 48, 1 << 62, 1 << 63, (1 << 64) - 1]


def payload_bytes(record: bytearray) -> int:
    """Return how much follows a record of a stream in little-endian order."""
    kind, length = struct.unpack_from("<II", record)
    if kind == FIRST:
        return int(length)
    if kind == OBJECT:
        bonus, raw = struct.unpack_from("<I4xI", record, 28)
        return int(raw or (bonus + 7) // 8 * 8)
    if kind == WRITE:
        return int(struct.unpack_from("<Q", record, 96 if record[50] else 32)[0])
    if kind == SPILL:
        return int(
            struct.unpack_from("<Q", record, 40)[0]
            or struct.unpack_from("<Q", record, 16)[0]
        )
    if kind == EMBEDDED:
        return int((struct.unpack_from("<I", record, 52)[0] + 7) // 8 * 8)
    return 0


def split(stream: bytes) -> list[Record]:
    """Return the records of a stream, each with its payload, none with a checksum."""
    found: list[Record] = []
    place = 0
    while place < len(stream):
        head = bytearray(stream[place : place + RECORD_BYTES])
        end = place + RECORD_BYTES + payload_bytes(head)
        if found:
            head[CHECKSUM:] = bytes(RECORD_BYTES - CHECKSUM)
        found.append((head, bytearray(stream[place + RECORD_BYTES : end])))
        place = end
    return found


def change_field(random: Random, record: bytearray) -> None:
    """Put another number in the place of a field, or of a part of one."""
    size = random.choice([1, 2, 4, 8, 8])
    place = random.choice(FIELDS) // size * size
    there = int.from_bytes(record[place : place + size], "little")
    near = there + random.choice([-512, -1, 1, 512])
    number = random.choice([random.choice(EDGES), near, random.getrandbits(64)])
    record[place : place + size] = (number % (1 << 8 * size)).to_bytes(size, "little")


def mutated(random: Random, records: list[Record]) -> bytes:
    """Change a few records behind the first one: their fields, payloads, order, kinds."""
    made = [(bytearray(head), bytearray(payload)) for head, payload in records]
    for _ in range(random.choice([1, 1, 1, 2, 3])):
        number = random.randrange(1, len(made))
        head, payload = made[number]
        way = random.random()
        if way < 0.6:
            change_field(random, head)
        elif way < 0.75:
            for place in random.sample(range(min(len(payload), 64)), min(len(payload), 4)):
                payload[place] = random.randrange(256)
        elif way < 0.82 and len(made) > 2:
            del made[number]
        elif way < 0.89:
            made.insert(number, (bytearray(head), bytearray(payload)))
        elif way < 0.96:
            other = random.randrange(1, len(made))
            made[number], made[other] = made[other], made[number]
        else:
            head[0] = random.randrange(12)
    return b"".join(bytes(head + payload) for head, payload in made)


def receive_changed(engine: Engine, pool: str, streams: Mapping[str, bytes]) -> int:
    """Receive changed streams until the time is over; return how many.

    Each is taken or refused, and neither the kernel nor the process of an image ends.

    Args:
        engine: Receives them.
        pool: Where a new dataset is made for each.
        streams: Full streams; those of names that begin with raw are raw.
    """
    random = Random(SEED)  # noqa: S311 (to repeat, not to surprise)
    records = {name: split(stream) for name, stream in streams.items()}
    end = time.monotonic() + SECONDS
    count = 0
    while time.monotonic() < end:
        name = random.choice(sorted(records))
        copy = f"{pool}/changed{count}"
        with TemporaryFile() as file:
            file.write(mutated(random, records[name]))
            file.seek(0)
            try:
                raw = name.startswith("raw")
                engine.receive(f"{copy}@1", file.fileno(), raw=raw, resumable=True)
            except ImageDied:
                raise
            except ZfstuneError:
                pass
        if engine.exists(copy):
            if engine.dataset(copy).value("receive_resume_token"):
                engine.abort_receive(copy)
            else:
                engine.destroy_snapshots([s.name for s in engine.snapshots(copy)])
                engine.destroy(copy)
        count += 1
    tally(inputs=count)
    return count
