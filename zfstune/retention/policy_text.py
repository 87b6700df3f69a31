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
special. :mod:`zfstune.retention.rule_text` has the words of the rules.
"""

from __future__ import annotations

from itertools import zip_longest

from zfstune.retention.free_target import FreeTarget
from zfstune.retention.policy import CONSENT, Group, Policy
from zfstune.retention.rule_text import (
    RULE_EXAMPLES,
    SEPARATORS,
    bad_word,
    parse_rule,
)
from zfstune.values.errors import PolicyError
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zfstune.retention.rule_kinds import Rule


__all__ = [
    "MAX_GROUPS",
    "MAX_POLICY_BYTES",
    "check_zone",
    "format_policy",
    "parse_policy",
    "stored_form",
]

# The most that a property may hold: ZAP_MAXVALUELEN (include/sys/zap.h) less the NUL.
MAX_POLICY_BYTES = 8191
# Each snapshot's name is held against all groups, and the settings of other tools come
# to some dozen of them at most.
MAX_GROUPS = 100


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
            if key in RULE_EXAMPLES and not value:
                raise _without_value(word, following)
            if key == "tz" and value:
                zones.append(value)
            elif word == CONSENT:
                allow_zero = True
            elif key == "free-target" and value:
                targets.append(value)
            elif key in {"match", "regex"} and equals:
                if scope.setdefault(key, value) != value:
                    raise bad_word(
                        word, f"its part has '{key}={shown(scope[key])}' already"
                    )
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
        raise bad_word(f"tz={zones[1]}", f"the policy has 'tz={shown(zones[0])}' already")
    if len(set(targets)) > 1:
        raise bad_word(f"free-target={targets[1]}", f"'{shown(targets[0])}' is set already")
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
    return policy.text()


def stored_form(policy: Policy) -> str:
    """Write a policy as a dataset carries it: with the consent that it needs.

    The consent to a ``keep=0`` is given when the policy is stored. A text that was
    stored in another way, by ``zfs set`` or by a version that asked at each prune, lacks
    the word for it, and is not followed until somebody consents.
    """
    return str(policy)


def check_zone(name: str) -> str:
    """Refuse a text that cannot name a zone, before a file of that name is looked for."""
    parts = name.split("/")
    if not all(part and part.replace("-", "_").replace("+", "_").isidentifier()
               for part in parts) or not name.isascii():  # fmt: skip
        raise bad_word(f"tz={name}", "a time zone has a name like Europe/Berlin")
    return name


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
            if character not in SEPARATORS:
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
        raise bad_word(text, "a single quote is not closed")
    return pieces


def _without_value(word: str, following: str) -> PolicyError:
    key = word.removesuffix("=")
    example = RULE_EXAMPLES[key]
    if following and "=" not in following:
        example = f"{key}={shown(following)}"
    return PolicyError(
        f"cannot use policy '{word}': it has no value",
        hint=f"write the value behind the equals sign, without a blank: {example}",
    )
