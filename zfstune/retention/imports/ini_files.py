"""The grammar of Config::IniFiles, a Perl module that sanoid reads its settings with.

It is not that of Python's configparser: indentation means nothing, a comment stands
on a line of its own, and what follows a value on its line belongs to the value, a
comment and blanks included. A section may stand in several places, and a key said
again adds a value to the first. Here-documents and lines that end in different ways,
which hardly anybody writes and which are easily read wrongly, are refused.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

__all__ = ["IniError", "read_ini"]

# Perl's \s on bytes, which the text was decoded from.
_BLANK = re.compile(r"\s*", re.ASCII)
_COMMENT = re.compile(r"\s*[;#]", re.ASCII)
_SECTION = re.compile(r"\s*\[\s*(\S|\S.*\S)\s*\]\s*", re.ASCII)
_PARAMETER = re.compile(r"\s*([^=]*?[^=\s])\s*=\s*(.*)", re.ASCII)
_CONTROL = re.compile(r"[\0-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BYTE_ORDER_MARK = "\ufeff"


class IniError(ValueError):
    """The text is not what Config::IniFiles reads; says the line and the reason."""


def read_ini(text: str) -> dict[str, dict[str, list[str]]]:
    """Read the text of a file.

    Args:
        text: With its line ends as they are.

    Returns:
        Sections in the order in which they first stand, in each the keys likewise,
        and of each key all its values. Case counts in both.

    Raises:
        IniError: Config::IniFiles refuses it too, or it is one of the few things
            that are not read here.
    """
    if text.startswith(_BYTE_ORDER_MARK):
        _refuse(1, "it begins with a byte order mark")
    found: dict[str, dict[str, list[str]]] = {}
    section: dict[str, list[str]] | None = None
    for number, line in enumerate(_lines(text), 1):
        if _BLANK.fullmatch(line) or _COMMENT.match(line):
            continue
        if header := _SECTION.fullmatch(line):
            section = found.setdefault(header[1], {})
            continue
        parameter = _PARAMETER.fullmatch(line)
        if parameter is None:
            _refuse(number, "it is neither a [section] nor key = value")
        if section is None:
            _refuse(number, "there is no [section] above it")
        key, value = parameter.groups()
        if value.startswith("<<"):
            _refuse(number, "a value over several lines (<<) is not read here")
        section.setdefault(key, []).append(value)
    if not found:
        raise IniError("there is no section in it")
    return found


def _lines(text: str) -> list[str]:
    """Cut a text into lines as the first one ends: in LF, or in CR and LF.

    Config::IniFiles cuts the whole file as the first line ends, and then takes either
    end off each line.
    """
    lines = text.split("\n")
    if len(lines) == 1:
        raise IniError("no line in it has an end")
    if lines[0].endswith("\r") and not all(line.endswith("\r") for line in lines[1:-1]):
        _refuse(1, "it ends in CR LF, and others end in LF alone")
    for number, line in enumerate(lines, 1):
        if "\r" in line.removesuffix("\r"):
            _refuse(number, "there is a CR in the middle of it")
        if _CONTROL.search(line):
            _refuse(number, "there is a control character in it")
    if lines[-1].endswith("\r"):
        _refuse(len(lines), "it ends in CR alone")
    return [line.removesuffix("\r") for line in lines]


def _refuse(number: int, reason: str) -> NoReturn:
    raise IniError(f"line {number}: {reason}")
