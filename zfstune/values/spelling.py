"""The word that was most likely meant by one that is not known."""

from __future__ import annotations

from zfstune.values.quoting import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["did_you_mean", "file_hint", "nearest"]

_MOST_CHARACTERS = 100  # comparing takes the product of two lengths


def nearest(word: str, known: Iterable[str]) -> str:
    """Give the known word that was most likely meant, empty: none is near."""
    from difflib import get_close_matches  # noqa: PLC0415 (only an error needs it)

    word = word[:_MOST_CHARACTERS].lower()
    by_lower = {each.lower(): each for each in known if len(each) <= _MOST_CHARACTERS}
    return next((by_lower[near] for near in get_close_matches(word, by_lower, 1)), "")


def did_you_mean(word: str, known: Iterable[str], more: str = "") -> str:
    """Give a hint: the nearest word, if one is near, and whatever else there is to say."""
    near = nearest(word, known)
    question = f"did you mean '{near}'?" if near else ""
    return " ".join(filter(None, (question, more)))


def file_hint(word: str) -> str:
    """Begin a hint with how a profile in a file is named, where a word looks like one."""
    if word.endswith(".toml") or word.startswith(("/", "./", "../", "~/")):
        return f"a profile in a file is named by --profile {for_shell(word)}; "
    return ""
