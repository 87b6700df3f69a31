"""The part of YAML that settings are written in; the rest is refused, never guessed.

Mappings and lists, as blocks or in braces and brackets, with plain and quoted text
in them. No anchors, tags, merges, text over several lines, or second documents.
All text stays text: what is a number or a truth is for the reader to say.
"""

from __future__ import annotations

import re

from zfstune.errors import PolicyError
from zfstune.frozen import frozen
from zfstune.quoting import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NoReturn

__all__ = ["read_yaml"]

_QUOTED = r'"(?:[^"\\]|\\.)*"|' + r"'(?:[^']|'')*'"
# Of a line: quoted text, a comment (only after a blank), or one character.
_PIECE = re.compile(rf"({_QUOTED})|((?:(?<=\s)|^)#.*)|(.)", re.DOTALL)
# A block's key: quoted, or plain text without what would begin something else.
_KEY = re.compile(
    rf"({_QUOTED}|[^\s\"'\[\]{{}},#&*!|>%@`?-][^#\"'{{}}\[\],]*?)\s*:(?:\s+|$)"
)
_TOKEN = re.compile(rf"\s*(?:({_QUOTED})|([\[\]{{}},:])|([^\s\[\]{{}},:][^\[\]{{}},:]*))")
_ESCAPES = {"\\": "\\", '"': '"', "/": "/", "n": "\n", "t": "\t", "0": "\0"}
_DEEPEST = 20

# quoted text, a sign, or plain text
_Token = tuple[str | None, ...]


@frozen
class _Line:
    """One line with something on it; a flow over several lines is one."""

    number: int
    indent: int
    text: str


def read_yaml(text: str) -> object:
    """Read a document: dicts, lists and texts; None where nothing is said.

    Raises:
        PolicyError: It is beyond what is understood here; the line is named.
    """
    lines = list(_lines(text))
    if not lines:
        return None
    value, at = _block(lines, 0, lines[0].indent, 0)
    if at < len(lines):
        _refuse(lines[at].number, "it is indented in a way that fits nowhere")
    return value


def _lines(text: str) -> Iterator[_Line]:
    """Give the lines without comments; open brackets take the next ones along."""
    held = ""
    begun = depth = 0
    for number, raw in enumerate(text.splitlines(), 1):
        if raw.rstrip() == "---" and not begun:
            begun = number
            continue
        if raw.startswith(("---", "...", "%")):
            _refuse(number, "only one plain document is read")
        if "\t" in raw[: len(raw) - len(raw.lstrip())]:
            _refuse(number, "it is indented with a tab")
        kept = ""
        for quoted, comment, character in _PIECE.findall(raw):
            kept += quoted or character
            depth += (character in "[{") - (character in "]}") if character else 0
            if comment:
                break
        kept = kept.rstrip()
        if not kept and not held:
            continue
        held, begun = (f"{held}\n{kept.strip()}", begun) if held else (kept, number)
        if depth <= 0:
            yield _Line(begun, len(held) - len(held.lstrip()), held.strip())
            held, depth = "", 0
    if held:
        _refuse(begun, "a bracket is left open")


def _block(lines: list[_Line], at: int, indent: int, deep: int) -> tuple[object, int]:
    """Read what stands at an indent from a line on; give it, and the next line's place."""
    if deep > _DEEPEST:
        _refuse(lines[at].number, "it is nested too deeply")
    if _is_item(lines[at]):
        return _list(lines, at, indent, deep)
    if _KEY.match(lines[at].text):
        return _mapping(lines, at, indent, deep)
    return _scalar(lines[at]), at + 1


def _list(lines: list[_Line], at: int, indent: int, deep: int) -> tuple[object, int]:
    found: list[object] = []
    while at < len(lines) and lines[at].indent == indent:
        line = lines[at]
        if not _is_item(line):
            break
        rest = line.text[1:].lstrip()
        if rest:  # what follows the dash is a block of its own, further in
            inner = indent + len(line.text) - len(rest)
            lines[at] = _Line(line.number, inner, rest)
            value, at = _block(lines, at, inner, deep + 1)
        else:
            value, at = _below(lines, at + 1, indent, deep)
        found.append(value)
    return found, at


def _is_item(line: _Line) -> bool:
    return line.text == "-" or line.text.startswith("- ")


def _mapping(lines: list[_Line], at: int, indent: int, deep: int) -> tuple[object, int]:
    found: dict[str, object] = {}
    while at < len(lines) and lines[at].indent == indent:
        line = lines[at]
        match = _KEY.match(line.text)
        if match is None:
            break
        key = _plain(match[1], line.number)
        if key in found or key == "<<":
            _refuse(line.number, f"'{shown(key)}' stands there twice, or is a merge")
        rest = line.text[match.end() :]
        if rest:
            found[key], at = _scalar(_Line(line.number, indent, rest)), at + 1
        else:
            found[key], at = _below(lines, at + 1, indent, deep, lists=True)
    return found, at


def _below(
    lines: list[_Line], at: int, indent: int, deep: int, *, lists: bool = False
) -> tuple[object, int]:
    """Read what is further in; the list of a key may stand below the key itself."""
    if at < len(lines):
        line = lines[at]
        same = lists and line.indent == indent and _is_item(line)
        if line.indent > indent or same:
            return _block(lines, at, line.indent, deep + 1)
    return None, at


def _scalar(line: _Line) -> object:
    text = line.text
    if text[0] not in "[{":
        return _plain(text, line.number)
    tokens: list[_Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            _refuse(line.number, "its brackets make no sense")
        tokens.append(match.groups())
        at = match.end()
    value, rest = _flow(tokens, line.number, 0)
    if rest:
        _refuse(line.number, "something follows the bracket")
    return value


def _flow(tokens: list[_Token], number: int, deep: int) -> tuple[object, list[_Token]]:
    """Read what is in brackets or braces; give it, and the tokens that follow."""
    if not tokens or deep > _DEEPEST:
        _refuse(number, "its brackets make no sense")
    (quoted, sign, plain), rest = tokens[0], tokens[1:]
    if sign == "[":
        found: list[object] = []
        while rest and rest[0][1] != "]":
            value, rest = _flow(rest, number, deep + 1)
            found.append(value)
            rest = _comma(rest, number, "]")
        return found, rest[1:]
    if sign == "{":
        pairs: dict[str, object] = {}
        while rest and rest[0][1] != "}":
            key, rest = _flow(rest, number, deep + 1)
            if not isinstance(key, str) or key in pairs or not rest or rest[0][1] != ":":
                _refuse(number, "its braces hold no pairs, or one twice")
            pairs[key], rest = _flow(rest[1:], number, deep + 1)
            rest = _comma(rest, number, "}")
        return pairs, rest[1:]
    if sign:
        _refuse(number, "its brackets make no sense")
    return _plain((quoted or plain or "").strip(), number), rest


def _comma(tokens: list[_Token], number: int, end: str) -> list[_Token]:
    if tokens and tokens[0][1] == ",":
        return tokens[1:]
    if not tokens or tokens[0][1] != end:
        _refuse(number, f"'{end}' or a comma is missing")
    return tokens


def _plain(text: str, number: int) -> str:
    """Read a text, quoted or not."""
    if "\n" in text:
        _refuse(number, "text over several lines, or a bracket that is not quoted")
    if text[:1] == "'":
        if not re.fullmatch(_QUOTED, text):
            _refuse(number, "something follows the quoted text")
        return text[1:-1].replace("''", "'")
    if text[:1] == '"':
        if not re.fullmatch(_QUOTED, text):
            _refuse(number, "something follows the quoted text")

        def meant(match: re.Match[str]) -> str:
            return _ESCAPES.get(match[1]) or _refuse(number, f"\\{match[1]} is not read")

        return re.sub(r"\\(.)", meant, text[1:-1], flags=re.DOTALL)
    if text[:1] and (text[0] in "#&*!|>%@`?[]{},:" or text == "-" or text[:2] == "- "):
        _refuse(number, f"'{shown(text)}' is beyond the YAML that is read here")
    if ": " in text or text.endswith(":"):
        _refuse(number, f"'{shown(text)}' holds a colon and is not quoted")
    return text


def _refuse(number: int, reason: str) -> NoReturn:
    raise PolicyError(f"cannot read line {number}: {reason}")
