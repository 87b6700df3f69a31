"""Untrusted text made fit to print.

Names and values come from files, streams and other people's pools. A message that
quotes one must neither move the reader's cursor nor die on a byte that is not UTF-8.
"""

from __future__ import annotations

__all__ = ["shown"]

_MOST_CHARACTERS = 300  # any ZFS name in full


def shown(text: str) -> str:
    """Give `text` with what is not printable escaped, cut where it runs on."""
    if len(text) > _MOST_CHARACTERS:
        return shown(text[:80]) + "..."
    if text.isprintable():
        return text
    return text.encode("unicode_escape").decode("ascii")
