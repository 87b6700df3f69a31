"""The newest Linux that each release of OpenZFS was made for: META of its tags."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.values.property_table import Release

__all__ = ["is_known", "newest_kernel"]

_SERIES = 2  # numbers of a release: 2.3 is the series of 2.3.9

# A release that is not named was made for the same kernels as the one before it. The last
# of each series ends what this zfstune knows of it.
_MAXIMUM = {
    "2.1.0": "5.13",
    "2.1.1": "5.14",
    "2.1.2": "5.15",
    "2.1.3": "5.16",
    "2.1.4": "5.17",
    "2.1.5": "5.18",
    "2.1.6": "5.19",
    "2.1.7": "6.0",
    "2.1.8": "6.1",
    "2.1.10": "6.2",
    "2.1.12": "6.3",
    "2.1.13": "6.5",
    "2.1.15": "6.7",
    "2.1.16": "6.7",
    "2.2.0": "6.5",
    "2.2.1": "6.6",
    "2.2.3": "6.7",
    "2.2.4": "6.8",
    "2.2.5": "6.9",
    "2.2.6": "6.10",
    "2.2.7": "6.12",
    "2.2.8": "6.15",
    "2.2.9": "6.17",
    "2.2.11": "6.17",
    "2.3.0": "6.12",
    "2.3.1": "6.13",
    "2.3.2": "6.14",
    "2.3.3": "6.15",
    "2.3.4": "6.16",
    "2.3.5": "6.17",
    "2.3.6": "6.19",
    "2.3.7": "7.0",
    "2.3.9": "7.2",
    "2.4.0": "6.18",
    "2.4.1": "6.19",
    "2.4.2": "7.0",
    "2.4.4": "7.2",
}


def newest_kernel(release: Release) -> Release:
    """Return the newest Linux that a release was made for; empty: it is not known."""
    known = {
        each: _numbers(kernel)
        for text, kernel in _MAXIMUM.items()
        if (each := _numbers(text))[:_SERIES] == release[:_SERIES]
    }
    if not is_known(release):
        return ()
    return known[max(each for each in known if each <= release)]


def is_known(release: Release) -> bool:
    """Tell whether a release is one of those that this zfstune has facts about."""
    last = max(
        (n for text in _MAXIMUM if (n := _numbers(text))[:_SERIES] == release[:_SERIES]),
        default=(),
    )
    return release <= last


def _numbers(text: str) -> Release:
    return tuple(int(number) for number in text.split("."))
