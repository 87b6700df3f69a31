"""The table of figures of `make endurance`, as Markdown."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Row", "counts_of", "table"]


@dataclass
class Row:
    """What a campaign went through.

    Attributes:
        name: That of the campaign.
        where: The release of the guest, or the host.
        lots: How many lots passed.
        seconds: How long they took.
        seeds: The first and the last seed.
        counts: How often each counted thing was done, from the tests' own tallies.
        loss: The command that repeats a failure; empty: there was none.
    """

    name: str
    where: str
    lots: int = 0
    seconds: float = 0
    seeds: tuple[int, int] = (0, 0)
    counts: dict[str, int] = field(default_factory=dict)
    loss: str = ""

    def add(self, counts: dict[str, int]) -> None:
        """Add the counts of one lot."""
        for what, count in counts.items():
            self.counts[what] = self.counts.get(what, 0) + count


def counts_of(lines: Iterable[str]) -> dict[str, int]:
    """Sum up the lines of :func:`tally.tally`, by what is counted."""
    found: dict[str, int] = {}
    for line in lines:
        for what, count in json.loads(line).items():
            if what != "campaign":
                found[what] = found.get(what, 0) + int(count)
    return found


def table(rows: Iterable[Row]) -> str:
    """Write the rows as a table, and below it how to repeat each loss."""
    lines = [
        "| campaign | where | lots | counted | minutes | seeds |",
        "|---|---|---:|---|---:|---|",
    ]
    losses = []
    for row in rows:
        counted = ", ".join(
            f"{count:,} {what.replace('_', ' ')}" for what, count in row.counts.items()
        )
        first, last = row.seeds
        lines.append(
            f"| {row.name} | {row.where} | {row.lots} | {counted} | "
            f"{row.seconds / 60:.1f} | {first} to {last} |"
        )
        if row.loss:
            losses += [
                "",
                f"**{row.name}, {row.where}: failed.** To repeat it:",
                "",
                f"    {row.loss}",
            ]
    return "\n".join([*lines, *losses, ""])
