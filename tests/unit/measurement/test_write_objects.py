"""Objects are filled, written over and read at the planned places, as files are."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

from made_workload import HALF, workload
from zfstune.measurement.batches import plan_batches
from zfstune.measurement.data_shape import Corpus
from zfstune.measurement.write_objects import Objects
from zfstune.values.state import Dataset, PropertyValue

if TYPE_CHECKING:
    from typing import Any

MIB = 1 << 20
CORPUS = Corpus(HALF, 1)
MAKE, WRITE, READ = range(3)


class Holder:
    """An engine that keeps objects in memory.

    Attributes:
        blocks: The block size of each object.
        data: What each object holds.
        reads: Offset and length of each read.
        groups: How often the pool was synced.
    """

    def __init__(self) -> None:
        self.blocks: dict[int, int] = {}
        self.data: dict[int, bytearray] = {}
        self.reads: list[tuple[int, int]] = []
        self.groups = 0

    def exercise(self, _: str, fd: int) -> int:
        """Do what is asked for."""
        count = 0
        with os.fdopen(os.dup(fd), "rb") as file:
            while head := file.read(32):
                kind, number, offset, size = struct.unpack("<4Q", head)
                count += 1
                if kind == MAKE:
                    self.blocks[number], self.data[number] = size, bytearray()
                elif kind == READ:
                    self.reads.append((offset, size))
                else:
                    self.data[number][offset : offset + size] = file.read(size)
        return count

    def sync(self, pool: str) -> None:
        """Count a transaction group."""
        assert pool == "tank"
        self.groups += 1

    def dataset(self, name: str) -> Dataset:
        """Give a filesystem that refers to what the objects hold, and a little more."""
        held = 5000 + sum(map(len, self.data.values()))
        return Dataset(name, "filesystem", 1, 1, {"referenced": PropertyValue(str(held))})


def made(holder: Any, batches: Any, record: int) -> Objects:
    """Give the objects of a dataset."""
    return Objects(holder, "tank/x", batches, CORPUS, record)


def test_filled_and_written_over() -> None:
    """Each batch ends in a transaction group; pages change, and the others stay."""
    holder, batches = Holder(), plan_batches(workload(), MIB, seed=1)
    objects = made(holder, batches, 128 << 10)
    objects.fill()
    [(number, data)] = holder.data.items()
    assert data == CORPUS.read(0, 0, MIB)
    assert holder.blocks == {number: 128 << 10}
    assert (objects.allocated_bytes(), holder.groups) == (MIB, 1)
    assert objects.write(batches.counted[:2], synced=True) == 64 * 8192
    assert holder.groups == 3
    touched = {offset for batch in batches.counted[:2] for _, offset, _ in batch}
    before = CORPUS.read(0, 0, MIB)
    changed = {
        at for at in range(0, MIB, 8192) if data[at : at + 8192] != before[at : at + 8192]
    }
    assert changed == touched
    assert objects.read(batches.asked[:10]) == 10 * 8192
    assert holder.reads == [(offset, 8192) for _, offset, _ in batches.asked[:10]]
    objects.close()


def test_many_small_files() -> None:
    """A file that fits a record has one block of its own length."""
    holder = Holder()
    batches = plan_batches(workload(page=4096, file=4096 + 512), 20 * 4608, seed=1)
    made(holder, batches, 128 << 10).fill()
    assert list(holder.blocks.values()) == [4608] * 20
    assert {len(data) for data in holder.data.values()} == {4608}


def test_a_file_that_grows() -> None:
    """What is appended lies behind one block, so that blocks have the recordsize."""
    holder = Holder()
    batches = plan_batches(workload(pattern="append"), 3 * 8192, seed=1)
    objects = made(holder, batches, 128 << 10)
    objects.fill()
    assert list(holder.blocks.values()) == [128 << 10]
    objects.write(batches.counted[:1], synced=False)
    assert len(next(iter(holder.data.values()))) == 8192 * (3 + len(batches.counted[0]))
