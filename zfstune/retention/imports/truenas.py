"""Read TrueNAS' periodic snapshot tasks from ``midclt call pool.snapshottask.query``.

The rules are those of src/middlewared/middlewared/plugins/zettarepl.py
(github.com/truenas/middleware), which hands the enabled tasks to zettarepl. Its
lifetime_timedelta() counts 30 days for a month and 365 for a year.
"""

from __future__ import annotations

import json

from zfstune.retention.imports.reading import NotKeptError
from zfstune.retention.imports.snapshot_tasks import (
    Task,
    excluded,
    own_names,
    read_task,
    read_tasks,
)
from zfstune.values.duration import DAY, HOUR, WEEK
from zfstune.values.errors import PolicyError
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from zfstune.retention.imports.reading import Reading

__all__ = ["read"]

_UNITS = {
    "HOUR": HOUR,
    "DAY": DAY,
    "WEEK": WEEK,
    "MONTH": 30 * DAY,
    "YEAR": 365 * DAY,
}
_KEYS = {
    *("dataset", "recursive", "exclude", "enabled", "lifetime_value", "lifetime_unit"),
    *("naming_schema", "schedule"),
    # These keys have no influence on which snapshots stay.
    *("id", "allow_empty", "vmware_sync", "state"),
}
_SCHEDULE = {"dom": "day-of-month", "dow": "day-of-week"}
_NOTES = (
    (
        "TrueNAS keeps a snapshot with a removal date of its own until that date; this "
        "policy does not"
    ),
    (
        "replication tasks are not read: TrueNAS keeps the snapshots that one of them has "
        "still to send"
    ),
)
_LONGEST = 10**6


def read(text: str, datasets: Collection[str] | None) -> Reading:
    """Read the list of tasks."""
    try:
        listed = json.loads(text, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as error:
        raise PolicyError(
            f"cannot import from truenas: {shown(str(error))}",
            hint="give the output of `midclt call pool.snapshottask.query`",
        ) from None
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise PolicyError("cannot import from truenas: the text is no list of tasks")
    tasks = [
        _task(table, f"task {shown(str(table.get('id', number)))}")
        for number, table in enumerate(listed, 1)
        if table.get("enabled", True) is not False
    ]
    return read_tasks(tasks, datasets, "TrueNAS")


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Make a table of its pairs, and refuse a key that is given twice."""
    table = dict(pairs)
    if len(table) < len(pairs):
        raise ValueError("a key is given twice")
    return table


def _task(table: Mapping[str, object], name: str) -> Task:
    recursive = table.get("recursive", False) is not False
    return read_task(
        "truenas",
        name,
        table,
        lambda dataset: _read(table, name, dataset),
        recursive=recursive,
    )


def _read(table: Mapping[str, object], name: str, dataset: str) -> Task:
    odd = table.keys() - _KEYS
    if odd:
        raise NotKeptError(f"unknown key '{shown(min(odd))}'")
    recursive = table.get("recursive", False)
    schema, schedule = table.get("naming_schema"), table.get("schedule")
    value, unit = table.get("lifetime_value"), table.get("lifetime_unit")
    if not isinstance(recursive, bool) or table.get("enabled", True) is not True:
        raise NotKeptError("'recursive' and 'enabled' should be true or false")
    exclude = excluded(table.get("exclude", []))
    if not isinstance(schema, str) or not isinstance(schedule, dict):
        raise NotKeptError("it has no 'naming_schema', or no 'schedule'")
    known = isinstance(unit, str) and unit in _UNITS
    if type(value) is not int or not 0 < value < _LONGEST or not known:
        raise NotKeptError(
            "its lifetime is no number of hours, days, weeks, months or years"
        )
    fields = {_SCHEDULE.get(str(key), str(key)): each for key, each in schedule.items()}
    if len(fields) < len(schedule):
        raise NotKeptError("its schedule has one field under two keys")
    lifetime = value * _UNITS[str(unit)]
    return Task(
        name,
        dataset,
        recursive,
        exclude,
        schema,
        own_names(schema, fields, lifetime),
        lifetime,
        notes=_NOTES,
    )
