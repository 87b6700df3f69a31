"""The one-line form of a policy, as a dataset carries it in a user property.

::

    hourly=48 daily=30 within=7d tz=Europe/Berlin
    daily=365 free-target=20%
    match=auto-* keep=10; match='before *' never
    grid='1x1h(keep=all) | 24x1h | 7x1d'
    match=auto-* keep=0 all-of-them

A semicolon separates rules that speak of different snapshots; a policy has at most 100 such
parts. With ``free-target`` no more snapshots go than it takes for the dataset that
carries the policy to have so much available. ``all-of-them`` is the consent to a
``keep=0``, given when the policy was stored. Within single quotes no character is
special.

Each word is also an option of ``zfstune prune``, except for ``blocks``, which only the
importers of other tools' settings write: ``blocks=4h/30d`` keeps the oldest snapshot of
each 4 hours since 1970 while it is at most 30 days old, ``blocks=4h/7d-30d`` while it is
more than 7 and at most 30 days old.
"""

from __future__ import annotations

from itertools import zip_longest

from zfstune.retention.free_target import FreeTarget
from zfstune.retention.policy import (
    PERIODS,
    Blocks,
    Every,
    Grid,
    Group,
    Last,
    Never,
    NewerThan,
    Policy,
    Step,
    Within,
)
from zfstune.values.duration import DurationError, format_duration, read_duration
from zfstune.values.errors import PolicyError
from zfstune.values.text import shown
from zfstune.values.whole_number import NumberError, read_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zfstune.retention.policy import Rule


__all__ = [
    "MAX_GROUPS",
    "MAX_POLICY_BYTES",
    "format_policy",
    "parse_count",
    "parse_duration",
    "parse_grid",
    "parse_newer_than",
    "parse_policy",
    "parse_rule",
    "stored_form",
]

# The most that a property may hold: ZAP_MAXVALUELEN (include/sys/zap.h) less the NUL.
MAX_POLICY_BYTES = 8191
# Each snapshot's name is held against all groups, and the settings of other tools come
# to some dozen of them at most.
MAX_GROUPS = 100

UNLIMITED = "unlimited"
CONSENT = "all-of-them"
_STAMP = "2026-11-23T03:00:00Z"
# An example for each word that takes a value.
_EXAMPLES = {
    "keep": "keep=48",
    **{period: f"{period}=12" for period in PERIODS},
    "within": "within=7d",
    "newer-than": f"newer-than={_STAMP}",
    "grid": "grid='24x1h | 30x1d'",
    "blocks": "blocks=4h/30d",
    "free-target": "free-target=20%",
    "tz": "tz=Europe/Berlin",
}
_SPECIAL = frozenset(" \t;'")


def parse_policy(text: str, *, allow_zero: bool = False) -> Policy:
    """Read a policy.

    Args:
        text: A policy in the form that is shown at the top of this module.
        allow_zero: Consent to ``keep=0``; ``all-of-them`` in the text consents as well.

    Raises:
        PolicyError: The text is too long, has too many parts, is empty, or cannot be
            parsed.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_POLICY_BYTES:
        raise PolicyError(f"cannot use policy: it has more than {MAX_POLICY_BYTES} bytes")
    zones: list[str] = []
    targets: list[str] = []
    groups: list[Group] = []
    for words in _split(text):
        rules: list[Rule] = []
        scope: dict[str, str] = {}
        for word, following in zip_longest(words, words[1:], fillvalue=""):
            key, equals, value = word.partition("=")
            if key in _EXAMPLES and not value:
                raise _without_value(word, following)
            if key == "tz" and value:
                zones.append(value)
            elif word == CONSENT:
                allow_zero = True
            elif key == "free-target" and value:
                targets.append(value)
            elif key in {"match", "regex"} and equals:
                if scope.setdefault(key, value) != value:
                    raise _bad(word, f"its part has '{key}={shown(scope[key])}' already")
            else:
                rules.append(parse_rule(word, key, value))
        if rules or scope:
            if len(groups) == MAX_GROUPS:
                raise PolicyError(
                    f"cannot use policy: it has more than {MAX_GROUPS} parts",
                    hint="join the parts that hold rules for the same snapshots",
                )
            groups.append(Group(tuple(rules), **scope))
    if len(set(zones)) > 1:
        raise _bad(f"tz={zones[1]}", f"the policy has 'tz={shown(zones[0])}' already")
    if len(set(targets)) > 1:
        raise _bad(f"free-target={targets[1]}", f"'{shown(targets[0])}' is set already")
    return Policy(
        tuple(groups),
        check_zone(zones[0] if zones else "UTC"),
        allow_zero,
        FreeTarget.parse(targets[0]) if targets else None,
    )


def format_policy(policy: Policy) -> str:
    """Write a policy as text, from which :func:`parse_policy` reads the same policy.

    Raises:
        PolicyError: A regular expression holds a single quote.
    """
    parts = []
    for group in policy.groups:
        words = [
            f"{key}={_quote(value)}"
            for key, value in (("match", group.match), ("regex", group.regex))
            if value is not None
        ]
        parts.append(" ".join([*words, *map(_word, group.rules)]))
    text = "; ".join(parts)
    if policy.free_target is not None:
        text += f" free-target={policy.free_target}"
    return text if policy.tz == "UTC" else f"{text} tz={policy.tz}"


def stored_form(policy: Policy) -> str:
    """Write a policy as a dataset carries it: with the consent that it needs.

    The consent to a ``keep=0`` is given when the policy is stored. A text that was
    stored in another way, by ``zfs set`` or by a version that asked at each prune, lacks
    the word for it, and is not followed until somebody consents.
    """
    text = format_policy(policy)
    if policy.allow_zero and Last(0) in policy.rules:
        return f"{text} {CONSENT}"
    return text


def parse_count(word: str, value: str) -> int | None:
    """Read a count: digits, or ``unlimited``, which is None."""
    if value == UNLIMITED:
        return None
    try:
        count = read_whole(value.removeprefix("-"))
    except NumberError as error:
        reason = f"it takes a whole number or '{UNLIMITED}': {error.reason}"
        raise _bad(f"{word}={value}", reason) from None
    if value.startswith("-"):
        raise _bad(f"{word}={value}", "a count is never negative")
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
            raise _bad(f"newer-than={value}", "it takes the part of the name after the @")
        return NewerThan(value)
    from datetime import datetime  # noqa: PLC0415 (slow, and few rules need it)

    try:
        return NewerThan(time=int(datetime.fromisoformat(value).timestamp()))
    except ValueError:
        raise _bad(f"newer-than={value}", f"write a time as in {_STAMP}") from None


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
                raise _bad(f"grid={value}", f"'{part.strip()}' should end in (keep=N)")
            keep = None if count.strip() == "all" else _whole(count, part, value)
        if not cross:
            raise _bad(f"grid={value}", f"'{part.strip()}' should read like 24x1h")
        steps.append(Step(_whole(times, part, value), parse_duration("grid", length), keep))
    return Grid(tuple(steps))


def _parse_blocks(value: str) -> Blocks:
    length, slash, ages = value.partition("/")
    beyond, dash, within = ages.rpartition("-")
    if not slash:
        raise _bad(f"blocks={value}", "it should read like 4h/30d")
    return Blocks(
        parse_duration("blocks", length),
        parse_duration("blocks", within),
        parse_duration("blocks", beyond) if dash else 0,
    )


def check_zone(name: str) -> str:
    """Refuse a text that cannot name a zone, before a file of that name is looked for."""
    parts = name.split("/")
    if not all(part and part.replace("-", "_").replace("+", "_").isidentifier()
               for part in parts) or not name.isascii():  # fmt: skip
        raise _bad(f"tz={name}", "a time zone has a name like Europe/Berlin")
    return name


def _whole(digits: str, part: str, value: str) -> int:
    try:
        return read_whole(digits.strip())
    except NumberError as error:
        reason = f"'{part.strip()}' lacks a whole number: {error.reason}"
        raise _bad(f"grid={value}", reason) from None


def parse_rule(word: str, key: str, value: str) -> Rule:
    """Read one rule, given whole and as its parts before and behind the equals sign."""
    if key in _EXAMPLES and "," in value:
        raise PolicyError(
            f"cannot use policy '{shown(word)}': rules are not separated by commas",
            hint="separate rules by blanks (hourly=48 daily=30), steps of a grid by |",
        )
    if word == "never":
        return Never()
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
            (*_EXAMPLES, "never"),
            f"rules are keep=N, {', '.join(f'{p}=N' for p in PERIODS)}, within=7d, "
            "newer-than=..., grid='...' and never; free-target=20% and tz=... may be added",
        ),
    )


def _word(rule: Rule) -> str:
    if isinstance(rule, Last):
        return f"keep={_count(rule.count)}"
    if isinstance(rule, Every):
        return f"{rule.period}={_count(rule.count)}"
    if isinstance(rule, Within):
        return f"within={format_duration(rule.seconds)}"
    if isinstance(rule, NewerThan):
        if rule.name and parse_newer_than(rule.name) != rule:
            raise _bad(f"newer-than={rule.name}", "that name would be read as a time")
        return f"newer-than={_quote(rule.name or _stamp(rule.time or 0))}"
    if isinstance(rule, Blocks):
        beyond = f"{format_duration(rule.beyond)}-" if rule.beyond else ""
        return (
            f"blocks={format_duration(rule.seconds)}/{beyond}{format_duration(rule.within)}"
        )
    if isinstance(rule, Grid):
        return f"grid={_quote(' | '.join(map(_step, rule.steps)))}"
    if isinstance(rule, Never):
        return "never"
    raise TypeError(rule)  # a new kind of rule needs its word here


def _step(step: Step) -> str:
    kept = "" if step.keep == 1 else f"(keep={'all' if step.keep is None else step.keep})"
    return f"{step.times}x{format_duration(step.seconds)}{kept}"


def _stamp(time: int) -> str:
    from datetime import UTC, datetime  # noqa: PLC0415 (slow, and few rules need it)

    return datetime.fromtimestamp(time, UTC).isoformat().replace("+00:00", "Z")


def _count(count: int | None) -> str:
    return UNLIMITED if count is None else str(count)


def _quote(value: str) -> str:
    if "'" in value:
        raise _bad(value, "a policy cannot hold a single quote, nor can a snapshot's name")
    return f"'{value}'" if not value or _SPECIAL.intersection(value) else value


def _split(text: str) -> Iterator[list[str]]:
    """Split a text at semicolons, and each part at blanks, except within quotes."""
    words: list[str] = []
    word = ""
    begun = False
    for number, piece in enumerate(_pieces(text)):
        if number % 2:  # every other piece stood within quotes
            word += piece
            begun = True
            continue
        for character in piece:
            if character not in _SPECIAL:
                word += character
                begun = True
                continue
            if begun:
                words.append(word)
            word, begun = "", False
            if character == ";":
                yield words
                words = []
    if begun:
        words.append(word)
    yield words


def _pieces(text: str) -> Iterable[str]:
    pieces = text.split("'")
    if len(pieces) % 2 == 0:
        raise _bad(text, "a single quote is not closed")
    return pieces


def _without_value(word: str, following: str) -> PolicyError:
    key = word.removesuffix("=")
    example = _EXAMPLES[key]
    if following and "=" not in following:
        example = f"{key}={shown(following)}"
    return PolicyError(
        f"cannot use policy '{word}': it has no value",
        hint=f"write the value behind the equals sign, without a blank: {example}",
    )


def _bad(word: str, reason: str) -> PolicyError:
    return PolicyError(f"cannot use policy '{shown(word)}': {reason}")
