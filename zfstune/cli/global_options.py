"""The options that every verb has, before it and after it, and ``help VERB``."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Sequence

__all__ = ["in_front"]

_FLAGS = ("-q", "--quiet", "-v", "--verbose", "--debug")
_WITH_VALUE = ("--image", "--take-over-from")
# A verb's own options of the same name: these stay behind it.
_OWN = {"prune": ("-v", "--verbose")}
_OF_PROGRAM = (*_FLAGS, *_WITH_VALUE, "-h", "--help", "--version")
_END = "--"
_HELP = "help"


def in_front(words: Sequence[str], verbs: Container[str] = ()) -> list[str]:
    """Move the options that every verb has to the front, where the parser has them.

    The value of another option is never taken for one of these, since argparse takes no
    value that begins with a dash.

    An option of the verb that stands before it goes behind it, if the verb comes next: the
    parser of the verb takes it, or knows the one that was meant.

    Args:
        words: The words of a command line. ``help VERB`` becomes ``VERB --help``.
        verbs: The verbs that there are.
    """
    end = words.index(_END) if _END in words else len(words)
    own = {option for verb in _OWN if verb in words[:end] for option in _OWN[verb]}
    found: list[str] = []
    rest: list[str] = []
    left = iter(words[:end])
    for word in left:
        name, has_value, _ = word.partition("=")
        behind_verb = any(not each.startswith("-") for each in rest)
        if word in own and behind_verb:
            rest.append(word)
        elif word in _FLAGS or (name in _WITH_VALUE and has_value):
            found.append(word)
        elif word in _WITH_VALUE:
            found += [word, *(value for value in [next(left, None)] if value is not None)]
        else:
            rest.append(word)
    rest = [*_behind_verb(rest, verbs), *words[end:]]
    if rest[:1] == [_HELP]:
        rest = [*rest[1:], "--help"]
    return [*found, *rest]


def _behind_verb(words: list[str], verbs: Container[str]) -> list[str]:
    """Move options that stand directly before a verb behind it."""
    count = 0
    while count < len(words) and words[count].startswith("-"):
        # The parser takes the beginning of an option for it.
        if any(option.startswith(words[count]) for option in _OF_PROGRAM):
            return words
        count += 1
    if not count or count == len(words) or words[count] not in verbs:
        return words
    return [words[count], *words[:count], *words[count + 1 :]]
