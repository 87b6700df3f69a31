"""The text of one rule: a word, or a word, an equals sign and a value.

Each word is also an option of ``zfstune prune``, except for ``blocks``, which only the
importers of other tools' settings write: ``blocks=4h/30d`` keeps the oldest snapshot of
each 4 hours since 1970 while it is at most 30 days old, ``blocks=4h/7d-30d`` while it is
more than 7 and at most 30 days old. ``unreplicated=and-base``, which also keeps the last
snapshot that arrived everywhere, is for importers as well.
"""

from __future__ import annotations

from zfstune.retention.rule_kinds import (
    PERIODS,
    Blocks,
    Every,
    Grid,
    Last,
    Never,
    NewerThan,
    Step,
    Unreplicated,
    Within,
)
from zfstune.values.duration import DurationError, format_duration, read_duration
from zfstune.values.errors import PolicyError
from zfstune.values.text import shown
from zfstune.values.whole_number import NumberError, read_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.retention.rule_kinds import Rule

__all__ = [
    "RULE_EXAMPLES",
    "SEPARATORS",
    "bad_word",
    "format_rule",
    "parse_count",
    "parse_duration",
    "parse_grid",
    "parse_newer_than",
    "parse_rule",
    "quoted",
]

UNLIMITED = "unlimited"
_UNREPLICATED = "unreplicated"
_AND_BASE = "unreplicated=and-base"
_STAMP = "2026-11-23T03:00:00Z"
# An example for each word that takes a value.
RULE_EXAMPLES = {
    "keep": "keep=48",
    **{period: f"{period}=12" for period in PERIODS},
    "within": "within=7d",
    "newer-than": f"newer-than={_STAMP}",
    "grid": "grid='24x1h | 30x1d'",
    "blocks": "blocks=4h/30d",
    "free-target": "free-target=20%",
    "tz": "tz=Europe/Berlin",
}
# The characters that separate words, unless they stand within quotes.
SEPARATORS = frozenset(" \t;'")


def parse_count(word: str, value: str) -> int | None:
    """Read a count: digits, or ``unlimited``, which is None."""
    if value == UNLIMITED:
        return None
    try:
        count = read_whole(value.removeprefix("-"))
    except NumberError as error:
        reason = f"it takes a whole number or '{UNLIMITED}': {error.reason}"
        raise bad_word(f"{word}={value}", reason) from None
    if value.startswith("-"):
        raise bad_word(f"{word}={value}", "a count is never negative")
    return count


def parse_duration(word: str, value: str) -> int:
    """Read a length of time in seconds: ``90m``, ``36h``, ``7d``, ``4w``."""
    try:
        return read_duration(value)
    except DurationError as error:
        why = f": {error.reason}" if error.reason else ""
        raise PolicyError(
            f"cannot use policy '{word}={shown(value)}': it takes a length of time{why}",
            hint="give a whole number and s, m (minutes), h, d or w, as in 7d",
        ) from None


def parse_newer_than(value: str) -> NewerThan:
    """Read the short name of a snapshot, or a time in UTC as in 2026-11-23T03:00:00Z.

    A word that looks like a time in another form is refused: taken for the name of a
    snapshot, which would not exist, it would keep all snapshots for ever.
    """
    if not (value.endswith("Z") and value[:4].isdigit() and value[4:5] == "-"):
        from zfstune.retention.date_like import looks_like_time  # noqa: PLC0415 (rare)

        if looks_like_time(value):
            raise PolicyError(
                f"cannot use policy 'newer-than={shown(value)}': it looks like a time, but "
                "not in the form that zfstune reads",
                hint=f"write a time in UTC, as in {_STAMP}; for an age, use within, as in "
                "within=7d",
            )
        if "@" in value or "/" in value:
            raise bad_word(
                f"newer-than={value}", "it takes the part of the name after the @"
            )
        return NewerThan(value)
    from datetime import datetime  # noqa: PLC0415 (slow, and few rules need it)

    try:
        return NewerThan(time=int(datetime.fromisoformat(value).timestamp()))
    except ValueError:
        raise bad_word(f"newer-than={value}", f"write a time as in {_STAMP}") from None


def parse_grid(value: str) -> Grid:
    """Read zrepl's form of a grid: ``1x1h(keep=all) | 24x1h | 7x1d``."""
    steps = []
    for part in value.split("|"):
        spans, bracket, kept = part.strip().partition("(")
        times, cross, length = (word.strip() for word in spans.partition("x"))
        keep: int | None = 1
        if bracket:
            word, _, count = kept.strip().rstrip(")").partition("=")
            if not kept.strip().endswith(")") or word.strip() != "keep":
                raise bad_word(f"grid={value}", f"'{part.strip()}' should end in (keep=N)")
            keep = None if count.strip() == "all" else _whole(count, part, value)
        if not cross:
            raise bad_word(f"grid={value}", f"'{part.strip()}' should read like 24x1h")
        steps.append(Step(_whole(times, part, value), parse_duration("grid", length), keep))
    return Grid(tuple(steps))


def _parse_blocks(value: str) -> Blocks:
    length, slash, ages = value.partition("/")
    beyond, dash, within = ages.rpartition("-")
    if not slash:
        raise bad_word(f"blocks={value}", "it should read like 4h/30d")
    return Blocks(
        parse_duration("blocks", length),
        parse_duration("blocks", within),
        parse_duration("blocks", beyond) if dash else 0,
    )


def _whole(digits: str, part: str, value: str) -> int:
    try:
        return read_whole(digits.strip())
    except NumberError as error:
        reason = f"'{part.strip()}' lacks a whole number: {error.reason}"
        raise bad_word(f"grid={value}", reason) from None


def parse_rule(word: str, key: str, value: str) -> Rule:
    """Read one rule, given whole and as its parts before and behind the equals sign."""
    if key in RULE_EXAMPLES and "," in value:
        raise PolicyError(
            f"cannot use policy '{shown(word)}': rules are not separated by commas",
            hint="separate rules by blanks (hourly=48 daily=30), steps of a grid by |",
        )
    if word == "never":
        return Never()
    if word == _UNREPLICATED:
        return Unreplicated()
    if word == _AND_BASE:
        return Unreplicated(and_base=True)
    if key == "keep" and value:
        return Last(parse_count(key, value))
    if key in PERIODS and value:
        return Every(key, parse_count(key, value))
    if key == "within" and value:
        return Within(parse_duration(key, value))
    if key == "newer-than" and value:
        return parse_newer_than(value)
    if key == "grid" and value:
        return parse_grid(value)
    if key == "blocks" and value:
        return _parse_blocks(value)
    from zfstune.values.text import did_you_mean  # noqa: PLC0415 (only an error needs it)

    raise PolicyError(
        f"cannot use policy '{shown(word)}': that is no rule",
        hint=did_you_mean(
            key,
            (*RULE_EXAMPLES, "never", _UNREPLICATED),
            f"rules are keep=N, {', '.join(f'{p}=N' for p in PERIODS)}, within=7d, "
            "newer-than=..., grid='...', unreplicated and never; free-target=20% and "
            "tz=... may be added",
        ),
    )


def format_rule(rule: Rule) -> str:
    """Write one rule, so that :func:`parse_rule` reads the same rule.

    Raises:
        PolicyError: The name in a rule cannot be written.
    """
    if isinstance(rule, Last):
        return f"keep={_count(rule.count)}"
    if isinstance(rule, Every):
        return f"{rule.period}={_count(rule.count)}"
    if isinstance(rule, Within):
        return f"within={format_duration(rule.seconds)}"
    if isinstance(rule, NewerThan):
        if rule.name and parse_newer_than(rule.name) != rule:
            raise bad_word(f"newer-than={rule.name}", "that name would be read as a time")
        return f"newer-than={quoted(rule.name or _stamp(rule.time or 0))}"
    if isinstance(rule, Blocks):
        beyond = f"{format_duration(rule.beyond)}-" if rule.beyond else ""
        return (
            f"blocks={format_duration(rule.seconds)}/{beyond}{format_duration(rule.within)}"
        )
    if isinstance(rule, Grid):
        return f"grid={quoted(' | '.join(map(_step, rule.steps)))}"
    if isinstance(rule, Never):
        return "never"
    if isinstance(rule, Unreplicated):
        return _AND_BASE if rule.and_base else _UNREPLICATED
    raise TypeError(rule)  # a new kind of rule needs its word here


def _step(step: Step) -> str:
    kept = "" if step.keep == 1 else f"(keep={'all' if step.keep is None else step.keep})"
    return f"{step.times}x{format_duration(step.seconds)}{kept}"


def _stamp(time: int) -> str:
    from datetime import UTC, datetime  # noqa: PLC0415 (slow, and few rules need it)

    return datetime.fromtimestamp(time, UTC).isoformat().replace("+00:00", "Z")


def _count(count: int | None) -> str:
    return UNLIMITED if count is None else str(count)


def quoted(value: str) -> str:
    """Write a value within quotes where it needs them."""
    if "'" in value:
        raise bad_word(
            value, "a policy cannot hold a single quote, nor can a snapshot's name"
        )
    return f"'{value}'" if not value or SEPARATORS.intersection(value) else value


def bad_word(word: str, reason: str) -> PolicyError:
    """Make the error for a word of a policy that cannot be used."""
    return PolicyError(f"cannot use policy '{shown(word)}': {reason}")
