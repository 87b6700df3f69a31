"""All that an administrator looks at first, on one screen of 80 columns."""

from __future__ import annotations

from zfstune.values.duration import about
from zfstune.values.frozen import frozen
from zfstune.values.size import format_size
from zfstune.values.text import shown, utc_instant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from zfstune.health.growth import Growth

__all__ = [
    "DATASET_HEADER",
    "POOL_HEADER",
    "TARGET_HEADER",
    "StatusDataset",
    "StatusPage",
    "StatusPool",
    "StatusTarget",
]

POOL_HEADER = ("POOL", "HEALTH", "SIZE", "FREE", "", "A WEEK", "STATE")
DATASET_HEADER = ("DATASET", "PROFILE", "USED", "A WEEK", "NEWEST", "EVERY", "STATE")
TARGET_HEADER = ("COPY", "OF", "BEHIND", "LAG")
_COLUMNS = 80
_MOST_ROWS = 12  # of a table, so that all of them fit on a screen
_MOST_FINDINGS = 8
_WHOLE = 100
_OK = "ok"
_GAP = "  "


@frozen
class StatusPool:
    """A pool.

    Attributes:
        name: Its name.
        health: ``ONLINE``, or the other state that ``zpool list`` prints.
        size_bytes: Allocated and free space together.
        free_bytes: Unallocated space.
        state: The worst finding about it, or ``ok``.
        growth: How fast its living data grows; None: nobody can tell.
    """

    name: str
    health: str
    size_bytes: int
    free_bytes: int
    state: str = _OK
    growth: Growth | None = None

    def cells(self) -> tuple[str, ...]:
        """Return the row for people."""
        share = self.free_bytes * _WHOLE // self.size_bytes if self.size_bytes else 0
        sizes = (format_size(n, exact=False) for n in (self.size_bytes, self.free_bytes))
        return (
            self.name,
            self.health,
            *sizes,
            f"{share}%",
            self.growth.text() if self.growth else "-",
            self.state,
        )

    def to_dict(self) -> dict[str, object]:
        """Return the attributes by name."""
        return {
            "name": self.name,
            "health": self.health,
            "size_bytes": self.size_bytes,
            "free_bytes": self.free_bytes,
            **_growth_fields(self.growth),
            "state": self.state,
        }


@frozen
class StatusDataset:
    """A dataset that zfstune manages, or takes snapshots of.

    Attributes:
        name: Its name.
        profiles: The profiles that manage it.
        used_bytes: The space that it takes with all below it and its snapshots.
        age_seconds: The age of its newest snapshot by zfstune; None: it has none.
        interval_seconds: The longest time between two by its schedule; None: it has none.
        state: The worst finding about it, or ``ok``.
        growth: How fast its living data grows; None: nobody can tell.
    """

    name: str
    profiles: tuple[str, ...]
    used_bytes: int
    age_seconds: int | None
    interval_seconds: int | None
    state: str = _OK
    growth: Growth | None = None

    def cells(self) -> tuple[str, ...]:
        """Return the row for people."""
        every = self.interval_seconds
        return (
            self.name,
            ",".join(self.profiles) or "-",
            format_size(self.used_bytes, exact=False),
            self.growth.text() if self.growth else "-",
            "-" if self.age_seconds is None else about(max(self.age_seconds, 0)),
            "-" if every is None else about(every),
            self.state,
        )

    def to_dict(self) -> dict[str, object]:
        """Return the attributes by name."""
        return {
            "name": self.name,
            "profiles": list(self.profiles),
            "used_bytes": self.used_bytes,
            "age_s": self.age_seconds,
            "interval_s": self.interval_seconds,
            **_growth_fields(self.growth),
            "state": self.state,
        }


@frozen
class StatusTarget:
    """A target of replication.

    Attributes:
        place: Where it is.
        dataset: Its source.
        snapshots: How many snapshots of the source it lacks.
        lag_seconds: How far it is behind; None: nobody can tell.
    """

    place: str
    dataset: str
    snapshots: int
    lag_seconds: int | None

    def cells(self) -> tuple[str, ...]:
        """Return the row for people."""
        lag = "-" if self.lag_seconds is None else about(self.lag_seconds)
        return (self.place, self.dataset, str(self.snapshots), lag)

    def to_dict(self) -> dict[str, object]:
        """Return the attributes by name."""
        return {
            "place": self.place,
            "dataset": self.dataset,
            "snapshots": self.snapshots,
            "lag_s": self.lag_seconds,
        }


@frozen
class StatusPage:
    """The whole of it.

    Attributes:
        pools: All pools.
        datasets: The datasets that zfstune manages, or takes snapshots of.
        targets: The targets of replication.
        findings: What is not as it should be: a name and a sentence each.
    """

    pools: tuple[StatusPool, ...]
    datasets: tuple[StatusDataset, ...] = ()
    targets: tuple[StatusTarget, ...] = ()
    findings: tuple[tuple[str, str], ...] = ()

    @property
    def pending(self) -> bool:
        """Whether somebody should do something about any of it."""
        return bool(self.findings)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """Return the page for people, no line longer than 80 columns."""
        lines = list(
            _table(
                POOL_HEADER,
                [pool.cells() for pool in self.pools],
                "llrrrrl",
            )
        )
        if self.datasets:
            rows = self.sorted_datasets()
            rest = rows[_MOST_ROWS:]
            cells = [each.cells() for each in rows[:_MOST_ROWS]]
            lines += ["", *_table(DATASET_HEADER, cells, "llrrrrl"), *_more(rest, "list")]
        else:
            lines += ["", "zfstune manages no dataset here: zfstune apply PROFILE"]
        if self.targets:
            late = sorted(self.targets, key=lambda t: -(t.lag_seconds or 0))
            copies = [each.cells() for each in late[:_MOST_ROWS]]
            lines += ["", *_table(TARGET_HEADER, copies, "llrr")]
            lines += _more(late[_MOST_ROWS:], "replicas")
        return [*lines, "", *self._findings()]

    def sorted_datasets(self) -> list[StatusDataset]:
        """Return the datasets, those with a finding first."""
        return sorted(self.datasets, key=lambda d: (d.state == _OK, d.name.split("/")))

    def _findings(self) -> Iterator[str]:
        if not self.findings:
            yield "all is as it should be"
            return
        for name, sentence in self.findings[:_MOST_FINDINGS]:
            yield _cut(shown(f"{name}: {sentence}"), _COLUMNS)
        left = self.findings[_MOST_FINDINGS:]
        more = f", {len(left)} more among them" if left else ""
        count = len(self.findings)
        findings = "1 finding" if count == 1 else f"{count} findings"
        yield f"{findings}{more}; `zfstune verify` has the remedies"

    def to_dict(self) -> dict[str, object]:
        """Return the page in JSON's types."""
        return {
            "pending": self.pending,
            "pools": [pool.to_dict() for pool in self.pools],
            "datasets": [dataset.to_dict() for dataset in self.datasets],
            "targets": [target.to_dict() for target in self.targets],
            "findings": [{"name": n, "message": message} for n, message in self.findings],
        }


def _growth_fields(growth: Growth | None) -> dict[str, object]:
    """Return the growth in JSON's types; null where nobody can tell."""
    return {
        "weekly_growth_bytes": growth and growth.bytes_a_week,
        "growth_since": growth and utc_instant(growth.since),
    }


def _more(rest: Sequence[object], verb: str) -> Iterator[str]:
    """Say how many rows were left out."""
    if rest:
        yield f"... and {len(rest)} more: zfstune {verb}"


def _table(
    header: Sequence[str], rows: Iterable[Sequence[str]], sides: str
) -> Iterator[str]:
    """Align rows below a header; names in the left columns are cut to fit 80 columns."""
    table = [tuple(header), *(tuple(map(shown, row)) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    # The second column gives way first, and the first one, which says what it is about,
    # where that is not enough; the last step is for names that are long in both.
    for column, least in ((1, 16), (0, 24), (1, 10), (0, 10)):
        surplus = sum(widths) + len(_GAP) * (len(widths) - 1) - _COLUMNS
        if surplus > 0 and widths[column] > least:
            widths[column] = max(widths[column] - surplus, len(header[column]), least)
    for row in table:
        cells = (
            cell.rjust(width) if side == "r" else _cut_front(cell, width).ljust(width)
            for cell, width, side in zip(row, widths, sides, strict=True)
        )
        yield _cut(_GAP.join(cells).rstrip(), _COLUMNS)


def _cut(text: str, width: int) -> str:
    """Cut the end of a text that is too long."""
    return text if len(text) <= width else f"{text[: width - 3]}..."


def _cut_front(text: str, width: int) -> str:
    """Cut the front of a name that is too long: its end tells more."""
    return text if len(text) <= width else f"...{text[len(text) - width + 3 :]}"
