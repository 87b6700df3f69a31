"""Names of snapshots that tell a time, and the schedules that such names may be of.

zettarepl parses the name of a snapshot by its task's naming schema (strptime), and takes
the snapshot for the task's own if the schedule would have run at that minute. Here both
become an expression for the whole of a name: its hours, minutes, days and months are
those of the schedule.
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

# What strptime takes for each, in the two digits that strftime writes.
_WHOLE = {
    "%Y": "[0-9]{4}",
    "%m": "(?:0[1-9]|1[0-2])",
    "%d": "(?:0[1-9]|[12][0-9]|3[01])",
    "%H": "(?:[01][0-9]|2[0-3])",
    "%M": "[0-5][0-9]",
    "%S": "(?:[0-5][0-9]|6[01])",
    # a plus is written as two dashes, and was once written as a colon
    "%z": "(?:--|[-:])[0-9]{4}",
}
_NEEDED = ("%Y", "%m", "%d", "%H", "%M")
_PIECE = re.compile(r"%[A-Za-z]|[0-9A-Za-z _.:-]", re.ASCII)


@frozen
class Schedule:
    """When a task runs: minutes of the day, days of the month, and months.

    It is `weekly` if it goes by the day of the week, which no name tells.
    """

    times: frozenset[tuple[int, int]]
    days: frozenset[int]
    months: frozenset[int]
    weekly: bool = False


def read_schedule(fields: Mapping[str, object]) -> Schedule:
    """Read a schedule as cron writes it, each field a text; one left out is any.

    Raises:
        NotKeptError: A field is none that is read here.
    """
    odd = fields.keys() - _RANGES.keys() - {"begin", "end"}
    if odd:
        raise NotKeptError(f"schedule: nobody knows '{shown(min(odd))}'")
    sets = {name: _values(name, fields.get(name, "*")) for name in _RANGES}
    any_day = {day % 7 for day in sets["day-of-week"]} == set(range(7))
    # cron takes a day that is named in either way
    of_month = sets["day-of-month"] == frozenset(_RANGES["day-of-month"])
    weekly = not any_day or (fields.get("day-of-week", "*") != "*" and not of_month)
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
    found: set[int] = set()
    for item in str(text).split(",") if isinstance(text, str) else ("",):
        match = _ITEM.fullmatch(item)
        if match is None or (match[2] and match[4] and not match[3]):
            raise NotKeptError(f"schedule: {name}: '{shown(str(text))}' is not read here")
        first = whole[0] if match[1] else int(match[2])
        last = whole[-1] if match[1] else int(match[3] or match[2])
        step = int(match[4] or 1)
        if not step or first > last or first not in whole or last not in whole:
            raise NotKeptError(f"schedule: {name}: '{shown(str(text))}' is not read here")
        found.update(range(first, last + 1, step))
    return frozenset(found)


def _clock(text: object) -> tuple[int, int]:
    match = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise NotKeptError("schedule: begin and end should read like 09:00")
    return int(match[1]), int(match[2])


def expression(schema: str, schedule: Schedule) -> str:
    """Give an expression for the whole names that a task takes for its own.

    Args:
        schema: As for strftime.
        schedule: When the task runs; its names are of these times.

    Raises:
        NotKeptError: The schema has what cannot be read back from a name.
    """
    pieces = _pieces(schema)
    minutes_of: dict[frozenset[int], set[int]] = {}
    for hour in {hour for hour, _ in schedule.times}:
        minutes = frozenset(minute for own, minute in schedule.times if own == hour)
        minutes_of.setdefault(minutes, set()).add(hour)
    found = []
    for minutes, hours in sorted(minutes_of.items(), key=lambda each: sorted(each[1])):
        narrow = {
            "%M": _two_digits("%M", minutes, range(60)),
            "%H": _two_digits("%H", hours, range(24)),
            "%d": _two_digits("%d", schedule.days, range(1, 32)),
            "%m": _two_digits("%m", schedule.months, range(1, 13)),
        }
        found.append("".join(_one(piece, narrow) for piece in pieces))
    if not found:
        raise NotKeptError("its schedule never runs")
    return found[0] if len(found) == 1 else f"(?:{'|'.join(found)})"


def _one(piece: str, narrow: Mapping[str, str]) -> str:
    if piece in narrow:
        return narrow[piece]
    if piece == " ":  # one or more, to strptime
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
            f"naming schema '{schema}': {odd[0]} does not tell when its schedule ran"
        )
    missing = [each for each in _NEEDED if each not in directives]
    if missing:
        raise NotKeptError(f"naming schema '{schema}': {missing[0]} is missing")
    if len(set(directives)) < len(directives):
        raise NotKeptError(f"naming schema '{schema}': a part of the time stands twice")
    if "%z" in directives and (":" in pieces or "--" in schema or "-%z" in schema):
        raise NotKeptError(
            f"naming schema '{schema}': %z cannot be told from what is there"
        )
    return pieces


def are_apart(one: str, other: str) -> bool:
    """Tell whether no name can be read by two different schemas.

    A name that can, and tells two times, keeps zettarepl from destroying anything.
    """
    if _begin(one) != _begin(other):
        longer, shorter = sorted((_begin(one), _begin(other)), key=len, reverse=True)
        if not longer.startswith(shorter):
            return True
    return "%z" not in one + other and _shape(one) != _shape(other)


def _begin(schema: str) -> str:
    """Give what stands before the first part of a time; case does not count."""
    return schema.partition("%")[0].lower()


def _shape(schema: str) -> str:
    """Give a schema with each run of digits, given or to come, as one sign."""
    return re.sub(" +", " ", re.sub(r"(?:%[A-Za-z]|[0-9])+", "#", schema)).lower()
