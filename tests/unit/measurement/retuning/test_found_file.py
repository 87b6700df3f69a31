"""Which files are written anew."""

from __future__ import annotations

import pytest

from zfstune.measurement.retuning.found_file import (
    FoundFile,
    has_old_blocks,
    links_outside,
)

K = 1 << 10
FILE = FoundFile(5, 100, 512, 512, 3, 0, 0, (("a", "b"),))


@pytest.mark.parametrize(
    ("size", "block", "record", "old"),
    [
        (0, 128 * K, 8 * K, False),  # nothing was ever written
        (1, 512, 8 * K, False),
        (300 * K, 128 * K, 8 * K, True),
        (300 * K, 8 * K, 128 * K, True),
        (300 * K, 8 * K, 8 * K, False),
        (100 * K, 100 * K, 128 * K, False),
        (100 * K, 100 * K, 8 * K, True),
    ],
)
def test_old_blocks(size: int, block: int, record: int, *, old: bool) -> None:
    """A file counts if it would get blocks of another size today."""
    assert has_old_blocks(size, block, record) is old


def test_names_out_of_reach() -> None:
    """All names of a file must be known."""
    assert FILE.path == "a/b"
    assert links_outside(FILE).startswith("2 of its 3 names are out of reach")
    two = FILE.with_name(("c",))
    assert links_outside(two).startswith("1 of its 3 names is out of reach")
    assert links_outside(two.with_name(("d",))) == ""
