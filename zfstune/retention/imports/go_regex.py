r"""Go's regular expressions, as far as Python's read them in the same way.

Go's are those of RE2. What is read here is the part that means one and the same to
both on the names of snapshots, which are ASCII and have no line ends: letters and
signs, ``.``, classes, groups, alternatives, repetitions and anchors. All else is
refused: ``a++`` is an error there and possessive here, ``a{,3}`` is text there and a
repetition here, and ``\pL``, ``[[:alpha:]]`` or ``\z`` are unknown to Python.
"""

from __future__ import annotations

import re

from zfstune.values.text import shown

__all__ = ["UnreadableError", "is_within", "literal_prefix", "whole"]

_CLASS = r"\[\^?(?:(?<!\[)\^|[\w :.,;=@%/+*?()|{}$!<>#\"'`~-]|\\[dDwWsS]|\\[^\w\s])+\]"
_ATOM = re.compile(
    rf"(?P<atom>{_CLASS}|\\[dDwWsS]|\\[^\w\s]|[^\\\[\](){{}}|*+?^$])"
    r"|(?P<anchor>[\^$]|\\[bBA])"
    r"|(?P<open>\((?:\?(?:i?:|P<[A-Za-z]\w*>))?)"
    r"|(?P<close>\))"
    r"|(?P<bar>\|)"
    r"|(?P<repeat>(?:[*+?]|\{\d{1,3}(?:,\d{0,3})?\})\??)",
    re.ASCII,
)
# of a class: what Python reads as a set operation, or warns of
_ODD_CLASS = re.compile(r"--|&&|\|\||~~|\[.*\[")
_IGNORING_CASE = "(?i)"
_LITERAL = re.compile(r"(?:[\w @:%=,;~!\"'/<>#&-]|\\[^\w\s])*", re.ASCII)
_REPEATED = re.compile(r"[*+?{]")


class UnreadableError(ValueError):
    """Go and Python may not read this expression in the same way."""


def whole(regex: str) -> str:
    """Turn an expression that Go seeks anywhere in a name into one for all of it.

    Raises:
        UnreadableError: It is none, or means something else to Python.
    """
    folds = regex.startswith(_IGNORING_CASE)
    inner = regex.removeprefix(_IGNORING_CASE)
    _check(inner, regex)
    if folds:
        return f".*(?i:{inner}).*"
    if not inner:
        return ".*"
    if "|" in inner:
        return f".*(?:{inner}).*"
    before = "" if inner.startswith("^") else ".*"
    ended = inner.endswith("$") and not inner.endswith("\\$")
    inner = inner.removeprefix("^")
    inner = inner.removesuffix("$") if ended else inner
    if inner.startswith(".*") and inner[2:3] != "?":
        before, inner = ".*", inner.removeprefix(".*")
    after = "" if ended or (inner.endswith(".*") and not inner.endswith("\\.*")) else ".*"
    if before and not inner:
        return ".*"
    return before + inner + after


def literal_prefix(whole_regex: str) -> str:
    """Give the text that each name has to begin with, as far as that is plain.

    Args:
        whole_regex: An expression for all of a name, as :func:`whole` gives it.
    """
    text = _leading(whole_regex)
    if _REPEATED.match(whole_regex[len(text) :]):  # maybe the last letter, no times
        text = re.sub(r"\\?.\Z", "", text, flags=re.DOTALL)
    return re.sub(r"\\(.)", r"\1", text)


def is_within(scope: str, other: str) -> bool:
    """Tell whether one expression is sure to match no name that the other does not.

    Args:
        scope: As :func:`whole` gives it, and so `other`.
        other: An expression that may take in more.
    """
    begin = _leading(other)
    if other in (scope, ".*"):
        return True
    return other == f"{begin}.*" and literal_prefix(scope).startswith(literal_prefix(other))


def _leading(whole_regex: str) -> str:
    found = _LITERAL.match(whole_regex)
    return found[0] if found else ""


def _check(inner: str, regex: str) -> None:
    """Refuse what is not of the common part."""
    if not inner.isascii() or not inner.isprintable():
        raise UnreadableError(f"'{shown(regex)}': names of snapshots are plain ASCII")
    at = 0
    before = "bar"  # what stands before decides whether a repetition may follow
    while at < len(inner):
        found = _ATOM.match(inner, at)
        kind = found.lastgroup if found else None
        if found is None or kind is None:
            raise UnreadableError(f"'{shown(regex)}': {shown(inner[at:][:10])} {_BEYOND}")
        if kind == "repeat" and before not in ("atom", "close"):
            raise UnreadableError(f"'{shown(regex)}': {found[0]} repeats nothing")
        if kind == "atom" and found[0][0] == "[" and _ODD_CLASS.search(found[0]):
            raise UnreadableError(f"'{shown(regex)}': {shown(found[0])} {_BEYOND}")
        before, at = kind, found.end()
    try:
        re.compile(inner)
    except (re.error, OverflowError, RecursionError) as error:
        raise UnreadableError(f"'{shown(regex)}': {error}") from None


_BEYOND = "is beyond what Go and Python read in the same way"
