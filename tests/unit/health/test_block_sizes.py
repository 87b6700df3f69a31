"""Which files have blocks of an old size, and how they are found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.health.block_sizes import is_stale, stale_blocks
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
    assert finding.state == "stale-blocks"
    assert finding.note == (
        "2 of 3 files (3M) have blocks of 128K, and recordsize is 8K: /data/b is the "
        "largest"
    )
    assert "cp --reflink=never" in finding.hint
    [finding] = stale_blocks(FileSample(files, complete=False), 8 * K)
    assert "2 of 3 files looked at" in finding.note
    assert list(stale_blocks(FileSample(files[2:], complete=True), 8 * K)) == []
