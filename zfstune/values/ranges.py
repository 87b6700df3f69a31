"""Ranges of bytes in a file: where it has data, and where it has holes."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Range", "union"]

# Start and end; the end is no part of it.
Range = tuple[int, int]


def union(*sources: Iterable[Range]) -> Iterator[Range]:
    """Yield the ranges that cover what is in any of the sources, in order and apart.

    Args:
        sources: Each has ranges in order.
    """
    from heapq import merge  # noqa: PLC0415 (a plan compares nothing)

    start = end = -1
    for begins, ends in merge(*sources):
        if begins > end:
            if end > start:
                yield start, end
            start, end = begins, ends
        else:
            end = max(end, ends)
    if end > start:
        yield start, end
