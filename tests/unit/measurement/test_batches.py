"""The places that are written and read."""

from __future__ import annotations

import pytest

from made_workload import workload
from zfstune.measurement.batches import plan_batches, touched_records

MIB = 1 << 20


def test_random_places() -> None:
    """Each page is settled once; batches are small, distinct, and the same each time."""
    batches = plan_batches(workload(), 16 * MIB, seed=1)
    settled = [place for batch in batches.settling for place in batch]
    assert len(settled) == len(set(settled)) == 16 * MIB // 8192
    assert {len(batch) for batch in batches.counted} == {32}
    assert batches.written_pages == len(set(sum(batches.counted, ()))) == 256
    assert len(set(batches.asked)) == 256
    assert all(offset % 8192 == 0 < 16 * MIB - offset for _, offset, _ in settled)
    assert batches == plan_batches(workload(), 16 * MIB, seed=1)
    assert batches != plan_batches(workload(), 16 * MIB, seed=2)


def test_misaligned_places() -> None:
    """Where pages may begin at half a page, some lie in two records of a page's size."""
    batches = plan_batches(workload(align=4096), 16 * MIB, seed=1)
    counted = batches.counted[0]
    assert any(offset % 8192 for _, offset, _ in counted)
    assert len(touched_records(counted, 8192)) > len(counted)


def test_appended_places() -> None:
    """Appends go behind the end of the file, one after another, and nothing settles."""
    batches = plan_batches(workload("append"), MIB, seed=1)
    offsets = [offset for batch in batches.counted for _, offset, _ in batch]
    assert offsets == [MIB + 8192 * number for number in range(256)]
    assert batches.settling == ()
    assert batches.asked == tuple((0, at, 8192) for at in range(0, MIB, 8192))


def test_sequential_places() -> None:
    """Front to back, and all of it is read: prefetch finds nothing beyond."""
    batches = plan_batches(workload("sequential", page=MIB), 16 * MIB, seed=1)
    assert sum(batches.counted, ()) == tuple((0, MIB * number, MIB) for number in range(16))
    assert batches.asked == sum(batches.settling, ()) == sum(batches.counted, ())


def test_small_files() -> None:
    """A workload of small files has as many as fill the size, each of its own length."""
    batches = plan_batches(workload(page=16384, file=16384), MIB, seed=1)
    assert (batches.files, batches.file_bytes, batches.size_bytes) == (64, 16384, MIB)
    assert {offset for batch in batches.counted for _, offset, _ in batch} == {0}


@pytest.mark.parametrize(("record", "records"), [(8192, 3), (16384, 2), (1 << 20, 2)])
def test_touched(record: int, records: int) -> None:
    """Two pages side by side share a record once it is large enough; files never do."""
    places = [(0, 0, 8192), (0, 8192, 8192), (1, 0, 8192)]
    assert len(touched_records(places, record)) == records
