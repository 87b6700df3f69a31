"""Text in messages: untrusted text made fit to print, words for a shell, and hints.

Names and values come from files, streams and other people's pools. A message that
quotes one must neither move the reader's cursor nor fail on a byte that is not UTF-8.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

__all__ = [
    "and_list",
    "comma_list",
    "did_you_mean",
    "file_hint",
    "for_shell",
    "making_hint",
    "nearest",
    "nearest_dataset",
    "shown",
    "snapshot_hint",
    "utc_instant",
    "utc_minute",
]

# Characters that a shell takes as they are, wherever they stand in a word.
_PLAIN = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-"
)
_MOST_SHOWN = 300  # characters: any ZFS name in full
_MOST_LISTED = 20  # names
_LAST_SECOND = 253_402_300_799  # the end of the year 9999, where Python's calendar ends
_MOST_COMPARED = 100  # characters: the time grows with the product of two lengths


def shown(text: str) -> str:
    """Return `text` with unprintable characters escaped, cut if it is very long."""
    if len(text) > _MOST_SHOWN:
        return shown(text[:80]) + "..."
    if text.isprintable():
        return text
    return text.encode("unicode_escape").decode("ascii")


def for_shell(text: str) -> str:
    """Write a word of a command so that it can be pasted into a shell.

    Names and values may have blanks, quotes and, in a path, any character but NUL. A
    word that cannot be printed is written in octal between ``$'`` and ``'``, which the
    common shells read.
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


def making_hint(dataset: str) -> str:
    """Return how to make a dataset that something is to lie in; nothing makes a pool."""
    if "/" not in dataset:
        return "name a dataset of a pool that exists; `zfstune list` shows them"
    return f"create it: `zfs create -p -o canmount=off {for_shell(dataset)}`"


def and_list(words: Iterable[str]) -> str:
    """Write words as a sentence has them: ``a``, ``a and b``, ``a, b and c``."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def comma_list(names: Sequence[str], *, most: int = _MOST_LISTED) -> str:
    """Return names parted by commas, and the number of those after the first few."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word that was most likely meant; empty where none is near."""
    from difflib import get_close_matches  # noqa: PLC0415 (only an error needs it)

    word = word[:_MOST_COMPARED].lower()
    by_lower = {name.lower(): name for name in known if len(name) <= _MOST_COMPARED}
    return next((by_lower[near] for near in get_close_matches(word, by_lower, 1)), "")


def nearest_dataset(name: str, known: Collection[str]) -> str:
    """Return the dataset that was most likely meant; empty where none is near.

    Where the dataset above is there, a dataset beside the name is near by the last part
    alone: what they have in common tells nothing. One above the name is never near, since
    the hint may be taken over into a command that destroys it with all below.
    """
    top, _, last = name.rpartition("/")
    if top not in known:
        return nearest(name, (each for each in known if not name.startswith(f"{each}/")))
    parts = (each.rpartition("/") for each in known)
    near = nearest(last, [part for above, _, part in parts if above == top])
    return f"{top}/{near}" if near else ""


def did_you_mean(word: str, known: Iterable[str], more: str = "") -> str:
    """Return a hint: the nearest word, if one is near, and then `more`."""
    near = nearest(word, known)
    question = f"did you mean '{near}'?" if near else ""
    return " ".join(filter(None, (question, more)))


def snapshot_hint(dataset: str, short: str, known: Sequence[str]) -> str:
    """Return a hint for a snapshot that a dataset does not have.

    Args:
        dataset: Its name.
        short: The part of the snapshot's name behind the ``@``.
        known: Those of the snapshots that it has, the oldest first.
    """
    if not known:
        return (
            f"the dataset has no snapshot; zfstune snapshot {for_shell(dataset)} takes one"
        )
    newest = f"the newest is '{known[-1]}'; all of them: "
    return did_you_mean(short, known, f"{newest}zfstune snapshots {for_shell(dataset)}")


def file_hint(word: str) -> str:
    """Return the beginning of a hint that tells how to name a profile in a file.

    Empty where the word does not look like a file.
    """
    if word.endswith(".toml") or word.startswith(("/", "./", "../", "~/")):
        return f"name a profile in a file with --profile {for_shell(word)}; "
    return ""


def utc_stamp(utc: datetime) -> str:
    """Write a time in UTC as a part of a name, as in ``20261123T030000Z``.

    Such stamps sort by time.
    """
    # Not strftime: its %Y does not pad years below 1000 on Linux.
    return (
        f"{utc.year:04}{utc.month:02}{utc.day:02}"
        f"T{utc.hour:02}{utc.minute:02}{utc.second:02}Z"
    )


def utc_instant(seconds: int | None) -> str | None:
    """Write a time as JSON documents have it, as in ``2026-11-23T03:00:05Z``.

    Args:
        seconds: Seconds since 1970; None: there is no such time.

    Returns:
        None, too, for a time past the year 9999, which no calendar here has.
    """
    from datetime import UTC, datetime  # noqa: PLC0415 (slow, and few runs print a time)

    if seconds is None or not 0 <= seconds <= _LAST_SECOND:
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def utc_minute(seconds: int) -> str:
    """Write a time in UTC and to the minute, as in ``2026-11-23 03:00Z``.

    Args:
        seconds: Seconds since 1970.
    """
    from datetime import UTC, datetime  # noqa: PLC0415 (slow, and few runs print a time)

    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%MZ")


def _octal(byte: int) -> str:
    """Write a byte for ``$'...'``: as it is where it is plain, else in octal."""
    letter = chr(byte)
    plain = letter.isascii() and letter.isprintable() and letter not in "'\\"
    return letter if plain else f"\\{byte:03o}"
