"""Words that look like a date, a time of day or an age, in any common form.

A snapshot may have nearly any name, so a mistyped time is a valid name to ZFS. Where a
word may be a time or a name, a word that looks like a time should not be taken for the
name of a snapshot that does not exist.
"""

from __future__ import annotations

import re

__all__ = ["looks_like_time"]

_YEAR = r"(?:19|20)\d\d"
_CLOCK = r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?(?:\s*[ap]\.?m\.?)?"
_COMPACT_CLOCK = r"\d\d(?:[.-]?\d\d){0,2}(?:[.,]\d+)?"
_ZONE = r"\s*(?:z|utc|gmt|cet|cest|[+-]\d\d(?::?\d\d)?)"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_DATES = (
    rf"{_YEAR}",
    rf"{_YEAR}[-./_ ]?\d\d?(?:[-./_ ]?\d\d?)?",
    rf"{_YEAR}-?w\d\d?(?:-?\d)?",
    rf"\d\d?[-./_ ]\d\d?[-./_ ]{_YEAR}",
    rf"{_DAY}[-. ]*{_MONTH}(?:[-, ]*{_YEAR})?",
    rf"{_MONTH}[-. ]*{_DAY}(?:[-, ]+{_YEAR})?",
    rf"{_YEAR}[-. ]*{_MONTH}[-. ]*{_DAY}",
)
_UNIT = "s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?|months?|y|years?"
_WHOLE = re.compile(
    rf"(?:(?:{'|'.join(_DATES)})(?:[-_T, ]*(?:{_CLOCK}|{_COMPACT_CLOCK}))?(?:{_ZONE})?"
    rf"|{_CLOCK}(?:{_ZONE})?"
    r"|@?\d{9,}(?:\.\d+)?"  # seconds since 1970
    rf"|\d+\s*(?:{_UNIT})(?:\s+ago)?)",
    re.ASCII | re.IGNORECASE,
)


def looks_like_time(word: str) -> bool:
    """Tell whether all of a word reads like a date, a time, seconds or an age."""
    return _WHOLE.fullmatch(word.strip()) is not None
