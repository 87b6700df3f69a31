"""Which files have blocks of an old size, and how they are found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.health.block_sizes import REMEDY, is_stale, stale_blocks
from zfstune.health.findings import Finding
from zfstune.values.state import FileSample, FileSize

K = 1 << 10


@pytest.mark.parametrize(
    ("size", "block", "record", "stale"),
    [
        (1 << 20, 128 * K, 128 * K, False),
        (1 << 20, 128 * K, 8 * K, True),
        (1 << 20, 8 * K, 128 * K, True),
        (3 * K, 3 * K, 128 * K, False),  # one block, and it may grow
        (100 * K, 100 * K + 512, 8 * K, True),  # one block, and it may not
        (8 * K, 8 * K, 128 * K, False),
        (8 * K + 1, 8 * K, 128 * K, True),
        (8 * K, 8 * K, 8 * K, False),
    ],
)
def test_stale(size: int, block: int, record: int, *, stale: bool) -> None:
    """A file is stale if it would get blocks of another size today."""
    assert is_stale(FileSize("x", size, block), record) == stale


@given(st.integers(1, 1 << 22), st.integers(9, 20), st.integers(9, 20))
def test_written_today_is_never_stale(size: int, record: int, other: int) -> None:
    """A file is stale if its block size differs from the one that it would get today."""
    up = -(-size // 512) * 512

    def block(record_bytes: int) -> int:
        return min(up, record_bytes)

    file = FileSize("x", size, block(1 << record))
    assert not is_stale(file, 1 << record)
    assert is_stale(file, 1 << other) == (block(1 << other) != file.block_bytes)


def test_what_is_said() -> None:
    """The finding has count, bytes, sizes, a name and a remedy; a part is called a part."""
    files = (
        FileSize("/data/a", 1 << 20, 128 * K),
        FileSize("/data/b", 1 << 21, 128 * K),
        FileSize("/data/c", 1 << 20, 8 * K),
    )
    [finding] = stale_blocks(FileSample(files, complete=True), 8 * K)
    note = (
        "2 of 3 files (3M) have blocks of 128K, and recordsize is 8K: /data/b is the "
        "largest"
    )
    assert finding == Finding("stale-blocks", note, REMEDY, "recordsize", "8192")
    assert "zfstune retune" in REMEDY
    [finding] = stale_blocks(FileSample(files, complete=False), 8 * K)
    assert finding.note == note.replace("files", "files looked at")
    assert list(stale_blocks(FileSample(files[2:], complete=True), 8 * K)) == []


def test_one_file() -> None:
    """A file alone is spoken of in the singular, and is not called the largest."""
    alone = (FileSize("/data/a", 100 * K + 1, 100 * K + 512),)
    [finding] = stale_blocks(FileSample(alone, complete=True), 8 * K)
    assert finding.note == (
        "1 of 1 file (100K) has blocks of 100K, and recordsize is 8K: /data/a"
    )
    sound = FileSize("/data/b", 8 * K, 8 * K)
    [finding] = stale_blocks(FileSample((*alone, sound), complete=True), 8 * K)
    assert finding.note.startswith("1 of 2 files (100K) has blocks of 100K")


@pytest.mark.parametrize(
    ("blocks", "words"),
    [
        ([128], "128K"),
        ([128, 64], "64K and 128K"),
        ([128, 64, 128], "128K and 64K"),
        ([256, 128, 128, 64, 64], "64K and 128K and other sizes"),
        ([128, 64, 256, 128, 256, 512, 256], "256K and 128K and other sizes"),
    ],
)
def test_the_commonest_sizes_are_named(blocks: list[int], words: str) -> None:
    """Two sizes are named, the commonest first; of equally common ones the smaller."""
    files = tuple(FileSize("/x", 1 << 20, size * K) for size in blocks)
    [finding] = stale_blocks(FileSample(files, complete=True), 8 * K)
    assert f" blocks of {words}, and recordsize " in finding.note
