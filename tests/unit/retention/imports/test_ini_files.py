"""Config::IniFiles' grammar; tests/oracles/ compares the reader with the Perl module."""

from __future__ import annotations

import pytest

from zfstune.retention.imports.ini_files import IniError, read_ini


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[a]\nb=c\n", {"a": {"b": ["c"]}}),
        ("\n  # x\n\t; y = z\n[ a b ] \n\tb  =  c # d \n", {"a b": {"b": ["c # d "]}}),
        ("[a]\n    b = 1\n        c = 2\n", {"a": {"b": ["1"], "c": ["2"]}}),
        ("[a]\nb = 1\n[c]\n[a]\nb = 2\nB = 3\n",
         {"a": {"b": ["1", "2"], "B": ["3"]}, "c": {}}),
        ("[a]\nb = c = d\ne=\n f g = [h]\n",
         {"a": {"b": ["c = d"], "e": [""], "f g": ["[h]"]}}),
        ("[a]\r\nb = c \r\n\r\n", {"a": {"b": ["c "]}}),
        ("[a]\nb = c\r\n", {"a": {"b": ["c"]}}),
        ("[a]\nb = c\\\nd = e", {"a": {"b": ["c\\"], "d": ["e"]}}),
        ("[[a]]\n[DEFAULT]\n", {"[a]": {}, "DEFAULT": {}}),
        ("[a]\nb = \u2028 \x85\n", {"a": {"b": ["\u2028 \x85"]}}),
    ],
)  # fmt: skip
def test_what_is_read(text: str, found: dict[str, dict[str, list[str]]]) -> None:
    """Indentation means nothing, and a value is the whole rest of its line."""
    read = read_ini(text)
    assert read == found
    assert list(read) == list(found)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no line in it has an end"),
        ("[a]", "no line in it has an end"),
        ("# x\n", "the file has no section"),
        ("b = c\n[a]\n", "line 1: there is no [section] above it"),
        ("[a]\n\nb\n", "line 3: it is neither a [section] nor key = value"),
        ("[a] # x\n", "line 1: it is neither a [section] nor key = value"),
        ("[]\n", "line 1: it is neither a [section] nor key = value"),
        ("[a]\n = c\n", "line 2: it is neither a [section] nor key = value"),
        (
            "[a]\nb = <<EOT\nc\nEOT\n",
            "line 2: zfstune does not read a value over several lines",
        ),
        ("\ufeff[a]\n", "line 1: it begins with a byte order mark"),
        ("[a]\r\nb = c\n\r\n", "line 1: it ends in CR LF, and other lines end in LF alone"),
        ("[a]\nb = c\rd = e\n", "line 2: there is a CR in the middle of it"),
        ("[a]\nb = c\r", "line 2: it ends in CR alone"),
        ("[a]\nb = \x1b[2J\n", "line 2: there is a control character in it"),
        ("[a]\nb = c\x0b\n", "line 2: there is a control character in it"),
    ],
)
def test_what_is_refused(text: str, reason: str) -> None:
    """A line is refused that Config::IniFiles refuses too, or that is easily misread."""
    with pytest.raises(IniError) as no:
        read_ini(text)
    assert str(no.value).startswith(reason)
