"""Untrusted text made fit to print.

Names and values come from files, streams and other people's pools. A message that
quotes one must neither move the reader's cursor nor die on a byte that is not UTF-8.
"""

from __future__ import annotations

__all__ = ["for_shell", "shown"]

# What a shell takes as it stands; "~" and "=" mean something at the start of a word.
_PLAIN = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-"
)
_MOST_CHARACTERS = 300  # any ZFS name in full


def shown(text: str) -> str:
    """Give `text` with what is not printable escaped, cut where it runs on."""
    if len(text) > _MOST_CHARACTERS:
        return shown(text[:80]) + "..."
    if text.isprintable():
        return text
    return text.encode("unicode_escape").decode("ascii")


def for_shell(text: str) -> str:
    """Write a word of a command so that it can be pasted into a shell.

    Names and values may have blanks, quotes and, in a path, anything but NUL. What
    cannot be printed is written in octal between ``$'`` and ``'``, which every shell
    that people work with reads.
    """
    if text and _PLAIN.issuperset(text):
        return text
    if text.isprintable():
        return "'" + text.replace("'", "'\\''") + "'"
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a surrogate pair: no file has such a name
        data = text.encode("utf-8", "replace")
    return f"$'{''.join(map(_octal, data))}'"


def _octal(byte: int) -> str:
    letter = chr(byte)
    plain = letter.isascii() and letter.isprintable() and letter not in "'\\"
    return letter if plain else f"\\{byte:03o}"
