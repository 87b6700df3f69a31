"""TrueNAS' periodic snapshot tasks, as ``midclt call pool.snapshottask.query`` prints them.

middlewared hands those that are enabled to zettarepl; its months have 30 days and its
years 365.
"""

from __future__ import annotations

import json

from zfstune.retention.imports.reading import NotKeptError
from zfstune.retention.imports.snapshot_tasks import (
    Task,
    own_names,
    plain_dataset,
    read_tasks,
)
from zfstune.values.errors import PolicyError
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from zfstune.retention.imports.reading import Reading

__all__ = ["read"]

_HOUR = 3600
_UNITS = {
    "HOUR": _HOUR,
    "DAY": 24 * _HOUR,
    "WEEK": 7 * 24 * _HOUR,
    "MONTH": 30 * 24 * _HOUR,
    "YEAR": 365 * 24 * _HOUR,
}
_KEYS = {
    *("dataset", "recursive", "exclude", "enabled", "lifetime_value", "lifetime_unit"),
    *("naming_schema", "schedule"),
    # these decide nothing about what stays
    *("id", "allow_empty", "vmware_sync", "state"),
}
_SCHEDULE = {"dom": "day-of-month", "dow": "day-of-week"}
_NOTES = (
    "TrueNAS keeps a snapshot with a removal date of its own until then; this does not",
    "replication tasks are not read: TrueNAS keeps what one of them has still to send",
)
_LONGEST = 10**6


def read(text: str, datasets: Collection[str] | None) -> Reading:
    """Read the list of tasks."""
    try:
        listed = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise PolicyError(
            f"cannot import from truenas: {shown(str(error))}",
            hint="it reads what `midclt call pool.snapshottask.query` prints",
        ) from None
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise PolicyError("cannot import from truenas: that is no list of tasks")
    tasks = []
    for number, table in enumerate(listed, 1):
        if table.get("enabled", True) is not False:
            tasks.append(_task(table, f"task {shown(str(table.get('id', number)))}"))
    return read_tasks(tasks, datasets, "TrueNAS")


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _task(table: Mapping[str, object], name: str) -> Task:
    try:
        dataset = plain_dataset(table.get("dataset"))
    except NotKeptError as error:
        raise PolicyError(f"cannot import from truenas: {name}: {error.reason}") from None
    recursive = table.get("recursive", False) is not False
    try:
        return _read(table, name, dataset)
    except NotKeptError as error:
        return Task(name, dataset, recursive, refused=error)


def _read(table: Mapping[str, object], name: str, dataset: str) -> Task:
    odd = table.keys() - _KEYS
    if odd:
        raise NotKeptError(f"nobody knows '{shown(min(odd))}'")
    recursive, exclude = table.get("recursive", False), table.get("exclude", [])
    schema, schedule = table.get("naming_schema"), table.get("schedule")
    value, unit = table.get("lifetime_value"), table.get("lifetime_unit")
    if not isinstance(recursive, bool) or table.get("enabled", True) is not True:
        raise NotKeptError("'recursive' and 'enabled' should be true or false")
    if not isinstance(exclude, list) or not all(isinstance(each, str) for each in exclude):
        raise NotKeptError("its 'exclude' is no list of names")
    if not isinstance(schema, str) or not isinstance(schedule, dict):
        raise NotKeptError("it has no 'naming_schema', or no 'schedule'")
    known = isinstance(unit, str) and unit in _UNITS
    if type(value) is not int or not 0 < value < _LONGEST or not known:
        raise NotKeptError(
            "its lifetime is no number of hours, days, weeks, months or years"
        )
    fields = {_SCHEDULE.get(str(key), str(key)): each for key, each in schedule.items()}
    if len(fields) < len(schedule):
        raise NotKeptError("its schedule says a day twice")
    lifetime = value * _UNITS[str(unit)]
    return Task(
        name,
        dataset,
        recursive,
        tuple(exclude),
        schema,
        own_names(schema, fields, lifetime),
        lifetime,
        notes=_NOTES,
    )
