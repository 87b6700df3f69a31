r"""Read Go's regular expressions, as far as Python gives them the same meaning.

Go's syntax is that of RE2 (regexp/syntax/doc.go of Go's library). The part that is read
here means the same to both in names of snapshots, which are ASCII and hold no line ends:
letters and signs, ``.``, classes, groups, alternatives, repetitions and anchors. All else
is refused: ``a++`` is an error in Go and possessive in Python, ``a{,3}`` is text in Go
and a repetition in Python, and Python does not know ``\pL``, ``[[:alpha:]]`` or ``\z``.
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
# Signs in a class that Python reads as a set operation, or warns of.
_ODD_CLASS = re.compile(r"--|&&|\|\||~~|\[.*\[")
_IGNORING_CASE = "(?i)"
_LITERAL = re.compile(r"(?:[\w @:%=,;~!\"'/<>#&-]|\\[^\w\s])*", re.ASCII)
_REPEATED = re.compile(r"[*+?{]")


class UnreadableError(ValueError):
    """Go and Python may not read this expression in the same way."""


def whole(regex: str) -> str:
    """Turn an expression that Go seeks anywhere in a name into one for the whole name.

    Raises:
        UnreadableError: It is no expression, or may mean something else to Python.
    """
    ignores_case = regex.startswith(_IGNORING_CASE)
    inner = regex.removeprefix(_IGNORING_CASE)
    _check(inner, regex)
    if ignores_case:
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
    """Return the plain text that each matching name begins with.

    Args:
        whole_regex: An expression for whole names, as :func:`whole` returns it.
    """
    text = _leading(whole_regex)
    if _REPEATED.match(whole_regex[len(text) :]):  # the last letter may be missing
        text = re.sub(r"\\?.\Z", "", text, flags=re.DOTALL)
    return re.sub(r"\\(.)", r"\1", text)


def is_within(scope: str, other: str) -> bool:
    """Tell whether surely each name that `scope` matches is also matched by `other`.

    Args:
        scope: The narrower expression, as :func:`whole` returns it.
        other: The wider expression, as :func:`whole` returns it.
    """
    if other in (scope, ".*"):
        return True
    is_prefix = other == f"{_leading(other)}.*"
    return is_prefix and literal_prefix(scope).startswith(literal_prefix(other))


def _leading(whole_regex: str) -> str:
    match = _LITERAL.match(whole_regex)
    return match[0] if match else ""


def _check(inner: str, regex: str) -> None:
    """Refuse an expression that goes beyond the part which both languages share."""
    if not inner.isascii() or not inner.isprintable():
        raise UnreadableError(f"'{shown(regex)}': names of snapshots are plain ASCII")
    position = 0
    before = "bar"  # the kind of the piece before: a repetition may follow some kinds only
    while position < len(inner):
        match = _ATOM.match(inner, position)
        kind = match.lastgroup if match else None
        if match is None or kind is None:
            rest = shown(inner[position:][:10])
            raise UnreadableError(f"'{shown(regex)}': {rest} {_BEYOND}")
        if kind == "repeat" and before not in ("atom", "close"):
            raise UnreadableError(f"'{shown(regex)}': {match[0]} has nothing to repeat")
        if kind == "atom" and match[0][0] == "[" and _ODD_CLASS.search(match[0]):
            raise UnreadableError(f"'{shown(regex)}': {shown(match[0])} {_BEYOND}")
        before, position = kind, match.end()
    try:
        re.compile(inner)
    except (re.error, OverflowError, RecursionError) as error:
        raise UnreadableError(f"'{shown(regex)}': {error}") from None


_BEYOND = "may mean different things to Go and to Python"
