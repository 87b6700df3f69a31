"""Ranges of bytes, against sets of bytes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from zfstune.values.ranges import union


def in_order(cuts: set[int]) -> list[tuple[int, int]]:
    """Give ranges in order that begin and end at the cuts."""
    ends = sorted(cuts)
    return list(zip(ends[::2], ends[1::2], strict=False))


RANGES = st.sets(st.integers(0, 40)).map(in_order)


@given(st.lists(RANGES, max_size=4))
def test_union(sources: list[list[tuple[int, int]]]) -> None:
    """The union has each byte that a source has, in ranges that are in order and apart."""
    found = list(union(*sources))
    assert {byte for start, end in found for byte in range(start, end)} == {
        byte for ranges in sources for start, end in ranges for byte in range(start, end)
    }
    edges = [edge for each in found for edge in each]
    assert edges == sorted(set(edges))
