"""Read the grammar of Config::IniFiles, the Perl module that reads sanoid's settings.

The rules are those of ReadConfig() in lib/Config/IniFiles.pm (Config-IniFiles on CPAN).
They differ from Python's configparser: indentation means nothing, a comment needs a line
of its own, and a value takes the rest of its line, with blanks and anything that looks
like a comment. A section may stand in several places, and a key that is repeated adds a
value. Here-documents and mixed line ends are refused: they are rare, and easily
misread.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

__all__ = ["IniError", "read_ini"]

# Perl's \s matches ASCII alone here, since sanoid reads the file as bytes.
_BLANK = re.compile(r"\s*", re.ASCII)
_COMMENT = re.compile(r"\s*[;#]", re.ASCII)
_SECTION = re.compile(r"\s*\[\s*(\S|\S.*\S)\s*\]\s*", re.ASCII)
_PARAMETER = re.compile(r"\s*([^=]*?[^=\s])\s*=\s*(.*)", re.ASCII)
_CONTROL = re.compile(r"[\0-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BYTE_ORDER_MARK = "\ufeff"


class IniError(ValueError):
    """Config::IniFiles may not read the text; the message has the line and the reason."""


def read_ini(text: str) -> dict[str, dict[str, list[str]]]:
    """Read the text of a file.

    Args:
        text: The text, with its line ends as they are in the file.

    Returns:
        All values by section and key, in the order of the file. Case counts in both
        names.

    Raises:
        IniError: Config::IniFiles refuses the text too, or it holds one of the few
            constructs that are not read here.
    """
    if text.startswith(_BYTE_ORDER_MARK):
        _refuse(1, "it begins with a byte order mark")
    sections: dict[str, dict[str, list[str]]] = {}
    section: dict[str, list[str]] | None = None
    for number, line in enumerate(_lines(text), 1):
        if _BLANK.fullmatch(line) or _COMMENT.match(line):
            continue
        if header := _SECTION.fullmatch(line):
            section = sections.setdefault(header[1], {})
            continue
        parameter = _PARAMETER.fullmatch(line)
        if parameter is None:
            _refuse(number, "it is neither a [section] nor key = value")
        if section is None:
            _refuse(number, "there is no [section] above it")
        key, value = parameter.groups()
        if value.startswith("<<"):
            _refuse(number, "zfstune does not read a value over several lines (<<)")
        section.setdefault(key, []).append(value)
    if not sections:
        raise IniError("the file has no section")
    return sections


def _lines(text: str) -> list[str]:
    """Cut a text into lines, all of which must end as the first line does.

    Config::IniFiles cuts the whole file at the first line's kind of end (LF, or CR and
    LF), and then strips either kind from each line.
    """
    lines = text.split("\n")
    if len(lines) == 1:
        raise IniError("no line in it has an end")
    if lines[0].endswith("\r") and not all(line.endswith("\r") for line in lines[1:-1]):
        _refuse(1, "it ends in CR LF, and other lines end in LF alone")
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
