"""A prune as text: what becomes of each snapshot, and how many there are."""

from __future__ import annotations

from collections import Counter

from zfstune.values.names import pool_of
from zfstune.values.size import format_size
from zfstune.values.table import table_lines
from zfstune.values.text import utc_minute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from zfstune.retention.decision import Decision

__all__ = ["count_lines", "decision_lines", "freed_lines"]

_HEADER = ("ACTION", "SNAPSHOT", "GOES", "WHY")


def decision_lines(
    decisions: Iterable[Decision], gone: Collection[str], columns: int = 0
) -> list[str]:
    """Return a table with a row for each snapshot.

    Args:
        decisions: The decisions.
        gone: Full names of the snapshots that are destroyed.
        columns: The width that the table has to fit; 0: any.
    """
    rows = [
        (
            "destroy" if d.snapshot.name in gone else "keep",
            d.snapshot.name,
            "now" if d.snapshot.name in gone else _date(d.expires),
            "; ".join(d.reasons),
        )
        for d in decisions
    ]
    return table_lines(_HEADER, rows, columns=columns, name=1)


def count_lines(
    datasets: Sequence[str],
    decisions: Iterable[Decision],
    gone: Collection[str],
    verb: str,
    frees: Mapping[str, int] | None = None,
) -> list[str]:
    """Return a line for each dataset: how many snapshots go, and how many stay.

    Args:
        datasets: The datasets that were looked at.
        decisions: The decisions on their snapshots.
        gone: Full names of the snapshots that are destroyed.
        verb: Stands before the number of those.
        frees: The bytes that each dataset would free; None: it is not said.
    """
    if not datasets:
        return ["nothing to do: zfstune manages no dataset of this pool"]
    total = Counter(d.snapshot.dataset for d in decisions)
    destroyed = Counter(name.partition("@")[0] for name in gone)
    lines = []
    for dataset in datasets:
        space = ""
        if frees is not None:
            space = f", would free {format_size(frees[dataset], exact=False)}"
        kept = total[dataset] - destroyed[dataset]
        lines.append(f"{dataset}: {verb} {destroyed[dataset]}, kept {kept}{space}")
    return lines


def freed_lines(freed: Mapping[str, int | None], foretold: Mapping[str, int]) -> list[str]:
    """Return a line for each pool: the space that it has freed, and was to free.

    Args:
        freed: Bytes by pool; None: it is freeing still.
        foretold: Bytes by dataset.
    """
    lines = []
    for pool, actual in freed.items():
        expected = sum(size for name, size in foretold.items() if pool_of(name) == pool)
        amount = "not all space yet"
        if actual is not None:
            amount = format_size(max(actual, 0), exact=False)
        lines.append(
            f"{pool}: freed {amount}, expected {format_size(expected, exact=False)}"
        )
    return lines


def _date(seconds: int | None) -> str:
    """Format a time, which may be an estimate, in UTC and to the minute."""
    return "-" if seconds is None else utc_minute(seconds)
