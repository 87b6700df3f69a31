"""Read the ``periodic-snapshot-tasks`` of zettarepl's definition.

The keys are those of zettarepl/definition/schema/*.yaml and
zettarepl/definition/definition.py (github.com/truenas/zettarepl). Its replication tasks
own snapshots as well, so a dataset whose snapshots one of them decides about is left
out.
"""

from __future__ import annotations

import re

from zfstune.retention.imports.reading import LeftOut, NotKeptError, Reading
from zfstune.retention.imports.snapshot_tasks import (
    Task,
    excluded,
    own_names,
    read_task,
    read_tasks,
)
from zfstune.retention.imports.yaml_text import is_null, read_mapping, read_truth
from zfstune.values.duration import DAY, HOUR, LONGEST_SECONDS, MINUTE, WEEK
from zfstune.values.errors import PolicyError
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

__all__ = ["read"]

_TOP = {
    *("max-parallel-replication-tasks", "timezone", "use-removal-dates", "transports"),
    *("periodic-snapshot-tasks", "replication-tasks"),
}
_TASK = {
    *("dataset", "recursive", "exclude", "lifetime", "naming-schema", "schedule"),
    "allow-empty",
}
# The durations that isodate reads, except for fractions, which are refused.
_DURATION = re.compile(
    r"P(?=.)(?:(\d{1,6})Y)?(?:(\d{1,6})M)?(?:(\d{1,6})W)?(?:(\d{1,6})D)?"
    r"(?:T(?=.)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?)?",
    re.ASCII,
)
# The seconds of each part of a duration. A month and a year count as the longest that
# there are, so that nothing goes too early.
_PARTS = (LONGEST_SECONDS["year"], LONGEST_SECONDS["month"], WEEK, DAY, HOUR, MINUTE, 1)
_FOR_EVER = 36500 * DAY  # zettarepl's own default for a task without a lifetime
_LONG_MONTHS = (
    "this policy counts months of 31 days and years of 366, so that none goes too early"
)
_REMOVAL = (
    "zettarepl keeps a snapshot with a removal date until that date; this policy does not"
)
_WAITS = (
    "zettarepl keeps the snapshots that a waiting replication has still to send; this "
    "policy does not"
)


def read(text: str, datasets: Collection[str] | None) -> Reading:
    """Read a definition."""
    whole = read_mapping(text, "zettarepl", _TOP, "the text is no definition")
    notes = (
        [_REMOVAL] if read_truth(whole.get("use-removal-dates", "no")) is not False else []
    )
    replications = list(_tables(whole, "replication-tasks"))
    if any(not _is_pull(table) for _, table in replications):
        notes.append(_WAITS)
    tasks = [
        _task(name, table, tuple(notes))
        for name, table in _tables(whole, "periodic-snapshot-tasks")
    ]
    reading = read_tasks(
        tasks, datasets, "zettarepl", lambda dataset: _prevented(dataset, replications)
    )
    targets = [
        LeftOut(
            f"replication task {shown(name)}", "its retention on the target is not read"
        )
        for name, table in replications
        if table.get("retention-policy") != "none"
    ]
    return Reading(reading.policies, (*reading.left_out, *targets))


def _tables(
    whole: Mapping[str, object], key: str
) -> Iterator[tuple[str, Mapping[str, object]]]:
    tables = whole.get(key, {})
    if is_null(tables):
        return
    if not isinstance(tables, dict):
        raise PolicyError(f"cannot import from zettarepl: {key} is no mapping")
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise PolicyError(
                f"cannot import from zettarepl: {key}: '{shown(name)}' is no mapping"
            )
        yield name, table


def _task(name: str, table: Mapping[str, object], notes: tuple[str, ...]) -> Task:
    title = f"task {shown(name)}"
    return read_task(
        "zettarepl",
        title,
        table,
        lambda dataset: _read(table, title, dataset, notes),
        recursive=read_truth(table.get("recursive")) is not False,
    )


def _read(
    table: Mapping[str, object], name: str, dataset: str, notes: tuple[str, ...]
) -> Task:
    odd = table.keys() - _TASK
    if odd:
        raise NotKeptError(f"unknown key '{shown(min(odd))}'")
    recursive = read_truth(table.get("recursive"))
    schema, schedule = table.get("naming-schema"), table.get("schedule")
    if recursive is None:
        raise NotKeptError("its 'recursive' is neither true nor false")
    exclude = excluded(table.get("exclude", []))
    if not isinstance(schema, str) or not isinstance(schedule, dict):
        raise NotKeptError("it has no 'naming-schema', or no 'schedule'")
    lifetime, calendar = _lifetime(table.get("lifetime"))
    return Task(
        name,
        dataset,
        recursive,
        exclude,
        schema,
        own_names(schema, schedule, lifetime),
        lifetime,
        notes=(*notes, *[_LONG_MONTHS] * calendar),
    )


def _lifetime(text: object) -> tuple[int, bool]:
    """Read a lifetime: its seconds, and whether it has months or years in it."""
    if text is None:
        return _FOR_EVER, False
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise NotKeptError("its lifetime should read like P14D or PT12H")
    counts = [int(count or 0) for count in match.groups()]
    seconds = sum(count * length for count, length in zip(counts, _PARTS, strict=True))
    if not seconds:
        raise NotKeptError("its lifetime is zero")
    return seconds, bool(counts[0] or counts[1])


def _prevented(dataset: str, replications: list[tuple[str, Mapping[str, object]]]) -> str:
    """Name the replication task that decides about a dataset's snapshots; empty: none."""
    for name, table in replications:
        transport = table.get("transport")
        kind = transport.get("type") if isinstance(transport, dict) else None
        is_here = kind not in ("ssh", "ssh+netcat") or _is_pull(table)
        roots = [table.get("target-dataset")] if is_here else []
        sources = table.get("source-dataset")
        holds = read_truth(table.get("hold-pending-snapshots", "no")) is not False
        if holds and not _is_pull(table):
            roots += sources if isinstance(sources, list) else [sources]
        for root in roots:
            if not isinstance(root, str) or f"{dataset}/".startswith(f"{root}/"):
                return (
                    f"the replication task '{shown(name)}' also decides which of its "
                    "snapshots stay"
                )
    return ""


def _is_pull(table: Mapping[str, object]) -> bool:
    return table.get("direction") == "pull"
