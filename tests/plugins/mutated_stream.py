"""Streams that are changed at random, record by record, as a hostile sender would."""

from __future__ import annotations

import time
from random import Random
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from lots import fuzz_seconds, seed, tally
from made_files import records
from made_stream import BEGIN, RECORD_BYTES
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


def split(stream: bytes) -> list[Record]:
    """Return the records of a stream, each with its payload, none with a checksum."""
    none = bytes(RECORD_BYTES - CHECKSUM)
    return [
        (bytearray(head if kind == BEGIN else head[:CHECKSUM] + none), bytearray(payload))
        for kind, head, payload in records(stream)
    ]


def change_field(random: Random, record: bytearray) -> None:
    """Put another number in the place of a field, or of a part of one."""
    size = random.choice([1, 2, 4, 8, 8])
    place = random.choice(FIELDS) // size * size
    there = int.from_bytes(record[place : place + size], "little")
    near = there + random.choice([-512, -1, 1, 512])
    number = random.choice([random.choice(EDGES), near, random.getrandbits(64)])
    record[place : place + size] = (number % (1 << 8 * size)).to_bytes(size, "little")


def mutated(random: Random, stream: list[Record]) -> bytes:
    """Change a few records behind the first one: their fields, payloads, order, kinds."""
    made = [(bytearray(head), bytearray(payload)) for head, payload in stream]
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

    Each stream is taken or refused, and neither the kernel nor an image's process ends.

    Args:
        engine: Receives them.
        pool: Where a new dataset is made for each.
        streams: Full streams; those of names that begin with raw are raw.
    """
    random = Random(SEED)  # noqa: S311 (to repeat, not to surprise)
    parted = {name: split(stream) for name, stream in streams.items()}
    end = time.monotonic() + SECONDS
    count = 0
    while time.monotonic() < end:
        name = random.choice(sorted(parted))
        copy = f"{pool}/changed{count}"
        with TemporaryFile() as file:
            file.write(mutated(random, parted[name]))
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
