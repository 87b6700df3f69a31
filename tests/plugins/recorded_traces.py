"""The recordings of tests/data/traces, and traces as lists that tests can compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from source_tree import ROOT
from zfstune.measurement.traces.trace import READ, SYNC, WRITE, TraceRows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from zfstune.measurement.traces.trace import Trace

RECORDINGS = ROOT / "tests" / "data" / "traces"
KINDS = ("read", "write", "sync")
SECOND = 10**9
Row = tuple[int, int, int, int, int]  # kind, file, offset, size, seconds

BLOCKS = st.integers(0, 3000).map(lambda number: number * 512)
ROWS = st.lists(
    st.tuples(
        st.sampled_from([READ, WRITE, SYNC]),
        st.integers(0, 3),
        BLOCKS | st.integers(0, 1 << 21),
        st.sampled_from([1, 512, 4096, 8192, 100_000, 1 << 20]),
        st.integers(0, 20),
    ),
    min_size=1,
    max_size=30,
)


def operations(trace: Trace, *, names: bool = True) -> list[tuple[str, str, int, int]]:
    """Return file, kind, offset and size of each operation; of the file, its last part."""
    columns = (trace.kinds, trace.files, trace.offsets, trace.sizes)
    return [
        (trace.names[file].rpartition("/")[2] if names else "", KINDS[kind], offset, size)
        for kind, file, offset, size in zip(*(c.tolist() for c in columns), strict=True)
    ]


def trace_of(
    read: Callable[[Iterable[str], TraceRows], None], text: str, kind: str = "test"
) -> Trace:
    """Return the trace that a reader makes of a text."""
    rows = TraceRows()
    read(text.splitlines(keepends=True), rows)
    return rows.trace(kind)


def trace_of_rows(rows: list[Row]) -> Trace:
    """Return a trace of these operations, in the order of their times."""
    made = TraceRows()
    for kind, file, offset, size, second in sorted(rows, key=lambda row: row[4]):
        at_ns = second * SECOND
        if kind == SYNC:
            made.add(kind, made.file(f"/{file}"), at_ns=at_ns)
        else:
            made.add(kind, made.file(f"/{file}"), offset=offset, size=size, at_ns=at_ns)
    return made.trace("test")
