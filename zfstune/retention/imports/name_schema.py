"""Turn a naming schema and a schedule into an expression for names of snapshots.

The rules are those of zettarepl/snapshot/name.py, zettarepl/scheduler/cron.py and
zettarepl/snapshot/task/snapshot_owner.py (github.com/truenas/zettarepl). zettarepl parses
a snapshot's name by the task's naming schema (strptime), and counts the snapshot as the
task's own if the schedule runs at the minute in the name. Both become one expression here,
for whole names whose hours, minutes, days and months are those of the schedule.
"""

from __future__ import annotations

import re

from zfstune.retention.imports.reading import NotKeptError
from zfstune.values.frozen import frozen
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Schedule", "are_apart", "expression", "read_schedule"]

_RANGES = {
    "minute": range(60),
    "hour": range(24),
    "day-of-month": range(1, 32),
    "month": range(1, 13),
    "day-of-week": range(8),  # 0 and 7 are Sunday
}
_ITEM = re.compile(r"(?:(\*)|(\d{1,2})(?:-(\d{1,2}))?)(?:/(\d{1,2}))?", re.ASCII)
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)

# The texts that strptime accepts for each directive, with the digits of strftime.
_WHOLE = {
    "%Y": "[0-9]{4}",
    "%m": "(?:0[1-9]|1[0-2])",
    "%d": "(?:0[1-9]|[12][0-9]|3[01])",
    "%H": "(?:[01][0-9]|2[0-3])",
    "%M": "[0-5][0-9]",
    "%S": "(?:[0-5][0-9]|6[01])",
    # zettarepl writes a plus as two dashes, and earlier wrote it as a colon.
    "%z": "(?:--|[-:])[0-9]{4}",
}
_NEEDED = ("%Y", "%m", "%d", "%H", "%M")
_PIECE = re.compile(r"%[A-Za-z]|[0-9A-Za-z _.:-]", re.ASCII)


@frozen
class Schedule:
    """The times at which a task runs.

    Attributes:
        times: Hours and minutes of the day.
        days: Days of the month.
        months: Months, from 1 for January.
        weekly: Whether days of the week matter, which a name does not tell.
    """

    times: frozenset[tuple[int, int]]
    days: frozenset[int]
    months: frozenset[int]
    weekly: bool = False


def read_schedule(fields: Mapping[str, object]) -> Schedule:
    """Read a schedule in cron's notation.

    Args:
        fields: The fields as texts by name; a missing field stands for any value.

    Raises:
        NotKeptError: A field is unknown, or its value is not read here.
    """
    odd = fields.keys() - _RANGES.keys() - {"begin", "end"}
    if odd:
        raise NotKeptError(f"schedule: unknown key '{shown(min(odd))}'")
    sets = {name: _values(name, fields.get(name, "*")) for name in _RANGES}
    any_weekday = {day % 7 for day in sets["day-of-week"]} == set(range(7))
    # cron runs on a day that either of the two fields names.
    any_day_of_month = sets["day-of-month"] == frozenset(_RANGES["day-of-month"])
    weekly = not any_weekday or (
        fields.get("day-of-week", "*") != "*" and not any_day_of_month
    )
    begin, end = _clock(fields.get("begin", "00:00")), _clock(fields.get("end", "23:59"))
    times = frozenset(
        (hour, minute)
        for hour in sets["hour"]
        for minute in sets["minute"]
        if (begin <= (hour, minute) <= end if begin < end
            else (hour, minute) >= begin or (hour, minute) <= end)
    )  # fmt: skip
    return Schedule(times, sets["day-of-month"], sets["month"], weekly)


def _values(name: str, text: object) -> frozenset[int]:
    whole = _RANGES[name]
    values: set[int] = set()
    for item in str(text).split(",") if isinstance(text, str) else ("",):
        match = _ITEM.fullmatch(item)
        if match is None or (match[2] and match[4] and not match[3]):
            raise NotKeptError(f"schedule: {name}: cannot read '{shown(str(text))}'")
        first = whole[0] if match[1] else int(match[2])
        last = whole[-1] if match[1] else int(match[3] or match[2])
        step = int(match[4] or 1)
        if not step or first > last or first not in whole or last not in whole:
            raise NotKeptError(f"schedule: {name}: cannot read '{shown(str(text))}'")
        values.update(range(first, last + 1, step))
    return frozenset(values)


def _clock(text: object) -> tuple[int, int]:
    match = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise NotKeptError("schedule: begin and end should read like 09:00")
    return int(match[1]), int(match[2])


def expression(schema: str, schedule: Schedule) -> str:
    """Build an expression for the whole names of a task's own snapshots.

    Args:
        schema: The naming schema, as for strftime.
        schedule: The times at which the task runs, which its names hold.

    Raises:
        NotKeptError: The schema has a part that cannot be read back from a name.
    """
    pieces = _pieces(schema)
    minutes_of: dict[frozenset[int], set[int]] = {}
    for hour in {hour for hour, _ in schedule.times}:
        minutes = frozenset(minute for own, minute in schedule.times if own == hour)
        minutes_of.setdefault(minutes, set()).add(hour)
    choices = []
    for minutes, hours in sorted(minutes_of.items(), key=lambda each: sorted(each[1])):
        narrow = {
            "%M": _two_digits("%M", minutes, range(60)),
            "%H": _two_digits("%H", hours, range(24)),
            "%d": _two_digits("%d", schedule.days, range(1, 32)),
            "%m": _two_digits("%m", schedule.months, range(1, 13)),
        }
        choices.append("".join(_piece_expression(piece, narrow) for piece in pieces))
    if not choices:
        raise NotKeptError("its schedule never runs")
    return choices[0] if len(choices) == 1 else f"(?:{'|'.join(choices)})"


def _piece_expression(piece: str, narrow: Mapping[str, str]) -> str:
    if piece in narrow:
        return narrow[piece]
    if piece == " ":  # strptime takes one or more blanks
        return " +"
    return _WHOLE.get(piece) or re.escape(piece)


def _two_digits(directive: str, values: Iterable[int], whole: range) -> str:
    numbers = sorted(values)
    if numbers == list(whole):
        return _WHOLE[directive]
    texts = [f"{number:02}" for number in numbers]
    return texts[0] if len(texts) == 1 else f"(?:{'|'.join(texts)})"


def _pieces(schema: str) -> list[str]:
    pieces = _PIECE.findall(schema)
    if "".join(pieces) != schema:
        raise NotKeptError(
            f"naming schema '{shown(schema)}': no snapshot can have such a name"
        )
    directives = [piece for piece in pieces if len(piece) > 1]
    odd = [each for each in directives if each not in _WHOLE]
    if odd:
        raise NotKeptError(
            f"naming schema '{schema}': {odd[0]} does not tell when the schedule ran"
        )
    missing = [each for each in _NEEDED if each not in directives]
    if missing:
        raise NotKeptError(f"naming schema '{schema}': {missing[0]} is missing")
    if len(set(directives)) < len(directives):
        raise NotKeptError(f"naming schema '{schema}': it has a part of the time twice")
    if "%z" in directives and (":" in pieces or "--" in schema or "-%z" in schema):
        raise NotKeptError(
            f"naming schema '{schema}': %z cannot be told apart from the signs around it"
        )
    return pieces


def are_apart(schema: str, other: str) -> bool:
    """Tell whether no name can be read by both of two schemas.

    A name that two schemas read as different times keeps zettarepl from destroying
    anything.
    """
    shorter, longer = sorted((_begin(schema), _begin(other)))  # a prefix sorts first
    if not longer.startswith(shorter):
        return True
    return "%z" not in schema + other and _shape(schema) != _shape(other)


def _begin(schema: str) -> str:
    """Return the text before the first directive in lower case; strptime ignores case."""
    return schema.partition("%")[0].lower()


def _shape(schema: str) -> str:
    """Replace each run of digits, and of directives that stand for digits, by one sign."""
    return re.sub(" +", " ", re.sub(r"(?:%[A-Za-z]|[0-9])+", "#", schema)).lower()
